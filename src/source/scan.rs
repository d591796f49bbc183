//! The scan: every schedule file below the directory, read whole or reported. Blocks on the disk; never writes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::baseline::{Baseline, unfinished};
use super::conflict::{self, Conflict};
use super::doubt::{Doubt, MayHold, Opaque, Pin, Words};
use super::in_flight::{Flight, InFlight, YOUNG, Young};
use super::leftover::Leftover;
use super::read::{Stat, Trust, Unread, read, read_inside};
pub use super::walk::is_read;
use super::walk::{Found, Walk};
use crate::model::cut::Cut;
use crate::model::entry::{Entry, EntryName};
use crate::model::parallel::parallel;
use crate::model::roots::Directories;
use crate::model::zones::Zones;
use crate::source::parse::{Defaults, parse};
use crate::source::parse_cache::{Key, ParseCache};
use crate::source::problem::{FileReport, FileState, Problem, file_report, note_twice, passing};
use crate::source::work_tree::{self, Busy, Place, WorkTrees};

/// How often every file is read again, whatever its times say: a file system may not tell (a network's cache, a mapped
/// file).
const REREAD: Duration = Duration::from_mins(15);

/// What the schedule files ask for at one moment. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// What is asked for, by the files that are good.
    pub entries: Arc<BTreeMap<EntryName, Arc<Entry>>>,
    /// Each file, by path.
    pub files: Arc<Vec<FileReport>>,
    /// Those of them that don't say what they ask for.
    pub opaque: Arc<Vec<Opaque>>,
    /// Entries in files that may be half written.
    pub cut: Arc<BTreeMap<EntryName, Cut>>,
    /// Why this scan proves no absence at all.
    pub unclear: Option<String>,
    /// Files that are being written: what they said before counts, and what is in no file may be meant for them.
    pub in_flight: Arc<BTreeSet<String>>,
    /// Files that have been open for writing for so long that they are taken as they are.
    pub open_for_long: Arc<BTreeSet<String>>,
    /// The device that the directory lies on, and its number there.
    pub identity: Option<(u64, u64)>,
    /// The directories that were walked.
    pub directories: Option<Arc<Directories>>,
    /// Directories that are not the ones that are remembered, and empty: they prove no absence of what was in them.
    pub lost: Arc<[String]>,
    /// Why a person must approve what this would stop: it is not the folder that the ledger was made for.
    pub strange: Option<String>,
    /// When it began, by the clock of whoever asked for it.
    pub begun: Option<DateTime<Utc>>,
    /// The work trees that the files lie in.
    pub work_trees: WorkTrees,
    /// What is not read, and may hold what is recorded.
    pub pins: Arc<Vec<Pin>>,
    /// A merge that is not finished.
    pub conflict: Option<Conflict>,
    /// The time zone rules by which local times were read.
    pub zones: Zones,
}

impl Scan {
    /// Why an entry that is not among `entries` may still be wanted; `None`: it is gone.
    pub fn mentions(&self, name: &EntryName, recorded_file: &str) -> Option<String> {
        self.evidence().of(name, recorded_file)
    }

    /// All that leaves room for doubt that an entry is gone.
    pub fn evidence(&self) -> Doubt {
        Doubt {
            whole: self.doubt(),
            lost: Arc::clone(&self.lost),
            opaque: Arc::clone(&self.opaque),
            pins: Arc::clone(&self.pins),
            files: Arc::clone(&self.files),
        }
    }

    /// The invalid file that may have an entry of this name, and why it may.
    pub fn in_invalid(&self, name: &EntryName) -> Option<String> {
        self.evidence().in_opaque(name, "")
    }

    /// Why this scan proves no absence at all: it could not see everything, git or its like is at work, or a merge is not finished.
    pub fn doubt(&self) -> Option<String> {
        let busy = self.work_trees.busy().next().map(Busy::why);
        let conflict = || self.conflict.as_ref().map(Conflict::why);
        let written = || {
            let written = self.in_flight.first();
            written.map(|path| format!("`{path}` is being written"))
        };
        self.unclear
            .clone()
            .or(busy)
            .or_else(conflict)
            .or_else(written)
    }

