//! The one form of a schedule file. Pure; keeps every comment, and the order of all.
//!
//! | of | form |
//! |---|---|
//! | lines | end with a line feed, without blanks before it; the last one too |
//! | blank lines | at most one in a row, none at the beginning or the end |
//! | keys and items in lines | two spaces farther in than what they belong to |
//! | between a colon or dash and what follows | one space |
//! | `at` | `2026-12-01T09:00:00`, with its offset where it has one |
//! | comments | as far in as what they stand with |
//! | within brackets, quotes, `\|` and `>` | as they are, moved with their line |

use std::ops::Range;

use serde_yaml::Value as Yaml;

use super::outline::{Kind, Node, Outline};
use super::{Edit, applied};

/// The text in its form. `None`: it can't be read again half way, which is no good sign.
pub(super) fn format(outline: &Outline<'_>) -> Option<String> {
    let spaced = applied(outline.text, &spaces(outline));
    let outline = Outline::of(&spaced)?;
    Some(Layout::new(&outline).text())
}

/// Each entry's time in its form. Entries of the user's own are left alone.
pub(super) fn times(root: &mut Yaml) {
    let entries = root.get_mut("schedules").and_then(Yaml::as_mapping_mut);
    for (name, entry) in entries.into_iter().flatten() {
        let own = name.as_str().is_some_and(|name| name.starts_with("x-"));
        if let Some(Yaml::String(at)) = entry.get_mut("at").filter(|_| !own)
            && let Some(form) = time(at)
        {
            *at = form;
        }
    }
}

/// A good time in its form; `None`: it has that already.
fn time(text: &str) -> Option<String> {
    let (day, rest) = (text.get(..10)?, text.get(11..)?);
    let end = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, offset) = rest.split_at(end);
    let seconds = if clock.len() == 5 { ":00" } else { "" };
    let form = format!("{day}T{clock}{seconds}{offset}");
    (form != text).then_some(form)
}

/// Changes within lines: times, and one space behind a colon.
fn spaces(outline: &Outline<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    colons(outline, &outline.root, &mut edits);
    let entries = outline.root.find("schedules");
    // What an anchor names may be a payload too.
    let entries = entries.filter(|_| outline.anchors.is_empty());
    let pairs = entries.map_or(&[][..], |at| outline.root.pairs()[at].1.pairs());
    for (key, entry) in pairs {
        if matches!(&key.kind, Kind::Scalar(name, _) if name.starts_with("x-")) {
            continue;
        }
        let Some(at) = entry.find("at").map(|at| &entry.pairs()[at].1) else {
            continue;
        };
        let Kind::Scalar(text, _) = &at.kind else {
            continue;
        };
        let written = &outline.text[at.range()];
        if let Some(form) = time(text).filter(|_| written.contains(text.as_str())) {
            edits.push((at.range(), written.replace(text.as_str(), &form)));
        }
    }
    edits
}

fn colons(outline: &Outline<'_>, node: &Node, edits: &mut Vec<Edit>) {
    match &node.kind {
        Kind::Mapping { flow: false, pairs } => {
            for (key, value) in pairs {
                let behind = &outline.text[key.end..];
                let spaces = behind.len() - behind.trim_start_matches([' ', '\t']).len();
                let colon = key.end + spaces;
                let behind = outline.text[colon..].strip_prefix(':').unwrap_or_default();
                let blank = behind.len() - behind.trim_start_matches([' ', '\t']).len();
                if blank > 0 && !behind[blank..].starts_with(['\n', '#']) && blank < behind.len() {
                    edits.push((key.end..colon + 1 + blank, ": ".to_owned()));
                }
                colons(outline, value, edits);
            }
        }
        Kind::Sequence { items, .. } if node.is_block() => {
            for item in items {
                colons(outline, item, edits);
            }
        }
        _ => {}
    }
}

/// Keys or dashes below each other.
struct Level {
    bytes: Range<usize>,
    column: usize,
    /// Where they will be.
    new: usize,
    dashes: bool,
}

struct Layout<'o> {
    outline: &'o Outline<'o>,
    /// From the outside in, in the text's order; empty where nothing is to be moved.
    levels: Vec<Level>,
    brackets: Vec<Range<usize>>,
    /// Of each line that has something: those around what it begins with, and around what it ends with.
    around: Vec<(usize, Vec<usize>, Vec<usize>)>,
}

/// What a line is.
enum Line {
    Blank,
    /// Part of a scalar that began above.
    Scalar,
    /// Part of what stands in brackets that began above.
    Inside,
    Comment,
    /// Anything else.
    Other,
}

impl<'o> Layout<'o> {
    fn new(outline: &'o Outline<'o>) -> Self {
        let mut layout = Self {
            outline,
            levels: Vec::new(),
            brackets: Vec::new(),
            around: Vec::new(),
        };
        if !layout.collect(&outline.root, 0) {
            layout.levels.clear();
        }
        layout.surround();
        layout
    }

