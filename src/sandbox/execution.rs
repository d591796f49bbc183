//! An execution: how it stands, what happened to it, and what is said of it. Imports nothing else of the crate.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::machine::Config;

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

impl Face {
    pub(super) fn running(now: DateTime<Utc>) -> Self {
        Self {
            since: now,
            status: Status::Running,
            stop: None,
            error: None,
            cause: None,
            output: None,
        }
    }
}

/// How an execution ends.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) status: Status,
    pub(super) error: Option<String>,
    pub(super) cause: Option<String>,
    pub(super) output: Option<Value>,
    /// The field whose JSONata expression failed.
    pub(super) location: Option<String>,
}

impl Default for End {
    fn default() -> Self {
        Self {
            status: Status::Failed,
            error: None,
            cause: None,
            output: None,
            location: None,
        }
    }
}

impl End {
    pub(super) fn failed(error: &str, cause: String) -> Self {
        Self {
            error: Some(error.to_owned()),
            cause: Some(cause),
            ..Self::default()
        }
    }

    pub(super) fn succeeded(output: Value) -> Self {
        Self {
            status: Status::Succeeded,
            output: Some(output),
            ..Self::default()
        }
    }
}

/// What happened to an execution, as far as its history tells it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum What {
    Started,
    /// A state of a kind; without an input, the execution's own.
    Entered {
        state: String,
        kind: String,
        input: Option<String>,
    },
    Exited {
        state: String,
        kind: String,
        output: String,
    },
    Scheduled(Task),
    TaskStarted(Task),
    TaskSucceeded(Task, String),
    TaskFailed(Task, String, String),
    /// A state's field, the error and its cause.
    EvaluationFailed {
        state: String,
        location: String,
        error: String,
        cause: String,
    },
    Ended(Face),
    Redriven(usize),
}

/// What a Task calls: a Lambda function by its ARN, or a service's action with parameters.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) resource: String,
    pub(super) parameters: String,
    pub(super) timeout: Option<u64>,
}

/// One line of a history.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Event {
    pub(super) at: DateTime<Utc>,
    pub(super) what: What,
}

/// A redrive: when, and under which client token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Redrive {
    pub(super) at: DateTime<Utc>,
    pub(super) token: Option<String>,
}

/// A time in which an execution ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// When it was started, or redriven.
    pub begin: DateTime<Utc>,
    /// When it ended; `None`: it still runs.
    pub end: Option<DateTime<Utc>>,
    /// The error it ended with.
    pub error: Option<String>,
}

/// How long after its end an execution can be redriven.
const REDRIVABLE_DAYS: i64 = 14;
/// How long an execution may be open.
pub(super) const OLDEST_DAYS: i64 = 365;
/// The most bytes of what a task or a state gives.
pub(super) const MOST_BYTES: usize = 262_144;
/// A history with so many events takes no redrive.
const MOST_EVENTS: usize = 24_999;

/// One execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "AWS's own words")]
pub struct Execution {
    pub arn: String,
    pub name: String,
    pub machine_arn: String,
    /// The version that runs, if one was asked for or an alias led to it.
    #[serde(default)]
    pub version_arn: Option<String>,
    #[serde(default)]
    pub alias_arn: Option<String>,
    #[serde(default)]
    pub(super) role: String,
    #[serde(default)]
    pub(super) config: Config,
    /// What runs, for DescribeStateMachineForExecution: the revision and when it was made.
    #[serde(default)]
    pub(super) revision: Option<String>,
    #[serde(default)]
    pub(super) updated: Option<DateTime<Utc>>,
    pub input: String,
    pub start: DateTime<Utc>,
    /// Was its Task entered?
    pub invoked: bool,
    /// When the Task was entered, the last time.
    pub fired: Option<DateTime<Utc>>,
    /// Each time that the Task was entered: more than once only by a redrive.
    #[serde(default)]
    pub firings: Vec<DateTime<Utc>>,
    pub(super) definition: Value,
    /// The same, as it was written.
    #[serde(default)]
    pub(super) source: Arc<str>,
    /// Where it is.
    pub(super) state: String,
    /// The input of that state.
    pub(super) data: Value,
    /// When that state was entered, and which event said so; `None`: it is still to be entered.
    #[serde(default)]
    pub(super) entered: Option<(DateTime<Utc>, usize)>,
    pub(super) wake: Option<DateTime<Utc>>,
    pub(super) faces: Vec<Face>,
    #[serde(default)]
    pub(super) events: Vec<Event>,
    #[serde(default)]
    pub(super) redrives: Vec<Redrive>,
}

impl Execution {
    /// What it is now.
    pub(super) fn face(&self) -> &Face {
        self.faces.last().expect("an execution begins with a face")
    }

    /// Tells something in its history.
    pub(super) fn tell(&mut self, at: DateTime<Utc>, what: What) {
        self.events.push(Event { at, what });
    }

    /// The name of its state machine.
    pub(super) fn machine_name(&self) -> &str {
        self.machine_arn.rsplit(':').next().unwrap_or_default()
    }

