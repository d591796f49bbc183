//! What of one entry's time had better be looked at: that it is past, has another offset than its zone, is of a zone whose
//! sign is not what it seems, or is near a change of the clocks. Pure; for the findings of a plan and the notes of `check`.

use chrono::{DateTime, Datelike, FixedOffset, Offset, TimeDelta, TimeZone, Utc};

use super::status::relative;
use crate::model::entry::Entry;
use crate::model::plan::is_late;
use crate::model::zone::Zone;

/// How near the same day of the next year is, for a past time to look like one of last year.
const NEXT_YEAR: TimeDelta = TimeDelta::days(60);
/// A local time this near a change of the clocks is easily an hour off.
pub const HOUR: TimeDelta = TimeDelta::hours(1);

/// The message that a time is past, and what comes of that.
pub fn past(entry: &Entry, now: DateTime<Utc>) -> Option<String> {
    if entry.at() > now {
        return None;
    }
    let message = if is_late(entry.at(), entry.grace, now) {
        "its time is past by more than its grace: it is not started"
    } else {
        "its time is past, and within its grace: it is started at once"
    };
    let year = another_year(entry, now).map(|text| format!("; {text}"));
    Some(message.to_owned() + &year.unwrap_or_default())
}

/// The question whether a time that is past was meant for the next year: `another year? 2027-01-05 is in 37 d`.
pub fn another_year(entry: &Entry, now: DateTime<Utc>) -> Option<String> {
    if entry.at() > now {
        return None;
    }
    // The day as its author reads it.
    let zone = entry.named_zone.unwrap_or(Zone::utc());
    let day = entry.at().with_timezone(&zone).date_naive();
    // There is no 29 February a year later.
    let day = day.with_year(day.year().checked_add(1)?)?;
    let ahead = entry.at() + (day - entry.at().with_timezone(&zone).date_naive());
    let is_near = ahead > now && ahead - now <= NEXT_YEAR;
    is_near.then(|| format!("another year? {day} is {}", relative(now, ahead)))
}

/// The message that the zone which is named has another offset than the one that is written.
pub fn offset(entry: &Entry) -> Option<String> {
    let zone = entry.zone_beside_offset()?;
    let local = entry.at().with_timezone(&zone);
    Some(format!(
        "the offset of its time is not the one that {} has then, {}: it fires at {} there",
        zone.name(),
        local.offset().fix(),
        local.format("%Y-%m-%dT%H:%M:%S%:z")
    ))
}

/// The message that the sign of its zone is that of POSIX, positive west of Greenwich
/// (<https://data.iana.org/time-zones/tzdb/etcetera>).
pub fn etc_gmt(entry: &Entry) -> Option<String> {
    let zone = entry.zone()?;
    let signed = zone.name().strip_prefix("Etc/GMT")?;
    let hours: i32 = signed.parse().ok().filter(|hours| *hours != 0)?;
    let there = offset_of(zone, entry.at())?;
    let sign = if hours > 0 { '-' } else { '+' };
    Some(format!(
        "`{}` means UTC{sign}{}, because its sign counts west of Greenwich: it fires at {}",
        zone.name(),
        hours.abs(),
        entry
            .at()
            .with_timezone(&there)
            .format("%Y-%m-%dT%H:%M:%S%:z")
    ))
}

/// The message that the clocks change at most so long before or after a local time.
pub fn clocks_change(entry: &Entry, near: TimeDelta) -> Option<String> {
    let zone = entry.zone()?;
    let around = |span: TimeDelta| {
        let at = |span| offset_of(zone, entry.at().checked_add_signed(span)?);
        let (before, after) = (at(-span)?, at(span)?);
        (before != after).then_some((before, after))
    };
    let (before, after) = around(near)?;
    let within = if around(HOUR).is_some() {
        "the hour"
    } else {
        "a day"
    };
    Some(format!(
        "the clocks of {} change from {before} to {after} within {within} of it: it fires at {}",
        zone.name(),
        entry
            .at()
            .with_timezone(&zone)
            .format("%Y-%m-%dT%H:%M:%S%:z")
    ))
}

