//! Entries that fire at another instant only because the rules of their time zones changed: which of them move by
//! themselves, and which wait for a person's word. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{Decision, Decisions, Step};
use crate::model::brake::HeldBy;
use crate::model::entry::EntryName;
use crate::model::record::Record;
use crate::model::records::Records;
use crate::model::shift::{RULES_CHANGED, Shift};
use crate::model::zones::Zones;

/// By the entry's name.
pub type Shifts = BTreeMap<EntryName, Shift>;

/// Holds what rules may not move without approval; answers why, if there is such. That one entry would move farther than
/// any rules move it shows that the database is damaged or another one, so then all wait.
pub(super) fn hold(
    decisions: &mut Decisions,
    shifts: &mut Shifts,
    records: &Records,
    approved: &BTreeSet<&EntryName>,
    rules: &Zones,
) -> Option<String> {
    let wild = shifts.iter().find(|(_, shift)| shift.is_wild());
    let wild = wild.map(|(name, shift)| {
        format!(
            "they would move `{name}` from {}: a damaged or wrong time zone database ({rules})",
            shift
                .instants()
                .replacen("was at ", "", 1)
                .replacen(", is at ", " to ", 1)
        )
    });
    let mut first = None;
    let mut waiting = 0_usize;
    for (name, shift) in shifts.iter_mut() {
        let Some(decision @ Decision::Act(Step::Replace, _)) = decisions.get_mut(name) else {
            continue;
        };
        if approved.contains(name) {
            continue;
        }
        let Some(doubt) = wild.clone().or_else(|| shift.doubt(rules)) else {
            continue;
        };
        *decision = Decision::Hold {
            step: Step::Replace,
            by: HeldBy::Rules,
            why: format!("{RULES_CHANGED}: {}: {doubt}", shift.instants()),
            until: None,
            wake: records.get(name).map(|record: &Record| record.at),
        };
        shift.waits = true;
        waiting += 1;
        first.get_or_insert(doubt);
    }
    let doubt = first?;
    let firings = if waiting == 1 { "firing" } else { "firings" };
    Some(format!(
        "moves {waiting} {firings} by time zone rules that changed: {doubt}"
    ))
}
