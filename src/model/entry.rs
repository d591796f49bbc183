//! An entry: one one-time invocation, as the schedule files ask for it. Never touches a file or a clock.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::model::checked::checked;
pub use crate::model::content::instant;
use crate::model::content::{Content, Fingerprint};
use crate::model::key::EntryKey;
use crate::model::zone::Zone;

/// The most bytes an execution's input may have (Step Functions quota: 256 KiB of UTF-8).
pub const MAX_INPUT_BYTES: usize = 262_144;

/// The most characters of an entry's name, so that the execution's name stays within 80.
pub const MAX_NAME: usize = 44;

/// The name of an entry: `[A-Za-z0-9][A-Za-z0-9_-]{0,43}`, unique in the whole directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct EntryName(Arc<str>);

impl EntryName {
    /// Checks and keeps a name; the error says what a name may be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut characters = text.chars();
        let begins = characters.next().is_some_and(|c| c.is_ascii_alphanumeric());
        let goes_on = characters.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if begins && goes_on && text.len() <= MAX_NAME {
            return Ok(Self(Arc::from(text)));
        }
        Err(format!(
            "`{text}` can't be an entry's name: it begins with a letter or digit, goes on with letters, \
             digits, `_` and `-`, and has at most {MAX_NAME} characters"
        ))
    }

    /// The name that the key of an execution is, in the one copy of its text.
    pub(super) fn of_key(key: &Arc<str>) -> Self {
        Self(Arc::clone(key))
    }

    /// Its text, shared.
    pub(super) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The part of its executions' names that says that they are its own.
    pub fn key(&self) -> EntryKey {
        EntryKey::of(self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EntryName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        checked(deserializer, Self::parse)
    }
}

/// One one-time invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its identity.
    pub name: EntryName,
    /// What it asks for.
    pub content: Content,
    /// The function it invokes; `None` for an entry that runs a state machine of the user's.
    pub lambda: Option<Arc<str>>,
    /// How late it may still be started.
    pub grace: Duration,
    /// `false`: listed, not started, stopped if it was.
    pub enabled: bool,
    /// The zone of a local time. Of a time with an offset, the zone that was named for it and has another offset then.
    pub named_zone: Option<Zone>,
    /// Is its time written without an offset? Beside `enabled`, it takes no room.
    pub is_local: bool,
    /// What people say of it. Never compared.
    pub description: Option<Arc<str>>,
    /// The schedule file, relative to the directory.
    pub file: Arc<str>,
    /// What it asks for as the last onced that kept numbers in 64 bits understood it, where that is something else: what that
    /// one started is this entry's, too.
    pub before: Option<Arc<Content>>,
    /// See [`Entry::line`]. A million entries are smaller by it than by a larger number.
    pub in_line: u32,
}

impl Entry {
    /// When it fires, in UTC, whole seconds.
    pub fn at(&self) -> DateTime<Utc> {
        self.content.at()
    }

    /// See [`Content::state_machine`].
    pub fn state_machine(&self) -> &Arc<str> {
        self.content.state_machine()
    }

    /// See [`Content::input`].
    pub fn input(&self) -> &Arc<str> {
        self.content.input()
    }

    /// The zone that its time is written in; `None` where an offset is.
    pub fn zone(&self) -> Option<Zone> {
        self.named_zone.filter(|_| self.is_local)
    }

    /// The zone that was named for its time, where it is written with an offset which that zone does not have then.
    pub fn zone_beside_offset(&self) -> Option<Zone> {
        self.named_zone.filter(|_| !self.is_local)
    }

    /// The line of its name in its file, from 1.
    pub fn line(&self) -> usize {
        self.in_line as usize
    }

    /// See [`Content::fingerprint`].
    pub fn fingerprint(&self) -> Fingerprint {
        self.content.fingerprint()
    }
}

/// The canonical input of a lambda's entry.
pub fn lambda_input(function: &str, at: DateTime<Utc>, payload: &Value) -> String {
    lambda_input_of(function, at, &canonical(payload))
}

/// The same, of a payload that is canonical JSON already.
pub fn lambda_input_of(function: &str, at: DateTime<Utc>, payload: &str) -> String {
    let (function, at) = (Value::from(function), instant(at));
    format!(r#"{{"functionName":{function},"invocationTime":"{at}","payload":{payload}}}"#)
}

/// The canonical input of a state machine's entry: the user's object with `invocationTime` added.
pub fn machine_input(mut input: Map<String, Value>, at: DateTime<Utc>) -> String {
    input.insert("invocationTime".into(), instant(at).into());
    canonical(&Value::Object(input))
}

/// Canonical JSON: keys sorted by code point, no spaces. `serde_json`'s map is sorted (its
/// `preserve_order` feature must stay off, which a test holds).
pub fn canonical(value: &Value) -> String {
    value.to_string()
}

/// An entry of which only the name counts.
#[cfg(test)]
pub(crate) fn sample(name: &str) -> Entry {
    Entry {
        name: EntryName::parse(name).expect("a name"),
        content: Content::new(
            DateTime::UNIX_EPOCH,
            "arn:aws:states:us-east-1:123456789012:stateMachine:M",
            "{}",
        ),
        lambda: Some("f".into()),
        grace: Duration::ZERO,
        enabled: true,
        named_zone: None,
        is_local: false,
        description: None,
        file: "a.yaml".into(),
        before: None,
        in_line: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "A-b_c9", "0", &"x".repeat(44)] {
            assert!(EntryName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "_a", "a b", "ä", "a.b", &"x".repeat(45)] {
            assert!(EntryName::parse(bad).is_err(), "{bad}");
        }
    }

    /// There may be a million of them.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn an_entry_is_small() {
        assert_eq!(size_of::<Entry>(), 160);
    }

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value: Value =
            serde_json::from_str(r#"{"b":{"z":1,"a":[{"y":1,"x":2}]},"a":1}"#).unwrap();
        assert_eq!(
            canonical(&value),
            r#"{"a":1,"b":{"a":[{"x":2,"y":1}],"z":1}}"#
        );
    }
}
