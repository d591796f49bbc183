//! An entry that gets another name: its execution is kept, whatever happens to the ledger.

use std::fs;
use std::time::Duration;

use onced::model::entry::{Entry, EntryName};
use onced::sandbox::{Fault, Options};
use serde_json::Value;
use tokio::time::sleep;

use crate::process::{World, day, file, soon};
use crate::stories;
use crate::support::sandbox;

fn phases(world: &World) -> Vec<(String, String, String)> {
    let list = world.list();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = list["entries"].as_array().expect("entries").iter();
    let mut all: Vec<_> = entries
        .map(|entry| {
            let execution = text(&entry["execution_name"]);
            (text(&entry["name"]), text(&entry["phase"]), execution)
        })
        .collect();
    all.sort();
    all
}

fn running(world: &World) -> Vec<String> {
    let executions = world.sandbox.executions();
    let running = executions
        .iter()
        .filter(|e| e.status().as_str() == "RUNNING");
    let mut names: Vec<String> = running.map(|e| e.name.clone()).collect();
    names.sort();
    names
}

/// H5: all of them at once, and back: nothing is called, and nothing is held.
#[tokio::test(flavor = "multi_thread")]
async fn a_mass_of_new_names_calls_nobody() {
    let world = World::new().await;
    let at: Vec<String> = (0..20).map(|n| day(10 + n)).collect();
    let entries = |prefix: &str| -> String {
        let names: Vec<String> = (0..20).map(|n| format!("{prefix}{n}")).collect();
        let all: Vec<(&str, &str)> = names
            .iter()
            .zip(&at)
            .map(|(name, at)| (name.as_str(), at.as_str()))
            .collect();
        file(&all)
    };
    world.write("a.yaml", &entries("old"));
    let daemon = world.daemon();
    world.settles_at(20, 0).await;
    let before = running(&world);
    world.write("a.yaml", &entries("new"));
    sleep(Duration::from_secs(3)).await;
    world.settles_at(20, 0).await;
    let now = phases(&world);
    assert!(now.iter().all(|(name, phase, execution)| {
        name.starts_with("new") && phase == "scheduled" && execution.contains("-old")
    }));
    assert_eq!((now.len(), running(&world)), (20, before.clone()));
    // After a kill too; and the plan says so beforehand.
    drop(daemon);
    world.write("a.yaml", &entries("third"));
    let plan = world.output(&["plan"]);
    let plan = String::from_utf8_lossy(&plan.stdout).into_owned();
    assert!(plan.contains("~>") && plan.contains("was `new7`"), "{plan}");
    assert!(plan.contains("20 to move"), "{plan}");
    let daemon = world.daemon();
    sleep(Duration::from_secs(3)).await;
    world.settles_at(20, 0).await;
    // Back to the first name: as if nothing had been.
    world.write("a.yaml", &entries("old"));
    sleep(Duration::from_secs(3)).await;
    world.settles_at(20, 0).await;
    assert_eq!(running(&world), before);
    let history = world.output(&["history", "old3", "--format", "json"]);
    let history: Value = serde_json::from_slice(&history.stdout).expect("JSON");
    let events: Vec<&str> = history["events"]
        .as_array()
        .expect("events")
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect();
    assert_eq!(events, ["scheduled", "moved", "moved"]);
    drop(daemon);
}

/// A moved execution is the new name's in everything: it is stopped with it, and the old name is free for a new one.
#[tokio::test(flavor = "multi_thread")]
async fn what_moved_belongs_to_the_new_name() {
    let world = World::new().await;
    let at = day(10);
    world.write("a.yaml", &file(&[("a", &at), ("x", &at)]));
    let _daemon = world.daemon();
    world.settles_at(2, 0).await;
    world.write("a.yaml", &file(&[("b", &at), ("x", &at)]));
    sleep(Duration::from_secs(3)).await;
    world.settles_at(2, 0).await;
    // The old name beside it: an entry of its own, with an execution of its own.
    world.write("a.yaml", &file(&[("a", &at), ("b", &at), ("x", &at)]));
    world.settles_at(3, 0).await;
    // The new name is removed: its execution goes, the other stays.
    world.write("a.yaml", &file(&[("a", &at), ("x", &at)]));
    world.settles_at(3, 1).await;
    let left = running(&world);
    assert!(
        left.len() == 2 && left[0].starts_with("test-a-") && left[0].ends_with("-1"),
        "{left:?}"
    );
    // Put back: under its own name now.
    world.write("a.yaml", &file(&[("a", &at), ("b", &at), ("x", &at)]));
    world.settles_at(4, 1).await;
    assert!(running(&world)[1].starts_with("test-b-"));
}

