//! onced as a service: what it tells the service manager, how it is reloaded, and the units themselves.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use onced::sandbox::Fault;
use tokio::task::block_in_place;

use crate::process::{Running, World, day, file, has};
use crate::surroundings::{Hang, may_mount};

/// A service manager: what it was told, in order.
pub(crate) struct Manager {
    socket: UnixDatagram,
    pub(crate) told: Vec<String>,
}

impl Manager {
    pub(crate) fn new(world: &World) -> (Self, String) {
        let path = world.root.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        let patience = Some(Duration::from_millis(100));
        socket.set_read_timeout(patience).expect("a timeout");
        let told = Vec::new();
        (Self { socket, told }, path.display().to_string())
    }

    /// Waits until a line was told that begins like this, after the first `from` lines; answers its place.
    pub(crate) fn waits_for(&mut self, begins: &str, from: usize) -> usize {
        let begun = Instant::now();
        loop {
            let mut lines = self.told.iter().enumerate().skip(from);
            if let Some((place, _)) = lines.find(|(_, line)| line.starts_with(begins)) {
                return place;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(40),
                "no `{begins}` after {from}: {:#?}",
                self.told
            );
            self.hear();
        }
    }

    /// Takes what is said next, if that is soon.
    pub(crate) fn hear(&mut self) {
        let mut bytes = [0; 4096];
        let read = block_in_place(|| self.socket.recv(&mut bytes));
        if let Ok(length) = read {
            let text = String::from_utf8_lossy(&bytes[..length]);
            self.told.extend(text.lines().map(str::to_owned));
        }
    }
}

fn service(world: &World, notify: &str, more: &[&str]) -> Running {
    let mut command = world.command(&["run"]);
    command.args(more).env("NOTIFY_SOCKET", notify);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Running(command.spawn().expect("onced starts"))
}

pub(crate) fn signal(process: &Running, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &process.0.id().to_string()])
        .status();
    assert!(status.expect("kill runs").success());
}

fn one() -> String {
    file(&[("e", &day(200))])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_manager_is_told_how_it_is() {
    let world = World::new().await;
    world.write("a.yaml", &one());
    let (mut manager, notify) = Manager::new(&world);
    let mut daemon = service(&world, &notify, &[]);
    let ready = manager.waits_for("READY=1", 0);
    manager.waits_for("STATUS=1 scheduled, next in ", 0);
    assert!(manager.told[0].starts_with("STATUS=looks at"));
    // One beat a turn, and one every ten seconds at rest.
    let beat = manager.waits_for("WATCHDOG=1", ready);
    let again = manager.waits_for("WATCHDOG=1", beat + 1);
    manager.waits_for("WATCHDOG=1", again + 1);
    let before = manager.told.len();
    signal(&daemon, "HUP");
    let reloading = manager.waits_for("RELOADING=1", before);
    let time = manager.waits_for("MONOTONIC_USEC=", reloading);
    let time = &manager.told[time];
    assert!(time.len() > "MONOTONIC_USEC=".len() + 6, "{time}");
    let ready = manager.waits_for("READY=1", reloading);
    signal(&daemon, "TERM");
    manager.waits_for("STOPPING=1", ready);
    let ended = block_in_place(|| daemon.0.wait()).expect("it ends");
    assert!(ended.success());
}

/// A state directory on a disk that can be frozen.
struct Disk(std::path::PathBuf);

impl Disk {
    fn new(world: &World) -> Self {
        let (image, at) = (
            world.root.path().join("disk"),
            world.root.path().join("state"),
        );
        let made = Command::new("sh")
            .arg("-ec")
            .arg("truncate -s 64M \"$0\"; mkfs.ext4 -qF \"$0\"; mkdir \"$1\"; mount -o loop \"$0\" \"$1\"; chmod 700 \"$1\"")
            .args([&image, &at])
            .status();
        assert!(made.expect("a shell").success(), "a disk");
        Self(at)
    }

    fn freeze(&self, how: &str) {
        let done = Command::new("fsfreeze").arg(how).arg(&self.0).status();
        assert!(done.expect("fsfreeze runs").success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whatever went wrong, nothing stays frozen.
        let thaw = "fsfreeze -u \"$0\" 2>/dev/null; umount -l \"$0\"";
        let _ = Command::new("sh").args(["-c", thaw]).arg(&self.0).status();
    }
}

/// The watchdog is fed by the loop alone: while a disk keeps only the loop from moving, and all the rest of the process
/// lives, it is not fed; a service manager would restart it. When the disk is back, it goes on by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_hangs_feeds_no_watchdog() {
    let world = World::new().await;
    if !may_mount(world.root.path()) || !has("fsfreeze") || !has("mkfs.ext4") {
        return;
    }
    let disk = Disk::new(&world);
    world.write("a.yaml", &one());
    let (mut manager, notify) = Manager::new(&world);
    let mut daemon = service(&world, &notify, &[]);
    world.settles_at(1, 0).await;
    let ready = manager.waits_for("READY=1", 0);
    manager.waits_for("WATCHDOG=1", ready);
    disk.freeze("-f");
    // That its entry moved to another file is to be noted in the ledger before anything else is done.
    world.write("b.yaml", &one());
    fs::remove_file(world.path("a.yaml")).expect("removed");
    tokio::time::sleep(Duration::from_secs(3)).await;
    let beats = |manager: &mut Manager, seconds: u64| {
        let (begun, before) = (Instant::now(), manager.told.len());
        while begun.elapsed() < Duration::from_secs(seconds) {
            manager.hear();
        }
        let told = manager.told.iter().skip(before);
        told.filter(|line| *line == "WATCHDOG=1").count()
    };
    beats(&mut manager, 1);
    assert_eq!(
        beats(&mut manager, 25),
        0,
        "one that moves beats every ten seconds"
    );
    // The rest of it lives: it listens.
    let socket = std::os::unix::net::UnixStream::connect(disk.0.join("onced.sock"));
    assert!(socket.is_ok());
    let before = manager.told.len();
    disk.freeze("-u");
    manager.waits_for("WATCHDOG=1", before);
    world.settles_at(1, 0).await;
    signal(&daemon, "TERM");
    let ended = block_in_place(|| daemon.0.wait()).expect("it ends");
    assert!(ended.success());
}

/// AWS that does not answer is no failed start.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_ready_without_aws_and_says_what_it_waits_for() {
    let world = World::new().await;
    let denies = |_, _: &str| Fault::AccessDenied;
    world.sandbox.set_faults(Some(Arc::new(denies)));
    world.write("a.yaml", &one());
    let (mut manager, notify) = Manager::new(&world);
    let _daemon = service(&world, &notify, &[]);
    manager.waits_for("READY=1", 0);
    manager.waits_for("STATUS=0 scheduled, 1 held; 1 wait to be started: ", 0);
    world.sandbox.set_faults(None);
    manager.waits_for("STATUS=1 scheduled, next in ", 0);
}

