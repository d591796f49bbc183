//! Numbers are kept by digit; an onced of before kept them in 64 bits, and what it started stays what its entry asks for.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use onced::model::content::Content;
use onced::model::entry::{Entry, EntryName, lambda_input_of};
use onced::reconcile::Desired;
use onced::sandbox::{Options, Status};
use onced::source::parse::Defaults;
use onced::source::scan::{Scan, Scanner};
use serde_json::json;

use crate::stories::{MACHINE, World, begin, entry};
use crate::support::ledgers;
use crate::support::sandbox::call;

/// `e` with the payload `1.10`, of which an onced of before made `1.1`, so many seconds after the beginning.
fn digits(ahead: i64) -> Entry {
    let at = begin() + TimeDelta::seconds(ahead);
    let content = |payload| Content::new(at, MACHINE, lambda_input_of("f", at, payload));
    Entry {
        content: content("1.10"),
        other: Some(Arc::new(content("1.1"))),
        ..entry(0, ahead)
    }
}

/// As an onced of before read it.
fn before(entry: &Entry) -> Entry {
    entry.in_the_other_reading().expect("it has two")
}

fn asked(entries: &[Entry]) -> Desired {
    Desired {
        twofold: entries.iter().map(|entry| entry.name.clone()).collect(),
        ..crate::stories::desired(entries)
    }
}

/// What an onced of before did, which knew of one reading only.
async fn started_before(world: &World, entries: &[Entry], until: i64) {
    let entries: Vec<Entry> = entries.iter().map(before).collect();
    let mut reconciler = world.reconciler().await;
    let wanted = crate::stories::desired(&entries);
    world.settle_many(&mut reconciler, &wanted, until).await;
}

async fn go_on(world: &World, wanted: &Desired, until: i64) {
    let mut reconciler = world.reconciler().await;
    world.settle_many(&mut reconciler, wanted, until).await;
}

/// The payloads of all executions, in their order, each with how it stands.
fn executions(world: &World) -> Vec<(String, Status)> {
    let mut all = world.sandbox.executions();
    all.sort_by_key(|execution| execution.start);
    let payload = |input: &str| {
        let (_, payload) = input.rsplit_once("\"payload\":").expect("a payload");
        payload.trim_end_matches('}').to_owned()
    };
    all.iter()
        .map(|execution| (payload(&execution.input), execution.status()))
        .collect()
}

fn is(world: &World, expected: &[(&str, Status)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(payload, status)| ((*payload).to_owned(), *status))
        .collect();
    assert_eq!(executions(world), expected);
}

#[tokio::test(start_paused = true)]
async fn what_runs_goes_on_and_fires_once() {
    let world = World::new(Options::default());
    started_before(&world, &[digits(600)], 60).await;
    go_on(&world, &asked(&[digits(600)]), 300).await;
    is(&world, &[("1.1", Status::Running)]);
    go_on(&world, &asked(&[digits(600)]), 800).await;
    is(&world, &[("1.1", Status::Succeeded)]);
}

#[tokio::test(start_paused = true)]
async fn what_was_never_started_gets_its_digits() {
    let world = World::new(Options::default());
    go_on(&world, &asked(&[digits(600)]), 60).await;
    is(&world, &[("1.10", Status::Running)]);
}

/// The ledger is lost while it runs, after it fired, and after an execution of it was stopped and the next one fired.
#[tokio::test(start_paused = true)]
async fn without_the_ledger_nothing_runs_or_fires_twice() {
    let world = World::new(Options::default());
    started_before(&world, &[digits(600)], 60).await;
    go_on(&world.beside(), &asked(&[digits(600)]), 300).await;
    is(&world, &[("1.1", Status::Running)]);
    // It fires while no onced runs. Within the grace it is looked at by one that knows nothing.
    tokio::time::sleep(Duration::from_secs(400)).await;
    let next = world.beside();
    go_on(&next, &asked(&[digits(600)]), 900).await;
    is(&world, &[("1.1", Status::Succeeded)]);
    let reconciler = next.reconciler().await;
    let record = reconciler.records().values().next().expect("a record");
    assert!(record.has_fired(), "{record:?}");
    drop(reconciler);

    let world = World::new(Options::default());
    started_before(&world, &[digits(600)], 60).await;
    go_on(&world, &asked(&[]), 120).await;
    started_before(&world, &[digits(600)], 180).await;
    is(
        &world,
        &[("1.1", Status::Aborted), ("1.1", Status::Running)],
    );
    tokio::time::sleep(Duration::from_secs(500)).await;
    go_on(&world.beside(), &asked(&[digits(600)]), 880).await;
    is(
        &world,
        &[("1.1", Status::Aborted), ("1.1", Status::Succeeded)],
    );
}

