//! The text of a time and what it says: a date, a time of day, and what they are reckoned from. Pure; knows no time zone.

use std::fmt;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::instead;

/// A time as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The date and the time of day.
    pub local: NaiveDateTime,
    /// The suffix.
    pub reference: Reference,
}

/// The suffix of a time: what the time is reckoned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// None: some time zone that is named elsewhere.
    Zone,
    /// `Z`, or `-00:00`, which RFC 3339 defines as UTC of which no local offset is known.
    Utc,
    /// An offset. `+00:00` stays one: it is what London has in winter.
    Offset(FixedOffset),
}

/// A text that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The kind of mistake.
    pub kind: Mistake,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

/// The kind of mistake in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// Nothing that looks like a time.
    NotATime,
    /// A fraction of a second that is not zero.
    Fraction,
    /// Second 60.
    LeapSecond,
    /// A date without a time of day.
    DateAlone,
    /// A count since 1970.
    Epoch,
    /// An expression of EventBridge or cron.
    Expression,
    /// A quotation mark, dash or space that is not the ASCII one.
    Character,
    /// A time in a form that is not one of ours.
    OtherForm,
}

/// Why a text is not one of our forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Unreadable,
    LeapSecond,
    /// With the time that remains without the fraction.
    Fraction(Written),
}

/// The time that a text says. A `T`, `t` or space stands between date and time of day; seconds, a fraction of zeros and
/// the suffix may be missing; a space may stand before the suffix.
pub fn read(text: &str) -> Result<Written, Refused> {
    by_form(text).map_err(|fault| instead::refused(text, fault))
}

pub(super) fn by_form(text: &str) -> Result<Written, Fault> {
    let (day, rest) = text.split_at_checked(10).ok_or(Fault::Unreadable)?;
    let rest = rest.strip_prefix(['T', 't', ' ']);
    let rest = rest.ok_or(Fault::Unreadable)?;
    let end = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, suffix) = rest.split_at(end);
    let clock = if suffix.is_empty() {
        clock
    } else {
        clock.strip_suffix(' ').unwrap_or(clock)
    };
    let (clock, fraction) = match clock.split_once(['.', ',']) {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (clock, None),
    };
    let (time, is_whole) = time_of_day(clock, fraction)?;
    let written = Written {
        local: date(day).ok_or(Fault::Unreadable)?.and_time(time),
        reference: reference(suffix).ok_or(Fault::Unreadable)?,
    };
    // RFC 3339 has four digits for the year, and Step Functions takes no other form.
    let year = |at: DateTime<Utc>| (1..=9999).contains(&at.year());
    if written.reference != Reference::Zone && !written.instant().is_some_and(year) {
        return Err(Fault::Unreadable);
    }
    if is_whole {
        Ok(written)
    } else {
        Err(Fault::Fraction(written))
    }
}

/// A number of this many digits. `str::parse` would take signs too.
fn number(text: &str, digits: usize) -> Option<u32> {
    let good = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    good.then(|| text.parse().ok())?
}

pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4).filter(|year| *year > 0)?;
    let (month, day) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let end = parts.next().is_none();
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day);
    date.filter(|_| end)
}

