//! The daemon: waits for hints, lets them settle, scans, reconciles, tells. Never reads a file or calls AWS by itself.

mod beats;
pub mod client;
mod clients;
mod folder;
pub mod listen;
pub mod metrics;
pub mod notices;

mod orders;
mod reach;
mod run;
mod said;
pub mod set_clock;
pub mod socket;
pub mod systemd;
pub mod zone_rules;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use prometheus_client::metrics::histogram::Histogram;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::ledger::Ledger;
use crate::model::kind;
use crate::model::plan::{Plan, Policy};
use crate::reconcile::{Clock, Desired, Progress, Reconciler, Report};
use crate::source::in_flight::InFlight;
use crate::source::parse::Defaults;
use crate::source::problem::Problem;
use crate::source::scan::{Scan, Scanner};
use crate::source::watch::Watch;
use crate::view::Moment;
use crate::view::standing::Standing;
use beats::Beats;
use metrics::Metrics;
use set_clock::{ClockWatch, Uptime};

/// How often the directory is scanned where no events come; where a scan costs much, ten times what it costs.
const POLL: Duration = Duration::from_secs(2);
/// How often the clock is looked at while nothing is to be done. The timers of the kernel's monotonic clock stand still
/// while the machine sleeps, and know nothing of a clock that is set.
const TICK: Duration = Duration::from_secs(10);
/// How long git may be in the middle of something before that is said aloud.
const STALE: TimeDelta = TimeDelta::minutes(10);
/// How many times `settle` a folder that never rests may put a scan off.
const RESTLESS: u32 = 20;

/// Source and reconciler, with what is between them.
pub struct Daemon {
    directory: PathBuf,
    /// `None` only while a scan is under way.
    scanner: Option<Scanner>,
    in_flight: InFlight,
    /// What schedule files get where they say nothing, and the time zone rules.
    defaults: Defaults,
    /// What a scanner that is away is to go on with.
    awaited: Option<Defaults>,
    /// A scan that has not ended for long.
    overdue: Option<Overdue>,
    reconciler: Reconciler,
    policy: Policy,
    settle: Duration,
    resync: Duration,
    clock: Clock,
    uptime: Uptime,
    clock_watch: ClockWatch,
    told: BTreeMap<String, Vec<Problem>>,
    told_doubt: Option<String>,
    told_written: Arc<BTreeSet<String>>,
    told_git: Option<PathBuf>,
    told_notes: Vec<Problem>,
    told_passed_over: BTreeSet<String>,
    told_guard: Option<(String, String)>,
    told_lost: Arc<[String]>,
    told_unnoted: bool,
    last: Option<Scan>,
    /// The last one that ended.
    completed: Option<Scan>,
    /// A stop waits for its time: what it rests on is looked at again then.
    waits: bool,
    /// An attempt to watch that has not ended.
    watching: Option<JoinHandle<notify::Result<Watch>>>,
    scanned: Option<Scanned>,
    /// How long scans took.
    scans: Histogram,
    standing: Standing,
    /// One beat a turn, and at least every `tick` while something is waited for that has an end.
    beats: Beats,
}

/// A scan under way, and since when, by both clocks.
struct Overdue {
    looking: JoinHandle<(Scanner, Scan)>,
    at: Instant,
    begun: DateTime<Utc>,
}

/// The last scan that ended: when it began, by both clocks, and how long it took.
#[derive(Debug, Clone, Copy)]
struct Scanned {
    at: Instant,
    begun: DateTime<Utc>,
    took: Duration,
}

impl Daemon {
    /// A daemon that has not looked yet.
    pub fn new(
        scanner: Scanner,
        reconciler: Reconciler,
        policy: Policy,
        settle: Duration,
        resync: Duration,
        clock: Clock,
    ) -> Self {
        let in_flight = InFlight::default();
        let clock_watch = ClockWatch::new(policy.rules.verify && policy.rules.clock);
        Self {
            directory: scanner.directory().to_owned(),
            defaults: scanner.defaults().clone(),
            scanner: Some(scanner.among_writers(in_flight.clone()).under(policy.rules)),
            in_flight,
            awaited: None,
            overdue: None,
            reconciler,
            policy,
            settle,
            resync,
            clock,
            uptime: set_clock::without_sleep(),
            clock_watch,
            told: BTreeMap::new(),
            told_doubt: None,
            told_written: Arc::default(),
            told_git: None,
            told_notes: Vec::new(),
            told_passed_over: BTreeSet::new(),
            told_guard: None,
            told_lost: Arc::default(),
            told_unnoted: false,
            last: None,
            completed: None,
            waits: false,
            watching: None,
            scanned: None,
            scans: metrics::scans(),
            standing: Standing::default(),
            beats: Beats::default(),
        }
    }

    /// With files in flight for no longer than these say.
    #[must_use]
    pub fn with_in_flight(self, in_flight: InFlight) -> Self {
        let scanner = self.scanner;
        Self {
            scanner: scanner.map(|scanner| scanner.among_writers(in_flight.clone())),
            in_flight,
            ..self
        }
    }

