//! The loop: look → plan → apply, until the plan is empty. Never reads a schedule file, never decides by itself.

pub mod apply;
mod retry;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::ledger::LedgerError;
use crate::model::entry::{Entry, EntryName, instant};
use crate::model::name::{Fingerprint, Owner};
use crate::model::plan::{Plan, Policy, Step, Want};
use crate::model::record::{Phase, Record};
use apply::{Hands, StepError};
use retry::Retries;

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
    /// Entries whose step failed and is tried again.
    pub failed: BTreeMap<EntryName, String>,
    /// Why stops are held, if they are.
    pub guard: Option<String>,
    /// When to look again at the latest.
    pub wake: Option<DateTime<Utc>>,
}

/// The ledger's records in memory, and what is between them and what is desired.
pub struct Reconciler {
    hands: Hands,
    policy: Policy,
    clock: Clock,
    records: BTreeMap<EntryName, Record>,
    gone_since: BTreeMap<EntryName, DateTime<Utc>>,
    retries: Retries,
}

impl Reconciler {
    /// Reads the ledger. Blocks on the disk.
    pub fn new(hands: Hands, policy: Policy, clock: Clock) -> Result<Self, LedgerError> {
        let records = hands.ledger.records()?;
        Ok(Self {
            hands,
            policy,
            clock,
            records,
            gone_since: BTreeMap::new(),
            retries: Retries::default(),
        })
    }

    /// Whose executions.
    pub fn owner(&self) -> &Owner {
        &self.hands.owner
    }

    /// What is recorded now.
    pub fn records(&self) -> &BTreeMap<EntryName, Record> {
        &self.records
    }

    /// The plan for this moment. Notes which entries are seen gone for the first time.
    pub fn plan(&mut self, desired: &Desired) -> Plan {
        let now = (self.clock)();
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
                let since = *self.gone_since.entry(name.clone()).or_insert(now);
                Want::Absent { since }
            };
            wants.insert(name.clone(), want);
        }
        Plan::make(&wants, &self.records, &self.policy, now)
    }

    /// Plans and applies until nothing is due. `interrupted` is asked before each new step: where it says yes, what is
    /// in flight is finished and no more is begun.
    pub async fn reconcile(
        &mut self,
        desired: &Desired,
        interrupted: &(dyn Fn() -> bool + Send + Sync),
    ) -> Report {
        let mut report = Report::default();
        loop {
            let plan = self.plan(desired);
            report.guard.clone_from(&plan.guard);
            report.wake = plan.wake();
            let queue = self.due(&plan, desired);
            if queue.is_empty() || (!report.done.is_empty() && interrupted()) {
                break;
            }
            self.pass(queue, desired, interrupted, &mut report).await;
        }
        report.wake = report.wake.into_iter().chain(self.retries.next()).min();
        report
    }

    /// The steps of a plan that may be tried now, the earliest time first.
    fn due(&mut self, plan: &Plan, desired: &Desired) -> Vec<(EntryName, Step, &'static str)> {
        let now = (self.clock)();
        let at = |name: &EntryName| {
            let recorded = self.records.get(name).map(|record| record.at);
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
            .filter(|(_, name, ..)| {
                let asked = desired
                    .entries
                    .get(name)
                    .map(|entry| Fingerprint::of(entry));
                self.retries.may(name, asked.as_ref(), now)
            })
            .collect();
        due.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        due.into_iter()
            .map(|(_, name, step, why)| (name, step, why))
            .collect()
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
        let mut flying = JoinSet::new();
        // A folder that changes all the time must not keep every step from being taken.
        let mut begun = 0;
        loop {
            while flying.len() < IN_FLIGHT
                && (begun < IN_FLIGHT || !interrupted())
                && let Some((name, step, why)) = queue.next()
            {
                begun += 1;
                let hands = self.hands.clone();
                let entry = desired.entries.get(&name).cloned();
                let record = self.records.get(&name).cloned();
                let now = (self.clock)();
                flying.spawn(async move {
                    let result = hands.apply(step, entry.as_deref(), record, now).await;
                    (name, step, why, result)
                });
            }
            match flying.join_next().await {
                None => return,
                Some(Ok((name, step, why, result))) => {
                    let asked = desired
                        .entries
                        .get(&name)
                        .map(|entry| Fingerprint::of(entry));
                    self.land(&name, (step, why), asked, result, report);
                }
                // The intent is in the ledger, so the record there may be newer than the one in memory.
                Some(Err(error)) => warn!(error = %error, "a step broke off"),
            }
        }
    }

    fn land(
        &mut self,
        name: &EntryName,
        (step, why): (Step, &str),
        asked: Option<Fingerprint>,
        result: Result<Option<Record>, StepError>,
        report: &mut Report,
    ) {
        match result {
            Ok(record) => {
                self.retries.done(name);
                report.failed.remove(name);
                *report.done.entry(step.as_str()).or_default() += 1;
                say(name, step, why, record.as_ref());
                match record {
                    Some(record) => self.records.insert(name.clone(), record),
                    None => self.records.remove(name),
                };
            }
            Err(error) => {
                let now = (self.clock)();
                let record = self.hands.ledger.record(name).ok().flatten();
                let at = record.as_ref().map(|record| record.at);
                if let Some(record) = record {
                    self.records.insert(name.clone(), record);
                }
                let refused = self
                    .records
                    .get(name)
                    .is_some_and(|record| record.refused.is_some());
                let (wait, again) = self.retries.failed(name, asked, refused, at, now);
                let quiet = matches!(error, StepError::Unsettled) || again;
                if !quiet {
                    warn!(entry = %name, step = step.as_str(), %error, again_in_ms = wait.as_millis(), "not done yet");
                }
                report.failed.insert(name.clone(), error.to_string());
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
        (Phase::Running, _) => info!(entry = %name, why, at, execution, "scheduled"),
        (Phase::Stopped, _) => info!(entry = %name, why, at, execution, "stopped"),
        (Phase::Ended, Some(outcome)) => {
            info!(entry = %name, at, execution, error = outcome.error, "{}", outcome.status.as_str());
        }
        _ => info!(entry = %name, step = step.as_str(), why, at, execution, "goes on"),
    }
}
