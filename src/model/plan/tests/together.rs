//! Plans of several entries: what the guard, the switches and new names make of single steps.

use super::*;

#[test]
fn many_stops_are_held_and_starts_go_on() {
    let entries: Vec<Entry> = (0..10).map(|n| entry(&format!("e{n}"), 3600)).collect();
    let new = entry("new", 7200);
    let plan_with = |gone: usize| {
        let mut records = Records::default();
        let mut wants = Wants::from([(&new.name, Want::Present(&new))]);
        for (n, e) in entries.iter().enumerate() {
            records.insert(e.name.clone(), record(e, Phase::Running));
            let want = if n < gone {
                absent(now() - span(HOUR))
            } else {
                Want::Present(e)
            };
            wants.insert(&e.name, want);
        }
        make(&wants, &records, &policy())
    };
    let three = plan_with(3);
    assert_eq!(three.steps().filter(|(_, step, _)| step.stops()).count(), 3);
    assert_eq!(three.guard, None);
    let four = plan_with(4);
    assert_eq!(
        four.steps().map(|(_, step, _)| step).collect::<Vec<_>>(),
        [Step::Start]
    );
    assert!(four.guard.unwrap().contains("4 of 10"));
}

/// An approved mass takes long to be confirmed; meanwhile all that is left could be removed as a small part of the whole.
#[test]
fn what_is_being_stopped_counts_in_neither_number() {
    let gone = absent(now() - span(HOUR));
    let entries: Vec<Entry> = (0..120).map(|n| entry(&format!("e{n:03}"), 3600)).collect();
    let wants: Wants<'_> = entries.iter().map(|e| (&e.name, gone.clone())).collect();
    let let_go = |n: usize| n < 100;
    let plan = |phase: Phase, approved: bool| {
        let recorded = entries.iter().enumerate().map(|(n, e)| {
            let phase = if let_go(n) { phase } else { Phase::Running };
            record(e, phase)
        });
        let records: Records = recorded.collect();
        let sight = |wanted: &Wanted<'_>| Sight {
            approved: approved && wanted.name.as_str() < "e100",
            ..Sight::CLEAR
        };
        let wants = side_by_side(&wants, &records);
        Plan::make(
            &wants,
            &records,
            sight,
            &policy(),
            (&[], &Zones::bundled()),
            now(),
        )
    };
    for (phase, approved) in [(Phase::Stopping, false), (Phase::Running, true)] {
        let plan = plan(phase, approved);
        assert!(plan.guard.unwrap().contains("20 of 20"), "{phase:?}");
        let held = plan.decisions.values().filter(|d| act(d) == "hold");
        assert_eq!(held.count(), 20, "{phase:?}");
    }
}

/// A folder that is not the ledger's: each removal waits for a person, however few; what it asks for goes on.
#[test]
fn what_a_strange_folder_lacks_waits_for_approval() {
    let brakes = [Brake {
        why: "is of another folder".into(),
        by: HeldBy::Guard,
        holds: Holds::Unapproved,
        until: None,
    }];
    let entries: Vec<Entry> = ["a", "b", "c"].map(|name| entry(name, 3600)).into();
    let (changed, new) = (entry("c", 7200), entry("d", 9000));
    let records: Records = entries.iter().map(|e| record(e, Phase::Running)).collect();
    let gone = absent(now() - span(HOUR));
    let wants = Wants::from([
        (&entries[0].name, gone.clone()),
        (&entries[1].name, gone),
        (&changed.name, Want::Present(&changed)),
        (&new.name, Want::Present(&new)),
    ]);
    let plan = |approved: &[&str]| {
        let sight = |wanted: &Wanted<'_>| Sight {
            approved: approved.contains(&wanted.name.as_str()),
            ..Sight::CLEAR
        };
        let wants = side_by_side(&wants, &records);
        Plan::make(
            &wants,
            &records,
            sight,
            &policy(),
            (&brakes, &Zones::bundled()),
            now(),
        )
    };
    let steps = |plan: &Plan| -> Vec<String> {
        let steps = plan.steps();
        let said = steps.map(|(name, step, _)| format!("{} {name}", step.as_str()));
        said.collect()
    };
    let held = plan(&[]);
    assert_eq!(steps(&held), ["Replace c", "Start d"]);
    assert_eq!(held.guard.as_deref(), Some("is of another folder"));
    let guarded: Vec<String> = held.guarded(&records).into_iter().collect();
    let both = entries[..2]
        .iter()
        .map(|e| records[&e.name].execution_arn());
    assert_eq!(guarded, both.collect::<Vec<_>>());
    assert_eq!(held.notes.len(), 2, "it is noted that they were held");
    assert_eq!(steps(&plan(&["a"])), ["Stop a", "Replace c", "Start d"]);
    let all = plan(&["a", "b"]);
    assert_eq!(steps(&all), ["Stop a", "Stop b", "Replace c", "Start d"]);
    assert_eq!(all.guard, None);
}

