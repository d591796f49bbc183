//! How an entry's time was written, and by which time zone rules it became an instant. Pure data.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::entry::Entry;
use crate::model::zone::Zone;
use crate::model::zones::{Version, Zones};

/// The time zone that a local time was written in, and what its rules made of it: with the instant, they give the local
/// time. A million records have a handful of these in common, so a `Written` is only a reference to one of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Written(Arc<Parts>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Parts {
    zone: Arc<str>,
    offset: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rules: Option<Version>,
}

/// Farther than the rules of a zone were changed while its people went on living by the same sun.
const NEAR: TimeDelta = TimeDelta::hours(3);

static KNOWN: LazyLock<Mutex<HashSet<Written>>> = LazyLock::new(Mutex::default);

thread_local! {
    /// The one that was asked for last: neighbours mostly have the same.
    static LAST: RefCell<Option<Written>> = const { RefCell::new(None) };
}

impl Written {
    /// Of this zone, with an offset of so many seconds, by rules of this version where that is known.
    pub fn new(zone: &str, offset: i32, rules: Option<&Version>) -> Self {
        let is = |known: &Self| {
            let parts = &known.0;
            *parts.zone == *zone && parts.offset == offset && parts.rules.as_ref() == rules
        };
        LAST.with_borrow_mut(|last| {
            if let Some(known) = last.as_ref().filter(|known| is(known)) {
                return known.clone();
            }
            let rules = rules.cloned();
            let zone = zone.into();
            let written = Self(Arc::new(Parts {
                zone,
                offset,
                rules,
            }));
            let mut all = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
            let written = all.get(&written).cloned().unwrap_or(written);
            all.insert(written.clone());
            last.insert(written).clone()
        })
    }

    /// What an entry says, read by rules of this version; `None`: it has an offset, or is in UTC, which no rules change.
    pub fn of(entry: &Entry, rules: Option<&Version>) -> Option<Self> {
        let zone = ruled(entry)?;
        Some(Self::new(zone.name(), offset(zone, entry.at()), rules))
    }

    /// What was written of a time that became this instant, if an onced read it that did not keep that yet.
    pub(super) fn before(zone: &str, at: DateTime<Utc>) -> Option<Self> {
        Self::by(&Zones::before(), zone, at)
    }

    /// What an execution that nothing is recorded of was scheduled by, if it is this entry's but for the instant: known
    /// rules that give it; else ones that are not known, where it is near.
    pub fn guess(entry: &Entry, at: DateTime<Utc>) -> Option<Self> {
        let zone = ruled(entry)?;
        let local = local(zone, entry.at());
        let known = [Zones::bundled(), Zones::before()];
        let by_known = known
            .iter()
            .filter_map(|zones| Self::by(zones, zone.name(), at))
            .find(|written| written.local(at) == local);
        let offset = local - at.naive_utc();
        let near = (at - entry.at()).abs() <= NEAR;
        let by_others = || {
            let offset = i32::try_from(offset.num_seconds()).ok();
            offset.map(|offset| Self::new(zone.name(), offset, None))
        };
        by_known.or_else(|| near.then(by_others).flatten())
    }

    fn by(zones: &Zones, zone: &str, at: DateTime<Utc>) -> Option<Self> {
        let there = zones.get(zone)?;
        Some(Self::new(zone, offset(there, at), zones.version()))
    }

    /// The zone's IANA name.
    pub fn zone(&self) -> &str {
        &self.0.zone
    }

    /// How far local time was ahead of UTC, in seconds.
    pub fn offset(&self) -> i32 {
        self.0.offset
    }

    /// The version of the rules, where it is known.
    pub fn rules(&self) -> Option<&Version> {
        self.0.rules.as_ref()
    }

    /// The local time, where this was the instant.
    pub fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        let ahead = TimeDelta::seconds(self.0.offset.into());
        let local = at.naive_utc().checked_add_signed(ahead);
        local.unwrap_or(at.naive_utc())
    }
}

/// The zone of an entry whose instant depends on rules.
pub(super) fn ruled(entry: &Entry) -> Option<Zone> {
    entry.zone().filter(|zone| !zone.is_utc())
}

/// What clocks show in a zone at an instant.
pub(super) fn local(zone: Zone, at: DateTime<Utc>) -> NaiveDateTime {
    at.with_timezone(&zone).naive_local()
}

fn offset(zone: Zone, at: DateTime<Utc>) -> i32 {
    let offset = zone.offset_from_utc_datetime(&at.naive_utc());
    offset.fix().local_minus_utc()
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = Parts::deserialize(deserializer)?;
        Ok(Self::new(&parts.zone, parts.offset, parts.rules.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entry::sample;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn what_is_the_same_is_kept_once() {
        let version = Version::parse("2026f").expect("a version");
        let one = Written::new("Europe/Berlin", 3600, Some(&version));
        Written::new("Europe/Berlin", 7200, Some(&version));
        let other = Written::new("Europe/Berlin", 3600, Some(&version));
        assert!(Arc::ptr_eq(&one.0, &other.0));
        let json = serde_json::to_string(&one).expect("JSON");
        assert_eq!(
            json,
            r#"{"zone":"Europe/Berlin","offset":3600,"rules":"2026f"}"#
        );
        let read: Written = serde_json::from_str(&json).expect("read");
        assert!(Arc::ptr_eq(&one.0, &read.0));
    }

    #[test]
    fn local_times_of_zones_are_kept_and_others_are_not() {
        let mut entry = sample("e");
        assert_eq!(Written::of(&entry, None), None);
        (entry.named_zone, entry.is_local) = (Some(Zone::utc()), true);
        assert_eq!(Written::of(&entry, None), None);
        entry.named_zone = Some(Zone::bundled("Asia/Tokyo"));
        let written = Written::of(&entry, Zones::bundled().version()).expect("it is kept");
        assert_eq!((written.zone(), written.offset()), ("Asia/Tokyo", 9 * 3600));
        assert_eq!(written.rules(), Zones::bundled().version());
        let local = written.local(entry.at());
        assert_eq!(local.to_string(), "1970-01-01 09:00:00");
    }

    /// `2026-12-15 09:00` in British Columbia, by the rules of before and of now.
    #[test]
    fn the_rules_of_before_are_known() {
        let at = time("2026-12-15T17:00:00Z");
        let written = Written::before("America/Vancouver", at).expect("a zone");
        assert_eq!(written.local(at).to_string(), "2026-12-15 09:00:00");
        assert_eq!(written.rules().map(Version::as_str), Some("2025b"));
        assert_eq!(Written::before("Mars/Phobos", at), None);
    }
}
