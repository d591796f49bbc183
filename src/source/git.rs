//! The git work tree that the directory lies in, if it does: at which commit it is, and whether git is at work in it. Only
//! reads what git writes; never runs git, never waits for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use gix_ref::{Target, file::Store};

use crate::model::entry::instant;

/// What stands in a repository while git is in the middle of something, and what that is. `index.lock` is there for the
/// moment of a command; the others until a person goes on or gives up
/// (<https://git-scm.com/docs/gitrepository-layout>).
const MARKS: &[(&str, &str)] = &[
    ("index.lock", "a git command is at work"),
    ("rebase-merge", "a rebase is in progress"),
    ("rebase-apply", "a rebase is in progress"),
    ("MERGE_HEAD", "a merge is in progress"),
    ("CHERRY_PICK_HEAD", "a cherry-pick is in progress"),
    ("REVERT_HEAD", "a revert is in progress"),
    ("BISECT_START", "a bisection is in progress"),
];

/// A git work tree at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// The work tree's root.
    pub root: PathBuf,
    /// The commit that is checked out, in hex; `None` where there is none yet, or it can't be read.
    pub commit: Option<Arc<str>>,
    /// What git is in the middle of.
    pub busy: Option<Busy>,
}

impl Tree {
    /// What may be said of files that were read between `before` and this.
    pub(super) fn since(mut self, before: Option<Self>) -> Self {
        let Some(before) = before else {
            return self;
        };
        let moved = before.commit != self.commit;
        self.busy = self.busy.or(before.busy).or_else(|| {
            moved.then(|| Busy {
                mark: self.root.join(".git"),
                what: "another commit was checked out while the files were read",
                since: None,
            })
        });
        self
    }
}

/// See [`Tree::busy`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    /// What stands there.
    pub mark: PathBuf,
    /// What that means.
    what: &'static str,
    /// Since when, by the file system's clock.
    pub since: Option<DateTime<Utc>>,
}

impl Busy {
    /// Why nothing is stopped meanwhile.
    pub fn why(&self) -> String {
        let mark = self.mark.display();
        match self.since {
            Some(since) => format!("{}: `{mark}` is there since {}", self.what, instant(since)),
            None => self.what.to_owned(),
        }
    }

    /// What helps where it stays.
    pub fn remedy(&self) -> &'static str {
        if self.mark.ends_with("index.lock") {
            "if no git command runs, one was cut off: remove that file"
        } else {
            "finish it, or give it up with git's `--abort`"
        }
    }
}

/// Is git in the middle of something in the work tree that this directory lies in?
pub fn is_busy(directory: &Path) -> bool {
    let resolved = fs::canonicalize(directory);
    let tree = resolved.ok().and_then(|directory| look(&directory));
    tree.is_some_and(|tree| tree.busy.is_some())
}

/// The work tree that a resolved directory lies in.
pub fn look(directory: &Path) -> Option<Tree> {
    let (found, _) = gix_discover::upwards(directory).ok()?;
    let (repository, root) = found.into_repository_and_work_tree_directories();
    let root = root?;
    let common = common(&repository);
    let busy = MARKS.iter().find_map(|(name, what)| {
        let mark = repository.join(name);
        let metadata = fs::symlink_metadata(&mark).ok()?;
        let since = metadata.modified().ok().map(DateTime::<Utc>::from);
        Some(Busy { mark, what, since })
    });
    let hash = gix_hash::Kind::default();
    let store = match common {
        Some(common) => Store::for_linked_worktree(repository, common, hash),
        None => Store::at(repository, hash),
    };
    Some(Tree {
        root,
        commit: commit(&store).map(Arc::from),
        busy,
    })
}

/// Where a linked work tree's branches are.
fn common(repository: &Path) -> Option<PathBuf> {
    gix_discover::path::from_plain_file_relative_to_file(&repository.join("commondir"))?.ok()
}

fn commit(store: &Store) -> Option<String> {
    let mut target = store.try_find("HEAD").ok()??.target;
    // A branch may be another name of a branch, but not endlessly.
    for _ in 0..5 {
        match target {
            Target::Object(id) => return Some(id.to_string()),
            Target::Symbolic(name) => target = store.try_find(name.as_ref()).ok()??.target,
        }
    }
    None
}
