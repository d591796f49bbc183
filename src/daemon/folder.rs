//! How the folder is seen: when it is scanned, how long a scan holds, what is waited for first. Never reconciles.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};
use tracing::warn;

use super::{Daemon, Overdue, POLL, RESTLESS, Scanned};
use crate::model::caught::caught;
use crate::model::kind;
use crate::reconcile::folder::named;
use crate::source::scan::Scan;
use crate::source::watch::Watch;

/// How long a scan holds at least, where no event told of a change.
const FRESH: Duration = Duration::from_secs(2);
/// How long a scan is waited for, before what it would show is in doubt.
const OVERDUE: Duration = Duration::from_secs(10);
/// How long git is waited for where nothing else changes: a rebase stops for a person, and starts must go on.
const GIT: Duration = Duration::from_secs(5);

/// How a wait for the folder to settle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quiet {
    /// No hint came for `settle`.
    AtRest,
    /// The folder never rests.
    Forced,
}

impl Daemon {
    /// Is the last scan young, beside what a scan costs? Outcomes are asked for in many small steps; a large directory is
    /// not read again for each.
    pub(super) fn is_fresh(&self) -> bool {
        !self.waits
            && self.last.as_ref().is_none_or(|last| last.doubt().is_none())
            && self.scanned.is_some_and(|Scanned { at, took, .. }| {
                at.elapsed() < FRESH.max(took * 10).min(self.resync)
            })
    }

    /// Scans on a thread of its own. A scan that differs from the last one although no event told so may have met a file
    /// half written: it counts once two scans in a row are the same. After a `quiet` time, the first one counts.
    pub async fn scan(&mut self, quiet: Option<Quiet>) -> Scan {
        // What changed within that time may go on changing.
        let rest = match quiet {
            Some(Quiet::Forced) => self.settle,
            Some(Quiet::AtRest) | None => Duration::ZERO,
        };
        // One that began before the change says nothing of it.
        let mut counts = quiet.is_some() && self.overdue.is_none();
        let mut is_old = self.overdue.is_some();
        let mut looked = self.look(rest).await;
        for _ in 0..RESTLESS {
            self.beats.beat();
            let Some(scan) = &looked else {
                break;
            };
            let changing = scan
                .files
                .iter()
                .flat_map(|file| &file.errors)
                .any(|problem| problem.passes);
            let before = self.completed.replace(scan.clone());
            counts |= before.is_none_or(|before| before == *scan);
            if counts && !changing && !is_old {
                break;
            }
            is_old = false;
            let pause = self.settle.max(Duration::from_millis(10)) / 2;
            self.beats.during(pause, sleep(pause)).await;
            looked = self.look(rest).await;
        }
        let mut scan = if let Some(scan) = looked {
            self.recognise(scan).await
        } else {
            Scan {
                unclear: Some(format!(
                    "reading the directory has not ended after {} s: does its file system hang?",
                    OVERDUE.as_secs()
                )),
                ..self.last.clone().unwrap_or_default()
            }
        };
        scan.begun = self.scanned.map(|scanned| scanned.begun);
        // Once here is cheaper than anew for each look at it: mostly it stays so.
        scan.entries = self.desired(&scan).entries;
        self.tell(&scan);
        scan
    }

    /// Is it the folder that was seen last? What is remembered of it from now on is durable before anything is done by what
    /// it says.
    async fn recognise(&mut self, scan: Scan) -> Scan {
        let (scan, after) = self.reconciler.judged(scan, &named(&self.directory));
        let noted = self.reconciler.ledger().remember(after).await;
        if let Err(error) = &noted
            && !self.told_unnoted
        {
            warn!(target: kind::LEDGER, %error, "it can't be noted which directory this is");
        }
        self.told_unnoted = noted.is_err();
        scan
    }

    /// Does a scan take longer than one is waited for?
    pub fn is_overdue(&self) -> bool {
        self.overdue.is_some()
    }

