//! What people and their tools do to the folder, each kind in a function of its own. Every change goes through `begin` and
//! `rest`, so that the timeline knows from when to when what was said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use fastrand::Rng;
use tokio::time::sleep;

use crate::folder::{Content, Entries, MACHINE, Moving, OTHER, Said, text};
use crate::ways::{Way, append};
use crate::wire::Time;
use crate::world::World;

/// Entries at most; beyond that, what has fired is swept out.
const MANY: usize = 40;

pub(crate) struct Folder {
    pub(crate) world: Arc<World>,
    pub(crate) rng: Rng,
    pub(crate) files: BTreeMap<String, Entries>,
    /// Files that can't be understood, and until when.
    spoiled: BTreeMap<String, Time>,
    /// All that names ever asked for.
    known: BTreeMap<String, Vec<Content>>,
    payloads: u32,
    releases: u32,
    has_rsync: bool,
}

/// Are the entries of this file blocks of several lines? A cut in a block is YAML too.
pub(crate) fn is_of_blocks(file: &str) -> bool {
    file.contains('3') || file.contains('4')
}

/// When a file was changed last, by the machine's clock.
fn changed(path: &Path) -> Time {
    let metadata = fs::metadata(path).expect("there");
    let nanoseconds = u32::try_from(metadata.ctime_nsec()).expect("less than a second");
    DateTime::from_timestamp(metadata.ctime(), nanoseconds).expect("a time")
}

impl Folder {
    pub(crate) fn new(world: Arc<World>, rng: Rng, has_rsync: bool) -> Self {
        Self {
            world,
            rng,
            files: BTreeMap::new(),
            spoiled: BTreeMap::new(),
            known: BTreeMap::new(),
            payloads: 100_000,
            releases: 0,
            has_rsync,
        }
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.world.schedules().join(file)
    }

    fn said(&self) -> Arc<Said> {
        let spoiled: BTreeSet<String> = self.spoiled.keys().cloned().collect();
        Arc::new(Said::of(&self.files, &spoiled))
    }

    pub(crate) fn begin(&self, moving: Moving) {
        self.world.since_now(moving, self.said());
    }

    pub(crate) fn rest(&self) {
        self.world.since_now(Moving::No, self.said());
    }

    /// Says what is done, and counts it; `false`: it is left out.
    pub(crate) fn does(&self, kind: &str, what: &str) -> bool {
        if self.world.without.contains(kind) {
            return false;
        }
        self.world.say(format!("{kind} {what}"));
        self.world.count(&format!("folder: {kind}"));
        true
    }

    pub(crate) fn content(&mut self) -> Content {
        let ahead = match self.rng.u32(0..10) {
            0..3 => self.rng.i64(4..12),
            3..6 => self.rng.i64(12..40),
            6..8 => self.rng.i64(40..120),
            _ => self.rng.i64(600..3600),
        };
        let at = self.world.now() + TimeDelta::seconds(ahead);
        self.payloads += 1;
        Content {
            at: DateTime::from_timestamp(at.timestamp(), 0).expect("a time"),
            payload: self.payloads,
            machine: if self.rng.u32(0..5) == 0 {
                OTHER
            } else {
                MACHINE
            },
            enabled: true,
            grace: (self.rng.u32(0..4) == 0).then_some(20),
        }
    }

    /// For a file that is not among those at random.
    pub(crate) fn named_content(&mut self) -> (String, Content) {
        let content = self.content();
        (format!("n{:03}", content.payload % 1000), content)
    }

    pub(crate) fn note(&mut self, name: &str, content: &Content) {
        let written = (name.to_owned(), content.key());
        self.world.written.lock().expect("no panic").insert(written);
        let known = self.known.entry(name.to_owned()).or_default();
        if !known.contains(content) {
            known.push(content.clone());
        }
    }

    /// A name that nothing bears.
    fn free_name(&mut self) -> String {
        loop {
            let name = format!("e{:02}", self.rng.u32(0..100));
            if !self
                .files
                .values()
                .any(|entries| entries.contains_key(&name))
            {
                return name;
            }
        }
    }

    /// A file that can be edited, be it there or not.
    fn any_file(&mut self) -> String {
        let files = [
            "f0.yaml",
            "f1.yaml",
            "f2.yaml",
            "f3.yaml",
            "f4.yml",
            "sub/s0.yaml",
        ];
        let mut files: Vec<&str> = files.to_vec();
        files.retain(|file| !self.spoiled.contains_key(*file));
        (*self.rng.choice(&files).unwrap_or(&"f9.yaml")).to_owned()
    }

