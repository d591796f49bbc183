//! In which of the contract's phases an entry is: by what is asked for, what is recorded, and the time. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{EntryView, Moment};
use crate::model::brake::HeldBy;
use crate::model::entry::{Entry, EntryName, instant};
use crate::model::plan::{Decision, after, has_run, is_late};
use crate::model::record::{Phase, Record};
use crate::model::shift::{RULES_CHANGED, Shift};

impl Moment {
    /// How many entries are in each of the contract's phases.
    pub fn phases(&self) -> BTreeMap<&'static str, usize> {
        let mut phases: BTreeMap<&str, usize> = PHASES.map(|phase| (phase, 0)).into();
        let names = self.plan.decisions.keys();
        for phase in names.filter_map(|name| self.phase_of(name)) {
            *phases.entry(phase).or_default() += 1;
        }
        phases
    }

    /// The phase of an entry; `None`: there is none of this name.
    pub fn phase_of(&self, name: &EntryName) -> Option<&'static str> {
        let wanted = self.scan.entries.get(name).map(AsRef::as_ref);
        let record = self.records.get(name);
        if wanted.is_none() && record.is_none() || self.has_moved(name) {
            return None;
        }
        Some(self.phase(current(record, wanted), wanted).0)
    }

    /// Why the clock is not believed, where that keeps an entry from what is due, or hides whether something is.
    pub fn held_by_clock(&self) -> Option<&str> {
        let why = self.standing.clock.as_deref()?;
        let is_held = |(name, decision): (&EntryName, &Decision)| match decision {
            Decision::Hold { by, .. } => *by == HeldBy::Clock,
            Decision::Rest { .. } => self.phase_of(name) == Some("pending"),
            Decision::Act(..) => false,
        };
        self.plan.decisions.iter().any(is_held).then_some(why)
    }

    /// The entries that are in one of these phases.
    pub fn entries_in(&self, phases: &[&str]) -> Vec<EntryView> {
        let names = self.plan.decisions.keys();
        names
            .filter(|name| {
                self.phase_of(name)
                    .is_some_and(|phase| phases.contains(&phase))
            })
            .map(|name| self.entry(name))
            .collect()
    }

    pub(super) fn phase(
        &self,
        current: Option<&Record>,
        wanted: Option<&Entry>,
    ) -> (&'static str, Option<String>) {
        match (current, wanted) {
            (Some(record), wanted) => recorded_phase(record, wanted, self.believed()),
            (None, Some(entry)) => self.fresh_phase(entry),
            (None, None) => ("stopped", None),
        }
    }

    /// The time, unless the clock is not believed: by a wrong one nothing is late, and nothing is far ahead.
    fn believed(&self) -> Option<DateTime<Utc>> {
        self.standing.clock.is_none().then_some(self.now)
    }

    fn fresh_phase(&self, entry: &Entry) -> (&'static str, Option<String>) {
        if !entry.enabled {
            return ("disabled", None);
        }
        let Some(now) = self.believed() else {
            return ("pending", None);
        };
        if is_late(entry.at(), entry.grace, now) {
            let detail = format!(
                "its time had passed by more than its grace of {} s when it was first seen",
                entry.grace.as_secs()
            );
            return ("missed", Some(detail));
        }
        if entry.at() > after(now, self.policy.horizon) {
            return (
                "deferred",
                Some("farther ahead than `reconcile.horizon`".into()),
            );
        }
        ("pending", None)
    }
}

/// The contract's phases.
pub const PHASES: [&str; 13] = [
    "pending",
    "deferred",
    "disabled",
    "starting",
    "scheduled",
    "stopping",
    "stopped",
    "succeeded",
    "failed",
    "timed_out",
    "aborted",
    "missed",
    "refused",
];

/// What is said of an execution that runs again.
const REDRIVEN: &str = "redriven: it runs again, and how it ends then counts";

/// The record, if it says something about the entry as it is now: one of another content that is over does not.
pub(super) fn current<'a>(
    record: Option<&'a Record>,
    wanted: Option<&Entry>,
) -> Option<&'a Record> {
    record.filter(|record| match (record.phase, wanted) {
        (Phase::Stopped | Phase::Ended, Some(entry)) => {
            entry.fingerprint() == record.fingerprint || has_run(entry, record)
        }
        _ => true,
    })
}

fn recorded_phase(
    record: &Record,
    wanted: Option<&Entry>,
    now: Option<DateTime<Utc>>,
) -> (&'static str, Option<String>) {
    let changed = wanted.is_some_and(|entry| entry.fingerprint() != record.fingerprint);
    let shift = || Shift::of(wanted.filter(|entry| entry.enabled && changed)?, record);
    match record.phase {
        Phase::Starting if record.refused.is_some() => ("refused", record.refused.clone()),
        Phase::Starting => ("starting", None),
        Phase::Running if changed => (
            "scheduled",
            Some(shift().map_or_else(
                || "changed in the file: this is the execution of the earlier content".into(),
                |shift| format!("{RULES_CHANGED}: {}", shift.instants()),
            )),
        ),
        Phase::Running if wanted.is_some_and(|entry| !entry.enabled) => {
            ("scheduled", Some("switched off in the file".into()))
        }
        Phase::Running if record.redrives > 0 => ("scheduled", Some(REDRIVEN.into())),
        Phase::Running => ("scheduled", None),
        Phase::Stopping => ("stopping", None),
        Phase::Stopped if wanted.is_some_and(|entry| !entry.enabled) => ("disabled", None),
        Phase::Stopped
            if wanted
                .zip(now)
                .is_some_and(|(entry, now)| is_late(entry.at(), entry.grace, now)) =>
        {
            (
                "missed",
                Some("its time passed before it was started again".into()),
            )
        }
        Phase::Stopped if wanted.is_some() => (
            "pending",
            Some("put back: starts as the next generation".into()),
        ),
        Phase::Stopped => ("stopped", None),
        Phase::Ended if changed => (
            record
                .outcome
                .as_ref()
                .map_or("succeeded", |outcome| outcome.status.as_str()),
            Some(shift().map_or_else(
                || "changed after it had run: it runs again only with a later time".into(),
                |shift| {
                    let is = instant(shift.is);
                    format!("{RULES_CHANGED} after it had run: by those of now, its time is {is}")
                },
            )),
        ),
        Phase::Ended => {
            let outcome = record.outcome.as_ref();
            (
                outcome.map_or("succeeded", |outcome| outcome.status.as_str()),
                outcome.and_then(|o| o.error.clone()),
            )
        }
    }
}
