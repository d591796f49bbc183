//! What is compared of an entry: when it fires, through which state machine, with which input. Pure.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::checked::checked;

/// What an entry asks for, and its fingerprint. None of it can be changed alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    at: DateTime<Utc>,
    state_machine: Arc<str>,
    input: Arc<str>,
    fingerprint: Fingerprint,
}

impl Content {
    /// To fire at this time, through this machine, with this canonical input.
    pub fn new(
        at: DateTime<Utc>,
        state_machine: impl Into<Arc<str>>,
        input: impl Into<Arc<str>>,
    ) -> Self {
        let (state_machine, input) = (state_machine.into(), input.into());
        let fingerprint = Fingerprint::of_input(at, &state_machine, &input);
        Self {
            at,
            state_machine,
            input,
            fingerprint,
        }
    }

    /// The same at another time, which its input names, too; `None`: the input is not one of ours.
    pub fn at_another(&self, at: DateTime<Utc>) -> Option<Self> {
        let Ok(Value::Object(mut input)) = serde_json::from_str(&self.input) else {
            return None;
        };
        input.insert("invocationTime".into(), instant(at).into());
        let input = Value::Object(input).to_string();
        Some(Self::new(at, Arc::clone(&self.state_machine), input))
    }

    /// When it fires, in UTC, whole seconds.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// The state machine that is started: the configured one for a lambda, else the entry's own.
    pub fn state_machine(&self) -> &Arc<str> {
        &self.state_machine
    }

    /// The execution's input: canonical JSON with `invocationTime`. Never logged.
    pub fn input(&self) -> &Arc<str> {
        &self.input
    }

    /// All of it, in short.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

/// The one spelling of an instant that is ever sent: `YYYY-MM-DDTHH:MM:SSZ`.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// How many bytes of the sum a fingerprint has.
const BYTES: usize = 6;

/// The first 12 hex digits of the SHA-256 of what is compared: instant, state machine, canonical input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; BYTES]);

impl Fingerprint {
    /// Twelve hex digits as they stand in an execution's name.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: &[u8; BYTES * 2] = text.as_bytes().try_into().ok()?;
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; BYTES];
        for (byte, digits) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = value(digits[0])? << 4 | value(digits[1])?;
        }
        Some(Self(bytes))
    }

    /// The one that these stand for.
    pub fn from_bytes(bytes: [u8; BYTES]) -> Self {
        Self(bytes)
    }

    /// What it is.
    pub fn to_bytes(self) -> [u8; BYTES] {
        self.0
    }

    /// The fingerprint of these.
    pub fn of_input(at: DateTime<Utc>, state_machine: &str, input: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [instant(at).as_str(), state_machine, input] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let mut bytes = [0; BYTES];
        bytes.copy_from_slice(&hash.finalize()[..BYTES]);
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint(\"{self}\")")
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        checked(deserializer, |text| {
            Self::parse(text).ok_or("a fingerprint has twelve hex digits")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_digits_there_and_back() {
        let content = Content::new(DateTime::UNIX_EPOCH, "arn:m", "{}");
        let text = content.fingerprint().to_string();
        assert_eq!(text, "7d9613fa798d", "it names executions that run");
        assert_eq!(Fingerprint::parse(&text), Some(content.fingerprint()));
        let json = serde_json::to_string(&content.fingerprint()).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(
            serde_json::from_str::<Fingerprint>(&json).unwrap(),
            content.fingerprint()
        );
        for bad in [
            "",
            "0123456789a",
            "0123456789abc",
            "0123456789AB",
            "0123456789ag",
        ] {
            assert_eq!(Fingerprint::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn each_part_of_a_content_tells() {
        let content = |at: i64, machine: &str, input: &str| {
            let at = DateTime::from_timestamp(at, 0).unwrap();
            Content::new(at, machine, input).fingerprint()
        };
        let same = content(0, "m", "{}");
        assert_eq!(same, content(0, "m", "{}"));
        for other in [
            content(1, "m", "{}"),
            content(0, "n", "{}"),
            content(0, "m", "[]"),
        ] {
            assert_ne!(same, other);
        }
    }
}
