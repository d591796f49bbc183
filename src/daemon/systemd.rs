//! The service manager is told how the daemon is: that it is ready, what it does, that its loop lives. Where none started
//! it, nobody is told. Decides nothing.
//! What is said, and when: <https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html>.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};
use tracing::debug;

use super::wall_clock;
use crate::view::Moment;
use crate::view::status::Status;

/// How long one that does not listen is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is told at most that the loop lives, where its watchdog does not ask for more.
const BEATS: Duration = Duration::from_secs(5);
/// By how much the time to start is extended while something is waited for that a person has to mend.
const EXTENSION: Duration = Duration::from_mins(5);

/// How often a loop has to beat, so that this keeps a short watchdog fed: a quarter of its time, since a beat may come just
/// too early to be told, and the next one a quarter later. `None`: there is no watchdog.
pub fn watchdog_beats() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|watchdog| (watchdog / 4).max(Duration::from_millis(10)))
}

/// Beside everything else: the socket may be full.
async fn say(news: Vec<NotifyState<'static>>, status: Option<String>) {
    let saying = spawn_blocking(move || {
        let line = status.as_deref().map(NotifyState::Status);
        let all: Vec<NotifyState<'_>> = news.into_iter().chain(line).collect();
        sd_notify::notify(&all)
    });
    // One that does not listen is no reason to break off.
    if !matches!(timeout(PATIENCE, saying).await, Ok(Ok(Ok(())))) {
        debug!("the service manager was not told");
    }
}

/// Says that the daemon is ready once it has decided something, then what it does, and at each beat of its loop that it
/// lives: a loop that hangs is restarted. Until the loop ends.
pub async fn tell(
    mut moments: watch::Receiver<Option<Arc<Moment>>>,
    mut beats: watch::Receiver<()>,
) {
    let clock = wall_clock();
    let mut status: Option<Status> = None;
    let mut told = String::new();
    let mut beaten_at: Option<Instant> = None;
    let every = watchdog_beats().map_or(BEATS, |beats| beats.min(BEATS));
    let first = "looks at the schedule files for the first time";
    say(Vec::new(), Some(first.to_owned())).await;
    loop {
        tokio::select! {
            changed = moments.changed() => {
                if changed.is_err() {
                    return;
                }
                let moment = moments.borrow_and_update().clone();
                let first = status.is_none();
                status = moment.as_deref().map(Status::of);
                if first && status.is_some() {
                    say(vec![NotifyState::Ready], None).await;
                }
            }
            beaten = beats.changed() => {
                if beaten.is_err() {
                    return;
                }
                if beaten_at.is_none_or(|at| at.elapsed() >= every) {
                    say(vec![NotifyState::Watchdog], None).await;
                    beaten_at = Some(Instant::now());
                }
            }
        }
        if let Some(line) = status.as_ref().map(|status| status.line(clock()))
            && line != told
        {
            say(Vec::new(), Some(line.clone())).await;
            told = line;
        }
    }
}

/// Says for so long that the daemon lives, though it can't start yet, and why.
pub async fn waits(why: &str, duration: Duration) {
    let begun = Instant::now();
    let every = watchdog_beats().unwrap_or(BEATS);
    let extension = u32::try_from(EXTENSION.as_micros()).unwrap_or(u32::MAX);
    loop {
        let news = [
            NotifyState::Watchdog,
            NotifyState::ExtendTimeoutUsec(extension),
        ];
        say(news.into(), Some(why.to_owned())).await;
        let left = duration.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return;
        }
        sleep(left.min(every)).await;
    }
}

/// Says that the configuration is being read again. [`reloaded`] must follow.
pub async fn reloading() {
    let now = NotifyState::monotonic_usec_now().ok();
    let states = [NotifyState::Reloading].into_iter().chain(now);
    say(states.collect(), None).await;
}

/// Says that it was, or was not, read again: the daemon goes on in either case.
pub async fn reloaded() {
    say(vec![NotifyState::Ready], None).await;
}

/// Says that the daemon ends.
pub async fn stopping() {
    let status = "finishes what is in flight".to_owned();
    say(vec![NotifyState::Stopping], Some(status)).await;
}
