//! The folder: what is edited in it, and what it asked for at which time.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use chrono::{DateTime, TimeDelta, Utc};
use onced::model::entry::{EntryName, instant};
use onced::model::name::Fingerprint;

use super::content::Content;
use super::{OTHER, World, begin};

impl World {
    /// Moves the folder away, with an empty one in its place, or puts it back.
    pub(super) fn move_away(&mut self, is_away: bool) {
        if self.is_away == is_away {
            return;
        }
        self.is_away = is_away;
        for process in &mut self.processes {
            process.scan = None;
        }
        let (here, away) = (self.root.join("schedules"), self.root.join("schedules.old"));
        if is_away {
            fs::rename(&here, away).expect("moved");
            fs::create_dir(here).expect("made");
        } else {
            fs::remove_dir(&here).expect("removed");
            fs::rename(away, here).expect("moved back");
        }
    }

    pub(super) fn write(&mut self) {
        for process in &mut self.processes {
            process.scan = None;
        }
        for (n, name) in ["a.yaml", "b.yaml"].iter().enumerate() {
            let mut text = "schedules:\n".to_owned();
            for (name, content) in &self.files[n] {
                let Content {
                    at,
                    payload,
                    other,
                    enabled,
                } = content;
                let at = instant(*at);
                let what = if *other {
                    format!("state_machine: '{OTHER}', input: {{n: {payload}}}")
                } else {
                    format!("lambda: f, payload: {payload}")
                };
                let _ = writeln!(text, "  {name}: {{at: {at}, {what}, enabled: {enabled}}}");
            }
            if self.files[n].is_empty() {
                text = "schedules: {}\n".into();
            }
            if self.bad[n] && self.garbage {
                text = "schedules: [\n".into();
            } else if self.bad[n] {
                text += "  broken: [\n";
            }
            let beside = self.root.join("beside");
            fs::write(&beside, text).expect("written");
            fs::rename(beside, self.root.join("schedules").join(name)).expect("renamed");
        }
        let now = self.now();
        let names: BTreeSet<EntryName> = self.known.keys().cloned().collect();
        for name in names {
            let content = self.files.iter().find_map(|file| file.get(&name)).cloned();
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

    pub(super) fn good_file(&mut self) -> Option<usize> {
        let good: Vec<usize> = (0..2).filter(|n| !self.bad[*n]).collect();
        self.rng.choice(good)
    }

    pub(super) fn any_entry(&mut self) -> Option<(usize, EntryName)> {
        let all: Vec<(usize, EntryName)> = (0..2)
            .filter(|n| !self.bad[*n])
            .flat_map(|n| self.files[n].keys().map(move |name| (n, name.clone())))
            .collect();
        self.rng.choice(all)
    }

    pub(super) fn content(&mut self) -> Content {
        let ahead = *self
            .rng
            .choice(&[2, 8, 30, 45, 90, 150, 240])
            .expect("minutes");
        let at = begin() + (self.now() - begin()) + TimeDelta::minutes(ahead);
        let at = DateTime::from_timestamp(at.timestamp(), 0).expect("a time");
        Content {
            at,
            payload: self.rng.u32(0..3),
            other: self.rng.u32(0..4) == 0,
            enabled: true,
        }
    }

    pub(super) fn put(&mut self, file: usize, name: EntryName, content: Content) {
        self.known
            .entry(name.clone())
            .or_default()
            .push(content.clone());
        self.files[file].insert(name, content);
    }

    /// Adds, changes, removes, puts back, moves, breaks or mends something.
    pub(crate) fn edit(&mut self) {
        if self.is_away {
            self.move_away(false);
            self.say("the folder is back");
            return;
        }
        let Some(file) = self.good_file() else {
            self.bad = [false; 2];
            self.write();
            self.say("mend all files");
            return;
        };
        let what = match self.rng.u32(0..23) {
            0..5 => {
                let name = format!("e{}", self.rng.u32(0..5));
                let name = EntryName::parse(&name).expect("a name");
                if self.files.iter().any(|file| file.contains_key(&name)) {
                    return;
                }
                let earlier = self.known.get(&name).cloned().unwrap_or_default();
                let content = match self.rng.choice(earlier) {
                    Some(content) if self.rng.u32(0..4) > 0 => content,
                    _ => self.content(),
                };
                let said = format!("add {name} {}", content.said());
                self.put(file, name, content);
                said
            }
            5..9 => {
                let Some((file, name)) = self.any_entry() else {
                    return;
                };
                let earlier = self.known.get(&name).cloned().unwrap_or_default();
                let content = match self.rng.choice(earlier) {
                    Some(content) if self.rng.u32(0..2) > 0 => content,
                    _ => self.content(),
                };
                let said = format!("change {name} {}", content.said());
                self.put(file, name, content);
                said
            }
            9..14 => {
                let Some((file, name)) = self.any_entry() else {
                    return;
                };
                self.files[file].remove(&name);
                self.faults.effort.lock().expect("no panic").removals += 1;
                format!("remove {name}")
            }
            14 => {
                let Some((file, name)) = self.any_entry() else {
                    return;
                };
                let content = self.files[file].get_mut(&name).expect("it is there");
                content.enabled = !content.enabled;
                format!("{name}: enabled {}", content.enabled)
            }
            15 => {
                if self.bad.contains(&true) {
                    return;
                }
                let Some((file, name)) = self.any_entry() else {
                    return;
                };
                let content = self.files[file].remove(&name).expect("it is there");
                self.files[1 - file].insert(name.clone(), content);
                format!("move {name} to another file")
            }
            16 => {
                self.bad[file] = true;
                format!("break file {file}")
            }
            18 => {
                let Some((file, name)) = self.any_entry() else {
                    return;
                };
                let other = format!("e{}", self.rng.u32(0..5));
                let other = EntryName::parse(&other).expect("a name");
                if self.files.iter().any(|file| file.contains_key(&other)) {
                    return;
                }
                let content = self.files[file].remove(&name).expect("it is there");
                self.put(file, other.clone(), content);
                self.faults.effort.lock().expect("no panic").removals += 1;
                format!("rename {name} to {other}")
            }
            21 | 22 => {
                let good = (0..2).filter(|n| !self.bad[*n]);
                let names = |n: usize| self.files[n].keys().map(move |name| (n, name.clone()));
                let mut names: Vec<(usize, EntryName)> = good.flat_map(names).collect();
                self.rng.shuffle(&mut names);
                names.truncate(self.rng.usize(2..4));
                let [(first, first_name), others @ ..] = &names[..] else {
                    return;
                };
                // Each takes the content of the next, and the last that of the first, or a new one.
                let mut content = if self.rng.bool() {
                    self.content()
                } else {
                    self.files[*first][first_name].clone()
                };
                let said: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
                let said = format!("rotate {} with {}", said.join(" "), content.said());
                for (file, name) in others.iter().rev().chain([&(*first, first_name.clone())]) {
                    let was = self.files[*file][name].clone();
                    self.put(*file, name.clone(), content);
                    content = was;
                }
                said
            }
            19 => {
                self.move_away(true);
                self.say("the folder is moved away, and an empty one is there");
                return;
            }
            17 => {
                for file in &mut self.files {
                    file.clear();
                }
                self.bad = [false; 2];
                self.faults.effort.lock().expect("no panic").removals += 1;
                "remove everything".into()
            }
            _ => {
                self.bad = [false; 2];
                "mend all files".into()
            }
        };
        self.write();
        self.say(&what);
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

    pub(crate) fn mend(&mut self) {
        self.move_away(false);
        self.bad = [false; 2];
        self.write();
        self.say("mend all files");
    }
}
