//! The operations of version control systems that may stand half-way in a work tree, each with its remedy.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::model::entry::instant;

/// What a tool is in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A command of git's.
    GitCommand,
    /// `git rebase`.
    Rebase,
    /// `git am`.
    Mail,
    /// `git merge`.
    Merge,
    /// `git cherry-pick`.
    CherryPick,
    /// `git revert`.
    Revert,
    /// A cherry-pick of several commits, between two of them.
    CherryPicks,
    /// A revert of several commits, between two of them.
    Reverts,
    /// `git bisect`.
    Bisection,
    /// `git merge --squash`, before its commit.
    SquashedMerge,
    /// A conflict of another command, such as `git stash pop`.
    Unmerged,
    /// Another commit came while the files were read.
    CheckedOut,
    /// A command of Mercurial's.
    HgCommand,
    /// `hg merge`.
    HgMerge,
    /// A conflict of another command, such as `hg update`.
    HgUnresolved,
    /// `hg update`, which was cut off.
    HgUpdate,
    /// `hg graft`.
    HgGraft,
    /// `hg rebase`.
    HgRebase,
    /// `hg histedit`.
    HgHistedit,
    /// `hg unshelve`.
    HgUnshelve,
    /// `hg transplant`.
    HgTransplant,
    /// `hg bisect`.
    HgBisection,
    /// A command of Jujutsu's.
    JjCommand,
}

impl Operation {
    /// In words.
    fn what(self) -> &'static str {
        match self {
            Self::GitCommand => "a git command is at work",
            Self::Rebase | Self::HgRebase => "a rebase is in progress",
            Self::Mail => "`git am` is in progress",
            Self::Merge | Self::HgMerge => "a merge is in progress",
            Self::CherryPick | Self::CherryPicks => "a cherry-pick is in progress",
            Self::Revert | Self::Reverts => "a revert is in progress",
            Self::Bisection | Self::HgBisection => "a bisection is in progress",
            Self::SquashedMerge => "a squashed merge is not committed yet",
            Self::Unmerged | Self::HgUnresolved => "a conflict is not resolved",
            Self::CheckedOut => "another commit was checked out while the files were read",
            Self::HgCommand => "an hg command is at work",
            Self::HgUpdate => "an `hg update` was cut off",
            Self::HgGraft => "a graft is in progress",
            Self::HgHistedit => "a histedit is in progress",
            Self::HgUnshelve => "an unshelve is in progress",
            Self::HgTransplant => "a transplant is in progress",
            Self::JjCommand => "a jj command is at work",
        }
    }

    /// What helps where it stays.
    fn remedy(self) -> &'static str {
        match self {
            Self::GitCommand => "if no git command runs, one was cut off: remove that file",
            Self::Rebase => "`git rebase --continue`, or `git rebase --abort`",
            Self::Mail => "`git am --continue`, or `git am --abort`",
            Self::Merge => "`git merge --continue`, or `git merge --abort`",
            Self::CherryPick => "`git cherry-pick --continue`, or `git cherry-pick --abort`",
            Self::Revert => "`git revert --continue`, or `git revert --abort`",
            Self::CherryPicks => {
                "`git cherry-pick --continue`; or `git cherry-pick --quit`, which keeps what was picked"
            }
            Self::Reverts => {
                "`git revert --continue`; or `git revert --quit`, which keeps what was reverted"
            }
            Self::Bisection => "`git bisect reset`",
            Self::SquashedMerge => "`git commit`, or `git reset --merge`, which gives it up",
            Self::Unmerged => {
                "resolve it, then `git add`; or `git reset --merge`, which gives it up"
            }
            Self::CheckedOut => "nothing: the files are read again",
            Self::HgCommand => {
                "if no hg command runs, one was cut off: `hg debuglocks --force-free-wlock`"
            }
            Self::HgMerge => "`hg commit`, or `hg merge --abort`",
            Self::HgUnresolved => "`hg resolve --mark`, then `hg commit`; or `hg update --clean .`",
            Self::HgUpdate => "`hg update .`",
            Self::HgGraft => "`hg graft --continue`, or `hg graft --abort`",
            Self::HgRebase => "`hg rebase --continue`, or `hg rebase --abort`",
            Self::HgHistedit => "`hg histedit --continue`, or `hg histedit --abort`",
            Self::HgUnshelve => "`hg unshelve --continue`, or `hg unshelve --abort`",
            Self::HgTransplant => "`hg transplant --continue`, or `hg transplant --stop`",
            Self::HgBisection => "`hg bisect --reset`",
            Self::JjCommand => "if no jj command runs, one was cut off: `jj status` tidies up",
        }
    }
}

/// An operation that is under way in a work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    /// What shows it.
    pub mark: PathBuf,
    /// Which.
    pub what: Operation,
    /// Since when, by the file system's clock.
    pub since: Option<DateTime<Utc>>,
}

impl Busy {
    /// The operation whose mark is this path, if it is there. A link counts as what it is: locks may be links to nowhere.
    pub(super) fn by(mark: &Path, what: Operation) -> Option<Self> {
        let metadata = fs::symlink_metadata(mark).ok()?;
        Some(Self {
            mark: mark.to_owned(),
            what,
            since: metadata.modified().ok().map(DateTime::<Utc>::from),
        })
    }

    /// Why nothing is stopped meanwhile.
    pub fn why(&self) -> String {
        let (what, mark) = (self.what.what(), self.mark.display());
        match self.since {
            Some(since) => format!("{what}: `{mark}` is there since {}", instant(since)),
            None => what.to_owned(),
        }
    }

    /// What helps where it stays.
    pub fn remedy(&self) -> &'static str {
        self.what.remedy()
    }
}
