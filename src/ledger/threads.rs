//! sled's own threads. It keeps seven for its writes, each of which wakes up once a second to see whether there is work,
//! though it is told of work at once; there is no setting for that. So they get a timer slack, and sleep for longer.

use std::num::NonZeroU64;

use rustix::thread::{current_timer_slack, set_current_timer_slack};

/// How late a timer may wake a thread that waits for work, in nanoseconds.
const SLACK: NonZeroU64 = NonZeroU64::new(60_000_000_000).expect("not 0");

/// Does what may begin one of those threads: a thread inherits the timer slack of the one that begins it
/// (<https://man7.org/linux/man-pages/man2/PR_SET_TIMERSLACK.2const.html>). The work itself must wait for no timer.
pub(super) fn sleeping_long<T>(work: impl FnOnce() -> T) -> T {
    let _restored = Slack(current_timer_slack().ok().and_then(NonZeroU64::new));
    // Where it can't be set, they wake up once a second.
    let _ = set_current_timer_slack(Some(SLACK));
    work()
}

/// What it was before.
struct Slack(Option<NonZeroU64>);

impl Drop for Slack {
    fn drop(&mut self) {
        let _ = set_current_timer_slack(self.0);
    }
}
