//! What of a payload had better be looked at. Pure.

use super::yaml_1_1::{self, Read};
use super::{Kind, Marked, Node, Scalar, Style, resolve};
use crate::model::marks::Marks;

/// What of one scalar had better be looked at.
pub(super) fn of(node: Node<'_>, scalar: &Scalar<'_>) -> Marks {
    let Kind::Scalar(text, style) = node.kind() else {
        return Marks::NONE;
    };
    if *style != Style::Plain || node.tag().is_some() {
        return breaks(node, text, *style);
    }
    match scalar {
        Scalar::Text(spelled) => of_text(spelled) | breaks(node, text, *style),
        Scalar::Number(number) => {
            let elsewhere = match yaml_1_1::read(text) {
                Read::Text => Marks::TEXT,
                _ => Marks::NONE,
            };
            elsewhere | big(number)
        }
        Scalar::Null | Scalar::Bool(_) => Marks::NONE,
    }
}

/// What of a key had better be looked at. Whole numbers are keys in both, by their digits.
pub(super) fn of_key(key: Node<'_>) -> Marks {
    let key = key.resolved();
    let Kind::Scalar(text, style) = key.kind() else {
        return Marks::NONE;
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    if *style != Style::Plain || key.tag().is_some() || is_whole {
        return breaks(key, text, *style);
    }
    of_text(text) | breaks(key, text, *style)
}

fn of_text(text: &str) -> Marks {
    match yaml_1_1::read(text) {
        Read::Bool => Marks::BOOL,
        Read::Number => Marks::NUMBER,
        Read::Date => Marks::DATE,
        Read::Nothing => Marks::ERROR,
        Read::Text | Read::Null => Marks::NONE,
    }
}

/// Line breaks that only YAML 1.1 has, written as they are: U+0085 becomes a space or a line feed there. U+2028 and U+2029
/// stay, but without the blanks beside them, and what follows begins a line, which may be an error outside of quotes.
fn breaks(node: Node<'_>, text: &str, style: Style) -> Marks {
    let is_break = |c: char| matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}');
    if text.is_ascii() || !text.contains(is_break) {
        return Marks::NONE;
    }
    let written = &node.document.text[node.range()];
    let in_quotes = matches!(style, Style::SingleQuoted | Style::DoubleQuoted);
    let is_blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    let differs = |(at, found): (usize, &str)| {
        let behind = &written[at + found.len()..];
        found == "\u{85}"
            || !in_quotes
            || written[..at].ends_with(is_blank)
            || behind.starts_with(is_blank)
    };
    if written.match_indices(is_break).any(differs) {
        Marks::BREAK
    } else {
        Marks::NONE
    }
}

/// A whole number that programs read as another one which keep numbers in 64 bits, as JavaScript does.
fn big(number: &str) -> Marks {
    let digits = number.strip_prefix('-').unwrap_or(number);
    if digits.len() < 16 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Marks::NONE;
    }
    let is_same = digits
        .parse::<f64>()
        .is_ok_and(|read| format!("{read:.0}") == digits);
    if is_same {
        Marks::NONE
    } else {
        Marks::BIG_INTEGER
    }
}

/// What of a whole payload had better be looked at, beside its scalars.
pub(in crate::source) fn of_whole(payload: Node<'_>) -> Option<Marked> {
    let (marks, node) = if payload.is_nothing() {
        (Marks::NULL, payload.key())
    } else {
        let value = payload.resolved();
        match resolve(&value) {
            Ok(Some(Scalar::Text(text))) if is_json(text) => (Marks::JSON_TEXT, value),
            _ => return None,
        }
    };
    let at = node.start();
    Some(Marked {
        marks,
        at,
        count: 1,
    })
}

