//! The planner: what each entry needs next, and all of them together. Pure: no I/O, and the time is an argument. What one
//! entry needs, by what is desired and recorded, is the truth table in `plan/decide.rs`.
//!
//! What the listing of running executions showed (`Sight`) comes on top: no Start before the machine's running executions
//! were listed; an execution of this entry that runs and is not recorded is adopted before anything is started; a running
//! record that was not listed is looked at.
//! What runs under a name that no longer asks for it, and another name asks for, was renamed: Move (`plan/moves.rs`).
//! A change or a switch-off in a file that may be half written waits for a while.
//! Beside its decision, a record may need a `Note`: in which file its entry is now, since when it is gone, and of which
//! mass its stop was held.

mod decide;
mod decisions;
mod moves;
mod shifts;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::brake::{Brake, Brakes, HeldBy, Holds, comes_back};
use crate::model::entry::{Entry, EntryName};
use crate::model::guard::{Guarded, Mass, guard};
use crate::model::key::{EntryKey, Keys};
use crate::model::record::{Phase, Record, StopReason};
use crate::model::records::Records;
use crate::model::shift::Shift;
use crate::model::written::Written;
use crate::model::zones::Zones;
use decide::decide_with;

pub use crate::model::rules::Rules;
pub use decide::decide;
pub use decisions::Decisions;
pub use shifts::Shifts;

/// How many records at most learn in one plan how their times were written, where that is all there is to write: a ledger
/// of before has a million that do not say it.
const LEARN: usize = 10_000;

/// How long an earlier StartExecution may still be on its way (a signature is valid for 15 minutes; some air).
pub const LATE_DELIVERY: Duration = Duration::from_mins(20);

/// How long Step Functions keeps a name after its execution closed, and we a record after that.
pub const RETENTION: Duration = Duration::from_hours(90 * 24);

/// What the schedule files want of one entry, with room for doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want<'a> {
    /// It is there.
    Present(&'a Entry),
    /// It is proven gone.
    Absent {
        /// When that was seen first.
        since: DateTime<Utc>,
        /// When it was looked for last.
        seen: DateTime<Utc>,
    },
    /// Not proven, and why.
    Unclear(String),
    /// It is not where it was, and may be elsewhere; and why.
    Left(String),
}

/// An entry that is asked for or recorded: what is wanted of it, and what is recorded.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// Which.
    pub name: &'a EntryName,
    /// See there.
    pub want: Want<'a>,
    /// See there.
    pub record: Option<&'a Record>,
}

/// What is done for one entry in one pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Write the intent, then StartExecution.
    Start,
    /// StopExecution, then see how it ended.
    Stop(StopReason),
    /// The first half of a replacement: a stop; the start comes on a later pass.
    Replace,
    /// DescribeExecution only. Changes nothing at AWS.
    Look,
    /// Record an execution of ours that runs and is not recorded. Changes nothing at AWS.
    Adopt,
    /// Record the execution of an entry that is gone as this one's, which asks for the same. Changes nothing at AWS.
    Move,
    /// Drop the record.
    Forget,
}

impl Step {
    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "Start",
            Self::Stop(_) => "Stop",
            Self::Replace => "Replace",
            Self::Look => "Look",
            Self::Adopt => "Adopt",
            Self::Move => "Move",
            Self::Forget => "Forget",
        }
    }

    /// Does it start, stop or record what was not so before? Questions and what is forgotten do not.
    pub fn changes(self) -> bool {
        !matches!(self, Self::Look | Self::Forget)
    }

    /// Does it take an execution away?
    pub fn stops(self) -> bool {
        matches!(self, Self::Stop(_) | Self::Replace)
    }
}

/// Every entry gets exactly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing to do before `wake`.
    Rest {
        /// When something may have to be done.
        wake: Option<DateTime<Utc>>,
    },
    /// Do this, because.
    Act(Step, &'static str),
    /// This would be due, but is not done.
    Hold {
        /// What would be done.
        step: Step,
        /// What holds it.
        by: HeldBy,
        /// What a person can act on.
        why: String,
        /// When it will be done by itself, if it will.
        until: Option<DateTime<Utc>>,
        /// When something else may have to be done.
        wake: Option<DateTime<Utc>>,
    },
}

