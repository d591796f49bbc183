//! Names that an execution's name can't have: with dots, of 64 characters, such that begin with `-`. Their executions bear a
//! digest, and belong to them all the same, whatever happens to the ledger.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::process::{Running, World, day, file};

const LONG: &str = "reconfirm_chase-550e8400-e29b-41d4-a716-446655440000-of-the-week";
const ODD: [&str; 6] = [LONG, "launch.email.v2", ".", "..", "-a", "_a"];

fn running(world: &World) -> Vec<String> {
    let executions = world.sandbox.executions();
    let running = executions
        .iter()
        .filter(|e| e.status().as_str() == "RUNNING");
    let mut names: Vec<String> = running.map(|e| e.name.clone()).collect();
    names.sort();
    names
}

/// Each entry with the execution that it is said to have.
fn scheduled(world: &World) -> Vec<(String, String)> {
    let list = world.list();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = list["entries"].as_array().expect("entries").iter();
    let mut all: Vec<_> = entries
        .filter(|entry| entry["phase"] == "scheduled")
        .map(|entry| (text(&entry["name"]), text(&entry["execution_name"])))
        .collect();
    all.sort();
    all
}

async fn eventually(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..150 {
        if is_so() {
            return;
        }
        sleep(Duration::from_millis(200)).await;
    }
    panic!("not in 30 s: {what}");
}

fn orphans(world: &World) -> Vec<Value> {
    let list = world.list();
    list["orphans"].as_array().cloned().unwrap_or_default()
}

fn daemon(world: &World) -> Running {
    world.daemon_with(&["reconcile.verify=1s", "reconcile.max_stops=100%"])
}

fn lose_ledger(world: &World) {
    fs::remove_dir_all(world.root.path().join("state")).expect("removed");
}

fn entries<'a>(names: &[&'a str], at: &'a [String]) -> Vec<(&'a str, &'a str)> {
    let at = at.iter().map(String::as_str);
    names.iter().copied().zip(at).collect()
}

/// They are started, replaced and removed as others are; whoever has a name that fits keeps its execution's name.
#[tokio::test(flavor = "multi_thread")]
async fn they_live_as_others_do() {
    let world = World::new().await;
    let at: Vec<String> = (10..17).map(day).collect();
    let names = [&ODD[..], &["a-b_c"]].concat();
    world.write("a.yaml", &file(&entries(&names, &at)));
    let _daemon = daemon(&world);
    world.settles_at(7, 0).await;
    let all = scheduled(&world);
    assert_eq!(all.len(), 7, "{all:?}");
    let executions = running(&world);
    for (name, execution) in &all {
        assert!(executions.contains(execution), "{name}: {executions:?}");
        let fits = execution
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-'));
        assert!(fits && execution.len() <= 80, "{execution}");
        let is_digest = execution.starts_with("test-_");
        assert_eq!(is_digest, name != "a-b_c", "{execution}");
    }
    assert!(
        executions
            .iter()
            .any(|name| name.starts_with("test-a-b_c-"))
    );
    let of_dots = "test-_launch-email-v2-a58d6630039740dc4b9d-";
    assert!(executions.iter().any(|name| name.starts_with(of_dots)));
    for name in ODD {
        let shown = world
            .command(&["show", "--format", "json"])
            .arg("--")
            .arg(name)
            .output();
        let shown = shown.expect("onced runs");
        let shown: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
        assert_eq!(shown["name"], name, "{shown:#}");
    }
    // Replaced.
    let later: Vec<String> = (20..27).map(day).collect();
    world.write("a.yaml", &file(&entries(&names, &later)));
    world.settles_at(14, 7).await;
    eventually("all run again", || scheduled(&world).len() == 7).await;
    // Removed, but for one.
    world.write("a.yaml", &file(&[("launch.email.v2", &later[1])]));
    world.settles_at(14, 13).await;
    let left = running(&world);
    assert!(left.len() == 1 && left[0].starts_with(of_dots), "{left:?}");
    assert_eq!(orphans(&world), Vec::<Value>::new());
}

