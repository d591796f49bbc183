//! How far long work has got: what a bar shows and the log says. Decides nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use tracing::info;

/// How often the log says so.
const EVERY: Duration = Duration::from_secs(10);

/// Steps done and steps left. Copies are of the same work.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    done: AtomicUsize,
    left: AtomicUsize,
}

impl Progress {
    /// How many steps were done in this process.
    pub fn done(&self) -> usize {
        self.0.done.load(Ordering::Relaxed)
    }

    /// How many are due, or under way, by the last plan and what was done since.
    pub fn left(&self) -> usize {
        self.0.left.load(Ordering::Relaxed)
    }

    pub(super) fn one_more(&self) {
        self.0.done.fetch_add(1, Ordering::Relaxed);
        let less = |left: usize| left.checked_sub(1);
        let _ = self
            .0
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    pub(super) fn set_left(&self, left: usize) {
        self.0.left.store(left, Ordering::Relaxed);
    }
}

/// What the log is told of work that takes long.
#[derive(Debug, Default)]
pub(super) struct Told(Option<(Instant, usize)>);

impl Told {
    /// One line every ten seconds, as long as there is something left.
    pub(super) fn tell(&mut self, progress: &Progress, now: Instant) {
        let (done, left) = (progress.done(), progress.left());
        if left == 0 {
            self.0 = None;
            return;
        }
        let (since, before) = *self.0.get_or_insert((now, done));
        let passed = now - since;
        if passed < EVERY {
            return;
        }
        self.0 = Some((now, done));
        let did = u32::try_from(done - before).unwrap_or(u32::MAX);
        let rate = f64::from(did) / passed.as_secs_f64();
        let rest = f64::from(u32::try_from(left).unwrap_or(u32::MAX)) / rate;
        let rest = if rest.is_finite() {
            format!("{rest:.0} s")
        } else {
            "unknown".into()
        };
        info!(done = did, left, rest, "in the last {} s", passed.as_secs());
    }
}
