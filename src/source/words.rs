//! Times as people say them (`tomorrow 09:00`), and instants as a schedule file says them. Pure; `now` is an argument.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Utc, Weekday};

use crate::model::entry;
use crate::model::zone::Zone;
use crate::source::time::written::{self, Mistake, Refused};
use crate::source::time::{self, Wrong};

const HINT: &str = "write it as `2026-12-01T09:00:00`, or as `tomorrow 09:00`, `today 18:00`, `monday 09:00` or `09:00`";

/// The instant that is meant: a time as schedule files have it, or a day in words and a time of day in `zone`, or a
/// time of day alone. A weekday, and a time of day alone, mean the next such moment: today, if it is still to come.
pub fn instant(text: &str, zone: Zone, now: DateTime<Utc>) -> Result<DateTime<Utc>, Wrong> {
    let words = text.to_ascii_lowercase();
    let words: Vec<&str> = words
        .split_whitespace()
        .filter(|word| *word != "at")
        .collect();
    let here = now.with_timezone(&zone).naive_local();
    let (day, clock) = match words.as_slice() {
        [clock] if clock.contains(':') => ("", *clock),
        [day, clock] => (*day, *clock),
        [day] if this_day(day, here, NaiveTime::MIN).is_some() => {
            let message = format!("`{text}` says no time of day");
            let hint = Some(format!("write it as `{day} 09:00`"));
            return Err(Wrong { message, hint });
        }
        _ => return in_file(text, zone),
    };
    let Some(clock) = time_of_day(clock) else {
        return in_file(text, zone);
    };
    match this_day(day, here, clock) {
        Some(day) => time::in_zone(day.and_time(clock), zone),
        None => in_file(text, zone),
    }
}

fn in_file(text: &str, zone: Zone) -> Result<DateTime<Utc>, Wrong> {
    let written = written::read(text).map_err(|refused| Refused {
        hint: match refused.kind {
            Mistake::NotATime => HINT.to_owned(),
            _ => refused.hint,
        },
        ..refused
    })?;
    time::meant(&written, zone)
}

/// `9:00`, `09:00`, `09:00:30`.
fn time_of_day(text: &str) -> Option<NaiveTime> {
    let good = text.bytes().all(|b| b.is_ascii_digit() || b == b':');
    // `9:3` may be meant as 9:30.
    let is_whole = |(place, part): (usize, &str)| part.len() == 2 || place == 0 && part.len() == 1;
    let parts = text.split(':').enumerate().map(|(place, part)| {
        let number = part.parse::<u32>().ok();
        number.filter(|_| is_whole((place, part)))
    });
    let parts: Vec<u32> = parts.collect::<Option<_>>()?;
    match parts.as_slice() {
        [hour, minute] if good => NaiveTime::from_hms_opt(*hour, *minute, 0),
        [hour, minute, second] if good => NaiveTime::from_hms_opt(*hour, *minute, *second),
        _ => None,
    }
}

/// The day that a word means; the empty word is the next day with this time of day.
fn this_day(word: &str, here: NaiveDateTime, clock: NaiveTime) -> Option<NaiveDate> {
    let today = here.date();
    let is_past = u64::from(clock <= here.time());
    let ahead = match word {
        "" => is_past,
        "today" => 0,
        "tomorrow" => 1,
        name => {
            let weekday: Weekday = name.parse().ok()?;
            let days =
                (7 + weekday.num_days_from_monday() - today.weekday().num_days_from_monday()) % 7;
            if days == 0 { 7 * is_past } else { days.into() }
        }
    };
    today.checked_add_days(Days::new(ahead))
}

/// An instant as a schedule file says it: local time in `zone`, with its offset where it would not be clear without;
/// `Z` in UTC.
pub fn spelled(at: DateTime<Utc>, zone: Zone) -> String {
    if zone == Zone::utc() {
        return entry::instant(at);
    }
    let local = at.with_timezone(&zone);
    let means_it = |text: &String| time::instant(text, zone).is_ok_and(|meant| meant == at);
    let spelled =
        ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%:z"].map(|form| local.format(form).to_string());
    spelled
        .into_iter()
        .find(means_it)
        .unwrap_or_else(|| entry::instant(at))
}

