//! Which texts need quotes, and which: as `prettier` takes them, and so that every program of YAML 1.1 or 1.2 reads that
//! text. Pure.

use std::fmt::Write as _;

use serde_yaml::Value as Yaml;

use crate::source::yaml::{Style, is_text};

/// What YAML 1.1 reads as a switch, and what any YAML reads as nothing, in lower case.
const WORDS: &[&str] = &[
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity",
];

/// A text on one line.
pub(super) fn one_line(text: &str, in_brackets: bool) -> String {
    if is_plain(text, in_brackets) {
        return text.to_owned();
    }
    let escaped = text.chars().any(needs_escape);
    let single = text.contains('"') || text.contains('\\') && !text.contains('\'');
    if single && !escaped {
        return singly(text);
    }
    doubly(text)
}

/// A text in the quotes of the one that it takes the place of, where those will do.
pub(super) fn like(text: &str, style: Option<Style>) -> Option<String> {
    match style? {
        Style::SingleQuoted if !text.chars().any(needs_escape) => Some(singly(text)),
        Style::DoubleQuoted if !text.contains('"') => Some(doubly(text)),
        Style::Plain if is_time(text) => Some(text.to_owned()),
        _ => None,
    }
}

/// `2027-06-01T09:00:00` and what may follow.
fn is_time(text: &str) -> bool {
    let sure = |c: char| c.is_ascii_digit() || "-:TZ+".contains(c);
    text.len() >= 16 && is_date(text) && text.chars().all(sure) && is_text(text)
}

