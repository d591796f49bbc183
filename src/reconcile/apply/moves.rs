//! Recording that what runs under one name is another's: all records that change by it at once, or none. Calls nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Hands;
use crate::ledger::{Change, LedgerError};
use crate::model::entry::{Entry, EntryName};
use crate::model::record::{Event, Record};

/// One execution that changes its name.
#[derive(Debug, Clone)]
pub struct Take {
    /// The entry that asks for it now.
    pub entry: Arc<Entry>,
    /// The record of that entry.
    pub before: Option<Record>,
    /// The record of the entry that it ran for.
    pub from: Record,
    /// That one is still what is recorded of its entry.
    pub is_current: bool,
}

impl Hands {
    /// Records each execution as that of the entry which asks for it now. Answers the new records, in the same order.
    pub(super) async fn take_over(
        &self,
        takes: &[Take],
        now: DateTime<Utc>,
    ) -> Result<Vec<Record>, LedgerError> {
        // In a ring, what is left of a name's record is what its next one follows.
        let mut left: BTreeMap<EntryName, Record> = BTreeMap::new();
        for Take { entry, from, .. } in takes.iter().filter(|take| take.is_current) {
            let (_, of_giver) = from.moved(entry, None, now);
            let of_giver = of_giver.unwrap_or_else(|| from.clone());
            left.insert(from.name.clone(), of_giver);
        }
        let (mut moved, mut changes) = (Vec::new(), Vec::new());
        for take in takes {
            let Take {
                entry,
                before,
                from,
                ..
            } = take;
            let before = left.remove(&entry.name).or_else(|| before.clone());
            let (record, _) = from.moved(entry, before.as_ref(), now);
            let record = Record {
                commit: self.commits.of(&entry.file),
                ..record
            };
            changes.push(Change {
                name: record.name.clone(),
                record: Some(record.clone()),
                input: Some(input(entry, from)),
                event: Some(self.moved(&record.name, take, format!("was `{}`", from.name), now)),
            });
            moved.push(record);
        }
        for take in takes {
            if let Some(record) = left.remove(&take.from.name) {
                let is = format!("is `{}` now", take.entry.name);
                changes.push(Change {
                    event: Some(self.moved(&take.from.name, take, is, now)),
                    name: record.name.clone(),
                    record: Some(record),
                    input: None,
                });
            }
        }
        self.commit(changes).await?;
        Ok(moved)
    }

    fn moved(&self, name: &EntryName, take: &Take, how: String, now: DateTime<Utc>) -> Event {
        Event {
            time: now,
            name: name.clone(),
            event: "moved".into(),
            at: take.from.at,
            execution_arn: take.from.execution_arn(),
            detail: Some(how),
            late_ms: None,
            was: None,
            commit: self.commits.of(&take.entry.file),
        }
    }
}

/// What the execution was started with: what the entry asks for, but where other time zone rules gave it another time.
fn input(entry: &Entry, from: &Record) -> Arc<str> {
    let there = Some(from.at).filter(|at| *at != entry.at());
    let there = there.and_then(|at| entry.content.at_another(at));
    Arc::clone(there.as_ref().unwrap_or(&entry.content).input())
}