#[test]
fn start_only_never_stops() {
    let policy = Policy {
        start_only: true,
        ..policy()
    };
    let (a, b) = (entry("e", 3600), entry("e", 7200));
    let running = record(&a, Phase::Running);
    assert_eq!(
        act(&decide(
            &Want::Present(&b),
            Some(&running),
            &Sight::CLEAR,
            &policy,
            now()
        )),
        "hold"
    );
    let gone = absent(now() - span(HOUR));
    assert_eq!(
        act(&decide(
            &gone,
            Some(&running),
            &Sight::CLEAR,
            &policy,
            now()
        )),
        "hold"
    );
}

#[test]
fn notes() {
    let same = entry("e", 3600);
    let moved = Entry {
        file: "b.yaml".into(),
        ..same.clone()
    };
    let note_of = |want: &Want<'_>, record: &Record| {
        note(want, record, None, &Zones::bundled()).map(|note| (note.file, note.gone.is_some()))
    };
    let running = record(&same, Phase::Running);
    let gone = absent(now());
    let missed = Record {
        gone: Some(now()),
        ..running.clone()
    };
    assert_eq!(note_of(&Want::Present(&same), &running), None);
    let other = Some(("b.yaml".into(), false));
    assert_eq!(note_of(&Want::Present(&moved), &running), other);
    let here = |gone| Some(("a.yaml".into(), gone));
    assert_eq!(note_of(&gone, &running), here(true));
    assert_eq!(note_of(&gone, &missed), None);
    assert_eq!(note_of(&Want::Present(&same), &missed), here(false));
    assert_eq!(note_of(&Want::Unclear(String::new()), &missed), here(false));
    assert_eq!(note_of(&gone, &record(&same, Phase::Ended)), None);
}

/// While git is at work the files may be those of an older commit: what was stopped or has run is not brought back by them.
#[test]
fn nothing_comes_back_while_git_is_at_work() {
    let (same, other) = (entry("e", 3600), entry("e", 7200));
    let because = |reason| Record {
        stop_reason: reason,
        ..record(&same, Phase::Stopped)
    };
    let moved = Record {
        moved_to: Some(EntryName::parse("n").unwrap()),
        ..record(&same, Phase::Stopped)
    };
    let rows = [
        ("new", None, &same, "Start"),
        (
            "removed, put back",
            Some(because(Some(StopReason::Removed))),
            &same,
            "hold",
        ),
        (
            "removed, put back as another",
            Some(because(Some(StopReason::Removed))),
            &other,
            "hold",
        ),
        (
            "replaced, to be started",
            Some(because(Some(StopReason::Replaced))),
            &other,
            "Start",
        ),
        (
            "replaced, and back again",
            Some(because(Some(StopReason::Replaced))),
            &same,
            "hold",
        ),
        ("renamed, and back again", Some(moved), &same, "hold"),
        (
            "has run, at a later time",
            Some(record(&same, Phase::Ended)),
            &other,
            "hold",
        ),
        (
            "being started",
            Some(record(&same, Phase::Starting)),
            &same,
            "Start",
        ),
        (
            "being stopped",
            Some(record(&same, Phase::Stopping)),
            &other,
            "Stop",
        ),
        (
            "changed",
            Some(record(&same, Phase::Running)),
            &other,
            "hold",
        ),
    ];
    let brake = Brake {
        why: "a rebase is in progress".into(),
        by: HeldBy::Git,
        holds: Holds::NewStops,
        until: None,
    };
    for (row, record, wanted, expected) in rows {
        let records: Records = record.into_iter().collect();
        let wants = Wants::from([(&wanted.name, Want::Present(wanted))]);
        let wants = side_by_side(&wants, &records);
        let brakes = std::slice::from_ref(&brake);
        let plan = Plan::make(
            &wants,
            &records,
            |_| Sight::CLEAR,
            &policy(),
            (brakes, &Zones::bundled()),
            now(),
        );
        assert_eq!(
            act(plan.decisions.get(&wanted.name).unwrap()),
            expected,
            "{row}"
        );
    }
}

