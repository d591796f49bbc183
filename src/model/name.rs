//! What an execution is called, derived from what the entry asks for. Pure: the same content always gives the same name.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use crate::model::content::Fingerprint;
use crate::model::interner::{self, Interner};
use crate::model::key::EntryKey;

/// The scheme of fingerprints in which numbers had been rounded to 64 bits before they were compared and sent.
pub const NUMBERS_IN_64_BITS: u32 = 1;

/// The scheme of today's fingerprints. A new scheme gets a new number; records keep the one that made them.
pub const SCHEME: u32 = 2;

/// Whose executions these are: 1–16 of `[a-z0-9]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner(#[serde(deserialize_with = "interner::read")] Arc<str>);

impl Owner {
    /// Checks and keeps an owner; the error says what an owner may be.
    pub fn parse(text: &str) -> Result<Self, String> {
        check(text).map(|()| Self(text.into()))
    }

    /// The same, in the one copy of its name.
    pub fn of(text: &str, texts: &mut Interner) -> Result<Self, String> {
        check(text).map(|()| Self(texts.intern(text)))
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

fn check(owner: &str) -> Result<(), String> {
    let good = (1..=16).contains(&owner.len())
        && owner
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if good {
        return Ok(());
    }
    Err(format!(
        "`{owner}` can't be an owner: it has 1 to 16 lower-case letters and digits"
    ))
}

/// `{owner}-{key}-{fingerprint}-{generation}`, where the key is the entry's name, or holds a digest of it: at most 80 characters of `[0-9A-Za-z_-]`
/// (StartExecution, `name`: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
pub fn execution_name(
    owner: &Owner,
    key: &EntryKey,
    fingerprint: &Fingerprint,
    generation: u32,
) -> String {
    format!("{}-{key}-{fingerprint}-{generation}", owner.as_str())
}

/// The parts of an execution's name, if it is one of this owner's.
pub fn parse_execution_name(owner: &Owner, name: &str) -> Option<(EntryKey, Fingerprint, u32)> {
    let rest = name.strip_prefix(owner.as_str())?.strip_prefix('-')?;
    let (rest, generation) = rest.rsplit_once('-')?;
    let (key, fingerprint) = rest.rsplit_once('-')?;
    let key = EntryKey::parse(key).ok()?;
    let (fingerprint, number) = (Fingerprint::parse(fingerprint)?, generation.parse().ok()?);
    (execution_name(owner, &key, &fingerprint, number) == name).then_some((
        key,
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

/// The state machine, without version or alias, and the name of an execution with this ARN.
pub fn state_machine_of(execution: &str) -> Option<(String, &str)> {
    let (rest, name) = execution.rsplit_once(':')?;
    let (place, machine) = rest.split_once(":execution:")?;
    Some((format!("{place}:stateMachine:{machine}"), name))
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
            let key = EntryKey::parse(entry).unwrap();
            let name = execution_name(&owner, &key, &fingerprint, 12);
            let parts = (key, fingerprint, 12);
            assert_eq!(parse_execution_name(&owner, &name), Some(parts));
        }
        for foreign in [
            "prod2-a-0123456789ab-0",
            "prod-a-0123456789ab-00",
            "prod-a-0123456789AB-0",
            "prod-0123456789ab-0",
            "prod-_a-0123456789ab-0",
            "prod--a-0123456789ab-0",
            "prod-a.b-0123456789ab-0",
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
        assert_eq!(state_machine_of(execution), Some((machine.into(), "n")));
        assert_eq!(state_machine_of(machine), None);
    }
}
