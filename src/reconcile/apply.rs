//! One step of one entry, in the one order: ledger (intent, durable) → AWS → ledger (answer, durable). The only place
//! that both calls AWS and writes records. Never decides what is wanted.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::Clock;
use super::verify::Stray;
use crate::ledger::{Change, Ledger, LedgerError};
use crate::model::entry::Entry;
use crate::model::name::{Fingerprint, Owner};
use crate::model::plan::{LATE_DELIVERY, Note, Rules, Step, after, is_late};
use crate::model::record::answer::{Found, found};
use crate::model::record::{Event, Outcome, OutcomeStatus, Phase, Record, StopReason};
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
    /// The time ran out before the call could be made.
    #[error("it is too late to start it")]
    TooLate,
    /// Not visible yet: ask again.
    #[error("Step Functions does not show the execution yet")]
    Unsettled,
}

impl StepError {
    /// Is it a no for good, as far as one can know?
    pub(super) fn refuses(&self) -> bool {
        match self {
            Self::Express(_) => true,
            Self::Call(error) => error.remedy() == Remedy::Refused,
            Self::Ledger(_) | Self::Surprise(_) | Self::TooLate | Self::Unsettled => false,
        }
    }
}

/// What apply needs beside the step itself.
#[derive(Clone)]
pub struct Hands {
    /// Whose executions.
    pub owner: Owner,
    /// Where records are kept.
    pub ledger: Ledger,
    /// Where executions run.
    pub step_functions: StepFunctions,
    /// Tells the time at the moment of a call.
    pub clock: Clock,
    /// See [`Rules`].
    pub rules: Rules,
    /// State machines that are known not to be of type EXPRESS, which can't change.
    pub standard: Arc<Mutex<BTreeSet<String>>>,
}

/// What a step is taken for.
#[derive(Debug, Clone)]
pub struct Task {
    /// What to do.
    pub step: Step,
    /// Why, for the history.
    pub why: &'static str,
    /// What is asked for, where something is.
    pub entry: Option<Arc<Entry>>,
    /// What is recorded, where something is.
    pub record: Option<Record>,
    /// What runs and is not recorded, where something does.
    pub stray: Option<Stray>,
}

impl Hands {
    /// Takes one step. Answers the entry's record after it; `None`: forgotten, or there was none.
    pub async fn apply(&self, task: Task) -> Result<Option<Record>, StepError> {
        let now = (self.clock)();
        let why = task.why;
        match (task.step, task.entry.as_deref(), task.record) {
            (Step::Start, Some(entry), record) => {
                self.start(entry, record, why, now).await.map(Some)
            }
            (Step::Stop(reason), _, Some(record)) => self.stop(record, reason, why, now).await,
            (Step::Replace, _, Some(record)) => {
                self.stop(record, StopReason::Replaced, why, now).await
            }
            (Step::Look, _, Some(record)) => self.look(record, why, now).await.map(Some),
            (Step::Adopt, Some(entry), record) => {
                let Some(stray) = &task.stray else {
                    return Ok(record);
                };
                self.adopt(entry, record, stray, now).await
            }
            (Step::Forget, _, Some(record)) => {
                self.forget(record, why, now).await?;
                Ok(None)
            }
            (_, _, record) => Ok(record),
        }
    }

    /// Makes what a record notes durable.
    pub(super) async fn note(&self, record: Record, note: Note) -> Result<Record, LedgerError> {
        let Note {
            file,
            gone,
            guarded,
        } = note;
        self.write(
            Record {
                file,
                gone,
                guarded,
                ..record
            },
            None,
            None,
        )
        .await
    }

    async fn forget(
        &self,
        record: Record,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let event = Event {
            time: now,
            name: record.name.clone(),
            event: "forgotten".into(),
            at: record.at,
            execution_arn: record.execution_arn(),
            detail: Some(why.to_owned()),
            late_ms: None,
        };
        let change = Change {
            name: record.name,
            record: None,
            input: None,
            event: Some(event),
        };
        self.ledger.commit(change).await
    }

    /// Makes a record durable, and with it what happened by it.
    async fn write(
        &self,
        record: Record,
        input: Option<Arc<str>>,
        event: Option<Event>,
    ) -> Result<Record, LedgerError> {
        let name = record.name.clone();
        let change = Change {
            name,
            record: Some(record.clone()),
            input,
            event,
        };
        self.ledger.commit(change).await?;
        Ok(record)
    }

