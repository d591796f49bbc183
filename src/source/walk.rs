//! The walk: which files there are below the directory, in which directories, and whether all could be seen. Reads no file.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::doubt::Pin;
use super::file_system::identified;
use super::ignore::{
    self, AskedDirectory, Entered, IgnoreReading, IgnoreStack, IgnoredBy, PatternSource,
};
use super::leftover::{Leftover, is_schedule_file};
use super::problem::{FileReport, FileState, Problem, file_report};
use super::read::{Refusal, Stat, Trust, everybody_may_write};
use super::work_tree::{self, Place as TreePlace, Tool};
use crate::model::roots::{Directories, Directory};
use crate::model::rules::Rules;

/// How many directories deep a walk goes.
const MAX_DEPTH: usize = 32;
/// What one of that depth holds is only counted, up to so much.
const MOST_DEEP: usize = 100_000;
/// Where package managers put what others wrote, as deep as they like.
const OF_OTHERS: &str = "node_modules";

/// A file that a walk found, and its name in reports.
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) shown: String,
    /// It is a link, or lies in a directory that is one: where it leads must be seen first.
    pub(super) linked: bool,
    /// Of a plain file that is no link.
    pub(super) stat: Option<Stat>,
    /// Everybody may write where it lies.
    pub(super) refused: Option<Refusal>,
}

impl Found {
    /// Where its content lies, and how it stands; `None`: it is not there any more.
    pub(super) fn target(&self) -> Option<(Cow<'_, Path>, Stat)> {
        if let Some(stat) = self.stat {
            return Some((Cow::Borrowed(&self.path), stat));
        }
        let path = fs::canonicalize(&self.path).ok()?;
        let stat = Stat::of(&fs::metadata(&path).ok()?);
        Some((Cow::Owned(path), stat))
    }
}

/// What is passed over, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ignored {
    /// Its name in reports; of a directory that a pattern names, with a slash at the end.
    pub(super) path: String,
    pub(super) why: PassedOver,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum PassedOver {
    /// By its name.
    Leftover(Leftover),
    /// By a pattern.
    Pattern(IgnoredBy),
}

#[derive(Default)]
pub(super) struct Walk {
    pub(super) found: Vec<Found>,
    pub(super) ignored: Vec<Ignored>,
    /// What is said of ignore files.
    pub(super) ignore_files: Vec<FileReport>,
    /// Ignore files that are being written.
    pub(super) in_flight: BTreeSet<String>,
    /// What was in these may still be wanted.
    pub(super) pins: Vec<Pin>,
    /// Each directory that could be looked at, by its path from the root; the root's is empty.
    directories: BTreeMap<String, Directory>,
    /// PassedOver not everything was seen.
    pub(super) unclear: Option<String>,
    /// The file that `unclear` is about, where that is one with a report of its own.
    pub(super) unclear_file: Option<String>,
    /// Work trees whose roots are below the directory.
    pub(super) trees: BTreeSet<TreePlace>,
}

/// Where a walk is.
struct Place<'a> {
    root: &'a Path,
    trust: Trust,
    rules: Rules,
    depth: usize,
    linked: bool,
    refused: Option<Refusal>,
    /// What is ignored here.
    ignores: IgnoreStack,
}

impl Place<'_> {
    /// By which pattern something that lies here is ignored.
    fn ignored(&self, path: &Path, is_directory: bool) -> Option<IgnoredBy> {
        if self.ignores.is_empty() {
            return None;
        }
        let below = path.strip_prefix(self.root).ok()?;
        let below = below.as_os_str().as_bytes();
        self.ignores.ignores(below, is_directory)
    }
}

impl Walk {
    /// Walks everything below a resolved directory.
    pub(super) fn below(
        root: &Path,
        (trust, rules): (Trust, Rules),
        reading: &mut IgnoreReading<'_>,
    ) -> Self {
        let mut walk = Self::default();
        reading.begin();
        let place = Place {
            root,
            trust,
            rules,
            depth: 0,
            linked: false,
            refused: None,
            ignores: reading.stack.clone(),
        };
        walk.directory(&place, reading, root, "");
        walk
    }

    /// Which directories they were, and which of them hold schedule files, there or further down.
    pub(super) fn directories(&mut self, root: &Metadata) -> Directories {
        let mut below = std::mem::take(&mut self.directories);
        let looked_at = below.remove("");
        for found in &self.found {
            let mut path = found.shown.as_str();
            while let Some((above, _)) = path.rsplit_once('/') {
                match below.get_mut(above) {
                    Some(directory) if directory.holds_files => break,
                    Some(directory) => directory.holds_files = true,
                    None => {}
                }
                path = above;
            }
        }
        Directories {
            root: Directory {
                holds_files: !self.found.is_empty(),
                ..looked_at.unwrap_or_else(|| identified(root))
            },
            below,
        }
    }

