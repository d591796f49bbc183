//! What of a file's text a message may show: never a payload, and nothing that a terminal obeys.

use std::ops::Range;

use super::{Node, Parsing, Place};
use crate::model::printable::is_obeyed;
use crate::source::problem::{Problem, of_the_whole};
use crate::source::yaml::{Fault, MOST_FAULTS};

/// What may be shown of a line that may hold a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    /// Nothing.
    Nothing,
    /// What stands before the place.
    UpTo,
    /// The key that stands there, where nothing stands before it.
    Key,
}

/// A character as a terminal may show it.
fn plain(c: char) -> char {
    match c {
        '\t' => ' ',
        c if is_obeyed(c) => '\u{fffd}',
        c => c,
    }
}

/// A line as a terminal may show it, of a bearable length.
fn printable(line: &str) -> String {
    line.trim_end().chars().take(200).map(plain).collect()
}

/// The same text, of a bearable length: what it names may be as long as a file.
fn told(message: &str) -> String {
    const LONGEST: usize = 500;
    let text: String = message.chars().take(LONGEST).map(plain).collect();
    if message.chars().nth(LONGEST).is_some() {
        return text + "…";
    }
    text
}

/// Lines that are never shown, in order and apart from each other.
struct Hidden(Vec<(usize, usize)>);

impl Hidden {
    fn new(mut ranges: Vec<(usize, usize)>) -> Self {
        ranges.sort_unstable();
        let mut apart: Vec<(usize, usize)> = Vec::new();
        for (from, to) in ranges {
            match apart.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => apart.push((from, to)),
            }
        }
        Self(apart)
    }

    fn has(&self, line: usize) -> bool {
        let after = self.0.partition_point(|(from, _)| *from <= line);
        after > 0 && self.0[after - 1].1 >= line
    }
}

impl<'d> Parsing<'_, 'd> {
    /// What is told of the file, in the order of its lines.
    pub(super) fn problems(&self, text: &str) -> Vec<Problem> {
        let starts = crate::source::yaml::lines(text);
        let line_of = |at: usize| starts.partition_point(|start| *start <= at);
        let lines = |bytes: &Range<usize>| {
            (
                line_of(bytes.start),
                line_of(bytes.end.max(bytes.start + 1) - 1),
            )
        };
        let hidden = self.hidden.iter().map(lines);
        let hidden = Hidden::new(hidden.chain(self.hidden_lines.iter().copied()).collect());
        let line = |number: usize| {
            let from = *starts.get(number.checked_sub(1)?)?;
            if from == text.len() {
                return None;
            }
            let to = starts.get(number).copied().unwrap_or(text.len());
            Some(text.get(from..to)?.trim_end_matches(['\n', '\r']))
        };
        let mut wrongs: Vec<&(Fault, Show)> = self.wrongs.iter().collect();
        wrongs.sort_by_key(|(fault, _)| fault.place);
        let problem = |(fault, show): &&(Fault, Show)| {
            let place = fault.place;
            let shown = line(place.line).and_then(|line| {
                if hidden.has(place.line) {
                    partly(line, place, *show)
                } else {
                    Some(printable(line))
                }
            });
            Problem {
                line: place.line,
                column: place.column,
                message: told(&fault.message),
                hint: fault.hint.as_deref().map(told),
                shown,
                passes: false,
            }
        };
        let mut problems: Vec<Problem> = wrongs.iter().take(MOST_FAULTS).map(problem).collect();
        if self.count > problems.len() {
            let more = self.count - problems.len();
            let last = problems.last().map_or(1, |last| last.line);
            problems.push(Problem {
                line: last,
                ..of_the_whole(
                    format!("there are {more} more problems in this file"),
                    Some("mend these first".into()),
                )
            });
        }
        problems
    }

    /// What stands there is never shown.
    pub(super) fn hide(&mut self, node: Node<'d>) {
        self.hidden.push(node.range());
    }

    /// A fault of the YAML itself may lie within a payload, and nothing tells where that ends: all from the first key
    /// on that looks like one is hidden.
    pub(super) fn hide_what_may_be_payload(&mut self, text: &str) {
        let lines: Vec<&str> = text.lines().collect();
        let begins = lines
            .iter()
            .position(|line| line.contains("pay") || line.contains("inp"));
        self.hidden_lines
            .extend(begins.map(|line| (line + 1, usize::MAX)));
        // What is the user's own ends with its block.
        let indent = |line: &str| line.len() - line.trim_start().len();
        let mut inside: Option<(usize, usize)> = None;
        for (place, line) in lines.iter().enumerate() {
            if let Some((from, at)) = inside {
                if line.trim().is_empty() || indent(line) > at {
                    continue;
                }
                self.hidden_lines.push((from, place));
                inside = None;
            }
            if line.trim_start().starts_with("x-") {
                inside = Some((place + 1, indent(line)));
            }
        }
        self.hidden_lines
            .extend(inside.map(|(from, _)| (from, usize::MAX)));
    }
}

/// What of a line that may hold a payload may be shown.
fn partly(line: &str, place: Place, show: Show) -> Option<String> {
    let before: String = line.chars().take(place.column - 1).collect();
    let rest: String = line.chars().skip(place.column - 1).take(200).collect();
    match show {
        Show::UpTo if rest.trim_matches([':', ' ']).is_empty() => Some(printable(line)),
        // What should have been another kind of value: up to where it begins.
        Show::UpTo if !before.contains(['{', '[']) => Some(printable(&format!("{before}…"))),
        Show::Key if before.trim().is_empty() => {
            let key = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
            let key: String = key.collect();
            Some(printable(&format!("{before}{key}: …")))
        }
        _ => None,
    }
}
