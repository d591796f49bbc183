//! Entries of which an onced of before made something else, since it kept numbers in 64 bits: which reading of them counts.
//! What it started, and what came of that, stays theirs; what is started anew gets the numbers as they are written. Pure.
//!
//! | recorded of the entry | reading |
//! |---|---|
//! | what it asks for now | as it is written |
//! | what it asked for before: started, being stopped, over | as before |
//! | the same, and never sent; or stopped, and wanted again | as for one of which nothing is recorded |
//! | nothing, or something else | as before where only that runs, or has fired, under any name, and no other entry asks for it |

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::model::entry::{Entry, EntryName};
use crate::model::name::{Fingerprint, SCHEME};
use crate::model::record::{Phase, Record};
use crate::model::records::Records;
use crate::model::shift::Shift;

type Entries = BTreeMap<EntryName, Arc<Entry>>;

/// Gives each of the entries that have two readings (`twofold`) the one that counts, by what is recorded and by the contents
/// that run without a record (`unrecorded`).
pub fn choose(
    entries: &mut Arc<Entries>,
    twofold: &[EntryName],
    records: &Records,
    unrecorded: impl IntoIterator<Item = Fingerprint>,
) {
    let mut turned: Vec<Arc<Entry>> = Vec::new();
    let mut open: Vec<(&Arc<Entry>, Readings)> = Vec::new();
    let mut give = |entry: &Arc<Entry>, as_before: bool| {
        if entry.is_as_before != as_before {
            turned.extend(entry.in_the_other_reading().map(Arc::new));
        }
    };
    for name in twofold {
        let Some((entry, readings)) = entries
            .get(name)
            .and_then(|entry| Some((entry, Readings::of(entry)?)))
        else {
            continue;
        };
        match of_record(entry, readings, records.get(name)) {
            Some(as_before) => give(entry, as_before),
            None => open.push((entry, readings)),
        }
    }
    if !open.is_empty() {
        let traces = Traces::of(&open, entries, records, unrecorded);
        for (entry, readings) in open {
            give(entry, traces.only_before(readings));
        }
    }
    if !turned.is_empty() {
        let entries = Arc::make_mut(entries);
        for entry in turned {
            entries.insert(entry.name.clone(), entry);
        }
    }
}

/// The fingerprints of both.
#[derive(Debug, Clone, Copy)]
struct Readings {
    now: Fingerprint,
    before: Fingerprint,
}

impl Readings {
    fn of(entry: &Entry) -> Option<Self> {
        let (own, other) = (entry.fingerprint(), entry.other.as_ref()?.fingerprint());
        let (now, before) = if entry.is_as_before {
            (other, own)
        } else {
            (own, other)
        };
        Some(Self { now, before })
    }
}

/// Is what is recorded what an entry asks for in this reading? Other time zone rules may have moved it since.
fn is_of(entry: &Entry, as_before: bool, fingerprint: Fingerprint, record: &Record) -> bool {
    if record.fingerprint == fingerprint {
        return true;
    }
    if record.at == entry.at() {
        return false;
    }
    if entry.is_as_before == as_before {
        return Shift::of(entry, record).is_some();
    }
    let other = entry.in_the_other_reading();
    other.is_some_and(|other| Shift::of(&other, record).is_some())
}

/// Was the record's fingerprint made, or may it have been made, by an onced of before?
fn is_of_before(record: &Record) -> bool {
    record.scheme < SCHEME
}

/// Is an entry taken as before, by its own record? `None`: that does not say it.
fn of_record(entry: &Entry, readings: Readings, record: Option<&Record>) -> Option<bool> {
    let record = record.filter(|record| record.moved_to.is_none())?;
    if is_of(entry, false, readings.now, record) {
        return Some(false);
    }
    if !is_of_before(record) || !is_of(entry, true, readings.before, record) {
        return None;
    }
    let begins_anew = match record.phase {
        Phase::Starting => record.in_doubt.is_none(),
        Phase::Stopped => entry.enabled,
        Phase::Running | Phase::Stopping | Phase::Ended => false,
    };
    (!begins_anew).then_some(true)
}