/// Nobody to tell: a service manager that is not there, a watchdog without one, no stdout and stderr. It works all the same.
#[tokio::test(flavor = "multi_thread")]
async fn without_anybody_to_tell_it_works() {
    for around in ["NOTIFY_SOCKET=/nowhere/at/all", "WATCHDOG_USEC=1000", ""] {
        let world = World::new().await;
        world.write("a.yaml", &one());
        let run = world.command(&["run"]);
        let mut command = Command::new("sh");
        let closed = format!("exec env {around} \"$@\" <&- >&- 2>&-");
        command.args(["-c", &closed, "sh"]).arg(run.get_program());
        command.args(run.get_args()).env_clear();
        let given = run.get_envs();
        command.envs(given.filter_map(|(key, value)| Some((key, value?))));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let mut daemon = Running(command.spawn().expect("onced starts"));
        world.settles_at(1, 0).await;
        world.write("b.yaml", &file(&[("other", &day(100))]));
        world.settles_at(2, 0).await;
        signal(&daemon, "TERM");
        let ended = block_in_place(|| daemon.0.wait()).expect("it ends");
        assert!(ended.success(), "{around}: {ended}");
    }
}

/// A bad configuration is refused, and the old one stays.
#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_is_read_again() {
    let world = World::new().await;
    let config = world.root.path().join("onced.yaml");
    let write = |text: &str| fs::write(&config, text).expect("written");
    let given = config.display().to_string();
    let arguments = ["reload", "--config", &given];
    write("allow: {lambdas: [f]}\n");
    world.write("a.yaml", &one());
    let other = format!("schedules:\n  other: {{at: {}, lambda: g}}\n", day(200));
    world.write("b.yaml", &other);
    let none = world.output(&arguments);
    let stderr = String::from_utf8_lossy(&none.stderr).into_owned();
    assert!(
        none.status.code() == Some(1) && stderr.contains("no daemon"),
        "{stderr}"
    );
    let (mut manager, notify) = Manager::new(&world);
    let daemon = service(&world, &notify, &["--config", &given]);
    manager.waits_for("STATUS=1 scheduled, ", 0);
    for (bad, why) in [
        (
            "allow: {lambdas: [f, g]}\nreconcile: {grace: soon}\n",
            "grace",
        ),
        (
            "allow: {lambdas: [f, g]}\nlisten: 127.0.0.1:9464\n",
            "restart",
        ),
        ("allow: {lambdas: [f, g]\n", "YAML"),
    ] {
        write(bad);
        // A signal has no answer: the daemon goes on all the same. The command says why, and so does its code.
        let before = manager.told.len();
        signal(&daemon, "HUP");
        let reloading = manager.waits_for("RELOADING=1", before);
        manager.waits_for("READY=1", reloading);
        let refused = world.output(&arguments);
        let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(
            refused.status.code() == Some(1) && stderr.contains(why),
            "{bad}: {stderr}"
        );
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.wire(), (1, 0));
    write("allow: {lambdas: [f, g]}\n");
    let good = world.output(&arguments);
    let stdout = String::from_utf8_lossy(&good.stdout).into_owned();
    assert_eq!(
        (good.status.code(), stdout.as_str()),
        (Some(0), "reloaded\n")
    );
    world.settles_at(2, 0).await;
    // And taken back: what runs is not stopped by it, since its file is invalid now.
    write("allow: {lambdas: [f]}\n");
    assert!(world.output(&arguments).status.success());
    world.settles_at(2, 0).await;
}