fn singly(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn doubly(text: &str) -> String {
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

/// Characters that can't stand in a text as they are, or would not be seen: control characters, the line ends of Unicode,
/// what looks like a blank and is none, and what turns the direction of what follows.
pub(super) fn needs_escape(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(
            c,
            '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        )
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// A character within double quotes.
fn escaped(c: char) -> String {
    let mut escaped = String::new();
    match c {
        '"' => escaped.push_str("\\\""),
        '\\' => escaped.push_str("\\\\"),
        '\n' => escaped.push_str("\\n"),
        '\r' => escaped.push_str("\\r"),
        '\t' => escaped.push_str("\\t"),
        c if !needs_escape(c) => escaped.push(c),
        c if u32::from(c) > 0xffff => {
            let _ = write!(escaped, "\\U{:08x}", u32::from(c));
        }
        c => {
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        }
    }
    escaped
}

/// The words of a text as they stand within double quotes, character by character; each with the blanks behind it, and a
/// line feed at a word's end.
pub(super) fn words(text: &str) -> Vec<Vec<String>> {
    let (mut words, mut word, mut ended) = (Vec::new(), Vec::new(), false);
    for c in text.chars() {
        if std::mem::replace(&mut ended, c == '\n' || c == ' ')
            && (c != ' ' || word.last().is_some_and(|last| last == "\\n"))
            && (c != '\n' || word.last().is_some_and(|last| last == "\\n"))
        {
            words.push(std::mem::take(&mut word));
        }
        word.push(escaped(c));
    }
    words.push(word);
    words
}

/// Does it mean itself without quotes, in whichever program reads it?
fn is_plain(text: &str, in_brackets: bool) -> bool {
    let others = if in_brackets {
        "-_./+$ :"
    } else {
        "-_./+$ :,;()?!=%&@'\""
    };
    let sure = |c: char| c.is_alphanumeric() || others.contains(c);
    text.starts_with(char::is_alphanumeric)
        && text.chars().all(sure)
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
        && (!in_brackets || !odd_colon(text))
        && WORDS.iter().all(|word| !text.eq_ignore_ascii_case(word))
        && !is_number_like(text)
        && is_text(text)
        && matches!(serde_yaml::from_str(text), Ok(Yaml::String(same)) if same == text)
}

/// A colon before something else than a letter, a digit or a slash.
fn odd_colon(text: &str) -> bool {
    let follows = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || c == '/');
    text.match_indices(':')
        .any(|(at, _)| !follows(&text[at + 1..]))
}

/// Is it a number or a date in some version of YAML: `1_000`, `0b11`, `010`, `12:30`, `1e3`, `2027-06-01`?
fn is_number_like(text: &str) -> bool {
    // What npm's `yaml` takes for a number of YAML 1.1.
    if let Some(power) = text.strip_prefix(['e', 'E']) {
        let digits = power.strip_prefix(['-', '+']).unwrap_or(power);
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    }
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        // What other scripts have for digits is no text everywhere.
        return text.starts_with(char::is_numeric);
    }
    let of_number = |c: char| c.is_ascii_digit() || "_,.:+-eE".contains(c);
    let is_based = text
        .get(1..2)
        .is_some_and(|sign| text.starts_with('0') && "xXoObB".contains(sign) && text.len() > 2);
    is_based || text.chars().all(of_number) || is_date(text)
}

/// `2027-06-01` or `2027-6-1`, and what may follow.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let mut is_digits = |from: usize, to: usize| {
        let part = parts.next().unwrap_or_default();
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        (from..=to).contains(&digits) && (digits == part.len() || from == 1)
    };
    is_digits(4, 4) && is_digits(1, 2) && is_digits(1, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_some_program_reads_as_another_kind_gets_quotes() {
        for text in [
            "yes",
            "No",
            "ON",
            "off",
            "y",
            "N",
            "true",
            "False",
            "null",
            "NULL",
            "1",
            "1_000",
            "0b11",
            "0x1F",
            "0o14",
            "010",
            "12:30",
            "190:20:30",
            "1e3",
            "12345e6",
            "1.5",
            "1,000",
            "2027-06-01",
            "2027-6-1",
            "2027-06-01T09:00:00Z",
            "2001-12-14 21:59:43.10 -5",
            "685_230.15e+03",
            "1-2",
            "NaN",
            "e5",
            "E+5",
        ] {
            assert_eq!(one_line(text, false), format!("\"{text}\""));
        }
        for text in [
            "", "~", "=", "<<", "-", "- a", "-x", ".a", ".inf", "+1", "?", "? a", ":", "a: b",
            "a:", "a #b", "#a", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a", "[a", "{a", "a]",
            "a ", " a", "---", "...", "\u{663}",
        ] {
            assert_eq!(one_line(text, false), format!("\"{text}\""));
        }
    }

    #[test]
    fn plain_texts_stay_plain() {
        for text in [
            "a",
            "5m",
            "2h30m",
            "1d",
            "a: b".replace(": ", ":").as_str(),
            "it's",
            "say \"x\", please",
            "arn:aws:lambda:us-east-1:123456789012:function:f:live",
            "Europe/Berlin",
            "v1.2.3",
            "Gr\u{fc}\u{df}e aus K\u{f6}ln",
            "yesterday",
            "a  b",
            "what? (no!)",
            "abc123",
        ] {
            assert_eq!(one_line(text, false), text);
        }
        assert_eq!(one_line("a, b", true), "\"a, b\"");
        assert_eq!(one_line("a::b", true), "\"a::b\"");
        assert_eq!(one_line("a:b", true), "a:b");
    }

    #[test]
    fn the_quotes_are_those_of_prettier() {
        for (text, expected) in [
            ("#it's", "\"#it's\""),
            ("#\"x\"", "'#\"x\"'"),
            ("#\"x\" it's", "'#\"x\" it''s'"),
            ("\\d", "'\\d'"),
            ("\\'", "\"\\\\'\""),
            ("\"\n", "\"\\\"\\n\""),
            (
                "\t\u{7f}\u{85}\u{2028}\u{feff}\u{0}",
                "\"\\t\\u007f\\u0085\\u2028\\ufeff\\u0000\"",
            ),
            ("\u{1fffe}\u{1f680}", "\"\\U0001fffe\u{1f680}\""),
            ("\u{202e}", "\"\\u202e\""),
        ] {
            assert_eq!(one_line(text, false), expected);
        }
    }
}
