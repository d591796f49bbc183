//! Work trees below the directory, above it, and without a `.git`: real tools, the program as a process, and what it called
//! read off the wire.

mod half_way;
mod leftovers;
mod revision;
mod stored;

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::process::{Running, World, day, file, has};
use crate::support::git::{commit, git, head, runs, tool};
use crate::support::program::{daemon, log};

fn put(directory: &Path, name: &str, at: &str) {
    let text = file(&[(name, at)]);
    fs::write(directory.join(format!("{name}.yaml")), text).expect("written");
}

fn gone(directory: &Path, name: &str) {
    fs::remove_file(directory.join(format!("{name}.yaml"))).expect("removed");
}

fn doubt(list: &Value) -> &str {
    list["doubt"].as_str().unwrap_or_default()
}

/// The commits that the history says, by entry.
fn commits(world: &World, event: &str) -> Vec<(String, String)> {
    let history = world.output(&["history", "--format", "json"]);
    let history: Value = serde_json::from_slice(&history.stdout).expect("JSON");
    let events = history["events"].as_array().expect("events");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = events.iter().filter(|found| found["event"] == event);
    let mut all: Vec<_> = of
        .map(|event| (text(&event["name"]), text(&event["commit"])))
        .collect();
    all.sort();
    all
}

/// A repository with the entry `base` at its first commit; a branch changes `conflict` and removes `removed`, as `main`
/// changes `conflict` too, and then adds `late`.
fn repository(directory: &Path, prefix: &str) {
    fs::create_dir_all(directory).expect("a directory");
    let name = |name: &str| format!("{prefix}-{name}");
    git(directory, &["init", "-b", "main"]);
    for of in ["conflict", "removed"] {
        put(directory, &name(of), &day(10));
    }
    commit(directory, "base");
    git(directory, &["checkout", "-b", "topic"]);
    put(directory, &name("conflict"), &day(11));
    gone(directory, &name("removed"));
    commit(directory, "topic");
    git(directory, &["checkout", "main"]);
    put(directory, &name("conflict"), &day(12));
    commit(directory, "main");
    put(directory, &name("late"), &day(12));
    commit(directory, "late");
}

/// Issue 19, 4: a rebase in a clone, a submodule, a linked work tree or behind a link below the directory stops nothing, and
/// each file is at the commit of its own tree.
#[tokio::test(flavor = "multi_thread")]
async fn work_trees_below_are_seen() {
    if !has("git") {
        return;
    }
    let world = World::new().await;
    let (root, beside) = (world.path(""), world.root.path().join("beside"));
    repository(&beside, "sub");
    git(&root, &["init", "-b", "main"]);
    put(&root, "top", &day(10));
    commit(&root, "top");
    let beside = beside.display().to_string();
    let submodule = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        &beside,
        "sub",
    ];
    git(&root, &submodule);
    commit(&root, "with a submodule");
    repository(&root.join("team/clone"), "clone");
    let linked = world.root.path().join("main");
    repository(&linked, "linked");
    let place = root.join("linked").display().to_string();
    git(&linked, &["worktree", "add", "--detach", &place]);
    repository(&root.join(".hidden"), "hidden");
    std::os::unix::fs::symlink(".hidden", root.join("current")).expect("a link");

    let _daemon = daemon(&world, &[]);
    world.settles_at(13, 0).await;
    let trees = [
        ("sub", "sub"),
        ("team/clone", "clone"),
        ("linked", "linked"),
        (".hidden", "hidden"),
    ];
    let mut expected = vec![("top".to_owned(), head(&root, "HEAD"))];
    for (place, prefix) in trees {
        let at = head(&root.join(place), "HEAD");
        for name in ["conflict", "late", "removed"] {
            expected.push((format!("{prefix}-{name}"), at.clone()));
        }
    }
    expected.sort();
    assert_eq!(commits(&world, "scheduled"), expected);

    for (place, prefix) in trees {
        let tree = root.join(place);
        if prefix == "sub" {
            git(&tree, &["branch", "topic", "origin/topic"]);
        }
        // Stands at `topic`, without `late` and `removed`, and waits for a person.
        assert!(!runs(&tree, "git", &["rebase", "topic"]), "a conflict");
        assert!(!tree.join(format!("{prefix}-late.yaml")).exists());
        sleep(Duration::from_secs(4)).await;
        world.settles_at(13, 0).await;
        let list = world.list();
        assert!(doubt(&list).contains("a rebase is in progress"), "{list:#}");
        git(&tree, &["rebase", "--abort"]);
        sleep(Duration::from_secs(3)).await;
        world.settles_at(13, 0).await;
        assert_eq!(doubt(&world.list()), "");
    }
    // What a tree removes is removed, at its commit.
    let tree = root.join("team/clone");
    gone(&tree, "clone-removed");
    commit(&tree, "removed");
    world.settles_at(13, 1).await;
    let stopped = ("clone-removed".to_owned(), head(&tree, "HEAD"));
    assert_eq!(commits(&world, "stopped"), [stopped]);
}

