//! How the daemon stands, beside what it decided: what a probe asks, and what keeps it from its work.

use chrono::{DateTime, Utc};

use super::Moment;

/// How changes of the files are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchMode {
    /// By events.
    Events,
    /// By events, and by scans every few seconds: other machines' changes raise none.
    Network,
    /// By scans every few seconds.
    Polling,
}

impl WatchMode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Events, Self::Network, Self::Polling];

    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Network => "network",
            Self::Polling => "polling",
        }
    }
}

/// What a daemon knows of itself; without a daemon, nothing.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// How changes are seen.
    pub watch: Option<WatchMode>,
    /// Where Step Functions does not answer, or refuses to list what runs, and with which error.
    pub silent: Vec<String>,
    /// Step Functions has answered in this process.
    pub answered: bool,
    /// Why the clock is not believed, if it is not.
    pub clock: Option<String>,
    /// The last write of the ledger failed.
    pub ledger_fails: bool,
    /// When everything was last as it should be: all files seen, every step that was due done.
    pub succeeded: Option<DateTime<Utc>>,
}

impl Moment {
    /// What keeps the daemon from its work, each with what a person can act on; nothing: it is ready.
    pub fn unready(&self) -> Vec<String> {
        let Standing {
            silent,
            ledger_fails,
            clock,
            ..
        } = &self.standing;
        let aws = silent.iter().map(|why| format!("aws: {why}"));
        let ledger = ledger_fails.then(|| "ledger: it can't be written".to_owned());
        let clock = clock.as_ref().map(|why| format!("clock: {why}"));
        let directory = self.scan.unclear.as_ref();
        let directory = directory.map(|why| format!("directory: {why}"));
        let guard = self.plan.guard.as_ref();
        let stops = guard.map(|why| format!("held: this plan {why}"));
        aws.chain(ledger)
            .chain(clock)
            .chain(directory)
            .chain(stops)
            .collect()
    }
}
