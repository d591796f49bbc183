//! An execution of ours that a listing showed and no record knows. Pure.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::model::key::EntryKey;
use crate::model::name::{
    Fingerprint, Owner, execution_arn, execution_name, parse_execution_name, state_machine_of,
};
use crate::model::record::{Phase, Record};

/// How long one that is over is remembered. An entry may ask for the same once more, within its grace.
const REMEMBERED: Duration = Duration::from_hours(24);

/// An execution of ours that runs, or ran, and is not the recorded one of its entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Whose entry it is.
    pub key: EntryKey,
    /// Of which content.
    pub fingerprint: Fingerprint,
    /// Which generation of it.
    pub generation: u32,
    /// On which machine.
    pub state_machine: String,
    /// How often it was redriven, as the last listing showed it.
    pub redrives: u32,
    /// When the first listing that showed it began.
    pub first: DateTime<Utc>,
    /// The same, and when the last one did, by the monotonic clock.
    pub(super) shown: (Instant, Instant),
    /// Since when listings show it no longer.
    pub(super) gone: Option<Instant>,
}

impl Stray {
    /// One that an earlier process was shown; `None`: this is no execution of this owner.
    pub(super) fn remembered(
        execution: &str,
        owner: &Owner,
        (wall, now): (DateTime<Utc>, Instant),
    ) -> Option<Self> {
        let (state_machine, name) = state_machine_of(execution)?;
        let (key, fingerprint, generation) = parse_execution_name(owner, name)?;
        Some(Self {
            key,
            fingerprint,
            generation,
            state_machine,
            redrives: 0,
            first: wall,
            shown: (now, now),
            gone: Some(now),
        })
    }

    /// Its name.
    pub(super) fn execution_name(&self, owner: &Owner) -> String {
        execution_name(owner, &self.key, &self.fingerprint, self.generation)
    }

    /// Its ARN.
    pub fn execution_arn(&self, owner: &Owner) -> String {
        execution_arn(&self.state_machine, &self.execution_name(owner))
    }

    /// Does it run, as far as listings show?
    pub(in crate::reconcile) fn runs(&self) -> bool {
        self.gone.is_none()
    }

    /// Is it known to be over, or nothing that its entry has use for, by what is recorded of that? One that was redriven may
    /// run again, whatever is known of it; but beside what an entry asks for, and has, it is nobody's.
    pub(in crate::reconcile) fn is_closed(
        &self,
        record: Option<&Record>,
        asked: Option<&Fingerprint>,
    ) -> bool {
        record.is_some_and(|record| {
            if self.redrives == 0 {
                return record.knows_closed(&self.fingerprint, self.generation);
            }
            record.moved_to.is_none() && record.has_run() && asked == Some(&record.fingerprint)
        })
    }

    /// Does it run again though its entry's execution of exactly this content is a later one? It was stopped for that.
    pub(in crate::reconcile) fn is_superseded(&self, record: &Record) -> bool {
        self.runs()
            && self.redrives > 0
            && record.phase == Phase::Running
            && record.named.is_none()
            && record.fingerprint == self.fingerprint
            && record.generation > self.generation
    }

    /// Notes whether a listing shows it. Answers whether it is still to be remembered.
    pub(super) fn is_shown(&mut self, shown: bool, now: Instant) -> bool {
        self.gone = if shown { None } else { self.gone.or(Some(now)) };
        self.gone
            .is_none_or(|since| now.duration_since(since) < REMEMBERED)
    }

    /// Is it the same execution?
    pub(super) fn is(&self, other: &Self) -> bool {
        (
            &self.key,
            &self.fingerprint,
            self.generation,
            &self.state_machine,
        ) == (
            &other.key,
            &other.fingerprint,
            other.generation,
            &other.state_machine,
        )
    }

    /// Is it beyond the doubt that one listing leaves?
    pub(super) fn is_confirmed(&self, apart: Duration) -> bool {
        self.shown.1 >= self.shown.0 + apart
    }
}
