//! What people read: tables, times, problems. Pure text; prints nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::model::zone::Zone;
use crate::source::ignore::PatternSource;
use crate::source::problem::{FileReport, FileState, told_singly};
use crate::view::check_notes::Note;
use crate::view::resume::PauseView;
pub(super) use crate::view::status::relative;
use crate::view::words::plain;
pub(super) use crate::view::words::{local, runs};
use crate::view::zone_rules::ZoneRules;
use crate::view::{ErrorView, FileView, NoteView, OrphanView};

/// A span, short: `12 ms`, `3.2 s`, `5 min`.
pub(super) fn span(ms: i64) -> String {
    match ms {
        ..0 => format!("-{}", span(-ms)),
        0..1_000 => format!("{ms} ms"),
        1_000..120_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => format!("{} min", ms / 60_000),
    }
}

/// Rows with aligned columns.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    // No caller may forget it.
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| plain(cell)).collect())
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.width())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| {
            let blank = " ".repeat(width.saturating_sub(cell.width()));
            format!("{cell}{blank}")
        });
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}

/// The blank before a column of a line, as wide as what stands there; and carets as wide as the word that begins there.
fn underline(line: &str, column: usize) -> (String, String) {
    let mut chars = line.chars();
    let before: String = chars.by_ref().take(column.saturating_sub(1)).collect();
    let blank: String = before
        .chars()
        .map(|c| match c {
            '\t' => "\t".to_owned(),
            c => " ".repeat(c.width().unwrap_or(0)),
        })
        .collect();
    let word = word(chars.as_str(), before.contains(['{', '[']));
    (blank, "^".repeat(word.width().max(1)))
}

/// The scalar that a text begins with: a quoted one with its quotes, a plain one without what YAML ends it by; within
/// brackets, more ends it.
fn word(text: &str, in_brackets: bool) -> &str {
    if text.starts_with(['{', '[']) || text.starts_with("- ") {
        return &text[..1];
    }
    let quoted = text.chars().next().filter(|c| ['"', '\''].contains(c));
    if let Some(quote) = quoted
        && let Some(end) = text[1..].find(quote)
    {
        return &text[..end + 2];
    }
    let ends = |(place, c): &(usize, char)| {
        let rest = &text[place + c.len_utf8()..];
        let is_alone = rest.is_empty() || rest.starts_with([' ', '\t']);
        in_brackets && [',', ']', '}'].contains(c)
            || *c == ':' && is_alone
            || *c == ' ' && rest.starts_with('#')
    };
    let end = text.char_indices().find(ends);
    text[..end.map_or(text.len(), |(place, _)| place)].trim_end()
}

/// All that is wrong with the files, each with its line, and carets under the word.
pub(super) fn problems(files: &[FileView], color: bool) -> String {
    let (red, bold, end) = if color {
        ("\x1b[31m", "\x1b[1m", "\x1b[0m")
    } else {
        ("", "", "")
    };
    let mut text = String::new();
    for file in files {
        let (told, more) = told_singly(&file.errors, |error| &error.message);
        let word = if is_wrong(file) {
            format!("{red}error{end}")
        } else {
            "note".to_owned()
        };
        for error in told {
            text += &problem(file, error, &word, (red, bold, end));
        }
        for (more, first) in more {
            let _ = writeln!(
                text,
                "{word}: {bold}and {more} more of this kind in {}, as in line {}: {}{end}\n",
                file.path, first.line, first.message
            );
        }
    }
    text
}

/// One of them; with the codes for red, bold and neither.
fn problem(
    file: &FileView,
    error: &ErrorView,
    word: &str,
    (red, bold, end): (&str, &str, &str),
) -> String {
    let mut text = format!("{word}: {bold}{}{end}\n", error.message);
    let _ = writeln!(text, "  --> {}:{}:{}", file.path, error.line, error.column);
    if let Some(shown) = &error.shown {
        let number = error.line.to_string();
        let gap = " ".repeat(number.len());
        let (blank, carets) = underline(shown, error.column);
        let _ = writeln!(
            text,
            "{gap} |\n{number} | {shown}\n{gap} | {blank}{red}{carets}{end}"
        );
    }
    if let Some(hint) = &error.hint {
        let _ = writeln!(text, "hint: {hint}");
    }
    text.push('\n');
    text
}

/// How much each ignore file, and the configuration, leaves out.
pub(super) fn ignored(files: &[FileReport]) -> String {
    let mut counts: BTreeMap<&PatternSource, (usize, usize)> = BTreeMap::new();
    for file in files {
        if let Some(by) = &file.ignored_by {
            let (of_files, of_directories) = counts.entry(&by.source).or_default();
            *(if file.path.ends_with('/') {
                of_directories
            } else {
                of_files
            }) += 1;
        }
    }
    let many = |count: usize, one: &str, more: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {more}")),
    };
    let line = |(source, (of_files, of_directories)): (&&PatternSource, &(usize, usize))| {
        let files = many(*of_files, "file", "files");
        let directories = many(*of_directories, "directory", "directories");
        let both: Vec<String> = files.into_iter().chain(directories).collect();
        format!("{source} leaves out {}\n", both.join(" and "))
    };
    counts.iter().map(line).collect()
}

