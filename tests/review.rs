//! `onced plan` as the tool of a review: against a commit, at another time, and with what is a failure.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tokio::task::block_in_place;

use crate::git::{commit, git, head};
use crate::process::{World, day, entry, file, has, onced};

/// A repository whose folder has this content in one commit.
async fn repository(content: &str) -> Option<World> {
    if !has("git") {
        return None;
    }
    let world = World::new().await;
    git(&world, &["init", "-b", "main"]);
    world.write("a.yaml", content);
    commit(&world, "before");
    Some(world)
}

/// Without owner, state, region or credentials, and with nothing to be reached.
fn offline(world: &World, arguments: &[&str]) -> Output {
    let mut command = onced(world.root.path());
    command
        .arg("plan")
        .arg(world.path(""))
        .args(arguments)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .stdin(Stdio::null());
    block_in_place(|| command.output().expect("onced runs"))
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

fn steps(plan: &Value) -> BTreeSet<(String, String)> {
    let word = |step: &Value, key: &str| step[key].as_str().expect("a text").to_owned();
    let steps = plan["steps"].as_array().expect("steps").iter();
    steps
        .map(|step| (word(step, "step"), word(step, "name")))
        .collect()
}

fn set(steps: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    let owned = |(step, name): &(&str, &str)| ((*step).to_owned(), (*name).to_owned());
    steps.iter().map(owned).collect()
}

fn lines(output: &Output) -> String {
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("a text")
}

/// What changed in a folder, each with its sign and why, and the whole in one line; and no payload.
#[tokio::test(flavor = "multi_thread")]
async fn two_versions_are_compared_offline() {
    let paid = |name: &str, at: &str, payload: &str| {
        format!("  {name}: {{at: {at}, lambda: f, payload: {{secret: {payload}}}}}\n")
    };
    let before = format!(
        "schedules:\n{}{}{}{}{}{}  off: {{at: {}, lambda: f, enabled: false}}\n",
        entry("stays", &day(10)),
        entry("moves", &day(11)),
        paid("changes", &day(12), "one"),
        entry("goes", &day(13)),
        entry("old-name", &day(14)),
        entry("fired", "2026-01-01T00:00:00Z"),
        day(15),
    );
    let Some(world) = repository(&before).await else {
        return;
    };
    let after = format!(
        "schedules:\n{}{}{}{}{}{}  off: {{at: {}, lambda: f}}\n",
        entry("stays", &day(10)),
        entry("moves", &day(21)),
        paid("changes", &day(12), "two"),
        entry("new-name", &day(14)),
        paid("fired", "2026-01-01T00:00:00Z", "three"),
        entry("late", "2026-02-02T00:00:00Z"),
        day(15),
    );
    world.write("a.yaml", &after);
    let output = offline(&world, &["--against", "HEAD"]);
    let text = lines(&output);
    assert_eq!(output.status.code(), Some(0));
    let row = |name: &str| {
        let mut rows = text
            .lines()
            .filter(|line| line.contains(&format!(" {name} ")));
        let row = rows.next().unwrap_or_else(|| panic!("{name} in\n{text}"));
        (row.split(' ').next().unwrap_or_default(), row)
    };
    for (name, mark, why) in [
        ("moves", "-/+", "changed: was at "),
        ("changes", "-/+", "changed: another payload or input"),
        ("goes", "-", "removed"),
        ("new-name", "~>", "was `old-name`"),
        ("off", "+", "enabled"),
        ("late", ".", "missed: "),
        ("fired", ".", "runs again only with a later time"),
    ] {
        let (sign, row) = row(name);
        assert_eq!(sign, mark, "{row}");
        assert!(row.contains(why), "{row}");
    }
    let last = text.lines().last().expect("a line");
    assert_eq!(
        last,
        "adds 1 firing, removes 1, moves 1, changes 1, renames 1; one is past"
    );
    assert!(
        !text.contains("stays") && !text.contains("secret"),
        "{text}"
    );
    let plan = json(&offline(&world, &["--against", "main", "--format", "json"]));
    assert_eq!(plan["against"]["commit"], head(&world));
    assert_eq!(plan["against"]["moves"], 1);
    assert_eq!(plan["findings"][0]["finding"], "past");
    assert_eq!(plan["findings"][0]["names"][0], "late");
    // Nothing came of it: no state, and the work tree is as it was.
    assert!(!world.root.path().join(".local").exists());
    assert_eq!(fs::read_to_string(world.path("a.yaml")).unwrap(), after);
}

/// What is said offline is what a daemon that had run the commit would do.
#[tokio::test(flavor = "multi_thread")]
async fn the_comparison_is_what_a_daemon_would_do() {
    let before: String = (0..20)
        .map(|n| entry(&format!("e{n}"), &day(10 + n)))
        .collect();
    let Some(world) = repository(&format!("schedules:\n{before}")).await else {
        return;
    };
    assert!(world.output(&["sync"]).status.success());
    let mut entries: Vec<(String, String)> =
        (3..20).map(|n| (format!("e{n}"), day(10 + n))).collect();
    entries[0].1 = day(40);
    entries[1].0 = "renamed".into();
    entries.push(("new".into(), day(50)));
    entries.push(("far".into(), day(400)));
    let named: Vec<(&str, &str)> = entries
        .iter()
        .map(|(n, at)| (n.as_str(), at.as_str()))
        .collect();
    world.write("a.yaml", &file(&named));
    let offline = json(&offline(&world, &["--against", "HEAD", "--format", "json"]));
    let recorded = world.output(&[
        "plan",
        "--format",
        "json",
        "--set",
        "reconcile.stop_after=0s",
        "--as-of",
        "1h",
    ]);
    let recorded = json(&recorded);
    assert_eq!(steps(&offline), steps(&recorded), "{recorded:#}");
    let expected = [
        ("Stop", "e0"),
        ("Stop", "e1"),
        ("Stop", "e2"),
        ("Replace", "e3"),
        ("Move", "renamed"),
        ("Start", "new"),
    ];
    assert_eq!(steps(&offline), set(&expected));
    assert_eq!(offline["resting"][0]["name"], "far");
    assert_eq!(offline["against"]["adds"], 2, "what is deferred fires, too");
}

/// More stops than the guard lets pass: it is said, and the comparison itself waits for nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_guards_word_is_told_in_advance() {
    let all: Vec<(String, String)> = (0..10).map(|n| (format!("e{n}"), day(10 + n))).collect();
    let named: Vec<(&str, &str)> = all
        .iter()
        .map(|(n, at)| (n.as_str(), at.as_str()))
        .collect();
    let Some(world) = repository(&file(&named)).await else {
        return;
    };
    world.write("a.yaml", &file(&named[..4]));
    let output = offline(&world, &["--against", "HEAD"]);
    let text = lines(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("a daemon would hold this for approval"),
        "{text}"
    );
    assert!(text.ends_with("removes 6 firings\n"), "{text}");
    assert_eq!(
        text.lines().filter(|line| line.starts_with("- ")).count(),
        6
    );
    let markdown = lines(&offline(
        &world,
        &["--against", "HEAD", "--format", "markdown"],
    ));
    assert!(markdown.starts_with("<!-- onced plan -->\n**onced plan**: removes 6 firings\n"));
    assert!(markdown.contains("| `-` | `e9` |"), "{markdown}");
}

