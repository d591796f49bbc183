//! The guard: holds the stops of a plan that has too many at once, until a person approves them. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::entry::EntryName;
use crate::model::plan::{Decision, MaxStops, Policy, Sight};
use crate::model::record::{Phase, Record};

/// So many stops, of so many executions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mass {
    /// How many would be stopped or replaced at once.
    pub stops: usize,
    /// How many ran.
    pub running: usize,
}

impl Mass {
    /// More than the policy lets go without a person's word?
    fn is_too_much(self, policy: &Policy) -> bool {
        let Self { stops, running } = self;
        let many = match policy.max_stops {
            MaxStops::Percent(percent) => stops * 100 > running * percent as usize,
            MaxStops::Count(count) => stops > count,
        };
        stops > 3 && many
    }
}

/// Decisions by name, those whose stop is held with the mass that it belongs to, and the guard's word.
pub(super) type Guarded = (
    BTreeMap<EntryName, Decision>,
    BTreeMap<EntryName, Mass>,
    Option<String>,
);

/// Holds all stops of a plan that has too many at once. A stop already begun, or approved, is not counted, and goes on.
/// What was held once stays held: that some of the mass fired meanwhile, or others came, is no approval.
pub(super) fn guard(
    mut decisions: BTreeMap<EntryName, Decision>,
    records: &BTreeMap<EntryName, Record>,
    sight: impl Fn(&EntryName) -> Sight,
    policy: &Policy,
) -> Guarded {
    let running = records
        .values()
        .filter(|r| matches!(r.phase, Phase::Starting | Phase::Running | Phase::Stopping))
        .count();
    let let_go = |name: &EntryName| {
        let begun = records
            .get(name)
            .is_some_and(|r| r.phase == Phase::Stopping);
        begun || sight(name).approved
    };
    // A stop that only waits for `stop_after` belongs to the same set: mass removals seldom arrive in one moment.
    let counts = |name: &EntryName, decision: &Decision| {
        let step = match decision {
            Decision::Act(step, _)
            | Decision::Hold {
                step,
                until: Some(_),
                ..
            } => *step,
            _ => return false,
        };
        step.stops() && !let_go(name)
    };
    let counted: Vec<EntryName> = decisions
        .iter()
        .filter(|(name, decision)| counts(name, decision))
        .map(|(name, _)| name.clone())
        .collect();
    let stops = counted.len();
    let now = Some(Mass { stops, running }).filter(|mass| mass.is_too_much(policy));
    let before = |name: &EntryName| {
        let guarded = records.get(name).and_then(|record| record.guarded);
        guarded.filter(|mass| mass.is_too_much(policy))
    };
    let held: BTreeMap<EntryName, Mass> = counted
        .into_iter()
        .filter_map(|name| {
            let mass = now.max(before(&name))?;
            Some((name, mass))
        })
        .collect();
    let Some(Mass { stops, running }) = held.values().max() else {
        return (decisions, held, None);
    };
    let limit = match policy.max_stops {
        MaxStops::Percent(percent) => format!("{percent}%"),
        MaxStops::Count(count) => count.to_string(),
    };
    let why = format!(
        "stops or replaces {stops} of {running} executions at once, more than `reconcile.max_stops` ({limit})"
    );
    for name in held.keys() {
        if let Some(decision) = decisions.get_mut(name)
            && let Decision::Act(step, _) = decision
        {
            *decision = Decision::Hold {
                step: *step,
                why: why.clone(),
                until: None,
                wake: records.get(name).map(|record| record.at),
            };
        }
    }
    (decisions, held, Some(why))
}
