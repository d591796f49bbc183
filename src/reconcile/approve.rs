//! What only a person may let go: a mass of stops that the guard holds, and executions that no entry asks for. An
//! approval names exact executions; it is durable, and void once its execution is wanted again or over.

use std::collections::BTreeSet;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tracing::{info, warn};

use super::flights::{Flight, Lane};
use super::verify::Stray;
use super::{Desired, Reconciler};
use crate::model::arn::Place;
use crate::model::kind;
use crate::model::limits::Operation;
use crate::model::plan::{Decision, Plan};
use crate::model::record::Record;
use crate::model::zones::Zones;

/// How long after a stop that failed the next one is tried.
pub(super) const AGAIN: Duration = Duration::from_secs(5);

/// Twelve hex digits that name exactly this set, by these time zone rules: what an execution is replaced by depends on them.
pub fn digest(of: &BTreeSet<String>, zones: &Zones) -> String {
    let mut hash = Sha256::new();
    hash.update(zones.identity());
    hash.update([0]);
    for text in of {
        hash.update(text);
        hash.update([0]);
    }
    let bytes = hash.finalize();
    bytes[..6]
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

impl Reconciler {
    /// The executions whose stop waits for approval.
    pub fn to_approve(&self, plan: &Plan, desired: &Desired) -> BTreeSet<String> {
        let mut waiting = plan.guarded(&self.desk.records);
        let orphans = self.orphans(desired);
        waiting.extend(
            orphans
                .iter()
                .map(|stray| stray.execution_arn(&self.hands.owner)),
        );
        waiting.retain(|execution| !self.approved.contains(execution));
        waiting
    }

    /// Lets go what exactly this digest names. Answers how many executions that were; the error says why not.
    pub async fn approve(&mut self, asked: &str, desired: &Desired) -> Result<usize, String> {
        let plan = self.plan(desired);
        let waiting = self.to_approve(&plan, desired);
        allowed(asked, &waiting, &desired.zones)?;
        let written = self.hands.ledger.approved(waiting.clone(), true).await;
        written.map_err(|error| format!("the approval can't be recorded: {error}"))?;
        info!(digest = asked, executions = waiting.len(), "approved");
        let number = waiting.len();
        self.approved.extend(waiting);
        Ok(number)
    }

    /// An approval is for what was to be stopped then. What is wanted again, or is over, needs another.
    pub(super) async fn void(&mut self, plan: &Plan) {
        if self.approved.is_empty() {
            return;
        }
        let records = &self.desk.records;
        let is_over = |name| !records.get(name).is_some_and(Record::is_live);
        let kept = |decision: &Decision| matches!(decision, Decision::Rest { .. });
        let void: BTreeSet<String> = plan
            .decisions
            .iter()
            .filter(|(name, decision)| kept(decision) || is_over(*name))
            .filter_map(|(name, _)| records.get(name).map(Record::execution_arn))
            .filter(|execution| self.approved.contains(execution))
            .collect();
        if void.is_empty() {
            return;
        }
        self.approved.retain(|execution| !void.contains(execution));
        if let Err(error) = self.hands.ledger.approved(void, false).await {
            warn!(target: kind::LEDGER, %error, "the ledger can't be written");
        }
    }

    /// What was stopped before, and runs again beside the execution of the same content that followed it: both would fire.
    fn superseded(&self, desired: &Desired) -> Vec<Stray> {
        let rules = self.policy.rules;
        if self.policy.start_only || !rules.redriven {
            return Vec::new();
        }
        let mut keys = None;
        let is_superseded = |stray: &&Stray| {
            let keys = keys.get_or_insert_with(|| self.keys(desired));
            let name = keys.name(&stray.key);
            let record = name.and_then(|name| self.desk.records.get(&name));
            record.is_some_and(|record| stray.is_superseded(record))
        };
        let strays = self.verify.all_strays();
        let strays = strays.filter(|stray| stray.redrives > 0);
        strays.filter(is_superseded).cloned().collect()
    }

    /// Begins to stop what no entry asks for and a person approved; not while a file that can't be understood may ask for
    /// it. The same with what was redriven beside the execution that follows it. Answers when that goes on, if some are
    /// left.
    pub(super) fn stop_orphans(
        &mut self,
        desired: &Desired,
        interrupted: &(dyn Fn() -> bool + Send + Sync),
    ) -> Option<Instant> {
        let waits = self.pause().is_some() || desired.holds_everything() || desired.in_doubt;
        if waits || self.hands.step_functions.has_ended() {
            return None;
        }
        let mut stops: Vec<(Stray, &'static str)> = Vec::new();
        if !self.approved.is_empty() {
            let orphans = self.orphans(desired).into_iter();
            let is_approved = |stray: &Stray| {
                let execution = stray.execution_arn(&self.hands.owner);
                self.approved.contains(&execution)
            };
            stops.extend(
                orphans
                    .filter(is_approved)
                    .map(|stray| (stray, "no entry asked for it, and its stop was approved")),
            );
        }
        let superseded = self.superseded(desired).into_iter();
        stops.extend(superseded.map(|stray| (stray, "redriven after it had been replaced")));
        if stops.is_empty() {
            return None;
        }
        let now = Instant::now();
        let next = self.orphans_after.unwrap_or(now);
        if now < next {
            return Some(next);
        }
        let keys = self.keys(desired);
        for (stray, why) in stops {
            if self.flights.is_at_work_on(&stray.key) {
                continue;
            }
            let lane = Lane {
                place: Place::of(&stray.state_machine),
                operation: Some(Operation::Stop),
            };
            if self.ready(&lane, now).is_none_or(|at| at > now) {
                continue;
            }
            if interrupted() {
                break;
            }
            self.spend(&lane, now);
            let known = keys.name(&stray.key);
            let name = known.clone().unwrap_or_else(|| stray.key.stand_in());
            let names = Vec::from_iter(known);
            let (hands, flight) = (
                self.hands.clone(),
                Flight::Orphan {
                    stray: stray.clone(),
                    name: name.clone(),
                },
            );
            let work = async move { hands.stop_orphan(&stray, &name, why).await.map(|()| None) };
            self.flights.begin(flight, lane, names, work);
        }
        Some(now + AGAIN)
    }
}

/// Does the digest name exactly what waits?
pub fn allowed(asked: &str, waiting: &BTreeSet<String>, zones: &Zones) -> Result<(), String> {
    if waiting.is_empty() {
        return Err("nothing waits for approval".into());
    }
    let now = digest(waiting, zones);
    if asked != now {
        return Err(format!(
            "`{asked}` is not what waits for approval now: {} executions with the digest {now}, by the time zone rules {zones}\nhint: see `onced plan`",
            waiting.len()
        ));
    }
    Ok(())
}
