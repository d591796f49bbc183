//! The folder that a ledger was made for, and whether a scan saw that one: remembered × seen → fine, in doubt, or a folder
//! that is strange until a person approves it. Pure.
//!
//! | the root that is seen | remembered | what it means |
//! |---|---|---|
//! | deleted (no link leads to it) | anything | doubt |
//! | without a schedule file | the same root | fine: everything was removed |
//! | without a schedule file | another root at this path, or none | doubt, as long as an execution runs that is not asked for |
//! | without a schedule file | another path | strange, the same way |
//! | with schedule files | the same path and device | fine: a release that was swapped is a new root |
//! | with schedule files | another path or device, or none | strange, if it asks for no entry that runs |
//!
//! A folder that was strange once stays so until a person approved all that it would stop, or until the remembered one is
//! back: what was started from it meanwhile makes it no more familiar.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A directory as its file system knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The device that it lies on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// When it was made, in nanoseconds since 1970, where the file system tells: a number is given again once it is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born: Option<u64>,
}

impl Identity {
    /// The same number, and no sign that it was given anew.
    fn has_the_number_of(self, other: Self) -> bool {
        let born = self.born.zip(other.born);
        self.inode == other.inode && born.is_none_or(|(born, other)| born == other)
    }

    /// Is this the same directory?
    pub fn is(self, other: Self) -> bool {
        self.device == other.device && self.has_the_number_of(other)
    }
}

/// One directory of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Directory {
    /// Which one it is.
    pub identity: Identity,
    /// It was deleted, and something (a mount) shows it still.
    pub is_deleted: bool,
    /// There is a schedule file in it, or somewhere below.
    pub holds_files: bool,
}

/// The directories of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directories {
    /// The one that is configured, after links were followed.
    pub root: Directory,
    /// Those below it that are walked, by their paths from there.
    pub below: BTreeMap<String, Directory>,
}

/// A folder: where it is configured to be, as an absolute path before links are followed, and which directory was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// Where.
    pub path: String,
    /// The directory that was there.
    pub root: Identity,
}

/// What is remembered of the last good scan. Losing it means that it is remembered anew.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// The folder that the ledger was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<Folder>,
    /// The directories below it that held schedule files, there or further down.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub directories: BTreeMap<String, Identity>,
    /// A folder that was strange, and not approved yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strange: Option<Folder>,
}

/// The executions that run, beside what a folder asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Running {
    /// How many are of an entry that is asked for.
    pub asked_for: usize,
    /// How many are of an entry that is not, and may not be stopped yet: nobody approved that.
    pub left: usize,
    /// `asked_for` leaves out what was started since the folder was first seen, as not all of its files could be read then:
    /// what it asks for is seen only now.
    pub at_first: bool,
}

/// Whether a scan saw the folder that the ledger was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It did, or nothing is at stake.
    Fine,
    /// It proves no absence.
    Doubt(Doubt),
    /// What it lacks is stopped only once a person approves it.
    Strange(Strange),
}

/// Why a root proves no absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It was deleted.
    Deleted,
    /// It is empty, and another one than before on the same device.
    Another,
    /// It is empty, and on another device than before.
    AnotherDevice,
    /// It is empty, and nothing is remembered of what was there.
    Unknown,
}

impl Doubt {
    /// The reason and the remedy, for a folder that is configured as `path`.
    pub fn why(self, path: &str) -> String {
        let meant = "if nothing is to be scheduled any more, put a file with `schedules: {}` there";
        match self {
            Self::Deleted => format!(
                "`{path}` shows a directory that was deleted: mount the one that took its place"
            ),
            Self::Another => format!(
                "`{path}` is empty, and another directory than before: is a disk not mounted? Mount it; {meant}"
            ),
            Self::AnotherDevice => format!(
                "`{path}` is empty, and on another device than before: is a disk not mounted? Mount it; {meant}, and approve what `onced plan` then shows"
            ),
            Self::Unknown => format!(
                "`{path}` is empty, and executions run that were started from schedule files: is a disk not mounted? Mount it; {meant}, and approve what `onced plan` then shows"
            ),
        }
    }
}

/// A folder that asks for nothing of what runs, and is not the one that the ledger was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strange {
    /// The path that the ledger was made for, where that is known.
    pub before: Option<String>,
    /// The executions that it would stop.
    pub left: usize,
}

impl Strange {
    /// The reason, for a folder that is configured as `path`; it goes on after "this plan".
    pub fn why(&self, path: &str) -> String {
        let executions = match self.left {
            1 => "1 execution".to_owned(),
            left => format!("{left} executions"),
        };
        match &self.before {
            None => format!(
                "would stop {executions} that `{path}` does not ask for, and it is not known which folder this ledger was made for"
            ),
            Some(before) if before == path => format!(
                "would stop {executions} that `{path}` does not ask for, and it is on another device than before: is a disk not mounted?"
            ),
            Some(before) => format!(
                "would stop {executions} that `{path}` does not ask for: this ledger was made for `{before}`"
            ),
        }
    }
}

