//! What a reviewer had better look at twice before a plan is done: times that are past, near a change of the clocks, far
//! ahead, or close to each other. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::collisions::CLOSE;
use super::odd_payloads::odd_payload;
use super::odd_times::{clocks_change, etc_gmt, offset, past};
use crate::model::entry::{Entry, EntryName, instant};
use crate::model::plan::{Policy, after};

/// How near a change of the clocks is told.
const NEAR: TimeDelta = TimeDelta::hours(24);
/// How many names a finding shows.
const SHOWN: usize = 5;

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Its time is past.
    Past,
    /// It is written with an offset which the zone that is named for it does not have then.
    Offset,
    /// Its zone is of the form `Etc/GMT+8`, which is UTC-8.
    EtcGmt,
    /// It is written in local time, and the clocks change within a day of it.
    Dst,
    /// It is farther ahead than the horizon.
    Far,
    /// Others fire within 5 minutes of it.
    Close,
    /// Something in its payload is another value for programs that read YAML 1.1.
    Yaml11,
    /// Its payload is a text that holds a JSON object or list.
    JsonText,
    /// A whole number in its payload is another one for programs that keep numbers in 64 bits.
    BigInteger,
    /// `payload:` stands there with nothing behind it.
    NullPayload,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Past,
        Self::Offset,
        Self::EtcGmt,
        Self::Dst,
        Self::Far,
        Self::Close,
        Self::Yaml11,
        Self::JsonText,
        Self::BigInteger,
        Self::NullPayload,
    ];

    /// Is it of a payload, and not of a time?
    pub fn is_of_payload(self) -> bool {
        matches!(
            self,
            Self::Yaml11 | Self::JsonText | Self::BigInteger | Self::NullPayload
        )
    }

    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Past => "past",
            Self::Offset => "offset",
            Self::EtcGmt => "etc-gmt",
            Self::Dst => "dst",
            Self::Far => "far",
            Self::Close => "close",
            Self::Yaml11 => "yaml11",
            Self::JsonText => "json-text",
            Self::BigInteger => "big-integer",
            Self::NullPayload => "null-payload",
        }
    }
}

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// See there.
    pub finding: Kind,
    /// Which entries, the earliest first; only with `close` more than one.
    pub names: Vec<EntryName>,
    /// When the first of them fires.
    pub at: String,
    /// Where the first of them is.
    pub file: Arc<str>,
    /// See `file`.
    pub line: usize,
    /// What is to be seen.
    pub message: String,
}

impl Finding {
    fn of(finding: Kind, entries: &[&Entry], message: String) -> Option<Self> {
        let first = entries.first()?;
        Some(Self {
            finding,
            names: entries.iter().map(|entry| entry.name.clone()).collect(),
            at: instant(first.at()),
            file: first.file.clone(),
            line: first.line(),
            message,
        })
    }
}