/// What runs or has fired of some contents.
struct Traces {
    /// By whichever onced.
    any: HashSet<Fingerprint>,
    /// By one of before, or by one that is not known.
    of_before: HashSet<Fingerprint>,
}

impl Traces {
    fn of(
        open: &[(&Arc<Entry>, Readings)],
        entries: &Entries,
        records: &Records,
        unrecorded: impl IntoIterator<Item = Fingerprint>,
    ) -> Self {
        let readings = open.iter().map(|(_, readings)| readings);
        let asked: HashSet<Fingerprint> = readings
            .flat_map(|readings| [readings.now, readings.before])
            .collect();
        let unrecorded = unrecorded.into_iter().filter(|trace| asked.contains(trace));
        let any: HashSet<Fingerprint> = unrecorded.collect();
        let mut traces = Self {
            of_before: any.clone(),
            any,
        };
        let is_free = |record: &&Record| {
            let own = entries.get(&record.name);
            let is_kept = |entry: &Arc<Entry>| entry.enabled && entry.asks_for(record.fingerprint);
            (record.is_live() || record.has_fired()) && !own.is_some_and(is_kept)
        };
        let free = records.values().filter(is_free);
        for record in free.chain(records.all_fired()) {
            if asked.contains(&record.fingerprint) {
                traces.any.insert(record.fingerprint);
                if is_of_before(record) {
                    traces.of_before.insert(record.fingerprint);
                }
            }
        }
        traces
    }