    /// A file that is there, is good, and has so many entries at least.
    pub(crate) fn file_with(&mut self, least: usize) -> Option<String> {
        let fits = |(file, entries): &(&String, &Entries)| {
            entries.len() >= least
                && !self.spoiled.contains_key(*file)
                && !file.starts_with("nested")
        };
        let files: Vec<String> = self
            .files
            .iter()
            .filter(fits)
            .map(|(file, _)| file.clone())
            .collect();
        self.rng.choice(files)
    }

    fn any_entry(&mut self) -> Option<(String, String)> {
        let file = self.file_with(1)?;
        let names: Vec<String> = self.files[&file].keys().cloned().collect();
        Some((file, self.rng.choice(names)?))
    }

    fn way(&mut self) -> Way {
        let way = match self.rng.u32(0..20) {
            0..14 => Way::quick(&mut self.rng),
            14 | 15 if self.has_rsync => Way::Rsync,
            _ => Way::long(&mut self.rng),
        };
        if self.world.without.contains(way.name()) {
            Way::Atomic
        } else {
            way
        }
    }

    /// In some order.
    fn text(&mut self, file: &str, entries: &Entries) -> String {
        let mut order: Vec<String> = entries.keys().cloned().collect();
        self.rng.shuffle(&mut order);
        text(entries, &order, is_of_blocks(file))
    }

    /// Makes one file say this, or removes it.
    async fn set(&mut self, file: &str, entries: Option<Entries>, way: Way) {
        self.begin(Moving::File);
        let path = self.path(file);
        match entries {
            Some(entries) => {
                fs::create_dir_all(path.parent().expect("a directory")).expect("made");
                let text = self.text(file, &entries);
                for (name, content) in &entries {
                    self.note(name, content);
                }
                self.world.say(format!(
                    "  {file}: {}, {} entries",
                    way.name(),
                    entries.len()
                ));
                self.world.count(&format!("written: {}", way.name()));
                let beside = self.world.path("beside");
                way.write(&path, &beside, &text, &mut self.rng).await;
                self.files.insert(file.to_owned(), entries);
                let now = self.world.now();
                // Another program may have written it some time before it ended.
                let done = if way.is_quick() {
                    changed(&path).min(now)
                } else {
                    now
                };
                self.world.since(done, Moving::No, self.said());
            }
            None => {
                fs::remove_file(path).expect("removed");
                self.files.remove(file);
                self.rest();
            }
        }
    }

    /// Changes what a file says, by a way at random.
    async fn change(&mut self, file: &str, edit: impl FnOnce(&mut Entries)) {
        let mut entries = self.files.get(file).cloned().unwrap_or_default();
        edit(&mut entries);
        let way = self.way();
        self.set(file, Some(entries), way).await;
    }

    async fn add(&mut self) {
        let (file, name, content) = (self.any_file(), self.free_name(), self.content());
        if self.does("add", &format!("{name} {} to {file}", content.said())) {
            self.change(&file, |entries| drop(entries.insert(name, content)))
                .await;
        }
    }

    async fn edit(&mut self) {
        let Some((file, name)) = self.any_entry() else {
            return;
        };
        let mut content = self.content();
        if self.rng.bool() {
            // Its time alone.
            let before = &self.files[&file][&name];
            content = Content {
                at: content.at,
                ..before.clone()
            };
        }
        if self.does("change", &format!("{name} to {}", content.said())) {
            self.change(&file, |entries| drop(entries.insert(name, content)))
                .await;
        }
    }

    async fn remove(&mut self) {
        let Some((file, name)) = self.any_entry() else {
            return;
        };
        if self.does("remove", &name) {
            self.change(&file, |entries| drop(entries.remove(&name)))
                .await;
        }
    }

