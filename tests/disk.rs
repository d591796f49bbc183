//! A disk that takes nothing when the program starts (FAILURES, F28): the daemon waits for it, and the ledger is what it was.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::process::{Running, World, day, file};
use crate::service::{Manager, signal};
use crate::surroundings::may_mount;

/// A small file system of its own where the state directory is.
struct Disk(PathBuf);

impl Disk {
    fn new(world: &World) -> Self {
        let at = world.root.path().join("state");
        fs::create_dir(&at).expect("a directory");
        let disk = Self(at);
        disk.mount("size=12m,mode=0700");
        disk
    }

    fn mount(&self, options: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]);
        assert!(mount.arg(&self.0).status().expect("mount").success());
    }

    /// What takes all the room that there is; removed, there is room again.
    fn fill(&self) -> PathBuf {
        let filler = self.0.join("filler");
        let _ = fs::write(&filler, vec![1; 12 << 20]);
        let mut more = OpenOptions::new().append(true).open(&filler).expect("it");
        while std::io::Write::write(&mut more, &[1; 4096]).is_ok_and(|written| written > 0) {}
        filler
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn daemon(world: &World, notify: Option<&str>) -> Running {
    let log = File::options()
        .create(true)
        .append(true)
        .open(log_path(world));
    let mut run = world.command(&["run"]);
    run.stdout(Stdio::null()).stderr(log.expect("a log"));
    if let Some(notify) = notify {
        run.env("NOTIFY_SOCKET", notify);
    }
    Running(run.spawn().expect("onced starts"))
}

fn log_path(world: &World) -> PathBuf {
    world.root.path().join("log")
}

fn log(world: &World) -> String {
    fs::read_to_string(log_path(world)).unwrap_or_default()
}

async fn says(world: &World, what: &str) {
    let begun = Instant::now();
    while !log(world).contains(what) {
        let is_late = begun.elapsed() > Duration::from_secs(40);
        assert!(!is_late, "no `{what}`:\n{}", log(world));
        sleep(Duration::from_millis(20)).await;
    }
}

fn snapshots(state: &Path) -> Vec<String> {
    let items = fs::read_dir(state.join("ledger")).expect("a store");
    let names = items.map(|item| item.expect("a name").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("snap.")).collect()
}

const WAITS: &str = "until the ledger can be opened";

/// The disk is full when the daemon starts, so that the snapshot which sled writes when it opens its store is cut. It waits,
/// says so once, ends when it is told to, and goes on when there is room: nothing was lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_at_start_is_waited_for() {
    let world = World::new().await;
    if !may_mount(world.root.path()) {
        return;
    }
    let disk = Disk::new(&world);
    world.write("a.yaml", &file(&[("a", &day(10))]));
    // Opened more than once, its log has the room that it needs: only the next snapshot has none.
    for _ in 0..3 {
        assert!(world.output(&["sync"]).status.success());
    }
    fs::write(
        world.path("a.yaml"),
        file(&[("a", &day(10)), ("b", &day(11))]),
    )
    .expect("written");
    assert!(world.output(&["sync"]).status.success());
    let filler = disk.fill();
    for command in ["sync", "list"] {
        let failed = world.output(&[command]);
        let stderr = String::from_utf8_lossy(&failed.stderr).into_owned();
        assert_eq!(failed.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains("No space left on device"), "{stderr}");
    }
    assert!(
        snapshots(&disk.0)
            .iter()
            .any(|name| name.ends_with(".generating"))
    );

    let (mut manager, notify) = Manager::new(&world);
    let mut ended = daemon(&world, Some(&notify));
    manager.waits_for("STATUS=waits until the ledger can be opened: ", 0);
    let beat = manager.waits_for("WATCHDOG=1", 0);
    manager.waits_for("EXTEND_TIMEOUT_USEC=", 0);
    manager.waits_for("WATCHDOG=1", beat + 1);
    assert!(!manager.told.iter().any(|line| line == "READY=1"));
    signal(&ended, "TERM");
    let status = block_in_place(|| ended.0.wait()).expect("it ends");
    assert!(status.success(), "{status}");
    assert_eq!(log(&world).matches(WAITS).count(), 1, "{}", log(&world));

    let _daemon = daemon(&world, None);
    sleep(Duration::from_secs(3)).await;
    world.write("c.yaml", &file(&[("c", &day(12))]));
    world.settles_at(2, 0).await;
    fs::remove_file(&filler).expect("removed");
    says(&world, "the ledger can be opened again").await;
    world.settles_at(3, 0).await;
    let log = log(&world);
    assert_eq!(
        log.matches(WAITS).count(),
        2,
        "once for each process: {log}"
    );
    assert!(!log.contains("set aside"), "nothing was damaged: {log}");
    // It is the ledger of before, history and all.
    let history: Value =
        serde_json::from_slice(&world.output(&["history", "--format", "json"]).stdout)
            .expect("JSON");
    assert!(history.to_string().contains("\"b\""), "{history}");
    fs::remove_file(world.path("a.yaml")).expect("removed");
    world.settles_at(3, 2).await;
}

/// The same for a file system that went read-only.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_read_only_at_start_is_waited_for() {
    let world = World::new().await;
    if !may_mount(world.root.path()) {
        return;
    }
    let disk = Disk::new(&world);
    world.write("a.yaml", &file(&[("a", &day(10))]));
    assert!(world.output(&["sync"]).status.success());
    disk.mount("remount,ro");
    world.write("b.yaml", &file(&[("b", &day(10))]));
    let _daemon = daemon(&world, None);
    says(&world, WAITS).await;
    world.settles_at(1, 0).await;
    disk.mount("remount,rw");
    world.settles_at(2, 0).await;
}
