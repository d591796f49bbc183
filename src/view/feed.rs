//! The firings to come as an iCalendar feed (RFC 5545): pure text. Never holds an input or a payload.

use chrono::{DateTime, Utc};

use super::EntryView;
use super::agenda::Row;
use super::words::plain;

/// The most octets of a line, without its end (<https://www.rfc-editor.org/rfc/rfc5545#section-3.1>).
const LONGEST: usize = 75;

/// What readers of the feed need to know of times, where there are no events: a calendar has at least one component
/// (<https://www.rfc-editor.org/rfc/rfc5545#section-3.6>).
const NOTHING: [&str; 8] = [
    "BEGIN:VTIMEZONE",
    "TZID:UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "END:STANDARD",
    "END:VTIMEZONE",
];

/// The feed. An entry has the same UID for ever, whatever becomes of it.
pub fn feed(owner: &str, rows: &[Row<'_>], now: DateTime<Utc>) -> String {
    let mut feed = Feed(String::new());
    let name = format!("onced {owner}");
    feed.line("BEGIN:VCALENDAR");
    feed.line("VERSION:2.0");
    feed.line("PRODID:-//onced//onced//EN");
    feed.line("CALSCALE:GREGORIAN");
    feed.text("NAME", &name);
    feed.text("X-WR-CALNAME", &name);
    feed.line("REFRESH-INTERVAL;VALUE=DURATION:PT15M");
    feed.line("X-PUBLISHED-TTL:PT15M");
    for row in rows {
        feed.event(owner, row, now);
    }
    if rows.is_empty() {
        for line in NOTHING {
            feed.line(line);
        }
    }
    feed.line("END:VCALENDAR");
    feed.0
}

/// In UTC (<https://www.rfc-editor.org/rfc/rfc5545#section-3.3.5>).
fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

struct Feed(String);

impl Feed {
    /// A content line, folded between characters.
    fn line(&mut self, line: &str) {
        let mut octets = 0;
        for c in line.chars() {
            if octets + c.len_utf8() > LONGEST {
                self.0 += "\r\n ";
                octets = 1;
            }
            self.0.push(c);
            octets += c.len_utf8();
        }
        self.0 += "\r\n";
    }

    /// A property whose value is text (<https://www.rfc-editor.org/rfc/rfc5545#section-3.3.11>).
    fn text(&mut self, name: &str, value: &str) {
        let mut line = format!("{name}:");
        for c in value.chars() {
            match c {
                '\\' | ';' | ',' => line.extend(['\\', c]),
                '\n' => line += "\\n",
                c if c.is_control() && c != '\t' => {}
                c => line.push(c),
            }
        }
        self.line(&line);
    }

    fn event(&mut self, owner: &str, row: &Row<'_>, now: DateTime<Utc>) {
        let entry = row.entry;
        let revised = entry.since.as_ref().and_then(|since| since.parse().ok());
        let is_certain = entry.phase == "scheduled" && entry.held.is_none();
        self.line("BEGIN:VEVENT");
        self.text("UID", &format!("{}@{owner}.onced", entry.name));
        self.line(&format!("DTSTAMP:{}", stamp(revised.unwrap_or(now))));
        self.line(&format!("DTSTART:{}", stamp(row.at)));
        self.text("SUMMARY", entry.name.as_str());
        self.text("DESCRIPTION", &description(entry, row.close));
        if row.close {
            self.line("CATEGORIES:COLLISION");
        }
        let status = if is_certain { "CONFIRMED" } else { "TENTATIVE" };
        self.line(&format!("STATUS:{status}"));
        self.line("TRANSP:TRANSPARENT");
        self.line("END:VEVENT");
    }
}

fn description(entry: &EntryView, close: bool) -> String {
    let mut text = format!(
        "{}\n{}\n{}",
        entry.runs(),
        plain(&entry.place()),
        entry.phase
    );
    if let Some(held) = &entry.held {
        text = format!("{text}\nheld: {}", plain(held));
    }
    if close {
        text += "\n! within 5 minutes of another firing";
    }
    if let Some(description) = &entry.description {
        text = format!("{text}\n\n{description}");
    }
    text
}

#[cfg(test)]
mod tests {
    use icalendar::{Calendar, CalendarComponent, Component};
    use proptest::prelude::*;

    use super::super::calendar::firings;
    use super::super::calendar::tests::entries;
    use super::super::select::Selection;
    use super::super::select::tests::{now, view};
    use super::*;

    fn read(feed: &str) -> Calendar {
        feed.parse()
            .unwrap_or_else(|error| panic!("{error}: {feed}"))
    }

    #[test]
    fn another_reader_understands_it() {
        let entries = entries();
        let rows = firings(&entries, &Selection::default(), now());
        let text = feed("prod", &rows, now());
        let calendar = read(&text);
        assert_eq!(calendar.get_name(), Some("onced prod"));
        let events = calendar
            .components
            .iter()
            .filter_map(CalendarComponent::as_event);
        let events: Vec<_> = events.collect();
        let uids: Vec<_> = events.iter().filter_map(|event| event.get_uid()).collect();
        let expected =
            ["tonight", "b", "c", "alone", "year"].map(|name| format!("{name}@prod.onced"));
        assert_eq!(uids, expected);
        let start = events[1].get_start().expect("a start");
        let at: DateTime<Utc> = "2026-12-01T08:00:00Z".parse().expect("a time");
        assert_eq!(start, at.into());
        let is_marked = |n: usize| events[n].multi_properties().contains_key("CATEGORIES");
        assert_eq!(
            [0, 1, 2, 3, 4].map(is_marked),
            [false, true, true, false, false]
        );
        let status = |n: usize| events[n].property_value("STATUS");
        assert_eq!(
            (status(0), status(1)),
            (Some("TENTATIVE"), Some("CONFIRMED"))
        );
        assert_eq!(
            text.split("\r\n").take(9).collect::<Vec<_>>()[1..].join("|"),
            "VERSION:2.0|PRODID:-//onced//onced//EN|CALSCALE:GREGORIAN|NAME:onced prod|X-WR-CALNAME:onced prod|\
             REFRESH-INTERVAL;VALUE=DURATION:PT15M|X-PUBLISHED-TTL:PT15M|BEGIN:VEVENT"
        );
    }

    #[test]
    fn an_empty_calendar_is_one_all_the_same() {
        let calendar = read(&feed("prod", &[], now()));
        assert_eq!(calendar.components.len(), 1);
        assert!(calendar.components[0].as_event().is_none());
    }

    /// As the RFC says, by hand: unfolded first, then unescaped.
    fn values(feed: &str, name: &str) -> Vec<String> {
        let unfolded = feed.replace("\r\n ", "");
        let begins = format!("{name}:");
        let lines = unfolded
            .split("\r\n")
            .filter_map(|line| line.strip_prefix(&begins));
        let unescaped = lines.map(|value| {
            let (mut text, mut chars) = (String::new(), value.chars());
            while let Some(c) = chars.next() {
                match (c, c == '\\') {
                    (_, true) => match chars.next().expect("what is escaped") {
                        'n' => text.push('\n'),
                        c => text.push(c),
                    },
                    (c, false) => {
                        assert!(c != ';' && c != ',', "not escaped: {value}");
                        text.push(c);
                    }
                }
            }
            text
        });
        unescaped.collect()
    }

    proptest! {
        /// Whatever people write into a description: each line is short, and what was written can be read again.
        #[test]
        fn any_text_survives(written in "[a,;:\\\\\n\t\"ä日🎉 -]{0,200}", file in "[ab,;/ 日]{1,100}", name in "[0-9A-Za-z._-]{1,64}") {
            let mut entry = view(&name, "scheduled", "2026-12-01T08:00:00Z");
            entry.description = Some(written.as_str().into());
            entry.file = file.as_str().into();
            let entries = [entry];
            let rows = firings(&entries, &Selection::default(), now());
            let text = feed("prod", &rows, now());
            for line in text.split("\r\n") {
                prop_assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{}", line);
            }
            prop_assert!(text.ends_with("\r\n"));
            let description = format!("lambda send-email\n{file}:3\nscheduled\n\n{written}");
            prop_assert_eq!(values(&text, "DESCRIPTION"), [description]);
            prop_assert_eq!(values(&text, "SUMMARY"), [name]);
            let calendar = read(&text);
            prop_assert_eq!(calendar.components.len(), 1);
        }
    }

    /// What a terminal or a parser would obey is left out.
    #[test]
    fn control_characters_are_dropped() {
        let mut entry = view("a", "scheduled", "2026-12-01T08:00:00Z");
        entry.description = Some("one\r\nEND:VEVENT\u{7}\0".into());
        let entries = [entry];
        let rows = firings(&entries, &Selection::default(), now());
        let text = feed("prod", &rows, now());
        assert_eq!(text.matches("\r\nEND:VEVENT\r\n").count(), 1);
        assert!(text.contains("one\\nEND:VEVENT\r\n"), "{text}");
    }
}
