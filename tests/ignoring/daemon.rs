//! What a daemon makes of ignore files that change: real files and watches, against the sandbox.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::process::{World, day, file};
use crate::support::program::{self, log};

/// So many files with an entry each, no two of the same content: one that is gone would count as renamed.
fn write(world: &World, number: usize) {
    for (n, ahead) in (0..number).zip(10..) {
        let text = file(&[(&format!("e{n}"), &day(ahead))]);
        world.write(&format!("e{n}.yaml"), &text);
    }
}

/// What is ignored from now on is a removal, with all guards; what no longer is, is read.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_ignored_later_is_removed_and_guarded() {
    let world = World::new().await;
    write(&world, 10);
    // Only an event tells of it in time.
    let _daemon = world.daemon_with(&["reconcile.resync=1h"]);
    world.settles_at(10, 0).await;
    world.write(".oncedignore", "/e0.yaml\n");
    world.settles_at(10, 1).await;
    // All of them: too many to be meant.
    world.write(".oncedignore", "*\n");
    tokio::time::sleep(Duration::from_secs(3)).await;
    world.settles_at(10, 1).await;
    let held = world.list()["entries"].to_string();
    assert!(held.contains("9 of 9 executions at once"), "{held}");
    let plan = world.output(&["plan"]);
    assert_eq!(plan.status.code(), Some(3), "{plan:?}");
    world.write(".oncedignore", "/e1.yaml\n");
    world.settles_at(11, 2).await;
    fs::remove_file(world.path(".oncedignore")).expect("removed");
    world.settles_at(12, 2).await;
}

/// Nothing is stopped on the word of an ignore file that is not taken, and nothing because of it.
#[tokio::test(flavor = "multi_thread")]
async fn an_ignore_file_that_is_not_taken_stops_nothing() {
    let world = World::new().await;
    write(&world, 10);
    let _daemon = program::daemon(&world, &[]);
    world.settles_at(10, 0).await;
    let path = world.path(".oncedignore");
    fs::write(world.root.path().join("new"), "/e0.yaml\n").expect("written");
    let everybody = Permissions::from_mode(0o666);
    fs::set_permissions(world.root.path().join("new"), everybody).expect("set");
    fs::rename(world.root.path().join("new"), &path).expect("renamed");
    // What is gone meanwhile is not believed to be.
    fs::remove_file(world.path("e1.yaml")).expect("removed");
    tokio::time::sleep(Duration::from_secs(3)).await;
    world.settles_at(10, 0).await;
    let said = log(&world);
    assert!(said.contains(".oncedignore"), "{said}");
    assert!(said.contains("chmod o-w"), "{said}");
    fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("set");
    world.settles_at(10, 2).await;
}

/// `ignore` in the configuration counts as soon as it is read again; a bad pattern leaves all as it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_reload_changes_what_is_ignored() {
    let world = World::new().await;
    write(&world, 4);
    world.write("keep.yaml", &file(&[("keep", &day(9))]));
    let config = world.root.path().join("onced.yaml");
    let configure = |ignore: &str| {
        fs::write(&config, format!("ignore: {ignore}\n")).expect("written");
        let config = config.to_str().expect("UTF-8");
        world.output(&["reload", "--config", config])
    };
    fs::write(&config, "ignore: []\n").expect("written");
    let mut run = world.command(&["run", "--config", config.to_str().expect("UTF-8")]);
    run.args(["--set", "reconcile.resync=1h"]);
    let run = run.stderr(std::process::Stdio::null()).spawn();
    let _daemon = crate::process::Running(run.expect("onced starts"));
    world.settles_at(5, 0).await;
    let bad = configure("['e[.yaml']");
    assert_eq!(bad.status.code(), Some(1));
    let said = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert!(said.contains("its `[` is not closed"), "{said}");
    let good = configure("[/e0.yaml]");
    assert!(good.status.success(), "{good:?}");
    world.settles_at(5, 1).await;
    // An ignore file below the configuration may bring it back.
    world.write(".oncedignore", "!/e0.yaml\n");
    world.settles_at(6, 1).await;
}