#[test]
fn a_new_name_for_the_same_is_a_move() {
    let gone = absent(now());
    let (old, new) = (entry("old", 3600), entry("new", 3600));
    let plan = |was: &Record, want: &Want<'_>, wanted: &Entry| {
        let records: Records = [was.clone()].into_iter().collect();
        let wants = Wants::from([
            (&was.name, want.clone()),
            (&wanted.name, Want::Present(wanted)),
        ]);
        let plan = make(&wants, &records, &policy());
        let steps: Vec<String> = plan
            .steps()
            .map(|(name, step, _)| format!("{} {name}", step.as_str()))
            .collect();
        assert_eq!(plan.moves.is_empty(), !steps.contains(&"Move new".into()));
        steps
    };
    let running = record(&old, Phase::Running);
    assert_eq!(plan(&running, &gone, &new), ["Move new"]);
    // In doubt, another content, or one that is switched off: no move.
    let doubt = Want::Unclear("doubt".into());
    assert_eq!(plan(&running, &doubt, &new), ["Start new"]);
    // Not where it was, it has another name most likely.
    let left = Want::Left("doubt".into());
    assert!(plan(&running, &left, &new).is_empty());
    // What runs fires in any case: where its time is near, that is waited for.
    let (soon, then) = (entry("old", 899), entry("new", 899));
    let running_soon = record(&soon, Phase::Running);
    assert!(plan(&running_soon, &doubt, &then).is_empty());
    assert_eq!(plan(&running, &Want::Present(&old), &new), ["Start new"]);
    assert_eq!(plan(&running, &gone, &entry("new", 3601)), ["Start new"]);
    let off = Entry {
        enabled: false,
        ..new.clone()
    };
    assert!(plan(&running, &gone, &off).is_empty());
    // What is being started or stopped is finished first: it may still fire.
    let starts = |phase, old: &Entry, new: &Entry| {
        // It was looked for, and not found.
        let looked_for = Record {
            missing: Some(now()),
            ..record(old, phase)
        };
        let steps = plan(&looked_for, &gone, new);
        steps.contains(&"Start new".to_owned())
    };
    assert!(starts(Phase::Stopped, &old, &new));
    for phase in [Phase::Starting, Phase::Stopping] {
        assert!(!starts(phase, &old, &new), "{phase:?}");
        // It is not missed for that, but where its time has come.
        for (ahead, expected) in [
            (121, false),
            (120, true),
            (1, true),
            (0, false),
            (-60, false),
        ] {
            let (old, new) = (entry("old", ahead), entry("new", ahead));
            assert_eq!(
                starts(phase, &old, &new),
                expected,
                "{phase:?} in {ahead} s"
            );
        }
    }
    // It has fired a moment ago: the new name is not a reason to fire again.
    let (old, new) = (entry("old", -60), entry("new", -60));
    let fired = record(&old, Phase::Running).ended(Outcome::bare(OutcomeStatus::Succeeded), now());
    assert_eq!(plan(&fired, &gone, &new), ["Move new"]);
    assert_eq!(plan(&fired, &doubt, &new), ["Move new"]);
    assert_eq!(
        plan(&record(&old, Phase::Running), &gone, &new),
        ["Move new"]
    );
    let missed = record(&old, Phase::Running).ended(Outcome::bare(OutcomeStatus::Missed), now());
    assert_eq!(plan(&missed, &gone, &new), ["Start new"]);
}

#[test]
fn a_moved_execution_keeps_its_name_and_no_other_gets_it() {
    moved_twice(["a", "b", "c"]);
    // In the names of executions, those with dots are digests.
    moved_twice(["a.1", "b", "c.1"]);
    moved_twice(["a", "b.1", "c"]);
    moved_twice(["a.1", "b.1", "c"]);
}

