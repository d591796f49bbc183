//! The offset that a time is written with, beside the one that its zone has then. Pure.

use chrono::{DateTime, Offset, TimeZone, Utc};

use super::time::written::{self, Reference};
use crate::model::zone::Zone;

/// Is this time, which means that instant, written with an offset which the zone does not have then?
///
/// `Z` and `-00:00` say the time in UTC, and nothing of the offset of a place
/// (<https://www.rfc-editor.org/rfc/rfc9557#section-2.2>): they never differ.
pub(super) fn differs(text: &str, at: DateTime<Utc>, zone: Zone) -> bool {
    let there = zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    written::read(text).is_ok_and(|written| match written.reference {
        Reference::Offset(offset) => offset != there,
        Reference::Utc | Reference::Zone => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::time::instant;

    #[test]
    fn only_an_offset_that_the_zone_does_not_have_differs() {
        for (text, zone, expected) in [
            ("2026-12-15T09:00:00+01:00", "Europe/Berlin", false),
            ("2026-12-15T09:00:30+01:00", "Europe/Berlin", false),
            ("2026-12-15T09:00:00+02:00", "Europe/Berlin", true),
            ("2026-12-15 09:00:59+02:00", "Europe/Berlin", true),
            ("2026-07-15T09:00:00+02:00", "Europe/Berlin", false),
            ("2026-12-15T09:00:00+00:00", "Europe/Berlin", true),
            ("2026-12-15T09:00:00-00:00", "Europe/Berlin", false),
            ("2026-12-15T09:00:00Z", "Europe/Berlin", false),
            ("2026-12-15T09:00:00z", "Europe/Berlin", false),
            ("2026-12-15 09:00:00.000 +0200", "Europe/Berlin", true),
            ("2026-12-15 09:00:00.000 +0100", "Europe/Berlin", false),
            ("2026-10-25T02:30:00+02:00", "Europe/Berlin", false),
            ("2026-10-25T02:30:00+01:00", "Europe/Berlin", false),
            ("2026-12-31T23:30:00-05:00", "America/New_York", false),
            ("2026-12-31T23:30:00-04:00", "America/New_York", true),
            ("2026-12-15T09:00:00-07:00", "America/Vancouver", false),
            ("2026-12-15T09:00:00-08:00", "America/Vancouver", true),
            ("2026-12-15T09:00:00+05:45", "Asia/Kathmandu", false),
            ("2026-12-15T09:00:00+00:00", "UTC", false),
            ("2026-12-15T09:00:00+02:00", "UTC", true),
        ] {
            let zone = Zone::bundled(zone);
            let at = instant(text, zone).unwrap();
            assert_eq!(differs(text, at, zone), expected, "{text} {zone}");
        }
    }
}
