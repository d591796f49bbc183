//! One pass of the loop: the steps that are due now are begun, one for each entry, many at once.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::apply::{Take, Task};
use super::due::Due;
use super::flights::{Flight, Lane};
use super::strangers::Strangers;
use super::verify::Stray;
use super::{Desired, Reconciler, Report};
use crate::model::entry::{Entry, EntryName};
use crate::model::key::EntryKey;
use crate::model::limits::Operation;
use crate::model::name::Fingerprint;
use crate::model::plan::Step;
use crate::model::record::Record;
use crate::model::shift::Shift;

/// How many steps are under way at once in one lane.
pub(super) const IN_FLIGHT: usize = 32;
/// How long after the last step that ended the others are waited for. They go on beside what comes next.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is asked meanwhile whether something else is to be done.
const TICK: Duration = Duration::from_millis(50);

/// What is due in each lane, with its turn among all.
type Queues = BTreeMap<Lane, VecDeque<(usize, Due)>>;

/// What may be begun next.
enum Next {
    Due(Due),
    /// Nothing yet; and when a token comes, if that is what is missing.
    At(Option<Instant>),
}

/// Generations of a content that bear an entry's name, and are another entry's.
type Others = HashMap<EntryKey, Vec<(Fingerprint, u32)>>;

impl Reconciler {
    /// Begins one step for each entry of the queue, and takes in what ends. Answers whether it went through the queue;
    /// what has no end by then goes on beside what comes next.
    pub(super) async fn pass(
        &mut self,
        queue: Vec<Due>,
        desired: &Desired,
        interrupted: &(dyn Fn() -> bool + Send + Sync),
        end: Instant,
        report: &mut Report,
    ) -> bool {
        let mut queues = Queues::new();
        for (turn, due) in queue.into_iter().enumerate() {
            let queue = queues.entry(due.lane.clone()).or_default();
            queue.push_back((turn, due));
        }
        let strangers = self.strangers(desired);
        let mut others = Others::new();
        for record in self.desk.records.values() {
            if let Some(key) = &record.named {
                let of_key = others.entry(key.clone()).or_default();
                of_key.push((record.fingerprint, record.generation));
            }
        }
        // A folder that changes all the time must not keep every step from being taken.
        let (mut begun, mut waiting) = (0, Instant::now());
        let is_over = || Instant::now() >= end;
        loop {
            let mut token = None;
            while !self.hands.step_functions.has_ended()
                && (begun < IN_FLIGHT || !(is_over() || interrupted()))
            {
                match self.next(&mut queues) {
                    Next::Due(due) => {
                        begun += 1;
                        self.begin(due, desired, (&strangers, &others));
                    }
                    Next::At(at) => {
                        token = at;
                        break;
                    }
                }
            }
            let rest = token.map_or(TICK, |at| {
                TICK.min(at.saturating_duration_since(Instant::now()))
            });
            match timeout(rest, self.flights.next()).await {
                Ok(Some(landed)) => {
                    self.land(landed, report).await;
                    waiting = Instant::now();
                    self.told_progress.tell(&self.progress, waiting);
                }
                // Nothing is under way: only a token is waited for.
                Ok(None) => match token {
                    Some(_) if !interrupted() => sleep(rest).await,
                    _ => break,
                },
                Err(_) if interrupted() => break,
                Err(_) if token.is_none() && waiting.elapsed() >= PATIENCE => break,
                Err(_) => {}
            }
            if is_over() {
                break;
            }
        }
        let waits = |(lane, queue): (&Lane, &VecDeque<(usize, Due)>)| {
            let cut_off = |there| self.health.outage(there).is_some();
            !queue.is_empty() && !lane.place.as_ref().is_some_and(cut_off)
        };
        !queues.iter().any(waits)
    }

    /// The next step of a lane that has room and a token; of several, the one that is due first. Else, when a token comes
    /// where there is room.
    fn next(&mut self, queues: &mut Queues) -> Next {
        let now = Instant::now();
        let (mut first, mut soonest): (Option<(usize, &Lane)>, Option<Instant>) = (None, None);
        for (lane, queue) in queues.iter() {
            let Some((turn, _)) = queue.front() else {
                continue;
            };
            match self.ready(lane, now) {
                Some(at) if at <= now => {
                    first = first.into_iter().chain([(*turn, lane)]).min();
                }
                Some(at) => soonest = soonest.into_iter().chain([at]).min(),
                None => {}
            }
        }
        let lane = first.map(|(_, lane)| lane.clone());
        let due = lane.and_then(|lane| {
            let (_, due) = queues.get_mut(&lane)?.pop_front()?;
            self.spend(&lane, now);
            Some(due)
        });
        due.map_or(Next::At(soonest), Next::Due)
    }

