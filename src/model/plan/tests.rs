//! The rows of the planner's truth table.

mod again;
mod new_names;
mod observed;
mod redriven;
mod together;
mod zone_rules;

use super::*;
use crate::model::content::Content;
use crate::model::entry::lambda_input;
use crate::model::name::Owner;
use crate::model::record::{Outcome, OutcomeStatus, Phase};

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
    Plan::make(
        &wants,
        records,
        |_| Sight::CLEAR,
        policy,
        (&[], &Zones::bundled()),
        now(),
    )
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
            lambda_input("f", at, &serde_json::json!({})),
        ),
        lambda: Some("f".into()),
        grace: Duration::from_mins(5),
        enabled: true,
        named_zone: None,
        is_local: false,
        description: None,
        file: "a.yaml".into(),
        other: None,
        is_as_before: false,
        marks: crate::model::marks::Marks::NONE,
        in_line: 1,
    }
}

fn record(entry: &Entry, phase: Phase) -> Record {
    let owner = Owner::parse("test").unwrap();
    let before = now() - TimeDelta::seconds(1);
    let mut record = Record::starting(&owner, entry, None, before).in_phase(phase, before);
    record.in_doubt = Some(now());
    if phase == Phase::Ended {
        record.outcome = Some(Box::new(Outcome::bare(OutcomeStatus::Succeeded)));
    }
    record
}

/// Seen gone since then, and still gone now.
fn absent<'a>(since: DateTime<Utc>) -> Want<'a> {
    Want::Absent { since, seen: now() }
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
    let gone = absent(now() - TimeDelta::seconds(31));
    let just_gone = absent(now());
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
            "just gone, due within the wait, not looked for since it was started",
            Want::Absent {
                since: now(),
                seen: record(&soon, Phase::Running).since,
            },
            Some(record(&soon, Phase::Running)),
            "hold",
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
        let decision = decide(&want, record.as_ref(), &Sight::CLEAR, &policy(), now());
        assert_eq!(act(&decision), expected, "{row}: {decision:?}");
    }
}

#[test]
fn never_sent_is_forgotten_or_replaced_without_a_stop() {
    let same = entry("e", 3600);
    let mut never = record(&same, Phase::Starting);
    never.in_doubt = None;
    let gone = absent(now());
    assert_eq!(
        act(&decide(
            &gone,
            Some(&never),
            &Sight::CLEAR,
            &policy(),
            now()
        )),
        "Forget"
    );
    let changed = entry("e", 7200);
    assert_eq!(
        act(&decide(
            &Want::Present(&changed),
            Some(&never),
            &Sight::CLEAR,
            &policy(),
            now()
        )),
        "Start"
    );
}
