//! A long random walk through all that people and their tools do to a folder: editors, git, links that are swapped, rights,
//! disks that are unmounted. In the end, and at every rest on the way, the calls on the wire are the differences of what the
//! folder said when it was at rest, and no more.
//!
//! `ONCED_WALK=SEED` walks another way; `ONCED_ACTIONS=N` further or less far. Without a seed four walks go side by side,
//! each with a quarter of 500 actions, in CI of 2,000. `ONCED_WALK_WITHOUT=grows,pop_half_way` leaves out some of what takes
//! its time.

mod half_way;
mod slow;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_yaml::Value;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::process::{Running, World, day, has};
use crate::surroundings::may_mount;

/// Longer than any pause within an action, unless that is meant to be long.
const SETTLE: Duration = Duration::from_secs(1);
/// Longer than `settle` and `stop_after` together.
const LONG: Duration = Duration::from_secs(3);

/// So many walks go side by side: each of them waits most of its time.
const WALKS: u64 = 4;

/// What takes its time.
const SLOWLY: [&str; 12] = [
    "written_entry_by_entry",
    "grows",
    "overwritten",
    "synchronised",
    "rebase_half_way",
    "squash_half_way",
    "pick_half_way",
    "pop_half_way",
    "nested_commit",
    "nested_commit",
    "nested_rebase_half_way",
    "nested_rebase_half_way",
];

/// What a folder asks for: the content of each entry.
type State = BTreeMap<String, String>;

struct Walk {
    world: World,
    rng: Rng,
    contents: u64,
    can_mount: bool,
    /// Kinds of `SLOWLY` that are left out.
    without: Vec<String>,
    journal: Vec<String>,
    /// What it said when it was at rest last, and the calls that this needed.
    rest: State,
    calls: (usize, usize),
}

impl Walk {
    fn path(&self, name: &str) -> PathBuf {
        self.world.path(name)
    }

    fn say(&mut self, what: impl Into<String>) {
        self.journal.push(what.into());
    }

