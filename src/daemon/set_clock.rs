//! A clock that was set: what is due by it is not believed at once. A machine that slept is another thing: the time did pass.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use tracing::{info, warn};

use crate::model::brake::{Brake, HeldBy, Holds};
use crate::model::kind;
use crate::model::plan::span;

/// Tells for how long the machine has run, sleep included.
pub type Uptime = Arc<dyn Fn() -> Duration + Send + Sync>;

/// A clock that was set by more than this is not believed, nor one that differs by more from AWS's.
const MUCH: TimeDelta = TimeDelta::minutes(5);
/// How long it is not believed, at least.
const HOLD: Duration = Duration::from_mins(1);
/// How often AWS is asked for the time meanwhile.
const ASK: Duration = Duration::from_secs(10);
/// After how long a clock is believed of which AWS says nothing: it can't be asked, or gives no date.
const GIVE_UP: Duration = Duration::from_mins(10);

/// Tokio's own clock, which stands still while the machine sleeps.
pub(super) fn without_sleep() -> Uptime {
    let begun = Instant::now();
    Arc::new(move || begun.elapsed())
}

/// The kernel's clock since boot (clock_gettime(2), `CLOCK_BOOTTIME`).
pub fn since_boot() -> Uptime {
    Arc::new(|| {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let (seconds, nanoseconds) = (time.tv_sec.try_into(), time.tv_nsec.try_into());
        Duration::new(seconds.unwrap_or(0), nanoseconds.unwrap_or(0))
    })
}

/// Watches over the wall clock.
#[derive(Default)]
pub(super) struct ClockWatch {
    /// What both clocks said when they were looked at last.
    last: Option<(DateTime<Utc>, Duration)>,
    set: Option<Set>,
}

struct Set {
    by: TimeDelta,
    since: Instant,
    /// When AWS was asked last.
    asked: Instant,
    /// By how much it differs from AWS's, where that is known.
    off: Option<TimeDelta>,
}

impl ClockWatch {
    /// Looks at both clocks, and at AWS's, where two answers since a moment say what that is. Answers whether AWS has to
    /// be asked for the time.
    pub(super) fn look(
        &mut self,
        wall: DateTime<Utc>,
        uptime: Duration,
        aws: impl Fn(Instant) -> Option<DateTime<Utc>>,
    ) -> bool {
        let before = self.last.replace((wall, uptime));
        let by = before.map_or(TimeDelta::zero(), |(was, then)| {
            wall - was - span(uptime.saturating_sub(then))
        });
        if by.abs() > MUCH {
            warn!(
                target: kind::CLOCK,
                seconds = by.num_seconds(),
                "the clock was set: nothing is started or stopped for {} s, and until it agrees with AWS's",
                HOLD.as_secs()
            );
            self.set = Some(Set {
                by,
                since: Instant::now(),
                asked: Instant::now(),
                off: None,
            });
            return true;
        }
        let Some(set) = &mut self.set else {
            return false;
        };
        let held = set.since.elapsed();
        let off = aws(set.since).map(|aws| wall - aws);
        let agrees = off.is_some_and(|off| off.abs() <= MUCH);
        if held >= HOLD && agrees || off.is_none() && held >= GIVE_UP {
            info!(
                target: kind::CLOCK,
                by_aws = agrees,
                "the clock is believed again: what is due is done"
            );
            self.set = None;
            return false;
        }
        if let Some(off) = off.filter(|_| held >= HOLD) {
            if set.off.is_none() {
                warn!(
                    target: kind::CLOCK,
                    seconds = off.num_seconds(),
                    "the clock of this machine differs from AWS's: nothing is started or stopped\nhint: set the clock, and let NTP keep it"
                );
            }
            (set.off, set.since) = (Some(off), Instant::now());
        }
        let asks = off.is_none() && set.asked.elapsed() >= ASK;
        if asks {
            set.asked = Instant::now();
        }
        asks
    }

    /// Is the clock not believed?
    pub(super) fn holds(&self) -> bool {
        self.set.is_some()
    }

    /// What is held meanwhile: everything, for what is late, over or long ago by a wrong clock is not.
    pub(super) fn brake(&self) -> Option<Brake> {
        let set = self.set.as_ref()?;
        let why = match set.off {
            Some(off) => format!(
                "the clock of this machine differs from AWS's by {} s: set it",
                off.num_seconds()
            ),
            None => format!(
                "the clock was set by {} s: waits for {} s, and until it agrees with AWS's",
                set.by.num_seconds(),
                HOLD.as_secs()
            ),
        };
        Some(Brake {
            why,
            by: HeldBy::Clock,
            holds: Holds::Everything,
            until: None,
        })
    }
}
