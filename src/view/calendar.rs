//! The firings to come, by month: which they are, and a month as a grid of text. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};

use super::EntryView;
use super::agenda::{Row, Shown};
use super::collisions;
use super::select::{Selection, fires};

/// What is to come: what will still fire, and what is refused as yet. Which are close to each other is judged among all
/// of them, not only among those that are selected.
pub fn firings<'a>(
    entries: &'a [EntryView],
    selection: &Selection,
    now: DateTime<Utc>,
) -> Vec<Row<'a>> {
    let comes =
        |entry: &&EntryView| fires(entry, now) || entry.phase == "refused" && entry.time() >= now;
    let row = |entry: &'a EntryView| Row {
        at: entry.time(),
        entry,
        close: false,
    };
    let mut rows: Vec<Row<'_>> = entries.iter().filter(comes).map(row).collect();
    rows.sort_by(|a, b| (a.at, &a.entry.name).cmp(&(b.at, &b.entry.name)));
    let times: Vec<_> = rows.iter().map(|row| row.at).collect();
    for (row, close) in rows.iter_mut().zip(collisions::close(&times)) {
        row.close = close;
    }
    rows.retain(|row| selection.takes(row.entry, now));
    rows
}

/// The first day of a month that is written as `2026-12`.
pub fn month(text: &str) -> Option<NaiveDate> {
    let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok()?;
    (text.len() == 7 && (1..=9999).contains(&first.year())).then_some(first)
}

/// The first day of the month that a day is in.
pub fn month_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// The first day of a later month.
pub fn later(month: NaiveDate, months: u32) -> NaiveDate {
    let later = month.checked_add_months(Months::new(months));
    later.unwrap_or(NaiveDate::MAX)
}

/// What a day has: how many firings, and whether any is close to another.
pub type Day = (usize, bool);

/// The days that have firings.
pub fn days(rows: &[Row<'_>], shown: &Shown) -> BTreeMap<NaiveDate, Day> {
    let mut days: BTreeMap<NaiveDate, Day> = BTreeMap::new();
    for row in rows {
        let day = days.entry(shown.day(row.at)).or_default();
        day.0 += 1;
        day.1 |= row.close;
    }
    days
}

/// The weeks of a month, from Monday to Sunday; `None` for a day of another month.
pub fn weeks(month: NaiveDate) -> Vec<[Option<NaiveDate>; 7]> {
    let before = month.weekday().num_days_from_monday();
    let after = later(month, 1);
    let mut weeks = Vec::new();
    let mut monday = month.checked_sub_days(Days::new(before.into()));
    while let Some(first) = monday.filter(|first| *first < after) {
        let day = |n: u64| first.checked_add_days(Days::new(n));
        let inside = |day: &NaiveDate| *day >= month && *day < after;
        weeks.push([0, 1, 2, 3, 4, 5, 6].map(|n| day(n).filter(inside)));
        monday = day(7);
    }
    weeks
}

/// At most four characters.
fn count(number: usize) -> String {
    match number {
        0 => String::new(),
        1..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{}k", number / 1_000),
        _ => "many".to_owned(),
    }
}

/// A month as a grid: each day with how many firings it has, `!` where some are close to others, today in brackets.
pub fn grid(month: NaiveDate, days: &BTreeMap<NaiveDate, Day>, shown: &Shown) -> String {
    let title = month.format("%B %Y").to_string();
    let mut text = format!("{}\n", shown.painted("1", &title));
    for name in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] {
        let _ = write!(text, " {name:<9}");
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    let today = shown.day(shown.now);
    for week in weeks(month) {
        let mut line = String::new();
        for day in week {
            let Some(day) = day else {
                line += "          ";
                continue;
            };
            let (number, close) = days.get(&day).copied().unwrap_or_default();
            let (open, end) = if day == today { ('[', ']') } else { (' ', ' ') };
            let _ = write!(line, "{open}{:>2}{end}", day.day());
            let bold = if number > 0 { "1" } else { "" };
            let number = format!("{:>4}", count(number));
            line += &shown.painted(bold, &number);
            line += &shown.painted("31", if close { "!" } else { " " });
            line.push(' ');
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::select::tests::{now, view};
    use super::*;
    use crate::model::zone::Zone;

    pub(crate) fn shown() -> Shown {
        Shown {
            zone: Zone::bundled("Europe/Berlin"),
            now: now(),
            color: false,
        }
    }

    pub(crate) fn entries() -> Vec<EntryView> {
        vec![
            view("c", "scheduled", "2026-12-01T08:05:00Z"),
            view("b", "scheduled", "2026-12-01T08:00:00Z"),
            view("alone", "deferred", "2026-12-24T17:00:00Z"),
            view("off", "disabled", "2026-12-24T17:00:00Z"),
            view("over", "succeeded", "2026-12-24T17:00:00Z"),
            view("tonight", "refused", "2026-11-30T22:45:00Z"),
            view("year", "pending", "2026-12-31T23:30:00Z"),
        ]
    }

    #[test]
    fn what_comes_and_what_is_close() {
        let entries = entries();
        let names = |selection: &Selection| {
            let rows = firings(&entries, selection, now());
            let said = rows
                .iter()
                .map(|row| (row.entry.name.to_string(), row.close));
            said.collect::<Vec<_>>()
        };
        let row = |name: &str, close| (name.to_owned(), close);
        let all = [
            row("tonight", false),
            row("b", true),
            row("c", true),
            row("alone", false),
            row("year", false),
        ];
        assert_eq!(names(&Selection::default()), all);
        let one = Selection::new(&["c".into()], &[]).expect("a pattern");
        assert_eq!(names(&one), [row("c", true)]);
    }

    #[test]
    fn a_grid() {
        let entries = entries();
        let rows = firings(&entries, &Selection::default(), now());
        let (shown, mut days) = (shown(), days(&rows, &shown()));
        assert_eq!(
            grid(month("2026-11").expect("a month"), &days, &shown),
            "\
November 2026
 Mon       Tue       Wed       Thu       Fri       Sat       Sun
                                                              1
  2         3         4         5         6         7         8
  9        10        11        12        13        14        15
 16        17        18        19        20        21        22
 23        24        25        26        27        28        29
[30]   1
"
        );
        // Half past midnight of the new year, in Berlin, is in January.
        days.insert(month("2026-12").expect("a month"), (12_345, true));
        assert_eq!(
            grid(month("2026-12").expect("a month"), &days, &shown),
            "\
December 2026
 Mon       Tue       Wed       Thu       Fri       Sat       Sun
            1  12k!   2         3         4         5         6
  7         8         9        10        11        12        13
 14        15        16        17        18        19        20
 21        22        23        24    1   25        26        27
 28        29        30        31
"
        );
    }

    #[test]
    fn months() {
        for wrong in [
            "2026-13",
            "2026-1",
            "2026",
            "2026-12-01",
            "20261-2",
            "0000-01",
        ] {
            assert_eq!(month(wrong), None, "{wrong}");
        }
        let february = month("2027-02").expect("a month");
        assert_eq!(weeks(february).len(), 4);
        assert_eq!(later(february, 11), month("2028-01").expect("a month"));
        assert_eq!(
            month_of(later(february, 1).pred_opt().expect("a day")),
            february
        );
        // At the end of time there is still an end.
        assert!(weeks(NaiveDate::MAX).len() <= 6);
    }
}
