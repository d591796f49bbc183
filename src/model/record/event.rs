//! What happens to entries, in the history's words. Pure data.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Phase, Record};
use crate::model::entry::EntryName;

/// Something that happened to an entry, for `onced history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When onced recorded it.
    pub time: DateTime<Utc>,
    /// The entry.
    pub name: EntryName,
    /// `scheduled`, `adopted`, `redriven`, `moved`, `stopped`, `succeeded`, `failed`, `timed_out`, `aborted`, `missed`, `refused`, `forgotten`.
    pub event: String,
    /// When the execution was to fire.
    pub at: DateTime<Utc>,
    /// Which one.
    pub execution_arn: String,
    /// Why, or with which error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How long after its time it fired, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_ms: Option<i64>,
    /// The git commit that was checked out when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Arc<str>>,
    /// When it was to fire before the rules of its time zone changed, if that is what moved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<DateTime<Utc>>,
}

impl Record {
    /// What this record's phase is in the history's words.
    pub fn event(&self, why: &str, now: DateTime<Utc>) -> Option<Event> {
        let detail = Some(why.to_owned()).filter(|why| !why.is_empty());
        let (event, detail) = match (self.phase, &self.outcome) {
            (Phase::Running, _) => ("scheduled", detail),
            (Phase::Stopped, _) => ("stopped", detail),
            (Phase::Ended, Some(outcome)) => (outcome.status.as_str(), outcome.error.clone()),
            (Phase::Starting, _) if self.refused.is_some() => ("refused", self.refused.clone()),
            (Phase::Starting | Phase::Stopping | Phase::Ended, _) => return None,
        };
        Some(Event {
            late_ms: self.late().map(|late| late.num_milliseconds()),
            ..self.happened(event, detail, now)
        })
    }

    /// That a person has redriven this record's execution.
    pub fn redriven(&self, now: DateTime<Utc>) -> Event {
        let detail = match self.redrives {
            1 => "it runs again".to_owned(),
            times => format!("it runs again, for the {times}. time"),
        };
        self.happened("redriven", Some(detail), now)
    }

    fn happened(&self, event: &str, detail: Option<String>, now: DateTime<Utc>) -> Event {
        Event {
            time: now,
            name: self.name.clone(),
            event: event.to_owned(),
            at: self.at,
            execution_arn: self.execution_arn(),
            detail,
            late_ms: None,
            commit: self.commit.clone(),
            was: None,
        }
    }
}
