//! The loop: look → plan → apply, until the plan is empty. Never reads a schedule file, never decides by itself.

pub mod apply;
pub mod approve;
mod retry;
pub mod verify;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{debug, info, warn};

use crate::ledger::{Found, Ledger};
use crate::model::entry::{Entry, EntryName, instant};
use crate::model::name::{Fingerprint, Owner};
use crate::model::plan::{Decision, Note, Plan, Policy, Sight, Step, Want, after};
use crate::model::record::{Phase, Record};
use apply::{Hands, StepError, Task};
use retry::{Budget, Retries};
use verify::{Done, Stray, Verify};

/// An entry needs three passes at most. If a plan does not get empty in this many, something is wrong, and must not
/// become a storm of calls.
const PASSES: u32 = 50;
/// How long a listing of running executions is waited for before files are looked at again.
const LISTING: Duration = Duration::from_secs(1);

/// How many steps are under way at once.
const IN_FLIGHT: usize = 32;

/// Tells the time. An argument everywhere, so that tests can turn it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What the source says of one moment, in the planner's words.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    /// What is asked for.
    pub entries: BTreeMap<EntryName, Arc<Entry>>,
    /// Recorded entries whose absence is not proven, and why.
    pub unclear: BTreeMap<EntryName, String>,
}

/// What one reconciliation did.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Steps that were done, by the contract's words.
    pub done: BTreeMap<&'static str, usize>,
    /// Entries whose step failed, or waits for a listing, and is tried again.
    pub failed: BTreeMap<EntryName, String>,
    /// Why stops are held, if they are.
    pub guard: Option<String>,
    /// Running executions are being listed.
    pub listing: bool,
    /// When to look again at the latest.
    pub wake: Option<DateTime<Utc>>,
}

/// The records in memory, and since when entries are gone: what a plan is made from, beside what is desired.
#[derive(Debug, Default)]
pub struct Desk {
    /// What is recorded.
    pub records: BTreeMap<EntryName, Record>,
    gone_since: BTreeMap<EntryName, DateTime<Utc>>,
}

impl Desk {
    /// A desk with these records.
    pub fn new(records: BTreeMap<EntryName, Record>) -> Self {
        Self {
            records,
            gone_since: BTreeMap::new(),
        }
    }

    /// The plan for `now`. Notes which entries are seen gone for the first time.
    pub fn plan(
        &mut self,
        desired: &Desired,
        sight: impl Fn(&EntryName, &Self) -> Sight,
        policy: &Policy,
        now: DateTime<Utc>,
    ) -> Plan {
        let mut wants: BTreeMap<EntryName, Want<'_>> = BTreeMap::new();
        for (name, entry) in &desired.entries {
            self.gone_since.remove(name);
            wants.insert(name.clone(), Want::Present(entry));
        }
        for name in self
            .records
            .keys()
            .filter(|name| !desired.entries.contains_key(*name))
        {
            let want = if let Some(why) = desired.unclear.get(name) {
                self.gone_since.remove(name);
                Want::Unclear(why.clone())
            } else {
                let recorded = self.records.get(name).and_then(|record| record.gone);
                let since = *self.gone_since.entry(name.clone()).or_insert(now);
                Want::Absent {
                    since: recorded.unwrap_or(since),
                }
            };
            wants.insert(name.clone(), want);
        }
        Plan::make(&wants, &self.records, |name| sight(name, self), policy, now)
    }
}

/// The loop's memory: the ledger's records, what listings showed, what waits to be tried again.
pub struct Reconciler {
    hands: Hands,
    policy: Policy,
    desk: Desk,
    verify: Verify,
    retries: Retries,
    looks: Budget,
    approved: BTreeSet<String>,
    /// Entries whose last write failed: what is on the disk is not known, and nothing is done for them until it is.
    unknown: BTreeSet<EntryName>,
    /// Notes that a failing disk did not take yet.
    unwritten: BTreeMap<EntryName, Note>,
    told_orphans: BTreeSet<String>,
    told_ledger: bool,
}