    fn run(&self, script: &str) -> Result<(), String> {
        let mut shell = Command::new("sh");
        shell
            .current_dir(self.world.root.path())
            .args(["-ec", &format!("cd schedules; {script}")])
            .env("HOME", self.world.root.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::null());
        let output = block_in_place(|| shell.output().expect("sh runs"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            return Ok(());
        }
        Err(text(&output.stdout) + &text(&output.stderr))
    }

    fn try_shell(&self, script: &str) -> bool {
        self.run(script).is_ok()
    }

    fn shell(&self, script: &str) {
        if let Err(said) = self.run(script) {
            panic!("{script}\n{said}\n{}", self.journal.join("\n"));
        }
    }

    fn content(&mut self) -> String {
        self.contents += 1;
        let days = self.rng.i64(10..40);
        format!(
            "{{at: {}, lambda: f, payload: {}}}",
            day(days),
            self.contents
        )
    }

    /// The schedule files that can be edited, and their entries.
    fn files(&self) -> BTreeMap<String, State> {
        let mut files = BTreeMap::new();
        for item in fs::read_dir(self.path("")).expect("a directory") {
            let name = item.expect("an item").file_name();
            let name = name.to_string_lossy().into_owned();
            let is_yaml = name
                .rsplit_once('.')
                .is_some_and(|(_, kind)| kind == "yaml");
            if is_yaml && !name.starts_with('.') {
                files.insert(name.clone(), self.entries(&name));
            }
        }
        files
    }

    fn entries(&self, file: &str) -> State {
        let text = fs::read_to_string(self.path(file)).expect("read");
        let value: Value = serde_yaml::from_str(&text).unwrap_or_default();
        let schedules = value["schedules"].as_mapping().cloned().unwrap_or_default();
        let entry = |(name, content): (Value, Value)| {
            let content = serde_yaml::to_string(&content).expect("YAML");
            (name.as_str().unwrap_or_default().to_owned(), content)
        };
        schedules.into_iter().map(entry).collect()
    }

    /// All that is asked for. `None`: some file is no schedule file now, or two hold the same name.
    fn state(&self) -> Option<State> {
        let mut state = State::new();
        let mut files = self.files();
        for below in ["map/m.yaml", "nested/n.yaml"] {
            if self.path(below).exists() {
                files.insert(below.into(), self.entries(below));
            }
        }
        for (file, entries) in files {
            if entries.is_empty()
                && !fs::read_to_string(self.path(&file))
                    .ok()?
                    .contains("schedules: {}")
            {
                return None;
            }
            for (name, content) in entries {
                if state.insert(name, content).is_some() {
                    return None;
                }
            }
        }
        Some(state)
    }

    /// The starts and stops that lead from one to the other; a new name for what was there, whoever has the old one, needs
    /// none.
    fn difference(from: &State, to: &State) -> (usize, usize) {
        let count = |of: &State| {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for content in of.values() {
                *counts.entry(content.clone()).or_default() += 1;
            }
            counts
        };
        let (from, to) = (count(from), count(to));
        let beyond = |of: &BTreeMap<String, usize>, other: &BTreeMap<String, usize>| {
            let beyond = |(content, number): (&String, &usize)| {
                number.saturating_sub(other.get(content).copied().unwrap_or(0))
            };
            of.iter().map(beyond).sum()
        };
        (beyond(&to, &from), beyond(&from, &to))
    }

    /// Waits until exactly what the folder says now was called for.
    async fn rests(&mut self) {
        let state = self
            .state()
            .unwrap_or_else(|| panic!("{}", self.journal.join("\n")));
        let (starts, stops) = Self::difference(&self.rest, &state);
        self.calls = (self.calls.0 + starts, self.calls.1 + stops);
        self.rest = state;
        let begun = Instant::now();
        loop {
            let wire = self.world.wire();
            if wire == self.calls && begun.elapsed() > SETTLE {
                break;
            }
            let more = wire.0 > self.calls.0 || wire.1 > self.calls.1;
            if more || begun.elapsed() > Duration::from_mins(1) {
                let log =
                    fs::read_to_string(self.world.root.path().join("log")).unwrap_or_default();
                let list = self.world.list();
                panic!(
                    "called {wire:?}, not {:?}\n{}\n{log}\n{list:#}",
                    self.calls,
                    self.journal.join("\n")
                );
            }
            sleep(Duration::from_millis(50)).await;
        }
        let line = format!(
            "-- at rest: {} entries, {:?} calls",
            self.rest.len(),
            self.calls
        );
        self.say(line);
    }

    fn any_file(&mut self) -> Option<(String, State)> {
        let files: Vec<_> = self
            .files()
            .into_iter()
            .filter(|(_, entries)| !entries.is_empty())
            .collect();
        self.rng.choice(files)
    }

    fn any_entry(&mut self) -> Option<(String, String)> {
        let (file, entries) = self.any_file()?;
        let names: Vec<String> = entries.into_keys().collect();
        Some((file, self.rng.choice(names)?))
    }

    /// Writes a text in one of the ways in which people's tools do.
    async fn put(&mut self, file: &str, text: &str) {
        let path = self.path(file);
        match self.rng.u32(0..6) {
            0 => fs::write(&path, text).expect("written"),
            1 => {
                let beside = self.path(".beside");
                fs::write(&beside, text).expect("written");
                fs::rename(beside, &path).expect("renamed");
            }
            2 => {
                // Removed, then made anew.
                let _ = fs::remove_file(&path);
                fs::write(&path, text).expect("written");
            }
            3 => {
                // In two parts, with a pause for others in between.
                let half = text.len() / 2;
                fs::write(&path, &text[..half]).expect("written");
                sleep(Duration::from_millis(self.rng.u64(1..300))).await;
                fs::write(&path, text).expect("written");
            }
            4 => {
                fs::write(self.world.root.path().join("text"), text).expect("written");
                self.shell(&format!("cat ../text > {file}"));
            }
            _ => {
                fs::write(self.world.root.path().join("text"), text).expect("written");
                self.shell(&format!("install -m 664 ../text {file}"));
            }
        }
    }

    fn text(entries: &BTreeMap<String, String>) -> String {
        if entries.is_empty() {
            return "schedules: {}\n".into();
        }
        let mut text = "schedules:\n".to_owned();
        for (name, content) in entries {
            let _ = writeln!(text, "  {name}: {content}");
        }
        text
    }

    /// A file's entries, as they are written.
    fn lines(&self, file: &str) -> BTreeMap<String, String> {
        let text = fs::read_to_string(self.path(file)).unwrap_or_default();
        let lines = text
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.split_once(": "));
        lines
            .map(|(name, content)| (name.to_owned(), content.to_owned()))
            .collect()
    }

