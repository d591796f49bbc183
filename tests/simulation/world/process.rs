//! The daemons: started, living, killed, and the person who approves.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_sdk_sfn::config::{BehaviorVersion, Builder, Credentials, Region};
use chrono::{DateTime, TimeDelta, Utc};
use onced::daemon::Daemon;
use onced::ledger::{Holder, Ledger};
use onced::model::entry::instant;
use onced::model::name::Owner;
use onced::model::plan::{MaxStops, Policy};
use onced::reconcile::apply::Hands;
use onced::reconcile::apply::machines::Machines;
use onced::reconcile::{Reconciler, Report, Tally};
use onced::source::parse::Defaults;
use onced::source::scan::{Scan, Scanner};
use onced::step_functions::StepFunctions;
use tokio::time::sleep;

use super::faults::Faults;
use super::{IDLE, MACHINE, STOP_AFTER, World};

/// A daemon, while it lives, and its state directory.
pub(crate) struct Process {
    pub(crate) alive: Option<(Daemon, Ledger)>,
    pub(super) state: PathBuf,
    /// What it read last, while nothing has changed since.
    pub(super) scan: Option<Scan>,
    /// A file was young when it was read: it is looked at again soon.
    pub(super) is_written: bool,
    /// By how many milliseconds its clock is off, and when that is mended.
    pub(super) off: Arc<AtomicI64>,
    pub(super) right: Option<DateTime<Utc>>,
    /// Until then its clock may still be compared with AWS's.
    pub(super) compares_until: Option<DateTime<Utc>>,
    /// The store is not where it was until then.
    pub(super) away: Option<DateTime<Utc>>,
}

impl Process {
    fn store_is_away(&mut self, until: DateTime<Utc>) {
        let store = self.state.join("ledger");
        if self.away.is_none() && fs::rename(&store, self.state.join("away")).is_ok() {
            self.away = Some(until);
        }
    }

    fn off(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.off.load(Ordering::Relaxed))
    }

    pub(super) fn set_right(&mut self) {
        self.right = None;
        self.off.store(0, Ordering::Relaxed);
    }

    fn store_is_back(&mut self) {
        if self.away.take().is_some() {
            fs::rename(self.state.join("away"), self.state.join("ledger")).expect("put back");
        }
    }
}

/// One round of a daemon; `None`: it died in it. A folder that has not changed is read again only where a stop waits for it.
async fn round(process: &mut Process, faults: &Faults) -> Option<Report> {
    let (daemon, _) = process.alive.as_mut().expect("it was started");
    let known = process.scan.take();
    let (scan, report) = tokio::select! {
        biased;
        () = faults.crash.notified() => return None,
        done = async {
            let scan = match known {
                Some(scan) => scan,
                None => daemon.scan(None).await,
            };
            let report = daemon.again(&scan).await;
            (scan, report)
        } => done,
    };
    process.is_written = !scan.in_flight.is_empty();
    let rests = !report.plan.waits() && !process.is_written;
    process.scan = Some(scan).filter(|_| rests);
    Some(report)
}

