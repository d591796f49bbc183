//! What a person has redriven is its entry's again: in process under tokio's paused clock, and through the program itself.

use std::time::Duration;

use chrono::TimeDelta;
use onced::model::entry::{Entry, EntryName};
use onced::model::record::Phase;
use onced::reconcile::{Desired, Reconciler};
use onced::sandbox::{Execution, Options, Sandbox, Status};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::process;
use super::stories::{World, begin, desired, entry};
use super::support::sandbox::call;

/// How often running executions are listed here, and a little more.
const LISTED: Duration = Duration::from_mins(16);

fn only(sandbox: &Sandbox) -> Execution {
    let mut executions = sandbox.executions();
    assert_eq!(executions.len(), 1, "{executions:?}");
    executions.remove(0)
}

fn stop(sandbox: &Sandbox, execution: &str) {
    call(
        sandbox,
        "StopExecution",
        &json!({"executionArn": execution}),
    );
}

fn redrive(sandbox: &Sandbox, execution: &str) {
    call(
        sandbox,
        "RedriveExecution",
        &json!({"executionArn": execution}),
    );
}

/// The entry's execution runs, and a person stops it, which onced sees.
async fn stopped_by_a_person(
    world: &World,
    reconciler: &mut Reconciler,
    wanted: &Desired,
) -> String {
    world.settle(reconciler, wanted).await;
    let execution = only(&world.sandbox).arn;
    tokio::time::sleep(Duration::from_mins(2)).await;
    stop(&world.sandbox, &execution);
    // Reads may be behind.
    tokio::time::sleep(Duration::from_secs(30)).await;
    reconciler.list_again();
    world.settle_many(reconciler, wanted, 250).await;
    assert_eq!(phase(reconciler), Phase::Ended);
    execution
}

fn phase(reconciler: &Reconciler) -> Phase {
    let mut records = reconciler.records().values();
    records.next().expect("a record").phase
}

fn outcome(reconciler: &Reconciler) -> Option<&'static str> {
    let record = reconciler.records().values().next()?;
    Some(record.outcome.as_ref()?.status.as_str())
}

/// What happened to the entry, the first of it first.
async fn events(reconciler: &Reconciler) -> Vec<String> {
    let history = reconciler.ledger().history(None).await;
    let history = history.expect("a history");
    history.into_iter().map(|event| event.event).collect()
}

#[tokio::test(start_paused = true)]
async fn what_runs_again_is_its_entry_s_and_its_outcome_counts() {
    let world = World::new(Options::default());
    let wanted = desired(&[entry(1, 7_200)]);
    let mut reconciler = world.reconciler().await;
    let execution = stopped_by_a_person(&world, &mut reconciler, &wanted).await;
    assert_eq!(outcome(&reconciler), Some("aborted"));
    redrive(&world.sandbox, &execution);
    world.settle_many(&mut reconciler, &wanted, 1_300).await;
    assert_eq!(
        (phase(&reconciler), outcome(&reconciler)),
        (Phase::Running, None)
    );
    assert!(reconciler.orphans(&wanted).is_empty());
    // It is known to the next process, too.
    drop(reconciler);
    let mut reconciler = world.reconciler().await;
    assert_eq!(phase(&reconciler), Phase::Running);
    world.settle_many(&mut reconciler, &wanted, 7_300).await;
    assert_eq!(outcome(&reconciler), Some("succeeded"));
    let fired = only(&world.sandbox).firings;
    assert_eq!(fired, [begin() + TimeDelta::seconds(7_200)]);
}

/// The one that is looked for in the listings may have ended again before the next one.
#[tokio::test(start_paused = true)]
async fn one_that_is_over_again_before_a_listing_shows_it_is_asked_for() {
    let world = World::new(Options::default());
    let wanted = desired(&[entry(1, 600)]);
    let mut reconciler = world.reconciler().await;
    let execution = stopped_by_a_person(&world, &mut reconciler, &wanted).await;
    // Its time passes; redriven then, it fires at once and is over.
    world.settle_many(&mut reconciler, &wanted, 1_000).await;
    redrive(&world.sandbox, &execution);
    assert_eq!(outcome(&reconciler), Some("aborted"));
    tokio::time::sleep(LISTED).await;
    world.settle_many(&mut reconciler, &wanted, 2_100).await;
    assert_eq!(outcome(&reconciler), Some("succeeded"));
    let wire = world.history();
    assert_eq!(wire, [("0".to_owned(), Status::Succeeded)]);
    let told = events(&reconciler).await;
    assert_eq!(told, ["scheduled", "aborted", "redriven", "succeeded"]);
}

