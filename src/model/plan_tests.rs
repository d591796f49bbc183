//! The rows of the planner's truth table.

use super::*;
use crate::model::content::Content;
use crate::model::entry::lambda_input;
use crate::model::name::Owner;
use crate::model::record::{Outcome, OutcomeStatus};

const HOUR: Duration = Duration::from_hours(1);

fn now() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

type Wants<'a> = BTreeMap<&'a EntryName, Want<'a>>;

fn side_by_side<'a>(wants: &'a Wants<'_>, records: &'a Records) -> Vec<Wanted<'a>> {
    let wanted = |(name, want): (&&'a EntryName, &Want<'a>)| Wanted {
        name,
        want: want.clone(),
        record: records.get(name),
    };
    wants.iter().map(wanted).collect()
}

fn make(wants: &Wants<'_>, records: &Records, policy: &Policy) -> Plan {
    let wants = side_by_side(wants, records);
    Plan::make(&wants, records, |_| Sight::CLEAR, policy, &[], now())
}

fn policy() -> Policy {
    Policy {
        start_only: false,
        stop_after: Duration::from_secs(30),
        horizon: HOUR * 24 * 300,
        max_stops: MaxStops::Percent(30),
        rules: Rules::default(),
    }
}

fn entry(name: &str, ahead_seconds: i64) -> Entry {
    let at = now() + TimeDelta::seconds(ahead_seconds);
    Entry {
        name: EntryName::parse(name).unwrap(),
        content: Content::new(
            at,
            "arn:aws:states:us-east-1:123456789012:stateMachine:M",
            lambda_input("f", at, serde_json::json!({})),
        ),
        lambda: Some("f".into()),
        grace: Duration::from_mins(5),
        enabled: true,
        zone: None,
        description: None,
        file: "a.yaml".into(),
        in_line: 1,
    }
}

fn record(entry: &Entry, phase: Phase) -> Record {
    let owner = Owner::parse("test").unwrap();
    let mut record = Record::starting(&owner, entry, None, now()).in_phase(phase, now());
    record.in_doubt = Some(now());
    if phase == Phase::Ended {
        record.outcome = Some(Box::new(Outcome::bare(OutcomeStatus::Succeeded)));
    }
    record
}

fn act(decision: &Decision) -> &'static str {
    match decision {
        Decision::Act(step, _) => step.as_str(),
        Decision::Rest { .. } => "rest",
        Decision::Hold { .. } => "hold",
    }
}

