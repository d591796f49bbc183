//! Steps that are under way. They outlive the pass that began them, so that where no answers come nothing else waits for
//! them. For an entry with a step under way nothing else is done, and no note is written. Never decides what is begun.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::sleep;

use super::apply::StepError;
use super::verify::Stray;
use crate::model::arn::Place;
use crate::model::entry::EntryName;
use crate::model::key::EntryKey;
use crate::model::limits::Operation;
use crate::model::name::Fingerprint;
use crate::model::plan::Step;
use crate::model::record::Record;

/// What ends within this time of another is taken in with it: a plan is made for many at once.
const GATHER: Duration = Duration::from_millis(250);

/// What is under way.
#[derive(Debug)]
pub(super) enum Flight {
    /// A step of an entry.
    Step {
        name: EntryName,
        step: Step,
        why: &'static str,
        /// What was asked for when it was begun.
        asked: Option<Fingerprint>,
        /// What it adopts.
        adopted: Option<Stray>,
    },
    /// The stop of something that no entry asks for.
    Orphan {
        stray: Stray,
        /// Whose it was, as far as that is known.
        name: EntryName,
    },
}

impl Flight {
    /// What it is taken for that runs and is not recorded.
    fn stray(&self) -> Option<&Stray> {
        match self {
            Self::Step { adopted, .. } => adopted.as_ref(),
            Self::Orphan { stray, .. } => Some(stray),
        }
    }
}

/// Those that compete: of one operation in one account and region.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Lane {
    /// Where they call; `None`: nowhere.
    pub(super) place: Option<Place>,
    /// What they call first; `None`: nothing.
    pub(super) operation: Option<Operation>,
}

/// What came of it: the entry's record after it, where it has one.
pub(super) type Landing = Result<Option<Record>, StepError>;

/// One that has ended.
#[derive(Debug)]
pub(super) struct Landed {
    pub(super) flight: Flight,
    pub(super) lane: Lane,
    /// The entries whose records it may have written.
    pub(super) names: Vec<EntryName>,
    /// The error: it broke off, and what was written is not known.
    pub(super) landing: Result<Landing, JoinError>,
}

#[derive(Debug)]
struct Begun {
    flight: Flight,
    lane: Lane,
    names: Vec<EntryName>,
}

/// All that are under way, and those that have ended and were not taken in yet.
#[derive(Debug, Default)]
pub(super) struct Flights {
    flying: JoinSet<Landing>,
    begun: HashMap<Id, Begun>,
    landed: VecDeque<Landed>,
    busy: BTreeSet<EntryName>,
    /// Whose executions are adopted or stopped that have no record: of some, nobody knows the entry.
    keys: BTreeSet<EntryKey>,
    in_lane: HashMap<Lane, usize>,
    at: HashMap<Place, usize>,
}

impl Flights {
    /// Begins one. None of these entries may be busy.
    pub(super) fn begin(
        &mut self,
        flight: Flight,
        lane: Lane,
        names: Vec<EntryName>,
        work: impl Future<Output = Landing> + Send + 'static,
    ) {
        self.busy.extend(names.iter().cloned());
        self.keys
            .extend(flight.stray().map(|stray| stray.key.clone()));
        *self.in_lane.entry(lane.clone()).or_default() += 1;
        if let Some(place) = &lane.place {
            *self.at.entry(place.clone()).or_default() += 1;
        }
        let id = self.flying.spawn(work).id();
        let begun = Begun {
            flight,
            lane,
            names,
        };
        self.begun.insert(id, begun);
    }

    /// How many are under way in a lane.
    pub(super) fn in_lane(&self, lane: &Lane) -> usize {
        self.in_lane.get(lane).copied().unwrap_or_default()
    }

    /// How many are under way in an account and region.
    pub(super) fn at(&self, place: &Place) -> usize {
        self.at.get(place).copied().unwrap_or_default()
    }

    /// Is there none?
    pub(super) fn is_empty(&self) -> bool {
        self.begun.is_empty() && self.landed.is_empty()
    }

    /// Is one under way for this entry?
    pub(super) fn is_busy(&self, name: &EntryName) -> bool {
        self.busy.contains(name) || !self.keys.is_empty() && self.keys.contains(&name.key())
    }

    /// Is one under way for what bears this key, or for the entry of that name?
    pub(super) fn is_at_work_on(&self, key: &EntryKey) -> bool {
        let is_busy = |name: EntryName| self.busy.contains(&name);
        self.keys.contains(key)
            || key.name().is_some_and(is_busy)
            || key.is_digest() && self.busy.iter().any(|name| name.key() == *key)
    }

    /// Is a stop of this entry under way?
    pub(super) fn stops(&self, name: &EntryName) -> bool {
        let stops = |begun: &Begun| matches!(&begun.flight, Flight::Step { name: of, step, .. } if of == name && step.stops());
        self.is_busy(name) && self.begun.values().any(stops)
    }

    /// The entries that are being started, also where the answer was not taken in yet.
    pub(super) fn starting(&self) -> impl Iterator<Item = &EntryName> {
        let begun = self.begun.values().map(|begun| &begun.flight);
        let landed = self.landed.iter().map(|landed| &landed.flight);
        begun.chain(landed).filter_map(|flight| match flight {
            Flight::Step {
                name,
                step: Step::Start,
                ..
            } => Some(name),
            _ => None,
        })
    }

    /// What is being started, and for whom.
    pub(super) fn starts(&self) -> impl Iterator<Item = (&EntryName, &Fingerprint)> {
        self.begun.values().filter_map(|begun| match &begun.flight {
            Flight::Step {
                name,
                step: Step::Start,
                asked: Some(asked),
                ..
            } => Some((name, asked)),
            _ => None,
        })
    }

    /// The next one that ends; `None`: there is none. Loses nothing if it is dropped.
    pub(super) async fn next(&mut self) -> Option<Landed> {
        if self.landed.is_empty() {
            self.wait().await;
        }
        self.take()
    }

    /// One that has ended already.
    pub(super) fn ended(&mut self) -> Option<Landed> {
        if let Some(ended) = self.flying.try_join_next_with_id() {
            self.note(ended);
        }
        self.take()
    }

    fn take(&mut self) -> Option<Landed> {
        let landed = self.landed.pop_front()?;
        for name in &landed.names {
            self.busy.remove(name);
        }
        if let Some(stray) = landed.flight.stray() {
            self.keys.remove(&stray.key);
        }
        let in_lane = self.in_lane.get_mut(&landed.lane);
        *in_lane.expect("it was counted") -= 1;
        if let Some(place) = &landed.lane.place {
            *self.at.get_mut(place).expect("it was counted") -= 1;
        }
        Some(landed)
    }

    /// Waits until some have ended; for ever, if there are none. Loses nothing if it is dropped.
    pub(super) async fn some_ended(&mut self) {
        if self.is_empty() {
            std::future::pending::<()>().await;
        }
        if self.landed.is_empty() {
            self.wait().await;
        }
        sleep(GATHER).await;
    }

    async fn wait(&mut self) {
        if let Some(ended) = self.flying.join_next_with_id().await {
            self.note(ended);
        }
    }

    fn note(&mut self, ended: Result<(Id, Landing), JoinError>) {
        let (id, landing) = match ended {
            Ok((id, landing)) => (id, Ok(landing)),
            Err(error) => (error.id(), Err(error)),
        };
        let begun = self.begun.remove(&id).expect("each one was begun");
        self.landed.push_back(Landed {
            flight: begun.flight,
            lane: begun.lane,
            names: begun.names,
            landing,
        });
    }
}
