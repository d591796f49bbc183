//! Conflict markers in a file that is no good schedule file: what a merge leaves where it could not decide. Pure; asks no
//! version control system, so it is seen whichever wrote them, and in whichever file.

use super::problem::{Problem, of_the_whole};

/// What begins a side or the base of a conflict, or ends one, at the start of a line and at least so often. Git, Mercurial
/// and Jujutsu share these; `=` and what else Jujutsu writes may stand in other texts too.
const MARKERS: [char; 3] = ['<', '|', '>'];
const TIMES: usize = 7;

/// Where a merge is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

impl Conflict {
    pub(super) fn new(file: &str, line: usize) -> Self {
        let file = file.to_owned();
        Self { file, line }
    }

    /// Why nothing is stopped meanwhile: what the other side removed may be wanted yet.
    pub fn why(&self) -> String {
        let Self { file, line } = self;
        format!("a merge is not finished: conflict markers stand in `{file}`, line {line}")
    }
}

/// The problem of a file with a conflict at this line; all others follow from it.
pub(super) fn problem(line: usize) -> Vec<Problem> {
    let message = "conflict markers: a merge is not finished here".to_owned();
    let hint = "keep what is meant, and remove the lines that begin with `<<<<<<<`, `|||||||`, `=======` or `>>>>>>>`";
    vec![Problem {
        line,
        ..of_the_whole(message, Some(hint.to_owned()))
    }]
}

/// The first line with a marker, from 1, in the text of a file that is invalid. One is enough: a person who is resolving a conflict may have taken out the rest.
pub(super) fn line(text: &str) -> Option<usize> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let place = text.lines().position(|line| {
        MARKERS.iter().any(|marker| {
            let rest = line.trim_start_matches(*marker);
            let ends = rest.is_empty() || rest.starts_with(' ');
            ends && line.len() - rest.len() >= TIMES
        })
    })?;
    Some(place + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers() {
        for (text, expected) in [
            ("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> topic\n", Some(2)),
            ("<<<<<<<\n=======\n>>>>>>>\r\n", Some(1)),
            ("\u{feff}<<<<<<< a\n", Some(1)),
            // Jujutsu makes them longer where the text has such lines itself.
            ("<<<<<<<<<<< conflict 1 of 1\n%%%%%%%%%%% diff\n", Some(1)),
            // What is left while a person resolves it.
            ("a\n=======\nc\n>>>>>>> topic\r\n", Some(4)),
            ("a\n||||||| base\n", Some(2)),
            ("a\n=======\n", None),
            ("a: <<<<<<< HEAD\n <<<<<<< HEAD\n", None),
            ("<<<<<<\n<<<<<<<a\n|||||||-\n", None),
            ("# >>>>>>> topic\n", None),
        ] {
            assert_eq!(line(text), expected, "{text:?}");
        }
    }
}
