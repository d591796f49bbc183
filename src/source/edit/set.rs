//! Puts values into an entry, in the place of others or beside them. Pure; leaves all other bytes as they are.

use std::ops::Range;

use super::outline::Outline;
use super::write::{self, Place, Written};
use super::{Edit, Field, Refused, by_hand, reason, schedules, unsure};
use crate::source::yaml::{Kind, Node, Style};

/// In which order the keys of an entry are written, as in the documentation.
const ORDER: &[&str] = &[
    "description",
    "at",
    "timezone",
    "lambda",
    "payload",
    "state_machine",
    "input",
    "grace",
    "enabled",
];

/// One edit for each field, or two.
pub(super) fn edits(
    outline: &Outline<'_>,
    name: &str,
    fields: &[Field],
) -> Result<Vec<Edit>, Refused> {
    let (_, entries) = schedules(outline)?;
    let (key, entry) = entries.find(name).ok_or_else(|| unsure(0))?;
    if !matches!(entry.kind(), Kind::Mapping { .. }) {
        return Err(reason::stands_for(outline, "the entry", key, entry));
    }
    // What stands for the entry elsewhere would change with it.
    if let Some(places) = outline.used_elsewhere(&(key.start()..entry.start())) {
        return Err(reason::used(outline, places, key.start()));
    }
    let mut fields: Vec<&Field> = fields.iter().collect();
    fields.sort_by_key(|(key, _)| rank(key));
    let step = step(outline, key, entry);
    let mut edits = Vec::new();
    for field in fields {
        match entry.find(field.0) {
            Some(pair) if entry.is_block() => {
                edits.extend(replaced(outline, pair, field, step)?);
            }
            Some(pair) => edits.push(replaced_in_brackets(outline, entry, pair, field)?),
            None => edits.push(added(outline, entry, field, step)?),
        }
    }
    Ok(edits)
}

/// How much farther in the entry's keys stand than its name.
fn step(outline: &Outline<'_>, name: Node<'_>, entry: Node<'_>) -> usize {
    let inner = entry.pairs().next();
    let inner = inner.map_or(0, |(key, _)| outline.column(key.start()));
    match inner.saturating_sub(outline.column(name.start())) {
        step @ 1..=8 => step,
        _ => 2,
    }
}

/// Do blanks stand within the braces there?
pub(super) fn is_spaced(outline: &Outline<'_>, braces: Node<'_>) -> bool {
    outline.text[braces.start() + 1..].starts_with(' ')
}

fn rank(key: &str) -> usize {
    ORDER
        .iter()
        .position(|known| *known == key)
        .unwrap_or(ORDER.len())
}

/// What is replaced may have no name that is used elsewhere.
fn check(outline: &Outline<'_>, (key, old): (Node<'_>, Node<'_>)) -> Result<(), Refused> {
    let whole = key.start()..old.end().max(key.end());
    if let Some((anchor, used)) = outline.used_elsewhere(&whole) {
        return Err(reason::used(outline, (anchor, used), anchor));
    }
    Ok(())
}

fn free(outline: &Outline<'_>, range: &Range<usize>) -> Result<(), Refused> {
    match outline.comment_in(range) {
        Some(comment) => {
            let why = "this comment stands in what is to be replaced";
            let hint = "move it above the entry, or take it away";
            Err(by_hand(outline.line(comment.start), why, hint))
        }
        None => Ok(()),
    }
}

/// How the old one was written, as far as that says something of the new one.
fn style(old: Node<'_>, (key, new): &Field) -> Option<Style> {
    match old.kind() {
        Kind::Scalar(_, style @ (Style::SingleQuoted | Style::DoubleQuoted)) => Some(*style),
        _ => write::is_time(key, new).then_some(Style::Plain),
    }
}

fn replaced_in_brackets(
    outline: &Outline<'_>,
    entry: Node<'_>,
    (key, old): (Node<'_>, Node<'_>),
    field: &Field,
) -> Result<Edit, Refused> {
    check(outline, (key, old))?;
    let new = write::flow(&field.1, style(old, field), is_spaced(outline, entry));
    if old.is_nothing() {
        return Ok(match outline.colon(key) {
            Some(colon) => (colon..colon, format!(" {new}")),
            None => (key.end()..key.end(), format!(": {new}")),
        });
    }
    free(outline, &old.range())?;
    Ok((old.range(), new))
}

