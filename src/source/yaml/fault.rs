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
    if is_half(error.kind())
        && let Some((at, escape)) = half(text, place)
    {
        let message =
            format!("not YAML: `{escape}` is half a character, and its other half is missing");
        return Fault::new(at, message, &hint);
    }
    Fault::new(place, message, &hint)
}

fn is_half(kind: &ErrorKind) -> bool {
    use ErrorKind as Kind;
    matches!(
        kind,
        Kind::InvalidLowSurrogateHexEscape
            | Kind::InvalidLowSurrogate
            | Kind::MissingLowSurrogate
            | Kind::UnpairedLowSurrogate
    )
}

/// The first escape of half a character, from a place on.
fn half(text: &str, from: Place) -> Option<(Place, &str)> {
    let lines = characters::lines(text);
    let line = *lines.get(from.line.checked_sub(1)?)?;
    let before = text.get(line..)?.char_indices().nth(from.column - 1);
    let mut at = line + before?.0;
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    while let Some(found) = text.get(at..)?.find('\\') {
        at += found;
        match (unit(at), unit(at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => at += 12,
            (Some(0xd800..0xe000), _) => {
                let number = lines.partition_point(|start| *start <= at);
                let before = text.get(*lines.get(number - 1)?..at)?;
                let place = Place {
                    line: number,
                    column: before.chars().count() + 1,
                };
                return Some((place, &text[at..at + 6]));
            }
            _ => at += 1 + text[at + 1..].chars().next()?.len_utf8(),
        }
    }
    None
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
    match kind {
        ErrorKind::UnexpectedCharacter { character } => return character_told(*character, info),
        ErrorKind::BomInsideDocument => return character_told('\u{feff}', info),
        _ => {}
    }
    let (message, hint) = in_words(kind).unwrap_or((info, "put what is a text in double quotes"));
    (format!("not YAML: {message}"), hint.to_owned())
}

/// What is wrong in words of ours, and what to write.
fn in_words(kind: &ErrorKind) -> Option<(&'static str, &'static str)> {
    use ErrorKind as Kind;
    Some(match kind {
        Kind::InvalidLowSurrogateHexEscape
        | Kind::InvalidLowSurrogate
        | Kind::MissingLowSurrogate
        | Kind::UnpairedLowSurrogate => (
            "an escape such as `\\ud83d` is half a character, and its other half is missing",
            "write both halves, such as `\\ud83d\\ude80`, or the character itself",
        ),
        Kind::TabNotAllowed
        | Kind::TabInBlockIndentation
        | Kind::TabInIndentation
        | Kind::TabAtBlockScalarStart => {
            ("a tab stands where spaces are meant", "indent with spaces")
        }
        Kind::UnclosedQuotedScalar => ("a quote is not closed", "close it where the text ends"),
        Kind::InvalidTrailingSingleQuotedScalar | Kind::InvalidTrailingDoubleQuotedScalar => (
            "something follows the quote that ends a text",
            "put the whole text in quotes: `''` is a quote within single ones, `\\\"` within double ones",
        ),
        Kind::UnknownQuotedScalarEscape
        | Kind::InvalidQuotedScalarHexEscape
        | Kind::InvalidUnicodeEscape => (
            "a backslash in double quotes begins an escape, and this is none",
            "write `\\\\` for a backslash, or put the text in single quotes",
        ),
        Kind::MappingValueNotAllowed | Kind::MappingKeyNotAllowed => (
            "a key and its colon stand where none can be",
            "put a text that has `: ` in it in quotes; keys of one mapping begin in one column",
        ),
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey | Kind::ExpectedBlockMappingKey => (
            "a key with a colon behind it is missing here",
            "write `key: value`; keys of one mapping begin in one column; a text over several lines is farther in than its key",
        ),
        Kind::InvalidIndentation
        | Kind::InvalidFlowScalarIndent
        | Kind::InvalidQuotedScalarIndent
        | Kind::InvalidBlockScalarIndent => (
            "this line is not as far in as it has to be",
            "begin the keys of one mapping in one column, and what belongs to a key farther in",
        ),
        Kind::UnclosedFlowCollection { .. }
        | Kind::UnexpectedEofFlowSequence
        | Kind::UnexpectedEofFlowMapping
        | Kind::UnexpectedEofImplicitFlowMapping => (
            "a bracket is not closed",
            "close it, or put the text in quotes",
        ),
        Kind::MismatchedFlowCollectionEnd { .. } | Kind::MisplacedFlowCollectionEnd => (
            "a bracket closes what it did not open",
            "close each `[` with `]` and each `{` with `}`, or put the text in quotes",
        ),
        Kind::ExpectedFlowMappingSeparator | Kind::ExpectedFlowSequenceSeparator => (
            "a comma or the closing bracket is missing",
            "put a text that has `,` or brackets in it in quotes",
        ),
        Kind::InvalidBlockScalarHeader => (
            "something follows the `|` or `>` that begins a text in lines",
            "begin the text on the next line, farther in than its key",
        ),
        Kind::ExpectedBlockSequenceEntry | Kind::BlockSequenceEntryNotAllowed => (
            "an item with a dash is missing here, or stands where none can be",
            "begin the items of one list in one column, each with `- `",
        ),
        Kind::UnknownAnchor => (
            "an alias (`*`) names an anchor that is unknown here",
            "write `&name` before the value that it stands for, or put a text in quotes",
        ),
        _ => return None,
    })
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
