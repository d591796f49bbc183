//! The loop: look → plan → apply, until the plan is empty. Never reads a schedule file, never decides by itself.

pub mod apply;
pub mod approve;
mod desk;
mod due;
mod flights;
pub mod folder;
mod health;
mod land;
mod listings;
mod notes;
mod pace;
mod pass;
mod pause;
mod progress;
mod retry;
mod strangers;
mod tally;
pub mod verify;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tracing::warn;

use crate::ledger::{Found, Ledger};
use crate::model::arn::Place;
use crate::model::brake::{Brake, Pause};
use crate::model::entry::EntryName;
use crate::model::kind;
use crate::model::limits::Limits;
use crate::model::name::Owner;
use crate::model::plan::{Decision, Note, Plan, Policy, Sight, Want, Wanted, after};
use crate::model::record::Record;
use crate::model::records::Records;
use crate::step_functions::{AwsTime, Calls};
use apply::Hands;
pub use desk::{Desired, Desk};
use flights::Flights;
use health::Health;
use pace::Pace;
pub use progress::Progress;
use retry::{Budget, Retries};
pub use tally::Tally;
use verify::{Stray, Verify};

/// An entry needs three passes at most. If a plan does not get empty in this many, something is wrong, and must not
/// become a storm of calls.
const PASSES: u32 = 50;
/// How long steps are taken before files, listings and clocks are looked at again; where a plan costs much, ten times
/// what it costs.
const TURN: Duration = Duration::from_secs(5);
/// How often it is asked meanwhile whether something else is to be done.
const ASKED: Duration = Duration::from_millis(250);
/// How long a listing of running executions is waited for before files are looked at again.
const LISTING: Duration = Duration::from_secs(1);

/// Tells the time. An argument everywhere, so that tests can turn it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What one reconciliation did.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Steps that were done, by the contract's words.
    pub done: BTreeMap<&'static str, usize>,
    /// Entries whose step failed, or waits for a listing, and is tried again.
    pub failed: BTreeMap<EntryName, String>,
    /// Why stops are held, if they are.
    pub guard: Option<String>,
    /// What lets exactly these stops go.
    pub digest: Option<String>,
    /// Running executions are being listed.
    pub listing: bool,
    /// Steps are under way, or due at once.
    pub goes_on: bool,
    /// When to look again at the latest.
    pub wake: Option<DateTime<Utc>>,
    /// What is planned now.
    pub plan: Plan,
}

/// The loop's memory: the ledger's records, what listings showed, what waits to be tried again.
pub struct Reconciler {
    hands: Hands,
    policy: Policy,
    desk: Desk,
    verify: Verify,
    retries: Retries,
    flights: Flights,
    health: Health,
    progress: Progress,
    told_progress: progress::Told,
    pace: Pace,
    looks: BTreeMap<Option<Place>, Budget>,
    /// When stops of orphans are tried again.
    orphans_after: Option<Instant>,
    approved: BTreeSet<String>,
    /// See [`folder::Known`].
    at_first: Option<Records>,
    pause: Option<Pause>,
    /// Entries whose last write failed: what is on the disk is not known, and nothing is done for them until it is.
    unknown: BTreeSet<EntryName>,
    /// Notes that a failing disk did not take yet.
    unwritten: BTreeMap<EntryName, Note>,
    told_orphans: BTreeSet<String>,
    told_ledger: bool,
    /// Was the clock of the machine believed when it was looked at last?
    is_believed: bool,
    /// What it was made with, beside what was found: with that it begins anew when the ledger was lost under it.
    begun: Begun,
}