impl Reconciler {
    /// Begins with what was found in the ledger. Running executions are listed at once, and then every `verify`; those of
    /// `configured` even if no entry names it.
    pub fn new(
        hands: Hands,
        found: Found,
        policy: Policy,
        (verify, configured): (Duration, Option<String>),
        seed: u64,
    ) -> Self {
        if let Some(why) = &found.recovered {
            warn!(
                "the ledger was not what had been acknowledged: {why}. A new one is begun, and what runs is adopted"
            );
        }
        Self {
            hands,
            policy,
            desk: Desk::new(found.records),
            verify: Verify::new(verify, found.listed, found.machines, configured),
            retries: Retries::new(seed),
            looks: Budget::default(),
            approved: found.approved,
            unknown: BTreeSet::new(),
            unwritten: BTreeMap::new(),
            told_orphans: BTreeSet::new(),
            told_ledger: false,
        }
    }

    /// Whose executions.
    pub fn owner(&self) -> &Owner {
        &self.hands.owner
    }

    /// What is recorded now.
    pub fn records(&self) -> &BTreeMap<EntryName, Record> {
        &self.desk.records
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.hands.ledger
    }

    fn now(&self) -> DateTime<Utc> {
        (self.hands.clock)()
    }

    /// What runs of ours that nobody wants: two listings showed it, and it is not about to be adopted.
    pub fn orphans(&self, desired: &Desired) -> Vec<Stray> {
        let adoptable = |stray: &Stray| {
            let record = self.desk.records.get(&stray.entry);
            desired.entries.contains_key(&stray.entry)
                && !record.is_some_and(Record::is_live)
                && !record.is_some_and(|r| r.knows_closed(&stray.fingerprint, stray.generation))
        };
        self.verify
            .orphans()
            .filter(|stray| !adoptable(stray))
            .cloned()
            .collect()
    }

    /// The plan for this moment.
    pub fn plan(&mut self, desired: &Desired) -> Plan {
        let now = self.now();
        let (verify, rules, approved) = (&self.verify, self.policy.rules, &self.approved);
        let sight = |name: &EntryName, desk: &Desk| {
            let entry = desired.entries.get(name);
            let machine = entry.map(|entry| entry.state_machine.as_str());
            let record = desk.records.get(name);
            let seen = if rules.verify {
                verify.sight(name, machine, record)
            } else {
                Sight::CLEAR
            };
            let is_approved = |record: &Record| approved.contains(&record.execution_arn());
            Sight {
                approved: !approved.is_empty() && record.is_some_and(is_approved),
                ..seen
            }
        };
        let mut plan = self.desk.plan(desired, sight, &self.policy, now);
        for (name, decision) in &mut plan.decisions {
            if let Decision::Hold {
                step: Step::Start,
                why,
                ..
            } = decision
                && let Some(entry) = desired.entries.get(name)
                && let Some(problem) = self.verify.problem(&entry.state_machine)
            {
                *why = format!("{why}: {problem}");
            }
        }
        plan
    }

