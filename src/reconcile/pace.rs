//! How fast each operation may be called in each account and region: token buckets as AWS has them, which find out by
//! themselves where AWS's are smaller, or shared with others. Pure but for its memory; waits are the caller's.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::model::arn::Place;
use crate::model::limits::{Limit, Limits, Operation};

/// What is left of a rate by a call that was throttled.
const DOWN: f64 = 0.7;
/// How much a rate gains in a second, of itself.
const UP: f64 = 0.08;
/// The least that is left of a limit.
const LEAST: f64 = 0.02;
/// Calls that were under way when the first one was throttled say nothing new.
const SAME: Duration = Duration::from_millis(500);
/// A call that is throttled after so long without one says that AWS's bucket was emptier than ours, not that it fills more
/// slowly.
const ALONE: Duration = Duration::from_secs(10);
/// For how long AWS may have seen less of a bucket being refilled than we have, since calls take their time.
const AHEAD: Duration = Duration::from_millis(50);

/// One operation in one place.
#[derive(Debug)]
struct Bucket {
    limit: Limit,
    /// What is believed of AWS's rate.
    rate: f64,
    /// Below nothing where more was asked than was there.
    tokens: f64,
    at: Instant,
    throttled: Option<Instant>,
}

impl Bucket {
    fn new(limit: Limit, now: Instant) -> Self {
        Self {
            limit,
            rate: limit.rate,
            tokens: (limit.burst - limit.rate * AHEAD.as_secs_f64()).max(1.0),
            at: now,
            throttled: None,
        }
    }

    fn refill(&mut self, now: Instant) {
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.tokens = (self.tokens + seconds * self.rate).min(self.limit.burst.max(1.0));
        self.rate = (self.rate * (UP * seconds).exp()).min(self.limit.rate);
    }

    /// When there is a token.
    fn ready(&self) -> Instant {
        let missing = (1.0 - self.tokens).max(0.0);
        // Not a moment too soon.
        let wait = Duration::from_secs_f64(missing / self.rate);
        self.at + wait + Duration::from_micros(1)
    }

    fn throttled(&mut self, now: Instant) {
        self.refill(now);
        // AWS's bucket is empty.
        self.tokens = self.tokens.min(0.0);
        let before = self.throttled;
        if before.is_some_and(|at| now < at + SAME) {
            return;
        }
        self.throttled = Some(now);
        if before.is_none_or(|at| now > at + ALONE) {
            return;
        }
        self.rate = (self.rate * DOWN).max(self.limit.rate * LEAST);
    }
}

/// All buckets.
#[derive(Debug, Default)]
pub(super) struct Pace {
    limits: Limits,
    buckets: BTreeMap<(Place, Operation), Bucket>,
}

impl Pace {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            buckets: BTreeMap::new(),
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    fn bucket(&mut self, place: &Place, operation: Operation, now: Instant) -> &mut Bucket {
        let key = (place.clone(), operation);
        let limits = &self.limits;
        let bucket = self
            .buckets
            .entry(key)
            .or_insert_with(|| Bucket::new(limits.of(operation, &place.region), now));
        bucket.refill(now);
        bucket
    }

    /// When the next call may be made; now, if that is not later.
    pub(super) fn ready(&mut self, place: &Place, operation: Operation, now: Instant) -> Instant {
        let bucket = self.bucket(place, operation, now);
        if bucket.tokens >= 1.0 {
            now
        } else {
            bucket.ready()
        }
    }

    /// Counts so many calls, whether they are allowed or not.
    pub(super) fn spend(&mut self, place: &Place, operation: Operation, calls: f64, now: Instant) {
        self.bucket(place, operation, now).tokens -= calls;
    }

    /// Counts one call if it leaves half of the burst for others. Answers whether it does.
    pub(super) fn spare(&mut self, place: &Place, operation: Operation, now: Instant) -> bool {
        let bucket = self.bucket(place, operation, now);
        let is_spare = bucket.tokens > bucket.limit.burst / 2.0;
        if is_spare {
            bucket.tokens -= 1.0;
        }
        is_spare
    }

