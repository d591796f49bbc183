//! What kind of file system a path lies on. Reads no file.

use std::path::Path;

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

/// Which kind of network file system a path lies on; `None`: none that is known, or the path can't be looked at.
pub fn network(path: &Path) -> Option<&'static str> {
    let kind = rustix::fs::statfs(path).ok()?.f_type;
    let (_, name) = NETWORK
        .iter()
        .find(|(number, _)| i64::from(*number) == kind)?;
    Some(name)
}
