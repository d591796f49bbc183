//! When a failed step is tried again: capped exponential back-off with jitter, for ever. Pure but for its memory. Waits
//! are counted by the monotonic clock: one that is set, forward or back, neither ends a wait nor makes it endless.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::model::arn::Place;
use crate::model::entry::EntryName;
use crate::model::name::Fingerprint;

const FIRST: Duration = Duration::from_millis(250);
pub(super) const CAP: Duration = Duration::from_mins(1);
const CAP_NEAR: Duration = Duration::from_secs(5);
/// What AWS refuses is tried again this often; a change of the entry tries at once.
const REFUSED: Duration = Duration::from_mins(5);

/// Which entries wait, until when, after how many failures.
#[derive(Debug)]
pub(super) struct Retries {
    waits: BTreeMap<EntryName, Wait>,
    /// Different in each process, so that two of them do not try in step.
    seed: u64,
}

/// How many questions after outcomes and strays may be asked a second: DescribeExecution's smallest refill
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>). Starts and stops are not counted.
const LOOKS: f64 = 10.0;
/// What is kept back from questions after outcomes: executions that run for hours, and are asked for again and again, must
/// not keep those from being asked that a listing cast doubt on.
const RESERVE: f64 = 3.0;

/// What a question is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// How did it end?
    Outcome,
    /// Is what is recorded true?
    Doubt,
}

/// A bucket of questions.
#[derive(Debug)]
pub(super) struct Budget {
    tokens: f64,
    at: Option<Instant>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            tokens: LOOKS + RESERVE,
            at: None,
        }
    }
}

impl Budget {
    /// May this be asked now, with so many calls? If so, they are counted.
    pub(super) fn take(&mut self, question: Question, calls: f64, now: Instant) -> bool {
        let passed = self
            .at
            .map_or(0.0, |at| now.duration_since(at).as_secs_f64());
        self.at = Some(now);
        self.tokens = (self.tokens + passed * LOOKS).min(LOOKS + RESERVE);
        let least = match question {
            Question::Outcome => RESERVE,
            Question::Doubt => 0.0,
        };
        if self.tokens < least + calls {
            return false;
        }
        self.tokens -= calls;
        true
    }
}

#[derive(Debug)]
struct Wait {
    failures: u32,
    until: Instant,
    /// Why it failed last; empty, if it only has not ended yet.
    error: String,
    /// What was asked for when it failed: something else is tried at once.
    asked: Option<Fingerprint>,
    /// Where no answer came.
    silent: Option<Place>,
    /// The state machine that is asked for can't be used.
    unusable: bool,
}

/// A step that failed.
pub(super) struct Failure {
    /// What was asked for.
    pub(super) asked: Option<Fingerprint>,
    /// Why it failed; empty, if it only has not ended yet.
    pub(super) error: String,
    /// AWS says no.
    pub(super) refused: bool,
    /// Its time is near.
    pub(super) near: bool,
    /// Where no answer came, if that is why.
    pub(super) silent: Option<Place>,
    /// The state machine that is asked for can't be used, so nothing was stopped for it.
    pub(super) unusable: bool,
}

