//! One pass of the loop: the steps that are due now are begun, one for each entry, many at once.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::apply::Task;
use super::due::Due;
use super::flights::Flight;
use super::strangers::Strangers;
use super::{Desired, Reconciler, Report};
use crate::model::arn::Place;
use crate::model::entry::EntryName;
use crate::model::name::Fingerprint;
use crate::model::plan::Step;

/// How many steps are under way at once in one account and region: where no answers come, others go on.
pub(super) const IN_FLIGHT: usize = 32;
/// How long after the last step that ended the others are waited for. They go on beside what comes next.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is asked meanwhile whether something else is to be done.
const TICK: Duration = Duration::from_millis(50);

/// What is due in each place, with its turn among all.
type Queues = BTreeMap<Option<Place>, VecDeque<(usize, Due)>>;
/// Generations of a content that bear an entry's name, and are another entry's.
type Others = HashMap<EntryName, Vec<(Fingerprint, u32)>>;

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
            let queue = queues.entry(due.place.clone()).or_default();
            queue.push_back((turn, due));
        }
        let strangers = self.strangers(desired);
        let mut others = Others::new();
        for record in self.desk.records.values() {
            if let Some(name) = &record.named {
                let of_name = others.entry(name.clone()).or_default();
                of_name.push((record.fingerprint.clone(), record.generation));
            }
        }
        // A folder that changes all the time must not keep every step from being taken.
        let (mut begun, mut waiting) = (0, Instant::now());
        let is_over = || Instant::now() >= end;
        loop {
            while !self.hands.step_functions.has_ended()
                && (begun < IN_FLIGHT || !(is_over() || interrupted()))
                && let Some(due) = self.next(&mut queues)
            {
                begun += 1;
                self.begin(due, desired, (&strangers, &others));
            }
            match timeout(TICK, self.flights.next()).await {
                Ok(None) => break,
                Ok(Some(landed)) => {
                    self.land(landed, report).await;
                    waiting = Instant::now();
                }
                Err(_) if waiting.elapsed() >= PATIENCE || interrupted() => break,
                Err(_) => {}
            }
            if is_over() {
                break;
            }
        }
        let waits = |(place, queue): (&Option<Place>, &VecDeque<(usize, Due)>)| {
            let cut_off = |there| self.health.outage(there).is_some();
            !queue.is_empty() && !place.as_ref().is_some_and(cut_off)
        };
        !queues.iter().any(waits)
    }

    /// The next step of a place that has room; of several, the one that is due first.
    fn next(&self, queues: &mut Queues) -> Option<Due> {
        let now = Instant::now();
        let has_room = |place: &Option<Place>| {
            let under_way = self.flights.number(place.as_ref());
            let may = |there| self.health.may(there, under_way, now);
            under_way < IN_FLIGHT && place.as_ref().is_none_or(may)
        };
        let waiting = queues
            .iter_mut()
            .filter(|(place, queue)| !queue.is_empty() && has_room(place));
        let (_, queue) = waiting.min_by_key(|(_, queue)| queue.front().map(|(turn, _)| *turn))?;
        queue.pop_front().map(|(_, due)| due)
    }

    fn begin(&mut self, due: Due, desired: &Desired, (strangers, others): (&Strangers, &Others)) {
        let Due {
            name,
            step,
            why,
            from,
            place,
            ..
        } = due;
        let record = self.desk.records.get(&name).cloned();
        let entry = desired.entries.get(&name).cloned();
        let asked = entry.as_deref().map(Fingerprint::of);
        let stray = self.verify.stray(&name, asked.as_ref(), record.as_ref());
        let stray = stray
            .cloned()
            .or_else(|| strangers.given.get(&name).cloned());
        let taken = others.get(&name).into_iter().flatten();
        let taken = taken.filter(|(content, _)| Some(content) == asked.as_ref());
        let task = Task {
            taken: taken.map(|(_, generation)| *generation).collect(),
            step,
            why,
            stray,
            entry,
            record,
            from: from.and_then(|from| self.desk.records.get(&from).cloned()),
        };
        let names = task.names(&name);
        if names.iter().any(|name| self.flights.is_busy(name)) {
            return;
        }
        let adopted = task.stray.clone().filter(|_| step == Step::Adopt);
        let flight = Flight::Step {
            name,
            step,
            why,
            asked,
            adopted,
        };
        let hands = self.hands.clone();
        let work = async move { hands.apply(task).await };
        self.flights.begin(flight, place, names, work);
    }
}
