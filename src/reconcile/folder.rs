//! What a scan says once its directories are compared with what is remembered of them. Calls nobody, writes nothing.

use std::path::Path;

use super::Reconciler;
use crate::model::entry::EntryName;
use crate::model::record::{Phase, Record};
use crate::model::records::Records;
use crate::model::roots::{Remembered, Running, Verdict, is_below};
use crate::source::scan::Scan;

/// The path by which a folder is known, whatever it leads to.
pub fn named(directory: &Path) -> String {
    let path = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    path.to_string_lossy().into_owned()
}

/// What a scan is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// What is remembered of the folder.
    pub remembered: &'a Remembered,
    /// What is recorded.
    pub records: &'a Records,
    /// Entries that are being started: their records may come while this scan counts.
    pub starting: &'a [&'a EntryName],
    /// What was recorded when a strange folder was seen first, as long as not all of its files could be read.
    pub at_first: Option<&'a Records>,
}

/// The scan of the folder named `path`, with the doubts that what is known adds to it; and what is to be remembered from now
/// on, where that is something else. Executions that are `let_go` may be stopped by a person's word.
pub fn judged(
    mut scan: Scan,
    path: &str,
    known: Known<'_>,
    let_go: impl Fn(&Record) -> bool,
) -> (Scan, Option<Remembered>) {
    let Known {
        remembered,
        records,
        starting,
        at_first,
    } = known;
    let Some(seen) = scan.directories.clone() else {
        return (scan, None);
    };
    let runs = |record: &&Record| match record.phase {
        Phase::Starting => record.in_doubt.is_some(),
        Phase::Running => true,
        Phase::Stopping | Phase::Stopped | Phase::Ended => false,
    };
    let is_counted = |name: &EntryName| records.get(name).is_some_and(|record| runs(&record));
    let starting = starting.iter();
    let starting = starting.filter(|name| !scan.entries.contains_key(**name) && !is_counted(name));
    let starting = starting.count();
    let ran_at_first = |record: &Record| {
        let ran = |first: &Records| first.get(&record.name).is_some_and(|first| runs(&first));
        at_first.is_none_or(ran)
    };
    let running = || {
        let mut running = Running {
            asked_for: 0,
            left: starting,
            at_first: at_first.is_some(),
        };
        for record in records.values().filter(runs) {
            if scan.entries.contains_key(&record.name) {
                running.asked_for += usize::from(ran_at_first(record));
            } else if !let_go(record) {
                running.left += 1;
            }
        }
        running
    };
    let verdict = remembered.judge(path, &seen, running);
    let mut lost: Vec<String> = remembered.lost(path, &seen).map(str::to_owned).collect();
    // In which file an entry is that is being started is recorded later.
    if !lost.is_empty() && starting == 0 {
        let gone = |record: &&Record| !scan.entries.contains_key(&record.name) && !let_go(record);
        let gone: Vec<&Record> = records.values().filter(runs).filter(gone).collect();
        lost.retain(|lost| gone.iter().any(|record| is_below(&record.file, lost)));
    }
    // That it is strange is noted whatever else is in doubt: what is started from it meanwhile would make it familiar.
    let is_noted = scan.doubt().is_none() || matches!(verdict, Verdict::Strange(_));
    let after = is_noted.then(|| remembered.after(path, &seen, &verdict, &lost));
    let after = after.flatten();
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
    pub fn judged(&mut self, scan: Scan, path: &str) -> (Scan, Option<Remembered>) {
        if !self.policy.rules.folder {
            return (scan, None);
        }
        let remembered = self.hands.ledger.remembered();
        let starting: Vec<&EntryName> = self.flights.starting().collect();
        let known = Known {
            remembered: &remembered,
            records: &self.desk.records,
            starting: &starting,
            at_first: self.at_first.as_ref(),
        };
        let is_first = remembered.strange.is_none();
        let (mut scan, after) = judged(scan, path, known, |record| {
            self.flights.stops(&record.name)
                || !self.approved.is_empty() && self.approved.contains(&record.execution_arn())
        });
        if !self.policy.rules.strange {
            scan.strange = None;
        }
        // Whether it asks for what runs is not known before each of its files says so.
        let is_open = scan.doubt().is_some() || scan.has_problems() || !scan.in_flight.is_empty();
        if scan.strange.is_none() || !is_open {
            self.at_first = None;
        } else if is_first {
            self.at_first = Some(self.desk.records.clone());
        }
        (scan, after)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::entry::sample;
    use crate::model::name::Owner;
    use crate::model::roots::{Directories, Directory, Folder, Identity};

    fn empty(inode: u64) -> Scan {
        let identity = Identity {
            device: 1,
            inode,
            born: None,
        };
        let root = Directory {
            identity,
            is_deleted: false,
            holds_files: false,
        };
        let below = [(
            "team".to_owned(),
            Directory {
                identity: Identity {
                    inode: 90,
                    ..identity
                },
                ..root
            },
        )];
        Scan {
            directories: Some(Arc::new(Directories {
                root,
                below: below.into(),
            })),
            ..Scan::default()
        }
    }

    fn remembered() -> Remembered {
        let root = empty(10).directories.expect("some").root.identity;
        Remembered {
            folder: Some(Folder {
                path: "/a".into(),
                root,
            }),
            directories: [("team".into(), Identity { inode: 11, ..root })].into(),
            strange: None,
        }
    }

    /// A start that is under way has no record yet; it will have one before the next scan.
    #[test]
    fn what_is_being_started_is_at_stake() {
        let (remembered, records) = (remembered(), Records::default());
        let name = sample("e").name;
        let judged = |inode, starting: &[&EntryName]| {
            let known = Known {
                remembered: &remembered,
                records: &records,
                starting,
                at_first: None,
            };
            judged(empty(inode), "/a", known, |_| false).0
        };
        assert_eq!(judged(20, &[]).unclear, None);
        let why = judged(20, &[&name]).unclear.expect("a doubt");
        assert!(why.contains("another directory than before"), "{why}");
        // The same root, another directory below.
        assert!(judged(10, &[]).lost.is_empty());
        assert_eq!(*judged(10, &[&name]).lost, ["team".to_owned()]);
    }

    /// What was in a directory that is lost is in doubt, and nothing else.
    #[test]
    fn a_lost_directory_counts_as_long_as_something_ran_from_it() {
        let remembered = remembered();
        let owner = Owner::parse("test").expect("an owner");
        let (entry, begun) = (sample("e"), sample("e").at());
        let record = Record::starting(&owner, &entry, None, begun).in_phase(Phase::Running, begun);
        for (file, phase, lost) in [
            ("team/a.yaml", Phase::Running, 1),
            ("team/a.yaml", Phase::Stopping, 0),
            ("a.yaml", Phase::Running, 0),
        ] {
            let record = Record {
                file: file.into(),
                phase,
                ..record.clone()
            };
            let records: Records = [record].into_iter().collect();
            let known = Known {
                remembered: &remembered,
                records: &records,
                starting: &[],
                at_first: None,
            };
            let (scan, after) = judged(empty(10), "/a", known, |_| false);
            assert_eq!(scan.lost.len(), lost, "{file} {phase:?}");
            // It stays remembered as long as it counts.
            let kept = after.unwrap_or_else(|| remembered.clone()).directories;
            assert_eq!(kept.len(), lost, "{file} {phase:?}");
        }
    }

    /// A folder whose file is still being written when it is seen first asks for what runs a moment later; what was started
    /// from it meanwhile is no reason.
    #[test]
    fn a_file_that_could_not_be_read_at_first_may_ask_for_what_runs() {
        let owner = Owner::parse("test").expect("an owner");
        let record = |name: &str| {
            let (entry, begun) = (sample(name), sample(name).at());
            Record::starting(&owner, &entry, None, begun).in_phase(Phase::Running, begun)
        };
        let first: Records = [record("old"), record("other")].into_iter().collect();
        let now: Records = ["old", "other", "new"].map(record).into_iter().collect();
        let remembered = Remembered {
            strange: Some(Folder {
                path: "/b".into(),
                root: remembered().folder.expect("one").root,
            }),
            ..remembered()
        };
        let rows = [
            (&["new"][..], Some(&first), true),
            (&["new", "old"], Some(&first), false),
            // After a restart nobody knows what was there first.
            (&["new", "old"], None, true),
        ];
        for (asked, at_first, strange) in rows {
            let entries = asked.iter().map(|name| sample(name));
            let entries = entries.map(|entry| (entry.name.clone(), Arc::new(entry)));
            let mut scan = empty(30);
            scan.entries = Arc::new(entries.collect());
            let mut seen = (*scan.directories.clone().expect("some")).clone();
            seen.root.holds_files = true;
            scan.directories = Some(Arc::new(seen));
            let known = Known {
                remembered: &remembered,
                records: &now,
                starting: &[],
                at_first,
            };
            let (scan, _) = judged(scan, "/b", known, |_| false);
            assert_eq!(scan.strange.is_some(), strange, "{asked:?}");
        }
    }
}
