//! Two versions of a directory, as a plan: what would change for somebody who had run the first one all the time. Pure: it
//! needs no ledger, and nobody is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::suppose::Known;
use super::zone_rules::ZoneRules;
use super::{PlanView, StepView};
use crate::model::entry::{Entry, EntryName};
use crate::model::limits::Limits;
use crate::model::name::{Fingerprint, Owner};
use crate::model::plan::{MaxStops, Policy};
use crate::model::record::{Outcome, OutcomeStatus, Phase, Record};
use crate::model::records::Records;
use crate::model::written::Written;
use crate::source::problem::FileState;
use crate::source::scan::Scan;
use crate::source::work_tree::WorkTrees;

/// What a plan was made against, and what comes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Against {
    /// As it was typed.
    pub reference: String,
    /// The commit, in hex.
    pub commit: String,
    /// How many firings there are that were not.
    pub adds: usize,
    /// How many firings there are no more.
    pub removes: usize,
    /// How many fire at another time.
    pub moves: usize,
    /// How many fire at the same time, and do something else.
    pub changes: usize,
    /// How many have another name.
    pub renames: usize,
    /// Schedule files that were invalid in that commit: what is in them counts as new, and what is gone from them is not
    /// counted.
    pub invalid: Vec<String>,
    /// The commit has nothing at this place: all is new.
    pub is_empty: bool,
    /// Other repositories below the directory: they are not compared.
    pub submodules: Vec<String>,
    /// Why the daemon would hold the stops for approval, if it would.
    pub guard: Option<String>,
}

impl Against {
    /// `adds 3 firings, removes 1, moves 2`.
    pub fn in_short(&self) -> String {
        let counts = [
            ("adds", self.adds),
            ("removes", self.removes),
            ("moves", self.moves),
            ("changes", self.changes),
            ("renames", self.renames),
        ];
        let mut text = String::new();
        for (verb, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            let noun = match (text.is_empty(), count) {
                (false, _) => "",
                (true, 1) => " firing",
                (true, _) => " firings",
            };
            let comma = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{comma}{verb} {count}{noun}");
        }
        if text.is_empty() {
            text += "changes no firing";
            if !self.invalid.is_empty() {
                text += " that is known of";
            }
        }
        text
    }
}

/// The time zone rules that two versions were read by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByRules {
    /// What both were read by, or the second of them.
    #[serde(flatten)]
    pub rules: ZoneRules,
    /// What the first was read by, where that were others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<ZoneRules>,
    /// How many firings they move.
    pub moves: usize,
    /// Why a daemon that gets these rules would wait for approval, if it would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<String>,
}

impl ByRules {
    /// `moves 3 firings`.
    pub fn in_short(&self) -> String {
        match self.moves {
            0 => "moves no firing".to_owned(),
            1 => "moves 1 firing".to_owned(),
            many => format!("moves {many} firings"),
        }
    }
}

/// Two versions of a directory, or of the time zone rules that it is read by.
#[derive(Debug, Clone)]
pub struct Versions {
    /// Whose executions they would be: shown nowhere.
    pub owner: Owner,
    /// The commit of the first one, as it was typed, and in hex; `None`: both are the files of now.
    pub reference: Option<(String, String)>,
    /// See [`Against::is_empty`].
    pub is_empty: bool,
    /// See [`Against::submodules`].
    pub submodules: Vec<String>,
    /// What the commit asks for.
    pub before: Scan,
    /// What the files ask for now.
    pub after: Scan,
}

impl Versions {
    /// The plan from the first to the second at this time. Nothing waits in it: neither for files to settle, nor for
    /// approval.
    pub fn plan(self, policy: &Policy, limits: &Limits, now: DateTime<Utc>) -> PlanView {
        let Self {
            owner,
            reference,
            is_empty,
            submodules,
            before,
            mut after,
        } = self;
        let is_inside = |file: &str| submodules.iter().any(|path| is_below(file, path));
        if !submodules.is_empty() {
            Arc::make_mut(&mut after.entries).retain(|_, entry| !is_inside(&entry.file));
        }
        let known = |max_stops: MaxStops, approved: BTreeSet<String>| Known {
            owner: owner.clone(),
            scan: Scan {
                cut: Arc::default(),
                work_trees: WorkTrees::default(),
                conflict: None,
                ..after.clone()
            },
            records: records(&before, &owner, now),
            approved,
            pause: None,
            policy: Policy {
                max_stops,
                ..policy.clone()
            },
            limits: limits.clone(),
        };
        let guarded = known(policy.max_stops, BTreeSet::new()).at(now, now);
        let approved = guarded.to_approve.clone();
        let mut plan = known(MaxStops::Percent(100), approved).at(now, now).plan();
        let same = |name: &EntryName| {
            let (was, is) = (before.entries.get(name), after.entries.get(name));
            was.zip(is).is_some_and(|(was, is)| is_same(was, is))
        };
        plan.resting.retain(|view| !same(&view.name));
        plan.findings
            .retain(|finding| !finding.names.iter().all(same));
        for view in &mut plan.steps {
            let was = before.entries.get(&view.name);
            if was.is_some_and(|was| !was.enabled) && view.step == "Start" {
                "enabled".clone_into(&mut view.reason);
            }
        }
        let invalid = before.files.iter();
        let invalid = invalid.filter(|file| file.state == FileState::Invalid);
        let shifted = plan.steps.iter().chain(&plan.held);
        let is_other = before.zones.digest() != after.zones.digest();
        plan.by_rules = Some(ByRules {
            rules: (&after.zones).into(),
            instead_of: is_other.then(|| ZoneRules::from(&before.zones)),
            moves: shifted.filter(|view| view.was.is_some()).count(),
            guard: guarded.plan.guard.clone().filter(|_| is_other),
        });
        let Some((reference, commit)) = reference else {
            return plan;
        };
        let mut against = Against {
            reference,
            commit,
            adds: 0,
            removes: 0,
            moves: 0,
            changes: 0,
            renames: 0,
            invalid: invalid.map(|file| file.path.clone()).collect(),
            is_empty,
            submodules,
            guard: guarded.plan.guard.clone(),
        };
        rename(&mut plan, &before.entries, &after.entries);
        against.count(&plan, &before.entries, &after.entries);
        plan.against = Some(against);
        plan
    }
}

