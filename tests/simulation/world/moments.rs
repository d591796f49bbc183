//! Situations of a few seconds that chance alone hardly ever brings about.

use std::fs;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use onced::model::entry::EntryName;
use tokio::time::sleep;

use super::World;
use super::content::{Content, one_of_five};

impl World {
    /// An entry under a name that nobody has, due after so many seconds.
    pub(super) fn soon(&mut self, seconds: i64) -> Option<(EntryName, Content)> {
        let names = (0..5).map(one_of_five);
        let is_free = |name: &EntryName| !self.files.iter().any(|file| file.contains_key(name));
        let free: Vec<EntryName> = names.filter(is_free).collect();
        let name = self.rng.choice(free)?;
        let at = self.now() + TimeDelta::seconds(seconds);
        let content = Content {
            at: DateTime::from_timestamp(at.timestamp(), 0).expect("a time"),
            ..self.content()
        };
        Some((name, content))
    }

    /// Its file becomes invalid, or the folder goes away, while an entry is being started that is due before it could have been
    /// gone for long enough.
    pub(super) async fn spoiled_while_it_starts(&mut self) {
        if !self.is_calm() {
            return;
        }
        let Some((name, content)) = self.soon(25) else {
            return;
        };
        let file = self.rng.usize(0..2);
        let said = format!("add {name} {}, which is started slowly", content.said());
        self.put(file, name, content);
        let time = self.rng.i64(1_500..8_000);
        self.faults.slow_start.store(time, Ordering::Relaxed);
        self.write();
        self.say(&said);
        let time = self.rng.u64(2_100..4_500);
        self.live_for(Duration::from_millis(time)).await;
        if !self.is_calm() {
            return;
        }
        if self.rng.bool() {
            self.bad[file] = true;
            self.write();
            self.say(&format!("break file {file}"));
        } else {
            self.move_away(true);
        }
        self.live_for(Duration::from_secs(5)).await;
    }

    /// An entry is removed while its start is on its way, and the start arrives long after.
    pub(super) async fn removed_before_its_start_arrives(&mut self) {
        if !self.is_calm() || self.faults.nothing_late {
            return;
        }
        let Some((name, content)) = self.soon(7_200) else {
            return;
        };
        let file = self.rng.usize(0..2);
        let said = format!("add {name} {}, which is started late", content.said());
        self.put(file, name.clone(), content);
        let time = self.rng.i64(60..600);
        self.faults.late_start.store(time, Ordering::Relaxed);
        self.write();
        self.say(&said);
        let time = self.rng.u64(2_100..4_500);
        self.live_for(Duration::from_millis(time)).await;
        if !self.is_calm() || self.files[file].remove(&name).is_none() {
            return;
        }
        self.faults.effort.lock().expect("no panic").removals += 1;
        self.write();
        self.say(&format!("remove {name}"));
        self.live_for(Duration::from_mins(1)).await;
    }

    /// The machines are off until an entry is too late, and come back with clocks that are two hours behind.
    pub(super) async fn off_until_it_is_late(&mut self) {
        if !self.is_calm() {
            return;
        }
        let Some((name, content)) = self.soon(30) else {
            return;
        };
        self.kill_all().await;
        let file = self.rng.usize(0..2);
        let said = format!("add {name} {}, while all is off", content.said());
        self.put(file, name, content);
        self.write();
        self.say(&said);
        let minutes = self.rng.u64(7..30);
        sleep(Duration::from_mins(minutes)).await;
        for number in 0..self.processes.len() {
            self.set_wrong(number, -7_200);
        }
        self.live_for(Duration::from_mins(1)).await;
    }

    /// An entry fires, and within its grace another name asks for the same; its own name asks for something else by the same
    /// change, or has since before, or is gone.
    pub(super) async fn renamed_once_it_fired(&mut self) {
        if !self.is_calm() {
            return;
        }
        let Some((name, content)) = self.soon(20) else {
            return;
        };
        let file = self.rng.usize(0..2);
        let said = format!("add {name} {}", content.said());
        self.put(file, name.clone(), content.clone());
        self.write();
        self.say(&said);
        let time = self.rng.u64(25..60);
        self.live_for(Duration::from_secs(time)).await;
        let is_there = |world: &Self| {
            let has = world.files[file].get(&name);
            world.is_calm() && has == Some(&content)
        };
        if !is_there(self) {
            return;
        }
        let what = self.rng.u32(0..3);
        if what < 2 {
            let other = self.content();
            self.put(file, name.clone(), other);
        } else {
            self.files[file].remove(&name);
            self.faults.effort.lock().expect("no panic").removals += 1;
        }
        if what == 1 {
            self.write();
            self.say(&format!("{name} asks for something else"));
            let time = self.rng.u64(5..60);
            self.live_for(Duration::from_secs(time)).await;
            if !self.is_calm() {
                return;
            }
        }
        let Some((other, _)) = self.soon(0) else {
            return self.write();
        };
        self.put(file, other.clone(), content);
        self.write();
        self.say(&format!("rename {name} to {other}"));
    }

