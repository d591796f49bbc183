//! `onced list --watch`: the list on a terminal, drawn anew as time passes and things change. Never writes where no
//! terminal is.

use std::fmt::Write as _;
use std::time::Duration;

use tokio::select;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep};
use unicode_width::UnicodeWidthChar as _;

use super::{Context, Failure, Outcome, exit, list, print};
use crate::settings::Settings;
use crate::view::List;
use crate::view::agenda::{Line, Shown};
use crate::view::select::Selection;

/// How often it is drawn.
const DRAW: Duration = Duration::from_secs(1);
/// How often it is asked for, at most.
const ASK: Duration = Duration::from_secs(2);
/// It is not asked for again before so many times what the asking took.
const PAUSE: u32 = 10;

/// The cursor is hidden while this lives.
struct Screen;

impl Screen {
    fn new() -> Self {
        print("\x1b[?25l\x1b[2J");
        Self
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        print("\x1b[?25h\n");
    }
}

/// What ends it.
struct End(Signal, Signal);

impl End {
    fn new() -> Result<Self, Failure> {
        let of = |kind| signal(kind).map_err(Failure::new);
        Ok(Self(
            of(SignalKind::interrupt())?,
            of(SignalKind::terminate())?,
        ))
    }

    async fn comes(&mut self) {
        select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

/// Draws until it is told to end.
pub(super) async fn watch(
    context: &Context,
    settings: &Settings,
    selection: &Selection,
) -> Outcome {
    let mut end = End::new()?;
    let begun = Instant::now();
    // What keeps it from being seen at all is no picture.
    let mut seen = list::ask(settings).await?;
    let (mut asked, mut took) = (Instant::now(), begun.elapsed());
    let mut trouble = None;
    let _screen = Screen::new();
    loop {
        let shown = Shown {
            zone: settings.defaults.timezone,
            now: (crate::daemon::wall_clock())(),
            color: context.color,
        };
        let picture = Picture::new(&seen, settings, selection, &shown, trouble.as_deref());
        print(&picture.drawn(size()));
        select! {
            () = end.comes() => return Ok(exit::DONE),
            () = sleep(DRAW) => {}
        }
        if asked.elapsed() < ASK.max(took * PAUSE) {
            continue;
        }
        let begun = Instant::now();
        let answer = select! {
            () = end.comes() => return Ok(exit::DONE),
            answer = list::ask(settings) => answer,
        };
        (asked, took) = (Instant::now(), begun.elapsed());
        match answer {
            Ok(list) => (seen, trouble) = (list, None),
            Err(failure) => trouble = Some(failure.message),
        }
    }
}

/// Rows and columns of the terminal.
fn size() -> (usize, usize) {
    let size = rustix::termios::tcgetwinsize(std::io::stdout());
    match size {
        Ok(size) if size.ws_row > 0 && size.ws_col > 0 => (size.ws_row.into(), size.ws_col.into()),
        _ => (24, 80),
    }
}

/// What is drawn: what stays in sight is above and below.
struct Picture {
    above: Vec<String>,
    lines: Vec<Line>,
    below: Vec<String>,
}

fn split(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

impl Picture {
    fn new(
        list: &List,
        settings: &Settings,
        selection: &Selection,
        shown: &Shown,
        trouble: Option<&str>,
    ) -> Self {
        let mut above = split(&list::above(list, settings));
        let invalid = list.files.iter().filter(|file| file.state == "invalid");
        let invalid = invalid.count();
        if invalid > 0 {
            let text = format!("{invalid} invalid files: `onced check` says more");
            above.push(shown.painted("31", &text));
        }
        let mut below = split(&list::below(list, selection, shown));
        if let Some(last) = below.last_mut() {
            let _ = write!(last, ", {}", super::text::local(shown.now, shown.zone));
        }
        if let Some(trouble) = trouble {
            let text = format!("not up to date: {}", trouble.replace('\n', ", "));
            below.push(shown.painted("31", &text));
        }
        Self {
            above,
            lines: list::lines(list, selection, shown),
            below,
        }
    }

    /// From the top left corner, over what was there; no line is broken, and the last one ends the screen.
    fn drawn(&self, (rows, columns): (usize, usize)) -> String {
        let mut texts: Vec<&str> = self.above.iter().map(String::as_str).collect();
        let room = rows.saturating_sub(self.above.len() + self.below.len());
        let more;
        if self.lines.len() <= room {
            texts.extend(self.lines.iter().map(|line| line.text.as_str()));
        } else {
            let (near, far) = self.lines.split_at(room.saturating_sub(1));
            texts.extend(near.iter().map(|line| line.text.as_str()));
            let far = far.iter().filter(|line| line.is_entry).count();
            more = format!("and {far} more");
            texts.push(&more);
        }
        texts.extend(self.below.iter().map(String::as_str));
        // Of a terminal with next to no rows, the end counts.
        let texts = &texts[texts.len().saturating_sub(rows)..];
        let mut drawn = "\x1b[H".to_owned();
        for (n, text) in texts.iter().enumerate() {
            let begins = if n > 0 { "\r\n" } else { "" };
            let _ = write!(drawn, "{begins}{}\x1b[K", cut(text, columns));
        }
        drawn + "\x1b[J"
    }
}

/// The beginning of a line that fits. Colours take no room, and what has begun in one ends in none.
fn cut(text: &str, columns: usize) -> String {
    let (mut kept, mut width, mut escaped) = (String::new(), 0, false);
    for c in text.chars() {
        escaped |= c == '\x1b';
        if escaped {
            escaped = c != 'm';
            kept.push(c);
            continue;
        }
        width += c.width().unwrap_or(0);
        if width <= columns {
            kept.push(c);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(entries: usize) -> Picture {
        let mut lines = Vec::new();
        for n in 0..entries {
            if n % 3 == 0 {
                lines.push(Line {
                    text: format!("day {n}"),
                    is_entry: false,
                });
            }
            lines.push(Line {
                text: format!("  entry {n}"),
                is_entry: true,
            });
        }
        Picture {
            above: vec!["paused".into()],
            lines,
            below: vec!["count".into()],
        }
    }

    fn drawn(entries: usize, rows: usize) -> Vec<String> {
        let drawn = picture(entries).drawn((rows, 20));
        let inner = drawn.strip_prefix("\x1b[H").expect("at the corner");
        let inner = inner.strip_suffix("\x1b[J").expect("all after it is gone");
        let lines = inner.split("\r\n").map(|line| line.strip_suffix("\x1b[K"));
        lines
            .map(|line| line.expect("the rest is gone").to_owned())
            .collect()
    }

    #[test]
    fn a_picture_fits() {
        let all = ["paused", "day 0", "  entry 0", "  entry 1", "count"];
        assert_eq!(drawn(2, 20), all);
        assert_eq!(drawn(2, 5), all);
        assert_eq!(drawn(2, 4), ["paused", "day 0", "and 2 more", "count"]);
        assert_eq!(
            drawn(4, 6),
            [
                "paused",
                "day 0",
                "  entry 0",
                "  entry 1",
                "and 2 more",
                "count"
            ]
        );
        for rows in 1..30 {
            assert!(drawn(40, rows).len() <= rows, "{rows}");
            assert_eq!(drawn(40, rows).last().expect("a line"), "count");
        }
    }

    #[test]
    fn lines_are_cut_at_the_edge() {
        for (text, columns, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "abc"),
            ("a\x1b[31mbcd\x1b[0m", 2, "a\x1b[31mb\x1b[0m"),
            ("日本", 3, "日"),
            ("日本", 4, "日本"),
        ] {
            assert_eq!(cut(text, columns), expected);
        }
    }
}
