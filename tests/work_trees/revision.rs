//! `onced plan --against`, where a checkout writes other bytes than are stored, and where git refuses.

use std::fs;
use std::process::Output;

use tokio::task::block_in_place;

use super::{as_nobody, commit, git, put};
use crate::process::{World, day, file, has};

fn plan(world: &World) -> Output {
    let mut command = world.command(&["plan", "--against", "HEAD"]);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    block_in_place(|| command.output().expect("onced runs"))
}

/// Issue 19, 11: what is compared is what a checkout would write, by a filter of the user's, here and in a folder below; one
/// that fails is named.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_read_as_a_checkout_would_write_it() {
    if !has("git") {
        return;
    }
    let world = World::new().await;
    let root = world.path("");
    git(&root, &["init", "-b", "main"]);
    // Stored with another word than it is checked out with, as git-crypt or git-lfs do.
    git(
        &root,
        &["config", "filter.word.clean", "sed s/schedules:/stored:/"],
    );
    git(
        &root,
        &["config", "filter.word.smudge", "sed s/stored:/schedules:/"],
    );
    git(&root, &["config", "filter.word.required", "true"]);
    fs::create_dir(root.join("below")).expect("a directory");
    let attributes = "/a.yaml filter=word\n/below/*.yaml filter=word\n*.yml ident\n";
    fs::write(root.join(".gitattributes"), attributes).expect("written");
    put(&root, "a", &day(10));
    put(&root, "plain", &day(10));
    put(&root.join("below"), "b", &day(10));
    let marked = file(&[("marked", &day(10))]).replace("lambda: f", "lambda: f, payload: '$Id$'");
    fs::write(root.join("marked.yml"), marked).expect("written");
    commit(&root, "filtered");
    fs::remove_file(root.join("marked.yml")).expect("removed");
    git(&root, &["checkout", "marked.yml"]);
    let output = plan(&world);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.ends_with("\nchanges no firing\n"), "{output:?}");
    // The attributes are those of the commit.
    fs::remove_file(root.join(".gitattributes")).expect("removed");
    let output = plan(&world);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.ends_with("\nchanges no firing\n"), "{output:?}");
    git(&root, &["config", "filter.word.smudge", "false"]);
    let output = plan(&world);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.contains(
            "`a.yaml` can't be read as a checkout would write it: the filter `word` failed"
        ),
        "{error}"
    );
}

/// Issue 19, 11: git's own remedy for a repository of another owner is kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_repository_of_another_owner_is_told_with_its_remedy() {
    if !has("git") {
        return;
    }
    let world = World::new().await;
    let root = world.path("");
    git(&root, &["init", "-b", "main"]);
    put(&root, "a", &day(10));
    commit(&root, "a");
    let Some(mut command) = as_nobody(&world, &["plan", "--against", "HEAD"]) else {
        return;
    };
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", "/nonexistent");
    let output = block_in_place(|| command.output().expect("onced runs"));
    let error = String::from_utf8_lossy(&output.stderr);
    let remedy = "\nhint: git config --global --add safe.directory ";
    assert!(
        error.contains("dubious ownership") && error.contains(remedy),
        "{error}"
    );
}
