//! What an entry asks for.

use chrono::{DateTime, Utc};
use onced::model::entry::{instant, lambda_input, machine_input};
use onced::model::name::Fingerprint;

use super::{MACHINE, OTHER};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) at: DateTime<Utc>,
    pub(crate) payload: u32,
    /// It runs on the other machine.
    pub(crate) other: bool,
    pub(crate) enabled: bool,
}

impl Content {
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        if self.other {
            let input = serde_json::Map::from_iter([("n".to_owned(), self.payload.into())]);
            Fingerprint::of_input(self.at, OTHER, &machine_input(input, self.at))
        } else {
            let input = lambda_input("f", self.at, &self.payload.into());
            Fingerprint::of_input(self.at, MACHINE, &input)
        }
    }

    pub(super) fn said(&self) -> String {
        let on = if self.other {
            " on the other machine"
        } else {
            ""
        };
        format!("{} {}{on}", instant(self.at), self.payload)
    }
}

/// From when on an entry asked for what; `None`: for nothing.
pub(crate) type Timeline = Vec<(DateTime<Utc>, Option<Content>)>;
