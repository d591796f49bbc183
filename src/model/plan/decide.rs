//! What one entry needs next: the truth table. Pure.
//!
//! | desired | record | decision |
//! |---|---|---|
//! | new | none | Start; late beyond grace: missed; beyond the horizon: deferred |
//! | same | Starting | Start again, the same call; its time past by more than the grace: look |
//! | other, gone | Starting | Stop, by the name it would have; never sent: Forget, or Start the new content |
//! | same | Stopping, and no stop had or can have an effect | Start, the same call |
//! | same | Stopping, and a stop may be on its way | look, until it is known or 20 minutes have passed |
//! | same but for the rules of its zone | Starting, never sent; Stopped | Start the new instant |
//! | same but for the rules of its zone | Running | Replace; its new time past by more than the grace: kept, and held |
//! | same but for the rules of its zone | Starting, in doubt | Replace; its new time past by more than the grace: look |
//! | same but for the rules of its zone | Ended | nothing, for ever; missed: Start, if the new time is not past |
//! | any | Stopping | Stop again: finish what was begun; the stop answered, or its time past: look |
//! | any | Stopped, Ended, and may run again | look |
//! | same | Running | nothing; its time past: look |
//! | changed | Running | Replace: stop now, start on a later pass; its machine not usable: held; its time past: look |
//! | changed, to a later time | Running again after a redrive, its time past | Replace |
//! | gone | Running | held while absence is not proven; then Stop; its time past: look |
//! | gone, as seen before it was started | Running | held until it was looked for again |
//! | disabled | Running | Stop |
//! | same | Stopped | Start the next generation |
//! | same | Ended | nothing, for ever |
//! | changed | Stopped, Ended | Start the new content, if its time is not past; an entry that has run: only at a later time |
//! | gone | Stopped, Ended | nothing; Forget after 90 days |

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{
    Decision, LATE_DELIVERY, Policy, RETENTION, Sight, Step, Want, after, has_run, is_late, span,
};
use crate::model::brake::HeldBy;
use crate::model::entry::{Entry, instant};
use crate::model::record::{Phase, Record, StopReason};
use crate::model::shift::{RULES_CHANGED, Shift};

/// How long it may take to replace what runs: where the grace is over sooner, it is kept. Of a short grace, a quarter.
const TO_REPLACE: Duration = Duration::from_secs(30);

/// How soon the files are looked at once more, where a stop waits for that.
const ONCE_MORE: Duration = Duration::from_millis(100);

