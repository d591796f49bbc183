//! What the ledger promises, with damage of every kind.

mod formats;
mod snapshots;

use std::fs;
use std::path::Path;

use chrono::DateTime;

use super::writer::MEND;
use super::*;
use crate::model::entry::sample;
use crate::model::name::Owner;

fn record(name: &str, generation: u32) -> Record {
    let owner = Owner::parse("test").unwrap();
    let at = DateTime::UNIX_EPOCH;
    let entry = sample(name);
    Record {
        generation,
        ..Record::starting(&owner, &entry, None, at)
    }
}

fn change(name: &str, generation: u32, input: Option<String>) -> Change {
    let record = record(name, generation);
    let event = record
        .clone()
        .in_phase(crate::model::record::Phase::Running, DateTime::UNIX_EPOCH)
        .event("new", DateTime::UNIX_EPOCH);
    Change {
        name: record.name.clone(),
        record: Some(record),
        input: input.map(Arc::from),
        event,
    }
}

fn open(directory: &Path) -> (Ledger, Found) {
    Ledger::open(directory, Holder::Command).unwrap()
}

/// Its name, and what it does to a state directory.
type Loss<'a> = (&'a str, &'a dyn Fn(&Path));
/// What it does to the bytes of a store.
type Damage<'a> = &'a dyn Fn(&mut Vec<u8>);

/// What is found in a ledger that is then closed.
async fn read(directory: &Path) -> Found {
    let (ledger, found) = open(directory);
    ledger.close().await;
    found
}

/// A ledger of 20 records, each changed three times, closed.
async fn filled(directory: &Path) -> Records {
    let (ledger, found) = open(directory);
    assert!(found.records.is_empty() && found.recovered.is_none());
    for round in 0..3 {
        for n in 0..20 {
            let input = (round == 0).then(|| format!("{n}").repeat(10_000));
            ledger
                .commit(change(&format!("e{n}"), round, input))
                .await
                .unwrap();
        }
    }
    ledger.listed("machine", true).await.unwrap();
    assert_eq!(ledger.sequence().await.unwrap(), 62);
    ledger.close().await;
    let found = read(directory).await;
    assert_eq!(found.listed, BTreeSet::from(["machine".to_owned()]));
    found.records
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let path = item.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, to).unwrap();
        }
    }
}

/// Opens a copy of `from` after `damage`; says what was found.
async fn after_damage(from: &Path, damage: impl FnOnce(&Path)) -> Found {
    let world = tempfile::tempdir().unwrap();
    let state = world.path().join("state");
    copy(from, &state);
    damage(&state);
    let found = read(&state).await;
    if let Some(why) = &found.recovered {
        assert!(found.records.is_empty() && found.listed.is_empty(), "{why}");
        assert!(
            state.join("ledger.damaged-1").exists(),
            "nothing is deleted"
        );
        // The new one is good.
        assert!(read(&state).await.recovered.is_none());
    }
    found
}

/// Eight times what of the store is kept in memory: what was put out of it is read again, changed, and found by the next
/// process.
#[tokio::test]
async fn a_ledger_that_is_larger_than_its_cache_is_kept() {
    let root = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..512).map(|n| format!("e{n}")).collect();
    let input = |n: usize, round: u32| format!("{n} {round} ").repeat(65_536 / 8);
    // When each was changed last, and when its input was.
    let mut expected = vec![(0, 0); names.len()];
    for round in 0..4 {
        let (ledger, found) = open(root.path());
        assert_eq!(found.recovered, None, "round {round}");
        for (n, (name, (last, with_input))) in names.iter().zip(&mut expected).enumerate() {
            let is_due = round == 0 || (n + round as usize).is_multiple_of(3);
            if !is_due {
                continue;
            }
            let anew = round == 0 || n.is_multiple_of(2);
            let new = anew.then(|| input(n, round));
            ledger.commit(change(name, round, new)).await.unwrap();
            *last = round;
            if anew {
                *with_input = round;
            }
        }
        for (n, name) in names.iter().enumerate() {
            let name = EntryName::parse(name).unwrap();
            let recorded = ledger.record(&name).await.unwrap().unwrap();
            assert_eq!(recorded.generation, expected[n].0, "{name}");
            let kept = ledger.input(&name).await.unwrap().unwrap();
            assert!(kept == input(n, expected[n].1), "{name}");
        }
        ledger.close().await;
    }
    let store = root.path().join("ledger/db");
    assert!(fs::metadata(store).unwrap().len() > 8 * super::store::CACHE);
    assert_eq!(read(root.path()).await.records.len(), names.len());
}

