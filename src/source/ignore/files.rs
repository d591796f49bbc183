//! Ignore files: read as safely as schedule files are, and kept as they were while they are being written.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::time::Instant;

use super::IgnoredBy;
use super::patterns::{IgnorePatterns, IgnoreStack, PatternSource, dead};
use crate::source::conflict;
use crate::source::in_flight::{Flight, InFlight, Rest, Writing, Young};
use crate::source::problem::{Problem, of_the_whole, passing};
use crate::source::read::{Stat, Trust, Unread, read, read_inside};

/// The name of an ignore file.
pub const FILE: &str = ".oncedignore";
/// The most bytes one may have: each file is held against each line.
const MOST_BYTES: usize = 256 * 1024;

/// What an ignore file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct IgnoreFile {
    /// Its patterns.
    pub(in super::super) patterns: Arc<IgnorePatterns>,
    /// Lines that can never match.
    pub(in super::super) notes: Vec<Problem>,
}

impl IgnoreFile {
    fn of(bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.len() > MOST_BYTES {
            return Err(of_the_whole(
                format!(
                    "the file has {} bytes, and at most {MOST_BYTES} are read of an ignore file",
                    bytes.len()
                ),
                Some("name directories, or use patterns".into()),
            ));
        }
        if bytes.contains(&0) {
            let hint = "write it as plain text in UTF-8, a pattern a line";
            return Err(of_the_whole(
                "this is not a text file".into(),
                Some(hint.into()),
            ));
        }
        let text = String::from_utf8_lossy(bytes);
        if let Some(problem) = conflict::line(&text).and_then(|at| conflict::problem(at).pop()) {
            return Err(problem);
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let lines = text.lines().enumerate();
        let said = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let notes = said.filter_map(|(at, line)| {
            let (message, hint) = dead(line)?;
            Some(Problem {
                line: at + 1,
                ..of_the_whole(message, Some(hint))
            })
        });
        Ok(Self {
            patterns: Arc::new(IgnorePatterns::of_file(bytes)),
            notes: notes.collect(),
        })
    }
}

/// What is known of the ignore files of a folder, by the directories that were walked. `None`: there was none.
#[derive(Debug, Default)]
pub(in super::super) struct IgnoreFiles {
    before: HashMap<String, Option<Arc<IgnoreFile>>>,
    now: HashMap<String, Option<Arc<IgnoreFile>>>,
}

/// A directory whose ignore file is asked for.
pub(in super::super) struct AskedDirectory<'a> {
    /// What is walked, resolved.
    pub(in super::super) root: &'a Path,
    /// The directory.
    pub(in super::super) directory: &'a Path,
    /// Its name in reports.
    pub(in super::super) shown: &'a str,
    /// It is a link, or lies in one.
    pub(in super::super) linked: bool,
    pub(in super::super) trust: Trust,
}

/// What a directory's ignore file says.
pub(in super::super) enum Entered {
    /// It counts.
    Read(Arc<IgnoreFile>),
    /// It is being written, and counts as it was before: maybe not at all.
    InFlight(Option<Arc<IgnoreFile>>),
    /// What it says is not known.
    Unread(Problem),
}

/// How ignore files are read during one walk.
pub(in super::super) struct IgnoreReading<'a> {
    /// What counts from above.
    pub(in super::super) stack: IgnoreStack,
    pub(in super::super) known: &'a mut IgnoreFiles,
    /// What is being written, where that counts.
    pub(in super::super) in_flight: Option<(&'a InFlight, Rest)>,
    pub(in super::super) young: &'a mut Young,
    /// Those that have been written to for so long that they are taken as they are.
    pub(in super::super) for_long: BTreeSet<String>,
}

