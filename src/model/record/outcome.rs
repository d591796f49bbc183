//! How an execution ended. Pure data.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// `succeeded`, `failed`, `timed_out`, `aborted` or `missed`.
    pub status: OutcomeStatus,
    /// The error's name, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What AWS says of the error. May quote the function's answer: shown when asked for, never logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// When the wait was over and the task began; `None` where AWS did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fired: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<DateTime<Utc>>,
}

impl Outcome {
    /// An outcome of which no more is known.
    pub fn bare(status: OutcomeStatus) -> Self {
        Self {
            status,
            error: None,
            cause: None,
            fired: None,
            ended: None,
        }
    }
}

/// See [`Outcome`]. The order of its words is in the ledger: new ones go to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeStatus {
    /// The task succeeded.
    Succeeded,
    /// The task failed.
    Failed,
    /// Step Functions ended it for its age.
    TimedOut,
    /// Stopped by somebody else.
    Aborted,
    /// Its time passed before any start was accepted.
    Missed,
}

impl OutcomeStatus {
    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Aborted => "aborted",
            Self::Missed => "missed",
        }
    }
}
