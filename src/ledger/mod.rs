//! The ledger: one record an entry, the exact bytes of its input, and what happened. The only place that knows how
//! durability is reached. Never plans, never calls AWS.

mod batch;
mod beside;
mod copies;
mod encoding;
mod events;
mod head;
mod installation;
mod lock;
mod machine;
mod machines;
mod pause;
mod sealed;
mod snapshots;
mod store;
mod stored;
mod threads;
mod writer;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;

use crate::model::brake::Pause;
use crate::model::entry::EntryName;
use crate::model::name::Fingerprint;
use crate::model::record::{Event, Record};
use crate::model::records::Records;
pub use copies::remove_copies;
pub use events::Cursor;
pub use installation::Installation;
pub use lock::Holder;
use store::{OpenError, Store};
use stored::Stored;
pub use writer::Faults;
use writer::{Job, Mark, Shared, State, Work, open_or_begin, write};

/// What can go wrong with the ledger.
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
    /// It belongs to another owner, whose executions would be stopped as removed.
    #[error("the ledger in `{path}` belongs to the owner `{theirs}`, not to `{ours}`\nhint: give `{ours}` a state directory of its own: --state-directory", path = path.display())]
    Owner {
        /// The state directory.
        path: PathBuf,
        /// Whose it is.
        theirs: String,
        /// Who asked for it.
        ours: String,
    },
    /// A file operation failed.
    #[error("can't {what} `{path}`", path = path.display())]
    File {
        /// The operation.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// sled failed.
    #[error("the ledger's store failed")]
    Store(#[from] sled::Error),
    /// A value is not what was written.
    #[error("the ledger's `{key}` does not match its checksum")]
    Checksum {
        /// Its key.
        key: String,
    },
    /// A value could not be read or written as JSON.
    #[error("the ledger's `{key}` can't be read")]
    Value {
        /// Its key.
        key: String,
        /// Why.
        source: serde_json::Error,
    },
    /// A record could not be read or written.
    #[error("the ledger's `{key}` can't be read: {why}")]
    Record {
        /// Its key.
        key: String,
        /// Why.
        why: String,
    },
    /// A record is as it was written, and in a form that is not known.
    #[error(
        "the ledger's `{key}` was written by a newer onced\nhint: run that one, or set the ledger aside with `onced ledger rebuild`"
    )]
    Form {
        /// Its key.
        key: String,
    },
    /// Written by a newer onced.
    #[error("the ledger in `{path}` has the format `{format}`: a newer onced wrote it\nhint: run that one, or set the ledger aside with `onced ledger rebuild`", path = path.display())]
    Format {
        /// The state directory.
        path: PathBuf,
        /// What stands there.
        format: String,
    },
    /// It is not what was acknowledged, and the caller asked to change nothing.
    #[error("the ledger in `{path}` is damaged: {why}", path = path.display())]
    Damaged {
        /// The state directory.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// An earlier write failed, and the store could not be opened again yet.
    #[error("the ledger can't be written: {0}")]
    Broken(String),
    /// The process ends.
    #[error("the ledger is closed")]
    Closed,
}

impl LedgerError {
    fn file<'a>(
        what: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(io::Error) -> Self + Copy + use<'a> {
        move |source| Self::File {
            what,
            path: path.to_owned(),
            source,
        }
    }
}

/// What one commit does to one entry.
#[derive(Debug, Clone)]
pub struct Change {
    /// The entry.
    pub name: EntryName,
    /// Its new record; `None` forgets it.
    pub record: Option<Record>,
    /// The exact bytes of its input, where they are new.
    pub input: Option<Arc<str>>,
    /// What happened, for people.
    pub event: Option<Event>,
}

/// An open ledger. Clones share one store and one writer.
#[derive(Clone)]
pub struct Ledger {
    shared: Arc<Shared>,
    jobs: mpsc::UnboundedSender<Job>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger")
            .field("directory", &self.shared.directory)
            .finish_non_exhaustive()
    }
}

