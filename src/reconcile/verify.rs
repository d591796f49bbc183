//! What the listing of running executions shows: which records are in doubt, and what runs of ours that is not recorded.
//! Never decides what is done about it.

mod again;
mod stray;
mod take;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::model::arn::unqualified;
use crate::model::entry::EntryName;
use crate::model::key::EntryKey;
use crate::model::name::{Fingerprint, Owner, state_machine_of};
use crate::model::plan::{Rules, Sight, Step};
use crate::model::record::{Phase, Record};
use crate::model::records::Records;
use crate::step_functions::{CallError, StepFunctions};
use again::Redriven;
pub use stray::Stray;

/// How long a start may be missing from a listing without being doubted, and how far apart two listings are, at most, for
/// what both show to be believed: reads are eventually consistent.
const CONSISTENT: Duration = Duration::from_mins(1);
/// How long after a failed listing the next one begins, at most.
const AGAIN: Duration = Duration::from_mins(1);
/// The same while starts wait for it.
const AGAIN_AT_FIRST: Duration = Duration::from_secs(15);

/// How long, after this process began, a start waits at most for the listing of machines that it does not want: shorter
/// than the default grace, so that nothing is missed for it.
const OTHERS: Duration = Duration::from_mins(3);

#[derive(Debug)]
struct Machine {
    /// Was it listed, in this process?
    listed: bool,
    failures: u32,
    due: Instant,
    running: bool,
    /// Why the last listing failed.
    failed: Option<String>,
    /// AWS does not let us list.
    refused: bool,
}

struct Listing {
    state_machine: String,
    /// By both clocks: records bear the wall's.
    begun: (DateTime<Utc>, Instant),
    /// With how often each was redriven.
    names: Result<BTreeMap<String, u32>, CallError>,
}

/// All that is known from listings.
pub(super) struct Verify {
    every: Duration,
    machines: BTreeMap<String, Machine>,
    /// Listed by a process before this one, with this ledger.
    before: BTreeSet<String>,
    /// Used by a ledger before this one, which is lost: what it had started last may not show yet.
    lost: BTreeSet<String>,
    begun: Option<Instant>,
    /// Listed even if no entry names them.
    always: BTreeSet<String>,
    listings: JoinSet<Listing>,
    /// By whose they are, then by execution name.
    strays: BTreeMap<EntryKey, BTreeMap<String, Stray>>,
    /// The executions of those that are in the ledger as such.
    written: BTreeSet<String>,
    doubted: BTreeSet<EntryName>,
    /// Executions that are recorded as running, and that the last listing of their machine did not show.
    unshown: BTreeSet<String>,
    redriven: Redriven,
    /// By machine: the names of it that entries or records use, versions and aliases among them.
    names: Names,
    rules: Rules,
}

impl Verify {
    pub(super) fn new(
        every: Duration,
        (before, used): (BTreeSet<String>, BTreeSet<String>),
        configured: Option<String>,
        rules: Rules,
    ) -> Self {
        let mut names = Names::default();
        for state_machine in used.iter().chain(&configured) {
            note(&mut names, state_machine, rules);
        }
        // What was listed as a version or an alias was not listed whole.
        let before: BTreeSet<String> = before
            .into_iter()
            .filter(|listed| listed_as(listed, rules) == listed)
            .collect();
        let all = |machines: BTreeSet<String>| -> BTreeSet<String> {
            let machine = |named: &String| listed_as(named, rules).to_owned();
            machines.iter().map(machine).collect()
        };
        let used = all(used);
        let lost = used.difference(&before).cloned().collect();
        let always = used
            .into_iter()
            .chain(all(configured.into_iter().collect()))
            .collect();
        Self {
            every,
            machines: BTreeMap::new(),
            before,
            lost,
            begun: None,
            always,
            listings: JoinSet::new(),
            strays: BTreeMap::new(),
            written: BTreeSet::new(),
            doubted: BTreeSet::new(),
            unshown: BTreeSet::new(),
            redriven: Redriven::default(),
            names,
            rules,
        }
    }

