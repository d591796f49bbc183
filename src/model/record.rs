//! What onced remembers of one entry: the life of its execution. Pure data; `ledger` makes it durable.

pub mod answer;
mod event;
mod outcome;
mod times;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::model::entry::{Entry, EntryName};
use crate::model::guard::Mass;
use crate::model::interner::{self, Interner};
use crate::model::key::EntryKey;
use crate::model::name::{Fingerprint, Owner, execution_arn, execution_name};
use crate::model::written::{Written, ruled};
use crate::model::zones::Version;
pub use event::Event;
pub use outcome::{Outcome, OutcomeStatus};

/// Where an execution stands. The order of its words is in the ledger: new ones go to the end.
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

/// Why an execution is stopped: the `error` that StopExecution carries. The order of its words is in the ledger: new ones go to the end.
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
    /// The key that the execution bears, where it was started for another entry: `generation` is of that one's count then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<EntryKey>,
    /// The entry that this one's execution was moved to, while it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<EntryName>,
    /// Confirmed stops of exactly this content before this execution.
    pub generation: u32,
    /// When it fires.
    #[serde(deserialize_with = "times::read")]
    pub at: DateTime<Utc>,
    /// The machine it runs on.
    #[serde(deserialize_with = "interner::read")]
    pub state_machine: Arc<str>,
    /// The function, for people.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "interner::read_some"
    )]
    pub lambda: Option<Arc<str>>,
    /// How late it may be started, in seconds.
    pub grace_seconds: u64,
    /// Where the execution stands.
    pub phase: Phase,
    /// Since when.
    #[serde(deserialize_with = "times::read")]
    pub since: DateTime<Utc>,
    /// The last StartExecution of unknown fate: it may still be on its way until 20 minutes later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_doubt: Option<DateTime<Utc>>,
    /// Since when an execution that runs, or whose start was not answered, is not to be found: nobody proved yet that it
    /// never was, or is no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<DateTime<Utc>>,
    /// Why it is being, or was, stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    /// The last StopExecution of unknown fate: it may still be on its way until 20 minutes later, and would stop what is
    /// started meanwhile under the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_in_doubt: Option<DateTime<Utc>>,
    /// StopExecution was answered: only how it ended is still to be seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop_taken: bool,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Box<Outcome>>,
    /// How often a person had redriven it when it was seen last. More than that: it may run again.
    #[serde(default, skip_serializing_if = "is_none")]
    pub redrives: u32,
    /// AWS said no, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The generation to use next for each content this entry has had before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub earlier: BTreeMap<Fingerprint, u32>,
    /// The git commit that was checked out when its start, or then its stop, was asked for.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "interner::read_some"
    )]
    pub commit: Option<Arc<str>>,
    /// The schedule file it was last seen in.
    #[serde(deserialize_with = "interner::read")]
    pub file: Arc<str>,
    /// Since when it is in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<DateTime<Utc>>,
    /// The mass of stops that its own belonged to when it was held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarded: Option<Mass>,
    /// How its time was written, and by which rules that became `at`; `None`: with an offset, or by an onced of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Written>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_none(number: &u32) -> bool {
    *number == 0
}

/// For how long what is over may be redriven, and a day more: it may have been over for a while when that was recorded.
const REDRIVABLE: TimeDelta = TimeDelta::days(15);

/// How many contents of before an entry remembers.
const EARLIER: usize = 64;
/// How many bytes of what AWS says of an error are kept. AWS gives up to 32,768 characters
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html>).
const CAUSE: usize = 8 * 1024;

/// Notes the generation to use next for a content. Without a note it is 0. Of too many, those with the lowest are
/// dropped: should such a content come back, its name is taken, and AWS is asked how the execution of that name ended.
fn remember(earlier: &mut BTreeMap<Fingerprint, u32>, content: Fingerprint, next: u32) {
    if next > 0 {
        let known = earlier.entry(content).or_default();
        *known = next.max(*known);
    }
    while earlier.len() > EARLIER {
        let others = earlier.iter().filter(|(other, _)| **other != content);
        let Some(lowest) = others.min_by_key(|(_, next)| **next) else {
            return;
        };
        let lowest = *lowest.0;
        earlier.remove(&lowest);
    }
}

