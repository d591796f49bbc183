//! Expressions of EventBridge and cron where a time belongs: of what happens once, the time; of what repeats, that onced
//! does not. Pure.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, Weekday};

use super::written::{self, Reference};

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const FORM: &str = "%Y-%m-%dT%H:%M:%S";
const ONE_EACH: &str = "write one entry for each time, such as `at: 2026-12-01T09:00:00`";

/// The message and the hint for an expression; `None`: this is none.
pub(super) fn refused(text: &str) -> Option<(String, String)> {
    let text = text.trim();
    if let Some(time) = inside(text, "at") {
        let message = format!("`{text}` is an expression of EventBridge");
        let hint = match written::read(time.trim()) {
            Ok(written) if written.reference == Reference::Zone => {
                in_its_zone(&written.to_string())
            }
            Ok(written) => format!("write `{written}`"),
            Err(refused) => refused.hint,
        };
        return Some((message, hint));
    }
    if inside(text, "rate").is_some() {
        return Some(repeats(text));
    }
    let cron = inside(text, "cron");
    let fields: Vec<&str> = cron.unwrap_or(text).split_whitespace().collect();
    let is_cron = matches!(fields.len(), 5 | 6) && fields.iter().all(|field| is_field(field));
    if cron.is_none() && !is_cron {
        return None;
    }
    let Some(once) = once(&fields) else {
        return Some(repeats(text));
    };
    let once = once.format(FORM).to_string();
    let message = format!("`{text}` is a cron expression");
    Some((message, in_its_zone(&once)))
}

/// Is this the key that EventBridge has for a time?
pub(in crate::source) fn is_key(key: &str) -> bool {
    is_named(key, "scheduleexpression")
}

/// The line to write for a key of EventBridge, as it is called there, in Terraform and in the CDK; `None`: this is none.
pub(in crate::source) fn instead_of_key(key: &str, value: Option<&str>) -> Option<String> {
    let value = value.unwrap_or_default().trim();
    if is_key(key) {
        let time = match inside(value, "at") {
            Some(time) => written::read(time.trim()).ok().map(|time| time.to_string()),
            None => once_of(value).map(|time| time.format(FORM).to_string()),
        };
        let repeats = || refused(value).map_or_else(|| ONE_EACH.to_owned(), |(_, hint)| hint);
        return Some(time.map_or_else(repeats, |time| format!("write `at: {time}`")));
    }
    if is_named(key, "scheduleexpressiontimezone") {
        let is_zone = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
        let is_zone = (value == "UTC" || value.contains('/')) && value.chars().all(is_zone);
        let zone = if is_zone && value.len() < 40 {
            value
        } else {
            "Europe/Berlin"
        };
        return Some(format!("write `timezone: {zone}`"));
    }
    None
}

/// Is a key this one, in whichever case and with whichever marks between its words?
fn is_named(key: &str, name: &str) -> bool {
    let letters = key.chars().filter(|c| !['_', '-'].contains(c));
    key.len() < 40 && letters.map(|c| c.to_ascii_lowercase()).eq(name.chars())
}

/// The one time of a cron expression of EventBridge.
fn once_of(text: &str) -> Option<NaiveDateTime> {
    let fields: Vec<&str> = inside(text, "cron")?.split_whitespace().collect();
    once(&fields)
}

fn in_its_zone(time: &str) -> String {
    format!("write `{time}`, with the schedule's `ScheduleExpressionTimezone` as `timezone`")
}

fn repeats(text: &str) -> (String, String) {
    let message = format!("`{text}` repeats, and onced runs each entry once");
    (message, ONE_EACH.to_owned())
}

fn inside<'t>(text: &'t str, function: &str) -> Option<&'t str> {
    let head = text.get(..function.len())?;
    let rest = text.get(function.len()..)?.trim_start();
    let is_it = head.eq_ignore_ascii_case(function);
    rest.strip_prefix('(')?.strip_suffix(')').filter(|_| is_it)
}

fn is_field(field: &str) -> bool {
    let letters: String = field.chars().filter(char::is_ascii_alphabetic).collect();
    let upper = letters.to_ascii_uppercase();
    let mut names = MONTHS.iter().chain(&DAYS);
    let of_names = names.any(|name| upper.contains(name));
    let mark = |c: char| c.is_ascii_alphanumeric() || "*/,-?#".contains(c);
    field.chars().all(mark) && (["", "L", "W", "LW"].contains(&upper.as_str()) || of_names)
}

