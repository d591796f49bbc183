//! An execution: how it stands, and what is said of it. Imports nothing else of the crate.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "AWS's own words")]
pub enum Status {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

impl Status {
    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }
}

/// What Describe and List may say of an execution from `since` on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Face {
    pub(super) since: DateTime<Utc>,
    pub(super) status: Status,
    pub(super) stop: Option<DateTime<Utc>>,
    pub(super) error: Option<String>,
    pub(super) cause: Option<String>,
    pub(super) output: Option<String>,
}

/// One execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "AWS's own words")]
pub struct Execution {
    pub arn: String,
    pub name: String,
    pub machine_arn: String,
    pub input: String,
    pub start: DateTime<Utc>,
    /// Was its Task entered?
    pub invoked: bool,
    /// When the Task was entered.
    pub fired: Option<DateTime<Utc>>,
    pub(super) definition: Value,
    pub(super) state: String,
    pub(super) data: Value,
    pub(super) wake: Option<DateTime<Utc>>,
    pub(super) faces: Vec<Face>,
}

impl Execution {
    /// What it is now.
    pub(super) fn face(&self) -> &Face {
        self.faces.last().expect("an execution begins with a face")
    }

    /// Ends it at a state transition, because its state machine is being deleted
    /// (<https://repost.aws/knowledge-center/step-functions-stuck-deleting-status>).
    pub(super) fn terminate(&mut self, machine: &str, now: DateTime<Utc>) {
        self.faces.push(Face {
            since: now,
            status: Status::Failed,
            stop: Some(now),
            error: Some("States.Runtime".into()),
            cause: Some(format!("State machine {machine} has been deleted.")),
            output: None,
        });
    }

    /// How it stands, truly.
    pub fn status(&self) -> Status {
        self.face().status
    }

    /// When it ended.
    pub fn stopped(&self) -> Option<DateTime<Utc>> {
        self.face().stop
    }

    /// The error it ended with.
    pub fn error(&self) -> Option<&str> {
        self.face().error.as_deref()
    }
}
