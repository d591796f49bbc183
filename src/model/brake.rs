//! What holds the steps of a whole plan, beside what each entry says for itself: a pause, git at work, a clock that jumped.
//! Pure.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::entry::instant;
use crate::model::plan::{Decision, Decisions, Step};
use crate::model::record::Phase;
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
    /// Git is at work in the folder.
    Git,
    /// The clock is not believed.
    Clock,
    /// The running executions were not listed yet.
    Listing,
    /// The entry must stay gone for `stop_after`.
    StopAfter,
    /// The file may be half written.
    HalfWritten,
    /// The policy never stops anything.
    Policy,
}

impl HeldBy {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Guard,
        Self::Pause,
        Self::Doubt,
        Self::Git,
        Self::Clock,
        Self::Listing,
        Self::StopAfter,
        Self::HalfWritten,
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
    /// Stops and replaces that were not begun.
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
    fn is_on(&self, step: Step, begun: bool) -> bool {
        match self.holds {
            Holds::NewStops => step.stops() && !begun,
            Holds::Everything => true,
            Holds::All => step.stops() || matches!(step, Step::Start | Step::Adopt),
        }
    }
}

/// Puts the brakes of one kind on: a step that one of them holds is not taken.
pub(super) fn brake(decisions: &mut Decisions, records: &Records, brakes: &[Brake], kind: Holds) {
    let brakes: Vec<&Brake> = brakes.iter().filter(|brake| brake.holds == kind).collect();
    if brakes.is_empty() {
        return;
    }
    for (name, decision) in decisions.iter_mut() {
        let Decision::Act(step, _) = *decision else {
            continue;
        };
        let record = records.get(name);
        let begun = record.is_some_and(|record| record.phase == Phase::Stopping);
        if let Some(brake) = brakes.iter().find(|brake| brake.is_on(step, begun)) {
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
