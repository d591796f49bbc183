//! A git work tree: at which commit it is, and what git is in the middle of there.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix_ref::{Target, file::Store};

use super::busy::{Busy, Operation};
use super::{Hidden, Unseen};

/// What stands in a git directory while git is in the middle of something
/// (<https://git-scm.com/docs/gitrepository-layout>). `index.lock` is there for the moment of a command; the others until a
/// person goes on or gives up. Tried with git 2.47: `REBASE_HEAD` stays after a rebase has ended, and `AUTO_MERGE` after a
/// cherry-pick, so neither is one.
const MARKS: &[(&str, Operation)] = &[
    ("index.lock", Operation::GitCommand),
    ("rebase-merge", Operation::Rebase),
    ("rebase-apply", Operation::Rebase),
    ("MERGE_HEAD", Operation::Merge),
    ("CHERRY_PICK_HEAD", Operation::CherryPick),
    ("REVERT_HEAD", Operation::Revert),
    ("BISECT_START", Operation::Bisection),
    ("sequencer", Operation::CherryPicks),
    ("SQUASH_MSG", Operation::SquashedMerge),
];

/// What is seen of a git directory.
pub(super) struct Seen {
    pub(super) commit: Option<Arc<str>>,
    pub(super) busy: Option<Busy>,
    pub(super) unseen: Option<Unseen>,
}

/// Looks into what `kept` is or names; the error says what can't be looked into.
pub(super) fn look(kept: &Path) -> Result<Seen, (PathBuf, io::Error)> {
    let git_dir = git_dir(kept).map_err(|error| (kept.to_owned(), error))?;
    let head = git_dir.join("HEAD");
    if let Err(error) = fs::symlink_metadata(&head) {
        return Err((git_dir, error));
    }
    let common = common(&git_dir);
    let format = Format::of(common.as_deref().unwrap_or(&git_dir));
    let busy = busy(&git_dir, &format);
    let (commit, unseen) = match commit(git_dir, common, &format) {
        Ok(commit) => (commit.map(Arc::from), None),
        Err(why) => {
            let unseen = Unseen {
                what: Hidden::Commit,
                path: head,
                why,
            };
            (None, Some(unseen))
        }
    };
    Ok(Seen {
        commit,
        busy,
        unseen,
    })
}

/// The git directory: `.git` itself, or, in linked work trees and submodules, what that file names.
fn git_dir(kept: &Path) -> io::Result<PathBuf> {
    if fs::metadata(kept)?.is_dir() {
        return Ok(kept.to_owned());
    }
    gix_discover::path::from_gitdir_file(kept)
        .map_err(|error| io::Error::new(ErrorKind::InvalidData, error.to_string()))
}

/// Where a linked work tree's branches are.
fn common(git_dir: &Path) -> Option<PathBuf> {
    gix_discover::path::from_plain_file_relative_to_file(&git_dir.join("commondir"))?.ok()
}

fn busy(git_dir: &Path, format: &Format) -> Option<Busy> {
    let mark = MARKS
        .iter()
        .find_map(|(name, what)| Busy::by(&git_dir.join(name), *what));
    let Some(mut busy) = mark else {
        return unmerged(git_dir, format);
    };
    busy.what = match busy.what {
        Operation::Rebase if busy.mark.join("applying").exists() => Operation::Mail,
        Operation::CherryPicks if reverts(&busy.mark) => Operation::Reverts,
        what => what,
    };
    Some(busy)
}

/// Is what waits in this sequence to be reverted?
fn reverts(sequencer: &Path) -> bool {
    let todo = fs::read(sequencer.join("todo")).unwrap_or_default();
    todo.starts_with(b"revert")
}

/// A conflict that no other mark shows, such as one of `git stash pop`. The index is read only where git has merged
/// something, because it may be large.
fn unmerged(git_dir: &Path, format: &Format) -> Option<Busy> {
    let busy = Busy::by(&git_dir.join("AUTO_MERGE"), Operation::Unmerged)?;
    let index = gix_index::File::at(
        git_dir.join("index"),
        format.hash,
        true,
        gix_index::decode::Options::default(),
    );
    let index = index.ok()?;
    let is = index.entries().iter().any(|entry| entry.stage_raw() != 0);
    is.then_some(busy)
}

/// How a repository is stored.
struct Format {
    hash: gix_hash::Kind,
    /// References are kept in reftable, not in files.
    reftable: bool,
}

impl Format {
    /// As the repository's configuration says
    /// (<https://git-scm.com/docs/git-config#Documentation/git-config.txt-extensionsobjectFormat>). Git too reads this of
    /// no other file.
    fn of(common: &Path) -> Self {
        let text = fs::read(common.join("config")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let says = |key: &str, value: &str| {
            extensions(&text).any(|(found, is)| found.eq_ignore_ascii_case(key) && is == value)
        };
        Self {
            hash: if says("objectFormat", "sha256") {
                gix_hash::Kind::Sha256
            } else {
                gix_hash::Kind::Sha1
            },
            reftable: says("refStorage", "reftable"),
        }
    }
}

/// The keys of the section `extensions`, with their values.
fn extensions(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut inside = false;
    text.lines().filter_map(move |line| {
        let mut line = line.trim();
        if let Some((section, rest)) = line.strip_prefix('[').and_then(|l| l.split_once(']')) {
            inside = section.trim().eq_ignore_ascii_case("extensions");
            line = rest.trim();
        }
        let (key, value) = line.split_once('=').filter(|_| inside)?;
        let value = value.split(['#', ';']).next().unwrap_or_default();
        Some((key.trim(), value.trim().trim_matches('"')))
    })
}

fn commit(
    git_dir: PathBuf,
    common: Option<PathBuf>,
    format: &Format,
) -> Result<Option<String>, String> {
    if format.reftable {
        return Err("its references are kept in reftable, which onced does not read".to_owned());
    }
    let store = match common {
        Some(common) => Store::for_linked_worktree(git_dir, common, format.hash),
        None => Store::at(git_dir, format.hash),
    };
    let find = |name: &gix_ref::PartialNameRef| {
        let found = store.try_find(name);
        found.map_err(|error| error.to_string())
    };
    let head = "HEAD".try_into().expect("`HEAD` is a good name");
    let mut next = find(head)?;
    // A branch may be another name of a branch, but not endlessly.
    for _ in 0..5 {
        match next.map(|reference| reference.target) {
            // There is no commit yet.
            None => return Ok(None),
            Some(Target::Object(id)) => return Ok(Some(id.to_string())),
            Some(Target::Symbolic(name)) => next = find(name.as_ref().as_partial_name())?,
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_a_repository() {
        let directory = tempfile::tempdir().expect("a directory");
        for (config, sha256, reftable) in [
            ("", false, false),
            ("[core]\n\tbare = true\n", false, false),
            (
                "[core]\n[extensions]\n\tobjectformat = sha256\n",
                true,
                false,
            ),
            (
                "[Extensions] objectFormat=\"sha256\" # said once\n",
                true,
                false,
            ),
            ("[extensions]\nrefstorage = reftable\n", false, true),
            (
                "[extensions]\n[core]\nobjectFormat = sha256\n",
                false,
                false,
            ),
        ] {
            fs::write(directory.path().join("config"), config).expect("written");
            let format = Format::of(directory.path());
            assert_eq!(format.hash == gix_hash::Kind::Sha256, sha256, "{config}");
            assert_eq!(format.reftable, reftable, "{config}");
        }
    }
}