    /// Is any file invalid, and not only being written?
    pub fn has_problems(&self) -> bool {
        let passes = |file: &FileReport| file.errors.iter().all(|problem| problem.passes);
        self.files
            .iter()
            .any(|file| file.state == FileState::Invalid && !passes(file))
    }
}

type Parsed = Result<Vec<Arc<Entry>>, Vec<Problem>>;

/// What is known of one file.
#[derive(Debug, Clone)]
struct Known {
    /// In which scan it was there last.
    round: u64,
    /// `None`: it has to be read again to be known.
    stat: Option<Stat>,
    digest: [u8; 32],
    parsed: Parsed,
    /// Of a file that is invalid.
    words: Option<Words>,
    /// The line of the first conflict marker in a file that is invalid.
    conflict: Option<usize>,
    /// It was read once, and good.
    was_good: bool,
    /// Whose entries it may hold: it is invalid since.
    may_hold: MayHold,
    /// In which scan its content was another one than before; 0: in none.
    changed: u64,
    /// In which scan it was at rest last.
    rest: u64,
    baseline: Baseline,
    cut: Option<Cut>,
    /// It could not be read, or might not be.
    refused: bool,
    /// Of the copy of `parsed`, where one is worth it.
    key: Option<Key>,
}

/// What a scan found at one path.
enum Seen {
    /// The same as in the scan before.
    Same,
    /// It was read.
    Read,
    /// It is being written, and counts as it was before.
    InFlight,
    /// It could not be read, or may not be.
    Refused(Vec<Problem>),
}

impl Seen {
    /// Could it not be read only because it was being written?
    fn passes(&self) -> bool {
        matches!(self, Self::Refused(problems) if problems.iter().all(|problem| problem.passes))
    }
}

/// The files that are being written, by their places among those that were found.
#[derive(Debug, Default)]
struct Written {
    now: BTreeSet<usize>,
    /// For so long that they are read all the same.
    for_long: BTreeSet<usize>,
}

fn being_written() -> Problem {
    passing("the file is being written".into())
}

/// Scans one directory again and again. A file is read again when its times say that it changed, or may have; and parsed
/// again when its content did.
#[derive(Debug)]
pub struct Scanner {
    directory: PathBuf,
    defaults: Defaults,
    trust: Trust,
    cache: Option<ParseCache>,
    in_flight: Option<InFlight>,
    young: Young,
    /// The git directory that is configured, where the work tree has none of its own.
    git_dir: Option<PathBuf>,
    /// The work trees that the last walk found below the directory.
    trees: BTreeSet<Place>,
    round: u64,
    /// By path. What is gone is kept for a while: a file that is made anew is compared with what it was.
    known: HashMap<String, Known>,
    /// How many files the last scan found.
    found: usize,
    ignored: Vec<(String, Leftover)>,
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
            cache: None,
            in_flight: None,
            young: Young::default(),
            git_dir: None,
            trees: BTreeSet::new(),
            round: 0,
            known: HashMap::new(),
            found: 0,
            ignored: Vec::new(),
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

    /// The same, with what an earlier process has parsed.
    #[must_use]
    pub fn with_cache(self, cache: Option<ParseCache>) -> Self {
        Self { cache, ..self }
    }

    /// The same, for files that may be changed meanwhile: those that are being written count as they were before.
    #[must_use]
    pub fn among_writers(self, in_flight: InFlight) -> Self {
        Self {
            in_flight: Some(in_flight),
            ..self
        }
    }

