//! A person's word that nothing is started or stopped for a while. Durable before it holds, and before it ends.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tracing::{info, warn};

use super::{Desired, Reconciler};
use crate::model::brake::Pause;
use crate::model::entry::instant;
use crate::model::kind;
use crate::model::plan::Plan;

/// How long a pause waits for what is under way, before it is said to be in force.
const UNDER_WAY: Duration = Duration::from_secs(8);

impl Reconciler {
    /// The pause that is in force.
    pub fn pause(&self) -> Option<Pause> {
        self.pause.filter(|pause| pause.holds(self.now()))
    }

    /// Starts and stops nothing more, until then or until [`Self::resume`]. One that is in force goes on with another end.
    pub async fn begin_pause(&mut self, until: Option<DateTime<Utc>>) -> Result<Pause, String> {
        let now = self.now();
        let since = self.pause().map_or(now, |pause| pause.since);
        let pause = Pause { since, until };
        // It holds in this process even where it can't be written.
        self.pause = Some(pause);
        // Steps that were begun and have not come to their call yet send nothing; each reconciliation says anew whether.
        self.hands.step_functions.hold(true);
        let written = self.hands.ledger.pause(self.pause).await;
        written.map_err(|error| format!("paused, but only until onced ends: {error}"))?;
        if !self.settle_until(Instant::now() + UNDER_WAY).await {
            warn!("what was begun before the pause has no answer yet");
        }
        info!(
            target: kind::PAUSED,
            until = until.map(instant),
            "paused: nothing is started or stopped"
        );
        Ok(pause)
    }

    /// Goes on. Answers whether there was a pause.
    pub async fn resume(&mut self) -> Result<bool, String> {
        let was = self.pause.is_some();
        let written = self.hands.ledger.pause(None).await;
        written.map_err(|error| format!("still paused: {error}"))?;
        self.pause = None;
        if was {
            info!(target: kind::PAUSED, "resumed: what is due is started and stopped again");
        }
        Ok(was)
    }

    /// Puts away a pause whose time is over.
    pub(super) async fn end_pause(&mut self) {
        if self.pause.is_some()
            && self.pause().is_none()
            && let Err(error) = self.resume().await
        {
            // Its time is over whether that can be written or not.
            warn!(target: kind::PAUSED, error, "the pause is over");
            self.pause = None;
        }
    }

    /// The plan for this moment as if there were no pause.
    pub fn plan_resumed(&mut self, desired: &Desired) -> Plan {
        let pause = self.pause.take();
        let plan = self.plan(desired);
        self.pause = pause;
        plan
    }
}