impl World {
    pub(super) async fn start(&mut self, number: usize) {
        self.starts += 1;
        let config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("a", "b", None, None, "test"))
            .http_client(self.sandbox.http_client());
        self.processes[number].store_is_back();
        let state = self.processes[number].state.clone();
        let owner = Owner::parse("test").expect("an owner");
        let mut opened = Ledger::open_for(&state, &owner, Holder::Daemon).await;
        for _ in 0..5_000 {
            // sled's own threads may hold the file of the process before for a moment.
            if opened.is_ok() {
                break;
            }
            let pause = || std::thread::sleep(Duration::from_millis(1));
            tokio::task::spawn_blocking(pause).await.expect("slept");
            opened = Ledger::open_for(&state, &owner, Holder::Daemon).await;
        }
        let (ledger, found) = opened.expect("a ledger");
        if let Some(why) = &found.recovered {
            let why = format!("daemon {number} recovered: {why}");
            self.say(&why);
        }
        let faults = Arc::clone(&self.faults);
        ledger.set_faults(Some(Arc::new(move |_| faults.at_commit())));
        if self.processes[number].right.is_none() {
            self.set_clock(number);
        }
        let (sandbox, off) = (
            self.sandbox.clone(),
            Arc::clone(&self.processes[number].off),
        );
        let clock: onced::reconcile::Clock =
            Arc::new(move || sandbox.now() + TimeDelta::milliseconds(off.load(Ordering::Relaxed)));
        let hands = Hands {
            owner,
            ledger: ledger.clone(),
            step_functions: StepFunctions::new(config),
            clock: Arc::clone(&clock),
            rules: self.rules,
            commits: onced::source::work_tree::Commits::default(),
            zones: onced::model::zones::Zones::default(),
            machines: Machines::default(),
            tally: Tally::default(),
        };
        let policy = Policy {
            start_only: false,
            stop_after: STOP_AFTER,
            horizon: Duration::from_hours(300 * 24),
            max_stops: MaxStops::Percent(30),
            rules: self.rules,
        };
        let verify = (Duration::from_mins(20), Some(MACHINE.to_owned()));
        let reconciler = Reconciler::new(hands, found, policy.clone(), verify, self.starts);
        let scanner = Scanner::new(self.directory(), defaults());
        let settle = Duration::from_millis(100);
        let resync = Duration::from_mins(1);
        let daemon = Daemon::new(scanner, reconciler, policy, settle, resync, clock);
        self.processes[number].alive = Some((daemon, ledger));
    }

    /// Now and then a machine's clock is wrong when the process begins, and set after a while.
    fn set_clock(&mut self, number: usize) {
        if self.faults.on.load(Ordering::Relaxed) && self.rng.u32(0..8) == 0 {
            let seconds = [-7_200, -1_200, 600, 86_400 * 400, -86_400 * 365 * 50];
            let seconds = *self.rng.choice(&seconds).expect("some");
            self.set_wrong(number, seconds);
        }
    }

    pub(super) fn set_wrong(&mut self, number: usize, seconds: i64) {
        let right = self.now() + TimeDelta::seconds(self.rng.i64(1..600));
        self.say(&format!(
            "the clock of daemon {number} is off by {seconds} s until {}",
            instant(right)
        ));
        let process = &mut self.processes[number];
        process.off.store(1_000 * seconds, Ordering::Relaxed);
        process.right = Some(right);
        let compares = right + TimeDelta::minutes(2);
        process.compares_until = process.compares_until.max(Some(compares));
    }

    pub(super) fn right_clocks(&mut self) {
        for process in &mut self.processes {
            process.set_right();
        }
    }

    /// Ends a process as SIGKILL does.
    pub(crate) async fn kill(&mut self, number: usize) {
        if let Some((daemon, ledger)) = self.processes[number].alive.take() {
            drop(daemon);
            self.processes[number].scan = None;
            ledger.close().await;
            self.faults.effort.lock().expect("no panic").crashes += 1;
        }
        self.processes[number].store_is_back();
    }

    /// Ends all of them.
    pub(crate) async fn kill_all(&mut self) {
        for number in 0..self.processes.len() {
            self.kill(number).await;
        }
    }

    /// Lets the daemons live until `until`; they may die on the way, and are started again.
    pub(crate) async fn live(&mut self, until: DateTime<Utc>) -> Option<Report> {
        let mut last = None;
        while self.now() < until {
            for number in 0..self.processes.len() {
                if self.processes[number].alive.is_none() {
                    self.start(number).await;
                }
            }
            self.go_on();
            let faults = Arc::clone(&self.faults);
            let rounds = match &mut self.processes[..] {
                [one] => vec![round(one, &faults).await],
                [one, two] => {
                    let (one, two) = tokio::join!(round(one, &faults), round(two, &faults));
                    vec![one, two]
                }
                _ => unreachable!("one or two"),
            };
            let now = self.now();
            let mut wake = now + IDLE;
            for (number, done) in rounds.into_iter().enumerate() {
                let Some(report) = done else {
                    self.say(&format!("daemon {number} dies"));
                    self.kill(number).await;
                    wake = now;
                    continue;
                };
                self.disk(number);
                // Who sees an empty folder approves nothing.
                if report.guard.is_some()
                    && !self.is_away
                    && !self.elsewhere
                    && self.rng.u32(0..6) == 0
                {
                    self.approve(number).await;
                }
                let process = &self.processes[number];
                let off = process.off();
                wake = report.wake.map_or(wake, |at| wake.min(at - off));
                if process.is_written {
                    wake = wake.min(now + TimeDelta::seconds(2));
                }
                if process.compares_until.is_some_and(|until| now < until) {
                    wake = wake.min(now + TimeDelta::seconds(10));
                }
                last = Some(report);
            }
            let wake = self.next_event().map_or(wake, |at| wake.min(at));
            let wake = (wake - now).to_std().unwrap_or_default();
            let rest = (until - now).to_std().unwrap_or_default();
            sleep(wake.max(Duration::from_millis(20)).min(IDLE).min(rest)).await;
        }
        last
    }

    /// Takes the store of a daemon away after a write has failed, and gives it back when its time has come.
    pub(super) fn disk(&mut self, number: usize) {
        let now = self.now();
        let seconds = self.faults.away.swap(0, Ordering::Relaxed);
        let process = &mut self.processes[number];
        if process.away.is_some_and(|until| now >= until) {
            process.store_is_back();
        }
        if seconds > 0 {
            process.store_is_away(now + TimeDelta::seconds(seconds));
        }
    }

    /// A person lets go what waits for approval.
    pub(super) async fn approve(&mut self, number: usize) {
        let process = &mut self.processes[number];
        let (daemon, _) = process.alive.as_mut().expect("it lives");
        let scan = match &process.scan {
            Some(scan) => scan.clone(),
            None => daemon.scan(None).await,
        };
        let digest = daemon.moment(&scan).plan().digest;
        let done = daemon.let_go(&digest, &scan).await;
        let now = self.now();
        if done.is_ok() {
            for mass in &mut self.masses {
                mass.approved = mass.approved.or(Some(now));
            }
        }
        self.say(&format!("a person approves {digest}: {done:?}"));
    }

    /// A person lets go all that waits for approval because it was too much at once.
    pub(crate) async fn approve_all(&mut self) {
        for number in 0..self.processes.len() {
            let process = &mut self.processes[number];
            let Some((daemon, _)) = process.alive.as_mut() else {
                continue;
            };
            let (scan, report) = daemon.once().await;
            process.scan = Some(scan);
            if report.guard.is_some() {
                self.approve(number).await;
            }
        }
    }
}

fn defaults() -> Defaults {
    Defaults {
        state_machine: Some(MACHINE.into()),
        ..Defaults::default()
    }
}
