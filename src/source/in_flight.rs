//! Which files are being written: from the first event of a change to the close after it; where there are no events, for as
//! long as a change is young. Reads no file of the folder.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use notify::Event;
use notify::event::{AccessKind, AccessMode, CreateKind, EventKind, ModifyKind, RenameMode};
use tempfile::TempDir;
use tokio::time::Instant;

use super::read::Stat;

/// For how long a file is in flight at most: a program that never closes what it writes does not halt everything.
pub const LONGEST: Duration = Duration::from_mins(3);
/// How young a change is of which no event tells that it is whole.
pub(super) const YOUNG: Duration = Duration::from_secs(2);
/// The same where events come: they tell of whoever writes on, once a second or more often.
const YOUNG_BY_EVENTS: Duration = Duration::from_millis(1_250);
/// For how long events are remembered that only young changes need.
const REMEMBERED: Duration = Duration::from_secs(10);
/// How many are remembered before those that are too old are dropped.
const MANY: usize = 1024;
/// How long it is waited for that events come which were raised before.
const PATIENCE: Duration = Duration::from_millis(250);

/// What events tell of the files of a folder. Clones are of the same folder.
#[derive(Debug, Clone)]
pub struct InFlight(Arc<(Mutex<State>, Condvar)>);

impl Default for InFlight {
    fn default() -> Self {
        Self::at_most(LONGEST)
    }
}

#[derive(Debug)]
struct State {
    /// For how long a file is in flight at most.
    longest: Duration,
    /// Open for writing, and changed: since when.
    open: HashMap<PathBuf, Instant>,
    /// When each was changed last, of those that were a moment ago.
    changed: HashMap<PathBuf, Instant>,
    /// When each was closed, or put in its place whole, of those that were a moment ago.
    whole: HashMap<PathBuf, Instant>,
    /// Since when events may be missing: what was open then may be closed.
    lost: Option<Instant>,
    marks: Option<Marks>,
}

/// A file of our own among those that are watched: once an event of it comes, all that were raised before it have come.
#[derive(Debug)]
struct Marks {
    directory: TempDir,
    set: u64,
    seen: u64,
}

/// How a file stands by its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flight {
    /// It is open for writing, and was changed since it was opened.
    Open,
    /// It has been for so long that it is taken as it is.
    OpenForLong,
    /// It was closed, or put in its place, a moment ago.
    Whole,
    /// No event tells.
    Unknown,
}

impl InFlight {
    /// One by which no file is in flight for longer than this.
    pub fn at_most(longest: Duration) -> Self {
        let state = State {
            longest,
            open: HashMap::new(),
            changed: HashMap::new(),
            whole: HashMap::new(),
            lost: None,
            marks: None,
        };
        Self(Arc::new((Mutex::new(state), Condvar::new())))
    }

