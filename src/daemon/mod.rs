//! The daemon: waits for hints, lets them settle, scans, reconciles, tells. Never reads a file or calls AWS by itself.

mod beats;
pub mod client;
mod clients;
mod folder;
pub mod listen;
pub mod metrics;
pub mod notices;

mod reach;
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
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::ledger::Ledger;
use crate::model::kind;
use crate::model::plan::{Plan, Policy, after, span};
use crate::model::zones::Zones;
use crate::reconcile::{Clock, Desired, Progress, Reconciler, Report};
use crate::settings::Settings;
use crate::source::in_flight::InFlight;
use crate::source::parse::Defaults;
use crate::source::problem::Problem;
use crate::source::scan::{Scan, Scanner};
use crate::source::watch::Watch;
use crate::view::Moment;
use crate::view::resume::PauseView;
use crate::view::standing::{Standing, WatchMode};
use beats::Beats;
use folder::Quiet;
use metrics::Metrics;
use set_clock::{ClockWatch, Uptime};
use socket::{Order, What};

/// How often the directory is scanned where no events come; where a scan costs much, ten times what it costs.
const POLL: Duration = Duration::from_secs(2);
/// The same where a change is so young that it may go on.
const SOON: Duration = Duration::from_millis(250);
/// How often the clock is looked at while nothing is to be done. The timers of the kernel's monotonic clock stand still
/// while the machine sleeps, and know nothing of a clock that is set.
const TICK: Duration = Duration::from_secs(10);
/// A clock that differs by more than this from the time that passed was set, or the machine slept.
const JUMP: TimeDelta = TimeDelta::seconds(2);
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
    told_open: Arc<BTreeSet<String>>,
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
        let clock_watch = ClockWatch::new(policy.rules.verify);
        Self {
            directory: scanner.directory().to_owned(),
            defaults: scanner.defaults().clone(),
            scanner: Some(scanner.among_writers(in_flight.clone())),
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
            told_open: Arc::default(),
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

    /// Runs until `stop` turns true. What is in flight then is finished; what was begun is in the ledger.
    pub async fn run(
        mut self,
        moments: watch::Sender<Option<Arc<Moment>>>,
        mut orders: mpsc::Receiver<Order>,
        mut stop: watch::Receiver<bool>,
    ) {
        let (hints, mut hinted) = watch::channel(0_u64);
        let mut watching: Option<Watch> = None;
        let mut told_polling = false;
        let mut quiet: Option<Quiet> = None;
        let mut replaced = 0;
        while !*stop.borrow() {
            self.beats.beat();
            if watching.is_none() {
                match self.watch(hints.clone()).await {
                    Ok(watch) => {
                        if let Some(kind) = watch.network()
                            && !told_polling
                        {
                            told_polling = true;
                            info!(
                                "the directory is on {kind}: what other machines change there raises no event, so it is scanned every {} s, too",
                                POLL.as_secs()
                            );
                        }
                        watching = Some(watch);
                        // What happened before it watched shows in a scan alone.
                        self.scanned = None;
                    }
                    // Where it is not there at all, the scan says so.
                    Err(error) if !told_polling && !is_missing(&error) => {
                        told_polling = true;
                        warn!(%error, "no file events: the directory is scanned every {} s instead", POLL.as_secs());
                    }
                    Err(_) => {}
                }
            }
            let hint = hinted.has_changed().unwrap_or(true);
            hinted.borrow_and_update();
            // Woken by a time, not by a change: what was read a moment ago still holds.
            let fresh = watching.is_some() && !hint && quiet.is_none();
            let last = if fresh && self.is_fresh() {
                self.last.take()
            } else {
                None
            };
            let scan = match last {
                Some(scan) => scan,
                None => self.scan(quiet).await,
            };
            quiet = None;
            if let Some(watch) = &watching
                && self.overdue.is_none()
                && !watch.is_of(scan.identity)
            {
                watching = None;
                self.in_flight.end();
                // What happened between the scan and the new watch would be missed.
                if scan.unclear.is_none() && replaced < RESTLESS {
                    replaced += 1;
                    continue;
                }
            }
            replaced = 0;
            let seen = &hinted;
            let ended = &stop;
            let (asked, beats) = (&orders, self.beats.clone());
            let interrupted = move || {
                beats.beat();
                *ended.borrow() || seen.has_changed().unwrap_or(false) || !asked.is_empty()
            };
            let report = self.reconcile(&scan, &interrupted).await;
            let plan = Arc::new(report.plan);
            self.waits = plan.waits();
            self.standing.watch = Some(match &watching {
                None => WatchMode::Polling,
                Some(watch) if watch.network().is_some() => WatchMode::Network,
                Some(_) => WatchMode::Events,
            });
            let moment = self.moment_of(&scan, plan);
            moments.send_replace(Some(Arc::new(moment)));
            // No event tells that a disk is mounted again, or that git has finished.
            let calm = scan.doubt().is_none() && !self.clock_watch.is_set();
            let tells_all = |watch: &Watch| watch.network().is_none();
            let most = self.rest(watching.as_ref().is_some_and(tells_all) && calm);
            let most = if scan.in_flight.is_empty() {
                most
            } else {
                most.min(self.cost().max(SOON))
            };
            self.last = Some(scan);
            // An execution that is due is asked for a little later.
            let soon = (self.clock)() + TimeDelta::milliseconds(20);
            let asks = self.clock_watch.is_fresh();
            let asks = asks.then(|| after((self.clock)(), set_clock::ASK));
            let wake = report.wake.map(|wake| wake.max(soon));
            let wake = wake.into_iter().chain(asks).min();
            let clock = Arc::clone(&self.clock);
            tokio::select! {
                _ = stop.changed() => {}
                () = self.reconciler.some_ended() => {}
                Some(order) = orders.recv() => {
                    let scan = self.last.clone().unwrap_or_default();
                    self.obey(order, &scan).await;
                }
                _ = hinted.changed() => {
                    quiet = Some(self.quiet(&mut hinted, &mut stop).await);
                }
                jump = doze(&clock, wake, most, &self.beats) => if let Some(jump) = jump {
                    info!(seconds = jump.num_seconds(), "the clock was set, or the machine slept: everything is looked at again");
                    self.scanned = None;
                }
            }
        }
        let beats = self.beats.clone();
        self.reconciler.settle(&|| beats.beat()).await;
    }

    /// Does what a person asks for, unless that person was told already that it is not done.
    async fn obey(&mut self, order: Order, scan: &Scan) {
        if order.answer.is_closed() {
            return;
        }
        let answer = match order.what {
            What::Approve(digest) => {
                let number = self.let_go(&digest, scan).await;
                number.map(|number| json!({"version": 1, "approved": number}))
            }
            What::Pause(until) => {
                let pausing = self.reconciler.begin_pause(until);
                let pause = self.beats.during(TICK, pausing).await;
                pause.map(|pause| json!({"version": 1, "paused": PauseView::from(pause)}))
            }
            What::Resume => {
                let was = self.reconciler.resume().await;
                was.map(|was| json!({"version": 1, "resumed": was}))
            }
            What::Reload(settings) => {
                self.reload(*settings);
                Ok(json!({"version": 1, "reloaded": true}))
            }
            What::Zones(zones) => {
                self.go_by(*zones);
                Ok(json!({"version": 1}))
            }
        };
        let _ = order.answer.send(answer);
    }

    /// Goes on with these settings. Every file is read again.
    fn reload(&mut self, settings: Settings) {
        let mut defaults = settings.defaults;
        if defaults.zones.note().is_some() {
            // A database that can't be read now changes nothing.
            defaults.zones = self.defaults.zones.clone().with_note_of(&defaults.zones);
        }
        self.reparse(defaults);
        (self.settle, self.resync) = (settings.settle, settings.resync);
        self.policy = settings.policy.clone();
        self.reconciler
            .reload(settings.policy, settings.limits, settings.verify);
    }

    /// Goes on with these time zone rules. Every local time is read again.
    fn go_by(&mut self, zones: Zones) {
        if zones == self.defaults.zones {
            return;
        }
        if let Some(note) = zones.note() {
            warn!(target: kind::ZONES, "{note}");
        } else {
            let before = self.defaults.zones.to_string();
            info!(target: kind::ZONES, before, "the time zone rules are now those of {zones}");
        }
        let timezone = zones.get(self.defaults.timezone.name());
        self.reparse(Defaults {
            timezone: timezone.unwrap_or(self.defaults.timezone),
            zones,
            ..self.defaults.clone()
        });
    }

    fn reparse(&mut self, defaults: Defaults) {
        self.defaults = defaults.clone();
        match &mut self.scanner {
            Some(scanner) => scanner.reparse(defaults),
            None => self.awaited = Some(defaults),
        }
        (self.last, self.scanned) = (None, None);
    }

    /// Lets go what exactly this digest names. Answers how many executions that were; the error says why not.
    pub async fn let_go(&mut self, digest: &str, scan: &Scan) -> Result<usize, String> {
        let wanted = self.desired(scan);
        self.reconciler.approve(digest, &wanted).await
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
            scan: scan.clone(),
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

/// Waits until `wake` by the wall clock, at `most` so long. Answers by how much that clock jumped, if it did: that ends the
/// wait.
async fn doze(
    clock: &Clock,
    wake: Option<DateTime<Utc>>,
    most: Duration,
    beats: &Beats,
) -> Option<TimeDelta> {
    let (begun, wall) = (Instant::now(), clock());
    loop {
        beats.beat();
        let (passed, now) = (begun.elapsed(), clock());
        let jump = now - wall - span(passed);
        if jump.abs() > JUMP {
            return Some(jump);
        }
        let until = |wake: DateTime<Utc>| (wake - now).to_std().unwrap_or_default();
        let rest = most.saturating_sub(passed);
        let rest = wake.map_or(rest, |wake| rest.min(until(wake)));
        if rest.is_zero() {
            return None;
        }
        sleep(rest.min(beats.tick)).await;
    }
}

/// Is what was to be watched not there?
fn is_missing(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

/// The wall clock: the one place where the time is taken.
pub fn wall_clock() -> Clock {
    Arc::new(Utc::now)
}
