//! An entry that fires at another instant only because the rules of its time zone are other ones now. Pure.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::entry::{Entry, instant};
use crate::model::record::Record;
use crate::model::written::{Written, local, ruled};
use crate::model::zones::{Version, Zones};

/// Why such an entry is replaced.
pub const RULES_CHANGED: &str = "time zone rules changed";

/// No rules that people live by move anything farther: from one side of the date line to the other.
const FARTHEST: TimeDelta = TimeDelta::hours(26);

/// From which instant to which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// By the rules that it was scheduled by.
    pub was: DateTime<Utc>,
    /// By the rules of now.
    pub is: DateTime<Utc>,
    /// The version of the rules that it was scheduled by, where it is known.
    pub by: Option<Version>,
    /// Its move waits for a person's word.
    pub waits: bool,
}

impl Shift {
    /// What of an entry differs from its record, if it is the instant alone, and the local time that was written is the same.
    pub fn of(entry: &Entry, record: &Record) -> Option<Self> {
        let (was, is) = (record.at, entry.at());
        if was == is {
            return None;
        }
        let zone = ruled(entry)?;
        let before = || Written::before(zone.name(), was);
        let written = record.written.clone().or_else(before)?;
        let same = written.zone() == zone.name() && written.local(was) == local(zone, is);
        (same && is_it(entry, record)).then(|| Self {
            was,
            is,
            by: written.rules().cloned(),
            waits: false,
        })
    }

    /// How far it moves: later is more.
    pub fn by_how_much(&self) -> TimeDelta {
        self.is - self.was
    }

    /// Farther than any rules that people live by would move it.
    pub fn is_wild(&self) -> bool {
        self.by_how_much().abs() > FARTHEST
    }

    /// Why rules of this version may not move it without a person's word: only newer ones are known to be better.
    pub fn doubt(&self, rules: &Zones) -> Option<String> {
        match (&self.by, rules.version()) {
            (Some(by), Some(version)) if version > by => None,
            (Some(by), Some(version)) if version == by => Some(format!(
                "time zone rules of the same version, {by}, gave another time before"
            )),
            (Some(by), Some(version)) => Some(format!(
                "the time zone rules, {version}, are older than those that it was scheduled by, {by}"
            )),
            (Some(by), None) => Some(format!(
                "the version of the time zone rules is not known, and it was scheduled by {by}"
            )),
            (None, _) => Some(
                "it is not known by which time zone rules it was scheduled, or whether its time was changed"
                    .to_owned(),
            ),
        }
    }

    /// Both instants: `was at …, is at …, 1 h earlier`.
    pub fn instants(&self) -> String {
        let (was, is) = (instant(self.was), instant(self.is));
        format!("was at {was}, is at {is}, {}", self.in_words())
    }

    /// What is told of it, and by which rules it was and is.
    pub fn detail(&self, rules: &Zones) -> String {
        let version =
            |version: Option<&Version>| version.map_or("unknown", Version::as_str).to_owned();
        let (by, now) = (version(self.by.as_ref()), version(rules.version()));
        format!("{RULES_CHANGED} ({by} to {now}): {}", self.instants())
    }

    /// By how much: `1 h earlier`.
    pub fn in_words(&self) -> String {
        let by = self.by_how_much();
        let seconds = by.num_seconds().unsigned_abs();
        let mut text = String::new();
        for (count, unit) in [
            (seconds / 3600, "h"),
            (seconds / 60 % 60, "min"),
            (seconds % 60, "s"),
        ] {
            if count > 0 {
                let space = if text.is_empty() { "" } else { " " };
                let _ = write!(text, "{space}{count} {unit}");
            }
        }
        let way = if by < TimeDelta::zero() {
            "earlier"
        } else {
            "later"
        };
        format!("{text} {way}")
    }
}