/// A listing has not shown yet that it runs again when the entry is changed: nothing is started beside it.
#[tokio::test(start_paused = true)]
async fn a_change_stops_what_was_redriven_first() {
    let world = World::new(Options::default());
    let wanted = desired(&[entry(1, 7_200)]);
    let mut reconciler = world.reconciler().await;
    let execution = stopped_by_a_person(&world, &mut reconciler, &wanted).await;
    redrive(&world.sandbox, &execution);
    let changed = desired(&[entry(2, 10_000)]);
    world.settle(&mut reconciler, &changed).await;
    let wire = world.history();
    assert_eq!(
        wire,
        [
            ("0".to_owned(), Status::Aborted),
            ("0".to_owned(), Status::Running)
        ]
    );
    let mut executions = world.sandbox.executions();
    executions.sort_by_key(|execution| execution.start);
    assert_eq!(executions[0].error(), Some("onced.Replaced"));
    assert!(executions[0].stopped() <= Some(executions[1].start));
}

/// The same after its time: what it does then is done by a person's word, and the entry's is newer.
#[tokio::test(start_paused = true)]
async fn a_change_stops_what_was_redriven_after_its_time() {
    let options = Options {
        task_time: Duration::from_mins(50),
        ..Options::default()
    };
    let world = World::new(options);
    let wanted = desired(&[entry(1, 300)]);
    let mut reconciler = world.reconciler().await;
    let execution = stopped_by_a_person(&world, &mut reconciler, &wanted).await;
    world.settle_many(&mut reconciler, &wanted, 400).await;
    redrive(&world.sandbox, &execution);
    tokio::time::sleep(LISTED).await;
    world.settle_many(&mut reconciler, &wanted, 1_500).await;
    assert_eq!(phase(&reconciler), Phase::Running);
    let changed = desired(&[entry(2, 20_000)]);
    world.settle_many(&mut reconciler, &changed, 1_600).await;
    let wire = world.history();
    assert_eq!(
        wire,
        [
            ("0".to_owned(), Status::Aborted),
            ("0".to_owned(), Status::Running)
        ]
    );
}

/// What was stopped since its entry is gone, and is redriven, is stopped again.
#[tokio::test(start_paused = true)]
async fn what_nobody_wants_is_stopped_again() {
    let world = World::new(Options::default());
    let wanted = desired(&[entry(1, 86_400)]);
    let mut reconciler = world.reconciler().await;
    world.settle(&mut reconciler, &wanted).await;
    let nothing = desired(&[]);
    world.settle_many(&mut reconciler, &nothing, 100).await;
    let execution = only(&world.sandbox);
    assert_eq!(execution.error(), Some("onced.Removed"));
    redrive(&world.sandbox, &execution.arn);
    world.settle_many(&mut reconciler, &nothing, 1_200).await;
    let execution = only(&world.sandbox);
    assert_eq!(
        (execution.status(), execution.redriven()),
        (Status::Aborted, 1)
    );
    assert_eq!(execution.error(), Some("onced.Removed"));
    assert_eq!(phase(&reconciler), Phase::Stopped);
}

/// Put back, with the first execution running again and no listing since: that one is its own, and no second one starts.
#[tokio::test(start_paused = true)]
async fn put_back_it_has_the_one_that_runs_again() {
    let world = World::new(Options::default());
    let wanted = desired(&[entry(1, 7_200)]);
    let mut reconciler = world.reconciler().await;
    world.settle(&mut reconciler, &wanted).await;
    world.settle_many(&mut reconciler, &desired(&[]), 100).await;
    redrive(&world.sandbox, &only(&world.sandbox).arn);
    world.settle_many(&mut reconciler, &wanted, 7_300).await;
    assert_eq!(world.history(), [("0".to_owned(), Status::Succeeded)]);
    assert_eq!(outcome(&reconciler), Some("succeeded"));
}

/// Redriven beside the execution of the same content that followed it: one of the two is stopped, and it fires once.
#[tokio::test(start_paused = true)]
async fn one_that_was_followed_by_another_is_stopped_again() {
    let world = World::new(Options::default());
    let wanted = desired(&[entry(1, 7_200)]);
    let mut reconciler = world.reconciler().await;
    world.settle(&mut reconciler, &wanted).await;
    world.settle_many(&mut reconciler, &desired(&[]), 100).await;
    let first = only(&world.sandbox).arn;
    world.settle_many(&mut reconciler, &wanted, 200).await;
    assert_eq!(world.sandbox.executions().len(), 2);
    redrive(&world.sandbox, &first);
    world.settle_many(&mut reconciler, &wanted, 7_300).await;
    let wire = world.history();
    assert_eq!(
        wire,
        [
            ("0".to_owned(), Status::Aborted),
            ("1".to_owned(), Status::Succeeded)
        ]
    );
}