    /// For how long a file is in flight at most.
    pub fn longest(&self) -> Duration {
        self.state().longest
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Events come from now on. Answers the directory that must be watched beside the folder, where one can be made.
    pub(super) fn begin(&self) -> Option<PathBuf> {
        let mut state = self.state();
        state.lose(Instant::now());
        state.marks = tempfile::tempdir().ok().map(|directory| Marks {
            directory,
            set: 0,
            seen: 0,
        });
        let marks = state.marks.as_ref()?;
        std::fs::canonicalize(marks.directory.path()).ok()
    }

    /// No events come any more.
    pub fn end(&self) {
        let mut state = self.state();
        state.lose(Instant::now());
        state.marks = None;
    }

    /// Takes in an event; `marks`: the directory of [`InFlight::begin`]. Answers whether it was only one of our own marks.
    pub(super) fn take(&self, event: &Event, marks: Option<&Path>) -> bool {
        let mut state = self.state();
        let now = Instant::now();
        if event.need_rescan() {
            state.lose(now);
        }
        let is_mark = |path: &PathBuf| marks.is_some_and(|marks| path.starts_with(marks));
        if event.paths.iter().any(is_mark) {
            let closed = EventKind::Access(AccessKind::Close(AccessMode::Write));
            if event.kind == closed
                && let Some(marks) = &mut state.marks
            {
                marks.seen += 1;
                self.0.1.notify_all();
            }
            return true;
        }
        match (event.kind, &event.paths[..]) {
            (EventKind::Modify(ModifyKind::Name(RenameMode::Both)), [from, to]) => {
                state.renamed(from, to, now);
            }
            (EventKind::Modify(ModifyKind::Data(_)), [path]) => state.changed(path, now),
            // What is put in the place of a file that is open is another file.
            (
                EventKind::Access(AccessKind::Close(AccessMode::Write))
                | EventKind::Modify(ModifyKind::Name(RenameMode::To)),
                [path],
            ) => state.closed(path, now),
            (EventKind::Modify(ModifyKind::Metadata(_)), [path]) => state.placed(path, now),
            // A link is whole when it is made; a file that is made is not yet.
            (EventKind::Create(kind), [path]) if kind != CreateKind::File => {
                state.placed(path, now);
            }
            (EventKind::Remove(_), [path]) => state.removed(path),
            _ => {}
        }
        false
    }

    /// Waits until every event that was raised before this has come; where that can't be seen, for a moment.
    pub(super) fn catch_up(&self) {
        let mut state = self.state();
        let Some(marks) = &mut state.marks else {
            return;
        };
        marks.set += 1;
        let (mark, set) = (marks.directory.path().join("mark"), marks.set);
        let written = File::create(mark).and_then(|mut mark| mark.write_all(b"\n"));
        if written.is_err() {
            drop(state);
            return std::thread::sleep(PATIENCE / 10);
        }
        let behind = |state: &mut State| state.marks.as_ref().is_some_and(|m| m.seen < set);
        let waited = self.0.1.wait_timeout_while(state, PATIENCE, behind);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        // One that never comes is not waited for once more.
        if let Some(marks) = &mut state.marks {
            marks.seen = marks.seen.max(set);
        }
    }

    /// How young a change is that is not believed where no event tells that it is whole.
    pub(super) fn young(&self) -> Duration {
        match self.state().marks {
            Some(_) => YOUNG_BY_EVENTS,
            None => YOUNG,
        }
    }

    /// How a file stands.
    pub(super) fn of(&self, path: &Path, is_young: bool) -> Flight {
        let state = self.state();
        let lost = |since: &Instant| state.lost.is_some_and(|lost| *since <= lost);
        match state.open.get(path) {
            // Its close may have been lost.
            Some(since) if lost(since) && !is_young => {}
            Some(since) if since.elapsed() > state.longest => return Flight::OpenForLong,
            Some(_) => return Flight::Open,
            None => {}
        }
        match state.whole.get(path) {
            Some(_) => Flight::Whole,
            None => Flight::Unknown,
        }
    }

    /// The limits of a scan of a folder whose changes count as being written for this time.
    pub(super) fn rest(&self, rest: Duration, now: Instant) -> Rest {
        Rest {
            quiet: rest,
            young: self.young(),
            longest: self.longest(),
            now,
            clock: SystemTime::now(),
        }
    }

    /// Is the file of this name in reports, and at this path, being written?
    pub(super) fn writing(
        &self,
        young: &mut Young,
        (shown, path): (&str, &Path),
        stat: Stat,
        rest: &Rest,
    ) -> Writing {
        let of = |age| stat.is_younger(age, rest.clock);
        let age = if self.saw(stat, rest.clock) {
            rest.young
        } else {
            YOUNG
        };
        let flight = self.of(path, of(age));
        let is_young = match flight {
            Flight::Whole => of(rest.quiet),
            Flight::Unknown => of(rest.quiet.max(age)),
            Flight::Open | Flight::OpenForLong => false,
        };
        let limits = (rest.quiet.max(age), rest.longest);
        let waits = young.waits(shown, is_young.then_some(stat), limits, rest.now);
        if flight == Flight::Open || waits == Waits::Yes {
            Writing::Yes
        } else if flight == Flight::OpenForLong || waits == Waits::NoLonger {
            Writing::ForLong
        } else {
            Writing::No
        }
    }

    /// Did events come when the file was changed last? Whoever opened it before them may write on after any pause.
    fn saw(&self, stat: Stat, clock: SystemTime) -> bool {
        let lost = self.state().lost;
        lost.is_some_and(|lost| stat.is_younger(lost.elapsed(), clock))
    }

    /// Was it changed since then?
    pub(super) fn has_changed(&self, path: &Path, since: Instant) -> bool {
        let state = self.state();
        state.changed.get(path).is_some_and(|at| *at >= since)
    }

    /// Those that are not there any more are not open either.
    pub(super) fn keep(&self, is_there: impl Fn(&Path) -> bool) {
        self.state().open.retain(|path, _| is_there(path));
    }
}

/// How long a scan waits for changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest {
    /// What changed within this time counts as being written.
    pub(super) quiet: Duration,
    /// The same of a change that no event tells of.
    pub(super) young: Duration,
    /// How long is waited at most.
    pub(super) longest: Duration,
    /// When this is, and by the file system's clock.
    pub(super) now: Instant,
    pub(super) clock: SystemTime,
}