/// What was found when a ledger was opened.
#[derive(Debug, Default)]
pub struct Found {
    /// Every record.
    pub records: Records,
    /// The state machines whose running executions were listed since this ledger began.
    pub listed: BTreeSet<String>,
    /// The executions whose stop a person approved.
    pub approved: BTreeSet<String>,
    /// Executions that a listing showed, and no record knew.
    pub seen: BTreeSet<String>,
    /// The state machines that were listed since this state directory began: they outlive a ledger that is lost.
    pub machines: BTreeSet<String>,
    /// A person's word that nothing is started or stopped for now: it, too, outlives a ledger that is lost.
    pub pause: Option<Pause>,
    /// Whose ledger it is, and which folder it was made for: so does this.
    pub installation: Installation,
    /// The ledger before this one was not what had been acknowledged: what was wrong, and where it lies now.
    pub recovered: Option<String>,
}

/// All of a ledger.
#[derive(Debug)]
pub struct Whole {
    /// Every record, with its input.
    pub records: Vec<(Record, Option<String>)>,
    /// What happened, the oldest first.
    pub events: Vec<Event>,
    /// The executions whose stop a person approved.
    pub approved: BTreeSet<String>,
    /// How many commits there were.
    pub sequence: u64,
}

impl Ledger {
    /// Opens the ledger in `directory`, making it where there is none, and holds it until the last clone is dropped.
    /// One that is damaged, lost or rolled back is renamed aside, and a new one begun. Must be called within a tokio
    /// runtime; blocks on the disk, but never waits for another holder.
    pub fn open(directory: &Path, holder: Holder) -> Result<(Self, Found), LedgerError> {
        store::make_directory(directory)?;
        let lock = lock::lock(directory, holder)?;
        installation::set_garbage_aside(directory)?;
        let (store, found) = open_or_begin(directory)?;
        let shared = Arc::new(Shared {
            directory: directory.to_owned(),
            installation: Mutex::new((found.installation.clone(), true)),
            state: Mutex::new(State::Open(store)),
            is_broken: AtomicBool::new(false),
            is_given_up: AtomicBool::new(false),
            faults: Mutex::default(),
            lock: Mutex::new(Some(lock)),
        });
        let (jobs, queue) = mpsc::unbounded_channel();
        tokio::spawn(write(Arc::clone(&shared), queue));
        Ok((Self { shared, jobs }, found))
    }

    /// Where the store turned out to be damaged, or lost for long, when it was opened again after a write had failed: sets
    /// it aside, begins a new one, and answers what the caller has to begin with, as after [`Ledger::open`]. `None`: it is not
    /// damaged.
    pub async fn recover(&self) -> Result<Option<Found>, LedgerError> {
        if !self.is_broken() {
            return Ok(None);
        }
        let shared = Arc::clone(&self.shared);
        let recovering = spawn_blocking(move || {
            drop(shared.mended());
            if shared.is_given_up.load(Ordering::Relaxed) {
                return shared.recover().map(Some);
            }
            Ok(None)
        });
        recovering.await.map_err(|_| LedgerError::Closed)?
    }

    /// Did the last write fail, or is it to be begun anew? Then it is worth trying again soon.
    pub fn is_broken(&self) -> bool {
        let shared = &self.shared;
        shared.is_broken.load(Ordering::Relaxed) || shared.is_given_up.load(Ordering::Relaxed)
    }

    /// Reads the ledger in `directory` for a command that must change nothing; `None`: there is none.
    pub fn peek(directory: &Path) -> Result<Option<Found>, LedgerError> {
        Self::peek_beside(directory, || ())?.0
    }

