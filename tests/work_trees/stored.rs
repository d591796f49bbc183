//! Repositories that are stored in newer ways than most.

use onced::source::parse::Defaults;
use onced::source::scan::Scanner;

use super::{commit, git, head, put};
use crate::process::{day, has};

/// Issue 19, 11: with SHA-256, also in a linked work tree; with reftable, it is said that the commit can't be read, and
/// git's marks count all the same.
#[test]
fn newer_formats_of_a_repository() {
    if !has("git") {
        return;
    }
    for (format, is_read) in [
        ("--object-format=sha256", true),
        ("--ref-format=reftable", false),
    ] {
        let home = tempfile::tempdir().expect("a directory");
        let (main, linked) = (home.path().join("main"), home.path().join("linked"));
        std::fs::create_dir(&main).expect("a directory");
        git(&main, &["init", "-b", "main", format]);
        put(&main, "a", &day(10));
        commit(&main, "a");
        git(&main, &["worktree", "add", "--detach", "../linked"]);
        for tree in [main, linked] {
            let mut scanner = Scanner::new(tree.clone(), Defaults::default());
            let scan = scanner.scan();
            let commit = scan.work_trees.commits().of("a.yaml");
            let expected = is_read.then(|| head(&tree, "HEAD"));
            assert_eq!(commit.as_deref(), expected.as_deref(), "{format}");
            let notes = scan.work_trees.notes();
            assert_eq!(notes.is_empty(), is_read, "{notes:?}");
            assert!(notes.iter().all(|note| note.message.contains("reftable")));
            assert_eq!(scan.doubt(), None);
            git(&tree, &["bisect", "start"]);
            let doubt = scanner.scan().doubt().unwrap_or_default();
            assert!(
                doubt.contains("a bisection is in progress"),
                "{format}: {doubt}"
            );
            git(&tree, &["bisect", "reset"]);
            assert_eq!(scanner.scan().doubt(), None);
        }
    }
}
