//! The one form of a schedule file. Pure; keeps every comment, and the order of all.
//!
//! | of | form |
//! |---|---|
//! | lines | end with a line feed, without blanks before it; the last one too |
//! | blank lines | at most one in a row, none at the beginning or the end |
//! | keys and items in lines | two spaces farther in than what they belong to |
//! | between a colon or dash and what follows | one space |
//! | `at` | `2026-12-01T09:00:00`, with `Z` or its offset where it has one |
//! | comments | as far in as what they stand with |
//! | within brackets, quotes, `\|` and `>` | as they are, moved with their line |

use super::layout::Layout;
use super::outline::Outline;
use super::{Edit, applied};
use crate::source::time::written;
use crate::source::yaml::{Kind, Node, Value};

/// The text in its form. `None`: it can't be read again half way, which is no good sign.
pub(super) fn format(outline: &Outline<'_>) -> Option<String> {
    let spaced = applied(outline.text, &spaces(outline));
    let outline = Outline::of(&spaced)?;
    Some(Layout::new(&outline).text())
}

/// Each entry's time in its form. Entries of the user's own are left alone.
pub(super) fn times(root: &mut Value) {
    let entries = root.get_mut("schedules").and_then(Value::pairs_mut);
    for (name, entry) in entries.into_iter().flatten() {
        if let Some(Value::Text(at)) = entry.get_mut("at").filter(|_| !name.starts_with("x-"))
            && let Some(form) = time(at)
        {
            *at = form;
        }
    }
}

/// A good time in its form; `None`: it has that already.
fn time(text: &str) -> Option<String> {
    let form = written::read(text).ok()?.to_string();
    (form != text).then_some(form)
}

/// Changes within lines: times, and one space behind a colon.
fn spaces(outline: &Outline<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    colons(outline, outline.root(), &mut edits);
    let entries = outline.root().find("schedules");
    // What an anchor names may be a payload too.
    let entries = entries.filter(|_| outline.anchors().next().is_none());
    for (key, entry) in entries.iter().flat_map(|(_, entries)| entries.pairs()) {
        if key.spelled().is_some_and(|name| name.starts_with("x-")) {
            continue;
        }
        let at = entry.find("at").map(|(_, at)| at);
        let Some((at, text)) = at.and_then(|at| Some((at, at.spelled()?))) else {
            continue;
        };
        let written = &outline.text[at.range()];
        if let Some(form) = time(text).filter(|_| written.contains(text)) {
            edits.push((at.range(), written.replace(text, &form)));
        }
    }
    edits
}

fn colons(outline: &Outline<'_>, node: Node<'_>, edits: &mut Vec<Edit>) {
    if !node.is_block() {
        return;
    }
    let is_mapping = matches!(node.kind(), Kind::Mapping { .. });
    for (key, value) in node.pairs().filter(|_| is_mapping) {
        let behind = &outline.text[key.end()..];
        let spaces = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let colon = key.end() + spaces;
        let behind = outline.text[colon..].strip_prefix(':').unwrap_or_default();
        let blank = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        if blank > 0 && !behind[blank..].starts_with(['\n', '#']) && blank < behind.len() {
            // Without the space, the colon would be part of the alias.
            let is_alias = matches!(key.kind(), Kind::Alias(_));
            let written = if is_alias { " : " } else { ": " };
            edits.push((key.end()..colon + 1 + blank, written.to_owned()));
        }
        colons(outline, value, edits);
    }
    for item in node.items() {
        colons(outline, item, edits);
    }
}
