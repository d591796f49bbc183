//! Why a change is not made: which construct of the file is in the way, in which line, and what a person can do. Pure.

use std::ops::Range;

use super::outline::Outline;
use super::{Refused, by_hand, unsure};
use crate::source::yaml::{Kind, Node, Style, Value, resolve};

/// How a text after a change would differ from what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Difference {
    /// It could not be read.
    Unreadable,
    /// It would mean something else.
    Meaning,
    /// A comment would be gone, or another one.
    Comments,
    /// serde_yaml would see something else in it.
    OtherReader,
}

/// A construct: where it begins, what it is, and what to do about it.
type Found = (usize, String, &'static str);

/// The refusal of a change at this byte.
pub(super) fn of(outline: &Outline<'_>, at: usize, difference: &Difference) -> Refused {
    let around = around(outline, at);
    if let Some((start, what, hint)) = beside(outline, &around) {
        let would = match difference {
            Difference::Unreadable => "what would be written could not be read",
            Difference::Meaning => "what would be written would mean something else",
            Difference::Comments => "a comment would not stay as it is",
            Difference::OtherReader => "other programs would read something else",
        };
        return by_hand(outline.line(start), format!("{would} beside {what}"), hint);
    }
    let line = outline.line(at.min(outline.text.len()));
    match difference {
        Difference::Comments => {
            let hint = "move the comments beside it, or change it in an editor";
            by_hand(line, "a comment would not stay as it is", hint)
        }
        Difference::OtherReader => {
            let why = "other programs would not see the same change: serde_yaml, which is asked too, reads this file in another way";
            by_hand(line, why, "change it in an editor")
        }
        Difference::Unreadable | Difference::Meaning => unsure(line),
    }
}

/// The refusal where another value than the one that is changed would change: `is` is what there would be.
pub(super) fn of_values(
    outline: &Outline<'_>,
    at: usize,
    (expected, is): (&Value, &Value),
) -> Refused {
    let entries = |value: &Value| match value.get("schedules") {
        Some(Value::Mapping(entries)) => entries.clone(),
        _ => Vec::new(),
    };
    let (expected, is) = (entries(expected), entries(is));
    let differs = |(name, value): &&(String, Value)| {
        let found = is.iter().find(|(known, _)| known == name);
        found.is_none_or(|(_, found)| !super::judge::same(found, value))
    };
    let other = expected.iter().find(differs);
    let place = other.and_then(|(name, _)| {
        let (_, entries) = outline.root().find("schedules")?;
        let (key, value) = entries.find(name)?;
        Some((name, key, value))
    });
    if let Some((name, key, value)) = place {
        let whole = key.start()..value.end().max(key.end());
        let keeps = scalars(outline, &whole).find(|node| is_kept(outline, *node));
        if let Some(text) = keeps.filter(|_| !whole.contains(&at)) {
            let why = format!(
                "the entry `{name}` would change: its text that begins here keeps the blank lines behind it (`+`)"
            );
            let hint = "write the text in double quotes, or without the `+`";
            return by_hand(outline.line(text.start()), why, hint);
        }
    }
    of(outline, at, &Difference::Meaning)
}

/// The refusal where something has no value that could be compared: only what is the user's own, in a file that is good.
pub(super) fn of_no_value(outline: &Outline<'_>) -> Refused {
    let Some(node) = without_value(outline.root()) else {
        return unsure(0);
    };
    let why = "what stands here has no value, so that it could not be seen to stay as it is";
    let hint = "put it in quotes if it is a text";
    by_hand(outline.line(node.start()), why, hint)
}

/// The first value that means nothing.
fn without_value(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        Kind::Alias(_) => None,
        Kind::Sequence { .. } => node.items().find_map(without_value),
        Kind::Mapping { .. } => node.pairs().find_map(|(_, value)| without_value(value)),
        Kind::Scalar(..) => resolve(&node).is_err().then_some(node),
    }
}

