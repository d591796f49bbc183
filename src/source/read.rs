//! Reading one file safely: a regular one, of a bearable size, that not everybody may write, whole.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use rustix::fs::{StatVfsMountFlags, statvfs};

use super::problem::{Problem, of_the_whole, passing};

/// The most bytes a schedule file may have.
pub(super) const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// How much older than its reading a file's last change must be, for the next change to bear another time: file systems
/// count time in steps, of up to two seconds.
const STEP: Duration = Duration::from_secs(3);
/// The bit of a mode by which everybody may write.
const EVERYBODY: u32 = 0o002;

/// Why a file is not taken, and what helps.
pub(super) type Refusal = (String, Option<String>);

/// Why a file was not read.
#[derive(Debug)]
pub(super) enum Unread {
    /// It may not be.
    Refused(Refusal),
    /// It was changed meanwhile.
    Changing,
}

impl From<Refusal> for Unread {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Unread {
    /// As it is told.
    pub(super) fn problem(self) -> Problem {
        match self {
            Self::Refused((why, hint)) => of_the_whole(why, hint),
            Self::Changing => passing("the file changed while it was read".into()),
        }
    }
}

/// Who may have written what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Not everybody: what is read is run.
    NotEverybody,
    /// Anybody: it is only looked at, as in a checkout of a build server.
    Anybody,
}

/// What tells one state of a file from another without reading it. Nobody can set the time of a change of status; the
/// time of a change of content anybody can (utimensat(2), `cp -p`, `touch -d`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    device: u64,
    number: u64,
    size: u64,
    changed: (i64, i64),
    mode: u32,
}

impl Stat {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            number: metadata.ino(),
            size: metadata.size(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            mode: metadata.mode(),
        }
    }

    /// When it changed last, by its file system's clock.
    pub(super) fn changed(&self) -> Option<DateTime<Utc>> {
        let part = u32::try_from(self.changed.1).ok()?;
        DateTime::from_timestamp(self.changed.0, part)
    }

    /// Would every change since `read` show? One in the same step of the file system's clock as the change before it
    /// would not.
    pub(super) fn tells_since(&self, read: SystemTime) -> bool {
        age(self.changed.0, read).is_some_and(|age| age >= STEP)
    }

    /// Did it change within this time before `now`? Where the clocks don't agree: yes.
    pub(super) fn is_younger(&self, than: Duration, now: SystemTime) -> bool {
        let age = age(self.changed.0, now);
        let part = Duration::from_nanos(u64::try_from(self.changed.1).unwrap_or_default());
        age.is_none_or(|age| age.saturating_sub(part) < than)
    }
}

/// `None`: it lies in the future.
fn age(seconds: i64, now: SystemTime) -> Option<Duration> {
    let since = Duration::from_secs(u64::try_from(seconds).ok()?);
    now.duration_since(SystemTime::UNIX_EPOCH + since).ok()
}

/// Why what everybody may write is not taken, and what helps. On a file system that is mounted read-only nobody may, as
/// where Kubernetes mounts a ConfigMap.
pub fn everybody_may_write(path: &Path, metadata: &Metadata, shown: &str) -> Option<Refusal> {
    let read_only = || statvfs(path).is_ok_and(|fs| fs.f_flag.contains(StatVfsMountFlags::RDONLY));
    if metadata.mode() & EVERYBODY == 0 || read_only() {
        return None;
    }
    let kind = if metadata.is_dir() {
        "directory"
    } else {
        "file"
    };
    Some((
        format!("everybody may write to this {kind}, so anybody could schedule something here"),
        Some(format!("chmod o-w {shown}")),
    ))
}

/// Reads a file that lies, once resolved, inside the directory.
pub(super) fn read_inside(
    root: &Path,
    path: &Path,
    trust: Trust,
) -> Result<(Vec<u8>, Stat), Unread> {
    let target = fs::canonicalize(path)
        .map_err(|error| (format!("the file can't be read: {error}"), None))?;
    if !target.starts_with(root) {
        return Err(Unread::Refused((
            "the link leads out of the directory".into(),
            Some("put the file itself here".into()),
        )));
    }
    read(&target, 0, trust)
}

/// Reads a regular file of a bearable size, whole. `flags`: of open(2), beside the usual ones.
pub(super) fn read(path: &Path, flags: i32, trust: Trust) -> Result<(Vec<u8>, Stat), Unread> {
    let failed = |error: io::Error| (format!("the file can't be read: {error}"), None);
    let kind = fs::metadata(path).map_err(failed)?;
    regular(&kind)?;
    let mut file: File = OpenOptions::new()
        .read(true)
        // Opening a FIFO does not wait for a writer.
        .custom_flags(libc::O_NONBLOCK | flags)
        .open(path)
        .map_err(failed)?;
    let before = file.metadata().map_err(failed)?;
    regular(&before)?;
    if trust == Trust::NotEverybody
        && let Some(refusal) = everybody_may_write(path, &before, &path.display().to_string())
    {
        return Err(refusal.into());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or_default());
    Read::by_ref(&mut file)
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let after = file.metadata().map_err(failed)?;
    let moved = |m: &Metadata| (m.len(), m.mtime(), m.mtime_nsec());
    if moved(&before) != moved(&after) || bytes.len() as u64 != after.len() {
        return Err(Unread::Changing);
    }
    Ok((bytes, Stat::of(&after)))
}

fn regular(metadata: &Metadata) -> Result<(), Refusal> {
    if !metadata.is_file() {
        return Err((
            "this is no regular file: it is never read".into(),
            Some("put a plain file here".into()),
        ));
    }
    if metadata.len() > MOST_BYTES {
        let hint = Some("split it into several files".into());
        return Err((
            format!(
                "the file has {} bytes, and at most {MOST_BYTES} are read",
                metadata.len()
            ),
            hint,
        ));
    }
    Ok(())
}
