//! What onced remembers of one entry: the life of its execution. Pure data; `ledger` makes it durable.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::entry::{Entry, EntryName};
use crate::model::name::{Fingerprint, Owner, SCHEME, execution_arn, execution_name};

/// Where an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The intent to start is durable; the call may or may not have arrived.
    Starting,
    /// Step Functions said it runs.
    Running,
    /// The intent to stop is durable.
    Stopping,
    /// Stopped by us, and confirmed.
    Stopped,
    /// Over, as `outcome` says.
    Ended,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// `succeeded`, `failed`, `timed_out`, `aborted` or `missed`.
    pub status: OutcomeStatus,
    /// The error's name, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<DateTime<Utc>>,
}

/// See [`Outcome`].
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

/// Why an execution is stopped: the `error` that StopExecution carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The entry is gone, or disabled.
    Removed,
    /// The entry asks for something else now.
    Replaced,
}

impl StopReason {
    /// `onced.Removed` or `onced.Replaced`.
    pub fn error(self) -> &'static str {
        match self {
            Self::Removed => "onced.Removed",
            Self::Replaced => "onced.Replaced",
        }
    }
}

/// One entry's record. The input's bytes are kept beside it in the ledger, not in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The entry.
    pub name: EntryName,
    /// Whose execution this is.
    pub owner: Owner,
    /// Which scheme made the fingerprint.
    pub scheme: u32,
    /// What is compared, in short.
    pub fingerprint: Fingerprint,
    /// Confirmed stops of exactly this content before this execution.
    pub generation: u32,
    /// When it fires.
    pub at: DateTime<Utc>,
    /// The machine it runs on.
    pub state_machine: String,
    /// The function, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lambda: Option<String>,
    /// How late it may be started, in seconds.
    pub grace_seconds: u64,
    /// Where the execution stands.
    pub phase: Phase,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Set by the first StartExecution of unknown fate: a call may still be on its way until 20 minutes later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_doubt: Option<DateTime<Utc>>,
    /// Why it is being, or was, stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// AWS said no, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The generation to use next for each content this entry has had before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub earlier: BTreeMap<Fingerprint, u32>,
    /// The schedule file it was last seen in.
    pub file: String,
}

impl Record {
    /// The intent to start what `entry` asks for, after whatever `before` says of it.
    pub fn starting(
        owner: &Owner,
        entry: &Entry,
        before: Option<&Record>,
        now: DateTime<Utc>,
    ) -> Self {
        let fingerprint = Fingerprint::of(entry);
        let mut earlier = before
            .map(|record| record.earlier.clone())
            .unwrap_or_default();
        if let Some(before) = before {
            let next = before.generation + u32::from(before.phase == Phase::Stopped);
            earlier.insert(before.fingerprint.clone(), next);
        }
        let generation = earlier.get(&fingerprint).copied().unwrap_or(0);
        Self {
            name: entry.name.clone(),
            owner: owner.clone(),
            scheme: SCHEME,
            fingerprint,
            generation,
            at: entry.at,
            state_machine: entry.state_machine.clone(),
            lambda: entry.lambda.clone(),
            grace_seconds: entry.grace.as_secs(),
            phase: Phase::Starting,
            since: now,
            in_doubt: None,
            stop_reason: None,
            outcome: None,
            refused: None,
            earlier,
            file: entry.file.clone(),
        }
    }

    /// The execution's name.
    pub fn execution_name(&self) -> String {
        execution_name(&self.owner, &self.name, &self.fingerprint, self.generation)
    }

    /// The execution's ARN, derived.
    pub fn execution_arn(&self) -> String {
        execution_arn(&self.state_machine, &self.execution_name())
    }

    /// The same record in another phase.
    #[must_use]
    pub fn in_phase(mut self, phase: Phase, now: DateTime<Utc>) -> Self {
        self.phase = phase;
        self.since = now;
        self
    }

    /// The same record, over.
    #[must_use]
    pub fn ended(mut self, outcome: Outcome, now: DateTime<Utc>) -> Self {
        self.outcome = Some(outcome);
        self.refused = None;
        self.in_phase(Phase::Ended, now)
    }
}

/// What the answer to a StartExecution, or the look after it, means for a record.
pub mod answer {
    use chrono::{DateTime, Utc};

    use super::{Outcome, OutcomeStatus, Phase, Record};

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

    /// Was it stopped by an onced? The error that its stop carried tells.
    fn stopped_by_us(outcome: &Outcome) -> bool {
        outcome
            .error
            .as_deref()
            .is_some_and(|error| error.starts_with("onced."))
    }

    /// What a Describe means. `None`: nothing is known yet, ask again.
    ///
    /// | phase | found | the record becomes |
    /// |---|---|---|
    /// | Starting | running | Running |
    /// | Starting | aborted by us | Starting, next generation |
    /// | Running | aborted by us | Stopped |
    /// | Stopping | aborted | Stopped |
    /// | any | over | Ended |
    /// | Stopping | running or nothing | ask again |
    pub fn found(record: &Record, found: &Found, now: DateTime<Utc>) -> Option<Record> {
        let record = record.clone();
        match (record.phase, found) {
            (Phase::Starting, Found::Running) => Some(
                Record {
                    in_doubt: None,
                    refused: None,
                    ..record
                }
                .in_phase(Phase::Running, now),
            ),
            (Phase::Starting, Found::Over(outcome))
                if outcome.status == OutcomeStatus::Aborted && stopped_by_us(outcome) =>
            {
                let generation = record.generation + 1;
                Some(
                    Record {
                        generation,
                        in_doubt: None,
                        ..record
                    }
                    .in_phase(Phase::Starting, now),
                )
            }
            (Phase::Stopping, Found::Over(outcome)) if outcome.status == OutcomeStatus::Aborted => {
                Some(record.in_phase(Phase::Stopped, now))
            }
            (Phase::Running, Found::Over(outcome))
                if outcome.status == OutcomeStatus::Aborted && stopped_by_us(outcome) =>
            {
                Some(record.in_phase(Phase::Stopped, now))
            }
            (_, Found::Over(outcome)) => Some(record.ended(outcome.clone(), now)),
            (_, Found::Running | Found::Nothing) => None,
        }
    }
}
