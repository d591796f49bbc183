//! sled's snapshots in a store: `snap.*` files, derived from its log when it is opened, so that the next opening takes less
//! time. One that is empty or half keeps sled from opening a store that is whole. Never touches the log itself.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::LedgerError;
use super::store::{make_directory, sync_directory, unused};

/// sled's name for each of them begins so.
const SNAPSHOT: &str = "snap.";
/// The ending of one that sled has not finished, and reads all the same as the newest.
const UNFINISHED: &str = ".generating";
/// As much as sled allocates at once (a segment, its default).
const SEGMENT: usize = 512 * 1024;

fn names(store: &Path) -> Result<Vec<OsString>, LedgerError> {
    let failed = LedgerError::file("read", store);
    let mut names = Vec::new();
    for item in fs::read_dir(store).map_err(failed)? {
        let name = item.map_err(failed)?.file_name();
        if name.to_string_lossy().starts_with(SNAPSHOT) {
            names.push(name);
        }
    }
    Ok(names)
}

/// Removes snapshots that sled never finished: nothing rests on them, not even for it.
pub(super) fn remove_unfinished(store: &Path) -> Result<(), LedgerError> {
    for name in names(store)? {
        if name.to_string_lossy().ends_with(UNFINISHED) {
            let path = store.join(name);
            fs::remove_file(&path).map_err(LedgerError::file("remove", &path))?;
        }
    }
    Ok(())
}

/// Snapshots that were taken out of a store.
#[derive(Debug)]
pub(super) struct SetAside {
    store: PathBuf,
    /// The directory where they are now.
    pub(super) place: PathBuf,
    names: Vec<OsString>,
}

/// Renames all snapshots of `store` into a directory beside it, durably; `None`: there are none.
pub(super) fn set_aside(directory: &Path, store: &Path) -> Result<Option<SetAside>, LedgerError> {
    let names = names(store)?;
    if names.is_empty() {
        return Ok(None);
    }
    let place = unused(directory, "ledger.snapshots")?;
    make_directory(&place)?;
    for name in &names {
        rename(&store.join(name), &place.join(name))?;
    }
    for changed in [place.as_path(), store, directory] {
        sync_directory(changed)?;
    }
    Ok(Some(SetAside {
        store: store.to_owned(),
        place,
        names,
    }))
}

impl SetAside {
    /// Undoes it, so that a store that is damaged anyway is kept as it was found.
    pub(super) fn put_back(self) -> Result<(), LedgerError> {
        for name in &self.names {
            rename(&self.place.join(name), &self.store.join(name))?;
        }
        fs::remove_dir(&self.place).map_err(LedgerError::file("remove", &self.place))?;
        sync_directory(&self.store)
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), LedgerError> {
    fs::rename(from, to).map_err(LedgerError::file("rename", from))
}

/// Fails where the disk takes no more than it has, or nothing at all: then a store that seems damaged may be whole.
pub(super) fn probe(directory: &Path) -> Result<(), LedgerError> {
    let path = directory.join("probe");
    let written = File::create(&path).and_then(|mut file| {
        file.write_all(&vec![0; SEGMENT])?;
        file.sync_all()
    });
    let removed = match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    written
        .and(removed)
        .map_err(LedgerError::file("write", &path))
}
