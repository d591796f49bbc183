//! What the answer to a StartExecution, or the look after it, means for a record. Pure.

use chrono::{DateTime, Utc};

use super::{Outcome, OutcomeStatus, Phase, Record};
use crate::model::plan::{LATE_DELIVERY, after};

/// How an execution was found, in the model's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It runs, with these bytes as its input where they are known.
    Running,
    /// It is over, with this outcome. `Aborted` carries the stop's error.
    Over(Outcome),
    /// Not visible.
    Nothing,
}

/// Was it stopped by an onced, before it fired? The error that its stop carried tells. What was stopped after its wait
/// was over has fired: it must not run again.
fn stopped_by_us(record: &Record, outcome: &Outcome) -> bool {
    let by_us = |error: &str| error.starts_with("onced.");
    stopped_in_time(record, outcome) && outcome.error.as_deref().is_some_and(by_us)
}

/// Where AWS did not say whether it had fired, one that was stopped after its time is taken to have.
fn stopped_in_time(record: &Record, outcome: &Outcome) -> bool {
    outcome.status == OutcomeStatus::Aborted
        && outcome.fired.is_none()
        && outcome.ended.is_none_or(|ended| ended < record.at)
}

/// What a Describe means. `None`: nothing is known yet, ask again.
///
/// | phase | found | the record becomes |
/// |---|---|---|
/// | Starting | running | Running |
/// | Starting | nothing | missing; after 20 minutes, before its time: no longer in doubt |
/// | Starting | aborted by us | Starting, next generation |
/// | Running | running | the same, no longer missing |
/// | Running | nothing | missing; after 20 minutes, before its time: Starting, the same generation; after it: aborted |
/// | Running | aborted by us | Stopped |
/// | Stopping | aborted | Stopped |
/// | any | aborted after it had fired | Ended |
/// | any | over | Ended |
/// | Stopping | running or nothing | ask again |
pub fn found(record: &Record, found: &Found, now: DateTime<Utc>) -> Option<Record> {
    let record = record.clone();
    match (record.phase, found) {
        (Phase::Starting, Found::Running) => Some(
            Record {
                in_doubt: None,
                missing: None,
                refused: None,
                ..record
            }
            .in_phase(Phase::Running, now),
        ),
        (Phase::Starting, Found::Over(outcome)) if stopped_by_us(&record, outcome) => {
            let next = Record {
                in_doubt: None,
                ..record.next_generation()
            };
            Some(next.in_phase(Phase::Starting, now))
        }
        (Phase::Running, Found::Running) => Some(Record {
            missing: None,
            ..record
        }),
        (Phase::Running, Found::Nothing) => missing(record, now),
        (Phase::Starting, Found::Nothing) if now < record.at => never_arrived(record, now),
        (Phase::Stopping, Found::Over(outcome)) if stopped_in_time(&record, outcome) => {
            Some(record.in_phase(Phase::Stopped, now))
        }
        (Phase::Running, Found::Over(outcome)) if stopped_by_us(&record, outcome) => {
            Some(record.in_phase(Phase::Stopped, now))
        }
        (_, Found::Over(outcome)) => Some(record.ended(outcome.clone(), now)),
        (_, Found::Running | Found::Nothing) => None,
    }
}

/// A start that was not answered, and is not to be found: once none is on its way any more, and reads can't be behind, it
/// had no effect.
fn never_arrived(record: Record, now: DateTime<Utc>) -> Option<Record> {
    let asked = record.in_doubt?;
    let Some(since) = record.missing else {
        return Some(Record {
            missing: Some(now),
            ..record
        });
    };
    (now > after(asked.max(since), LATE_DELIVERY)).then_some(Record {
        in_doubt: None,
        missing: None,
        ..record
    })
}

/// What it means that an execution has been redriven so often, by a person. `None`: no more often than is known.
///
/// | phase | the record becomes |
/// |---|---|
/// | Stopped, Ended | Running: how it ended before counts no more |
/// | Stopping | Stopping, and the stop that was answered is over: it is sent again |
/// | Starting, Running | the same |
pub fn redriven(record: &Record, redrives: u32, now: DateTime<Utc>) -> Option<Record> {
    if redrives <= record.redrives {
        return None;
    }
    let record = Record {
        redrives,
        missing: None,
        ..record.clone()
    };
    Some(match record.phase {
        Phase::Stopped | Phase::Ended => Record {
            outcome: None,
            stop_reason: None,
            // That its stop was let go once is over; that it was held is not.
            guarded: record.guarded.filter(|_| record.phase == Phase::Ended),
            ..record
        }
        .in_phase(Phase::Running, now),
        Phase::Stopping => Record {
            stop_taken: false,
            ..record
        },
        Phase::Starting | Phase::Running => record,
    })
}

/// Reads are eventually consistent: only 20 minutes of finding nothing prove that there is nothing. Its state machine
/// was deleted then, or deleted and made again: names are free, and nothing of it can fire.
fn missing(record: Record, now: DateTime<Utc>) -> Option<Record> {
    let Some(since) = record.missing else {
        return Some(Record {
            missing: Some(now),
            ..record
        });
    };
    if now <= after(since, LATE_DELIVERY) {
        return None;
    }
    let record = Record {
        missing: None,
        ..record
    };
    if now >= record.at {
        return Some(record.ended(Outcome::bare(OutcomeStatus::Aborted), now));
    }
    Some(record.in_phase(Phase::Starting, now))
}