/// The same as annotations of a workflow run
/// (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>).
pub(super) fn annotations(files: &[FileView]) -> String {
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let mut text = String::new();
    for (file, error) in errors(files) {
        let hint = error
            .hint
            .as_deref()
            .map(|hint| format!("\nhint: {hint}"))
            .unwrap_or_default();
        let message = data(&format!("{}{hint}", error.message));
        let _ = writeln!(
            text,
            "::{} file={},line={},col={}::{message}",
            if is_wrong(file) { "error" } else { "warning" },
            property(&file.path),
            error.line,
            error.column
        );
    }
    for (path, note) in shown_notes(files).0 {
        let message = data(&note.text());
        let _ = writeln!(
            text,
            "::notice file={},line={}{}::{message}",
            property(path),
            note.line,
            note.column
                .map_or_else(String::new, |column| format!(",col={column}"))
        );
    }
    text
}

/// An annotation of the whole run.
pub(super) fn annotation(message: &str) -> String {
    format!("::warning::{}\n", data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The notes of good files that are shown, each with the path of its file, and how many more there are.
fn shown_notes(files: &[FileView]) -> (impl Iterator<Item = (&str, &Note)>, usize) {
    const SHOWN: usize = 20;
    let all = || files.iter().map(|file| file.notes.len()).sum::<usize>();
    (notes_of(files).take(SHOWN), all().saturating_sub(SHOWN))
}

fn notes_of(files: &[FileView]) -> impl Iterator<Item = (&str, &Note)> {
    files.iter().flat_map(|file| {
        file.notes
            .iter()
            .map(move |note| (file.path.as_str(), note))
    })
}

/// Times and payloads of good files that had better be looked at twice, each with its place.
pub(super) fn entry_notes(files: &[FileView]) -> String {
    let (mut text, (shown, more)) = (String::new(), shown_notes(files));
    for (path, note) in shown {
        let _ = writeln!(
            text,
            "note: {}\n  --> {path}:{}{}\n",
            plain(&note.text()),
            note.line,
            note.column
                .map_or_else(String::new, |column| format!(":{column}"))
        );
    }
    if more > 0 {
        let _ = writeln!(text, "note: and {more} more such notes\n");
    }
    text
}

/// The same for code scanning
/// (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).
pub(super) fn sarif(files: &[FileView]) -> serde_json::Value {
    let result = |(file, error): (&FileView, &ErrorView)| {
        let hint = error.hint.as_deref();
        let hint = hint.map(|hint| format!("\nhint: {hint}"));
        let text = format!("{}{}", error.message, hint.unwrap_or_default());
        json!({
            "ruleId": "schedule-file",
            "level": if is_wrong(file) { "error" } else { "warning" },
            "message": {"text": text},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": uri(&file.path)},
                "region": {"startLine": error.line, "startColumn": error.column},
            }}],
        })
    };
    let of_entry = |(path, note): (&str, &Note)| {
        let mut region = json!({"startLine": note.line});
        if let Some(column) = note.column {
            region["startColumn"] = column.into();
        }
        json!({
            "ruleId": if note.note.is_of_payload() { "payload" } else { "time" },
            "level": "note",
            "message": {"text": note.text()},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": uri(path)},
                "region": region,
            }}],
        })
    };
    let notes = notes_of(files).map(of_entry);
    let results: Vec<_> = errors(files).map(result).chain(notes).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "onced",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": [{
                    "id": "schedule-file",
                    "shortDescription": {"text": "A schedule file must be good, or its entries stay as they were"},
                }, {
                    "id": "time",
                    "shortDescription": {"text": "A time that had better be looked at twice"},
                }, {
                    "id": "payload",
                    "shortDescription": {"text": "A payload that had better be looked at twice"},
                }],
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// A path as a relative reference (<https://www.rfc-editor.org/rfc/rfc3986#section-4.2>).
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.trim_start_matches("./").bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if plain {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

/// Is what is said of this file a mistake in it? Else it is why it is not read, or taken although it is being written.
fn is_wrong(file: &FileView) -> bool {
    file.state == FileState::Invalid.as_str()
}

fn errors(files: &[FileView]) -> impl Iterator<Item = (&FileView, &ErrorView)> {
    files
        .iter()
        .flat_map(|file| file.errors.iter().map(move |error| (file, error)))
}

/// What holds more than single entries, before all else.
pub(super) fn halted(paused: Option<&PauseView>, doubt: Option<&String>, zone: Zone) -> String {
    let mut text = String::new();
    let local = |at: &str| {
        at.parse()
            .map_or_else(|_| at.to_owned(), |at| local(at, zone))
    };
    if let Some(PauseView { since, until }) = paused {
        let until = until
            .as_deref()
            .map(|until| format!(" until {}", local(until)));
        let _ = writeln!(
            text,
            "paused since {}{}: nothing is started or stopped\nhint: `onced resume` ends it",
            local(since),
            until.unwrap_or_default()
        );
    }
    if let Some(why) = doubt {
        let _ = writeln!(text, "nothing is stopped: {why}");
    }
    text
}

/// What holds nothing, and had better be known.
pub(super) fn notes(notes: &[NoteView]) -> String {
    let mut text = String::new();
    for NoteView { message, hint } in notes {
        let _ = writeln!(text, "note: {message}");
        if let Some(hint) = hint {
            let _ = writeln!(text, "hint: {hint}");
        }
    }
    text
}

/// That the daemon goes by other time zone rules than this command, if it does, and what comes of that.
pub(super) fn other_rules(daemon: &ZoneRules, own: &ZoneRules, comes: &str) -> Option<NoteView> {
    own.differ_from(daemon).then(|| NoteView {
        message: format!(
            "the daemon goes by the time zone rules {daemon}, this command by {own}: {comes}"
        ),
        hint: Some(SAME_RULES.to_owned()),
    })
}

/// How daemon and command come to go by the same rules.
pub(super) const SAME_RULES: &str = "use the same onced, `zoneinfo` and TZDIR for both; a daemon reads its own again within `resync`, and by `onced reload`";

/// A name as it is typed at the end of a command: one that begins with `-` is no option there.
pub(super) fn typed(name: &str) -> String {
    let behind = if name.starts_with('-') { "-- " } else { "" };
    format!("{behind}{name}")
}

/// What waits for a person, and the command that lets it go.
pub(super) fn waiting(
    guard: Option<&String>,
    orphans: &[OrphanView],
    digest: Option<&String>,
) -> String {
    let mut text = String::new();
    if let Some(why) = guard {
        let _ = writeln!(text, "held: this plan {why}");
    }
    for orphan in orphans {
        let _ = writeln!(
            text,
            "orphan: `{}` runs since {} or earlier, and no entry asks for it",
            orphan.execution_arn, orphan.since
        );
    }
    if let Some(digest) = digest {
        let _ = writeln!(
            text,
            "hint: to let exactly these stops go: onced approve {digest}"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    #[test]
    fn times() {
        let now: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().unwrap();
        for (at, expected) in [
            ("2026-11-23T12:00:30Z", "in 30 s"),
            ("2026-11-23T16:12:00Z", "in 4 h 12 min"),
            ("2026-11-20T10:00:00Z", "3 d 2 h ago"),
            ("2026-11-23T15:00:00Z", "in 3 h"),
            ("2026-11-23T12:00:00Z", "now"),
        ] {
            assert_eq!(relative(now, at.parse().unwrap()), expected);
        }
        assert_eq!(
            local(now, Zone::bundled("Europe/Berlin")),
            "2026-11-23 13:00:00 +01:00"
        );
    }

    #[test]
    fn a_caret_under_the_word() {
        let error = ErrorView {
            line: 12,
            column: 3,
            message: "m".into(),
            hint: Some("h".into()),
            shown: Some("  x: 1".into()),
        };
        let file = FileView {
            path: "a.yaml".into(),
            state: "invalid".into(),
            ignored_by: None,
            errors: vec![error],
            notes: Vec::new(),
        };
        let text = problems(std::slice::from_ref(&file), false);
        assert_eq!(
            text,
            "error: m\n  --> a.yaml:12:3\n   |\n12 |   x: 1\n   |   ^\nhint: h\n\n"
        );
        assert_eq!(
            annotations(&[file]),
            "::error file=a.yaml,line=12,col=3::m%0Ahint: h\n"
        );
    }

    #[test]
    fn carets_are_under_the_word() {
        for (line, column, blank, carets) in [
            ("  at: soon", 7, 6, 4),
            ("  at: soon  # later", 7, 6, 4),
            ("  a: {at: 09:00, lambda: f}", 11, 10, 5),
            ("  payloud: {a: 1}", 3, 2, 7),
            ("  at: \"not a time\"", 7, 6, 12),
            ("  at: 'open", 7, 6, 5),
            ("  \u{65e5}\u{672c}: x", 7, 8, 1),
            ("", 1, 0, 1),
            ("  a:", 5, 4, 1),
            ("  grace: 5 minutes  # long", 10, 9, 9),
            ("- {at: 1, b: 2}", 1, 0, 1),
        ] {
            let (before, under) = underline(line, column);
            assert_eq!((before.len(), under.len()), (blank, carets), "{line}");
        }
        assert_eq!(underline("\ta: b", 5).0, "\t   ");
    }

    #[test]
    fn a_path_is_a_reference() {
        assert_eq!(uri("./a b/\u{e9}#%.yaml"), "a%20b/%C3%A9%23%25.yaml");
    }
}
