//! Another directory where the schedule files were: mounts, links and moves by real tools, while the daemon runs and across
//! its restart, with three entries that any limit would let go.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::process::{Running, World, day, file, onced};
use crate::support::ledgers;
use crate::surroundings::may_mount;

/// Longer than everything that a removal waits for.
const LONG: Duration = Duration::from_secs(4);
const REMOVED: &[&str] = &[
    "--set",
    "reconcile.max_stops=100%",
    "--set",
    "reconcile.resync=1s",
];

/// A world, whose mounts end with it.
struct Disks(World);

impl Drop for Disks {
    fn drop(&mut self) {
        let below = self.0.root.path().display().to_string();
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let points = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        let points: Vec<&str> = points.filter(|point| point.starts_with(&below)).collect();
        for point in points.iter().rev() {
            let _ = Command::new("umount").args(["-l", point]).status();
        }
    }
}

impl Disks {
    async fn new() -> Self {
        Self(World::new().await)
    }

    /// In the directory beside the schedules.
    fn shell(&self, script: &str) {
        let mut shell = Command::new("sh");
        shell.current_dir(self.0.root.path()).args(["-ec", script]);
        let shell = shell.stdin(Stdio::null()).stdout(Stdio::null());
        let status = block_in_place(|| shell.status().expect("sh runs"));
        assert!(status.success(), "{script}");
    }

    /// Three entries, each in a file of its own below this directory.
    fn three(&self, directory: &str) {
        for name in ["a", "b", "c"] {
            let path = self
                .0
                .root
                .path()
                .join(directory)
                .join(format!("{name}.yaml"));
            fs::write(path, file(&[(name, &day(10))])).expect("written");
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.0.command(arguments);
        command.args(REMOVED);
        command
    }

    fn daemon(&self) -> Running {
        let mut run = self.command(&["run"]);
        let mut log = fs::File::options();
        let log = log.create(true).append(true);
        let log = log.open(self.0.root.path().join("log"));
        run.stdout(Stdio::null()).stderr(log.expect("a log"));
        Running(run.spawn().expect("onced starts"))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.0.root.path().join("log")).expect("a log")
    }

    fn output(&self, arguments: &[&str]) -> Output {
        block_in_place(|| self.command(arguments).output().expect("onced runs"))
    }

