//! The folder: what is edited in it, and what it asked for at which time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use onced::model::entry::{EntryName, instant};
use onced::model::name::Fingerprint;

use super::content::Content;
use super::{NOBODYS, World};

impl World {
    /// Moves the folder away, with an empty one in its place or none, or puts it back.
    pub(super) fn move_away(&mut self, is_away: bool) {
        if self.is_away == is_away {
            return;
        }
        self.is_away = is_away;
        self.changed();
        let (here, away) = (self.root.join("schedules"), self.root.join("schedules.old"));
        if !is_away {
            if here.exists() {
                fs::remove_dir(&here).expect("removed");
            }
            fs::rename(away, here).expect("moved back");
            self.say("the folder is back");
            return;
        }
        fs::rename(&here, away).expect("moved");
        if self.rng.bool() {
            fs::create_dir(here).expect("made");
            self.say("the folder is moved away, and an empty one is there");
        } else {
            self.say("the folder is moved away");
        }
    }

    /// Every process reads the folder before it does anything else.
    pub(super) fn changed(&mut self) {
        for process in &mut self.processes {
            process.scan = None;
        }
    }

    /// Where the files of this process are.
    pub(super) fn directory(&self) -> PathBuf {
        let name = if self.elsewhere {
            "elsewhere"
        } else {
            "schedules"
        };
        self.root.join(name)
    }

    /// A file's text, if it is good and holds these entries.
    pub(super) fn text(&self, entries: &BTreeMap<EntryName, Content>) -> String {
        let mut text = "schedules:\n".to_owned();
        for (name, content) in entries {
            let Content {
                at,
                payload,
                other,
                enabled,
            } = content;
            let at = instant(*at);
            let typo = self.typos.contains(name);
            let machine = match (other, typo) {
                (_, true) => format!("state_machine: '{NOBODYS}', "),
                (Some(machine), false) => format!("state_machine: '{machine}', "),
                (None, false) => String::new(),
            };
            let what = if other.is_some() || typo {
                format!("input: {{n: {payload}}}")
            } else {
                format!("lambda: f, payload: {payload}")
            };
            let _ = writeln!(
                text,
                "  {name}: {{at: {at}, {machine}{what}, enabled: {enabled}}}"
            );
        }
        if entries.is_empty() {
            text = "schedules: {}\n".into();
        }
        text
    }

    pub(super) fn put_in_place(&self, path: &str, text: &str) {
        let beside = self.root.join("beside");
        fs::write(&beside, text).expect("written");
        fs::rename(beside, self.root.join("schedules").join(path)).expect("renamed");
    }

    /// Writes every file: what is meant, or what stands there instead while something is half-way.
    pub(super) fn write(&mut self) {
        self.changed();
        for n in 0..2 {
            self.spell_as_it_was(n);
            let mut text = self.text(self.shown(n));
            if self.is_spelled_otherwise(n) {
                // All that is wrong with it is its name.
            } else if self.bad[n] && self.garbage {
                let garbage = ["schedules: [\n", "", "\0\0\0\0", "<html>502</html>\n"];
                text = self.rng.choice(garbage).expect("some").into();
            } else if self.bad[n] {
                text += "  broken: [\n";
            }
            let text = self.with_markers(n, text);
            self.put_in_place(&self.paths[n], &text);
        }
        if !self.group.is_empty() {
            self.put_in_place("group.yaml", &self.text(&self.group));
        }
        self.note_wanted();
        let now = [self.files[0].clone(), self.files[1].clone()];
        if self.earlier.last() != Some(&now) {
            self.earlier.push(now);
        }
    }

    /// Notes what is asked for from now on.
    pub(super) fn note_wanted(&mut self) {
        let now = self.now();
        let names: BTreeSet<EntryName> = self.known.keys().cloned().collect();
        for name in names {
            let files = self.files.iter().chain([&self.group, &self.strangers]);
            let content = files.into_iter().find_map(|file| file.get(&name)).cloned();
            if content.as_ref().is_some_and(|content| !content.enabled) {
                self.switched.insert((name.clone(), now));
            }
            let content = content.filter(|content| content.enabled);
            let timeline = self.timelines.entry(name).or_default();
            if timeline.last().map(|(_, last)| last) != Some(&content) {
                timeline.push((now, content));
            }
        }
    }

    /// The last time that any entry ever asked for.
    pub(crate) fn last_time(&self) -> Option<DateTime<Utc>> {
        self.known
            .values()
            .flatten()
            .map(|content| content.at)
            .max()
    }

    /// When a content of this entry was to fire.
    pub(crate) fn at_of(
        &self,
        name: &EntryName,
        fingerprint: Fingerprint,
    ) -> Option<DateTime<Utc>> {
        let contents = self.known.get(name)?;
        let content = contents.iter().find(|c| c.fingerprint() == fingerprint)?;
        Some(content.at)
    }

    /// Was the entry switched off, not removed, at some moment of these?
    pub(crate) fn disabled(
        &self,
        name: &EntryName,
        since: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> bool {
        let range = (name.clone(), since)..=(name.clone(), end);
        self.switched.range(range).next().is_some()
    }

    /// All is as it is meant.
    pub(crate) fn mend(&mut self) {
        self.move_away(false);
        self.finish_writing();
        self.finish_half_way();
        self.typos.clear();
        self.right_clocks();
        self.bad = [false; 2];
        self.write();
        self.say("mend all files");
    }
}
