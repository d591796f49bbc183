//! What to write in place of a time that is refused. Pure; runs for mistakes alone, so it may take its time.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use regex_lite::Regex;

use super::expression;
use super::written::{self, Fault, Mistake, Reference, Refused, Written};

const FORM: &str = "write it as `2026-12-01T09:00:00`, with `Z` or an offset such as `+01:00` where no time zone is meant";

/// A character that programs for text put in the place of one that was typed.
struct Typographic {
    character: char,
    name: &'static str,
    /// What was typed, or nothing where it is a mark that nobody sees.
    typed: &'static str,
}

const fn typographic(character: char, name: &'static str, typed: &'static str) -> Typographic {
    Typographic {
        character,
        name,
        typed,
    }
}

const TYPOGRAPHIC: &[Typographic] = &[
    typographic('\u{2018}', "a left single quotation mark", "'"),
    typographic('\u{2019}', "a right single quotation mark", "'"),
    typographic('\u{201a}', "a low single quotation mark", "'"),
    typographic('\u{201c}', "a left double quotation mark", "\""),
    typographic('\u{201d}', "a right double quotation mark", "\""),
    typographic('\u{201e}', "a low double quotation mark", "\""),
    typographic('\u{ab}', "a left guillemet", "\""),
    typographic('\u{bb}', "a right guillemet", "\""),
    typographic('\u{2010}', "a hyphen", "-"),
    typographic('\u{2011}', "a non-breaking hyphen", "-"),
    typographic('\u{2012}', "a figure dash", "-"),
    typographic('\u{2013}', "an en dash", "-"),
    typographic('\u{2014}', "an em dash", "-"),
    typographic('\u{2212}', "a minus sign", "-"),
    typographic('\u{a0}', "a no-break space", " "),
    typographic('\u{202f}', "a narrow no-break space", " "),
    typographic('\u{2007}', "a figure space", " "),
    typographic('\u{2009}', "a thin space", " "),
    typographic('\u{3000}', "an ideographic space", " "),
    typographic('\u{ff1a}', "a fullwidth colon", ":"),
    typographic('\u{2236}', "a ratio sign", ":"),
    typographic('\u{ad}', "a soft hyphen", ""),
    typographic('\u{200b}', "a zero-width space", ""),
    typographic('\u{200e}', "a left-to-right mark", ""),
    typographic('\u{200f}', "a right-to-left mark", ""),
    typographic('\u{2060}', "a word joiner", ""),
    typographic('\u{feff}', "a byte order mark", ""),
];

fn known(c: char) -> Option<&'static Typographic> {
    TYPOGRAPHIC.iter().find(|one| one.character == c)
}

/// Such a character, as a message names it.
pub(in crate::source) fn named(c: char) -> Option<String> {
    known(c).map(|one| format!("{} (U+{:04X})", one.name, u32::from(c)))
}

/// The first such character of a text, as a message names it, and the text as it was meant.
pub(super) fn as_typed(text: &str) -> Option<(String, String)> {
    let named = text.chars().find_map(named)?;
    let mut meant = String::new();
    for c in text.chars() {
        match known(c) {
            Some(one) => meant.push_str(one.typed),
            None => meant.push(c),
        }
    }
    let meant = meant.trim_matches(['\'', '"', ' ']).to_owned();
    Some((named, meant))
}

fn write(what: impl std::fmt::Display) -> String {
    format!("write `{what}`")
}

/// The message and the hint for a text that is not one of our forms.
pub(super) fn refused(text: &str, fault: Fault) -> Refused {
    let refused = |kind, message: String, hint: String| Refused {
        kind,
        message,
        hint,
    };
    match fault {
        Fault::Fraction(written) => {
            let message =
                format!("`{text}` has a fraction of a second, which Step Functions drops");
            return refused(Mistake::Fraction, message, write(written));
        }
        Fault::LeapSecond => {
            let message = format!("`{text}` is a leap second");
            let hint = "write second 59, or the next minute";
            return refused(Mistake::LeapSecond, message, hint.to_owned());
        }
        Fault::Unreadable => {}
    }
    if let Some((character, meant)) = as_typed(text) {
        let hint = match written::read(&meant) {
            Ok(written) => write(written),
            Err(refused) => refused.hint,
        };
        return refused(
            Mistake::Character,
            format!("`{text}` has {character}"),
            hint,
        );
    }
    if let Some(day) = date_alone(text) {
        let message = format!("`{text}` is a date without a time of day");
        let hint = format!("write `{day}T00:00:00` for its beginning, `{day}T09:00:00` for 09:00");
        return refused(Mistake::DateAlone, message, hint);
    }
    if let Some((unit, written)) = epoch(text) {
        let message = format!("`{text}` is a number of {unit} since 1970");
        return refused(Mistake::Epoch, message, write(written));
    }
    if let Some((message, hint)) = expression::refused(text) {
        return refused(Mistake::Expression, message, hint);
    }
    if let Some(hint) = other_form(text) {
        let message = format!("`{text}` is a time in a form that onced does not read");
        return refused(Mistake::OtherForm, message, hint);
    }
    let message = format!("`{text}` is not a time");
    refused(Mistake::NotATime, message, FORM.to_owned())
}

