//! The scan: every schedule file below the directory, read whole or reported. Blocks on the disk; never writes.

mod files;
mod gather;
mod result;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use self::files::{Known, Seen};
pub use self::result::Scan;
use super::ignore::{self, IgnoreFiles, IgnoreReading, IgnoreStack};
use super::in_flight::{InFlight, Writing, Young};
use super::problem::FileReport;
use super::read::Trust;
pub use super::walk::is_read;
use super::walk::{Found, Ignored, Walk};
use crate::model::rules::Rules;
use crate::source::parse::Defaults;
use crate::source::work_tree::{self, Place, WorkTrees};

/// How often every file is read again, whatever its times say: a file system may not tell (a network's cache, a mapped
/// file).
const REREAD: Duration = Duration::from_mins(15);

/// The files that are being written, by their places among those that were found.
#[derive(Debug, Default)]
struct Written {
    now: BTreeSet<usize>,
    /// For so long that they are read all the same.
    for_long: BTreeSet<usize>,
}

/// Scans one directory again and again. A file is read again when its times say that it changed, or may have; and parsed
/// again when its content did.
#[derive(Debug)]
pub struct Scanner {
    directory: PathBuf,
    defaults: Defaults,
    trust: Trust,
    in_flight: Option<InFlight>,
    young: Young,
    rules: Rules,
    /// The git directory that is configured, where the work tree has none of its own.
    git_dir: Option<PathBuf>,
    /// The work trees that the last walk found below the directory.
    trees: BTreeSet<Place>,
    round: u64,
    /// In which scan a tool was at work last.
    busy: u64,
    /// By path. What is gone is kept for a while: a file that is made anew is compared with what it was.
    known: HashMap<String, Known>,
    /// How many files the last scan found.
    found: usize,
    ignored: Vec<Ignored>,
    /// What the last scan said of ignore files.
    ignore_reports: Vec<FileReport>,
    ignore_files: IgnoreFiles,
    /// The watched directory, where only a part of it is scanned.
    within: Option<PathBuf>,
    last: Scan,
    /// When every file was read last.
    read_all: Option<Instant>,
}

impl Scanner {
    /// A scanner of a directory, which may be relative or a link, and may not be there yet.
    pub fn new(directory: PathBuf, defaults: Defaults) -> Self {
        Self {
            directory,
            defaults,
            trust: Trust::NotEverybody,
            in_flight: None,
            young: Young::default(),
            rules: Rules::default(),
            git_dir: None,
            trees: BTreeSet::new(),
            round: 0,
            busy: 0,
            known: HashMap::new(),
            found: 0,
            ignored: Vec::new(),
            ignore_reports: Vec::new(),
            ignore_files: IgnoreFiles::default(),
            within: None,
            last: Scan::default(),
            read_all: None,
        }
    }

    /// The same, for files that are only looked at: who may have written them does not count.
    #[must_use]
    pub fn trusting(self) -> Self {
        Self {
            trust: Trust::Anybody,
            ..self
        }
    }

    /// The same, for files that may be changed meanwhile: those that are being written count as they were before.
    #[must_use]
    pub fn among_writers(self, in_flight: InFlight) -> Self {
        Self {
            in_flight: Some(in_flight),
            ..self
        }
    }

    /// The same, without some rules.
    #[must_use]
    pub(crate) fn under(self, rules: Rules) -> Self {
        Self {
            in_flight: self.in_flight.filter(|_| rules.in_flight),
            rules,
            ..self
        }
    }

    /// The same, of a work tree whose git directory lies elsewhere.
    #[must_use]
    pub fn with_git_dir(self, git_dir: Option<PathBuf>) -> Self {
        Self { git_dir, ..self }
    }

    /// The same, of a directory that may be a part of this one: what is ignored there counts here too.
    #[must_use]
    pub fn within(self, watched: Option<PathBuf>) -> Self {
        Self {
            within: watched,
            ..self
        }
    }

    /// From now on with these defaults. Every file is read and parsed anew; what was known of its content before, by which
    /// one that is half written is noticed, is kept.
    pub fn reparse(&mut self, defaults: Defaults) {
        self.defaults = defaults;
        for known in self.known.values_mut() {
            known.stat = None;
            known.digest = [0; 32];
        }
    }

    /// What schedule files get where they say nothing.
    pub fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// The directory, as given.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// One scan. The directory is resolved anew.
    pub fn scan(&mut self) -> Scan {
        self.scan_after(Duration::ZERO)
    }

