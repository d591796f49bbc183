//! What is said of the folder: of each thing once, and again only when it changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tracing::{info, warn};

use super::{Daemon, STALE};
use crate::model::kind;
use crate::model::roots::why_lost;
use crate::source::problem::{FileState, Problem, told_singly, written_for_long};
use crate::source::scan::Scan;
use crate::source::work_tree::Busy;

impl Daemon {
    /// Says what is wrong with the files once, and again only when it changes.
    pub(super) fn tell(&mut self, scan: &Scan) {
        if scan.unclear != self.told_doubt {
            if let Some(why) = &scan.unclear {
                warn!(target: kind::DOUBT, "nothing is stopped: {why}");
            } else {
                info!(target: kind::DOUBT, "the directory can be read again");
            }
            self.told_doubt.clone_from(&scan.unclear);
        }
        for path in scan.written_for_long.difference(&self.told_written) {
            let note = written_for_long(self.in_flight.longest());
            let hint = hint(&note);
            warn!(target: kind::DOUBT, file = path, "{path}: {}{hint}", note.message);
        }
        self.told_written = Arc::clone(&scan.written_for_long);
        for lost in scan
            .lost
            .iter()
            .filter(|lost| !self.told_lost.contains(lost))
        {
            warn!(target: kind::DOUBT, "nothing that was in it is stopped: {}", why_lost(lost));
        }
        for back in self
            .told_lost
            .iter()
            .filter(|back| !scan.lost.contains(back))
        {
            info!(target: kind::DOUBT, "`{back}` is as it was, or meant");
        }
        self.told_lost = Arc::clone(&scan.lost);
        let now = (self.clock)();
        let is_stale = |busy: &&Busy| busy.since.is_some_and(|since| now - since > STALE);
        let stale = scan.work_trees.busy().find(is_stale);
        if stale.map(|busy| &busy.mark) != self.told_git.as_ref() {
            if let Some(busy) = stale {
                let (why, remedy) = (busy.why(), busy.remedy());
                warn!(target: kind::DOUBT, "nothing is stopped while {why}\nhint: {remedy}");
            } else {
                info!(target: kind::DOUBT, "git has finished: stops go on");
            }
            self.told_git = stale.map(|busy| busy.mark.clone());
        }
        let notes = scan.work_trees.notes();
        for note in notes.iter().filter(|note| !self.told_notes.contains(note)) {
            warn!("{}{}", note.message, hint(note));
        }
        self.told_notes = notes;
        let ignored = scan.files.iter();
        let ignored = ignored.filter(|file| file.state == FileState::Ignored);
        let mut passed_over = BTreeSet::new();
        for file in ignored {
            let Some(problem) = file.errors.first() else {
                continue;
            };
            let path = &file.path;
            if !self.told_passed_over.contains(path) {
                warn!(file = path, "{path}: {}{}", problem.message, hint(problem));
            }
            passed_over.insert(path.clone());
        }
        self.told_passed_over = passed_over;
        let invalid = scan
            .files
            .iter()
            .filter(|file| file.state == FileState::Invalid);
        let now: BTreeMap<String, Vec<Problem>> = invalid
            .filter(|file| !file.errors.iter().any(|problem| problem.passes))
            .map(|file| (file.path.clone(), file.errors.clone()))
            .collect();
        for (path, problems) in now
            .iter()
            .filter(|(path, problems)| self.told.get(*path) != Some(problems))
        {
            let (singly, more) = told_singly(problems, |problem| &problem.message);
            for problem in singly {
                let hint = hint(problem);
                warn!(
                    target: kind::INVALID_FILE,
                    file = path,
                    line = problem.line,
                    "{path}:{}:{}: {}{hint}",
                    problem.line, problem.column, problem.message
                );
            }
            for (count, first) in more {
                warn!(
                    target: kind::INVALID_FILE,
                    file = path,
                    line = first.line,
                    "{path}: and {count} more of this kind, as in line {}: {}",
                    first.line, first.message
                );
            }
        }
        for path in self.told.keys().filter(|path| !now.contains_key(*path)) {
            info!(target: kind::INVALID_FILE, file = path, "{path} is good again, or gone");
        }
        self.told = now;
    }
}

fn hint(problem: &Problem) -> String {
    let hint = problem.hint.as_deref();
    hint.map(|hint| format!("\nhint: {hint}"))
        .unwrap_or_default()
}