/// The program as another user, who may not enter what is root's alone; `None`: this is not root's test.
fn as_nobody(world: &World, arguments: &[&str]) -> Option<Command> {
    let is_root = Command::new("id").arg("-u").output().expect("id runs");
    if is_root.stdout.trim_ascii() != b"0" {
        return None;
    }
    let command = world.command(arguments);
    let program = world.root.path().join("onced");
    if !program.exists() {
        fs::copy(command.get_program(), &program).expect("copied");
        let state = world.root.path().join("state");
        fs::create_dir(&state).expect("made");
        std::os::unix::fs::chown(&state, Some(65534), Some(65534)).expect("given");
        for path in [world.root.path(), &program] {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(path, mode).expect("set");
        }
    }
    let mut nobody = Command::new(program);
    nobody
        .env_clear()
        .envs([("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")])
        .args(command.get_args())
        .uid(65534)
        .gid(65534);
    Some(nobody)
}

/// Issue 19, 4: a `.git` that may not be entered, as etckeeper makes it, is said, holds nothing for ever, and is not passed
/// over to another repository above.
#[tokio::test(flavor = "multi_thread")]
async fn a_git_directory_that_may_not_be_entered_is_said() {
    if !has("git") {
        return;
    }
    let world = World::new().await;
    let root = world.path("");
    put(&root, "a", &day(10));
    put(&root, "b", &day(10));
    // Above both, with a lock.
    git(world.root.path(), &["init", "-b", "main"]);
    File::create(world.root.path().join(".git/index.lock")).expect("a lock");
    git(&root, &["init", "-b", "main"]);
    let private = root.join(".git");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    fs::set_permissions(&private, mode).expect("set");
    let Some(mut run) = as_nobody(&world, &["run"]) else {
        return;
    };
    let log_file = File::create(world.root.path().join("log")).expect("a log");
    run.stdout(Stdio::null()).stderr(log_file);
    let _daemon = Running(run.spawn().expect("onced starts"));
    world.settles_at(2, 0).await;
    gone(&root, "b");
    world.settles_at(2, 1).await;
    put(&root, "c", &day(10));
    world.settles_at(3, 1).await;
    let told = log(&world);
    let said = format!("{}` can't be looked into", private.display());
    assert_eq!(told.matches(&said).count(), 1, "{told}");
    let output = |arguments: &[&str]| {
        let mut command = as_nobody(&world, arguments).expect("root");
        let output = block_in_place(|| command.output()).expect("onced runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let list: Value = serde_json::from_str(&output(&["list", "--format", "json"])).expect("JSON");
    assert!(list["doubt"].is_null(), "{list:#}");
    let note = list["notes"][0]["message"].as_str().unwrap_or_default();
    assert!(note.contains(&said), "{list:#}");
    assert!(list["entries"][0]["commit"].is_null(), "{list:#}");
    for command in ["list", "doctor"] {
        let text = output(&[command]);
        assert!(text.contains(&said), "{command}: {text}");
    }
}

/// Issue 19, 4: `git --work-tree … checkout -f` of a bare repository, as a hook does it.
#[tokio::test(flavor = "multi_thread")]
async fn a_bare_repository_counts_where_it_is_configured() {
    if !has("git") {
        return;
    }
    let world = World::new().await;
    let (root, bare) = (world.path(""), world.root.path().join("bare.git"));
    let clone = world.root.path().join("clone");
    git(
        world.root.path(),
        &["init", "--bare", "-b", "main", "bare.git"],
    );
    git(world.root.path(), &["clone", "bare.git", "clone"]);
    let hook = format!(
        "#!/bin/sh\ngit --work-tree={} checkout -f main\n",
        root.display()
    );
    let script = bare.join("hooks/post-receive");
    fs::write(&script, hook).expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(script, mode).expect("set");
    let push = |message: &str| {
        commit(&clone, message);
        git(&clone, &["push", "origin", "HEAD:main"]);
        head(&bare, "main")
    };
    put(&clone, "a", &day(10));
    put(&clone, "b", &day(11));
    let first = push("first");
    let set = format!("git_dir={}", bare.display());
    let _daemon = daemon(&world, &[&set]);
    world.settles_at(2, 0).await;
    let both = ["a", "b"].map(|name| (name.to_owned(), first.clone()));
    assert_eq!(commits(&world, "scheduled"), both);
    // Nothing else pushes while a checkout is on its way.
    let lock = bare.join("index.lock");
    File::create(&lock).expect("a lock");
    gone(&root, "a");
    sleep(Duration::from_secs(3)).await;
    world.settles_at(2, 0).await;
    assert!(doubt(&world.list()).contains("bare.git/index.lock"));
    fs::remove_file(&lock).expect("removed");
    world.settles_at(2, 1).await;
    gone(&clone, "b");
    put(&clone, "c", &day(12));
    let second = push("second");
    // `a` is put back by it.
    world.settles_at(4, 2).await;
    let stopped = commits(&world, "stopped");
    assert!(stopped.contains(&("b".to_owned(), second)), "{stopped:?}");
    // One that is not there is said.
    let wrong = ["doctor", "--set", "git_dir=/nowhere.git"];
    let doctor = world.output(&wrong);
    let doctor = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(
        doctor.contains("let `git_dir` name the directory"),
        "{doctor}"
    );
}