    /// What was there once comes back, under its name; or, if that is asked for, under another one.
    async fn put_back(&mut self, elsewhere: bool) {
        let now = self.world.now();
        let there: BTreeSet<&String> = self.files.values().flat_map(BTreeMap::keys).collect();
        let asked: Vec<&Content> = self.files.values().flat_map(BTreeMap::values).collect();
        let is_gone = |(name, _): &(&String, &Vec<Content>)| !there.contains(*name);
        let gone: Vec<(String, Content)> = self
            .known
            .iter()
            .filter(is_gone)
            .filter_map(|(name, contents)| Some((name.clone(), contents.last()?.clone())))
            .filter(|(_, content)| content.at > now - TimeDelta::seconds(60))
            .filter(|(_, content)| !asked.iter().any(|asked| asked.key() == content.key()))
            .collect();
        let Some((name, content)) = self.rng.choice(gone) else {
            return;
        };
        let name = if elsewhere { self.free_name() } else { name };
        let (file, kind) = (
            self.any_file(),
            if elsewhere {
                "put-elsewhere"
            } else {
                "put-back"
            },
        );
        if self.does(kind, &format!("{} as {name} to {file}", content.said())) {
            self.change(&file, |entries| drop(entries.insert(name, content)))
                .await;
        }
    }

    async fn switch(&mut self) {
        let Some((file, name)) = self.any_entry() else {
            return;
        };
        let enabled = !self.files[&file][&name].enabled;
        if self.does("switch", &format!("{name}: enabled {enabled}")) {
            self.change(&file, |entries| {
                entries.get_mut(&name).expect("there").enabled = enabled
            })
            .await;
        }
    }

    async fn rename(&mut self) {
        let Some((file, name)) = self.any_entry() else {
            return;
        };
        let other = self.free_name();
        if self.does("rename", &format!("{name} to {other}")) {
            self.change(&file, |entries| {
                let content = entries.remove(&name).expect("there");
                entries.insert(other, content);
            })
            .await;
        }
    }

    /// Two or three names of a file exchange what they ask for.
    async fn rotate(&mut self) {
        let Some(file) = self.file_with(3) else {
            return;
        };
        let mut names: Vec<String> = self.files[&file].keys().cloned().collect();
        self.rng.shuffle(&mut names);
        names.truncate(self.rng.usize(2..4));
        if self.does("rotate", &names.join(", ")) {
            self.change(&file, |entries| {
                let first = entries[&names[0]].clone();
                for pair in names.windows(2) {
                    let next = entries[&pair[1]].clone();
                    entries.insert(pair[0].clone(), next);
                }
                entries.insert(names[names.len() - 1].clone(), first);
            })
            .await;
        }
    }

    async fn copy(&mut self) {
        let Some((file, name)) = self.any_entry() else {
            return;
        };
        let other = self.free_name();
        if self.does("copy", &format!("{name} as {other}")) {
            let content = self.files[&file][&name].clone();
            self.change(&file, |entries| drop(entries.insert(other, content)))
                .await;
        }
    }

    fn rename_file(&mut self) {
        let Some(file) = self.file_with(0) else {
            return;
        };
        let other = format!("g{:03}.yaml", self.rng.u32(0..1000));
        if self.files.contains_key(&other)
            || !self.does("rename-file", &format!("{file} to {other}"))
        {
            return;
        }
        self.begin(Moving::File);
        fs::rename(self.path(&file), self.path(&other)).expect("renamed");
        let entries = self.files.remove(&file).expect("there");
        self.files.insert(other, entries);
        self.rest();
    }

    async fn remove_file(&mut self) {
        let Some(file) = self.file_with(0) else {
            return;
        };
        if self.files.len() > 2 && self.does("remove-file", &file) {
            self.set(&file, None, Way::Atomic).await;
        }
    }

    /// So many entries of a file go to another one, in two steps, whichever comes first.
    async fn move_entries(&mut self, kind: &str) {
        let Some(file) = self.file_with(1) else {
            return;
        };
        let other = if kind == "split" {
            format!("h{:03}.yaml", self.rng.u32(0..1000))
        } else {
            self.any_file()
        };
        if other == file || kind == "split" && self.files.contains_key(&other) {
            return;
        }
        let mut from = self.files[&file].clone();
        let all = from.len();
        let number = match kind {
            "move" => 1,
            "split" => all.div_ceil(2),
            _ => all,
        };
        let names: Vec<String> = from.keys().take(number).cloned().collect();
        if !self.does(
            kind,
            &format!("{} from {file} to {other}", names.join(", ")),
        ) {
            return;
        }
        let mut to = self.files.get(&other).cloned().unwrap_or_default();
        to.extend(
            names
                .iter()
                .map(|name| (name.clone(), from.remove(name).expect("there"))),
        );
        let gone = kind == "merge" && from.is_empty();
        let mut steps = [(file, (!gone).then_some(from)), (other, Some(to))];
        if self.rng.bool() {
            steps.reverse();
        }
        for (file, entries) in steps {
            let way = Way::quick(&mut self.rng);
            self.set(&file, entries, way).await;
            sleep(Duration::from_millis(self.rng.u64(0..300))).await;
        }
    }

