//! All that is recorded, at one moment: a map that costs nothing to clone. Pure.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap, btree_map};
use std::ops::Index;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::entry::{Entry, EntryName};
use crate::model::name::Fingerprint;
use crate::model::record::Record;
use crate::model::shift::Shift;

/// Every record, by its entry's name; and what has fired lately for entries that have asked for something else since. A
/// clone stays as it is when the other one is written to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records {
    all: Arc<BTreeMap<EntryName, Arc<Record>>>,
    fired: Arc<HashMap<Fingerprint, Arc<Record>>>,
}

/// For how long after its time it is known what has fired: an entry may ask for the same under another name, within its
/// grace.
const FIRED: TimeDelta = TimeDelta::days(1);

impl Records {
    /// An entry's record.
    pub fn get(&self, name: &EntryName) -> Option<&Record> {
        self.all.get(name).map(AsRef::as_ref)
    }

    /// Has it one?
    pub fn contains_key(&self, name: &EntryName) -> bool {
        self.all.contains_key(name)
    }

    /// Every name, in order.
    pub fn keys(&self) -> impl Iterator<Item = &EntryName> {
        self.all.keys()
    }

    /// Every record, by name.
    pub fn values(&self) -> impl Iterator<Item = &Record> {
        self.all.values().map(AsRef::as_ref)
    }

    /// Both, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&EntryName, &Record)> {
        self.into_iter()
    }

    /// Every name that is recorded, or in another map, with what is found of it there and here, by name.
    pub fn beside<'a, T>(
        &'a self,
        other: &'a BTreeMap<EntryName, T>,
    ) -> impl Iterator<Item = (&'a EntryName, Option<&'a T>, Option<&'a Record>)> {
        let (mut there, mut here) = (other.iter().peekable(), self.into_iter().peekable());
        std::iter::from_fn(move || {
            // One look at both names: comparing them is what this costs.
            let first = match (there.peek(), here.peek()) {
                (Some((there, _)), Some((here, _))) => there.cmp(here),
                (Some(_), None) => Ordering::Less,
                (None, _) => Ordering::Greater,
            };
            let there = if first.is_le() { there.next() } else { None };
            let here = if first.is_ge() { here.next() } else { None };
            let name = there.map(|(name, _)| name).or(here.map(|(name, _)| name))?;
            Some((name, there.map(|(_, it)| it), here.map(|(_, it)| it)))
        })
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Records this of an entry, instead of what was recorded before.
    pub fn insert(&mut self, name: EntryName, record: Record) {
        let record = Arc::new(record);
        let before = Arc::make_mut(&mut self.all).insert(name, Arc::clone(&record));
        if let Some(before) = before.filter(|before| before.is_lost_with(&record)) {
            Arc::make_mut(&mut self.fired).insert(before.fingerprint, before);
        }
    }

    /// The same, with what has fired for entries that have asked for something else since.
    #[must_use]
    pub fn with_fired(mut self, fired: impl IntoIterator<Item = Record>) -> Self {
        let pair = |record: Record| (record.fingerprint, Arc::new(record));
        self.fired = Arc::new(fired.into_iter().map(pair).collect());
        self
    }

    /// What has fired of exactly this content for an entry that has asked for something else since.
    pub fn fired(&self, content: &Fingerprint) -> Option<&Record> {
        self.fired.get(content).map(AsRef::as_ref)
    }

    /// The same, also where only other time zone rules make what this entry asks for another content.
    pub fn fired_alike(&self, entry: &Entry) -> Option<&Record> {
        let alike = || {
            self.all_fired()
                .find(|record| Shift::of(entry, record).is_some())
        };
        self.fired(&entry.fingerprint()).or_else(alike)
    }

    /// All of them, in no order.
    pub(super) fn all_fired(&self) -> impl Iterator<Item = &Record> {
        self.fired.values().map(AsRef::as_ref)
    }

    /// Is nothing such known?
    pub fn has_none_fired(&self) -> bool {
        self.fired.is_empty()
    }

    /// Forgets what fired long ago; answers what that was.
    pub fn forget_fired(&mut self, now: DateTime<Utc>) -> BTreeSet<Fingerprint> {
        let is_old = |record: &Arc<Record>| now - record.at > FIRED;
        let old = self.fired.values().filter(|record| is_old(record));
        let old: BTreeSet<Fingerprint> = old.map(|record| record.fingerprint).collect();
        if !old.is_empty() {
            Arc::make_mut(&mut self.fired).retain(|content, _| !old.contains(content));
        }
        old
    }

    /// Forgets an entry.
    pub fn remove(&mut self, name: &EntryName) {
        if self.contains_key(name) {
            Arc::make_mut(&mut self.all).remove(name);
        }
    }

    /// Changes those records of which `is` is true.
    pub fn change(&mut self, is: impl Fn(&Record) -> bool, change: impl Fn(&mut Record)) {
        if !self.values().any(&is) {
            return;
        }
        for record in Arc::make_mut(&mut self.all).values_mut() {
            if is(record) {
                change(Arc::make_mut(record));
            }
        }
    }
}