    /// Plans and applies until nothing is due. `interrupted` is asked before each new step: where it says yes, what is
    /// in flight is finished and no more is begun.
    pub async fn reconcile(
        &mut self,
        desired: &Desired,
        interrupted: &(dyn Fn() -> bool + Send + Sync),
    ) -> Report {
        let mut report = Report::default();
        for pass in 0.. {
            self.list(desired).await;
            if pass == 0 {
                self.know_again().await;
            }
            let mut plan = self.plan(desired);
            if pass == 0 && self.note(&mut plan).await {
                plan = self.plan(desired);
            }
            self.void(&plan).await;
            report.guard.clone_from(&plan.guard);
            report.wake = plan.wake();
            let queue = self.due(&plan, desired, &mut report);
            if queue.is_empty() && plan.waits_for_listing() && !interrupted() {
                if let Ok(Some(done)) = timeout(LISTING, self.listing()).await {
                    self.listed(done).await;
                    continue;
                }
                break;
            }
            if queue.is_empty() || (!report.done.is_empty() && interrupted()) {
                break;
            }
            if pass == PASSES {
                warn!(
                    steps = queue.len(),
                    "the plan does not get empty: the rest is done a little later"
                );
                report.wake = Some(after(self.now(), Duration::from_secs(1)));
                break;
            }
            self.pass(queue, desired, interrupted, &mut report).await;
        }
        for (name, decision) in &self.plan(desired).decisions {
            if let Decision::Hold {
                step: Step::Start,
                why,
                ..
            } = decision
            {
                report.failed.insert(name.clone(), why.clone());
            }
        }
        for (name, error) in self.retries.waiting() {
            report.failed.insert(name.clone(), error.to_owned());
        }
        let left = self.stop_orphans(desired, interrupted).await;
        self.tell_orphans(desired);
        report.listing = self.verify.is_listing();
        let soon = report.listing.then(|| after(self.now(), LISTING));
        let left = left.then(|| after(self.now(), Duration::from_secs(5)));
        let wakes = [self.retries.next(), self.verify.wake(), soon, left];
        report.wake = report
            .wake
            .into_iter()
            .chain(wakes.into_iter().flatten())
            .min();
        report
    }

    /// Reads again what could not be read when a write had failed.
    async fn know_again(&mut self) {
        for name in std::mem::take(&mut self.unknown) {
            match self.hands.ledger.record(&name).await {
                Ok(Some(record)) => {
                    self.desk.records.insert(name, record);
                }
                Ok(None) => {
                    self.desk.records.remove(&name);
                }
                Err(_) => {
                    self.unknown.insert(name);
                }
            }
        }
    }

    /// Makes the plan's notes durable, all at once. Where that fails, they are noted next time.
    async fn note(&mut self, plan: &mut Plan) -> bool {
        let mut writing = JoinSet::new();
        let mut notes = std::mem::take(&mut self.unwritten);
        notes.append(&mut plan.notes);
        for (name, note) in notes {
            if self.unknown.contains(&name) {
                continue;
            }
            let Some(record) = self.desk.records.get(&name).cloned() else {
                continue;
            };
            let hands = self.hands.clone();
            // For this process it holds even where it can't be written.
            let in_memory = Record {
                file: note.file.clone(),
                gone: note.gone,
                guarded: note.guarded,
                ..record.clone()
            };
            self.desk.records.insert(name.clone(), in_memory);
            writing.spawn(async move { (name, hands.note(record, note.clone()).await, note) });
        }
        let any = !writing.is_empty();
        while let Some(written) = writing.join_next().await {
            if let Ok((name, Err(error), note)) = written {
                self.unwritten.insert(name, note);
                if !self.told_ledger {
                    self.told_ledger = true;
                    warn!(%error, "nothing is started or stopped until the ledger can be written");
                }
            }
        }
        any
    }

    /// Begins the listings that are due, and takes what others have brought.
    async fn list(&mut self, desired: &Desired) {
        if !self.policy.rules.verify {
            return;
        }
        let now = self.now();
        let wanted = desired.entries.values().map(|entry| &entry.state_machine);
        let recorded = self.desk.records.values().filter(|record| record.is_live());
        let machines: BTreeSet<String> = wanted
            .chain(recorded.map(|record| &record.state_machine))
            .cloned()
            .collect();
        self.verify.begin(machines, &self.hands.step_functions, now);
        while let Some(done) = self.verify.poll(&self.desk.records, &self.hands.owner) {
            self.listed(done).await;
        }
    }

    async fn listing(&mut self) -> Option<Done> {
        self.verify
            .wait(&self.desk.records, &self.hands.owner)
            .await
    }

