//! Entries as a person reads them: by day, what fires next first, then what is over, the most recent first. Pure text;
//! colour only adds to it.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use unicode_width::UnicodeWidthStr as _;

use super::EntryView;
use super::select::is_open;
use super::status::relative;
use super::words::plain;
use crate::model::zone::Zone;

/// An entry in its place.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// When it fires.
    pub at: DateTime<Utc>,
    /// Which.
    pub entry: &'a EntryView,
    /// Is another one close to it?
    pub close: bool,
}

/// How it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// Whose days these are.
    pub zone: Zone,
    /// The time.
    pub now: DateTime<Utc>,
    /// With colour?
    pub color: bool,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it says.
    pub text: String,
    /// Is it an entry's, and not a day's?
    pub is_entry: bool,
}

impl Shown {
    /// The day of an instant.
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// `Tue 2026-12-01 (tomorrow)`.
    pub fn heading(&self, day: NaiveDate) -> String {
        let ahead = day.num_days_from_ce() - self.day(self.now).num_days_from_ce();
        let near = match ahead {
            -1 => " (yesterday)",
            0 => " (today)",
            1 => " (tomorrow)",
            _ => "",
        };
        format!("{}{near}", day.format("%a %Y-%m-%d"))
    }

    /// The same text in a colour, where there are any.
    pub fn painted(&self, color: &str, text: &str) -> String {
        if self.color && !color.is_empty() && !text.is_empty() {
            format!("\x1b[{color}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// One colour for each class of phases, as a terminal's code.
fn color(phase: &str) -> &'static str {
    match phase {
        "scheduled" => "32",
        "pending" | "deferred" | "starting" => "36",
        "stopping" => "33",
        "disabled" | "stopped" => "2",
        "succeeded" => "94",
        // What did not go as it was meant.
        _ => "31",
    }
}

/// What is still to come, the next first, and what is over, the most recent first.
pub fn ordered<'a>(
    entries: impl Iterator<Item = &'a EntryView>,
    now: DateTime<Utc>,
) -> (Vec<Row<'a>>, Vec<Row<'a>>) {
    let row = |entry: &'a EntryView| Row {
        at: entry.time(),
        entry,
        close: false,
    };
    let (mut open, mut over): (Vec<_>, Vec<_>) =
        entries.map(row).partition(|row| is_open(row.entry, now));
    open.sort_by(|a, b| (a.at, &a.entry.name).cmp(&(b.at, &b.entry.name)));
    over.sort_by(|a, b| (b.at, &a.entry.name).cmp(&(a.at, &b.entry.name)));
    (open, over)
}

const CELLS: usize = 7;

fn cells(row: &Row<'_>, shown: &Shown) -> [String; CELLS] {
    let entry = row.entry;
    let held = entry.held.as_ref().map(|why| format!("held: {why}"));
    let note = held.or(entry.detail.clone()).unwrap_or_default();
    [
        row.at
            .with_timezone(&shown.zone)
            .format("%H:%M:%S %:z")
            .to_string(),
        relative(shown.now, row.at),
        entry.name.to_string(),
        entry.phase.clone(),
        entry.runs_in_short(),
        plain(&entry.place()),
        plain(&note),
    ]
}

/// Both, with a heading for each day; columns are aligned throughout.
pub fn lines(open: &[Row<'_>], over: &[Row<'_>], shown: &Shown) -> Vec<Line> {
    let rows = || open.iter().chain(over);
    let cells: Vec<_> = rows().map(|row| cells(row, shown)).collect();
    let widest = |column: usize| cells.iter().map(|cells| cells[column].width()).max();
    let widths: Vec<usize> = (0..CELLS).filter_map(widest).collect();
    let (mut lines, mut before) = (Vec::with_capacity(cells.len()), None);
    for (n, (row, cells)) in rows().zip(&cells).enumerate() {
        let (day, is_over) = (shown.day(row.at), n >= open.len());
        if before != Some((day, is_over)) {
            let over = if is_over { ", over" } else { "" };
            let heading = shown.heading(day) + over;
            lines.push(Line {
                text: shown.painted("1", &heading),
                is_entry: false,
            });
            before = Some((day, is_over));
        }
        lines.push(Line {
            text: line(row, cells, &widths, shown),
            is_entry: true,
        });
    }
    lines
}

fn line(row: &Row<'_>, cells: &[String; CELLS], widths: &[usize], shown: &Shown) -> String {
    let mut text = if row.close {
        shown.painted("31", "!") + " "
    } else {
        "  ".to_owned()
    };
    // What is empty to the end of the line needs no blanks.
    let full = cells.iter().rposition(|cell| !cell.is_empty());
    let full = full.unwrap_or_default();
    for (n, (cell, width)) in cells.iter().zip(widths).enumerate().take(full + 1) {
        let color = match n {
            3 => color(cell),
            6 if row.entry.held.is_some() => "33",
            _ => "",
        };
        text += &shown.painted(color, cell);
        if n < full {
            text.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
        }
    }
    text
}

/// The same as one text.
pub fn text(lines: &[Line]) -> String {
    lines
        .iter()
        .flat_map(|line| [line.text.as_str(), "\n"])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::select::tests::{now, view};
    use super::*;

    fn entries() -> Vec<EntryView> {
        let mut held = view("held", "pending", "2026-12-01T08:00:00Z");
        held.held = Some("paused\x1b[2J\nfor now".into());
        let mut gone = view("gone", "stopped", "2026-12-02T08:00:00Z");
        gone.line = None;
        let mut machine = view("own", "deferred", "2027-12-01T08:00:00Z");
        machine.lambda = None;
        vec![
            view("disabled", "disabled", "2026-11-30T22:59:59Z"),
            view("fires-now", "scheduled", "2026-11-30T22:29:00Z"),
            gone,
            held,
            view("late", "missed", "2026-11-29T08:00:00Z"),
            machine,
            view("old", "succeeded", "2026-11-30T20:00:00Z"),
            view("tonight", "scheduled", "2026-11-30T23:00:00Z"),
        ]
    }

    const SHOWN: &str = "\
Mon 2026-11-30 (today)
  23:29:00 +01:00  1 min ago   fires-now  scheduled  lambda send-email                                                      team/a.yaml:3
  23:59:59 +01:00  in 29 min   disabled   disabled   lambda send-email                                                      team/a.yaml:3
Tue 2026-12-01 (tomorrow)
  00:00:00 +01:00  in 30 min   tonight    scheduled  lambda send-email                                                      team/a.yaml:3
  09:00:00 +01:00  in 9 h 30 min  held       pending    lambda send-email                                                      team/a.yaml:3       held: paused [2J for now
Wed 2027-12-01
  09:00:00 +01:00  in 365 d 9 h  own        deferred   state machine M  team/a.yaml:3
Wed 2026-12-02, over
  09:00:00 +01:00  in 1 d 9 h  gone       stopped    lambda send-email                                                      was in team/a.yaml
Mon 2026-11-30 (today), over
  21:00:00 +01:00  2 h 30 min ago  old        succeeded  lambda send-email                                                      team/a.yaml:3
Sun 2026-11-29 (yesterday), over
  09:00:00 +01:00  1 d 14 h ago  late       missed     lambda send-email                                                      team/a.yaml:3
";

    fn shown(color: bool) -> String {
        let shown = Shown {
            zone: Zone::bundled("Europe/Berlin"),
            now: now(),
            color,
        };
        let entries = entries();
        let (open, over) = ordered(entries.iter(), shown.now);
        text(&lines(&open, &over, &shown))
    }

    /// The zone decides which day it is. What is next comes first.
    #[test]
    fn by_day_what_is_next_first() {
        let blanks = |text: &str| {
            let lines = text.lines().map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                words.join(" ")
            });
            lines.collect::<Vec<_>>().join("\n")
        };
        let text = shown(false);
        assert_eq!(blanks(&text), blanks(SHOWN));
        let column = |word: &str| {
            let mut places = text.lines().filter_map(|line| line.find(word));
            let first = places.next();
            assert!(places.all(|place| Some(place) == first), "{text}");
        };
        column("lambda");
        column("team/a.yaml:3");
        assert!(!text.lines().any(|line| line.ends_with(' ')));
    }

    #[test]
    fn colour_is_an_addition() {
        let colored = shown(true);
        let mut parts = colored.split("\x1b[");
        let mut stripped = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            stripped += part.split_once('m').expect("a colour").1;
        }
        assert_eq!(stripped, shown(false));
        assert!(colored.contains("\x1b[32mscheduled\x1b[0m"), "{colored:?}");
        assert!(colored.contains("\x1b[31mmissed\x1b[0m"), "{colored:?}");
    }
}
