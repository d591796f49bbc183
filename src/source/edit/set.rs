//! Puts values into an entry, in the place of others or beside them. Pure; leaves all other bytes as they are.

use super::outline::Outline;
use super::{Edit, Field, Refused, by_hand, schedules, unsure, write};
use crate::source::yaml::{Kind, Node};

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

/// One edit for each field.
pub(super) fn edits(
    outline: &Outline<'_>,
    name: &str,
    fields: &[Field],
) -> Result<Vec<Edit>, Refused> {
    let (_, entries) = schedules(outline)?;
    let (key, entry) = entries.find(name).ok_or_else(|| unsure(0))?;
    if !matches!(entry.kind(), Kind::Mapping { .. }) {
        let why = "the entry stands for what is written elsewhere (`*`)";
        return Err(by_hand(outline.line(key.start()), why));
    }
    let mut fields: Vec<&Field> = fields.iter().collect();
    fields.sort_by_key(|(key, _)| rank(key));
    let edit = |field: &&Field| match entry.find(field.0) {
        Some(pair) => replaced(outline, pair, field),
        None => added(outline, entry, field),
    };
    fields.iter().map(edit).collect()
}

fn rank(key: &str) -> usize {
    ORDER
        .iter()
        .position(|known| *known == key)
        .unwrap_or(ORDER.len())
}

fn replaced(
    outline: &Outline<'_>,
    (key, old): (Node<'_>, Node<'_>),
    (_, new): &Field,
) -> Result<Edit, Refused> {
    let whole = key.start()..old.end().max(key.end());
    if let Some((anchor, used)) = outline.used_elsewhere(&whole) {
        let used = outline.line(used) + 1;
        let why = format!("what stands here has a name (`&`) that is used on line {used}");
        return Err(by_hand(outline.line(anchor), why));
    }
    let style = match old.kind() {
        Kind::Scalar(_, style) => Some(*style),
        _ => None,
    };
    let written = write::value(new, style);
    let in_place = !old.is_block() && !old.range().is_empty();
    let range = if in_place {
        old.range()
    } else {
        let colon = outline.colon(key);
        colon..old.end().max(colon)
    };
    if let Some(comment) = outline.comment_in(&range) {
        let why = "this comment stands in what is to be replaced";
        return Err(by_hand(outline.line(comment.start), why));
    }
    let space = if in_place { "" } else { " " };
    Ok((range, format!("{space}{written}")))
}

/// Behind the last of the keys that come before it.
fn added(outline: &Outline<'_>, entry: Node<'_>, (key, new): &Field) -> Result<Edit, Refused> {
    let pairs: Vec<_> = entry.pairs().collect();
    let rank_of = |(key, _): &(Node<'_>, Node<'_>)| key.spelled().map_or(ORDER.len(), rank);
    let before = pairs.iter().rposition(|pair| rank_of(pair) < rank(key));
    let first = pairs.first().ok_or_else(|| unsure(0))?;
    let written = format!("{key}: {}", write::value(new, None));
    if !entry.is_block() {
        return Ok(match before.map(|at| pairs[at]) {
            Some((key, value)) => {
                let end = value.end().max(key.end());
                (end..end, format!(", {written}"))
            }
            None => (first.0.start()..first.0.start(), format!("{written}, ")),
        });
    }
    if !outline.is_first(first.0.start()) {
        let why = "the entry's first key stands behind something else";
        return Err(by_hand(outline.line(first.0.start()), why));
    }
    let line = match before.map(|at| pairs[at]) {
        Some((key, value)) => outline.tail(key, value),
        None => outline.head(first.0),
    };
    let indent = " ".repeat(outline.column(first.0.start()));
    Ok(new_lines(outline, line, &format!("{indent}{written}\n")))
}

/// Whole lines before a line, or at the end of a text whose last line may have no end.
pub(super) fn new_lines(outline: &Outline<'_>, line: usize, lines: &str) -> Edit {
    let at = outline.begin(line);
    let text = outline.text;
    if at < text.len() || text.is_empty() || text.ends_with('\n') {
        return (at..at, lines.to_owned());
    }
    (at..at, format!("\n{}", lines.trim_end_matches('\n')))
}
