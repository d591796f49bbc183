//! Asking how an execution stands, and recording what the answer means. Changes nothing at AWS.

use std::sync::Arc;

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Hands, StepError};
use crate::model::name::Fingerprint;
use crate::model::plan::{LATE_DELIVERY, after, is_late};
use crate::model::record::answer::{Found, found, redriven};
use crate::model::record::{Outcome, OutcomeStatus, Phase, Record};
use crate::step_functions::{Remedy, Status};

impl Hands {
    /// Describes the execution and records what that means.
    pub(super) async fn look(
        &self,
        record: Record,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<Record, StepError> {
        self.look_for(record, 0, why, now).await
    }

    /// The same, where a listing showed that it was redriven so often: a Describe that knows of fewer is behind.
    pub(super) async fn look_for(
        &self,
        record: Record,
        shown: u32,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<Record, StepError> {
        let Looked {
            found: mut seen,
            input,
            redrives,
            ..
        } = self.observe(&record.execution_arn()).await?;
        let again = redriven(&record, redrives, now).filter(|_| self.rules.redriven);
        let record = match again {
            Some(again) if record.phase != Phase::Starting => {
                let event = again.redriven(now);
                let again = self.write(again, None, Some(event)).await?;
                if seen == Found::Running && again.phase == Phase::Running {
                    return Ok(again);
                }
                again
            }
            Some(again) => again,
            // What is over stays over, as far as one can see.
            None if record.is_over() && redrives < shown => return Err(StepError::Unsettled),
            None if record.is_over() => return Ok(record),
            None => record,
        };
        if record.phase == Phase::Starting && seen == Found::Running {
            // Without the right to decrypt, Describe leaves the input out: then the name decides.
            let other = |input: String| {
                Fingerprint::of_input(record.at, &record.state_machine, &input)
                    != record.fingerprint
            };
            if input.is_some_and(other) {
                let arn = record.execution_arn();
                return Err(StepError::Surprise(format!(
                    "`{arn}` runs with another input: it is left alone"
                )));
            }
        }
        if let Found::Over(outcome) = &mut seen
            && now >= record.at
        {
            // When it fired is worth knowing, but no reason to wait for: without the right to ask, it stays unknown.
            outcome.fired = self
                .step_functions
                .fired(&record.execution_arn())
                .await
                .unwrap_or_default();
        }
        let next = match &seen {
            Found::Over(outcome) if !self.rules.generation && record.phase == Phase::Starting => {
                Some(record.clone().ended(outcome.clone(), now))
            }
            seen => found(&record, seen, now),
        };
        if let Some(next) = next {
            let moved = next.phase != record.phase || next.generation != record.generation;
            let never_arrived = record.in_doubt.is_some() && next.in_doubt.is_none();
            let event = next.event(why, now).filter(|_| moved);
            let next = if next == record {
                next
            } else {
                self.write(next, None, event).await?
            };
            let settled = moved || never_arrived || seen == Found::Running && now < record.at;
            return if settled {
                Ok(next)
            } else {
                Err(StepError::Unsettled)
            };
        }
        // Past its time no call of ours is made any more, but one of before may still be on its way.
        let asked_since = record
            .in_doubt
            .into_iter()
            .chain(Some(record.since).filter(|_| record.phase == Phase::Stopping))
            .chain(record.missing);
        let asked_long_enough = asked_since
            .max()
            .is_none_or(|since| now > after(since, LATE_DELIVERY));
        let grace = Duration::from_secs(record.grace_seconds);
        let is_past = match record.phase {
            Phase::Starting => is_late(record.at, grace, now),
            _ => now >= record.at,
        };
        if seen == Found::Nothing && is_past && asked_long_enough {
            let never_ran = record.phase == Phase::Starting || record.in_doubt.is_some();
            let status = if never_ran {
                OutcomeStatus::Missed
            } else {
                OutcomeStatus::Aborted
            };
            let over = record.ended(Outcome::bare(status), now);
            let event = over.event("", now);
            return Ok(self.write(over, None, event).await?);
        }
        Err(StepError::Unsettled)
    }

    /// How the execution is found, and what it was started with.
    pub(super) async fn observe(&self, execution: &str) -> Result<Looked, StepError> {
        let observed = match self.step_functions.describe(execution).await {
            Ok(observed) => observed,
            Err(error) if error.remedy() == Remedy::Absent => return Ok(Looked::NOTHING),
            Err(error) => return Err(error.into()),
        };
        let looked = Looked {
            found: Found::Running,
            input: observed.input,
            redrives: observed.redrives,
            qualified: observed.qualified,
        };
        let status = match observed.status {
            Status::Running => return Ok(looked),
            Status::Succeeded => OutcomeStatus::Succeeded,
            Status::Failed => OutcomeStatus::Failed,
            Status::TimedOut => OutcomeStatus::TimedOut,
            Status::Aborted => OutcomeStatus::Aborted,
        };
        let outcome = Outcome {
            status,
            error: observed.error,
            cause: observed.cause,
            fired: None,
            ended: observed.ended,
        };
        Ok(Looked {
            found: Found::Over(outcome),
            ..looked
        })
    }
}

/// What a Describe brought.
pub(super) struct Looked {
    pub(super) found: Found,
    /// The input it was started with, where we may see it.
    pub(super) input: Option<String>,
    /// How often it was redriven.
    pub(super) redrives: u32,
    /// The ARNs of the alias and the version through which it was started.
    pub(super) qualified: Vec<String>,
}

impl Looked {
    const NOTHING: Self = Self {
        found: Found::Nothing,
        input: None,
        redrives: 0,
        qualified: Vec::new(),
    };
}

/// What an input asks for that onced once made.
pub(super) struct Asked {
    pub(super) at: DateTime<Utc>,
    pub(super) lambda: Option<Arc<str>>,
    /// The machine as it was named then: a version or an alias of it is another content.
    pub(super) state_machine: Arc<str>,
}

/// Reads the input of an execution whose name bears this fingerprint; `None`: with none of these machines' names the input
/// has it.
pub(super) fn read_input<'a>(
    input: &str,
    content: Fingerprint,
    state_machines: impl IntoIterator<Item = &'a str>,
) -> Option<Asked> {
    let value: serde_json::Value = serde_json::from_str(input).ok()?;
    let at: DateTime<Utc> = value["invocationTime"].as_str()?.parse().ok()?;
    let mut machines = state_machines.into_iter();
    let machine = machines.find(|machine| Fingerprint::of_input(at, machine, input) == content)?;
    Some(Asked {
        at,
        lambda: value["functionName"].as_str().map(Arc::from),
        state_machine: machine.into(),
    })
}