/// What stands before the first of some keys on its line, where nothing may; and what to do about it.
pub(super) fn before(outline: &Outline<'_>, key: Node<'_>, whose: &str) -> Refused {
    let line = outline.line(key.start());
    let before = &outline.text[outline.begin(line)..key.start()];
    let (what, hint) = match before.trim().chars().next() {
        None => ("a tab", "indent with spaces"),
        Some('?') => (
            "a question mark (`? `)",
            "write it with a colon behind it, without the question mark",
        ),
        Some('&') => (
            "a name (`&`)",
            "take the name away, or write the value where it is used",
        ),
        Some('!') => ("a tag (`!`)", "leave the tag out"),
        Some('-') if before.starts_with("---") => (
            "the `---` of the document",
            "begin a new line behind the `---`",
        ),
        Some('{' | '[') => ("a bracket", "write it in lines, without brackets"),
        Some(_) => ("something else", "begin a new line with it"),
    };
    by_hand(
        line,
        format!("{whose} stands behind {what} on its line"),
        hint,
    )
}

/// Between a key and its value.
pub(super) fn between(outline: &Outline<'_>, key: Node<'_>) -> Refused {
    let line = outline.line(key.start());
    let before = outline.text[outline.begin(line)..key.start()].trim();
    if before.ends_with('?') {
        let hint = "write it as `key: value`";
        return by_hand(
            line,
            "this key is written with a question mark (`? `)",
            hint,
        );
    }
    let why = "between this key and its colon stands something else";
    by_hand(line, why, "write the colon right behind the key")
}

/// That something that has a name is used elsewhere.
pub(super) fn used(outline: &Outline<'_>, (anchor, alias): (usize, usize), at: usize) -> Refused {
    let name = anchor_name(outline.text, anchor);
    let (of, on) = (outline.line(anchor) + 1, outline.line(alias) + 1);
    let why = format!("what line {of} gives the name `&{name}` is used on line {on}");
    let hint = format!("write the value out where `*{name}` stands, or move `&{name}` there");
    by_hand(outline.line(at), why, hint)
}

/// That something stands for what is written elsewhere.
pub(super) fn stands_for(
    outline: &Outline<'_>,
    what: &str,
    key: Node<'_>,
    alias: Node<'_>,
) -> Refused {
    let written = outline.line(alias.resolved().start()) + 1;
    let why = format!("{what} stands for what is written on line {written} (`*`)");
    let hint = "write it out here, or change it where it is written";
    by_hand(outline.line(key.start()), why, hint)
}

fn anchor_name(text: &str, at: usize) -> &str {
    let name = &text[at..];
    let name = name.strip_prefix('&').unwrap_or(name);
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}');
    &name[..name.find(ends).unwrap_or(name.len())]
}

/// The entry that a place is in or behind, with its name; without one, its line.
fn around(outline: &Outline<'_>, at: usize) -> Range<usize> {
    let entries = outline.root().find("schedules").map(|(_, entries)| entries);
    let pairs = entries.iter().flat_map(Node::pairs);
    let last = pairs.take_while(|(key, _)| key.start() <= at).last();
    match last {
        Some((key, value)) => key.start()..value.end().max(key.end()).max(at),
        None => {
            at..outline
                .span(outline.line(at.min(outline.text.len())))
                .end
                .max(at)
        }
    }
}

fn scalars<'o>(
    outline: &'o Outline<'_>,
    within: &Range<usize>,
) -> impl Iterator<Item = Node<'o>> + use<'o> {
    let within = within.clone();
    let is_scalar = |node: &Node<'_>| matches!(node.kind(), Kind::Scalar(..));
    let nodes = outline.nodes().filter(is_scalar);
    nodes.filter(move |node| within.contains(&node.start()))
}

/// The signs behind the `|` or `>` of a text in lines.
fn indicators<'o>(outline: &'o Outline<'_>, node: Node<'_>) -> &'o str {
    if !matches!(node.kind(), Kind::Scalar(_, Style::Literal | Style::Folded)) {
        return "";
    }
    let header = &outline.text[node.start()..];
    let ends = |c: char| c.is_whitespace();
    &header[..header.find(ends).unwrap_or(header.len())]
}

fn is_kept(outline: &Outline<'_>, node: Node<'_>) -> bool {
    indicators(outline, node).contains('+')
}

