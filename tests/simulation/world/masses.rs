//! Many entries that are removed at once, with a person's approval and without; and another folder for the same ledger.

use std::fs;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use onced::ledger::{Holder, Ledger};
use onced::model::entry::{EntryName, instant};
use onced::model::name::Owner;
use onced::sandbox::Status;

use super::World;
use super::content::Content;

/// Entries that were removed at once, more of them than may be stopped without a person's word.
pub(crate) struct Mass {
    pub(crate) names: Vec<EntryName>,
    pub(crate) at: DateTime<Utc>,
    pub(crate) approved: Option<DateTime<Utc>>,
}

/// How many entries a group has, and how many of them a person approves.
const GROUP: usize = 14;
const APPROVED: usize = 10;

impl World {
    /// A group is added; most of it is removed, which a person approves; while AWS refuses to stop them, the rest is removed.
    pub(crate) async fn masses(&mut self) {
        if !self.is_calm() || !self.group.is_empty() {
            return;
        }
        let at = self.now() + TimeDelta::minutes(200);
        let at = DateTime::from_timestamp(at.timestamp(), 0).expect("a time");
        self.groups += 1;
        let (group, first) = (self.groups, 1_000 * self.groups);
        let names = (0..GROUP).map(|n| format!("g{group}.{n:02}"));
        let names: Vec<EntryName> = names
            .map(|n| EntryName::parse(&n).expect("a name"))
            .collect();
        for (name, payload) in names.iter().zip(first..) {
            let content = Content {
                at,
                payload,
                other: None,
                enabled: true,
            };
            let known = self.known.entry(name.clone()).or_default();
            known.push(content.clone());
            self.group.insert(name.clone(), content);
        }
        self.write();
        self.say(&format!("group {group} is added"));
        self.live_for(Duration::from_secs(30)).await;
        if self.all_run(&names) {
            let (most, rest) = names.split_at(APPROVED);
            self.remove_mass(most);
            self.live_for(Duration::from_mins(1)).await;
            let until = self.now() + TimeDelta::minutes(3);
            self.refuse_until("StopExecution", until);
            self.approve_all().await;
            if self.all_run(rest) {
                self.remove_mass(rest);
                self.live_for(Duration::from_mins(1)).await;
            }
        }
        self.group.clear();
        self.put_in_place("group.yaml", "schedules: {}\n");
        self.write();
    }

    pub(super) async fn live_for(&mut self, time: Duration) {
        self.live(self.now() + time).await;
    }

    fn remove_mass(&mut self, names: &[EntryName]) {
        for name in names {
            self.group.remove(name);
        }
        self.faults.effort.lock().expect("no panic").removals += 1;
        self.put_in_place("group.yaml", &self.text(&self.group));
        self.write();
        self.say(&format!("{} of the group are removed", names.len()));
        self.masses.push(Mass {
            names: names.to_vec(),
            at: self.now(),
            approved: None,
        });
    }

    fn all_run(&self, names: &[EntryName]) -> bool {
        let running = self.sandbox.executions();
        let running: Vec<String> = running
            .into_iter()
            .filter(|execution| execution.status() == Status::Running)
            .map(|execution| execution.name)
            .collect();
        names.iter().all(|name| {
            let part = format!("-{}-", name.key());
            running.iter().any(|execution| execution.contains(&part))
        })
    }

    /// For a moment the daemons have another folder, with entries of its own; before that, another owner asks for the ledger.
    /// Where nothing runs, or the ledger does not know its folder any more, the other one would be its folder from then on.
    pub(crate) async fn another_folder(&mut self) {
        let mut names = self.files.iter().flat_map(|file| file.keys());
        let runs = names.any(|name| self.all_run(std::slice::from_ref(name)));
        if !self.is_calm() || !runs || self.damaged || self.was_elsewhere {
            return;
        }
        self.was_elsewhere = true;
        self.kill_all().await;
        for number in 0..self.processes.len() {
            let state = self.processes[number].state.clone();
            let other = Owner::parse("other").expect("an owner");
            if state.join("installation").exists()
                && Ledger::open_for(&state, &other, Holder::Daemon)
                    .await
                    .is_ok()
            {
                self.wrong
                    .push("12: a ledger was opened for another owner".into());
            }
        }
        let at = self.now() + TimeDelta::minutes(100);
        let at = DateTime::from_timestamp(at.timestamp(), 0).expect("a time");
        self.groups += 1;
        for n in 0..2 {
            let name = format!("s{}x{n}", self.groups);
            let name = EntryName::parse(&name).expect("a name");
            let content = Content {
                at,
                payload: 1_000 * self.groups + n,
                other: None,
                enabled: true,
            };
            let known = self.known.entry(name.clone()).or_default();
            known.push(content.clone());
            self.strangers.insert(name, content);
        }
        let folder = self.root.join("elsewhere");
        fs::create_dir_all(&folder).expect("a directory");
        fs::write(folder.join("c.yaml"), self.text(&self.strangers)).expect("written");
        self.elsewhere = true;
        self.changed();
        self.note_wanted();
        let until = self.now() + TimeDelta::seconds(self.rng.i64(20..200));
        self.say(&format!("another folder until {}", instant(until)));
        self.live(until).await;
        self.kill_all().await;
        self.elsewhere = false;
        self.strangers.clear();
        self.changed();
        self.note_wanted();
        self.say("the folder of before");
    }
}