/// What can't be read is no removal: neither now, nor in the commit.
#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_file_removes_nothing() {
    let Some(world) = repository(&file(&[("a", &day(3)), ("b", &day(4))])).await else {
        return;
    };
    world.write("a.yaml", "schedules:\n  a: {at: soon, lambda: f}\n");
    let output = offline(&world, &["--against", "HEAD"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(text.contains("`soon` is not a time"), "{text}");
    assert!(
        text.contains('!') && text.ends_with("changes no firing, 2 held\n"),
        "{text}"
    );
    commit(&world, "broken");
    world.write("a.yaml", &file(&[("a", &day(3))]));
    let text = lines(&offline(&world, &["--against", "HEAD"]));
    assert!(text.contains("`a.yaml` was invalid in `HEAD`: what is in it counts as new, and what is gone from it is not counted"), "{text}");
    assert!(text.ends_with("adds 1 firing\n"), "{text}");
}

/// Each kind of finding, and only for what the change is about.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_named_fails() {
    let old = file(&[
        ("old", "2026-01-01T00:00:00Z"),
        ("quiet", "2026-12-24T09:00:00Z"),
    ]);
    let Some(world) = repository(&old).await else {
        return;
    };
    let change = |more: &str| world.write("b.yaml", &format!("schedules:\n{more}"));
    let at = "2026-12-01T00:00:00Z";
    let code = |fail_on: &str| {
        let output = offline(
            &world,
            &["--against", "HEAD", "--as-of", at, "--fail-on", fail_on],
        );
        output.status.code()
    };
    let all = "past,dst,far,close";
    for (kind, change_of) in [
        ("past", "  x: {at: 2026-11-30T00:00:00Z, lambda: f}\n"),
        (
            "dst",
            "  x: {at: 2027-03-28 09:00, timezone: Europe/Berlin, lambda: f}\n",
        ),
        ("far", "  x: {at: 2028-01-01T00:00:00Z, lambda: f}\n"),
        ("close", "  x: {at: 2026-12-24T09:05:00Z, lambda: f}\n"),
    ] {
        change(change_of);
        assert_eq!(code(all), Some(1), "{kind}");
        assert_eq!(code(kind), Some(1), "{kind}");
        let others = all.split(',').filter(|other| *other != kind);
        let others: Vec<&str> = others.collect();
        assert_eq!(code(&others.join(",")), Some(0), "{kind}");
    }
    change("  x: {at: 2027-03-28T09:00:00+02:00, lambda: f}\n");
    assert_eq!(
        code(all),
        Some(0),
        "an offset is not moved by a change of the clocks"
    );
    assert_eq!(code("soon"), Some(64));
    let output = offline(
        &world,
        &["--against", "HEAD", "--fail-on", "past", "--format", "json"],
    );
    assert_eq!(json(&output)["findings"].as_array().map(Vec::len), Some(0));
}

