//! What is wrong with a text as YAML, in words for people who write schedule files. Never shows what may be a payload.

use granit_parser::{ErrorKind, ScanError};

use super::{Place, characters};
use crate::source::time::named;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) struct Fault {
    pub(in crate::source) place: Place,
    pub(in crate::source) message: String,
    pub(in crate::source) hint: Option<String>,
}

impl Fault {
    pub(super) fn new(place: Place, message: impl Into<String>, hint: &str) -> Self {
        Self {
            place,
            message: message.into(),
            hint: (!hint.is_empty()).then(|| hint.to_owned()),
        }
    }
}

/// What the parser says.
pub(super) fn of_parser(text: &str, error: &ScanError) -> Fault {
    let marker = error.marker();
    let place = Place {
        line: marker.line().max(1),
        column: marker.col() + 1,
    };
    if let Some(fault) = false_indentation(text, place.line) {
        return fault;
    }
    let (message, hint) = told(error.kind(), &error.info());
    Fault::new(place, message, &hint)
}

/// A line, up to the one that the parser could not read, that begins with what only looks like a blank.
fn false_indentation(text: &str, last: usize) -> Option<Fault> {
    let lines = characters::lines(text);
    let from = last.saturating_sub(3);
    for (number, start) in lines.iter().enumerate().take(last).skip(from) {
        let line = text.get(*start..)?;
        let blanks: usize = line.chars().take_while(|c| *c == ' ').count();
        let first = line.chars().nth(blanks)?;
        if characters::is_false_blank(first) && (*start > 0 || first != '\u{feff}') {
            let wrong = characters::false_blank(first);
            let place = Place {
                line: number + 1,
                column: blanks + 1,
            };
            return Some(Fault {
                place,
                message: wrong.message,
                hint: wrong.hint,
            });
        }
    }
    None
}

fn told(kind: &ErrorKind, info: &str) -> (String, String) {
    let (message, hint): (&str, &str) = match kind {
        ErrorKind::UnexpectedCharacter { character } => return character_told(*character, info),
        ErrorKind::BomInsideDocument => return character_told('\u{feff}', info),
        ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate => (
            "an escape such as `\\ud83d` is half a character, and its other half is missing",
            "write both halves, such as `\\ud83d\\ude80`, or the character itself",
        ),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation => (
            "not YAML: a tab stands where spaces are meant",
            "indent with spaces",
        ),
        ErrorKind::UnclosedQuotedScalar => ("a quote is not closed", "close it on the same line"),
        _ => return (format!("not YAML: {info}"), String::new()),
    };
    (message.into(), hint.into())
}

fn character_told(character: char, info: &str) -> (String, String) {
    let number = u32::from(character);
    let name = named(character).or_else(|| {
        let name = match character {
            '\u{7}' => "a bell",
            '\u{8}' => "a backspace",
            '\u{b}' => "a vertical tab",
            '\u{c}' => "a form feed",
            '\u{1b}' => "an escape",
            '\u{7f}' => "a delete",
            c if c.is_control() => "a control character",
            '\u{fffe}' | '\u{ffff}' => "a noncharacter",
            _ => return None,
        };
        Some(format!("{name} (U+{number:04X})"))
    });
    match name {
        Some(name) if character == '\u{feff}' => (
            format!("{name} stands within the text"),
            "remove it, or write `\\ufeff` within double quotes if it is meant".into(),
        ),
        Some(name) => (
            format!("{name} can't stand in a YAML file"),
            format!("remove it, or write `\\u{number:04x}` within double quotes if it is meant"),
        ),
        None => (format!("not YAML: {info}"), String::new()),
    }
}