    fn commit(&mut self) {
        // Nothing to commit is fine.
        self.try_shell("git add -A; git commit -qm walk");
    }

    /// One thing that takes its time.
    async fn act_slowly(&mut self) {
        let kind = *self.rng.choice(&SLOWLY).expect("a kind");
        if self.without.iter().any(|without| without == kind) {
            return;
        }
        match kind {
            "written_entry_by_entry" => self.written_entry_by_entry().await,
            "grows" => self.grows().await,
            "overwritten" => self.overwritten().await,
            "synchronised" => self.synchronised().await,
            "rebase_half_way" => self.rebase_half_way().await,
            "squash_half_way" => self.squash_half_way().await,
            "pick_half_way" => self.pick_half_way().await,
            "pop_half_way" => self.pop_half_way().await,
            "nested_commit" => self.nested_commit(),
            _ => self.nested_rebase_half_way().await,
        }
    }

    /// One thing that somebody does. It begins and ends with a folder that says what is meant.
    async fn act(&mut self) {
        let long = self.rng.u32(0..12) == 0;
        match self.rng.u32(0..24) {
            0..4 => {
                let file = format!("f{}.yaml", self.rng.u32(0..6));
                let mut lines = self.lines(&file);
                let name = format!("{}.e{}", file.trim_end_matches(".yaml"), self.rng.u32(0..5));
                let content = self.content();
                self.say(format!("set {name} to {content}"));
                lines.insert(name, content);
                self.put(&file, &Self::text(&lines)).await;
            }
            4 | 5 => {
                let Some((file, name)) = self.any_entry() else {
                    return;
                };
                let mut lines = self.lines(&file);
                lines.remove(&name);
                self.say(format!("remove {name}"));
                self.put(&file, &Self::text(&lines)).await;
            }
            6 => {
                let Some((file, _)) = self.any_file() else {
                    return;
                };
                self.say(format!("remove {file}"));
                fs::remove_file(self.path(&file)).expect("removed");
            }
            7 => {
                let Some((file, _)) = self.any_file() else {
                    return;
                };
                let other = format!("g{}.yaml", self.rng.u32(0..1000));
                self.say(format!("rename {file} to {other} and back"));
                fs::rename(self.path(&file), self.path(&other)).expect("renamed");
                if long {
                    sleep(LONG).await;
                }
                fs::rename(self.path(&other), self.path(&file)).expect("renamed");
            }
            8 | 9 => {
                let Some((file, name)) = self.any_entry() else {
                    return;
                };
                let mut lines = self.lines(&file);
                let content = lines.remove(&name).expect("it is there");
                let stem = file.trim_end_matches(".yaml");
                let other = format!("{stem}-n{}", self.rng.u32(0..1000));
                self.say(format!("rename the entry {name} to {other}"));
                lines.insert(other, content);
                self.put(&file, &Self::text(&lines)).await;
            }
            10 => {
                let Some((file, name)) = self.any_entry() else {
                    return;
                };
                if !has("vim") {
                    return;
                }
                let at = day(self.rng.i64(40..80));
                let how = ["backupcopy=yes", "backupcopy=no", "nowritebackup"];
                let how = how[self.rng.usize(0..3)];
                self.say(format!("vim: {name} at {at}, {how}"));
                self.shell(&format!(
                    "vim -N -u NONE -i NONE -es -c 'set {how} swapfile' -c '/^  {name}: /s/at: [^,]*/at: {at}/' -c wq {file}"
                ));
            }
            11 => {
                let Some((file, name)) = self.any_entry() else {
                    return;
                };
                let at = day(self.rng.i64(40..80));
                self.say(format!("sed: {name} at {at}"));
                self.shell(&format!(
                    "sed -i '/^  {name}: /s/at: [^,]*/at: {at}/' {file}"
                ));
            }
            12 => {
                let Some((file, _)) = self.any_file() else {
                    return;
                };
                let whole = fs::read_to_string(self.path(&file)).expect("read");
                let broken = [
                    String::new(),
                    "# later\n".into(),
                    whole.replacen("lambda", "lamda", 1),
                    format!("<<<<<<< HEAD\n{whole}"),
                    whole[..whole.len() - 12].to_owned(),
                    "schedules: [\n".into(),
                ];
                let broken = &broken[self.rng.usize(0..broken.len())];
                self.say(format!("break {file}, long: {long}, and mend it"));
                self.put(&file, broken).await;
                if long {
                    sleep(LONG).await;
                }
                self.put(&file, &whole).await;
            }
            13 => {
                let Some((file, _)) = self.any_file() else {
                    return;
                };
                self.say(format!("{file}: comments, times, leftovers"));
                self.shell(&format!(
                    "echo '# seen' >> {file}; touch -d 2001-01-01 {file}; cp -p {file} {file}~; cp {file} .{file}.swp; rm {file}~ .{file}.swp; cp -p {file} ../same; cp -p ../same {file}"
                ));
            }
            14 => {
                let Some((file, _)) = self.any_file() else {
                    return;
                };
                let what = if self.rng.bool() { file.as_str() } else { "." };
                self.say(format!(
                    "everybody may write {what}, long: {long}; {file} is away meanwhile"
                ));
                self.shell(&format!(
                    "chmod o+w {what}; cp -p {file} ../away; rm {file}"
                ));
                if long && what == "." {
                    sleep(LONG).await;
                }
                self.shell(&format!("cp -p ../away {file}; chmod o-w {what} {file}"));
            }
            15 => {
                self.say(format!("the directory is away, long: {long}"));
                if self.can_mount {
                    self.shell("cd ..; umount -l schedules");
                    sleep(if long {
                        LONG
                    } else {
                        Duration::from_millis(20)
                    })
                    .await;
                    self.shell("cd ..; mount --bind disk/schedules schedules");
                } else {
                    self.shell("cd ..; mv schedules gone");
                    sleep(if long {
                        LONG
                    } else {
                        Duration::from_millis(20)
                    })
                    .await;
                    let root = self.world.root.path();
                    fs::rename(root.join("gone"), root.join("schedules")).expect("renamed");
                }
            }
            16 => {
                let number = self.rng.u32(0..1_000_000);
                let content = self.content();
                self.say(format!("swap ..data: m to {content}"));
                let version = self.path(&format!("map/..v{number}"));
                fs::create_dir_all(&version).expect("made");
                let text = format!("schedules:\n  m: {content}\n");
                fs::write(version.join("m.yaml"), text).expect("written");
                symlink(format!("..v{number}"), self.path("map/..new")).expect("linked");
                fs::rename(self.path("map/..new"), self.path("map/..data")).expect("swapped");
                if !self.path("map/m.yaml").exists() {
                    symlink("..data/m.yaml", self.path("map/m.yaml")).expect("linked");
                }
            }
            17 | 18 => {
                self.say("git: commit");
                self.commit();
            }
            19 => {
                self.commit();
                let branch = ["main", "other", "third"][self.rng.usize(0..3)];
                self.say(format!("git: checkout {branch}"));
                self.git(&format!("git checkout -q {branch}"));
            }
            20 => {
                self.commit();
                self.say("git: checkout other, third, and back");
                self.git("git checkout -q other; git checkout -q third; git checkout -q -; git checkout -q @{-2}");
            }
            21 => {
                self.say("git: stash, and pop");
                self.git("git add -A; git stash -q; git stash pop -q");
            }
            22 => {
                self.commit();
                let branch = ["main", "other", "third"][self.rng.usize(0..3)];
                let how = ["merge -q --no-edit", "rebase -q", "cherry-pick"][self.rng.usize(0..3)];
                self.say(format!("git: {how} {branch}"));
                self.git(&format!("git {how} {branch}"));
            }
            _ => {
                self.commit();
                self.say("git: one commit back");
                self.git("git reset -q --hard HEAD~1");
            }
        }
    }

