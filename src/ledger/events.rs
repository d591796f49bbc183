//! Reading on in the history: what happened since somebody read it last.

use std::ops::Bound;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::sealed::read;
use super::store::Store;
use super::{Ledger, LedgerError};
use crate::model::record::Event;

/// How far somebody has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Of which store: one that was begun anew is read from its beginning.
    store: String,
    /// The key of the last event.
    key: String,
    /// When that happened: what is older is not new, whatever store it is in.
    time: DateTime<Utc>,
}

impl Cursor {
    /// Is that of the same store?
    pub fn is_beside(&self, other: &Self) -> bool {
        self.store == other.store
    }
}

impl Ledger {
    /// What happened after this, the oldest first, at most so many; and how far that goes. Without a cursor, nothing: it
    /// answers how far the history goes now.
    pub async fn events_after(
        &self,
        cursor: Option<Cursor>,
        most: usize,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Event>, Cursor), LedgerError> {
        self.read(move |store| match cursor {
            Some(cursor) => store.events_after(cursor, most),
            None => Ok((Vec::new(), store.end(now)?)),
        })
        .await
    }
}

/// Before every event.
const FIRST: &str = "h/";
/// After every event.
const LAST: &str = "h0";

impl Store {
    fn end(&self, now: DateTime<Utc>) -> Result<Cursor, LedgerError> {
        let last = self.tree.range(FIRST..LAST).next_back().transpose()?;
        let key = last.map(|(key, _)| String::from_utf8_lossy(&key).into_owned());
        Ok(Cursor {
            store: self.meta.identity.clone(),
            key: key.unwrap_or_else(|| FIRST.to_owned()),
            time: now,
        })
    }

    fn events_after(
        &self,
        mut cursor: Cursor,
        most: usize,
    ) -> Result<(Vec<Event>, Cursor), LedgerError> {
        let since = cursor.time;
        let is_same = cursor.store == self.meta.identity;
        if !is_same {
            cursor.store.clone_from(&self.meta.identity);
            FIRST.clone_into(&mut cursor.key);
        }
        let mut events = Vec::new();
        let from = Bound::Excluded(cursor.key.as_bytes().to_vec());
        let to = Bound::Excluded(LAST.as_bytes().to_vec());
        for item in self.tree.range((from, to)) {
            if events.len() == most {
                break;
            }
            let (key, value) = item?;
            let event: Event = read(&key, &value)?;
            cursor.key = String::from_utf8_lossy(&key).into_owned();
            // What was imported is old.
            if is_same || event.time > since {
                cursor.time = cursor.time.max(event.time);
                events.push(event);
            }
        }
        Ok((events, cursor))
    }
}