#[test]
fn truth_table() {
    let same = entry("e", 3600);
    let changed = entry("e", 7200);
    let past = entry("e", -3600);
    let far = entry("e", 3600 * 24 * 301);
    let mut off = same.clone();
    off.enabled = false;
    let gone = Want::Absent {
        since: now() - TimeDelta::seconds(31),
    };
    let just_gone = Want::Absent { since: now() };
    let unclear = Want::Unclear("`a.yaml` is invalid".into());
    let here = Want::Present;
    let soon = entry("e", 10);
    let due = entry("e", -1);
    let rows: Vec<(&str, Want<'_>, Option<Record>, &str)> = vec![
        ("new", here(&same), None, "Start"),
        ("new, missed", here(&past), None, "rest"),
        ("new, within grace", here(&due), None, "Start"),
        ("new, deferred", here(&far), None, "rest"),
        ("new, disabled", here(&off), None, "rest"),
        (
            "same, starting",
            here(&same),
            Some(record(&same, Phase::Starting)),
            "Start",
        ),
        (
            "same, starting, late",
            here(&past),
            Some(record(&past, Phase::Starting)),
            "Look",
        ),
        (
            "other, starting",
            here(&changed),
            Some(record(&same, Phase::Starting)),
            "Replace",
        ),
        (
            "gone, starting",
            gone.clone(),
            Some(record(&same, Phase::Starting)),
            "Stop",
        ),
        (
            "disabled, starting",
            here(&off),
            Some(record(&same, Phase::Starting)),
            "Stop",
        ),
        (
            "same, running",
            here(&same),
            Some(record(&same, Phase::Running)),
            "rest",
        ),
        (
            "same, running, due",
            here(&due),
            Some(record(&due, Phase::Running)),
            "Look",
        ),
        (
            "changed, running",
            here(&changed),
            Some(record(&same, Phase::Running)),
            "Replace",
        ),
        (
            "changed, running, due",
            here(&changed),
            Some(record(&due, Phase::Running)),
            "Look",
        ),
        (
            "disabled, running",
            here(&off),
            Some(record(&same, Phase::Running)),
            "Stop",
        ),
        (
            "gone, running",
            gone.clone(),
            Some(record(&same, Phase::Running)),
            "Stop",
        ),
        (
            "just gone, running",
            just_gone.clone(),
            Some(record(&same, Phase::Running)),
            "hold",
        ),
        (
            "just gone, due within the wait",
            just_gone.clone(),
            Some(record(&soon, Phase::Running)),
            "Stop",
        ),
        (
            "gone, running, due",
            gone.clone(),
            Some(record(&due, Phase::Running)),
            "Look",
        ),
        (
            "unclear, running",
            unclear.clone(),
            Some(record(&same, Phase::Running)),
            "hold",
        ),
        (
            "unclear, starting",
            unclear.clone(),
            Some(record(&same, Phase::Starting)),
            "hold",
        ),
        (
            "same, stopping",
            here(&same),
            Some(record(&same, Phase::Stopping)),
            "Start",
        ),
        (
            "changed, stopping",
            here(&changed),
            Some(record(&same, Phase::Stopping)),
            "Stop",
        ),
        (
            "gone, stopping",
            gone.clone(),
            Some(record(&same, Phase::Stopping)),
            "Stop",
        ),
        (
            "unclear, stopping",
            unclear.clone(),
            Some(record(&same, Phase::Stopping)),
            "Stop",
        ),
        (
            "same, stopped",
            here(&same),
            Some(record(&same, Phase::Stopped)),
            "Start",
        ),
        (
            "changed, stopped",
            here(&changed),
            Some(record(&same, Phase::Stopped)),
            "Start",
        ),
        (
            "changed, stopped, past",
            here(&past),
            Some(record(&same, Phase::Stopped)),
            "rest",
        ),
        (
            "gone, stopped",
            gone.clone(),
            Some(record(&same, Phase::Stopped)),
            "rest",
        ),
        (
            "same, ended",
            here(&same),
            Some(record(&same, Phase::Ended)),
            "rest",
        ),
        (
            "changed, ended",
            here(&changed),
            Some(record(&same, Phase::Ended)),
            "Start",
        ),
        (
            "changed, ended, past",
            here(&past),
            Some(record(&same, Phase::Ended)),
            "rest",
        ),
        (
            "gone, ended",
            gone.clone(),
            Some(record(&same, Phase::Ended)),
            "rest",
        ),
    ];
    for (row, want, record, expected) in rows {
        let decision = decide(&want, record.as_ref(), Sight::CLEAR, &policy(), now());
        assert_eq!(act(&decision), expected, "{row}: {decision:?}");
    }
}

#[test]
fn never_sent_is_forgotten_or_replaced_without_a_stop() {
    let same = entry("e", 3600);
    let mut never = record(&same, Phase::Starting);
    never.in_doubt = None;
    let gone = Want::Absent { since: now() };
    assert_eq!(
        act(&decide(&gone, Some(&never), Sight::CLEAR, &policy(), now())),
        "Forget"
    );
    let changed = entry("e", 7200);
    assert_eq!(
        act(&decide(
            &Want::Present(&changed),
            Some(&never),
            Sight::CLEAR,
            &policy(),
            now()
        )),
        "Start"
    );
}

#[test]
fn put_back_runs_under_the_next_generation_and_another_content_under_its_own() {
    let owner = Owner::parse("test").unwrap();
    let (a, b) = (entry("e", 3600), entry("e", 7200));
    let stopped = |r: Record| r.in_phase(Phase::Stopped, now());
    let a0 = stopped(Record::starting(&owner, &a, None, now()));
    let b0 = stopped(Record::starting(&owner, &b, Some(&a0), now()));
    let a1 = stopped(Record::starting(&owner, &a, Some(&b0), now()));
    let a2 = Record::starting(&owner, &a, Some(&a1), now());
    let generations: Vec<u32> = [&a0, &b0, &a1, &a2].iter().map(|r| r.generation).collect();
    assert_eq!(generations, [0, 0, 1, 2]);
}

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
                Want::Absent {
                    since: now() - span(HOUR),
                }
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
            Sight::CLEAR,
            &policy,
            now()
        )),
        "hold"
    );
    let gone = Want::Absent {
        since: now() - span(HOUR),
    };
    assert_eq!(
        act(&decide(&gone, Some(&running), Sight::CLEAR, &policy, now())),
        "hold"
    );
}

