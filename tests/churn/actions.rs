//! What people and their tools do to the folder, each kind in a function of its own. Every change goes through `begin` and
//! `rest`, so that the timeline knows from when to when what was said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use fastrand::Rng;
use tokio::time::sleep;

use crate::folder::{Content, Entries, MACHINE, Moving, OTHER, Said, text};
use crate::ways::Way;
use crate::wire::Time;
use crate::world::World;

/// Entries at most; beyond that, what has fired is swept out.
const MANY: usize = 40;

pub(crate) struct Folder {
    pub(crate) world: Arc<World>,
    pub(crate) rng: Rng,
    pub(crate) files: BTreeMap<String, Entries>,
    /// Files that can't be understood, and until when.
    pub(crate) spoiled: BTreeMap<String, Time>,
    /// All that names ever asked for.
    pub(crate) known: BTreeMap<String, Vec<Content>>,
    payloads: u32,
    pub(crate) releases: u32,
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
    pub(crate) fn free_name(&mut self) -> String {
        loop {
            let number = self.rng.u32(0..100);
            let dot = if number.is_multiple_of(3) { "." } else { "" };
            let name = format!("e{dot}{number:02}");
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
    pub(crate) fn any_file(&mut self) -> String {
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

    pub(crate) fn any_entry(&mut self) -> Option<(String, String)> {
        let file = self.file_with(1)?;
        let names: Vec<String> = self.files[&file].keys().cloned().collect();
        Some((file, self.rng.choice(names)?))
    }

    pub(crate) fn way(&mut self) -> Way {
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
    pub(crate) fn text(&mut self, file: &str, entries: &Entries) -> String {
        let mut order: Vec<String> = entries.keys().cloned().collect();
        self.rng.shuffle(&mut order);
        text(entries, &order, is_of_blocks(file))
    }

    /// Makes one file say this, or removes it.
    pub(crate) async fn set(&mut self, file: &str, entries: Option<Entries>, way: Way) {
        self.begin(Moving::File);
        let path = self.path(file);
        let Some(entries) = entries else {
            fs::remove_file(path).expect("removed");
            self.files.remove(file);
            return self.rest();
        };
        let directory = path.parent().expect("a directory");
        // git removes a directory that has become empty, perhaps between two looks of this call.
        let made = || fs::create_dir_all(directory).is_ok();
        assert!(
            (0..10).any(|_| made()),
            "{} can't be made",
            directory.display()
        );
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

    /// Changes what a file says, by a way at random.
    pub(crate) async fn change(&mut self, file: &str, edit: impl FnOnce(&mut Entries)) {
        let mut entries = self.files.get(file).cloned().unwrap_or_default();
        edit(&mut entries);
        let way = self.way();
        self.set(file, Some(entries), way).await;
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
                entries.insert(name, Content { at, ..content });
            })
            .await;
        }
        self
    }
}