    /// The same, of a work tree whose git directory lies elsewhere.
    #[must_use]
    pub fn with_git_dir(self, git_dir: Option<PathBuf>) -> Self {
        Self { git_dir, ..self }
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
        let (mut walk, before) = self.walk(&root);
        let directories = walk.directories(&metadata);
        let Walk {
            found,
            ignored,
            pins,
            unclear,
            ..
        } = walk;
        let now = Instant::now();
        let read_all = self
            .read_all
            .is_none_or(|at| now.duration_since(at) > REREAD);
        if read_all {
            self.read_all = Some(now);
        }
        self.round += 1;
        let mut same =
            self.last.identity == identity && self.ignored == ignored && self.found == found.len();
        let written = self.written(&found, rest, now);
        let seen = self.look(&root, &found, (&written, read_all), now);
        self.note_what_it_may_hold(&found, &seen);
        same &= seen
            .iter()
            .all(|seen| matches!(seen, Seen::Same | Seen::InFlight));
        let is_in_flight = |(place, seen): (usize, &Seen)| {
            let is = matches!(seen, Seen::InFlight) || written.now.contains(&place);
            is.then(|| found[place].shown.clone())
        };
        let in_flight = seen.iter().enumerate().filter_map(is_in_flight).collect();
        let of_long = written.for_long.iter();
        let open_for_long = of_long.map(|place| found[*place].shown.clone()).collect();
        if !same {
            self.found = found.len();
            self.ignored = ignored;
            self.last = self.gather(found, seen);
            self.last.identity = identity;
            let round = self.round;
            self.known
                .retain(|_, known| known.round == round || !known.baseline.is_old(now));
            if let Some(cache) = &self.cache {
                let there = self.known.values().filter(|known| known.round == round);
                cache.sweep(there.filter_map(|known| known.key));
            }
        }
        if self.last.directories.as_deref() != Some(&directories) {
            self.last.directories = Some(Arc::new(directories));
        }
        self.last.unclear = unclear;
        self.last.in_flight = Arc::new(in_flight);
        self.last.open_for_long = Arc::new(open_for_long);
        self.last.pins = Arc::new(pins);
        self.last.work_trees = before.after();
        self.last.clone()
    }

    /// The files that are being written, by their places.
    fn written(&mut self, found: &[Found], rest: Duration, now: Instant) -> Written {
        let mut written = Written::default();
        let Some(in_flight) = &self.in_flight else {
            return written;
        };
        in_flight.keep(Path::exists);
        let (clock, young) = (SystemTime::now(), in_flight.young());
        for (place, found) in found.iter().enumerate() {
            let Some((path, stat)) = found.target() else {
                continue;
            };
            let of = |age| stat.is_younger(age, clock);
            let flight = in_flight.of(&path, of(young));
            let is_young = match flight {
                Flight::Whole => of(rest),
                Flight::Unknown => of(rest.max(young)),
                Flight::Open | Flight::OpenForLong => false,
            };
            let waits = rest.max(young);
            let is_young = self
                .young
                .waits(&found.shown, is_young.then_some(stat), waits, now);
            if flight == Flight::Open || is_young {
                written.now.insert(place);
            } else if flight == Flight::OpenForLong {
                written.for_long.insert(place);
            }
        }
        written
    }

    /// Walks the directory, after a look at each work tree that is found there.
    fn walk(&mut self, root: &Path) -> (Walk, WorkTrees) {
        let around = work_tree::around(root, self.git_dir.as_deref());
        let look = |trees: &BTreeSet<Place>| {
            let places: Vec<Place> = around.iter().chain(trees).cloned().collect();
            WorkTrees::look(&places)
        };
        let mut before = look(&self.trees);
        let mut walk = Walk::below(root, self.trust);
        if walk.trees != self.trees {
            before = look(&walk.trees);
            walk = Walk::below(root, self.trust);
        }
        self.trees.clone_from(&walk.trees);
        (walk, before)
    }

