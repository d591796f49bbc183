//! One schedule file changed in its place: read whole, written whole beside it, then there in one step. Never writes
//! over what somebody else has written meanwhile, and never outside the directory.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, XattrFlags, fgetxattr, flistxattr, flock, fsetxattr};
use tempfile::NamedTempFile;

use super::read::{MOST_BYTES, Trust, read_inside};

/// Begins the names of files that are not whole yet: no scan reads one.
const PREFIX: &str = ".onced-";

/// Why a file is not changed: what is wrong, and what helps.
pub type Trouble = (String, Option<String>);

/// A file that was read to be changed.
#[derive(Debug)]
pub struct Held {
    root: PathBuf,
    path: PathBuf,
    /// The file itself, where `path` is a link.
    target: PathBuf,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Held {
    /// Reads a file that lies, once resolved, inside the directory.
    pub fn read(directory: &Path, path: &Path) -> Result<Self, Trouble> {
        let failed = |error: io::Error| (format!("the file can't be read: {error}"), None);
        let root = fs::canonicalize(directory).map_err(failed)?;
        let target = fs::canonicalize(path).map_err(failed)?;
        let read = read_inside(&root, path, Trust::Anybody);
        let (bytes, _) = read.map_err(|unread| {
            let problem = unread.problem();
            (problem.message, problem.hint)
        })?;
        let path = path.to_owned();
        Ok(Self {
            root,
            path,
            target,
            bytes,
        })
    }

    /// Puts another content in its place, with the same owner and the same rights. A link stays a link.
    pub fn put(&self, bytes: &[u8]) -> Result<(), Trouble> {
        let failed = |error: io::Error| (format!("the file can't be written: {error}"), None);
        if bytes.len() as u64 > MOST_BYTES {
            let message = format!(
                "the file would have {} bytes, and at most {MOST_BYTES} are read",
                bytes.len()
            );
            return Err((message, Some("put entries into another file".into())));
        }
        let parent = self.target.parent().unwrap_or(&self.root);
        let directory = File::open(parent).map_err(failed)?;
        // Of two commands at once, one waits; where the file system knows no locks, the comparison below is all.
        let _ = flock(&directory, FlockOperation::LockExclusive);
        let was = fs::metadata(&self.target).map_err(failed)?;
        let file = beside(parent, bytes, Some(was.permissions())).map_err(failed)?;
        let is = file.as_file().metadata().map_err(failed)?;
        if (is.uid(), is.gid()) != (was.uid(), was.gid()) {
            // Only root may give a file away; a group that one is in may be set by anybody.
            let group = fchown(file.as_file(), None, Some(was.gid()));
            let owner = fchown(file.as_file(), Some(was.uid()), None);
            if group.and(owner).is_err() && was.mode() & 0o004 == 0 {
                let message = "the file is another's, and written by you it could not be read by them any more";
                return Err((message.into(), Some("do it as the file's owner".into())));
            }
            // A change of owner may take rights away.
            let _ = file.as_file().set_permissions(was.permissions());
        }
        keep_attributes(&self.target, file.as_file()).map_err(failed)?;
        let is_same = fs::canonicalize(&self.path).is_ok_and(|target| target == self.target)
            && read_inside(&self.root, &self.path, Trust::Anybody)
                .is_ok_and(|(now, _)| now == self.bytes);
        if !is_same {
            let message = "the file has changed meanwhile, and was left as it is now";
            return Err((message.into(), Some("do it again".into())));
        }
        file.persist(&self.target)
            .map_err(|error| failed(error.error))?;
        let _ = directory.sync_all();
        Ok(())
    }
}

/// The attribute that access control lists are kept in (<https://man7.org/linux/man-pages/man5/acl.5.html>): it says who may
/// read.
const ACCESS: &[u8] = b"system.posix_acl_access";

/// Gives a file the extended attributes of another. The one that says who may read it must be kept; others are where that
/// is allowed.
fn keep_attributes(from: &Path, to: &File) -> io::Result<()> {
    let from = File::open(from)?;
    let mut names = vec![0; 65_536];
    // A file system without attributes has none to keep.
    let listed = flistxattr(&from, &mut names[..]).unwrap_or(0);
    for name in names[..listed]
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        let mut value = vec![0; 65_536];
        let given = fgetxattr(&from, name, &mut value[..])
            .and_then(|length| fsetxattr(to, name, &value[..length], XattrFlags::empty()));
        if name == ACCESS {
            given?;
        }
    }
    Ok(())
}

/// Writes a file that is not there yet, with the rights that the umask leaves.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let file = beside(parent, bytes, None)?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    let _ = File::open(parent).and_then(|directory| directory.sync_all());
    Ok(())
}

/// Whole, on the disk, under a name that no scan reads.
fn beside(
    parent: &Path,
    bytes: &[u8],
    permissions: Option<Permissions>,
) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    if permissions.is_none() {
        builder.permissions(Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(parent)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_stays_and_so_do_rights() {
        let root = tempfile::tempdir().unwrap();
        let (file, link) = (root.path().join("real.yaml"), root.path().join("a.yaml"));
        fs::write(&file, "one").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("real.yaml", &link).unwrap();
        let held = Held::read(root.path(), &link).unwrap();
        held.put(b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o640);
        // What was read is no more what is there.
        let (message, _) = held.put(b"three").unwrap_err();
        assert!(message.contains("changed meanwhile"), "{message}");
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_eq!(
            fs::read_dir(root.path()).unwrap().count(),
            2,
            "nothing is left behind"
        );
    }

    #[test]
    fn nothing_outside_is_written() {
        let (root, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = other.path().join("a.yaml");
        fs::write(&file, "one").unwrap();
        let link = root.path().join("a.yaml");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(Held::read(root.path(), &link).is_err());
        // A link that leads elsewhere by then.
        fs::remove_file(&link).unwrap();
        fs::write(&link, "one").unwrap();
        let held = Held::read(root.path(), &link).unwrap();
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(held.put(b"two").is_err());
        assert_eq!(fs::read(&file).unwrap(), b"one");
    }
}
