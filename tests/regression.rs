//! Every bug that was found, with the test that shows it gone.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use onced::ledger::{Holder, Ledger};
use tokio::task::block_in_place;

use crate::process::{World, day, file};

fn onced(root: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onced"));
    command.env_clear().env("HOME", root);
    command
        .args(["--sandbox", "--directory"])
        .arg(root.join("schedules"));
    command.arg("--state-directory").arg(root.join("state"));
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// A daemon that was started while `onced list` had the ledger open ended with exit code 75.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_looks_does_not_keep_a_daemon_from_starting() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("schedules")).unwrap();
    let held = Ledger::open(&root.path().join("state"), Holder::Command)
        .unwrap()
        .0;
    let mut daemon = onced(root.path()).arg("run").spawn().unwrap();
    let mut list = onced(root.path()).arg("list").spawn().unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(daemon.try_wait().unwrap().is_none(), "the daemon waits");
    drop(held);
    let status = block_in_place(|| list.wait()).unwrap();
    let begun = Instant::now();
    while !root.path().join("state/onced.sock").exists()
        && begun.elapsed() < Duration::from_secs(20)
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let answers = root.path().join("state/onced.sock").exists();
    let _ = daemon.kill();
    let output = block_in_place(|| daemon.wait_with_output()).unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(answers, "{log}");
    assert_eq!(status.code(), Some(0), "the list waits too");
}

/// An entry that had moved to another file was stopped when that file became invalid: its record still named the file
/// it was first seen in. Found by seed 357 of the simulation.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_moved_is_pinned_by_its_new_file() {
    let world = World::new().await;
    let at = day(10);
    let _daemon = world.daemon();
    world.write("a.yaml", &file(&[("e", &at)]));
    world.settles_at(1, 0).await;
    world.write("b.yaml", &file(&[("e", &at)]));
    world.write("a.yaml", "schedules: {}\n");
    world.settles_at(1, 0).await;
    world.write("b.yaml", "schedules: [\n");
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.settles_at(1, 0).await;
}

/// `onced sync` ended well although a step had failed: it looked at the last round only, in which that step waited to be
/// tried again.
#[tokio::test(flavor = "multi_thread")]
async fn sync_waits_for_what_failed() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("e", &day(10))]));
    world
        .sandbox
        .set_faults(Some(std::sync::Arc::new(|n, operation: &str| {
            use onced::sandbox::Fault;
            if operation == "StartExecution" && n < 6 {
                Fault::Status500
            } else {
                Fault::None
            }
        })));
    let output = world.output(&["sync"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.starts_with("1 scheduled, 0 held, 0 not done"),
        "{text}"
    );
}

/// After the directory was swapped (git-sync), or moved away and put back, file events were lost: what was new waited for
/// the next `resync`.
#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_swapped_is_watched_anew() {
    let world = World::new().await;
    let root = world.root.path().to_owned();
    let (link, first, second) = (root.join("schedules"), root.join("v1"), root.join("v2"));
    fs::rename(&link, &first).unwrap();
    fs::create_dir(&second).unwrap();
    std::os::unix::fs::symlink(&first, &link).unwrap();
    let at = day(10);
    fs::write(first.join("a.yaml"), file(&[("a", &at)])).unwrap();
    fs::write(second.join("a.yaml"), file(&[("a", &at), ("b", &at)])).unwrap();
    let mut command = world.command(&["run", "--set", "reconcile.resync=1h"]);
    let log = fs::File::create(root.join("log")).unwrap();
    let _daemon = crate::process::Running(command.stderr(log).spawn().unwrap());
    world.settles_at(1, 0).await;
    let beside = root.join("beside");
    std::os::unix::fs::symlink(&second, &beside).unwrap();
    fs::rename(&beside, &link).unwrap();
    world.settles_at(2, 0).await;
    fs::write(second.join("c.yaml"), file(&[("c", &at)])).unwrap();
    world.settles_at(3, 0).await;
    // Away, something else in its place, and back.
    fs::rename(&second, root.join("away")).unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    fs::create_dir(&second).unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    fs::remove_dir(&second).unwrap();
    fs::rename(root.join("away"), &second).unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    fs::write(second.join("d.yaml"), file(&[("d", &at)])).unwrap();
    world.settles_at(4, 0).await;
}