/// An object or a list.
fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::yaml::{Writer, read};

    fn marks(value: &str) -> Marks {
        let text = format!("v: {value}\n").replace('↵', "\n");
        let document = read(&text, false).unwrap().unwrap();
        let (_, node) = document.root().find("v").unwrap();
        Writer::value(node).unwrap().marks
            | of_whole(node).map_or(Marks::NONE, |marked| marked.marks)
    }

    #[test]
    fn what_is_marked() {
        let yaml_1_1 = Marks::BOOL | Marks::TEXT;
        for (value, expected) in [
            ("[launch, 12, 1.5, true, null, 0x1F]", Marks::NONE),
            ("['yes', \"1_000\", !!str 12:30]", Marks::NONE),
            ("{a: [yes, {b: 1e3}]}", yaml_1_1),
            ("[12:30]", Marks::NUMBER),
            ("2027-06-01", Marks::DATE),
            ("[=]", Marks::ERROR),
            ("9007199254740992", Marks::NONE),
            ("[9007199254740993]", Marks::BIG_INTEGER),
            ("-9007199254740993", Marks::BIG_INTEGER),
            ("1152921504606846976", Marks::NONE),
            ("123456789012345678901234567890", Marks::BIG_INTEGER),
            ("'{\"id\": 7}'", Marks::JSON_TEXT),
            ("' [1]'", Marks::JSON_TEXT),
            ("'[1'", Marks::NONE),
            ("'7'", Marks::NONE),
            ("['{}']", Marks::NONE),
            ("", Marks::NULL),
            ("null", Marks::NONE),
            ("{yes: 1, on: x}", Marks::BOOL),
            ("{12:30: x, 1_000: x}", Marks::NUMBER),
            ("{2027-06-01: x}", Marks::DATE),
            ("{a: {=: x}}", Marks::ERROR),
            (
                "{'yes': 1, \"1_000\": 1, !!str on: 1, 1001: 1, -7: 1, y: 1, 1.2.3: 1}",
                Marks::NONE,
            ),
            ("{9007199254740993: 1}", Marks::NONE),
        ] {
            assert_eq!(marks(value), expected, "{value}");
        }
    }

    /// As PyYAML reads them: another text, or an error.
    #[test]
    fn line_breaks_of_yaml_1_1_are_marked() {
        for (value, is_marked) in [
            ("\"a<NEL>b\"", true),
            ("'<NEL>'", true),
            ("{a: b<NEL>c}", true),
            ("\"a<LS>b\"", false),
            ("'<LS>'", false),
            ("\"a<LS><LS>b\"", false),
            ("\"a <LS>b\"", true),
            ("\"a<LS> b\"", true),
            ("\"a<LS>\tb\"", true),
            ("\"a<LS>↵  b\"", true),
            ("\"a\\u0085 b \\L c \\u2028 \"", false),
            ("\"a\\L b<LS>c\"", false),
            ("a<LS>b", true),
            ("|↵  a<LS>b", true),
            ("{\"a <LS>b\": 1}", true),
            ("{\"a\\u2028 b\": 1}", false),
            ("\"a \u{e9}\u{a0} b\"", false),
        ] {
            let all = if value.contains("<NEL>") {
                vec!['\u{85}']
            } else {
                vec!['\u{2028}', '\u{2029}']
            };
            for one in all {
                let value = value
                    .replace("<NEL>", &one.to_string())
                    .replace("<LS>", &one.to_string());
                let expected = if is_marked { Marks::BREAK } else { Marks::NONE };
                assert_eq!(marks(&value), expected, "{value:?}");
            }
        }
    }

    /// The table in `docs/schedule-files.md`.
    #[test]
    fn the_table_of_the_manual_is_true() {
        let manual = include_str!("../../../docs/schedule-files.md");
        let (_, table) = manual
            .split_once("| written | sent | YAML 1.1 |\n")
            .unwrap();
        let rows = table
            .lines()
            .skip(1)
            .take_while(|line| line.starts_with('|'));
        let mut count = 0;
        for row in rows {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [written, sent, elsewhere] = cells[..] else {
                panic!("{row}");
            };
            let written = written.trim_matches('`');
            let document = format!("v: {written}\n");
            let document = read(&document, false).unwrap().unwrap();
            let (_, node) = document.root().find("v").unwrap();
            let is = Writer::value(node).map_or("error".into(), |is| format!("`{}`", is.text));
            let there = match yaml_1_1::read(written) {
                Read::Null => "null",
                Read::Bool => "true or false",
                Read::Number => "number",
                Read::Date => "date",
                Read::Text => "text",
                Read::Nothing => "error",
            };
            assert_eq!((is.as_str(), there), (sent, elsewhere), "{row}");
            count += 1;
        }
        assert!(count > 20, "{count}");
    }
}
