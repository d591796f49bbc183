//! A time zone: a name, and the rules that one version of the time zone database has for it. Pure; where the rules come
//! from is the business of `source::zoneinfo`. chrono counts with it as with any zone of its own.

use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, Mutex, PoisonError};

use chrono::{
    Datelike, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone,
    Timelike, Utc,
};
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone as Table};
use sha2::{Digest, Sha256};

/// A time zone and its rules. Two are equal only if both name and rules are.
///
/// Zones are few and are used until the process ends, so each is kept that long and a `Zone` is only a reference to it.
#[derive(Clone, Copy)]
pub struct Zone(&'static Rules);

struct Rules {
    name: Box<str>,
    table: Table,
}

/// Every zone that was made, by the digest of its name and data: the same data give the same zone, also after a reload.
static MADE: LazyLock<Mutex<HashMap<[u8; 32], Zone>>> = LazyLock::new(Mutex::default);

impl Zone {
    /// UTC, which needs no database.
    pub fn utc() -> Self {
        static UTC: LazyLock<Rules> = LazyLock::new(|| Rules {
            name: "UTC".into(),
            table: Table::UTC,
        });
        Self(&UTC)
    }

    /// A zone by its name and what a TZif file says of it (RFC 9636), or why the file is not good.
    pub fn from_tzif(name: &str, data: &[u8]) -> Result<Self, String> {
        let sum = Sha256::new().chain_update(name).chain_update([0]);
        let sum = sum.chain_update(data).finalize().into();
        let made = || MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = made().get(&sum) {
            return Ok(*zone);
        }
        let table = Table::tzif(name, data).map_err(|error| error.to_string())?;
        if counts_leap_seconds(data) {
            return Err("it counts leap seconds, which AWS does not".to_owned());
        }
        let name = name.into();
        let zone = Self(Box::leak(Box::new(Rules { name, table })));
        Ok(*made().entry(sum).or_insert(zone))
    }

    /// A zone of the database that is built into the program, which has it.
    #[cfg(test)]
    pub(crate) fn bundled(name: &str) -> Self {
        crate::model::zones::Zones::bundled()
            .get(name)
            .expect("a zone")
    }

    /// The IANA name.
    pub fn name(self) -> &'static str {
        &self.0.name
    }

    /// Is it UTC by that name?
    pub fn is_utc(self) -> bool {
        self == Self::utc()
    }

    fn offset_at(self, seconds: i64) -> ZoneOffset {
        let at = timestamp(seconds);
        ZoneOffset {
            zone: self,
            at,
            east: fixed(self.0.table.to_offset(at)),
        }
    }
}

/// Do the counts of a file's headers name leap seconds, as those below `right/` do?
fn counts_leap_seconds(data: &[u8]) -> bool {
    // https://www.rfc-editor.org/rfc/rfc9636#section-3.1: six counts of four bytes each, from byte 20 on; the third is
    // that of leap seconds. Since version 2 a second header follows the first one's data.
    let count = |header: usize, n: usize| {
        let bytes = data.get(header + 20 + 4 * n..)?.first_chunk()?;
        usize::try_from(u32::from_be_bytes(*bytes)).ok()
    };
    let first = || {
        let [isut, isstd, leap, times, types, letters] =
            [0, 1, 2, 3, 4, 5].map(|n| count(0, n).unwrap_or(0));
        (
            leap,
            44 + times * 5 + types * 6 + letters + leap * 8 + isstd + isut,
        )
    };
    let (leap, second) = first();
    leap > 0 || data.get(second..second + 4) == Some(b"TZif") && count(second, 2) > Some(0)
}

/// The nearest moment that jiff counts with.
fn timestamp(seconds: i64) -> Timestamp {
    let (least, most) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(seconds.clamp(least, most)).unwrap_or_default()
}

fn fixed(offset: jiff::tz::Offset) -> FixedOffset {
    // jiff's offsets are of less than 26 hours, chrono's of less than 24; real ones of less than 16.
    FixedOffset::east_opt(offset.seconds()).unwrap_or_else(|| Utc.fix())
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Zone {}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The offset of a zone at one instant. It displays as the abbreviation in use then.
#[derive(Clone, Copy)]
pub struct ZoneOffset {
    zone: Zone,
    at: Timestamp,
    east: FixedOffset,
}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.east
    }
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.zone.0.table.to_offset_info(self.at).abbreviation())
    }
}

impl fmt::Debug for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl TimeZone for Zone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Self {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<ZoneOffset> {
        let Some(civil) = civil(local) else {
            return MappedLocalTime::None;
        };
        let seconds = local.and_utc().timestamp();
        let of = |offset: jiff::tz::Offset| ZoneOffset {
            zone: *self,
            at: timestamp(seconds - i64::from(offset.seconds())),
            east: fixed(offset),
        };
        match self.0.table.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => MappedLocalTime::Single(of(offset)),
            AmbiguousOffset::Fold { before, after } => {
                MappedLocalTime::Ambiguous(of(before), of(after))
            }
            AmbiguousOffset::Gap { .. } => MappedLocalTime::None,
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        self.offset_at(utc.and_utc().timestamp())
    }
}

/// A local time as jiff has it; `None` beyond the years that it counts.
fn civil(local: &NaiveDateTime) -> Option<jiff::civil::DateTime> {
    let small = |number: u32| i8::try_from(number).ok();
    jiff::civil::DateTime::new(
        i16::try_from(local.year()).ok()?,
        small(local.month())?,
        small(local.day())?,
        small(local.hour())?,
        small(local.minute())?,
        small(local.second())?,
        0,
    )
    .ok()
}
