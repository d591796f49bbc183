//! What a plan will meet at AWS: how long it takes at these rates, what would be late by that, and which of AWS's limits
//! are near. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Moment;
use crate::model::arn::Place;
use crate::model::entry::{EntryName, instant};
use crate::model::limits::{Limit, MOST_OPEN, Operation, transitions};
use crate::model::plan::Step;
use crate::model::record::Record;

/// From this share of what may be open on, it is told.
const NEAR: f64 = 0.8;
/// What happens in the second in which an execution fires: the wait ends, and the task is entered.
const TRANSITIONS: usize = 2;

/// `forecast` of `onced plan --format json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// How long the steps take at least, in seconds, at the rates that are set or are AWS's quotas.
    pub seconds: f64,
    /// Which entries would be started after their time, at these rates, the earliest first.
    pub late: Vec<EntryName>,
    /// Where the number of open executions would come near to AWS's limit.
    pub open: Vec<Open>,
    /// Where more entries share a second than AWS begins then.
    pub crowded: Vec<Crowded>,
}

/// Open executions of one account and region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Twelve digits.
    pub account: String,
    /// Such as `us-east-1`.
    pub region: String,
    /// How many of onced's would be open after this plan.
    pub executions: usize,
    /// How many AWS allows, all together.
    pub limit: usize,
}

/// A second with too many entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crowded {
    /// Which one.
    pub at: String,
    /// Twelve digits.
    pub account: String,
    /// Such as `us-east-1`.
    pub region: String,
    /// How many entries.
    pub entries: usize,
    /// How many AWS begins in a second there.
    pub limit: usize,
}

/// How long after the first call so many have been made, in seconds.
fn takes(calls: usize, limit: Limit) -> f64 {
    let calls = f64::from(u32::try_from(calls).unwrap_or(u32::MAX));
    ((calls - limit.burst) / limit.rate).max(0.0)
}

/// What a place has to do, and has.
#[derive(Default)]
struct Load {
    /// When each start is due, and whose it is.
    starts: Vec<(DateTime<Utc>, EntryName)>,
    stops: usize,
    open: usize,
    /// By the second in which they fire.
    fires: BTreeMap<DateTime<Utc>, usize>,
}

/// The load of each place.
#[derive(Default)]
struct Loads<'a> {
    of_places: BTreeMap<Place, Load>,
    /// A machine that was asked for last: most have one for all entries.
    last: Option<(&'a str, Place)>,
}

impl<'a> Loads<'a> {
    /// The load where a machine is.
    fn of(&mut self, machine: &'a str) -> Option<&mut Load> {
        if self.last.as_ref().is_none_or(|(last, _)| *last != machine) {
            let place = Place::of(machine)?;
            self.of_places.entry(place.clone()).or_default();
            self.last = Some((machine, place));
        }
        let (_, place) = self.last.as_ref()?;
        self.of_places.get_mut(place)
    }
}

impl Moment {
    /// The forecast for the plan.
    pub(super) fn forecast(&self) -> Forecast {
        let mut loads = Loads::default();
        for (name, step, _) in self.plan.steps() {
            let (wanted, record) = (self.scan.entries.get(name), self.records.get(name));
            if let Some(entry) = wanted.filter(|_| matches!(step, Step::Start | Step::Replace))
                && let Some(load) = loads.of(entry.state_machine())
            {
                load.starts.push((entry.at(), name.clone()));
            }
            if step.stops()
                && let Some(load) = record.and_then(|record| loads.of(&record.state_machine))
            {
                load.stops += 1;
            }
        }
        // What runs, or is to run: the stops of this plan are not counted off, since a Replace starts what it stopped.
        for record in self.records.values().filter(|record| record.is_live()) {
            if let Some(load) = loads.of(&record.state_machine) {
                load.open += 1;
                *load.fires.entry(record.at).or_default() += 1;
            }
        }
        let mut forecast = Forecast::default();
        for (place, mut load) in loads.of_places {
            let limit = |operation| self.limits.of(operation, &place.region);
            let (starting, stopping) = (limit(Operation::Start), limit(Operation::Stop));
            let asking = limit(Operation::Describe);
            load.starts.sort();
            let mut replaced = 0;
            for (turn, (at, name)) in load.starts.iter().enumerate() {
                let mut wait = takes(turn + 1, starting);
                if self.records.get(name).is_some_and(Record::is_live) {
                    // How the old one ended is asked for before the new one starts.
                    replaced += 1;
                    wait = wait.max(takes(replaced, asking));
                } else {
                    load.open += 1;
                    *load.fires.entry(*at).or_default() += 1;
                }
                let wait = wait * 1_000.0;
                #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a wait")]
                let begins = self.now + TimeDelta::milliseconds(wait as i64);
                // What is late already is late whatever the rates are.
                if begins > *at && *at >= self.now {
                    forecast.late.push(name.clone());
                }
            }
            let (starts, stops) = (load.starts.len(), load.stops);
            let least = [
                takes(starts, starting),
                takes(stops, stopping),
                takes(replaced, asking),
            ];
            forecast.seconds = least.into_iter().fold(forecast.seconds, f64::max);
            let share = f64::from(u32::try_from(load.open).unwrap_or(u32::MAX));
            if share >= NEAR * f64::from(MOST_OPEN) {
                forecast.open.push(Open {
                    account: place.account.clone(),
                    region: place.region.clone(),
                    executions: load.open,
                    limit: MOST_OPEN as usize,
                });
            }
            let most = transitions(&place.region) / TRANSITIONS;
            let crowded = load.fires.into_iter().filter(|(_, number)| *number > most);
            forecast
                .crowded
                .extend(crowded.map(|(at, entries)| Crowded {
                    at: instant(at),
                    account: place.account.clone(),
                    region: place.region.clone(),
                    entries,
                    limit: most,
                }));
        }
        forecast
    }
}
