//! What lies on the disk, and how durability is reached. Everything here blocks.
//!
//! | key | value |
//! |---|---|
//! | `format` | `onced ledger 3`, bare |
//! | `meta` | identity, sequence, number and digest of all records |
//! | `r/NAME` | a record, as `encoding` has it; in format 1 all of them are JSON |
//! | `i/NAME/0000` | its input, in chunks: sled keeps large values in files that are never synced |
//! | `m/ARN` | a state machine whose running executions were listed since this store began |
//! | `a/ARN` | an execution whose stop a person approved |
//! | `f/FINGERPRINT` | the record of an execution that fired, where its entry has asked for something else since |
//! | `s/ARN` | an execution that a listing showed, and no record knew |
//! | `h/SEQUENCE/0000` | what happened, in order |
//!
//! Every value but `format` begins with the sequence number of the commit that wrote it and a checksum over key,
//! sequence and content. sled's `flush()` alone does not survive a power cut (it uses `sync_file_range`): each commit is
//! followed by `sync_data` on the store's `db` file, and then acknowledged in the head.

use std::fs::{DirBuilder, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::os::unix::fs::DirBuilderExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tracing::warn;

use super::LedgerError;
use super::encoding::decode;
use super::head::{Head, Said};
use super::machine::{is_locked, of_the_machine};
use super::sealed::{SUM, Sum, read, unseal};
use super::snapshots;
use super::stored::{Stored, stored};
use super::threads::sleeping_long;
use crate::model::entry::EntryName;
use crate::model::interner::Interner;
use crate::model::kind;
use crate::model::record::{Event, Record};

pub(super) const FORMAT: &str = "onced ledger 3";
/// Read as well, and made the other with the first commit.
const BEFORE: [&str; 2] = ["onced ledger 1", "onced ledger 2"];
/// How many bytes of it are kept in memory. What is recorded is in memory anyway; of the store, only what is written to is
/// read again.
pub(super) const CACHE: u64 = 2 << 20;

/// Why a store could not be opened.
#[derive(Debug)]
pub(super) enum OpenError {
    /// It is not what was acknowledged: lost, cut, rolled back, damaged, or of something else.
    Damaged(String),
    /// It, or its head, is not there: lost, or on a disk that is away.
    Gone(String),
    /// The machine, not the store: a full disk, a missing right.
    Failed(LedgerError),
}

impl From<LedgerError> for OpenError {
    fn from(error: LedgerError) -> Self {
        Self::Failed(error)
    }
}

/// What it says about itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Meta {
    pub(super) identity: String,
    pub(super) sequence: u64,
    pub(super) records: u64,
    pub(super) digest: Sum,
}

/// An open store.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) tree: sled::Db,
    pub(super) db_file: File,
    pub(super) head: Head,
    pub(super) meta: Meta,
    /// It is of the format before.
    pub(super) is_of_before: bool,
}

pub(super) fn make_directory(path: &Path) -> Result<(), LedgerError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(LedgerError::file("create", path))
}

pub(super) fn sync_directory(path: &Path) -> Result<(), LedgerError> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(LedgerError::file("sync", path))
}

fn paths(directory: &Path) -> (PathBuf, PathBuf) {
    (directory.join("ledger"), directory.join("head"))
}

fn exists(path: &Path) -> Result<bool, LedgerError> {
    path.try_exists()
        .map_err(LedgerError::file("look for", path))
}

/// We hold the ledger's own lock, so a store that is locked is one that this process closes: sled's threads need a moment.
fn open_tree(path: &Path) -> Result<sled::Db, OpenError> {
    for _ in 0..400 {
        match try_open_tree(path) {
            Err(OpenError::Failed(LedgerError::File { source, .. })) if is_locked(&source) => {
                std::thread::sleep(Duration::from_millis(5));
            }
            opened => return opened,
        }
    }
    try_open_tree(path)
}

fn try_open_tree(path: &Path) -> Result<sled::Db, OpenError> {
    let config = sled::Config::new()
        .path(path)
        .mode(sled::Mode::HighThroughput)
        .cache_capacity(CACHE)
        .flush_every_ms(None);
    let opening = catch_unwind(AssertUnwindSafe(|| sleeping_long(|| config.open())));
    match opening {
        Ok(Ok(tree)) => Ok(tree),
        Ok(Err(sled::Error::Io(error))) if of_the_machine(&error) => {
            Err(LedgerError::file("open", path)(error).into())
        }
        Ok(Err(error)) => Err(OpenError::Damaged(format!(
            "its store can't be opened: {error}"
        ))),
        Err(_) => Err(OpenError::Damaged(
            "its store breaks off when it is opened".into(),
        )),
    }
}

