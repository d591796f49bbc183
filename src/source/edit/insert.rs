//! Puts an entry behind the last one. Pure; leaves all other bytes as they are.

use super::outline::Outline;
use super::set::new_lines;
use super::{Edit, Field, Refused, by_hand, schedules, write};

/// In the form that the other entries have.
pub(super) fn edits(
    outline: &Outline<'_>,
    name: &str,
    fields: &[Field],
) -> Result<Vec<Edit>, Refused> {
    let (all, entries) = schedules(outline)?;
    let line = outline.line(all.start());
    let pairs: Vec<_> = entries.pairs().collect();
    let (Some(&(first, of_first)), Some(&(last, of_last))) = (pairs.first(), pairs.last()) else {
        let behind = outline.root().is_block() && outline.line(entries.start()) == line;
        if !behind || outline.comment_in(&entries.range()).is_some() {
            return Err(by_hand(
                line,
                "the `{}` stands where no lines can follow it",
            ));
        }
        let column = outline.column(all.start());
        let lines = write::lines(name, fields, (column + 2, column + 4));
        let nothing = outline.colon(all)..entries.end();
        let below = outline.line(entries.end()) + 1;
        return Ok(vec![
            (nothing, String::new()),
            new_lines(outline, below, &lines),
        ]);
    };
    if !entries.is_block() {
        let end = of_last.end().max(last.end());
        let entry = format!(", {}", write::in_brackets(name, fields));
        return Ok(vec![(end..end, entry)]);
    }
    if !outline.is_first(first.start()) {
        return Err(by_hand(line, "the entries begin behind something else"));
    }
    let outer = outline.column(first.start());
    let of_key = of_first.pairs().next().filter(|_| of_first.is_block());
    let inner = of_key.map(|(key, _)| outline.column(key.start()));
    let inner = inner.filter(|inner| *inner > outer).unwrap_or(outer + 2);
    let lines = write::lines(name, fields, (outer, inner));
    let below = outline.tail(last, of_last);
    Ok(vec![new_lines(outline, below, &lines)])
}
