//! What people edit.

use chrono::{DateTime, TimeDelta};
use onced::model::entry::EntryName;

use super::content::{Content, one_of_five};
use super::{OTHER, QUALIFIED, World};

impl World {
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
            .choice(&[20, 120, 480, 1_800, 2_700, 5_400, 9_000, 14_400])
            .expect("seconds");
        let at = self.now() + TimeDelta::seconds(ahead);
        let at = DateTime::from_timestamp(at.timestamp(), 0).expect("a time");
        Content {
            at,
            payload: self.rng.u32(0..3),
            other: self.other(),
            enabled: true,
        }
    }

    /// On which other machine an entry runs, and by which of its names.
    fn other(&mut self) -> Option<&'static str> {
        let [one, two, alias] = QUALIFIED;
        let names = [
            None,
            None,
            None,
            None,
            None,
            Some(OTHER),
            Some(one),
            Some(two),
            Some(alias),
        ];
        *self.rng.choice(&names).expect("one of them")
    }

    pub(super) fn put(&mut self, file: usize, name: EntryName, content: Content) {
        self.typos.remove(&name);
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
            return;
        }
        // They end by themselves.
        if self.half_way.is_some() || self.writing.is_some() {
            return;
        }
        let Some(file) = self.good_file() else {
            self.bad = [false; 2];
            self.write();
            self.say("mend all files");
            return;
        };
        let what = match self.rng.u32(0..24) {
            0..5 => {
                let name = one_of_five(self.rng.u32(0..5));
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
                // Half of them get another name in the same moment.
                if self.rng.bool() {
                    let path = self.rename(file);
                    format!("break file {file}, which is `{path}` now")
                } else {
                    format!("break file {file}")
                }
            }
            18 => {
                let Some((file, name)) = self.any_entry() else {
                    return;
                };
                let other = one_of_five(self.rng.u32(0..5));
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
                return;
            }
            23 => {
                let path = self.rename(file);
                format!("file {file} is `{path}` now")
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
}