    /// When the next step of a lane may be begun; `None`: not before another one has ended.
    pub(super) fn ready(&mut self, lane: &Lane, now: Instant) -> Option<Instant> {
        if self.flights.in_lane(lane) >= IN_FLIGHT {
            return None;
        }
        let Some(place) = &lane.place else {
            return Some(now);
        };
        if !self.health.may(place, self.flights.at(place), now) {
            return None;
        }
        let operation = lane.operation;
        Some(operation.map_or(now, |operation| self.pace.ready(place, operation, now)))
    }

    pub(super) fn spend(&mut self, lane: &Lane, now: Instant) {
        if let (Some(place), Some(operation)) = (&lane.place, lane.operation) {
            self.pace.spend(place, operation, 1.0, now);
        }
    }

    /// What moves, with what is asked for and recorded of each of both names.
    fn takes(&self, names: &[(EntryName, EntryName)], desired: &Desired) -> Vec<Take> {
        let take = |(to, from): &(EntryName, EntryName)| {
            let entry = desired.entries.get(to).cloned()?;
            let records = &self.desk.records;
            let is_it = |record: &&Record| {
                record.fingerprint == entry.fingerprint() || Shift::of(&entry, record).is_some()
            };
            let of_name = records.get(from).filter(is_it);
            // The name may have asked for something else since it fired: then its record is that of the other.
            let is_current = of_name.is_some();
            Some(Take {
                before: records.get(to).cloned(),
                from: of_name.or_else(|| records.fired_alike(&entry)).cloned()?,
                is_current,
                entry,
            })
        };
        let takes: Option<Vec<Take>> = names.iter().map(take).collect();
        takes.unwrap_or_default()
    }

    fn begin(&mut self, due: Due, desired: &Desired, (strangers, others): (&Strangers, &Others)) {
        let Due {
            name,
            step,
            why,
            takes,
            lane,
            ..
        } = due;
        let record = self.desk.records.get(&name).cloned();
        let entry = desired.entries.get(&name).cloned();
        let asked = entry.as_deref().map(Entry::fingerprint);
        let key = name.key();
        let stray = self.verify.stray(&key, asked.as_ref(), record.as_ref());
        let stray = stray
            .cloned()
            .or_else(|| strangers.given.get(&name).cloned());
        let bears = stray
            .as_ref()
            .and_then(|stray| strangers.keys.name(&stray.key));
        let taken = others.get(&key).into_iter().flatten();
        let taken = taken.filter(|(content, _)| Some(content) == asked.as_ref());
        // How a stop ended, and whether what was over still is, is asked at once, where that takes nothing from those who ask in
        // doubt.
        let now = self.now();
        let may_run_again = record
            .as_ref()
            .is_some_and(|record| record.may_be_redriven(now));
        let asks = match lane.operation {
            Some(Operation::Stop) => true,
            Some(Operation::Start) => may_run_again,
            _ => false,
        };
        let sees = !asks
            || lane.place.as_ref().is_none_or(|place| {
                let now = Instant::now();
                self.pace.spare(place, Operation::Describe, now)
            });
        let task = Task {
            sees,
            taken: taken.map(|(_, generation)| *generation).collect(),
            step,
            why,
            shown: self.verify.redrives(&name),
            machines: stray
                .as_ref()
                .map(|stray| self.verify.names_of(stray))
                .unwrap_or_default(),
            stray,
            bears,
            entry,
            record,
            takes: self.takes(&takes, desired),
        };
        let names = task.names(&name);
        if names.iter().any(|name| self.flights.is_busy(name)) {
            return;
        }
        let adopted = task.stray.clone().filter(|_| step == Step::Adopt);
        let works_on = |stray: &Stray| self.flights.is_at_work_on(&stray.key);
        if adopted.as_ref().is_some_and(works_on) {
            return;
        }
        let flight = Flight::Step {
            name,
            step,
            why,
            asked,
            adopted,
        };
        let hands = self.hands.clone();
        let work = async move { Box::pin(hands.apply(task)).await };
        self.flights.begin(flight, lane, names, work);
    }
}
