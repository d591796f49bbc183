//! Small files of the state directory, written whole or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Replaces the file of this name, durably, by one that only its user may read.
pub(super) fn replace(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    // For its user alone, as such a file is made.
    let mut file = tempfile::Builder::new()
        .prefix(&format!(".{name}-"))
        .tempfile_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(directory.join(name))
        .map_err(|error| error.error)?;
    File::open(directory)?.sync_all()
}
