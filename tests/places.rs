//! Trouble in one account and region is no reason for anything to wait in another.

use std::sync::Arc;
use std::time::Duration;

use onced::model::entry::{Entry, EntryName};
use onced::model::record::Phase;
use onced::reconcile::{Desired, Reconciler};
use onced::sandbox::{Fault, Options};
use tokio::time::Instant;

use crate::stories::{self, MACHINE, World, desired, entry};

const THERE: &str = "eu-west-1";

fn of(name: &str, machine: &str) -> Entry {
    let number = name.bytes().map(i64::from).sum();
    Entry {
        name: EntryName::parse(name).expect("a name"),
        ..stories::on(machine, entry(number, 86_400 + number))
    }
}

fn phase(reconciler: &Reconciler, name: &str) -> Option<Phase> {
    let name = EntryName::parse(name).expect("a name");
    reconciler.records().get(&name).map(|record| record.phase)
}

/// Entries in two regions, of which one is silent: each request there ends without an answer after 8 s.
async fn with_an_outage(there: usize) -> (World, Reconciler, Vec<Entry>) {
    let world = World::new(Options::default());
    let abroad = world.sandbox.create_machine_in(THERE);
    let mut entries: Vec<Entry> = (0..there).map(|n| of(&format!("a{n}"), &abroad)).collect();
    let mut reconciler = world.reconciler().await;
    // Listed, and seen to be good machines, before the outage.
    entries.push(of("b", MACHINE));
    entries.push(of("c", &abroad));
    settle(&world, &mut reconciler, &desired(&entries[there..])).await;
    world.sandbox.set_faults_of(
        THERE,
        Some(Arc::new(|_, _: &str| Fault::Slow(Duration::from_mins(1)))),
    );
    (world, reconciler, entries)
}

/// From now on, one operation meets this.
fn on(world: &World, operation: &'static str, fault: Fault) {
    let faults = move |_: u64, called: &str| {
        if called == operation {
            fault
        } else {
            Fault::None
        }
    };
    world.sandbox.set_faults(Some(Arc::new(faults)));
}

async fn settle(world: &World, reconciler: &mut Reconciler, wanted: &Desired) {
    let mut last = None;
    for _ in 0..500 {
        let report = reconciler.reconcile(wanted, &|| false).await;
        if report.failed.is_empty() && !report.goes_on {
            return;
        }
        let wake = report.wake.map_or(Duration::from_secs(1), |wake| {
            (wake - world.sandbox.now()).to_std().unwrap_or_default()
        });
        tokio::time::sleep(wake.max(Duration::from_millis(10))).await;
        last = Some(report);
    }
    panic!("never settles: {last:?}");
}

