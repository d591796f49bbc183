//! When a failed step is tried again: capped exponential back-off with jitter, for ever. Pure but for its memory.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::model::entry::EntryName;
use crate::model::name::Fingerprint;
use crate::model::plan::after;

const FIRST: Duration = Duration::from_millis(250);
const CAP: Duration = Duration::from_mins(1);
const CAP_NEAR: Duration = Duration::from_secs(5);
/// What AWS refuses is tried again this often; a change of the entry tries at once.
const REFUSED: Duration = Duration::from_mins(5);

/// Which entries wait, until when, after how many failures.
#[derive(Debug, Default)]
pub(super) struct Retries(BTreeMap<EntryName, Wait>);

#[derive(Debug)]
struct Wait {
    failures: u32,
    until: DateTime<Utc>,
    /// What was asked for when it failed: something else is tried at once.
    asked: Option<Fingerprint>,
}

impl Retries {
    pub(super) fn may(
        &self,
        name: &EntryName,
        asked: Option<&Fingerprint>,
        now: DateTime<Utc>,
    ) -> bool {
        self.0
            .get(name)
            .is_none_or(|wait| now >= wait.until || wait.asked.as_ref() != asked)
    }

    pub(super) fn next(&self) -> Option<DateTime<Utc>> {
        self.0.values().map(|wait| wait.until).min()
    }

    pub(super) fn done(&mut self, name: &EntryName) {
        self.0.remove(name);
    }

    pub(super) fn keep(&mut self, wanted: impl Fn(&EntryName) -> bool) {
        self.0.retain(|name, _| wanted(name));
    }

    /// Notes a failure. Answers how long to wait, and whether it had failed before.
    pub(super) fn failed(
        &mut self,
        name: &EntryName,
        asked: Option<Fingerprint>,
        refused: bool,
        at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> (Duration, bool) {
        let failures = self.0.get(name).map_or(0, |wait| wait.failures);
        let near = at.is_some_and(|at| at < after(now, CAP));
        let cap = if near { CAP_NEAR } else { CAP };
        let wait = if refused {
            REFUSED
        } else {
            jitter(
                name,
                failures,
                (FIRST * 2_u32.pow(failures.min(10))).min(cap),
            )
        };
        let until = after(now, wait);
        self.0.insert(
            name.clone(),
            Wait {
                failures: failures + 1,
                until,
                asked,
            },
        );
        (wait, failures > 0)
    }
}

/// Between half and the whole of `wait`, the same for the same entry and attempt.
fn jitter(name: &EntryName, attempt: u32, wait: Duration) -> Duration {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one((name, attempt));
    let share = u32::try_from(hash % 1000).expect("a number below a thousand fits");
    wait / 2 + wait / 2 * share / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_stay_short_near_the_time() {
        let name = EntryName::parse("e").unwrap();
        let now = DateTime::UNIX_EPOCH;
        let mut far = Retries::default();
        let waits: Vec<Duration> = (0..20)
            .map(|_| far.failed(&name, None, false, None, now).0)
            .collect();
        assert!(waits[0] <= FIRST && waits[19] >= CAP / 2 && waits.iter().all(|wait| *wait <= CAP));
        let near = (0..20)
            .map(|_| far.failed(&name, None, false, Some(now), now).0)
            .max()
            .unwrap();
        assert!(near <= CAP_NEAR);
        assert!(!far.may(&name, None, now));
        far.done(&name);
        assert!(far.may(&name, None, now));
    }
}
