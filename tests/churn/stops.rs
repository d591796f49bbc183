//! Of the judge: was each execution that was stopped one that nobody asked for?

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;

use crate::folder::{Key, Moving, Said};
use crate::oracle::{Fault, Record, Run, SLACK, STALE};
use crate::wire::{Time, clock};

fn seconds(of: Duration) -> TimeDelta {
    TimeDelta::from_std(of).expect("seconds")
}

/// A time in which the folder certainly did not ask for something, or under fewer names than it ran for.
struct Gone {
    from: Time,
    to: Time,
    /// It was at rest within.
    was_at_rest: bool,
    /// Its name was there, with something else, or switched off.
    changed: bool,
}

impl Record {
    /// When the folder asked for this under fewer names than so many, from the first moment on at which it did not.
    fn gone(&self, key: &Key, running: usize, (from, to): (Time, Time)) -> Vec<Gone> {
        let mut all: Vec<Gone> = Vec::new();
        let mut names: BTreeSet<String> = BTreeSet::new();
        let mut was_asked = false;
        for stretch in self.between(from, to) {
            if stretch.names_at_most(key) >= running {
                let asking = stretch.said.asking(key).chain(stretch.after.asking(key));
                let asking: BTreeSet<String> = asking.map(|asked| asked.name.clone()).collect();
                if !asking.is_empty() {
                    names = asking;
                }
                was_asked = true;
                continue;
            }
            if !was_asked {
                continue;
            }
            let at_rest = stretch.moving == Moving::No;
            let changed = at_rest
                && names.iter().any(|name| {
                    let asks = |said: &Said| said.asking(key).any(|asked| asked.name == *name);
                    stretch.said.has(name) && !asks(&stretch.said)
                });
            match all.last_mut() {
                Some(gone) if gone.to == stretch.from => {
                    gone.to = stretch.to;
                    gone.was_at_rest |= at_rest;
                    gone.changed |= changed;
                }
                _ => all.push(Gone {
                    from: stretch.from,
                    to: stretch.to,
                    was_at_rest: at_rest,
                    changed,
                }),
            }
        }
        all
    }

    /// 3: nothing is stopped that was asked for all the time.
    pub(crate) fn stops(&self, faults: &mut Vec<Fault>) {
        let begin = self.timeline.0[0].from;
        let settle = seconds(self.setup.settle);
        for run in self.runs.iter().filter(|run| run.stopped_by_us) {
            let end = run.end.expect("it was stopped");
            let stops = self
                .wire
                .iter()
                .filter(|seen| seen.operation == "StopExecution" && seen.subject == run.name);
            let sent = stops
                .map(|seen| seen.arrived)
                .filter(|at| *at <= end)
                .max()
                .unwrap_or(end);
            let since = self.first_start(run).map_or(run.start, |seen| seen.arrived);
            if sent > run.at + SLACK {
                let what = format!("{} was stopped {} after its time", run.name, sent - run.at);
                faults.push(Fault::of("3 stopped after its time", sent, &[run], what));
            }
            // Of several for several names, one is too many when one name is gone.
            let runs = |other: &&Run| {
                other.key == run.key
                    && other.start < sent
                    && other.end.is_none_or(|end| end >= sent)
            };
            // A name whose execution a person stopped asks for no other one, either.
            let by_a_person = |other: &&Run| {
                other.key == run.key
                    && !other.stopped_by_us
                    && other.fired.is_none()
                    && other.end.is_some_and(|end| end < sent)
            };
            let by_a_person = self.runs.iter().filter(by_a_person).count();
            let running = self.runs.iter().filter(runs).count().max(1) + by_a_person;
            let all = self.gone(&run.key, running, (begin, sent));
            let mut why = "it was asked for all the time".to_owned();
            let mut is_meant = false;
            for (n, gone) in all.iter().enumerate().filter(|(_, gone)| gone.to >= since) {
                // Where a process began since, the wait may have since with an earlier removal: the put-back between the two
                // may be what nobody saw. And what was there for a moment alone may not have been seen by anybody.
                let before = all[..n]
                    .iter()
                    .rev()
                    .find(|before| before.to > since - TimeDelta::minutes(1));
                let unseen = before.is_some_and(|before| {
                    gone.from - before.to < settle * 3 + TimeDelta::seconds(1)
                        || self
                            .lives
                            .iter()
                            .any(|life| life.from > before.from && life.from < sent)
                });
                let stop_after = seconds(self.setup.stop_after);
                let short = gone.changed || unseen || run.at <= gone.from + stop_after + SLACK / 10;
                // What is so when the stop is sent is meant; what was so for a moment before must have been settled.
                let needed = match short {
                    true if gone.to >= sent => TimeDelta::zero(),
                    true => settle / 2,
                    false => stop_after * 95 / 100,
                };
                if gone.was_at_rest && gone.to - gone.from >= needed {
                    is_meant = true;
                } else {
                    let (from, to) = (clock(gone.from), clock(gone.to));
                    why = format!("it was not asked for from {from} to {to} alone");
                }
            }
            let put_back = self
                .between(begin, sent)
                .into_iter()
                .rev()
                .take_while(|s| s.names_surely(&run.key) >= running);
            let put_back = put_back.last().map(|stretch| stretch.from);
            if let Some(back) = put_back.filter(|back| is_meant && sent - *back > STALE) {
                is_meant = false;
                why = format!("it was asked for since {}", clock(back));
            }
            if !is_meant {
                let what = format!("{} was stopped at {}: {why}", run.name, clock(sent));
                let is_of_one = self.between(since, sent).iter().all(|s| {
                    let mut asking = s.said.asking(&run.key).chain(s.after.asking(&run.key));
                    asking.all(|asked| asked.name == run.entry)
                });
                let rule = if is_of_one {
                    "3 stopped"
                } else {
                    "3 stopped, and renamed"
                };
                faults.push(Fault::of(rule, sent, &[run], what));
            }
        }
    }
}
