//! How values are written into a schedule file: as `prettier` writes them, and so that `yamllint` has nothing to say. Pure.
//!
//! Mappings and lists are lines below their key. Nothing is left without quotes that a program of YAML 1.1 or 1.2 may
//! read as something else than that text; see `quote`.

use super::{Field, quote};
use crate::source::yaml::{Style, Value};

/// How long a line may be.
const WIDTH: usize = 80;
/// A longer key is not found by programs of YAML 1.1, unless it stands behind a `?`.
const LONG_KEY: usize = 1_000;

/// Where the value of a key in lines is put.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// How far in the key stands.
    pub(super) column: usize,
    /// How much farther in a key stands than what it belongs to.
    pub(super) step: usize,
    /// How much of its line is taken, the colon included.
    pub(super) used: usize,
    /// May a text be written as lines below a `|` or `>`? Not where the last line has no end, nor above a comment that
    /// would become part of it.
    pub(super) lines: bool,
}

/// What is written behind a colon or dash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// With a space before it; empty where all stands below.
    pub(super) head: String,
    /// Lines, each behind a line feed. A comment may stand before them.
    pub(super) below: String,
}

impl Written {
    fn head(text: &str) -> Self {
        Self {
            head: format!(" {text}"),
            below: String::new(),
        }
    }

    fn whole(self) -> String {
        self.head + &self.below
    }
}

/// A value behind its key. `like`: how the text was written that it takes the place of.
pub(super) fn under(value: &Value, like: Option<Style>, place: Place) -> Written {
    let Place {
        column,
        step,
        used,
        lines,
    } = place;
    let inner = column + step;
    let below = |text: String| Written {
        head: String::new(),
        below: format!("\n{}{text}", " ".repeat(inner)),
    };
    match value {
        Value::Mapping(all) if !all.is_empty() => below(pairs(all, (inner, step), lines)),
        Value::Sequence(all) if !all.is_empty() => below(items(all, (inner, step), lines)),
        Value::Text(text) => self::text(text, like, (inner, used), lines),
        empty_or_scalar => Written::head(&empty_or_scalar.to_string()),
    }
}

/// Keys so far in and their values; the first line without its blanks.
fn pairs(pairs: &[(String, Value)], (column, step): (usize, usize), lines: bool) -> String {
    let pair = |(key, value): &(String, Value)| {
        let mut written = quote::one_line(key, false);
        let count = written.chars().count();
        if count > LONG_KEY {
            written = format!("? {written}\n{}", " ".repeat(column));
        }
        let used = column + if count > LONG_KEY { 0 } else { count } + 1;
        let place = Place {
            column,
            step,
            used,
            lines,
        };
        format!("{written}:{}", under(value, None, place).whole())
    };
    let all: Vec<String> = pairs.iter().map(pair).collect();
    all.join(&format!("\n{}", " ".repeat(column)))
}

/// Dashes so far in and what stands behind them; the first line without its blanks.
fn items(items: &[Value], (column, step): (usize, usize), lines: bool) -> String {
    let inner = (column + 2, step);
    let item = |value: &Value| match value {
        Value::Mapping(all) if !all.is_empty() => format!("- {}", pairs(all, inner, lines)),
        Value::Sequence(all) if !all.is_empty() => {
            format!("- {}", self::items(all, inner, lines))
        }
        Value::Text(text) => {
            let written = self::text(text, None, (inner.0, column + 1), lines);
            format!("-{}", written.whole())
        }
        empty_or_scalar => format!("- {empty_or_scalar}"),
    };
    let all: Vec<String> = items.iter().map(item).collect();
    all.join(&format!("\n{}", " ".repeat(column)))
}

/// A text: on one line if it has room there, else as lines so far in.
fn text(text: &str, like: Option<Style>, (inner, used): (usize, usize), lines: bool) -> Written {
    let one = quote::like(text, like).unwrap_or_else(|| quote::one_line(text, false));
    let has_room = used + 1 + one.chars().count() <= WIDTH;
    if has_room && !text.contains('\n') {
        return Written::head(&one);
    }
    if lines && let Some(written) = block(text, inner) {
        return written;
    }
    if has_room {
        return Written::head(&one);
    }
    Written::head(&broken(text, inner, used))
}

/// Below a `|`, or a `>` where a line would be too long. `None`: it could be misread there, or not be seen.
fn block(text: &str, inner: usize) -> Option<Written> {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let ends_odd = |line: &str| line.ends_with([' ', '\t']);
    let is_odd = body.is_empty()
        || body.starts_with(['\n', ' ', '\t'])
        || body.ends_with('\n')
        || body.contains("\n\n\n\n")
        || body.split('\n').any(ends_odd)
        || body.chars().any(|c| c != '\n' && quote::needs_escape(c));
    if is_odd {
        return None;
    }
    let width = WIDTH.saturating_sub(inner);
    let is_long =
        |line: &str| line.chars().count() > width && line.trim_start_matches(' ').contains(' ');
    let (sign, lines): (&str, Vec<String>) =
        if text.contains('\n') && !body.split('\n').any(is_long) {
            ("|", body.split('\n').map(str::to_owned).collect())
        } else {
            (">", folded(body, width)?)
        };
    let chomped = if text.len() == body.len() { "-" } else { "" };
    let pad = " ".repeat(inner);
    let mut below = String::new();
    for line in lines {
        below.push('\n');
        if !line.is_empty() {
            below += &pad;
            below += &line;
        }
    }
    Some(Written {
        head: format!(" {sign}{chomped}"),
        below,
    })
}