/// A folder below the repository's root, its links and its other files; and none of what git has staged or hooks set.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_within_a_repository() {
    if !has("git") {
        return;
    }
    let world = World::new().await;
    git(&world, &["init", "-b", "main"]);
    let folder = world.path("deep/schedules");
    fs::create_dir_all(folder.join("..data-1")).unwrap();
    let put = |path: &str, text: &str| fs::write(folder.join(path), text).unwrap();
    put("a.yaml", &file(&[("a", &day(3))]));
    put("real.txt", &file(&[("linked", &day(4))]));
    put("..data-1/b.yaml", &file(&[("hidden", &day(5))]));
    symlink("real.txt", folder.join("linked.yaml")).unwrap();
    symlink("..data-1/b.yaml", folder.join("b.yaml")).unwrap();
    fs::write(
        world.path("elsewhere.yaml"),
        file(&[("elsewhere", &day(6))]),
    )
    .unwrap();
    commit(&world, "all");
    put("a.yaml", &file(&[("a", &day(3)), ("staged", &day(7))]));
    git(&world, &["add", "-A"]);
    let mut command = onced(world.root.path());
    command.args([
        "plan",
        "--against",
        "HEAD",
        "--format",
        "json",
        "--directory",
    ]);
    command
        .arg(&folder)
        .env("GIT_DIR", "/nowhere")
        .env("GIT_INDEX_FILE", "/nowhere");
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let output = block_in_place(|| command.output().unwrap());
    assert_eq!(
        steps(&json(&output)),
        set(&[("Start", "staged")]),
        "{output:?}"
    );
}

/// Each with a word on what to do.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_compared() {
    let Some(world) = repository(&file(&[("a", &day(3))])).await else {
        return;
    };
    for (reference, told) in [
        ("nowhere", "there is no commit `nowhere` here\nhint: "),
        ("--all", "there is no commit `--all` here\nhint: "),
        (
            "HEAD:a.yaml",
            "there is no commit `HEAD:a.yaml` here\nhint: ",
        ),
    ] {
        let output = offline(&world, &[&format!("--against={reference}")]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(told), "{error}");
    }
    fs::remove_dir_all(world.path(".git")).unwrap();
    let output = offline(&world, &["--against", "HEAD"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("is in no git work tree"), "{error}");
}

/// The plan at another time: from the ledger alone, and from a daemon that has it.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_as_of_another_time() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("soon", &day(3)), ("far", &day(310))]));
    assert!(world.output(&["sync"]).status.success());
    let at = |time: &str| {
        let output = world.output(&["plan", "--format", "json", "--as-of", time]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        json(&output)
    };
    let expected = set(&[("Start", "far")]);
    let now = json(&world.output(&["plan", "--format", "json"]));
    assert_eq!(now["resting"][0]["name"], "far");
    assert!(now["resting"][0]["until"].is_string());
    assert_eq!(steps(&now), set(&[]));
    assert_eq!(steps(&at(&day(20))), expected);
    assert_eq!(steps(&at("20d")), set(&[("Start", "far")]));
    let _daemon = world.daemon();
    let begun = std::time::Instant::now();
    while !world.root.path().join("state/onced.sock").exists() {
        assert!(begun.elapsed().as_secs() < 30);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(steps(&at(&day(20))), expected);
    assert_eq!(
        world.output(&["plan", "--as-of", "soon"]).status.code(),
        Some(64)
    );
    assert_eq!(world.wire(), (1, 0), "nothing was done for it");
}

/// Git's own files are as they were, byte for byte: a review may run beside anything.
#[tokio::test(flavor = "multi_thread")]
async fn the_repository_is_only_read() {
    let Some(world) = repository(&file(&[("a", &day(3))])).await else {
        return;
    };
    let listing = || {
        let mut find = Command::new("find");
        find.arg(world.path(".git"))
            .args(["-type", "f", "-printf", "%p %s %T@\\n"]);
        String::from_utf8(find.output().unwrap().stdout).unwrap()
    };
    world.write("a.yaml", &file(&[("a", &day(4))]));
    let before = listing();
    assert!(offline(&world, &["--against", "HEAD"]).status.success());
    assert_eq!(listing(), before);
}

/// A change of the payload is told beside a change of time or function, and never what it is.
#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_told() {
    let one = |lambda: &str, at: &str, amount: u32| {
        format!("schedules:\n  a: {{at: {at}, lambda: {lambda}, payload: {{amount: {amount}}}}}\n")
    };
    let (soon, late) = (day(3), day(4));
    let Some(world) = repository(&one("f", &soon, 1)).await else {
        return;
    };
    assert!(world.output(&["sync"]).status.success());
    for (now, told) in [
        (one("f", &late, 1), format!("changed: was at {soon}")),
        (
            one("f", &late, 100),
            format!("changed: was at {soon}, another payload or input"),
        ),
        (one("g", &soon, 1), "changed: was lambda `f`".to_owned()),
        (
            one("g", &soon, 100),
            "changed: was lambda `f`, another payload or input".to_owned(),
        ),
        (
            one("f", &soon, 100),
            "changed: another payload or input".to_owned(),
        ),
    ] {
        world.write("a.yaml", &now);
        let compared = lines(&offline(&world, &["--against", "HEAD"]));
        let row = compared.lines().next().expect("a row");
        assert!(row.ends_with(&told), "{row}\n{told}");
        let recorded = world.output(&["plan", "--as-of", "1h"]);
        let recorded = String::from_utf8(recorded.stdout).expect("a text");
        assert!(
            recorded.lines().any(|row| row.ends_with(&told)),
            "{recorded}\n{told}"
        );
    }
}

