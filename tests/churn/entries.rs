//! What is done to entries: they are added, changed, removed, put back, switched, renamed, rotated and copied.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::time::Duration;

use chrono::TimeDelta;

use crate::actions::{Folder, is_of_blocks};
use crate::folder::{Content, Moving};
use crate::ways::append;

impl Folder {
    pub(crate) async fn add(&mut self) {
        let (file, name, content) = (self.any_file(), self.free_name(), self.content());
        if self.does("add", &format!("{name} {} to {file}", content.said())) {
            self.change(&file, |entries| {
                entries.insert(name, content);
            })
            .await;
        }
    }

    pub(crate) async fn edit(&mut self) {
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
            self.change(&file, |entries| {
                entries.insert(name, content);
            })
            .await;
        }
    }

    pub(crate) async fn remove(&mut self) {
        let Some((file, name)) = self.any_entry() else {
            return;
        };
        if self.does("remove", &name) {
            self.change(&file, |entries| {
                entries.remove(&name);
            })
            .await;
        }
    }

    /// What was there once comes back, under its name; or, if that is asked for, under another one.
    pub(crate) async fn put_back(&mut self, elsewhere: bool) {
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
            self.change(&file, |entries| {
                entries.insert(name, content);
            })
            .await;
        }
    }

    pub(crate) async fn switch(&mut self) {
        let Some((file, name)) = self.any_entry() else {
            return;
        };
        let enabled = !self.files[&file][&name].enabled;
        if self.does("switch", &format!("{name}: enabled {enabled}")) {
            self.change(&file, |entries| {
                entries.get_mut(&name).expect("there").enabled = enabled;
            })
            .await;
        }
    }

    pub(crate) async fn rename(&mut self) {
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
    pub(crate) async fn rotate(&mut self) {
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

    pub(crate) async fn copy(&mut self) {
        let Some((file, name)) = self.any_entry() else {
            return;
        };
        let other = self.free_name();
        if self.does("copy", &format!("{name} as {other}")) {
            let content = self.files[&file][&name].clone();
            self.change(&file, |entries| {
                entries.insert(other, content);
            })
            .await;
        }
    }

    /// A program logs its entries into a file that it keeps open: one a second.
    pub(crate) async fn grow(&mut self) {
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
            if let Entry::Vacant(place) = entries.entry(name) {
                self.note(place.key(), &content);
                lines.push(content.text(place.key(), block));
                place.insert(content);
            }
        }
        self.begin(Moving::File);
        append(&self.path(&file), &lines, Duration::from_secs(1)).await;
        self.files.insert(file, entries);
        self.rest();
    }

    /// What has fired goes.
    pub(crate) async fn sweep(&mut self) {
        let Some(file) = self.file_with(1) else {
            return;
        };
        let now = self.world.now();
        if self.files[&file].values().any(|content| content.at < now) && self.does("sweep", &file) {
            self.change(&file, |entries| {
                entries.retain(|_, content| content.at >= now);
            })
            .await;
        }
    }
}
