//! Executions that bear one entry's name and are another's: what a ledger that is lost knew as moved. Calls nobody.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::verify::Stray;
use super::{Desired, Reconciler};
use crate::model::entry::EntryName;
use crate::model::key::{EntryKey, Keys};
use crate::model::name::Fingerprint;
use crate::model::record::Record;

/// What listings showed under other names than those of the entries that ask for it.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    /// What an entry adopts, though it bears the name of another one.
    pub(super) given: BTreeMap<EntryName, Stray>,
    /// Entries that wait until the one whose name it bears has adopted what they could adopt, too.
    pub(super) waiting: BTreeSet<EntryName>,
    /// Whose names the listings showed, where an entry has them, or a record.
    pub(super) keys: Keys,
    /// Entries whose execution the last listing did not show, while another one of the same content runs: that may be theirs,
    /// as another ledger knows it. Theirs is looked at first.
    pub(super) unsure: BTreeSet<EntryName>,
    /// What they ask for.
    pub(super) may_be_theirs: BTreeSet<Fingerprint>,
    /// Entries that do not adopt what bears their name meanwhile: they ask for something else, so they would stop it.
    pub(super) not_theirs: BTreeSet<EntryName>,
}

impl Reconciler {
    /// Whose entry's what the listings showed is, where it can be known.
    pub(super) fn keys(&self, desired: &Desired) -> Keys {
        let shown = self.verify.all_strays().map(|stray| &stray.key);
        Keys::find(
            shown,
            self.desk.records.keys().chain(desired.entries.keys()),
        )
    }

    /// Gives what runs under the name of an entry that does not ask for it to one that asks for exactly that.
    pub(super) fn strangers(&self, desired: &Desired) -> Strangers {
        let mut strangers = Strangers {
            keys: self.keys(desired),
            ..Strangers::default()
        };
        let records = &self.desk.records;
        if self.verify.all_strays().next().is_none() {
            return strangers;
        }
        self.find_unsure(desired, &mut strangers);
        let over: BTreeSet<(&EntryKey, &Fingerprint, u32)> = records
            .values()
            .filter_map(|record| {
                let named = record.named.as_ref()?;
                Some((named, &record.fingerprint, record.generation))
            })
            .collect();
        let mut free: BTreeMap<&Fingerprint, VecDeque<&Stray>> = BTreeMap::new();
        // By content, and whether one of them runs: that fires in any case, for whichever name it is.
        let mut claimed: BTreeMap<&Fingerprint, bool> = BTreeMap::new();
        for stray in self.verify.all_strays() {
            let name = strangers.keys.name(&stray.key);
            let of_name = name.as_ref().and_then(|name| records.get(name));
            let asked = name.as_ref().and_then(|name| desired.entries.get(name));
            let asked = asked.map(|entry| entry.fingerprint());
            let is_asked = asked.is_some();
            let known = |record: &Record| {
                record.moved_to.is_none()
                    && record.knows_closed(&stray.fingerprint, stray.generation)
            };
            // That a later generation runs says that this one was stopped; or that it had moved, before the ledger was lost.
            let later = |record: &Record| {
                record.is_live()
                    && record.named.is_none()
                    && record.fingerprint == stray.fingerprint
            };
            let may_have_moved = of_name.is_some_and(later);
            // One that is over was stopped before the later one began.
            if may_have_moved && !stray.runs() {
                continue;
            }
            let is_over = of_name.is_some_and(known) && !may_have_moved;
            if is_over || over.contains(&(&stray.key, &stray.fingerprint, stray.generation)) {
                continue;
            }
            if strangers.may_be_theirs.contains(&stray.fingerprint) && stray.runs() {
                let other = name.filter(|_| asked != Some(stray.fingerprint));
                strangers.not_theirs.extend(other);
                *claimed.entry(&stray.fingerprint).or_default() = true;
                continue;
            }
            let own = is_asked
                && !of_name.is_some_and(Record::is_live)
                && self
                    .verify
                    .stray(&stray.key, asked.as_ref(), of_name)
                    .is_some();
            let may_be_wanted = desired.in_doubt && !is_asked;
            if own || may_be_wanted || may_have_moved && !self.verify.is_confirmed(stray) {
                *claimed.entry(&stray.fingerprint).or_default() |= stray.runs();
            } else {
                free.entry(&stray.fingerprint).or_default().push_back(stray);
            }
        }
        if free.is_empty() && claimed.is_empty() {
            return strangers;
        }
        // Where nothing is known to run, not for so long that it would be missed.
        let now = self.now();
        let before = |at: DateTime<Utc>| at - TimeDelta::minutes(2);
        for (name, entry) in desired.entries.iter() {
            let record = records.get(name);
            let content = entry.fingerprint();
            let has_it = record.is_some_and(|record| {
                record.is_live() || record.outcome.is_some() && record.fingerprint == content
            });
            if !entry.enabled
                || has_it
                || self
                    .verify
                    .stray(&name.key(), Some(&content), record)
                    .is_some()
            {
                continue;
            }
            if let Some(stray) = free.get_mut(&content).and_then(VecDeque::pop_front) {
                strangers.given.insert(name.clone(), stray.clone());
            } else if let Some(runs) = claimed.get(&content)
                && (*runs || now < before(entry.at()) || now >= entry.at())
            {
                strangers.waiting.insert(name.clone());
            }
        }
        strangers
    }

    /// What runs may be an entry's whose recorded execution is over: another ledger has stopped that, and started this.
    fn find_unsure(&self, desired: &Desired, strangers: &mut Strangers) {
        let run = self.verify.all_strays().filter(|stray| stray.runs());
        let run: BTreeSet<Fingerprint> = run.map(|stray| stray.fingerprint).collect();
        for (name, entry) in desired.entries.iter() {
            let content = entry.fingerprint();
            let record = self.desk.records.get(name);
            let is = record.is_some_and(|record| {
                record.fingerprint == content && self.verify.is_unshown(record)
            });
            if is && entry.enabled && run.contains(&content) {
                strangers.unsure.insert(name.clone());
                strangers.may_be_theirs.insert(content);
            }
        }
    }
}