/// Of a ledger that is lost nothing else is known than of any other execution that runs.
#[tokio::test(start_paused = true)]
async fn a_lost_ledger_adopts_what_was_redriven() {
    let world = World::new(Options::default());
    let wanted = desired(&[entry(1, 7_200)]);
    let mut reconciler = world.reconciler().await;
    let execution = stopped_by_a_person(&world, &mut reconciler, &wanted).await;
    redrive(&world.sandbox, &execution);
    drop(reconciler);
    let beside = world.beside();
    let changed = desired(&[entry(2, 10_000)]);
    let mut reconciler = beside.reconciler().await;
    beside.settle_many(&mut reconciler, &changed, 1_000).await;
    let wire = world.history();
    assert_eq!(
        wire,
        [
            ("0".to_owned(), Status::Aborted),
            ("0".to_owned(), Status::Running)
        ]
    );
}

/// Describe may be behind what a listing has shown: it is asked again.
#[tokio::test(start_paused = true)]
async fn reads_that_are_behind_change_nothing() {
    let options = Options {
        lag: Duration::from_secs(20),
        ..Options::default()
    };
    let world = World::new(options);
    let wanted = desired(&[entry(1, 7_200)]);
    let mut reconciler = world.reconciler().await;
    let execution = stopped_by_a_person(&world, &mut reconciler, &wanted).await;
    redrive(&world.sandbox, &execution);
    world.settle_many(&mut reconciler, &wanted, 2_400).await;
    assert_eq!(phase(&reconciler), Phase::Running);
    let other = Entry {
        name: EntryName::parse("other").expect("a name"),
        ..entry(3, 9_000)
    };
    let both = desired(&[entry(1, 7_200), other]);
    world.settle_many(&mut reconciler, &both, 7_400).await;
    assert_eq!(world.history()[0], ("0".to_owned(), Status::Succeeded));
    assert_eq!(world.sandbox.executions().len(), 2);
}

/// A Lambda endpoint that fails until it is told not to.
async fn lambda() -> (String, tokio::sync::watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (works, seen) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4_096];
            let _ = socket.read(&mut request).await;
            let failure = if *seen.borrow() {
                ""
            } else {
                "x-amz-function-error: Unhandled\r\n"
            };
            let body = r#"{"errorType":"Boom"}"#;
            let answer = format!(
                "HTTP/1.1 200 OK\r\n{failure}content-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    (url, works)
}

fn listed(world: &process::World) -> Value {
    world.list()["entries"][0].clone()
}

async fn becomes(world: &process::World, phase: &str) -> Value {
    let end = std::time::Instant::now() + Duration::from_mins(1);
    loop {
        let entry = listed(world);
        if entry["phase"] == phase {
            return entry;
        }
        assert!(std::time::Instant::now() < end, "not {phase}: {entry}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The console's remedy for a function that failed, through the program itself.
#[tokio::test(flavor = "multi_thread")]
async fn what_failed_and_was_redriven_has_succeeded() {
    let (endpoint, works) = lambda().await;
    let options = Options {
        lambda_endpoint: Some(endpoint),
        ..Options::default()
    };
    let world = process::World::with(Sandbox::new(options).expect("a sandbox")).await;
    world.write("a.yaml", &process::file(&[("a", &process::soon(3))]));
    let _daemon = world.daemon_with(&["reconcile.verify=2s"]);
    let entry = becomes(&world, "failed").await;
    assert_eq!(entry["outcome"]["error"], "Boom");
    works.send_replace(true);
    redrive(
        &world.sandbox,
        entry["execution_arn"].as_str().expect("an ARN"),
    );
    let entry = becomes(&world, "succeeded").await;
    assert_eq!(entry["outcome"]["error"], Value::Null);
    world.settles_at(1, 0).await;
    let history = world.output(&["history", "a", "--format", "json"]);
    let history: Value = serde_json::from_slice(&history.stdout).expect("JSON");
    let events = history["events"].as_array().expect("events").iter();
    let events: Vec<&str> = events.filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(events, ["scheduled", "failed", "redriven", "succeeded"]);
    assert_eq!(world.list()["orphans"], json!([]));
}
