//! What holds the steps of a whole plan, beside what each entry says for itself: a pause, git at work, a clock that jumped.
//! Pure.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::entry::{Entry, EntryName, instant};
use crate::model::plan::{Decision, Decisions, Step};
use crate::model::record::{Phase, Record, StopReason};
use crate::model::records::Records;

/// What holds a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HeldBy {
    /// More stops at once than `max_stops`: they wait for approval.
    Guard,
    /// A person's pause.
    Pause,
    /// It is not proven that the entry is gone.
    Doubt,
    /// Git, or a tool like it, is at work in the folder, or a merge is not finished there.
    Git,
    /// The clock is not believed.
    Clock,
    /// The running executions were not listed yet.
    Listing,
    /// The entry must stay gone for `stop_after`.
    StopAfter,
    /// The file may be half written.
    HalfWritten,
    /// The state machine of a changed entry can't be used.
    Machine,
    /// Time zone rules changed, and what runs is kept, or moves only by a person's word.
    Rules,
    /// The policy never stops anything.
    Policy,
}

impl HeldBy {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Guard,
        Self::Pause,
        Self::Doubt,
        Self::Git,
        Self::Clock,
        Self::Listing,
        Self::StopAfter,
        Self::HalfWritten,
        Self::Machine,
        Self::Rules,
        Self::Policy,
    ];

    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guard => "guard",
            Self::Pause => "pause",
            Self::Doubt => "doubt",
            Self::Git => "git",
            Self::Clock => "clock",
            Self::Listing => "listing",
            Self::StopAfter => "stop_after",
            Self::HalfWritten => "half_written",
            Self::Machine => "machine",
            Self::Rules => "zone_rules",
            Self::Policy => "policy",
        }
    }
}

/// A person's word that nothing is started or stopped for a while. What runs at AWS fires all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it began.
    pub since: DateTime<Utc>,
    /// When it ends by itself; `None`: when a person says so.
    pub until: Option<DateTime<Utc>>,
}

impl Pause {
    /// Is it still in force?
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// What it holds.
    pub fn brake(&self) -> Brake {
        let until = self
            .until
            .map_or_else(String::new, |until| format!(" until {}", instant(until)));
        Brake {
            why: format!(
                "paused since {}{until}: `onced resume` lets it go",
                instant(self.since)
            ),
            by: HeldBy::Pause,
            holds: Holds::All,
            until: self.until,
        }
    }
}

/// Which steps a brake holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Removals that no person approved, however few: the guard holds them.
    Unapproved,
    /// Stops and replaces that were not begun, and starts that bring something back: the files may be those of before.
    NewStops,
    /// Every step that may start or stop an execution.
    All,
    /// Every step, looks too.
    Everything,
}

/// Holds steps of a whole plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brake {
    /// What a person can act on.
    pub why: String,
    /// What it is.
    pub by: HeldBy,
    /// Which steps.
    pub holds: Holds,
    /// When it ends by itself, where that is known.
    pub until: Option<DateTime<Utc>>,
}

impl Brake {
    fn is_on(&self, step: Step, (begun, back): (bool, bool)) -> bool {
        match self.holds {
            // The guard knows what was approved.
            Holds::Unapproved => false,
            Holds::NewStops => step.stops() && !begun || step == Step::Start && back,
            Holds::Everything => true,
            Holds::All => step.stops() || matches!(step, Step::Start | Step::Adopt),
        }
    }
}

/// Would a start bring back what was stopped, or has run? A replacement that was begun is only finished by it.
pub(super) fn comes_back(entry: &Entry, record: &Record) -> bool {
    let same = entry.asks_for(record.fingerprint);
    match record.phase {
        Phase::Stopped => same || record.stop_reason != Some(StopReason::Replaced),
        Phase::Ended => true,
        // It was found to have been stopped, and is not started again yet.
        Phase::Starting => record.generation > 0 && record.in_doubt.is_none(),
        Phase::Running | Phase::Stopping => false,
    }
}

/// All brakes of a plan, and what they need to know of its entries.
pub(super) struct Brakes<'a> {
    pub(super) all: &'a [Brake],
    pub(super) records: &'a Records,
    /// See [`comes_back`].
    pub(super) back: BTreeSet<&'a EntryName>,
}

impl Brakes<'_> {
    /// Puts those of one kind on: a step that one of them holds is not taken.
    pub(super) fn put_on(&self, decisions: &mut Decisions, kind: Holds) {
        let brakes: Vec<&Brake> = self
            .all
            .iter()
            .filter(|brake| brake.holds == kind)
            .collect();
        if brakes.is_empty() {
            return;
        }
        for (name, decision) in decisions.iter_mut() {
            let Decision::Act(step, _) = *decision else {
                continue;
            };
            let record = self.records.get(name);
            let begun = record.is_some_and(|record| record.phase == Phase::Stopping);
            let is_on = |brake: &&&Brake| brake.is_on(step, (begun, self.back.contains(name)));
            if let Some(brake) = brakes.iter().find(is_on) {
                let wakes = brake
                    .until
                    .into_iter()
                    .chain(record.map(|record| record.at));
                *decision = Decision::Hold {
                    step,
                    by: brake.by,
                    why: brake.why.clone(),
                    until: None,
                    wake: wakes.min(),
                };
            }
        }
    }
}
