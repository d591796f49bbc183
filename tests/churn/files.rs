//! What is done to files and to the directory: renamed, removed, split and merged, spoiled and mended, away for a while,
//! swapped for another release.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::sleep;

use crate::actions::Folder;
use crate::folder::Moving;
use crate::ways::Way;

impl Folder {
    pub(crate) fn rename_file(&mut self) {
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

    pub(crate) async fn remove_file(&mut self) {
        let Some(file) = self.file_with(0) else {
            return;
        };
        if self.files.len() > 2 && self.does("remove-file", &file) {
            self.set(&file, None, Way::Atomic).await;
        }
    }

    /// So many entries of a file go to another one, in two steps, whichever comes first.
    pub(crate) async fn move_entries(&mut self, kind: &str) {
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
    pub(crate) async fn spoil(&mut self, renamed: bool) {
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
    pub(crate) async fn away(&mut self, empty: bool) {
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
    pub(crate) async fn release(&mut self) {
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
        // It may hold no file at all.
        fs::create_dir_all(&to).expect("made");
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
}