/// What is to be seen of those entries that a plan is about, among all that are wanted: by kind, then by time.
pub fn findings(
    entries: &BTreeMap<EntryName, Arc<Entry>>,
    about: &BTreeSet<EntryName>,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Vec<Finding> {
    if about.is_empty() {
        return Vec::new();
    }
    let enabled = entries.values().map(AsRef::as_ref);
    let mut enabled: Vec<&Entry> = enabled.filter(|entry: &&Entry| entry.enabled).collect();
    enabled.sort_by(|a, b| (a.at(), &a.name).cmp(&(b.at(), &b.name)));
    let mut findings = Vec::new();
    for entry in enabled.iter().filter(|entry| about.contains(&entry.name)) {
        let told = [
            (Kind::Past, past(entry, now)),
            (Kind::Offset, offset(entry)),
            (Kind::EtcGmt, etc_gmt(entry)),
            (
                Kind::Dst,
                to_come(entry, now).and_then(|entry| clocks_change(entry, NEAR)),
            ),
            (Kind::Far, far(entry, policy, now)),
        ];
        findings.extend(told.into_iter().chain(odd_payload(entry.marks)).filter_map(
            |(kind, message)| Finding::of(kind, std::slice::from_ref(entry), message?),
        ));
    }
    enabled.retain(|entry| entry.at() >= now);
    findings.extend(close(&enabled, about));
    findings.sort_by_key(|finding| finding.finding);
    findings
}

fn to_come(entry: &Entry, now: DateTime<Utc>) -> Option<&Entry> {
    (entry.at() > now).then_some(entry)
}

fn far(entry: &Entry, policy: &Policy, now: DateTime<Utc>) -> Option<String> {
    let days = policy.horizon.as_secs() / 86_400;
    (entry.at() > after(now, policy.horizon)).then(|| {
        format!("it is farther ahead than `reconcile.horizon` of {days} d: it waits in the ledger until then")
    })
}

/// Groups of firings in which each is close to the next; of those only what the plan is about, and what that is close to.
fn close(firings: &[&Entry], about: &BTreeSet<EntryName>) -> Vec<Finding> {
    let are_close = |a: &Entry, b: &Entry| b.at() - a.at() <= CLOSE;
    let is_about = |entry: &Entry| about.contains(&entry.name);
    let mut findings = Vec::new();
    for group in firings.chunk_by(|a, b| are_close(a, b)) {
        let concerned = |place: usize| {
            let entry = group[place];
            let near = |other: Option<&&Entry>| {
                other.is_some_and(|other| {
                    is_about(other) && (other.at() - entry.at()).abs() <= CLOSE
                })
            };
            let before = place.checked_sub(1).and_then(|before| group.get(before));
            is_about(entry) || near(before) || near(group.get(place + 1))
        };
        let told: Vec<&Entry> = (0..group.len())
            .filter(|place| group.len() > 1 && concerned(*place))
            .map(|place| group[place])
            .collect();
        for run in told.chunk_by(|a, b| are_close(a, b)) {
            findings.extend(Finding::of(Kind::Close, run, together(run)));
        }
    }
    findings
}

fn together(firings: &[&Entry]) -> String {
    let names = firings.iter().take(SHOWN);
    let mut names: Vec<String> = names.map(|entry| format!("`{}`", entry.name)).collect();
    if firings.len() > SHOWN {
        names.push(format!("and {} more", firings.len() - SHOWN));
    }
    let each = if firings.len() == 2 {
        "of each other"
    } else {
        "of the next"
    };
    format!(
        "{} fire within {} minutes {each}: {}",
        number(firings.len()),
        CLOSE.num_minutes(),
        names.join(", ")
    )
}

/// In words as far as people write them so.
pub fn number(number: usize) -> String {
    const WORDS: [&str; 13] = [
        "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    WORDS
        .get(number)
        .map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

/// All findings in one line: `one is past; two within 5 minutes of each other`. Empty where there are none.
pub fn in_short(findings: &[Finding]) -> String {
    let count = |kind: Kind| {
        let of_kind = findings.iter().filter(|finding| finding.finding == kind);
        of_kind.map(|finding| finding.names.len()).sum::<usize>()
    };
    let phrase = |kind: Kind| {
        let count = count(kind);
        let (words, are) = (number(count), if count == 1 { "is" } else { "are" });
        let phrase = match kind {
            Kind::Past => format!("{words} {are} past"),
            Kind::Offset => format!("{words} with another offset than that of the zone"),
            Kind::EtcGmt => format!("{words} in a zone of the form Etc/GMT+8"),
            Kind::Dst => format!("{words} within a day of a change of the clocks"),
            Kind::Far => format!("{words} farther ahead than the horizon"),
            Kind::Close => format!("{words} within 5 minutes of each other"),
            Kind::Yaml11 => format!("{words} with another value in YAML 1.1"),
            Kind::JsonText => format!("{words} with JSON in a text"),
            Kind::BigInteger => format!("{words} with an integer beyond 2^53"),
            Kind::NullPayload => format!("{words} with nothing behind `payload:`"),
        };
        (count > 0).then_some(phrase)
    };
    let phrases: Vec<String> = Kind::ALL.into_iter().filter_map(phrase).collect();
    phrases.join("; ")
}

#[cfg(test)]
mod tests {
    use crate::model::zone::Zone;
    use std::time::Duration;

    use super::*;
    use crate::model::content::Content;
    use crate::model::entry::sample;
    use crate::model::plan::{MaxStops, Rules};

    fn policy() -> Policy {
        Policy {
            start_only: false,
            stop_after: Duration::from_secs(30),
            horizon: Duration::from_hours(300 * 24),
            max_stops: MaxStops::Percent(30),
            rules: Rules::default(),
        }
    }

    fn told(entries: &[(&str, &str)], about: &[&str]) -> Vec<(Kind, String)> {
        let entry = |(name, at): &(&str, &str)| {
            let entry = Entry {
                content: Content::new(at.parse().unwrap(), "", "{}"),
                named_zone: Some(Zone::bundled("Europe/Berlin")),
                is_local: !name.starts_with("offset"),
                grace: Duration::from_mins(5),
                ..sample(name)
            };
            (entry.name.clone(), Arc::new(entry))
        };
        let about = about.iter().map(|name| EntryName::parse(name).unwrap());
        let now = "2026-10-01T00:00:00Z".parse().unwrap();
        let entries = entries.iter().map(entry).collect();
        findings(&entries, &about.collect(), &policy(), now)
            .into_iter()
            .map(|finding| {
                let names: Vec<&str> = finding.names.iter().map(EntryName::as_str).collect();
                (finding.finding, names.join(" "))
            })
            .collect()
    }

    #[test]
    fn what_a_reviewer_had_better_see() {
        let entries = [
            ("old", "2026-09-01T00:00:00Z"),
            ("late", "2026-09-30T23:58:00Z"),
            ("day-of-change", "2026-10-25T08:00:00Z"),
            ("two-days-before", "2026-10-22T22:00:00Z"),
            ("far", "2027-09-01T00:00:00Z"),
            ("offset", "2026-10-25T12:00:00Z"),
        ];
        let all = [
            "old",
            "late",
            "day-of-change",
            "two-days-before",
            "far",
            "offset",
        ];
        assert_eq!(
            told(&entries, &all),
            [
                (Kind::Past, "old".to_owned()),
                (Kind::Past, "late".to_owned()),
                (Kind::Offset, "offset".to_owned()),
                (Kind::Dst, "day-of-change".to_owned()),
                (Kind::Far, "far".to_owned()),
            ]
        );
        assert_eq!(told(&entries, &["two-days-before"]), []);
    }

    #[test]
    fn only_what_is_close_to_a_change_is_told() {
        let entries = [
            ("a", "2026-11-01T09:00:00Z"),
            ("b", "2026-11-01T09:05:00Z"),
            ("c", "2026-11-01T09:09:00Z"),
            ("d", "2026-11-01T09:14:01Z"),
            ("e", "2026-11-01T09:14:01Z"),
        ];
        let close = |names: &str| (Kind::Close, names.to_owned());
        assert_eq!(told(&entries, &["a"]), [close("a b")]);
        assert_eq!(told(&entries, &["b"]), [close("a b c")]);
        assert_eq!(told(&entries, &["c"]), [close("b c")]);
        assert_eq!(told(&entries, &["e"]), [close("d e")]);
        assert_eq!(told(&entries, &["a", "e"]), [close("a b"), close("d e")]);
        assert_eq!(told(&entries, &[]), []);
    }

    #[test]
    fn in_one_line() {
        let finding = |finding, names: &[&str]| Finding {
            finding,
            names: names.iter().map(|n| EntryName::parse(n).unwrap()).collect(),
            at: String::new(),
            file: "a.yaml".into(),
            line: 1,
            message: String::new(),
        };
        let all = [
            finding(Kind::Past, &["a"]),
            finding(Kind::Close, &["b", "c"]),
        ];
        assert_eq!(
            in_short(&all),
            "one is past; two within 5 minutes of each other"
        );
        assert_eq!(in_short(&[]), "");
    }
}
