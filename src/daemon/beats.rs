//! The beats of the daemon's loop, by which a service manager sees that it gets on. A loop that hangs gives none.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::TICK;

/// Where beats are given.
#[derive(Debug, Clone)]
pub(super) struct Beats {
    pub(super) sender: watch::Sender<()>,
    /// How long none may be missing while the loop gets on.
    pub(super) tick: Duration,
}

impl Default for Beats {
    fn default() -> Self {
        Self {
            sender: watch::Sender::new(()),
            tick: TICK,
        }
    }
}

impl Beats {
    pub(super) fn beat(&self) {
        self.sender.send_replace(());
    }

    /// Waits for something that ends soon, and beats meanwhile: as long as that should take at `most`, and no longer.
    pub(super) async fn during<T>(&self, most: Duration, work: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let mut work = pin!(work);
        while begun.elapsed() <= most {
            match timeout(self.tick, &mut work).await {
                Ok(done) => return done,
                Err(_) => self.beat(),
            }
        }
        work.await
    }
}