    /// Fails because something was too large (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>).
    pub(super) fn too_large(&self) -> End {
        let name = &self.state;
        let cause = format!(
            "The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service limit."
        );
        End::failed("States.DataLimitExceeded", cause)
    }

    /// The definition of the state in which it is.
    pub(super) fn here(&self) -> &Value {
        &self.definition["States"][self.state.as_str()]
    }

    fn kind(&self) -> String {
        self.here()["Type"].as_str().unwrap_or_default().to_owned()
    }

    /// Enters its state, unless it is in it.
    pub(super) fn enter(&mut self, now: DateTime<Utc>) {
        if self.entered.is_some() {
            return;
        }
        let first = !self
            .events
            .iter()
            .any(|event| matches!(event.what, What::Entered { .. }));
        let what = What::Entered {
            state: self.state.clone(),
            kind: self.kind(),
            input: (!first).then(|| self.data.to_string()),
        };
        self.tell(now, what);
        self.entered = Some((now, self.events.len()));
    }

    fn exit(&mut self, output: &Value, now: DateTime<Utc>) {
        let what = What::Exited {
            state: self.state.clone(),
            kind: self.kind(),
            output: output.to_string(),
        };
        self.tell(now, what);
    }

    /// Leaves its state for another one.
    pub(super) fn go(&mut self, state: String, data: Value, now: DateTime<Utc>) {
        self.exit(&data, now);
        self.state = state;
        self.data = data;
        self.entered = None;
    }

    /// Enters its Task.
    pub(super) fn fire(&mut self, task: &Task, now: DateTime<Utc>) {
        self.invoked = true;
        self.fired = Some(now);
        self.firings.push(now);
        self.wake = None;
        self.tell(now, What::Scheduled(task.clone()));
        self.tell(now, What::TaskStarted(task.clone()));
    }

    /// It is over.
    pub(super) fn end(&mut self, end: End, now: DateTime<Utc>) {
        if let Some(location) = end.location {
            let what = What::EvaluationFailed {
                state: self.state.clone(),
                location,
                error: end.error.clone().unwrap_or_default(),
                cause: end.cause.clone().unwrap_or_default(),
            };
            self.tell(now, what);
        }
        if let Some(output) = &end.output {
            self.exit(output, now);
        }
        let face = Face {
            since: now,
            status: end.status,
            stop: Some(now),
            error: end.error,
            cause: end.cause,
            output: end.output.map(|output| output.to_string()),
        };
        self.faces.push(face.clone());
        self.tell(now, What::Ended(face));
        self.wake = None;
    }

    /// Ends it at a state transition, because its state machine is being deleted
    /// (<https://repost.aws/knowledge-center/step-functions-stuck-deleting-status>).
    pub(super) fn terminate(&mut self, machine: &str, now: DateTime<Utc>) {
        let cause = format!("State machine {machine} has been deleted.");
        self.end(End::failed("States.Runtime", cause), now);
    }

    /// The redrives that can be seen at a time, the last of them last.
    pub(super) fn redrives_by(&self, seen: DateTime<Utc>) -> &[Redrive] {
        let known = self
            .redrives
            .iter()
            .take_while(|redrive| redrive.at <= seen);
        &self.redrives[..known.count()]
    }

    /// Why an execution with this face can't be redriven, in AWS's words; `None`: it can
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html>).
    pub(super) fn not_redrivable(&self, face: &Face, now: DateTime<Utc>) -> Option<&'static str> {
        let ended = match (face.status, face.stop) {
            (Status::Succeeded, _) => return Some("Execution is SUCCEEDED and cannot be redriven"),
            (_, None) => return Some("Execution is RUNNING and cannot be redriven"),
            (_, Some(ended)) => ended,
        };
        if self.events.len() >= MOST_EVENTS {
            Some("Execution history event limit exceeded")
        } else if now >= self.start + TimeDelta::days(OLDEST_DAYS) {
            Some("Execution has exceeded the max execution time")
        } else if now > ended + TimeDelta::days(REDRIVABLE_DAYS) {
            Some("Execution redrivable period exceeded")
        } else {
            None
        }
    }

    /// Runs again from the state that did not succeed.
    pub(super) fn redrive(&mut self, token: Option<String>, now: DateTime<Utc>) {
        self.redrives.push(Redrive { at: now, token });
        self.faces.push(Face::running(now));
        self.tell(now, What::Redriven(self.redrives.len()));
        if let Some((since, _)) = &mut self.entered {
            *since = now;
        }
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

    /// Each time that it ran, in order: since its start, and since each redrive.
    pub fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for face in &self.faces {
            match (face.status, runs.last_mut()) {
                (Status::Running, _) | (_, None) => runs.push(Run {
                    begin: face.since,
                    end: None,
                    error: None,
                }),
                (_, Some(run)) => (run.end, run.error) = (face.stop, face.error.clone()),
            }
        }
        runs
    }

    /// How often it was redriven.
    pub fn redriven(&self) -> usize {
        self.redrives.len()
    }
}
