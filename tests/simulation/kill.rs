//! The real program against the sandbox over HTTP, killed at random moments while its folder changes; and its disk, cut
//! off from power, full, and failing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use fastrand::Rng;
use onced::ledger::{Change, Holder, Ledger};
use onced::model::record::{Phase, Record};
use onced::sandbox::{Options, Sandbox, Status};
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::number;

struct World {
    sandbox: Sandbox,
    url: String,
    root: tempfile::TempDir,
    /// All entries at one time with one content, so that one removed and one added in one change are a renaming.
    alike: bool,
    /// When the first of them is due.
    day: DateTime<Utc>,
}

impl World {
    async fn new() -> Self {
        let sandbox = Sandbox::new(Options::default()).expect("a sandbox");
        sandbox.create_default_machine();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(sandbox.clone().serve(listener));
        let root = tempfile::tempdir().expect("a directory");
        fs::create_dir(root.path().join("schedules")).expect("a directory");
        Self {
            sandbox,
            url,
            root,
            alike: false,
            day: (Utc::now() + TimeDelta::days(10)).trunc_subsecs(0),
        }
    }

    fn command(&self, state: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onced"));
        command
            .args(arguments)
            .arg("--directory")
            .arg(self.root.path().join("schedules"));
        command.arg("--state-directory").arg(state);
        command.args(["--owner", "test", "--endpoint-url", &self.url]);
        command.args(["--state-machine", crate::world::MACHINE]);
        for set in [
            "settle=10ms",
            "stop_after=300ms",
            "resync=1s",
            "max_stops=100%",
        ] {
            command.args(["--set", &format!("reconcile.{set}")]);
        }
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (key, value) in [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ] {
            command.env(key, value);
        }
        command
    }

