//! What Mercurial is in the middle of in a work tree.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::busy::{Busy, Operation};

/// What stands in `.hg` until an operation is over: the lock of the working copy, and the state files that `hg status`
/// reports as unfinished. Tried with Mercurial 6.3.
const MARKS: &[(&str, Operation)] = &[
    ("wlock", Operation::HgCommand),
    ("graftstate", Operation::HgGraft),
    ("rebasestate", Operation::HgRebase),
    ("histedit-state", Operation::HgHistedit),
    ("shelvedstate", Operation::HgUnshelve),
    ("transplant/journal", Operation::HgTransplant),
    ("updatestate", Operation::HgUpdate),
    ("bisect.state", Operation::HgBisection),
];

/// What is under way in the work tree with this `.hg`.
pub(super) fn busy(hg: &Path) -> Option<Busy> {
    let mut marks = MARKS.iter();
    marks
        .find_map(|(name, what)| Busy::by(&hg.join(name), *what))
        .or_else(|| {
            let merges = has_two_parents(&hg.join("dirstate"));
            let mark = Busy::by(&hg.join("dirstate"), Operation::HgMerge);
            mark.filter(|_| merges)
        })
        .or_else(|| Busy::by(&hg.join("merge/state2"), Operation::HgUnresolved))
}

/// Has what will be committed two parents? The file begins with both, behind a line of its own in its second version.
fn has_two_parents(dirstate: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(dirstate).and_then(|file| file.take(76).read_to_end(&mut head));
    if read.is_err() {
        return false;
    }
    let second = match head.strip_prefix(b"dirstate-v2\n") {
        Some(parents) => parents.get(32..64),
        None => head.get(20..40),
    };
    second.is_some_and(|parent| parent.iter().any(|byte| *byte != 0))
}
