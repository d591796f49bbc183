//! The files of a scan, one by one: read where they may have changed, and what is known of each.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{Scanner, Written};
use crate::model::cut::Cut;
use crate::model::entry::Entry;
use crate::model::parallel::parallel;
use crate::source::baseline::{Baseline, unfinished};
use crate::source::conflict;
use crate::source::doubt::{MayHold, Words};
use crate::source::in_flight::{Flight, YOUNG};
use crate::source::parse::parse;
use crate::source::problem::{Problem, passing};
use crate::source::read::{Stat, Unread, read, read_inside};
use crate::source::walk::Found;

pub(super) type Parsed = Result<Vec<Arc<Entry>>, Vec<Problem>>;

/// What is known of one file.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// In which scan it was there last.
    pub(super) round: u64,
    /// `None`: it has to be read again to be known.
    pub(super) stat: Option<Stat>,
    pub(super) digest: [u8; 32],
    pub(super) parsed: Parsed,
    /// Of a file that is invalid.
    pub(super) words: Option<Words>,
    /// The line of the first conflict marker in a file that is invalid.
    pub(super) conflict: Option<usize>,
    /// It was read once, and good.
    pub(super) was_good: bool,
    /// Whose entries it may hold: it is invalid since.
    pub(super) may_hold: MayHold,
    /// In which scan its content was another one than before; 0: in none.
    pub(super) changed: u64,
    /// In which scan it was at rest last.
    pub(super) rest: u64,
    pub(super) baseline: Baseline,
    pub(super) cut: Option<Cut>,
    /// It could not be read, or might not be.
    pub(super) refused: bool,
}

/// What a scan found at one path.
pub(super) enum Seen {
    /// The same as in the scan before.
    Same,
    /// It was read.
    Read,
    /// It was read once more, and is what it was; whether it may be half written is judged in another way.
    Judged,
    /// It is being written, and counts as it was before.
    InFlight,
    /// It could not be read, or may not be.
    Refused(Vec<Problem>),
}

impl Seen {
    /// Could it not be read only because it was being written?
    pub(super) fn passes(&self) -> bool {
        matches!(self, Self::Refused(problems) if problems.iter().all(|problem| problem.passes))
    }
}

fn being_written() -> Problem {
    passing("the file is being written".into())
}

impl Scanner {
    /// Looks at every file, and reads those that may have changed, on all processors.
    pub(super) fn look(
        &mut self,
        root: &Path,
        found: &[Found],
        (written, read_all): (&Written, bool),
        now: Instant,
    ) -> Vec<Seen> {
        let round = self.round;
        let mut seen: Vec<Option<Seen>> = Vec::with_capacity(found.len());
        let mut changed: Vec<(usize, Option<Known>)> = Vec::new();
        for (place, found) in found.iter().enumerate() {
            if written.now.contains(&place) {
                seen.push(Some(self.leave(found)));
                continue;
            }
            if let Some(known) = self.known.get_mut(&found.shown) {
                let same = known.stat.is_some() && known.stat == found.stat && !read_all;
                let may_be = same && found.refused.is_none() && known.round + 1 == round;
                if may_be && (known.cut.is_none() || !known.baseline.is_old(now)) {
                    known.round = round;
                    seen.push(Some(Seen::Same));
                    continue;
                }
            }
            changed.push((place, self.known.remove(&found.shown)));
            seen.push(None);
        }
        // What a file was before counts where it turns out that it was being written while it was read.
        let keeps = self.in_flight.is_some();
        let read = |(place, known): (usize, Option<Known>)| {
            let before = known.clone().filter(|_| keeps);
            let (this, known) = self.read(root, &found[place], known, now);
            (place, this, known, before)
        };
        let read = parallel(changed, read);
        if let Some(in_flight) = self.in_flight.as_ref().filter(|_| !read.is_empty()) {
            in_flight.catch_up();
        }
        for (place, this, known, before) in read {
            let (found, mut this, mut known) = (&found[place], this, known);
            if self.was_written(found, &this, now) {
                known = before;
                this = Seen::Refused(vec![being_written()]);
            }
            if let Some(known) = known {
                self.known.insert(found.shown.clone(), known);
            }
            if this.passes() {
                this = self.leave(found);
            }
            seen[place] = Some(this);
        }
        let all = seen.into_iter().map(|seen| seen.expect("each was seen"));
        all.collect()
    }

    /// Was a file that was read changed meanwhile, or just before by a program that goes on?
    fn was_written(&self, found: &Found, seen: &Seen, since: Instant) -> bool {
        let Some(in_flight) = &self.in_flight else {
            return false;
        };
        if !matches!(seen, Seen::Read | Seen::Judged) {
            return false;
        }
        let Some((path, _)) = found.target() else {
            return false;
        };
        in_flight.has_changed(&path, since) || in_flight.of(&path, true) == Flight::Open
    }

    /// A file that is being written is not read. One that could be read before counts as it was.
    fn leave(&mut self, found: &Found) -> Seen {
        let round = self.round;
        match self.known.get_mut(&found.shown) {
            Some(known) if !known.refused && known.round + 1 >= round => {
                known.round = round;
                known.stat = None;
                Seen::InFlight
            }
            _ => Seen::Refused(vec![being_written()]),
        }
    }

