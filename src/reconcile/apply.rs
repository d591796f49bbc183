//! One step of one entry, in the one order: ledger (intent, durable) → AWS → ledger (answer, durable). The only place
//! that both calls AWS and writes records. Never decides what is wanted.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::ledger::{Change, Ledger, LedgerError};
use crate::model::entry::Entry;
use crate::model::name::Owner;
use crate::model::plan::{LATE_DELIVERY, Step, after};
use crate::model::record::answer::{Found, found};
use crate::model::record::{Outcome, OutcomeStatus, Phase, Record, StopReason};
use crate::step_functions::{CallError, Remedy, Status, StepFunctions};

/// Why a step is not done yet. The record stands as it was last written; the step is tried again.
#[derive(Debug, Error)]
pub enum StepError {
    /// The ledger could not be written: nothing was sent without a durable intent.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// AWS did not do it, or did not say.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The state machine is of a type that onced must not use.
    #[error("`{0}` is of type EXPRESS: its executions can't be stopped; name a STANDARD one")]
    Express(String),
    /// AWS answered something that can't be.
    #[error("{0}")]
    Surprise(String),
    /// Not visible yet: ask again.
    #[error("Step Functions does not show the execution yet")]
    Unsettled,
}

impl StepError {
    /// Is it a no for good, as far as one can know?
    fn refuses(&self) -> bool {
        match self {
            Self::Express(_) => true,
            Self::Call(error) => error.remedy() == Remedy::Refused,
            Self::Ledger(_) | Self::Surprise(_) | Self::Unsettled => false,
        }
    }
}

/// What apply needs beside the step itself.
#[derive(Debug, Clone)]
pub struct Hands {
    /// Whose executions.
    pub owner: Owner,
    /// Where records are kept.
    pub ledger: Ledger,
    /// Where executions run.
    pub step_functions: StepFunctions,
    /// State machines that are known not to be of type EXPRESS, which can't change.
    pub standard: Arc<Mutex<BTreeSet<String>>>,
}

impl Hands {
    /// Takes one step. Answers the entry's record after it; `None`: forgotten, or there was none.
    pub async fn apply(
        &self,
        step: Step,
        entry: Option<&Entry>,
        record: Option<Record>,
        now: DateTime<Utc>,
    ) -> Result<Option<Record>, StepError> {
        match (step, entry, record) {
            (Step::Start, Some(entry), record) => self.start(entry, record, now).await.map(Some),
            (Step::Stop(reason), _, Some(record)) => self.stop(record, reason, now).await,
            (Step::Replace, _, Some(record)) => self.stop(record, StopReason::Replaced, now).await,
            (Step::Look, _, Some(record)) => self.look(record, now).await.map(Some),
            (Step::Forget, _, Some(record)) => {
                self.ledger
                    .commit(Change {
                        name: record.name,
                        record: None,
                        input: None,
                    })
                    .await?;
                Ok(None)
            }
            (_, _, record) => Ok(record),
        }
    }

    async fn write(&self, record: Record, input: Option<Arc<str>>) -> Result<Record, LedgerError> {
        let name = record.name.clone();
        self.ledger
            .commit(Change {
                name,
                record: Some(record.clone()),
                input,
            })
            .await?;
        Ok(record)
    }

    /// A start begun earlier is the same call again: same name, same bytes (the fingerprint covers the input).
    async fn start(
        &self,
        entry: &Entry,
        before: Option<Record>,
        now: DateTime<Utc>,
    ) -> Result<Record, StepError> {
        let wanted = Record::starting(&self.owner, entry, before.as_ref(), now);
        let mut intent = match before {
            Some(begun)
                if begun.phase == Phase::Starting && begun.fingerprint == wanted.fingerprint =>
            {
                begun
            }
            _ => wanted,
        };
        if let Err(error) = self.must_be_standard(&intent.state_machine).await {
            if error.refuses() {
                self.write(
                    Record {
                        refused: Some(error.to_string()),
                        ..intent
                    },
                    None,
                )
                .await?;
            }
            return Err(error);
        }
        let first = intent.in_doubt.is_none();
        intent.in_doubt = intent.in_doubt.or(Some(now));
        let intent = self.write(intent, Some(Arc::clone(&entry.input))).await?;
        let called = self
            .step_functions
            .start(
                &intent.state_machine,
                &intent.execution_name(),
                &entry.input,
            )
            .await;
        match called {
            Ok(arn) if arn == intent.execution_arn() => {
                let running = found(&intent, &Found::Running, now)
                    .expect("a starting record that runs has a next one");
                Ok(self.write(running, None).await?)
            }
            Ok(arn) => Err(StepError::Surprise(format!(
                "StartExecution answered `{arn}`, not `{}`: is the state machine of type STANDARD?",
                intent.execution_arn()
            ))),
            Err(error) if error.remedy() == Remedy::Exists => self.look(intent, now).await,
            Err(error) => {
                let refused = error.remedy() == Remedy::Refused;
                if refused || error.remedy() == Remedy::Slower {
                    // The answer is definite: this call had no effect. Only an earlier one may still be on its way.
                    let in_doubt = intent.in_doubt.filter(|_| !first);
                    let refused = refused.then(|| error.to_string());
                    self.write(
                        Record {
                            in_doubt,
                            refused,
                            ..intent
                        },
                        None,
                    )
                    .await?;
                }
                Err(error.into())
            }
        }
    }

