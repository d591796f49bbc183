//! Names of time zones that are not taken, and what to write instead: IANA's of one word, Windows', and offsets. Pure;
//! knows no zone's rules.

use super::instead::as_typed;
use super::windows::ZONES;
use super::{Wrong, wrong};

/// IANA's names of one word that are not abbreviations, with the zone to write. From the file `backward` of tzdata 2026f;
/// of Iceland, the name of the place rather than that of Abidjan, whose clocks it shares.
const ONE_WORD: &[(&str, &str)] = &[
    ("Cuba", "America/Havana"),
    ("Egypt", "Africa/Cairo"),
    ("Eire", "Europe/Dublin"),
    ("GB", "Europe/London"),
    ("GB-Eire", "Europe/London"),
    ("Hongkong", "Asia/Hong_Kong"),
    ("Iceland", "Atlantic/Reykjavik"),
    ("Iran", "Asia/Tehran"),
    ("Israel", "Asia/Jerusalem"),
    ("Jamaica", "America/Jamaica"),
    ("Japan", "Asia/Tokyo"),
    ("Kwajalein", "Pacific/Kwajalein"),
    ("Libya", "Africa/Tripoli"),
    ("Navajo", "America/Denver"),
    ("NZ", "Pacific/Auckland"),
    ("NZ-CHAT", "Pacific/Chatham"),
    ("Poland", "Europe/Warsaw"),
    ("Portugal", "Europe/Lisbon"),
    ("PRC", "Asia/Shanghai"),
    ("ROC", "Asia/Taipei"),
    ("ROK", "Asia/Seoul"),
    ("Singapore", "Asia/Singapore"),
    ("Turkey", "Europe/Istanbul"),
    ("W-SU", "Europe/Moscow"),
];

/// Names of UTC.
const UTC: &[&str] = &["UCT", "Universal", "Zulu", "Greenwich", "GMT0"];

/// Abbreviations that tzdata has as zones, and what to write for what most people mean by them. Since tzdata 2024b, `EST`,
/// `MST` and `HST` are Panama, Phoenix and Honolulu, whose clocks never change; who writes `EST` may mean New York.
const ABBREVIATIONS: &[(&str, &str)] = &[
    (
        "GMT",
        "write `UTC`, or `Europe/London` for London's time, which is ahead of it in summer",
    ),
    (
        "EST",
        "write `America/New_York`, or `America/Panama` where the clocks never change",
    ),
    (
        "MST",
        "write `America/Denver`, or `America/Phoenix` where the clocks never change",
    ),
    ("HST", "write `Pacific/Honolulu`"),
    ("EST5EDT", "write `America/New_York`"),
    ("CST6CDT", "write `America/Chicago`"),
    ("MST7MDT", "write `America/Denver`"),
    ("PST8PDT", "write `America/Los_Angeles`"),
];

/// An error where a text is a name of a zone that is not taken; all else is left to the database.
pub(super) fn check(text: &str) -> Result<(), Wrong> {
    if text == "UTC" || text.contains('/') && text.is_ascii() {
        return Ok(());
    }
    if text.trim().is_empty() {
        let hint = "write the zone's IANA name, such as `Europe/Berlin`, or leave the key out";
        return Err(wrong("the name of a time zone is empty".into(), hint));
    }
    let is_it = |name: &str| name.eq_ignore_ascii_case(text.trim());
    let among = |table: &[(&str, &'static str)]| {
        let found = table.iter().find(|(name, _)| is_it(name));
        found.map(|(_, instead)| *instead)
    };
    if let Some((character, meant)) = as_typed(text) {
        return Err(wrong(
            format!("`{text}` has {character}"),
            format!("write `{meant}`"),
        ));
    }
    if let Some(zone) = windows(text.trim()) {
        return Err(wrong(
            format!("`{text}` is Windows' name of a time zone, not IANA's"),
            format!("write `{zone}`"),
        ));
    }
    if let Some(minutes) = offset(text) {
        return Err(wrong(
            format!("`{text}` is an offset, not a time zone"),
            of_offset(minutes),
        ));
    }
    if let Some(zone) = among(ONE_WORD) {
        return Err(wrong(
            format!("`{text}` is an old name of a time zone"),
            format!("write `{zone}`"),
        ));
    }
    if UTC.iter().any(|name| is_it(name)) {
        return Err(wrong(
            format!("`{text}` is an old name of UTC"),
            "write `UTC`",
        ));
    }
    among(ABBREVIATIONS).map_or(Ok(()), |hint| {
        let message = format!("`{text}` is an abbreviation, not a time zone");
        Err(wrong(message, hint))
    })
}

/// The zone of a name of Windows', for winter or for summer.
fn windows(text: &str) -> Option<&'static str> {
    // As Outlook and Windows show them: `(UTC-05:00) Eastern Time (US & Canada)`.
    let shown = text
        .strip_prefix("(UTC")
        .and_then(|text| text.split_once(") "));
    let text = shown.map_or(text, |(_, text)| text).to_ascii_lowercase();
    let north = [" time (us & canada)", " time (canada)"]
        .iter()
        .find_map(|end| text.strip_suffix(end));
    let standard = north.map_or(text.clone(), |name| format!("{name} standard time"));
    let standard = standard
        .replace("daylight time", "standard time")
        .replace("summer time", "standard time");
    let found = ZONES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(&standard));
    found.map(|(_, zone)| *zone)
}