/// Is a file being written?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// It is.
    Yes,
    /// It has been for so long that it is taken as it is.
    ForLong,
    /// It is not.
    No,
}

/// Is a young change waited for?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    /// It may go on.
    Yes,
    /// Changes have followed one another for so long that the file is taken as it is.
    NoLonger,
    /// There is none, or it has stood for long enough.
    No,
}

/// Changes that are young, and of which no event tells that they are whole: by the file's time where clocks agree, and by
/// ours for how long it has been seen as it is.
#[derive(Debug, Default)]
pub(super) struct Young(HashMap<String, Seen>);

#[derive(Debug)]
struct Seen {
    stat: Stat,
    since: Instant,
    first: Instant,
    /// It has been seen at rest since: where clocks don't agree, it counts as young all the same.
    rested: bool,
}

impl Young {
    /// Is a file to be waited for, of which this is a young change; `None`: it is none? For so long, and at most.
    pub(super) fn waits(
        &mut self,
        file: &str,
        change: Option<Stat>,
        (for_, longest): (Duration, Duration),
        now: Instant,
    ) -> Waits {
        let Some(stat) = change else {
            self.0.remove(file);
            return Waits::No;
        };
        let fresh = Seen {
            stat,
            since: now,
            first: now,
            rested: false,
        };
        let seen = self.0.entry(file.to_owned()).or_insert(fresh);
        if seen.stat != stat {
            (seen.stat, seen.since) = (stat, now);
            // Whoever changes it now is another one than before.
            if std::mem::take(&mut seen.rested) {
                seen.first = now;
            }
        }
        seen.rested |= now.duration_since(seen.since) >= for_;
        if seen.rested {
            Waits::No
        } else if now.duration_since(seen.first) >= longest {
            Waits::NoLonger
        } else {
            Waits::Yes
        }
    }
}

impl State {
    fn lose(&mut self, now: Instant) {
        self.lost = Some(now);
        self.whole.clear();
    }

    fn changed(&mut self, path: &Path, now: Instant) {
        self.open.entry(path.to_owned()).or_insert(now);
        self.whole.remove(path);
        remember(&mut self.changed, path, now);
    }

    fn closed(&mut self, path: &Path, now: Instant) {
        self.open.remove(path);
        remember(&mut self.whole, path, now);
    }

    fn placed(&mut self, path: &Path, now: Instant) {
        if !self.open.contains_key(path) {
            remember(&mut self.whole, path, now);
        }
    }

    /// A file that is open goes on being written under its new name; one that is renamed over another takes its place.
    fn renamed(&mut self, from: &Path, to: &Path, now: Instant) {
        self.removed(to);
        match self.open.remove(from) {
            Some(since) => {
                self.open.insert(to.to_owned(), since);
            }
            None => self.closed(to, now),
        }
        self.removed(from);
    }

    fn removed(&mut self, path: &Path) {
        self.open.remove(path);
        self.whole.remove(path);
    }
}