impl Record {
    /// The intent to start what `entry` asks for, after whatever `before` says of it.
    pub fn starting(
        owner: &Owner,
        entry: &Entry,
        before: Option<&Record>,
        now: DateTime<Utc>,
    ) -> Self {
        let fingerprint = entry.fingerprint();
        let mut earlier = before
            .map(|record| record.earlier.clone())
            .unwrap_or_default();
        if let Some(before) = before.filter(|before| before.named.is_none()) {
            let next = before.generation + u32::from(before.phase == Phase::Stopped);
            remember(&mut earlier, before.fingerprint, next);
        }
        let generation = earlier.get(&fingerprint).copied().unwrap_or(0);
        Self {
            name: entry.name.clone(),
            owner: owner.clone(),
            scheme: entry.scheme(),
            fingerprint,
            named: None,
            moved_to: None,
            generation,
            at: entry.at(),
            state_machine: entry.state_machine().clone(),
            lambda: entry.lambda.clone(),
            grace_seconds: entry.grace.as_secs(),
            phase: Phase::Starting,
            since: now,
            in_doubt: None,
            missing: None,
            stop_reason: None,
            stop_in_doubt: None,
            stop_taken: false,
            outcome: None,
            redrives: 0,
            refused: None,
            earlier,
            commit: None,
            file: entry.file.clone(),
            gone: None,
            guarded: None,
            written: Written::of(entry, None),
        }
    }

    /// May an execution of this record run, or come to run?
    pub fn is_live(&self) -> bool {
        match self.phase {
            Phase::Starting => self.in_doubt.is_some(),
            Phase::Running | Phase::Stopping => true,
            Phase::Stopped | Phase::Ended => false,
        }
    }

