//! Every state machine that was ever used, in a file of its own: it must outlive a ledger that is lost, so that what runs
//! there can be listed.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::LedgerError;

/// The names in the file `machines`, a line each. A last line that was cut is passed over.
pub(super) fn read(directory: &Path) -> Result<BTreeSet<String>, LedgerError> {
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

/// Adds one, durably, where it is not there.
pub(super) fn add(directory: &Path, state_machine: &str) -> Result<(), LedgerError> {
    if read(directory)?.contains(state_machine) {
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