fn moved_twice(names: [&str; 3]) {
    let [a, b, c] = names.map(|name| entry(name, 3600));
    let running = Record {
        generation: 2,
        ..record(&a, Phase::Running)
    };
    let (moved, left) = running.moved(&b, None, now());
    let left = left.unwrap();
    assert_eq!(moved.execution_name(), running.execution_name());
    assert_eq!((moved.phase, left.phase), (Phase::Running, Phase::Stopped));
    // The old name put back, beside it: the next of its own count.
    let again = Record::starting(&Owner::parse("test").unwrap(), &a, Some(&left), now());
    assert_eq!((again.generation, again.named), (3, None));
    // The new name removed and put back: its own count begins.
    let stopped = moved.clone().in_phase(Phase::Stopped, now());
    let fresh = Record::starting(&Owner::parse("test").unwrap(), &b, Some(&stopped), now());
    assert_eq!((fresh.generation, &fresh.named), (0, &None));
    assert_eq!(
        moved.clone().next_generation().execution_name(),
        fresh.execution_name()
    );
    // And back: as if nothing had been.
    let (back, _) = moved.moved(&a, Some(&left), now());
    assert_eq!((back.named.clone(), back.generation), (None, 2));
    assert_eq!(back.execution_name(), running.execution_name());
    // On to a third: still the first one's name, which is not forgotten while it runs.
    let (third, of_b) = moved.moved(&c, None, now());
    assert_eq!(third.execution_name(), running.execution_name());
    let long_ago = now() - TimeDelta::days(91);
    let records: Records = [third, of_b.unwrap(), left]
        .into_iter()
        .map(|record| Record {
            since: long_ago,
            ..record
        })
        .collect();
    let gone = absent(long_ago);
    let wants = Wants::from([
        (&a.name, gone.clone()),
        (&b.name, gone),
        (&c.name, Want::Present(&c)),
    ]);
    let plan = make(&wants, &records, &policy());
    let steps: Vec<_> = plan.steps().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(steps, [names[1]], "only that is forgotten");
}

#[test]
fn what_was_held_once_stays_held() {
    let held: Vec<Record> = (0..4)
        .map(|n| record(&entry(&format!("e{n}"), 3600), Phase::Running))
        .collect();
    let mut records: Records = held.iter().cloned().collect();
    let gone = absent(now() - TimeDelta::minutes(5));
    let wants: Wants<'_> = held
        .iter()
        .map(|record| (&record.name, gone.clone()))
        .collect();
    let planned = |records: &Records, policy: &Policy| make(&wants, records, policy);
    let plan = planned(&records, &policy());
    assert_eq!((plan.steps().count(), plan.notes.len()), (0, 4));
    for (name, note) in plan.notes {
        let noted = Record {
            guarded: note.guarded,
            ..records.get(&name).unwrap().clone()
        };
        records.insert(name, noted);
        assert_eq!(
            note.guarded,
            Some(Mass {
                stops: 4,
                running: 4
            })
        );
    }
    // One of them has fired: the other three are as many as may be stopped, but nobody approved it.
    let first = records.values().next().unwrap().clone();
    let fired = first.ended(Outcome::bare(OutcomeStatus::Succeeded), now());
    records.insert(fired.name.clone(), fired);
    let plan = planned(&records, &policy());
    assert!(plan.steps().count() == 0 && plan.guard.unwrap().contains("4 of 4"));
    assert_eq!(
        plan.decisions.values().filter(|d| act(d) == "hold").count(),
        3
    );
    // One of the four is put back: it was no mass after all.
    let mut back = wants.clone();
    let wanted = entry("e1", 3600);
    back.insert(&wanted.name, Want::Present(&wanted));
    let again = make(&back, &records, &policy());
    assert_eq!((again.steps().count(), again.guard), (2, None));
    assert_eq!(again.notes.len(), 3, "which is noted");
    // A policy that would have let them go lets them go.
    let all = Policy {
        max_stops: MaxStops::Percent(100),
        ..policy()
    };
    assert_eq!(planned(&records, &all).steps().count(), 3);
}
