//! One ledger, one process: an advisory lock, with the holder's number and kind in the file for people.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::LedgerError;

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

/// Takes the lock, or says who has it. Held until the file is dropped.
pub(super) fn lock(directory: &Path, holder: Holder) -> Result<File, LedgerError> {
    let path = directory.join("lock");
    let failed = |what| LedgerError::file(what, &path);
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
    // What stands in the file is for people: a full disk is no reason to go without the lock.
    let _ = file
        .set_len(0)
        .and_then(|()| writeln!(file, "{} {}", std::process::id(), holder.as_str()));
    Ok(file)
}
