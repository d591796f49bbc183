//! What stands in the folder for a while, and is not meant: an older commit while git is in the middle of something, a merge
//! with a conflict, a machine that nobody has.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use onced::model::entry::{EntryName, instant};

use super::World;
use super::content::Content;

/// What git leaves in its directory while it is in the middle of something; a directory, where it ends so.
const MARKS: [&str; 7] = [
    "index.lock",
    "rebase-merge/",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "BISECT_START",
    "sequencer/",
    "SQUASH_MSG",
];

/// An ending that is not read.
const CAPITALS: &str = ".YAML";

/// See the module.
pub(super) struct HalfWay {
    pub(super) until: DateTime<Utc>,
    /// Git's, which shows that it is at work.
    mark: Option<PathBuf>,
    /// The file with conflict markers.
    conflict: Option<usize>,
    /// What a file says from then on.
    pub(super) later: Option<(DateTime<Utc>, usize, BTreeMap<EntryName, Content>)>,
    /// What the files say instead of what is meant.
    shows: [Option<BTreeMap<EntryName, Content>>; 2],
}

impl World {
    /// What a file says now, if it is good.
    pub(super) fn shown(&self, n: usize) -> &BTreeMap<EntryName, Content> {
        let half_way = self.half_way.as_ref();
        let shows = half_way.and_then(|half_way| half_way.shows[n].as_ref());
        shows.unwrap_or(&self.files[n])
    }

    pub(super) fn with_markers(&self, n: usize, text: String) -> String {
        let half_way = self.half_way.as_ref();
        if half_way.is_some_and(|half_way| half_way.conflict == Some(n)) {
            format!("<<<<<<< HEAD\n=======\n{text}>>>>>>> topic\n")
        } else {
            text
        }
    }

    /// Is everything where it belongs, and nothing being changed?
    pub(super) fn is_calm(&self) -> bool {
        !self.is_away && self.half_way.is_none() && self.writing.is_none() && self.bad == [false; 2]
    }

    /// Until then: less than the quarter of an hour in which a doubt is expected to be resolved.
    fn some_minutes(&mut self) -> DateTime<Utc> {
        self.now() + TimeDelta::seconds(self.rng.i64(5..500))
    }

    /// Git is in the middle of something, and the files are those of an older commit: all of them, or those of a repository
    /// below the folder.
    pub(super) fn begin_git(&mut self) {
        if !self.is_calm() {
            return;
        }
        let below = self.rng.bool();
        let Some(old) = self.rng.choice(&self.earlier).cloned() else {
            return;
        };
        let mark = *self.rng.choice(&MARKS).expect("a mark");
        let tree = self.root.join("schedules");
        let tree = if below { tree.join("team") } else { tree };
        let git = tree.join(".git");
        fs::create_dir_all(&git).expect("a directory");
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").expect("written");
        let path = git.join(mark.trim_end_matches('/'));
        if mark.ends_with('/') {
            fs::create_dir(&path).expect("a directory");
        } else {
            fs::write(&path, "").expect("written");
        }
        let [root, team] = old;
        let until = self.some_minutes();
        self.half_way = Some(HalfWay {
            until,
            mark: Some(path),
            conflict: None,
            later: None,
            shows: [(!below).then_some(root), Some(team)],
        });
        self.operations.push((self.now(), None));
        self.write();
        let place = if below { "below" } else { "in" };
        let until = instant(until);
        self.say(&format!(
            "git is at work {place} the folder until {until}, with `{mark}` and older files"
        ));
    }