#[tokio::test]
async fn records_inputs_and_history_are_kept() {
    let root = tempfile::tempdir().unwrap();
    let (ledger, _) = open(root.path());
    let name = EntryName::parse("e").unwrap();
    for (generation, length) in [(0, 262_144), (1, 100_000), (2, 0), (3, 32_768)] {
        let input = "x".repeat(length);
        ledger
            .commit(change("e", generation, Some(input.clone())))
            .await
            .unwrap();
        let expected = Some(input).filter(|input| !input.is_empty());
        assert_eq!(ledger.input(&name).await.unwrap(), expected);
        assert_eq!(
            ledger.record(&name).await.unwrap(),
            Some(record("e", generation))
        );
    }
    assert_eq!(ledger.history(Some(name.clone())).await.unwrap().len(), 4);
    let other = EntryName::parse("e0").unwrap();
    assert_eq!(ledger.history(Some(other)).await.unwrap().len(), 0);
    let forget = Change {
        name: name.clone(),
        record: None,
        input: None,
        event: None,
    };
    ledger.commit(forget).await.unwrap();
    assert_eq!(ledger.input(&name).await.unwrap(), None);
    ledger.close().await;
    assert!(read(root.path()).await.records.is_empty());
}

/// Each event is read once, in order, in parts, over restarts; a store that was begun anew is read from its beginning, but
/// for what is older than what was read.
#[tokio::test]
async fn the_history_is_read_on() {
    let root = tempfile::tempdir().unwrap();
    let state = root.path().join("state");
    let (ledger, _) = open(&state);
    let now = DateTime::UNIX_EPOCH;
    ledger.commit(change("before", 0, None)).await.unwrap();
    let (none, mut cursor) = ledger.events_after(None, 9, now).await.unwrap();
    assert!(none.is_empty(), "from now on");
    for n in 0..5 {
        let change = change(&format!("e{n}"), 0, None);
        ledger.commit(change).await.unwrap();
    }
    let mut seen = Vec::new();
    for expected in [2, 2, 1, 0] {
        let read = ledger.events_after(Some(cursor), 2, now).await.unwrap();
        assert_eq!(read.0.len(), expected);
        seen.extend(read.0.iter().map(|event| event.name.to_string()));
        // As it is kept on the disk.
        let text = serde_json::to_string(&read.1).unwrap();
        cursor = serde_json::from_str(&text).unwrap();
    }
    assert_eq!(seen, ["e0", "e1", "e2", "e3", "e4"]);
    ledger.close().await;
    let (ledger, _) = open(&state);
    let read = ledger.events_after(Some(cursor.clone()), 9, now).await;
    assert!(read.unwrap().0.is_empty());
    ledger.close().await;

    fs::remove_dir_all(&state).unwrap();
    let (ledger, _) = open(&state);
    ledger.commit(change("old", 0, None)).await.unwrap();
    let mut new = change("new", 0, None);
    if let Some(event) = &mut new.event {
        event.time = now + chrono::TimeDelta::seconds(1);
    }
    ledger.commit(new).await.unwrap();
    let (events, cursor) = ledger.events_after(Some(cursor), 9, now).await.unwrap();
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["new"]);
    let read = ledger.events_after(Some(cursor), 9, now).await.unwrap();
    assert!(read.0.is_empty());
    ledger.close().await;
}

