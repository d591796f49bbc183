//! The daemons: processes of the real program that are killed, ended, stopped for a while and started again, two at a time
//! with a ledger each; and what befalls their ledgers while they are dead.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::folder::{MACHINE, key_of, machine};
use crate::wire::{Time, clock};
use crate::world::World;

/// A life of one process.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) ledger: usize,
    pub(crate) from: Time,
    pub(crate) to: Option<Time>,
    /// Since when its ledger has forgotten nothing.
    pub(crate) knows_since: Time,
}

/// All lives so far.
#[derive(Clone, Default)]
pub(crate) struct Lives(pub(crate) Arc<Mutex<Vec<Life>>>);

struct Daemon {
    url: String,
    child: Option<Child>,
    knows_since: Time,
    /// A copy of its state directory, and of when that is.
    copy: Option<(PathBuf, Time)>,
    copies: usize,
}

pub(crate) struct Daemons {
    world: Arc<World>,
    pub(crate) lives: Lives,
    rng: Rng,
    of: Vec<Daemon>,
}

impl Drop for Daemons {
    fn drop(&mut self) {
        for daemon in &mut self.of {
            if let Some(mut child) = daemon.child.take() {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for item in fs::read_dir(from).expect("a directory") {
        let item = item.expect("an item");
        let kind = item.file_type().expect("a kind");
        let to = to.join(item.file_name());
        if kind.is_dir() {
            copy(&item.path(), &to);
        } else if kind.is_file() {
            fs::copy(item.path(), to).expect("copied");
        }
    }
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(status.expect("kill").success(), "kill {name}");
}

impl Daemons {
    pub(crate) async fn new(world: Arc<World>, rng: Rng) -> Self {
        let mut of = Vec::new();
        for ledger in 0..2 {
            of.push(Daemon {
                url: world.wire.address(ledger).await,
                child: None,
                knows_since: world.now(),
                copy: None,
                copies: 0,
            });
        }
        Self {
            world,
            lives: Lives::default(),
            rng,
            of,
        }
    }

    fn state(&self, ledger: usize) -> PathBuf {
        self.world.path(&format!("state{ledger}"))
    }

    fn command(&self, ledger: usize, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onced"));
        command
            .args(arguments)
            .arg("--directory")
            .arg(self.world.schedules());
        command.arg("--state-directory").arg(self.state(ledger));
        command.args(["--owner", "test", "--endpoint-url", &self.of[ledger].url]);
        command.args(["--state-machine", &machine(MACHINE)]);
        let setup = &self.world.setup;
        let mut set = vec![
            format!("settle={}ms", setup.settle.as_millis()),
            format!("stop_after={}s", setup.stop_after.as_secs()),
            "resync=2s".into(),
            "verify=5s".into(),
        ];
        if !setup.guarded {
            set.push("max_stops=100%".into());
        }
        for set in set {
            command.args(["--set", &format!("reconcile.{set}")]);
        }
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.world.root.path());
        for (key, value) in [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ] {
            command.env(key, value);
        }
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn lives(&self, ledger: usize) -> bool {
        self.of[ledger].child.is_some()
    }

    /// Starts the daemon, unless it runs.
    pub(crate) fn start(&mut self, ledger: usize) {
        if self.lives(ledger) {
            return;
        }
        let log = self.world.path(&format!("log{ledger}"));
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("a log");
        let mut command = self.command(ledger, &["run"]);
        let child = command.stdout(Stdio::null()).stderr(log).spawn();
        self.of[ledger].child = Some(child.expect("onced starts"));
        let from = self.world.now();
        let knows_since = self.of[ledger].knows_since;
        let life = Life {
            ledger,
            from,
            to: None,
            knows_since,
        };
        self.lives.0.lock().expect("no panic").push(life);
        self.world
            .say(format!("ledger {ledger}: a daemon is started"));
    }

    fn ended(&mut self, ledger: usize) {
        let now = self.world.now();
        let mut lives = self.lives.0.lock().expect("no panic");
        if let Some(life) = lives.iter_mut().rev().find(|life| life.ledger == ledger) {
            life.to = Some(now);
        }
    }

    /// A daemon that ended without being told to is a fault; a service manager starts it again.
    pub(crate) fn restart_what_ended(&mut self) {
        for ledger in 0..2 {
            let child = self.of[ledger].child.as_mut();
            let ended = child.and_then(|child| child.try_wait().expect("a child"));
            if let Some(status) = ended {
                let what = format!("FAULT ledger {ledger}: its daemon ended by itself, {status}");
                self.world.say(what);
                self.world.count("ended by itself");
                self.of[ledger].child = None;
                self.ended(ledger);
                self.start(ledger);
            }
        }
    }

    pub(crate) fn kill(&mut self, ledger: usize) {
        let Some(mut child) = self.of[ledger].child.take() else {
            return;
        };
        self.world.say(format!("ledger {ledger}: SIGKILL"));
        self.world.count("SIGKILL");
        let _ = child.kill();
        let _ = block_in_place(|| child.wait());
        self.ended(ledger);
    }

    /// Ends the daemon as a service manager does.
    pub(crate) async fn end(&mut self, ledger: usize) {
        let Some(mut child) = self.of[ledger].child.take() else {
            return;
        };
        self.world.say(format!("ledger {ledger}: SIGTERM"));
        self.world.count("SIGTERM");
        signal(&child, "-TERM");
        let begun = Instant::now();
        while child.try_wait().expect("a child").is_none() {
            if begun.elapsed() > Duration::from_secs(30) {
                self.world.say(format!(
                    "FAULT ledger {ledger}: it does not end 30 s after SIGTERM"
                ));
                self.world.count("did not end");
                let _ = child.kill();
                let _ = child.wait();
                break;
            }
            sleep(Duration::from_millis(10)).await;
        }
        self.ended(ledger);
    }

    /// Waits until nothing that the dead daemon has asked for can take its effect any more.
    async fn nothing_is_open(&self, ledger: usize) {
        // A request whose caller has died may still be with the sandbox, for as long as that is slow.
        sleep(Duration::from_millis(1600)).await;
        while self.world.wire.open(ledger) > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Every copy is what was on the disk at one moment: the daemon stands still meanwhile.
    fn copy(&mut self, ledger: usize) {
        let (state, number) = (self.state(ledger), self.of[ledger].copies);
        if !state.exists() {
            return;
        }
        let to = self.world.path(&format!("copy{ledger}-{number}"));
        let now = self.world.now();
        let child = self.of[ledger].child.as_ref();
        child.inspect(|child| signal(child, "-STOP"));
        block_in_place(|| copy(&state, &to));
        child.inspect(|child| signal(child, "-CONT"));
        self.of[ledger].copies += 1;
        self.of[ledger].copy = Some((to, now));
        self.world.say(format!("ledger {ledger}: copied"));
        self.world.count("ledger copied");
    }

    fn put_back(&mut self, ledger: usize) {
        let Some((from, at)) = self.of[ledger].copy.take() else {
            return;
        };
        let state = self.state(ledger);
        let _ = fs::remove_dir_all(&state);
        block_in_place(|| copy(&from, &state));
        // What was begun after the copy was made it does not know.
        self.of[ledger].knows_since = self.world.now();
        self.world
            .say(format!("ledger {ledger}: rolled back to {}", clock(at)));
        self.world.count("ledger rolled back");
    }

    fn lose(&mut self, ledger: usize) {
        let _ = fs::remove_dir_all(self.state(ledger));
        self.of[ledger].knows_since = self.world.now();
        self.world.say(format!("ledger {ledger}: lost"));
        self.world.count("ledger lost");
    }

    /// The power is cut, and the machine goes on with what its disk held then.
    fn power_cut(&mut self, ledger: usize) {
        let state = self.state(ledger);
        if !self.lives(ledger) || !state.exists() {
            return;
        }
        let (cut, child) = (self.world.path("cut"), self.of[ledger].child.as_ref());
        child.inspect(|child| signal(child, "-STOP"));
        block_in_place(|| copy(&state, &cut));
        self.kill(ledger);
        fs::remove_dir_all(&state).expect("removed");
        fs::rename(&cut, &state).expect("renamed");
        self.world.say(format!(
            "ledger {ledger}: as the disk was when it stood still"
        ));
        self.world.count("power cut");
    }

    /// Somebody stops an execution in the console.
    fn person(&mut self) {
        let mut running = self.world.sandbox.executions();
        running.retain(|execution| execution.status() == onced::sandbox::Status::Running);
        let Some(execution) = self.rng.choice(running) else {
            return;
        };
        let key = key_of(&execution.machine_arn, &execution.input);
        self.world.by_a_person.lock().expect("no panic").insert(key);
        let body = format!("{{\"executionArn\":\"{}\"}}", execution.arn);
        self.world
            .sandbox
            .call("AWSStepFunctions.StopExecution", body.as_bytes());
        self.world.say(format!("a person stops {}", execution.name));
        self.world.count("stopped by a person");
    }

    async fn pause(&mut self, most: u64) {
        sleep(Duration::from_millis(self.rng.u64(0..most))).await;
    }

    /// One thing that befalls a daemon.
    async fn befall(&mut self) {
        let ledger = usize::from(self.lives(1) && self.rng.bool());
        match self.rng.u32(0..20) {
            0..7 => {
                self.kill(ledger);
                self.pause(1500).await;
                self.start(ledger);
            }
            7..9 => {
                self.end(ledger).await;
                self.pause(1500).await;
                self.start(ledger);
            }
            9 => {
                // It dies again before it has come far.
                for _ in 0..self.rng.u32(2..5) {
                    self.kill(ledger);
                    self.start(ledger);
                    self.pause(400).await;
                }
            }
            10..12 => self.copy(ledger),
            12 => {
                self.kill(ledger);
                self.nothing_is_open(ledger).await;
                self.put_back(ledger);
                self.start(ledger);
            }
            13 => {
                self.kill(ledger);
                self.nothing_is_open(ledger).await;
                self.lose(ledger);
                self.start(ledger);
            }
            14 => {
                self.power_cut(ledger);
                self.start(ledger);
            }
            15 => self.person(),
            _ if self.world.setup.two && self.lives(1) => {
                if self.rng.bool() {
                    self.kill(1);
                } else {
                    self.end(1).await;
                }
            }
            _ if self.world.setup.two => self.start(1),
            _ => {}
        }
    }

    /// Befalls the daemons until the session is over.
    pub(crate) async fn churn(mut self) -> Self {
        self.start(0);
        let mut looked = Instant::now();
        while !self.world.is_over() {
            let rest = Duration::from_millis(self.rng.u64(200..self.world.setup.calm * 1000));
            let begun = Instant::now();
            while begun.elapsed() < rest && !self.world.is_over() {
                sleep(Duration::from_millis(50)).await;
                if looked.elapsed() > Duration::from_secs(1) {
                    looked = Instant::now();
                    self.restart_what_ended();
                }
            }
            if self.rng.bool() {
                // Right after something was done to the folder.
                let acted = self.world.acted.notified();
                let _ = tokio::time::timeout(Duration::from_secs(3), acted).await;
            }
            if !self.world.is_over() {
                self.befall().await;
            }
        }
        self
    }

    /// A person approves all that waits for it.
    pub(crate) fn approve(&self, ledger: usize) {
        let output = |arguments: &[&str]| {
            block_in_place(|| {
                self.command(ledger, arguments)
                    .output()
                    .expect("onced runs")
            })
        };
        let plan = output(&["plan", "--format", "json"]);
        let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap_or_default();
        if let Some(digest) = plan["digest"].as_str() {
            let done = output(&["approve", digest]);
            let said = String::from_utf8_lossy(&done.stdout).trim().to_owned();
            self.world.say(format!(
                "ledger {ledger}: a person approves {digest}: {said}"
            ));
            self.world.count("approvals");
        }
    }

    /// What the daemon says of its entries.
    pub(crate) fn list(&self, ledger: usize) -> String {
        let list = || {
            self.command(ledger, &["list"])
                .output()
                .expect("onced runs")
        };
        let list = block_in_place(list);
        String::from_utf8_lossy(&list.stdout).into_owned() + &String::from_utf8_lossy(&list.stderr)
    }
}
