//! Asking how an execution stands, and recording what the answer means. Changes nothing at AWS.

use std::sync::Arc;

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Hands, StepError};
use crate::model::name::Fingerprint;
use crate::model::plan::{LATE_DELIVERY, after, is_late};
use crate::model::record::answer::{Found, found};
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
        let (mut seen, input) = self.observe(&record.execution_arn()).await?;
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

    /// How the execution is found, and the input it was started with.
    pub(super) async fn observe(
        &self,
        execution: &str,
    ) -> Result<(Found, Option<String>), StepError> {
        let observed = match self.step_functions.describe(execution).await {
            Ok(observed) => observed,
            Err(error) if error.remedy() == Remedy::Absent => return Ok((Found::Nothing, None)),
            Err(error) => return Err(error.into()),
        };
        let status = match observed.status {
            Status::Running => return Ok((Found::Running, observed.input)),
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
        Ok((Found::Over(outcome), observed.input))
    }
}

/// The time, the function and the fingerprint of an input that onced once made.
pub(super) fn read_input(
    input: &str,
    state_machine: &str,
) -> Option<(DateTime<Utc>, Option<Arc<str>>, Fingerprint)> {
    let value: serde_json::Value = serde_json::from_str(input).ok()?;
    let at: DateTime<Utc> = value["invocationTime"].as_str()?.parse().ok()?;
    let lambda = value["functionName"].as_str().map(Arc::from);
    Some((at, lambda, Fingerprint::of_input(at, state_machine, input)))
}
