//! A store whose snapshot was cut: it is whole without it, for everybody who opens it.

use std::path::PathBuf;
use std::time::Duration;

use super::*;

fn snapshots(state: &Path) -> Vec<PathBuf> {
    let items = fs::read_dir(state.join("ledger")).unwrap();
    let paths = items.map(|item| item.unwrap().path());
    paths
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("snap.")
        })
        .collect()
}

/// Cuts the only snapshot of a store to so many bytes.
fn cut(state: &Path, length: u64) {
    let all = snapshots(state);
    assert_eq!(all.len(), 1, "{all:?}");
    let file = fs::File::options().write(true).open(&all[0]).unwrap();
    file.set_len(length).unwrap();
}

/// What a kill leaves while sled writes the next one.
fn begin_another(state: &Path, bytes: &[u8]) {
    let newest = snapshots(state).pop().unwrap();
    let name = "snap.7FFFFFFFFFFFFFFF.generating";
    fs::write(newest.with_file_name(name), bytes).unwrap();
}

/// Whoever opens a store finds all of it, at every length that its snapshot may have been cut to.
#[tokio::test]
async fn a_snapshot_that_was_cut_costs_nothing() {
    let root = tempfile::tempdir().unwrap();
    let state = root.path().join("state");
    let records = filled(&state).await;
    let whole = fs::read(snapshots(&state).pop().unwrap()).unwrap();
    let last = whole.len() as u64;
    let damages = [0, 5, 12, 13, last / 2, last - 1].map(Some);
    for length in damages.into_iter().chain([None]) {
        let damage = |state: &Path| {
            if let Some(length) = length {
                return cut(state, length);
            }
            begin_another(state, &whole[..whole.len() / 2]);
            assert_eq!(snapshots(state).len(), 2);
        };
        for opener in ["open", "peek", "whole"] {
            let world = tempfile::tempdir().unwrap();
            let state = world.path().join("state");
            copy(&root.path().join("state"), &state);
            damage(&state);
            let what = format!("{opener} after {length:?}");
            match opener {
                "peek" => {
                    let found = Ledger::peek(&state).unwrap().unwrap();
                    assert_eq!(found.records, records, "{what}");
                }
                "whole" => {
                    let found = Ledger::whole(&state).unwrap().unwrap();
                    assert_eq!(found.records.len(), records.len(), "{what}");
                    assert!(!found.events.is_empty());
                }
                _ => {}
            }
            let found = read(&state).await;
            assert_eq!(
                (found.recovered, &found.records),
                (None, &records),
                "{what}"
            );
            assert!(!state.join("ledger.damaged-1").exists());
            // The one that was cut is kept; one that was never finished is not worth it.
            let is_kept = state.join("ledger.snapshots-1").exists();
            assert_eq!(is_kept, length.is_some(), "{what}");
            assert_eq!(snapshots(&state).len(), 1, "{what}");
            assert!(!state.join("ledger.snapshots-2").exists() && !state.join("probe").exists());
        }
    }
}

/// A store that is opened again after a failed write, and whose snapshot was cut meanwhile.
#[tokio::test(start_paused = true)]
async fn a_store_that_is_opened_again_does_without_a_snapshot_that_was_cut() {
    let root = tempfile::tempdir().unwrap();
    let state = root.path().join("state");
    let records = filled(&state).await;
    let (ledger, _) = open(&state);
    let (at, full) = (state.clone(), std::sync::atomic::AtomicBool::new(true));
    ledger.set_faults(Some(Arc::new(move |_| {
        full.swap(false, Ordering::Relaxed).then(|| {
            begin_another(&at, b"");
            cut_newest(&at);
            (io::Error::from(io::ErrorKind::StorageFull), false)
        })
    })));
    ledger.commit(change("e0", 7, None)).await.unwrap_err();
    tokio::time::sleep(MEND + Duration::from_millis(1)).await;
    ledger.commit(change("e0", 7, None)).await.unwrap();
    assert!(
        ledger.recover().await.unwrap().is_none(),
        "nothing was lost"
    );
    ledger.close().await;
    let found = read(&state).await;
    assert_eq!(
        (found.recovered, found.records.len()),
        (None, records.len())
    );
    assert!(state.join("ledger.snapshots-1").exists());
}

fn cut_newest(state: &Path) {
    let finished = |path: &PathBuf| path.extension().is_some_and(|end| end != "generating");
    for path in snapshots(state).iter().filter(|path| finished(path)) {
        fs::write(path, "").unwrap();
    }
}

/// A store that is damaged without its snapshot, too, is given up as a whole: the snapshot lies where the rest of it lies.
#[tokio::test]
async fn what_is_damaged_anyway_is_set_aside_with_its_snapshot() {
    let root = tempfile::tempdir().unwrap();
    let state = root.path().join("state");
    filled(&state).await;
    cut(&state, 20);
    let db = state.join("ledger/db");
    let mut bytes = fs::read(&db).unwrap();
    bytes[2000..].fill(0);
    fs::write(&db, bytes).unwrap();
    // Who only looks gives nothing up, however often.
    for _ in 0..3 {
        let looked = Ledger::peek(&state);
        assert!(
            matches!(looked, Err(LedgerError::Damaged { .. })),
            "{looked:?}"
        );
        assert!(!state.join("ledger.snapshots-1").exists());
        assert!(!snapshots(&state).is_empty());
    }
    let found = read(&state).await;
    assert!(found.recovered.is_some() && found.records.is_empty());
    assert!(!state.join("ledger.snapshots-1").exists());
    assert!(!snapshots(&state.join("ledger.damaged-1")).is_empty());
}

/// A store of several segments, written over and over by several processes, is whole without any snapshot.
#[tokio::test]
async fn a_large_store_is_whole_without_its_snapshots() {
    let root = tempfile::tempdir().unwrap();
    let mut expected = BTreeSet::new();
    for round in 0..5 {
        let (ledger, found) = open(root.path());
        assert_eq!(
            (found.recovered, found.records.len()),
            (None, expected.len())
        );
        for n in (round..300).step_by(1 + round as usize) {
            let input = Some(format!("{n} {round} ").repeat(2_000));
            let name = format!("e{n}");
            ledger.commit(change(&name, round, input)).await.unwrap();
            expected.insert(name);
        }
        ledger.close().await;
        for path in snapshots(root.path()) {
            fs::write(path, "").unwrap();
        }
    }
    let found = read(root.path()).await;
    assert_eq!(
        (found.recovered, found.records.len()),
        (None, expected.len())
    );
}