/// Minutes east of UTC: `UTC+01:00`, `GMT+1`, `+0100`, `UTC+5:30`.
fn offset(text: &str) -> Option<i32> {
    let text: String = text.split_whitespace().collect();
    let upper = text.to_ascii_uppercase();
    let signed = ["UTC", "GMT"]
        .iter()
        .find_map(|prefix| upper.strip_prefix(prefix))
        .unwrap_or(&upper);
    let sign = match signed.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits = &signed[1..];
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "00"),
    };
    let number = |text: &str, least: usize| {
        let good = (least..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        good.then(|| text.parse::<i32>().ok())?
    };
    let (hours, minutes) = (number(hours, 1)?, number(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

fn of_offset(minutes: i32) -> String {
    if minutes == 0 {
        return "write `UTC`".to_owned();
    }
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    let in_at =
        format!("write it in `at`, such as `2026-12-01T09:00:00{sign}{hours:02}:{rest:02}`");
    // In these names, the sign is that of POSIX: west is positive.
    if rest == 0 && (-12..=14).contains(&(minutes / 60)) {
        let (other, way) = match sign {
            '+' => ('-', "ahead of"),
            _ => ('+', "behind"),
        };
        let hour = if hours == 1 { "hour" } else { "hours" };
        return format!(
            "{in_at}; or write `Etc/GMT{other}{hours}`, the zone that is {hours} {hour} {way} UTC"
        );
    }
    format!("{in_at}; or write the IANA name of the place")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::zones::Zones;

    fn zone(text: &str) -> Result<(), Wrong> {
        super::super::zone(text, &Zones::bundled()).map(|_| ())
    }

    fn told(text: &str) -> String {
        let wrong = zone(text).unwrap_err();
        format!("{}: {}", wrong.message, wrong.hint.unwrap_or_default())
    }

    /// Each zone that is named as the one to write is taken.
    #[test]
    fn what_we_say_to_write_is_a_zone() {
        let hints = ABBREVIATIONS.iter().map(|(_, hint)| *hint);
        let of_hints = hints.flat_map(|hint| hint.split('`').skip(1).step_by(2));
        let tables = ZONES.iter().chain(ONE_WORD).map(|(_, zone)| *zone);
        let mut count = 0;
        for name in tables.chain(of_hints) {
            assert!(zone(name).is_ok(), "{name}");
            count += 1;
        }
        assert!(count > 160, "{count}");
        for (name, _) in ZONES.iter().chain(ONE_WORD).chain(ABBREVIATIONS) {
            assert!(check(name).is_err(), "{name}");
        }
        let lower = |at: usize| ZONES[at].0.to_ascii_lowercase();
        assert!((1..ZONES.len()).all(|at| lower(at - 1) < lower(at)));
    }

    #[test]
    fn each_kind_of_name_says_what_to_write() {
        for (text, message, hint) in [
            (
                "W. Europe Standard Time",
                "Windows' name",
                "`Europe/Berlin`",
            ),
            (
                "Eastern Time (US & Canada)",
                "Windows' name",
                "`America/New_York`",
            ),
            (
                "(UTC-04:00) Atlantic Time (Canada)",
                "Windows' name",
                "`America/Halifax`",
            ),
            (
                "w. europe daylight time",
                "Windows' name",
                "`Europe/Berlin`",
            ),
            ("India Standard Time", "Windows' name", "`Asia/Kolkata`"),
            ("Japan", "old name", "`Asia/Tokyo`"),
            ("japan", "old name", "`Asia/Tokyo`"),
            ("Zulu", "old name of UTC", "write `UTC`"),
            ("GMT", "abbreviation", "`Europe/London`"),
            ("EST", "abbreviation", "`America/New_York`"),
            ("EST5EDT", "abbreviation", "write `America/New_York`"),
            ("CET", "abbreviation", "IANA name"),
            ("PST", "abbreviation", "IANA name"),
            (
                "UTC+01:00",
                "is an offset",
                "`2026-12-01T09:00:00+01:00`; or write `Etc/GMT-1`, the zone that is 1 hour ahead of UTC",
            ),
            (
                "GMT-8",
                "is an offset",
                "`Etc/GMT+8`, the zone that is 8 hours behind UTC",
            ),
            (
                "UTC +5:30",
                "is an offset",
                "+05:30`; or write the IANA name",
            ),
            ("+0100", "is an offset", "`Etc/GMT-1`"),
            ("-13", "is an offset", "-13:00`; or write the IANA name"),
            ("UTC+0", "is an offset", "write `UTC`"),
            (
                "Europe/Berlin\u{2019}",
                "a right single quotation mark (U+2019)",
                "write `Europe/Berlin`",
            ),
            ("Europe/Berln", "there is no", "`Europe/Berlin`"),
        ] {
            let told = told(text);
            let (said, remedy) = told.rsplit_once(": ").unwrap();
            assert!(said.contains(message), "{told}");
            assert!(remedy.contains(hint), "{told}");
        }
    }

    #[test]
    fn names_that_are_taken() {
        for name in [
            "UTC",
            "Etc/GMT+8",
            "Etc/UTC",
            "US/Pacific",
            "America/New_York",
        ] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }
}
