//! What a person has redriven.

use super::*;
use crate::model::record::answer;

/// The recorded execution ended like this, and runs again since.
fn again(entry: &Entry, phase: Phase) -> Record {
    let over = Record {
        outcome: Some(Box::new(Outcome::bare(OutcomeStatus::Failed))),
        ..record(entry, phase)
    };
    answer::redriven(&over, 1, now()).expect("it runs again")
}

#[test]
fn what_is_over_is_looked_at_where_it_may_run_again() {
    let (same, changed) = (entry("e", 3600), entry("e", 7200));
    let gone = absent(now() - TimeDelta::hours(1));
    let shown = Sight {
        redriven: true,
        ..Sight::CLEAR
    };
    let both = Sight {
        stray: true,
        ..shown.clone()
    };
    let here = Want::Present;
    let unclear = Want::Unclear("`a.yaml` is invalid".into());
    let rows = [
        ("same, ended", here(&same), Phase::Ended, &shown, "Look"),
        (
            "changed, ended",
            here(&changed),
            Phase::Ended,
            &shown,
            "Look",
        ),
        ("put back", here(&same), Phase::Stopped, &shown, "Look"),
        (
            "changed, stopped",
            here(&changed),
            Phase::Stopped,
            &both,
            "Look",
        ),
        (
            "gone, stopped",
            gone.clone(),
            Phase::Stopped,
            &shown,
            "Look",
        ),
        ("unclear, ended", unclear, Phase::Ended, &shown, "Look"),
        ("same, running", here(&same), Phase::Running, &shown, "rest"),
        ("gone, running", gone, Phase::Running, &shown, "Stop"),
    ];
    for (row, want, phase, sight, step) in rows {
        let record = record(&same, phase);
        let decision = decide(&want, Some(&record), sight, &policy(), now());
        assert_eq!(act(&decision), step, "{row}: {decision:?}");
    }
}

#[test]
fn what_runs_again_is_its_entry_s() {
    let (same, due, past) = (entry("e", 3600), entry("e", -1), entry("e", -3600));
    let (later, far) = (entry("e", 7200), entry("e", 3600 * 24 * 301));
    let off = Entry {
        enabled: false,
        ..later.clone()
    };
    let sooner = entry("e", -7200);
    let gone = absent(now() - TimeDelta::hours(1));
    let here = Want::Present;
    let rows = [
        ("same, its time to come", here(&same), &same, "rest"),
        ("same, its time past", here(&past), &past, "Look"),
        ("changed, its time to come", here(&later), &same, "Replace"),
        ("changed, its time past", here(&later), &past, "Replace"),
        ("changed within the grace", here(&due), &past, "Replace"),
        (
            "changed to a time that is past",
            here(&sooner),
            &past,
            "Look",
        ),
        ("changed to a time far ahead", here(&far), &past, "Look"),
        ("changed and switched off", here(&off), &past, "Look"),
        ("gone, its time to come", gone.clone(), &same, "Stop"),
        ("gone, its time past", gone, &past, "Look"),
    ];
    for (row, want, of, step) in rows {
        for phase in [Phase::Ended, Phase::Stopped] {
            let record = again(of, phase);
            let decision = decide(&want, Some(&record), &Sight::CLEAR, &policy(), now());
            assert_eq!(act(&decision), step, "{row}: {decision:?}");
        }
    }
    let start_only = Policy {
        start_only: true,
        ..policy()
    };
    let decision = decide(
        &here(&later),
        Some(&again(&past, Phase::Ended)),
        &Sight::CLEAR,
        &start_only,
        now(),
    );
    assert_eq!(act(&decision), "hold");
}

/// Before its time a stop that was begun is not sent any more once that has come; of what runs again after its time, it is.
#[test]
fn a_stop_after_its_time_is_sent_until_it_is_taken() {
    let (past, later) = (entry("e", -3600), entry("e", 7200));
    let row = |record: &Record| {
        let want = Want::Present(&later);
        act(&decide(
            &want,
            Some(record),
            &Sight::CLEAR,
            &policy(),
            now(),
        ))
    };
    let stopping = again(&past, Phase::Ended).in_phase(Phase::Stopping, now());
    assert_eq!(row(&stopping), "Stop");
    let taken = Record {
        stop_taken: true,
        ..stopping.clone()
    };
    assert_eq!(row(&taken), "Look");
    let begun_before = stopping.in_phase(Phase::Stopping, past.at() - TimeDelta::seconds(1));
    assert_eq!(row(&begun_before), "Look");
    assert_eq!(row(&record(&past, Phase::Stopping)), "Look");
}

#[test]
fn how_it_ended_before_counts_no_more() {
    let same = entry("e", 3600);
    let ended = Record {
        redrives: 2,
        ..record(&same, Phase::Ended)
    };
    for known in [0, 2] {
        assert_eq!(answer::redriven(&ended, known, now()), None);
    }
    let again = answer::redriven(&ended, 3, now()).expect("once more");
    assert_eq!((again.phase, again.redrives), (Phase::Running, 3));
    assert_eq!((again.outcome.clone(), again.guarded), (None, None));
    assert_eq!(again.execution_arn(), ended.execution_arn());
    let stopping = Record {
        stop_taken: true,
        ..record(&same, Phase::Stopping)
    };
    let stopping = answer::redriven(&stopping, 1, now()).expect("once more");
    assert!(stopping.phase == Phase::Stopping && !stopping.stop_taken);
}

#[test]
fn what_can_be_redriven() {
    use OutcomeStatus::{Aborted, Failed, Missed, Succeeded, TimedOut};
    let same = entry("e", 3600);
    let of = |phase, status| Record {
        outcome: Some(Box::new(Outcome::bare(status))),
        ..record(&same, phase)
    };
    for status in [Failed, TimedOut, Aborted] {
        let ended = of(Phase::Ended, status);
        assert!(ended.may_be_redriven(now()), "{status:?}");
        assert!(!ended.may_be_redriven(now() + TimeDelta::days(16)));
        assert!(!of(Phase::Running, status).may_be_redriven(now()));
    }
    assert!(record(&same, Phase::Stopped).may_be_redriven(now()));
    let moved = Record {
        moved_to: Some(same.name.clone()),
        ..record(&same, Phase::Stopped)
    };
    assert!(!moved.may_be_redriven(now()), "it is another entry's");
    for status in [Succeeded, Missed] {
        assert!(
            !of(Phase::Ended, status).may_be_redriven(now()),
            "{status:?}"
        );
    }
}
