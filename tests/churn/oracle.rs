//! Judges a session by what was asked on the wire, what the sandbox ran and what the folder said, and by nothing of onced's.
//! docs/testing.md has the rules, and the reason of each thing that is left room for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use onced::sandbox::{Execution, Status};

use crate::daemons::Life;
use crate::folder::{Key, Moving, Said, Stretch, Timeline, instant_of, key_of};
use crate::wire::{Seen, Time, entry_of};
use crate::world::{Figures, Setup};

/// How long after a put-back a stop may still be sent: it was decided before the put-back was read, and a busy machine is
/// slow.
pub(crate) const STALE: TimeDelta = TimeDelta::seconds(15);
/// How long before its time an entry must have been asked for, with a daemon that lives, for it to have to fire.
const AHEAD: TimeDelta = TimeDelta::seconds(25);
/// Clocks, and requests that are on their way.
pub(crate) const SLACK: TimeDelta = TimeDelta::seconds(5);

/// How long an execution must run for a listing to show it: twice `verify`.
const LISTED: TimeDelta = TimeDelta::seconds(10);

/// Something that must not be.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) rule: &'static str,
    pub(crate) at: Time,
    /// What it is about: names of entries and executions, by which the record is searched.
    pub(crate) about: Vec<String>,
    pub(crate) what: String,
}

impl Fault {
    pub(crate) fn of(rule: &'static str, at: Time, about: &[&Run], what: String) -> Self {
        let names = about
            .iter()
            .flat_map(|run| [run.name.clone(), run.entry.clone()]);
        let mut about: Vec<String> = names.collect();
        about.dedup();
        Self {
            rule,
            at,
            about,
            what,
        }
    }
}

/// All that is judged.
pub(crate) struct Record {
    pub(crate) setup: Setup,
    pub(crate) timeline: Timeline,
    pub(crate) wire: Vec<Seen>,
    pub(crate) lives: Vec<Life>,
    pub(crate) by_a_person: BTreeSet<Key>,
    pub(crate) runs: Vec<Run>,
    /// Each content that was ever written down for a name, be it in a commit alone.
    pub(crate) written: BTreeSet<(String, Key)>,
    pub(crate) ended: Time,
}

/// An execution.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) entry: String,
    pub(crate) key: Key,
    pub(crate) at: Time,
    pub(crate) start: Time,
    pub(crate) end: Option<Time>,
    pub(crate) fired: Option<Time>,
    pub(crate) is_running: bool,
    pub(crate) stopped_by_us: bool,
}

impl Run {
    pub(crate) fn of(execution: &Execution) -> Self {
        let key = key_of(&execution.machine_arn, &execution.input);
        let by_us = execution
            .error()
            .is_some_and(|error| error.starts_with("onced."));
        Self {
            name: execution.name.clone(),
            entry: entry_of(&execution.name),
            at: instant_of(&key).expect("an input of ours"),
            key,
            start: execution.start,
            end: execution.stopped(),
            fired: execution.fired,
            is_running: execution.status() == Status::Running,
            stopped_by_us: execution.status() == Status::Aborted && by_us,
        }
    }
}

impl Record {
    pub(crate) fn between(&self, from: Time, to: Time) -> Vec<Stretch> {
        self.timeline.between(from, to)
    }

    fn starts(&self) -> impl Iterator<Item = (&Seen, &Key)> {
        self.wire
            .iter()
            .filter_map(|seen| Some((seen, seen.key.as_ref()?)))
    }

    pub(crate) fn first_start(&self, run: &Run) -> Option<&Seen> {
        self.starts()
            .map(|(seen, _)| seen)
            .find(|seen| seen.subject == run.name)
    }

