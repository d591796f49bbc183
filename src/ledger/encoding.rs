//! A record's bytes in the store, there and back. Pure.
//!
//! Since format 2 of the ledger they begin with the number of their form, and go on with the fields in their order, as postcard writes them:
//! a third of what JSON takes, of which each start of onced reads and checks all. The name is in the key. Another field is
//! another form, beside this one, and another `FORMAT` of the store: what was written once is read for ever, and what is
//! newer is refused.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::LedgerError;
use super::sealed::unseal;
use crate::model::entry::EntryName;
use crate::model::guard::Mass;
use crate::model::interner::Interner;
use crate::model::key::{self, EntryKey};
use crate::model::name::{Fingerprint, Owner};
use crate::model::record::{Outcome, OutcomeStatus, Phase, Record, StopReason};
use crate::model::written::Written;
use crate::model::zones::Version;

/// The first byte. JSON, which format 1 had, begins with another one.
const FORM: u8 = 2;
/// The first byte where it is kept how a local time was written.
const WITH_WRITTEN: u8 = 3;
/// The same two where a name is one that no onced took before names were digested: one of those says that a newer onced wrote
/// it, and does not take it for damage.
const DIGESTED: u8 = 4;
const DIGESTED_WITH_WRITTEN: u8 = 5;
/// The first byte where the execution was redriven: how often follows, and then all of the record as it would be without that.
const REDRIVEN: u8 = 6;
/// What the key of every record begins with.
pub(super) const PREFIX: &str = "r/";

/// Seconds since the epoch, and nanoseconds.
#[derive(Serialize, Deserialize)]
struct Time(i64, u32);

#[derive(Serialize, Deserialize)]
struct Ending<'a> {
    status: OutcomeStatus,
    error: Option<&'a str>,
    cause: Option<&'a str>,
    fired: Option<Time>,
    ended: Option<Time>,
}

/// Never changed: its fields and their order, those of `Mass`, and the order of the words in `Phase`, `StopReason` and
/// `OutcomeStatus` are the form.
#[derive(Serialize, Deserialize)]
struct Form2<'a> {
    owner: &'a str,
    scheme: u32,
    fingerprint: [u8; 6],
    named: Option<&'a str>,
    moved_to: Option<&'a str>,
    generation: u32,
    at: Time,
    state_machine: &'a str,
    lambda: Option<&'a str>,
    grace_seconds: u64,
    phase: Phase,
    since: Time,
    in_doubt: Option<Time>,
    missing: Option<Time>,
    stop_reason: Option<StopReason>,
    stop_in_doubt: Option<Time>,
    stop_taken: bool,
    #[serde(borrow)]
    outcome: Option<Ending<'a>>,
    refused: Option<&'a str>,
    earlier: Vec<([u8; 6], u32)>,
    commit: Option<&'a str>,
    file: &'a str,
    gone: Option<Time>,
    guarded: Option<Mass>,
}

/// Never changed either: what came with format 3 of the ledger. Records that keep none of it are as before.
#[derive(Serialize, Deserialize)]
struct Form3<'a> {
    #[serde(borrow)]
    before: Form2<'a>,
    zone: &'a str,
    offset: i32,
    rules: Option<&'a str>,
}

impl Time {
    fn of(time: DateTime<Utc>) -> Self {
        Self(time.timestamp(), time.timestamp_subsec_nanos())
    }

    fn time(self) -> Result<DateTime<Utc>, String> {
        DateTime::from_timestamp(self.0, self.1).ok_or_else(|| "a time that is none".to_owned())
    }
}

fn of(time: Option<DateTime<Utc>>) -> Option<Time> {
    time.map(Time::of)
}

fn time(time: Option<Time>) -> Result<Option<DateTime<Utc>>, String> {
    time.map(Time::time).transpose()
}

/// The bytes of a record.
pub(super) fn encode(record: &Record) -> Result<Vec<u8>, LedgerError> {
    // Named one by one: a field that is new here has no place in the form yet.
    let Record {
        name,
        owner,
        scheme,
        fingerprint,
        named,
        moved_to,
        generation,
        at,
        state_machine,
        lambda,
        grace_seconds,
        phase,
        since,
        in_doubt,
        missing,
        stop_reason,
        stop_in_doubt,
        stop_taken,
        outcome,
        redrives,
        refused,
        earlier,
        commit,
        file,
        gone,
        guarded,
        written,
    } = record;
    let ending = outcome.as_deref().map(|outcome| {
        let Outcome {
            status,
            error,
            cause,
            fired,
            ended,
        } = outcome;
        Ending {
            status: *status,
            error: error.as_deref(),
            cause: cause.as_deref(),
            fired: of(*fired),
            ended: of(*ended),
        }
    });
    let moved = moved_to.as_ref().map(EntryName::as_str);
    let form = Form2 {
        owner: owner.as_str(),
        scheme: *scheme,
        fingerprint: fingerprint.to_bytes(),
        named: named.as_ref().map(EntryKey::as_str),
        moved_to: moved,
        generation: *generation,
        at: Time::of(*at),
        state_machine,
        lambda: lambda.as_deref(),
        grace_seconds: *grace_seconds,
        phase: *phase,
        since: Time::of(*since),
        in_doubt: of(*in_doubt),
        missing: of(*missing),
        stop_reason: *stop_reason,
        stop_in_doubt: of(*stop_in_doubt),
        stop_taken: *stop_taken,
        outcome: ending,
        refused: refused.as_deref(),
        earlier: earlier.iter().map(|(k, n)| (k.to_bytes(), *n)).collect(),
        commit: commit.as_deref(),
        file,
        gone: of(*gone),
        guarded: *guarded,
    };
    let is_digested = named.as_ref().is_some_and(EntryKey::is_digest)
        || [Some(name.as_str()), moved]
            .into_iter()
            .flatten()
            .any(|name| !key::fits(name));
    let first = match (written, is_digested) {
        (None, false) => FORM,
        (Some(_), false) => WITH_WRITTEN,
        (None, true) => DIGESTED,
        (Some(_), true) => DIGESTED_WITH_WRITTEN,
    };
    let failed = |error: postcard::Error| LedgerError::Record {
        key: format!("{PREFIX}{name}"),
        why: error.to_string(),
    };
    let mut begun = Vec::new();
    if *redrives > 0 {
        begun = postcard::to_extend(redrives, vec![REDRIVEN]).map_err(failed)?;
    }
    begun.push(first);
    let bytes = match written {
        None => postcard::to_extend(&form, begun),
        Some(written) => {
            let form = Form3 {
                before: form,
                zone: written.zone(),
                offset: written.offset(),
                rules: written.rules().map(Version::as_str),
            };
            postcard::to_extend(&form, begun)
        }
    };
    bytes.map_err(failed)
}