/// The next step of one entry, with what the listing showed of it.
pub fn decide(
    want: &Want<'_>,
    record: Option<&Record>,
    sight: &Sight,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Decision {
    decide_with(
        want,
        record,
        (sight, shift(want, record).as_ref()),
        policy,
        now,
    )
}

/// What of an entry that is wanted differs from its record only by the rules of its time zone.
pub(super) fn shift(want: &Want<'_>, record: Option<&Record>) -> Option<Shift> {
    let (Want::Present(entry), Some(record)) = (want, record) else {
        return None;
    };
    // What has become another entry's is that one's.
    let is_own = record.moved_to.is_none();
    let differs = entry.fingerprint() != record.fingerprint;
    if differs && is_own && entry.enabled {
        Shift::of(entry, record)
    } else {
        None
    }
}

/// The same, where the shift is known.
pub(super) fn decide_with(
    want: &Want<'_>,
    record: Option<&Record>,
    (sight, shift): (&Sight, Option<&Shift>),
    policy: &Policy,
    now: DateTime<Utc>,
) -> Decision {
    if sight.redriven && record.is_some_and(Record::is_over) {
        return Decision::Act(Step::Look, "it may have been redriven");
    }
    let live = record.is_some_and(Record::is_live);
    if sight.stray && !live && matches!(want, Want::Present(_)) {
        return Decision::Act(Step::Adopt, "it runs already, and is not recorded");
    }
    let running = record.is_some_and(|record| record.phase == Phase::Running);
    let decision = settled(
        by_record(want, record, shift, policy, now),
        want,
        record,
        sight,
        now,
    );
    let unusable = sight.unusable.as_deref();
    match (decision, want) {
        (Decision::Act(step @ Step::Replace, _), _) if unusable.is_some() => Decision::Hold {
            step,
            by: HeldBy::Machine,
            why: format!(
                "changed, and not replaced: {}",
                unusable.unwrap_or_default()
            ),
            until: None,
            wake: record.map(|record| record.at),
        },
        (Decision::Act(step @ Step::Start, _), Want::Present(entry)) if !sight.listed => {
            let why = format!(
                "waits until the running executions of `{}` have been listed",
                entry.state_machine()
            );
            Decision::Hold {
                step,
                by: HeldBy::Listing,
                why,
                until: None,
                wake: Some(entry.at()),
            }
        }
        (Decision::Rest { .. } | Decision::Hold { .. }, _) if sight.doubted && running => {
            Decision::Act(Step::Look, "it was not among the running executions")
        }
        (decision, _) => decision,
    }
}

/// Holds a stop that was not begun, for a change in a file that may be half written: not for so long that it would run
/// past the time of what runs or of what is wanted.
fn settled(
    decision: Decision,
    want: &Want<'_>,
    record: Option<&Record>,
    sight: &Sight,
    now: DateTime<Utc>,
) -> Decision {
    match (decision, want, record, sight.unsettled) {
        (Decision::Act(step, _), Want::Present(entry), Some(record), Some(until))
            if step.stops()
                && record.phase != Phase::Stopping
                && now < until
                && until < record.at.min(entry.at()) =>
        {
            let why = format!(
                "changed in a file that may be half written: waits until {}",
                instant(until)
            );
            Decision::Hold {
                step,
                by: HeldBy::HalfWritten,
                why,
                until: Some(until),
                wake: Some(until),
            }
        }
        (decision, ..) => decision,
    }
}

/// The truth table.
fn by_record(
    want: &Want<'_>,
    record: Option<&Record>,
    shift: Option<&Shift>,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Decision {
    let Some(record) = record else {
        return match want {
            Want::Present(entry) => fresh(entry, policy, now, "new"),
            Want::Absent { .. } | Want::Unclear(_) | Want::Left(_) => Decision::Rest { wake: None },
        };
    };
    if let (Some(shift), Want::Present(entry)) = (shift, want)
        && let Some(decision) = shifted(shift, entry, record, policy, now)
    {
        return decision;
    }
    let same = matches!(want, Want::Present(entry) if entry.fingerprint() == record.fingerprint);
    let enabled = matches!(want, Want::Present(entry) if entry.enabled);
    match (record.phase, want) {
        (Phase::Stopping, Want::Present(entry))
            if same
                && enabled
                && may_be_kept(entry, record, now)
                && !is_late(entry.at(), entry.grace, now) =>
        {
            Decision::Act(Step::Start, "put back before it was stopped")
        }
        (Phase::Stopping, _) if now >= record.at && !stops_what_was_redriven(record) => {
            Decision::Act(Step::Look, "its time came before it was stopped")
        }
        (Phase::Stopping, _) if record.stop_taken && now <= after(record.since, LATE_DELIVERY) => {
            Decision::Act(Step::Look, "see how it ended")
        }
        // Another stop would only be one more that may arrive when it runs again.
        (Phase::Stopping, Want::Present(entry))
            if same && enabled && !record.stop_taken && !is_late(entry.at(), entry.grace, now) =>
        {
            Decision::Act(Step::Look, "put back while a stop may be on its way")
        }
        (Phase::Stopping, _) => Decision::Act(
            Step::Stop(record.stop_reason.unwrap_or(StopReason::Removed)),
            "finish the stop that was begun",
        ),
        (Phase::Starting, Want::Present(entry)) if same && enabled => {
            // The entry's own, which may be another than when the start was begun: it is not compared.
            if policy.rules.late_fence && is_late(record.at, entry.grace, now) {
                Decision::Act(Step::Look, "its time passed while it was being started")
            } else {
                Decision::Act(Step::Start, "finish the start that was begun")
            }
        }
        (Phase::Starting, Want::Present(entry)) if record.in_doubt.is_none() => {
            fresh(entry, policy, now, "changed before it was started")
        }
        (Phase::Starting, Want::Absent { .. }) if record.in_doubt.is_none() => {
            Decision::Act(Step::Forget, "removed before it was started")
        }
        (Phase::Running, Want::Present(entry))
            if record.redrives > 0
                && shift.is_none()
                && now >= record.at
                && is_followed(entry, record, policy, now) =>
        {
            stop(
                policy,
                record.at,
                Step::Replace,
                "changed while it runs again",
            )
        }
        (Phase::Starting | Phase::Running, _)
            if now >= record.at && !(same && record.phase == Phase::Starting) =>
        {
            Decision::Act(Step::Look, "its time has come")
        }
        (Phase::Running, Want::Present(_)) if same && enabled => Decision::Rest {
            wake: Some(record.at),
        },
        (Phase::Starting | Phase::Running, Want::Present(_)) if enabled => {
            stop(policy, record.at, Step::Replace, "changed")
        }
        (Phase::Starting | Phase::Running, Want::Present(_)) => stop(
            policy,
            record.at,
            Step::Stop(StopReason::Removed),
            "disabled",
        ),
        (Phase::Starting | Phase::Running, Want::Absent { since, seen }) => {
            removed(policy, record, (*since, *seen), now)
        }
        (Phase::Starting | Phase::Running, Want::Unclear(why) | Want::Left(why)) => {
            Decision::Hold {
                step: Step::Stop(StopReason::Removed),
                by: HeldBy::Doubt,
                why: why.clone(),
                until: None,
                wake: Some(record.at),
            }
        }
        (Phase::Stopped, Want::Present(entry)) => fresh(
            entry,
            policy,
            now,
            if same { "put back" } else { "changed" },
        ),
        (Phase::Ended, Want::Present(entry)) if same || has_run(entry, record) => {
            Decision::Rest { wake: None }
        }
        (Phase::Ended, Want::Present(entry)) => fresh(entry, policy, now, "changed"),
        (Phase::Stopped | Phase::Ended, _)
            if now > after(record.since, RETENTION) && matches!(want, Want::Absent { .. }) =>
        {
            Decision::Act(Step::Forget, "ended more than 90 days ago")
        }
        (Phase::Stopped | Phase::Ended, _) => Decision::Rest { wake: None },
    }
}

/// What is done for an entry of which only the instant is another, since the rules of its time zone are; `None`: what is
/// done for any other.
fn shifted(
    shift: &Shift,
    entry: &Entry,
    record: &Record,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Option<Decision> {
    let has_come = now >= record.at;
    match record.phase {
        Phase::Stopping => None,
        // It was to fire once. Only what nobody ever accepted has not had its turn.
        Phase::Ended if !record.was_missed() => Some(Decision::Rest { wake: None }),
        Phase::Stopped if record.stop_reason != Some(StopReason::Replaced) => {
            Some(fresh(entry, policy, now, "put back"))
        }
        Phase::Ended | Phase::Stopped => Some(fresh(entry, policy, now, RULES_CHANGED)),
        Phase::Starting if record.in_doubt.is_none() => {
            Some(fresh(entry, policy, now, RULES_CHANGED))
        }
        Phase::Starting | Phase::Running if has_come => None,
        Phase::Starting | Phase::Running if !is_in_time(entry, now) => {
            Some(kept(shift, record, now))
        }
        Phase::Starting | Phase::Running => {
            Some(stop(policy, record.at, Step::Replace, RULES_CHANGED))
        }
    }
}

/// Can what runs be stopped, and be started for this time, before its grace is over?
fn is_in_time(entry: &Entry, now: DateTime<Utc>) -> bool {
    let spare = TO_REPLACE.min(entry.grace / 4);
    !is_late(entry.at(), entry.grace.saturating_sub(spare), now)
}

/// By the new rules its time is past, by the old ones it is to come: it fires once more than never.
fn kept(shift: &Shift, record: &Record, now: DateTime<Utc>) -> Decision {
    if record.phase == Phase::Starting {
        // Whether it runs is found out while a start may still arrive; after that, nothing does.
        let arrives = record
            .in_doubt
            .is_some_and(|since| now <= after(since, LATE_DELIVERY));
        return if arrives {
            Decision::Act(
                Step::Look,
                "time zone rules changed while it was being started",
            )
        } else {
            Decision::Act(Step::Replace, RULES_CHANGED)
        };
    }
    Decision::Hold {
        step: Step::Replace,
        by: HeldBy::Rules,
        why: format!(
            "{RULES_CHANGED}: {}, which is past: what runs is kept, and fires at {}",
            shift.instants(),
            instant(shift.was)
        ),
        until: None,
        wake: Some(record.at),
    }
}

/// Was every stop of this record so far without effect, and none is still on its way? Then the same start again is the
/// same call again: it answers with the execution that runs, or starts it. Where waiting for that would run past its
/// time, it is started all the same: if the stop does arrive, that is seen at its time, and the next generation starts.
fn may_be_kept(entry: &Entry, record: &Record, now: DateTime<Utc>) -> bool {
    let arrives_until = record
        .stop_in_doubt
        .map(|since| after(since, LATE_DELIVERY));
    !record.stop_taken && arrives_until.is_none_or(|until| now > until || entry.at() <= until)
}

/// Is what an entry asks for now started as soon as the execution that a person has redriven is over? What had fired before
/// that is run again by that person's word alone, and the entry's word is newer.
fn is_followed(entry: &Entry, record: &Record, policy: &Policy, now: DateTime<Utc>) -> bool {
    let starts = fresh(entry, policy, now, "changed");
    entry.fingerprint() != record.fingerprint
        && entry.at() > record.at
        && matches!(starts, Decision::Act(Step::Start, _))
}

/// Was this stop begun after the time of what it stops? So it is only with what runs again after a redrive: it is sent until
/// AWS has taken it.
fn stops_what_was_redriven(record: &Record) -> bool {
    record.redrives > 0 && record.since >= record.at && !record.stop_taken
}

/// A content that has no execution yet.
fn fresh(entry: &Entry, policy: &Policy, now: DateTime<Utc>, reason: &'static str) -> Decision {
    if !entry.enabled || policy.rules.late_fence && is_late(entry.at(), entry.grace, now) {
        return Decision::Rest { wake: None };
    }
    if entry.at() > after(now, policy.horizon) {
        let wake = entry.at().checked_sub_signed(span(policy.horizon));
        return Decision::Rest { wake };
    }
    Decision::Act(Step::Start, reason)
}

fn stop(policy: &Policy, at: DateTime<Utc>, step: Step, reason: &'static str) -> Decision {
    if policy.start_only {
        let why = "the policy is `start-only`".to_owned();
        return Decision::Hold {
            step,
            by: HeldBy::Policy,
            why,
            until: None,
            wake: Some(at),
        };
    }
    Decision::Act(step, reason)
}

/// Gone, and proven: stopped once it has stayed gone; sooner where the wait would run past its time, and it was looked for
/// since its record was written: what was seen before says nothing of an entry that was being started then.
fn removed(
    policy: &Policy,
    record: &Record,
    (since, seen): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Decision {
    let step = Step::Stop(StopReason::Removed);
    let due = after(since, policy.stop_after);
    if now >= due || due >= record.at && seen > record.since {
        return stop(policy, record.at, step, "removed");
    }
    if due >= record.at {
        return Decision::Hold {
            step,
            by: HeldBy::StopAfter,
            why: "removed; the files are looked at once more".into(),
            until: Some(now),
            wake: Some(after(now, ONCE_MORE)),
        };
    }
    Decision::Hold {
        step,
        by: HeldBy::StopAfter,
        why: format!(
            "removed; waits until it has been gone for {} s",
            policy.stop_after.as_secs()
        ),
        until: Some(due),
        wake: Some(due),
    }
}
