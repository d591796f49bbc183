//! The loop: watches, scans and reconciles until it is stopped, and rests in between.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::beats::Beats;
use super::folder::Quiet;
use super::set_clock;
use super::socket::Order;
use super::{Daemon, POLL, RESTLESS};
use crate::model::plan::{after, span};
use crate::reconcile::Clock;
use crate::source::watch::Watch;
use crate::view::Moment;
use crate::view::standing::WatchMode;

/// How often the directory is scanned where a change is so young that it may go on; where a scan costs much, ten times what
/// it costs.
const SOON: Duration = Duration::from_millis(250);
/// A clock that differs by more than this from the time that passed was set, or the machine slept.
const JUMP: TimeDelta = TimeDelta::seconds(2);

impl Daemon {
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