    /// Looks at every file, and reads those that may have changed, on all processors.
    fn look(
        &mut self,
        root: &Path,
        found: &[Found],
        (written, read_all): (&Written, bool),
        now: Instant,
    ) -> Vec<Seen> {
        let round = self.round;
        let mut seen: Vec<Option<Seen>> = Vec::with_capacity(found.len());
        let mut changed: Vec<(usize, Option<Known>)> = Vec::new();
        for (place, found) in found.iter().enumerate() {
            if written.now.contains(&place) {
                seen.push(Some(self.leave(found)));
                continue;
            }
            if let Some(known) = self.known.get_mut(&found.shown) {
                let same = known.stat.is_some() && known.stat == found.stat && !read_all;
                let may_be = same && found.refused.is_none() && known.round + 1 == round;
                if may_be && (known.cut.is_none() || !known.baseline.is_old(now)) {
                    known.round = round;
                    seen.push(Some(Seen::Same));
                    continue;
                }
            }
            changed.push((place, self.known.remove(&found.shown)));
            seen.push(None);
        }
        // What a file was before counts where it turns out that it was being written while it was read.
        let keeps = self.in_flight.is_some();
        let read = |(place, known): (usize, Option<Known>)| {
            let before = known.clone().filter(|_| keeps);
            let (this, known) = self.read(root, &found[place], known, now);
            (place, this, known, before)
        };
        let read = parallel(changed, read);
        if let Some(in_flight) = self.in_flight.as_ref().filter(|_| !read.is_empty()) {
            in_flight.catch_up();
        }
        for (place, this, known, before) in read {
            let (found, mut this, mut known) = (&found[place], this, known);
            if self.was_written(found, &this, now) {
                known = before;
                this = Seen::Refused(vec![being_written()]);
            }
            if let Some(known) = known {
                self.known.insert(found.shown.clone(), known);
            }
            if this.passes() {
                this = self.leave(found);
            }
            seen[place] = Some(this);
        }
        let all = seen.into_iter().map(|seen| seen.expect("each was seen"));
        all.collect()
    }

    /// Was a file that was read changed meanwhile, or just before by a program that goes on?
    fn was_written(&self, found: &Found, seen: &Seen, since: Instant) -> bool {
        let Some(in_flight) = &self.in_flight else {
            return false;
        };
        if !matches!(seen, Seen::Read) {
            return false;
        }
        let Some((path, _)) = found.target() else {
            return false;
        };
        in_flight.has_changed(&path, since) || in_flight.of(&path, true) == Flight::Open
    }

    /// A file that is being written is not read. One that could be read before counts as it was.
    fn leave(&mut self, found: &Found) -> Seen {
        let round = self.round;
        match self.known.get_mut(&found.shown) {
            Some(known) if !known.refused && known.round + 1 >= round => {
                known.round = round;
                known.stat = None;
                Seen::InFlight
            }
            _ => Seen::Refused(vec![being_written()]),
        }
    }

    /// A file may be renamed, or be given entries of another one, and then be spoiled, between two moments at which it is at
    /// rest: where it is invalid, it may hold what those held that went away or were changed since. One that was never good
    /// may be any that is gone.
    fn note_what_it_may_hold(&mut self, found: &[Found], seen: &[Seen]) {
        let round = self.round;
        let mut moved: Option<Vec<(String, u64)>> = None;
        for (found, seen) in found.iter().zip(seen) {
            let Some(known) = self.known.get(&found.shown) else {
                continue;
            };
            let is_good = known.parsed.is_ok();
            if matches!(seen, Seen::Read) && !is_good && moved.is_none() {
                let at = |(path, known): (&String, &Known)| {
                    let is_gone = known.round < round;
                    let at = if is_gone {
                        known.round + 1
                    } else {
                        known.changed
                    };
                    (path.clone(), at)
                };
                moved = Some(self.known.iter().map(at).collect());
            }
            let Some(known) = self.known.get_mut(&found.shown) else {
                continue;
            };
            if matches!(seen, Seen::Read) && is_good {
                known.was_good = true;
                known.may_hold = MayHold::default();
            } else if matches!(seen, Seen::Read) {
                known.may_hold.of_any_gone |= !known.was_good;
                let others = moved.iter().flatten();
                let since = others.filter(|(path, at)| *at > known.rest && *path != found.shown);
                let of = since.map(|(path, _)| path.clone());
                Arc::make_mut(&mut known.may_hold.of).extend(of);
            }
            if matches!(seen, Seen::Read | Seen::Same) {
                known.rest = round;
            }
        }
    }

