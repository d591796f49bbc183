//! The bytes of a copy: what a file was parsed to, there and back. Pure.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use crate::model::content::{Content, Fingerprint};
use crate::model::entry::{Entry, EntryName};
use crate::model::zone::Zone;
use crate::model::zones::Zones;

/// What is kept of a file: the texts that its entries share, and the entries.
#[derive(Serialize, Deserialize)]
struct OfFile<'a> {
    #[serde(borrow)]
    texts: Vec<&'a str>,
    entries: Vec<OfEntry<'a>>,
}

/// An entry. Numbers are places in `texts`.
#[derive(Serialize, Deserialize)]
struct OfEntry<'a> {
    name: &'a str,
    at: i64,
    lambda: Option<usize>,
    state_machine: usize,
    input: &'a str,
    fingerprint: Fingerprint,
    grace: Duration,
    enabled: bool,
    named_zone: Option<usize>,
    is_local: bool,
    description: Option<&'a str>,
    in_line: u32,
}

/// The bytes of a copy; `None`: it has no form in bytes.
pub(super) fn copy(parsed: &[Arc<Entry>]) -> Option<Vec<u8>> {
    let (mut texts, mut places) = (Vec::new(), HashMap::new());
    let mut place = |text| {
        *places.entry(text).or_insert_with(|| {
            texts.push(text);
            texts.len() - 1
        })
    };
    let kept = parsed.iter().map(|entry| OfEntry {
        name: entry.name.as_str(),
        at: entry.at().timestamp(),
        lambda: entry.lambda.as_deref().map(&mut place),
        state_machine: place(entry.state_machine()),
        input: entry.input(),
        fingerprint: entry.fingerprint(),
        grace: entry.grace,
        enabled: entry.enabled,
        named_zone: entry.named_zone.map(|zone| place(zone.name())),
        is_local: entry.is_local,
        description: entry.description.as_deref(),
        in_line: entry.in_line,
    });
    let entries = kept.collect();
    postcard::to_allocvec(&OfFile { texts, entries }).ok()
}

/// The entries of a copy, in the file of this name; `None`: these bytes are none.
pub(super) fn entries(bytes: &[u8], file: &str, zones: &Zones) -> Option<Vec<Arc<Entry>>> {
    let copy: OfFile<'_> = postcard::from_bytes(bytes).ok()?;
    let texts: Vec<Arc<str>> = copy.texts.iter().map(|text| Arc::from(*text)).collect();
    let zones: Vec<Option<Zone>> = copy.texts.iter().map(|text| zones.get(text)).collect();
    let file: Arc<str> = file.into();
    let entry = |kept: OfEntry<'_>| {
        let text = |place: usize| texts.get(place).cloned();
        Some(Arc::new(Entry {
            name: EntryName::parse(kept.name).ok()?,
            content: Content::known(
                DateTime::from_timestamp(kept.at, 0)?,
                text(kept.state_machine)?,
                kept.input.into(),
                kept.fingerprint,
            ),
            lambda: match kept.lambda {
                Some(place) => Some(text(place)?),
                None => None,
            },
            grace: kept.grace,
            enabled: kept.enabled,
            named_zone: match kept.named_zone {
                Some(place) => Some((*zones.get(place)?)?),
                None => None,
            },
            is_local: kept.is_local,
            description: kept.description.map(Arc::from),
            file: Arc::clone(&file),
            in_line: kept.in_line,
        }))
    };
    let entries: Option<Vec<_>> = copy.entries.into_iter().map(entry).collect();
    let mut entries = entries?;
    // They may lie where the copies lay, which takes more.
    entries.shrink_to_fit();
    Some(entries)
}
