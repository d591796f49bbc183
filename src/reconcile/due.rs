//! Which steps of a plan may be tried now. Calls nobody.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::flights::Lane;
use super::health::FIRST;
use super::pass::IN_FLIGHT;
use super::retry::Question;
use super::{Desired, Reconciler, Report};
use crate::model::arn::Place;
use crate::model::brake::HeldBy;
use crate::model::entry::EntryName;
use crate::model::limits::Operation;
use crate::model::name::Fingerprint;
use crate::model::plan::{Decision, Plan, Step, after};
use crate::model::record::Phase;

/// How much longer than it did, what was never asked for counts as having waited.
const NEVER_ASKED: Duration = Duration::from_mins(10);

/// A step that is due.
pub(super) struct Due {
    pub(super) name: EntryName,
    pub(super) step: Step,
    pub(super) why: &'static str,
    /// Who takes over whose execution by it.
    pub(super) takes: Vec<(EntryName, EntryName)>,
    /// Where it calls, and what.
    pub(super) lane: Lane,
    /// The earliest time that concerns it.
    at: Option<DateTime<Utc>>,
}

impl Reconciler {
    /// The steps of a plan that may be tried now, the earliest time first; questions that wait for longest first.
    pub(super) fn due(&mut self, plan: &Plan, desired: &Desired, report: &mut Report) -> Vec<Due> {
        let (now, instant) = (self.now(), Instant::now());
        let at = |name: &EntryName| {
            let recorded = self.desk.records.get(name).map(|record| record.at);
            let asked = desired.entries.get(name).map(|entry| entry.at());
            asked.into_iter().chain(recorded).min()
        };
        let steps: Vec<_> = plan
            .steps()
            .map(|(name, step, why)| (at(name), name.clone(), step, why))
            .collect();
        // What is held for its machine waits, too: until that is asked again.
        let waits = |decision: &Decision| {
            matches!(
                decision,
                Decision::Hold {
                    by: HeldBy::Machine,
                    ..
                }
            )
        };
        let held = plan
            .decisions
            .iter()
            .filter(|(_, decision)| waits(decision));
        let wanted: BTreeSet<&EntryName> = steps
            .iter()
            .map(|(_, name, ..)| name)
            .chain(held.map(|(name, _)| name))
            .collect();
        self.retries.keep(|name| wanted.contains(name));
        // What is being started for an entry that asks for it no longer may be taken over by the one that asks for the same, once
        // it runs and is recorded.
        let starting: BTreeSet<&Fingerprint> = self
            .flights
            .starts()
            .filter(|(name, asked)| {
                let asks = desired.entries.get(*name);
                asks.is_none_or(|entry| entry.fingerprint() != **asked)
            })
            .map(|(_, asked)| asked)
            .collect();
        let takes_over = |name: &EntryName| {
            let asked = desired.entries.get(name);
            !starting.is_empty()
                && asked.is_some_and(|entry| starting.contains(&entry.fingerprint()))
        };
        let free = |name: &EntryName| !self.unknown.contains(name) && !self.flights.is_busy(name);
        let mut due: Vec<_> = steps
            .into_iter()
            .filter(|(_, name, ..)| {
                free(name)
                    && takes(plan, name)
                        .iter()
                        .all(|(to, from)| free(to) && free(from))
            })
            .filter(|(_, name, step, _)| *step != Step::Start || !takes_over(name))
            .filter(|(_, name, step, _)| self.may(name, *step, desired, instant))
            .collect();
        // Questions are few in each pass, and what was asked for lately waits until others were: else those that run for
        // long would be asked for alone. What was never asked for has most likely ended, and so goes before them.
        let waits = |name: &EntryName, at: Option<DateTime<Utc>>| {
            let since = at
                .and_then(|at| (now - at).to_std().ok())
                .unwrap_or_default();
            let again = self.retries.until(name);
            again.map_or(since + NEVER_ASKED, |until| instant - until)
        };
        due.sort_by_cached_key(|(at, name, step, _)| {
            let asks = question(*step, *at, now).map(|_| waits(name, *at));
            (Reverse(asks), *at, name.clone())
        });
        let mut due: Vec<Due> = due
            .into_iter()
            .map(|(at, name, step, why)| Due {
                takes: takes(plan, &name),
                lane: Lane {
                    place: self.place(&name, step, desired),
                    operation: operation(step),
                },
                at,
                name,
                step,
                why,
            })
            .filter(|due| self.flights.in_lane(&due.lane) < IN_FLIGHT)
            .collect();
        self.only_probes(&mut due, instant);
        due.retain(|due| {
            // How a stop ended is asked for as fast as AWS allows.
            let record = self.desk.records.get(&due.name);
            let is_taken = record.is_some_and(|r| r.phase == Phase::Stopping && r.stop_taken);
            let question = question(due.step, due.at, now).filter(|_| !is_taken);
            let Some((question, calls)) = question else {
                return true;
            };
            let looks = self.looks.entry(due.lane.place.clone()).or_default();
            let may = looks.take(question, calls, instant);
            if !may {
                let soon = after(now, Duration::from_secs(1));
                report.wake = report.wake.into_iter().chain([soon]).min();
            }
            may
        });
        due
    }

