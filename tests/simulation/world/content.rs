//! What an entry asks for.

use chrono::{DateTime, Utc};
use onced::model::entry::{EntryName, instant, lambda_input, machine_input};
use onced::model::name::Fingerprint;

use super::MACHINE;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) at: DateTime<Utc>,
    pub(crate) payload: u32,
    /// It runs on another machine, or on a version or an alias of one.
    pub(crate) other: Option<&'static str>,
    pub(crate) enabled: bool,
}

impl Content {
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        if let Some(machine) = self.other {
            let input = serde_json::Map::from_iter([("n".to_owned(), self.payload.into())]);
            Fingerprint::of_input(self.at, machine, &machine_input(input, self.at))
        } else {
            let input = lambda_input("f", self.at, &self.payload.into());
            Fingerprint::of_input(self.at, MACHINE, &input)
        }
    }

    pub(super) fn said(&self) -> String {
        let on = self.other.map_or_else(String::new, |machine| {
            let name = machine.split(':').skip(6).collect::<Vec<_>>().join(":");
            format!(" on {name}")
        });
        format!("{} {}{on}", instant(self.at), self.payload)
    }
}

/// From when on an entry asked for what; `None`: for nothing.
pub(crate) type Timeline = Vec<(DateTime<Utc>, Option<Content>)>;

/// The names that most entries have: two of them stand in the names of executions as they are, of three a digest does.
pub(super) fn one_of_five(number: u32) -> EntryName {
    let name = match number {
        1 => "e1.v2".to_owned(),
        2 => format!("e2-{}", "reminder-of-an-appointment".repeat(2)),
        4 => "e4.".to_owned(),
        number => format!("e{number}"),
    };
    EntryName::parse(&name).expect("a name")
}