    /// With a beat at least so often, where that is more often than by itself.
    #[must_use]
    pub fn beating_every(mut self, most: Option<Duration>) -> Self {
        self.beats.tick = most.map_or(TICK, |most| most.min(TICK));
        self
    }

    /// The beats of its loop: as long as it gets on, one comes at least every few seconds.
    pub fn beats(&self) -> watch::Receiver<()> {
        self.beats.sender.subscribe()
    }

    /// What it counts.
    pub fn metrics(&self) -> Metrics {
        let (calls, tally) = (self.reconciler.calls(), self.reconciler.tally());
        Metrics::new(calls, tally, self.scans.clone(), (self.clock)())
    }

    /// With a clock that runs while the machine sleeps: without one, a machine that slept looks like a clock that was set.
    #[must_use]
    pub fn counting_sleep(self, uptime: Uptime) -> Self {
        Self { uptime, ..self }
    }

    /// One scan and one reconciliation, for `onced sync`.
    pub async fn once(&mut self) -> (Scan, Report) {
        let scan = self.scan(None).await;
        let report = self.again(&scan).await;
        (scan, report)
    }

    /// One reconciliation with what a scan found a moment ago.
    pub async fn again(&mut self, scan: &Scan) -> Report {
        self.reconcile(scan, &|| false).await
    }

    /// Why nothing is done before a person sets the clock of this machine, if that is so.
    pub fn clock_is_off(&self) -> Option<String> {
        let brake = self.clock_watch.brake();
        brake
            .filter(|_| self.clock_watch.is_off())
            .map(|brake| brake.why)
    }

    /// How far it has got.
    pub fn progress(&self) -> Progress {
        self.reconciler.progress()
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        self.reconciler.ledger()
    }

    /// What is planned now.
    pub fn plan(&mut self, scan: &Scan) -> Plan {
        let desired = self.desired(scan);
        self.reconciler.plan(&desired)
    }

    fn desired(&self, scan: &Scan) -> Desired {
        let mut desired = Desired::of(scan);
        desired.brakes.extend(self.clock_watch.brake());
        if !self.policy.rules.each_record {
            desired.doubt.only_of(self.reconciler.records());
        }
        self.reconciler.choose(&mut desired);
        desired
    }

    /// The present moment.
    pub fn moment(&mut self, scan: &Scan) -> Moment {
        let plan = self.plan(scan);
        self.moment_of(scan, Arc::new(plan))
    }

    fn moment_of(&mut self, scan: &Scan, plan: Arc<Plan>) -> Moment {
        let wanted = self.desired(scan);
        let pause = self.reconciler.pause();
        let pause = pause.map(|pause| (pause, Arc::new(self.reconciler.plan_resumed(&wanted))));
        Moment {
            pause,
            owner: self.reconciler.owner().clone(),
            scan: Scan {
                entries: Arc::clone(&wanted.entries),
                ..scan.clone()
            },
            records: self.reconciler.records().clone(),
            orphans: self.reconciler.orphans(&wanted),
            to_approve: self.reconciler.to_approve(&plan, &wanted),
            plan,
            policy: self.policy.clone(),
            limits: self.reconciler.limits().clone(),
            standing: Standing {
                silent: self.reconciler.silent(),
                answered: self.reconciler.calls().has_answer(),
                ledger_fails: self.reconciler.ledger_fails(),
                clock: self.clock_watch.brake().map(|brake| brake.why),
                ..self.standing.clone()
            },
            now: (self.clock)(),
        }
    }

    /// Compares the wall clock with the others.
    fn look_at_clock(&mut self) {
        let (wall, uptime) = ((self.clock)(), (self.uptime)());
        let aws = |since| self.reconciler.aws_time(since);
        if self.clock_watch.look(wall, uptime, aws) {
            self.reconciler.list_again();
        }
    }

    async fn reconcile(
        &mut self,
        scan: &Scan,
        interrupted: &(dyn Fn() -> bool + Send + Sync),
    ) -> Report {
        let report = loop {
            self.look_at_clock();
            let desired = self.desired(scan);
            let report = self.reconciler.reconcile(&desired, interrupted).await;
            if !self.clock_watch.is_fresh() {
                break report;
            }
            // One answer is enough, and it may be here already, or on its way: nothing waits for the next turn.
            let heard = self.reconciler.hear(interrupted).await;
            self.look_at_clock();
            if !heard && self.clock_watch.is_fresh() {
                break report;
            }
        };
        let is_seen = scan.unclear.is_none() && scan.in_flight.is_empty();
        let is_believed = self.clock_watch.brake().is_none();
        if report.failed.is_empty() && !report.goes_on && is_seen && is_believed {
            self.standing.succeeded = Some((self.clock)());
        }
        let guard = report.guard.clone().zip(report.digest.clone());
        if guard != self.told_guard {
            if let Some((why, digest)) = &guard {
                warn!(
                    target: kind::HELD,
                    "held: this plan {why}\nhint: to let exactly these stops go: onced approve {digest}"
                );
            } else {
                info!(target: kind::RELEASED, "no stops are held any more");
            }
            self.told_guard = guard;
        }
        report
    }
}

/// The wall clock: the one place where the time is taken.
pub fn wall_clock() -> Clock {
    Arc::new(Utc::now)
}
