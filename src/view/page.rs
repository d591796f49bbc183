//! The firings to come as one page of HTML that needs nothing else: no script, no other file. Pure text; never holds an
//! input or a payload.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write as _};

use chrono::{Datelike, NaiveDate};

use super::agenda::{Row, Shown};
use super::calendar::{Day, days, weeks};
use crate::model::entry::instant;

/// How it looks, by day and by night.
const STYLE: &str = include_str!("page.css");

/// A text that stands for itself.
pub(super) struct Text<'a>(pub(super) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                // No reader of HTML takes them.
                c if c.is_control() && !c.is_whitespace() => {}
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// What marks a firing that is close to another.
const CLOSE: &str = "<abbr title=\"within 5 minutes of another firing\">!</abbr>";

/// What each page begins with, up to its heading; `more` stands in its head.
pub(super) fn head(text: &mut String, owner: &str, more: &str) {
    let _ = write!(
        text,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{more}\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>onced {0}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>onced {0}</h1>\n",
        Text(owner),
    );
}

/// The page: these months, and below each the firings of its days.
pub fn page(owner: &str, rows: &[Row<'_>], months: &[NaiveDate], shown: &Shown) -> String {
    let days = days(rows, shown);
    let mut text = String::new();
    head(&mut text, owner, "");
    let _ = writeln!(
        text,
        "<p>{0}, as of <time datetime=\"{1}\">{1}</time>. Times are of {2}.</p>",
        said(rows),
        instant(shown.now),
        shown.zone.name(),
    );
    for month in months {
        let _ = writeln!(text, "<section>");
        grid(&mut text, *month, &days, shown);
        let is_inside = |row: &&Row<'_>| {
            let day = shown.day(row.at);
            (day.year(), day.month()) == (month.year(), month.month())
        };
        let rows: Vec<&Row<'_>> = rows.iter().filter(is_inside).collect();
        for rows in rows.chunk_by(|a, b| shown.day(a.at) == shown.day(b.at)) {
            list(&mut text, rows, shown);
        }
        text += "</section>\n";
    }
    text + "</main>\n</body>\n</html>\n"
}

