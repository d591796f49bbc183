//! What was to fire in a span of time, and what came of it: pure.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::List;
use crate::model::entry::{EntryName, instant};
use crate::model::record::Event;

/// So soon after its time, how a firing ended is not known yet.
const SOON: TimeDelta = TimeDelta::minutes(1);

/// `onced report --format json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// 1.
    pub version: u32,
    /// Whose entries.
    pub owner: String,
    /// From when.
    pub since: String,
    /// Until when.
    pub until: String,
    /// Each firing that was expected or happened, the earliest first.
    pub firings: Vec<Firing>,
    /// How many fired, if only to fail.
    pub fired: usize,
    /// How many of those failed.
    pub failed: usize,
    /// How many were expected, and did not fire.
    pub missing: usize,
}

/// One time of one entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firing {
    /// The entry.
    pub name: EntryName,
    /// When it was to fire.
    pub at: String,
    /// A phase of `onced list`.
    pub outcome: String,
    /// Did it fire?
    pub fired: bool,
    /// Was it to, and did not?
    pub missing: bool,
    /// How long after its time it fired, in milliseconds, where that is known.
    pub late_ms: Option<i64>,
    /// Which execution.
    pub execution_arn: Option<String>,
    /// The error, or why not.
    pub detail: Option<String>,
}

fn has_fired(word: &str) -> bool {
    ["succeeded", "failed", "timed_out"].contains(&word)
}

/// What was to fire from `since` to `now`, by the entries that there are and by what was recorded of those that were there.
pub fn report(list: &List, events: &[Event], since: DateTime<Utc>, now: DateTime<Utc>) -> Report {
    let is_within = |at: DateTime<Utc>| at >= since && at <= now;
    let mut firings: BTreeMap<(DateTime<Utc>, EntryName), Firing> = BTreeMap::new();
    for event in events.iter().filter(|event| is_within(event.at)) {
        // One that was stopped by somebody after it had fired is known by its lateness.
        // One that broke off before its time has not: it was recorded by then, or the list says when it ended.
        let fired = has_fired(&event.event) && event.time >= event.at || event.late_ms.is_some();
        let ended =
            has_fired(&event.event) || ["aborted", "missed"].contains(&event.event.as_str());
        if !ended {
            continue;
        }
        let firing = Firing {
            name: event.name.clone(),
            at: instant(event.at),
            outcome: event.event.clone(),
            fired,
            missing: !fired,
            late_ms: event.late_ms,
            execution_arn: Some(event.execution_arn.clone()),
            detail: event.detail.clone(),
        };
        firings.insert((event.at, event.name.clone()), firing);
    }
    for entry in &list.entries {
        let Ok(at) = entry.at.parse::<DateTime<Utc>>() else {
            continue;
        };
        let key = (at, entry.name.clone());
        let over = ["disabled", "stopped"].contains(&entry.phase.as_str());
        let outcome = entry.outcome.as_ref();
        let left_its_wait = outcome.is_some_and(|outcome| outcome.fired.is_some());
        let broke_off = entry.broke_off();
        if let Some(firing) = firings.get_mut(&key) {
            if broke_off {
                (firing.fired, firing.missing) = (false, true);
            }
            continue;
        }
        if !is_within(at) || over {
            continue;
        }
        let fired = has_fired(&entry.phase) && !broke_off || left_its_wait;
        let is_under_way = ["scheduled", "starting"].contains(&entry.phase.as_str());
        let is_open = is_under_way && now - at < SOON;
        let firing = Firing {
            name: entry.name.clone(),
            at: entry.at.clone(),
            outcome: entry.phase.clone(),
            fired,
            missing: !fired && !is_open,
            late_ms: outcome
                .and_then(|outcome| outcome.fired)
                .map(|fired| (fired - at).num_milliseconds()),
            execution_arn: entry.execution_arn.clone(),
            detail: entry.held.clone().or(entry.detail.clone()),
        };
        firings.insert(key, firing);
    }
    let firings: Vec<Firing> = firings.into_values().collect();
    let count = |is: fn(&Firing) -> bool| firings.iter().filter(|firing| is(firing)).count();
    Report {
        version: 1,
        owner: list.owner.clone(),
        since: instant(since),
        until: instant(now),
        fired: count(|firing| firing.fired),
        failed: count(|firing| firing.fired && firing.outcome != "succeeded"),
        missing: count(|firing| firing.missing),
        firings,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, event: &str, at: DateTime<Utc>, late_ms: Option<i64>) -> Event {
        Event {
            time: at,
            name: EntryName::parse(name).expect("a name"),
            event: event.into(),
            at,
            execution_arn: format!("arn:{name}"),
            detail: None,
            late_ms,
            commit: None,
            was: None,
        }
    }

    /// What ended counts once, by its last word; what was scheduled, moved or stopped says nothing; what was aborted after it
    /// had fired did fire.
    #[test]
    fn events_are_weighed() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(10);
        let hour = TimeDelta::hours(1);
        let events = [
            event("a", "scheduled", now - hour, None),
            event("a", "succeeded", now - hour, Some(12)),
            event("b", "failed", now - hour, None),
            event("c", "aborted", now - hour, None),
            event("d", "aborted", now - hour, Some(3)),
            event("e", "stopped", now - hour, None),
            event("f", "missed", now - hour, None),
            event("g", "succeeded", now - hour * 30, Some(1)),
            event("h", "succeeded", now + hour, Some(1)),
            event("i", "failed", now - hour, Some(2)),
            event("i", "redriven", now - hour, None),
            event("i", "succeeded", now - hour, Some(2)),
        ];
        let list = List {
            version: 1,
            owner: "test".into(),
            entries: Vec::new(),
            files: Vec::new(),
            orphans: Vec::new(),
            doubt: None,
            notes: Vec::new(),
            paused: None,
            guard: None,
            digest: None,
            zone_rules: super::super::zone_rules::ZoneRules::default(),
        };
        let report = report(&list, &events, now - hour * 24, now);
        let said = |firing: &Firing| (firing.name.to_string(), firing.fired, firing.missing);
        let said: Vec<_> = report.firings.iter().map(said).collect();
        let row = |name: &str, fired: bool| (name.to_owned(), fired, !fired);
        let expected = [
            ("a", true),
            ("b", true),
            ("c", false),
            ("d", true),
            ("f", false),
            ("i", true),
        ];
        assert_eq!(said, expected.map(|(name, fired)| row(name, fired)));
        assert_eq!((report.fired, report.failed, report.missing), (4, 2, 2));
    }

    /// An execution that ends before its time has invoked nothing, however it ended.
    #[test]
    fn what_broke_off_is_missing() {
        let at: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().unwrap();
        let (since, now) = (at - TimeDelta::hours(1), at + TimeDelta::hours(1));
        let list = List {
            version: 1,
            owner: "test".into(),
            entries: Vec::new(),
            files: Vec::new(),
            orphans: Vec::new(),
            doubt: None,
            notes: Vec::new(),
            paused: None,
            guard: None,
            digest: None,
            zone_rules: super::super::zone_rules::ZoneRules::default(),
        };
        let early = Event {
            time: at - TimeDelta::minutes(1),
            ..event("a", "failed", at, None)
        };
        let told = report(&list, &[early], since, now);
        assert_eq!((told.fired, told.missing), (0, 1));
        let told = report(&list, &[event("a", "failed", at, Some(5))], since, now);
        assert_eq!((told.fired, told.failed, told.missing), (1, 1, 0));
    }
}
