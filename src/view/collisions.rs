//! Firings that are close to each other. Pure; what that means for them is not judged.

use chrono::{DateTime, TimeDelta, Utc};

/// Two firings that are no farther apart are close.
pub const CLOSE: TimeDelta = TimeDelta::minutes(5);

/// Which of these times, the earliest first, have another one close to them.
pub fn close(times: &[DateTime<Utc>]) -> Vec<bool> {
    let is_near = |pair: &[DateTime<Utc>]| pair[1] - pair[0] <= CLOSE;
    let mut near = vec![false; times.len()];
    for (n, pair) in times.windows(2).enumerate() {
        if is_near(pair) {
            near[n] = true;
            near[n + 1] = true;
        }
    }
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_neighbours_within_five_minutes_are_close() {
        for (seconds, expected) in [
            (&[][..], &[][..]),
            (&[0], &[false]),
            (&[0, 0], &[true, true]),
            (&[0, 300, 601, 2000], &[true, true, false, false]),
            (&[0, 301, 601, 602], &[false, true, true, true]),
        ] {
            let time = |s: &i64| DateTime::UNIX_EPOCH + TimeDelta::seconds(*s);
            let times: Vec<_> = seconds.iter().map(time).collect();
            assert_eq!(close(&times), expected, "{seconds:?}");
        }
    }
}