impl Store {
    /// Is there nothing yet, neither store nor head?
    pub(super) fn is_absent(directory: &Path) -> Result<bool, LedgerError> {
        let (store, head) = paths(directory);
        Ok(!exists(&store)? && !exists(&head)?)
    }

    /// Opens what is there, and checks all of it against the head and itself. Where there is nothing yet, makes it.
    pub(super) fn open(directory: &Path) -> Result<(Self, Stored), OpenError> {
        let (store, head) = paths(directory);
        let said = Head::read(&head).map_err(LedgerError::file("read", &head))?;
        let damaged = |why: String| Err(OpenError::Damaged(why));
        match (said, exists(&store)?) {
            (Said::Nothing, false) => Self::create(directory, new_identity()),
            (Said::Line(identity, 0), false) => Self::create(directory, identity),
            (Said::Line(_, sequence), false) => Err(OpenError::Gone(format!(
                "its store is gone, {sequence} commits with it"
            ))),
            (Said::Nothing, true) => Err(OpenError::Gone("its `head` is gone".into())),
            (Said::Garbage, _) => damaged("its `head` can't be read".into()),
            (Said::Line(identity, sequence), true) => Self::there(directory, &identity, sequence),
        }
    }

    /// Opens a store that is there; where sled can't, and it is not the machine's doing, once more without its snapshots,
    /// which are derived. To read is no other case: sled writes whenever it opens, so every opener holds the lock, and none
    /// of it changes what the ledger says. A store that sled opens and our own checks refuse is left as it is: without a
    /// snapshot, sled would cut its log where it is damaged.
    fn there(
        directory: &Path,
        identity: &str,
        acknowledged: u64,
    ) -> Result<(Self, Stored), OpenError> {
        let (path, _) = paths(directory);
        let check = |tree| Self::existing(directory, tree, identity.to_owned(), acknowledged);
        snapshots::remove_unfinished(&path)?;
        let why = match open_tree(&path) {
            Ok(tree) => return check(tree),
            Err(OpenError::Damaged(why)) => why,
            Err(failed) => return Err(failed),
        };
        snapshots::probe(directory)?;
        let Some(aside) = snapshots::set_aside(directory, &path)? else {
            return Err(OpenError::Damaged(why));
        };
        match open_tree(&path).and_then(check) {
            Err(OpenError::Damaged(why)) => {
                aside.put_back()?;
                Err(OpenError::Damaged(why))
            }
            Ok(opened) => {
                let place = aside.place.display();
                warn!(
                    target: kind::LEDGER,
                    "{why}: it was opened without its snapshot, and nothing is lost; the snapshot was set aside as `{place}`, and may be deleted"
                );
                Ok(opened)
            }
            failed => failed,
        }
    }

    fn create(directory: &Path, identity: String) -> Result<(Self, Stored), OpenError> {
        let (path, head_path) = paths(directory);
        let head = Head::create(&head_path, identity.clone())
            .map_err(LedgerError::file("write", &head_path))?;
        sync_directory(directory)?;
        make_directory(&path)?;
        let tree = open_tree(&path)?;
        let meta = Meta {
            identity,
            sequence: 0,
            records: 0,
            digest: [0; SUM],
        };
        let mut store = Self {
            tree,
            db_file: open_db(&path)?,
            head,
            meta,
            is_of_before: false,
        };
        store
            .tree
            .insert("format", FORMAT)
            .map_err(LedgerError::from)?;
        store.commit(&[])?;
        for made in [path.as_path(), directory] {
            sync_directory(made)?;
        }
        Ok((store, Stored::default()))
    }