/// `onced plan --directory e` answered with the plan of another directory, whose daemon held the ledger.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_answers_for_its_own_directory_and_owner_alone() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let _daemon = world.daemon();
    world.settles_at(1, 0).await;
    let other = world.root.path().join("other");
    fs::create_dir(&other).unwrap();
    let ask = |directory: &std::path::Path, owner: &str| {
        let mut command = crate::process::onced(world.root.path());
        command
            .args(["list", "--owner", owner, "--directory"])
            .arg(directory);
        command
            .arg("--state-directory")
            .arg(world.root.path().join("state"));
        let output = block_in_place(|| command.output()).unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let schedules = world.root.path().join("schedules");
    assert_eq!(ask(&schedules, "test").0, Some(0));
    let (code, told) = ask(&other, "test");
    assert!(code == Some(1) && told.contains("watches"), "{told}");
    let (code, told) = ask(&schedules, "else");
    assert!(code == Some(1) && told.contains("owner `test`"), "{told}");
}

/// What has run ran again when its payload was corrected within the grace.
#[tokio::test(flavor = "multi_thread")]
async fn a_correction_after_it_has_run_does_not_run_it_again() {
    let world = World::new().await;
    let soon = (chrono::Utc::now() + chrono::TimeDelta::seconds(2)).format("%Y-%m-%dT%H:%M:%SZ");
    let text =
        |payload: u32| format!("schedules:\n  e: {{at: {soon}, lambda: f, payload: {payload}}}\n");
    world.write("a.yaml", &text(1));
    let _daemon = world.daemon();
    let begun = Instant::now();
    while world.list()["entries"][0]["phase"] != "succeeded" {
        assert!(begun.elapsed() < Duration::from_mins(1));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.write("a.yaml", &text(2));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.wire(), (1, 0));
    let entry = &world.list()["entries"][0];
    assert_eq!(entry["phase"], "succeeded");
    assert!(
        entry["detail"].as_str().unwrap().contains("later time"),
        "{entry}"
    );
}

/// A result that could not be written was a success.
#[test]
fn a_result_that_can_not_be_written_is_a_failure() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("a.yaml"), "schedules: {}\n").unwrap();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = crate::process::onced(root.path());
    let output = command
        .arg("check")
        .arg(root.path())
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
}

/// Files named one by one were not looked at as one set; one named twice was counted twice.
#[test]
fn check_sees_a_name_that_two_named_files_share() {
    let root = tempfile::tempdir().unwrap();
    let (one, two) = (root.path().join("1.yaml"), root.path().join("2.yaml"));
    for path in [&one, &two] {
        fs::write(path, file(&[("e", &day(10))])).unwrap();
    }
    let check = |paths: &[&std::path::Path]| {
        let output = crate::process::onced(root.path())
            .arg("check")
            .args(paths)
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    let (code, told) = check(&[&one, &two]);
    assert!(
        code == Some(4) && told.contains("is also the name of an entry"),
        "{told}"
    );
    let (code, told) = check(&[&one, &one]);
    assert!(code == Some(0) && told.contains("1 good"), "{told}");
}

/// `add` wrote an entry that every scan passes over.
#[test]
fn add_refuses_a_name_that_would_be_passed_over() {
    let root = tempfile::tempdir().unwrap();
    let mut command = crate::process::onced(root.path());
    command
        .args(["add", "x-e", "--in", "1h", "--lambda", "f", "--directory"])
        .arg(root.path());
    assert_eq!(command.output().unwrap().status.code(), Some(64));
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}
