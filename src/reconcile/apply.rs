//! One step of one entry, in the one order: ledger (intent, durable) → AWS → ledger (answer, durable). The only place
//! that both calls AWS and writes records. Never decides what is wanted.

mod look;
pub mod machines;
mod moves;
mod start;
mod stop;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::verify::Stray;
use super::{Clock, Tally};
use crate::ledger::{Change, Ledger, LedgerError};
use crate::model::entry::{Entry, EntryName};
use crate::model::name::Owner;
use crate::model::plan::{Note, Rules, Step};
use crate::model::record::{Event, Phase, Record, StopReason};
use crate::model::shift::Shift;
use crate::model::zones::Zones;
use crate::source::work_tree::Commits;
use crate::step_functions::{CallError, Remedy, StepFunctions};
use machines::Machines;
pub use moves::Take;

/// Why a step is not done yet. The record stands as it was last written; the step is tried again.
#[derive(Debug, Error)]
pub enum StepError {
    /// The ledger could not be written: nothing was sent without a durable intent.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// AWS did not do it, or did not say.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The state machine would not do what the entry asks for.
    #[error("{0}")]
    Unfit(String),
    /// The state machine that a changed entry asks for can't be used: nothing was stopped.
    #[error("{0}")]
    Unusable(String),
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
            Self::Unfit(_) | Self::Unusable(_) => true,
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
    /// The git commits that are checked out, by the place of the files.
    pub commits: Commits,
    /// The time zone rules by which local times are read.
    pub zones: Zones,
    /// The state machines that were looked at.
    pub machines: Machines,
    /// What has happened.
    pub tally: Tally,
}

/// What a step is taken for.
#[derive(Debug, Clone)]
pub struct Task {
    /// What to do.
    pub step: Step,
    /// May a stop see at once how it ended, and a start whether what was over still is? Else that is asked later.
    pub sees: bool,
    /// How often a listing showed that what is recorded was redriven.
    pub shown: u32,
    /// Why, for the history.
    pub why: &'static str,
    /// What is asked for, where something is.
    pub entry: Option<Arc<Entry>>,
    /// What is recorded, where something is.
    pub record: Option<Record>,
    /// What runs and is not recorded, where something does.
    pub stray: Option<Stray>,
    /// The entry whose name that bears, where it is known.
    pub bears: Option<EntryName>,
    /// The names of that one's machine that entries or records use: itself, versions and aliases.
    pub machines: BTreeSet<String>,
    /// What it takes over, for a move: one execution, or those of a ring of names.
    pub takes: Vec<Take>,
    /// Generations of this content that bear the entry's name, and are another entry's.
    pub taken: Vec<u32>,
}

impl Task {
    /// The entries whose records it writes, that of the task first.
    pub(super) fn names(&self, name: &EntryName) -> Vec<EntryName> {
        let taken = self.takes.iter();
        let taken = taken.flat_map(|take| [take.entry.name.clone(), take.from.name.clone()]);
        let named = self.bears.clone();
        let named = named.filter(|named| named != name && self.step == Step::Adopt);
        let mut all = vec![name.clone()];
        for other in taken.chain(named) {
            if !all.contains(&other) {
                all.push(other);
            }
        }
        all
    }
}

impl Hands {
    /// Takes one step. Answers the entry's record after it; `None`: forgotten, or there was none.
    pub async fn apply(&self, task: Task) -> Result<Option<Record>, StepError> {
        let now = (self.clock)();
        let why = task.why;
        let record = task
            .record
            .map(|record| record.in_grace_of(task.entry.as_deref()));
        // Only other time zone rules make what it asks for another content.
        let shift = task.entry.as_deref().zip(record.as_ref());
        let shift = shift.and_then(|(entry, record)| Shift::of(entry, record));
        match (task.step, task.entry.as_deref(), record) {
            (Step::Start, Some(entry), record) => self
                .start(entry, record, (&task.taken, task.sees), why, now)
                .await
                .map(Some),
            (Step::Stop(reason), _, Some(record)) => {
                self.stop(record, (reason, shift), (why, task.sees), now)
                    .await
            }
            (Step::Replace, entry, Some(record)) => {
                // What runs is better than nothing: it is not stopped for what can't be started.
                if self.rules.usable
                    && let Some(entry) = entry.filter(|_| record.phase != Phase::Stopping)
                {
                    self.must_be_usable(entry).await?;
                }
                let reason = (StopReason::Replaced, shift);
                self.stop(record, reason, (why, task.sees), now).await
            }
            (Step::Look, _, Some(record)) => {
                let looked = self.look_for(record, task.shown, why, now);
                looked.await.map(Some)
            }
            (Step::Adopt, Some(entry), record) => {
                let Some(stray) = &task.stray else {
                    return Ok(record);
                };
                let found = (stray, task.bears.as_ref(), &task.machines);
                Box::pin(self.adopt(entry, record, found, now)).await
            }
            (Step::Move, _, record) => {
                let moved = self.take_over(&task.takes, now).await?;
                Ok(moved.into_iter().next().or(record))
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
            written,
            only_learns: _,
        } = note;
        self.write(
            Record {
                file,
                gone,
                guarded,
                written,
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
            was: None,
            commit: self.commits.of(&record.file),
        };
        let change = Change {
            name: record.name,
            record: None,
            input: None,
            event: Some(event),
        };
        self.commit(vec![change]).await
    }

    /// Makes changes durable, all of them or none. What happened by them is counted then.
    async fn commit(&self, changes: Vec<Change>) -> Result<(), LedgerError> {
        let events: Vec<Event> = changes.iter().filter_map(|c| c.event.clone()).collect();
        self.ledger.commit_all(changes).await?;
        for event in &events {
            self.tally.happened(event);
        }
        Ok(())
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
        self.commit(vec![change]).await?;
        Ok(record)
    }
}
