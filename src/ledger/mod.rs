//! The sled store: one record an entry, and the exact bytes of its input. The only place that knows how durability
//! is reached. Never plans, never calls AWS.
//!
//! sled 0.34's `flush()` alone does not survive a power cut (it uses `sync_file_range`): every commit is followed by
//! `sync_data` on the store's `db` file. Values stay far below sled's blob threshold: inputs are kept in chunks.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::model::entry::EntryName;
use crate::model::record::Record;

/// The format of this store; another one is refused, never opened as empty.
const FORMAT: &[u8] = b"onced ledger 1";
const CHUNK: usize = 32 * 1024;
/// The most records that share one sync.
const GROUP: usize = 512;

/// What can go wrong with the store.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// Another process has it open.
    #[error("another onced holds the ledger `{path}`{by}", path = path.display())]
    Held {
        /// The state directory.
        path: PathBuf,
        /// ` (process 123)`, where known.
        by: String,
        /// By a command that soon lets go, not by a daemon.
        brief: bool,
    },
    /// A file operation failed.
    #[error("can't {what} `{path}`", path = path.display())]
    File {
        /// The operation.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// sled failed.
    #[error("the ledger's store failed")]
    Store(#[from] sled::Error),
    /// A record could not be read back.
    #[error("the ledger's record `{key}` can't be read")]
    Record {
        /// Its key.
        key: String,
        /// Why.
        source: serde_json::Error,
    },
    /// Written by something else.
    #[error("the ledger `{path}` has the unknown format `{format}`: a newer onced wrote it", path = path.display())]
    Format {
        /// The state directory.
        path: PathBuf,
        /// What stands there.
        format: String,
    },
    /// The writer is gone: an earlier write failed.
    #[error("the ledger's writer has stopped after a failed write")]
    Stopped,
}

/// Who opens a ledger, and so for how long others have to do without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Until somebody ends it.
    Daemon,
    /// For a moment.
    Command,
}

impl Holder {
    fn as_str(self) -> &'static str {
        match self {
            Self::Daemon => "daemon",
            Self::Command => "command",
        }
    }
}

/// What one commit does to one entry.
#[derive(Debug)]
pub struct Change {
    /// The entry.
    pub name: EntryName,
    /// Its new record; `None` forgets it.
    pub record: Option<Record>,
    /// The exact bytes of its input, where they are new.
    pub input: Option<Arc<str>>,
}

#[derive(Debug)]
struct Writer {
    tree: sled::Db,
    db_file: File,
}

type Job = (Change, oneshot::Sender<Result<(), LedgerError>>);

/// An open ledger. Clones share one store and one writer.
#[derive(Debug, Clone)]
pub struct Ledger {
    tree: sled::Db,
    jobs: mpsc::UnboundedSender<Job>,
    _lock: Arc<File>,
}

