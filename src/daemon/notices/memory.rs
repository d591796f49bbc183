//! What each target was told, and what is still to be sent, in a file of the state directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use tracing::warn;

use super::news::Told;

const NAME: &str = "notified";

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Message {
    /// The same at each try, so that one that comes twice can be told.
    pub(super) id: String,
    /// JSON.
    pub(super) body: String,
}

/// How it stands with one target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// What it was told, or is in the outbox.
    pub(super) told: Told,
    /// What it has not taken yet, the oldest first.
    #[serde(default)]
    pub(super) outbox: Vec<Message>,
}

/// By target. Copies are of the same file.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    directory: PathBuf,
    targets: Arc<Mutex<BTreeMap<String, State>>>,
}

impl Memory {
    /// What the file says. One that can't be understood says nothing: what stands is told again then, and what happened
    /// before is not.
    pub(super) fn of(directory: &Path) -> Self {
        let path = directory.join(NAME);
        let targets = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(error),
        };
        let targets = targets.unwrap_or_else(|error| {
            warn!(path = %path.display(), %error, "what was notified is not known any more");
            BTreeMap::new()
        });
        Self {
            directory: directory.to_owned(),
            targets: Arc::new(Mutex::new(targets)),
        }
    }

    pub(super) fn read(&self, target: &str) -> State {
        let targets = self.targets.lock();
        let targets = targets.unwrap_or_else(PoisonError::into_inner);
        targets.get(target).cloned().unwrap_or_default()
    }

    /// Forgets the others.
    pub(super) async fn keep(&self, targets: &BTreeSet<String>) {
        let targets = targets.clone();
        self.change(move |all| {
            let before = all.len();
            all.retain(|target, _| targets.contains(target));
            all.len() != before
        })
        .await;
    }

    /// Makes it durable. Where the disk does not take it, it holds for this process.
    pub(super) async fn write(&self, target: &str, state: &State) {
        let (target, state) = (target.to_owned(), state.clone());
        self.change(move |all| {
            all.insert(target, state);
            true
        })
        .await;
    }

    async fn change(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, State>) -> bool + Send + 'static,
    ) {
        let memory = self.clone();
        let writing = spawn_blocking(move || {
            let targets = memory.targets.lock();
            let mut targets = targets.unwrap_or_else(PoisonError::into_inner);
            if change(&mut targets) {
                write(&memory.directory, &targets)?;
            }
            Ok::<_, io::Error>(())
        });
        if let Ok(Err(error)) = writing.await {
            warn!(%error, "what was notified can't be written: after a restart it is said again");
        }
    }
}

fn write(directory: &Path, targets: &BTreeMap<String, State>) -> io::Result<()> {
    // For its user alone, as such a file is made.
    let mut file = tempfile::Builder::new()
        .prefix(".notified-")
        .tempfile_in(directory)?;
    file.write_all(&serde_json::to_vec(targets)?)?;
    file.as_file().sync_all()?;
    file.persist(directory.join(NAME))
        .map_err(|error| error.error)?;
    File::open(directory)?.sync_all()
}