    /// Reads one file, of which this was known; answers what is known now.
    fn read(
        &self,
        root: &Path,
        found: &Found,
        known: Option<Known>,
        now: Instant,
    ) -> (Seen, Option<Known>) {
        let round = self.round;
        let was_there = known.as_ref().is_some_and(|known| known.round + 1 == round);
        let was_read = known.as_ref().is_some_and(|known| !known.refused);
        let known = known.map(|known| Known {
            round,
            stat: None,
            refused: true,
            ..known
        });
        let refused = |unread: Unread, known| (Seen::Refused(vec![unread.problem()]), known);
        if let Some(refusal) = &found.refused {
            return refused(refusal.clone().into(), known);
        }
        let begun = SystemTime::now();
        let read = if found.linked {
            read_inside(root, &found.path, self.trust)
        } else {
            // A link that was put in its place meanwhile is not followed.
            read(&found.path, libc::O_NOFOLLOW, self.trust)
        };
        let (bytes, stat) = match read {
            Ok(read) => read,
            // It counts as it was before.
            Err(Unread::Changing) if self.in_flight.is_some() => {
                let known = known.map(|known| Known {
                    refused: !was_read,
                    ..known
                });
                return refused(Unread::Changing, known);
            }
            Err(unread) => return refused(unread, known),
        };
        let kept = Some(stat).filter(|stat| !found.linked && stat.tells_since(begun));
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        if let Some(mut known) = known {
            let cut = known.baseline.judge(&bytes, digest, now);
            let same = known.digest == digest;
            let as_before = was_there && was_read && same && known.cut == cut;
            known.refused = false;
            known.cut = cut;
            known.stat = kept;
            if !same {
                known.digest = digest;
                known.changed = round;
                known.key = self.key(&found.shown, &bytes, &digest);
                (known.parsed, known.words, known.conflict) =
                    self.parsed(&found.shown, &bytes, known.key.as_ref());
            }
            let seen = if as_before { Seen::Same } else { Seen::Read };
            return (seen, Some(known));
        }
        let key = self.key(&found.shown, &bytes, &digest);
        let (parsed, words, conflict) = self.parsed(&found.shown, &bytes, key.as_ref());
        // Where what is young is waited for, it has been.
        let young = self.in_flight.is_none() && stat.is_younger(YOUNG, begun);
        let young = young.then_some(Cut::Fresh);
        let known = Known {
            round,
            stat: kept,
            digest,
            parsed,
            words,
            conflict,
            was_good: false,
            may_hold: MayHold::default(),
            changed: 0,
            rest: round.saturating_sub(1),
            baseline: Baseline::of(&bytes, digest, now),
            cut: unfinished(&bytes).or(young),
            refused: false,
            key,
        };
        (Seen::Read, Some(known))
    }

    fn key(&self, file: &str, bytes: &[u8], digest: &[u8; 32]) -> Option<Key> {
        let cache = self.cache.as_ref()?;
        cache.key(file, (bytes, digest), &self.defaults)
    }

    /// What a content asks for; of one that is invalid, its words and where a conflict begins too. In UTF-16, NULs stand between the letters of a name.
    fn parsed(
        &self,
        file: &str,
        bytes: &[u8],
        key: Option<&Key>,
    ) -> (Parsed, Option<Words>, Option<usize>) {
        let cached = self.cache.as_ref().zip(key);
        let zones = &self.defaults.zones;
        if let Some(entries) = cached.and_then(|(cache, key)| cache.find(key, file, zones)) {
            return (Ok(entries), None, None);
        }
        match parse(file, bytes, &self.defaults) {
            Ok(entries) => {
                let mut entries: Vec<Arc<Entry>> = entries.into_iter().map(Arc::new).collect();
                // So they are sorted on all processors, and once for each content that is kept.
                entries.sort_by(|a, b| a.name.cmp(&b.name));
                // They may lie where the entries themselves lay, which takes twenty times as much.
                entries.shrink_to_fit();
                let kept = cached.and_then(|(cache, key)| cache.keep(key, file, &entries, zones));
                (Ok(kept.unwrap_or(entries)), None, None)
            }
            Err(errors) => {
                let text = String::from_utf8_lossy(bytes).replace('\0', "");
                let conflict = conflict::line(&text);
                let errors = conflict.map_or(errors, conflict::problem);
                (Err(errors), Some(Words::of(&text)), conflict)
            }
        }
    }

