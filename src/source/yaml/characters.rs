//! The characters of a schedule file: which bytes are a text, where its lines begin, and what looks like something that it
//! is not. Pure.

use crate::source::problem::{Problem, of_the_whole};
use crate::source::time::{Wrong, named};

/// The text of a file, without a byte order mark before it.
pub(in crate::source) fn readable(bytes: &[u8]) -> Result<&str, Problem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let at = |index: usize, message: String| Problem {
        line: bytes[..index].split(|byte| *byte == b'\n').count(),
        ..of_the_whole(message, Some("save the file as UTF-8 text".to_owned()))
    };
    if is_utf_16(bytes) {
        return Err(at(0, "the file is UTF-16 text".into()));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let index = error.valid_up_to();
        at(index, format!("not UTF-8 at byte {index}"))
    })?;
    match bytes.iter().position(|byte| *byte == 0) {
        Some(index) => Err(at(index, format!("a NUL at byte {index}"))),
        None => Ok(text),
    }
}

/// By its byte order mark, or by the NULs that every ASCII character has there.
fn is_utf_16(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0xff, 0xfe, ..]
            | [0xfe, 0xff, ..]
            | [0, 1..=0x7f, 0, 1..=0x7f, ..]
            | [1..=0x7f, 0, 1..=0x7f, 0, ..]
    )
}

/// Where each line begins: behind a line feed, a carriage return, or both.
pub(in crate::source) fn lines(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends = |(at, byte): (usize, &u8)| match byte {
        b'\n' => Some(at + 1),
        b'\r' if bytes.get(at + 1) != Some(&b'\n') => Some(at + 1),
        _ => None,
    };
    let breaks = bytes.iter().enumerate().filter_map(ends);
    std::iter::once(0).chain(breaks).collect()
}

/// The characters that look like a blank, and are none in YAML.
pub(super) fn is_false_blank(c: char) -> bool {
    c.is_whitespace() && !c.is_ascii() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
        || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// A text without quotes is refused where it only looks like one in quotes, or as if blanks stood before it.
pub(in crate::source) fn check_plain(text: &str) -> Result<(), Wrong> {
    if text.as_bytes().first().is_none_or(u8::is_ascii) {
        return Ok(());
    }
    let first = text.chars().next().unwrap_or_default();
    if is_false_blank(first) {
        return Err(false_blank(first));
    }
    let opens = |c: char| matches!(c, '\u{2018}'..='\u{201f}');
    let last = text.chars().next_back().unwrap_or_default();
    if opens(first) && opens(last) && text.chars().count() > 1 {
        let name = named(first).unwrap_or_else(|| format!("U+{:04X}", u32::from(first)));
        return Err(Wrong {
            message: format!("{name} is not a quote in YAML, but part of the text"),
            hint: Some("write `\"` instead, or put the whole in `\"` if it is meant".into()),
        });
    }
    Ok(())
}

/// What is said of a character that looks like a blank.
pub(super) fn false_blank(c: char) -> Wrong {
    let name = named(c).unwrap_or_else(|| format!("U+{:04X}", u32::from(c)));
    Wrong {
        message: format!("{name} stands where a space is meant, and is part of the text"),
        hint: Some("write spaces; put the text in quotes if the character is meant".into()),
    }
}
