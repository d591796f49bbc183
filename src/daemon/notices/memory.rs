//! What each target was told, in a file of the state directory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::spawn_blocking;
use tracing::warn;

use super::news::Told;

const NAME: &str = "notified";

/// By target. Copies are of the same file.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    directory: PathBuf,
    told: Arc<Mutex<BTreeMap<String, Told>>>,
}

impl Memory {
    /// What the file says. One that can't be understood says nothing: what stands is told again then, and what happened
    /// before is not.
    pub(super) fn of(directory: &Path) -> Self {
        let path = directory.join(NAME);
        let told = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(error),
        };
        let told = told.unwrap_or_else(|error| {
            warn!(path = %path.display(), %error, "what was notified is not known any more");
            BTreeMap::new()
        });
        Self {
            directory: directory.to_owned(),
            told: Arc::new(Mutex::new(told)),
        }
    }

    pub(super) fn read(&self, target: &str) -> Told {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(target).cloned().unwrap_or_default()
    }

    /// Makes it durable. Where the disk does not take it, it holds for this process.
    pub(super) async fn write(&self, target: &str, told: &Told) {
        let (memory, target, told) = (self.clone(), target.to_owned(), told.clone());
        let writing = spawn_blocking(move || {
            let mut all = memory.told.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(target, told);
            write(&memory.directory, &all)
        });
        if let Ok(Err(error)) = writing.await {
            warn!(%error, "what was notified can't be written: after a restart it is said again");
        }
    }
}

fn write(directory: &Path, told: &BTreeMap<String, Told>) -> io::Result<()> {
    // For its user alone, as such a file is made.
    let mut file = tempfile::Builder::new()
        .prefix(".notified-")
        .tempfile_in(directory)?;
    file.write_all(&serde_json::to_vec(told)?)?;
    file.as_file().sync_all()?;
    file.persist(directory.join(NAME))
        .map_err(|error| error.error)?;
    File::open(directory)?.sync_all()
}
