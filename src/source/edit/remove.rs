//! Takes an entry out. Pure; what is left is left byte for byte.

use super::outline::Outline;
use super::{Edit, Refused, by_hand, position, reason, schedules, unsure};
use crate::source::yaml::Node;

/// The entry's lines, from the comments right above it to those behind it that are farther in. Where it is the last
/// one, `{}` stays.
pub(super) fn edits(outline: &Outline<'_>, name: &str) -> Result<Vec<Edit>, Refused> {
    let (all, entries) = schedules(outline)?;
    let pairs: Vec<_> = entries.pairs().collect();
    let at = position(&pairs, name).ok_or_else(|| unsure(0))?;
    let (key, value) = pairs[at];
    let whole = key.start()..value.end().max(key.end());
    if let Some(places) = outline.used_elsewhere(&whole) {
        return Err(reason::used(outline, places, key.start()));
    }
    if !entries.is_block() {
        return in_brackets(outline, entries, &pairs, at);
    }
    if !outline.is_first(key.start()) {
        return Err(reason::before(outline, key, "the entry's name"));
    }
    let (from, to) = (outline.head(key), outline.tail(key, value));
    let lines = outline.begin(from)..outline.begin(to);
    let mut edits = vec![(lines, String::new())];
    if pairs.len() == 1 {
        let line = outline.span(outline.line(all.start()));
        let comment = outline.comment_in(&line);
        let end = comment.map_or(line.end, |comment| comment.start);
        let end = line.start + outline.text[line.start..end].trim_end().len();
        edits.push((end..end, " {}".to_owned()));
    }
    Ok(edits)
}

/// `{a: …, b: …}`.
fn in_brackets(
    outline: &Outline<'_>,
    entries: Node<'_>,
    pairs: &[(Node<'_>, Node<'_>)],
    at: usize,
) -> Result<Vec<Edit>, Refused> {
    let (key, value) = pairs[at];
    let end = |n: usize| pairs[n].1.end().max(pairs[n].0.end());
    let range = match (pairs.get(at + 1), at) {
        (Some((next, _)), _) => key.start()..next.start(),
        (None, 0) => entries.start() + 1..entries.end() - 1,
        (None, _) => end(at - 1)..value.end().max(key.end()),
    };
    if let Some(comment) = outline.comment_in(&range) {
        let why = "this comment stands within brackets: whose it is can't be known";
        let hint = "move it above `schedules`, or take it away";
        return Err(by_hand(outline.line(comment.start), why, hint));
    }
    Ok(vec![(range, String::new())])
}
