//! The file `machines`: every state machine that was ever used, a line each. It outlives a ledger that is lost.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::LedgerError;

/// The names in the file `machines`, a line each. A last line that was cut is passed over.
pub(super) fn machines(directory: &Path) -> Result<BTreeSet<String>, LedgerError> {
    let path = directory.join("machines");
    let text = match std::fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read.map_err(LedgerError::file("read", &path))?,
    };
    let text = String::from_utf8_lossy(&text).into_owned();
    let whole = text
        .split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n'));
    Ok(whole
        .filter(|line| line.starts_with("arn:"))
        .map(str::to_owned)
        .collect())
}

pub(super) fn add_machine(directory: &Path, state_machine: &str) -> Result<(), LedgerError> {
    if machines(directory)?.contains(state_machine) {
        return Ok(());
    }
    let path = directory.join("machines");
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&path);
    file.and_then(|mut file| {
        // A line before it that a full disk had cut is ended first.
        file.write_all(format!("\n{state_machine}\n").as_bytes())?;
        file.sync_all()
    })
    .map_err(LedgerError::file("write", &path))
}