    /// A start begun earlier is the same call again: same name, same bytes (the fingerprint covers the input).
    async fn start(
        &self,
        entry: &Entry,
        before: Option<Record>,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<Record, StepError> {
        let wanted = Record::starting(&self.owner, entry, before.as_ref(), now);
        let mut intent = match before {
            Some(begun) if begun.fingerprint == wanted.fingerprint => match begun.phase {
                Phase::Starting => begun,
                // It may run: no answer to this start may make it look as if it had never been sent.
                Phase::Stopping => Record {
                    in_doubt: begun.in_doubt.or(Some(now)),
                    ..begun.in_phase(Phase::Starting, now)
                },
                Phase::Running | Phase::Stopped | Phase::Ended => wanted,
            },
            _ => wanted,
        };
        if !self.rules.generation {
            intent.generation = 0;
        }
        if let Err(error) = self.must_be_standard(&intent.state_machine).await {
            if error.refuses() {
                let input = Some(Arc::clone(&entry.input));
                self.refused(intent, input, error.to_string(), now).await?;
            }
            return Err(error);
        }
        // An earlier attempt may have arrived, or may still arrive: only a look ends that doubt.
        let earlier = intent.in_doubt;
        intent.in_doubt = Some(now);
        let input = Some(Arc::clone(&entry.input));
        let intent = if self.rules.intent_first {
            self.write(intent, input, None).await?
        } else {
            intent
        };
        // The commit may have waited for a disk: the fence is asked at the last moment.
        if self.rules.late_fence && is_late(entry.at, entry.grace, (self.clock)()) {
            return Err(StepError::TooLate);
        }
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
                let event = running.event(why, now);
                Ok(self.write(running, None, event).await?)
            }
            // Made anew as another type, perhaps: it is asked for before the next start.
            Ok(arn) => Err(self.another(&intent.state_machine, format!(
                "StartExecution answered `{arn}`, not `{}`: is the state machine of type STANDARD?",
                intent.execution_arn()
            ))),
            Err(error) if error.remedy() == Remedy::Exists => self.look(intent, why, now).await,
            Err(error) => {
                // The answer is definite: this call had no effect. Only an earlier one may still be on its way.
                let definite = Record {
                    in_doubt: earlier,
                    ..intent
                };
                match error.remedy() {
                    Remedy::Refused => self.refused(definite, None, error.to_string(), now).await?,
                    Remedy::Slower => {
                        self.write(definite, None, None).await?;
                    }
                    _ => {}
                }
                Err(error.into())
            }
        }
    }

    /// AWS said no. It is told once for each reason.
    async fn refused(
        &self,
        record: Record,
        input: Option<Arc<str>>,
        reason: String,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let known = record.refused.as_ref() == Some(&reason);
        let record = Record {
            refused: Some(reason),
            ..record
        };
        let event = record.event("", now).filter(|_| !known);
        self.write(record, input, event).await.map(drop)
    }

    fn another(&self, state_machine: &str, why: String) -> StepError {
        let mut known = self.standard.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(state_machine);
        StepError::Surprise(why)
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
    async fn look(
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
            let event = next.event(why, now).filter(|_| moved);
            let next = if next == record {
                next
            } else {
                self.write(next, None, event).await?
            };
            let settled = moved || seen == Found::Running && now < record.at;
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
            .chain(Some(record.since).filter(|_| record.phase == Phase::Stopping));
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

    /// Records an execution that runs and is not recorded, as what its name and its input say.
    async fn adopt(
        &self,
        entry: &Entry,
        before: Option<Record>,
        stray: &Stray,
        now: DateTime<Utc>,
    ) -> Result<Option<Record>, StepError> {
        let wanted = Record::starting(&self.owner, entry, before.as_ref(), now);
        let may_start = entry.enabled && !is_late(entry.at, entry.grace, now);
        if wanted.fingerprint == stray.fingerprint && may_start {
            // The same call again: it answers that this execution runs, or that it is over.
            let intent = Record {
                generation: stray.generation,
                in_doubt: Some(now),
                ..wanted
            };
            let why = "it ran already, and was not recorded";
            return self.start(entry, Some(intent), why, now).await.map(Some);
        }
        let arn = stray.execution_arn(&self.owner);
        let (seen, input) = self.observe(&arn).await?;
        if seen == Found::Nothing {
            // It was listed as running: reads are behind.
            return Err(StepError::Unsettled);
        }
        if seen != Found::Running {
            // It ended meanwhile. If it was of this content, the start that follows finds that out.
            return Ok(before);
        }
        let read = input
            .as_deref()
            .and_then(|input| read_input(input, &stray.state_machine));
        let (at, lambda, fingerprint) = if wanted.fingerprint == stray.fingerprint {
            (wanted.at, wanted.lambda, wanted.fingerprint)
        } else {
            let unknown = || {
                StepError::Surprise(format!(
                    "`{arn}` runs with an input that does not belong to its name: it is left alone"
                ))
            };
            read.filter(|(.., fingerprint)| *fingerprint == stray.fingerprint)
                .ok_or_else(unknown)?
        };
        let adopted = Record {
            at,
            lambda,
            fingerprint,
            generation: stray.generation,
            state_machine: stray.state_machine.clone(),
            phase: Phase::Running,
            ..wanted
        };
        let event = adopted
            .event("it ran already, and was not recorded", now)
            .map(|event| Event {
                event: "adopted".into(),
                ..event
            });
        Ok(Some(
            self.write(adopted, input.map(Arc::from), event).await?,
        ))
    }

    /// Stops an execution that no entry asks for, as a person approved: the approval is the durable intent.
    pub(super) async fn stop_orphan(&self, stray: &Stray) -> Result<(), StepError> {
        let execution = stray.execution_arn(&self.owner);
        let why = "no entry asked for it, and its stop was approved";
        let owner = self.owner.as_str();
        let cause = serde_json::json!({"entry": stray.entry, "owner": owner, "why": why});
        let cause = cause.to_string();
        let error = StopReason::Removed.error();
        let stopped = self.step_functions.stop(&execution, error, &cause);
        match stopped.await {
            Err(error) if error.remedy() != Remedy::Absent => return Err(error.into()),
            _ => {}
        }
        let now = (self.clock)();
        let event = Event {
            time: now,
            name: stray.entry.clone(),
            event: "stopped".into(),
            at: now,
            execution_arn: execution.clone(),
            detail: Some(why.into()),
            late_ms: None,
        };
        self.ledger.tell(event).await?;
        self.ledger.approved([execution].into(), false).await?;
        Ok(())
    }

    /// How the execution is found, and the input it was started with.
    async fn observe(&self, execution: &str) -> Result<(Found, Option<String>), StepError> {
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

    /// Stops, then sees how it ended. Finding nothing never raises the generation: the record is forgotten once no
    /// earlier start can still be on its way.
    async fn stop(
        &self,
        record: Record,
        reason: StopReason,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Record>, StepError> {
        let begun = record.phase == Phase::Stopping;
        let still_in_doubt = record
            .stop_in_doubt
            .filter(|since| begun && now <= after(*since, LATE_DELIVERY));
        let record = if begun {
            record
        } else {
            Record {
                stop_reason: Some(reason),
                ..record
            }
            .in_phase(Phase::Stopping, now)
        };
        let intent = Record {
            stop_in_doubt: Some(now),
            ..record
        };
        let record = self.write(intent, None, None).await?;
        let reason = record.stop_reason.unwrap_or(reason);
        let told = match reason {
            StopReason::Removed => "the entry was removed or disabled",
            StopReason::Replaced => "the entry was changed",
        };
        let cause =
            serde_json::json!({"entry": record.name, "owner": record.owner.as_str(), "why": told})
                .to_string();
        // A stop that is still on its way would stop what is started anew under the same name.
        let quiet = now > after(record.since, LATE_DELIVERY) && still_in_doubt.is_none();
        let asked_long_enough = quiet || !self.rules.quarantine;
        match self
            .step_functions
            .stop(&record.execution_arn(), reason.error(), &cause)
            .await
        {
            Ok(()) => match self.look(record.clone(), why, now).await {
                Err(error) => {
                    let taken = Record {
                        stop_taken: true,
                        ..record
                    };
                    self.write(taken, None, None).await?;
                    Err(error)
                }
                looked => looked.map(Some),
            },
            Err(error) if error.remedy() == Remedy::Absent && !self.rules.no_gaps => {
                let stopped = record.in_phase(Phase::Stopped, now);
                Ok(Some(self.write(stopped, None, None).await?))
            }
            Err(error) if error.remedy() == Remedy::Absent && asked_long_enough => {
                self.forget(record, "it never came to run", now).await?;
                Ok(None)
            }
            Err(error) => {
                if error.remedy() != Remedy::Retry {
                    // The answer is definite: this stop had no effect. Only an earlier one may still be on its way.
                    let record = Record {
                        stop_in_doubt: still_in_doubt,
                        ..record
                    };
                    self.write(record, None, None).await?;
                }
                Err(error.into())
            }
        }
    }
}

/// The time, the function and the fingerprint of an input that onced once made.
fn read_input(
    input: &str,
    state_machine: &str,
) -> Option<(DateTime<Utc>, Option<String>, Fingerprint)> {
    let value: serde_json::Value = serde_json::from_str(input).ok()?;
    let at: DateTime<Utc> = value["invocationTime"].as_str()?.parse().ok()?;
    let lambda = value["functionName"].as_str().map(str::to_owned);
    Some((at, lambda, Fingerprint::of_input(at, state_machine, input)))
}