    /// A program logs its entries into a file that it keeps open: one a second.
    async fn grow(&mut self) {
        let Some(file) = self.file_with(1) else {
            return;
        };
        if !self.does("grow", &file) {
            return;
        }
        let mut entries = self.files[&file].clone();
        let block = is_of_blocks(&file);
        let mut lines = Vec::new();
        for _ in 0..self.rng.u32(3..7) {
            let (name, content) = (self.free_name(), self.content());
            if !entries.contains_key(&name) {
                self.note(&name, &content);
                lines.push(content.text(&name, block));
                entries.insert(name, content);
            }
        }
        self.begin(Moving::File);
        append(&self.path(&file), &lines, Duration::from_secs(1)).await;
        self.files.insert(file, entries);
        self.rest();
    }

    fn rubbish(&mut self, whole: &str) -> (&'static str, String) {
        let cut = whole.rfind("lambda").or(whole.rfind("state_machine"));
        let brace = whole
            .rfind('{')
            .filter(|at| cut.is_some_and(|cut| *at < cut));
        match self.rng.u32(0..6) {
            0 => ("empty", String::new()),
            1 => ("a comment", "# later\n".into()),
            2 => (
                "an error page",
                "<html>\n<body>502 Bad Gateway</body>\n</html>\n".into(),
            ),
            3 => ("NULs", "\0".repeat(whole.len())),
            4 => (
                "conflict markers",
                format!("<<<<<<< HEAD\n{whole}=======\n>>>>>>> other\n"),
            ),
            _ => match brace {
                Some(at) => ("cut", whole[..at + 5].to_owned()),
                None => ("a typing error", whole.replacen("at:", "att:", 1)),
            },
        }
    }

    /// A file can't be understood for a while; or gets another name in the same moment.
    async fn spoil(&mut self, renamed: bool) {
        let Some(file) = self.file_with(1) else {
            return;
        };
        let whole = fs::read_to_string(self.path(&file)).expect("read");
        let (how, rubbish) = self.rubbish(&whole);
        let other = if renamed {
            format!("r{:03}.yaml", self.rng.u32(0..1000))
        } else {
            file.clone()
        };
        let kind = if renamed { "rename-and-spoil" } else { "spoil" };
        if renamed && self.files.contains_key(&other)
            || !self.does(kind, &format!("{file} to {other}: {how}"))
        {
            return;
        }
        self.begin(Moving::File);
        if renamed {
            fs::rename(self.path(&file), self.path(&other)).expect("renamed");
        }
        let (way, beside) = (Way::quick(&mut self.rng), self.world.path("beside"));
        way.write(&self.path(&other), &beside, &rubbish, &mut self.rng)
            .await;
        let entries = self.files.remove(&file).expect("there");
        self.files.insert(other.clone(), entries);
        let until = self.world.now() + TimeDelta::milliseconds(self.rng.i64(200..9000));
        self.spoiled.insert(other, until);
        self.rest();
    }

    /// Mends what is spoiled for long enough; or all of it.
    pub(crate) async fn mend(&mut self, all: bool) {
        let now = self.world.now();
        let due = self
            .spoiled
            .iter()
            .filter(|(_, until)| all || **until <= now);
        let due: Vec<String> = due.map(|(file, _)| file.clone()).collect();
        for file in due {
            self.world.say(format!("mend {file}"));
            let (way, entries) = (self.way(), self.files[&file].clone());
            self.set(&file, Some(entries), way).await;
            self.spoiled.remove(&file);
            self.rest();
        }
    }

    /// The directory is not where it was; or an empty one is in its place.
    async fn away(&mut self, empty: bool) {
        let kind = if empty { "away-empty" } else { "away" };
        let rest = self.rng.u64(50..4500);
        if !self.does(kind, &format!("for {rest} ms")) {
            return;
        }
        let (here, there) = (self.world.schedules(), self.world.path("gone"));
        self.begin(Moving::All);
        fs::rename(&here, &there).expect("renamed");
        if empty {
            fs::create_dir(&here).expect("made");
        }
        sleep(Duration::from_millis(rest)).await;
        if empty {
            fs::remove_dir(&here).expect("removed");
        }
        fs::rename(&there, &here).expect("renamed");
        self.rest();
    }

