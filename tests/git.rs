//! A folder that git rewrites: a real git, the program as a process, and what it called read off the wire.

use std::fs::{self, File};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::process::{Running, World, day, file, has, soon};
use crate::support;
use crate::support::git::runs;
use crate::support::program::{self, log};

/// Long enough for two commands of git, one after the other.
const SETTLE: &str = "reconcile.settle=1500ms";

fn run(world: &World, arguments: &[&str]) -> bool {
    runs(&world.path(""), "git", arguments)
}

fn shell(world: &World, script: &str) {
    let mut shell = Command::new("sh");
    shell
        .current_dir(world.path(""))
        .args(["-ec", script])
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", world.root.path());
    for who in ["AUTHOR", "COMMITTER"] {
        shell.env(format!("GIT_{who}_NAME"), "t");
        shell.env(format!("GIT_{who}_EMAIL"), "t@example.com");
    }
    let output = block_in_place(|| shell.output().expect("sh runs"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{script}: {said}");
}

pub(crate) fn git(world: &World, arguments: &[&str]) {
    assert!(run(world, arguments), "git {arguments:?}");
}

pub(crate) fn commit(world: &World, message: &str) {
    git(world, &["add", "-A"]);
    git(world, &["commit", "-m", message]);
}

pub(crate) fn head(world: &World) -> String {
    support::git::head(&world.path(""), "HEAD")
}

fn put(world: &World, name: &str, at: &str) {
    fs::write(world.path(&format!("{name}.yaml")), file(&[(name, at)])).expect("written");
}

fn gone(world: &World, name: &str) {
    fs::remove_file(world.path(&format!("{name}.yaml"))).expect("removed");
}

/// A repository with 20 entries, a file each, on `main`.
async fn repository() -> Option<World> {
    if !has("git") {
        return None;
    }
    let world = World::new().await;
    git(&world, &["init", "-b", "main"]);
    for n in 0..20 {
        put(&world, &format!("e{n}"), &day(10));
    }
    commit(&world, "twenty");
    Some(world)
}

fn daemon(world: &World, settle: &str) -> Running {
    program::daemon(world, &[settle])
}

/// Settled, a while after the last change.
async fn settled(world: &World, starts: usize, stops: usize) {
    sleep(Duration::from_secs(4)).await;
    world.settles_at(starts, stops).await;
}

/// H1: another branch and back is nothing; another branch is its difference, and so is the way back.
#[tokio::test(flavor = "multi_thread")]
async fn another_branch_is_no_more_than_its_difference() {
    let Some(world) = repository().await else {
        return;
    };
    git(&world, &["checkout", "-b", "other"]);
    gone(&world, "e0");
    put(&world, "e1", &day(11));
    put(&world, "n0", &day(12));
    commit(&world, "other");
    git(&world, &["checkout", "main"]);
    let _daemon = daemon(&world, SETTLE);
    world.settles_at(20, 0).await;
    for _ in 0..3 {
        git(&world, &["checkout", "other"]);
        git(&world, &["checkout", "main"]);
    }
    settled(&world, 20, 0).await;
    git(&world, &["checkout", "other"]);
    // n0 and the new e1; the old e1 and e0.
    settled(&world, 22, 2).await;
    git(&world, &["checkout", "main"]);
    settled(&world, 24, 4).await;
    // Pulled: the same, in one step of another kind.
    git(&world, &["pull", ".", "other"]);
    settled(&world, 26, 6).await;
}

/// H2: what a rebase, a stash or a merge writes on its way is not there for long enough to count.
#[tokio::test(flavor = "multi_thread")]
async fn a_rebase_a_stash_and_a_merge_are_no_more_than_their_difference() {
    let Some(world) = repository().await else {
        return;
    };
    git(&world, &["checkout", "-b", "topic"]);
    for n in 0..10 {
        // There and gone again, but for the last.
        put(&world, &format!("t{n}"), &day(20));
        if n > 0 {
            gone(&world, &format!("t{}", n - 1));
        }
        put(&world, "e5", &day(11 + n));
        commit(&world, &format!("topic {n}"));
    }
    git(&world, &["checkout", "main"]);
    put(&world, "m", &day(13));
    commit(&world, "main goes on");
    git(&world, &["checkout", "topic"]);
    let _daemon = daemon(&world, SETTLE);
    // 20 and t9.
    world.settles_at(21, 0).await;
    git(&world, &["rebase", "main"]);
    settled(&world, 22, 0).await;
    // A change that is stashed at once was none.
    put(&world, "e7", &day(14));
    git(&world, &["stash"]);
    settled(&world, 22, 0).await;
    git(&world, &["stash", "pop"]);
    settled(&world, 23, 1).await;
    commit(&world, "e7");
    // Both sides changed e2; one removed e3 besides.
    put(&world, "e2", &day(15));
    commit(&world, "ours");
    settled(&world, 24, 2).await;
    git(&world, &["checkout", "main"]);
    put(&world, "e2", &day(16));
    gone(&world, "e3");
    commit(&world, "theirs");
    git(&world, &["checkout", "topic"]);
    settled(&world, 24, 2).await;
    assert!(!run(&world, &["merge", "main"]), "a conflict");
    sleep(Duration::from_secs(6)).await;
    settled(&world, 24, 2).await;
    let list = world.list();
    assert!(
        list["doubt"]
            .as_str()
            .unwrap()
            .contains("a merge is in progress"),
        "{list:#}"
    );
    assert_eq!(list["files"][12]["state"], "invalid", "{:#}", list["files"]);
    put(&world, "e2", &day(16));
    commit(&world, "merged");
    // e2 anew, e3 gone.
    settled(&world, 25, 4).await;
}

/// An entry was gone just before git was at work for longer than `stop_after`: it was stopped in the moment in which git
/// had finished, although the next command brought it back. The churn found it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_after_git_was_at_work_is_gone_since_then() {
    let Some(world) = repository().await else {
        return;
    };
    let _daemon = daemon(&world, "reconcile.settle=300ms");
    world.settles_at(20, 0).await;
    gone(&world, "e0");
    sleep(Duration::from_millis(800)).await;
    let lock = world.path(".git/index.lock");
    File::create(&lock).expect("a lock");
    put(&world, "n", &day(12));
    sleep(Duration::from_millis(2_500)).await;
    fs::remove_file(&lock).expect("removed");
    sleep(Duration::from_millis(500)).await;
    put(&world, "e0", &day(10));
    settled(&world, 21, 0).await;
    // Where nothing follows, it goes.
    gone(&world, "e1");
    settled(&world, 21, 1).await;
}

/// A lock holds stops and replaces, never starts, and one that stays is reported; so does a rebase that waits.
#[tokio::test(flavor = "multi_thread")]
async fn while_git_is_at_work_nothing_is_stopped_and_starts_go_on() {
    let Some(world) = repository().await else {
        return;
    };
    let _daemon = daemon(&world, "reconcile.settle=50ms");
    world.settles_at(20, 0).await;
    let lock = world.path(".git/index.lock");
    let file = File::create(&lock).expect("a lock");
    gone(&world, "e0");
    put(&world, "e1", &day(11));
    put(&world, "n", &day(12));
    settled(&world, 21, 0).await;
    let list = world.list();
    let doubt = list["doubt"].as_str().unwrap_or_default();
    assert!(doubt.contains("a git command is at work"), "{list:#}");
    for name in ["e0", "e1"] {
        let entries = list["entries"].as_array().expect("entries");
        let entry = entries.iter().find(|entry| entry["name"] == name);
        let held = entry.expect("an entry")["held"]
            .as_str()
            .unwrap_or_default();
        assert!(held.contains("index.lock"), "{name}: {held}");
    }
    assert!(!log(&world).contains("hint: if no git command runs"));
    let old = SystemTime::now() - Duration::from_mins(11);
    file.set_modified(old).expect("an old lock");
    settled(&world, 21, 0).await;
    let told = log(&world);
    assert!(told.contains("hint: if no git command runs"), "{told}");
    fs::remove_file(&lock).expect("removed");
    settled(&world, 22, 2).await;
    assert!(log(&world).contains("git has finished"));
    // A rebase that stops for a person.
    commit(&world, "now");
    git(&world, &["branch", "topic"]);
    put(&world, "e2", &day(13));
    commit(&world, "main");
    git(&world, &["checkout", "topic"]);
    put(&world, "e2", &day(14));
    gone(&world, "e3");
    commit(&world, "topic");
    let before = {
        sleep(Duration::from_secs(4)).await;
        world.wire()
    };
    assert!(!run(&world, &["rebase", "main"]), "a conflict");
    gone(&world, "e4");
    sleep(Duration::from_secs(4)).await;
    assert_eq!(world.wire().1, before.1, "no stops");
    let doubt = world.list()["doubt"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(doubt.contains("a rebase is in progress"), "{doubt}");
    git(&world, &["rebase", "--abort"]);
    // Back where it was, e4 too.
    settled(&world, before.0, before.1).await;
}

/// During a rebase or a bisection that stands at an older commit, what had been removed since then was started again, and
/// would have fired.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_commit_brings_nothing_back_while_git_is_at_work() {
    let Some(world) = repository().await else {
        return;
    };
    let _daemon = daemon(&world, "reconcile.settle=50ms");
    world.settles_at(20, 0).await;
    // One is removed, one gets another name, one has fired; each in a commit after the first.
    put(&world, "fires", &soon(3));
    put(&world, "e0", &day(15));
    put(&world, "e1", &day(16));
    commit(&world, "one that fires");
    world.settles_at(23, 2).await;
    sleep(Duration::from_secs(4)).await;
    gone(&world, "e0");
    commit(&world, "without e0");
    world.settles_at(23, 3).await;
    fs::write(world.path("e1.yaml"), file(&[("renamed", &day(16))])).expect("written");
    gone(&world, "fires");
    commit(&world, "renamed");
    put(&world, "last", &day(12));
    commit(&world, "last");
    settled(&world, 24, 3).await;
    let held = |name: &str| {
        let list = world.list();
        let entries = list["entries"].as_array().expect("entries");
        let entry = entries.iter().find(|entry| entry["name"] == name);
        let entry = entry.unwrap_or_else(|| panic!("{name}: {list:#}"));
        entry["held"].as_str().unwrap_or_default().to_owned()
    };
    for (begin, end, what) in [
        (
            "git -c sequence.editor='sed -i 1s/pick/edit/' rebase -i HEAD~4",
            "rebase --abort",
            "a rebase",
        ),
        (
            "git bisect start HEAD HEAD~4; git checkout -q HEAD~1 || true",
            "bisect reset",
            "a bisection",
        ),
    ] {
        shell(&world, begin);
        put(&world, &format!("new-{}", end.len()), &day(13));
        let (starts, stops) = world.wire();
        settled(&world, starts + 1, stops).await;
        assert!(
            world.path("e0.yaml").exists(),
            "{what} stands at an older commit"
        );
        assert!(held("e0").contains(what), "{}", held("e0"));
        // What runs as `renamed` is this one's, under whichever name.
        let e1 = held("e1");
        assert!(e1.contains(what) || e1.contains("`renamed`"), "{e1}");
        shell(&world, &format!("git {end}"));
        settled(&world, starts + 1, stops).await;
    }
}

/// Each start and each stop says at which commit it was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn each_action_records_its_commit() {
    let Some(world) = repository().await else {
        return;
    };
    let first = head(&world);
    let daemon = daemon(&world, "reconcile.settle=50ms");
    world.settles_at(20, 0).await;
    gone(&world, "e0");
    put(&world, "e1", &day(11));
    put(&world, "n", &day(12));
    commit(&world, "second");
    let second = head(&world);
    settled(&world, 22, 2).await;
    let history = world.output(&["history", "--format", "json"]);
    let history: Value = serde_json::from_slice(&history.stdout).expect("JSON");
    let of = |name: &str| -> Vec<(String, String)> {
        let events = history["events"].as_array().expect("events");
        let events = events.iter().filter(|event| event["name"] == name);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        events
            .map(|event| (text(&event["event"]), text(&event["commit"])))
            .collect()
    };
    let at = |event: &str, commit: &str| (event.to_owned(), commit.to_owned());
    assert_eq!(of("e0"), [at("scheduled", &first), at("stopped", &second)]);
    assert_eq!(
        of("e1"),
        [
            at("scheduled", &first),
            at("stopped", &second),
            at("scheduled", &second)
        ]
    );
    assert_eq!(of("n"), [at("scheduled", &second)]);
    let calls = world.sandbox.calls();
    let stops: Vec<_> = calls
        .iter()
        .filter(|call| call.operation == "StopExecution")
        .collect();
    assert_eq!(stops.len(), 2);
    for call in stops {
        let request: Value = serde_json::from_str(&call.request).expect("JSON");
        let cause = request["cause"].as_str().expect("a cause");
        let cause: Value = serde_json::from_str(cause).expect("JSON");
        assert_eq!(cause["commit"], second, "{cause}");
    }
    let shown = world.output(&["show", "n"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains(&second), "{shown}");
    drop(daemon);
}