/// From a name that fits to one that does not, on to another such and back: the execution is kept, through a loss of the
/// ledger too.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_calls_nobody() {
    let world = World::new().await;
    let (one, two) = (day(10), day(11));
    let write = |name: &str| world.write("a.yaml", &file(&[(name, &one), ("x", &two)]));
    write("fits");
    let mut running_one = daemon(&world);
    world.settles_at(2, 0).await;
    let before = running(&world);
    let mut is_lost = false;
    for name in ["fits.not", LONG, "fits", "fits.not", "-a"] {
        write(name);
        eventually(name, || {
            scheduled(&world).first().is_some_and(|(is, _)| is == name)
        })
        .await;
        assert_eq!(running(&world), before, "{name}");
        // Half of the names are found again by a listing alone.
        is_lost = !is_lost;
        if is_lost {
            drop(running_one);
            lose_ledger(&world);
            running_one = daemon(&world);
            eventually("adopted", || scheduled(&world).len() == 2).await;
        }
        assert_eq!((running(&world), world.wire().1), (before.clone(), 0));
        assert_eq!(orphans(&world), Vec::<Value>::new(), "{name}");
    }
    drop(running_one);
}

/// The old name put back beside the new one gets an execution of its own; of the two that bear its digest, each entry gets one
/// when the ledger is lost.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_name_put_back_does_not_share_an_execution() {
    for (old, new) in [("a.1", "b.1"), ("a.1", "b"), ("a", "b.1")] {
        let world = World::new().await;
        let (one, two) = (day(10), day(11));
        let write = |names: &[&str]| {
            let with = |name| (name, one.as_str());
            let mut all: Vec<_> = names.iter().copied().map(with).collect();
            all.push(("x", &two));
            world.write("a.yaml", &file(&all));
        };
        write(&[old]);
        let running_one = daemon(&world);
        world.settles_at(2, 0).await;
        write(&[new]);
        eventually("moved", || {
            scheduled(&world)
                .first()
                .is_some_and(|(name, _)| name == new)
        })
        .await;
        // Nobody knows its old name any more, unless that can be read.
        drop(running_one);
        lose_ledger(&world);
        let running_one = daemon(&world);
        eventually("adopted", || scheduled(&world).len() == 2).await;
        write(&[old, new]);
        eventually("a third", || scheduled(&world).len() == 3).await;
        let before = running(&world);
        let mine = |name: &str| {
            let all = scheduled(&world);
            let found = all.into_iter().find(|(is, _)| is == name);
            found.map(|(_, execution)| execution)
        };
        assert_eq!(before.len(), 3, "{before:?}");
        assert_ne!(mine(old), mine(new), "{before:?}");
        let (starts, stops) = world.wire();
        assert_eq!(stops, 0);
        world.settles_at(starts, 0).await;
        drop(running_one);
        lose_ledger(&world);
        let _daemon = daemon(&world);
        eventually("adopted again", || scheduled(&world).len() == 3).await;
        assert_ne!(mine(old), mine(new), "{:?}", scheduled(&world));
        assert_eq!((running(&world), world.wire().1), (before, 0));
        assert_eq!(orphans(&world), Vec::<Value>::new());
    }
}