#[test]
fn what_the_listing_showed() {
    let (same, changed) = (entry("e", 3600), entry("e", 7200));
    let off = Entry {
        enabled: false,
        ..same.clone()
    };
    let gone = Want::Absent {
        since: now() - TimeDelta::seconds(31),
    };
    let here = Want::Present;
    let unlisted = Sight {
        listed: false,
        ..Sight::CLEAR
    };
    let stray = Sight {
        stray: true,
        ..unlisted
    };
    let doubted = Sight {
        doubted: true,
        ..Sight::CLEAR
    };
    let running = || Some(record(&same, Phase::Running));
    let never = || {
        let starting = record(&same, Phase::Starting);
        Some(Record {
            in_doubt: None,
            ..starting
        })
    };
    let rows = [
        ("new, unlisted", here(&same), None, unlisted, "hold"),
        (
            "starting, unlisted",
            here(&same),
            Some(record(&same, Phase::Starting)),
            unlisted,
            "hold",
        ),
        ("gone, unlisted", gone.clone(), running(), unlisted, "Stop"),
        ("new, runs", here(&same), None, stray, "Adopt"),
        ("disabled, runs", here(&off), None, stray, "Adopt"),
        ("never sent, runs", here(&same), never(), stray, "Adopt"),
        (
            "stopped, another runs",
            here(&changed),
            Some(record(&same, Phase::Stopped)),
            stray,
            "Adopt",
        ),
        (
            "running, another runs",
            here(&same),
            running(),
            stray,
            "rest",
        ),
        ("gone, runs", gone.clone(), None, stray, "rest"),
        ("running, doubted", here(&same), running(), doubted, "Look"),
        (
            "just gone, doubted",
            Want::Absent { since: now() },
            running(),
            doubted,
            "Look",
        ),
        (
            "stopped, doubted",
            here(&same),
            Some(record(&same, Phase::Stopped)),
            doubted,
            "Start",
        ),
    ];
    for (row, want, record, sight, step) in rows {
        let decision = decide(&want, record.as_ref(), sight, &policy(), now());
        assert_eq!(act(&decision), step, "{row}: {decision:?}");
    }
}

#[test]
fn notes() {
    let same = entry("e", 3600);
    let moved = Entry {
        file: "b.yaml".into(),
        ..same.clone()
    };
    let note_of = |want: &Want<'_>, record: &Record| {
        note(want, record, None).map(|note| (note.file, note.gone.is_some()))
    };
    let running = record(&same, Phase::Running);
    let gone = Want::Absent { since: now() };
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

#[test]
fn what_has_run_is_run_again_only_at_a_later_time() {
    let (old, later) = (entry("e", -20), entry("e", -10));
    let ended = record(&old, Phase::Ended);
    let mut corrected = old.clone();
    corrected.content = Content::new(old.at(), old.state_machine().clone(), "{}");
    let step = |entry: &Entry| {
        let want = Want::Present(entry);
        act(&decide(&want, Some(&ended), Sight::CLEAR, &policy(), now()))
    };
    assert_eq!((step(&corrected), step(&later)), ("rest", "Start"));
}

#[test]
fn put_back_while_it_is_being_stopped() {
    let same = entry("e", 3600);
    let stopping = record(&same, Phase::Stopping);
    let soon = entry("e", 60);
    let soon_stopping = Record {
        stop_in_doubt: Some(now()),
        ..record(&soon, Phase::Stopping)
    };
    let decision = decide(
        &Want::Present(&soon),
        Some(&soon_stopping),
        Sight::CLEAR,
        &policy(),
        now(),
    );
    assert_eq!(act(&decision), "Start", "the wait would run past its time");
    let step = |record: &Record| {
        let want = Want::Present(&same);
        act(&decide(&want, Some(record), Sight::CLEAR, &policy(), now()))
    };
    assert_eq!(step(&stopping), "Start");
    let on_its_way = Record {
        stop_in_doubt: Some(now() - TimeDelta::minutes(19)),
        ..stopping.clone()
    };
    assert_eq!(step(&on_its_way), "Look");
    let arrived = Record {
        stop_in_doubt: Some(now() - TimeDelta::minutes(21)),
        ..stopping.clone()
    };
    assert_eq!(step(&arrived), "Start");
    let taken = Record {
        stop_taken: true,
        ..stopping
    };
    assert_eq!(step(&taken), "Look");
}

