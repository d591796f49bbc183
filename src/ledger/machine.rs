//! Errors that come from the machine and not from what a store holds: a full disk, a missing right. Never looks at the store.

use std::io::{self, ErrorKind};

use rustix::io::Errno;

use super::LedgerError;

/// Errors that pass when there is room again, or a disk is back, with nothing of onced's own changed.
const PASSING: [ErrorKind; 6] = [
    ErrorKind::StorageFull,
    ErrorKind::QuotaExceeded,
    ErrorKind::ReadOnlyFilesystem,
    ErrorKind::OutOfMemory,
    ErrorKind::StaleNetworkFileHandle,
    ErrorKind::TimedOut,
];
/// Those of them that have no kind.
const PASSING_NUMBERS: [Errno; 3] = [Errno::MFILE, Errno::NFILE, Errno::IO];

/// Does this error come from the machine, and not from what the store holds?
pub(super) fn of_the_machine(error: &io::Error) -> bool {
    let by_number = matches!(error.raw_os_error(), Some(number) if number != 22);
    by_number
        || matches!(
            error.kind(),
            ErrorKind::PermissionDenied
                | ErrorKind::StorageFull
                | ErrorKind::ReadOnlyFilesystem
                | ErrorKind::QuotaExceeded
                | ErrorKind::FileTooLarge
                | ErrorKind::WouldBlock
                | ErrorKind::OutOfMemory
        )
        || is_locked(error)
}

/// sled says so in words alone.
pub(super) fn is_locked(error: &io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

impl LedgerError {
    /// Is it the machine that keeps the ledger from being opened, and may it do so for a while only?
    pub fn may_pass(&self) -> bool {
        let (Self::File { source: error, .. } | Self::Store(sled::Error::Io(error))) = self else {
            return false;
        };
        let number = error.raw_os_error().map(Errno::from_raw_os_error);
        PASSING.contains(&error.kind())
            || number.is_some_and(|number| PASSING_NUMBERS.contains(&number))
    }
}