    /// Every fault, and how often what is judged was there to be judged.
    pub(crate) fn judge(&self) -> (Vec<Fault>, Figures) {
        let (mut faults, mut figures) = (Vec::new(), Figures::new());
        let mut add = |what: &str, number: usize| {
            *figures.entry(what.to_owned()).or_default() += number as u64;
        };
        add("executions", self.runs.len());
        add(
            "fired",
            self.runs.iter().filter(|run| run.fired.is_some()).count(),
        );
        add(
            "stopped",
            self.runs.iter().filter(|run| run.stopped_by_us).count(),
        );
        self.at_once(&mut faults);
        let excused = self.fired_once(&mut faults);
        add("fired twice, as no ledger could know", excused);
        self.stops(&mut faults);
        self.inputs(&mut faults);
        self.started(&mut faults);
        let (had_to, need_not) = self.in_time(&mut faults);
        add("had to fire, and were judged", had_to);
        add("must not fire, and were judged", need_not);
        faults.sort_by_key(|fault| fault.at);
        (faults, figures)
    }

    /// 1: one execution for each content; and for each entry, where there is one daemon.
    fn at_once(&self, faults: &mut Vec<Fault>) {
        let end = |run: &Run| run.end.unwrap_or(self.ended);
        let mut by_key: BTreeMap<&Key, Vec<&Run>> = BTreeMap::new();
        let mut by_entry: BTreeMap<&str, Vec<&Run>> = BTreeMap::new();
        for run in &self.runs {
            by_key.entry(&run.key).or_default().push(run);
            by_entry.entry(&run.entry).or_default().push(run);
        }
        for (key, runs) in &by_key {
            for run in runs {
                let beside = |other: &&&Run| other.start < run.start && run.start < end(other);
                let mut beside: Vec<&Run> = runs.iter().filter(beside).copied().collect();
                // What is being stopped already has been proven gone.
                beside.retain(|other| !self.is_being_stopped(other, run.start));
                beside.retain(|other| !self.is_of_another_ledger(other, run));
                let Some(first) = beside.iter().map(|other| other.start).min() else {
                    continue;
                };
                // A start shows what the folder said a moment before it; names that follow each other are never two at once.
                let names = self
                    .between(first - SLACK, run.start + SLACK)
                    .iter()
                    .map(|s| s.names(key))
                    .max();
                if beside.len() + 1 > names.unwrap_or(0).max(1) {
                    beside.push(run);
                    let names: Vec<&str> = beside.iter().map(|run| run.name.as_str()).collect();
                    let what = format!("{} run at once for one content {key}", names.join(" and "));
                    faults.push(Fault::of("1 content", run.start, &beside, what));
                }
            }
        }
        if self.lives.iter().any(|life| life.ledger > 0) {
            return;
        }
        // What another name asked for, too, may be that one's execution.
        let is_of_one = |run: &Run| {
            let all = self.between(run.start - STALE, end(run));
            let names = all
                .iter()
                .flat_map(|s| s.said.asking(&run.key).chain(s.after.asking(&run.key)));
            names
                .map(|asked| &asked.name)
                .all(|name| *name == run.entry)
        };
        for runs in by_entry.values() {
            for (n, a) in runs.iter().enumerate() {
                for b in &runs[n + 1..] {
                    let overlap = b.start < end(a) && a.start < end(b);
                    if overlap && a.key != b.key && is_of_one(a) && is_of_one(b) {
                        let what = format!("{} and {} run at once for one entry", a.name, b.name);
                        faults.push(Fault::of("1 entry", a.start.max(b.start), &[a, b], what));
                    }
                }
            }
        }
    }

    /// Was the first one started a moment ago by the other daemon alone, under another name? Before a listing shows it, no
    /// other ledger can know.
    fn is_of_another_ledger(&self, first: &Run, second: &Run) -> bool {
        let by = |run: &Run| {
            let starts = self.starts().filter(|(seen, _)| seen.subject == run.name);
            let starts = starts.filter(|(seen, _)| seen.arrived <= second.start + SLACK);
            // Whom AWS refused knows of no execution.
            let starts = starts.filter(|(seen, _)| !seen.is_refused());
            starts.map(|(seen, _)| seen.ledger).collect::<Vec<_>>()
        };
        let (first_by, second_by) = (by(first), by(second));
        let apart = second_by.iter().all(|ledger| !first_by.contains(ledger));
        first.entry != second.entry && apart && second.start - first.start < LISTED
    }