impl Remembered {
    /// The verdict on what a scan of the folder configured as `path` saw. `running` is asked only where it counts.
    pub fn judge(
        &self,
        path: &str,
        seen: &Directories,
        running: impl FnOnce() -> Running,
    ) -> Verdict {
        let root = seen.root.identity;
        if seen.root.is_deleted {
            return Verdict::Doubt(Doubt::Deleted);
        }
        let here = self.folder.as_ref().filter(|folder| folder.path == path);
        let device = here.is_some_and(|folder| folder.root.device == root.device);
        let fine = match here {
            Some(folder) if folder.root.is(root) => true,
            Some(_) => seen.root.holds_files && device,
            None => false,
        };
        if fine {
            return Verdict::Fine;
        }
        let Running {
            asked_for,
            left,
            at_first,
        } = running();
        if left == 0 {
            return Verdict::Fine;
        }
        let strange = Verdict::Strange(Strange {
            before: self.folder.as_ref().map(|folder| folder.path.clone()),
            left,
        });
        if !seen.root.holds_files {
            return match (here, &self.folder) {
                (Some(_), _) if device => Verdict::Doubt(Doubt::Another),
                (Some(_), _) => Verdict::Doubt(Doubt::AnotherDevice),
                (None, None) => Verdict::Doubt(Doubt::Unknown),
                (None, Some(_)) => strange,
            };
        }
        // The same disk may bear another number after a restart of the machine.
        let is_back = here.is_some_and(|folder| folder.root.has_the_number_of(root));
        let is_asked = self.strange.is_none() || is_back || at_first;
        if is_asked && asked_for > 0 {
            return Verdict::Fine;
        }
        strange
    }

    /// The directories that held schedule files, and are deleted, or other ones and without any now: mount points, most
    /// likely. One that is not there at all was removed. Below another root all of them are other ones, which says nothing.
    pub fn lost<'a>(&'a self, path: &str, seen: &'a Directories) -> impl Iterator<Item = &'a str> {
        let root = seen.root.identity;
        let folder = self.folder.as_ref().filter(|folder| folder.path == path);
        let before = folder.map(|folder| folder.root);
        let before = before.filter(|before| before.has_the_number_of(root));
        let same = move |was: Identity, is: Identity, before: Identity| {
            let moved_along = was.device == before.device && is.device == root.device;
            was.is(is) || moved_along && was.has_the_number_of(is)
        };
        self.directories.iter().filter_map(move |(path, was)| {
            let (is, before) = (seen.below.get(path)?, before?);
            let lost = is.is_deleted || !same(*was, is.identity, before);
            (lost && !is.holds_files).then_some(path.as_str())
        })
    }

    /// What is to be remembered after a scan that was whole; `None`: the same as before. Directories that are `lost` stay
    /// as they were.
    pub fn after(
        &self,
        path: &str,
        seen: &Directories,
        verdict: &Verdict,
        lost: &[String],
    ) -> Option<Self> {
        let now = Folder {
            path: path.to_owned(),
            root: seen.root.identity,
        };
        let after = match verdict {
            Verdict::Doubt(_) => return None,
            Verdict::Strange(_) if self.strange.is_some() => return None,
            Verdict::Strange(_) => Self {
                strange: Some(now),
                ..self.clone()
            },
            // An empty folder is no better known for being empty.
            Verdict::Fine if !seen.root.holds_files && self.folder.as_ref() != Some(&now) => {
                return None;
            }
            Verdict::Fine => {
                let holding = seen.below.iter().filter(|(_, is)| is.holds_files);
                let holding = holding.map(|(path, is)| (path, is.identity));
                if lost.is_empty()
                    && self.strange.is_none()
                    && self.folder.as_ref() == Some(&now)
                    && self
                        .directories
                        .iter()
                        .map(|(path, was)| (path, *was))
                        .eq(holding.clone())
                {
                    return None;
                }
                let kept = lost
                    .iter()
                    .filter_map(|path| self.directories.get_key_value(path));
                let kept = kept.map(|(path, was)| (path.clone(), *was));
                let holding = holding.map(|(path, is)| (path.clone(), is));
                Self {
                    folder: Some(now),
                    directories: holding.chain(kept).collect(),
                    strange: None,
                }
            }
        };
        Some(after).filter(|after| after != self)
    }
}

/// Why a directory that is lost proves no absence, and what to do.
pub fn why_lost(directory: &str) -> String {
    format!(
        "`{directory}` is empty, and another directory than before: is a disk not mounted? Mount it; if nothing is to be scheduled there any more, put a file with `schedules: {{}}` there"
    )
}

/// Does a file lie in this directory, or somewhere below? Both are paths from the same root.
pub fn is_below(file: &str, directory: &str) -> bool {
    let below = file.strip_prefix(directory);
    below.is_some_and(|below| below.starts_with('/'))
}

#[cfg(test)]
mod tests;
