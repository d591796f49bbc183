//! What has happened in this process, counted, for who looks from outside. Decides nothing.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

use crate::model::plan::Step;
use crate::model::record::Event;

/// What an event counts as.
pub(super) type Kind = [(&'static str, String); 1];

/// Counts. Copies count the same.
#[derive(Debug, Clone)]
pub struct Tally {
    /// What was recorded, by the words of `onced history`.
    pub events: Family<Kind, Counter>,
    /// Steps that were not done and are tried again, by the contract's words.
    pub retries: Family<Kind, Counter>,
    /// How long after their time executions fired, in seconds.
    pub lateness: Histogram,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            events: Family::default(),
            retries: Family::default(),
            lateness: Histogram::new([
                0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0,
            ]),
        }
    }
}

/// The events that there are.
const EVENTS: [&str; 12] = [
    "scheduled",
    "adopted",
    "redriven",
    "moved",
    "stopped",
    "succeeded",
    "failed",
    "timed_out",
    "aborted",
    "missed",
    "refused",
    "forgotten",
];

impl Tally {
    /// One with all kinds at 0: an increase from nothing is one that an alert does not see.
    pub fn from_zero() -> Self {
        let tally = Self::default();
        for event in EVENTS {
            drop(tally.events.get_or_create(&kind("event", event)));
        }
        for step in [
            "Start", "Stop", "Replace", "Look", "Adopt", "Move", "Forget",
        ] {
            drop(tally.retries.get_or_create(&kind("step", step)));
        }
        tally
    }

    /// Something was recorded.
    pub(super) fn happened(&self, event: &Event) {
        self.events
            .get_or_create(&kind("event", &event.event))
            .inc();
        if let Some(late) = event.late_ms {
            // Exact for 285,000 years.
            #[expect(clippy::cast_precision_loss, reason = "milliseconds below 2^53")]
            self.lateness.observe(late as f64 / 1000.0);
        }
    }

    /// A step was not done, and is tried again.
    pub(super) fn again(&self, step: Step) {
        self.retries
            .get_or_create(&kind("step", step.as_str()))
            .inc();
    }
}

fn kind(key: &'static str, word: &str) -> Kind {
    [(key, word.to_owned())]
}