/// The first construct there that is hard to write beside.
fn beside(outline: &Outline<'_>, range: &Range<usize>) -> Option<Found> {
    let nodes = || {
        let inside = |node: &Node<'_>| range.contains(&node.start());
        outline.nodes().filter(inside)
    };
    let tab = || {
        let lines = outline.line(range.start)..=outline.line(range.end.min(outline.text.len()));
        let starts = lines.map(|line| outline.span(line));
        let tab = |line: Range<usize>| {
            let text = &outline.text[line.clone()];
            let blank = &text[..text.len() - text.trim_start().len()];
            Some(line.start + blank.find('\t')?)
        };
        let at = starts.into_iter().find_map(tab)?;
        Some((
            at,
            "a tab in the indentation".to_owned(),
            "indent with spaces",
        ))
    };
    let question = || {
        let is = |node: &Node<'_>| {
            outline.text[..node.start()]
                .trim_end_matches(' ')
                .ends_with("\n?")
                || outline.text[..node.start()]
                    .trim_end_matches(' ')
                    .ends_with(" ?")
        };
        let key = nodes().find(is)?;
        let what = "a key with a question mark (`? `)".to_owned();
        Some((key.start(), what, "write it as `key: value`"))
    };
    let merge = || {
        let is =
            |node: &Node<'_>| &outline.text[node.range()] == "<<" && outline.colon(*node).is_some();
        let key = nodes().find(is)?;
        let what = "a merge key (`<<`)".into();
        Some((key.start(), what, "write out what `<<` takes over"))
    };
    let anchor = || {
        let (_, at) = outline.anchors().find(|(_, at)| range.contains(at))?;
        let what = format!("what has the name `&{}`", anchor_name(outline.text, at));
        Some((
            at,
            what,
            "take the name away, or write the value where it is used",
        ))
    };
    let alias = || {
        let node = nodes().find(|node| matches!(node.kind(), Kind::Alias(_)))?;
        let what = format!(
            "what stands for something else (`{}`)",
            &outline.text[node.range()]
        );
        Some((node.start(), what, "write the value out"))
    };
    let tag = || {
        let node = nodes().find(|node| node.tag().is_some())?;
        Some((
            node.start(),
            "a value with a tag (`!`)".into(),
            "leave the tag out, with quotes around a text",
        ))
    };
    let block = || {
        let has = |node: &Node<'_>| {
            indicators(outline, *node).contains(|c: char| c.is_ascii_digit() || c == '+')
        };
        let node = nodes().find(has)?;
        let what = format!(
            "a text in lines that begins with `{}`",
            indicators(outline, node)
        );
        Some((node.start(), what, "write the text in double quotes"))
    };
    let brackets = || {
        let over_lines = |node: &Node<'_>| {
            let collection = matches!(node.kind(), Kind::Mapping { .. } | Kind::Sequence { .. });
            collection && !node.is_block() && outline.text[node.range()].contains('\n')
        };
        let node = nodes().find(over_lines)?;
        let hint = "write what is in the brackets on one line, or as lines without them";
        Some((node.start(), "brackets over several lines".into(), hint))
    };
    let over_lines = || {
        let is = |node: &Node<'_>| {
            let scalar = matches!(node.kind(), Kind::Scalar(..)) && !node.is_block();
            scalar && outline.text[node.range()].contains('\n')
        };
        let node = nodes().find(is)?;
        let hint = "write the text on one line, in double quotes";
        Some((node.start(), "a text over several lines".into(), hint))
    };
    let document = || {
        let first = outline.line(range.end.min(outline.text.len()));
        let mut lines = (first..outline.count()).map(|line| outline.span(line));
        let is = |line: &Range<usize>| {
            let text = &outline.text[line.clone()];
            line.start >= range.start && (text.starts_with("---") || text.starts_with("..."))
        };
        let line = lines.find(is)?;
        Some((
            line.start,
            "the end of the document".into(),
            "take away the line that ends the document",
        ))
    };
    tab()
        .or_else(question)
        .or_else(merge)
        .or_else(anchor)
        .or_else(alias)
        .or_else(tag)
        .or_else(block)
        .or_else(brackets)
        .or_else(over_lines)
        .or_else(document)
}