    fn plan(&self) -> (Option<i32>, Value) {
        let output = self.output(&["plan", "--format", "json"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let plan = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
        (output.status.code(), plan)
    }

    /// Is nothing planned that would stop something? The reason must be this.
    fn is_in_doubt(&self, why: &str) {
        let (_, plan) = self.plan();
        let doubt = plan["doubt"].as_str().unwrap_or_default();
        assert!(doubt.contains(why), "{why}: {plan:#}");
        let steps = plan["steps"].as_array().expect("steps");
        assert!(steps.iter().all(|step| step["step"] == "Start"), "{plan:#}");
    }

    /// Nothing is stopped while the daemon runs, after it is started again, and offline, for this reason.
    async fn stays(&self, daemon: Running, wire: (usize, usize), why: &str) -> Running {
        sleep(LONG).await;
        self.0.settles_at(wire.0, wire.1).await;
        self.is_in_doubt(why);
        assert!(self.log().contains(why), "{}", self.log());
        drop(daemon);
        self.is_in_doubt(why);
        let output = self.output(&["sync"]);
        assert_eq!(
            self.0.wire(),
            wire,
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let daemon = self.daemon();
        sleep(LONG).await;
        self.0.settles_at(wire.0, wire.1).await;
        self.is_in_doubt(why);
        daemon
    }

    /// There is no doubt, and nothing is done.
    async fn is_calm(&self, wire: (usize, usize)) {
        sleep(LONG).await;
        self.0.settles_at(wire.0, wire.1).await;
        let (code, plan) = self.plan();
        assert_eq!((code, &plan["doubt"]), (Some(0), &Value::Null), "{plan:#}");
        assert_eq!(plan["steps"].as_array().map(Vec::len), Some(0), "{plan:#}");
    }
}

/// A boot without the disk: the mount point is empty; then it holds other files; then the disk is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_not_mounted_stops_nothing() {
    let disks = Disks::new().await;
    if !may_mount(disks.0.root.path()) {
        return;
    }
    // The disk stays the same one while it is mounted elsewhere.
    disks.shell("mkdir disk; mount -t tmpfs -o mode=755 onced-test disk");
    let mount = "mount --bind disk schedules";
    disks.shell(mount);
    disks.three("schedules");
    let daemon = disks.daemon();
    disks.0.settles_at(3, 0).await;
    drop(daemon);
    disks.shell("umount schedules");
    disks.is_in_doubt("is a disk not mounted?");
    let daemon = disks.daemon();
    let daemon = disks
        .stays(daemon, (3, 0), "on another device than before")
        .await;
    // Something of another use lies in the mount point: it is started, and makes the place no more familiar.
    disks.0.write("other.yaml", &file(&[("other", &day(20))]));
    disks.0.settles_at(4, 0).await;
    sleep(LONG).await;
    drop(daemon);
    let daemon = disks.daemon();
    sleep(LONG).await;
    disks.0.settles_at(4, 0).await;
    let (code, plan) = disks.plan();
    let guard = plan["guard"].as_str().expect("it is held");
    assert_eq!(
        (code, plan["held"].as_array().map(Vec::len)),
        (Some(3), Some(3))
    );
    assert!(guard.contains("on another device than before"), "{guard}");
    disks.shell(mount);
    // The other one is gone again.
    disks.0.settles_at(4, 1).await;
    disks.is_calm((4, 1)).await;
    drop(daemon);
}

/// A bind mount that is gone, and one that shows a folder which was deleted under it. At last it is said that nothing is
/// meant.
#[tokio::test(flavor = "multi_thread")]
async fn a_bind_mount_of_nothing_stops_nothing() {
    let disks = Disks::new().await;
    if !may_mount(disks.0.root.path()) {
        return;
    }
    disks.shell("mkdir -p disk/schedules; mount --bind disk/schedules schedules");
    disks.three("schedules");
    let daemon = disks.daemon();
    disks.0.settles_at(3, 0).await;
    disks.shell("umount -l schedules");
    let daemon = disks
        .stays(daemon, (3, 0), "another directory than before")
        .await;
    disks.shell("mount --bind disk/schedules schedules");
    disks.is_calm((3, 0)).await;
    disks.shell("cp -r disk/schedules kept; rm -r disk/schedules");
    let daemon = disks
        .stays(daemon, (3, 0), "a directory that was deleted")
        .await;
    // As a deployment does that makes it anew.
    disks.shell(
        "mv kept disk/schedules; umount -l schedules; mount --bind disk/schedules schedules",
    );
    disks.is_calm((3, 0)).await;
    disks.shell("umount -l schedules");
    let daemon = disks
        .stays(daemon, (3, 0), "put a file with `schedules: {}` there")
        .await;
    disks.0.write("none.yaml", "schedules: {}\n");
    disks.0.settles_at(3, 3).await;
    drop(daemon);
}

/// Moved away, and an empty one made in its place; then back.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_directory_in_its_place_stops_nothing() {
    let disks = Disks::new().await;
    disks.three("schedules");
    let daemon = disks.daemon();
    disks.0.settles_at(3, 0).await;
    disks.shell("mv schedules schedules.old; mkdir schedules");
    let daemon = disks
        .stays(daemon, (3, 0), "another directory than before")
        .await;
    disks.shell("rmdir schedules; mv schedules.old schedules");
    disks.is_calm((3, 0)).await;
    // Emptied, it is the same one: that is a removal.
    disks.shell("rm schedules/*.yaml");
    disks.0.settles_at(3, 3).await;
    drop(daemon);
}

/// Releases by a link: an empty one is in doubt, another one with schedule files is a change like any other.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_release_stops_nothing_and_another_one_does() {
    let disks = Disks::new().await;
    disks.shell("rmdir schedules; mkdir -p releases/1 releases/2 releases/3");
    disks.three("releases/1");
    symlink("releases/1", disks.0.root.path().join("schedules")).expect("linked");
    let daemon = disks.daemon();
    disks.0.settles_at(3, 0).await;
    disks.shell("ln -sfn releases/2 schedules");
    let daemon = disks
        .stays(daemon, (3, 0), "another directory than before")
        .await;
    fs::write(
        disks.0.root.path().join("releases/3/d.yaml"),
        file(&[("d", &day(20)), ("e", &day(21))]),
    )
    .expect("written");
    disks.shell("ln -sfn releases/3 schedules");
    disks.0.settles_at(5, 3).await;
    drop(daemon);
}

