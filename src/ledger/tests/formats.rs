//! Ledgers of other formats than today's.

use super::*;

#[tokio::test]
async fn a_newer_format_is_refused_and_left_alone() {
    let root = tempfile::tempdir().unwrap();
    filled(root.path()).await;
    let tree = sled::open(root.path().join("ledger")).unwrap();
    tree.insert("format", "onced ledger 4").unwrap();
    tree.flush().unwrap();
    drop(tree);
    let error = Ledger::open(root.path(), Holder::Command).unwrap_err();
    assert!(error.to_string().contains("newer onced"), "{error}");
    assert!(!root.path().join("ledger.damaged-1").exists());
}

/// A ledger of format 1 is read as it is, by who only looks; with the first commit it is one of format 3, which an older
/// onced refuses instead of taking what it can't read for damage.
#[tokio::test]
async fn a_ledger_of_format_1_becomes_one_of_format_3() {
    let root = tempfile::tempdir().unwrap();
    filled(root.path()).await;
    let before = read(root.path()).await.records;
    let with_tree = |with: &dyn Fn(&sled::Db)| {
        let tree = sled::open(root.path().join("ledger")).unwrap();
        with(&tree);
        tree.flush().unwrap();
    };
    // As format 1 had it: the same records in JSON, and their digest.
    with_tree(&|tree| {
        let meta = tree.get("meta").unwrap().unwrap();
        let mut meta: store::Meta = sealed::read(b"meta", &meta).unwrap();
        for record in before.values() {
            let key = format!("r/{}", record.name);
            let old = tree.get(&key).unwrap().unwrap();
            let bytes = serde_json::to_vec(record).unwrap();
            let new = sealed::seal(key.as_bytes(), 1, &bytes);
            for value in [&*old, &new] {
                let (_, sum, _) = sealed::unseal(key.as_bytes(), value).unwrap();
                sealed::xor(&mut meta.digest, &sum);
            }
            tree.insert(key, new).unwrap();
        }
        let bytes = serde_json::to_vec(&meta).unwrap();
        let sealed = sealed::seal(b"meta", meta.sequence, &bytes);
        tree.insert("meta", sealed).unwrap();
        tree.insert("format", "onced ledger 1").unwrap();
    });
    let is_format = |format: &str| {
        with_tree(&|tree| assert_eq!(tree.get("format").unwrap().unwrap(), format.as_bytes()));
    };
    let found = Ledger::peek(root.path()).unwrap();
    assert_eq!(found.unwrap().records, before);
    is_format("onced ledger 1");
    let (ledger, found) = open(root.path());
    assert!(found.recovered.is_none() && found.records == before);
    // A commit that is not written, and one of which only the sync fails: the store is opened anew after each.
    let full = || io::Error::from(io::ErrorKind::StorageFull);
    ledger.set_faults(Some(Arc::new(move |n| (n <= 2).then(|| (full(), n == 2)))));
    for name in ["lost", "synced-later"] {
        ledger.commit(change(name, 0, None)).await.unwrap_err();
        tokio::time::sleep(MEND).await;
    }
    // Over a record in JSON, instead of one, and beside them.
    let names: Vec<&EntryName> = before.keys().collect();
    ledger
        .commit(change(names[0].as_str(), 77, None))
        .await
        .unwrap();
    let forget = Change {
        record: None,
        ..change(names[1].as_str(), 0, None)
    };
    ledger.commit(forget).await.unwrap();
    ledger.commit(change("new", 0, None)).await.unwrap();
    ledger.close().await;
    is_format("onced ledger 3");
    let after = read(root.path()).await;
    assert!(after.recovered.is_none());
    let mut expected = before.clone();
    expected.remove(names[1]);
    let changed = [(names[0].as_str(), 77), ("new", 0), ("synced-later", 0)];
    for (name, generation) in changed {
        let record = record(name, generation);
        expected.insert(record.name.clone(), record);
    }
    assert_eq!(after.records, expected);
}

/// A record in a form that is not known is no damage: nothing is set aside.
#[tokio::test]
async fn a_newer_form_is_refused_and_left_alone() {
    let root = tempfile::tempdir().unwrap();
    filled(root.path()).await;
    let tree = sled::open(root.path().join("ledger")).unwrap();
    let (key, _) = tree.scan_prefix("r/").next().unwrap().unwrap();
    tree.insert(&key, sealed::seal(&key, 9, b"\x07..."))
        .unwrap();
    tree.flush().unwrap();
    drop(tree);
    let error = Ledger::open(root.path(), Holder::Command).unwrap_err();
    assert!(error.to_string().contains("newer onced"), "{error}");
    assert!(!root.path().join("ledger.damaged-1").exists());
}