fn is_below(file: &str, directory: &str) -> bool {
    let below = file.strip_prefix(directory);
    below.is_some_and(|below| below.starts_with('/'))
}

/// What has another name and is too far ahead, or past, is no step for the planner; for who reads it, it was renamed.
fn rename(plan: &mut PlanView, before: &Entries, after: &Entries) {
    let gone = before
        .values()
        .filter(|was| was.enabled && !after.contains_key(&was.name));
    let mut gone: BTreeMap<Fingerprint, &EntryName> =
        gone.map(|was| (was.fingerprint(), &was.name)).collect();
    for step in plan.steps.iter().filter(|step| step.from.is_some()) {
        gone.retain(|_, name| step.from.as_ref() != Some(*name));
    }
    let (mut moved, mut resting) = (Vec::new(), Vec::new());
    for view in std::mem::take(&mut plan.resting) {
        let entry = after.get(&view.name).filter(|entry| entry.enabled);
        match entry.and_then(|entry| gone.remove(&entry.fingerprint())) {
            Some(from) if !before.contains_key(&view.name) => moved.push(StepView {
                step: "Move".to_owned(),
                reason: "the same content under a new name".to_owned(),
                until: None,
                from: Some(from.clone()),
                ..view
            }),
            _ => resting.push(view),
        }
    }
    plan.resting = resting;
    let is_old = |name: &EntryName| moved.iter().any(|view| view.from.as_ref() == Some(name));
    plan.steps.retain(|view| !is_old(&view.name));
    let is_new = |name: &EntryName| moved.iter().any(|view| view.name == *name);
    plan.findings
        .retain(|finding| !finding.names.iter().all(is_new));
    plan.steps.extend(moved);
    plan.steps
        .sort_by(|a, b| (&a.at, &a.name).cmp(&(&b.at, &b.name)));
}

/// Would a start of the one be the start of the other?
fn is_same(one: &Entry, other: &Entry) -> bool {
    one.enabled == other.enabled && one.fingerprint() == other.fingerprint()
}

type Entries = BTreeMap<EntryName, Arc<Entry>>;

impl Against {
    fn count(&mut self, plan: &PlanView, before: &Entries, after: &Entries) {
        let at_another_time = |name: &EntryName| {
            let (was, is) = (before.get(name), after.get(name));
            was.zip(is).is_some_and(|(was, is)| was.at() != is.at())
        };
        for StepView { step, name, .. } in &plan.steps {
            match step.as_str() {
                "Start" => self.adds += 1,
                "Stop" => self.removes += 1,
                "Replace" if at_another_time(name) => self.moves += 1,
                "Replace" => self.changes += 1,
                "Move" => self.renames += 1,
                _ => {}
            }
        }
        let deferred = |view: &&StepView| view.until.is_some();
        self.adds += plan.resting.iter().filter(deferred).count();
    }
}

/// What the ledger would hold if the first version had been run: what is to come waits, what is past has fired.
fn records(before: &Scan, owner: &Owner, now: DateTime<Utc>) -> Records {
    let mut records = Records::default();
    for entry in before.entries.values().filter(|entry| entry.enabled) {
        let started = Record {
            written: Written::of(entry, before.zones.version()),
            ..Record::starting(owner, entry, None, now)
        };
        let record = if entry.at() > now {
            started.in_phase(Phase::Running, now)
        } else {
            Record {
                outcome: Some(Box::new(Outcome {
                    fired: Some(entry.at()),
                    ..Outcome::bare(OutcomeStatus::Succeeded)
                })),
                ..started.in_phase(Phase::Ended, now)
            }
        };
        let record = Record {
            // Long enough for every wait.
            gone: Some(DateTime::<Utc>::MIN_UTC),
            ..record
        };
        records.insert(entry.name.clone(), record);
    }
    records
}