/// The time of day, and whether the fraction says nothing.
fn time_of_day(clock: &str, fraction: Option<&str>) -> Result<(NaiveTime, bool), Fault> {
    let mut parts = clock.split(':').map(|part| number(part, 2));
    let mut next = || match parts.next() {
        Some(part) => part.map(Some).ok_or(Fault::Unreadable),
        None => Ok(None),
    };
    let (hour, minute, second, more) = (next()?, next()?, next()?, next()?);
    let (Some(hour), Some(minute), None) = (hour, minute, more) else {
        return Err(Fault::Unreadable);
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if fraction.is_some_and(|fraction| second.is_none() || !digits(fraction)) {
        return Err(Fault::Unreadable);
    }
    if second == Some(60) {
        return Err(Fault::LeapSecond);
    }
    let time = NaiveTime::from_hms_opt(hour, minute, second.unwrap_or(0));
    let is_whole = fraction.is_none_or(|fraction| fraction.bytes().all(|b| b == b'0'));
    Ok((time.ok_or(Fault::Unreadable)?, is_whole))
}

/// `Z`, `+01:00`, `+0100`, `+01`, or nothing.
fn reference(text: &str) -> Option<Reference> {
    if text.is_empty() {
        return Some(Reference::Zone);
    }
    if text == "Z" || text == "z" {
        return Some(Reference::Utc);
    }
    let (sign, digits) = text.split_at(1);
    let (hours, minutes) = match digits.len() {
        2 => (digits, "00"),
        4 => digits.split_at_checked(2)?,
        _ => digits.split_once(':')?,
    };
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    match (sign, seconds) {
        ("-", 0) => Some(Reference::Utc),
        ("-", seconds) => FixedOffset::west_opt(seconds).map(Reference::Offset),
        (_, seconds) => FixedOffset::east_opt(seconds).map(Reference::Offset),
    }
}

impl Written {
    /// The instant; `None`: it depends on a time zone, or lies beyond all calendars.
    pub fn instant(&self) -> Option<DateTime<Utc>> {
        match self.reference {
            Reference::Zone => None,
            Reference::Utc => Some(self.local.and_utc()),
            Reference::Offset(offset) => Some(self.local.checked_sub_offset(offset)?.and_utc()),
        }
    }
}

/// The canonical form: `2027-06-01T09:00:00`, with `Z` or an offset such as `+02:00` where it has one.
impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.local.format("%Y-%m-%dT%H:%M:%S"))?;
        match self.reference {
            Reference::Zone => Ok(()),
            Reference::Utc => f.write_str("Z"),
            Reference::Offset(offset) => write!(f, "{offset}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each form is what some program writes: see `tests/time_writers/`.
    #[test]
    fn forms() {
        for (text, canonical) in [
            ("2027-06-01T09:00:00", "2027-06-01T09:00:00"),
            ("2027-06-01t09:00:00", "2027-06-01T09:00:00"),
            ("2027-06-01 09:00", "2027-06-01T09:00:00"),
            ("2027-06-01T09:00:00Z", "2027-06-01T09:00:00Z"),
            ("2027-06-01t09:00:00z", "2027-06-01T09:00:00Z"),
            ("2027-06-01T09:00Z", "2027-06-01T09:00:00Z"),
            ("2027-06-01T09:00:00.000Z", "2027-06-01T09:00:00Z"),
            ("2027-06-01T09:00:00.0000000Z", "2027-06-01T09:00:00Z"),
            ("2027-06-01 09:00:00.000000000 Z", "2027-06-01T09:00:00Z"),
            (
                "2027-06-01T09:00:00,000000000+02:00",
                "2027-06-01T09:00:00+02:00",
            ),
            ("2027-06-01 09:00:00,000", "2027-06-01T09:00:00"),
            ("2027-06-01 09:00:00 +0200", "2027-06-01T09:00:00+02:00"),
            ("2027-06-01 09:00:00+02", "2027-06-01T09:00:00+02:00"),
            ("2027-06-01 09:00 -05:30", "2027-06-01T09:00:00-05:30"),
            ("2027-06-01T09:00:00-0530", "2027-06-01T09:00:00-05:30"),
            ("2027-06-01 09:00:00+00:00", "2027-06-01T09:00:00+00:00"),
            ("2027-06-01 09:00:00 -00:00", "2027-06-01T09:00:00Z"),
            ("2027-06-01T09:00:00+23:59", "2027-06-01T09:00:00+23:59"),
        ] {
            let written = read(text).unwrap_or_else(|refused| panic!("{text}: {refused:?}"));
            assert_eq!(written.to_string(), canonical, "{text}");
            assert_eq!(read(canonical), Ok(written), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "2027-06-01  09:00",
            "2027-06-01\t09:00",
            "2027-06-01_09:00",
            "2027-06-01T 09:00",
            "2027-06-01T09:00:00  Z",
            "2027-06-01T09:00:00Z ",
            "2027-06-01T09:00:00 ",
            "2027-06-01T09:00:00 z+01",
            "2027-06-01T09:00:00ZZ",
            "2027-06-01T09:00:00+",
            "2027-06-01T09:00:00+1",
            "2027-06-01T09:00:00+1:00",
            "2027-06-01T09:00:00+01:",
            "2027-06-01T09:00:00+01:0",
            "2027-06-01T09:00:00+01:00:00",
            "2027-06-01T09:00:00++1:00",
            "2027-06-01T09:00:00.+02:00",
            "2027-06-01T09:00:00.0.0",
            "2027-06-01T09:00.0",
            "2027-06-01T9:00",
            "2027-06-01T09:00:0",
            "2027-06-01T+9:00",
            "2027-06-01T09: 0",
            "2027-06-01T24:00",
            "2027-06-01T09:60",
            "2027-06-01T09:00:60",
            "2027- 6-01T09:00",
            "2027-06-+1T09:00",
            "0000-06-01T09:00",
            "2027-06-31T09:00",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    proptest! {
        /// Nothing panics, and what is read means the same in its canonical form.
        #[test]
        fn any_text(text in "([0-9]{4}[-–]?[0-9 ]{2}[-/]?[0-9]{2}|\\PC{0,12})[Tt ]?[0-9]{0,2}:?[0-9]{0,2}(:[0-9]{2})?([.,][0-9]{0,3})? ?(Z|z|[+-][0-9]{0,2}:?[0-9]{0,2})?\\PC{0,2}") {
            match read(&text) {
                Ok(written) => prop_assert_eq!(read(&written.to_string()), Ok(written)),
                Err(refused) => prop_assert!(!refused.hint.is_empty()),
            }
        }
    }
}