    /// Another release is made beside this one, and the link is swapped.
    async fn release(&mut self) {
        let mut files = self.files.clone();
        let number = self.releases + 1;
        for _ in 0..self.rng.u32(0..3) {
            let Some((file, name)) = self.any_entry() else {
                continue;
            };
            let content = self.content();
            let entries = files.get_mut(&file).expect("there");
            if self.rng.bool() {
                entries.remove(&name);
            } else {
                entries.insert(name, content);
            }
        }
        if !self.spoiled.is_empty() || !self.does("release", &number.to_string()) {
            return;
        }
        self.releases = number;
        let to = self.world.path(&format!("releases/{number}"));
        for (file, entries) in &files {
            let path = to.join(file);
            fs::create_dir_all(path.parent().expect("a directory")).expect("made");
            let text = self.text(file, entries);
            fs::write(path, text).expect("written");
            for (name, content) in entries {
                self.note(name, content);
            }
        }
        // What was written this moment may be half written, for all that onced can know.
        sleep(Duration::from_millis(self.rng.u64(0..3000))).await;
        let beside = self.world.path("beside-link");
        symlink(format!("releases/{number}"), &beside).expect("linked");
        self.begin(Moving::File);
        fs::rename(beside, self.world.schedules()).expect("swapped");
        self.files = files;
        self.rest();
    }

    /// What has fired goes.
    async fn sweep(&mut self) {
        let Some(file) = self.file_with(1) else {
            return;
        };
        let now = self.world.now();
        if self.files[&file].values().any(|content| content.at < now) && self.does("sweep", &file) {
            self.change(&file, |entries| {
                entries.retain(|_, content| content.at >= now)
            })
            .await;
        }
    }

    /// One thing that somebody does.
    async fn act(&mut self) {
        let many = self.files.values().map(BTreeMap::len).sum::<usize>() > MANY;
        let (git, linked) = (self.world.setup.git, self.world.setup.linked);
        match self.rng.u32(0..46) {
            _ if many && self.rng.bool() => self.sweep().await,
            0..9 => self.add().await,
            9..14 => self.edit().await,
            14..18 => self.remove().await,
            18..21 => self.put_back(false).await,
            21 => self.put_back(true).await,
            22 | 23 => self.switch().await,
            24..27 => self.rename().await,
            27 => self.rotate().await,
            28 => self.copy().await,
            29 => self.rename_file(),
            30 => self.remove_file().await,
            31 | 32 => self.move_entries("move").await,
            33 => self.move_entries("split").await,
            34 => self.move_entries("merge").await,
            35 | 36 => self.grow().await,
            37 | 38 => self.spoil(false).await,
            39 => self.spoil(true).await,
            40 => self.away(false).await,
            41 => self.away(true).await,
            _ if linked => self.release().await,
            _ if git && self.rng.bool() => self.git().await,
            _ => self.nested().await,
        }
    }

    /// Acts until the time is over, and leaves all mended.
    pub(crate) async fn churn(mut self) -> Self {
        let begun = Instant::now();
        while begun.elapsed() < self.world.setup.length {
            self.mend(false).await;
            self.act().await;
            self.world.acted.notify_waiters();
            let pause = match self.rng.u32(0..10) {
                0..6 => self.rng.u64(0..400),
                6..9 => self.rng.u64(400..2000),
                _ => self.rng.u64(2000..6000),
            };
            sleep(Duration::from_millis(pause)).await;
        }
        self.mend(true).await;
        for _ in 0..4 {
            // For the end: what is due soon, and fires with nothing in its way.
            let (file, name) = (self.any_file(), self.free_name());
            let content = self.content();
            let at = self.world.now() + TimeDelta::seconds(self.rng.i64(30..45));
            let at = DateTime::from_timestamp(at.timestamp(), 0).expect("a time");
            self.world
                .say(format!("add {name} #{} for the end", content.payload));
            self.change(&file, |entries| {
                drop(entries.insert(name, Content { at, ..content }))
            })
            .await;
        }
        self
    }
}
