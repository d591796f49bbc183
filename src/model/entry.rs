//! An entry: one one-time invocation, as the schedule files ask for it. Never touches a file or a clock.

use std::borrow::Cow;
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
use crate::model::marks::Marks;
use crate::model::name::{NUMBERS_IN_64_BITS, SCHEME};
use crate::model::zone::Zone;

/// The most bytes an execution's input may have (Step Functions quota: 256 KiB of UTF-8).
pub const MAX_INPUT_BYTES: usize = 262_144;

/// The most characters of an entry's name: as many as EventBridge Scheduler takes.
pub const MAX_NAME: usize = 64;

/// The name of an entry: `[0-9A-Za-z._-]{1,64}`, unique in the whole directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct EntryName(Arc<str>);

impl EntryName {
    /// Checks and keeps a name; the error says which character can't be in one, or how long it is.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_taken = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if let Some(wrong) = text.chars().find(|c| !is_taken(*c)) {
            return Err(format!(
                "`{}` can't be an entry's name: {} can't be in a name, which has only ASCII letters, digits, `.`, `_` and `-`",
                beginning(text),
                called(wrong)
            ));
        }
        if !(1..=MAX_NAME).contains(&text.len()) {
            return Err(format!(
                "`{}` can't be an entry's name: it has {} characters, and a name has 1 to {MAX_NAME}",
                beginning(text),
                text.len()
            ));
        }
        Ok(Self(Arc::from(text)))
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

/// A text that may be very long, as a message shows it.
fn beginning(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(2 * MAX_NAME) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// A character as a message shows it: what looks like another one, or like nothing, by its number.
fn called(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        '`' => "'`'".to_owned(),
        c if c.is_ascii_graphic() => format!("`{c}`"),
        c if c.is_alphanumeric() => format!("`{c}` (U+{:04X})", u32::from(c)),
        c => format!("`U+{:04X}`", u32::from(c)),
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
    /// What it asks for in the other reading, where it has two: an onced of before, which kept numbers in 64 bits, understood
    /// something else. See [`crate::model::readings`].
    pub other: Option<Arc<Content>>,
    /// `content` is what that one understood, and `other` what is written.
    pub is_as_before: bool,
    /// What of its payload had better be looked at. Never part of what is compared.
    pub marks: Marks,
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

    /// Which scheme its fingerprint is of.
    pub fn scheme(&self) -> u32 {
        if self.is_as_before {
            NUMBERS_IN_64_BITS
        } else {
            SCHEME
        }
    }

    /// Does it ask for this content, in either reading?
    pub fn asks_for(&self, content: Fingerprint) -> bool {
        let other = self.other.as_ref();
        self.fingerprint() == content || other.is_some_and(|other| other.fingerprint() == content)
    }

    /// The same entry in its other reading; `None`: there is none.
    pub fn in_the_other_reading(&self) -> Option<Self> {
        let other = self.other.as_ref()?;
        Some(Self {
            content: Content::clone(other),
            other: Some(Arc::new(self.content.clone())),
            is_as_before: !self.is_as_before,
            ..self.clone()
        })
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
        other: None,
        is_as_before: false,
        marks: Marks::NONE,
        in_line: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let long = "x".repeat(64);
        for good in ["a", "A-b_c9", "0", "-a", "_a", "a.b", ".", "..", "-", &long] {
            assert!(EntryName::parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("", "it has 0 characters, and a name has 1 to 64"),
            (
                &*format!("{long}x"),
                "it has 65 characters, and a name has 1 to 64",
            ),
            ("a/b", "`/` can't be in a name"),
            ("a:b", "`:` can't be in a name"),
            ("a b", "a space can't be in a name"),
            ("a`b", "'`' can't be in a name"),
            ("a\u{a0}b", "`U+00A0` can't be in a name"),
            ("a\nb", "`U+000A` can't be in a name"),
            ("ä", "`ä` (U+00E4) can't be in a name"),
            (&"ä".repeat(65), "`ä` (U+00E4) can't be in a name"),
        ] {
            let error = EntryName::parse(bad).unwrap_err();
            let text = format!("`{bad}` can't be an entry's name: {why}");
            assert!(error.starts_with(&text), "{error}");
        }
        let error = EntryName::parse(&"a".repeat(1_000)).unwrap_err();
        assert!(error.contains("aaa…` can't be"), "{error}");
        assert!(error.contains("it has 1000 characters"), "{error}");
        assert!(error.len() < 300, "{error}");
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
