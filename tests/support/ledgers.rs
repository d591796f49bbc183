//! The ledgers of `tests/fixtures/`.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::process::has;

/// A ledger of each version there was, as that version wrote it, in `state` below a directory of its own. None where there
/// is no `tar`.
pub(crate) fn of_earlier_versions() -> Vec<TempDir> {
    let versions = ["ledger-1", "ledger-2"];
    versions.into_iter().filter_map(unpacked).collect()
}

/// One of the archives, in a directory of its own. None where there is no `tar`.
pub(crate) fn unpacked(archive: &str) -> Option<TempDir> {
    if !has("tar") {
        return None;
    }
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let root = tempfile::tempdir().expect("a directory");
    let archive = fixtures.join(format!("{archive}.tar.gz"));
    let mut unpack = Command::new("tar");
    unpack.arg("-xzf").arg(archive).arg("-C").arg(root.path());
    assert!(unpack.status().expect("tar runs").success());
    Some(root)
}