    fn is_being_stopped(&self, run: &Run, by: Time) -> bool {
        let stops = |seen: &Seen| seen.operation == "StopExecution" && seen.subject == run.name;
        run.stopped_by_us
            && self
                .wire
                .iter()
                .any(|seen| stops(seen) && seen.arrived <= by)
    }

    /// 2: no content fires more often than there were names that asked for it at one time.
    fn fired_once(&self, faults: &mut Vec<Fault>) -> usize {
        let mut by_key: BTreeMap<&Key, Vec<&Run>> = BTreeMap::new();
        for run in self.runs.iter().filter(|run| run.fired.is_some()) {
            by_key.entry(&run.key).or_default().push(run);
        }
        let mut excused = 0;
        for (key, mut runs) in by_key {
            runs.sort_by_key(|run| run.start);
            let last = runs[runs.len() - 1];
            let all = self.between(runs[0].start - STALE, last.start + SLACK);
            let names = all.iter().map(|s| s.names(key)).max().unwrap_or(0).max(1);
            if runs.len() <= names {
                continue;
            }
            // Two installations that begin the same within moments, under an old name and a new one.
            if self.could_not_know(runs[0], last)
                || names + 1 == runs.len() && self.is_of_another_ledger(runs[0], last)
            {
                excused += 1;
                continue;
            }
            let fired: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
            let what = format!("{} all fired, for {names} names: {key}", fired.join(", "));
            faults.push(Fault::of("2 fired twice", last.start, &runs, what));
        }
        excused
    }

    /// Had the first fired under another name, and could the ledger that the second was started with know nothing of it?
    /// Nothing shows it then but executions that have ended, which onced does not list.
    fn could_not_know(&self, first: &Run, second: &Run) -> bool {
        let Some(start) = self.first_start(second) else {
            return false;
        };
        let of_ledger = |life: &&Life| life.ledger == start.ledger && life.from <= start.arrived;
        let Some(life) = self.lives.iter().rev().find(of_ledger) else {
            return false;
        };
        let Some(end) = first.end.filter(|end| *end <= start.arrived) else {
            return false;
        };
        let starter = self.first_start(first).map(|seen| seen.ledger);
        // Another daemon's, and over before a listing had to show it.
        let unseen = life.from > first.start || end - first.start < LISTED;
        first.entry != second.entry
            && (life.knows_since > first.start || starter != Some(start.ledger) && unseen)
    }

    /// 6: all starts of one name carry the same bytes.
    fn inputs(&self, faults: &mut Vec<Fault>) {
        let mut inputs: BTreeMap<&str, &Key> = BTreeMap::new();
        for (seen, key) in self.starts() {
            if *inputs.entry(&seen.subject).or_insert(key) != key {
                let what = format!("{} was sent with two inputs", seen.subject);
                let about = vec![seen.subject.clone(), seen.entry()];
                faults.push(Fault {
                    rule: "6 two inputs",
                    at: seen.arrived,
                    about,
                    what,
                });
            }
        }
    }

    /// 5 and 8: what starts is what its name asks for, and is not too late.
    fn started(&self, faults: &mut Vec<Fault>) {
        for run in &self.runs {
            let sent = self.starts().filter(|(seen, _)| seen.subject == run.name);
            let sent = sent
                .map(|(seen, _)| seen.arrived)
                .filter(|at| *at <= run.start)
                .max();
            let sent = sent.unwrap_or(run.start);
            let of_run = |said: &Said| {
                let mut asking = said
                    .asking(&run.key)
                    .filter(|asked| asked.name == run.entry);
                asking.next().map(|asked| asked.grace)
            };
            let lately = self.between(sent - STALE, sent);
            let grace = lately
                .iter()
                .filter_map(|s| of_run(&s.said).max(of_run(&s.after)))
                .max();
            let Some(grace) = grace else {
                // In the middle of an operation of git's, what is in one of its commits and was never asked for is new, and
                // starts. What was, and is gone, is brought back.
                let in_git = lately.iter().any(|s| s.moving == Moving::All);
                // A ledger that was lost since knows of nothing that was.
                let starter = self.first_start(run).map(|seen| seen.ledger);
                let of_ledger = |life: &&Life| Some(life.ledger) == starter && life.from <= sent;
                let life = self.lives.iter().rev().find(of_ledger);
                let begin = self.timeline.0[0].from;
                let knows = life.map_or(begin, |life| life.knows_since).max(begin);
                let before = self.between(knows, (sent - STALE).max(knows));
                let was_asked = before.iter().any(|s| of_run(&s.said).is_some());
                let is_written = self
                    .written
                    .contains(&(run.entry.clone(), Arc::clone(&run.key)));
                if !(in_git && is_written && !was_asked) {
                    let why = if is_written {
                        "did not ask for it then"
                    } else {
                        "never asked for that"
                    };
                    let what = format!(
                        "{} was started, and {} {why}: {}",
                        run.name, run.entry, run.key
                    );
                    faults.push(Fault::of("5 not asked for", sent, &[run], what));
                }
                continue;
            };
            if sent > run.at + grace + SLACK {
                let what = format!("{} was started {} after its time", run.name, sent - run.at);
                faults.push(Fault::of("8 too late", sent, &[run], what));
            }
        }
    }