    /// What processes before this one were shown and nobody has recorded since: as long as no listing shows it again, it
    /// counts as over, and how it ended is still to be seen.
    pub(super) fn remember(&mut self, seen: &BTreeSet<String>, owner: &Owner, wall: DateTime<Utc>) {
        let now = Instant::now();
        for execution in seen {
            if let Some(stray) = Stray::remembered(execution, owner, (wall, now)) {
                let of_entry = self.strays.entry(stray.key.clone()).or_default();
                of_entry.entry(stray.execution_name(owner)).or_insert(stray);
            }
        }
    }

    /// The executions that listings showed and nobody has recorded.
    pub(super) fn seen(&self, owner: &Owner) -> BTreeSet<String> {
        self.all_strays()
            .map(|stray| stray.execution_arn(owner))
            .collect()
    }

    /// What the ledger knows of them now.
    pub(super) fn is_written(&mut self, seen: BTreeSet<String>) {
        self.written = seen;
    }

    /// What the ledger does not know of them yet, and what it need not know any more.
    pub(super) fn unwritten(&self, owner: &Owner) -> (BTreeSet<String>, BTreeSet<String>) {
        let seen = self.seen(owner);
        let less = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect();
        (less(&seen, &self.written), less(&self.written, &seen))
    }

    /// What the listing of a machine showed could not be written down: as if it had not been listed.
    pub(super) fn not_listed(&mut self, state_machine: &str, now: Instant) {
        if let Some(machine) = self.machines.get_mut(state_machine) {
            machine.listed = false;
            machine.due = machine.due.min(now + AGAIN_AT_FIRST);
        }
    }

    /// From now on so often.
    pub(super) fn list_every(&mut self, every: Duration) {
        self.every = every;
        let latest = Instant::now() + every;
        for machine in self.machines.values_mut() {
            machine.due = machine.due.min(latest);
        }
    }

    /// Begins every listing that is due. Machines that nothing names any more are listed as long as this process runs.
    pub(super) fn begin(
        &mut self,
        machines: BTreeSet<&str>,
        step_functions: &StepFunctions,
        (wall, now): (DateTime<Utc>, Instant),
    ) {
        self.begun.get_or_insert(now);
        let machines: BTreeSet<&str> = machines
            .into_iter()
            .map(|named| note(&mut self.names, named, self.rules))
            .collect();
        let always = self.always.iter().map(String::as_str);
        for state_machine in machines.into_iter().chain(always) {
            if self.machines.contains_key(state_machine) {
                continue;
            }
            let fresh = Machine {
                listed: false,
                failures: 0,
                due: now,
                running: false,
                failed: None,
                refused: false,
            };
            self.machines.insert(state_machine.to_owned(), fresh);
        }
        for (state_machine, machine) in &mut self.machines {
            if machine.running || now < machine.due {
                continue;
            }
            machine.running = true;
            let (state_machine, step_functions) = (state_machine.clone(), step_functions.clone());
            self.listings.spawn(async move {
                let names = step_functions.running(&state_machine).await;
                Listing {
                    state_machine,
                    begun: (wall, now),
                    names,
                }
            });
        }
    }

    /// Waits for a listing that a Start waits for, if there is one under way.
    pub(super) async fn wait(&mut self, records: &Records, owner: &Owner) -> Option<Done> {
        match self.listings.join_next().await? {
            Ok(listing) => Some(self.take(listing, records, owner)),
            Err(_) => None,
        }
    }

    /// A listing that has ended meanwhile.
    pub(super) fn poll(&mut self, records: &Records, owner: &Owner) -> Option<Done> {
        match self.listings.try_join_next()? {
            Ok(listing) => Some(self.take(listing, records, owner)),
            Err(_) => None,
        }
    }

    /// How far apart two listings are for what both show to be believed.
    fn apart(&self) -> Duration {
        self.every.min(CONSISTENT)
    }

