//! Calls are paced as AWS's token buckets allow, the soonest first, whatever AWS's buckets truly are.

use std::time::Duration;

use chrono::TimeDelta;
use onced::model::entry::{Entry, EntryName};
use onced::model::limits::{Limit, Limits, Operation};
use onced::reconcile::Reconciler;
use onced::sandbox::{Options, Status};
use tokio::time::Instant;

use crate::stories::{World, begin, desired, entry};

/// Entries of which the last in the alphabet are the soonest.
fn entries(number: i64) -> Vec<Entry> {
    (0..number)
        .map(|n| Entry {
            name: EntryName::parse(&format!("e{n:04}")).expect("a name"),
            ..entry(n, 86_400 + 60 * (number - n))
        })
        .collect()
}

fn limits(rate: f64, burst: f64) -> Limits {
    Limits([(Operation::Start, Limit { rate, burst })].into())
}

/// Reconciles as a daemon does until nothing is left.
async fn converge(world: &World, reconciler: &mut Reconciler, wanted: &[Entry]) {
    let wanted = desired(wanted);
    for _ in 0..2_000 {
        let report = reconciler.reconcile(&wanted, &|| false).await;
        if !report.goes_on && report.failed.is_empty() {
            return;
        }
        let wake = report.wake.map(|wake| wake - world.sandbox.now());
        let rest = wake.and_then(|wake| wake.to_std().ok()).unwrap_or_default();
        tokio::time::sleep(rest.max(Duration::from_millis(20))).await;
    }
    panic!("it never ends");
}

/// The entries' numbers in the order in which their starts were taken; and how many calls were throttled.
fn started(world: &World) -> (Vec<u32>, usize) {
    let calls = world.sandbox.calls();
    let starts = calls
        .iter()
        .filter(|call| call.operation == "StartExecution");
    let (good, bad): (Vec<_>, Vec<_>) = starts.partition(|call| call.status == 200);
    let number = |name: &str| name["test-e".len()..][..4].parse().expect("a number");
    (
        good.iter().map(|call| number(&call.subject)).collect(),
        bad.len(),
    )
}

#[tokio::test(start_paused = true)]
async fn the_soonest_goes_first_and_none_is_throttled() {
    let world = World::new(Options::default());
    world.sandbox.set_quota("StartExecution", 20.0, 10.0);
    let mut reconciler = world.reconciler().await.within(limits(10.0, 20.0));
    let begun = Instant::now();
    converge(&world, &mut reconciler, &entries(200)).await;
    let took = begun.elapsed();
    let (mut order, throttled) = started(&world);
    // What goes at once has no order; each one after it has its turn.
    order[..20].sort_by_key(|number| std::cmp::Reverse(*number));
    let soonest_first: Vec<u32> = (0..200).rev().collect();
    assert_eq!(order, soonest_first);
    assert_eq!(throttled, 0);
    // 180 at ten a second.
    assert!(
        (Duration::from_secs(18)..Duration::from_secs(20)).contains(&took),
        "{took:?}"
    );
}

/// AWS's bucket is a fifth of what is believed: it is found, nothing fails, and little is lost by it.
#[tokio::test(start_paused = true)]
async fn a_smaller_quota_is_found() {
    let world = World::new(Options::default());
    world.sandbox.set_quota("StartExecution", 20.0, 10.0);
    let mut reconciler = world.reconciler().await.within(limits(50.0, 100.0));
    let begun = Instant::now();
    converge(&world, &mut reconciler, &entries(400)).await;
    let took = begun.elapsed();
    let (order, throttled) = started(&world);
    assert_eq!(order.len(), 400);
    assert!((1..200).contains(&throttled), "{throttled}");
    // 380 at ten a second.
    assert!(
        (Duration::from_secs(38)..Duration::from_secs(46)).contains(&took),
        "{took:?}"
    );
}

/// An entry that is due soon is dropped while many far ones wait for their turn.
#[tokio::test(start_paused = true)]
async fn what_is_due_soon_overtakes_what_is_far() {
    let world = World::new(Options::default());
    let mut reconciler = world.reconciler().await.within(limits(10.0, 20.0));
    let mut wanted = entries(1_000);
    reconciler.reconcile(&desired(&wanted), &|| true).await;
    let soon = Entry {
        name: EntryName::parse("soon").expect("a name"),
        ..entry(7_777, 60)
    };
    wanted.push(soon);
    let begun = Instant::now();
    let is_there = |world: &World| {
        let executions = world.sandbox.executions();
        executions
            .iter()
            .any(|e| e.name.starts_with("test-soon-") && e.status() == Status::Running)
    };
    while !is_there(&world) {
        reconciler.reconcile(&desired(&wanted), &|| true).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{:?}",
            begun.elapsed()
        );
    }
    assert!(
        world.sandbox.executions().len() < 60,
        "it waited for the others"
    );
    assert!(world.sandbox.now() < begin() + TimeDelta::seconds(10));
}

/// Many starts that wait for their tokens keep no stop from being sent.
#[tokio::test(start_paused = true)]
async fn starts_that_wait_hold_up_no_stop() {
    let world = World::new(Options::default());
    let mut reconciler = world.reconciler().await.within(limits(1.0, 5.0));
    let mut wanted = entries(5);
    converge(&world, &mut reconciler, &wanted).await;
    // One of the five is gone; a hundred others are new.
    let gone = wanted.remove(4);
    wanted.extend(entries(105).split_off(5));
    let begun = Instant::now();
    let is_stopped = |world: &World| {
        let executions = world.sandbox.executions();
        let prefix = format!("test-{}-", gone.name);
        executions
            .iter()
            .any(|e| e.name.starts_with(&prefix) && e.status() == Status::Aborted)
    };
    while !is_stopped(&world) {
        let report = reconciler.reconcile(&desired(&wanted), &|| false).await;
        assert!(report.goes_on);
        // `stop_after` is half a minute here; all the starts take a hundred seconds.
        assert!(
            begun.elapsed() < Duration::from_secs(40),
            "{:?}",
            begun.elapsed()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(world.sandbox.executions().len() < 60);
}
