//! What lies in ledgers, and what a record remembers.

use super::*;
use crate::model::entry::sample;

fn content(number: usize) -> Fingerprint {
    Fingerprint::parse(&format!("{number:012x}")).expect("twelve digits")
}

#[test]
fn what_an_entry_remembers_has_an_end() {
    let mut earlier = BTreeMap::new();
    remember(&mut earlier, content(0), 7);
    for number in 1..10_000 {
        remember(&mut earlier, content(number), 1);
        assert_eq!(
            earlier.get(&content(number)),
            Some(&1),
            "the last one is kept"
        );
    }
    assert_eq!(earlier.len(), EARLIER);
    assert_eq!(earlier.get(&content(0)), Some(&7), "and so is the highest");
    remember(&mut earlier, content(1), 0);
    assert!(!earlier.contains_key(&content(1)), "none is 0");
    remember(&mut earlier, content(0), 3);
    assert_eq!(earlier.get(&content(0)), Some(&7), "none is lowered");
}

/// What lies in ledgers is read, and written again byte for byte: sums are made over it.
#[test]
fn a_record_of_before_stays_as_it_is() {
    let text = concat!(
        r#"{"name":"e1","owner":"prod","scheme":1,"fingerprint":"0a1b2c3d4e5f","named":"e0","#,
        r#""generation":2,"at":"2027-06-01T00:00:00Z","#,
        r#""state_machine":"arn:aws:states:us-east-1:123456789012:stateMachine:M","lambda":"f","#,
        r#""grace_seconds":300,"phase":"stopping","since":"2026-11-28T01:57:05.932293563Z","#,
        r#""in_doubt":"2026-11-28T01:57:05.5Z","stop_reason":"removed","stop_taken":true,"#,
        r#""earlier":{"000000000001":1,"ffffffffffff":7},"commit":"abc","file":"a/b.yaml","#,
        r#""gone":"2026-11-28T01:57:05Z","guarded":{"stops":31,"running":100}}"#
    );
    let record: Record = serde_json::from_str(text).expect("a record");
    assert_eq!(record.since.timestamp_subsec_nanos(), 932_293_563);
    let written = serde_json::to_string(&record).expect("JSON");
    let text = text.replace("05.5Z", "05.500Z");
    assert_eq!(written, text);
}

#[test]
fn of_a_long_cause_the_beginning_is_kept() {
    let at = DateTime::UNIX_EPOCH;
    let entry = sample("e");
    let owner = Owner::parse("test").expect("an owner");
    let outcome = Outcome {
        cause: Some("ä".repeat(32_768)),
        ..Outcome::bare(OutcomeStatus::Failed)
    };
    let record = Record::starting(&owner, &entry, None, at).ended(outcome, at);
    let cause = record.outcome.and_then(|outcome| outcome.cause);
    let cause = cause.expect("a cause");
    assert!(cause.len() <= CAUSE + '…'.len_utf8() && cause.ends_with("ä…"));
}

/// Only what was stopped before its time can run again.
#[test]
fn what_was_stopped_after_its_time_has_fired() {
    let entry = sample("e");
    let owner = Owner::parse("test").expect("an owner");
    let of = |status, ended: i64, fired: Option<i64>| {
        let time = |seconds: i64| entry.at() + TimeDelta::seconds(seconds);
        let outcome = Outcome {
            fired: fired.map(time),
            ended: Some(time(ended)),
            ..Outcome::bare(status)
        };
        let record = Record::starting(&owner, &entry, None, entry.at());
        record.ended(outcome, entry.at())
    };
    for (ended, fired, expected) in [
        (-1, None, false),
        (0, None, true),
        (5, None, true),
        (5, Some(1), true),
    ] {
        let stopped = of(OutcomeStatus::Aborted, ended, fired);
        let row = (stopped.has_run(), stopped.has_fired());
        assert_eq!(row, (expected, expected), "{ended}");
    }
    // Not to be found any more after its time: it may have fired before.
    let nobody_knows = Record::starting(&owner, &entry, None, entry.at());
    let nobody_knows = nobody_knows.ended(Outcome::bare(OutcomeStatus::Aborted), entry.at());
    assert!(nobody_knows.has_fired());
    assert!(!of(OutcomeStatus::Missed, 5, None).has_fired());
}
