//! Reading all that a store holds, each value checked: the records in parts of about the same size, on all processors.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use sled::IVec;

use super::LedgerError;
use super::encoding::decode;
use super::sealed::{self, SUM, Sum, unseal, xor};
use super::store::{Meta, OpenError, of_store};
use super::writer::Mark;
use crate::model::causes::causes;
use crate::model::entry::EntryName;
use crate::model::interner::Interner;
use crate::model::parallel::parallel;
use crate::model::record::Record;
use crate::model::records::Records;

/// What every key of a record begins with, and the first key that is behind all of them.
const RECORDS: Range<&[u8]> = b"r/"..b"r0";
/// How many records are worth a part of their own; in tests few, so that there are many parts.
const WORTH: u64 = if cfg!(test) { 1 } else { 4_096 };
/// How often a part is cut in half at most.
const MOST_CUTS: u32 = 7;

/// Everything that a store was found to hold, each value checked.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) records: Records,
    pub(super) listed: BTreeSet<String>,
    pub(super) approved: BTreeSet<String>,
    pub(super) seen: BTreeSet<String>,
}

/// Some records, and what their sums come to.
struct Decoded {
    part: usize,
    records: Vec<(EntryName, Arc<Record>)>,
    digest: Sum,
}

/// Reads and checks every record and every listed machine.
pub(super) fn stored(tree: &sled::Db, meta: &Meta) -> Result<Stored, OpenError> {
    let mut decoded = records(tree, meta.records)?;
    decoded.sort_by_key(|some| some.part);
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
    let mut fired = Vec::new();
    for item in tree.scan_prefix(Mark::Fired.prefix()) {
        let (key, value) = item.map_err(of_store)?;
        let record: Record =
            sealed::read(&key, &value).map_err(|error| OpenError::Damaged(causes(&error)))?;
        fired.push(record);
    }
    let mut content = Stored {
        records: records.with_fired(fired),
        ..Stored::default()
    };
    let sets = [
        ("m/", &mut content.listed),
        (Mark::Approved.prefix(), &mut content.approved),
        (Mark::Seen.prefix(), &mut content.seen),
    ];
    for (prefix, names) in sets {
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

/// Every record, in parts that come in any order. `about`: how many there are.
fn records(tree: &sled::Db, about: u64) -> Result<Vec<Decoded>, OpenError> {
    let bounds = bounds(tree, about)?;
    let parts = bounds.windows(2).enumerate().collect();
    let mut all = parallel(parts, |(part, keys)| read(tree, part, &keys[0], &keys[1]));
    // Where the machine fails, what looks like damage may be its doing.
    all.sort_by_key(|some| !matches!(some, Err(OpenError::Failed(_))));
    all.into_iter().collect()
}

/// The first key of each part, and the one behind the last. `about`: how many records there are.
fn bounds(tree: &sled::Db, about: u64) -> Result<Vec<Vec<u8>>, OpenError> {
    let mut bounds = vec![RECORDS.start.to_vec()];
    let worth = (about / WORTH).checked_ilog2().unwrap_or(0);
    let mut all = tree.range(RECORDS).keys();
    if let (Some(first), Some(last)) = (all.next(), all.next_back()) {
        let (first, last) = (first.map_err(of_store)?, last.map_err(of_store)?);
        cut(tree, &first, &last, worth.min(MOST_CUTS), &mut bounds)?;
    }
    bounds.push(RECORDS.end.to_vec());
    Ok(bounds)
}

/// Cuts in half what lies between two keys, and each half again: notes the first key of every part but the first.
fn cut(
    tree: &sled::Db,
    first: &[u8],
    last: &[u8],
    times: u32,
    bounds: &mut Vec<Vec<u8>>,
) -> Result<(), OpenError> {
    if times == 0 || first >= last {
        return Ok(());
    }
    let middle = between(first, last);
    let before = tree.range(first..&middle).keys().next_back();
    let behind = tree.range(&*middle..=last).keys().next();
    let key = |found: Option<sled::Result<IVec>>, or: &[u8]| match found {
        Some(found) => found.map_err(of_store),
        None => Ok(or.into()),
    };
    let (before, behind) = (key(before, first)?, key(behind, last)?);
    cut(tree, first, &before, times - 1, bounds)?;
    bounds.push(behind.to_vec());
    cut(tree, &behind, last, times - 1, bounds)
}

/// A key behind `first`, about as far from it as from `last`, or `last` itself. `first` must lie before `last`.
fn between(first: &[u8], last: &[u8]) -> Vec<u8> {
    let same = first.iter().zip(last).take_while(|(a, b)| a == b).count();
    let number = |key: &[u8]| {
        let mut bytes = [0; 8];
        for (into, byte) in bytes.iter_mut().zip(&key[same..]) {
            *into = *byte;
        }
        u64::from_be_bytes(bytes)
    };
    let (low, high) = (number(first), number(last));
    let middle = low + (high - low) / 2;
    if middle == low {
        return last.to_vec();
    }
    [&last[..same], &middle.to_be_bytes()].concat()
}

/// The records of which the keys lie from one up to another one.
fn read(tree: &sled::Db, part: usize, from: &[u8], to: &[u8]) -> Result<Decoded, OpenError> {
    let (mut records, mut digest) = (Vec::new(), [0; SUM]);
    let mut texts = Interner::default();
    for item in tree.range(from..to) {
        let (key, value) = item.map_err(of_store)?;
        let decoded = decode(&key, &value, &mut texts);
        let (record, sum) = decoded.map_err(|error| match error {
            error @ LedgerError::Form { .. } => OpenError::Failed(error),
            error => OpenError::Damaged(causes(&error)),
        })?;
        xor(&mut digest, &sum);
        records.push((record.name.clone(), Arc::new(record)));
    }
    Ok(Decoded {
        part,
        records,
        digest,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_way_between_two_keys() {
        assert_eq!(between(b"r/a", b"r/c"), b"r/b\0\0\0\0\0\0\0");
        assert!(between(b"e-0-0", b"e-9-9").starts_with(b"e-4"));
        for [first, last] in [["a", "a\0"], ["a", "b"], ["", "\0"]] {
            let middle = between(first.as_bytes(), last.as_bytes());
            assert!(*first.as_bytes() < *middle && *middle <= *last.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn what_is_between_lies_behind_the_first(a in "[a-c]{0,12}", b in "[a-c]{0,12}") {
            prop_assume!(a < b);
            let middle = between(a.as_bytes(), b.as_bytes());
            prop_assert!(*a.as_bytes() < *middle && *middle <= *b.as_bytes());
        }

        /// Whatever the names are, each record is in one part, and none is empty.
        #[test]
        fn the_parts_are_the_whole(names in proptest::collection::btree_set("[a-c0-9-]{1,20}", 1..60)) {
            let tree = sled::Config::new().temporary(true).open().unwrap();
            for name in &names {
                tree.insert(format!("r/{name}"), "").unwrap();
            }
            let keys: Vec<String> = names.iter().map(|name| format!("r/{name}")).collect();
            let bounds = bounds(&tree, names.len() as u64).unwrap();
            let mut found = Vec::new();
            for part in bounds.windows(2) {
                let some = tree.range(part[0].as_slice()..part[1].as_slice()).keys();
                let some: Vec<_> = some.map(|key| String::from_utf8(key.unwrap().to_vec()).unwrap()).collect();
                prop_assert!(!some.is_empty());
                found.extend(some);
            }
            prop_assert_eq!(found, keys);
        }
    }
}