fn offset_of(zone: Zone, at: DateTime<Utc>) -> Option<FixedOffset> {
    // A zone counts no years beyond those that times can be written in.
    (1..=9999)
        .contains(&at.year())
        .then(|| zone.offset_from_utc_datetime(&at.naive_utc()).fix())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::content::Content;
    use crate::model::entry::sample;

    fn entry(at: &str, zone: &str, is_local: bool) -> Entry {
        Entry {
            content: Content::new(at.parse().unwrap(), "", "{}"),
            named_zone: Some(Zone::bundled(zone)),
            is_local,
            grace: Duration::from_mins(5),
            ..sample("a")
        }
    }

    #[test]
    fn a_past_time_and_the_year_that_was_meant() {
        let now: DateTime<Utc> = "2026-11-29T12:00:00Z".parse().unwrap();
        let year = |at, zone| another_year(&entry(at, zone, true), now);
        assert_eq!(
            year("2026-01-05T09:00:00Z", "UTC").unwrap(),
            "another year? 2027-01-05 is in 36 d 21 h"
        );
        // The day is that of its zone.
        assert_eq!(
            year("2026-01-05T02:00:00Z", "America/New_York").unwrap(),
            "another year? 2027-01-04 is in 36 d 14 h"
        );
        for (at, is_near) in [
            ("2025-11-29T12:00:00Z", false),
            ("2025-11-29T12:00:01Z", true),
            ("2026-01-28T12:00:00Z", true),
            ("2026-01-28T12:00:01Z", false),
            ("2024-12-15T09:00:00Z", false),
            ("2026-11-28T09:00:00Z", false),
            ("2026-11-30T09:00:00Z", false),
        ] {
            assert_eq!(year(at, "UTC").is_some(), is_near, "{at}");
        }
        let leap = entry("2028-02-29T09:00:00Z", "UTC", true);
        assert_eq!(
            another_year(&leap, "2029-01-10T00:00:00Z".parse().unwrap()),
            None
        );
        assert_eq!(past(&entry("2026-11-29T12:00:01Z", "UTC", true), now), None);
        assert_eq!(
            past(&entry("2026-11-29T11:58:00Z", "UTC", true), now).unwrap(),
            "its time is past, and within its grace: it is started at once"
        );
        assert_eq!(
            past(&entry("2026-01-05T09:00:00Z", "UTC", true), now).unwrap(),
            "its time is past by more than its grace: it is not started; another year? 2027-01-05 is in 36 d 21 h"
        );
    }

    #[test]
    fn an_offset_that_its_zone_does_not_have() {
        let told = offset(&entry("2026-12-15T07:00:00Z", "Europe/Berlin", false));
        assert_eq!(
            told.unwrap(),
            "the offset of its time is not the one that Europe/Berlin has then, +01:00: it fires at 2026-12-15T08:00:00+01:00 there"
        );
        assert_eq!(
            offset(&entry("2026-12-15T07:00:00Z", "Europe/Berlin", true)),
            None
        );
    }

    #[test]
    fn the_sign_of_etc_gmt() {
        let told = |zone| etc_gmt(&entry("2026-12-15T17:00:00Z", zone, true));
        assert_eq!(
            told("Etc/GMT+8").unwrap(),
            "`Etc/GMT+8` means UTC-8, because its sign counts west of Greenwich: it fires at 2026-12-15T09:00:00-08:00"
        );
        assert_eq!(
            told("Etc/GMT-14").unwrap(),
            "`Etc/GMT-14` means UTC+14, because its sign counts west of Greenwich: it fires at 2026-12-16T07:00:00+14:00"
        );
        for zone in [
            "Etc/GMT",
            "Etc/GMT0",
            "Etc/GMT+0",
            "Etc/GMT-0",
            "Etc/UTC",
            "Europe/Berlin",
        ] {
            assert_eq!(told(zone), None, "{zone}");
        }
        assert_eq!(
            etc_gmt(&entry("2026-12-15T17:00:00Z", "Etc/GMT+8", false)),
            None
        );
    }

    /// Berlin's clocks are set forward on 2026-03-29 at 01:00Z, and back on 2026-10-25 at 01:00Z.
    #[test]
    fn near_a_change_of_the_clocks() {
        for (at, zone, hour, day) in [
            ("2026-10-24T23:59:59Z", "Europe/Berlin", false, true),
            ("2026-10-25T00:00:00Z", "Europe/Berlin", true, true),
            ("2026-10-25T01:00:00Z", "Europe/Berlin", true, true),
            ("2026-10-25T01:59:59Z", "Europe/Berlin", true, true),
            ("2026-10-25T02:00:00Z", "Europe/Berlin", false, true),
            ("2026-03-29T00:30:00Z", "Europe/Berlin", true, true),
            ("2026-03-29T01:30:00Z", "Europe/Berlin", true, true),
            ("2026-03-29T02:00:00Z", "Europe/Berlin", false, true),
            ("2026-03-30T02:00:00Z", "Europe/Berlin", false, false),
            ("2026-12-15T09:00:00Z", "Europe/Berlin", false, false),
            ("2026-10-25T01:00:00Z", "UTC", false, false),
            // It changes no more: this was the last time.
            ("2026-11-01T09:00:00Z", "America/Vancouver", false, false),
        ] {
            let entry = entry(at, zone, true);
            let told = |near| clocks_change(&entry, near);
            assert_eq!(told(HOUR).is_some(), hour, "{at}");
            let of_day = told(TimeDelta::hours(24));
            assert_eq!(of_day.is_some(), day, "{at}");
            let says_hour = of_day.is_some_and(|text| text.contains("within the hour of it"));
            assert_eq!(says_hour, hour, "{at}");
        }
        let told = clocks_change(&entry("2026-10-25T01:15:00Z", "Europe/Berlin", true), HOUR);
        assert_eq!(
            told.unwrap(),
            "the clocks of Europe/Berlin change from +02:00 to +01:00 within the hour of it: it fires at 2026-10-25T02:15:00+01:00"
        );
        let written = entry("2026-10-25T01:15:00Z", "Europe/Berlin", false);
        assert_eq!(clocks_change(&written, HOUR), None);
    }
}
