//! Git at work in the folder, and in a repository below it: whole commands, and operations that stop half-way. While one of
//! them is in progress, the timeline says that anything may be asked for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::actions::{Folder, is_of_blocks};
use crate::folder::{Content, Entries, Moving, parse, text};

/// The repository below the folder, and its one file.
const NESTED: &str = "nested";
const NESTED_FILE: &str = "nested/n0.yaml";

fn is_schedule_file(name: &str) -> bool {
    let kind = Path::new(name).extension();
    kind.is_some_and(|kind| kind == "yaml" || kind == "yml")
}

/// A file with these entries in the order in which it had them.
fn in_its_order(old: &str, file: &str, entries: &Entries) -> String {
    let mut order: Vec<String> = entries.keys().cloned().collect();
    order.sort_by_key(|name| old.find(&format!("\n  {name}:")));
    text(entries, &order, is_of_blocks(file))
}

impl Folder {
    fn try_shell(&self, directory: &str, script: &str) -> Result<(), String> {
        let mut shell = Command::new("sh");
        shell
            .current_dir(self.world.path(directory))
            .args(["-ec", script])
            .stdin(Stdio::null());
        shell
            .env("HOME", self.world.root.path())
            .env("GIT_CONFIG_NOSYSTEM", "1");
        shell
            .env("GIT_EDITOR", "true")
            .env("GIT_SEQUENCE_EDITOR", "sed -i -e 1s/^pick/edit/");
        let output = block_in_place(|| shell.output().expect("sh runs"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            Ok(())
        } else {
            Err(said)
        }
    }

    fn shell(&self, directory: &str, script: &str) {
        if let Err(said) = self.try_shell(directory, script) {
            self.world.say(format!("FAILED {script}: {said}"));
            self.world.count("a script failed");
        }
    }

    /// Makes the folder a work tree.
    pub(crate) fn init(&self, directory: &str) {
        self.shell(
            directory,
            "git init -q -b main; git config user.name t; git config user.email t@example.com; \
             git config commit.gpgsign false; echo /nested/ > .git/info/exclude; \
             git add -A; git commit -q --allow-empty -m first; git branch other",
        );
    }

    fn commit(&self, directory: &str) {
        self.shell(
            directory,
            "git add -A; git commit -q --allow-empty -m churn",
        );
    }

    /// What the files say, as git left them; `None`: some are no schedule files, or two hold one name.
    fn reread(&self) -> Option<BTreeMap<String, Entries>> {
        let mut files = BTreeMap::new();
        let mut directories = vec![String::new()];
        while let Some(directory) = directories.pop() {
            for item in fs::read_dir(self.path(&directory)).ok()? {
                let item = item.ok()?;
                let name = format!("{directory}{}", item.file_name().to_str()?);
                if item.file_name().to_string_lossy().starts_with('.') {
                    continue;
                }
                if item.file_type().ok()?.is_dir() {
                    directories.push(format!("{name}/"));
                } else if is_schedule_file(&name) {
                    files.insert(
                        name.clone(),
                        parse(&fs::read_to_string(self.path(&name)).ok()?)?,
                    );
                }
            }
        }
        let mut names: Vec<&String> = files.values().flat_map(BTreeMap::keys).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        (names.len() == all).then_some(files)
    }

    /// Runs a script that ends with a clean work tree, or is undone.
    fn whole(&mut self, script: &str) {
        self.begin(Moving::All);
        let before = "git rev-parse HEAD > ../head; git symbolic-ref HEAD > ../branch";
        self.shell("schedules", before);
        let done = self.try_shell("schedules", script);
        let files = done.and_then(|()| self.reread().ok_or_else(|| "no schedule files".to_owned()));
        match files {
            Ok(files) => self.files = files,
            Err(why) => {
                self.world.say(format!(
                    "  given up: {}",
                    why.lines().next().unwrap_or_default()
                ));
                let undo = "git merge --abort 2>/dev/null || :; git rebase --abort 2>/dev/null || :; \
                            git cherry-pick --abort 2>/dev/null || :; git symbolic-ref HEAD $(cat ../branch); \
                            git reset -q --hard $(cat ../head)";
                self.shell("schedules", undo);
            }
        }
        self.rest();
    }

    /// Runs a script that leaves git half-way, rests, and another one that leads back to what there was.
    async fn half_way(&mut self, directory: &str, (first, then): (&str, &str)) {
        let rest = self.rng.u64(300..8000);
        self.begin(Moving::All);
        let stopped = self.try_shell(directory, first);
        let how = if stopped.is_ok() { "stands" } else { "stopped" };
        self.world.say(format!("  {how} for {rest} ms"));
        sleep(Duration::from_millis(rest)).await;
        self.shell(directory, then);
        let files = self.reread();
        if files.as_ref() != Some(&self.files) {
            self.world
                .say("FAILED: the folder is not what it was before");
            self.world.count("a script failed");
            self.files = files.unwrap_or_default();
        }
        self.rest();
    }

    /// A commit that somebody else made, of another content for the first entry of a file; this one gets a third content.
    async fn conflict(&mut self) -> Option<()> {
        let file = self.file_with(1)?;
        let entries = self.files[&file].clone();
        let (name, before) = entries.first_key_value()?;
        let name = name.clone();
        self.commit("schedules");
        self.shell(".", "rm -rf clone; git clone -q schedules clone; cd clone; git config user.name o; git config user.email o@example.com");
        let theirs = self.content();
        let theirs = Content {
            payload: theirs.payload,
            ..before.clone()
        };
        self.note(&name, &theirs);
        let path = self.world.path("clone").join(&file);
        let old = fs::read_to_string(&path).ok()?;
        let mut changed = entries.clone();
        changed.insert(name.clone(), theirs);
        fs::write(&path, in_its_order(&old, &file, &changed)).ok()?;
        self.shell("clone", "git commit -qam theirs");
        let old = fs::read_to_string(self.path(&file)).ok()?;
        self.payload(&file, &name, &old).await;
        self.commit("schedules");
        self.shell("schedules", "git fetch -q ../clone HEAD");
        Some(())
    }

    /// Another payload for an entry, in its place.
    async fn payload(&mut self, file: &str, name: &str, old: &str) {
        let payload = self.content().payload;
        let mut entries = self.files[file].clone();
        let content = entries.get_mut(name).expect("there");
        *content = Content {
            payload,
            ..content.clone()
        };
        let content = content.clone();
        self.note(name, &content);
        let new = in_its_order(old, file, &entries);
        self.begin(Moving::File);
        fs::write(self.path(file), new).expect("written");
        self.files.insert(file.to_owned(), entries);
        self.rest();
        sleep(Duration::from_millis(self.rng.u64(0..1500))).await;
    }

    fn end_of_a_rebase(&mut self) -> &'static str {
        if self.rng.bool() {
            "git rebase --continue || git rebase --abort"
        } else {
            "git rebase --abort"
        }
    }

