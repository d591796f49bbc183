//! Which git commit the files of each place are at. Pure.

use std::sync::Arc;

use super::{Tool, WorkTree};

/// The commits that are checked out where files lie. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commits(Arc<[Of]>);

/// The commit of what lies at or below one place; the deepest place first.
#[derive(Debug, PartialEq, Eq)]
struct Of {
    place: String,
    commit: Option<Arc<str>>,
}

impl Commits {
    pub(super) fn of_trees(trees: &[WorkTree]) -> Self {
        let git = trees.iter().filter(|tree| tree.place.tool == Tool::Git);
        let mut all: Vec<Of> = git
            .map(|tree| Of {
                place: tree.place.shown.clone(),
                commit: tree.commit.clone(),
            })
            .collect();
        all.sort_by_key(|of| std::cmp::Reverse(of.place.len()));
        Self(all.into())
    }

    /// The commit of a file, by its path in reports; `None`: it is in no git work tree, or its commit can't be read.
    pub fn of(&self, file: &str) -> Option<Arc<str>> {
        let is_at = |place: &str| {
            let rest = file.strip_prefix(place);
            place.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let of = self.0.iter().find(|of| is_at(&of.place))?;
        of.commit.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::work_tree::Place;

    fn tree(shown: &str, tool: Tool, commit: Option<&str>) -> WorkTree {
        WorkTree {
            place: Place {
                shown: shown.into(),
                root: "/".into(),
                tool,
                kept: "/".into(),
            },
            commit: commit.map(Arc::from),
            busy: None,
            unseen: None,
        }
    }

    #[test]
    fn the_nearest_tree_counts() {
        let trees = [
            tree("", Tool::Git, Some("root")),
            tree("a", Tool::Git, Some("a")),
            tree("a/b", Tool::Git, None),
            tree("a/c", Tool::Jujutsu, None),
        ];
        let commits = Commits::of_trees(&trees);
        for (file, expected) in [
            ("x.yaml", Some("root")),
            ("ab/x.yaml", Some("root")),
            ("a.yaml", Some("root")),
            ("a", Some("a")),
            ("a/x.yaml", Some("a")),
            ("a/b/x.yaml", None),
            ("a/c/x.yaml", Some("a")),
        ] {
            assert_eq!(commits.of(file).as_deref(), expected, "{file}");
        }
        assert_eq!(Commits::default().of("x.yaml"), None);
    }
}