    /// One scan. `None`: it has not ended yet.
    pub(super) async fn look(&mut self, rest: Duration) -> Option<Scan> {
        let (mut overdue, patience) = if let Some(overdue) = self.overdue.take() {
            (overdue, Duration::from_secs(1))
        } else {
            let mut scanner = self.scanner.take().expect("one scan at a time");
            let looking = spawn_blocking(move || {
                let scan = caught(|| scanner.scan_after(rest));
                // What was not read is in doubt: nothing is stopped for it.
                let scan = scan.unwrap_or_else(|caught| Scan {
                    unclear: Some(format!("it can't be read: {caught}")),
                    ..Scan::default()
                });
                (scanner, scan)
            });
            let (at, begun) = (Instant::now(), (self.clock)());
            (Overdue { looking, at, begun }, OVERDUE)
        };
        let waiting = timeout(patience, &mut overdue.looking);
        if let Ok(looked) = self.beats.during(patience, waiting).await {
            let (mut scanner, scan) = looked.expect("a panic is caught");
            if let Some(defaults) = self.awaited.take() {
                scanner.reparse(defaults);
                self.scanner = Some(scanner);
                return None;
            }
            self.scanner = Some(scanner);
            let Overdue { at, begun, .. } = overdue;
            let took = at.elapsed();
            self.scanned = Some(Scanned { at, begun, took });
            self.scans.observe(took.as_secs_f64());
            return Some(scan);
        }
        self.overdue = Some(overdue);
        None
    }

    /// Watches the directory. A file system that hangs has no events.
    pub(super) async fn watch(&mut self, hints: watch::Sender<u64>) -> notify::Result<Watch> {
        let silent = || notify::Error::generic("the file system does not answer");
        let mut watching = match self.watching.take() {
            Some(before) if !before.is_finished() => {
                self.watching = Some(before);
                return Err(silent());
            }
            _ => {
                let directory = self.directory.clone();
                let in_flight = self.in_flight.clone();
                spawn_blocking(move || Watch::start(&directory, hints, &in_flight))
            }
        };
        let waiting = timeout(GIT, &mut watching);
        if let Ok(watch) = self.beats.during(GIT, waiting).await {
            return watch.map_err(|_| silent())?;
        }
        self.watching = Some(watching);
        Err(silent())
    }

    /// How long a scan holds if no hint comes.
    pub(super) fn rest(&self, watching: bool) -> Duration {
        if watching {
            return self.resync;
        }
        POLL.max(self.cost()).min(self.resync)
    }

    /// How long it takes at least from one scan to the next one that no hint asked for: ten times what one costs.
    pub(super) fn cost(&self) -> Duration {
        self.scanned
            .map_or(Duration::ZERO, |scanned| scanned.took * 10)
    }

    /// Waits until no hint has come for `settle`, and git is not at work any more; not for longer than a while.
    pub(super) async fn quiet(
        &mut self,
        hinted: &mut watch::Receiver<u64>,
        stop: &mut watch::Receiver<bool>,
    ) -> Quiet {
        let begun = Instant::now();
        let mut at_rest = None;
        while begun.elapsed() < self.settle * RESTLESS && !*stop.borrow() {
            hinted.borrow_and_update();
            self.beats.beat();
            tokio::select! {
                _ = stop.changed() => return Quiet::Forced,
                changed = self.beats.during(self.settle, timeout(self.settle, hinted.changed())) => if changed.is_err() {
                    let waited = *at_rest.get_or_insert_with(Instant::now);
                    if waited.elapsed() > GIT || self.overdue.is_some() {
                        return Quiet::AtRest;
                    }
                    let last = self.last.as_ref().or(self.completed.as_ref());
                    let trees = last.map(|scan| scan.work_trees.clone()).unwrap_or_default();
                    let looking = spawn_blocking(move || trees.are_busy_now());
                    let looked = self.beats.during(GIT, timeout(GIT, looking)).await;
                    if !matches!(looked, Ok(Ok(true))) {
                        return Quiet::AtRest;
                    }
                    self.reconciler.saw_git_at_work();
                },
            }
        }
        Quiet::Forced
    }
}