    /// Has its wait ended? In an outage, its place says when it is tried.
    fn may(&self, name: &EntryName, step: Step, desired: &Desired, now: Instant) -> bool {
        let asked = desired.entries.get(name);
        let asked = asked.map(|entry| entry.fingerprint());
        if self.retries.may(name, asked.as_ref(), now) {
            return true;
        }
        let silent = self.retries.silent(name);
        silent.is_some_and(|there| self.health.outage(there).is_some())
            && silent == self.place(name, step, desired).as_ref()
    }

    /// Of what is due where no answers come, one step is left, if it is time for one: that which was tried least. Were it
    /// always the same, and it had a fault of its own, the outage would never end.
    fn only_probes(&self, due: &mut Vec<Due>, now: Instant) {
        let mut probes: BTreeMap<Place, (u32, EntryName)> = BTreeMap::new();
        for due in due.iter() {
            let Some(there) = &due.lane.place else {
                continue;
            };
            let under_way = self.flights.at(there);
            if self.health.outage(there).is_none() || !self.health.may(there, under_way, now) {
                continue;
            }
            let failures = self.retries.failures(&due.name);
            if probes.get(there).is_none_or(|(least, _)| failures < *least) {
                probes.insert(there.clone(), (failures, due.name.clone()));
            }
        }
        due.retain(|due| {
            let cut_off = |there: &&Place| self.health.outage(there).is_some();
            let there = due.lane.place.as_ref().filter(cut_off);
            let is_probe = |there| {
                let probe = probes.get(there);
                probe.is_some_and(|(_, name)| *name == due.name)
            };
            there.is_none_or(is_probe)
        });
    }

    /// Where a step calls; `None`: nowhere, or nobody knows.
    fn place(&self, name: &EntryName, step: Step, desired: &Desired) -> Option<Place> {
        let recorded = self.desk.records.get(name).map(|r| &r.state_machine);
        let asked = desired.entries.get(name).map(|entry| entry.state_machine());
        let machine = match step {
            Step::Move | Step::Forget => None,
            Step::Start => asked,
            Step::Stop(_) | Step::Replace | Step::Look | Step::Adopt => recorded.or(asked),
        };
        machine.and_then(|machine| Place::of(machine))
    }

    /// What is not done yet without having failed: it waits for a token, for an answer, or for another step.
    pub(super) fn not_done(&self, plan: &Plan, report: &mut Report) {
        for (name, step, why) in plan.steps() {
            let record = self.desk.records.get(name);
            let half = record.is_some_and(|r| matches!(r.phase, Phase::Starting | Phase::Stopping));
            if step.changes() || half {
                let failed = report.failed.entry(name.clone());
                failed.or_insert_with(|| format!("not done yet: {why}"));
            }
        }
    }

    /// What is due and is not even tried, since nothing answers where it would call; and when the next step is tried there.
    pub(super) fn cut_off(&self, plan: &Plan, desired: &Desired, report: &mut Report) {
        if self.health.is_good() {
            return;
        }
        let (now, instant) = (self.now(), Instant::now());
        for (name, step, _) in plan.steps() {
            let Some(place) = self.place(name, step, desired) else {
                continue;
            };
            let Some(error) = self.health.outage(&place) else {
                continue;
            };
            if !self.may(name, step, desired, instant) {
                continue;
            }
            let failed = report.failed.entry(name.clone());
            failed.or_insert_with(|| error.to_owned());
            // One that is under way ends by itself.
            if self.flights.at(&place) == 0
                && let Some(next) = self.health.next(&place)
            {
                let rest = next.saturating_duration_since(instant).max(FIRST);
                report.wake = report.wake.into_iter().chain([after(now, rest)]).min();
            }
        }
    }
}

/// Who takes over whose execution by the move of an entry: it alone, or a ring that it is the first of.
fn takes(plan: &Plan, name: &EntryName) -> Vec<(EntryName, EntryName)> {
    let moves = matches!(plan.decisions.get(name), Some(Decision::Act(Step::Move, _)));
    let mut takes = Vec::new();
    let mut to = Some(name).filter(|_| moves);
    while let Some(taker) = to
        && let Some(from) = plan.moves.get(taker)
    {
        takes.push((taker.clone(), from.clone()));
        to = Some(from).filter(|from| *from != name);
    }
    takes
}

/// What a step calls first, and is paced by.
fn operation(step: Step) -> Option<Operation> {
    match step {
        Step::Start => Some(Operation::Start),
        Step::Stop(_) | Step::Replace => Some(Operation::Stop),
        Step::Look | Step::Adopt => Some(Operation::Describe),
        Step::Move | Step::Forget => None,
    }
}

/// The question that a step is, and how many calls it needs; `None`: it is none.
fn question(step: Step, at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<(Question, f64)> {
    match step {
        Step::Look if at.is_some_and(|at| now >= at) => Some((Question::Outcome, 2.0)),
        Step::Look | Step::Adopt => Some((Question::Doubt, 1.0)),
        Step::Start | Step::Stop(_) | Step::Replace | Step::Move | Step::Forget => None,
    }
}