    /// What git can't do is given up, and what it makes of two files with the same entry too.
    fn git(&mut self, script: &str) {
        self.try_shell("git rev-parse HEAD > ../head; git symbolic-ref HEAD > ../branch");
        let done = self.try_shell(script);
        if done && self.state().is_some() {
            return;
        }
        self.say("git: given up");
        self.try_shell("git merge --abort");
        self.try_shell("git rebase --abort");
        self.try_shell("git cherry-pick --abort");
        self.shell("git symbolic-ref HEAD $(cat ../branch); git reset -q --hard $(cat ../head); git stash clear");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_long_walk_calls_no_more_than_its_differences() {
    if !has("git") {
        return;
    }
    let number = |name: &str, otherwise: u64| {
        let text = std::env::var(name).ok();
        text.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let ci = std::env::var_os("ONCED_CI").is_some();
    let seed = number("ONCED_WALK", 0);
    // Of one seed alone, all actions; else a quarter for each.
    let walks = if seed == 0 { WALKS } else { 1 };
    let actions = number("ONCED_ACTIONS", if ci { 2_000 } else { 500 }) / walks;
    let walks: Vec<_> = (0..walks)
        .map(|number| tokio::spawn(walk(seed.max(1) + number, actions)))
        .collect();
    for walk in walks {
        walk.await.expect("a walk does not panic");
    }
}

async fn walk(seed: u64, actions: u64) {
    let without = std::env::var("ONCED_WALK_WITHOUT").unwrap_or_default();
    let world = World::new().await;
    let can_mount = may_mount(world.root.path());
    let mut walk = Walk {
        world,
        rng: Rng::with_seed(seed),
        contents: 0,
        can_mount,
        without: without.split(',').map(str::to_owned).collect(),
        journal: vec![format!("ONCED_WALK={seed}")],
        rest: State::new(),
        calls: (0, 0),
    };
    if can_mount {
        walk.shell("cd ..; mkdir disk; mount -t tmpfs -o mode=755 onced-walk disk; mkdir disk/schedules; mount --bind disk/schedules schedules");
    }
    walk.shell(
        "git init -q -b main; git config user.name t; git config user.email t@example.com; \
         git config commit.gpgsign false; echo map > .git/info/exclude; mkdir map; \
         echo 'schedules: {}' > f0.yaml; git add -A; git commit -qm first; git branch other; git branch third",
    );
    walk.nest();
    let daemon = {
        let log = fs::File::create(walk.world.root.path().join("log")).expect("a log");
        let mut run = walk.world.command(&["run"]);
        run.args([
            "--set",
            &format!("reconcile.settle={}ms", SETTLE.as_millis()),
        ]);
        run.args(["--set", "reconcile.max_stops=100%"]);
        let daemon = run.stdout(Stdio::null()).stderr(log).spawn();
        Running(daemon.expect("onced starts"))
    };
    let mut done = 0;
    while done < actions {
        let burst = walk.rng.u64(1..9).min(actions - done);
        for _ in 0..burst {
            let begun = Instant::now();
            let said = walk.journal.len();
            if walk.rng.u32(0..5) == 0 {
                walk.act_slowly().await;
            } else {
                walk.act().await;
            }
            done += u64::from(walk.journal.len() > said);
            // A machine that is busy with other things: what it said meanwhile may have counted.
            if begun.elapsed() > SETTLE / 2 {
                break;
            }
        }
        walk.rests().await;
    }
    sleep(LONG).await;
    assert_eq!(walk.world.wire(), walk.calls, "{}", walk.journal.join("\n"));
    // And what runs is what is asked for.
    let inputs: BTreeSet<String> = walk
        .world
        .sandbox
        .executions()
        .iter()
        .filter(|execution| execution.status().as_str() == "RUNNING")
        .map(|execution| execution.input.clone())
        .collect();
    assert_eq!(inputs.len(), walk.rest.len(), "{}", walk.journal.join("\n"));
    for content in walk.rest.values() {
        let value: Value = serde_yaml::from_str(content).expect("YAML");
        let payload = value["payload"].as_u64().expect("a number");
        let at = value["at"].as_str().expect("a time");
        let input =
            format!("{{\"functionName\":\"f\",\"invocationTime\":\"{at}\",\"payload\":{payload}}}");
        assert!(inputs.contains(&input), "{input}");
    }
    let (starts, stops) = (walk.calls.0 as u64, walk.calls.1 as u64);
    assert!(
        starts > actions / 6 && stops > actions / 8,
        "{starts} {stops}"
    );
    drop(daemon);
    if can_mount {
        walk.shell("cd ..; umount -l schedules; umount -l disk");
    }
}
