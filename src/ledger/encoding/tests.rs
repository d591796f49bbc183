//! Every form there and back, and what is refused.

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

/// Executions that a person has redriven, in each of the other forms.
fn redriven() -> [Record; 4] {
    let [dotted, ..] = digested();
    [(bare(), 1), (full(), 300), (local(), u32::MAX), (dotted, 2)]
        .map(|(record, redrives)| Record { redrives, ..record })
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
        .chain(redriven())
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

#[test]
fn what_was_redriven_has_a_form_around_that_of_before() {
    for record in redriven() {
        let bytes = encode(&record).unwrap();
        let before = Record {
            redrives: 0,
            ..record
        };
        let before = encode(&before).unwrap();
        assert!(bytes.starts_with(&[6]) && bytes.ends_with(&before));
    }
    let [once, ..] = redriven();
    assert_eq!(encode(&once).unwrap()[..3], [6, 1, 2]);
    let key = key(&once);
    for wrong in [&b"\x06"[..], b"\x06\x01", b"\x06\x01\x06\x01"] {
        assert!(read(&key, wrong).is_err(), "{wrong:?}");
    }
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
    let error = read(&key(&record), b"\x07x").unwrap_err();
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
        for form in [FORM, WITH_WRITTEN, DIGESTED, DIGESTED_WITH_WRITTEN, REDRIVEN] {
            let _ = read("r/a", &[&[form], &*bytes].concat());
        }
    }
}