/// The ledger is lost after a move: the execution is found under its old name, and is the new name's again.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_ledger_does_not_start_what_moved_once_more() {
    let world = World::new().await;
    let (one, two) = (day(10), day(11));
    world.write("a.yaml", &file(&[("a", &one), ("c", &two)]));
    let daemon = world.daemon();
    world.settles_at(2, 0).await;
    world.write("a.yaml", &file(&[("b", &one), ("c", &two)]));
    sleep(Duration::from_secs(3)).await;
    world.settles_at(2, 0).await;
    drop(daemon);
    fs::remove_dir_all(world.root.path().join("state")).expect("removed");
    // And one that is renamed while nobody looks.
    world.write("a.yaml", &file(&[("b", &one), ("d", &two)]));
    let daemon = world.daemon();
    while phases(&world)
        .iter()
        .filter(|(_, phase, _)| phase == "scheduled")
        .count()
        < 2
    {
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(running(&world).len(), 2);
    assert_eq!(world.wire().1, 0);
    let list = world.list();
    assert_eq!(
        list["orphans"].as_array().map(Vec::len),
        Some(0),
        "{list:#}"
    );
    // The old name put back does not get the execution that is another's now.
    world.write("a.yaml", &file(&[("a", &one), ("b", &one), ("d", &two)]));
    while running(&world).len() < 3 {
        sleep(Duration::from_millis(200)).await;
    }
    let starts = world.wire().0;
    world.settles_at(starts, 0).await;
    drop(daemon);
    // Lost once more: of the two that bear the name `a`, `a` and `b` get one each.
    let before = running(&world);
    fs::remove_dir_all(world.root.path().join("state")).expect("removed");
    let daemon = world.daemon();
    while phases(&world)
        .iter()
        .filter(|(_, phase, _)| phase == "scheduled")
        .count()
        < 3
    {
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!((running(&world), world.wire().1), (before, 0));
    drop(daemon);
}

/// The inputs of what fired, each as often as it did.
fn fired(world: &World) -> Vec<String> {
    let executions = world.sandbox.executions();
    let fired = executions.iter().filter(|e| e.fired.is_some());
    let mut inputs: Vec<String> = fired.map(|e| e.input.clone()).collect();
    inputs.sort();
    inputs
}

/// Contents that are swapped and rotated among names that stay: nothing is called but for what is new, and what has fired a
/// moment ago fires under no other name.
#[tokio::test(flavor = "multi_thread")]
async fn contents_that_change_their_names_are_new_names() {
    let world = World::new().await;
    let [x, y, z] = [10, 11, 12].map(day);
    let write = |entries: &[(&str, &str)]| world.write("a.yaml", &file(entries));
    write(&[("a", &x), ("b", &y), ("c", &z)]);
    let daemon = world.daemon();
    world.settles_at(3, 0).await;
    let before = running(&world);
    write(&[("a", &y), ("b", &x), ("c", &z)]);
    sleep(Duration::from_secs(2)).await;
    world.settles_at(3, 0).await;
    write(&[("a", &z), ("b", &y), ("c", &x)]);
    sleep(Duration::from_secs(2)).await;
    world.settles_at(3, 0).await;
    assert_eq!(running(&world), before);
    // After a loss of the ledger they are found again under the names that they have now.
    drop(daemon);
    fs::remove_dir_all(world.root.path().join("state")).expect("removed");
    let daemon = world.daemon();
    sleep(Duration::from_secs(3)).await;
    assert_eq!(running(&world), before);
    let phases = phases(&world);
    let names = [("a", "-c-"), ("b", "-b-"), ("c", "-a-")];
    for ((name, phase, execution), (expected, of)) in phases.iter().zip(names) {
        assert_eq!((name.as_str(), phase.as_str()), (expected, "scheduled"));
        assert!(execution.contains(of), "{phases:?}");
    }
    let (starts, stops) = world.wire();
    // Rotated, with one that is new: that alone is started, and the last one goes.
    let new = day(13);
    write(&[("a", &new), ("b", &z), ("c", &y)]);
    world.settles_at(starts + 1, stops + 1).await;
    // One fires, and its content goes to another name, which gives its own away.
    let now = soon(4);
    write(&[("a", &now), ("b", &z), ("c", &y)]);
    world.settles_at(starts + 2, stops + 2).await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!(fired(&world).len(), 1);
    for entries in [
        [("a", &*new), ("b", &now), ("c", &y)],
        [("a", &*new), ("b", &y), ("c", &now)],
        [("a", &*now), ("b", &y), ("c", &new)],
    ] {
        write(&entries);
        sleep(Duration::from_secs(3)).await;
        let list = world.list();
        assert_eq!(fired(&world).len(), 1, "{entries:?}: {list:#}");
    }
    drop(daemon);
}

/// What has fired under a name that has asked for something else since fires under no other name, nor under an old one.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_fired_is_known_when_its_name_has_gone_on() {
    let world = World::new().await;
    let (now, later) = (soon(5), day(10));
    let write = |entries: &[(&str, &str)]| world.write("a.yaml", &file(entries));
    write(&[("a", &now)]);
    let daemon = world.daemon();
    world.settles_at(1, 0).await;
    // Renamed, then it fires, and the new name goes on to something else.
    write(&[("b", &now)]);
    sleep(Duration::from_secs(6)).await;
    assert_eq!(fired(&world).len(), 1);
    write(&[("b", &later)]);
    world.settles_at(2, 0).await;
    // Put back under its first name, and under a third one, also after a restart.
    write(&[("a", &now), ("b", &later)]);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.wire(), (2, 0));
    write(&[("c", &now), ("b", &later)]);
    sleep(Duration::from_secs(2)).await;
    drop(daemon);
    write(&[("d", &now), ("a", &later)]);
    let _again = world.daemon();
    sleep(Duration::from_secs(3)).await;
    assert_eq!(world.wire(), (2, 0));
    let phases = phases(&world);
    let phase = phases.iter().find(|(name, ..)| name == "d");
    assert_eq!(phase.expect("an entry").1, "succeeded", "{phases:?}");
}

/// A start was lost, and its content is another entry's now: that one need not wait until its time, once it is sure that
/// nothing runs. A history of the simulation asked for ever.
#[tokio::test(start_paused = true)]
async fn a_start_that_never_arrived_keeps_nobody_waiting_for_ever() {
    let world = stories::World::new(Options::default());
    sandbox::fail(&world.sandbox, "StartExecution", Fault::LostBefore);
    let mut reconciler = world.reconciler().await;
    let old = stories::entry(1, 14_400);
    let wanted = stories::desired(std::slice::from_ref(&old));
    world.settle_many(&mut reconciler, &wanted, 30).await;
    world.sandbox.set_faults(None);
    let other = Entry {
        name: EntryName::parse("f").expect("a name"),
        ..old
    };
    let wanted = stories::desired(&[stories::entry(2, 20_000), other]);
    world.settle_many(&mut reconciler, &wanted, 3_600).await;
    let executions = world.sandbox.executions();
    let running = executions
        .iter()
        .filter(|e| e.status().as_str() == "RUNNING");
    let mut names: Vec<&str> = running.map(|e| e.name.split_at(6).0).collect();
    names.sort_unstable();
    assert_eq!(names, ["test-e", "test-f"], "{executions:?}");
}
