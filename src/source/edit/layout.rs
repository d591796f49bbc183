//! The lines of a schedule file, moved to where they belong. Pure; changes nothing within a line.

use std::ops::Range;

use super::outline::Outline;
use crate::source::yaml::{Kind, Node};

/// Keys or dashes below each other.
struct Level {
    bytes: Range<usize>,
    column: usize,
    /// Where they will be.
    new: usize,
    dashes: bool,
}

/// Which lines there are, and what they stand in.
pub(super) struct Layout<'o> {
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
    pub(super) fn new(outline: &'o Outline<'o>) -> Self {
        let mut layout = Self {
            outline,
            levels: Vec::new(),
            brackets: Vec::new(),
            around: Vec::new(),
        };
        if !layout.collect(outline.root(), 0) {
            layout.levels.clear();
        }
        layout.surround();
        layout
    }

    /// Notes levels and brackets. `false`: a key stands where it can't be moved safely.
    fn collect(&mut self, node: Node<'_>, new: usize) -> bool {
        let (first, dashes) = match node.kind() {
            Kind::Scalar(..) | Kind::Alias(_) => return true,
            _ if !node.is_block() => {
                self.brackets.push(node.range());
                return true;
            }
            Kind::Mapping { .. } => match node.pairs().next() {
                Some((key, _)) => (key.start(), false),
                None => return true,
            },
            Kind::Sequence { .. } => (node.start(), true),
        };
        let column = self.outline.column(first);
        self.levels.push(Level {
            bytes: first..node.end(),
            column,
            new,
            dashes,
        });
        // All of them, also behind one that is not good: brackets are noted too.
        let mut good = self.stands(first, column);
        for (key, value) in node.pairs() {
            good &= self.stands(key.start(), column);
            good &= self.collect(value, new + 2);
        }
        for item in node.items() {
            good &= self.collect(item, new + 2);
        }
        good
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

    /// All lines in their places.
    pub(super) fn text(&self) -> String {
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
        let levels = |n: Option<usize>| n.and_then(|n| self.around.get(n));
        let above = levels(seen.checked_sub(1)).map_or(&[][..], |(_, _, last)| last);
        let below = levels(Some(seen)).map_or(&[][..], |(_, first, _)| first);
        let next = levels(Some(seen)).and_then(|(line, ..)| self.outline.indent(*line));
        let next = next.unwrap_or(0);
        let place = |levels: &[usize], fits: &dyn Fn(&Level) -> bool| {
            let fitting = levels
                .iter()
                .map(|level| &self.levels[*level])
                .find(|level| fits(level));
            fitting.map(|level| level.new)
        };
        if was > next {
            let levels = if below.len() > above.len() {
                below
            } else {
                above
            };
            let deepest = levels.last().map_or(0, |level| self.levels[*level].new);
            return place(levels, &|level| level.column >= was).unwrap_or(deepest);
        }
        let inmost: Vec<usize> = below.iter().rev().copied().collect();
        place(&inmost, &|level| level.column <= was).unwrap_or(0)
    }
}