    /// Puts together what all files say.
    fn gather(&self, found: Vec<Found>, seen: Vec<Seen>) -> Scan {
        let mut files: Vec<FileReport> = Vec::with_capacity(found.len() + self.ignored.len());
        // Of those that were read.
        let mut known: Vec<Option<&Known>> = Vec::with_capacity(found.len());
        for (found, seen) in found.into_iter().zip(seen) {
            let of_file = self.known.get(&found.shown);
            let (of_file, errors) = match seen {
                Seen::Refused(errors) => (None, errors),
                Seen::Same | Seen::Read | Seen::InFlight => {
                    let errors = of_file.and_then(|known| known.parsed.as_ref().err());
                    (of_file, errors.cloned().unwrap_or_default())
                }
            };
            let version = of_file.map(|known| {
                let (first, _) = known.digest.split_first_chunk().expect("32 bytes");
                u64::from_be_bytes(*first)
            });
            files.push(FileReport {
                version,
                ..file_report(found.shown, errors)
            });
            known.push(of_file);
        }
        let entries_of = |place: usize| {
            let parsed = known[place].map(|known| &known.parsed);
            parsed
                .and_then(|parsed| parsed.as_deref().ok())
                .unwrap_or_default()
        };
        // In each file they are sorted. Mostly one file's names lie before the next one's, and nothing is left to be sorted.
        let mut places: Vec<usize> = (0..files.len()).collect();
        places.sort_by_key(|place| entries_of(*place).first().map(|entry| &entry.name));
        let of_all = places
            .into_iter()
            .flat_map(|place| entries_of(place).iter().map(move |e| (e, place)));
        let mut all: Vec<(&Arc<Entry>, usize)> = of_all.collect();
        all.sort_by(|(a, here), (b, there)| (&a.name, here).cmp(&(&b.name, there)));
        let mut shared: BTreeMap<&EntryName, Vec<(usize, usize)>> = BTreeMap::new();
        for same in all.chunk_by(|(a, _), (b, _)| a.name == b.name) {
            if let [(first, _), _, ..] = same {
                let places = same.iter().map(|(entry, place)| (*place, entry.line()));
                shared.insert(&first.name, places.collect());
            }
        }
        for (name, places) in &shared {
            note_twice(name, places, &mut files);
        }
        let is_invalid = |place: &usize| files[*place].state == FileState::Invalid;
        let opaque = (0..known.len()).filter(is_invalid).map(|place| {
            // All the names that a file holds which is good by itself are known.
            let names = entries_of(place).iter().map(|entry| entry.name.as_str());
            let names = || Words::of(&names.collect::<Vec<_>>().join(" "));
            let of_file = known[place];
            Opaque {
                path: files[place].path.clone(),
                words: of_file.map(|known| known.words.clone().unwrap_or_else(names)),
                may_hold: of_file.map_or_else(MayHold::anything, |known| known.may_hold.clone()),
            }
        });
        let opaque = opaque.collect();
        let conflict = (0..known.len()).find_map(|place| {
            let line = known[place]?.conflict?;
            Some(Conflict::new(&files[place].path, line))
        });
        let good = all
            .iter()
            .filter(|(_, place)| files[*place].state == FileState::Ok);
        let why = |place: usize| known[place].and_then(|known| known.cut);
        let cut = good
            .clone()
            .filter_map(|(entry, place)| Some((entry.name.clone(), why(*place)?)));
        let cut = cut.collect();
        let entries = good.map(|(entry, _)| (entry.name.clone(), Arc::clone(entry)));
        let entries = entries.collect();
        let ignored = self.ignored.iter().map(|(path, leftover)| FileReport {
            path: path.clone(),
            state: FileState::Ignored,
            errors: leftover.problem(path).into_iter().collect(),
            version: None,
        });
        files.extend(ignored);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Scan {
            entries: Arc::new(entries),
            files: Arc::new(files),
            opaque: Arc::new(opaque),
            cut: Arc::new(cut),
            conflict,
            zones: self.defaults.zones.clone(),
            ..Scan::default()
        }
    }
}