    /// Notes levels and brackets. `false`: a key stands where it can't be moved safely.
    fn collect(&mut self, node: &Node, new: usize) -> bool {
        let (bytes, first, dashes) = match &node.kind {
            Kind::Scalar(..) | Kind::Alias => return true,
            _ if !node.is_block() => {
                self.brackets.push(node.range());
                return true;
            }
            Kind::Mapping { pairs, .. } => {
                let Some((key, _)) = pairs.first() else {
                    return true;
                };
                (key.start..node.end, key.start, false)
            }
            Kind::Sequence { dash, .. } => (*dash..node.end, *dash, true),
        };
        let column = self.outline.column(first);
        self.levels.push(Level {
            bytes,
            column,
            new,
            dashes,
        });
        match &node.kind {
            Kind::Mapping { pairs, .. } => {
                let good = |(key, value): &(Node, Node)| {
                    self.stands(key.start, column) && self.collect(value, new + 2)
                };
                pairs.iter().map(good).fold(true, |all, good| all && good)
            }
            Kind::Sequence { items, .. } => {
                let good = self.stands(first, column);
                items
                    .iter()
                    .map(|item| self.collect(item, new + 2))
                    .fold(good, |all, good| all && good)
            }
            _ => true,
        }
    }

    /// Behind spaces and dashes alone, so far in?
    fn stands(&self, at: usize, column: usize) -> bool {
        let before = &self.outline.text[at - self.outline.column(at)..at];
        before.len() == column && before.chars().all(|c| c == ' ' || c == '-')
    }

    /// The levels around a place.
    fn levels_at(&self, at: usize, open: &[usize]) -> Vec<usize> {
        let around = |level: &&usize| {
            self.levels[**level].bytes.start <= at && at <= self.levels[**level].bytes.end
        };
        open.iter().filter(around).copied().collect()
    }

    fn surround(&mut self) {
        let (mut open, mut next): (Vec<usize>, usize) = (Vec::new(), 0);
        let mut around = Vec::new();
        for number in 0..self.outline.count() {
            let line = self.outline.span(number);
            let kind = self.kind(number);
            if matches!(kind, Line::Blank | Line::Comment) {
                continue;
            }
            let begin = line.start + self.outline.indent(number).unwrap_or(0);
            while self
                .levels
                .get(next)
                .is_some_and(|level| level.bytes.start <= line.end)
            {
                open.push(next);
                next += 1;
            }
            let first = self.levels_at(begin, &open);
            open.retain(|level| self.levels[*level].bytes.end >= line.start);
            let comment = self
                .outline
                .comment_in(&line)
                .map_or(line.end, |comment| comment.start);
            let end = line.start + self.outline.text[line.start..comment].trim_end().len();
            let last = self.levels_at(end.max(begin), &open);
            around.push((number, first, last));
        }
        self.around = around;
    }

    fn kind(&self, number: usize) -> Line {
        let line = self.outline.span(number);
        let holds = |ranges: &[Range<usize>], begun: usize| {
            let after = ranges.partition_point(|range| range.start < begun);
            after > 0 && ranges[after - 1].end > line.start
        };
        // Of one that is written as lines, the first line too.
        let of_lines = self
            .outline
            .scalars
            .binary_search_by_key(&line.start, |scalar| scalar.start);
        let of_lines = of_lines.is_ok_and(|n| self.is_whole(&self.outline.scalars[n]));
        if of_lines || holds(&self.outline.scalars, line.start) {
            return Line::Scalar;
        }
        match self.outline.indent(number) {
            None => Line::Blank,
            Some(_) if holds(&self.brackets, line.start) => Line::Inside,
            Some(_) if self.outline.is_comment(number) => Line::Comment,
            Some(_) => Line::Other,
        }
    }

    /// Is this the range of a scalar that is written as lines?
    fn is_whole(&self, scalar: &Range<usize>) -> bool {
        let text = self.outline.text;
        let begins = scalar.start > 0 && text.as_bytes()[scalar.start - 1] == b'\n';
        begins && (scalar.end == text.len() || text[..scalar.end].ends_with('\n'))
    }