    /// What the listings show of an entry that wants to be on `state_machine`.
    pub(super) fn sight(
        &self,
        name: &EntryName,
        (state_machine, asked): (Option<&str>, Option<&Fingerprint>),
        record: Option<&Record>,
    ) -> Sight {
        let state_machine = state_machine.map(|named| listed_as(named, self.rules));
        Sight {
            listed: state_machine
                .is_none_or(|machine| self.is_listed(machine) && self.others_are_listed(machine)),
            stray: !self.strays.is_empty() && self.stray(&name.key(), asked, record).is_some(),
            doubted: self.doubted.contains(name),
            redriven: false,
            approved: false,
            unsettled: None,
            unusable: None,
            in_flight: false,
        }
    }

    /// Listed by this process; or before, where AWS refuses to list now.
    fn is_listed(&self, state_machine: &str) -> bool {
        self.machines.get(state_machine).is_some_and(|machine| {
            machine.listed || machine.refused && self.before.contains(state_machine)
        })
    }

    /// Were all machines listed on which an entry may run that wants this one now? A ledger that is lost, or of yesterday,
    /// does not know. Only those of the same account and region: trouble in one must not slow another.
    fn others_are_listed(&self, state_machine: &str) -> bool {
        let patient = self.is_patient();
        // One that is under way is waited for all the same: it has an end.
        let waits = |machine: &str| patient || self.machines[machine].running;
        !self.not_listed_beside(state_machine).any(waits)
    }

    fn is_patient(&self) -> bool {
        self.begun.is_none_or(|begun| begun.elapsed() < OTHERS)
    }

    fn not_listed_beside(&self, state_machine: &str) -> impl Iterator<Item = &str> {
        let place = place(state_machine);
        let others = self.machines.keys().map(String::as_str);
        others.filter(move |other| self::place(other) == place && !self.is_listed(other))
    }

    /// The machines that could not be listed, and why.
    pub(super) fn problems(&self) -> impl Iterator<Item = String> {
        let failed = self.machines.iter();
        failed.filter_map(|(name, machine)| Some(format!("`{name}`: {}", machine.failed.as_ref()?)))
    }

    /// Why a machine, or one beside it, is not listed yet, where that is known.
    pub(super) fn problem(&self, state_machine: &str) -> Option<String> {
        let state_machine = listed_as(state_machine, self.rules);
        let own = self.machines.get(state_machine)?.failed.clone();
        own.or_else(|| {
            let other = self.not_listed_beside(state_machine).next()?;
            let why = self.machines[other].failed.as_deref()?;
            Some(format!("`{other}`: {why}"))
        })
    }

    /// The one execution of an entry that runs, is not recorded and is not known to be over; of several, one of what is
    /// wanted now.
    pub(super) fn stray(
        &self,
        key: &EntryKey,
        wanted: Option<&Fingerprint>,
        record: Option<&Record>,
    ) -> Option<&Stray> {
        self.strays
            .get(key)?
            .values()
            .filter(|stray| !stray.is_closed(record, wanted))
            .max_by_key(|stray| (Some(&stray.fingerprint) == wanted, stray.generation))
    }

    /// That a state machine was listed is known to those after this process, too.
    pub(super) fn is_noted(&mut self, state_machine: &str) {
        self.before.insert(state_machine.to_owned());
    }

    /// Does something of ours run on this machine that has no record?
    pub(super) fn has_strays(&self, state_machine: &str) -> bool {
        self.all_strays()
            .any(|stray| stray.runs() && stray.state_machine == state_machine)
    }

    /// This one is adopted, or over.
    pub(super) fn over(&mut self, stray: &Stray) {
        if let Some(strays) = self.strays.get_mut(&stray.key) {
            // A listing may have shown it once more meanwhile.
            strays.retain(|_, other| !other.is(stray));
        }
    }

    /// Every one, also those that no listing shows any more: how they ended is still to be seen.
    pub(super) fn all_strays(&self) -> impl Iterator<Item = &Stray> {
        self.strays.values().flat_map(BTreeMap::values)
    }

    /// A step of an entry has ended with this record: it is true now, and what it records is no stray, though a listing
    /// may have shown it while the step was under way. Taking a record over asks nobody whether it runs.
    pub(super) fn settled(&mut self, name: &EntryName, step: Step, record: Option<&Record>) {
        self.doubted.remove(name);
        if let Some(record) = record.filter(|_| step != Step::Move) {
            self.unshown.remove(&record.execution_arn());
        }
        self.redriven.looked(name, record);
        self.recorded(record);
    }

