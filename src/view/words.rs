//! How times, places and what is run are said wherever people read them. Pure text.

use chrono::{DateTime, Utc};

use super::EntryView;
use crate::model::printable::is_obeyed;
use crate::model::zone::Zone;

/// An instant in a zone, with its offset: `2026-12-01 09:00:00 +01:00`.
pub fn local(at: DateTime<Utc>, zone: Zone) -> String {
    at.with_timezone(&zone)
        .format("%Y-%m-%d %H:%M:%S %:z")
        .to_string()
}

/// What is run.
pub fn runs(lambda: Option<&str>, machine: &str) -> String {
    lambda.map_or_else(
        || format!("state machine {machine}"),
        |lambda| format!("lambda {lambda}"),
    )
}

/// One line, without anything that a terminal would obey, or that turns the text around.
pub fn plain(text: &str) -> String {
    let blank = |c: char| if is_obeyed(c) { ' ' } else { c };
    text.chars().map(blank).collect()
}

impl EntryView {
    /// When it fires.
    pub fn time(&self) -> DateTime<Utc> {
        self.at.parse().unwrap_or_default()
    }

    /// Has its execution ended before its time, so that nothing was invoked?
    pub fn broke_off(&self) -> bool {
        let outcome = self.outcome.as_ref();
        outcome.is_some_and(|outcome| {
            outcome.fired.is_none() && outcome.ended.is_some_and(|ended| ended < self.time())
        })
    }

    /// File and line; the file that it was in, where it is in none.
    pub fn place(&self) -> String {
        self.line.map_or_else(
            || format!("was in {}", self.file),
            |line| format!("{}:{line}", self.file),
        )
    }

    /// What is run.
    pub fn runs(&self) -> String {
        runs(self.lambda.as_deref(), &self.state_machine)
    }

    /// The same, with a state machine's name for its ARN.
    pub fn runs_in_short(&self) -> String {
        let machine = &*self.state_machine;
        let name = machine.rsplit_once(":stateMachine:");
        runs(
            self.lambda.as_deref(),
            name.map_or(machine, |(_, name)| name),
        )
    }
}
