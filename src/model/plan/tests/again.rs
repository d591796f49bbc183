//! Contents that come once more: put back, corrected, or stopped after they fired.

use super::*;

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
        &Sight::CLEAR,
        &policy(),
        now(),
    );
    assert_eq!(act(&decision), "Start", "the wait would run past its time");
    let step = |record: &Record| {
        let want = Want::Present(&same);
        act(&decide(
            &want,
            Some(record),
            &Sight::CLEAR,
            &policy(),
            now(),
        ))
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
fn what_has_run_is_run_again_only_at_a_later_time() {
    let (old, later) = (entry("e", -20), entry("e", -10));
    let ended = record(&old, Phase::Ended);
    let mut corrected = old.clone();
    corrected.content = Content::new(old.at(), old.state_machine().clone(), "{}");
    let step = |entry: &Entry| {
        let want = Want::Present(entry);
        act(&decide(
            &want,
            Some(&ended),
            &Sight::CLEAR,
            &policy(),
            now(),
        ))
    };
    assert_eq!((step(&corrected), step(&later)), ("rest", "Start"));
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