    fn text(&self) -> String {
        let (mut text, mut blank, mut seen) = (String::new(), false, 0);
        for number in 0..self.outline.count() {
            let kind = self.kind(number);
            if matches!(kind, Line::Blank) {
                blank = !text.is_empty();
                continue;
            }
            if std::mem::take(&mut blank) {
                text.push('\n');
            }
            while self
                .around
                .get(seen)
                .is_some_and(|(line, ..)| *line < number)
            {
                seen += 1;
            }
            let line = self.outline.span(number);
            match kind {
                Line::Comment => {
                    let indent = self.comment(number, seen);
                    text += &" ".repeat(indent);
                    text += self.outline.text[line].trim();
                }
                Line::Scalar | Line::Inside => {
                    let (old, new) = self.moved(seen);
                    self.shift(line, (old, new), &mut text);
                }
                Line::Blank | Line::Other => self.other(number, seen, &mut text),
            }
            text.push('\n');
        }
        if self.has_no_end() {
            text.pop();
        }
        text
    }

    /// A last line that is a scalar's, and has no end, may not get one: it would be the scalar's too.
    fn has_no_end(&self) -> bool {
        let text = self.outline.text;
        let last = self.outline.scalars.last();
        !text.ends_with('\n')
            && last.is_some_and(|last| last.end == text.len() && self.is_whole(last))
    }

    /// Where the keys or dashes around a line were, and where they will be.
    fn moved(&self, seen: usize) -> (usize, usize) {
        let levels = self.around.get(seen).map(|(_, first, _)| first);
        let level = levels.and_then(|levels| levels.last());
        level.map_or((0, 0), |level| {
            (self.levels[*level].column, self.levels[*level].new)
        })
    }

    /// A line without blanks at its end, as far as they belong to no scalar, moved.
    fn shift(&self, line: Range<usize>, (old, new): (usize, usize), into: &mut String) {
        let trimmed = line.start + self.outline.text[line.clone()].trim_end().len();
        let before = self
            .outline
            .scalars
            .partition_point(|scalar| scalar.start <= line.end);
        let scalar = self.outline.scalars[..before].last();
        let end = scalar.map_or(trimmed, |scalar| trimmed.max(scalar.end.min(line.end)));
        let text = &self.outline.text[line.start..end.max(line.start)];
        if new >= old {
            let more = if text.is_empty() { 0 } else { new - old };
            *into += &" ".repeat(more);
            *into += text;
            return;
        }
        let spaces = text.len() - text.trim_start_matches(' ').len();
        *into += &text[spaces.min(old - new)..];
    }

    fn other(&self, number: usize, seen: usize, into: &mut String) {
        let line = self.outline.span(number);
        let indent = self.outline.indent(number).unwrap_or(0);
        let rest = &self.outline.text[line.start + indent..line.end];
        let levels = self.around.get(seen).map_or(&[][..], |(_, first, _)| first);
        let is_dash = rest == "-" || rest.starts_with("- ");
        let here = |level: &&usize| {
            let level = &self.levels[**level];
            level.column == indent && level.dashes == is_dash
        };
        let Some(level) = levels.iter().rev().find(here) else {
            return self.shift(line, self.moved(seen), into);
        };
        *into += &" ".repeat(self.levels[*level].new);
        let mut at = line.start + indent;
        while let Some(behind) = self.outline.text[at..line.end].strip_prefix("- ") {
            let spaces = behind.len() - behind.trim_start_matches(' ').len();
            if behind[spaces..].is_empty() || behind[spaces..].starts_with('#') {
                break;
            }
            *into += "- ";
            at += 2 + spaces;
        }
        self.shift(at..line.end, (0, 0), into);
    }

    /// How far in a comment will be. One that is farther in than what follows stays with what is above it.
    fn comment(&self, number: usize, seen: usize) -> usize {
        let was = self.outline.indent(number).unwrap_or(0);
        if self.levels.is_empty() {
            return was;
        }
        let none: &[usize] = &[];
        let above = seen.checked_sub(1).and_then(|n| self.around.get(n));
        let above = above.map_or(none, |(_, _, last)| last);
        let (below, next) = match self.around.get(seen) {
            Some((line, first, last)) => {
                let column = self.outline.indent(*line).unwrap_or(0);
                let upto = |level: &&usize| self.levels[**level].column <= column;
                // Of a line that begins with a key, that key's own level too.
                let all = if last.len() > first.len() {
                    last
                } else {
                    first
                };
                (all.iter().filter(upto).copied().collect::<Vec<_>>(), column)
            }
            None => (Vec::new(), 0),
        };
        let place = |levels: &[usize], fits: &dyn Fn(&Level) -> bool| {
            let fitting = levels
                .iter()
                .map(|level| &self.levels[*level])
                .find(|level| fits(level));
            fitting.map(|level| level.new)
        };
        if was > next {
            let levels = if below.len() > above.len() {
                &below
            } else {
                above
            };
            let deepest = levels.last().map_or(0, |level| self.levels[*level].new);
            return place(levels, &|level| level.column >= was).unwrap_or(deepest);
        }
        let inmost: Vec<usize> = below.into_iter().rev().collect();
        place(&inmost, &|level| level.column <= was).unwrap_or(0)
    }
}