/// Comments behind the key or behind the value stay where they are.
fn replaced(
    outline: &Outline<'_>,
    (key, old): (Node<'_>, Node<'_>),
    field: &Field,
    step: usize,
) -> Result<Vec<Edit>, Refused> {
    check(outline, (key, old))?;
    let line = outline.line(key.start());
    let colon = outline.colon(key);
    let colon = colon.ok_or_else(|| reason::between(outline, key))?;
    let column = outline.column(key.start());
    let (start, end) = if old.is_nothing() {
        (colon, old.end().max(colon))
    } else {
        (old.start(), old.end().max(colon))
    };
    let place = Place {
        column,
        step,
        used: outline.text[outline.begin(line)..colon].chars().count(),
        lines: outline.takes_lines(end, column),
    };
    let Written { head, below } = write::under(&field.1, style(old, field), place);
    let between = &outline.text[colon..start];
    let above = outline.comment_in(&(colon..start)).cloned();
    if let Some(comment) = above {
        // It stands on the key's line, and nothing but it before the value.
        let alone = between.trim() == outline.text[comment.clone()].trim();
        if !alone || outline.line(comment.start) != line {
            free(outline, &(colon..end))?;
        }
        free(outline, &(comment.end..end))?;
        return Ok(vec![(colon..colon, head), (comment.end..end, below)]);
    }
    // An anchor that nothing uses may stay; a tag would be another value's.
    let stays = outline.line(start) == line && !between.contains('!') && !old.is_block();
    let range = if below.is_empty() && stays && !old.is_nothing() {
        start..end
    } else {
        colon..end
    };
    free(outline, &range)?;
    let head = if range.start == colon {
        &head[..]
    } else {
        head.trim_start()
    };
    let rest = end..outline.span(outline.line(end)).end;
    if !below.is_empty() && outline.comment_in(&rest).is_some() {
        return Ok(vec![(range, head.to_owned()), (rest.end..rest.end, below)]);
    }
    Ok(vec![(range, head.to_owned() + &below)])
}

/// Behind the last of the keys that come before it.
fn added(
    outline: &Outline<'_>,
    entry: Node<'_>,
    field: &Field,
    step: usize,
) -> Result<Edit, Refused> {
    let pairs: Vec<_> = entry.pairs().collect();
    let rank_of = |(key, _): &(Node<'_>, Node<'_>)| key.spelled().map_or(ORDER.len(), rank);
    let before = pairs.iter().rposition(|pair| rank_of(pair) < rank(field.0));
    let first = pairs.first().ok_or_else(|| unsure(0))?;
    if !entry.is_block() {
        let written = write::flow_field(field, is_spaced(outline, entry));
        return Ok(match before.map(|at| pairs[at]) {
            Some((key, value)) => {
                let end = value.end().max(key.end());
                (end..end, format!(", {written}"))
            }
            None => (first.0.start()..first.0.start(), format!("{written}, ")),
        });
    }
    if !outline.is_first(first.0.start()) {
        return Err(reason::before(outline, first.0, "the entry's first key"));
    }
    let line = match before.map(|at| pairs[at]) {
        Some((key, value)) => outline.tail(key, value),
        None => outline.head(first.0),
    };
    let column = outline.column(first.0.start());
    let place = Place {
        column,
        step,
        used: 0,
        lines: outline.begin_ends(line),
    };
    let written = write::field(field, place);
    let indent = " ".repeat(column);
    Ok(new_lines(outline, line, &format!("{indent}{written}\n")))
}

/// Whole lines before a line, or at the end of a text whose last line may have no end.
pub(super) fn new_lines(outline: &Outline<'_>, line: usize, lines: &str) -> Edit {
    let at = outline.begin(line);
    if outline.begin_ends(line) {
        return (at..at, lines.to_owned());
    }
    (at..at, format!("\n{}", lines.trim_end_matches('\n')))
}