    /// An entry is removed and its execution is stopped; a person redrives that. Then the entry is put back, or another content
    /// of it, or it stays away.
    pub(super) async fn redriven_once_it_was_stopped(&mut self) {
        if !self.is_calm() {
            return;
        }
        let Some((name, content)) = self.soon(3_000) else {
            return;
        };
        let file = self.rng.usize(0..2);
        let said = format!("add {name} {}", content.said());
        self.put(file, name.clone(), content.clone());
        self.write();
        self.say(&said);
        self.live_for(Duration::from_secs(10)).await;
        if !self.is_calm() || self.files[file].get(&name) != Some(&content) {
            return;
        }
        self.files[file].remove(&name);
        self.faults.effort.lock().expect("no panic").removals += 1;
        self.write();
        self.say(&format!("remove {name}"));
        self.live_for(Duration::from_mins(1)).await;
        let (key, content_of) = (name.key().to_string(), content.fingerprint().to_string());
        let executions = self.sandbox.executions();
        let stopped = executions.into_iter().find(|execution| {
            let by_us = |error: &str| error.starts_with("onced.");
            execution.error().is_some_and(by_us)
                && execution.name.contains(&format!("-{key}-{content_of}-"))
        });
        let Some(stopped) = stopped else {
            return;
        };
        self.redrive(&stopped.arn);
        let time = self.rng.u64(0..60);
        self.live_for(Duration::from_secs(time)).await;
        let is_taken = self.files.iter().any(|file| file.contains_key(&name));
        let what = self.rng.u32(0..3);
        if !self.is_calm() || is_taken || what == 0 {
            return;
        }
        let content = if what == 1 { content } else { self.content() };
        let said = format!("add {name} {} again", content.said());
        self.put(file, name, content);
        self.write();
        self.say(&said);
    }

    /// An entry that is due soon gets another name in the other file while its own one is being written, until after its time.
    pub(super) async fn split_off_while_it_is_written(&mut self) {
        if !self.is_calm() {
            return;
        }
        let time = self.rng.i64(12..40);
        let Some((name, content)) = self.soon(time) else {
            return;
        };
        let file = self.rng.usize(0..2);
        let said = format!("add {name} {}", content.said());
        self.put(file, name.clone(), content);
        self.write();
        self.say(&said);
        let time = self.rng.u64(3..9);
        self.live_for(Duration::from_secs(time)).await;
        if !self.is_calm() {
            return;
        }
        self.split_off(file, &name);
        let time = self.rng.u64(10..80);
        self.live_for(Duration::from_secs(time)).await;
    }

    /// A file's ending is spelled in capitals, so that it is not read any more. Its records know that it is their file: what
    /// a disk that fails may keep from them.
    pub(super) async fn spelled_otherwise(&mut self) {
        if !self.is_calm() || self.faults.disk_fails {
            return;
        }
        self.live_for(Duration::from_secs(10)).await;
        if !self.is_calm() {
            return;
        }
        let file = self.rng.usize(0..2);
        let path = self.spell_otherwise(file);
        self.say(&format!("file {file} is `{path}` now, and not read"));
        let time = self.rng.u64(5..90);
        self.live_for(Duration::from_secs(time)).await;
    }

    /// The ledger is lost, and an entry that runs gets another name. A listing shows it, but it can't be asked for, and the
    /// process dies after it has fired.
    pub(super) async fn renamed_when_the_ledger_is_lost(&mut self) {
        if !self.is_calm() || self.processes.len() > 1 {
            return;
        }
        let Some((name, content)) = self.soon(100) else {
            return;
        };
        let file = self.rng.usize(0..2);
        let said = format!("add {name} {}", content.said());
        let at = content.at;
        self.put(file, name.clone(), content.clone());
        self.write();
        self.say(&said);
        self.live_for(Duration::from_secs(5)).await;
        self.kill(0).await;
        self.nothing_is_late().await;
        if at < self.now() + TimeDelta::seconds(50) {
            return;
        }
        let state = self.processes[0].state.clone();
        if state.exists() {
            fs::remove_dir_all(&state).expect("removed");
        }
        self.is_damaged("the ledger is lost");
        let Some((other, _)) = self.soon(0) else {
            return;
        };
        if !self.is_calm() || self.files[file].remove(&name).is_none() {
            return;
        }
        self.put(file, other.clone(), content);
        self.faults.effort.lock().expect("no panic").removals += 1;
        self.write();
        self.say(&format!("rename {name} to {other}"));
        self.refuse_until("DescribeExecution", at + TimeDelta::seconds(40));
        self.live(at + TimeDelta::seconds(20)).await;
        self.kill(0).await;
        self.live_for(Duration::from_secs(100)).await;
    }
}
