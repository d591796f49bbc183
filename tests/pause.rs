//! A person says that nothing is started or stopped for a while, and then that it goes on.

use std::fs;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde_json::Value;
use tokio::time::sleep;

use crate::process::{World, day, file};

fn said(world: &World, arguments: &[&str]) -> String {
    let output = world.output(arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn json(world: &World, arguments: &[&str]) -> Value {
    serde_json::from_str(&said(world, arguments)).expect("JSON")
}

fn ahead(seconds: i64) -> String {
    let at = Utc::now() + TimeDelta::seconds(seconds);
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_everything_and_what_became_past_due_is_said_before_it_ends() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10)), ("b", &day(10))]));
    let due = ahead(20);
    world.write("f.yaml", &file(&[("f", &due)]));
    let daemon = world.daemon();
    world.settles_at(3, 0).await;
    let told = said(&world, &["pause"]);
    assert!(
        told.contains("3 scheduled at AWS fire all the same"),
        "{told}"
    );
    assert!(told.contains("`onced resume`"), "{told}");
    let soon = ahead(3);
    world.write("a.yaml", &file(&[("a", &day(11)), ("new", &day(12))]));
    world.write(
        "late.yaml",
        &format!(
            "schedules:\n  late: {{at: {soon}, lambda: f}}\n  missed: {{at: {soon}, lambda: f, grace: 1s}}\n"
        ),
    );
    fs::remove_file(world.path("f.yaml")).expect("removed");
    // f fires, the other two come to their time, b has been gone for long.
    while !world.sandbox.executions().iter().any(|e| e.fired.is_some()) {
        sleep(Duration::from_millis(100)).await;
    }
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.wire(), (3, 0), "{:?}", world.sandbox.calls());
    let list = world.list();
    assert!(list["paused"]["since"].is_string(), "{list:#}");
    for text in [said(&world, &["list"]), said(&world, &["plan"])] {
        assert!(text.contains("paused since"), "{text}");
    }
    // It survives a kill, and holds from the first moment on.
    drop(daemon);
    let daemon = world.daemon();
    sleep(Duration::from_secs(3)).await;
    world.settles_at(3, 0).await;
    let view = json(&world, &["resume", "--dry-run", "--format", "json"]);
    let past: Vec<(&str, &str)> = view["past_due"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|due| (due["name"].as_str().unwrap(), due["what"].as_str().unwrap()))
        .collect();
    assert_eq!(
        past,
        [("late", "starts"), ("missed", "missed"), ("f", "fired")]
    );
    let counts = ["starts", "stops", "replaces"].map(|key| view[key].as_u64().unwrap());
    assert_eq!(counts, [2, 1, 1], "{view:#}");
    assert_eq!(world.wire(), (3, 0), "a dry run");
    let told = said(&world, &["resume"]);
    for line in [
        "paused since",
        "within its grace",
        "later than its grace of 1 s",
        "although it had been removed",
        "2 to start, 1 to stop, 1 to replace",
        "resumed",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    // late, new, the new a; b and the old a.
    world.settles_at(6, 2).await;
    assert_eq!(said(&world, &["resume"]), "nothing is paused\n");
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_ends_by_itself_and_needs_no_daemon() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let until = ahead(8);
    said(&world, &["pause", "--until", &until]);
    // The ledger may go; the pause stays.
    said(&world, &["ledger", "rebuild"]);
    said(&world, &["sync"]);
    assert_eq!(world.wire(), (0, 0));
    let held = json(&world, &["plan", "--format", "json"]);
    assert_eq!(held["paused"]["until"], until, "{held:#}");
    let reason = held["held"][0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("`onced resume` lets it go"), "{reason}");
    let daemon = world.daemon();
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.wire(), (0, 0));
    world.settles_at(1, 0).await;
    assert!(Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string() >= until);
    assert!(world.list()["paused"].is_null());
    drop(daemon);
    // Over before it was ever seen; past; no time.
    let paused = world.root.path().join("state/paused");
    assert!(!paused.exists());
    for wrong in ["2020-01-01T00:00:00Z", "soon"] {
        let output = world.output(&["pause", "--until", wrong]);
        assert_eq!(output.status.code(), Some(64), "{wrong}");
    }
    said(&world, &["pause"]);
    assert!(paused.exists());
    said(&world, &["resume"]);
    assert!(!paused.exists());
}
