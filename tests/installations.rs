//! Whose ledger it is, and which folder it was made for: the program as a process, and the calls on the wire.

use std::fs;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::process::{World, day, file};
use crate::support::ledgers;

/// The same command for another owner.
fn of(world: &World, owner: &str, arguments: &[&str]) -> Output {
    replaced(world, arguments, &[("--owner", owner)])
}

/// The same command with other values of these options.
fn replaced(world: &World, arguments: &[&str], options: &[(&str, &str)]) -> Output {
    let before = world.command(arguments);
    let mut command = crate::process::onced(world.root.path());
    let mut values = before.get_args().map(ToOwned::to_owned);
    while let Some(value) = values.next() {
        command.arg(&value);
        if let Some((_, other)) = options.iter().find(|(name, _)| value == *name) {
            let _ = values.next();
            command.arg(other);
        }
    }
    block_in_place(|| command.stdin(Stdio::null()).output().expect("onced runs"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A ledger is one owner's: another one is refused by name, with each command that asks or acts, and stops nothing.
#[tokio::test(flavor = "multi_thread")]
async fn another_owner_is_refused() {
    let world = World::new().await;
    world.write(
        "a.yaml",
        &file(&[("a", &day(10)), ("b", &day(11)), ("c", &day(12))]),
    );
    assert_eq!(world.output(&["sync"]).status.code(), Some(0));
    let (other, file_of_dev) = (world.root.path().join("dev"), file(&[("d", &day(20))]));
    fs::create_dir(&other).expect("made");
    fs::write(other.join("d.yaml"), file_of_dev).expect("written");
    let other = other.display().to_string();
    let commands: [&[&str]; 14] = [
        &["run"],
        &["sync"],
        &["plan"],
        &["list"],
        &["show", "a"],
        &["history"],
        &["report"],
        &["calendar"],
        &["approve", "0123456789ab"],
        &["pause"],
        &["resume"],
        &["ledger", "check"],
        &["ledger", "export"],
        &["ledger", "rebuild"],
    ];
    let state = world.root.path().join("state");
    let refused = |what: &str| {
        for command in commands {
            let output = replaced(
                &world,
                command,
                &[("--owner", "dev"), ("--directory", &other)],
            );
            let said = said(&output);
            assert_eq!(output.status.code(), Some(1), "{what}: {command:?}: {said}");
            let names = [
                "`test`",
                "`dev`",
                &state.display().to_string(),
                "--state-directory",
            ];
            let all = names.iter().all(|name| said.contains(name));
            assert!(all, "{what}: {command:?}: {said}");
            assert!(output.stdout.is_empty(), "{what}: {command:?}");
        }
    };
    refused("noted");
    let mut sandbox = crate::process::onced(world.root.path());
    sandbox.args([
        "run",
        "--sandbox",
        "--directory",
        &other,
        "--state-directory",
    ]);
    let output = block_in_place(|| sandbox.arg(&state).output().expect("onced runs"));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    // A state directory of an earlier version: its records say whose it is.
    fs::remove_file(state.join("installation")).expect("it was noted");
    refused("of an earlier version");
    // What is damaged says nothing, and is set aside by the next one who may.
    fs::write(state.join("installation"), "onced installation 1 ").expect("written");
    refused("damaged");
    assert_eq!(world.output(&["sync"]).status.code(), Some(0));
    assert!(state.join("installation.damaged-1").exists());
    assert_eq!(world.wire(), (3, 0));
    assert_eq!(of(&world, "dev", &["sync"]).status.code(), Some(1));
    // One whose store is lost is still that owner's.
    fs::remove_dir_all(state.join("ledger")).expect("removed");
    fs::remove_file(state.join("head")).expect("removed");
    assert_eq!(of(&world, "dev", &["sync"]).status.code(), Some(1));
    assert_eq!(world.wire(), (3, 0));
}

/// So is one that asks a daemon of another owner.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_answers_its_owner_alone() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let _daemon = world.daemon();
    world.settles_at(1, 0).await;
    for command in [
        &["plan"][..],
        &["list"],
        &["history"],
        &["approve", "0123456789ab"],
        &["pause"],
        &["run"],
        &["sync"],
    ] {
        let output = of(&world, "dev", command);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
        assert!(said.contains("`test`") && said.contains("`dev`"), "{said}");
    }
    world.settles_at(1, 0).await;
}

/// The ledgers of each version there was have no such mark: another owner is refused, theirs goes on.
#[test]
fn the_ledgers_of_earlier_versions_have_an_owner() {
    for root in ledgers::of_earlier_versions() {
        let schedules = root.path().join("schedules");
        fs::create_dir(&schedules).expect("made");
        let ask = |owner: &str, arguments: &[&str]| {
            let mut command = crate::process::onced(root.path());
            command
                .args(arguments)
                .args(["--owner", owner, "--directory"]);
            command.arg(&schedules).arg("--state-directory");
            let machine =
                "arn:aws:states:us-east-1:123456789012:stateMachine:OneTimeLambdaScheduler";
            command
                .arg(root.path().join("state"))
                .args(["--state-machine", machine]);
            command.output().expect("onced runs")
        };
        for command in [&["plan"][..], &["list"], &["ledger", "check"], &["history"]] {
            let output = ask("dev", command);
            let said = said(&output);
            assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
            assert!(
                said.contains("`fixture`") && said.contains("`dev`"),
                "{said}"
            );
        }
        assert_eq!(ask("fixture", &["ledger", "check"]).status.code(), Some(0));
    }
}

/// The same owner with another folder, which asks for nothing of what runs: its own entries are started, each stop waits
/// for approval, also after a restart; then the ledger is that folder's.
#[tokio::test(flavor = "multi_thread")]
async fn another_folder_stops_nothing_before_it_is_approved() {
    let world = World::new().await;
    world.write(
        "a.yaml",
        &file(&[("a", &day(10)), ("b", &day(11)), ("c", &day(12))]),
    );
    assert_eq!(world.output(&["sync"]).status.code(), Some(0));
    let other = world.root.path().join("other");
    fs::create_dir(&other).expect("made");
    let write = |entries: &[(&str, &str)]| {
        fs::write(other.join("d.yaml"), file(entries)).expect("written");
    };
    write(&[("d", &day(20)), ("e", &day(21))]);
    let (first, second) = (
        world.path("").display().to_string(),
        other.display().to_string(),
    );
    let first = first.trim_end_matches('/');
    let there = |arguments: &[&str]| {
        let all = [arguments, &["--set", "reconcile.max_stops=100%"]].concat();
        replaced(&world, &all, &[("--directory", &second)])
    };
    let plan = || {
        let output = there(&["plan", "--format", "json"]);
        let plan: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (output.status.code(), plan)
    };
    let held = || {
        let (code, plan) = plan();
        let why = plan["guard"].as_str().unwrap_or_default().to_owned();
        assert!(why.contains(first) && why.contains(&second), "{plan:#}");
        let held = plan["held"].as_array().expect("held").len();
        assert_eq!((code, held), (Some(3), 3), "{plan:#}");
        plan["digest"].as_str().expect("a digest").to_owned()
    };
    held();
    for _ in 0..2 {
        // Its own entries run now, and make it no more familiar.
        assert_eq!(there(&["sync"]).status.code(), Some(3));
        assert_eq!(world.wire(), (5, 0));
        held();
    }
    // An entry of its own that is changed goes on meanwhile.
    write(&[("d", &day(20)), ("e", &day(22))]);
    assert_eq!(there(&["sync"]).status.code(), Some(3));
    assert_eq!(world.wire(), (6, 1));
    // The first folder is that of the ledger still: there, those of the other one are removed.
    let (code, steps) = {
        let output = world.output(&["plan", "--format", "json"]);
        let plan: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (output.status.code(), plan["guard"].clone())
    };
    assert_eq!((code, steps), (Some(0), Value::Null));
    let digest = held();
    let wrong = there(&["approve", "000000000000"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert_eq!(there(&["approve", &digest]).status.code(), Some(0));
    assert_eq!(there(&["sync"]).status.code(), Some(0));
    assert_eq!(world.wire(), (6, 4));
    // It is this folder's ledger now.
    write(&[("e", &day(22))]);
    assert_eq!(there(&["sync"]).status.code(), Some(0));
    assert_eq!(world.wire(), (6, 5));
    assert_eq!(world.output(&["sync"]).status.code(), Some(3));
    assert_eq!(world.wire(), (9, 5));
}

/// One entry in common is enough: the folder is simply another one from then on.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_has_some_of_it_goes_on() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10)), ("b", &day(11))]));
    assert_eq!(world.output(&["sync"]).status.code(), Some(0));
    let other = world.root.path().join("other");
    fs::create_dir(&other).expect("made");
    fs::write(
        other.join("x.yaml"),
        file(&[("a", &day(10)), ("d", &day(20))]),
    )
    .expect("written");
    let other = other.display().to_string();
    let output = replaced(&world, &["sync"], &[("--directory", &other)]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(world.wire(), (3, 1));
    fs::write(format!("{other}/x.yaml"), file(&[("d", &day(20))])).expect("written");
    let output = replaced(&world, &["sync"], &[("--directory", &other)]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(world.wire(), (3, 2));
}

/// A daemon that runs with another folder holds the stops, and lets them go by their digest.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_with_another_folder_waits_for_approval() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10)), ("b", &day(11))]));
    assert_eq!(world.output(&["sync"]).status.code(), Some(0));
    fs::rename(world.path(""), world.root.path().join("first")).expect("renamed");
    fs::create_dir(world.path("")).expect("made");
    // The ledger was made for a folder elsewhere.
    let (installation, first) = (world.root.path().join("state/installation"), "first");
    fs::remove_file(&installation).expect("it is there");
    let before = world.root.path().join(first).display().to_string();
    let output = replaced(&world, &["sync"], &[("--directory", &before)]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    world.write("d.yaml", &file(&[("d", &day(20))]));
    let _daemon = world.daemon();
    world.settles_at(3, 0).await;
    sleep(Duration::from_secs(4)).await;
    world.settles_at(3, 0).await;
    let list = world.list();
    assert!(
        list["guard"].as_str().unwrap_or_default().contains(&before),
        "{list:#}"
    );
    let digest = list["digest"].as_str().expect("a digest");
    assert_eq!(world.output(&["approve", digest]).status.code(), Some(0));
    world.settles_at(3, 2).await;
}
