//! What an onced of before kept in `parsed/` of the state directory: what large schedule files were parsed to, payloads
//! included. Nothing reads it any more. Only files of that kind are removed, and no link is followed.

use std::path::Path;

use rustix::fs::{AtFlags, Dir, Mode, OFlags, open, openat, unlinkat};
use rustix::io::Errno;

/// The directory.
const DIRECTORY: &str = "parsed";
/// How the name of a copy ends.
const ENDING: &[u8] = b".parsed";
/// How that of one begins that was never finished.
const UNDER_WAY: &[u8] = b".parsed-";

/// Removes these copies, and their directory if nothing else is in it. There being none is no error.
pub fn remove_copies(state_directory: &Path) -> std::io::Result<()> {
    match remove(state_directory) {
        Ok(())
        | Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NOTEMPTY | Errno::EXIST) => {
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

fn remove(state_directory: &Path) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let state = open(state_directory, flags, Mode::empty())?;
    let copies = openat(&state, DIRECTORY, flags | OFlags::NOFOLLOW, Mode::empty())?;
    for item in Dir::read_from(&copies)? {
        let item = item?;
        let name = item.file_name();
        let bytes = name.to_bytes();
        if bytes.ends_with(ENDING) || bytes.starts_with(UNDER_WAY) {
            match unlinkat(&copies, name, AtFlags::empty()) {
                // A directory is none of ours.
                Ok(()) | Err(Errno::NOENT | Errno::ISDIR | Errno::PERM) => {}
                Err(error) => return Err(error),
            }
        }
    }
    unlinkat(&state, DIRECTORY, AtFlags::REMOVEDIR)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_copies_are_removed_and_no_link_is_followed() {
        let root = tempfile::tempdir().unwrap();
        let (state, copies) = (root.path().join("state"), root.path().join("state/parsed"));
        remove_copies(&state).unwrap();
        fs::create_dir(&state).unwrap();
        remove_copies(&state).unwrap();
        let elsewhere = root.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::write(elsewhere.join("a.parsed"), "x").unwrap();
        // The directory is a link.
        symlink(&elsewhere, &copies).unwrap();
        remove_copies(&state).unwrap();
        assert!(copies.is_symlink() && elsewhere.join("a.parsed").exists());
        fs::remove_file(&copies).unwrap();
        // A copy is one; and something of another kind is there, too.
        fs::create_dir(&copies).unwrap();
        symlink(elsewhere.join("a.parsed"), copies.join("b.parsed")).unwrap();
        fs::write(copies.join("c.parsed"), "x").unwrap();
        fs::write(copies.join(".parsed-Xa1"), "x").unwrap();
        fs::create_dir(copies.join("d.parsed")).unwrap();
        fs::write(copies.join("notes.txt"), "x").unwrap();
        remove_copies(&state).unwrap();
        let left = fs::read_dir(&copies).unwrap();
        let mut left: Vec<_> = left.map(|item| item.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["d.parsed", "notes.txt"]);
        assert!(elsewhere.join("a.parsed").exists());
        fs::remove_file(copies.join("notes.txt")).unwrap();
        fs::remove_dir(copies.join("d.parsed")).unwrap();
        fs::write(copies.join("e.parsed"), "x").unwrap();
        remove_copies(&state).unwrap();
        assert!(!copies.exists());
    }
}
