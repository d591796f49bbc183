//! Whose an execution is, as its name says it. Pure.
//!
//! An entry's name may have characters and a length that an execution's name can't have. One that fits stands there as it
//! is; of any other, what can be read of its beginning and a digest of all of it. A digest can't be turned back into a name:
//! executions and entries are compared by their keys.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::model::checked::checked;
use crate::model::entry::EntryName;

/// The most characters of a key: with the longest owner and 5 digits of a generation, the execution's name has 80.
pub const MAX_KEY: usize = 44;

/// What a key that holds a digest begins with, and one that is a name can't.
const MARK: char = '_';
/// How many hex digits the digest has: 80 bits, so that of a million entries no two ever have the same.
const DIGITS: usize = 20;
/// How many characters of the name stand before the digest, at most.
const HEAD: usize = MAX_KEY - MARK.len_utf8() - "-".len() - DIGITS;

/// The part of an execution's name that says whose entry's it is: the entry's name if it matches
/// `[A-Za-z0-9][A-Za-z0-9_-]{0,43}`, else `_{beginning}-{digest}`: the first 22 characters of the name with `-` for each
/// `.`, and the first 20 hex digits of the SHA-256 of the whole name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct EntryKey(Arc<str>);

impl EntryKey {
    /// The key of this entry's executions.
    pub fn of(name: &EntryName) -> Self {
        if fits(name.as_str()) {
            return Self(name.shared());
        }
        let name = name.as_str();
        let mut key = String::with_capacity(MAX_KEY);
        key.push(MARK);
        let head = name.chars().take(HEAD);
        key.extend(head.map(|c| if c == '.' { '-' } else { c }));
        key.push('-');
        for byte in &Sha256::digest(name)[..DIGITS / 2] {
            let _ = write!(key, "{byte:02x}");
        }
        Self(key.into())
    }

    /// A key as it stands in an execution's name, or in a record; the error says that it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        if fits(text) || is_digest(text) {
            return Ok(Self(text.into()));
        }
        Err(format!("`{text}` is not the key of an entry's executions"))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is it a digest, of which the name can't be read?
    pub fn is_digest(&self) -> bool {
        self.0.starts_with(MARK)
    }

    /// The entry's name, where the key is that.
    pub fn name(&self) -> Option<EntryName> {
        (!self.is_digest()).then(|| EntryName::of_key(&self.0))
    }

    /// The name as far as it can be read.
    pub fn legible(&self) -> String {
        if !self.is_digest() {
            return self.0.to_string();
        }
        let head = &self.0[MARK.len_utf8()..self.0.len() - DIGITS - "-".len()];
        format!("{head}…")
    }

    /// What stands for the name where nobody knows it: the key itself, which is a name, too.
    pub fn stand_in(&self) -> EntryName {
        EntryName::of_key(&self.0)
    }
}

impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EntryKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        checked(deserializer, Self::parse)
    }
}

/// Is this a name that stands in an execution's name as it is?
pub fn fits(name: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    (1..=MAX_KEY).contains(&name.len())
        && name.as_bytes()[0].is_ascii_alphanumeric()
        && name.bytes().all(is_inner)
}

fn is_digest(key: &str) -> bool {
    let Some((head, digest)) = key
        .strip_prefix(MARK)
        .and_then(|rest| rest.split_at_checked(rest.len().checked_sub(DIGITS)?))
    else {
        return false;
    };
    let is_inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    head.strip_suffix('-')
        .is_some_and(|head| (1..=HEAD).contains(&head.len()) && head.bytes().all(is_inner))
        && digest.bytes().all(is_hex)
}

/// Which names some digests are of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys(HashMap<EntryKey, EntryName>);

impl Keys {
    /// Looks for what these keys are of among these names; where no key is a digest, at no name.
    pub fn find<'a>(
        keys: impl IntoIterator<Item = &'a EntryKey>,
        names: impl IntoIterator<Item = &'a EntryName>,
    ) -> Self {
        let digests: HashSet<&EntryKey> = keys.into_iter().filter(|key| key.is_digest()).collect();
        if digests.is_empty() {
            return Self::default();
        }
        let unfit = names.into_iter().filter(|name| !fits(name.as_str()));
        let found = unfit.map(|name| (EntryKey::of(name), name.clone()));
        Self(found.filter(|(key, _)| digests.contains(key)).collect())
    }

    /// The entry's name, where it can be read or was found.
    pub fn name(&self, key: &EntryKey) -> Option<EntryName> {
        key.name().or_else(|| self.0.get(key).cloned())
    }
}

#[cfg(test)]
mod tests;