fn remember(of: &mut HashMap<PathBuf, Instant>, path: &Path, now: Instant) {
    if of.len() >= MANY {
        of.retain(|_, at| now.duration_since(*at) < REMEMBERED);
    }
    of.insert(path.to_owned(), now);
}

#[cfg(test)]
mod tests {
    use notify::event::DataChange;
    use notify::event::Flag;

    use super::*;

    fn event(kind: EventKind, paths: &[&str]) -> Event {
        let event = Event::new(kind);
        paths
            .iter()
            .fold(event, |event, path| event.add_path(path.into()))
    }

    #[test]
    fn from_the_first_change_to_the_close() {
        let changed = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let closed = EventKind::Access(AccessKind::Close(AccessMode::Write));
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::Both));
        let touched = EventKind::Modify(ModifyKind::Metadata(notify::event::MetadataKind::Any));
        let moved = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        let made = EventKind::Create(CreateKind::File);
        let gone = EventKind::Remove(notify::event::RemoveKind::File);
        let files = InFlight::default();
        let is = |path: &str| files.of(Path::new(path), false);
        let rows: &[(EventKind, &[&str], &str, Flight)] = &[
            (made, &["/a"], "/a", Flight::Unknown),
            (changed, &["/a"], "/a", Flight::Open),
            (touched, &["/a"], "/a", Flight::Open),
            (closed, &["/a"], "/a", Flight::Whole),
            (changed, &["/a"], "/a", Flight::Open),
            // It is open under its new name.
            (renamed, &["/a", "/b"], "/b", Flight::Open),
            (closed, &["/b"], "/b", Flight::Whole),
            (touched, &["/c"], "/c", Flight::Whole),
            // Another one takes its place, which nobody writes.
            (changed, &["/c"], "/c", Flight::Open),
            (moved, &["/c"], "/c", Flight::Whole),
            (changed, &["/c"], "/c", Flight::Open),
            (renamed, &["/d", "/c"], "/c", Flight::Whole),
            (changed, &["/c"], "/c", Flight::Open),
            (gone, &["/c"], "/c", Flight::Unknown),
        ];
        for (number, (kind, paths, path, flight)) in rows.iter().enumerate() {
            files.take(&event(*kind, paths), None);
            assert_eq!(is(path), *flight, "row {number}");
        }
        assert_eq!(is("/a"), Flight::Unknown);
    }

    /// Where the clock of a file system is ahead, a change counts as young for long: the next one is waited for too, and
    /// for no longer than any other.
    #[test]
    fn each_change_is_waited_for_where_clocks_do_not_agree() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        let stat = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Stat::of(&path.metadata().unwrap())
        };
        let (mut young, begin) = (Young::default(), Instant::now());
        let mut waits = |stat, seconds| {
            let at = begin + Duration::from_secs(seconds);
            young.waits("a", Some(stat), (YOUNG, LONGEST), at) == Waits::Yes
        };
        let first = stat("1");
        assert!(waits(first, 0));
        assert!(!waits(first, 2));
        let second = stat("12");
        let later = 2 * LONGEST.as_secs();
        assert!(waits(second, later), "the change of before is forgotten");
        assert!(!waits(second, later + 2));
        // One that never rests is taken as it is in the end.
        let mut text = "123".to_owned();
        let waited = (0..400).take_while(|n| {
            text.push('4');
            waits(stat(&text), 2 * later + n)
        });
        assert_eq!(waited.count() as u64, LONGEST.as_secs());
    }

    /// Where events were lost, a close may be among them: what is not young is not open.
    #[test]
    fn lost_events_close_what_is_old() {
        let files = InFlight::default();
        let changed = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        files.take(&event(changed, &["/a"]), None);
        files.take(&Event::new(EventKind::Other).set_flag(Flag::Rescan), None);
        assert_eq!(files.of(Path::new("/a"), true), Flight::Open);
        assert_eq!(files.of(Path::new("/a"), false), Flight::Unknown);
        files.take(&event(changed, &["/b"]), None);
        assert_eq!(files.of(Path::new("/b"), false), Flight::Open);
    }
}
