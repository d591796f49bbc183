//! The pause, in a file of its own: it must outlive a ledger that is lost, or a restart would start what a person held.

use std::fs::File;
use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::{LedgerError, beside};
use crate::model::brake::Pause;

const NAME: &str = "paused";

/// The pause that stands in this state directory. A file that can't be understood is a pause without an end: somebody
/// wanted one.
pub(super) fn read(directory: &Path) -> Result<Option<Pause>, LedgerError> {
    let path = directory.join(NAME);
    let text = match std::fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(LedgerError::file("read", &path))?,
    };
    Ok(Some(serde_json::from_slice(&text).unwrap_or_else(|_| {
        let written = std::fs::metadata(&path).and_then(|file| file.modified());
        Pause {
            since: written.map_or(DateTime::UNIX_EPOCH, DateTime::<Utc>::from),
            until: None,
        }
    })))
}

/// Makes a pause, or its end, durable.
pub(super) fn write(directory: &Path, pause: Option<&Pause>) -> Result<(), LedgerError> {
    let path = directory.join(NAME);
    let failed = LedgerError::file("write", &path);
    let written = match pause {
        Some(pause) => serde_json::to_vec(pause)
            .map_err(io::Error::from)
            .and_then(|bytes| beside::replace(directory, NAME, &bytes)),
        None => match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => File::open(directory).and_then(|directory| directory.sync_all()),
        },
    };
    written.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_damaged_still_holds() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        assert_eq!(read(path).unwrap(), None);
        let pause = Pause {
            since: DateTime::UNIX_EPOCH,
            until: Some(DateTime::UNIX_EPOCH),
        };
        write(path, Some(&pause)).unwrap();
        assert_eq!(read(path).unwrap(), Some(pause));
        for damaged in ["", "{", "{}"] {
            std::fs::write(path.join(NAME), damaged).unwrap();
            let read = read(path).unwrap().expect("a pause");
            assert!(read.holds(Utc::now()), "{damaged:?}");
        }
        write(path, None).unwrap();
        write(path, None).unwrap();
        assert_eq!(read(path).unwrap(), None);
    }
}