/// A duration as a schedule file says it.
pub fn length(duration: std::time::Duration) -> String {
    let ms = duration.as_millis();
    for (unit, of) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1000),
    ] {
        if ms >= of && ms.is_multiple_of(of) {
            return format!("{}{unit}", ms / of);
        }
    }
    format!("{ms}ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Zone {
        Zone::bundled("Europe/Berlin")
    }

    /// A Tuesday, 10:30 in Berlin.
    fn now() -> DateTime<Utc> {
        "2026-12-01T09:30:00Z".parse().unwrap()
    }

    #[test]
    fn what_people_say() {
        for (text, expected) in [
            ("tomorrow 09:00", "2026-12-02T08:00:00Z"),
            ("Tomorrow at 9:00", "2026-12-02T08:00:00Z"),
            ("today 18:00", "2026-12-01T17:00:00Z"),
            ("today 08:00", "2026-12-01T07:00:00Z"),
            ("monday 09:00:30", "2026-12-07T08:00:30Z"),
            ("wed 09:00", "2026-12-02T08:00:00Z"),
            ("tuesday 10:31", "2026-12-01T09:31:00Z"),
            ("tuesday 10:30", "2026-12-08T09:30:00Z"),
            ("10:31", "2026-12-01T09:31:00Z"),
            ("at 10:30", "2026-12-02T09:30:00Z"),
            ("2026-12-24 18:00", "2026-12-24T17:00:00Z"),
            ("2026-12-24T18:00:00-05:00", "2026-12-24T23:00:00Z"),
        ] {
            let expected: DateTime<Utc> = expected.parse().unwrap();
            assert_eq!(instant(text, berlin(), now()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for (text, fragment) in [
            ("soon", "`soon` is not a time"),
            ("tomorrow", "no time of day"),
            ("sunday", "no time of day"),
            ("tomorrow 25:00", "is not a time"),
            ("tomorrow 9", "is not a time"),
            ("yesterday 09:00", "is not a time"),
            ("+9:00", "is not a time"),
            ("", "is not a time"),
            ("2026-12-01T09:00:00.5", "fraction"),
        ] {
            let wrong = instant(text, berlin(), now()).unwrap_err();
            assert!(wrong.message.contains(fragment), "{text}: {wrong:?}");
            assert!(wrong.hint.is_some());
        }
        let eve: DateTime<Utc> = "2026-10-24T10:00:00Z".parse().unwrap();
        let twice = instant("tomorrow 02:30", berlin(), eve).unwrap_err();
        assert!(twice.hint.unwrap().contains("2026-10-25T02:30:00+02:00"));
        let eve: DateTime<Utc> = "2026-03-28T10:00:00Z".parse().unwrap();
        assert!(instant("sunday 02:30", berlin(), eve).is_err());
    }

    #[test]
    fn what_is_written_means_the_same() {
        for (at, zone, expected) in [
            ("2026-12-01T08:00:00Z", berlin(), "2026-12-01T09:00:00"),
            ("2026-12-01T08:00:00Z", Zone::utc(), "2026-12-01T08:00:00Z"),
            (
                "2026-10-25T00:30:00Z",
                berlin(),
                "2026-10-25T02:30:00+02:00",
            ),
            (
                "2026-10-25T01:30:00Z",
                berlin(),
                "2026-10-25T02:30:00+01:00",
            ),
            ("2150-12-01T08:00:00Z", berlin(), "2150-12-01T09:00:00"),
        ] {
            let at: DateTime<Utc> = at.parse().unwrap();
            assert_eq!(spelled(at, zone), expected);
            assert_eq!(time::instant(expected, zone), Ok(at));
        }
        for (text, expected) in [
            ("90s", "90s"),
            ("2h", "2h"),
            ("60m", "1h"),
            ("0s", "0ms"),
            ("250ms", "250ms"),
            ("48h", "2d"),
        ] {
            assert_eq!(length(time::duration(text).unwrap()), expected);
        }
    }
}