/// The one time that an expression of EventBridge means, if it is one: minute, hour, day of the month, month, day of the
/// week and year.
fn once(fields: &[&str]) -> Option<NaiveDateTime> {
    let [minute, hour, day, month, weekday, year] = fields else {
        return None;
    };
    let number = |text: &str| {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<u32>().ok())?
    };
    let named = |text: &str, names: &[&str]| {
        let at = names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text));
        at.and_then(|at| u32::try_from(at + 1).ok())
    };
    let month = number(month).or_else(|| named(month, &MONTHS))?;
    let first = NaiveDate::from_ymd_opt(i32::try_from(number(year)?).ok()?, month, 1)?;
    let last = first.checked_add_months(Months::new(1))?.pred_opt()?;
    let date = if let Some((weekday, nth)) = weekday.split_once('#') {
        if *day != "?" {
            return None;
        }
        let weekday = number(weekday).or_else(|| named(weekday, &DAYS))?;
        // 1 is Sunday.
        let from_monday = u8::try_from(weekday.checked_sub(1)? + 6).ok()? % 7;
        let weekday = Weekday::try_from(from_monday).ok()?;
        let nth = u8::try_from(number(nth)?).ok()?;
        NaiveDate::from_weekday_of_month_opt(first.year(), month, weekday, nth)?
    } else if *weekday != "?" {
        return None;
    } else if day.eq_ignore_ascii_case("L") {
        last
    } else if let Some(near) = day.strip_suffix(['W', 'w']) {
        let exact = first.with_day(number(near)?)?;
        // The nearest weekday of the same month.
        match exact.weekday() {
            Weekday::Sat if exact == first => exact.checked_add_days(Days::new(2))?,
            Weekday::Sat => exact.pred_opt()?,
            Weekday::Sun if exact == last => exact.checked_sub_days(Days::new(2))?,
            Weekday::Sun => exact.succ_opt()?,
            _ => exact,
        }
    } else {
        first.with_day(number(day)?)?
    };
    date.and_hms_opt(number(hour)?, number(minute)?, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_once_is_told_as_a_time() {
        for (text, time) in [
            ("at(2027-06-01T09:00:00)", "2027-06-01T09:00:00"),
            ("At( 2027-06-01 09:00 )", "2027-06-01T09:00:00"),
            ("cron(0 9 1 6 ? 2027)", "2027-06-01T09:00:00"),
            ("cron(5 23 31 DEC ? 2027)", "2027-12-31T23:05:00"),
            ("cron(0 9 L feb ? 2028)", "2028-02-29T09:00:00"),
            ("cron(0 9 ? 6 3#1 2027)", "2027-06-01T09:00:00"),
            ("cron(0 9 ? 6 SUN#2 2027)", "2027-06-13T09:00:00"),
            // The first of May 2027 is a Saturday, the last of October a Sunday.
            ("cron(0 9 1W 5 ? 2027)", "2027-05-03T09:00:00"),
            ("cron(0 9 31W 10 ? 2027)", "2027-10-29T09:00:00"),
            ("cron(0 9 16W 10 ? 2027)", "2027-10-15T09:00:00"),
            ("0 9 1 6 ? 2027", "2027-06-01T09:00:00"),
        ] {
            let (message, hint) = refused(text).unwrap();
            assert!(!message.contains("repeats"), "{text}: {message}");
            assert!(
                hint.starts_with(&format!("write `{time}`")),
                "{text}: {hint}"
            );
        }
    }

    #[test]
    fn what_repeats_is_told_so() {
        for text in [
            "rate(5 minutes)",
            "rate(1 day)",
            "cron(0 9 * * ? *)",
            "cron(0 9 1 6 ? *)",
            "cron(0 9 1,2 6 ? 2027)",
            "cron(0/5 9 1 6 ? 2027)",
            "cron(0 9 ? 6 TUE 2027)",
            "cron(0 9 31 6 ? 2027)",
            "cron(0 25 1 6 ? 2027)",
            "cron(0 9 1 6 2 2027)",
            "cron()",
            "0 9 1 6 *",
            "*/5 * * * MON-FRI",
        ] {
            let (message, hint) = refused(text).unwrap();
            assert!(message.contains("repeats"), "{text}: {message}");
            assert!(hint.contains("one entry for each time"), "{text}: {hint}");
        }
        for text in [
            "",
            "at",
            "at()x",
            "atlas(1)",
            "rated(1)",
            "see you at nine or ten",
            "a b c d e",
        ] {
            assert_eq!(refused(text), None, "{text}");
        }
    }

    #[test]
    fn keys_of_event_bridge_have_the_line_to_write() {
        for (key, value, line) in [
            (
                "ScheduleExpression",
                "at(2027-06-01T09:00:00)",
                "write `at: 2027-06-01T09:00:00`",
            ),
            (
                "schedule_expression",
                "cron(0 9 1 6 ? 2027)",
                "write `at: 2027-06-01T09:00:00`",
            ),
            ("scheduleExpression", "rate(5 minutes)", ONE_EACH),
            ("ScheduleExpression", "cron(0 9 * * ? *)", ONE_EACH),
            ("ScheduleExpression", "", ONE_EACH),
            (
                "ScheduleExpressionTimezone",
                "America/New_York",
                "write `timezone: America/New_York`",
            ),
            (
                "schedule_expression_timezone",
                "UTC",
                "write `timezone: UTC`",
            ),
            (
                "ScheduleExpressionTimezone",
                "my secret",
                "write `timezone: Europe/Berlin`",
            ),
        ] {
            assert_eq!(
                instead_of_key(key, Some(value)).as_deref(),
                Some(line),
                "{key}: {value}"
            );
        }
        for key in ["expression", "Schedule", "ScheduleExpressions", ""] {
            assert_eq!(
                instead_of_key(key, Some("at(2027-06-01T09:00:00)")),
                None,
                "{key}"
            );
        }
    }

    #[test]
    fn an_expression_with_a_mistake_within_says_what_is_wrong_with_it() {
        let (_, hint) = refused("at(2027-06-01T09:00:00.5)").unwrap();
        assert_eq!(hint, "write `2027-06-01T09:00:00`");
    }
}
