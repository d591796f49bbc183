//! A clock that was not compared with AWS's yet, or was set: what is due by it is not believed at once. A machine that slept
//! is another thing: the time did pass.
//!
//! | the clock | what AWS's answers say | then |
//! |---|---|---|
//! | not compared since the start | nothing yet | everything waits |
//! | | one answer is near | believed at once: two clocks agree |
//! | | two answers agree that it is off | everything waits until it is set |
//! | | answers, and no date in them | believed at once: such an endpoint never says more, and it is this clock or none |
//! | set by more than five minutes | | everything waits for a minute, and until two answers are near |
//! | | no answer, or no date, for ten minutes | believed |

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use tracing::{info, warn};

use crate::model::brake::{Brake, HeldBy, Holds};
use crate::model::kind;
use crate::model::plan::span;
use crate::step_functions::AwsTime;

/// Tells for how long the machine has run, sleep included.
pub type Uptime = Arc<dyn Fn() -> Duration + Send + Sync>;

/// A clock that was set by more than this is not believed, nor one that differs by more from AWS's.
const MUCH: TimeDelta = TimeDelta::minutes(5);
/// How long it is not believed, at least.
const HOLD: Duration = Duration::from_mins(1);
/// How often AWS is asked for the time meanwhile.
pub(super) const ASK: Duration = Duration::from_secs(10);
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
pub(super) struct ClockWatch {
    /// What both clocks said when they were looked at last.
    last: Option<(DateTime<Utc>, Duration)>,
    trust: Trust,
}

enum Trust {
    /// It was not compared with AWS's since this process began.
    Fresh {
        since: Instant,
        /// When AWS was asked anew, if it was.
        asked: Option<Instant>,
    },
    Believed,
    Set(Set),
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
    /// One that has seen no answer yet. `asks`: whether anything is asked for by itself; where nothing is, there never will be
    /// an answer, and the clock is believed.
    pub(super) fn new(asks: bool) -> Self {
        let since = Instant::now();
        let fresh = Trust::Fresh { since, asked: None };
        Self {
            last: None,
            trust: if asks { fresh } else { Trust::Believed },
        }
    }

    /// Looks at both clocks, and at what AWS's says since a moment. Answers whether AWS has to be asked for the time.
    pub(super) fn look(
        &mut self,
        wall: DateTime<Utc>,
        uptime: Duration,
        aws: impl Fn(Instant) -> AwsTime,
    ) -> bool {
        let before = self.last.replace((wall, uptime));
        let by = before.map_or(TimeDelta::zero(), |(was, then)| {
            wall - was - span(uptime.saturating_sub(then))
        });
        // Nothing rests yet on one that was not compared.
        if by.abs() > MUCH && !self.is_fresh() {
            warn!(
                target: kind::CLOCK,
                seconds = by.num_seconds(),
                "the clock was set: nothing is started or stopped for {} s, and until it agrees with AWS's",
                HOLD.as_secs()
            );
            self.trust = Trust::Set(Set {
                by,
                since: Instant::now(),
                asked: Instant::now(),
                off: None,
            });
            return true;
        }
        match &mut self.trust {
            Trust::Believed => false,
            Trust::Fresh { since, asked } => {
                let said = aws(*since);
                let is_silent = said == AwsTime::Silent;
                let asked = asked.or(is_silent.then_some(*since));
                self.compare(wall, said, asked)
            }
            Trust::Set(set) => {
                let off = aws(set.since).agreed().map(|aws| wall - aws);
                if set.is_over(off) {
                    self.trust = Trust::Believed;
                    return false;
                }
                set.asks(off)
            }
        }
    }

    /// A clock that was not compared yet. Answers whether AWS has to be asked again: at once where one answer is not near, and
    /// every few seconds from then on, or from the start where none comes. The first listings go out by themselves.
    fn compare(&mut self, wall: DateTime<Utc>, said: AwsTime, asked: Option<Instant>) -> bool {
        let off = match said {
            AwsTime::Undated => TimeDelta::zero(),
            AwsTime::Single(aws) | AwsTime::Agreed(aws) => wall - aws,
            AwsTime::Silent | AwsTime::Disputed => TimeDelta::MAX,
        };
        if off.abs() <= MUCH {
            self.trust = Trust::Believed;
            return false;
        }
        if said.agreed().is_some() {
            tell_difference(off);
            self.trust = Trust::Set(Set {
                by: TimeDelta::zero(),
                since: Instant::now(),
                asked: Instant::now(),
                off: Some(off),
            });
            return false;
        }
        let asks = asked.is_none_or(|asked| asked.elapsed() >= ASK);
        if let (true, Trust::Fresh { asked, .. }) = (asks, &mut self.trust) {
            *asked = Some(Instant::now());
        }
        asks
    }

    /// Was it not compared with AWS's yet?
    pub(super) fn is_fresh(&self) -> bool {
        matches!(self.trust, Trust::Fresh { .. })
    }

    /// Was it set, or is it known to be wrong?
    pub(super) fn is_set(&self) -> bool {
        matches!(self.trust, Trust::Set(_))
    }

    /// Is it known to be wrong?
    pub(super) fn is_off(&self) -> bool {
        matches!(&self.trust, Trust::Set(set) if set.off.is_some())
    }

    /// What is held meanwhile: everything, for what is late, over or long ago by a wrong clock is not.
    pub(super) fn brake(&self) -> Option<Brake> {
        let why = match &self.trust {
            Trust::Believed => return None,
            Trust::Fresh { .. } => {
                "the clock of this machine was not compared with AWS's yet: waits for an answer of Step Functions".to_owned()
            }
            Trust::Set(Set { off: Some(off), .. }) => format!(
                "the clock of this machine differs from AWS's by {} s: set it",
                off.num_seconds()
            ),
            Trust::Set(set) => format!(
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

fn tell_difference(off: TimeDelta) {
    warn!(
        target: kind::CLOCK,
        seconds = off.num_seconds(),
        "the clock of this machine differs from AWS's: nothing is started or stopped\nhint: set the clock, and let NTP keep it"
    );
}

impl Set {
    /// Is it believed again?
    fn is_over(&self, off: Option<TimeDelta>) -> bool {
        let held = self.since.elapsed();
        let agrees = off.is_some_and(|off| off.abs() <= MUCH);
        let is_over = held >= HOLD && agrees || off.is_none() && held >= GIVE_UP;
        if is_over {
            info!(
                target: kind::CLOCK,
                by_aws = agrees,
                "the clock is believed again: what is due is done"
            );
        }
        is_over
    }

    /// Takes in by how much it differs. Answers whether AWS has to be asked for the time.
    fn asks(&mut self, off: Option<TimeDelta>) -> bool {
        if let Some(off) = off.filter(|_| self.since.elapsed() >= HOLD) {
            if self.off.is_none() {
                tell_difference(off);
            }
            (self.off, self.since) = (Some(off), Instant::now());
        }
        let asks = off.is_none() && self.asked.elapsed() >= ASK;
        if asks {
            self.asked = Instant::now();
        }
        asks
    }
}
