//! What of a payload had better be looked at. Pure.

use super::yaml_1_1::{self, Read};
use super::{Kind, Node, Scalar, Style, resolve};
use crate::model::marks::Marks;

/// What of one scalar had better be looked at.
pub(super) fn of(node: Node<'_>, scalar: &Scalar<'_>) -> Marks {
    let Kind::Scalar(text, Style::Plain) = node.kind() else {
        return Marks::NONE;
    };
    if node.tag().is_some() {
        return Marks::NONE;
    }
    match scalar {
        Scalar::Text(text) => match yaml_1_1::read(text) {
            Read::Bool => Marks::BOOL,
            Read::Number => Marks::NUMBER,
            Read::Date => Marks::DATE,
            Read::Nothing => Marks::ERROR,
            Read::Text | Read::Null => Marks::NONE,
        },
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
pub(in crate::source) fn of_whole(payload: Node<'_>) -> Marks {
    if payload.is_nothing() {
        return Marks::NULL;
    }
    match resolve(&payload.resolved()) {
        Ok(Some(Scalar::Text(text))) if is_json(text) => Marks::JSON_TEXT,
        _ => Marks::NONE,
    }
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
        let text = format!("v: {value}\n");
        let document = read(&text, false).unwrap().unwrap();
        let (_, node) = document.root().find("v").unwrap();
        Writer::value(node).unwrap().marks | of_whole(node)
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
        ] {
            assert_eq!(marks(value), expected, "{value}");
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