    /// One scan of a folder that may not be at rest: what changed within this time counts as being written.
    pub fn scan_after(&mut self, rest: Duration) -> Scan {
        let shown = self.directory.display();
        let unclear = |why: String, identity| Scan {
            unclear: Some(why),
            identity,
            zones: self.defaults.zones.clone(),
            ..Scan::default()
        };
        let resolved =
            fs::canonicalize(&self.directory).and_then(|root| Ok((fs::metadata(&root)?, root)));
        let (root, metadata, identity) = match resolved {
            Ok((metadata, root)) => {
                let identity = Some((metadata.dev(), metadata.ino()));
                if !metadata.is_dir() {
                    return unclear(format!("`{shown}` is no directory"), identity);
                }
                (root, metadata, identity)
            }
            Err(error) => {
                return unclear(
                    format!("the directory `{shown}` can't be read: {error}"),
                    None,
                );
            }
        };
        let now = Instant::now();
        let stack = match self.ignored_above(&root) {
            Ok(stack) => stack,
            Err(why) => return unclear(why, identity),
        };
        let (mut walk, before, ignores_for_long) = self.walk(&root, &stack, (rest, now));
        let directories = walk.directories(&metadata);
        let Walk {
            found,
            ignored,
            ignore_files,
            in_flight: ignores_in_flight,
            pins,
            unclear,
            unclear_file,
            ..
        } = walk;
        let read_all = self
            .read_all
            .is_none_or(|at| now.duration_since(at) > REREAD);
        if read_all {
            self.read_all = Some(now);
        }
        self.round += 1;
        let mut same =
            self.last.identity == identity && self.ignored == ignored && self.found == found.len();
        same &= self.ignore_reports == ignore_files;
        let written = self.written(&found, rest, now);
        let seen = self.look(&root, &found, (&written, read_all), now);
        if self.rules.new_names {
            self.note_what_it_may_hold(&found, &seen);
        }
        same &= seen
            .iter()
            .all(|seen| matches!(seen, Seen::Same | Seen::InFlight));
        let is_in_flight = |(place, seen): (usize, &Seen)| {
            let is = matches!(seen, Seen::InFlight) || written.now.contains(&place);
            is.then(|| found[place].shown.clone())
        };
        let in_flight = seen.iter().enumerate().filter_map(is_in_flight);
        let in_flight = in_flight.chain(ignores_in_flight).collect();
        let for_long = written.for_long.iter();
        let for_long = for_long.map(|at| found[*at].shown.clone());
        let for_long: BTreeSet<String> = for_long.chain(ignores_for_long).collect();
        same &= *self.last.written_for_long == for_long;
        if !same {
            self.found = found.len();
            (self.ignored, self.ignore_reports) = (ignored, ignore_files);
            self.last = self.gather(found, seen, &for_long);
            self.last.identity = identity;
            let round = self.round;
            self.known
                .retain(|_, known| known.round == round || !known.baseline.is_old(now));
        }
        if self.last.directories.as_deref() != Some(&directories) {
            self.last.directories = Some(Arc::new(directories));
        }
        (self.last.unclear, self.last.unclear_file) = (unclear, unclear_file);
        self.last.in_flight = Arc::new(in_flight);
        self.last.written_for_long = Arc::new(for_long);
        self.last.pins = Arc::new(if self.rules.pins { pins } else { Vec::new() });
        self.last.work_trees = self.trees_now(&before);
        self.last.clone()
    }

    /// The work trees after the files were read. As long as a file counts as it was while a tool was at work, that tool counts
    /// as at work: what it left is not read yet.
    fn trees_now(&mut self, before: &WorkTrees) -> WorkTrees {
        let now = before.after();
        if now.busy().next().is_some() {
            self.busy = self.round;
        }
        let is_as_then = |path: &String| {
            let known = self.known.get(path);
            known.is_some_and(|known| known.rest <= self.busy)
        };
        if self.last.in_flight.iter().any(is_as_then) {
            now.still(&self.last.work_trees)
        } else {
            now
        }
    }

    /// The files that are being written, by their places.
    fn written(&mut self, found: &[Found], rest: Duration, now: Instant) -> Written {
        let mut written = Written::default();
        let Some(in_flight) = &self.in_flight else {
            return written;
        };
        in_flight.keep(Path::exists);
        let rest = in_flight.rest(rest, now);
        for (place, found) in found.iter().enumerate() {
            let Some((path, stat)) = found.target() else {
                continue;
            };
            match in_flight.writing(&mut self.young, (&found.shown, &path), stat, &rest) {
                Writing::Yes => written.now.insert(place),
                Writing::ForLong => written.for_long.insert(place),
                Writing::No => continue,
            };
        }
        written
    }

    /// What is ignored in the directory by patterns from above it.
    fn ignored_above(&self, root: &Path) -> Result<IgnoreStack, String> {
        let configured = &self.defaults.ignore;
        let watched = self.within.as_ref();
        let watched = watched.and_then(|watched| fs::canonicalize(watched).ok());
        let below = watched.as_deref().and_then(|watched| {
            let below = root.strip_prefix(watched).ok()?;
            Some((watched, below))
        });
        let (watched, below) = below.unwrap_or((root, Path::new("")));
        ignore::above(watched, below, configured)
            .map_err(|(file, problem)| format!("`{file}`: {}", problem.message))
    }

    /// Walks the directory, after a look at each work tree that is found there. Answers, too, which ignore files have been
    /// written to for so long that they were taken as they are.
    fn walk(
        &mut self,
        root: &Path,
        stack: &IgnoreStack,
        (rest, now): (Duration, Instant),
    ) -> (Walk, WorkTrees, BTreeSet<String>) {
        let around = work_tree::around(root, self.git_dir.as_deref());
        let look = |trees: &BTreeSet<Place>| {
            let below = trees.iter().filter(|_| self.rules.nested);
            let places: Vec<Place> = around.iter().chain(below).cloned().collect();
            WorkTrees::look(&places)
        };
        let in_flight = self.in_flight.as_ref();
        let mut reading = IgnoreReading {
            stack: stack.clone(),
            known: &mut self.ignore_files,
            in_flight: in_flight.map(|in_flight| (in_flight, in_flight.rest(rest, now))),
            young: &mut self.young,
            for_long: BTreeSet::new(),
        };
        let mut before = look(&self.trees);
        let how = (self.trust, self.rules);
        let mut walk = Walk::below(root, how, &mut reading);
        if walk.trees != self.trees {
            before = look(&walk.trees);
            walk = Walk::below(root, how, &mut reading);
        }
        let for_long = reading.for_long;
        self.trees.clone_from(&walk.trees);
        (walk, before, for_long)
    }
}
