//! The result of a scan: what is asked for, what is wrong, and what is in doubt.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::model::cut::Cut;
use crate::model::entry::{Entry, EntryName};
use crate::model::roots::Directories;
use crate::model::zones::Zones;
use crate::source::conflict::Conflict;
use crate::source::doubt::{Doubt, Opaque, Pin};
use crate::source::problem::{FileReport, FileState};
use crate::source::work_tree::{Busy, WorkTrees};

/// What the schedule files ask for at one moment. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// What is asked for, by the files that are good.
    pub entries: Arc<BTreeMap<EntryName, Arc<Entry>>>,
    /// Those of them that an onced of before read in another way.
    pub twofold: Arc<[EntryName]>,
    /// Each file, by path.
    pub files: Arc<Vec<FileReport>>,
    /// Those of them that don't say what they ask for.
    pub opaque: Arc<Vec<Opaque>>,
    /// Entries in files that may be half written.
    pub cut: Arc<BTreeMap<EntryName, Cut>>,
    /// Why this scan proves no absence at all.
    pub unclear: Option<String>,
    /// The file that `unclear` is about, where that is one among `files` that says the same.
    pub unclear_file: Option<String>,
    /// Files that are being written: what they said before counts, and what is in no file may be meant for them.
    pub in_flight: Arc<BTreeSet<String>>,
    /// Files that have been written to for so long that they are taken as they are.
    pub written_for_long: Arc<BTreeSet<String>>,
    /// The device that the directory lies on, and its number there.
    pub identity: Option<(u64, u64)>,
    /// The directories that were walked.
    pub directories: Option<Arc<Directories>>,
    /// Directories that are not the ones that are remembered, and empty: they prove no absence of what was in them.
    pub lost: Arc<[String]>,
    /// Why a person must approve what this would stop: it is not the folder that the ledger was made for.
    pub strange: Option<String>,
    /// When it began, by the clock of whoever asked for it.
    pub begun: Option<DateTime<Utc>>,
    /// The work trees that the files lie in.
    pub work_trees: WorkTrees,
    /// What is not read, and may hold what is recorded.
    pub pins: Arc<Vec<Pin>>,
    /// A merge that is not finished.
    pub conflict: Option<Conflict>,
    /// The time zone rules by which local times were read.
    pub zones: Zones,
}

impl Scan {
    /// Why an entry that is not among `entries` may still be wanted; `None`: it is gone.
    pub fn mentions(&self, name: &EntryName, recorded_file: &str) -> Option<String> {
        self.evidence().of(name, recorded_file)
    }

    /// All that leaves room for doubt that an entry is gone.
    pub fn evidence(&self) -> Doubt {
        Doubt {
            whole: self.doubt(),
            lost: Arc::clone(&self.lost),
            opaque: Arc::clone(&self.opaque),
            pins: Arc::clone(&self.pins),
            files: Arc::clone(&self.files),
            of_these: None,
        }
    }

    /// The invalid file that may have an entry of this name, and why it may.
    pub fn in_invalid(&self, name: &EntryName) -> Option<String> {
        self.evidence().in_opaque(name, "")
    }

    /// Why this scan proves no absence at all: it could not see everything, git or its like is at work, or a merge is not finished.
    pub fn doubt(&self) -> Option<String> {
        let busy = self.work_trees.busy().next().map(Busy::why);
        let conflict = || self.conflict.as_ref().map(Conflict::why);
        let written = || {
            let written = self.in_flight.first();
            written.map(|path| format!("`{path}` is being written"))
        };
        self.unclear
            .clone()
            .or(busy)
            .or_else(conflict)
            .or_else(written)
    }

    /// Is any file invalid, and not only being written?
    pub fn has_problems(&self) -> bool {
        let passes = |file: &FileReport| file.errors.iter().all(|problem| problem.passes);
        self.files
            .iter()
            .any(|file| file.state == FileState::Invalid && !passes(file))
    }
}
