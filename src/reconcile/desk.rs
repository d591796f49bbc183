//! What a plan is made from: what is desired, what is recorded, and since when entries are gone. Calls nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::model::brake::{Brake, HeldBy, Holds};
use crate::model::cut::{Changes, Cut};
use crate::model::entry::{Entry, EntryName};
use crate::model::name::Fingerprint;
use crate::model::plan::{Plan, Policy, Sight, Want, Wanted};
use crate::model::readings;
use crate::model::records::Records;
use crate::model::zones::Zones;
use crate::source::conflict::Conflict;
use crate::source::doubt::Doubt;
use crate::source::scan::Scan;
use crate::source::work_tree::{Busy, Commits};

/// What the source says of one moment, in the planner's words.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    /// What is asked for.
    pub entries: Arc<BTreeMap<EntryName, Arc<Entry>>>,
    /// Those of them that have two readings.
    pub twofold: Arc<[EntryName]>,
    /// The files that are being written: what is asked for there is what they said before.
    pub in_flight: Arc<BTreeSet<String>>,
    /// Those of them in files that may be half written.
    pub cut: Arc<BTreeMap<EntryName, Cut>>,
    /// Why an entry that is not among them may be wanted all the same. Asked of each record when it is planned: some are
    /// written only then.
    pub doubt: Doubt,
    /// Something of the source could not be understood: what is not among `entries` may be wanted all the same.
    pub in_doubt: bool,
    /// What holds steps of the whole plan.
    pub brakes: Vec<Brake>,
    /// The git commits that were checked out, by the place of the files.
    pub commits: Commits,
    /// When it was looked at; `None`: just now.
    pub seen: Option<DateTime<Utc>>,
    /// The time zone rules by which local times were read.
    pub zones: Zones,
}

impl Desired {
    /// What a scan asks for, and what it leaves in doubt.
    pub fn of(scan: &Scan) -> Self {
        let doubt = scan.evidence();
        let mut desired = Self {
            entries: Arc::clone(&scan.entries),
            twofold: Arc::clone(&scan.twofold),
            cut: Arc::clone(&scan.cut),
            in_flight: Arc::clone(&scan.in_flight),
            in_doubt: doubt.is_any(),
            doubt,
            seen: scan.begun,
            zones: scan.zones.clone(),
            ..Self::default()
        };
        desired
            .brakes
            .extend(scan.strange.as_ref().map(|why| Brake {
                why: why.clone(),
                by: HeldBy::Guard,
                holds: Holds::Unapproved,
                until: None,
            }));
        desired.commits = scan.work_trees.commits();
        let busy = scan.work_trees.busy().map(Busy::why);
        let half_way = busy.chain(scan.conflict.as_ref().map(Conflict::why));
        desired.brakes.extend(half_way.map(|why| Brake {
            why,
            by: HeldBy::Git,
            holds: Holds::NewStops,
            until: None,
        }));
        desired
    }

    /// Gives each entry the reading that counts by these records, and by the contents that run without one.
    pub fn choose(&mut self, records: &Records, unrecorded: impl IntoIterator<Item = Fingerprint>) {
        if !self.twofold.is_empty() {
            readings::choose(&mut self.entries, &self.twofold, records, unrecorded);
        }
    }

    /// Is there a reason to do nothing at all?
    pub(super) fn holds_everything(&self) -> bool {
        let everything = |brake: &Brake| brake.holds == Holds::Everything;
        self.brakes.iter().any(everything)
    }
}

/// The records in memory, and since when entries are gone: what a plan is made from, beside what is desired.
#[derive(Debug, Default)]
pub struct Desk {
    /// What is recorded.
    pub records: Records,
    /// Since when entries are gone, and the version that the file they were in had then.
    gone_since: BTreeMap<EntryName, (DateTime<Utc>, Option<u64>)>,
    /// Whose execution may run, and whom no scan of this process has shown; `None`: there was no scan yet.
    never_seen: Option<BTreeSet<EntryName>>,
    /// git or its like was at work in the folder when it was last looked at, or since.
    pub(super) at_work: bool,
    changes: Changes,
}

