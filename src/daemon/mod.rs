//! The daemon: waits for hints, lets them settle, scans, reconciles, tells. Never reads a file or calls AWS by itself.

pub mod set_clock;
pub mod socket;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use crate::ledger::Ledger;
use crate::model::brake::{Brake, Holds};
use crate::model::entry::EntryName;
use crate::model::plan::{Plan, Policy, span};
use crate::model::record::Record;
use crate::reconcile::{Clock, Desired, Progress, Reconciler, Report};
use crate::source::git;
use crate::source::problem::{FileState, Problem};
use crate::source::scan::{Scan, Scanner};
use crate::source::watch::Watch;
use crate::view::resume::{PauseView, ResumeView};
use crate::view::{List, Moment, PlanView};
use set_clock::{ClockWatch, Uptime};
use socket::{Order, What};

/// How often the directory is scanned where no events come; where a scan costs much, ten times what it costs.
const POLL: Duration = Duration::from_secs(2);
/// How long a scan holds at least, where no event told of a change.
const FRESH: Duration = Duration::from_secs(2);
/// How often the clock is looked at while nothing is to be done. The timers of the kernel's monotonic clock stand still
/// while the machine sleeps, and know nothing of a clock that is set.
const TICK: Duration = Duration::from_secs(10);
/// A clock that differs by more than this from the time that passed was set, or the machine slept.
const JUMP: TimeDelta = TimeDelta::seconds(2);
/// How long a scan is waited for, before what it would show is in doubt.
const OVERDUE: Duration = Duration::from_secs(10);
/// How long git is waited for where nothing else changes: a rebase stops for a person, and starts must go on.
const GIT: Duration = Duration::from_secs(5);
/// How long git may be in the middle of something before that is said aloud.
const STALE: TimeDelta = TimeDelta::minutes(10);
/// How many times `settle` a folder that never rests may put a scan off.
const RESTLESS: u32 = 20;

/// What the control socket answers with: the last finished pass.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// For `onced list` and `onced show`.
    pub list: List,
    /// For `onced plan`.
    pub plan: PlanView,
    /// For `onced resume`.
    pub resume: ResumeView,
}

