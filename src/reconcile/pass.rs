//! One pass of the loop: the steps that are due now, one for each entry, many at once, and what came of each.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::apply::{StepError, Task};
use super::retry::{CAP, Question};
use super::{Desired, Reconciler, Report};
use crate::model::arn::Place;
use crate::model::entry::{EntryName, instant};
use crate::model::name::Fingerprint;
use crate::model::plan::{Plan, Step, after};
use crate::model::record::{Phase, Record};

/// How much longer than it did, what was never asked for counts as having waited.
const NEVER_ASKED: Duration = Duration::from_mins(10);
/// How many steps are under way at once in one account and region: where no answers come, others go on.
const IN_FLIGHT: usize = 32;

/// A step that is due.
pub(super) struct Due {
    name: EntryName,
    step: Step,
    why: &'static str,
    /// Whose execution it takes over.
    from: Option<EntryName>,
    /// Where it calls.
    place: Option<Place>,
    /// Its turn.
    number: usize,
}

impl Reconciler {
    /// The steps of a plan that may be tried now, the earliest time first; questions that wait for longest first.
    pub(super) fn due(&mut self, plan: &Plan, desired: &Desired, report: &mut Report) -> Vec<Due> {
        let (now, instant) = (self.now(), Instant::now());
        let at = |name: &EntryName| {
            let recorded = self.desk.records.get(name).map(|record| record.at);
            let asked = desired.entries.get(name).map(|entry| entry.at);
            asked.into_iter().chain(recorded).min()
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
                let from = plan.moves.get(name);
                !self.unknown.contains(name)
                    && !from.is_some_and(|from| self.unknown.contains(from))
            })
            .filter(|(_, name, ..)| {
                let asked = desired
                    .entries
                    .get(name)
                    .map(|entry| Fingerprint::of(entry));
                self.retries.may(name, asked.as_ref(), instant)
            })
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
        let mut queue = Vec::with_capacity(due.len());
        for (at, name, step, why) in due {
            if let Some((question, calls)) = question(step, at, now)
                && !self.looks.take(question, calls, instant)
            {
                let soon = after(now, Duration::from_secs(1));
                report.wake = report.wake.into_iter().chain([soon]).min();
                continue;
            }
            let from = plan.moves.get(&name).filter(|_| step == Step::Move);
            let recorded = self
                .desk
                .records
                .get(&name)
                .map(|r| r.state_machine.as_str());
            let asked = desired.entries.get(&name).map(|e| e.state_machine.as_str());
            let machine = match step {
                Step::Start => asked,
                _ => recorded.or(asked),
            };
            queue.push(Due {
                number: queue.len(),
                place: machine.and_then(Place::of),
                from: from.cloned(),
                name,
                step,
                why,
            });
        }
        queue
    }

    /// One step for each entry of the queue, many at once.
    pub(super) async fn pass(
        &mut self,
        queue: Vec<Due>,
        desired: &Desired,
        interrupted: &(dyn Fn() -> bool + Send + Sync),
        report: &mut Report,
    ) {
        let mut queues: BTreeMap<Option<Place>, VecDeque<Due>> = BTreeMap::new();
        for due in queue {
            queues.entry(due.place.clone()).or_default().push_back(due);
        }
        let strangers = self.strangers(desired);
        let mut others: HashMap<EntryName, Vec<(Fingerprint, u32)>> = HashMap::new();
        for record in self.desk.records.values() {
            if let Some(name) = &record.named {
                let of_name = others.entry(name.clone()).or_default();
                of_name.push((record.fingerprint.clone(), record.generation));
            }
        }
        let (mut flying, mut names) = (JoinSet::new(), HashMap::new());
        let mut under_way: HashMap<Option<Place>, usize> = HashMap::new();
        // A folder that changes all the time must not keep every step from being taken.
        let mut begun = 0;
        loop {
            while !self.hands.step_functions.has_ended()
                && (begun < IN_FLIGHT || !interrupted())
                && let Some(due) = next(&mut queues, &under_way)
            {
                let Due {
                    name,
                    step,
                    why,
                    from,
                    place,
                    number: _,
                } = due;
                begun += 1;
                *under_way.entry(place.clone()).or_default() += 1;
                let hands = self.hands.clone();
                let record = self.desk.records.get(&name).cloned();
                let entry = desired.entries.get(&name).cloned();
                let wanted = entry.as_deref().map(Fingerprint::of);
                let stray = self.verify.stray(&name, wanted.as_ref(), record.as_ref());
                let stray = stray
                    .cloned()
                    .or_else(|| strangers.given.get(&name).cloned());
                let taken = others.get(&name).into_iter().flatten();
                let taken = taken.filter(|(content, _)| Some(content) == wanted.as_ref());
                let task = Task {
                    taken: taken.map(|(_, generation)| *generation).collect(),
                    step,
                    why,
                    stray,
                    entry,
                    record,
                    from: from.and_then(|from| self.desk.records.get(&from).cloned()),
                };
                let both = task.names(&name);
                let adopted = task.stray.clone().filter(|_| step == Step::Adopt);
                let handle = flying.spawn(async move {
                    let result = hands.apply(task).await;
                    (name, step, why, adopted, result)
                });
                names.insert(handle.id(), (both, place));
            }
            match flying.join_next_with_id().await {
                None => return,
                Some(Ok((id, (name, step, why, adopted, result)))) => {
                    let (both, place) = names.remove(&id).unwrap_or_default();
                    under_way.entry(place).and_modify(|number| *number -= 1);
                    if result.is_ok()
                        && let Some(stray) = adopted
                    {
                        self.verify.over(&stray);
                    }
                    for other in both.iter().filter(|other| **other != name) {
                        self.read_again(other).await;
                    }
                    let asked = desired
                        .entries
                        .get(&name)
                        .map(|entry| Fingerprint::of(entry));
                    self.land(&name, (step, why), asked, result, report).await;
                }
                // The intent may be in the ledger: nothing more is done for this entry before its record is read again.
                Some(Err(error)) => {
                    warn!(%error, "a step broke off");
                    let (both, place) = names.remove(&error.id()).unwrap_or_default();
                    under_way.entry(place).and_modify(|number| *number -= 1);
                    self.unknown.extend(both);
                }
            }
        }
    }

    /// A record as it was written last. A store that can't be read says nothing.
    async fn read_again(&mut self, name: &EntryName) {
        match self.hands.ledger.record(name).await {
            Ok(Some(record)) => {
                self.desk.records.insert(name.clone(), record);
            }
            Ok(None) => {}
            Err(_) => {
                self.unknown.insert(name.clone());
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
        if step == Step::Look && result.is_ok() {
            self.verify.looked(name);
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
        match result {
            Ok(record) => {
                let records = &mut self.desk.records;
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
                self.read_again(name).await;
                let record = self.desk.records.get(name);
                let near = record.is_some_and(|record| {
                    record.at < after(now, CAP) && now < after(record.at, CAP)
                });
                let refused = error.refuses() && record.is_some_and(|r| r.refused.is_some());
                let goes_on = matches!(error, StepError::Unsettled)
                    && record.is_some_and(|r| r.phase == Phase::Running && r.missing.is_none());
                let text = if goes_on {
                    String::new()
                } else {
                    error.to_string()
                };
                let (wait, again) =
                    self.retries
                        .failed(name, asked, (text, refused), near, Instant::now());
                let ends = self.hands.step_functions.has_ended();
                let quiet = matches!(error, StepError::Unsettled) || broken || again || ends;
                if !quiet {
                    warn!(entry = %name, step = step.as_str(), %error, again_in_ms = wait.as_millis(), "not done yet");
                }
            }
        }
    }
}

/// The next step of a place that has room; of several, the one that is due first.
fn next(
    queues: &mut BTreeMap<Option<Place>, VecDeque<Due>>,
    under_way: &HashMap<Option<Place>, usize>,
) -> Option<Due> {
    let has_room = |place: &Option<Place>| under_way.get(place).is_none_or(|n| *n < IN_FLIGHT);
    let waiting = queues.iter_mut().filter(|(place, _)| has_room(place));
    let (_, queue) = waiting
        .filter(|(_, queue)| !queue.is_empty())
        .min_by_key(|(_, queue)| queue.front().map(|due| due.number))?;
    queue.pop_front()
}

/// The question that a step is, and how many calls it needs; `None`: it is none.
fn question(step: Step, at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<(Question, f64)> {
    match step {
        Step::Look if at.is_some_and(|at| now >= at) => Some((Question::Outcome, 2.0)),
        Step::Look | Step::Adopt => Some((Question::Doubt, 1.0)),
        Step::Start | Step::Stop(_) | Step::Replace | Step::Move | Step::Forget => None,
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
        (_, _) if step == Step::Move => info!(entry = %name, why, at, execution, "moved"),
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