/// One that nothing was started of is late all the same, and gets its digits.
#[tokio::test(start_paused = true)]
async fn a_late_start_has_its_digits() {
    let world = World::new(Options::default());
    tokio::time::sleep(Duration::from_secs(10)).await;
    go_on(&world, &asked(&[digits(0)]), 60).await;
    is(&world, &[("1.10", Status::Succeeded)]);
}

#[tokio::test(start_paused = true)]
async fn a_new_name_takes_over_what_runs_and_what_has_fired() {
    let named = |name: &str, ahead| Entry {
        name: EntryName::parse(name).expect("a name"),
        ..digits(ahead)
    };
    let world = World::new(Options::default());
    started_before(&world, &[digits(600), named("past", 100)], 150).await;
    let both = [named("new", 600), named("new-past", 100)];
    go_on(&world, &asked(&both), 300).await;
    is(
        &world,
        &[("1.1", Status::Running), ("1.1", Status::Succeeded)],
    );
}

/// A change is a change, also one of digits alone once it is this onced that started it.
#[tokio::test(start_paused = true)]
async fn what_is_changed_is_replaced() {
    let other = Entry {
        content: digits(900).content,
        other: None,
        ..digits(900)
    };
    let world = World::new(Options::default());
    started_before(&world, &[digits(600)], 60).await;
    go_on(&world, &asked(&[other]), 120).await;
    is(
        &world,
        &[("1.1", Status::Aborted), ("1.10", Status::Running)],
    );

    let plain = Entry {
        other: None,
        is_as_before: false,
        ..before(&digits(600))
    };
    let world = World::new(Options::default());
    go_on(&world, &asked(&[plain]), 60).await;
    is(&world, &[("1.1", Status::Running)]);
    go_on(&world, &asked(&[digits(600)]), 120).await;
    is(
        &world,
        &[("1.1", Status::Aborted), ("1.10", Status::Running)],
    );
}

/// Switched off and on again, it is started anew: with its digits.
#[tokio::test(start_paused = true)]
async fn what_is_put_back_gets_its_digits() {
    let off = Entry {
        enabled: false,
        ..digits(600)
    };
    let world = World::new(Options::default());
    started_before(&world, &[digits(600)], 60).await;
    go_on(&world, &asked(&[off]), 120).await;
    is(&world, &[("1.1", Status::Aborted)]);
    go_on(&world, &asked(&[digits(600)]), 180).await;
    is(
        &world,
        &[("1.1", Status::Aborted), ("1.10", Status::Running)],
    );
}

fn scan(directory: &Path) -> Scan {
    let defaults = Defaults {
        state_machine: Some(MACHINE.into()),
        ..Defaults::default()
    };
    Scanner::new(directory.to_owned(), defaults).scan()
}

fn onced(root: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onced"));
    command.env_clear().env("HOME", root).current_dir(root);
    command.args(arguments);
    command.args(["--owner", "test", "--state-directory", "state"]);
    command.args(["--sandbox", "--directory", "schedules"]);
    command.output().expect("onced runs")
}