    /// Directories are walked by name, so that a scan of the same tree always says the same.
    fn directory(
        &mut self,
        place: &Place<'_>,
        reading: &mut IgnoreReading<'_>,
        directory: &Path,
        shown: &str,
    ) {
        let before = fs::metadata(directory).map(|metadata| identified(&metadata));
        let listed = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut items = match listed {
            Ok(items) if place.depth <= MAX_DEPTH => items,
            Ok(_) => return self.too_deep(place, directory, shown),
            Err(error) => {
                return self.doubt(format!(
                    "the directory `{}` can't be read: {error}",
                    directory.display()
                ));
            }
        };
        let has_own = items.iter().any(|item| item.file_name() == ignore::FILE);
        let Some(ignores) = self.ignores(place, reading, (directory, shown), has_own) else {
            return;
        };
        let refused = match fs::metadata(directory) {
            Ok(metadata) => {
                let seen = identified(&metadata);
                // What was listed is of one of both, and must not be taken for the other's.
                if !before.is_ok_and(|before| before.identity.is(seen.identity)) {
                    self.doubt(format!(
                        "`{}` became another directory while it was read",
                        directory.display()
                    ));
                }
                self.directories.insert(shown.to_owned(), seen);
                let path = || directory.display().to_string();
                let distrusts = place.trust == Trust::NotEverybody;
                distrusts
                    .then(|| everybody_may_write(directory, &metadata, &path()))
                    .flatten()
            }
            Err(error) => {
                return self.doubt(format!(
                    "`{}` can't be looked at: {error}",
                    directory.display()
                ));
            }
        };
        if let Some((why, _)) = &refused {
            self.doubt(format!("`{}`: {why}", directory.display()));
        }
        let place = Place {
            refused: refused.or_else(|| place.refused.clone()),
            ignores,
            ..*place
        };
        items.sort_by_cached_key(DirEntry::file_name);
        for item in items {
            self.item(&place, reading, &item, shown);
        }
    }

    /// What is ignored in a directory; `None`: that is not known, and so nothing is of what lies there.
    fn ignores(
        &mut self,
        place: &Place<'_>,
        reading: &mut IgnoreReading<'_>,
        (directory, shown): (&Path, &str),
        has_own: bool,
    ) -> Option<IgnoreStack> {
        let above = place.ignores.clone();
        if !has_own {
            reading.nothing(shown);
            return Some(above);
        }
        let asked = AskedDirectory {
            root: place.root,
            directory,
            shown,
            linked: place.linked,
            trust: place.trust,
        };
        let file = ignore::shown(shown);
        let content = match reading.enter(&asked) {
            Entered::Read(content) => content,
            Entered::InFlight(before) => {
                self.in_flight.insert(file.clone());
                before.unwrap_or_default()
            }
            Entered::Unread(problem) => {
                self.unread(file, problem);
                return None;
            }
        };
        if !content.notes.is_empty() {
            self.ignore_files.push(FileReport {
                state: FileState::Ignored,
                ..file_report(file.clone(), content.notes.clone())
            });
        }
        let below = directory.strip_prefix(place.root).unwrap_or(directory);
        let patterns = content.patterns.clone();
        let below = below.as_os_str().as_bytes();
        Some(above.below(PatternSource::File(file.into()), patterns, below))
    }

    fn unread(&mut self, file: String, problem: Problem) {
        if self.unclear.is_none() {
            let why = &problem.message;
            let why = format!("`{file}`: {why}: which files count beside it is not known");
            (self.unclear, self.unclear_file) = (Some(why), Some(file.clone()));
        }
        if problem.passes {
            self.in_flight.insert(file.clone());
        }
        self.ignore_files.push(file_report(file, vec![problem]));
    }