/// Would the entry be what is recorded, if it fired when that does?
fn is_it(entry: &Entry, record: &Record) -> bool {
    let there = entry.content.at_another(record.at);
    there.is_some_and(|there| there.fingerprint() == record.fingerprint)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::content::Content;
    use crate::model::entry::{lambda_input, sample};
    use crate::model::name::Owner;
    use crate::model::zone::Zone;

    /// An entry that fires then, as rules of this database had it.
    pub(crate) fn ruled(name: &str, zone: Zone, at: DateTime<Utc>) -> Entry {
        let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:M";
        let input = lambda_input("f", at, &serde_json::json!({"n": 1}));
        Entry {
            content: Content::new(at, machine, input),
            named_zone: Some(zone),
            is_local: true,
            grace: std::time::Duration::from_mins(5),
            ..sample(name)
        }
    }

    fn vancouver(zones: &Zones) -> Entry {
        let zone = zones.get("America/Vancouver").expect("a zone");
        let written = "2026-12-15T09:00:00".parse::<chrono::NaiveDateTime>();
        let at = written.expect("a time").and_local_timezone(zone).single();
        ruled("e", zone, at.expect("one instant").to_utc())
    }

    fn recorded(entry: &Entry, rules: &Zones) -> Record {
        let owner = Owner::parse("test").expect("an owner");
        Record {
            written: Written::of(entry, rules.version()),
            ..Record::starting(&owner, entry, None, DateTime::UNIX_EPOCH)
        }
    }

    #[test]
    fn only_the_rules_changed() {
        let (before, now) = (Zones::before(), Zones::bundled());
        let (old, new) = (vancouver(&before), vancouver(&now));
        let record = recorded(&old, &before);
        let shift = Shift::of(&new, &record).expect("a shift");
        assert_eq!(
            shift.instants(),
            "was at 2026-12-15T17:00:00Z, is at 2026-12-15T16:00:00Z, 1 h earlier"
        );
        assert_eq!(shift.doubt(&now), None);
        let why = shift.doubt(&before).expect("no newer one");
        assert!(why.contains("same version"), "{why}");
        assert_eq!(Shift::of(&old, &record), None, "nothing changed");
        // And back.
        let record = recorded(&new, &now);
        let back = Shift::of(&old, &record).expect("a shift");
        assert!(back.doubt(&before).expect("a doubt").contains("older"));
        assert_eq!(back.in_words(), "1 h later");
    }

    /// What an onced of before recorded is judged by the rules that it had.
    #[test]
    fn records_that_keep_nothing_of_it_are_of_2025b() {
        let (old, new) = (vancouver(&Zones::before()), vancouver(&Zones::bundled()));
        let record = Record {
            written: None,
            ..recorded(&old, &Zones::before())
        };
        let shift = Shift::of(&new, &record).expect("a shift");
        assert_eq!(shift.by.as_ref().map(Version::as_str), Some("2025b"));
        assert_eq!(shift.doubt(&Zones::bundled()), None);
    }

    #[test]
    fn what_a_person_changed_is_no_shift() {
        let (before, now) = (Zones::before(), Zones::bundled());
        let new = vancouver(&now);
        let record = recorded(&vancouver(&before), &before);
        let zone = |name| now.get(name).expect("a zone");
        let others = [
            // Another local time, another zone, an offset, another payload, another function.
            ruled(
                "e",
                zone("America/Vancouver"),
                new.at() - TimeDelta::hours(1),
            ),
            ruled("e", zone("America/Whitehorse"), new.at()),
            Entry {
                named_zone: None,
                is_local: false,
                ..new.clone()
            },
            Entry {
                content: Content::new(
                    new.at(),
                    new.state_machine().clone(),
                    lambda_input("f", new.at(), &serde_json::json!({"n": 2})),
                ),
                ..new.clone()
            },
            Entry {
                content: Content::new(new.at(), "arn:other", new.input().clone()),
                ..new.clone()
            },
        ];
        for other in others {
            assert_eq!(Shift::of(&other, &record), None, "{other:?}");
        }
    }
}
