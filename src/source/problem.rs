//! What is wrong with a schedule file, and what is said of each: values, not errors. Never shows a payload.

use std::time::Duration;

use serde::Serialize;

use super::ignore::IgnoredBy;
use super::words::length;
use crate::model::entry::EntryName;

/// How many problems of one kind in one file are told to people one by one.
const MOST_OF_A_KIND: usize = 20;

/// One thing that is wrong, where, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// From 1; 1 where the whole file is meant.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The line as it stands in the file; `None` for lines inside a payload or input, or a file that was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
    /// It is read again in a moment, and nobody has to do anything about it.
    #[serde(skip)]
    pub passes: bool,
}

/// The first problems of each kind of one file, as far as they are told one by one to people, and how many more of a kind
/// there are, with the first of it. A kind has the same words but for what stands in backticks and for numbers.
pub fn told_singly<P>(problems: &[P], message: impl Fn(&P) -> &str) -> (Vec<&P>, Vec<(usize, &P)>) {
    let mut kinds: Vec<(String, usize, &P)> = Vec::new();
    let mut told = Vec::new();
    for problem in problems {
        let kind = kind(message(problem));
        let known = kinds.iter_mut().find(|(known, ..)| *known == kind);
        let count = if let Some((_, count, _)) = known {
            *count += 1;
            *count
        } else {
            kinds.push((kind, 1, problem));
            1
        };
        if count <= MOST_OF_A_KIND {
            told.push(problem);
        }
    }
    let more = kinds.into_iter().filter_map(|(_, count, first)| {
        let more = count.checked_sub(MOST_OF_A_KIND + 1)? + 1;
        Some((more, first))
    });
    (told, more.collect())
}

/// A message without what it quotes.
fn kind(message: &str) -> String {
    let words = message.split('`').step_by(2);
    words
        .flat_map(str::chars)
        .filter(|c| !c.is_ascii_digit())
        .collect()
}

/// Whether a file takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// Read whole, every entry good.
    Ok,
    /// Not read, or something in it is wrong: its recorded entries are pinned.
    Invalid,
    /// Passed over: a leftover, no schedule file by its name, or left out by a pattern.
    Ignored,
}

impl FileState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ok, Self::Invalid, Self::Ignored];

    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Invalid => "invalid",
            Self::Ignored => "ignored",
        }
    }
}

/// What a scan says of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// Relative to the directory; bytes that are not UTF-8 are shown escaped.
    pub path: String,
    /// Whether it takes part.
    pub state: FileState,
    /// All that is wrong with it, in line order; of a file that is passed over, or taken although it is still being written,
    /// why.
    pub errors: Vec<Problem>,
    /// Another one with each content; `None`: it was not read.
    #[serde(skip)]
    pub version: Option<u64>,
    /// The pattern that leaves it out.
    #[serde(skip)]
    pub ignored_by: Option<IgnoredBy>,
}

/// Notes in each of the files that hold the same name where the other is.
pub(super) fn note_twice(name: &EntryName, places: &[(usize, usize)], files: &mut [FileReport]) {
    for (n, (file, line)) in places.iter().enumerate() {
        let (other, other_line) = places[usize::from(n == 0)];
        let other = format!("{}:{other_line}", files[other].path);
        files[*file].errors.push(twice(name, *line, &other));
        files[*file].state = FileState::Invalid;
    }
}

/// What is said of a file with these problems.
pub(super) fn file_report(path: String, errors: Vec<Problem>) -> FileReport {
    let state = if errors.is_empty() {
        FileState::Ok
    } else {
        FileState::Invalid
    };
    FileReport {
        path,
        state,
        errors,
        version: None,
        ignored_by: None,
    }
}

/// A problem of a file that has no place in it.
pub(super) fn of_the_whole(message: String, hint: Option<String>) -> Problem {
    Problem {
        line: 1,
        column: 1,
        message,
        hint,
        shown: None,
        passes: false,
    }
}

/// The problem of a file that is being changed.
pub(super) fn passing(message: String) -> Problem {
    Problem {
        passes: true,
        ..of_the_whole(message, Some("it is read again in a moment".into()))
    }
}

/// The note on a file that has been written to for longer than is waited for.
pub fn written_for_long(longest: Duration) -> Problem {
    let longest = length(longest);
    of_the_whole(
        format!("the file has been written to for more than {longest}: it is taken as it is"),
        Some("let the program that writes it close it, or write beside it and rename".into()),
    )
}

/// The problem of a name that another file has too.
fn twice(name: &EntryName, line: usize, other: &str) -> Problem {
    Problem {
        line,
        column: 3,
        message: format!("`{name}` is also the name of an entry at `{other}`"),
        hint: Some("rename one of the two: a name is unique in the whole directory".into()),
        shown: None,
        passes: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_told_twenty_times_and_all_others_too() {
        let mut messages: Vec<String> = (0..50).map(|n| format!("unknown key `k{n}`")).collect();
        messages.insert(30, "`a` is not a time".into());
        messages.extend((0..20).map(|n| format!("the first is on line {n}")));
        let (told, more) = told_singly(&messages, |message| message);
        assert_eq!(told.len(), 20 + 1 + 20);
        assert_eq!(
            (told[19].as_str(), told[20].as_str()),
            ("unknown key `k19`", "`a` is not a time")
        );
        assert_eq!(more, [(30, &"unknown key `k0`".to_owned())]);
    }
}