/// A mount below the folder is gone: what was in it is in doubt, the rest is not. A directory that is removed is a removal.
#[tokio::test(flavor = "multi_thread")]
async fn a_mount_below_that_is_gone_pins_what_was_in_it() {
    let disks = Disks::new().await;
    if !may_mount(disks.0.root.path()) {
        return;
    }
    disks.shell("mkdir -p schedules/team schedules/others");
    let mount = "mount -t tmpfs -o mode=755 onced-test schedules/team; mkdir schedules/team/deep";
    disks.shell(mount);
    disks.three("schedules/team/deep");
    for (path, name) in [("x.yaml", "x"), ("others/y.yaml", "y")] {
        fs::write(disks.0.path(path), file(&[(name, &day(20))])).expect("written");
    }
    let daemon = disks.daemon();
    disks.0.settles_at(5, 0).await;
    disks.shell("umount -l schedules/team");
    sleep(LONG).await;
    disks.0.settles_at(5, 0).await;
    // The rest goes on.
    disks.shell("rm -r schedules/others");
    disks.0.settles_at(5, 1).await;
    drop(daemon);
    let is_held = || {
        let (_, plan) = disks.plan();
        let held = plan["held"].as_array().expect("held");
        assert_eq!(held.len(), 3, "{plan:#}");
        for held in held {
            let reason = held["reason"].as_str().unwrap_or_default();
            assert!(reason.contains("`team` is empty, and another"), "{plan:#}");
        }
    };
    is_held();
    let daemon = disks.daemon();
    sleep(LONG).await;
    disks.0.settles_at(5, 1).await;
    is_held();
    assert!(
        disks.log().contains("`team` is empty, and another"),
        "{}",
        disks.log()
    );
    disks.shell(mount);
    disks.three("schedules/team/deep");
    disks.is_calm((5, 1)).await;
    // Unmounted for good, and said so.
    disks.shell("umount -l schedules/team; echo 'schedules: {}' > schedules/team/none.yaml");
    disks.0.settles_at(5, 4).await;
    drop(daemon);
}

/// A state directory of an earlier version remembers nothing: an empty folder is in doubt, a folder of other entries is
/// held, and one that has some of them is simply remembered.
#[tokio::test(flavor = "multi_thread")]
async fn after_an_upgrade_an_empty_folder_stops_nothing() {
    let disks = Disks::new().await;
    disks.three("schedules");
    assert_eq!(disks.output(&["sync"]).status.code(), Some(0));
    let forget = "rm state/installation";
    disks.shell(&format!("{forget}; mv schedules full; mkdir schedules"));
    let daemon = disks.daemon();
    let daemon = disks
        .stays(daemon, (3, 0), "executions run that were started")
        .await;
    drop(daemon);
    disks.0.write("d.yaml", &file(&[("d", &day(20))]));
    assert_eq!(disks.output(&["sync"]).status.code(), Some(3));
    assert_eq!(disks.0.wire(), (4, 0));
    disks.shell("rm -r schedules; mv full schedules; rm schedules/a.yaml schedules/b.yaml; rm state/installation");
    assert_eq!(disks.output(&["sync"]).status.code(), Some(0));
    assert_eq!(disks.0.wire(), (4, 3));
}

/// The ledgers of each version there was, with a folder that is empty.
#[test]
fn an_empty_folder_for_an_older_ledger_is_in_doubt() {
    for root in ledgers::of_earlier_versions() {
        fs::create_dir(root.path().join("schedules")).expect("made");
        let mut command = onced(root.path());
        command.args([
            "plan",
            "schedules",
            "--format",
            "json",
            "--owner",
            "fixture",
        ]);
        command.args([
            "--state-directory",
            "state",
            "--set",
            "reconcile.max_stops=100%",
        ]);
        command.args([
            "--state-machine",
            "arn:aws:states:us-east-1:123456789012:stateMachine:M",
        ]);
        let output = command
            .current_dir(root.path())
            .output()
            .expect("onced runs");
        let plan: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let doubt = plan["doubt"].as_str().unwrap_or_default();
        assert!(
            doubt.contains("executions run that were started"),
            "{plan:#}"
        );
        let steps = plan["steps"].as_array().expect("steps");
        let taken = |step: &&Value| step["reason"] == "removed" || step["reason"] == "gone";
        assert_eq!(steps.iter().filter(taken).count(), 0, "{plan:#}");
    }
}