    /// The same, and does something else at the same time. That is begun once nobody else can write to the ledger, and not at
    /// all where that can't be had; others may write again as soon as the ledger is read.
    pub fn peek_beside<T>(
        directory: &Path,
        beside: impl FnOnce() -> T,
    ) -> Result<(Result<Option<Found>, LedgerError>, T), LedgerError> {
        if Store::is_absent(directory)? {
            return Ok((Ok(None), beside()));
        }
        let lock = Mutex::new(Some(lock::lock(directory, Holder::Command)?));
        thread::scope(|scope| {
            let read = || {
                let _lock = lock.lock().unwrap_or_else(PoisonError::into_inner).take();
                let (_, content) =
                    Store::open(directory).map_err(|error| refuse(directory, error))?;
                found(directory, content, None).map(Some)
            };
            let reading = thread::Builder::new().spawn_scoped(scope, read);
            let beside = beside();
            let found = match reading.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(found)) => found,
                Ok(Err(panic)) => std::panic::resume_unwind(panic),
                // The machine gives no more threads.
                Err(_) => read(),
            };
            Ok((found, beside))
        })
    }

    /// The pause that stands in this state directory, with a ledger or without one.
    pub fn paused(directory: &Path) -> Result<Option<Pause>, LedgerError> {
        pause::read(directory)
    }

    /// Reads all of the ledger in `directory`, inputs and history too, changing nothing; `None`: there is none.
    pub fn whole(directory: &Path) -> Result<Option<Whole>, LedgerError> {
        if Store::is_absent(directory)? {
            return Ok(None);
        }
        let _lock = lock::lock(directory, Holder::Command)?;
        let (store, content) = Store::open(directory).map_err(|error| refuse(directory, error))?;
        let mut records = Vec::with_capacity(content.records.len());
        for record in content.records.values() {
            let input = store.input(&record.name)?;
            records.push((record.clone(), input));
        }
        Ok(Some(Whole {
            records,
            events: store.history(None)?,
            approved: content.approved,
            sequence: store.sequence(),
        }))
    }

    /// Sets the ledger in `directory` aside, so that the next one is built from what runs; answers where it is now.
    pub fn set_aside(directory: &Path) -> Result<Option<PathBuf>, LedgerError> {
        if Store::is_absent(directory)? {
            return Ok(None);
        }
        let _lock = lock::lock(directory, Holder::Command)?;
        Store::set_aside(directory).map(Some)
    }

    async fn read<T, F>(&self, reading: F) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        F: FnOnce(&Store) -> Result<T, LedgerError> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let reading = spawn_blocking(move || match &mut *shared.mended() {
            State::Open(store) => reading(store),
            State::Broken { why, .. } => Err(LedgerError::Broken(why.clone())),
            State::Closed => Err(LedgerError::Closed),
        });
        reading.await.map_err(|_| LedgerError::Closed)?
    }

    /// One entry's record.
    pub async fn record(&self, name: &EntryName) -> Result<Option<Record>, LedgerError> {
        let name = name.clone();
        self.read(move |store| store.record(&name)).await
    }

    /// The exact bytes of an entry's recorded input.
    #[cfg(test)]
    async fn input(&self, name: &EntryName) -> Result<Option<String>, LedgerError> {
        let name = name.clone();
        self.read(move |store| store.input(&name)).await
    }

    /// How much its files take on the disk, in bytes.
    pub async fn size(&self) -> Result<u64, LedgerError> {
        self.read(Store::size).await
    }

    /// What happened in the last 90 days, the oldest first; only to one entry, where one is named.
    pub async fn history(&self, name: Option<EntryName>) -> Result<Vec<Event>, LedgerError> {
        self.read(move |store| store.history(name.as_ref())).await
    }

    /// How many commits there were since this ledger began.
    #[cfg(test)]
    async fn sequence(&self) -> Result<u64, LedgerError> {
        self.read(|store| Ok(store.sequence())).await
    }

    /// Makes a change durable: when this returns, it survives a power cut. Changes that wait at the same time share
    /// one sync.
    pub async fn commit(&self, change: Change) -> Result<(), LedgerError> {
        self.commit_all(vec![change]).await
    }

    /// The same for changes of several entries: all of them, or none.
    pub async fn commit_all(&self, changes: Vec<Change>) -> Result<(), LedgerError> {
        self.send(Work::Changes(changes)).await
    }

    /// Makes it durable that a state machine is used; and, where what runs on it is `known`, that its running executions
    /// were listed.
    pub async fn listed(&self, state_machine: &str, known: bool) -> Result<(), LedgerError> {
        let (shared, machine) = (Arc::clone(&self.shared), state_machine.to_owned());
        let adding = spawn_blocking(move || machines::add(&shared.directory, &machine));
        adding.await.map_err(|_| LedgerError::Closed)??;
        if !known {
            return Ok(());
        }
        self.send(Work::Listed(state_machine.to_owned())).await
    }

    /// Makes it durable that a person approved the stop of these executions, or that this holds no longer.
    pub async fn approved(
        &self,
        executions: BTreeSet<String>,
        holds: bool,
    ) -> Result<(), LedgerError> {
        self.send(Work::Marked(Mark::Approved, executions, holds))
            .await
    }

    /// Forgets that these contents have fired for entries that have asked for something else since.
    pub async fn forget_fired(&self, contents: BTreeSet<Fingerprint>) -> Result<(), LedgerError> {
        let contents = contents.iter().map(ToString::to_string).collect();
        self.send(Work::Marked(Mark::Fired, contents, false)).await
    }

    /// Makes it durable that a listing showed these executions and that no record knows them, or that this holds no longer.
    pub async fn seen(&self, executions: BTreeSet<String>, holds: bool) -> Result<(), LedgerError> {
        self.send(Work::Marked(Mark::Seen, executions, holds)).await
    }

    /// Makes it durable that nothing is to be started or stopped for a while; `None`: that it is again.
    pub async fn pause(&self, pause: Option<Pause>) -> Result<(), LedgerError> {
        let shared = Arc::clone(&self.shared);
        let writing = spawn_blocking(move || pause::write(&shared.directory, pause.as_ref()));
        writing.await.map_err(|_| LedgerError::Closed)?
    }

    /// Adds to the history what happened to an execution that has no record.
    pub async fn tell(&self, event: Event) -> Result<(), LedgerError> {
        self.send(Work::Event(Box::new(event))).await
    }

    async fn send(&self, work: Work) -> Result<(), LedgerError> {
        let (done, answer) = oneshot::channel();
        self.jobs
            .send((work, done))
            .map_err(|_| LedgerError::Closed)?;
        answer.await.map_err(|_| LedgerError::Closed)?
    }

    /// Closes the store for all clones, and lets others have it.
    pub async fn close(&self) {
        let shared = Arc::clone(&self.shared);
        let closing = spawn_blocking(move || {
            *shared.state() = State::Closed;
            drop(
                shared
                    .lock
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take(),
            );
        });
        let _ = closing.await;
    }

    /// For tests: what befalls each commit from now on.
    #[doc(hidden)]
    pub fn set_faults(&self, faults: Option<Faults>) {
        *self
            .shared
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = (0, faults);
    }
}

fn found(
    directory: &Path,
    content: Stored,
    recovered: Option<String>,
) -> Result<Found, LedgerError> {
    let Stored {
        records,
        listed,
        approved,
        seen,
    } = content;
    Ok(Found {
        records,
        listed,
        approved,
        seen,
        machines: machines::read(directory)?,
        pause: pause::read(directory)?,
        installation: installation::read(directory)?.known(),
        recovered,
    })
}

fn refuse(directory: &Path, error: OpenError) -> LedgerError {
    match error {
        OpenError::Damaged(why) | OpenError::Gone(why) => LedgerError::Damaged {
            path: directory.to_owned(),
            why,
        },
        OpenError::Failed(error) => error,
    }
}

#[cfg(test)]
mod tests;
