//! The program itself, as a process on a real directory, against the sandbox over HTTP; what it did is read off the wire.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use onced::sandbox::{Options, Sandbox};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::block_in_place;

/// A Step Functions, a directory and a state directory of one test.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) url: String,
    pub(crate) root: TempDir,
    machine: String,
}

/// The program, ended with the test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Sandbox::new(Options::default()).expect("a sandbox")).await
    }

    /// With an AWS whose clock says this.
    pub(crate) async fn at(now: chrono::DateTime<chrono::Utc>) -> Self {
        Self::with(Sandbox::with_clock(Options::default(), now).expect("a sandbox")).await
    }

    pub(crate) async fn with(sandbox: Sandbox) -> Self {
        let machine = sandbox.create_default_machine();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(sandbox.clone().serve(listener));
        let root = tempfile::tempdir().expect("a directory");
        fs::create_dir(root.path().join("schedules")).expect("a directory");
        Self {
            sandbox,
            url,
            root,
            machine,
        }
    }

    /// The state machine that lambdas run through.
    pub(crate) fn machine(&self) -> &str {
        &self.machine
    }

    pub(crate) fn path(&self, file: &str) -> std::path::PathBuf {
        self.root.path().join("schedules").join(file)
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        // As an editor does: whole, beside its place, then there in one step.
        let beside = self.path(&format!(".{file}.new"));
        fs::write(&beside, text).expect("written");
        fs::rename(beside, self.path(file)).expect("renamed");
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_on(&self.machine, arguments)
    }

    /// With this state machine configured.
    pub(crate) fn command_on(&self, machine: &str, arguments: &[&str]) -> Command {
        let mut command = onced(self.root.path());
        let (schedules, state) = (
            self.root.path().join("schedules"),
            self.root.path().join("state"),
        );
        command
            .args(arguments)
            .arg("--directory")
            .arg(schedules)
            .arg("--state-directory")
            .arg(state);
        command.args([
            "--owner",
            "test",
            "--endpoint-url",
            &self.url,
            "--state-machine",
            machine,
        ]);
        command.args([
            "--set",
            "reconcile.settle=50ms",
            "--set",
            "reconcile.stop_after=1s",
        ]);
        command
    }

    pub(crate) fn daemon(&self) -> Running {
        self.daemon_with(&[])
    }

    /// With these settings instead of the usual ones; its log is in the file `log` beside the folder.
    pub(crate) fn daemon_with(&self, settings: &[&str]) -> Running {
        let mut run = self.command(&["run"]);
        for setting in settings {
            // The last one counts.
            run.args(["--set", setting]);
        }
        let log = self.root.path().join("log");
        let log = fs::OpenOptions::new().create(true).append(true).open(log);
        run.stdout(Stdio::null()).stderr(log.expect("a log"));
        Running(run.spawn().expect("onced starts"))
    }

    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        block_in_place(|| self.command(arguments).output().expect("onced runs"))
    }

    pub(crate) fn list(&self) -> Value {
        let output = self.output(&["list", "--format", "json"]);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Starts and stops on the wire so far.
    pub(crate) fn wire(&self) -> (usize, usize) {
        let calls = self.sandbox.calls();
        let count = |operation: &str| {
            calls
                .iter()
                .filter(|call| call.operation == operation)
                .count()
        };
        (count("StartExecution"), count("StopExecution"))
    }

    /// Waits for exactly so many starts and stops, and sees that no more come.
    pub(crate) async fn settles_at(&self, starts: usize, stops: usize) {
        let begun = Instant::now();
        while self.wire() != (starts, stops) && begun.elapsed() < Duration::from_mins(1) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        let changes: Vec<String> = self
            .sandbox
            .calls()
            .iter()
            .filter(|call| ["StartExecution", "StopExecution"].contains(&call.operation.as_str()))
            .map(|call| format!("{} {} {}", call.at, call.operation, call.subject))
            .collect();
        assert_eq!(self.wire(), (starts, stops), "{}", changes.join("\n"));
    }
}