    async fn listed(&mut self, done: Done) {
        if let Some(error) = done.problem {
            warn!(
                state_machine = done.state_machine,
                error, "running executions can't be listed"
            );
        }
        // If this is lost, the next process lists before it starts anything: that is all it is for.
        if done.first
            && let Err(error) = self.hands.ledger.listed(&done.state_machine).await
        {
            warn!(%error, "the ledger can't be written");
        }
    }

    fn tell_orphans(&mut self, desired: &Desired) {
        let orphans: BTreeSet<String> = self
            .orphans(desired)
            .iter()
            .map(|stray| stray.execution_arn(&self.hands.owner))
            .collect();
        for execution in orphans.difference(&self.told_orphans) {
            warn!(
                execution,
                "an execution of this owner runs that no entry asks for: it is left alone"
            );
        }
        self.told_orphans = orphans;
    }

    /// The steps of a plan that may be tried now, the earliest time first.
    fn due(
        &mut self,
        plan: &Plan,
        desired: &Desired,
        report: &mut Report,
    ) -> Vec<(EntryName, Step, &'static str)> {
        let now = self.now();
        let at = |name: &EntryName| {
            let recorded = self.desk.records.get(name).map(|record| record.at);
            desired
                .entries
                .get(name)
                .map(|entry| entry.at)
                .into_iter()
                .chain(recorded)
                .min()
        };
        let steps: Vec<_> = plan
            .steps()
            .map(|(name, step, why)| (at(name), name.clone(), step, why))
            .collect();
        let wanted: BTreeSet<&EntryName> = steps.iter().map(|(_, name, ..)| name).collect();
        self.retries.keep(|name| wanted.contains(name));
        let mut due: Vec<_> = steps
            .into_iter()
            .filter(|(_, name, ..)| !self.unknown.contains(name))
            .filter(|(_, name, ..)| {
                let asked = desired
                    .entries
                    .get(name)
                    .map(|entry| Fingerprint::of(entry));
                self.retries.may(name, asked.as_ref(), now)
            })
            .collect();
        due.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let mut queue = Vec::with_capacity(due.len());
        for (at, name, step, why) in due {
            let questions = match step {
                Step::Look if at.is_some_and(|at| now >= at) => 2.0,
                Step::Look | Step::Adopt => 1.0,
                Step::Start | Step::Stop(_) | Step::Replace | Step::Forget => 0.0,
            };
            if questions > 0.0 && !self.looks.take(questions, now) {
                let soon = after(now, Duration::from_secs(1));
                report.wake = report.wake.into_iter().chain([soon]).min();
                continue;
            }
            queue.push((name, step, why));
        }
        queue
    }