/// A ledger as the last onced wrote it that kept numbers in 64 bits: entries with `1.10`, `1e3`, `-0` and the like, of which
/// some run, one fired, one was stopped and one is still deferred.
#[test]
fn with_the_ledger_of_the_last_version_there_is_nothing_to_do() {
    let Some(root) = ledgers::unpacked("ledger-3-numbers") else {
        return;
    };
    // What changed a moment ago may still be half written.
    std::thread::sleep(Duration::from_secs(3));
    let as_of = ["--as-of", "2026-12-01T00:00:00Z"];
    let plan = [&["plan", "--format", "json"], &as_of[..]].concat();
    let output = onced(root.path(), &plan);
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&plan["steps"], &plan["held"]), (&json!([]), &json!([])));
    let resting = plan["resting"].as_array().expect("a list");
    let resting: Vec<_> = resting.iter().map(|entry| &entry["name"]).collect();
    assert_eq!(resting, ["deferred"]);
    let output = onced(root.path(), &["list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let phases = list["entries"].as_array().expect("entries").iter();
    let phases: Vec<String> = phases
        .filter(|entry| entry["name"] != "deferred")
        .map(|entry| {
            let execution = entry["execution_name"].as_str().unwrap_or_default();
            let words = [&entry["name"], &entry["phase"]].map(|text| text.as_str().unwrap_or("-"));
            format!("{} {execution}", words.join(" "))
        })
        .collect();
    assert_eq!(phases.join("\n"), AS_BEFORE.trim());
}

/// Large files were kept parsed, payloads included.
#[test]
fn copies_of_payloads_are_removed() {
    let Some(root) = ledgers::unpacked("ledger-3-numbers") else {
        return;
    };
    let copies = root.path().join("state/parsed");
    assert_eq!(fs::read_dir(&copies).expect("it is there").count(), 1);
    onced(root.path(), &["plan"]);
    assert!(copies.exists(), "a plan changes nothing");
    onced(root.path(), &["sync", "--quiet"]);
    assert!(!copies.exists());
}

/// Names of executions as the fixture's onced listed them.
const AS_BEFORE: &str = "
fired succeeded test-fired-9404ce1d1024-0
tenths scheduled test-tenths-d27c16afd65e-0
powers scheduled test-powers-7fb8abc6842c-0
signs scheduled test-signs-46401a2dcc6f-0
digits scheduled test-digits-84f637f89669-0
machine scheduled test-machine-9c2118941991-0
local scheduled test-local-c00ab47afa55-0
plain scheduled test-plain-1e61e37580b4-0
disabled disabled test-disabled-692cf4d9e9a1-0
renamed scheduled test-renamed-f6b12f9bac61-0
large scheduled test-large-6eee285c7cb1-0
";

#[tokio::test(start_paused = true)]
async fn with_the_ledger_of_the_last_version_nobody_is_called() {
    let Some(root) = ledgers::unpacked("ledger-3-numbers") else {
        return;
    };
    let state = root.path().join("state");
    let world = World::new(Options {
        state_file: Some(state.join("sandbox.json")),
        ..Options::default()
    });
    let copied = Command::new("cp")
        .arg("-a")
        .arg(state.join("."))
        .arg(world.state())
        .status();
    assert!(copied.expect("cp runs").success());
    // Behind what the fixture did, and before what is to come.
    tokio::time::sleep(Duration::from_hours(8 * 24)).await;
    let scan = scan(&root.path().join("schedules"));
    assert_eq!((scan.entries.len(), scan.twofold.len()), (12, 11));
    let at = |days: i64| TimeDelta::days(days).num_seconds();
    let started = || {
        let all = world.sandbox.executions();
        all.iter()
            .map(|execution| (execution.name.clone(), execution.status()))
            .collect::<Vec<_>>()
    };
    let before = started();
    assert_eq!(before.len(), 11);
    let called = world.sandbox.calls().len();
    go_on(&world, &Desired::of(&scan), at(8) + 7200).await;
    assert_eq!(started(), before);
    // Questions; one is after what was stopped, and may have been redriven.
    let asks = [
        "ListExecutions",
        "DescribeStateMachine",
        "DescribeExecution",
    ];
    let calls = world.sandbox.calls().split_off(called);
    let others = calls
        .iter()
        .filter(|call| !asks.contains(&call.operation.as_str()));
    assert_eq!(others.count(), 0, "{calls:?}");
    // Without the ledger, too, all that runs is known again; what had been stopped is switched off.
    go_on(&world.beside(), &Desired::of(&scan), at(8) + 14_400).await;
    assert_eq!(started(), before);
    // Renamed.
    let files = root.path().join("schedules/numbers.yaml");
    let text = fs::read_to_string(&files).expect("read");
    fs::write(&files, text.replace("  renamed: ", "  anew: ")).expect("written");
    let scan = self::scan(&root.path().join("schedules"));
    go_on(&world, &Desired::of(&scan), at(8) + 21_600).await;
    assert_eq!(started(), before);
    let machine = json!({"stateMachineArn": MACHINE, "statusFilter": "RUNNING"});
    let running = call(&world.sandbox, "ListExecutions", &machine);
    assert_eq!(running["executions"].as_array().map(Vec::len), Some(9));
}