    /// Is it over, as far as was seen?
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Stopped | Phase::Ended)
    }

    /// May a person redrive the execution that is recorded here, so that it runs again? So it is with what failed, was
    /// ended for its age or was stopped, for 14 days
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>).
    pub fn may_be_redriven(&self, now: DateTime<Utc>) -> bool {
        let outcome = self.outcome.as_deref();
        let never = |outcome: &Outcome| {
            matches!(
                outcome.status,
                OutcomeStatus::Succeeded | OutcomeStatus::Missed
            )
        };
        let is_own = self.moved_to.is_none();
        let closed = self.is_over() && is_own && !outcome.is_some_and(never);
        closed && now - self.since <= REDRIVABLE
    }

    /// Is it over, and did not only come to nothing? What was aborted after its time may have fired, unless AWS said so or
    /// not.
    pub fn has_run(&self) -> bool {
        let ran = |outcome: &Outcome| match outcome.status {
            OutcomeStatus::Succeeded | OutcomeStatus::Failed | OutcomeStatus::TimedOut => true,
            OutcomeStatus::Aborted => {
                outcome.fired.is_some() || outcome.ended.is_none_or(|ended| ended >= self.at)
            }
            OutcomeStatus::Missed => false,
        };
        self.phase == Phase::Ended && self.outcome.as_deref().is_some_and(ran)
    }

    /// Did its time pass before any start of it was accepted?
    pub fn was_missed(&self) -> bool {
        let outcome = self.outcome.as_deref();
        outcome.is_some_and(|outcome| outcome.status == OutcomeStatus::Missed)
    }

    /// Has it fired, or was it to have? An execution that broke off before its time is no reason not to run again.
    pub fn has_fired(&self) -> bool {
        let Some(outcome) = self.outcome.as_deref().filter(|_| self.has_run()) else {
            return false;
        };
        outcome.status == OutcomeStatus::Succeeded
            || outcome.fired.is_some()
            || outcome.ended.is_none_or(|ended| ended >= self.at)
    }

    /// Is it lost with the record that follows it that this content has fired?
    pub fn is_lost_with(&self, next: &Record) -> bool {
        self.fingerprint != next.fingerprint && self.has_fired()
    }

    /// Is it known that this execution of this entry is over?
    pub fn knows_closed(&self, fingerprint: &Fingerprint, generation: u32) -> bool {
        let now = if self.fingerprint == *fingerprint && self.named.is_none() {
            self.generation + u32::from(self.is_over())
        } else {
            self.earlier.get(fingerprint).copied().unwrap_or(0)
        };
        generation < now
    }

    /// How long after its time it fired; `None` where that is not known.
    pub fn late(&self) -> Option<TimeDelta> {
        Some(self.outcome.as_ref()?.fired? - self.at)
    }

    /// The execution's name.
    pub fn execution_name(&self) -> String {
        execution_name(&self.owner, &self.key(), &self.fingerprint, self.generation)
    }

    /// The key that the execution bears: its entry's, or that of the one it was started for.
    pub fn key(&self) -> EntryKey {
        self.named.clone().unwrap_or_else(|| self.name.key())
    }

    /// What is recorded once the execution is another entry's, which asks for the same content: that entry's record,
    /// and what is left of this one. What is over is left as it is.
    pub fn moved(
        &self,
        entry: &Entry,
        before: Option<&Record>,
        now: DateTime<Utc>,
    ) -> (Record, Option<Record>) {
        let fresh = Self::starting(&self.owner, entry, before, now);
        let key = self.key();
        let moved = Record {
            name: fresh.name,
            named: Some(key).filter(|key| *key != entry.name.key()),
            moved_to: None,
            grace_seconds: fresh.grace_seconds,
            lambda: fresh.lambda,
            earlier: fresh.earlier,
            file: fresh.file,
            gone: None,
            guarded: None,
            ..self.clone()
        };
        let left = Record {
            moved_to: Some(entry.name.clone()),
            gone: None,
            guarded: None,
            ..self.clone().in_phase(Phase::Stopped, now)
        };
        (moved, Some(left).filter(|_| self.phase != Phase::Ended))
    }

    /// The execution's ARN, derived.
    pub fn execution_arn(&self) -> String {
        execution_arn(&self.state_machine, &self.execution_name())
    }

    /// The same content once more, after an execution of it was stopped: one that bore another entry's name is followed
    /// by one that bears this entry's.
    #[must_use]
    pub fn next_generation(mut self) -> Self {
        self.generation = match self.named.take() {
            None => self.generation + 1,
            Some(_) => self.earlier.get(&self.fingerprint).copied().unwrap_or(0),
        };
        self
    }

    /// The same record in another phase.
    #[must_use]
    pub fn in_phase(mut self, phase: Phase, now: DateTime<Utc>) -> Self {
        self.phase = phase;
        self.since = now;
        self.stop_taken = false;
        self.stop_in_doubt = None;
        self
    }

    /// The same record, with the grace that its entry has now: that may change without another start.
    #[must_use]
    pub fn in_grace_of(mut self, entry: Option<&Entry>) -> Self {
        if let Some(entry) = entry.filter(|entry| entry.fingerprint() == self.fingerprint) {
            self.grace_seconds = entry.grace.as_secs();
        }
        self
    }

    /// What it should keep of how its entry's time is written, by rules of this version: what it keeps, unless the entry
    /// that asks for exactly this says more, or something else.
    pub fn written_as(&self, entry: &Entry, rules: Option<&Version>) -> Option<Written> {
        let kept = self.written.as_ref();
        let is_same = match (kept, ruled(entry)) {
            (Some(kept), Some(zone)) => kept.zone() == zone.name(),
            (None, None) => true,
            _ => false,
        };
        if is_same || entry.fingerprint() != self.fingerprint {
            return kept.cloned();
        }
        Written::of(entry, rules)
    }

    /// Keeps of the texts that other records have too one copy.
    pub fn intern(&mut self, texts: &mut Interner) {
        self.owner = self.owner.interned(texts);
        let own = [
            Some(&mut self.state_machine),
            Some(&mut self.file),
            self.lambda.as_mut(),
            self.commit.as_mut(),
        ];
        for text in own.into_iter().flatten() {
            *text = texts.intern(text);
        }
    }

    /// Did something begin after `now`?
    pub fn is_after(&self, now: DateTime<Utc>) -> bool {
        let times = [self.in_doubt, self.missing, self.stop_in_doubt, self.gone];
        self.since > now || times.into_iter().flatten().any(|time| time > now)
    }

    /// No time at which something began lies after `now`: the clock was set back since.
    pub fn not_after(&mut self, now: DateTime<Utc>) {
        self.since = self.since.min(now);
        for time in [
            &mut self.in_doubt,
            &mut self.missing,
            &mut self.stop_in_doubt,
            &mut self.gone,
        ] {
            *time = time.map(|time| time.min(now));
        }
    }

    /// The same record, over. Of a long cause the beginning is kept.
    #[must_use]
    pub fn ended(mut self, mut outcome: Outcome, now: DateTime<Utc>) -> Self {
        if let Some(cause) = outcome.cause.as_mut().filter(|cause| cause.len() > CAUSE) {
            cause.truncate(cause.floor_char_boundary(CAUSE));
            cause.push('…');
        }
        self.outcome = Some(Box::new(outcome));
        self.refused = None;
        self.in_phase(Phase::Ended, now)
    }
}

#[cfg(test)]
mod tests;
