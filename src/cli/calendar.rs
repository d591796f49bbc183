//! `onced calendar`: the firings to come, by month. Through the daemon where one runs, else from files and ledger; without
//! an owner, from the files alone.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::NaiveDate;

use super::arguments::{Calendar, Format};
use super::{Context, Failure, Outcome, exit, list, look, print, results, text};
use crate::settings::Settings;
use crate::view::List;
use crate::view::agenda::{self, Row, Shown};
use crate::view::calendar::{days, firings, grid, later, month, month_of};
use crate::view::feed::feed;
use crate::view::page::{page, said};
use crate::view::select::Selection;

/// `onced calendar`.
pub(super) async fn calendar(context: &Context, what: &Calendar) -> Outcome {
    results::format(context, &[Format::Text])?;
    let selection = Selection::new(&what.names, &[]).map_err(Failure::usage)?;
    let first = what.month.as_deref().map(|text| {
        month(text).ok_or_else(|| {
            Failure::usage(format!(
                "`{text}` is not a month\nhint: write it as `2026-12`"
            ))
        })
    });
    let first = first.transpose()?;
    let settings = settings(context, what.ics)?;
    let list = match &settings {
        Found::Whole(settings) => list::ask(settings).await?,
        Found::Files(settings) => List {
            owner: String::new(),
            ..look::look(settings, None)?.list()
        },
    };
    let (Found::Whole(settings) | Found::Files(settings)) = &settings;
    if what.ics || what.html {
        is_whole(&list)?;
    }
    let now = (crate::daemon::wall_clock())();
    let shown = Shown {
        zone: settings.defaults.timezone,
        now,
        color: context.color,
    };
    let rows = firings(&list.entries, &selection, now);
    let asked = Months::of(first, what.months, &shown);
    let whole = asked.is_none() && (what.ics || what.html);
    let months = asked.unwrap_or(Months {
        first: month_of(shown.day(now)),
        number: 1,
    });
    let (inside, after) = months.split(&rows, &shown);
    if what.ics {
        let rows = if whole { &rows[..] } else { inside };
        print(&feed(&list.owner, rows, now));
    } else if what.html {
        let all: BTreeSet<NaiveDate> = rows.iter().map(|row| month_of(shown.day(row.at))).collect();
        let all: Vec<NaiveDate> = all.into_iter().collect();
        let printed = if whole {
            page(&list.owner, &rows, &all, &shown)
        } else {
            page(&list.owner, inside, &months.all(), &shown)
        };
        print(&printed);
    } else {
        print(&text::problems(&list.files, context.color));
        print(&list::above(&list, settings));
        print(&month_text(&months, inside, after, &shown));
    }
    Ok(exit::DONE)
}

/// A feed or a page without what could not be read would look like one from which it was removed.
fn is_whole(list: &List) -> Result<(), Failure> {
    if let Some(why) = &list.doubt {
        return Err(Failure::new(format!(
            "not all firings are known now: {why}"
        )));
    }
    if results::has_invalid(&list.files) {
        let problems = text::problems(&list.files, false);
        return Err(Failure {
            message: format!(
                "not all firings are known: files are invalid\n\n{}",
                problems.trim_end()
            ),
            code: exit::INVALID,
        });
    }
    Ok(())
}

/// With ledger and owner, or the files alone.
enum Found {
    Whole(Settings),
    Files(Settings),
}

fn settings(context: &Context, needs_owner: bool) -> Result<Found, Failure> {
    match context.settings(None) {
        // A feed's names are made of it, and must not change once there is one.
        Err(failure) if failure.message.starts_with("no owner") && !needs_owner => {
            let mut typed = context.common.typed(None).map_err(Failure::usage)?;
            let none = |key: &str| (key.to_owned(), "none".to_owned());
            typed.set.extend([none("owner"), none("state_directory")]);
            let settings = Settings::resolve(&typed, &context.environment)?;
            Ok(Found::Files(Settings {
                state_directory: None,
                ..settings
            }))
        }
        settings => Ok(Found::Whole(settings?)),
    }
}

/// Months in a row.
struct Months {
    first: NaiveDate,
    number: u32,
}

impl Months {
    /// `None`: none are asked for.
    fn of(first: Option<NaiveDate>, number: Option<u32>, shown: &Shown) -> Option<Self> {
        (first.is_some() || number.is_some()).then(|| Self {
            first: first.unwrap_or_else(|| month_of(shown.day(shown.now))),
            number: number.unwrap_or(1),
        })
    }

    fn all(&self) -> Vec<NaiveDate> {
        (0..self.number).map(|n| later(self.first, n)).collect()
    }

    /// Those within, and those after them.
    fn split<'r, 'e>(&self, rows: &'r [Row<'e>], shown: &Shown) -> (&'r [Row<'e>], &'r [Row<'e>]) {
        let end = later(self.first, self.number);
        let from = rows.partition_point(|row| shown.day(row.at) < self.first);
        let to = rows.partition_point(|row| shown.day(row.at) < end);
        (&rows[from..to], &rows[to..])
    }
}

/// Each month as a grid, and the firings of all of them below.
fn month_text(months: &Months, inside: &[Row<'_>], after: &[Row<'_>], shown: &Shown) -> String {
    let days = days(inside, shown);
    let mut text = String::new();
    for month in months.all() {
        text += &grid(month, &days, shown);
        text.push('\n');
    }
    text += &agenda::text(&agenda::lines(inside, &[], shown));
    let _ = writeln!(text, "{}, times of {}", said(inside), shown.zone.name());
    if let Some(next) = after.first() {
        let _ = writeln!(
            text,
            "{} later, the next of them `{}` at {}",
            after.len(),
            next.entry.name,
            text::local(next.at, shown.zone)
        );
    }
    text
}