    /// Something that git does in the watched work tree.
    pub(crate) async fn git(&mut self) {
        self.mend(true).await;
        match self.rng.u32(0..8) {
            0 => {
                if self.does("git-commit", "") {
                    self.commit("schedules");
                }
            }
            1 => {
                if self.does("git-checkout", "another branch") {
                    self.commit("schedules");
                    self.whole("if [ \"$(git symbolic-ref --short HEAD)\" = main ]; then git checkout -q other; else git checkout -q main; fi");
                }
            }
            2 => {
                if self.does("git-back", "another branch and back") {
                    self.commit("schedules");
                    self.whole("git checkout -q -B back HEAD~1");
                    sleep(Duration::from_millis(self.rng.u64(0..3000))).await;
                    self.whole("git checkout -q -");
                }
            }
            3 => {
                if self.does("git-merge", "the other branch") {
                    self.commit("schedules");
                    self.whole(
                        "git merge -q --no-edit other; git branch -f other HEAD~1 2>/dev/null || :",
                    );
                }
            }
            4 => {
                if self.does("git-rebase", "stops at an older commit") {
                    self.commit("schedules");
                    let end = self.end_of_a_rebase();
                    let back = self.rng.u32(1..4);
                    let first = format!(
                        "git rebase -q --keep-empty -i HEAD~{back} || git rebase -q --keep-empty -i HEAD~1"
                    );
                    self.half_way("schedules", (&first, end)).await;
                }
            }
            5 => {
                if self.does("git-squash", "with a conflict") && self.conflict().await.is_some() {
                    let steps = (
                        "git merge -q --squash FETCH_HEAD",
                        "git reset -q --hard HEAD",
                    );
                    self.half_way("schedules", steps).await;
                }
            }
            6 => {
                if self.does("git-pick", "with a conflict") && self.conflict().await.is_some() {
                    let steps = (
                        "git cherry-pick FETCH_HEAD",
                        "git cherry-pick --abort || git reset -q --hard HEAD",
                    );
                    self.half_way("schedules", steps).await;
                }
            }
            _ => {
                if self.does("git-stash", "popped with a conflict") {
                    self.stash().await;
                }
            }
        }
    }

