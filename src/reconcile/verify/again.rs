//! Which recorded executions that were over may run again: a person has redriven them. A listing shows those that run; one
//! that is over again before the next listing is found by asking now and then.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::entry::EntryName;
use crate::model::record::Record;

/// After how many of the executions of one machine that failed or were stopped is asked with each listing, at most.
const ASKED: usize = 20;

/// An execution that is to be looked at.
#[derive(Debug)]
struct Again {
    execution: String,
    state_machine: String,
    /// How often it was redriven, as the last listing showed it; 0: that shows nothing.
    shown: u32,
}

/// Whose recorded executions are to be looked at, since they may have been redriven.
#[derive(Debug, Default)]
pub(super) struct Redriven {
    again: BTreeMap<EntryName, Again>,
    /// When each was asked for last.
    asked: BTreeMap<EntryName, Instant>,
}

impl Redriven {
    /// A listing of this machine has begun to be taken in.
    pub(super) fn begin(&mut self, state_machine: &str) {
        let of_machine = self.again.values_mut();
        for again in of_machine.filter(|again| again.state_machine == state_machine) {
            again.shown = 0;
        }
    }

    /// A listing of this machine shows that this record's execution runs, and was redriven so often.
    pub(super) fn shown(&mut self, record: &Record, state_machine: &str, redrives: u32) {
        let again = Again {
            execution: record.execution_arn(),
            state_machine: state_machine.to_owned(),
            shown: redrives,
        };
        self.again.insert(record.name.clone(), again);
    }

    /// Of these records, whose executions are over on this machine, some are to be asked for, too: those that were not asked
    /// for longest.
    pub(super) fn ask(
        &mut self,
        over: Vec<&Record>,
        state_machine: &str,
        (now, every): (Instant, Duration),
    ) {
        let is_due = |asked: Option<&Instant>| asked.is_none_or(|asked| now >= *asked + every);
        let mut due: Vec<(Option<Instant>, &Record)> = over
            .into_iter()
            .filter(|record| !self.again.contains_key(&record.name))
            .map(|record| (self.asked.get(&record.name).copied(), record))
            .filter(|(asked, _)| is_due(asked.as_ref()))
            .collect();
        due.sort_by_key(|(asked, record)| (*asked, &record.name));
        for (_, record) in due.into_iter().take(ASKED) {
            self.shown(record, state_machine, 0);
            self.asked.insert(record.name.clone(), now);
        }
    }

    /// What was asked for and may not be redriven any more need not be remembered.
    pub(super) fn keep(&mut self, may_be: impl Fn(&EntryName) -> bool) {
        self.asked.retain(|name, _| may_be(name));
        self.again.retain(|name, _| may_be(name));
    }

    /// A look at an entry's execution has ended with this record.
    pub(super) fn looked(&mut self, name: &EntryName, record: Option<&Record>) {
        let is_known = |again: &Again| {
            record.is_none_or(|record| !record.is_over() || record.redrives >= again.shown)
        };
        if self.again.get(name).is_some_and(is_known) {
            self.again.remove(name);
        }
    }

    /// How often a listing showed that an entry's execution was redriven.
    pub(super) fn times(&self, name: &EntryName) -> u32 {
        self.again.get(name).map_or(0, |again| again.shown)
    }

    /// The entries whose recorded executions are to be looked at. Several records may be of one execution that had fired
    /// before its entry got another name: it is the one's that asks for it, else that of the last one that it went to.
    pub(super) fn entries<'a>(
        &self,
        record: impl Fn(&EntryName) -> Option<&'a Record>,
        asks: impl Fn(&Record) -> bool,
    ) -> BTreeSet<EntryName> {
        let mut owners: BTreeMap<&str, (bool, bool, &EntryName)> = BTreeMap::new();
        for (name, again) in &self.again {
            let Some(record) = record(name).filter(|record| record.is_over()) else {
                continue;
            };
            let claim = (asks(record), record.named.is_some(), name);
            let owner = owners.entry(&again.execution).or_insert(claim);
            *owner = claim.max(*owner);
        }
        let names = owners.into_values().map(|(.., name)| name.clone());
        names.collect()
    }
}