    fn only_before(&self, Readings { now, before }: Readings) -> bool {
        self.of_before.contains(&before) && !self.any.contains(&now)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;
    use crate::model::content::Content;
    use crate::model::entry::{lambda_input_of, sample};
    use crate::model::name::Owner;
    use crate::model::record::{Outcome, OutcomeStatus, StopReason};
    use crate::model::written::Written;
    use crate::model::zone::Zone;

    fn at() -> DateTime<Utc> {
        "2026-12-15T17:00:00Z".parse().expect("a time")
    }

    fn content(at: DateTime<Utc>, payload: &str) -> Content {
        let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:M";
        Content::new(at, machine, lambda_input_of("f", at, payload))
    }

    /// `1.10`, of which an onced of before made `1.1`.
    fn twofold(name: &str) -> Entry {
        Entry {
            content: content(at(), "1.10"),
            other: Some(Arc::new(content(at(), "1.1"))),
            ..sample(name)
        }
    }

    fn as_before(entry: &Entry) -> Entry {
        entry.in_the_other_reading().expect("it has two")
    }

    fn recorded(entry: &Entry, phase: Phase) -> Record {
        let owner = Owner::parse("test").expect("an owner");
        let record = Record::starting(&owner, entry, None, at()).in_phase(phase, at());
        match phase {
            Phase::Ended => record.ended(Outcome::bare(OutcomeStatus::Succeeded), at()),
            _ => record,
        }
    }

    /// Is `e` taken as before, beside these entries?
    fn chosen(
        beside: &[Entry],
        e: &Entry,
        records: &Records,
        unrecorded: Option<Fingerprint>,
    ) -> bool {
        let all = beside.iter().cloned().chain([e.clone()]);
        let all = all.map(|entry| (entry.name.clone(), Arc::new(entry)));
        let mut entries: Arc<Entries> = Arc::new(all.collect());
        let twofold: Vec<EntryName> = entries.keys().cloned().collect();
        choose(&mut entries, &twofold, records, unrecorded);
        let is = &entries[&e.name];
        assert!(is.asks_for(e.fingerprint()), "one of its readings");
        let payload = if is.is_as_before { "1.1}" } else { "1.10}" };
        assert!(is.input().ends_with(payload), "{}", is.input());
        is.is_as_before
    }

    #[test]
    fn by_its_own_record() {
        let now = twofold("e");
        let before = as_before(&now);
        let plain = Entry {
            content: content(at(), "1.1"),
            ..sample("e")
        };
        let off = Entry {
            enabled: false,
            ..now.clone()
        };
        let sent = |record: Record| Record {
            in_doubt: Some(at()),
            ..record
        };
        let rows = [
            (&now, recorded(&before, Phase::Running), true),
            (&now, recorded(&before, Phase::Stopping), true),
            (&now, recorded(&before, Phase::Ended), true),
            (&now, sent(recorded(&before, Phase::Starting)), true),
            (&now, recorded(&before, Phase::Starting), false),
            (&now, recorded(&before, Phase::Stopped), false),
            (&off, recorded(&before, Phase::Stopped), true),
            (&now, recorded(&now, Phase::Running), false),
            (&now, recorded(&now, Phase::Ended), false),
            // `1.1` was written and started by this onced; then somebody wrote `1.10`.
            (&now, recorded(&plain, Phase::Running), false),
            // Something else ran.
            (&now, recorded(&sample("e"), Phase::Running), false),
        ];
        for (entry, record, expected) in rows {
            let what = format!("{:?} {}", record.phase, record.fingerprint);
            let records: Records = [record].into_iter().collect();
            for entry in [entry.clone(), as_before(entry)] {
                assert_eq!(chosen(&[], &entry, &records, None), expected, "{what}");
            }
        }
        assert!(!chosen(&[], &now, &Records::default(), None), "nothing");
    }

    #[test]
    fn by_what_bears_another_name_or_has_no_record() {
        let e = twofold("e");
        let (now, before) = (e.fingerprint(), as_before(&e).fingerprint());
        let old = |phase| recorded(&as_before(&twofold("old")), phase);
        let new = |phase| recorded(&twofold("old"), phase);
        let none = || Records::default();
        let of = |record: Record| [record].into_iter().collect::<Records>();
        let rows = [
            (of(old(Phase::Running)), None, true),
            (of(old(Phase::Stopping)), None, true),
            (of(old(Phase::Ended)), None, true),
            (of(old(Phase::Stopped)), None, false),
            (of(old(Phase::Starting)), None, false),
            (of(new(Phase::Running)), None, false),
            (none(), Some(before), true),
            (none(), Some(now), false),
            (of(new(Phase::Running)), Some(before), false),
            (of(old(Phase::Running)), Some(now), false),
            (none().with_fired([old(Phase::Ended)]), None, true),
            (none().with_fired([new(Phase::Ended)]), None, false),
        ];
        for (n, (records, unrecorded, expected)) in rows.iter().enumerate() {
            let is = chosen(&[], &e, records, *unrecorded);
            assert_eq!(is, *expected, "row {n}");
            // What its own entry asks for is nobody else's.
            let beside = [twofold("old")];
            let is = chosen(&beside, &e, records, None);
            let fired = *expected && !records.has_none_fired();
            assert_eq!(is, fired, "row {n}");
        }
    }

    /// The first new version brought other time zone rules, too.
    #[test]
    fn what_only_the_rules_of_its_zone_moved_is_still_what_it_was() {
        let zone = Some(Zone::bundled("America/Vancouver"));
        // 09:00 there, by the rules of 2025b and of later.
        let (was, is) = (at(), at() - TimeDelta::hours(1));
        let started = Entry {
            content: content(was, "1.1"),
            named_zone: zone,
            is_local: true,
            is_as_before: true,
            ..sample("e")
        };
        let asked = Entry {
            content: content(is, "1.10"),
            other: Some(Arc::new(content(is, "1.1"))),
            is_as_before: false,
            ..started.clone()
        };
        for (phase, expected) in [
            (Phase::Running, true),
            (Phase::Ended, true),
            (Phase::Stopped, false),
        ] {
            let record = Record {
                stop_reason: Some(StopReason::Replaced),
                written: Written::before("America/Vancouver", was),
                ..recorded(&started, phase)
            };
            let is = chosen(&[], &asked, &[record].into_iter().collect(), None);
            assert_eq!(is, expected, "{phase:?}");
        }
    }
}