    fn item(
        &mut self,
        place: &Place<'_>,
        reading: &mut IgnoreReading<'_>,
        item: &DirEntry,
        shown: &str,
    ) {
        let name = item.file_name();
        let text = name.to_string_lossy();
        if text.starts_with('.') {
            // That of the directory itself is looked for above it, too.
            if Tool::of(&text).is_some() && !shown.is_empty() {
                let directory = item.path();
                self.tree_of(place, directory.parent().unwrap_or(place.root), shown);
            }
            return;
        }
        let leftover = Leftover::is_editors(&text);
        let shown = if shown.is_empty() {
            escaped(&name)
        } else {
            format!("{shown}/{}", escaped(&name))
        };
        let kind = match item.file_type() {
            Ok(kind) => kind,
            Err(error) => return self.doubt(format!("`{shown}` can't be looked at: {error}")),
        };
        let path = item.path();
        let linked_directory =
            kind.is_symlink() && fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir());
        let is_directory = kind.is_dir() || linked_directory;
        let of_file = Leftover::of_file(&text).filter(|leftover| {
            !is_directory && (place.rules.leftovers || !leftover.is_of_conflict())
        });
        let is_concerned = is_directory || of_file.is_some() || is_schedule_file(&text);
        let by = is_concerned.then(|| place.ignored(&path, is_directory));
        if let Some(by) = by.flatten() {
            let end = if is_directory { "/" } else { "" };
            self.ignored.push(Ignored {
                path: shown + end,
                why: PassedOver::Pattern(by),
            });
        } else if leftover && is_directory {
            self.pass_over(shown, Leftover::Editor);
        } else if is_directory {
            match fs::canonicalize(&path) {
                // A link to a directory above would be walked for ever, one to outside is not ours to read.
                Ok(target)
                    if linked_directory
                        && (!target.starts_with(place.root) || path.starts_with(&target)) =>
                {
                    self.doubt(format!(
                        "the link `{shown}` leads out of the directory, or back up"
                    ));
                }
                Ok(target) => {
                    if linked_directory {
                        self.tree_of(place, &target, &shown);
                    }
                    let below = Place {
                        depth: place.depth + 1,
                        linked: place.linked || linked_directory,
                        refused: place.refused.clone(),
                        ignores: place.ignores.clone(),
                        ..*place
                    };
                    self.directory(&below, reading, &path, &shown);
                }
                Err(error) => self.doubt(format!("`{shown}` can't be looked at: {error}")),
            }
        } else if let Some(leftover) = of_file {
            self.pins.extend(Pin::passed_over(&shown, leftover));
            self.pass_over(shown, leftover);
        } else if is_schedule_file(&text) {
            let linked = place.linked || !kind.is_file();
            if kind.is_symlink()
                && let Ok(target) = fs::canonicalize(&path)
            {
                self.tree_of(place, target.parent().unwrap_or(place.root), &shown);
            }
            let metadata = if linked { None } else { item.metadata().ok() };
            self.found.push(Found {
                path,
                shown,
                linked,
                stat: metadata.as_ref().map(Stat::of),
                refused: place.refused.clone(),
            });
        }
    }

    fn pass_over(&mut self, path: String, leftover: Leftover) {
        let why = PassedOver::Leftover(leftover);
        self.ignored.push(Ignored { path, why });
    }

    /// A directory that is not walked: where it holds no schedule file, nothing is missed. Below one that a package manager
    /// fills, only what was known there counts.
    fn too_deep(&mut self, place: &Place<'_>, directory: &Path, shown: &str) {
        let why = format!("`{shown}` is more than {MAX_DEPTH} directories deep");
        if shown.split('/').any(|name| name == OF_OTHERS) {
            let why = format!("{why}, and is not read");
            return self.pins.push(Pin::below(shown, why));
        }
        match schedule_file_below(place, directory) {
            Ok(None) => {}
            Ok(Some(name)) => self.doubt(format!("{why}, and holds schedule files: `{name}`")),
            Err(error) => self.doubt(format!("{why}, and can't be looked through: {error}")),
        }
    }

    /// Notes the work tree, if there is one below the directory, that this place is in.
    fn tree_of(&mut self, place: &Place<'_>, of: &Path, shown: &str) {
        self.trees
            .extend(work_tree::enclosing(of, place.root, shown));
    }

    fn doubt(&mut self, why: String) {
        self.unclear.get_or_insert(why);
    }
}

/// The name of a schedule file somewhere below a directory that is not walked.
fn schedule_file_below(place: &Place<'_>, directory: &Path) -> io::Result<Option<String>> {
    let mut waiting = vec![directory.to_owned()];
    let mut seen = 0;
    while let Some(next) = waiting.pop() {
        for item in fs::read_dir(next)? {
            let item = item?;
            seen += 1;
            if seen > MOST_DEEP {
                return Err(io::Error::other("there is too much of it"));
            }
            let name = item.file_name();
            if !is_read(&name) {
                continue;
            }
            let is_directory = item.file_type()?.is_dir();
            if place.ignored(&item.path(), is_directory).is_some() {
                continue;
            }
            if is_directory {
                waiting.push(item.path());
            } else if is_schedule_file(&name.to_string_lossy()) {
                return Ok(Some(escaped(&name)));
            }
        }
    }
    Ok(None)
}

/// Is what bears this name looked at, be it a directory or a schedule file?
pub fn is_read(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let is_leftover = Leftover::is_editors(&name)
        || is_schedule_file(&name) && Leftover::of_file(&name).is_some();
    !name.starts_with('.') && !is_leftover
}

/// A file's name as one line of plain text.
fn escaped(name: &OsStr) -> String {
    match name.to_str() {
        Some(name) if name.chars().any(char::is_control) => name.escape_debug().to_string(),
        Some(name) => name.to_owned(),
        None => name.as_encoded_bytes().escape_ascii().to_string(),
    }
}