/// The limits the planner keeps to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Never stops anything.
    pub start_only: bool,
    /// How long an entry must be gone before its execution is stopped.
    pub stop_after: Duration,
    /// Entries farther ahead wait.
    pub horizon: Duration,
    /// A plan with more stops than this share or number, and more than 3, is held.
    pub max_stops: MaxStops,
    /// Always all of them, but in the tests that show what each is for.
    #[doc(hidden)]
    pub rules: Rules,
}

/// What is known of one entry at AWS: what the listing of running executions showed, and whether its machine can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// The running executions of the state machine that it wants were listed.
    pub listed: bool,
    /// An execution of this entry runs that is not recorded, and is not known to be over.
    pub stray: bool,
    /// It is recorded as running, and was not listed.
    pub doubted: bool,
    /// Its recorded execution is over, and may run again: a listing shows it, or it is time to ask.
    pub redriven: bool,
    /// A person has approved that its recorded execution is stopped.
    pub approved: bool,
    /// What it asks for was changed in a file that may be half written: until when that is not believed.
    pub unsettled: Option<DateTime<Utc>>,
    /// Why the state machine that it asks for was found not to be usable: what runs is not stopped for it.
    pub unusable: Option<Arc<str>>,
    /// Its file is being written and counts as it was: whether it is still there is not known.
    pub in_flight: bool,
}

impl Sight {
    /// Everything was listed as it is recorded.
    pub const CLEAR: Self = Self {
        listed: true,
        stray: false,
        doubted: false,
        redriven: false,
        approved: false,
        unsettled: None,
        unusable: None,
        in_flight: false,
    };
}

/// See [`Policy::max_stops`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxStops {
    /// Of the executions that run.
    Percent(u32),
    /// In one plan.
    Count(usize),
}

