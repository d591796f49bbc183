//! What an operator does by hand: approves, looks at the history, looks after the ledger.

use std::fs;
use std::io::Write as _;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use onced::sandbox::Status;
use serde_json::Value;
use tokio::task::block_in_place;

use crate::process::{World, day, file, onced};
use crate::support::ledgers;

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(output)))
}

fn many(world: &World) {
    let names: Vec<String> = (0..8).map(|n| format!("e{n}")).collect();
    let at = day(10);
    let entries: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), at.as_str())).collect();
    world.write("a.yaml", &file(&entries));
}

async fn eventually(what: &str, is: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_mins(1), "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_mass_of_stops_is_let_go_by_its_digest_alone() {
    let world = World::new().await;
    many(&world);
    let daemon = world.daemon();
    world.settles_at(8, 0).await;
    world.write("a.yaml", "schedules: {}\n");
    eventually("held", || code(&world.output(&["plan"])) == 3).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(world.wire(), (8, 0));
    let plan = json(&world.output(&["plan", "--format", "json"]));
    let digest = plan["digest"].as_str().unwrap().to_owned();
    let said = text(&world.output(&["plan"]));
    assert!(said.contains(&format!("onced approve {digest}")), "{said}");
    let wrong = world.output(&["approve", "000000000000"]);
    assert_eq!(code(&wrong), 1);
    assert!(text(&wrong).contains(&digest), "{}", text(&wrong));
    // Another set needs another approval; a start that comes in between changes nothing of it.
    world.write("b.yaml", &file(&[("new", &day(11))]));
    world.settles_at(9, 0).await;
    let right = world.output(&["approve", &digest]);
    assert_eq!(code(&right), 0, "{}", text(&right));
    world.settles_at(9, 8).await;
    drop(daemon);
    assert_eq!(
        code(&world.output(&["approve", &digest])),
        1,
        "nothing waits"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_without_a_daemon_is_for_the_next_one_and_void_once_it_is_wanted_again() {
    let world = World::new().await;
    many(&world);
    assert_eq!(code(&world.output(&["sync"])), 0);
    world.write("a.yaml", "schedules: {}\n");
    assert_eq!(code(&world.output(&["sync"])), 3);
    let plan = json(&world.output(&["plan", "--format", "json"]));
    let digest = plan["digest"].as_str().unwrap();
    assert_eq!(code(&world.output(&["approve", digest])), 0);
    assert_eq!(code(&world.output(&["plan"])), 0, "nothing is held now");
    many(&world);
    assert_eq!(code(&world.output(&["sync"])), 0);
    world.write("a.yaml", "schedules: {}\n");
    assert_eq!(
        code(&world.output(&["sync"])),
        3,
        "the approval was for another time"
    );
    assert_eq!(world.wire(), (8, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_entry_asks_for_is_reported_and_stopped_by_approval_alone() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("kept", &day(10)), ("gone", &day(10))]));
    assert_eq!(code(&world.output(&["sync"])), 0);
    // The ledger is lost, and the entry with it.
    fs::remove_dir_all(world.root.path().join("state")).unwrap();
    world.write("a.yaml", &file(&[("kept", &day(10))]));
    let mut command = world.command(&["run", "--set", "reconcile.verify=1s"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let _daemon = crate::process::Running(command.spawn().unwrap());
    let orphans = || {
        let list = json(&world.output(&["list", "--format", "json"]));
        list["orphans"].as_array().unwrap().clone()
    };
    let begun = Instant::now();
    while orphans().is_empty() {
        assert!(begun.elapsed() < Duration::from_mins(3), "it is reported");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(orphans()[0]["name"], "gone");
    let starts_and_stops = world.wire();
    assert_eq!(starts_and_stops.1, 0, "nothing is stopped by itself");
    let plan = json(&world.output(&["plan", "--format", "json"]));
    let digest = plan["digest"].as_str().unwrap();
    let approved = world.output(&["approve", digest]);
    assert_eq!(code(&approved), 0, "{}", text(&approved));
    eventually("stopped", || world.wire().1 == 1).await;
    let executions = world.sandbox.executions();
    let aborted: Vec<_> = executions
        .iter()
        .filter(|e| e.status() == Status::Aborted)
        .collect();
    assert_eq!(aborted.len(), 1);
    assert!(aborted[0].name.contains("gone") && executions.len() == 2);
    eventually("no longer reported", || orphans().is_empty()).await;
    let history = text(&world.output(&["history", "gone"]));
    assert!(
        history.contains("stopped") && history.contains("approved"),
        "{history}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_says_what_happened_and_how_late() {
    let world = World::new().await;
    let soon = (chrono::Utc::now() + chrono::TimeDelta::seconds(3)).format("%Y-%m-%dT%H:%M:%SZ");
    world.write(
        "a.yaml",
        &file(&[("soon", &soon.to_string()), ("far", &day(10))]),
    );
    let _daemon = world.daemon();
    let events = || {
        let history = json(&world.output(&["history", "--format", "json"]));
        assert_eq!(history["version"], 1);
        history["events"].as_array().unwrap().clone()
    };
    eventually("three events", || events().len() == 3).await;
    let last = &events()[2];
    assert_eq!(last["name"], "soon");
    assert_eq!(last["event"], "succeeded");
    let late = last["late_ms"].as_i64().unwrap();
    assert!((0..60_000).contains(&late), "{late}");
    let only = text(&world.output(&["history", "far"]));
    assert!(
        only.contains("scheduled") && !only.contains("soon"),
        "{only}"
    );
    let shown = text(&world.output(&["show", "soon"]));
    assert!(shown.contains("after its time"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_is_exported_checked_rebuilt_and_imported() {
    let world = World::new().await;
    many(&world);
    assert_eq!(
        code(&world.output(&["sync", "--set", "reconcile.verify=1s"])),
        0
    );
    let checked = world.output(&["ledger", "check"]);
    assert_eq!(code(&checked), 0);
    assert!(
        text(&checked).starts_with("good: 8 records, 8 events"),
        "{}",
        text(&checked)
    );
    let export = world.output(&["ledger", "export"]);
    assert_eq!(text(&export).lines().count(), 17);
    let before = json(&world.output(&["list", "--format", "json"]));

    // Import into what is not empty: refused.
    let import = |lines: &[u8]| {
        let mut command = world.command(&["ledger", "import"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines).unwrap();
        block_in_place(|| child.wait_with_output()).unwrap()
    };
    assert_eq!(code(&import(&export.stdout)), 1);
    assert_eq!(code(&world.output(&["ledger", "rebuild"])), 0);
    assert_eq!(
        json(&world.output(&["list", "--format", "json"]))["entries"][0]["phase"],
        "pending"
    );
    let damaged = text(&export).replace("\"generation\":0", "\"generation\":\"x\"");
    let refused = import(damaged.as_bytes());
    assert!(text(&refused).contains("line 2"), "{}", text(&refused));
    let imported = import(&export.stdout);
    assert_eq!(code(&imported), 0, "{}", text(&imported));
    assert_eq!(json(&world.output(&["list", "--format", "json"])), before);
    assert_eq!(
        code(&world.output(&["sync", "--set", "reconcile.verify=1s"])),
        0
    );
    assert_eq!(world.wire(), (8, 0), "nothing is started again");

    // Rebuilt from what runs: the same executions, adopted.
    assert_eq!(code(&world.output(&["ledger", "rebuild"])), 0);
    assert_eq!(
        code(&world.output(&["sync", "--set", "reconcile.verify=1s"])),
        0
    );
    assert_eq!(world.sandbox.executions().len(), 8);
    let mut adopted = json(&world.output(&["list", "--format", "json"]));
    let entries = adopted["entries"].as_array_mut().unwrap().iter_mut();
    for (entry, before) in entries.zip(before["entries"].as_array().unwrap()) {
        // Since when is that of this ledger.
        assert!(entry["since"].as_str() >= before["since"].as_str());
        entry["since"] = before["since"].clone();
    }
    assert_eq!(adopted, before);

    // A store that was cut is noticed by `check`, which changes nothing, and set aside by the next run.
    let db = world.root.path().join("state/ledger/db");
    fs::write(&db, "").unwrap();
    let checked = world.output(&["ledger", "check"]);
    assert_eq!(code(&checked), 1);
    assert!(text(&checked).contains("damaged"), "{}", text(&checked));
    let synced = world.output(&["sync", "--set", "reconcile.verify=1s"]);
    assert_eq!(code(&synced), 0, "{}", text(&synced));
    assert!(text(&synced).contains("set aside as"), "{}", text(&synced));
    assert_eq!(world.sandbox.executions().len(), 8);
}

/// A ledger of each version there was, as that version wrote it: this one reads all of it, and goes on with it. What it
/// must hold lies beside it, as `onced ledger export` printed it then.
#[test]
fn the_ledgers_of_earlier_versions_are_opened() {
    for root in ledgers::of_earlier_versions() {
        let state = root.path().join("state");
        let said = |expected: i32, arguments: &[&str]| {
            let mut command = onced(root.path());
            command.args(arguments).arg("--state-directory").arg(&state);
            let output = command.args(["--owner", "fixture"]).output();
            let output = output.expect("onced runs");
            assert_eq!(code(&output), expected, "{arguments:?}: {}", text(&output));
            String::from_utf8(output.stdout).expect("UTF-8")
        };
        assert_eq!(
            said(0, &["ledger", "check"]),
            "good: 10 records, 2 events, 5 commits\n"
        );
        let expected = fs::read_to_string(root.path().join("export.jsonl")).expect("an export");
        let lines = |text: &str| -> Vec<Value> {
            let value = |line| serde_json::from_str(line).expect("JSON");
            text.lines().map(value).collect()
        };
        assert_eq!(lines(&said(0, &["ledger", "export"])), lines(&expected));
        // The mass of stops that was held then is held still, and what is wanted as it was is left alone.
        let schedules = root.path().join("schedules");
        fs::create_dir(&schedules).expect("a directory");
        let entry = "schedules:\n  running: {at: 2099-06-01T09:00:00Z, lambda: send-email, payload: {n: 1}}\n";
        fs::write(schedules.join("a.yaml"), entry).expect("written");
        let (directory, machine) = (
            schedules.display().to_string(),
            "arn:aws:states:us-east-1:123456789012:stateMachine:OneTimeLambdaScheduler",
        );
        let plan = said(
            3,
            &[
                "plan",
                &directory,
                "--state-machine",
                machine,
                "--format",
                "json",
            ],
        );
        let plan: Value = serde_json::from_str(&plan).expect("JSON");
        let steps = plan["steps"].as_array().expect("steps").iter();
        let steps: Vec<&str> = steps.filter_map(|step| step["name"].as_str()).collect();
        assert!(
            !steps.contains(&"running"),
            "its content has the same name: {steps:?}"
        );
    }
}
