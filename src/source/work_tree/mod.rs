//! Work trees of Git, Mercurial and Jujutsu, that which the directory lies in and those below it: at which commit each is, and
//! whether its tool is at work in it. Only reads what those tools write; never runs one, never waits for one.

mod around;
mod busy;
mod commits;
mod git;
mod jujutsu;
mod mercurial;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) use around::{around, enclosing};
pub use busy::{Busy, Operation};
pub use commits::Commits;

use super::problem::{Problem, of_the_whole};

/// A version control system whose work trees are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// Git.
    Git,
    /// Mercurial.
    Mercurial,
    /// Jujutsu.
    Jujutsu,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Git, Self::Mercurial, Self::Jujutsu];

    /// Its command.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Mercurial => "hg",
            Self::Jujutsu => "jj",
        }
    }

    /// The name of what it keeps at the root of each work tree.
    pub fn keeps(self) -> &'static str {
        match self {
            Self::Git => ".git",
            Self::Mercurial => ".hg",
            Self::Jujutsu => ".jj",
        }
    }

    /// The tool that keeps something under this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.keeps() == name)
    }
}

/// Is there a name that a version control system keeps to itself on this way?
pub fn is_kept(path: &Path) -> bool {
    path.iter()
        .any(|name| name.to_str().is_some_and(|name| Tool::of(name).is_some()))
}

/// The place of a work tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    /// The directory or file below the watched directory whose entries are in this tree, as files are shown in reports;
    /// empty: the watched directory itself lies in it.
    pub(super) shown: String,
    /// The tree's root.
    pub(super) root: PathBuf,
    /// Whose it is.
    pub(super) tool: Tool,
    /// What that tool keeps: `.git`, a git directory that is configured, `.hg` or `.jj`.
    pub(super) kept: PathBuf,
}

/// What could not be seen of a work tree. No doubt: it may stay so for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    what: Hidden,
    /// What can't be read.
    path: PathBuf,
    /// The system's reason.
    why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hidden {
    /// Whether the tool is at work, and at which commit the tree is.
    All,
    /// The same, of the directory that `git_dir` names.
    Configured,
    /// At which commit the tree is.
    Commit,
}

impl Unseen {
    /// What is not seen, and why.
    pub fn message(&self) -> String {
        let (path, why) = (self.path.display(), &self.why);
        match self.what {
            Hidden::All | Hidden::Configured => format!(
                "`{path}` can't be looked into: {why}: it is not seen when a command is at work there, and no commit is recorded"
            ),
            Hidden::Commit => {
                format!(
                    "`{path}` does not say which commit is checked out: {why}: none is recorded"
                )
            }
        }
    }

    /// What a person may do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self.what {
            Hidden::All => Some(
                "let the user that runs onced enter and read it, or keep the schedule files outside of that work tree",
            ),
            Hidden::Configured => Some(
                "let `git_dir` name the directory that holds `HEAD`, readable to the user that runs onced",
            ),
            Hidden::Commit => None,
        }
    }
}

/// A work tree at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkTree {
    pub(super) place: Place,
    /// The git commit that is checked out, in hex; `None` where there is none yet, or it can't be read.
    pub commit: Option<Arc<str>>,
    /// What its tool is in the middle of.
    pub busy: Option<Busy>,
    /// What could not be seen of it.
    pub unseen: Option<Unseen>,
}

impl WorkTree {
    /// The tree at this place, now.
    pub(super) fn look(place: &Place) -> Self {
        let place = place.clone();
        let bare = Self {
            place,
            commit: None,
            busy: None,
            unseen: None,
        };
        let kept = &bare.place.kept;
        match bare.place.tool {
            Tool::Git => match git::look(kept) {
                Ok(seen) => Self {
                    commit: seen.commit,
                    busy: seen.busy,
                    unseen: seen.unseen,
                    ..bare
                },
                Err((path, error)) => {
                    let is_own = kept.ends_with(".git");
                    let what = if is_own {
                        Hidden::All
                    } else {
                        Hidden::Configured
                    };
                    Self {
                        unseen: Some(Unseen {
                            what,
                            path,
                            why: error.to_string(),
                        }),
                        ..bare
                    }
                }
            },
            tool => match fs::metadata(kept.join(".")) {
                Ok(_) => Self {
                    busy: match tool {
                        Tool::Mercurial => mercurial::busy(kept),
                        _ => jujutsu::busy(kept),
                    },
                    ..bare
                },
                Err(error) => Self {
                    unseen: Some(Unseen {
                        what: Hidden::All,
                        path: kept.clone(),
                        why: error.to_string(),
                    }),
                    ..bare
                },
            },
        }
    }

    /// The tree's root.
    pub fn root(&self) -> &Path {
        &self.place.root
    }

    /// What may be said of files that were read between `before` and this.
    fn since(mut self, before: &Self) -> Self {
        let moved = before.commit != self.commit;
        self.busy = self.busy.or_else(|| before.busy.clone()).or_else(|| {
            moved.then(|| Busy {
                mark: self.place.kept.clone(),
                what: Operation::CheckedOut,
                since: None,
            })
        });
        self
    }
}

/// All work trees that schedule files may lie in, at one moment. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkTrees(Arc<[WorkTree]>);

impl WorkTrees {
    /// The trees at these places, now.
    pub(super) fn look(places: &[Place]) -> Self {
        Self(places.iter().map(WorkTree::look).collect())
    }

    /// The same trees after files were read, of which `self` is what was seen before: what happened in between counts as
    /// being at work.
    pub(super) fn after(&self) -> Self {
        let now = self.0.iter();
        Self(
            now.map(|before| WorkTree::look(&before.place).since(before))
                .collect(),
        )
    }

    /// The same trees, with what was going on in them a scan ago: files still count as they were then.
    pub(super) fn still(&self, before: &Self) -> Self {
        let was_busy = |tree: &WorkTree| {
            let mut before = before.0.iter();
            before.any(|before| before.place == tree.place && before.busy.is_some())
        };
        let now = self.0.iter().cloned().map(|tree| {
            let ended = tree.busy.is_none() && was_busy(&tree);
            let busy = ended.then(|| Busy {
                mark: tree.place.kept.clone(),
                what: Operation::CheckedOut,
                since: None,
            });
            WorkTree {
                busy: tree.busy.clone().or(busy),
                ..tree
            }
        });
        Self(now.collect())
    }

    /// What is going on in any of them. One that is at work holds the stops of the whole plan: what is missing here may be
    /// on its way from there.
    pub fn busy(&self) -> impl Iterator<Item = &Busy> {
        self.0.iter().filter_map(|tree| tree.busy.as_ref())
    }

    /// Is something going on in one of them now? Looks again.
    pub fn are_busy_now(&self) -> bool {
        let mut trees = self.0.iter();
        trees.any(|tree| WorkTree::look(&tree.place).busy.is_some())
    }

    /// The commit of each.
    pub fn commits(&self) -> Commits {
        Commits::of_trees(&self.0)
    }

    /// What is not seen of them.
    pub fn notes(&self) -> Vec<Problem> {
        let unseen = self.0.iter().filter_map(|tree| tree.unseen.as_ref());
        unseen
            .map(|unseen| of_the_whole(unseen.message(), unseen.hint().map(str::to_owned)))
            .collect()
    }
}

/// The roots of the work trees that a resolved directory lies in, and whose they are.
pub fn roots_around(directory: &Path) -> Vec<(Tool, PathBuf)> {
    let places = around(directory, None).into_iter();
    places.map(|place| (place.tool, place.root)).collect()
}