fn date_alone(text: &str) -> Option<NaiveDate> {
    let compact = |text: &str| {
        let form = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
        form.then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok())?
    };
    written::date(text).or_else(|| compact(text))
}

/// What a count since 1970 counts, and its time. Counts of fewer than nine digits may be anything.
fn epoch(text: &str) -> Option<(&'static str, Written)> {
    static NUMBER: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^\d{1,20}(\.\d{1,20})?([eE][+]?\d{1,2})?$").ok());
    // `202706010900` is a date and a time of day, as is `20270601090000`.
    if !NUMBER.as_ref()?.is_match(text) || basic(text).is_some() {
        return None;
    }
    let whole = text
        .split('.')
        .next()
        .filter(|_| !text.contains(['e', 'E']));
    let count: i64 = match whole {
        Some(digits) => digits.parse().ok()?,
        // Of a number such as `1.8118332E9`, which the AWS CLI writes, the rounding is less than a second.
        #[allow(clippy::cast_possible_truncation)]
        None => text.parse::<f64>().ok().filter(|count| *count < 1e18)? as i64,
    };
    // Each unit up to the year 5138: what is larger is of a smaller unit.
    let units = [
        (100_000_000_000, "seconds", 1),
        (100_000_000_000_000, "milliseconds", 1_000),
        (100_000_000_000_000_000, "microseconds", 1_000_000),
        (i64::MAX, "nanoseconds", 1_000_000_000),
    ];
    if count < 100_000_000 {
        return None;
    }
    let (_, unit, per_second) = units.into_iter().find(|(end, ..)| count < *end)?;
    let local = DateTime::from_timestamp(count / per_second, 0)?.naive_utc();
    let reference = Reference::Utc;
    Some((unit, Written { local, reference }))
}

/// What is left of a text once it has our form: without a fraction.
fn near(text: &str) -> Option<Written> {
    match written::by_form(text) {
        Ok(written) | Err(Fault::Fraction(written)) => Some(written),
        Err(_) => None,
    }
}

/// ISO 8601's basic form: `20270601T090000Z`.
fn basic(text: &str) -> Option<Written> {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^(\d{4})(\d\d)(\d\d)[Tt ]?(\d\d)(\d\d)(\d\d(?:[.,]\d+)?)?(|[Zz]|[+-]\d+)$")
            .ok()
    });
    let parts = FORM.as_ref()?.captures(text)?;
    let part = |n: usize| parts.get(n).map_or("00", |part| part.as_str());
    near(&format!(
        "{}-{}-{}T{}:{}:{}{}",
        part(1),
        part(2),
        part(3),
        part(4),
        part(5),
        part(6),
        part(7)
    ))
}

/// The year first, with other marks between numbers, or without leading zeros: `2027/6/1 9:00`.
fn loose(text: &str) -> Option<Written> {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let form = r"^(\d{4})([-/.])(\d\d?)[-/.](\d\d?)(?:[Tt]|,? +)(\d\d?):(\d\d)(?::(\d\d?(?:[.,]\d+)?))? *(|[Zz]|[+-][\d:]+)$";
        Regex::new(form).ok()
    });
    let parts = FORM.as_ref()?.captures(text)?;
    let part = |n: usize| parts.get(n).map_or("00", |part| part.as_str());
    // `+1` and `+1:30`.
    let suffix = part(8);
    let hours = suffix.split(':').next().unwrap_or_default();
    let suffix = if hours.len() == 2 && hours.starts_with(['+', '-']) {
        format!("{}0{}", &suffix[..1], &suffix[1..])
    } else {
        suffix.to_owned()
    };
    near(&format!(
        "{}-{:0>2}-{:0>2}T{:0>2}:{}:{:0>2}{suffix}",
        part(1),
        part(3),
        part(4),
        part(5),
        part(6),
        part(7)
    ))
}

