//! How values are written into a schedule file. Pure.

use serde_yaml::Value as Yaml;

use super::Field;
use crate::source::yaml::{Style, Value, is_text};

/// A value on one line. `like`: how the one that it takes the place of was written.
pub(super) fn value(value: &Value, like: Option<Style>) -> String {
    // A JSON text is a YAML text.
    let Value::Text(text) = value else {
        return value.to_string();
    };
    match like {
        Some(Style::SingleQuoted) if !text.contains(char::is_control) => {
            format!("'{}'", text.replace('\'', "''"))
        }
        Some(Style::DoubleQuoted) => value.to_string(),
        _ if is_plain(text) => text.clone(),
        _ => value.to_string(),
    }
}

/// Does it mean itself without quotes, wherever it stands?
fn is_plain(text: &str) -> bool {
    let sure = |c: char| c.is_ascii_alphanumeric() || "-_./+$: ".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(sure)
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
        && is_text(text)
        && matches!(serde_yaml::from_str(text), Ok(Yaml::String(same)) if same == text)
}

/// An entry as lines: its name so far in, its keys farther.
pub(super) fn lines(name: &str, fields: &[Field], indents: (usize, usize)) -> String {
    let (outer, inner) = (" ".repeat(indents.0), " ".repeat(indents.1));
    let line = |(key, new): &Field| format!("{inner}{key}: {}\n", value(new, None));
    let lines: Vec<String> = fields.iter().map(line).collect();
    format!("{outer}{}:\n{}", key(name), lines.concat())
}

/// An entry within brackets.
pub(super) fn in_brackets(name: &str, fields: &[Field]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(key, new)| format!("{key}: {}", value(new, None)))
        .collect();
    format!("{}: {{{}}}", key(name), fields.join(", "))
}

/// A name such as `2026` or `true` is no text without quotes.
fn key(name: &str) -> String {
    value(&name.into(), None)
}
