//! The service manager is told how the daemon is: that it is ready, what it does, that its loop lives. Where none started
//! it, nobody is told. Decides nothing.
//! What is said, and when: <https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html>.

use std::sync::Arc;

use sd_notify::NotifyState;
use tokio::sync::watch;
use tracing::debug;

use super::wall_clock;
use crate::view::Moment;
use crate::view::status::Status;

fn say(states: &[NotifyState<'_>]) {
    // One that does not listen is no reason to break off.
    if let Err(error) = sd_notify::notify(states) {
        debug!(%error, "the service manager was not told");
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
    say(&[NotifyState::Status(
        "looks at the schedule files for the first time",
    )]);
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
                    say(&[NotifyState::Ready]);
                }
            }
            beaten = beats.changed() => {
                if beaten.is_err() {
                    return;
                }
                say(&[NotifyState::Watchdog]);
            }
        }
        if let Some(line) = status.as_ref().map(|status| status.line(clock()))
            && line != told
        {
            say(&[NotifyState::Status(&line)]);
            told = line;
        }
    }
}

/// Says that the configuration is being read again. [`reloaded`] must follow.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => say(&[NotifyState::Reloading, now]),
        Err(_) => say(&[NotifyState::Reloading]),
    }
}

/// Says that it was, or was not, read again: the daemon goes on in either case.
pub fn reloaded() {
    say(&[NotifyState::Ready]);
}

/// Says that the daemon ends.
pub fn stopping() {
    say(&[
        NotifyState::Stopping,
        NotifyState::Status("finishes what is in flight"),
    ]);
}