#[tokio::test]
async fn every_loss_and_rollback_is_noticed() {
    let root = tempfile::tempdir().unwrap();
    let state = root.path().join("state");
    let (ledger, _) = open(&state);
    ledger.commit(change("early", 0, None)).await.unwrap();
    ledger.close().await;
    read(&state).await;
    let early = root.path().join("early");
    copy(&state, &early);
    fs::remove_dir_all(&state).unwrap();
    copy(&early, &state);
    let (ledger, _) = open(&state);
    for n in 0..5 {
        ledger
            .commit(change(&format!("e{n}"), 0, None))
            .await
            .unwrap();
    }
    ledger.close().await;
    read(&state).await;
    let other = root.path().join("other");
    filled(&other).await;

    assert!(after_damage(&state, |_| {}).await.recovered.is_none());
    let damages: [Loss<'_>; 8] = [
        ("a store that is gone", &|state| {
            fs::remove_dir_all(state.join("ledger")).unwrap();
        }),
        ("a head that is gone", &|state| {
            fs::remove_file(state.join("head")).unwrap();
        }),
        ("an empty head", &|state| {
            fs::write(state.join("head"), "").unwrap();
        }),
        ("a db that is gone", &|state| {
            fs::remove_file(state.join("ledger/db")).unwrap();
        }),
        ("an empty db", &|state| {
            fs::write(state.join("ledger/db"), "").unwrap();
        }),
        ("the store of yesterday", &|state| {
            fs::remove_dir_all(state.join("ledger")).unwrap();
            copy(&early.join("ledger"), &state.join("ledger"));
        }),
        ("another one's store", &|state| {
            fs::remove_dir_all(state.join("ledger")).unwrap();
            copy(&other.join("ledger"), &state.join("ledger"));
        }),
        ("something else", &|state| {
            fs::remove_dir_all(state.join("ledger")).unwrap();
            let tree = sled::open(state.join("ledger")).unwrap();
            tree.insert("a", "b").unwrap();
            tree.flush().unwrap();
        }),
    ];
    for (what, damage) in damages {
        let found = after_damage(&state, damage).await;
        let why = found
            .recovered
            .unwrap_or_else(|| panic!("{what} was not noticed"));
        assert!(why.contains("set aside"), "{why}");
    }
    // Everything deleted is a new beginning, and nothing can tell it from one.
    let found = after_damage(&state, |state| fs::remove_dir_all(state).unwrap()).await;
    assert!(found.records.is_empty());
}

/// A store with flipped, zeroed and cut bytes is either as it was, or noticed. `ONCED_DAMAGE=N`: each N-th byte.
#[tokio::test]
async fn damage_is_never_read_as_truth() {
    let root = tempfile::tempdir().unwrap();
    let state = root.path().join("state");
    let records = filled(&state).await;
    let db = fs::read(state.join("ledger/db")).unwrap();
    let used = db.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let step = std::env::var("ONCED_DAMAGE")
        .ok()
        .and_then(|n| n.parse().ok());
    let step = step.unwrap_or(used / 60);
    let (mut noticed, mut harmless) = (0, 0);
    for position in (0..used).step_by(step) {
        let damages: [Damage<'_>; 3] = [
            &|bytes| bytes[position] ^= 0x10,
            &|bytes| {
                bytes[position..]
                    .iter_mut()
                    .take(4096)
                    .for_each(|byte| *byte = 0);
            },
            &|bytes| bytes.truncate(position),
        ];
        for damage in damages {
            let found = after_damage(&state, |state| {
                let mut bytes = db.clone();
                damage(&mut bytes);
                fs::write(state.join("ledger/db"), bytes).unwrap();
            })
            .await;
            if found.recovered.is_some() {
                noticed += 1;
            } else {
                harmless += 1;
                assert_eq!(found.records, records, "byte {position}");
            }
        }
    }
    println!("{noticed} noticed, {harmless} without effect");
    assert!(noticed > 20);
}

#[tokio::test]
async fn a_failed_write_is_never_acknowledged_and_mends_itself() {
    for written in [false, true] {
        let root = tempfile::tempdir().unwrap();
        let (ledger, _) = open(root.path());
        ledger.commit(change("a", 0, None)).await.unwrap();
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        ledger.set_faults(Some(Arc::new(move |n| (n <= 2).then(|| (full(), written)))));
        for _ in 0..2 {
            ledger.commit(change("b", 0, None)).await.unwrap_err();
            tokio::time::sleep(MEND).await;
        }
        // The store was opened anew: what was acknowledged is there.
        ledger.commit(change("c", 0, None)).await.unwrap();
        ledger.close().await;
        let found = read(root.path()).await;
        assert!(found.recovered.is_none());
        let names: Vec<&str> = found.records.keys().map(EntryName::as_str).collect();
        let expected: &[&str] = if written {
            &["a", "b", "c"]
        } else {
            &["a", "c"]
        };
        assert_eq!(names, expected);
    }
}

