//! Work trees below the directory, above it, and without a `.git`: real tools, the program as a process, and what it called
//! read off the wire.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use onced::source::parse::Defaults;
use onced::source::scan::Scanner;
use serde_json::Value;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::process::{Running, World, day, file, has};

/// A tool in this directory, with nobody's configuration.
fn tool(directory: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(directory)
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_EDITOR", "true")
        .env("HGRCPATH", "")
        .env("HGUSER", "t")
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    for who in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{who}_NAME"), "t")
            .env(format!("GIT_{who}_EMAIL"), "t@example.com");
    }
    command
}

pub(crate) fn runs(directory: &Path, program: &str, arguments: &[&str]) -> bool {
    let status = block_in_place(|| tool(directory, program, arguments).status());
    status.expect("it runs").success()
}

pub(crate) fn git(directory: &Path, arguments: &[&str]) {
    assert!(
        runs(directory, "git", arguments),
        "git {arguments:?} in {}",
        directory.display()
    );
}

fn head(directory: &Path, of: &str) -> String {
    let output = tool(directory, "git", &["rev-parse", of])
        .stdout(Stdio::piped())
        .output()
        .expect("git runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

pub(crate) fn commit(directory: &Path, message: &str) {
    git(directory, &["add", "-A"]);
    git(directory, &["commit", "-m", message]);
}

pub(crate) fn put(directory: &Path, name: &str, at: &str) {
    let text = file(&[(name, at)]);
    fs::write(directory.join(format!("{name}.yaml")), text).expect("written");
}

pub(crate) fn gone(directory: &Path, name: &str) {
    fs::remove_file(directory.join(format!("{name}.yaml"))).expect("removed");
}

/// The daemon, its log in a file.
fn daemon(world: &World, set: &[&str]) -> Running {
    let log = File::create(world.root.path().join("log")).expect("a log");
    let mut run = world.command(&["run"]);
    for set in set {
        run.args(["--set", set]);
    }
    run.stdout(Stdio::null()).stderr(log);
    Running(run.spawn().expect("onced starts"))
}

fn log(world: &World) -> String {
    fs::read_to_string(world.root.path().join("log")).expect("a log")
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

/// Issue 19, 5: what stops half-way is doubt until it is over, and what git and Mercurial keep for longer is none.
#[test]
fn operations_that_stop_half_way_are_doubt() {
    // Each is begun in a new repository whose branch `topic` changes `conflict.yaml` twice, removes `removed.yaml` and changes
    // the text `other`, of which `main` has changed the first and the last.
    let git_rows = [
        (
            "git merge topic",
            "a merge is in progress",
            "git merge --abort",
        ),
        (
            "git merge --squash topic",
            "a squashed merge",
            "git reset --merge",
        ),
        (
            "git merge --squash topic",
            "a squashed merge",
            "cp base conflict.yaml; git add .; git commit -m x",
        ),
        (
            "git rm -q removed.yaml; cp base conflict.yaml; git stash; echo z >>conflict.yaml; git commit -am z; git stash pop",
            "a conflict is not resolved",
            "cp base conflict.yaml; git add conflict.yaml",
        ),
        (
            "git rm -q removed.yaml; rm other; git stash; echo w >other; git commit -am z; git stash pop",
            "a conflict is not resolved",
            "git rm -q other",
        ),
        (
            "git checkout -q topic; cp base conflict.yaml; git checkout -m main",
            "conflict markers stand in `conflict.yaml`, line 3",
            "git checkout -f main",
        ),
        (
            "git cherry-pick main..topic",
            "a cherry-pick is in progress",
            "git cherry-pick --abort",
        ),
        (
            "git cherry-pick main..topic; cp base conflict.yaml; git add .; git commit -m by-hand",
            "a cherry-pick is in progress",
            "git cherry-pick --quit",
        ),
        (
            "git revert --no-edit HEAD HEAD~1; cp base conflict.yaml; git add .; git commit -m by-hand",
            "",
            "true",
        ),
        (
            "git revert --no-edit HEAD~1 HEAD; cp base conflict.yaml; git add .; git commit -m by-hand",
            "a revert is in progress",
            "git revert --quit",
        ),
        (
            "git checkout -q main~1; git rebase topic",
            "a rebase is in progress",
            "git checkout --theirs .; git add .; git rebase --continue; test -e .git/REBASE_HEAD || touch .other",
        ),
        (
            "git rebase --apply topic",
            "a rebase is in progress",
            "git rebase --abort",
        ),
        (
            "git format-patch -1 topic -o ..; git am ../0001*",
            "`git am` is in progress",
            "git am --abort",
        ),
        (
            "git bisect start; git bisect bad HEAD; git bisect good HEAD~1",
            "a bisection is in progress",
            "git bisect reset",
        ),
        (
            "git cherry-pick topic; git cherry-pick --abort; git cherry-pick clean; test -e .git/AUTO_MERGE || touch .other",
            "",
            "true",
        ),
    ];
    let hg_rows = [
        (
            "hg merge -r topic",
            "a merge is in progress",
            "cp base conflict.yaml; hg resolve -m; hg commit -m x",
        ),
        (
            "hg merge -r clean",
            "a merge is in progress",
            "hg merge --abort",
        ),
        (
            "hg update -q base; echo z >>conflict.yaml; hg update topic",
            "a conflict is not resolved",
            "hg update --clean .",
        ),
        (
            "hg graft -r topic",
            "a graft is in progress",
            "hg graft --abort",
        ),
        (
            "hg --config extensions.rebase= rebase -r topic -d main",
            "a rebase is in progress",
            "hg --config extensions.rebase= rebase --abort",
        ),
        (
            "hg bisect --bad",
            "a bisection is in progress",
            "hg bisect --reset",
        ),
        (
            "echo y >>conflict.yaml; hg --config extensions.shelve= shelve; echo z >>conflict.yaml; hg commit -m z; hg --config extensions.shelve= unshelve",
            "an unshelve is in progress",
            "hg --config extensions.shelve= unshelve --abort",
        ),
        (
            "ln -s nobody:1 .hg/wlock",
            "an hg command is at work",
            "rm .hg/wlock",
        ),
    ];
    let git_rows = git_rows.map(|row| ("git", row));
    let hg_rows = hg_rows.map(|row| ("hg", row));
    for (program, (begin, expected, end)) in git_rows.into_iter().chain(hg_rows) {
        if !has(program) {
            continue;
        }
        let home = tempfile::tempdir().expect("a directory");
        let directory = home.path().join("schedules");
        fs::create_dir(&directory).expect("a directory");
        shell(&directory, if program == "git" { IN_GIT } else { IN_HG });
        let mut scanner = Scanner::new(directory.clone(), Defaults::default());
        assert_eq!(scanner.scan().doubt(), None, "before {begin}");
        shell(&directory, begin);
        let doubt = scanner.scan().doubt().unwrap_or_default();
        let is = if expected.is_empty() {
            doubt.is_empty()
        } else {
            doubt.contains(expected)
        };
        assert!(is, "{begin}: {doubt}");
        // Its remedy names its command.
        shell(&directory, end);
        assert_eq!(scanner.scan().doubt(), None, "{begin}, then {end}");
        let other = directory.join(".other").exists();
        assert!(!other, "{begin}, then {end} leaves something else");
    }
}

const IN_GIT: &str = "
    git init -q -b main
    printf 'schedules:\\n  a: {at: 2099-01-01T00:00:00Z, lambda: f}\\n# 1\\n' >conflict.yaml
    echo 'schedules: {}' >removed.yaml; cp conflict.yaml base; echo x >other
    git add .; git commit -qm base
    git checkout -qb clean; echo 'schedules: {}' >clean.yaml; git add .; git commit -qm clean; git checkout -q main
    git checkout -qb topic
    sed -i 's/1$/2/' conflict.yaml; git rm -q removed.yaml; git commit -qam topic
    echo y >other; git commit -qam other; sed -i 's/2$/3/' conflict.yaml; git commit -qam topic2
    git checkout -q main
    sed -i 's/1$/4/' conflict.yaml; echo z >other; git commit -qam main
    sed -i 's/4$/5/' conflict.yaml; git commit -qam main2";

const IN_HG: &str = "
    hg init
    printf 'schedules:\\n  a: {at: 2099-01-01T00:00:00Z, lambda: f}\\n# 1\\n' >conflict.yaml
    echo 'schedules: {}' >removed.yaml; cp conflict.yaml base
    hg commit -qAm base; hg tag -l base
    echo 'schedules: {}' >clean.yaml; hg commit -qAm clean; hg tag -l clean; hg update -q base
    sed -i 's/1$/2/' conflict.yaml; hg rm removed.yaml; hg commit -qm topic; hg tag -l topic; hg update -q base
    sed -i 's/1$/4/' conflict.yaml; hg commit -qm main; hg tag -l main";

/// A script in this directory, each line of which may fail: a conflict is a failure.
fn shell(directory: &Path, script: &str) {
    let output = tool(directory, "sh", &["-c", script])
        .env("HGMERGE", ":merge")
        .output();
    output.expect("sh runs");
}

/// Issue 19, 5: Jujutsu's lock, as it leaves it while a command runs or was cut off.
#[test]
fn jujutsu_is_seen_at_work() {
    let directory = tempfile::tempdir().expect("a directory");
    let team = directory.path().join("team");
    let lock = team.join(".jj/working_copy/working_copy.lock");
    fs::create_dir_all(lock.parent().expect("a parent")).expect("a directory");
    put(&team, "a", &day(10));
    let defaults = Defaults {
        state_machine: Some(crate::stories::MACHINE.into()),
        ..Defaults::default()
    };
    let mut scanner = Scanner::new(directory.path().to_owned(), defaults);
    assert_eq!(scanner.scan().doubt(), None);
    File::create(&lock).expect("a lock");
    let doubt = scanner.scan().doubt().unwrap_or_default();
    assert!(doubt.contains("a jj command is at work"), "{doubt}");
    fs::remove_file(&lock).expect("removed");
    assert_eq!(scanner.scan().doubt(), None);
    // It has no state of a merge, but writes markers of its own.
    let text = "<<<<<<< conflict 1 of 1\n%%%%%%% diff from: base\n-a\n+++++++ side\n>>>>>>> conflict 1 of 1 ends\n";
    fs::write(team.join("b.yaml"), format!("schedules:\n{text}")).expect("written");
    let doubt = scanner.scan().doubt().unwrap_or_default();
    assert!(doubt.contains("`team/b.yaml`, line 2"), "{doubt}");
    // In a text that is sent as it is they mean nothing.
    let quoted = "schedules:\n  b:\n    at: 2099-01-01T00:00:00Z\n    lambda: f\n    payload: |\n      <<<<<<< HEAD\n      >>>>>>> topic\n";
    fs::write(team.join("b.yaml"), quoted).expect("written");
    let scan = scanner.scan();
    assert_eq!((scan.doubt(), scan.entries.len()), (None, 2));
}

/// Issue 19, 5: the program itself, on `git merge --squash`: what the other side removed is not stopped while the conflict
/// stands, and is once it is committed.
#[tokio::test(flavor = "multi_thread")]
async fn a_squashed_merge_stops_nothing_before_it_is_committed() {
    if !has("git") {
        return;
    }
    let world = World::new().await;
    let root = world.path("");
    repository(&root, "e");
    let _daemon = daemon(&world, &[]);
    world.settles_at(3, 0).await;
    assert!(
        !runs(&root, "git", &["merge", "--squash", "topic"]),
        "a conflict"
    );
    assert!(!root.join("e-removed.yaml").exists());
    sleep(Duration::from_secs(3)).await;
    world.settles_at(3, 0).await;
    put(&root, "e-conflict", &day(13));
    sleep(Duration::from_secs(3)).await;
    world.settles_at(3, 0).await;
    commit(&root, "squashed");
    world.settles_at(4, 2).await;
}

/// Issue 19, 7: while a tool waits in `git mergetool`, what git puts beside the file is passed over, and said once.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_mergetool_leaves_is_no_schedule_file() {
    if !has("git") {
        return;
    }
    let world = World::new().await;
    let root = world.path("");
    repository(&root, "e");
    // Each side has an entry that the other has not.
    let entry = |name: &str, days: i64| file(&[("e-conflict", &day(days)), (name, &day(9))]);
    fs::write(root.join("e-conflict.yaml"), entry("ours", 12)).expect("written");
    commit(&root, "ours");
    git(&root, &["checkout", "topic"]);
    fs::write(root.join("e-conflict.yaml"), entry("theirs", 11)).expect("written");
    commit(&root, "theirs");
    git(&root, &["checkout", "main"]);
    let _daemon = daemon(&world, &[]);
    world.settles_at(4, 0).await;
    assert!(!runs(&root, "git", &["merge", "topic"]), "a conflict");
    let (here, go) = (world.root.path().join("here"), world.root.path().join("go"));
    let wait = format!(
        "touch {0}; while [ ! -e {1} ]; do sleep 0.1; done; cp \"$LOCAL\" \"$MERGED\"",
        here.display(),
        go.display()
    );
    let set = format!("mergetool.waits.cmd={wait}");
    let arguments = [
        "-c",
        &set,
        "-c",
        "mergetool.waits.trustExitCode=true",
        "mergetool",
        "-y",
        "-t",
        "waits",
    ];
    let mut merging = tool(&root, "git", &arguments).spawn().expect("git runs");
    while !here.exists() {
        sleep(Duration::from_millis(50)).await;
    }
    sleep(Duration::from_secs(4)).await;
    world.settles_at(4, 0).await;
    let list = world.list();
    let files = list["files"].as_array().expect("files");
    let ignored = files.iter().filter(|file| file["state"] == "ignored");
    let ignored: Vec<&Value> = ignored.collect();
    assert_eq!(ignored.len(), 4, "{list:#}");
    for file in ignored {
        let why = file["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(why.contains("git mergetool"), "{file}");
        let path = file["path"].as_str().expect("a path");
        assert_eq!(
            log(&world)
                .matches(&format!("{path}: this file is not read"))
                .count(),
            1
        );
    }
    File::create(&go).expect("made");
    block_in_place(|| merging.wait()).expect("git ends");
    commit(&root, "merged");
    // What `topic` removed.
    world.settles_at(4, 1).await;
}

/// Issue 19, 10: a file whose name gets an ending in another case pins its entries; its own name brings all back.
#[tokio::test(flavor = "multi_thread")]
async fn an_ending_in_another_case_is_said_and_pins() {
    let world = World::new().await;
    let root = world.path("");
    put(&root, "a", &day(10));
    put(&root, "b", &day(11));
    let running = daemon(&world, &[]);
    world.settles_at(2, 0).await;
    fs::rename(root.join("a.yaml"), root.join("a.YAML")).expect("renamed");
    fs::copy(root.join("b.yaml"), root.join("New.Yml")).expect("copied");
    sleep(Duration::from_secs(3)).await;
    world.settles_at(2, 0).await;
    // A restart knows it from the record alone.
    drop(running);
    let _daemon = daemon(&world, &[]);
    sleep(Duration::from_secs(3)).await;
    world.settles_at(2, 0).await;
    let list = world.list();
    assert!(list["doubt"].is_null(), "{list:#}");
    let held = list["entries"][0]["held"].as_str().unwrap_or_default();
    assert!(
        held.contains("`a.YAML`") && held.contains("name it `a.yaml`"),
        "{list:#}"
    );
    assert_eq!(list["files"][0]["state"], "ignored", "{list:#}");
    assert_eq!(list["files"][0]["errors"][0]["hint"], "name it `New.yml`");
    let shown = world.output(&["list"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("note: this file is not read"), "{shown}");
    let check = world.output(&["check"]);
    assert_eq!(check.status.code(), Some(0), "{check:?}");
    // The other entry is not held by it.
    gone(&root, "b");
    world.settles_at(2, 1).await;
    fs::rename(root.join("a.YAML"), root.join("a.yaml")).expect("renamed");
    world.settles_at(2, 1).await;
    gone(&root, "a");
    world.settles_at(2, 2).await;
}