    /// Runs the program with its ledger in `state`.
    fn run(&self, state: &Path) -> Child {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .expect("a log");
        let child = self
            .command(state, &["run"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        child.expect("onced starts")
    }

    fn log(&self) -> PathBuf {
        self.root.path().join("log")
    }

    fn told(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// Each scheduled entry and the name of its execution, as the running daemon tells.
    fn scheduled(&self, state: &Path) -> Vec<(String, String)> {
        let list = self
            .command(state, &["list", "--format", "json"])
            .output()
            .expect("onced starts");
        let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap_or_default();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let mut scheduled: Vec<_> = list["entries"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|entry| entry["phase"] == "scheduled")
            .map(|entry| (text(&entry["name"]), text(&entry["execution_name"])))
            .collect();
        scheduled.sort();
        scheduled
    }

    fn write(&self, entries: &BTreeMap<String, u32>) {
        let mut text = "schedules:\n".to_owned();
        for (name, payload) in entries {
            let seconds = if self.alike { 0 } else { second_of(name) };
            let at = (self.day + TimeDelta::seconds(seconds)).to_rfc3339();
            let _ = writeln!(
                text,
                "  {name}: {{at: {at}, lambda: f, payload: {payload}}}"
            );
        }
        if entries.is_empty() {
            text = "schedules: {}\n".into();
        }
        let beside = self.root.path().join("beside");
        fs::write(&beside, text).expect("written");
        fs::rename(beside, self.root.path().join("schedules/a.yaml")).expect("renamed");
    }

    /// The entries that run now, each once, or what is wrong.
    fn running(&self) -> Result<BTreeMap<String, u32>, String> {
        let mut running = BTreeMap::new();
        for execution in self.sandbox.executions() {
            if execution.status() != Status::Running {
                continue;
            }
            let input: serde_json::Value = serde_json::from_str(&execution.input).expect("JSON");
            let payload = input["payload"]
                .as_u64()
                .and_then(|n| u32::try_from(n).ok());
            let name = execution.name.split('-').nth(1).expect("a name").to_owned();
            if running.insert(name, payload.expect("a number")).is_some() {
                return Err(format!("{} runs beside another", execution.name));
            }
        }
        Ok(running)
    }

    fn starts(&self) -> usize {
        let starts = |call: &&onced::sandbox::Call| call.operation == "StartExecution";
        self.sandbox.calls().iter().filter(starts).count()
    }

    /// Waits until something was started since, if anything is: a machine that is busy takes long to begin.
    async fn starts_more_than(&self, before: usize) {
        let begun = Instant::now();
        while self.starts() <= before && begun.elapsed() < Duration::from_secs(5) {
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn stops(&self) -> usize {
        let stops = |call: &&onced::sandbox::Call| call.operation == "StopExecution";
        self.sandbox.calls().iter().filter(stops).count()
    }

    /// Waits until nothing runs that is not wanted, or until it begins to be stopped.
    async fn rests(&self, entries: &BTreeMap<String, u32>, to_the_end: bool) {
        let (begun, before) = (Instant::now(), self.stops());
        let is_gone = || {
            let running = self.running().unwrap_or_default();
            running.keys().all(|name| entries.contains_key(name))
        };
        while !is_gone() && (to_the_end || self.stops() == before) {
            if begun.elapsed() > Duration::from_secs(5) {
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    async fn becomes(&self, entries: &BTreeMap<String, u32>) {
        let begun = Instant::now();
        while self.running().as_ref() != Ok(entries) {
            assert!(
                begun.elapsed() < Duration::from_mins(2),
                "{:?}\n{entries:?}\n{}",
                self.running(),
                self.told()
            );
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Another for each name of a test.
fn second_of(name: &str) -> i64 {
    let number = name.rsplit('e').next().and_then(|n| n.parse().ok());
    number.expect("a name that ends with its number")
}

fn end(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Changes one to five entries.
fn change(entries: &mut BTreeMap<String, u32>, rng: &mut Rng) {
    for _ in 0..rng.u32(1..5) {
        let name = format!("e{}", rng.u32(0..30));
        if rng.u32(0..3) == 0 {
            entries.remove(&name);
        } else {
            // Always the same content: a changed one waits until nothing of the old one can still be on its way.
            entries.insert(name, 1);
        }
    }
}

/// So many starts must have been made for the kills to say something: more than there are names, so that some were stopped
/// and put back.
const ENOUGH: usize = 100;

#[expect(clippy::print_stdout, reason = "it tells what came of so many kills")]
/// Kills the program so many times while the folder changes, sees that all ends well, and answers what was wanted last.
async fn kill(world: &World, times: u64, seed: u64) -> BTreeMap<String, u32> {
    let state = world.root.path().join("state");
    let mut rng = Rng::with_seed(number("ONCED_SEED").unwrap_or(seed));
    let mut entries = BTreeMap::new();
    let times = number("ONCED_KILLS").unwrap_or(times);
    let mut kills = 0;
    for kill in 0..3 * times {
        // On a busy machine many are killed before they come to anything: then there are more of them.
        if kill >= times && (world.alike || world.starts() > ENOUGH) {
            break;
        }
        let before = world.starts();
        let child = world.run(&state);
        for _ in 0..rng.u32(0..3) {
            change(&mut entries, &mut rng);
            world.write(&entries);
            sleep(Duration::from_millis(rng.u64(0..80))).await;
        }
        // Half of the deaths come while it works, however long it took to begin: a file that was written before it watched is
        // read once it is two seconds old.
        let new = world.running().is_ok_and(|running| {
            let runs = |name: &String| running.contains_key(name);
            !entries.keys().all(runs)
        });
        if new && rng.bool() {
            world.starts_more_than(before).await;
        }
        sleep(Duration::from_millis(rng.u64(0..200))).await;
        // While the folder changes nothing is stopped: now and then it rests, until what is gone is stopped, or the first of
        // it is being stopped.
        if !world.alike && kill % 3 == 2 {
            world.rests(&entries, rng.bool()).await;
        } else if world.alike && kill % 8 == 7 {
            sleep(Duration::from_secs(2)).await;
        }
        end(child);
        kills += 1;
        // Where entries are renamed, the name of an execution doesn't say whose it is.
        if let (false, Err(wrong)) = (world.alike, world.running()) {
            panic!(
                "one execution an entry, at every moment: {wrong}\n{}",
                world.told()
            );
        }
    }
    let (starts, stops) = (world.starts(), world.stops());
    println!("{kills} kills, {starts} starts, {stops} stops");
    entries
}

/// As if 21 minutes had passed since stops whose answers the kills cut off: until then such a stop may still arrive, and
/// an entry that was put back meanwhile waits. Nothing else is waited for longer than the tests wait.
async fn no_stop_is_on_its_way(state: &Path) {
    let (ledger, found) = Ledger::open(state, Holder::Command).expect("a ledger");
    let held = |record: &Record| record.phase == Phase::Stopping && record.stop_in_doubt.is_some();
    for (name, record) in found.records.iter().filter(|(_, record)| held(record)) {
        let before = record.stop_in_doubt.map(|at| at - TimeDelta::minutes(21));
        let record = Record {
            stop_in_doubt: before,
            ..record.clone()
        };
        let change = Change {
            name: name.clone(),
            record: Some(record),
            input: None,
            event: None,
        };
        ledger.commit(change).await.expect("written");
    }
    ledger.close().await;
}

fn nothing_was_damaged(world: &World) {
    let log = world.told();
    assert!(!log.contains("set aside"), "a kill damages nothing: {log}");
    assert!(!log.contains("panicked"), "{log}");
}

/// `ONCED_KILLS=N` kills N times instead of 200.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_it_leaves_one_execution_an_entry() {
    let world = World::new().await;
    let state = world.root.path().join("state");
    let entries = kill(&world, 200, 1).await;
    no_stop_is_on_its_way(&state).await;
    let child = world.run(&state);
    world.becomes(&entries).await;
    end(child);
    nothing_was_damaged(&world);
    assert!(world.starts() > ENOUGH, "{} starts", world.starts());
}

/// The same where every change is a renaming, as far as one is removed for one that is added: in the end each entry has
/// one of the running executions for itself, under whatever name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_renames_it_leaves_one_execution_an_entry() {
    let world = World {
        alike: true,
        ..World::new().await
    };
    let state = world.root.path().join("state");
    let entries = kill(&world, 60, 2).await;
    no_stop_is_on_its_way(&state).await;
    let child = world.run(&state);
    let begun = Instant::now();
    let wanted: Vec<String> = entries.keys().cloned().collect();
    loop {
        let running: BTreeSet<String> = world
            .sandbox
            .executions()
            .into_iter()
            .filter(|execution| execution.status() == Status::Running)
            .map(|execution| execution.name)
            .collect();
        let scheduled = world.scheduled(&state);
        let (names, executions): (Vec<_>, BTreeSet<_>) = scheduled.iter().cloned().unzip();
        if names == wanted && executions == running && running.len() == wanted.len() {
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_mins(2),
            "{wanted:?}\n{scheduled:?}\n{running:?}\n{}",
            world.told()
        );
        sleep(Duration::from_millis(100)).await;
    }
    end(child);
    nothing_was_damaged(&world);
    assert!(
        world.told().contains(" moved "),
        "nothing was renamed: {}",
        world.told()
    );
}

/// A full disk: nothing is started without a durable intent, the daemon lives on, says so, and mends itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_starts_wait_and_go_on_by_themselves() {
    if !may_mount() {
        return;
    }
    let world = World::new().await;
    let disk = Mount::tmpfs("12m");
    let state = disk.path().join("state");
    let mut entries = BTreeMap::from([("e0".to_owned(), 1)]);
    world.write(&entries);
    let mut child = world.run(&state);
    world.becomes(&entries).await;
    // The rest of the disk is taken by somebody else.
    let filler = disk.path().join("filler");
    let _ = fs::write(&filler, vec![1; 12 << 20]);
    let mut more: Vec<String> = (1..=400).map(|n| format!("e{n}")).collect();
    entries.extend(more.drain(..).map(|name| (name, 1)));
    world.write(&entries);
    let begun = Instant::now();
    let told = || world.told().contains("until the ledger can be written");
    while !told() && begun.elapsed() < Duration::from_secs(30) {
        sleep(Duration::from_millis(50)).await;
    }
    assert!(told(), "it is said");
    assert!(
        child.try_wait().expect("a child").is_none(),
        "the daemon lives on"
    );
    sleep(Duration::from_secs(1)).await;
    let before = world.starts();
    sleep(Duration::from_secs(3)).await;
    assert!(
        world.starts() <= before + 1,
        "nothing is started while nothing can be written"
    );
    fs::remove_file(&filler).expect("removed");
    world.becomes(&entries).await;
    end(child);
    let log = fs::read_to_string(world.log()).expect("a log");
    assert!(log.contains("can be written again"), "{log}");
    assert!(!log.contains("set aside"), "nothing was damaged: {log}");
    world.sandbox.set_faults(None);
}

/// A power cut: the disk as it is at one moment, with nothing that was only in memory. Every execution that was started
/// has its record there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_power_cut_every_execution_has_its_record() {
    if !may_mount() {
        return;
    }
    let world = World::new().await;
    let image = world.root.path().join("disk.img");
    let made = Command::new("sh")
        .args(["-c", "truncate -s 64M \"$0\" && mkfs.ext4 -q -F \"$0\""])
        .arg(&image)
        .status();
    assert!(made.expect("a shell").success(), "an ext4 image");
    let mut rng = Rng::with_seed(number("ONCED_SEED").unwrap_or(1));
    let disk = Mount::image(&image);
    let mut entries = BTreeMap::new();
    for round in 0..number("ONCED_CUTS").unwrap_or(10) {
        let state = disk.path().join("state");
        let before = world.starts();
        let child = world.run(&state);
        for n in 0..rng.u32(20..60) {
            entries.insert(format!("r{round}e{n}"), n);
            if rng.u32(0..4) == 0 {
                world.write(&entries);
                sleep(Duration::from_millis(rng.u64(0..15))).await;
            }
        }
        world.write(&entries);
        world.starts_more_than(before).await;
        sleep(Duration::from_millis(rng.u64(50..250))).await;
        // The writer stands still, the image is copied from under the page cache, and the copy is mounted.
        let stopped = Command::new("kill")
            .args(["-STOP", &child.id().to_string()])
            .status();
        assert!(stopped.expect("kill").success());
        sleep(Duration::from_millis(20)).await;
        let started: Vec<String> = world
            .sandbox
            .executions()
            .into_iter()
            .map(|execution| execution.name.split('-').nth(1).expect("a name").to_owned())
            .collect();
        let cut = world.root.path().join(format!("cut{round}.img"));
        let copied = Command::new("dd")
            .arg(format!("if={}", image.display()))
            .arg(format!("of={}", cut.display()))
            .args(["bs=1M", "iflag=direct", "status=none"])
            .status();
        assert!(copied.expect("dd").success(), "a copy");
        end(child);
        {
            let copy = Mount::image(&cut);
            let state = copy.path().join("state");
            let (ledger, found) = Ledger::open(&state, Holder::Command).expect("a ledger");
            ledger.close().await;
            assert!(found.recovered.is_none(), "{:?}", found.recovered);
            for name in &started {
                let known = found.records.keys().any(|record| record.as_str() == name);
                assert!(known, "round {round}: {name} was started and has no record");
            }
            sleep(Duration::from_millis(100)).await;
        }
        let _ = fs::remove_file(cut);
    }
    let started = world.sandbox.executions().len();
    assert!(started > 50, "only {started} were started");
}

/// Something mounted for as long as this lives.
struct Mount(tempfile::TempDir);

impl Mount {
    fn path(&self) -> &Path {
        self.0.path()
    }

    fn with(arguments: &[&str]) -> Self {
        let at = tempfile::tempdir().expect("a directory");
        let status = Command::new("mount")
            .args(arguments)
            .arg(at.path())
            .status();
        assert!(status.expect("mount").success(), "mount {arguments:?}");
        Self(at)
    }

    fn tmpfs(size: &str) -> Self {
        Self::with(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
    }

    fn image(image: &Path) -> Self {
        Self::with(&["-o", "loop", &image.display().to_string()])
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Mounting needs root and loop devices. Where they are missing the test is skipped, loudly; in CI they must be there.
fn may_mount() -> bool {
    let at = tempfile::tempdir().expect("a directory");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "tmpfs"])
        .arg(at.path())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if mounted {
        let _ = Command::new("umount").arg(at.path()).status();
    }
    let tools = ["mkfs.ext4", "dd", "umount"].iter().all(|tool| {
        Command::new("sh")
            .args(["-c", &format!("command -v {tool} >/dev/null")])
            .status()
            .is_ok_and(|s| s.success())
    });
    let may = mounted && tools;
    if !may {
        let ci = std::env::var_os("ONCED_CI").is_some();
        assert!(!ci, "this machine may not mount, and CI must");
        let told = "SKIPPED: this test mounts a file system, and this machine does not let it\n";
        let _ = std::io::stderr().write_all(told.as_bytes());
    }
    may
}
