//! All that is recorded, at one moment: a map that costs nothing to clone. Pure.

use std::collections::{BTreeMap, btree_map};
use std::ops::Index;
use std::sync::Arc;

use crate::model::entry::EntryName;
use crate::model::record::Record;

/// Every record, by its entry's name. A clone stays as it is when the other one is written to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records(Arc<BTreeMap<EntryName, Arc<Record>>>);

impl Records {
    /// An entry's record.
    pub fn get(&self, name: &EntryName) -> Option<&Record> {
        self.0.get(name).map(AsRef::as_ref)
    }

    /// Has it one?
    pub fn contains_key(&self, name: &EntryName) -> bool {
        self.0.contains_key(name)
    }

    /// Every name, in order.
    pub fn keys(&self) -> impl Iterator<Item = &EntryName> {
        self.0.keys()
    }

    /// Every record, by name.
    pub fn values(&self) -> impl Iterator<Item = &Record> {
        self.0.values().map(AsRef::as_ref)
    }

    /// Both, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&EntryName, &Record)> {
        self.into_iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Records this of an entry, instead of what was recorded before.
    pub fn insert(&mut self, name: EntryName, record: Record) {
        Arc::make_mut(&mut self.0).insert(name, Arc::new(record));
    }

    /// Forgets an entry.
    pub fn remove(&mut self, name: &EntryName) {
        if self.contains_key(name) {
            Arc::make_mut(&mut self.0).remove(name);
        }
    }

    /// Changes those records of which `is` is true.
    pub fn change(&mut self, is: impl Fn(&Record) -> bool, change: impl Fn(&mut Record)) {
        if !self.values().any(&is) {
            return;
        }
        for record in Arc::make_mut(&mut self.0).values_mut() {
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
        &self.0[name]
    }
}

type Pair<'a> = (&'a EntryName, &'a Arc<Record>);

impl<'a> IntoIterator for &'a Records {
    type Item = (&'a EntryName, &'a Record);
    type IntoIter =
        std::iter::Map<btree_map::Iter<'a, EntryName, Arc<Record>>, fn(Pair<'a>) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(name, record)| (name, record.as_ref()))
    }
}

impl FromIterator<Record> for Records {
    fn from_iter<T: IntoIterator<Item = Record>>(records: T) -> Self {
        let pair = |record: Record| (record.name.clone(), Arc::new(record));
        Self(Arc::new(records.into_iter().map(pair).collect()))
    }
}