    /// AWS said that it was too fast.
    pub(super) fn throttled(&mut self, place: &Place, operation: Operation, now: Instant) {
        self.bucket(place, operation, now).throttled(now);
    }

    /// What is believed of the rate, in calls a second.
    #[cfg(test)]
    fn rate(&mut self, place: &Place, operation: Operation, now: Instant) -> f64 {
        self.bucket(place, operation, now).rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            account: "123456789012".into(),
            region: "us-east-1".into(),
        }
    }

    /// Calls as fast as the pace allows, against a bucket of AWS's: how many seconds `number` of them took, and how many
    /// were throttled.
    fn run(pace: &mut Pace, aws: Limit, number: u32) -> (f64, u32) {
        let begin = Instant::now();
        let mut now = begin;
        let (mut done, mut throttled) = (0, 0);
        let mut tokens = aws.burst;
        let mut last = now;
        while done < number {
            let ready = pace.ready(&place(), Operation::Start, now);
            now = ready.max(now) + Duration::from_micros(50);
            pace.spend(&place(), Operation::Start, 1.0, now);
            tokens = (tokens + (now - last).as_secs_f64() * aws.rate).min(aws.burst);
            last = now;
            if tokens >= 1.0 {
                tokens -= 1.0;
                done += 1;
            } else {
                throttled += 1;
                pace.throttled(&place(), Operation::Start, now);
            }
        }
        ((now - begin).as_secs_f64(), throttled)
    }

    #[test]
    fn it_sits_on_the_limit() {
        let aws = Limit {
            rate: 300.0,
            burst: 1300.0,
        };
        let (took, throttled) = run(&mut Pace::default(), aws, 5000);
        let bound = (5000.0 - 1300.0) / 300.0;
        assert!(
            took <= bound * 1.02 && throttled <= 25,
            "{took} {throttled}"
        );
    }

    #[test]
    fn it_finds_a_smaller_limit_and_climbs_up_again() {
        let aws = Limit {
            rate: 150.0,
            burst: 800.0,
        };
        let mut pace = Pace::default();
        let (took, throttled) = run(&mut pace, aws, 5000);
        let bound = (5000.0 - 800.0) / 150.0;
        assert!(took <= bound * 1.1, "{took} of {bound}");
        assert!(throttled <= 250, "{throttled}");
        let later = Instant::now() + Duration::from_mins(10);
        let rate = pace.rate(&place(), Operation::Start, later);
        assert!((299.0..=300.0).contains(&rate), "{rate}");
    }

    #[test]
    fn where_nothing_is_allowed_it_asks_now_and_then() {
        let mut pace = Pace::default();
        let begin = Instant::now();
        let mut now = begin;
        let mut asked = 0;
        while now < begin + Duration::from_mins(2) {
            now = pace.ready(&place(), Operation::Start, now).max(now) + Duration::from_micros(50);
            pace.spend(&place(), Operation::Start, 1.0, now);
            pace.throttled(&place(), Operation::Start, now);
            asked += 1;
        }
        // The floor is 6 a second; on the way down it was more.
        assert!((700..2_000).contains(&asked), "{asked}");
    }

    #[test]
    fn what_was_set_counts() {
        let limit = Limit {
            rate: 10.0,
            burst: 5.0,
        };
        let limits = Limits([(Operation::Stop, limit)].into());
        let mut pace = Pace::new(limits);
        let now = Instant::now();
        for _ in 0..4 {
            assert_eq!(pace.ready(&place(), Operation::Stop, now), now);
            pace.spend(&place(), Operation::Stop, 1.0, now);
        }
        // Half a token is left, and ten come in a second.
        let ready = pace.ready(&place(), Operation::Stop, now) - now;
        assert!((49..=51).contains(&ready.as_millis()), "{ready:?}");
        assert!(!pace.spare(&place(), Operation::Stop, now));
    }
}
