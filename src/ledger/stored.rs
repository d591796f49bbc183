//! Reading all that a store holds, each value checked: one thread follows the tree, the others check and decode.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, available_parallelism};

use sled::IVec;

use super::sealed::{SUM, Sum, unseal, xor};
use super::store::{Meta, OpenError, of_store};
use crate::model::entry::EntryName;
use crate::model::interner::Interner;
use crate::model::record::Record;
use crate::model::records::Records;

/// How many records are decoded at a time; in tests few, so that there are many batches.
const BATCH: usize = if cfg!(test) { 16 } else { 1_024 };
/// How many batches wait to be decoded, for each thread that decodes.
const WAITING: usize = 4;
/// How many threads decode at most.
const MOST_THREADS: usize = 8;

/// Everything that a store was found to hold, each value checked.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) records: Records,
    pub(super) listed: BTreeSet<String>,
    pub(super) approved: BTreeSet<String>,
}

/// Keys and values as they lie in the store, and which part of it they are.
type Batch = (usize, Vec<(IVec, IVec)>);

/// Some records, and what their sums come to.
struct Decoded {
    place: usize,
    records: Vec<(EntryName, Arc<Record>)>,
    digest: Sum,
}

/// Reads and checks every record and every listed machine.
pub(super) fn stored(tree: &sled::Db, meta: &Meta) -> Result<Stored, OpenError> {
    let mut decoded = records(tree)?;
    decoded.sort_by_key(|some| some.place);
    let mut digest = [0; SUM];
    for some in &decoded {
        xor(&mut digest, &some.digest);
    }
    let records: Records = decoded.into_iter().flat_map(|some| some.records).collect();
    if (records.len() as u64, digest) != (meta.records, meta.digest) {
        return Err(OpenError::Damaged(format!(
            "{} records were found where {} were written, or other ones",
            records.len(),
            meta.records
        )));
    }
    let mut content = Stored {
        records,
        ..Stored::default()
    };
    for (prefix, names) in [("m/", &mut content.listed), ("a/", &mut content.approved)] {
        for item in tree.scan_prefix(prefix) {
            let (key, value) = item.map_err(of_store)?;
            let text = String::from_utf8_lossy(&key).into_owned();
            if unseal(&key, &value).is_none() {
                return Err(OpenError::Damaged(format!(
                    "`{text}` does not match its checksum"
                )));
            }
            names.extend(text.strip_prefix(prefix).map(str::to_owned));
        }
    }
    Ok(content)
}

/// Every record, in parts that come in any order.
fn records(tree: &sled::Db) -> Result<Vec<Decoded>, OpenError> {
    let mut items = tree.scan_prefix("r/").map(|item| item.map_err(of_store));
    let mut batches = (0..).map_while(|place| {
        let batch: Result<Vec<_>, _> = items.by_ref().take(BATCH).collect();
        let is_end = batch.as_ref().is_ok_and(Vec::is_empty);
        (!is_end).then(|| batch.map(|batch| (place, batch)))
    });
    let first = match batches.next() {
        None => return Ok(Vec::new()),
        Some(first) => first?,
    };
    if first.1.len() < BATCH {
        return Ok(vec![decode(first, &mut Interner::default())?]);
    }
    let threads = available_parallelism()
        .map_or(1, NonZero::get)
        .min(MOST_THREADS);
    let (waiting, queue) = sync_channel::<Batch>(WAITING * threads);
    let queue = Arc::new(Mutex::new(queue));
    thread::scope(|scope| {
        let one = |_| {
            let queue = Arc::clone(&queue);
            let decoding = move || decode_all(&queue);
            thread::Builder::new().spawn_scoped(scope, decoding).ok()
        };
        let decoders: Vec<_> = (0..threads).filter_map(one).collect();
        // Once all decoders have ended, nobody waits for room.
        drop(queue);
        let (mut done, mut texts) = (Vec::new(), Interner::default());
        for batch in [Ok(first)].into_iter().chain(batches) {
            if decoders.is_empty() {
                // The machine gives no more threads.
                done.push(decode(batch?, &mut texts)?);
            } else if waiting.send(batch?).is_err() {
                break;
            }
        }
        drop(waiting);
        for decoder in decoders {
            match decoder.join() {
                Ok(some) => done.extend(some?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(done)
    })
}

/// Decodes what comes, until no more does or one is damaged.
fn decode_all(queue: &Mutex<Receiver<Batch>>) -> Result<Vec<Decoded>, OpenError> {
    let (mut done, mut texts) = (Vec::new(), Interner::default());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
    let mut damage = Ok(());
    // What comes after damage is taken all the same: who sends it waits for room.
    while let Ok(batch) = next() {
        if damage.is_ok() {
            match decode(batch, &mut texts) {
                Ok(some) => done.push(some),
                Err(error) => damage = Err(error),
            }
        }
    }
    damage.map(|()| done)
}

fn decode((place, batch): Batch, texts: &mut Interner) -> Result<Decoded, OpenError> {
    let (mut records, mut digest) = (Vec::with_capacity(batch.len()), [0; SUM]);
    for (key, value) in batch {
        let text = || String::from_utf8_lossy(&key).into_owned();
        let Some((_, sum, bytes)) = unseal(&key, &value) else {
            return Err(OpenError::Damaged(format!(
                "`{}` does not match its checksum",
                text()
            )));
        };
        let mut record: Record = serde_json::from_slice(bytes)
            .map_err(|error| OpenError::Damaged(format!("`{}` can't be read: {error}", text())))?;
        record.intern(texts);
        xor(&mut digest, &sum);
        records.push((record.name.clone(), Arc::new(record)));
    }
    Ok(Decoded {
        place,
        records,
        digest,
    })
}