/// What listings show is the entry's whose name has that digest.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_loss_of_the_ledger_they_are_adopted() {
    let world = World::new().await;
    let at: Vec<String> = (10..16).map(day).collect();
    world.write("a.yaml", &file(&entries(&ODD, &at)));
    let before = {
        let _daemon = daemon(&world);
        world.settles_at(6, 0).await;
        running(&world)
    };
    lose_ledger(&world);
    // One asks for something else now, one is gone, one has another name, which is a digest too.
    let changed = day(30);
    let now = [
        (ODD[0], changed.as_str()),
        ("renamed.too", &at[1]),
        (ODD[2], &at[2]),
        (ODD[3], &at[3]),
        (ODD[4], &at[4]),
    ];
    world.write("a.yaml", &file(&now));
    let running_one = daemon(&world);
    eventually("adopted", || {
        let all = scheduled(&world);
        all.len() == 5
            && all
                .iter()
                .all(|(_, execution)| running(&world).contains(execution))
            && world.wire().1 == 1
    })
    .await;
    let kept = |n: &usize| running(&world).contains(&before[*n]);
    assert_eq!(
        (0..6).filter(kept).count(),
        5,
        "one was replaced: {before:?}"
    );
    let by_name = scheduled(&world);
    let renamed = by_name.iter().find(|(name, _)| name == "renamed.too");
    let of_dots = |(_, execution): &(String, String)| {
        execution.starts_with("test-_launch-email-v2-a58d6630039740dc4b9d-")
    };
    assert!(renamed.is_some_and(of_dots), "{by_name:?}");
    // The one that is gone is nobody's: its name is shown as far as it can be read, and it is not stopped.
    eventually("an orphan", || !orphans(&world).is_empty()).await;
    let all = orphans(&world);
    let arn = all[0]["execution_arn"].as_str().unwrap_or_default();
    assert!(all.len() == 1 && all[0]["name"] == "_a…", "{all:?}");
    assert!(arn.contains(":test-__a-"), "{arn}");
    assert_eq!(world.wire().1, 1);
    // Its entry comes back: it is that one's.
    world.write("a.yaml", &file(&[&now[..], &[(ODD[5], &at[5])]].concat()));
    eventually("adopted", || scheduled(&world).len() == 6).await;
    assert_eq!(orphans(&world), Vec::<Value>::new());
    let stops = world.wire().1;
    assert_eq!((running(&world).len(), stops), (6, 1));
    // Gone and lost once more, and its stop is approved.
    drop(running_one);
    lose_ledger(&world);
    world.write("a.yaml", &file(&now));
    let _daemon = daemon(&world);
    eventually("an orphan again", || !orphans(&world).is_empty()).await;
    let digest = world.list()["digest"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(world.output(&["approve", &digest]).status.success());
    eventually("stopped", || running(&world).len() == 5).await;
    eventually("no longer reported", || orphans(&world).is_empty()).await;
    assert_eq!(world.wire().1, 2);
    let history = world.output(&["history"]);
    let history = String::from_utf8_lossy(&history.stdout).into_owned();
    assert!(history.contains("__a-"), "{history}");
}

/// A file that can't be read whole and mentions such a name holds its stop.
#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_file_that_mentions_one_holds_its_stop() {
    let world = World::new().await;
    let at: Vec<String> = (10..14).map(day).collect();
    let names = ["launch.email.v2", ".hidden", "-a", "x"];
    world.write("a.yaml", &file(&entries(&names, &at)));
    world.write("b.yaml", &file(&[("other", &at[0])]));
    let _daemon = daemon(&world);
    world.settles_at(5, 0).await;
    // They go to another file, which somebody has not finished.
    world.write(
        "b.yaml",
        "schedules:\n  launch.email.v2:\n  .hidden: [\n  -a: {\n  other:\n",
    );
    sleep(Duration::from_secs(1)).await;
    world.write("a.yaml", &file(&[("x", &at[3])]));
    sleep(Duration::from_secs(3)).await;
    world.settles_at(5, 0).await;
    let list = world.list();
    let held: Vec<&str> = list["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .filter_map(|entry| entry["held"].as_str())
        .collect();
    assert_eq!(held.len(), 4, "{list:#}");
}

/// `onced add` makes no file that no scan reads.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_begins_with_a_dot_needs_a_file() {
    let world = World::new().await;
    let add = |name: &str, more: &[&str]| {
        let mut add = world.command(&["add", "--in", "3d", "--lambda", "f"]);
        let output = add
            .args(more)
            .arg("--")
            .arg(name)
            .output()
            .expect("onced runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    for name in [".a", ".", ".."] {
        let (code, said) = add(name, &[]);
        assert!(code == Some(64) && said.contains("--file"), "{said}");
        assert_eq!(
            fs::read_dir(world.path("")).expect("a directory").count(),
            0
        );
    }
    for name in [".a", ".", "..", "-", "---", "1.5", "1e5", ".inf", "a.b"] {
        let (code, said) = add(name, &["--file", "a.yaml"]);
        assert_eq!(code, Some(0), "{said}");
        let edited = world
            .command(&["edit", "--in", "4d"])
            .args(["--", name])
            .output()
            .expect("onced runs");
        let said = String::from_utf8_lossy(&edited.stderr);
        assert!(edited.status.success(), "{said}");
    }
    let (code, said) = add("-", &[]);
    assert!(
        code == Some(1) && said.contains("`onced edit -- -`"),
        "{said}"
    );
    assert_eq!(add("-a", &[]).0, Some(0));
    assert!(world.path("-a.yaml").exists());
    let removed = world.command(&["remove"]).args(["--", "---"]).output();
    assert!(removed.expect("onced runs").status.success());
    assert_eq!(world.list()["entries"].as_array().map(Vec::len), Some(9));
}
