//! Puts an entry behind the last one. Pure; leaves all other bytes as they are.

use super::outline::Outline;
use super::set::{is_spaced, new_lines};
use super::{Edit, Field, Refused, by_hand, reason, schedules, write};

/// In the form that the other entries have.
pub(super) fn edits(
    outline: &Outline<'_>,
    name: &str,
    fields: &[Field],
) -> Result<Vec<Edit>, Refused> {
    let (all, entries) = schedules(outline)?;
    let line = outline.line(all.start());
    let pairs: Vec<_> = entries.pairs().collect();
    let column = outline.column(all.start());
    let (Some(&(first, of_first)), Some(&(last, of_last))) = (pairs.first(), pairs.last()) else {
        let behind = outline.root().is_block() && outline.line(entries.start()) == line;
        let colon = outline.colon(all).filter(|_| behind);
        let free = colon.filter(|_| outline.comment_in(&entries.range()).is_none());
        let Some(colon) = free else {
            let why = "the `{}` stands where no lines can follow it";
            let hint = "write `schedules: {}` on a line of its own, without brackets around it";
            return Err(by_hand(line, why, hint));
        };
        let below = outline.line(entries.end()) + 1;
        let indents = (column + 2, column + 4);
        let lines = write::entry(name, fields, indents, outline.begin_ends(below));
        return Ok(vec![
            (colon..entries.end(), String::new()),
            new_lines(outline, below, &lines),
        ]);
    };
    if !entries.is_block() {
        let end = of_last.end().max(last.end());
        let spaced = is_spaced(outline, entries);
        let entry = format!(", {}", write::flow_entry(name, fields, spaced));
        return Ok(vec![(end..end, entry)]);
    }
    if !outline.is_first(first.start()) {
        return Err(reason::before(outline, first, "the first entry"));
    }
    let outer = outline.column(first.start());
    let of_key = of_first.pairs().next().filter(|_| of_first.is_block());
    let inner = of_key.map(|(key, _)| outline.column(key.start()));
    let step = if outline.root().is_block() && outer > column {
        outer - column
    } else {
        2
    };
    let inner = inner.filter(|inner| *inner > outer).unwrap_or(outer + step);
    let below = outline.tail(last, of_last);
    let lines = write::entry(name, fields, (outer, inner), outline.begin_ends(below));
    Ok(vec![new_lines(outline, below, &lines)])
}
