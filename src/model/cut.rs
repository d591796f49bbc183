//! A file that may be half written: what its entries ask for is not believed at once. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::model::entry::{Entry, EntryName};
use crate::model::name::Fingerprint;
use crate::model::plan::{Policy, after};
use crate::model::record::Record;

/// How long a file that may be half written must stay as it is, where nothing more is known of it.
const STILL: Duration = Duration::from_secs(2);

/// Why the content of a file may not be what its writer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cut {
    /// Shorter than before, or without an end of its last line, or written this moment and never seen before.
    Fresh,
    /// Its lines are the first lines of what it was: it was cut, or is being written anew from the beginning.
    Beginning,
}

impl Cut {
    /// How long a change that it shows is not believed. A change never waits for longer than a removal.
    fn wait(self, policy: &Policy) -> Duration {
        match self {
            Self::Fresh => STILL.min(policy.stop_after),
            Self::Beginning => policy.stop_after,
        }
    }
}

/// Since when entries ask for what they ask for now, where that was first seen in a file that may be half written.
#[derive(Debug, Default)]
pub struct Changes(BTreeMap<EntryName, (Fingerprint, DateTime<Utc>, Cut)>);

impl Changes {
    /// No change began in the future, unless the clock was set back.
    pub fn not_after(&mut self, now: DateTime<Utc>) {
        for (_, since, _) in self.0.values_mut() {
            *since = now.min(*since);
        }
    }

    /// Every change began now.
    pub fn begin(&mut self, now: DateTime<Utc>) {
        for (_, since, _) in self.0.values_mut() {
            *since = now;
        }
    }

    /// Takes in how an entry is now, and answers until when a change of it is not believed. Once a change was seen in
    /// such a file, it waits, however the file looks later.
    pub fn until(
        &mut self,
        entry: &Entry,
        cut: Option<Cut>,
        record: Option<&Record>,
        policy: &Policy,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        if cut.is_none() && !self.0.contains_key(&entry.name) {
            return None;
        }
        let fingerprint = entry.fingerprint();
        let same = |record: &Record| record.fingerprint == fingerprint && entry.enabled;
        if record.is_none_or(same) {
            self.0.remove(&entry.name);
            return None;
        }
        let known = self.0.remove(&entry.name);
        let known = known.filter(|(before, ..)| *before == fingerprint);
        let (since, cut) = match known {
            Some((_, since, was)) => (since, cut.map_or(was, |cut| cut.max(was))),
            None => (now, cut?),
        };
        self.0.insert(entry.name.clone(), (fingerprint, since, cut));
        Some(after(since, cut.wait(policy)))
    }
}