/// The record under a key, and the sum it is sealed with.
pub(super) fn decode(
    key: &[u8],
    value: &[u8],
    texts: &mut Interner,
) -> Result<(Record, super::sealed::Sum), LedgerError> {
    let text = || String::from_utf8_lossy(key).into_owned();
    let (_, sum, bytes) =
        unseal(key, value).ok_or_else(|| LedgerError::Checksum { key: text() })?;
    let of_record = |why| LedgerError::Record { key: text(), why };
    let (redrives, bytes) = match bytes {
        [REDRIVEN, rest @ ..] => {
            let read = postcard::take_from_bytes::<u32>(rest);
            read.map_err(|error| of_record(error.to_string()))?
        }
        _ => (0, bytes),
    };
    let record = match bytes {
        [FORM | DIGESTED, form @ ..] => {
            let form = all_of(form).map_err(of_record)?;
            of_form(key, form, None, texts).map_err(of_record)?
        }
        [WITH_WRITTEN | DIGESTED_WITH_WRITTEN, form @ ..] => {
            let form: Form3<'_> = all_of(form).map_err(of_record)?;
            let rules = form.rules.map(Version::parse).transpose();
            let rules = rules.map_err(of_record)?;
            let written = Written::new(form.zone, form.offset, rules.as_ref());
            of_form(key, form.before, Some(written), texts).map_err(of_record)?
        }
        json @ [b'{', ..] => {
            let record = serde_json::from_slice(json);
            let mut record: Record = record.map_err(|source| LedgerError::Value {
                key: text(),
                source,
            })?;
            record.intern(texts);
            record
        }
        // It is what was written: whoever wrote it knew more.
        _ => return Err(LedgerError::Form { key: text() }),
    };
    let redrives = redrives.max(record.redrives);
    Ok((Record { redrives, ..record }, sum))
}

fn all_of<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, String> {
    let (form, rest) = postcard::take_from_bytes(bytes).map_err(|error| error.to_string())?;
    if rest.is_empty() {
        Ok(form)
    } else {
        Err("something follows".to_owned())
    }
}

fn of_form(
    key: &[u8],
    form: Form2<'_>,
    written: Option<Written>,
    texts: &mut Interner,
) -> Result<Record, String> {
    let name = str::from_utf8(key)
        .ok()
        .and_then(|key| key.strip_prefix(PREFIX));
    let outcome = form.outcome.map(|ending| {
        Ok::<_, String>(Box::new(Outcome {
            status: ending.status,
            error: ending.error.map(str::to_owned),
            cause: ending.cause.map(str::to_owned),
            fired: time(ending.fired)?,
            ended: time(ending.ended)?,
        }))
    });
    let earlier = form.earlier.into_iter();
    Ok(Record {
        name: EntryName::parse(name.ok_or("a key that is none of a record")?)?,
        owner: Owner::of(form.owner, texts)?,
        scheme: form.scheme,
        fingerprint: Fingerprint::from_bytes(form.fingerprint),
        named: form.named.map(EntryKey::parse).transpose()?,
        moved_to: form.moved_to.map(EntryName::parse).transpose()?,
        generation: form.generation,
        at: form.at.time()?,
        state_machine: texts.intern(form.state_machine),
        lambda: form.lambda.map(|lambda| texts.intern(lambda)),
        grace_seconds: form.grace_seconds,
        phase: form.phase,
        since: form.since.time()?,
        in_doubt: time(form.in_doubt)?,
        missing: time(form.missing)?,
        stop_reason: form.stop_reason,
        stop_in_doubt: time(form.stop_in_doubt)?,
        stop_taken: form.stop_taken,
        outcome: outcome.transpose()?,
        redrives: 0,
        refused: form.refused.map(str::to_owned),
        earlier: earlier
            .map(|(k, n)| (Fingerprint::from_bytes(k), n))
            .collect(),
        commit: form.commit.map(|commit| texts.intern(commit)),
        file: texts.intern(form.file),
        gone: time(form.gone)?,
        guarded: form.guarded,
        written,
    })
}

#[cfg(test)]
mod tests;