/// The program with a clean environment.
pub(crate) fn onced(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onced"));
    command
        .env_clear()
        .env("HOME", home)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// Is this tool there? Where it is not, the test that needs it is skipped, and says so; CI has it.
pub(crate) fn has(tool: &str) -> bool {
    let asked = Command::new("sh")
        .args(["-c", &format!("command -v {tool} >/dev/null")])
        .status();
    let is = asked.is_ok_and(|status| status.success());
    if !is {
        let ci = std::env::var_os("ONCED_CI").is_some();
        assert!(!ci, "`{tool}` is not there, and CI must have it");
        let told = format!("SKIPPED: this test needs `{tool}`, which is not there\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes());
    }
    is
}

pub(crate) fn entry(name: &str, at: &str) -> String {
    format!("  {name}: {{at: {at}, lambda: f}}\n")
}

pub(crate) fn file(entries: &[(&str, &str)]) -> String {
    let entries: Vec<String> = entries.iter().map(|(name, at)| entry(name, at)).collect();
    format!("schedules:\n{}", entries.concat())
}

/// A day within the horizon.
pub(crate) fn day(ahead: i64) -> String {
    (chrono::Utc::now() + chrono::TimeDelta::days(ahead))
        .format("%Y-%m-%dT09:00:00Z")
        .to_string()
}

/// So many seconds from now.
pub(crate) fn soon(seconds: i64) -> String {
    let at = chrono::Utc::now() + chrono::TimeDelta::seconds(seconds);
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_becomes_executions() {
    let world = World::new().await;
    let (soon, later) = (day(10), day(20));
    let daemon = world.daemon();
    for name in ["a", "b", "c"] {
        world.write(&format!("{name}.yaml"), &file(&[(name, &soon)]));
    }
    world.settles_at(3, 0).await;
    // An edit: the old content is stopped, then the new one is started.
    world.write("a.yaml", &file(&[("a", &later)]));
    world.settles_at(4, 1).await;
    // Another file, comments, another spelling of the same instant: nothing.
    world.write("b.yaml", "# moved\nschedules: {}\n");
    world.write(
        "c.yaml",
        &file(&[("c", &soon), ("b", &soon.replace('Z', "+00:00"))]),
    );
    world.settles_at(4, 1).await;
    fs::remove_file(world.path("a.yaml")).expect("removed");
    world.settles_at(4, 2).await;
    let running = world.sandbox.executions();
    let running: Vec<&str> = running
        .iter()
        .filter(|e| e.status().as_str() == "RUNNING")
        .filter_map(|e| e.name.split('-').nth(1))
        .collect();
    assert_eq!(running, ["b", "c"]);
    let errors: Vec<_> = world
        .sandbox
        .executions()
        .iter()
        .filter_map(|e| e.error().map(str::to_owned))
        .collect();
    assert_eq!(errors.len(), 2);
    assert!(
        errors.contains(&"onced.Removed".to_owned())
            && errors.contains(&"onced.Replaced".to_owned())
    );
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_entries_converge_and_a_kill_changes_nothing() {
    let world = World::new().await;
    for n in 0..100 {
        let names: Vec<String> = (0..10).map(|m| format!("e{n}-{m}")).collect();
        let at = day(30);
        let entries: Vec<(&str, &str)> = names
            .iter()
            .map(|name| (name.as_str(), at.as_str()))
            .collect();
        world.write(&format!("{n}.yaml"), &file(&entries));
    }
    let daemon = world.daemon();
    world.settles_at(1000, 0).await;
    let list = world.list();
    let entries = list["entries"].as_array().expect("entries");
    let good =
        |entry: &&Value| entry["phase"] == "scheduled" && entry["execution_arn"].as_str().is_some();
    assert_eq!(entries.iter().filter(good).count(), 1000);
    assert!(world.sandbox.calls().iter().all(|call| call.status == 200));
    // Drop kills with SIGKILL.
    drop(daemon);
    let _again = world.daemon();
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.settles_at(1000, 0).await;
    assert_eq!(
        world.list()["entries"].as_array().expect("entries").len(),
        1000
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_pins_its_entries_and_the_others_go_on() {
    let world = World::new().await;
    let at = day(10);
    world.write("a.yaml", &file(&[("a1", &at), ("a2", &at)]));
    let _daemon = world.daemon();
    world.settles_at(2, 0).await;
    world.write(
        "a.yaml",
        &format!("schedules:\n  a1: {{at: {at}, lambda: f}}\n  a3: {{at: soon, lambda: f}}\n"),
    );
    world.write("b.yaml", &file(&[("b", &at)]));
    world.settles_at(3, 0).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.settles_at(3, 0).await;
    let list = world.list();
    let held = list["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .filter(|entry| entry["held"].is_string())
        .count();
    assert_eq!(held, 2, "{list:#}");
    assert_eq!(list["files"][0]["state"], "invalid");
    assert_eq!(list["files"][0]["errors"][0]["line"], 3);
    world.write("a.yaml", &file(&[("a1", &at)]));
    world.settles_at(3, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_and_sync_say_what_they_did_in_their_exit_codes() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10)), ("b", &day(11))]));
    let code = |arguments: &[&str]| world.output(arguments).status.code();
    assert_eq!(code(&["plan"]), Some(0));
    assert_eq!(code(&["plan", "--detailed-exitcode"]), Some(2));
    let plan: Value =
        serde_json::from_slice(&world.output(&["plan", "--format", "json"]).stdout).expect("JSON");
    assert_eq!(plan["version"], 1);
    assert_eq!(plan["steps"][0]["step"], "Start");
    assert_eq!(plan["steps"][0]["name"], "a");
    assert_eq!(plan["steps"].as_array().map(Vec::len), Some(2));
    assert_eq!(world.wire(), (0, 0), "plan calls nobody");
    assert_eq!(code(&["sync"]), Some(0));
    assert_eq!(world.wire(), (2, 0));
    assert_eq!(code(&["sync"]), Some(0));
    assert_eq!(world.wire(), (2, 0), "the second run finds nothing to do");
    assert_eq!(code(&["plan", "--detailed-exitcode"]), Some(0));
    world.write("b.yaml", "");
    assert_eq!(code(&["sync"]), Some(4));
    fs::remove_file(world.path("b.yaml")).expect("removed");
    world.write("a.yaml", &file(&[("a", &day(10))]));
    assert_eq!(code(&["sync"]), Some(0));
    assert_eq!(world.wire(), (2, 1));
    // Put back: the next generation.
    world.write("a.yaml", &file(&[("a", &day(10)), ("b", &day(11))]));
    assert_eq!(code(&["sync"]), Some(0));
    let names = world.sandbox.executions();
    assert!(
        names
            .iter()
            .any(|e| e.name.starts_with("test-b-") && e.name.ends_with("-1")),
        "{names:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_stops_at_once_are_held() {
    let world = World::new().await;
    let names: Vec<String> = (0..10).map(|n| format!("e{n}")).collect();
    let at = day(10);
    let all: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), at.as_str()))
        .collect();
    world.write("a.yaml", &file(&all));
    assert_eq!(world.output(&["sync"]).status.code(), Some(0));
    world.write(
        "a.yaml",
        &format!("{}{}", file(&all[..5]), entry("new", &day(11))),
    );
    let output = world.output(&["sync"]);
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(world.wire(), (11, 0), "starts go on");
    assert_eq!(world.output(&["plan"]).status.code(), Some(3));
    assert_eq!(
        world
            .output(&["sync", "--set", "reconcile.max_stops=100%"])
            .status
            .code(),
        Some(0)
    );
    assert_eq!(world.wire(), (11, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_daemons_on_one_ledger_are_one_too_many() {
    let world = World::new().await;
    let _daemon = world.daemon();
    let lock = world.root.path().join("state/onced.sock");
    for _ in 0..500 {
        if lock.exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let second = world.output(&["run"]);
    assert_eq!(second.status.code(), Some(75));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another onced holds the ledger"));
}

#[test]
fn what_is_missing_is_said_in_one_line_with_the_remedy() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("schedules");
    fs::create_dir(&directory).unwrap();
    let directory = directory.display().to_string();
    let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:M";
    let rows: &[(&[&str], i32, &str)] = &[
        (&["run", "--no-such-flag"], 64, "--no-such-flag"),
        (&["brew"], 64, "brew"),
        (&["run", &directory], 1, "no owner is given"),
        (
            &["run", &directory, "--owner", "A"],
            64,
            "`A` can't be an owner",
        ),
        (
            &["run", "--owner", "a"],
            1,
            "no directory of schedule files is given",
        ),
        (
            &["sync", "/no/such/directory", "--owner", "a"],
            1,
            "/no/such/directory",
        ),
        (
            &["run", &directory, "--owner", "a"],
            1,
            "no state machine is given",
        ),
        (
            &["run", &directory, "--owner", "a", "--state-machine", "M"],
            64,
            "is not the ARN of a state machine",
        ),
        (
            &[
                "run",
                &directory,
                "--owner",
                "a",
                "--state-machine",
                machine,
                "--region",
                "eu-west-1",
            ],
            64,
            "eu-west-1",
        ),
        (
            &[
                "run",
                &directory,
                "--owner",
                "a",
                "--set",
                "reconcile.settel=1s",
            ],
            64,
            "did you mean `reconcile.settle`?",
        ),
        (
            &[
                "run",
                &directory,
                "--owner",
                "a",
                "--set",
                "reconcile.settle=1",
            ],
            64,
            "not a duration",
        ),
        (
            &["run", &directory, "--config", "/no/such/file"],
            1,
            "/no/such/file",
        ),
        (
            &[
                "run",
                &directory,
                "--owner",
                "a",
                "--state-machine",
                machine,
            ],
            1,
            "no AWS credentials",
        ),
        (&["check", "/no/such/file"], 1, "is not there"),
        (
            &["show", "x", "--sandbox", "--directory", &directory],
            1,
            "there is no entry `x`",
        ),
        (
            &[
                "add",
                "x",
                "--in",
                "30s",
                "--lambda",
                "a b",
                "--directory",
                &directory,
            ],
            64,
            "not a function",
        ),
        (
            &[
                "add",
                "x",
                "--at",
                "soon",
                "--lambda",
                "f",
                "--directory",
                &directory,
            ],
            64,
            "is not a time",
        ),
    ];
    for (arguments, code, fragment) in rows {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onced"));
        command
            .env_clear()
            .env("HOME", home.path())
            .env("AWS_EC2_METADATA_DISABLED", "true");
        let output = command.args(*arguments).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(fragment), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_keeps_its_executions_and_invokes_an_endpoint() {
    use std::sync::{Arc, Mutex};
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let invoked = Arc::clone(&seen);
    let router = axum::Router::new().fallback(move |uri: axum::http::Uri, body: String| {
        invoked
            .lock()
            .unwrap()
            .push(format!("{} {body}", uri.path()));
        async { "{}" }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let root = tempfile::tempdir().unwrap();
    let schedules = root.path().join("schedules");
    fs::create_dir(&schedules).unwrap();
    let soon = (chrono::Utc::now() + chrono::TimeDelta::seconds(4)).format("%Y-%m-%dT%H:%M:%SZ");
    let text = format!(
        "schedules:\n  soon: {{at: {soon}, lambda: greet, payload: {{to: you}}}}\n{}",
        entry("far", &day(10))
    );
    fs::write(schedules.join("a.yaml"), text).unwrap();
    let state = root.path().join("state").display().to_string();
    let schedules = schedules.display().to_string();
    let command = |arguments: &[&str]| {
        let mut command = onced(root.path());
        command.args(arguments).args([
            "--sandbox",
            "--directory",
            &schedules,
            "--state-directory",
            &state,
        ]);
        command
    };
    let list = || -> Value {
        let output = block_in_place(|| command(&["list", "--format", "json"]).output().unwrap());
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    };
    assert!(
        block_in_place(|| command(&["sync"]).output().unwrap())
            .status
            .success()
    );
    let before = list();
    assert_eq!(before["entries"][0]["phase"], "scheduled");
    // Another process goes on with the same executions, and fires the one whose time comes.
    let run = command(&["run", "--lambda-endpoint", &endpoint])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _running = Running(run);
    let begun = Instant::now();
    while list()["entries"][0]["phase"] != "succeeded" && begun.elapsed() < Duration::from_secs(30)
    {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let after = list();
    assert_eq!(after["entries"][0]["phase"], "succeeded", "{after:#}");
    assert_eq!(
        after["entries"][0]["execution_arn"],
        before["entries"][0]["execution_arn"]
    );
    assert_eq!(after["entries"][1]["phase"], "scheduled");
    assert_eq!(
        *seen.lock().unwrap(),
        [r#"/2015-03-31/functions/greet/invocations {"to":"you"}"#]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_once_and_the_daemon_ends_when_told() {
    let world = World::new().await;
    world.write("bad.yaml", "schedules: []\n");
    let log = world.root.path().join("log");
    let mut command = world.command(&["run", "--set", "reconcile.resync=100ms"]);
    let mut daemon = command
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    // Written just before the watch began, the file is in flight for two seconds; each resync
    // after that could say the same again.
    let begun = Instant::now();
    let is_said = || fs::read_to_string(&log).is_ok_and(|log| log.contains("bad.yaml:1:12"));
    while !is_said() && begun.elapsed() < Duration::from_mins(1) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let told = Command::new("kill")
        .args(["-TERM", &daemon.id().to_string()])
        .status()
        .unwrap();
    assert!(told.success());
    let status = block_in_place(|| daemon.wait().unwrap());
    let log = fs::read_to_string(&log).unwrap();
    assert_eq!(status.code(), Some(0), "{log}");
    assert_eq!(log.matches("bad.yaml:1:12").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_ends_within_ten_seconds_and_leaves_only_intents() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use onced::sandbox::Fault;
    let world = World::new().await;
    let at = day(10);
    let names: Vec<String> = (0..100).map(|n| format!("e{n}")).collect();
    let entries: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), at.as_str())).collect();
    world.write("a.yaml", &file(&entries));
    let asked = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&asked);
    world
        .sandbox
        .set_faults(Some(Arc::new(move |_, operation: &str| {
            if operation != "StartExecution" {
                return Fault::None;
            }
            noted.store(true, Ordering::Relaxed);
            Fault::Slow(Duration::from_secs(3))
        })));
    let mut daemon = world.daemon();
    let begun = Instant::now();
    while !asked.load(Ordering::Relaxed) && begun.elapsed() < Duration::from_mins(1) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let pid = daemon.0.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    let begun = Instant::now();
    let status = block_in_place(|| daemon.0.wait().unwrap());
    assert_eq!(status.code(), Some(0));
    assert!(
        begun.elapsed() < Duration::from_secs(11),
        "{:?}",
        begun.elapsed()
    );
    let (starts, _) = world.wire();
    assert!(
        (1..=32).contains(&starts),
        "no new calls after the signal: {starts}"
    );
    world.sandbox.set_faults(None);
    let _again = world.daemon();
    let begun = Instant::now();
    while world.sandbox.executions().len() < 100 && begun.elapsed() < Duration::from_mins(1) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(world.sandbox.executions().len(), 100);
}