impl Ledger {
    /// Opens the store below `directory`, making it where it is missing, and holds it until the last clone is dropped.
    /// Must be called within a tokio runtime; blocks on the disk, but never waits for another holder.
    pub fn open(directory: &Path, holder: Holder) -> Result<Self, LedgerError> {
        let failed = |what, path: &Path| {
            let path = path.to_owned();
            move |source| LedgerError::File { what, path, source }
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(failed("create the state directory", directory))?;
        let lock = lock(directory, holder)?;
        let store = directory.join("ledger");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&store)
            .map_err(failed("create", &store))?;
        let tree = sled::Config::new()
            .path(&store)
            .mode(sled::Mode::HighThroughput)
            .flush_every_ms(None)
            .open()?;
        let db_path = store.join("db");
        let db_file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&db_path)
            .map_err(failed("open", &db_path))?;
        let writer = Writer {
            tree: tree.clone(),
            db_file,
        };
        match tree.get("format")? {
            Some(format) if format == FORMAT => {}
            Some(format) => {
                let format = String::from_utf8_lossy(&format).into_owned();
                return Err(LedgerError::Format {
                    path: directory.to_owned(),
                    format,
                });
            }
            None => {
                tree.insert("format", FORMAT)?;
                writer.sync()?;
                let parent = File::open(&store).map_err(failed("open", &store))?;
                parent.sync_all().map_err(failed("sync", &store))?;
            }
        }
        let (jobs, queue) = mpsc::unbounded_channel();
        tokio::spawn(write(Arc::new(writer), queue));
        Ok(Self {
            tree,
            jobs,
            _lock: Arc::new(lock),
        })
    }

    /// Every record. Blocks on the disk.
    pub fn records(&self) -> Result<BTreeMap<EntryName, Record>, LedgerError> {
        let mut records = BTreeMap::new();
        for item in self.tree.scan_prefix("r/") {
            let (key, value) = item?;
            let record: Record =
                serde_json::from_slice(&value).map_err(|source| LedgerError::Record {
                    key: String::from_utf8_lossy(&key).into_owned(),
                    source,
                })?;
            records.insert(record.name.clone(), record);
        }
        Ok(records)
    }

    /// One entry's record. Blocks on the disk.
    pub fn record(&self, name: &EntryName) -> Result<Option<Record>, LedgerError> {
        let key = format!("r/{name}");
        let Some(value) = self.tree.get(&key)? else {
            return Ok(None);
        };
        serde_json::from_slice(&value)
            .map(Some)
            .map_err(|source| LedgerError::Record { key, source })
    }

    /// The exact bytes of an entry's recorded input. Blocks on the disk.
    pub fn input(&self, name: &EntryName) -> Result<Option<String>, LedgerError> {
        let mut bytes = Vec::new();
        let mut found = false;
        for item in self.tree.scan_prefix(format!("i/{name}/")) {
            bytes.extend_from_slice(&item?.1);
            found = true;
        }
        Ok(found.then(|| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Makes a change durable: when this returns, it survives a power cut. Changes that wait at the same time share
    /// one sync.
    pub async fn commit(&self, change: Change) -> Result<(), LedgerError> {
        let (done, answer) = oneshot::channel();
        self.jobs
            .send((change, done))
            .map_err(|_| LedgerError::Stopped)?;
        answer.await.map_err(|_| LedgerError::Stopped)?
    }
}

/// One ledger, one process: an advisory lock, with the holder's number and kind in the file.
fn lock(directory: &Path, holder: Holder) -> Result<File, LedgerError> {
    let path = directory.join("lock");
    let failed = |what| {
        let path = path.clone();
        move |source| LedgerError::File { what, path, source }
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed("open"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let _ = file.read_to_string(&mut text);
            let (number, kind) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
            let by = if number.is_empty() {
                String::new()
            } else {
                format!(" (process {number})")
            };
            return Err(LedgerError::Held {
                path: directory.to_owned(),
                by,
                brief: kind != Holder::Daemon.as_str(),
            });
        }
        Err(TryLockError::Error(source)) => return Err(failed("lock")(source)),
    }
    file.set_len(0).map_err(failed("write"))?;
    writeln!(file, "{} {}", std::process::id(), holder.as_str()).map_err(failed("write"))?;
    Ok(file)
}

impl Writer {
    fn apply(&self, changes: &[&Change]) -> Result<(), LedgerError> {
        let mut batch = sled::Batch::default();
        for change in changes {
            let key = format!("r/{}", change.name);
            if let Some(record) = &change.record {
                let value = serde_json::to_vec(record).map_err(|source| LedgerError::Record {
                    key: key.clone(),
                    source,
                })?;
                batch.insert(key.as_bytes(), value);
            } else {
                batch.remove(key.as_bytes());
            }
            if change.record.is_none() || change.input.is_some() {
                for item in self.tree.scan_prefix(format!("i/{}/", change.name)) {
                    batch.remove(item?.0);
                }
            }
            for (n, chunk) in change
                .input
                .iter()
                .flat_map(|input| input.as_bytes().chunks(CHUNK))
                .enumerate()
            {
                batch.insert(format!("i/{}/{n:04}", change.name).as_bytes(), chunk);
            }
        }
        self.tree.apply_batch(batch)?;
        self.sync()
    }

    fn sync(&self) -> Result<(), LedgerError> {
        self.tree.flush()?;
        self.db_file
            .sync_data()
            .map_err(|source| LedgerError::File {
                what: "sync",
                path: "db".into(),
                source,
            })
    }
}

/// Takes what waits, writes it as one batch, syncs once, answers all.
async fn write(writer: Arc<Writer>, mut queue: mpsc::UnboundedReceiver<Job>) {
    let mut jobs = Vec::with_capacity(GROUP);
    while queue.recv_many(&mut jobs, GROUP).await > 0 {
        let writer = Arc::clone(&writer);
        let (changes, answers): (Vec<Change>, Vec<_>) = jobs.drain(..).unzip();
        let written =
            tokio::task::spawn_blocking(move || writer.apply(&changes.iter().collect::<Vec<_>>()))
                .await;
        // A failed write leaves the store's handle in an unknown state: nobody is told that a record is durable.
        let mut failure = match written {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error),
            Err(_) => Some(LedgerError::Stopped),
        };
        for answer in answers {
            let result = match failure.take() {
                None => Ok(()),
                Some(error) => {
                    failure = Some(LedgerError::Stopped);
                    Err(error)
                }
            };
            let _ = answer.send(result);
        }
    }
}
