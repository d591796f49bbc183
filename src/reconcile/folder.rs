//! What a scan says once its directories are compared with what is remembered of them. Calls nobody, writes nothing.

use std::path::Path;

use super::Reconciler;
use crate::model::record::{Phase, Record};
use crate::model::records::Records;
use crate::model::roots::{Remembered, Running, Verdict, is_below};
use crate::source::scan::Scan;

/// The path by which a folder is known, whatever it leads to.
pub fn named(directory: &Path) -> String {
    let path = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    path.to_string_lossy().into_owned()
}

/// The scan of the folder named `path`, with the doubts that `remembered` adds to it; and what is to be remembered from now
/// on, where that is something else. Executions that are `let_go` may be stopped by a person's word.
pub fn judged(
    mut scan: Scan,
    path: &str,
    (remembered, records): (&Remembered, &Records),
    let_go: impl Fn(&Record) -> bool,
) -> (Scan, Option<Remembered>) {
    let Some(seen) = scan.directories.clone() else {
        return (scan, None);
    };
    let runs = |record: &&Record| match record.phase {
        Phase::Starting => record.in_doubt.is_some(),
        Phase::Running => true,
        Phase::Stopping | Phase::Stopped | Phase::Ended => false,
    };
    let running = || {
        let mut running = Running::default();
        for record in records.values().filter(runs) {
            if scan.entries.contains_key(&record.name) {
                running.asked_for += 1;
            } else if !let_go(record) {
                running.left += 1;
            }
        }
        running
    };
    let verdict = remembered.judge(path, &seen, running);
    let mut lost: Vec<String> = remembered
        .lost(path, &seen)
        .map(str::to_owned)
        .collect();
    if !lost.is_empty() {
        let gone = |record: &&Record| !scan.entries.contains_key(&record.name) && !let_go(record);
        let gone: Vec<&Record> = records.values().filter(runs).filter(gone).collect();
        lost.retain(|lost| gone.iter().any(|record| is_below(&record.file, lost)));
    }
    let is_whole = scan.doubt().is_none();
    let after = match is_whole {
        true => remembered.after(path, &seen, &verdict, &lost),
        false => None,
    };
    scan.lost = lost.into();
    match verdict {
        Verdict::Fine => {}
        Verdict::Doubt(doubt) => {
            scan.unclear.get_or_insert_with(|| doubt.why(path));
        }
        Verdict::Strange(strange) => scan.strange = Some(strange.why(path)),
    }
    (scan, after)
}

impl Reconciler {
    /// The same, with what this one knows.
    pub fn judged(&self, scan: Scan, path: &str) -> (Scan, Option<Remembered>) {
        let remembered = self.hands.ledger.remembered();
        let known = (&*remembered, &self.desk.records);
        judged(scan, path, known, |record| {
            self.flights.stops(&record.name)
                || !self.approved.is_empty() && self.approved.contains(&record.execution_arn())
        })
    }
}