impl Retries {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            waits: BTreeMap::new(),
            seed,
        }
    }

    pub(super) fn may(&self, name: &EntryName, asked: Option<&Fingerprint>, now: Instant) -> bool {
        self.waits
            .get(name)
            .is_none_or(|wait| now >= wait.until || wait.asked.as_ref() != asked)
    }

    /// Why the state machine that an entry asks for can't be used, until that is asked again.
    pub(super) fn unusable(
        &self,
        name: &EntryName,
        asked: Option<&Fingerprint>,
        now: Instant,
    ) -> Option<Arc<str>> {
        let wait = self.waits.get(name)?;
        let holds = wait.unusable && now < wait.until && wait.asked.as_ref() == asked;
        holds.then(|| Arc::from(&*wait.error))
    }

    /// Where no answer came to it, if that is why it waits.
    pub(super) fn silent(&self, name: &EntryName) -> Option<&Place> {
        self.waits.get(name)?.silent.as_ref()
    }

    /// How often it has failed in a row.
    pub(super) fn failures(&self, name: &EntryName) -> u32 {
        self.waits.get(name).map_or(0, |wait| wait.failures)
    }

    /// Until when an entry waits, or waited.
    pub(super) fn until(&self, name: &EntryName) -> Option<Instant> {
        self.waits.get(name).map(|wait| wait.until)
    }

    /// When something is to be tried again. What only goes on for longer is not asked for one by one, however much of it
    /// there is; and where no answers come, it is not waits that say when the next one is tried.
    pub(super) fn next(&self, cut_off: impl Fn(&Place) -> bool, now: Instant) -> Option<Instant> {
        let wake = |wait: &Wait| {
            // One whose wait is over, and that can't be begun all the same, waits for something else.
            if wait.error.is_empty() || wait.until <= now {
                wait.until.max(now + FIRST)
            } else {
                wait.until
            }
        };
        let waits = self.waits.values();
        let counts = |wait: &&Wait| !wait.silent.as_ref().is_some_and(&cut_off);
        waits.filter(counts).map(wake).min()
    }

    /// What waits, and why it failed. What only goes on for longer has not failed.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (&EntryName, &str)> {
        let waits = self.waits.iter().filter(|(_, wait)| !wait.error.is_empty());
        waits.map(|(name, wait)| (name, wait.error.as_str()))
    }

    pub(super) fn done(&mut self, name: &EntryName) {
        self.waits.remove(name);
    }

    pub(super) fn keep(&mut self, wanted: impl Fn(&EntryName) -> bool) {
        self.waits.retain(|name, _| wanted(name));
    }

    /// Where no answer came, answers come again: nothing waits for that any more.
    pub(super) fn again(&mut self, place: &Place, now: Instant) {
        let waits = self.waits.values_mut();
        for wait in waits.filter(|wait| wait.silent.as_ref() == Some(place)) {
            wait.until = wait.until.min(now);
        }
    }

    /// Notes a failure. Answers how long to wait, and whether it had failed before.
    pub(super) fn failed(
        &mut self,
        name: &EntryName,
        failure: Failure,
        now: Instant,
    ) -> (Duration, bool) {
        let Failure {
            asked,
            error,
            refused,
            near,
            silent,
            unusable,
        } = failure;
        let failures = self.waits.get(name).map_or(0, |wait| wait.failures);
        let cap = if near { CAP_NEAR } else { CAP };
        let wait = if refused {
            REFUSED
        } else {
            jitter(
                (self.seed, name.as_str(), failures),
                (FIRST * 2_u32.pow(failures.min(10))).min(cap),
            )
        };
        self.waits.insert(
            name.clone(),
            Wait {
                failures: failures + 1,
                until: now + wait,
                error,
                asked,
                silent,
                unusable,
            },
        );
        (wait, failures > 0)
    }
}

/// Between half and the whole of `wait`, the same for the same seed, entry and attempt.
fn jitter(of: (u64, &str, u32), wait: Duration) -> Duration {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(of);
    let share = u32::try_from(hash % 1000).expect("a number below a thousand fits");
    wait / 2 + wait / 2 * share / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_stay_short_near_the_time() {
        let name = EntryName::parse("e").unwrap();
        let now = Instant::now();
        let mut far = Retries::new(1);
        let failure = |near, silent| Failure {
            asked: None,
            error: String::new(),
            refused: false,
            near,
            silent,
            unusable: false,
        };
        let mut wait = |near| far.failed(&name, failure(near, None), now).0;
        let waits: Vec<Duration> = (0..20).map(|_| wait(false)).collect();
        assert!(waits[0] <= FIRST && waits[19] >= CAP / 2 && waits.iter().all(|wait| *wait <= CAP));
        let near = (0..20).map(|_| wait(true)).max().unwrap();
        assert!(near <= CAP_NEAR);
        assert!(!far.may(&name, None, now));
        far.done(&name);
        assert!(far.may(&name, None, now));
        let place = |region| {
            Place::of(&format!(
                "arn:aws:states:{region}:123456789012:stateMachine:A"
            ))
        };
        let (here, there) = (place("us-east-1").unwrap(), place("eu-west-1").unwrap());
        far.failed(&name, failure(false, Some(here.clone())), now);
        far.again(&there, now);
        assert!(!far.may(&name, None, now));
        far.again(&here, now);
        assert!(far.may(&name, None, now));
    }

    #[test]
    fn no_more_questions_than_the_quota_and_some_are_kept_back() {
        let mut budget = Budget::default();
        let begin = Instant::now();
        let (mut outcomes, mut doubts) = (0, 0);
        for ms in 0..100_000 {
            let now = begin + Duration::from_millis(ms);
            outcomes += 2 * u32::from(budget.take(Question::Outcome, 2.0, now));
            // A second of nothing but outcomes leaves room for a doubt.
            if ms % 1000 == 999 {
                assert!(budget.take(Question::Doubt, 1.0, now), "after {ms} ms");
                doubts += 1;
            }
        }
        assert!((1000..=1013).contains(&(outcomes + doubts)), "{outcomes}");
    }
}