/// Source and reconciler, with what is between them.
pub struct Daemon {
    directory: PathBuf,
    /// `None` only while a scan is under way.
    scanner: Option<Scanner>,
    /// A scan that has not ended for long, and since when.
    overdue: Option<(JoinHandle<(Scanner, Scan)>, Instant)>,
    reconciler: Reconciler,
    policy: Policy,
    settle: Duration,
    resync: Duration,
    clock: Clock,
    uptime: Uptime,
    clock_watch: ClockWatch,
    told: BTreeMap<String, Vec<Problem>>,
    told_doubt: Option<String>,
    told_git: Option<PathBuf>,
    told_guard: Option<(String, String)>,
    device: Option<u64>,
    last: Option<Scan>,
    /// The last one that ended.
    completed: Option<Scan>,
    /// A stop waits for its time: what it rests on is looked at again then.
    waits: bool,
    /// An attempt to watch that has not ended.
    watching: Option<JoinHandle<notify::Result<Watch>>>,
    /// When it ended, and how long it took.
    scanned: Option<(Instant, Duration)>,
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
        Self {
            directory: scanner.directory().to_owned(),
            scanner: Some(scanner),
            overdue: None,
            reconciler,
            policy,
            settle,
            resync,
            clock,
            uptime: set_clock::without_sleep(),
            clock_watch: ClockWatch::default(),
            told: BTreeMap::new(),
            told_doubt: None,
            told_git: None,
            told_guard: None,
            device: None,
            last: None,
            completed: None,
            waits: false,
            watching: None,
            scanned: None,
        }
    }

    /// With a clock that runs while the machine sleeps: without one, a machine that slept looks like a clock that was set.
    #[must_use]
    pub fn counting_sleep(self, uptime: Uptime) -> Self {
        Self { uptime, ..self }
    }

    /// Runs until `stop` turns true. What is in flight then is finished; what was begun is in the ledger.
    pub async fn run(
        mut self,
        snapshots: watch::Sender<Option<Arc<Snapshot>>>,
        mut orders: mpsc::Receiver<Order>,
        mut stop: watch::Receiver<bool>,
    ) {
        let (hints, mut hinted) = watch::channel(0_u64);
        let mut watching: Option<Watch> = None;
        let mut told_polling = false;
        let mut quiet = false;
        let mut replaced = 0;
        while !*stop.borrow() {
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
                    Err(error) if !told_polling => {
                        told_polling = true;
                        warn!(%error, "no file events: the directory is scanned every {} s instead", POLL.as_secs());
                    }
                    Err(_) => {}
                }
            }
            let hint = hinted.has_changed().unwrap_or(true);
            hinted.borrow_and_update();
            // Woken by a time, not by a change: what was read a moment ago still holds.
            let fresh = watching.is_some() && !hint && !quiet;
            let last = if fresh && self.is_fresh() {
                self.last.take()
            } else {
                None
            };
            let scan = match last {
                Some(scan) => scan,
                None => self.scan(quiet).await,
            };
            quiet = false;
            if let Some(watch) = &watching
                && self.overdue.is_none()
                && !watch.is_of(scan.identity)
            {
                watching = None;
                // What happened between the scan and the new watch would be missed.
                if scan.unclear.is_none() && replaced < RESTLESS {
                    replaced += 1;
                    continue;
                }
            }
            replaced = 0;
            let seen = &hinted;
            let ended = &stop;
            let asked = &orders;
            let interrupted =
                move || *ended.borrow() || seen.has_changed().unwrap_or(false) || !asked.is_empty();
            let (wall, uptime) = ((self.clock)(), (self.uptime)());
            let aws = |since| self.reconciler.aws_time(since);
            if self.clock_watch.look(wall, uptime, aws) {
                self.reconciler.list_again();
            }
            let report = self.reconcile(&scan, &interrupted).await;
            let snapshot = self.snapshot_of(&scan, &report.plan);
            self.waits = snapshot.plan.held.iter().any(|held| held.until.is_some());
            snapshots.send_replace(Some(Arc::new(snapshot)));
            // No event tells that a disk is mounted again, or that git has finished.
            let calm = scan.doubt().is_none() && !self.clock_watch.holds();
            let tells_all = |watch: &Watch| watch.network().is_none();
            let most = self.rest(watching.as_ref().is_some_and(tells_all) && calm);
            self.last = Some(scan);
            // An execution that is due is asked for a little later.
            let soon = (self.clock)() + TimeDelta::milliseconds(20);
            let wake = report.wake.map(|wake| wake.max(soon));
            let clock = Arc::clone(&self.clock);
            tokio::select! {
                _ = stop.changed() => {}
                () = self.reconciler.some_ended() => {}
                Some(order) = orders.recv() => {
                    let scan = self.last.take().unwrap_or_default();
                    self.obey(order, &scan).await;
                    self.last = Some(scan);
                }
                _ = hinted.changed() => {
                    quiet = true;
                    self.quiet(&mut hinted, &mut stop).await;
                }
                jump = doze(&clock, wake, most) => if let Some(jump) = jump {
                    info!(seconds = jump.num_seconds(), "the clock was set, or the machine slept: everything is looked at again");
                    self.scanned = None;
                }
            }
        }
        self.reconciler.settle().await;
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
                let pause = self.reconciler.begin_pause(until).await;
                pause.map(|pause| json!({"version": 1, "paused": PauseView::from(pause)}))
            }
            What::Resume => {
                let was = self.reconciler.resume().await;
                was.map(|was| json!({"version": 1, "resumed": was}))
            }
        };
        let _ = order.answer.send(answer);
    }

    /// Lets go what exactly this digest names. Answers how many executions that were; the error says why not.
    pub async fn let_go(&mut self, digest: &str, scan: &Scan) -> Result<usize, String> {
        let wanted = self.desired(scan);
        self.reconciler.approve(digest, &wanted).await
    }

    /// Is the last scan young, beside what a scan costs? Outcomes are asked for in many small steps; a large directory is
    /// not read again for each.
    fn is_fresh(&self) -> bool {
        !self.waits
            && self.last.as_ref().is_none_or(|last| last.doubt().is_none())
            && self
                .scanned
                .is_some_and(|(at, took)| at.elapsed() < FRESH.max(took * 10).min(self.resync))
    }

    /// One scan and one reconciliation, for `onced sync`.
    pub async fn once(&mut self) -> (Scan, Report) {
        let scan = self.scan(false).await;
        let report = self.again(&scan).await;
        (scan, report)
    }

    /// One reconciliation with what a scan found a moment ago.
    pub async fn again(&mut self, scan: &Scan) -> Report {
        self.reconcile(scan, &|| false).await
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
        let mut desired = desired(scan, self.reconciler.records());
        desired.brakes.extend(self.clock_watch.brake());
        desired
    }

    /// The present moment, as people see it.
    pub fn snapshot(&mut self, scan: &Scan) -> Snapshot {
        let plan = self.plan(scan);
        self.snapshot_of(scan, &plan)
    }

    fn snapshot_of(&mut self, scan: &Scan, plan: &Plan) -> Snapshot {
        let wanted = self.desired(scan);
        let orphans = self.reconciler.orphans(&wanted);
        let to_approve = self.reconciler.to_approve(plan, &wanted);
        let pause = self.reconciler.pause();
        let resumed = pause.map(|_| self.reconciler.plan_resumed(&wanted));
        let moment = Moment {
            owner: self.reconciler.owner(),
            scan,
            records: self.reconciler.records(),
            plan,
            orphans: &orphans,
            to_approve: &to_approve,
            pause,
            policy: &self.policy,
            limits: self.reconciler.limits(),
            now: (self.clock)(),
        };
        Snapshot {
            list: moment.list(),
            plan: moment.plan(),
            resume: moment.resume(pause, resumed.as_ref().unwrap_or(plan)),
        }
    }

    /// Scans on a thread of its own. A scan that differs from the last one although no event told so may have met a file
    /// half written: it counts once two scans in a row are the same. After a `quiet` time, the first one counts.
    pub async fn scan(&mut self, quiet: bool) -> Scan {
        // One that began before the change says nothing of it.
        let mut counts = quiet && self.overdue.is_none();
        let mut is_old = self.overdue.is_some();
        let mut looked = self.look().await;
        for _ in 0..RESTLESS {
            let Some(scan) = &looked else {
                break;
            };
            let changing = scan
                .files
                .iter()
                .flat_map(|file| &file.errors)
                .any(|error| error.message.contains("changed while it was read"));
            let before = self.completed.replace(scan.clone());
            counts |= before.is_none_or(|before| before == *scan);
            if counts && !changing && !is_old {
                break;
            }
            is_old = false;
            sleep(self.settle.max(Duration::from_millis(10)) / 2).await;
            looked = self.look().await;
        }
        let mut scan = looked.unwrap_or_else(|| Scan {
            unclear: Some(format!(
                "reading the directory has not ended after {} s: does its file system hang?",
                OVERDUE.as_secs()
            )),
            ..self.last.clone().unwrap_or_default()
        });
        if let Some((device, _)) = scan.identity {
            let known = *self.device.get_or_insert(device);
            if known != device && scan.files.is_empty() {
                scan.unclear = Some("the directory is on another device than before, and empty: is a disk not mounted?".into());
            } else {
                self.device = Some(device);
            }
        }
        self.tell(&scan);
        scan
    }

    /// Does a scan take longer than one is waited for?
    pub fn is_overdue(&self) -> bool {
        self.overdue.is_some()
    }

    /// One scan. `None`: it has not ended yet.
    async fn look(&mut self) -> Option<Scan> {
        let (mut looking, begun, patience) = if let Some((looking, begun)) = self.overdue.take() {
            (looking, begun, Duration::from_secs(1))
        } else {
            let mut scanner = self.scanner.take().expect("one scan at a time");
            let looking = spawn_blocking(move || {
                let scan = scanner.scan();
                (scanner, scan)
            });
            (looking, Instant::now(), OVERDUE)
        };
        if let Ok(looked) = timeout(patience, &mut looking).await {
            let (scanner, scan) = looked.expect("a scan does not panic");
            self.scanner = Some(scanner);
            self.scanned = Some((begun, begun.elapsed()));
            return Some(scan);
        }
        self.overdue = Some((looking, begun));
        None
    }

    /// Watches the directory. A file system that hangs has no events.
    async fn watch(&mut self, hints: watch::Sender<u64>) -> notify::Result<Watch> {
        let silent = || notify::Error::generic("the file system does not answer");
        let mut watching = match self.watching.take() {
            Some(before) if !before.is_finished() => {
                self.watching = Some(before);
                return Err(silent());
            }
            _ => {
                let directory = self.directory.clone();
                spawn_blocking(move || Watch::start(&directory, hints))
            }
        };
        if let Ok(watch) = timeout(GIT, &mut watching).await {
            return watch.map_err(|_| silent())?;
        }
        self.watching = Some(watching);
        Err(silent())
    }

    async fn reconcile(
        &mut self,
        scan: &Scan,
        interrupted: &(dyn Fn() -> bool + Send + Sync),
    ) -> Report {
        let desired = self.desired(scan);
        let report = self.reconciler.reconcile(&desired, interrupted).await;
        let guard = report.guard.clone().zip(report.digest.clone());
        if guard != self.told_guard {
            if let Some((why, digest)) = &guard {
                warn!(
                    "held: this plan {why}\nhint: to let exactly these stops go: onced approve {digest}"
                );
            } else {
                info!("no stops are held any more");
            }
            self.told_guard = guard;
        }
        report
    }

    /// Says what is wrong with the files once, and again only when it changes.
    fn tell(&mut self, scan: &Scan) {
        if scan.unclear != self.told_doubt {
            if let Some(why) = &scan.unclear {
                warn!("nothing is stopped: {why}");
            } else {
                info!("the directory can be read again");
            }
            self.told_doubt.clone_from(&scan.unclear);
        }
        let busy = scan.git.as_ref().and_then(|git| git.busy.as_ref());
        let stale = busy.filter(|busy| {
            busy.since
                .is_some_and(|since| (self.clock)() - since > STALE)
        });
        if stale.map(|busy| &busy.mark) != self.told_git.as_ref() {
            if let Some(busy) = stale {
                let (why, remedy) = (busy.why(), busy.remedy());
                warn!("nothing is stopped while {why}\nhint: {remedy}");
            } else {
                info!("git has finished: stops go on");
            }
            self.told_git = stale.map(|busy| busy.mark.clone());
        }
        let invalid = scan
            .files
            .iter()
            .filter(|file| file.state == FileState::Invalid);
        let now: BTreeMap<String, Vec<Problem>> = invalid
            .map(|file| (file.path.clone(), file.errors.clone()))
            .collect();
        for (path, problems) in now
            .iter()
            .filter(|(path, problems)| self.told.get(*path) != Some(problems))
        {
            for problem in problems {
                let hint = problem
                    .hint
                    .as_deref()
                    .map(|hint| format!("\nhint: {hint}"))
                    .unwrap_or_default();
                warn!(
                    "{path}:{}:{}: {}{hint}",
                    problem.line, problem.column, problem.message
                );
            }
        }
        for path in self.told.keys().filter(|path| !now.contains_key(*path)) {
            info!("{path} is good again, or gone");
        }
        self.told = now;
    }

    /// How long a scan holds if no hint comes.
    fn rest(&self, watching: bool) -> Duration {
        if watching {
            return self.resync;
        }
        let cost = self.scanned.map_or(Duration::ZERO, |(_, took)| took * 10);
        POLL.max(cost).min(self.resync)
    }

    /// Waits until no hint has come for `settle`, and git is not at work any more.
    async fn quiet(&self, hinted: &mut watch::Receiver<u64>, stop: &mut watch::Receiver<bool>) {
        let begun = Instant::now();
        let mut at_rest = None;
        while begun.elapsed() < self.settle * RESTLESS && !*stop.borrow() {
            hinted.borrow_and_update();
            tokio::select! {
                _ = stop.changed() => return,
                changed = timeout(self.settle, hinted.changed()) => if changed.is_err() {
                    let waited = *at_rest.get_or_insert_with(Instant::now);
                    if waited.elapsed() > GIT {
                        return;
                    }
                    if self.overdue.is_some() {
                        return;
                    }
                    let directory = self.directory.clone();
                    let looking = spawn_blocking(move || git::is_busy(&directory));
                    if !matches!(timeout(GIT, looking).await, Ok(Ok(true))) {
                        return;
                    }
                },
            }
        }
    }
}