/// The lines of a text below a `>`, where a single blank may be a line's end. `None`: one would be too long.
fn folded(body: &str, width: usize) -> Option<Vec<String>> {
    if body.contains("\n\n\n") {
        return None;
    }
    let mut lines: Vec<String> = Vec::new();
    for (n, line) in body.split('\n').enumerate() {
        if line.starts_with([' ', '\t']) || line.contains('\t') {
            return None;
        }
        // A line feed between two lines is an empty line here; of several, one more.
        let is_between = n > 0 && !line.is_empty();
        if is_between {
            lines.push(String::new());
        }
        if line.is_empty() {
            lines.push(String::new());
            continue;
        }
        let mut current = String::new();
        for word in words(line) {
            if current.is_empty() {
                current.push_str(word);
            } else if current.chars().count() + 1 + word.chars().count() <= width {
                current.push(' ');
                current.push_str(word);
            } else {
                lines.push(std::mem::replace(&mut current, word.to_owned()));
            }
        }
        lines.push(current);
    }
    let is_long = |line: &String| line.chars().count() > width && line.contains(' ');
    (!lines.iter().any(is_long)).then_some(lines)
}

/// What stands between single blanks.
fn words(line: &str) -> Vec<&str> {
    let bytes = line.as_bytes();
    let is_single = |at: usize| {
        bytes[at] == b' '
            && at > 0
            && bytes[at - 1] != b' '
            && bytes.get(at + 1).is_some_and(|next| *next != b' ')
    };
    let (mut words, mut from) = (Vec::new(), 0);
    for at in (0..bytes.len()).filter(|at| is_single(*at)) {
        words.push(&line[from..at]);
        from = at + 1;
    }
    words.push(&line[from..]);
    words
}

/// In double quotes over lines, each but the last with a backslash at its end: any text can be written so.
fn broken(text: &str, inner: usize, used: usize) -> String {
    // The last place of a line is the backslash's or the quote's.
    let room = WIDTH.saturating_sub(inner + 1).max(20);
    let pad = format!("\\\n{}", " ".repeat(inner));
    let mut all = String::from("\"");
    let mut left = WIDTH.saturating_sub(used + 3).min(room);
    for word in quote::words(text) {
        let whole = word.concat();
        let pieces = if whole.chars().count() < room {
            vec![whole]
        } else {
            word.clone()
        };
        for piece in pieces {
            let count = piece.chars().count();
            if count > left {
                all += &pad;
                left = room;
                // Blanks at a line's beginning are none of the text.
                if piece.starts_with(' ') {
                    all.push('\\');
                    left = left.saturating_sub(1);
                }
            }
            all += &piece;
            left = left.saturating_sub(count);
        }
        if word.last().is_some_and(|last| last == "\\n") {
            left = 0;
        }
    }
    all.push('"');
    all
}

/// A key of an entry and its value.
pub(super) fn field((key, value): &Field, place: Place) -> String {
    let used = place.column + key.len() + 1;
    let like = is_time(key, value).then_some(Style::Plain);
    let written = under(value, like, Place { used, ..place });
    format!("{key}:{}", written.whole())
}

/// A time stands without quotes, as in the documentation, although programs of YAML 1.1 know it as one.
pub(super) fn is_time(key: &str, value: &Value) -> bool {
    let is_good = |text| crate::source::time::written::read(text).is_ok();
    key == "at" && value.as_str().is_some_and(is_good)
}

/// An entry as lines: its name so far in, its keys farther.
pub(super) fn entry(name: &str, fields: &[Field], indents: (usize, usize), lines: bool) -> String {
    let (outer, inner) = (" ".repeat(indents.0), " ".repeat(indents.1));
    let place = Place {
        column: indents.1,
        step: indents.1 - indents.0,
        used: 0,
        lines,
    };
    let line = |one: &Field| format!("{inner}{}\n", field(one, place));
    let all: Vec<String> = fields.iter().map(line).collect();
    format!("{outer}{}:\n{}", quote::one_line(name, false), all.concat())
}

/// A value within brackets. `spaced`: blanks stand within the braces there.
pub(super) fn flow(value: &Value, like: Option<Style>, spaced: bool) -> String {
    match value {
        Value::Text(text) => quote::like(text, like).unwrap_or_else(|| quote::one_line(text, true)),
        Value::Mapping(pairs) if !pairs.is_empty() => {
            let pair = |(key, value): &(String, Value)| {
                format!(
                    "{}: {}",
                    quote::one_line(key, true),
                    flow(value, None, spaced)
                )
            };
            let pairs: Vec<String> = pairs.iter().map(pair).collect();
            braced(&pairs, spaced)
        }
        Value::Sequence(items) => {
            let items: Vec<String> = items.iter().map(|item| flow(item, None, spaced)).collect();
            format!("[{}]", items.join(", "))
        }
        empty_or_scalar => empty_or_scalar.to_string(),
    }
}

/// A key of an entry and its value, within brackets.
pub(super) fn flow_field((key, value): &Field, spaced: bool) -> String {
    let like = is_time(key, value).then_some(Style::Plain);
    format!("{key}: {}", flow(value, like, spaced))
}

/// An entry within brackets.
pub(super) fn flow_entry(name: &str, fields: &[Field], spaced: bool) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|field| flow_field(field, spaced))
        .collect();
    format!(
        "{}: {}",
        quote::one_line(name, true),
        braced(&fields, spaced)
    )
}

fn braced(pairs: &[String], spaced: bool) -> String {
    let blank = if spaced { " " } else { "" };
    format!("{{{blank}{}{blank}}}", pairs.join(", "))
}