    /// One step for each entry of the queue, many at once.
    async fn pass(
        &mut self,
        queue: Vec<(EntryName, Step, &'static str)>,
        desired: &Desired,
        interrupted: &(dyn Fn() -> bool + Send + Sync),
        report: &mut Report,
    ) {
        let mut queue = queue.into_iter();
        let (mut flying, mut names) = (JoinSet::new(), HashMap::new());
        // A folder that changes all the time must not keep every step from being taken.
        let mut begun = 0;
        loop {
            while flying.len() < IN_FLIGHT
                && (begun < IN_FLIGHT || !interrupted())
                && let Some((name, step, why)) = queue.next()
            {
                begun += 1;
                let hands = self.hands.clone();
                let record = self.desk.records.get(&name).cloned();
                let entry = desired.entries.get(&name).cloned();
                let wanted = entry.as_deref().map(Fingerprint::of);
                let stray = self.verify.stray(&name, wanted.as_ref(), record.as_ref());
                let task = Task {
                    step,
                    why,
                    stray: stray.cloned(),
                    entry,
                    record,
                };
                let of = name.clone();
                let handle = flying.spawn(async move {
                    let result = hands.apply(task).await;
                    (name, step, why, result)
                });
                names.insert(handle.id(), of);
            }
            match flying.join_next_with_id().await {
                None => return,
                Some(Ok((id, (name, step, why, result)))) => {
                    names.remove(&id);
                    let asked = desired
                        .entries
                        .get(&name)
                        .map(|entry| Fingerprint::of(entry));
                    self.land(&name, (step, why), asked, result, report).await;
                }
                // The intent may be in the ledger: nothing more is done for this entry before its record is read again.
                Some(Err(error)) => {
                    warn!(%error, "a step broke off");
                    self.unknown.extend(names.remove(&error.id()));
                }
            }
        }
    }

    async fn land(
        &mut self,
        name: &EntryName,
        (step, why): (Step, &str),
        asked: Option<Fingerprint>,
        result: Result<Option<Record>, StepError>,
        report: &mut Report,
    ) {
        match step {
            Step::Look if result.is_ok() => self.verify.looked(name),
            Step::Adopt if result.is_ok() => self.verify.forget(name),
            _ => {}
        }
        let broken = matches!(&result, Err(StepError::Ledger(_)));
        if let Err(StepError::Ledger(error)) = &result
            && !self.told_ledger
        {
            warn!(%error, "nothing is started or stopped until the ledger can be written");
        } else if self.told_ledger && !broken {
            info!("the ledger can be written again");
        }
        self.told_ledger = broken;
        let now = self.now();
        let records = &mut self.desk.records;
        match result {
            Ok(record) => {
                self.retries.done(name);
                *report.done.entry(step.as_str()).or_default() += 1;
                say(name, step, why, record.as_ref());
                match record {
                    Some(record) => records.insert(name.clone(), record),
                    None => records.remove(name),
                };
            }
            Err(error) => {
                // What was written last may be newer than what is in memory. A store that can't be read says nothing.
                match self.hands.ledger.record(name).await {
                    Ok(Some(record)) => {
                        records.insert(name.clone(), record);
                    }
                    Ok(None) => {}
                    Err(_) => {
                        self.unknown.insert(name.clone());
                    }
                }
                let record = records.get(name);
                let at = record.map(|record| record.at);
                let refused = error.refuses() && record.is_some_and(|r| r.refused.is_some());
                let goes_on = matches!(error, StepError::Unsettled)
                    && record.is_some_and(|r| r.phase == Phase::Running && r.missing.is_none());
                let text = if goes_on {
                    String::new()
                } else {
                    error.to_string()
                };
                let (wait, again) = self.retries.failed(name, asked, (text, refused), at, now);
                let quiet = matches!(error, StepError::Unsettled) || broken || again;
                if !quiet {
                    warn!(entry = %name, step = step.as_str(), %error, again_in_ms = wait.as_millis(), "not done yet");
                }
            }
        }
    }
}

/// One line an action, with what a person needs to find it at AWS. Never an input.
fn say(name: &EntryName, step: Step, why: &str, record: Option<&Record>) {
    let Some(record) = record else {
        info!(entry = %name, why, "forgotten");
        return;
    };
    let (at, execution) = (instant(record.at), record.execution_arn());
    match (record.phase, &record.outcome) {
        (Phase::Running, _) if step == Step::Look => debug!(entry = %name, at, execution, "runs"),
        (Phase::Running, _) if step == Step::Adopt => {
            info!(entry = %name, why, at, execution, "adopted");
        }
        (Phase::Running, _) => info!(entry = %name, why, at, execution, "scheduled"),
        (Phase::Stopped, _) => info!(entry = %name, why, at, execution, "stopped"),
        (Phase::Ended, Some(outcome)) => {
            info!(entry = %name, at, execution, error = outcome.error, "{}", outcome.status.as_str());
        }
        _ => info!(entry = %name, step = step.as_str(), why, at, execution, "goes on"),
    }
}