/// What is too far ahead, or past, is renamed too.
#[tokio::test(flavor = "multi_thread")]
async fn a_rename_is_one_whenever_it_fires() {
    let past = "2026-01-01T00:00:00Z";
    let (near, beside) = (day(5), day(5).replace(":00Z", ":30Z"));
    let old = [
        ("far", &*day(400)),
        ("fired", past),
        ("near", &near),
        ("beside", &beside),
    ];
    let Some(world) = repository(&file(&old)).await else {
        return;
    };
    let new = [
        ("far-new", &*day(400)),
        ("fired-new", past),
        ("near-new", &near),
        ("beside", &beside),
    ];
    world.write("a.yaml", &file(&new));
    let output = offline(
        &world,
        &["--against", "HEAD", "--fail-on", "past,far,close"],
    );
    let text = lines(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.ends_with("renames 3 firings\n"), "{text}");
    assert_eq!(
        text.lines().filter(|line| line.starts_with("~>")).count(),
        3,
        "{text}"
    );
}

/// What git has there that is no folder of this repository, and words that are no folder.
#[tokio::test(flavor = "multi_thread")]
async fn odd_places_are_told() {
    let Some(world) = repository(&file(&[("a", &day(3))])).await else {
        return;
    };
    let at = |folder: &str, arguments: &[&str]| {
        let mut command = onced(world.root.path());
        command.arg("plan").arg(world.path(folder)).args(arguments);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        block_in_place(|| command.output().expect("onced runs"))
    };
    // A name that would be a pattern.
    fs::create_dir(world.path(":(top)x")).unwrap();
    fs::write(world.path(":(top)x/b.yaml"), file(&[("b", &day(4))])).unwrap();
    commit(&world, "odd");
    let text = lines(&at(":(top)x", &["--against", "HEAD"]));
    assert!(text.ends_with("\nchanges no firing\n"), "{text}");
    let output = at(".git", &["--against", "HEAD"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("is in no git work tree"), "{error}");
    let output = at("", &["--against", "^main"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("there is no commit `^main` here"), "{error}");
    // A folder that is new as a whole.
    fs::create_dir(world.path("new")).unwrap();
    fs::write(world.path("new/c.yaml"), file(&[("c", &day(6))])).unwrap();
    let text = lines(&at("new", &["--against", "HEAD"]));
    assert!(
        text.contains("`HEAD` has nothing at this place: all counts as new\n"),
        "{text}"
    );
    // A submodule.
    fs::remove_dir_all(world.path("new")).unwrap();
    let other = world.root.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("d.yaml"), file(&[("d", &day(7))])).unwrap();
    let source = other.display().to_string();
    let within = ["-C", &source];
    for more in [
        &["init", "-b", "main"][..],
        &["add", "-A"],
        &["commit", "-m", "d"],
    ] {
        git(&world, &[&within[..], more].concat());
    }
    let allow = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        &source,
        "sub",
    ];
    git(&world, &allow);
    commit(&world, "sub");
    let text = lines(&at("", &["--against", "HEAD"]));
    assert!(
        text.contains("`sub` is a repository of its own, and is not compared\n"),
        "{text}"
    );
    assert!(text.ends_with("changes no firing\n"), "{text}");
}