/// Of mail and HTTP, of JavaScript's `Date.toString()`, of the program `date` and of C's `asctime`.
fn of_programs(text: &str) -> Option<Written> {
    let with_offset = |at: DateTime<chrono::FixedOffset>| Written {
        local: at.naive_local(),
        reference: Reference::Offset(*at.offset()),
    };
    let in_utc = |form: &str| NaiveDateTime::parse_from_str(text, form).ok();
    if let Some(local) =
        in_utc("%a, %d %b %Y %H:%M:%S GMT").or_else(|| in_utc("%a %b %e %H:%M:%S UTC %Y"))
    {
        let reference = Reference::Utc;
        return Some(Written { local, reference });
    }
    let at = DateTime::parse_from_rfc2822(text).ok();
    let at = at.or_else(|| DateTime::parse_from_str(text, "%a %b %d %Y %H:%M:%S GMT%z").ok());
    at.map(with_offset)
        // Back and forth: only a time of four digits of year.
        .and_then(|written| near(&written.to_string()))
}

/// What to write for a time that is meant without doubt, and written in another form.
fn other_form(text: &str) -> Option<String> {
    let text = text.trim_matches(['\'', '"', '`', ' ', '\t', '\n']);
    let any = |text: &str| {
        let found = near(text).or_else(|| basic(text)).or_else(|| loose(text));
        found.or_else(|| of_programs(text))
    };
    if let Some(written) = any(text) {
        return Some(write(written));
    }
    // `2027-06-01T09:00+02:00[Europe/Berlin]` of Java and Temporal, `… (Central European Summer Time)` of JavaScript.
    let bare = text.strip_suffix([']', ')']);
    let bare = bare.and_then(|text| text.rsplit_once(['[', '(']));
    if let Some(written) = bare.and_then(|(time, _)| any(time.trim_end())) {
        return Some(write(written));
    }
    let (time, zone) = text.rsplit_once(' ')?;
    let written = any(time)?;
    if written.reference != Reference::Zone {
        // `2027-06-01 09:00:00 +0200 CEST` of Go.
        return Some(write(written));
    }
    if ["UTC", "GMT"].contains(&zone) {
        let reference = Reference::Utc;
        return Some(write(Written {
            reference,
            ..written
        }));
    }
    if zone.contains('/') {
        return Some(format!("write `{written}`, and `timezone: {zone}`"));
    }
    let is_abbreviation = zone.len() <= 5 && zone.bytes().all(|b| b.is_ascii_alphabetic());
    is_abbreviation.then(|| {
        format!("write `{written}`, and for `{zone}` the IANA name of its zone, such as `timezone: Europe/Berlin`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_has_the_text_to_write() {
        use Mistake::{Character, DateAlone, Epoch, Fraction, OtherForm};
        for (text, kind, instead) in [
            ("2027-06-01T09:00:00.5Z", Fraction, "2027-06-01T09:00:00Z"),
            (
                "2027-06-01 09:00:00.999999 +02:00",
                Fraction,
                "2027-06-01T09:00:00+02:00",
            ),
            ("2027-06-01 09:00:00,123", Fraction, "2027-06-01T09:00:00"),
            ("2027-06-01", DateAlone, "2027-06-01T00:00:00"),
            ("20270601", DateAlone, "2027-06-01T00:00:00"),
            ("1811833200", Epoch, "2027-06-01T07:00:00Z"),
            ("1811833200.75", Epoch, "2027-06-01T07:00:00Z"),
            ("1.8118332E9", Epoch, "2027-06-01T07:00:00Z"),
            ("1811833200000", Epoch, "2027-06-01T07:00:00Z"),
            ("1811833200999", Epoch, "2027-06-01T07:00:00Z"),
            ("1811833200000000", Epoch, "2027-06-01T07:00:00Z"),
            ("1811833200000000000", Epoch, "2027-06-01T07:00:00Z"),
            (
                "\u{201c}2027-06-01 09:00\u{201d}",
                Character,
                "2027-06-01T09:00:00",
            ),
            (
                "2027\u{2013}06\u{2013}01 09:00",
                Character,
                "2027-06-01T09:00:00",
            ),
            (
                "2027-06-01T09:00:00\u{2212}05:00",
                Character,
                "2027-06-01T09:00:00-05:00",
            ),
            ("2027-06-01\u{a0}09:00", Character, "2027-06-01T09:00:00"),
            ("2027-06-01\u{202f}9:00", Character, "2027-06-01T09:00:00"),
            (
                "\u{200e}2027-06-01T09:00:00Z",
                Character,
                "2027-06-01T09:00:00Z",
            ),
            ("1811833200\u{a0}", Character, "2027-06-01T07:00:00Z"),
            ("20270601T090000Z", OtherForm, "2027-06-01T09:00:00Z"),
            ("20270601T0900+0200", OtherForm, "2027-06-01T09:00:00+02:00"),
            ("20270601090000", OtherForm, "2027-06-01T09:00:00"),
            ("202706010900", OtherForm, "2027-06-01T09:00:00"),
            ("2027-6-1 9:05", OtherForm, "2027-06-01T09:05:00"),
            (
                "2027-06-01T09:00:00+2",
                OtherForm,
                "2027-06-01T09:00:00+02:00",
            ),
            (
                "2027-06-01  09:00  -5:30",
                OtherForm,
                "2027-06-01T09:00:00-05:30",
            ),
            ("2027/06/01 09:00:00", OtherForm, "2027-06-01T09:00:00"),
            ("\"2027-06-01 09:00\"", OtherForm, "2027-06-01T09:00:00"),
            (" 2027-06-01T09:00:00Z ", OtherForm, "2027-06-01T09:00:00Z"),
            ("2027-06-01 09:00:00 UTC", OtherForm, "2027-06-01T09:00:00Z"),
            (
                "2027-06-01 09:00:00 +0200 CEST",
                OtherForm,
                "2027-06-01T09:00:00+02:00",
            ),
            (
                "2027-06-01 09:00:00.25 +0000 UTC",
                OtherForm,
                "2027-06-01T09:00:00+00:00",
            ),
            (
                "2027-06-01T09:00+02:00[Europe/Berlin]",
                OtherForm,
                "2027-06-01T09:00:00+02:00",
            ),
            (
                "Tue, 01 Jun 2027 09:00:00 +0200",
                OtherForm,
                "2027-06-01T09:00:00+02:00",
            ),
            (
                "Tue, 01 Jun 2027 07:00:00 GMT",
                OtherForm,
                "2027-06-01T07:00:00Z",
            ),
            (
                "Tue Jun  1 07:00:00 UTC 2027",
                OtherForm,
                "2027-06-01T07:00:00Z",
            ),
            (
                "Tue Jun 01 2027 09:00:00 GMT+0200 (Central European Summer Time)",
                OtherForm,
                "2027-06-01T09:00:00+02:00",
            ),
            (
                "2027-06-01 09:00 Europe/Berlin",
                OtherForm,
                "2027-06-01T09:00:00",
            ),
            ("2027-06-01 09:00 CET", OtherForm, "2027-06-01T09:00:00"),
        ] {
            let refused = written::read(text).unwrap_err();
            assert_eq!(refused.kind, kind, "{text}: {refused:?}");
            let told = refused.hint.split('`').nth(1).unwrap();
            assert_eq!(told, instead, "{text}: {refused:?}");
            // What we say to write, we take as it is.
            assert_eq!(written::read(told).unwrap().to_string(), instead);
        }
    }

    #[test]
    fn what_may_mean_two_things_is_not_guessed() {
        for text in [
            "",
            "tomorrow",
            "soon",
            "01/06/2027 09:00",
            "06/01/27 09:00",
            "2027-13-01T00:00",
            "2027-02-30T00:00",
            "2027-02-30",
            "2026-12-01T24:00",
            "2026-12-01T09:00.5",
            "2026-12-01T09:00:00.",
            "2026-12-01T09",
            "2026-12-01T09:00:00+24:00",
            "2026-12-01T09:00:00+02:60",
            "2026-12-01T09:00:00+020",
            "12",
            "2027",
            "99999999",
            "99999999999999999999999",
            "1e300",
            "-1811833200",
            "0x6bfe9d30",
            "0000-01-01T00:00",
            "+026-06-01T09:00",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "\u{662}\u{660}\u{662}\u{666}-12-01T09:00:00",
        ] {
            let refused = written::read(text).unwrap_err();
            assert_eq!(refused.kind, Mistake::NotATime, "{text}: {refused:?}");
        }
    }

    #[test]
    fn characters_are_named() {
        let refused = written::read("2027-06-01T09:00\u{2019}").unwrap_err();
        assert!(
            refused
                .message
                .ends_with("has a right single quotation mark (U+2019)")
        );
        // Nothing can be said of what is left.
        let refused = written::read("9\u{2013}5").unwrap_err();
        assert_eq!(
            (refused.kind, refused.hint.as_str()),
            (Mistake::Character, FORM)
        );
    }
}