    fn existing(
        directory: &Path,
        tree: sled::Db,
        identity: String,
        acknowledged: u64,
    ) -> Result<(Self, Stored), OpenError> {
        let (path, head_path) = paths(directory);
        let damaged = |why: String| OpenError::Damaged(why);
        let format = tree.get("format").map_err(of_store)?;
        if acknowledged == 0 && tree.len() <= usize::from(format.is_some()) {
            // The making of this store was cut off; nothing was ever in it.
            drop(tree);
            std::fs::remove_dir_all(&path).map_err(LedgerError::file("remove", &path))?;
            return Self::create(directory, identity);
        }
        let format = format.as_deref().map(String::from_utf8_lossy);
        let is_of_before = format
            .as_deref()
            .is_some_and(|format| BEFORE.contains(&format));
        match format {
            None => return Err(damaged("its store is empty, or of another kind".into())),
            Some(format) if format == FORMAT || is_of_before => {}
            Some(format) => {
                let number = format
                    .strip_prefix("onced ledger ")
                    .and_then(|n| n.parse::<u32>().ok());
                if number.is_some() {
                    let (path, format) = (directory.to_owned(), format.into_owned());
                    return Err(LedgerError::Format { path, format }.into());
                }
                return Err(damaged("its store has an unknown format".into()));
            }
        }
        let bytes = tree.get("meta").map_err(of_store)?;
        let meta: Meta = match bytes.map(|bytes| read(b"meta", &bytes)) {
            Some(Ok(meta)) => meta,
            Some(Err(error)) => return Err(damaged(crate::model::causes::causes(&error))),
            None => return Err(damaged("its store says nothing about itself".into())),
        };
        if meta.identity != identity {
            return Err(damaged(
                "store and `head` are of two different ledgers".into(),
            ));
        }
        if meta.sequence < acknowledged {
            return Err(damaged(format!(
                "its store is at commit {}, but {acknowledged} were acknowledged: it was cut or rolled back",
                meta.sequence
            )));
        }
        let content = catch_unwind(AssertUnwindSafe(|| stored(&tree, &meta)));
        let content = content
            .unwrap_or_else(|_| Err(damaged("its store breaks off when it is read".into())))?;
        let sequence = meta.sequence;
        let head = Head::open(&head_path, identity, sequence)
            .map_err(LedgerError::file("write", &head_path))?;
        Ok((
            Self {
                tree,
                db_file: open_db(&path)?,
                head,
                meta,
                is_of_before,
            },
            content,
        ))
    }

    /// One entry's record.
    pub(super) fn record(&self, name: &EntryName) -> Result<Option<Record>, LedgerError> {
        let key = format!("r/{name}");
        let Some(value) = self.tree.get(&key)? else {
            return Ok(None);
        };
        let (record, _) = decode(key.as_bytes(), &value, &mut Interner::default())?;
        Ok(Some(record))
    }

    /// The exact bytes of an entry's input.
    pub(super) fn input(&self, name: &EntryName) -> Result<Option<String>, LedgerError> {
        let mut bytes = Vec::new();
        let mut found = false;
        for item in self.tree.scan_prefix(format!("i/{name}/")) {
            let (key, value) = item?;
            let checksum = || LedgerError::Checksum {
                key: String::from_utf8_lossy(&key).into_owned(),
            };
            bytes.extend_from_slice(unseal(&key, &value).ok_or_else(checksum)?.2);
            found = true;
        }
        let text = String::from_utf8(bytes).map_err(|_| LedgerError::Checksum {
            key: format!("i/{name}"),
        })?;
        Ok(found.then_some(text))
    }

    /// What happened, the oldest first; only to one entry, where one is named.
    pub(super) fn history(&self, name: Option<&EntryName>) -> Result<Vec<Event>, LedgerError> {
        let mut events = Vec::new();
        for item in self.tree.scan_prefix("h/") {
            let (key, value) = item?;
            let event: Event = read(&key, &value)?;
            if name.is_none_or(|name| event.name == *name) {
                events.push(event);
            }
        }
        Ok(events)
    }

    /// How much its files take on the disk, in bytes.
    pub(super) fn size(&self) -> Result<u64, LedgerError> {
        Ok(self.tree.size_on_disk()?)
    }

    /// How many commits there were.
    pub(super) fn sequence(&self) -> u64 {
        self.meta.sequence
    }

    /// Renames what is there aside, never over anything; answers where it is now.
    pub(super) fn set_aside(directory: &Path) -> Result<PathBuf, LedgerError> {
        let (store, head) = paths(directory);
        let aside = unused(directory, "ledger.damaged")?;
        make_directory(&aside)?;
        for path in [store, head] {
            if exists(&path)? {
                let to = aside.join(path.file_name().unwrap_or_default());
                std::fs::rename(&path, to).map_err(LedgerError::file("rename", &path))?;
            }
        }
        sync_directory(directory)?;
        Ok(aside)
    }
}

/// The first of `NAME-1`, `NAME-2`, … that is not there yet.
pub(super) fn unused(directory: &Path, name: &str) -> Result<PathBuf, LedgerError> {
    let mut number = 1;
    loop {
        let path = directory.join(format!("{name}-{number}"));
        if !exists(&path)? {
            return Ok(path);
        }
        number += 1;
    }
}

fn open_db(store: &Path) -> Result<File, LedgerError> {
    let path = store.join("db");
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .map_err(LedgerError::file("open", &path))
}

pub(super) fn of_store(error: sled::Error) -> OpenError {
    match error {
        sled::Error::Io(error) if of_the_machine(&error) => {
            LedgerError::file("read", Path::new("ledger/db"))(error).into()
        }
        error => OpenError::Damaged(format!("its store can't be read: {error}")),
    }
}

fn new_identity() -> String {
    let random = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", random(), random())
}