    /// An execution of an EXPRESS machine can't be stopped, and its start is not idempotent: never started.
    async fn must_be_standard(&self, state_machine: &str) -> Result<(), StepError> {
        let known = || self.standard.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains(state_machine) {
            return Ok(());
        }
        if self.step_functions.is_express(state_machine).await? {
            return Err(StepError::Express(state_machine.to_owned()));
        }
        known().insert(state_machine.to_owned());
        Ok(())
    }

    /// Describes the execution and records what that means.
    async fn look(&self, record: Record, now: DateTime<Utc>) -> Result<Record, StepError> {
        let (seen, input) = self.observe(&record).await?;
        if record.phase == Phase::Starting && seen == Found::Running {
            let (ledger, name) = (self.ledger.clone(), record.name.clone());
            let reading = tokio::task::spawn_blocking(move || ledger.input(&name));
            let ours = reading.await.map_err(|_| LedgerError::Stopped)??;
            // Without the right to decrypt, Describe leaves the input out: then the name decides.
            if input.is_some() && input != ours {
                let arn = record.execution_arn();
                return Err(StepError::Surprise(format!(
                    "`{arn}` runs with another input: it is left alone"
                )));
            }
        }
        if let Some(next) = found(&record, &seen, now) {
            return Ok(self.write(next, None).await?);
        }
        let asked_long_enough = record
            .in_doubt
            .is_none_or(|since| now > after(since, LATE_DELIVERY));
        if seen == Found::Nothing
            && record.phase == Phase::Starting
            && now >= record.at
            && asked_long_enough
        {
            let missed = Outcome {
                status: OutcomeStatus::Missed,
                error: None,
                ended: None,
            };
            return Ok(self.write(record.ended(missed, now), None).await?);
        }
        Err(StepError::Unsettled)
    }

    /// How the execution is found, and the input it was started with.
    async fn observe(&self, record: &Record) -> Result<(Found, Option<String>), StepError> {
        let observed = match self.step_functions.describe(&record.execution_arn()).await {
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
            ended: observed.ended,
        };
        Ok((Found::Over(outcome), observed.input))
    }

    /// Stops, then sees how it ended. Finding nothing never raises the generation: the record is forgotten once no
    /// earlier start can still be on its way.
    async fn stop(
        &self,
        record: Record,
        reason: StopReason,
        now: DateTime<Utc>,
    ) -> Result<Option<Record>, StepError> {
        let record = if record.phase == Phase::Stopping {
            record
        } else {
            let stopping = Record {
                stop_reason: Some(reason),
                ..record
            }
            .in_phase(Phase::Stopping, now);
            self.write(stopping, None).await?
        };
        let reason = record.stop_reason.unwrap_or(reason);
        let why = match reason {
            StopReason::Removed => "the entry was removed or disabled",
            StopReason::Replaced => "the entry was changed",
        };
        let cause =
            serde_json::json!({"entry": record.name, "owner": record.owner.as_str(), "why": why})
                .to_string();
        match self
            .step_functions
            .stop(&record.execution_arn(), reason.error(), &cause)
            .await
        {
            Ok(()) => Ok(Some(self.look(record, now).await?)),
            Err(error)
                if error.remedy() == Remedy::Absent && now > after(record.since, LATE_DELIVERY) =>
            {
                self.ledger
                    .commit(Change {
                        name: record.name,
                        record: None,
                        input: None,
                    })
                    .await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}