/// What is written in one batch holds in the order in which it was asked for: one sync, one batch.
#[tokio::test]
async fn of_two_changes_in_one_batch_the_last_one_holds() {
    let root = tempfile::tempdir().unwrap();
    let (ledger, _) = open(root.path());
    let name = EntryName::parse("e").unwrap();
    let long = Some("x".repeat(200_000));
    ledger.commit(change("e", 0, long.clone())).await.unwrap();
    let before = ledger.sequence().await.unwrap();
    let forget = Change {
        record: None,
        input: None,
        ..change("e", 0, None)
    };
    let approved = || ["arn:x".to_owned()].into();
    let done = tokio::join!(
        ledger.commit(forget),
        ledger.commit(change("e", 1, long)),
        ledger.commit(change("e", 2, Some("short".into()))),
        ledger.approved(approved(), false),
        ledger.approved(approved(), true),
    );
    assert!(done.0.is_ok() && done.1.is_ok() && done.2.is_ok());
    assert!(done.3.is_ok() && done.4.is_ok());
    assert_eq!(ledger.sequence().await.unwrap(), before + 1, "one batch");
    let input = ledger.input(&name).await.unwrap();
    assert_eq!(input.as_deref(), Some("short"));
    ledger.close().await;
    let found = read(root.path()).await;
    assert_eq!(found.recovered, None);
    assert_eq!(found.records[&name].generation, 2);
    assert_eq!(found.approved, approved());
}

/// The making of a ledger that is cut off at any point is no damage: nothing was ever in it.
#[tokio::test]
async fn a_ledger_whose_making_was_cut_off_is_made_again() {
    let made = tempfile::tempdir().unwrap();
    open(made.path()).0.close().await;
    read(made.path()).await;
    let points: [Loss<'_>; 5] = [
        ("the head is half written, beside", &|state| {
            fs::remove_dir_all(state.join("ledger")).unwrap();
            fs::rename(state.join("head"), state.join("head.new")).unwrap();
            fs::write(state.join("head.new"), "onced he").unwrap();
        }),
        ("a head alone", &|state| {
            fs::remove_dir_all(state.join("ledger")).unwrap();
            head_of_nothing(state);
        }),
        ("an empty directory for the store", &|state| {
            fs::remove_dir_all(state.join("ledger")).unwrap();
            fs::create_dir(state.join("ledger")).unwrap();
            head_of_nothing(state);
        }),
        ("a store that holds nothing", &|state| {
            store_with(state, false);
            head_of_nothing(state);
        }),
        ("a store that holds its format alone", &|state| {
            store_with(state, true);
            head_of_nothing(state);
        }),
    ];
    for (what, cut) in points {
        let found = after_damage(made.path(), cut).await;
        assert_eq!(found.recovered, None, "{what}");
    }
    // But a store of something else is set aside, even beside a new head.
    let found = after_damage(made.path(), |state| {
        store_with(state, false);
        let tree = sled::open(state.join("ledger")).unwrap();
        tree.insert("a", "b").unwrap();
        tree.flush().unwrap();
        head_of_nothing(state);
    });
    assert!(found.await.recovered.is_some());
}

fn head_of_nothing(state: &Path) {
    let _ = fs::remove_file(state.join("head"));
    super::head::Head::create(&state.join("head"), "me".into()).unwrap();
}

fn store_with(state: &Path, format: bool) {
    fs::remove_dir_all(state.join("ledger")).unwrap();
    let tree = sled::open(state.join("ledger")).unwrap();
    if format {
        tree.insert("format", "onced ledger 2").unwrap();
    }
    tree.flush().unwrap();
}

/// Many records are decoded by several threads; what is damaged among them is found all the same, wherever it is.
#[tokio::test]
async fn of_many_records_one_that_is_damaged_is_found() {
    let directory = tempfile::tempdir().expect("a directory");
    let names: Vec<String> = (0..5_000).map(|n| format!("e{n:05}")).collect();
    let (ledger, _) = open(directory.path());
    for some in names.chunks(1_000) {
        let changes = some.iter().map(|name| change(name, 1, None)).collect();
        ledger.commit_all(changes).await.expect("written");
    }
    ledger.close().await;
    let found = read(directory.path()).await;
    let read: Vec<&str> = found.records.keys().map(EntryName::as_str).collect();
    assert_eq!(read, names);
    for damaged in [0, 1_023, 1_024, 2_500, 4_999] {
        let copied = tempfile::tempdir().expect("a directory");
        copy(directory.path(), copied.path());
        {
            let tree = sled::open(copied.path().join("ledger")).expect("a store");
            let key = format!("r/{}", names[damaged]);
            let mut value = tree.get(&key).expect("read").expect("there").to_vec();
            *value.last_mut().expect("not empty") ^= 1;
            tree.insert(&key, value).expect("written");
            tree.flush().expect("written");
        }
        let error = Ledger::peek(copied.path()).expect_err("it is damaged");
        let error = crate::model::causes::causes(&error);
        assert!(error.contains(&names[damaged]), "{error}");
    }
}
