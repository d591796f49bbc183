//! What of a file's text a message may show: never a payload, and nothing that a terminal obeys.

use super::{Node, Parsing, Place, Wrong};
use crate::model::printable::is_obeyed;
use crate::source::problem::Problem;

/// A character as a terminal may show it.
fn plain(c: char) -> char {
    match c {
        '\t' => ' ',
        c if is_obeyed(c) => '\u{fffd}',
        c => c,
    }
}

/// A line as a terminal may show it, of a bearable length.
fn printable(line: &str) -> String {
    line.trim_end().chars().take(200).map(plain).collect()
}

/// UTF-8 without NUL, with line feeds only.
pub(super) fn readable(bytes: &[u8]) -> Result<String, Problem> {
    let at = |index: usize, what: &str| {
        let line = bytes[..index].split(|byte| *byte == b'\n').count();
        let message = format!("{what} at byte {index}");
        let hint = Some("save the file as UTF-8 text".to_owned());
        Problem {
            line,
            column: 1,
            message,
            hint,
            shown: None,
            passes: false,
        }
    };
    let text = std::str::from_utf8(bytes).map_err(|error| at(error.valid_up_to(), "not UTF-8"))?;
    if let Some(index) = bytes.iter().position(|byte| *byte == 0) {
        return Err(at(index, "a NUL"));
    }
    Ok(text.replace("\r\n", "\n"))
}

impl Parsing<'_> {
    pub(super) fn problems(&self, text: &str) -> Vec<Problem> {
        let lines: Vec<&str> = text.lines().collect();
        let mut wrongs: Vec<_> = self.wrongs.iter().collect();
        wrongs.sort_by_key(|(place, _)| *place);
        let shown = |place: Place, message: &str| {
            let line = lines.get(place.line - 1)?;
            if !self
                .hidden
                .iter()
                .any(|(from, to)| (*from..=*to).contains(&place.line))
            {
                return Some(printable(line));
            }
            // A misspelt `payload` holds one: its line is shown up to the key, where nothing stands before it.
            let (before, key): (String, String) = (
                line.chars().take(place.column - 1).collect(),
                line.chars().skip(place.column - 1).collect(),
            );
            let is_other = message.ends_with("and this is none")
                || message.contains("is not a mapping of names");
            if is_other && key.trim_matches([':', ' ']).is_empty() {
                return Some(printable(line));
            }
            if is_other && !before.contains(['{', '[']) {
                // What should have been another kind of value: up to where it begins.
                return Some(printable(&format!("{before}…")));
            }
            let key: String = key
                .chars()
                .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
                .collect();
            let alone = message.starts_with("unknown key") && before.trim().is_empty();
            alone.then(|| printable(&format!("{before}{key}: …")))
        };
        let problem = |(place, wrong): &&(Place, Wrong)| Problem {
            line: place.line,
            column: place.column,
            message: wrong.message.chars().map(plain).collect(),
            hint: wrong
                .hint
                .as_ref()
                .map(|hint| hint.chars().map(plain).collect()),
            shown: shown(*place, &wrong.message),
            passes: false,
        };
        wrongs.iter().map(problem).collect()
    }

    /// What stands there is never shown.
    pub(super) fn hide(&mut self, node: &Node) {
        self.hidden.push((node.place.line, node.last));
    }

    /// A fault of the YAML itself may lie within a payload, and nothing tells where that ends: all from the first key
    /// on that looks like one is hidden.
    pub(super) fn hide_what_may_be_payload(&mut self, text: &str) {
        let lines: Vec<&str> = text.lines().collect();
        let begins = lines
            .iter()
            .position(|line| line.contains("pay") || line.contains("inp"));
        self.hidden
            .extend(begins.map(|line| (line + 1, usize::MAX)));
        // What is the user's own ends with its block.
        let indent = |line: &str| line.len() - line.trim_start().len();
        for (place, line) in lines.iter().enumerate() {
            if line.trim_start().starts_with("x-") {
                let inside =
                    |below: &&&str| below.trim().is_empty() || indent(below) > indent(line);
                let below = lines[place + 1..].iter().take_while(inside).count();
                self.hidden.push((place + 1, place + 1 + below));
            }
        }
    }
}