    /// What was stashed and what was written since don't go together.
    async fn stash(&mut self) {
        let Some(file) = self.file_with(1) else {
            return;
        };
        self.commit("schedules");
        let old = fs::read_to_string(self.path(&file)).expect("read");
        let before = self.files.clone();
        let name = before[&file].first_key_value().expect("an entry").0.clone();
        self.payload(&file, &name, &old).await;
        self.begin(Moving::All);
        self.shell("schedules", "git stash -q");
        self.files = before;
        self.rest();
        self.payload(&file, &name, &old).await;
        self.commit("schedules");
        let steps = (
            "git stash pop -q",
            "git reset -q --hard HEAD; git stash drop -q",
        );
        self.half_way("schedules", steps).await;
    }

    /// A clone below the folder: made, committed to, and a rebase in it that stops half-way.
    pub(crate) async fn nested(&mut self) {
        let there = self.path(NESTED).join(".git").exists();
        if !there {
            if self.world.setup.linked || !self.does("nested-clone", "") {
                return;
            }
            let entries = Entries::from([self.named_content(), self.named_content()]);
            for (name, content) in &entries {
                self.note(name, content);
            }
            let order: Vec<String> = entries.keys().cloned().collect();
            fs::create_dir_all(self.world.path("upstream")).expect("made");
            fs::write(
                self.world.path("upstream/n0.yaml"),
                text(&entries, &order, false),
            )
            .expect("written");
            self.init("upstream");
            self.begin(Moving::All);
            self.shell("schedules", "git clone -q ../upstream nested; cd nested; git config user.name t; git config user.email t@example.com");
            self.files.insert(NESTED_FILE.into(), entries);
            self.rest();
            return;
        }
        if self.rng.bool() {
            if self.does("nested-commit", "") {
                let mut entries = self.files[NESTED_FILE].clone();
                let (name, content) = self.named_content();
                self.note(&name, &content);
                entries.insert(name, content);
                if entries.len() > 5 {
                    entries.pop_first();
                }
                let order: Vec<String> = entries.keys().cloned().collect();
                self.begin(Moving::File);
                fs::write(self.path(NESTED_FILE), text(&entries, &order, false)).expect("written");
                self.files.insert(NESTED_FILE.into(), entries);
                self.rest();
                self.commit("schedules/nested");
            }
        } else if self.does("nested-rebase", "stops at an older commit") {
            self.mend(true).await;
            let end = self.end_of_a_rebase();
            let back = self.rng.u32(1..4);
            let first = format!(
                "git rebase -q --keep-empty -i HEAD~{back} || git rebase -q --keep-empty -i --root"
            );
            self.half_way("schedules/nested", (&first, end)).await;
        }
    }
}
