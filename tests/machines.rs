//! State machines that become unsuitable: nothing is stopped for the sake of one that would not take what comes after.
//! Through the real SDK and ledger, against the sandbox in process, under tokio's paused clock.

use onced::model::entry::{Entry, EntryName};
use onced::model::plan::Decision;
use onced::model::record::Phase;
use onced::reconcile::Reconciler;
use onced::sandbox::{Execution, Options, Status};
use serde_json::json;

use super::stories::{MACHINE, World, desired, entry, on};
use super::support::sandbox::{call, create_machine, delete_machine};

/// The machine that is deleted here.
const NEXT: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:Next";

/// The other execution ends, so that `Next` is gone; it is made again.
fn make_again(world: &World, theirs: &str) {
    call(
        &world.sandbox,
        "StopExecution",
        &json!({"executionArn": theirs}),
    );
    create_machine(&world.sandbox, "Next");
}

/// The statuses of our executions on a machine.
fn ours(world: &World, machine: &str) -> Vec<Status> {
    let mut executions = world.sandbox.executions();
    executions.retain(|e| e.machine_arn == machine && e.name.starts_with("test-"));
    executions.iter().map(Execution::status).collect()
}

/// What holds the entry `e`, and why.
async fn held(reconciler: &mut Reconciler, wanted: &[Entry]) -> Option<(&'static str, String)> {
    let wanted = desired(wanted);
    let plan = reconciler.reconcile(&wanted, &|| false).await.plan;
    let name = EntryName::parse("e").expect("a name");
    let decision = plan.decisions.get(&name)?;
    match decision {
        Decision::Hold { by, why, .. } => Some((by.as_str(), why.clone())),
        Decision::Act(..) | Decision::Rest { .. } => None,
    }
}

#[tokio::test(start_paused = true)]
async fn what_runs_is_not_stopped_for_a_machine_that_is_being_deleted() {
    let world = World::new(Options::default());
    create_machine(&world.sandbox, "Next");
    let theirs = delete_machine(&world.sandbox, "Next");
    let old = entry(1, 86_400);
    let new = on(NEXT, old.clone());
    let mut reconciler = world.reconciler().await;
    let wanted = desired(std::slice::from_ref(&old));
    world.settle_many(&mut reconciler, &wanted, 10).await;
    let wanted = desired(std::slice::from_ref(&new));
    world.settle_many(&mut reconciler, &wanted, 1_000).await;
    let (by, why) = held(&mut reconciler, std::slice::from_ref(&new))
        .await
        .unwrap();
    assert_eq!(by, "machine");
    assert!(why.contains(NEXT) && why.contains("DELETING"), "{why}");
    assert_eq!(ours(&world, MACHINE), [Status::Running]);
    assert_eq!(ours(&world, NEXT), []);
    make_again(&world, &theirs);
    world.settle_many(&mut reconciler, &wanted, 3_000).await;
    assert_eq!(ours(&world, MACHINE), [Status::Aborted]);
    assert_eq!(ours(&world, NEXT), [Status::Running]);
}

/// What was seen of a machine some minutes ago says too little for a stop.
#[tokio::test(start_paused = true)]
async fn a_machine_that_was_good_a_moment_ago_is_looked_at_again_before_a_stop() {
    let world = World::new(Options::default());
    create_machine(&world.sandbox, "Next");
    let other = Entry {
        name: EntryName::parse("other").unwrap(),
        ..on(NEXT, entry(2, 90_000))
    };
    let old = entry(1, 86_400);
    let mut reconciler = world.reconciler().await;
    let wanted = desired(&[old.clone(), other.clone()]);
    world.settle_many(&mut reconciler, &wanted, 60).await;
    assert_eq!(ours(&world, NEXT), [Status::Running], "it was good");
    delete_machine(&world.sandbox, "Next");
    let new = [on(NEXT, old), other];
    world
        .settle_many(&mut reconciler, &desired(&new), 120)
        .await;
    let (by, why) = held(&mut reconciler, &new).await.unwrap();
    assert_eq!(by, "machine");
    assert!(why.contains("DELETING"), "{why}");
    assert_eq!(ours(&world, MACHINE), [Status::Running]);
}

#[tokio::test(start_paused = true)]
async fn a_start_waits_while_its_machine_is_being_deleted() {
    let world = World::new(Options::default());
    create_machine(&world.sandbox, "Next");
    let theirs = delete_machine(&world.sandbox, "Next");
    let mut reconciler = world.reconciler().await;
    let wanted = desired(&[on(NEXT, entry(1, 86_400))]);
    world.settle_many(&mut reconciler, &wanted, 1_000).await;
    let record = reconciler.records().values().next().unwrap();
    assert_eq!(record.phase, Phase::Starting);
    let refused = record.refused.as_deref().unwrap();
    assert!(refused.contains("DELETING"), "{refused}");
    assert_eq!(ours(&world, NEXT), []);
    make_again(&world, &theirs);
    world.settle_many(&mut reconciler, &wanted, 3_000).await;
    assert_eq!(ours(&world, NEXT), [Status::Running]);
}

/// Nothing that was started on it fires any more; that is told as what it is, a failure.
#[tokio::test(start_paused = true)]
async fn what_runs_on_a_machine_that_is_being_deleted_fails_at_its_time() {
    let world = World::new(Options::default());
    create_machine(&world.sandbox, "Next");
    let mut reconciler = world.reconciler().await;
    let wanted = desired(&[on(NEXT, entry(1, 600))]);
    world.settle_many(&mut reconciler, &wanted, 10).await;
    call(
        &world.sandbox,
        "DeleteStateMachine",
        &json!({"stateMachineArn": NEXT}),
    );
    world.settle_many(&mut reconciler, &wanted, 700).await;
    let execution = world.sandbox.executions().remove(0);
    assert_eq!(
        (execution.status(), execution.fired),
        (Status::Failed, None)
    );
    let record = reconciler.records().values().next().unwrap();
    let outcome = record.outcome.as_ref().unwrap();
    assert_eq!(outcome.status.as_str(), "failed");
    assert_eq!(outcome.error.as_deref(), Some("States.Runtime"));
}
