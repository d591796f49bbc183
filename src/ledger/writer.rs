//! The one writer: takes what waits as one batch, and opens a store again whose disk had failed. Never decides what is
//! written.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::store::{OpenError, Store};
use super::{Change, Found, Installation, LedgerError, found, refuse};
use crate::model::causes::causes;
use crate::model::record::Event;

/// The most changes that share one sync.
const GROUP: usize = 512;
/// How often a store whose disk failed is opened again.
pub(super) const MEND: Duration = Duration::from_millis(500);
/// How long a store must be found damaged before it is given up while the daemon runs.
const DAMAGED: Duration = Duration::from_secs(5);
/// The same for one that is not there: its disk may come back.
const GONE: Duration = Duration::from_mins(10);

/// A test's hand in the writer: asked before each commit with its number, from 1. An error breaks the store as a full
/// disk would; `true` as its second part lets the commit be written first, as when only the sync fails.
pub type Faults = Arc<dyn Fn(u64) -> Option<(io::Error, bool)> + Send + Sync>;

pub(super) enum State {
    Open(Store),
    /// A write failed: nobody knows what the store's handle still holds, so it is never used again.
    Broken {
        why: String,
        tried: Option<Instant>,
        /// Since when each try has found that it is not what was acknowledged.
        damaged: Option<Instant>,
    },
    Closed,
}

pub(super) struct Shared {
    pub(super) directory: PathBuf,
    /// What the state directory says about itself, and whether that is on the disk.
    pub(super) installation: Mutex<(Installation, bool)>,
    pub(super) state: Mutex<State>,
    /// The last write, or the last try to open the store again, failed.
    pub(super) is_broken: AtomicBool,
    /// It was damaged, or away, for long enough: whoever uses it has to begin anew.
    pub(super) is_given_up: AtomicBool,
    pub(super) faults: Mutex<(u64, Option<Faults>)>,
    pub(super) lock: Mutex<Option<File>>,
}

/// A mark of an execution, beside its record or without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A person approved its stop.
    Approved,
    /// A listing showed it, and no record knows it.
    Seen,
    /// It fired, and its entry has asked for something else since: its record, by the fingerprint of its content.
    Fired,
}

impl Mark {
    /// How its keys begin.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Approved => "a/",
            Self::Seen => "s/",
            Self::Fired => "f/",
        }
    }
}

pub(super) enum Work {
    /// All of them, or none.
    Changes(Vec<Change>),
    Listed(String),
    /// Executions of which this holds; `false`: no longer.
    Marked(Mark, BTreeSet<String>, bool),
    Event(Box<Event>),
}

pub(super) type Job = (Work, oneshot::Sender<Result<(), LedgerError>>);

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn installation(&self) -> MutexGuard<'_, (Installation, bool)> {
        let locked = self.installation.lock();
        locked.unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, after a try to open a store again whose disk had failed.
    pub(super) fn mended(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        if let State::Broken {
            why,
            tried,
            damaged,
        } = &mut *state
            && tried.is_none_or(|tried| tried.elapsed() > MEND)
        {
            match Store::open(&self.directory) {
                Ok((store, _)) => {
                    *state = State::Open(store);
                    self.is_broken.store(false, Ordering::Relaxed);
                }
                Err(error) => {
                    let lasts = match &error {
                        OpenError::Damaged(_) => Some(DAMAGED),
                        OpenError::Gone(_) => Some(GONE),
                        OpenError::Failed(_) => None,
                    };
                    let since = lasts.map(|_| damaged.unwrap_or_else(Instant::now));
                    *damaged = since;
                    let is_long = |(since, lasts): (Instant, Duration)| since.elapsed() >= lasts;
                    if since.zip(lasts).is_some_and(is_long) {
                        self.is_given_up.store(true, Ordering::Relaxed);
                    }
                    *why = causes(&refuse(&self.directory, error));
                    *tried = Some(Instant::now());
                }
            }
        }
        state
    }

    /// Reads anew what is on the disk, or begins anew where that is no ledger of ours.
    pub(super) fn recover(&self) -> Result<Found, LedgerError> {
        let mut state = self.state();
        if matches!(*state, State::Closed) {
            return Err(LedgerError::Closed);
        }
        // Whatever is open is let go first: it may be a store that was made in the place of the damaged one.
        *state = State::Broken {
            why: "it is being opened again".into(),
            tried: None,
            damaged: None,
        };
        let (store, found) = open_or_begin(&self.directory)?;
        *state = State::Open(store);
        self.is_broken.store(false, Ordering::Relaxed);
        self.is_given_up.store(false, Ordering::Relaxed);
        Ok(found)
    }

    fn fault(&self) -> Option<(io::Error, bool)> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.0 += 1;
        let (number, asked) = &*faults;
        asked.as_ref().and_then(|faults| faults(*number))
    }

    /// After a write that panicked: what is on the disk is not known.
    fn broke_off(&self) -> LedgerError {
        let why = "a write broke off".to_owned();
        let mut state = self.state();
        if matches!(*state, State::Open(_)) {
            self.is_broken.store(true, Ordering::Relaxed);
            *state = State::Broken {
                why: why.clone(),
                tried: None,
                damaged: None,
            };
        }
        LedgerError::Broken(why)
    }

    fn commit(&self, work: &[Work]) -> Result<(), LedgerError> {
        let mut state = self.mended();
        let store = match &mut *state {
            State::Open(store) => store,
            State::Broken { why, .. } => return Err(LedgerError::Broken(why.clone())),
            State::Closed => return Err(LedgerError::Closed),
        };
        let fault = self.fault();
        let written = match &fault {
            Some((_, false)) => Ok(()),
            Some((_, true)) | None => store.commit(work),
        };
        let failed = LedgerError::file("write", Path::new("ledger/db"));
        let result = written.and(fault.map_or(Ok(()), |(error, _)| Err(failed(error))));
        if let Err(error) = &result {
            self.is_broken.store(true, Ordering::Relaxed);
            *state = State::Broken {
                why: causes(error),
                tried: None,
                damaged: None,
            };
        }
        result
    }
}

/// Takes what waits, writes it as one batch, syncs once, answers all.
pub(super) async fn write(shared: Arc<Shared>, mut queue: mpsc::UnboundedReceiver<Job>) {
    let mut jobs = Vec::with_capacity(GROUP);
    while queue.recv_many(&mut jobs, GROUP).await > 0 {
        let shared = Arc::clone(&shared);
        let (work, answers): (Vec<Work>, Vec<_>) = jobs.drain(..).unzip();
        let committing = Arc::clone(&shared);
        let written = spawn_blocking(move || committing.commit(&work)).await;
        let mut result = written.unwrap_or_else(|_| Err(shared.broke_off()));
        for answer in answers {
            let again = match &result {
                Ok(()) => Ok(()),
                Err(error) => Err(LedgerError::Broken(causes(error))),
            };
            let _ = answer.send(std::mem::replace(&mut result, again));
        }
    }
}

/// Opens what is there; a damaged one is set aside, and another begun.
pub(super) fn open_or_begin(directory: &Path) -> Result<(Store, Found), LedgerError> {
    let (opened, recovered) = match Store::open(directory) {
        Err(OpenError::Damaged(why) | OpenError::Gone(why)) => {
            let aside = Store::set_aside(directory)?;
            let recovered = format!("{why}; it was set aside as `{}`", aside.display());
            (Store::open(directory), Some(recovered))
        }
        opened => (opened, None),
    };
    let (store, content) = opened.map_err(|error| refuse(directory, error))?;
    Ok((store, found(directory, content, recovered)?))
}
