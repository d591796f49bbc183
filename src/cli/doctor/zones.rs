//! The time zone rules: how old the newest are that are known, and whether the daemon that runs goes by the same.

use chrono::{DateTime, Datelike, Utc};

use super::super::text;
use super::Report;
use crate::model::zones::{Version, Zones};
use crate::view::zone_rules::ZoneRules;

/// The rules in use, beside those that there were to choose and those of the daemon, where one runs.
pub(super) fn zones(
    zones: &Zones,
    daemon: Option<&ZoneRules>,
    now: DateTime<Utc>,
    report: &mut Report,
) {
    let check = "time zone rules";
    if let Some(note) = zones.note() {
        let remedy = "give it a directory of time zones that can be read, or `zoneinfo: bundled`";
        report.warn(check, note, remedy);
    }
    let other = zones.other();
    let newer =
        other.filter(|other| zones.version().is_some() && other.version() > zones.version());
    let newest = newer.unwrap_or(zones).version();
    if let Some(newer) = newer {
        let message = format!("{zones}, although there is {newer}");
        let remedy = "`zoneinfo: auto` in the configuration uses the newer ones";
        report.warn(check, message, remedy);
    }
    if newest.is_some_and(|newest| are_old(newest, now)) {
        let newest = newer.unwrap_or(zones);
        let message = format!(
            "{newest}, the newest rules here, are more than a year old: where a government has changed its clocks since, times are wrong"
        );
        let remedy = "upgrade the package that has the system's time zones (tzdata), or onced";
        report.warn(check, message, remedy);
    } else if newer.is_none() && zones.note().is_none() {
        report.ok(check, zones.to_string());
    }
    let own = ZoneRules::from(zones);
    let comes = "what is planned here may be at another time there";
    let differs = daemon.and_then(|daemon| text::other_rules(daemon, &own, comes));
    if let Some(note) = differs {
        report.warn(check, note.message, text::SAME_RULES);
    }
}

/// Is a version more than a year old for sure? It tells the year of its release, and not the day: the last day of that
/// year is a year ago once the next year is over.
fn are_old(version: &Version, now: DateTime<Utc>) -> bool {
    now.year() > version.year().saturating_add(1)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::Verdict;
    use super::*;
    use crate::model::zones::Origin;

    fn database(version: Option<&str>) -> Zones {
        let version = version.map(|version| Version::parse(version).unwrap());
        Zones::new(version, Origin::Directory(PathBuf::from("/a")), [])
    }

    fn told(zones_here: &Zones, daemon: Option<&ZoneRules>, now: &str) -> Vec<(Verdict, String)> {
        let mut report = Report::default();
        zones(zones_here, daemon, now.parse().unwrap(), &mut report);
        let checks = report.0.into_iter();
        checks.map(|check| (check.state, check.message)).collect()
    }

    #[test]
    fn a_warning_is_never_too_early() {
        let at = |version, now| told(&database(Some(version)), None, now)[0].0;
        for (version, now, expected) in [
            ("2026f", "2026-11-29T00:00:00Z", Verdict::Ok),
            ("2026f", "2027-12-31T23:59:59Z", Verdict::Ok),
            ("2026f", "2028-01-01T00:00:00Z", Verdict::Warning),
            ("2026a", "2027-12-31T23:59:59Z", Verdict::Ok),
            ("2027a", "2026-12-31T23:59:59Z", Verdict::Ok),
        ] {
            assert_eq!(at(version, now), expected, "{version} {now}");
        }
    }

    #[test]
    fn the_newest_one_counts() {
        let now = "2026-11-29T00:00:00Z";
        let (old, new) = (database(Some("2024a")), database(Some("2026f")));
        let unknown = database(None);
        assert_eq!(told(&old, None, now)[0].0, Verdict::Warning);
        assert_eq!(
            told(&new.clone().beside(&old), None, now),
            [(Verdict::Ok, "2026f (/a)".to_owned())]
        );
        let chosen = told(&old.clone().beside(&new), None, now);
        assert_eq!(
            chosen,
            [(
                Verdict::Warning,
                "2024a (/a), although there is 2026f (/a)".to_owned()
            )]
        );
        assert_eq!(told(&unknown, None, now)[0].0, Verdict::Ok);
        // Which of the two is newer is not known.
        assert_eq!(told(&unknown.beside(&new), None, now)[0].0, Verdict::Ok);
        let noted = new.with_note(Some("can't be read".into()));
        assert_eq!(
            told(&noted, None, now),
            [(Verdict::Warning, "can't be read".to_owned())]
        );
    }

    #[test]
    fn the_daemon_goes_by_the_same_or_not() {
        let now = "2026-11-29T00:00:00Z";
        let zones = database(Some("2026f"));
        let same = ZoneRules::from(&zones);
        assert_eq!(told(&zones, Some(&same), now).len(), 1);
        let other = ZoneRules::from(&database(Some("2025b")));
        let told = told(&zones, Some(&other), now);
        assert_eq!(told[1].0, Verdict::Warning);
        assert!(
            told[1].1.starts_with(
                "the daemon goes by the time zone rules 2025b (/a), this command by 2026f (/a):"
            ),
            "{told:?}"
        );
    }
}
