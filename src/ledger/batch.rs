//! One commit: what waits becomes one batch, and is on the disk before it is acknowledged.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::encoding::encode;
use super::sealed::{SUM, Sum, json, read, seal, unseal, xor};
use super::store::{FORMAT, Meta, Store};
use super::threads::sleeping_long;
use super::writer::Mark;
use super::{Change, LedgerError, Work};
use crate::model::entry::EntryName;
use crate::model::plan::{RETENTION, after};
use crate::model::record::Event;

/// Bytes of an input in one value.
const CHUNK: usize = 32 * 1024;

impl Store {
    /// Writes one batch, all or nothing; when this returns, it survives a power cut. After an error the store must
    /// not be used any more.
    pub(super) fn commit(&mut self, work: &[Work]) -> Result<(), LedgerError> {
        let mut meta = self.meta.clone();
        meta.sequence += 1;
        let mut writing = Writing::new(meta.sequence);
        // Two changes of one entry in a batch: the second one replaces what the first one wrote.
        let mut written: BTreeMap<&EntryName, (Option<Sum>, usize)> = BTreeMap::new();
        for (number, work) in work.iter().enumerate() {
            let happened = format!("h/{:016}/{number:04}", meta.sequence);
            let changes = match work {
                Work::Changes(changes) => changes,
                Work::Listed(machine) => {
                    writing.put(&format!("m/{machine}"), b"1");
                    continue;
                }
                Work::Event(event) => {
                    writing.put(&happened, &json(&happened, event)?);
                    continue;
                }
                Work::Marked(mark, executions, holds) => {
                    let key = |execution| format!("{}{execution}", mark.prefix());
                    for key in executions.iter().map(key) {
                        if *holds {
                            writing.put(&key, b"1");
                        } else {
                            writing.batch.remove(key.into_bytes());
                        }
                    }
                    continue;
                }
            };
            for (part, change) in changes.iter().enumerate() {
                let name = &change.name;
                let before = written.get(name).copied();
                let after = self.change(change, before, &mut writing, &mut meta)?;
                written.insert(name, after);
                if let Some(event) = &change.event {
                    let key = format!(
                        "{happened}{}",
                        if part == 0 {
                            String::new()
                        } else {
                            format!("/{part:04}")
                        }
                    );
                    writing.put(&key, &json(&key, event)?);
                    for key in self.outlived(event.time)? {
                        writing.batch.remove(key);
                    }
                }
            }
        }
        writing.put("meta", &json("meta", &meta)?);
        let mut batch = writing.batch;
        if self.is_of_before {
            // From now on, what an earlier onced could not read may be in it.
            batch.insert("format", FORMAT);
        }
        sleeping_long(|| {
            self.tree.apply_batch(batch)?;
            self.tree.flush()
        })?;
        self.db_file
            .sync_data()
            .map_err(LedgerError::file("sync", Path::new("ledger/db")))?;
        self.head
            .advance(meta.sequence)
            .map_err(LedgerError::file("write", Path::new("head")))?;
        self.meta = meta;
        self.is_of_before = false;
        Ok(())
    }

    /// Writes one change of one entry; `before`: what a change before it in the same batch wrote. Answers the record's
    /// checksum, and in how many chunks its input was written.
    fn change(
        &self,
        change: &Change,
        before: Option<(Option<Sum>, usize)>,
        writing: &mut Writing,
        meta: &mut Meta,
    ) -> Result<(Option<Sum>, usize), LedgerError> {
        let name = &change.name;
        let key = format!("r/{name}");
        let (before, mut chunks) = match before {
            Some(before) => before,
            None => (self.sum_of(&key)?, 0),
        };
        if let Some(next) = &change.record
            && let Some(last) = self.record(name)?.filter(|last| last.is_lost_with(next))
        {
            let key = format!("{}{}", Mark::Fired.prefix(), last.fingerprint);
            writing.put(&key, &json(&key, &last)?);
        }
        let now = if let Some(record) = &change.record {
            Some(writing.put(&key, &encode(record)?))
        } else {
            writing.batch.remove(key.as_bytes());
            None
        };
        for sum in [before, now].iter().flatten() {
            xor(&mut meta.digest, sum);
        }
        meta.records = (meta.records + u64::from(now.is_some())) - u64::from(before.is_some());
        if change.record.is_none() || change.input.is_some() {
            for item in self.tree.scan_prefix(format!("i/{name}/")).keys() {
                writing.batch.remove(item?);
            }
            for n in 0..chunks {
                writing.batch.remove(chunk_key(name, n).into_bytes());
            }
            let input = change.input.as_deref().unwrap_or_default();
            chunks = 0;
            for chunk in input.as_bytes().chunks(CHUNK) {
                writing.put(&chunk_key(name, chunks), chunk);
                chunks += 1;
            }
        }
        Ok((now, chunks))
    }

    fn sum_of(&self, key: &str) -> Result<Option<Sum>, LedgerError> {
        let Some(value) = self.tree.get(key)? else {
            return Ok(None);
        };
        let unsealed = unseal(key.as_bytes(), &value);
        let (_, sum, _) = unsealed.ok_or_else(|| LedgerError::Checksum { key: key.into() })?;
        Ok(Some(sum))
    }

    /// A few of the events that are kept no longer.
    fn outlived(&self, now: DateTime<Utc>) -> Result<Vec<Vec<u8>>, LedgerError> {
        let mut keys = Vec::new();
        for item in self.tree.scan_prefix("h/").take(4) {
            let (key, value) = item?;
            let old =
                read::<Event>(&key, &value).is_ok_and(|event| now > after(event.time, RETENTION));
            if !old {
                break;
            }
            keys.push(key.to_vec());
        }
        Ok(keys)
    }
}

/// One commit in the making: of several writes to one key the last one holds.
struct Writing {
    batch: sled::Batch,
    sequence: u64,
}

impl Writing {
    fn new(sequence: u64) -> Self {
        Self {
            batch: sled::Batch::default(),
            sequence,
        }
    }

    /// Adds a sealed value; answers its checksum.
    fn put(&mut self, key: &str, content: &[u8]) -> Sum {
        let value = seal(key.as_bytes(), self.sequence, content);
        let sum = value[8..8 + SUM]
            .try_into()
            .expect("a sealed value has a sum");
        self.batch.insert(key, value);
        sum
    }
}

fn chunk_key(name: &EntryName, number: usize) -> String {
    format!("i/{name}/{number:04}")
}