impl Index<&EntryName> for Records {
    type Output = Record;

    /// Panics where there is none.
    fn index(&self, name: &EntryName) -> &Record {
        &self.all[name]
    }
}

type Pair<'a> = (&'a EntryName, &'a Arc<Record>);

impl<'a> IntoIterator for &'a Records {
    type Item = (&'a EntryName, &'a Record);
    type IntoIter =
        std::iter::Map<btree_map::Iter<'a, EntryName, Arc<Record>>, fn(Pair<'a>) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.all
            .iter()
            .map(|(name, record)| (name, record.as_ref()))
    }
}

impl FromIterator<Record> for Records {
    fn from_iter<T: IntoIterator<Item = Record>>(records: T) -> Self {
        let pair = |record: Record| (record.name.clone(), Arc::new(record));
        Self {
            all: Arc::new(records.into_iter().map(pair).collect()),
            fired: Arc::default(),
        }
    }
}

impl FromIterator<(EntryName, Arc<Record>)> for Records {
    fn from_iter<T: IntoIterator<Item = (EntryName, Arc<Record>)>>(records: T) -> Self {
        Self {
            all: Arc::new(records.into_iter().collect()),
            fired: Arc::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entry::sample;
    use crate::model::name::Owner;

    fn recorded(names: &[&str]) -> Records {
        let owner = Owner::parse("test").expect("an owner");
        let record = |name: &&str| {
            let entry = sample(name);
            Record::starting(&owner, &entry, None, entry.at())
        };
        names.iter().map(record).collect()
    }

    #[test]
    fn two_maps_side_by_side() {
        let records = recorded(&["b", "c", "e"]);
        let name = |name| EntryName::parse(name).expect("a name");
        let other: BTreeMap<EntryName, u32> =
            [(name("a"), 1), (name("c"), 3), (name("d"), 4)].into();
        let rows: Vec<(String, Option<u32>, bool)> = records
            .beside(&other)
            .map(|(name, there, here)| (name.to_string(), there.copied(), here.is_some()))
            .collect();
        let row = |name: &str, there, here| (name.to_owned(), there, here);
        let expected = [
            row("a", Some(1), false),
            row("b", None, true),
            row("c", Some(3), true),
            row("d", Some(4), false),
            row("e", None, true),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_clone_stays_as_it_is() {
        let mut records = recorded(&["a", "b"]);
        let before = records.clone();
        let name = EntryName::parse("a").expect("a name");
        records.change(|record| record.name == name, |record| record.generation = 7);
        records.remove(&EntryName::parse("b").expect("a name"));
        assert_eq!((before[&name].generation, before.len()), (0, 2));
        assert_eq!((records[&name].generation, records.len()), (7, 1));
    }
}