/// `12 firings to come, 2 of them within 5 minutes of another (!)`.
pub fn said(rows: &[Row<'_>]) -> String {
    let close = rows.iter().filter(|row| row.close).count();
    let plural = if rows.len() == 1 { "" } else { "s" };
    let mut text = format!("{} firing{plural} to come", rows.len());
    if close > 0 {
        let _ = write!(text, ", {close} of them within 5 minutes of another (!)");
    }
    text
}

fn grid(text: &mut String, month: NaiveDate, days: &BTreeMap<NaiveDate, Day>, shown: &Shown) {
    let title = month.format("%B %Y");
    let _ = write!(
        text,
        "<h2>{title}</h2>\n<table class=\"month\">\n<thead><tr>"
    );
    for name in [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ] {
        let _ = write!(
            text,
            "<th scope=\"col\"><abbr title=\"{name}\">{}</abbr></th>",
            &name[..3]
        );
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for week in weeks(month) {
        text.push_str("<tr>");
        for day in week {
            cell(text, day, days, shown);
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody>\n</table>\n");
}

fn cell(text: &mut String, day: Option<NaiveDate>, days: &BTreeMap<NaiveDate, Day>, shown: &Shown) {
    let Some(day) = day else {
        text.push_str("<td></td>");
        return;
    };
    let today = if day == shown.day(shown.now) {
        " aria-current=\"date\""
    } else {
        ""
    };
    let _ = write!(text, "<td{today}>");
    let _ = match days.get(&day) {
        Some((number, close)) => write!(
            text,
            "<a href=\"#d{day}\"><span>{}</span> <b>{number}</b>{}</a>",
            day.day(),
            if *close { CLOSE } else { "" }
        ),
        None => write!(text, "<span>{}</span>", day.day()),
    };
    text.push_str("</td>");
}

/// The firings of one day.
fn list(text: &mut String, rows: &[&Row<'_>], shown: &Shown) {
    let Some(first) = rows.first() else {
        return;
    };
    let day = shown.day(first.at);
    let _ = write!(
        text,
        "<h3 id=\"d{day}\">{}</h3>\n<div class=\"wide\"><table class=\"day\">\n<thead><tr><th scope=\"col\">Time</th>\
         <th scope=\"col\">UTC</th><th scope=\"col\">Entry</th><th scope=\"col\">Phase</th><th scope=\"col\">Runs</th>\
         <th scope=\"col\">File</th></tr></thead>\n<tbody>\n",
        shown.heading(day)
    );
    for row in rows {
        firing(text, row, shown);
    }
    text.push_str("</tbody>\n</table></div>\n");
}

fn firing(text: &mut String, row: &Row<'_>, shown: &Shown) {
    let entry = row.entry;
    let local = row.at.with_timezone(&shown.zone);
    let (class, mark) = if row.close {
        (" class=\"close\"", CLOSE)
    } else {
        ("", "")
    };
    let _ = write!(
        text,
        "<tr{class}><td><time datetime=\"{}\">{}</time>{mark}</td><td>{}</td><th scope=\"row\">{}",
        instant(row.at),
        local.format("%H:%M:%S %:z"),
        row.at.format("%m-%d %H:%M:%S"),
        Text(entry.name.as_str())
    );
    if let Some(description) = &entry.description {
        let _ = write!(text, "<small>{}</small>", Text(description));
    }
    let _ = write!(
        text,
        "</th><td><span class=\"{0}\">{0}</span>",
        Text(&entry.phase)
    );
    if let Some(held) = &entry.held {
        let _ = write!(text, "<small>held: {}</small>", Text(held));
    }
    let _ = writeln!(
        text,
        "</td><td>{}</td><td>{}</td></tr>",
        Text(&entry.runs_in_short()),
        Text(&entry.place())
    );
}

#[cfg(test)]
mod tests {
    use super::super::calendar::tests::{entries, shown};
    use super::super::calendar::{firings, month};
    use super::super::select::Selection;
    use super::super::select::tests::now;
    use super::*;

    /// Every tag is closed, in order; answers with the text between them.
    fn text_of(page: &str) -> String {
        let (mut open, mut text, mut rest) = (Vec::new(), String::new(), page);
        while let Some((before, tag)) = rest.split_once('<') {
            text += before;
            let (tag, after) = tag.split_once('>').expect("a tag has an end");
            rest = after;
            let name = tag
                .split([' ', '/'])
                .find(|part| !part.is_empty())
                .unwrap_or_default();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name), "{before}");
            } else if !["meta", "!DOCTYPE"].contains(&name) {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{open:?}");
        text + rest
    }

    #[test]
    fn a_page_is_whole_and_hides_nothing_in_markup() {
        let mut entries = entries();
        entries[0].description = Some("<script>alert(\"1\")</script> & more\u{7}".into());
        entries[1].file = "a<b>.yaml".into();
        entries[1].held = Some("a > b".into());
        let rows = firings(&entries, &Selection::default(), now());
        let months = ["2026-11", "2026-12", "2027-01"].map(|text| month(text).expect("a month"));
        let page = page("prod", &rows, &months, &shown());
        let text = text_of(&page);
        assert!(text.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; more"));
        assert!(text.contains("a&lt;b&gt;.yaml:3") && text.contains("held: a &gt; b"));
        assert!(
            text.contains("5 firings to come, 2 of them within 5 minutes of another (!), as of")
        );
        assert!(text.contains("09:00:00 +01:00"), "{text}");
        for part in ["<script", "http:", "https:", "url(", "@import", "\u{7}"] {
            assert!(!page.contains(part), "{part}");
        }
        // Each link leads somewhere, and each day once.
        let ids = |mark: &str| {
            let parts = page.split(mark).skip(1);
            let mut ids: Vec<&str> = parts.filter_map(|part| part.split('"').next()).collect();
            ids.sort_unstable();
            ids
        };
        let expected = ["d2026-11-30", "d2026-12-01", "d2026-12-24", "d2027-01-01"];
        assert_eq!(ids(" id=\""), expected);
        assert_eq!(ids("href=\"#"), expected);
        assert_eq!(page.matches("<td aria-current").count(), 1);
        assert_eq!(page.matches("<tr class=\"close\">").count(), 2);
    }
}