    /// How long there was no doubt of anything, at the longest.
    fn without_doubt(all: &[Stretch]) -> TimeDelta {
        let is_clear =
            |s: &Stretch| s.moving != Moving::All && !s.said.in_doubt && !s.after.in_doubt;
        let parts = all.split(|stretch| !is_clear(stretch));
        let length = |part: &[Stretch]| Some(part.last()?.to - part.first()?.from);
        parts.filter_map(length).max().unwrap_or_default()
    }

    /// How long that must be for a stop to be sent, and to be tried again where it failed.
    fn enough(&self) -> TimeDelta {
        TimeDelta::from_std(self.setup.stop_after).expect("seconds") + TimeDelta::seconds(8)
    }

    /// 4: what was asked for while a daemon lived fired, and what was long gone did not. Not where the guard may hold it.
    fn in_time(&self, faults: &mut Vec<Fault>) -> (usize, usize) {
        let (mut had_to, mut need_not) = (0, 0);
        if self.setup.guarded {
            return (0, 0);
        }
        let fired: BTreeSet<&Key> = self
            .runs
            .iter()
            .filter(|run| run.fired.is_some())
            .map(|run| &run.key)
            .collect();
        let said = self
            .timeline
            .0
            .iter()
            .flat_map(|since| since.said.all.iter());
        let keys: BTreeSet<&Key> = said.map(|asked| &asked.key).collect();
        for key in keys {
            let Some(at) = instant_of(key).filter(|at| *at + SLACK < self.ended) else {
                continue;
            };
            // A ledger that is lost lists twice, five seconds apart, before it starts anything.
            let lived = |life: &Life| {
                life.from < at - AHEAD - SLACK && life.to.is_none_or(|to| to > at + SLACK)
            };
            if !self.lives.iter().any(lived) || self.by_a_person.contains(key) {
                continue;
            }
            let all = self.between(at - AHEAD, at + TimeDelta::seconds(1));
            let about = || vec![format!("\"{key}"), key.to_string()];
            if all.iter().all(|s| s.asks_surely(key)) {
                had_to += 1;
                if !fired.contains(key) {
                    let what = format!("{key} was asked for, and did not fire");
                    faults.push(Fault {
                        rule: "4 did not fire",
                        at,
                        about: about(),
                        what,
                    });
                }
            }
            let alone = self
                .lives
                .iter()
                .all(|life| life.ledger == 0 && life.knows_since == self.lives[0].knows_since);
            let is_gone = all.iter().all(|s| !s.may_ask(key));
            let ran = self.runs.iter().any(|run| run.key == *key);
            if alone && is_gone && ran && Self::without_doubt(&all) >= self.enough() {
                need_not += 1;
                if fired.contains(key) {
                    let what = format!(
                        "{key} was gone for {} before its time, and fired",
                        AHEAD * 2
                    );
                    faults.push(Fault {
                        rule: "4 fired",
                        at,
                        about: about(),
                        what,
                    });
                }
            }
        }
        (had_to, need_not)
    }
}