    /// A merge has a conflict in one file, and has removed some of the other.
    pub(super) fn begin_conflict(&mut self) {
        if !self.is_calm() {
            return;
        }
        let conflict = self.rng.usize(0..2);
        let mut other = self.files[1 - conflict].clone();
        other.retain(|_, _| self.rng.bool());
        let until = self.some_minutes();
        if self.rng.bool() {
            self.leave_one_side(conflict);
        }
        // At once, or when the file with the markers is known.
        let later = self.now() + TimeDelta::seconds(self.rng.i64(0..8));
        self.half_way = Some(HalfWay {
            until,
            mark: None,
            conflict: Some(conflict),
            later: Some((later, 1 - conflict, other)),
            shows: [None, None],
        });
        self.write();
        let until = instant(until);
        self.say(&format!(
            "conflict markers in file {conflict} until {until}, and some of the other is gone"
        ));
    }

    /// A tool leaves one side of a conflict beside its file, for good. It asks for what nobody has chosen.
    fn leave_one_side(&mut self, file: usize) {
        let tools = [
            "_LOCAL_4711",
            "_REMOTE_4711",
            ".sync-conflict-20261123-120000-ABCDEFG",
            " (conflicted copy 2026-11-23 120000)",
        ];
        let tool = *self.rng.choice(&tools).expect("some");
        let name = EntryName::parse("nobodys-choice").expect("a name");
        let side = BTreeMap::from([(name, self.content())]);
        let stem = self.paths[file].trim_end_matches(".yaml").to_owned();
        let path = format!("{stem}{tool}.yaml");
        self.put_in_place(&path, &self.text(&side));
        self.say(&format!("`{path}` is left beside it"));
    }

    pub(super) fn go_on_half_way(&mut self, now: DateTime<Utc>) {
        let Some(half_way) = &mut self.half_way else {
            return;
        };
        if half_way.until <= now {
            self.finish_half_way();
        } else if let Some((_, file, says)) = half_way.later.take_if(|(at, ..)| *at <= now) {
            half_way.shows[file] = Some(says);
            self.write();
        }
    }

    pub(super) fn finish_half_way(&mut self) {
        let Some(half_way) = self.half_way.take() else {
            return;
        };
        self.write();
        if let Some(mark) = half_way.mark {
            if mark.is_dir() {
                fs::remove_dir(mark).expect("removed");
            } else {
                fs::remove_file(mark).expect("removed");
            }
            let now = self.now();
            self.operations.last_mut().expect("it was begun").1 = Some(now);
        }
        self.say("all files are as they are meant");
    }

    /// An entry names a machine that is not there, or does not any more.
    pub(super) fn mistype(&mut self) {
        if !self.is_calm() {
            return;
        }
        if self.typos.is_empty() || self.rng.u32(0..3) > 0 {
            let Some((_, name)) = self.any_entry() else {
                return;
            };
            self.say(&format!("{name} names a machine that is not there"));
            self.typos.insert(name);
        } else {
            self.say("all entries name machines that are there");
            self.typos.clear();
        }
        self.write();
    }

    /// Gives a file the same name with an ending that is not read.
    pub(super) fn spell_otherwise(&mut self, file: usize) -> String {
        self.bad[file] = true;
        let new = self.paths[file].replace(".yaml", CAPITALS);
        self.rename_to(file, &new);
        new
    }

    pub(super) fn is_spelled_otherwise(&self, file: usize) -> bool {
        self.paths[file].ends_with(CAPITALS)
    }

    /// Once it is good again.
    pub(super) fn spell_as_it_was(&mut self, file: usize) {
        if self.is_spelled_otherwise(file) && !self.bad[file] {
            let new = self.paths[file].replace(CAPITALS, ".yaml");
            self.rename_to(file, &new);
        }
    }

    fn rename_to(&mut self, file: usize, new: &str) {
        self.changed();
        let folder = self.root.join("schedules");
        fs::rename(folder.join(&self.paths[file]), folder.join(new)).expect("renamed");
        new.clone_into(&mut self.paths[file]);
    }

    /// Gives a file a name that none had before.
    pub(super) fn rename(&mut self, file: usize) -> String {
        let stem = ["a", "team/b"][file];
        self.renamings += 1;
        let new = format!("{stem}{}.yaml", self.renamings);
        self.rename_to(file, &new);
        new
    }
}