impl Desk {
    /// A desk with these records.
    pub fn new(records: Records) -> Self {
        Self {
            records,
            gone_since: BTreeMap::new(),
            never_seen: None,
            at_work: false,
            changes: Changes::default(),
        }
    }

    /// Nothing recorded lies in the future, unless the clock was set back: waits that began then begin now. They get longer
    /// by it, never shorter, and never endless.
    pub(super) fn not_after(&mut self, now: DateTime<Utc>) {
        self.records.change(
            |record| record.is_after(now),
            |record| record.not_after(now),
        );
        for (since, _) in self.gone_since.values_mut() {
            *since = now.min(*since);
        }
        self.changes.not_after(now);
    }

    /// Every wait that is known to this process alone begins now.
    pub(super) fn begin_waits(&mut self, now: DateTime<Utc>) {
        for since in self.gone_since.values_mut() {
            since.0 = now;
        }
        self.changes.begin(now);
    }

    /// The plan for `now`. Notes which entries are seen gone for the first time.
    pub fn plan(
        &mut self,
        desired: &Desired,
        sight: impl Fn(&Wanted<'_>) -> Sight,
        policy: &Policy,
        brakes: &[Brake],
        now: DateTime<Utc>,
    ) -> Plan {
        let mut wants: Vec<Wanted<'_>> = Vec::with_capacity(desired.entries.len());
        let mut unsettled: BTreeMap<&EntryName, DateTime<Utc>> = BTreeMap::new();
        self.gone_since
            .retain(|name, _| !desired.entries.contains_key(name));
        // What git leaves may be followed by its next command: what is gone after the last one has been so since then alone.
        let at_work = brakes.iter().any(|brake| brake.by == HeldBy::Git);
        if std::mem::replace(&mut self.at_work, at_work) && !at_work {
            for since in self.gone_since.values_mut() {
                since.0 = now;
            }
        }
        let is_first = self.never_seen.is_none();
        let never_seen = self.never_seen.get_or_insert_default();
        never_seen.retain(|name| !desired.entries.contains_key(name));
        for (name, entry, record) in self.records.beside(&desired.entries) {
            let want = if let Some(entry) = entry {
                let cut = desired.cut.get(name).copied();
                let until = self.changes.until(entry, cut, record, policy, now);
                unsettled.extend(until.map(|until| (name, until)));
                Want::Present(entry)
            } else if let Some(why) = record.and_then(|record| {
                if is_first && record.is_live() {
                    never_seen.insert(name.clone());
                }
                let never_seen = || {
                    let is = never_seen.contains(name);
                    is.then(|| desired.doubt.of_never_seen(record.since))
                        .flatten()
                };
                let doubt = desired.doubt.of(name, &record.file);
                doubt.or_else(never_seen)
            }) {
                self.gone_since.remove(name);
                let left = record.is_some_and(|record| desired.doubt.has_left(&record.file));
                if left {
                    Want::Left(why)
                } else {
                    Want::Unclear(why)
                }
            } else {
                // A file that goes on changing may be about to bring it back: then it is gone only since the last change.
                let version = record.and_then(|record| desired.doubt.version(&record.file));
                let recorded = record.and_then(|record| record.gone);
                let gone = (recorded.unwrap_or(now), version);
                let gone = self.gone_since.entry(name.clone()).or_insert(gone);
                if gone.1 != version {
                    *gone = (now, version);
                }
                Want::Absent {
                    since: gone.0,
                    seen: desired.seen.unwrap_or(now),
                }
            };
            wants.push(Wanted { name, want, record });
        }
        Plan::make(
            &wants,
            &self.records,
            |wanted| Sight {
                unsettled: unsettled.get(wanted.name).copied(),
                in_flight: matches!(wanted.want, Want::Present(entry) if desired.in_flight.contains(&*entry.file)),
                ..sight(wanted)
            },
            policy,
            (brakes, &desired.zones),
            now,
        )
    }
}
