//! What an execution is called, derived from what the entry asks for. Pure: the same content always gives the same name.

use std::fmt;
use std::io::Write as _;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::entry::{Entry, EntryName, instant};
use crate::model::interner::Interner;

/// The scheme of today's fingerprints. A new scheme gets a new number; records keep the one that made them.
pub const SCHEME: u32 = 1;

/// Whose executions these are: 1–16 of `[a-z0-9]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner(Arc<str>);

impl Owner {
    /// Checks and keeps an owner; the error says what an owner may be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let good = (1..=16).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if good {
            return Ok(Self(text.into()));
        }
        Err(format!(
            "`{text}` can't be an owner: it has 1 to 16 lower-case letters and digits"
        ))
    }

    /// The owner as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same owner, in the one copy of its name.
    #[must_use]
    pub fn interned(&self, texts: &mut Interner) -> Self {
        Self(texts.intern(&self.0))
    }
}

/// How many hex digits a fingerprint has.
const DIGITS: usize = 12;

/// The first 12 hex digits of the SHA-256 of what is compared: instant, state machine, canonical input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; DIGITS]);

impl Fingerprint {
    /// The fingerprint of what an entry asks for now.
    pub fn of(entry: &Entry) -> Self {
        Self::of_input(entry.at, &entry.state_machine, &entry.input)
    }

    /// Twelve hex digits as they stand in an execution's name.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; DIGITS] = text.as_bytes().try_into().ok()?;
        let hex = |b: &u8| b.is_ascii_digit() || (b'a'..=b'f').contains(b);
        digits.iter().all(hex).then_some(Self(digits))
    }

    /// The fingerprint of an input that is known only as bytes.
    pub fn of_input(at: DateTime<Utc>, state_machine: &str, input: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [instant(at).as_str(), state_machine, input] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let mut digits = [0; DIGITS];
        let mut left = digits.as_mut_slice();
        for byte in &hash.finalize()[..DIGITS / 2] {
            write!(left, "{byte:02x}").expect("two digits a byte");
        }
        Self(digits)
    }

    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        // Only hex digits are ever put in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fingerprint").field(&self.as_str()).finish()
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a fingerprint has twelve hex digits")
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.as_str().to_owned()
    }
}

/// `{owner}-{entry}-{fingerprint}-{generation}`: at most 80 characters of `[0-9A-Za-z_-]`
/// (StartExecution, `name`: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
pub fn execution_name(
    owner: &Owner,
    entry: &EntryName,
    fingerprint: &Fingerprint,
    generation: u32,
) -> String {
    format!(
        "{}-{entry}-{}-{generation}",
        owner.as_str(),
        fingerprint.as_str()
    )
}

/// The parts of an execution's name, if it is one of this owner's.
pub fn parse_execution_name(owner: &Owner, name: &str) -> Option<(EntryName, Fingerprint, u32)> {
    let rest = name.strip_prefix(owner.as_str())?.strip_prefix('-')?;
    let (rest, generation) = rest.rsplit_once('-')?;
    let (entry, fingerprint) = rest.rsplit_once('-')?;
    let entry = EntryName::parse(entry).ok()?;
    let (fingerprint, number) = (Fingerprint::parse(fingerprint)?, generation.parse().ok()?);
    (execution_name(owner, &entry, &fingerprint, number) == name).then_some((
        entry,
        fingerprint,
        number,
    ))
}

/// The ARN that an execution of this machine and name has. A version or alias at the end of the machine's ARN
/// is not part of it.
pub fn execution_arn(state_machine: &str, name: &str) -> String {
    let mut parts: Vec<&str> = state_machine.split(':').collect();
    parts.truncate(7);
    if let Some(kind) = parts.get_mut(5) {
        *kind = "execution";
    }
    format!("{}:{name}", parts.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners() {
        assert!(Owner::parse("prod1").is_ok());
        for bad in ["", "Prod", "a-b", "a234567890123456x"] {
            assert!(Owner::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_read_back() {
        let owner = Owner::parse("prod").unwrap();
        let fingerprint = Fingerprint::parse("0123456789ab").unwrap();
        for entry in ["a", "a-b-3", "x_1-0123456789ab-7"] {
            let entry = EntryName::parse(entry).unwrap();
            let name = execution_name(&owner, &entry, &fingerprint, 12);
            let parts = (entry, fingerprint, 12);
            assert_eq!(parse_execution_name(&owner, &name), Some(parts));
        }
        for foreign in [
            "prod2-a-0123456789ab-0",
            "prod-a-0123456789ab-00",
            "prod-a-0123456789AB-0",
            "prod-0123456789ab-0",
            "prod",
            "x",
        ] {
            assert_eq!(parse_execution_name(&owner, foreign), None, "{foreign}");
        }
    }

    #[test]
    fn arns() {
        let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:M";
        let execution = "arn:aws:states:us-east-1:123456789012:execution:M:n";
        assert_eq!(execution_arn(machine, "n"), execution);
        assert_eq!(execution_arn(&format!("{machine}:3"), "n"), execution);
    }
}