    /// Is it recorded as running, and did the last listing of its machine not show it?
    pub(super) fn is_unshown(&self, record: &Record) -> bool {
        record.phase == Phase::Running && self.unshown.contains(&record.execution_arn())
    }

    /// What a record says that runs is no stray.
    pub(super) fn recorded(&mut self, record: Option<&Record>) {
        let Some(record) = record.filter(|record| record.is_live()) else {
            return;
        };
        if self.strays.is_empty() {
            return;
        }
        if let Some(strays) = self.strays.get_mut(&record.key()) {
            let execution = record.execution_name();
            strays.retain(|name, stray| {
                *name != execution
                    || stray.state_machine != listed_as(&record.state_machine, self.rules)
            });
        }
    }

    /// The entries whose recorded executions were over, and may run again: see [`Redriven::entries`].
    pub(super) fn redriven<'a>(
        &self,
        record: impl Fn(&EntryName) -> Option<&'a Record>,
        asks: impl Fn(&Record) -> bool,
    ) -> BTreeSet<EntryName> {
        self.redriven.entries(record, asks)
    }

    /// How often a listing showed that an entry's execution, which was over, was redriven.
    pub(super) fn redrives(&self, name: &EntryName) -> u32 {
        self.redriven.times(name)
    }

    /// All names of the machine that a stray runs on.
    pub(super) fn names_of(&self, stray: &Stray) -> BTreeSet<String> {
        let names = self.names.get(&stray.state_machine);
        names.cloned().unwrap_or_default()
    }

    /// Did two listings show it?
    pub(super) fn is_confirmed(&self, stray: &Stray) -> bool {
        stray.is_confirmed(self.apart())
    }

    /// What runs of ours that nobody wants: shown by two listings, and not about to be adopted.
    pub(super) fn orphans(&self) -> impl Iterator<Item = &Stray> {
        self.all_strays()
            .filter(|stray| stray.runs() && stray.is_confirmed(self.apart()))
    }

    /// Is a listing under way?
    pub(super) fn is_listing(&self) -> bool {
        !self.listings.is_empty()
    }

    /// Lists everything anew.
    pub(super) fn list_again(&mut self, now: Instant) {
        for machine in self.machines.values_mut() {
            machine.due = machine.due.min(now);
        }
    }

    /// When the next listing is due.
    pub(super) fn wake(&self) -> Option<Instant> {
        let waiting = self.machines.values().filter(|machine| !machine.running);
        waiting.map(|machine| machine.due).min()
    }
}

/// Does this execution run on this machine?
fn is_of(execution: &str, state_machine: &str) -> bool {
    state_machine_of(execution).is_some_and(|(machine, _)| machine == state_machine)
}

/// By machine: all names of it.
type Names = BTreeMap<String, BTreeSet<String>>;

/// The machine whose listing shows what was started under this name of it. ListExecutions of a version or an alias shows what was started
/// through that alone (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html>).
fn listed_as(state_machine: &str, rules: Rules) -> &str {
    if rules.unqualified {
        unqualified(state_machine)
    } else {
        state_machine
    }
}

/// Notes a name of a machine; answers by which it is listed.
fn note<'a>(names: &mut Names, state_machine: &'a str, rules: Rules) -> &'a str {
    let machine = listed_as(state_machine, rules);
    let known = names.get(machine);
    if !known.is_some_and(|known| known.contains(state_machine)) {
        let of_machine = names.entry(machine.to_owned()).or_default();
        of_machine.insert(state_machine.to_owned());
    }
    machine
}

/// Account and region of a state machine: what its ARN begins with.
fn place(state_machine: &str) -> Vec<&str> {
    state_machine.split(':').take(5).collect()
}

/// A listing that has ended.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) state_machine: String,
    /// The first one with this ledger, or the first since all that was found has its record.
    pub(super) first: bool,
    /// Why it failed, where that is new.
    pub(super) problem: Option<String>,
}