impl IgnoreReading<'_> {
    /// Another walk begins, in the scan of before or in a new one.
    pub(in super::super) fn begin(&mut self) {
        self.known.before = std::mem::take(&mut self.known.now);
    }

    /// A directory that has no ignore file.
    pub(in super::super) fn nothing(&mut self, shown: &str) {
        self.known.now.insert(shown.to_owned(), None);
    }

    /// The ignore file of a directory that has one.
    pub(in super::super) fn enter(&mut self, asked: &AskedDirectory<'_>) -> Entered {
        let path = asked.directory.join(FILE);
        let file = shown(asked.shown);
        let begun = Instant::now();
        if let Some((in_flight, rest)) = self.in_flight
            && let Some((target, stat)) = target(&path)
        {
            match in_flight.writing(self.young, (&file, &target), stat, &rest) {
                Writing::Yes => return self.as_before(asked.shown),
                Writing::ForLong => {
                    self.for_long.insert(file);
                }
                Writing::No => {}
            }
        }
        let read = match in_directory(asked, &path) {
            Ok(content) => content,
            Err(Unread::Changing) if self.in_flight.is_some() => {
                return self.as_before(asked.shown);
            }
            Err(unread) => return Entered::Unread(unread.problem()),
        };
        let content = match IgnoreFile::of(&read) {
            Ok(content) => Arc::new(content),
            Err(problem) => return Entered::Unread(problem),
        };
        let known = self.known.before.get(asked.shown);
        let is_known = known.is_some_and(|known| known.as_ref() == Some(&content));
        if let Some((in_flight, _)) = self.in_flight.filter(|_| !is_known) {
            in_flight.catch_up();
            let target = fs::canonicalize(&path).unwrap_or(path);
            let is_open = in_flight.of(&target, true) == Flight::Open;
            if is_open || in_flight.has_changed(&target, begun) {
                return self.as_before(asked.shown);
            }
        }
        let kept = Some(Arc::clone(&content));
        self.known.now.insert(asked.shown.to_owned(), kept);
        Entered::Read(content)
    }

    /// Where it is not known how it was, nothing is known of what it leaves out.
    fn as_before(&mut self, directory: &str) -> Entered {
        let Some(before) = self.known.before.get(directory).cloned() else {
            return Entered::Unread(passing("the file is being written".into()));
        };
        let kept = before.clone();
        self.known.now.insert(directory.to_owned(), kept);
        Entered::InFlight(before)
    }
}

/// The name of a directory's ignore file in reports.
pub(in super::super) fn shown(directory: &str) -> String {
    match directory {
        "" => FILE.to_owned(),
        directory => format!("{directory}/{FILE}"),
    }
}

fn target(path: &Path) -> Option<(PathBuf, Stat)> {
    let target = fs::canonicalize(path).ok()?;
    let stat = Stat::of(&fs::metadata(&target).ok()?);
    Some((target, stat))
}

/// Reads the ignore file of a directory.
pub(in super::super) fn in_directory(
    asked: &AskedDirectory<'_>,
    path: &Path,
) -> Result<Vec<u8>, Unread> {
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    let read = if asked.linked || is_link {
        read_inside(asked.root, path, asked.trust)
    } else {
        read(path, libc::O_NOFOLLOW, asked.trust)
    };
    read.map(|(bytes, _)| bytes)
}

/// What counts in a directory that lies `below` the watched one, but for its own ignore file; the error names the ignore file
/// that can't be read.
pub(in super::super) fn above(
    watched: &Path,
    below: &Path,
    configured: &Arc<IgnorePatterns>,
) -> Result<IgnoreStack, (String, Problem)> {
    down_to(watched, below, configured, below.iter().count())
}

/// The same, with the ignore files of so many directories from the watched one down.
fn down_to(
    watched: &Path,
    below: &Path,
    configured: &Arc<IgnorePatterns>,
    directories: usize,
) -> Result<IgnoreStack, (String, Problem)> {
    let bytes = |path: &Path| path.as_os_str().as_bytes().to_owned();
    let configured = Arc::clone(configured);
    let mut stack =
        IgnoreStack::default().above(PatternSource::Configuration, configured, &bytes(below));
    let mut directory = watched.to_owned();
    let mut steps = below.iter();
    for _ in 0..directories {
        let path = directory.join(FILE);
        if fs::symlink_metadata(&path).is_ok() {
            let asked = AskedDirectory {
                root: watched,
                directory: &directory,
                shown: "",
                linked: true,
                trust: Trust::Anybody,
            };
            let shown = path.display().to_string();
            let read = in_directory(&asked, &path).map_err(Unread::problem);
            let content = read.and_then(|bytes| IgnoreFile::of(&bytes));
            let content = content.map_err(|problem| (shown.clone(), problem))?;
            let patterns = Arc::clone(&content.patterns);
            let rest = bytes(steps.as_path());
            stack = stack.above(PatternSource::File(shown.into()), patterns, &rest);
        }
        directory.extend(steps.next());
    }
    Ok(stack)
}

/// By which pattern a file is ignored that lies `below` the watched directory, or is to; `None` too where an ignore file can't
/// be read.
pub fn by(watched: &Path, below: &Path, configured: &Arc<IgnorePatterns>) -> Option<IgnoredBy> {
    let watched = fs::canonicalize(watched).ok()?;
    let steps: Vec<&OsStr> = below.iter().collect();
    (0..steps.len()).find_map(|depth| {
        let parents: PathBuf = steps[..depth].iter().collect();
        let stack = down_to(&watched, &parents, configured, depth + 1).ok()?;
        let is_directory = depth + 1 < steps.len();
        stack.ignores(steps[depth].as_bytes(), is_directory)
    })
}