    /// A file may be renamed, or be given entries of another one, and then be spoiled, between two moments at which it is at
    /// rest: where it is invalid, it may hold what those held that went away or were changed since. One that was never good
    /// may be any that is gone.
    pub(super) fn note_what_it_may_hold(&mut self, found: &[Found], seen: &[Seen]) {
        let round = self.round;
        let mut moved: Option<Vec<(String, u64)>> = None;
        for (found, seen) in found.iter().zip(seen) {
            let Some(known) = self.known.get(&found.shown) else {
                continue;
            };
            let is_good = known.parsed.is_ok();
            if matches!(seen, Seen::Read) && !is_good && moved.is_none() {
                let at = |(path, known): (&String, &Known)| {
                    let is_gone = known.round < round;
                    let at = if is_gone {
                        known.round + 1
                    } else {
                        known.changed
                    };
                    (path.clone(), at)
                };
                moved = Some(self.known.iter().map(at).collect());
            }
            let Some(known) = self.known.get_mut(&found.shown) else {
                continue;
            };
            if matches!(seen, Seen::Read) && is_good {
                known.was_good = true;
                known.may_hold = MayHold::default();
            } else if matches!(seen, Seen::Read) {
                known.may_hold.of_any_gone |= !known.was_good;
                let others = moved.iter().flatten();
                let since = others.filter(|(path, at)| *at > known.rest && *path != found.shown);
                let of = since.map(|(path, _)| path.clone());
                Arc::make_mut(&mut known.may_hold.of).extend(of);
            }
            if matches!(seen, Seen::Read | Seen::Judged | Seen::Same) {
                known.rest = round;
            }
        }
    }

    /// Reads one file, of which this was known; answers what is known now.
    fn read(
        &self,
        root: &Path,
        found: &Found,
        known: Option<Known>,
        now: Instant,
    ) -> (Seen, Option<Known>) {
        let round = self.round;
        let was_there = known.as_ref().is_some_and(|known| known.round + 1 == round);
        let was_read = known.as_ref().is_some_and(|known| !known.refused);
        let known = known.map(|known| Known {
            round,
            stat: None,
            refused: true,
            ..known
        });
        let refused = |unread: Unread, known| (Seen::Refused(vec![unread.problem()]), known);
        if let Some(refusal) = &found.refused {
            return refused(refusal.clone().into(), known);
        }
        let begun = SystemTime::now();
        let read = if found.linked {
            read_inside(root, &found.path, self.trust)
        } else {
            // A link that was put in its place meanwhile is not followed.
            read(&found.path, libc::O_NOFOLLOW, self.trust)
        };
        let (bytes, stat) = match read {
            Ok(read) => read,
            // It counts as it was before.
            Err(Unread::Changing) if self.in_flight.is_some() => {
                let known = known.map(|known| Known {
                    refused: !was_read,
                    ..known
                });
                return refused(Unread::Changing, known);
            }
            Err(unread) => return refused(unread, known),
        };
        let kept = Some(stat).filter(|stat| !found.linked && stat.tells_since(begun));
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        if let Some(mut known) = known {
            let cut = known.baseline.judge(&bytes, digest, now);
            let same = known.digest == digest;
            let as_before = was_there && was_read && same;
            let seen = match as_before {
                true if known.cut == cut => Seen::Same,
                true => Seen::Judged,
                false => Seen::Read,
            };
            known.refused = false;
            known.cut = cut;
            known.stat = kept;
            if !same {
                known.digest = digest;
                known.changed = round;
                (known.parsed, known.words, known.conflict) = self.parsed(&found.shown, &bytes);
            }
            return (seen, Some(known));
        }
        let (parsed, words, conflict) = self.parsed(&found.shown, &bytes);
        // Where what is young is waited for, it has been.
        let young = self.in_flight.is_none() && stat.is_younger(YOUNG, begun);
        let young = young.then_some(Cut::Fresh);
        let known = Known {
            round,
            stat: kept,
            digest,
            parsed,
            words,
            conflict,
            was_good: false,
            may_hold: MayHold::default(),
            changed: 0,
            rest: round.saturating_sub(1),
            baseline: Baseline::of(&bytes, digest, now),
            cut: unfinished(&bytes).or(young),
            refused: false,
        };
        (Seen::Read, Some(known))
    }

    /// What a content asks for; of one that is invalid, its words and where a conflict begins too. In UTF-16, NULs stand
    /// between the letters of a name.
    fn parsed(&self, file: &str, bytes: &[u8]) -> (Parsed, Option<Words>, Option<usize>) {
        match parse(file, bytes, &self.defaults) {
            Ok(entries) => {
                let mut entries: Vec<Arc<Entry>> = entries.into_iter().map(Arc::new).collect();
                // So they are sorted on all processors, and once for each content that is kept.
                entries.sort_by(|a, b| a.name.cmp(&b.name));
                // They may lie where the entries themselves lay, which takes twenty times as much.
                entries.shrink_to_fit();
                (Ok(entries), None, None)
            }
            Err(errors) => {
                let text = String::from_utf8_lossy(bytes).replace('\0', "");
                let conflict = conflict::line(&text);
                let errors = conflict.map_or(errors, conflict::problem);
                (Err(errors), Some(Words::of(&text)), conflict)
            }
        }
    }
}