/// Both units, with `systemd-analyze`: nothing to complain of, and as little exposed as works.
#[test]
fn the_units_are_good() {
    if !has("systemd-analyze") {
        return;
    }
    let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd");
    let root = tempfile::tempdir().expect("a directory");
    for (unit, instance) in [
        ("onced.service", "onced.service"),
        ("onced@.service", "onced@a.service"),
    ] {
        let text = fs::read_to_string(units.join(unit)).expect("a unit");
        // Where it is not installed, its program is not there.
        let text = text.replace("/usr/bin/onced", "/bin/true");
        fs::write(root.path().join(unit), text).expect("written");
        let verified = Command::new("systemd-analyze")
            .arg("verify")
            .arg(root.path().join(instance))
            .output()
            .expect("it runs");
        let stderr = String::from_utf8_lossy(&verified.stderr);
        assert!(
            verified.status.success() && stderr.is_empty(),
            "{unit}: {stderr}"
        );
        let exposed = Command::new("systemd-analyze")
            .args(["security", "--offline=yes", "--threshold=12"])
            .arg(units.join(unit))
            .output()
            .expect("it runs");
        let stdout = String::from_utf8_lossy(&exposed.stdout);
        assert!(exposed.status.success(), "{unit}: {stdout}");
    }
}

/// How many beats come within ten seconds.
async fn beats_of_ten_seconds(manager: &mut Manager) -> usize {
    let (begun, before) = (Instant::now(), manager.told.len());
    while begun.elapsed() < Duration::from_secs(10) {
        manager.hear();
        tokio::task::yield_now().await;
    }
    let told = manager.told.iter().skip(before);
    told.filter(|line| *line == "WATCHDOG=1").count()
}

/// A service manager that wants a beat every two seconds gets one every second: at rest, while changes settle, while running
/// executions are listed, and while a scan does not end.
#[tokio::test(flavor = "multi_thread")]
async fn a_short_watchdog_is_fed_by_half_of_its_time() {
    let world = World::new().await;
    let (mut manager, notify) = Manager::new(&world);
    let mut run = world.command(&["run"]);
    let set = [
        "--set",
        "reconcile.settle=8s",
        "--set",
        "reconcile.resync=1h",
    ];
    run.args(set).env("NOTIFY_SOCKET", &notify);
    run.env("WATCHDOG_USEC", "2000000");
    run.stdout(Stdio::null()).stderr(Stdio::null());
    // Listings that get no answer are waited for.
    let slow = |_, operation: &str| match operation {
        "ListExecutions" => Fault::Slow(Duration::from_secs(40)),
        _ => Fault::None,
    };
    world.sandbox.set_faults(Some(Arc::new(slow)));
    world.write("a.yaml", &one());
    let daemon = Running(run.spawn().expect("onced starts"));
    manager.waits_for("READY=1", 0);
    let while_listing = beats_of_ten_seconds(&mut manager).await;
    world.sandbox.set_faults(None);
    manager.waits_for("STATUS=1 scheduled, ", 0);
    let at_rest = beats_of_ten_seconds(&mut manager).await;
    world.write("b.yaml", &file(&[("other", &day(100))]));
    let while_settling = beats_of_ten_seconds(&mut manager).await;
    let while_scanning = match Hang::over(&world.path("")).await {
        Some(_hang) => beats_of_ten_seconds(&mut manager).await,
        None => usize::MAX,
    };
    for (when, beats) in [
        ("while scanning", while_scanning),
        ("while listing", while_listing),
        ("at rest", at_rest),
        ("while settling", while_settling),
    ] {
        assert!(beats >= 8, "{when}: {beats}");
    }
    drop(daemon);
}