#[derive(Clone)]
struct Begun {
    verify: Duration,
    configured: Option<String>,
    seed: u64,
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
                target: kind::LEDGER,
                "the ledger was not what had been acknowledged: {why}. A new one is begun, and what runs is adopted"
            );
        }
        let (every, always) = (verify, configured.clone());
        let wall = (hands.clock)();
        let machines = (found.listed, found.machines);
        let mut verify = Verify::new(verify, machines, configured, hands.rules);
        if hands.rules.shown {
            verify.remember(&found.seen, &hands.owner, wall);
        }
        verify.is_written(found.seen);
        Self {
            hands,
            policy,
            begun: Begun {
                verify: every,
                configured: always,
                seed,
            },
            desk: Desk::new(found.records),
            verify,
            retries: Retries::new(seed),
            flights: Flights::default(),
            health: Health::default(),
            progress: Progress::default(),
            told_progress: progress::Told::default(),
            pace: Pace::default(),
            looks: BTreeMap::new(),
            orphans_after: None,
            approved: found.approved,
            at_first: None,
            pause: found.pause,
            unknown: BTreeSet::new(),
            unwritten: BTreeMap::new(),
            told_orphans: BTreeSet::new(),
            told_ledger: false,
            is_believed: true,
        }
    }

    /// With these limits, instead of AWS's own quotas.
    #[must_use]
    pub fn within(mut self, limits: Limits) -> Self {
        self.pace = Pace::new(limits);
        self
    }

    /// Goes on with these. What was learned of AWS's quotas is kept where the limits are the same.
    pub fn reload(&mut self, policy: Policy, limits: Limits, verify: Duration) {
        self.policy = policy;
        if *self.pace.limits() != limits {
            self.pace = Pace::new(limits);
        }
        self.begun.verify = verify;
        self.verify.list_every(verify);
    }

    /// How fast AWS may be called.
    pub fn limits(&self) -> &Limits {
        self.pace.limits()
    }

    /// How far it has got.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// What has happened in this process.
    pub fn tally(&self) -> Tally {
        self.hands.tally.clone()
    }

    /// What was called at AWS.
    pub fn calls(&self) -> Calls {
        self.hands.step_functions.calls()
    }

    /// Can the ledger not be written, as far as one knows?
    pub fn ledger_fails(&self) -> bool {
        let waits = self.retries.waiting().next().is_some();
        self.hands.ledger.is_broken() || self.told_ledger && waits
    }

    /// Where no answers come from, and the error that shows there.
    pub fn silent(&self) -> Vec<String> {
        self.health
            .outages()
            .map(|(place, error)| format!("{} in {}: {error}", place.account, place.region))
            .chain(self.verify.problems())
            .collect()
    }

    /// Whose executions.
    pub fn owner(&self) -> &Owner {
        &self.hands.owner
    }

    /// What is recorded now.
    pub fn records(&self) -> &Records {
        &self.desk.records
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.hands.ledger
    }

    fn now(&self) -> DateTime<Utc> {
        (self.hands.clock)()
    }

    /// AWS's time, by the answers since then.
    pub fn aws_time(&self, since: Instant) -> AwsTime {
        self.hands.step_functions.time(since)
    }

    /// Lists the running executions anew, as soon as it may.
    pub fn list_again(&mut self) {
        self.verify.list_again(Instant::now());
    }

    /// Waits until a step has ended that was under way; for ever, if there is none. Loses nothing if it is dropped.
    pub async fn some_ended(&mut self) {
        self.flights.some_ended().await;
    }

    /// Gives each entry the reading that counts by what is known now.
    pub fn choose(&self, desired: &mut Desired) {
        let records = &self.desk.records;
        let is_over = |stray: &&Stray| {
            // Names whose key is a digest are younger than digits that are kept.
            let record = stray.key.name().and_then(|name| records.get(&name));
            record.is_some_and(|record| record.knows_closed(&stray.fingerprint, stray.generation))
        };
        let strays = self.verify.all_strays().filter(|stray| !is_over(stray));
        desired.choose(records, strays.map(|stray| stray.fingerprint));
    }

    /// The plan for this moment.
    pub fn plan(&mut self, desired: &Desired) -> Plan {
        let now = self.now();
        let strangers = self.strangers(desired);
        let asks = |record: &Record| {
            let entry = desired.entries.get(&record.name);
            entry.is_some_and(|entry| entry.fingerprint() == record.fingerprint)
        };
        let redriven = self
            .verify
            .redriven(|name| self.desk.records.get(name), asks);
        let (verify, rules, approved) = (&self.verify, self.policy.rules, &self.approved);
        let (flights, retries, instant) = (&self.flights, &self.retries, Instant::now());
        let sight = |wanted: &Wanted<'_>| {
            let (name, record) = (wanted.name, wanted.record);
            let (machine, asked) = match wanted.want {
                Want::Present(entry) => (Some(&**entry.state_machine()), Some(entry.fingerprint())),
                Want::Absent { .. } | Want::Unclear(_) | Want::Left(_) => (None, None),
            };
            let seen = if rules.verify {
                let seen = verify.sight(name, (machine, asked.as_ref()), record);
                Sight {
                    redriven: redriven.contains(name),
                    listed: seen.listed && !strangers.waiting.contains(name),
                    stray: seen.stray && !strangers.not_theirs.contains(name)
                        || strangers.given.contains_key(name),
                    doubted: seen.doubted || strangers.unsure.contains(name),
                    ..seen
                }
            } else {
                Sight::CLEAR
            };
            let is_approved = |record: &Record| approved.contains(&record.execution_arn());
            Sight {
                // One that is under way can't be held any more.
                approved: !approved.is_empty() && record.is_some_and(is_approved)
                    || flights.stops(name),
                unusable: retries.unusable(name, asked.as_ref(), instant),
                ..seen
            }
        };
        let pause = self.pause.filter(|pause| pause.holds(now));
        let brakes: Vec<Brake> = desired
            .brakes
            .iter()
            .cloned()
            .chain(pause.map(|pause| pause.brake()))
            .collect();
        let mut plan = self.desk.plan(desired, sight, &self.policy, &brakes, now);
        for name in &plan.unlisted {
            if let Some(Decision::Hold { why, .. }) = plan.decisions.get_mut(name)
                && let Some(entry) = desired.entries.get(name)
                && let Some(problem) = self.verify.problem(entry.state_machine())
            {
                *why = format!("{why}: {problem}");
            }
        }
        plan
    }

    /// Plans and applies until nothing is due, or for a while: what has no end by then goes on, and `Report::goes_on` says
    /// so. `interrupted` is asked before each new step: where it says yes, of the rest no more is begun than keeps a folder
    /// that changes all the time from putting everything off. Once Step Functions may not be called any more, nothing is
    /// begun at all.
    pub async fn reconcile(
        &mut self,
        desired: &Desired,
        interrupted: &(dyn Fn() -> bool + Send + Sync),
    ) -> Report {
        let desired = &mut desired.clone();
        let mut report = Report::default();
        self.begin_anew(interrupted).await;
        self.hands.commits.clone_from(&desired.commits);
        self.hands.zones.clone_from(&desired.zones);
        let begun = Instant::now();
        let mut last = None;
        for pass in 0.. {
            if self.hands.step_functions.has_ended() {
                break;
            }
            if !desired.holds_everything() {
                self.end_pause().await;
            }
            let paused = self.pause().is_some();
            self.hands.step_functions.hold(paused);
            while let Some(landed) = self.flights.ended() {
                self.land(landed, &mut report).await;
            }
            let is_believed = !desired.holds_everything();
            self.believe(is_believed);
            self.list(desired).await;
            if pass == 0 {
                self.know_again().await;
            }
            // By a clock that is not believed nothing is made durable, nor forgotten.
            if pass == 0 && is_believed {
                self.forget_fired().await;
            }
            let planning = Instant::now();
            self.choose(desired);
            let mut plan = self.plan(desired);
            let end = begun + TURN.max(planning.elapsed() * 10);
            if pass == 0 && is_believed && self.note(&mut plan).await {
                plan = self.plan(desired);
            }
            if is_believed {
                self.void(&plan).await;
            }
            report.guard.clone_from(&plan.guard);
            report.wake = plan.wake(self.now());
            if plan.learns_more {
                let soon = after(self.now(), Duration::from_secs(1));
                report.wake = report.wake.into_iter().chain([soon]).min();
            }
            let changes = plan.steps().filter(|(_, step, _)| step.changes());
            self.progress.set_left(changes.count());
            let queue = self.due(&plan, desired, &mut report);
            if queue.is_empty() && !plan.unlisted.is_empty() && !interrupted() {
                if let Some(done) = self.listing_soon(interrupted).await {
                    self.listed(done).await;
                    continue;
                }
                last = Some(plan);
                break;
            }
            if queue.is_empty() || (pass > 0 && interrupted()) {
                last = Some(plan);
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
            let went_through = self
                .pass(queue, desired, interrupted, end, &mut report)
                .await;
            if !went_through || Instant::now() >= end {
                report.goes_on = true;
                break;
            }
        }
        // A plan costs much where there are many entries, and nothing was done since the last one.
        let plan = if let Some(plan) = last {
            plan
        } else {
            self.choose(desired);
            self.plan(desired)
        };
        if plan.guard.is_some() {
            let waiting = self.to_approve(&plan, desired);
            report.digest = Some(approve::digest(&waiting, &desired.zones));
        }
        for name in &plan.unlisted {
            if let Some(Decision::Hold { why, .. }) = plan.decisions.get(name) {
                report.failed.insert(name.clone(), why.clone());
            }
        }
        for (name, error) in self.retries.waiting() {
            report.failed.insert(name.clone(), error.to_owned());
        }
        self.cut_off(&plan, desired, &mut report);
        self.not_done(&plan, &mut report);
        let left = self.stop_orphans(desired, interrupted);
        self.tell_orphans(desired);
        report.listing = self.verify.is_listing();
        let soon = report.listing.then(|| after(self.now(), LISTING));
        let at_once = report.goes_on.then(|| self.now());
        let under_way = !self.flights.is_empty();
        report.goes_on |= under_way;
        if !report.goes_on {
            self.told_progress = progress::Told::default();
        }
        let ended = under_way.then(|| after(self.now(), LISTING));
        let (now, instant) = (self.now(), Instant::now());
        let wall = |at: Instant| after(now, at.saturating_duration_since(instant));
        let cut_off = |place: &Place| self.health.outage(place).is_some();
        let (retry, verify) = (self.retries.next(cut_off, instant), self.verify.wake());
        let broken = self.hands.ledger.is_broken();
        let mend = broken.then(|| after(self.now(), Duration::from_secs(1)));
        let (retry, verify, left) = (retry.map(wall), verify.map(wall), left.map(wall));
        let wakes = [retry, verify, left, soon, at_once, ended, mend];
        report.wake = report
            .wake
            .into_iter()
            .chain(wakes.into_iter().flatten())
            .min();
        report.plan = plan;
        report
    }

    /// Where the ledger was found damaged under this process: what was in it is known no better than after a start.
    async fn begin_anew(&mut self, interrupted: &(dyn Fn() -> bool + Send + Sync)) {
        if !self.hands.ledger.is_broken() {
            return;
        }
        // What is under way would be forgotten with the rest.
        self.settle(&|| _ = interrupted()).await;
        let found = match self.hands.ledger.recover().await {
            Ok(None) => return,
            Ok(Some(found)) => found,
            Err(error) => {
                return warn!(target: kind::LEDGER, %error, "the ledger can't be begun anew");
            }
        };
        let Begun {
            verify,
            configured,
            seed,
        } = self.begun.clone();
        let (hands, policy) = (self.hands.clone(), self.policy.clone());
        let (pace, progress) = (std::mem::take(&mut self.pace), self.progress.clone());
        // One that could not be written holds as long as this process.
        let pause = self.pause;
        // What listings showed is as true as before.
        let (seen, wall) = (self.verify.seen(&self.hands.owner), self.now());
        *self = Self::new(hands, found, policy, (verify, configured), seed);
        self.verify.remember(&seen, &self.hands.owner, wall);
        (self.pace, self.progress) = (pace, progress);
        self.pause = pause.or(self.pause);
    }
}