/// A span as chrono has it; one that does not fit is as long as chrono can say.
pub fn span(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

/// `at` + `duration`, capped at the end of time.
pub fn after(at: DateTime<Utc>, duration: Duration) -> DateTime<Utc> {
    at.checked_add_signed(span(duration))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Is it too late to start this?
pub fn is_late(at: DateTime<Utc>, grace: Duration, now: DateTime<Utc>) -> bool {
    now > after(at, grace)
}

/// An entry that has run is not run again for another content, only for a later time; and for none that only other time
/// zone rules give it.
pub fn has_run(entry: &Entry, record: &Record) -> bool {
    let is_over = record.phase == Phase::Ended && !record.was_missed();
    record.has_run() && entry.at() <= record.at || is_over && Shift::of(entry, record).is_some()
}

/// An entry whose execution became another's is not forgotten while that runs: its next one must not get the same name.
fn keep_names(decisions: &mut Decisions, named: &BTreeSet<&EntryKey>, wants: &[Wanted<'_>]) {
    let keys = Keys::find(named.iter().copied(), wants.iter().map(|want| want.name));
    for name in named.iter().filter_map(|key| keys.name(key)) {
        if let Some(decision @ Decision::Act(Step::Forget, _)) = decisions.get_mut(&name) {
            *decision = Decision::Rest { wake: None };
        }
    }
}

/// Bookkeeping of a record that calls nobody: it must outlive this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where its entry is: should that file become invalid, the entry is known to have been in it.
    pub file: Arc<str>,
    /// Since when its entry is gone, so that the wait for `stop_after` goes on after a restart.
    pub gone: Option<DateTime<Utc>>,
    /// The mass of stops that its own belonged to when the guard held it.
    pub guarded: Option<Mass>,
    /// How its time is written: once its zone's rules are other ones, that tells whether only they moved it.
    pub written: Option<Written>,
    /// That is all there is to note.
    pub only_learns: bool,
}

/// What a record should note, where it does not. `guarded`: the mass that its stop belongs to.
fn note(want: &Want<'_>, record: &Record, guarded: Option<Mass>, rules: &Zones) -> Option<Note> {
    let (file, gone, written) = match want {
        Want::Present(entry) => {
            let written = record.written_as(entry, rules.version());
            (&entry.file, None, written)
        }
        Want::Absent { since, .. } => (&record.file, Some(*since), record.written.clone()),
        Want::Unclear(_) | Want::Left(_) => (&record.file, None, record.written.clone()),
    };
    let as_noted = (&record.file, record.gone, record.guarded) == (file, gone, guarded);
    let is_over = !record.is_live();
    let only_learns = as_noted || is_over;
    if only_learns && record.written == written {
        return None;
    }
    // What is over is left as it is, but for what it learns.
    let kept = |noted: Option<Mass>| if is_over { record.guarded } else { noted };
    Some(Note {
        file: if is_over { &record.file } else { file }.clone(),
        gone: if is_over { record.gone } else { gone },
        guarded: kept(guarded),
        written,
        only_learns,
    })
}

/// The whole plan: one decision an entry, and the guard's word on its stops.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What records should note before anything else is done.
    pub notes: BTreeMap<EntryName, Note>,
    /// By name.
    pub decisions: Decisions,
    /// Whose execution becomes that of an entry that moves.
    pub moves: BTreeMap<EntryName, EntryName>,
    /// Entries that fire at another instant only because the rules of their time zones changed.
    pub shifts: Shifts,
    /// Why steps wait for approval, if some do: a mass of stops, or moves by time zone rules.
    pub guard: Option<String>,
    /// A mass of stops is among that.
    pub mass: bool,
    /// More records are to learn how their times are written than this plan notes.
    pub learns_more: bool,
    /// Whose start waits for a listing of running executions.
    pub unlisted: BTreeSet<EntryName>,
}

impl Plan {
    /// Plans every entry that is wanted or recorded, given by name, then lets brakes and guard look at the steps. What is
    /// doubted is no mass of stops yet, so that brake comes before the guard; a pause hides nothing of what the guard has to
    /// say.
    pub fn make(
        wants: &[Wanted<'_>],
        records: &Records,
        sight: impl Fn(&Wanted<'_>) -> Sight,
        policy: &Policy,
        (brakes, rules): (&[Brake], &Zones),
        now: DateTime<Utc>,
    ) -> Self {
        let mut shifts = Shifts::new();
        let (mut learning, mut learns_more) = (0, false);
        let (mut approved, mut named, mut back) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let (mut notes, mut given_up, mut may_leave) = (BTreeMap::new(), Vec::new(), Vec::new());
        // What is asked of a record is asked while it is at hand: a million of them are in no cache.
        let decided = wants.iter().enumerate().map(|(place, wanted)| {
            let sight = sight(wanted);
            if sight.approved {
                approved.insert(wanted.name);
            }
            let shift = decide::shift(&wanted.want, wanted.record);
            if policy.rules.may_leave && sight.in_flight {
                may_leave.push(place);
            }
            if let Some(record) = wanted.record {
                if policy.rules.put_back
                    && let Want::Present(entry) = wanted.want
                    && comes_back(entry, record)
                {
                    back.insert(wanted.name);
                }
                let stays = matches!(wanted.want, Want::Present(_));
                let is_given_up = shift.is_none() && moves::is_given_up(&wanted.want, record);
                if is_given_up && (policy.rules.swaps || !stays) {
                    given_up.push(place);
                }
                named.extend(record.named.as_ref().filter(|_| record.is_live()));
                let note = note(&wanted.want, record, None, rules);
                let learns = note.as_ref().is_some_and(|note| note.only_learns);
                learning += usize::from(learns);
                let is_too_much = learns && learning > LEARN;
                learns_more |= is_too_much;
                let note = note.filter(|_| !is_too_much);
                notes.extend(note.map(|note| (wanted.name.clone(), note)));
            }
            let of_sight = (&sight, shift.as_ref());
            let decision = decide_with(&wanted.want, wanted.record, of_sight, policy, now);
            shifts.extend(shift.map(|shift| (wanted.name.clone(), shift)));
            (wanted.name.clone(), decision)
        });
        let mut decisions = Decisions::in_order(decided);
        let is_unlisted = |decision: &Decision| {
            let Decision::Hold { by, .. } = decision else {
                return false;
            };
            *by == HeldBy::Listing
        };
        let unlisted = decisions
            .iter()
            .filter(|(_, decision)| is_unlisted(decision));
        let unlisted = unlisted.map(|(name, _)| name.clone()).collect();
        let by_rules = shifts::hold(&mut decisions, &mut shifts, records, &approved, rules);
        let given_up = (&given_up[..], &may_leave[..]);
        let of_moves = (given_up, records, &shifts);
        let moves = moves::moves(&mut decisions, wants, of_moves, policy, now);
        keep_names(&mut decisions, &named, wants);
        let brakes = Brakes {
            all: brakes,
            records,
            back,
        };
        brakes.put_on(&mut decisions, Holds::NewStops);
        let Guarded {
            mut decisions,
            masses,
            why: guard,
        } = guard(
            decisions,
            records,
            (&approved, &shifts),
            (policy, brakes.all),
        );
        brakes.put_on(&mut decisions, Holds::All);
        brakes.put_on(&mut decisions, Holds::Everything);
        for (name, mass) in masses {
            notes.remove(&name);
            let wanted = wants.binary_search_by(|wanted| wanted.name.cmp(&name));
            let wanted = wanted.ok().map(|place| &wants[place]);
            let note =
                wanted.and_then(|wanted| note(&wanted.want, wanted.record?, Some(mass), rules));
            notes.extend(note.map(|note| (name, note)));
        }
        Self {
            notes,
            decisions,
            moves,
            shifts,
            mass: guard.is_some(),
            guard: match (guard, by_rules) {
                (Some(mass), Some(by_rules)) => Some(format!("{mass}, and {by_rules}")),
                (mass, by_rules) => mass.or(by_rules),
            },
            learns_more,
            unlisted,
        }
    }

    /// The steps, by name.
    pub fn steps(&self) -> impl Iterator<Item = (&EntryName, Step, &'static str)> {
        self.decisions
            .iter()
            .filter_map(|(name, decision)| match decision {
                Decision::Act(step, reason) => Some((name, *step, *reason)),
                Decision::Rest { .. } | Decision::Hold { .. } => None,
            })
    }

    /// Is a step held until a time at which it is taken by itself?
    pub fn waits(&self) -> bool {
        let waits = |decision: &Decision| matches!(decision, Decision::Hold { until: Some(_), .. });
        self.decisions.values().any(waits)
    }

    /// The recorded executions that would be stopped, and wait for approval; with those that soon will, as parts of the same
    /// mass.
    pub fn guarded(&self, records: &Records) -> BTreeSet<String> {
        let is_of_mass = |decision: &Decision| {
            matches!(decision, Decision::Hold { step, by, until, .. }
                if step.stops() && (until.is_some() || *by == HeldBy::Guard))
        };
        let waits = |name: &EntryName| self.shifts.get(name).is_some_and(|shift| shift.waits);
        let held = |(name, decision): &(&EntryName, &Decision)| {
            self.mass && !self.shifts.contains_key(*name) && is_of_mass(decision) || waits(name)
        };
        if self.guard.is_none() {
            return BTreeSet::new();
        }
        let names = self.decisions.iter().filter(held);
        names
            .filter_map(|(name, _)| records.get(name).map(Record::execution_arn))
            .collect()
    }

    /// The earliest time to come at which the plan may be another.
    pub fn wake(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let wakes = self
            .decisions
            .values()
            .filter_map(|decision| match decision {
                Decision::Rest { wake } | Decision::Hold { wake, .. } => *wake,
                Decision::Act(..) => None,
            });
        wakes.filter(|wake| *wake > now).min()
    }
}

#[cfg(test)]
mod tests;
