//! What Jujutsu is in the middle of in a work tree. It keeps conflicts in commits, so there is no state beside its lock;
//! what it writes of them into files are conflict markers.

use std::path::Path;

use super::busy::{Busy, Operation};

/// What is under way in the work tree with this `.jj`.
pub(super) fn busy(jj: &Path) -> Option<Busy> {
    let lock = jj.join("working_copy/working_copy.lock");
    Busy::by(&lock, Operation::JjCommand)
}
