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
    let bytes = match written {
        None => postcard::to_extend(&form, vec![first]),
        Some(written) => {
            let form = Form3 {
                before: form,
                zone: written.zone(),
                offset: written.offset(),
                rules: written.rules().map(Version::as_str),
            };
            postcard::to_extend(&form, vec![first])
        }
    };
    bytes.map_err(|error| LedgerError::Record {
        key: format!("{PREFIX}{name}"),
        why: error.to_string(),
    })
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
    Ok((record, sum))
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
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;
    use crate::ledger::sealed::{json, seal};
    use crate::model::entry::sample;

    fn bare() -> Record {
        let owner = Owner::parse("prod1").unwrap();
        let since = "2026-11-28T01:02:03.456Z".parse().unwrap();
        Record {
            scheme: 1,
            ..Record::starting(&owner, &sample("welcome-7"), None, since)
        }
    }

    /// A record in which every field says something.
    fn full() -> Record {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let name = |text| EntryName::parse(text).unwrap();
        Record {
            named: Some(name("before").key()),
            moved_to: Some(name("behind")),
            generation: 300,
            phase: Phase::Ended,
            in_doubt: Some(time("2026-11-28T01:02:04.000000001Z")),
            missing: Some(time("1969-12-31T23:59:59.5Z")),
            stop_reason: Some(StopReason::Replaced),
            stop_in_doubt: Some(time("2026-11-28T01:02:05Z")),
            stop_taken: true,
            outcome: Some(Box::new(Outcome {
                status: OutcomeStatus::Failed,
                error: Some("E".into()),
                cause: Some("because \u{e4}".into()),
                fired: Some(time("2027-01-01T09:00:00.1Z")),
                ended: Some(time("2027-01-01T09:00:02Z")),
            })),
            refused: Some("no".into()),
            earlier: [(Fingerprint::from_bytes([1, 2, 3, 4, 5, 255]), 7)].into(),
            commit: Some("c0ffee".into()),
            gone: Some(time("2026-11-28T02:00:00Z")),
            guarded: Some(Mass {
                stops: 4,
                running: 5,
            }),
            ..bare()
        }
    }

    fn local() -> Record {
        let rules = Version::parse("2026f").unwrap();
        Record {
            written: Some(Written::new("America/Vancouver", -25_200, Some(&rules))),
            ..full()
        }
    }

    /// With each of the names that needs it not fitting an execution's name.
    fn digested() -> [Record; 4] {
        let name = |text| EntryName::parse(text).unwrap();
        let dotted = name("launch.email.v2");
        [
            Record {
                name: dotted.clone(),
                ..bare()
            },
            Record {
                name: name("."),
                ..local()
            },
            Record {
                named: Some(dotted.key()),
                ..full()
            },
            Record {
                moved_to: Some(dotted),
                ..local()
            },
        ]
    }

    fn key(record: &Record) -> String {
        format!("{PREFIX}{}", record.name)
    }

    fn read(key: &str, content: &[u8]) -> Result<Record, LedgerError> {
        let value = seal(key.as_bytes(), 7, content);
        let (record, _) = decode(key.as_bytes(), &value, &mut Interner::default())?;
        Ok(record)
    }

    #[test]
    fn every_field_comes_back() {
        let of_unknown = Record {
            written: Some(Written::new("Asia/Kolkata", 19_800, None)),
            ..bare()
        };
        for record in [bare(), full(), local(), of_unknown]
            .into_iter()
            .chain(digested())
        {
            let bytes = encode(&record).unwrap();
            assert_eq!(read(&key(&record), &bytes).unwrap(), record);
        }
    }

    #[test]
    fn the_json_of_format_1_is_read() {
        for record in [bare(), full()] {
            let bytes = json(&key(&record), &record).unwrap();
            assert_eq!(read(&key(&record), &bytes).unwrap(), record);
            assert!(encode(&record).unwrap().len() * 2 < bytes.len());
        }
    }

    /// What was written once is read for ever: if this fails, the form was changed, and there must be another one.
    #[test]
    fn the_form_is_as_it_was() {
        let hex = |record: Record| -> String {
            let bytes = encode(&record).unwrap();
            bytes.iter().fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").unwrap();
                hex
            })
        };
        assert_eq!(
            hex(bare()),
            "020570726f643101b374dbeb240c00000000003461726e3a6177733a7374617465733a75732d656173742d313a3132333435363738393031323a73746174654d616368696e653a4d010166000096a0d1b00d8084b8d90100000000000000000006612e79616d6c0000"
        );
        assert_eq!(
            hex(full()),
            "020570726f643101b374dbeb240c01066265666f72650106626568696e64ac0200003461726e3a6177733a7374617465733a75732d656173742d313a3132333435363738393031323a73746174654d616368696e653a4d010166000496a0d1b00d8084b8d9010198a0d1b00d01010180cab5ee010101019aa0d1b00d00010101010145010a6265636175736520c3a401a0acbbb30d80c2d72f01a4acbbb30d0001026e6f010102030405ff07010663306666656506612e79616d6c01c0d6d1b00d00010405"
        );
        assert_eq!(
            hex(local()),
            "030570726f643101b374dbeb240c01066265666f72650106626568696e64ac0200003461726e3a6177733a7374617465733a75732d656173742d313a3132333435363738393031323a73746174654d616368696e653a4d010166000496a0d1b00d8084b8d9010198a0d1b00d01010180cab5ee010101019aa0d1b00d00010101010145010a6265636175736520c3a401a0acbbb30d80c2d72f01a4acbbb30d0001026e6f010102030405ff07010663306666656506612e79616d6c01c0d6d1b00d0001040511416d65726963612f56616e636f75766572df890301053230323666"
        );
    }

    /// An onced of before refuses it and says why: it would take a name that it does not know for damage.
    #[test]
    fn a_name_that_is_digested_has_a_form_of_its_own() {
        let first = |record: &Record| encode(record).unwrap()[0];
        assert_eq!(digested().each_ref().map(first), [4, 5, 4, 5]);
        assert_eq!([bare(), full(), local()].each_ref().map(first), [2, 2, 3]);
    }

    /// The order of these words is in the form too.
    #[test]
    fn every_word_has_its_number() {
        fn numbers<T: Serialize>(words: &[T]) -> Vec<u8> {
            let number = |word| postcard::to_allocvec(word).unwrap();
            words.iter().flat_map(number).collect()
        }
        use OutcomeStatus::{Aborted, Failed, Missed, Succeeded, TimedOut};
        use Phase::{Ended, Running, Starting, Stopped, Stopping};
        let phases = [Starting, Running, Stopping, Stopped, Ended];
        assert_eq!(numbers(&phases), [0, 1, 2, 3, 4]);
        let reasons = [StopReason::Removed, StopReason::Replaced];
        assert_eq!(numbers(&reasons), [0, 1]);
        let outcomes = [Succeeded, Failed, TimedOut, Aborted, Missed];
        assert_eq!(numbers(&outcomes), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn another_record_s_bytes_are_refused() {
        let record = local();
        let bytes = encode(&record).unwrap();
        for cut in 1..bytes.len() {
            let error = read(&key(&record), &bytes[..cut]).unwrap_err().to_string();
            assert!(error.starts_with("the ledger's `r/welcome-7` can't be read"));
        }
        let error = read(&key(&record), &[&*bytes, b"x"].concat()).unwrap_err();
        assert!(error.to_string().ends_with("something follows"), "{error}");
        let error = read(&key(&record), b"\x06x").unwrap_err();
        assert!(matches!(error, LedgerError::Form { .. }), "{error}");
        let error = read("r/no name", &bytes).unwrap_err().to_string();
        assert!(error.contains("can't be an entry's name"), "{error}");
        let value = seal(b"r/a", 7, &bytes);
        let error = decode(b"r/b", &value, &mut Interner::default()).unwrap_err();
        assert!(matches!(error, LedgerError::Checksum { .. }));
    }

    proptest! {
        #[test]
        fn whatever_lies_there_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for form in [FORM, WITH_WRITTEN, DIGESTED, DIGESTED_WITH_WRITTEN] {
                let _ = read("r/a", &[&[form], &*bytes].concat());
            }
        }
    }
}
