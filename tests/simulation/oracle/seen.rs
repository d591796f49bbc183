//! The executions that Step Functions saw, by the entries that they bear the names of.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use onced::model::entry::EntryName;
use onced::model::key::Keys;
use onced::model::name::{Fingerprint, Owner, parse_execution_name};
use onced::sandbox::{Execution, Run, Status};

use crate::world::World;

pub(super) struct Seen {
    pub(super) entry: EntryName,
    pub(super) fingerprint: Fingerprint,
    pub(super) generation: u32,
    pub(super) execution: Execution,
}

impl Seen {
    pub(super) fn stopped_by_us(&self) -> bool {
        let by_us = |error: &str| error.starts_with("onced.");
        self.execution.status() == Status::Aborted && self.execution.error().is_some_and(by_us)
    }

    pub(super) fn end(&self) -> DateTime<Utc> {
        self.execution.stopped().unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Each time that it ran: more than once only by a person's hand.
    pub(super) fn runs(&self) -> Vec<Run> {
        self.execution.runs()
    }

    pub(super) fn is_redriven(&self) -> bool {
        self.execution.redriven() > 0
    }

    /// Since when it ran last.
    pub(super) fn begun_last(&self) -> DateTime<Utc> {
        let runs = self.runs();
        runs.last().map_or(self.execution.start, |run| run.begin)
    }

    /// Had it been stopped by us at some time until then?
    pub(super) fn was_stopped_by_us(&self, until: DateTime<Utc>) -> bool {
        let by_us = |run: &Run| run.error.as_ref().is_some_and(|e| e.starts_with("onced."));
        let mut runs = self.runs().into_iter();
        runs.any(|run| run.end.is_some_and(|end| end <= until) && by_us(&run))
    }
}

pub(super) fn end(run: &Run) -> DateTime<Utc> {
    run.end.unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// How long after a redrive it can't be known, beside what reads are behind: a start may be on its way, slowly.
const UNKNOWN: TimeDelta = TimeDelta::minutes(1);

/// How long after a redrive it can't be known of what was over before a ledger was lost, or before its entry went on to
/// another content: the next listing shows it.
const UNRECORDED: TimeDelta = TimeDelta::minutes(21);

/// Has a person brought it about that both run? One of them was redriven when the other one was asked for already, or just then.
pub(super) fn by_a_redrive(
    world: &World,
    asked: &BTreeMap<String, DateTime<Utc>>,
    a: &Seen,
    b: &Seen,
) -> bool {
    let lag = TimeDelta::from_std(world.lag).expect("seconds");
    let beside = |one: &Seen, other: &Seen| {
        let asked = asked[&other.execution.name];
        let redrives = one.runs().into_iter().skip(1);
        redrives.into_iter().any(|run| {
            let since = |at: DateTime<Utc>| one.execution.start < at && at < run.begin;
            let lost = world.losses.iter().any(|at| since(*at));
            let went_on = world.sandbox.executions().iter().any(|next| {
                since(next.start) && of_entry(&next.name) == of_entry(&one.execution.name)
            });
            let unknown = if lost || went_on { UNRECORDED } else { UNKNOWN };
            asked <= run.begin + lag + unknown
        })
    };
    beside(a, b) || beside(b, a)
}

/// What the names of an entry's executions begin with.
fn of_entry(name: &str) -> Option<&str> {
    Some(name.rsplit_once('-')?.0.rsplit_once('-')?.0)
}

/// Did another execution of the same content run when this one was stopped the last time? What was redriven beside it is
/// stopped, lest both fire.
pub(super) fn is_superseded(of_entry: &[&Seen], seen: &Seen) -> bool {
    let at = seen.end();
    let beside = |other: &&&Seen| {
        let runs = other.runs();
        other.execution.arn != seen.execution.arn
            && other.fingerprint == seen.fingerprint
            && runs.iter().any(|run| run.begin <= at && at <= end(run))
    };
    seen.is_redriven() && of_entry.iter().any(|other| beside(&other))
}

pub(super) fn seen(world: &World) -> Vec<Seen> {
    let owner = Owner::parse("test").expect("an owner");
    let executions = world.sandbox.executions().into_iter();
    let executions: Vec<_> = executions
        .map(|execution| {
            let parts = parse_execution_name(&owner, &execution.name);
            (parts.expect("a name of ours"), execution)
        })
        .collect();
    let keys = executions.iter().map(|((key, ..), _)| key);
    let keys = Keys::find(keys, world.timelines.keys());
    let mut all: Vec<Seen> = executions
        .iter()
        .map(|((key, fingerprint, generation), execution)| {
            let (fingerprint, generation) = (*fingerprint, *generation);
            let execution = execution.clone();
            Seen {
                entry: keys.name(key).expect("an entry of ours"),
                fingerprint,
                generation,
                execution,
            }
        })
        .collect();
    all.sort_by_key(|seen| seen.execution.start);
    all
}