async fn once(reconciler: &mut Reconciler, wanted: &Desired) -> Duration {
    let begun = Instant::now();
    reconciler.reconcile(wanted, &|| false).await;
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn an_outage_in_one_region_slows_no_other() {
    let (world, mut reconciler, mut entries) = with_an_outage(200).await;
    let wanted = desired(&entries);
    once(&mut reconciler, &wanted).await;
    // Requests hang there; what is dropped meanwhile for the other region is started at once.
    for n in 0..120 {
        let name = format!("now{n}");
        entries.push(of(&name, MACHINE));
        let wanted = desired(&entries);
        let took = once(&mut reconciler, &wanted).await;
        assert_eq!(
            phase(&reconciler, &name),
            Some(Phase::Running),
            "{n} after {took:?}"
        );
        assert!(took <= Duration::from_millis(1_100), "{n}: {took:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // In two minutes few were tried where nothing answers, and nothing is told as done.
    let tried = |world: &World| {
        world
            .sandbox
            .calls()
            .iter()
            .filter(|call| call.request.contains(THERE))
            .count()
    };
    assert!(tried(&world) < 60, "{}", tried(&world));
    let report = reconciler.reconcile(&desired(&entries), &|| false).await;
    assert!(report.failed.len() >= 199, "{}", report.failed.len());
    // Once it answers again, all are started soon: all but one, which has a fault of its own.
    let broken = |_: u64, _: &str| Fault::Status500;
    world
        .sandbox
        .set_faults_of("test-a0-", Some(Arc::new(broken)));
    world.sandbox.set_faults_of(THERE, None);
    for _ in 0..30 {
        reconciler.reconcile(&desired(&entries), &|| false).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let running = |reconciler: &Reconciler| {
        let records = reconciler.records().values();
        records
            .filter(|record| record.phase == Phase::Running)
            .count()
    };
    assert_eq!(running(&reconciler), entries.len() - 1);
    world.sandbox.set_faults_of("test-a0-", None);
    settle(&world, &mut reconciler, &desired(&entries)).await;
    assert_eq!(running(&reconciler), entries.len());
    assert_eq!(world.sandbox.executions().len(), entries.len());
}

/// An entry gets another name while its start is under way: its execution is taken over, not doubled.
#[tokio::test(start_paused = true)]
async fn a_name_that_changes_while_it_is_being_started_makes_no_second_execution() {
    let world = World::new(Options::default());
    let mut reconciler = world.reconciler().await;
    let other = desired(&[of("other", MACHINE)]);
    settle(&world, &mut reconciler, &other).await;
    on(
        &world,
        "StartExecution",
        Fault::Slow(Duration::from_secs(5)),
    );
    let entry = |name: &str| Entry {
        name: EntryName::parse(name).expect("a name"),
        ..of("one", MACHINE)
    };
    // A hint ends the wait for its answer.
    let wanted = desired(&[of("other", MACHINE), entry("before")]);
    let report = reconciler.reconcile(&wanted, &|| true).await;
    assert!(report.goes_on);
    let wanted = desired(&[of("other", MACHINE), entry("after")]);
    settle(&world, &mut reconciler, &wanted).await;
    assert_eq!(phase(&reconciler, "after"), Some(Phase::Running));
    assert_eq!(world.sandbox.executions().len(), 2);
}

/// A pause sends nothing more, though a step that was begun before it has not come to its call yet.
#[tokio::test(start_paused = true)]
async fn a_pause_holds_what_was_begun_and_not_sent() {
    let world = World::new(Options::default());
    let mut reconciler = world.reconciler().await;
    // Before the first start, the machine is looked at; that takes longer than a pause waits.
    on(
        &world,
        "DescribeStateMachine",
        Fault::Slow(Duration::from_secs(9)),
    );
    let wanted = desired(&[of("one", MACHINE)]);
    for _ in 0..3 {
        reconciler.reconcile(&wanted, &|| true).await;
    }
    reconciler.begin_pause(None).await.expect("a pause");
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        reconciler.reconcile(&wanted, &|| false).await;
    }
    assert!(world.sandbox.executions().is_empty());
    world.sandbox.set_faults(None);
    reconciler.resume().await.expect("it goes on");
    settle(&world, &mut reconciler, &wanted).await;
    assert_eq!(world.sandbox.executions().len(), 1);
}

/// Nothing is looked at all the time while a step that had failed is under way once more.
#[tokio::test(start_paused = true)]
async fn a_step_that_hangs_after_a_failure_makes_nothing_busy() {
    let world = World::new(Options::default());
    let mut reconciler = world.reconciler().await;
    on(&world, "StartExecution", Fault::Status500);
    let wanted = desired(&[of("one", MACHINE)]);
    reconciler.reconcile(&wanted, &|| false).await;
    on(
        &world,
        "StartExecution",
        Fault::Slow(Duration::from_secs(9)),
    );
    let (begun, mut rounds) = (Instant::now(), 0);
    loop {
        let report = reconciler.reconcile(&wanted, &|| false).await;
        rounds += 1;
        if phase(&reconciler, "one") == Some(Phase::Running) {
            break;
        }
        let wake = report.wake.map(|wake| wake - world.sandbox.now());
        let rest = wake.and_then(|wake| wake.to_std().ok()).unwrap_or_default();
        tokio::time::sleep(rest.max(Duration::from_millis(20))).await;
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert!(rounds < 60, "{rounds}");
}

/// As long as AWS throttles it, a start is not done, and a sync does not say so.
#[tokio::test(start_paused = true)]
async fn what_is_throttled_is_told_as_not_done() {
    let world = World::new(Options::default());
    let mut reconciler = world.reconciler().await;
    on(&world, "StartExecution", Fault::Throttle);
    let wanted = desired(&[of("one", MACHINE)]);
    for _ in 0..20 {
        let report = reconciler.reconcile(&wanted, &|| false).await;
        assert!(report.goes_on || !report.failed.is_empty(), "{report:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // The pace has slowed down: this was no storm.
    let calls = world.sandbox.calls();
    let calls = calls
        .iter()
        .filter(|call| call.operation == "StartExecution");
    let calls = calls.count();
    assert!((5..1_000).contains(&calls), "{calls}");
    world.sandbox.set_faults(None);
    settle(&world, &mut reconciler, &wanted).await;
    assert_eq!(world.sandbox.executions().len(), 1);
}
