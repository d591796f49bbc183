//! What a file was when it was last whole, as far as one can know: to see that it was cut.

use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::cut::Cut;

/// After how long a file that was cut, and stays so, is taken to be whole.
const STAYS: Duration = Duration::from_mins(1);

/// The length of a content, and a running hash at the end of each of its lines.
#[derive(Debug, Clone)]
pub(super) struct Baseline {
    length: usize,
    lines: Vec<u64>,
    /// What the file is now, and since when.
    now: ([u8; 32], Instant),
}

impl Baseline {
    pub(super) fn of(bytes: &[u8], digest: [u8; 32], now: Instant) -> Self {
        Self {
            length: bytes.len(),
            lines: hashes(bytes),
            now: (digest, now),
        }
    }

    /// How a content looks beside what the file was. What is not cut, or stays, is the next baseline.
    pub(super) fn judge(&mut self, bytes: &[u8], digest: [u8; 32], now: Instant) -> Option<Cut> {
        if self.now.0 != digest {
            self.now = (digest, now);
        }
        let cut = self.compare(bytes).filter(|_| !self.is_old(now));
        if cut.is_none() {
            (self.length, self.lines) = (bytes.len(), hashes(bytes));
        }
        cut
    }

    /// Has the file been as it is for so long that it is whole?
    pub(super) fn is_old(&self, now: Instant) -> bool {
        now.duration_since(self.now.1) > STAYS
    }

    fn compare(&self, bytes: &[u8]) -> Option<Cut> {
        if bytes.len() >= self.length {
            return unfinished(bytes);
        }
        // Of a line that has no end yet nothing is known.
        Some(if self.lines.starts_with(&hashes(bytes)) {
            Cut::Beginning
        } else {
            Cut::Fresh
        })
    }
}

/// A text whose last line has no end may be going on.
pub(super) fn unfinished(bytes: &[u8]) -> Option<Cut> {
    (!bytes.ends_with(b"\n")).then_some(Cut::Fresh)
}

fn hashes(bytes: &[u8]) -> Vec<u64> {
    let mut hasher = DefaultHasher::new();
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines
        .filter(|line| line.ends_with(b"\n"))
        .map(|line| {
            hasher.write(line);
            hasher.finish()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_content_is_beside_the_one_before() {
        let now = Instant::now();
        let before = b"a: 1\nb: 2\nc: 3\n";
        let judge = |bytes| Baseline::of(before, [0; 32], now).judge(bytes, [1; 32], now);
        for (bytes, cut) in [
            (&before[..], None),
            (b"a: 1\nb: 2\nc: 3\nd: 4\n", None),
            (b"a: 1\nb: 2\nc: 3\nd: 4", Some(Cut::Fresh)),
            (b"x: 1\nb: 2\nc: 3\n", None),
            (b"x: 1\nb: 2\n", Some(Cut::Fresh)),
            (b"x: 1\nb:", Some(Cut::Fresh)),
        ] {
            assert_eq!(judge(bytes), cut, "{:?}", String::from_utf8_lossy(bytes));
        }
        for end in 0..before.len() {
            assert_eq!(judge(&before[..end]), Some(Cut::Beginning), "{end}");
        }
    }

    #[test]
    fn what_stays_cut_is_whole_in_the_end() {
        let now = Instant::now();
        let mut baseline = Baseline::of(b"a: 1\nb: 2\n", [0; 32], now);
        assert!(baseline.judge(b"a: 1\n", [1; 32], now).is_some());
        let later = now + STAYS * 2;
        assert!(baseline.judge(b"a: 2\n", [2; 32], later).is_some());
        assert!(baseline.judge(b"a: 2\n", [2; 32], later + STAYS).is_some());
        assert_eq!(baseline.judge(b"a: 2\n", [2; 32], later + STAYS * 2), None);
        assert_eq!(baseline.judge(b"a: 3\n", [3; 32], later + STAYS * 2), None);
    }
}
