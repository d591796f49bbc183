//! Files that look like schedule files, and are passed over.

use std::fs::{self, File};
use std::time::Duration;

use serde_json::Value;
use tokio::task::block_in_place;
use tokio::time::sleep;

use super::{commit, daemon, git, gone, log, put, repository, runs, tool};
use crate::process::{World, day, file, has};

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
