//! The guard: holds the stops of a plan that has too many at once, until a person approves them. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::brake::{Brake, HeldBy, Holds};
use crate::model::entry::EntryName;
use crate::model::plan::{Decision, Decisions, MaxStops, Policy, Shifts, Step};
use crate::model::record::Phase;
use crate::model::records::Records;

/// So many stops, of so many executions. Its fields are in the ledger, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mass {
    /// How many would be stopped or replaced at once.
    pub stops: u32,
    /// How many ran.
    pub running: u32,
}

impl Mass {
    /// The same mass after so many of it were put back.
    fn without(self, returned: u32) -> Self {
        Self {
            stops: self.stops.saturating_sub(returned),
            ..self
        }
    }

    /// More than the policy lets go without a person's word?
    fn is_too_much(self, policy: &Policy) -> bool {
        let [stops, running] = [self.stops, self.running].map(u64::from);
        let many = match policy.max_stops {
            MaxStops::Percent(percent) => stops * 100 > running * u64::from(percent),
            MaxStops::Count(count) => stops > count as u64,
        };
        stops > 3 && many
    }
}

/// What the guard has to say.
pub(super) struct Guarded {
    /// By name.
    pub(super) decisions: Decisions,
    /// Those whose stop belongs to a mass, or did and may again, with that mass.
    pub(super) masses: BTreeMap<EntryName, Mass>,
    /// Why stops are held, if they are.
    pub(super) why: Option<String>,
}

/// Holds all stops of a plan that has too many at once. What is being stopped, or was approved, counts neither among the
/// stops nor among the executions that run, and goes on: else all that is left could go as a small part of what was. Nor
/// does what only moves by other time zone rules.
/// What was held once stays held: that some of the mass fired meanwhile, or others came, is no approval. Only what was put
/// back counts no longer. Where the whole plan is doubtful (`Holds::Unapproved`), each removal is held, however few they are.
pub(super) fn guard(
    mut decisions: Decisions,
    records: &Records,
    (approved, shifts): (&BTreeSet<&EntryName>, &Shifts),
    (policy, brakes): (&Policy, &[Brake]),
) -> Guarded {
    let strange = brakes.iter().find(|brake| brake.holds == Holds::Unapproved);
    let let_go = |name: &EntryName| {
        let begun = records
            .get(name)
            .is_some_and(|r| r.phase == Phase::Stopping);
        // Where only the rules of its time zone moved it, nothing was removed.
        begun || approved.contains(name) || shifts.contains_key(name)
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
    let (mut running, mut noted) = (0, Vec::new());
    for (name, record) in records.iter() {
        running += usize::from(record.is_live() && !(policy.rules.base && let_go(name)));
        if let Some(mass) = record.guarded
            && let Some(decision) = decisions.get(name)
        {
            let kept = matches!(
                decision,
                Decision::Rest { .. } | Decision::Act(Step::Start, _)
            );
            noted.push((name, mass, kept && record.is_live()));
        }
    }
    let [stops, running] = [counted.len(), running].map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    let now = Some(Mass { stops, running }).filter(|mass| mass.is_too_much(policy));
    let mut returned: BTreeMap<Mass, u32> = BTreeMap::new();
    for (_, mass, _) in noted.iter().filter(|(.., put_back)| *put_back) {
        *returned.entry(*mass).or_default() += 1;
    }
    let left = |mass: Mass| {
        let left = mass.without(returned.get(&mass).copied().unwrap_or(0));
        Some(left).filter(|left| left.is_too_much(policy))
    };
    let before = |name: &EntryName| left(records.get(name)?.guarded?);
    let mut masses: BTreeMap<EntryName, Mass> = BTreeMap::new();
    for (name, mass, _) in noted.iter().filter(|(.., put_back)| !put_back) {
        masses.extend(left(*mass).map(|mass| ((*name).clone(), mass)));
    }
    let mut held: BTreeMap<EntryName, Mass> = BTreeMap::new();
    let this = Mass { stops, running };
    for name in counted {
        let is_strange = strange.is_some() && decisions.get(&name).is_some_and(is_removal);
        let mass = now.max(before(&name));
        if let Some(mass) = mass.or(is_strange.then_some(this)) {
            masses.insert(name.clone(), mass);
            held.insert(name, mass);
        }
    }
    let Some(Mass { stops, running }) = held.values().max() else {
        return Guarded {
            decisions,
            masses,
            why: None,
        };
    };
    let limit = match policy.max_stops {
        MaxStops::Percent(percent) => format!("{percent}%"),
        MaxStops::Count(count) => count.to_string(),
    };
    let too_much = || {
        format!(
            "stops or replaces {stops} of {running} executions at once, more than `reconcile.max_stops` ({limit})"
        )
    };
    let why = strange.map_or_else(too_much, |brake| brake.why.clone());
    for name in held.keys() {
        if let Some(decision) = decisions.get_mut(name)
            && let Decision::Act(step, _) = decision
        {
            *decision = Decision::Hold {
                step: *step,
                by: HeldBy::Guard,
                why: why.clone(),
                until: None,
                wake: records.get(name).map(|record| record.at),
            };
        }
    }
    Guarded {
        decisions,
        masses,
        why: Some(why),
    }
}

fn is_removal(decision: &Decision) -> bool {
    let (Decision::Act(step, _) | Decision::Hold { step, .. }) = decision else {
        return false;
    };
    matches!(step, Step::Stop(_))
}