/// Waits until `wake` by the wall clock, at `most` so long. Answers by how much that clock jumped, if it did: that ends the
/// wait.
async fn doze(clock: &Clock, wake: Option<DateTime<Utc>>, most: Duration) -> Option<TimeDelta> {
    let (begun, wall) = (Instant::now(), clock());
    loop {
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
        sleep(rest.min(TICK)).await;
    }
}

/// What a scan asks for, and for which recorded entries it leaves doubt.
pub fn desired(scan: &Scan, records: &BTreeMap<EntryName, Record>) -> Desired {
    let mut desired = Desired {
        entries: Arc::clone(&scan.entries),
        cut: Arc::clone(&scan.cut),
        in_doubt: scan.doubt().is_some() || scan.has_problems(),
        ..Desired::default()
    };
    if let Some(git) = &scan.git {
        desired.commit.clone_from(&git.commit);
        desired.brakes.extend(git.busy.as_ref().map(|busy| Brake {
            why: busy.why(),
            holds: Holds::NewStops,
            until: None,
        }));
    }
    for (name, record) in records {
        if !scan.entries.contains_key(name)
            && let Some(why) = scan.mentions(name, &record.file)
        {
            desired.unclear.insert(name.clone(), why);
        }
    }
    desired
}

/// The wall clock: the one place where the time is taken.
pub fn wall_clock() -> Clock {
    Arc::new(Utc::now)
}