#[test]
fn a_new_name_for_the_same_is_a_move() {
    let gone = Want::Absent { since: now() };
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
    // Doubt, another content, or one that is switched off: no move.
    let doubt = Want::Unclear("doubt".into());
    assert_eq!(plan(&running, &doubt, &new), ["Start new"]);
    assert_eq!(plan(&running, &Want::Present(&old), &new), ["Start new"]);
    assert_eq!(plan(&running, &gone, &entry("new", 3601)), ["Start new"]);
    let off = Entry {
        enabled: false,
        ..new.clone()
    };
    assert!(plan(&running, &gone, &off).is_empty());
    // What is being started or stopped is finished first.
    for phase in [Phase::Starting, Phase::Stopping, Phase::Stopped] {
        let steps = plan(&record(&old, phase), &gone, &new);
        assert!(
            steps.contains(&"Start new".to_owned()),
            "{phase:?}: {steps:?}"
        );
    }
    // It has fired a moment ago: the new name is not a reason to fire again.
    let (old, new) = (entry("old", -60), entry("new", -60));
    let fired = record(&old, Phase::Running).ended(Outcome::bare(OutcomeStatus::Succeeded), now());
    assert_eq!(plan(&fired, &gone, &new), ["Move new"]);
    assert_eq!(
        plan(&record(&old, Phase::Running), &gone, &new),
        ["Move new"]
    );
    let missed = record(&old, Phase::Running).ended(Outcome::bare(OutcomeStatus::Missed), now());
    assert_eq!(plan(&missed, &gone, &new), ["Start new"]);
}

#[test]
fn a_moved_execution_keeps_its_name_and_no_other_gets_it() {
    let (a, b) = (entry("a", 3600), entry("b", 3600));
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
    let (third, of_b) = moved.moved(&entry("c", 3600), None, now());
    assert_eq!(third.execution_name(), running.execution_name());
    let long_ago = now() - TimeDelta::days(91);
    let records: Records = [third, of_b.unwrap(), left]
        .into_iter()
        .map(|record| Record {
            since: long_ago,
            ..record
        })
        .collect();
    let c = entry("c", 3600);
    let gone = Want::Absent { since: long_ago };
    let wants = Wants::from([
        (&a.name, gone.clone()),
        (&b.name, gone),
        (&c.name, Want::Present(&c)),
    ]);
    let plan = make(&wants, &records, &policy());
    let steps: Vec<_> = plan.steps().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(steps, ["b"], "only that is forgotten");
}

#[test]
fn what_was_held_once_stays_held() {
    let held: Vec<Record> = (0..4)
        .map(|n| record(&entry(&format!("e{n}"), 3600), Phase::Running))
        .collect();
    let mut records: Records = held.iter().cloned().collect();
    let gone = Want::Absent {
        since: now() - TimeDelta::minutes(5),
    };
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

#[test]
fn what_was_stopped_after_it_had_fired_does_not_run_again() {
    use crate::model::record::answer::{Found, found};
    let due = entry("e", -1);
    let aborted = |fired| {
        Found::Over(Outcome {
            error: Some("onced.Removed".into()),
            fired,
            ..Outcome::bare(OutcomeStatus::Aborted)
        })
    };
    for phase in [Phase::Starting, Phase::Running, Phase::Stopping] {
        let phase_after = |fired| {
            let next = found(&record(&due, phase), &aborted(fired), now()).unwrap();
            (next.phase, next.generation)
        };
        assert_eq!(phase_after(Some(now())), (Phase::Ended, 0), "{phase:?}");
        let in_time = phase_after(None);
        assert!(in_time == (Phase::Stopped, 0) || in_time == (Phase::Starting, 1));
    }
}
