//! What is told of a session: its figures; of a fault, all that was done and asked around it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::TimeDelta;

use crate::folder::Moving;
use crate::oracle::{Fault, Record};
use crate::wire::{Seen, Time, clock};
use crate::world::Figures;

/// How much before and after a fault is told.
const BEFORE: TimeDelta = TimeDelta::seconds(25);
const AFTER: TimeDelta = TimeDelta::seconds(4);
/// So many faults of a session are told in full.
const FAULTS: usize = 3;

/// A session and its judgement.
pub(crate) struct Told {
    pub(crate) record: Record,
    pub(crate) faults: Vec<Fault>,
    pub(crate) figures: Figures,
    pub(crate) journal: Vec<(Time, String)>,
    pub(crate) logs: String,
}

/// The lines of the daemons' logs from one moment to another: each begins with its time.
fn lines_of_logs(logs: &str, from: Time, to: Time) -> Vec<&str> {
    let at = |line: &&str| {
        line.split_whitespace()
            .next()
            .and_then(|word| word.parse::<Time>().ok())
    };
    logs.lines()
        .filter(|line| at(line).is_some_and(|at| from <= at && at <= to))
        .collect()
}

impl Told {
    /// The execution names and entries that a fault is about.
    fn about(&self, fault: &Fault) -> BTreeSet<String> {
        let mut about: BTreeSet<String> = fault.about.iter().cloned().collect();
        for run in self
            .record
            .runs
            .iter()
            .filter(|run| fault.about.iter().any(|about| **about == *run.key))
        {
            about.extend([run.name.clone(), run.entry.clone()]);
        }
        about
    }

    fn tell(&self, fault: &Fault, text: &mut String) {
        let about = self.about(fault);
        let _ = writeln!(
            text,
            "\n== {} at {}: {}",
            fault.rule,
            clock(fault.at),
            fault.what
        );
        let (from, to) = (fault.at - BEFORE, fault.at + AFTER);
        let _ = writeln!(text, "-- what was done, {} to {}", clock(from), clock(to));
        for (at, line) in self
            .journal
            .iter()
            .filter(|(at, _)| from <= *at && *at <= to)
        {
            let _ = writeln!(text, "{} {line}", clock(*at));
        }
        let _ = writeln!(text, "-- what the folder said of it");
        self.tell_folder(&about, (from, to), text);
        let _ = writeln!(text, "-- on the wire");
        let concerns =
            |seen: &&Seen| about.contains(&seen.subject) || about.contains(&seen.entry());
        for seen in self.record.wire.iter().filter(concerns) {
            let _ = writeln!(text, "{}", seen.line());
        }
        let _ = writeln!(text, "-- the daemons' logs");
        let mention = |line: &&&str| about.iter().any(|about| line.contains(about.as_str()));
        let all = lines_of_logs(&self.logs, from, to);
        let told: Vec<&&str> = all
            .iter()
            .filter(|line| line.contains("WARN") || mention(line))
            .collect();
        for line in told.iter().take(80) {
            let _ = writeln!(text, "{line}");
        }
    }

    fn tell_folder(&self, about: &BTreeSet<String>, (from, to): (Time, Time), text: &mut String) {
        let mut last = String::new();
        for stretch in self.record.timeline.between(from, to) {
            let asked = stretch.said.all.iter().filter(|asked| {
                let of_run =
                    |run: &&crate::oracle::Run| about.contains(&run.name) && run.key == asked.key;
                about.contains(&asked.name) || self.record.runs.iter().find(of_run).is_some()
            });
            let asked = asked.map(|asked| {
                let mark = if !asked.enabled {
                    " (off)"
                } else if asked.sure {
                    ""
                } else {
                    " (in doubt)"
                };
                format!("{}: {}{mark}", asked.name, asked.key)
            });
            let all = match stretch.moving {
                Moving::All => "(anything) ",
                Moving::No | Moving::File => "",
            };
            let said = format!("{all}{}", asked.collect::<Vec<_>>().join("; "));
            if said != last {
                let _ = writeln!(text, "{} {said}", clock(stretch.from));
                last = said;
            }
        }
    }

    /// The faults with what is around them, and where all the rest lies.
    pub(crate) fn faults(&self) -> String {
        let setup = &self.record.setup;
        let mut text = format!("{} faults in the session {setup:?}\n", self.faults.len());
        for fault in &self.faults {
            let _ = writeln!(text, "{} {}: {}", clock(fault.at), fault.rule, fault.what);
        }
        for fault in self.faults.iter().take(FAULTS) {
            self.tell(fault, &mut text);
        }
        let _ = writeln!(text, "\nall of it: {}", self.keep().display());
        let _ = writeln!(
            text,
            "again: ONCED_SEED={} ONCED_CHURN={} cargo test --test churn -- --nocapture",
            setup.seed,
            setup.length.as_secs()
        );
        text
    }

    /// Everything, in one file.
    fn keep(&self) -> PathBuf {
        let name = format!("churn-{}.txt", self.record.setup.seed);
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let mut lines: Vec<(Time, String)> = self.journal.clone();
        lines.extend(
            self.record
                .wire
                .iter()
                .map(|seen| (seen.arrived, format!("wire: {}", seen.line()))),
        );
        lines.extend(
            self.faults
                .iter()
                .map(|fault| (fault.at, format!("FAULT {}: {}", fault.rule, fault.what))),
        );
        lines.extend(self.logs.lines().filter_map(|line| {
            let at = line.split_whitespace().next()?.parse().ok()?;
            Some((at, format!("log: {line}")))
        }));
        lines.sort_by_key(|(at, _)| *at);
        let lines: Vec<String> = lines
            .iter()
            .map(|(at, line)| format!("{} {line}", clock(*at)))
            .collect();
        std::fs::write(&path, lines.join("\n")).expect("written");
        path
    }
}

/// All figures, a line each.
pub(crate) fn figures(all: &Figures) -> String {
    let lines: Vec<String> = all
        .iter()
        .map(|(what, number)| format!("{number:>8} {what}"))
        .collect();
    lines.join("\n")
}
