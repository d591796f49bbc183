//! What the file system says of a path: which directory it is, and on what kind of file system it lies. Reads no file.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::model::roots::{Directory, Identity};

/// File systems whose changes on other machines raise no event here, by the kernel's numbers (`linux/magic.h`).
const NETWORK: &[(u32, &str)] = &[
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB2"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9P"),
    (0x00C3_6400, "Ceph"),
    (0x5346_414F, "AFS"),
];

/// Which directory this is of, as if nothing were in it.
pub(super) fn identified(metadata: &Metadata) -> Directory {
    let born = metadata.created().ok();
    let born = born.and_then(|born| born.duration_since(UNIX_EPOCH).ok());
    Directory {
        identity: Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            born: born.and_then(|born| u64::try_from(born.as_nanos()).ok()),
        },
        is_deleted: metadata.nlink() == 0,
        holds_files: false,
    }
}

/// Which kind of network file system a path lies on; `None`: none that is known, or the path can't be looked at.
pub fn network(path: &Path) -> Option<&'static str> {
    let kind = rustix::fs::statfs(path).ok()?.f_type;
    let (_, name) = NETWORK
        .iter()
        .find(|(number, _)| i64::from(*number) == kind)?;
    Some(name)
}
