//! What goes wrong: at a call, at a commit, with a ledger, by a person's hand.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use onced::model::entry::instant;
use onced::sandbox::{Fault, Status};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::World;

/// What befell a history. One that had too little proves nothing.
#[derive(Debug, Default, Clone)]
pub(crate) struct Effort {
    pub(crate) lost: u64,
    pub(crate) crashes: u64,
    pub(crate) removals: u64,
    pub(crate) damages: u64,
    pub(crate) stops_by_a_person: u64,
    pub(crate) redrives: u64,
    pub(crate) disk_faults: u64,
}

impl Effort {
    /// Did it have what a history needs to prove anything?
    pub(crate) fn is_enough(&self) -> bool {
        self.lost > 0 && self.crashes > 0 && self.removals > 0
    }
}

pub(super) struct Faults {
    pub(super) disk_fails: bool,
    /// With two daemons nothing arrives late: one of them can't know what the other one has on its way.
    pub(super) nothing_late: bool,
    /// AWS says no to this operation until then.
    pub(super) refused: Mutex<Option<(&'static str, DateTime<Utc>)>>,
    /// After a write has failed, the store can't be opened for so many seconds.
    pub(super) away: AtomicI64,
    pub(super) rng: Mutex<Rng>,
    pub(super) on: AtomicBool,
    /// The process dies at this many calls from now.
    pub(super) crash_at_call: AtomicI64,
    pub(super) crash_at_commit: AtomicI64,
    /// The next start takes so many milliseconds.
    pub(super) slow_start: AtomicI64,
    /// The next start is given up, and arrives after so many seconds.
    pub(super) late_start: AtomicI64,
    pub(super) crash: Notify,
    pub(super) effort: Mutex<Effort>,
    pub(super) late_until: Mutex<DateTime<Utc>>,
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for item in fs::read_dir(from).expect("a directory") {
        let path = item.expect("an item").path();
        let to = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, to).expect("copied");
        }
    }
}

impl World {
    pub(crate) fn set_faults(&self, on: bool) {
        self.faults.on.store(on, Ordering::Relaxed);
        if !on {
            // A death that was still to come does not come any more.
            self.faults.crash_at_call.store(0, Ordering::Relaxed);
            self.faults.crash_at_commit.store(0, Ordering::Relaxed);
            self.faults.away.store(0, Ordering::Relaxed);
            *self.faults.refused.lock().expect("no panic") = None;
        }
    }

    /// AWS says no to one kind of call for a while.
    pub(crate) fn refuse(&mut self) {
        let operations = [
            "StartExecution",
            "StopExecution",
            "DescribeExecution",
            "ListExecutions",
            "GetExecutionHistory",
        ];
        let operation = *self.rng.choice(&operations).expect("an operation");
        let now = self.now();
        // What can't be listed for long is not waited for; and then nothing can be known of it.
        let lists = operation == "ListExecutions";
        if lists && now < self.lists_again {
            return;
        }
        let most = if lists { 120 } else { 2_400 };
        let until = now + TimeDelta::seconds(self.rng.i64(30..most));
        if lists {
            self.lists_again = until + TimeDelta::minutes(5);
        }
        self.refuse_until(operation, until);
    }

    pub(super) fn refuse_until(&mut self, operation: &'static str, until: DateTime<Utc>) {
        *self.faults.refused.lock().expect("no panic") = Some((operation, until));
        self.say(&format!("{operation} is denied until {}", instant(until)));
    }

    pub(crate) fn crash_soon(&mut self) {
        let calls = self.rng.i64(1..8);
        if self.rng.bool() {
            self.faults.crash_at_call.store(calls, Ordering::Relaxed);
        } else {
            self.faults.crash_at_commit.store(calls, Ordering::Relaxed);
        }
    }

    /// Does something to the ledger of a dead process. Nothing is under way then: a ledger that is lost while a start is
    /// on its way to AWS leaves an execution that nobody can know of in time.
    pub(crate) async fn damage(&mut self) {
        // A ledger of before may know another name of a file that is not read.
        if (0..2).any(|file| self.is_spelled_otherwise(file)) {
            return;
        }
        let number = self.rng.usize(0..self.processes.len());
        self.kill(number).await;
        self.nothing_is_late().await;
        let state = self.processes[number].state.clone();
        if !state.join("ledger").exists() {
            return;
        }
        let before = self.root.join("before");
        let db = state.join("ledger/db");
        let what = self.rng.u32(0..7);
        let said = match what {
            0 if self.snapshot.is_none() => {
                copy(&state, &before);
                self.snapshot = Some(number);
                return;
            }
            0 | 1 if self.snapshot == Some(number) => {
                fs::remove_dir_all(&state).expect("removed");
                copy(&before, &state);
                fs::remove_dir_all(&before).expect("removed");
                self.snapshot = None;
                // Nothing tells that it was. Who may not list either can't know of what runs.
                let mut refused = self.faults.refused.lock().expect("no panic");
                refused.take_if(|(operation, _)| *operation == "ListExecutions");
                self.lists_again = self
                    .lists_again
                    .max(self.sandbox.now() + TimeDelta::minutes(10));
                "the ledger is rolled back, head and all"
            }
            2 if self.snapshot == Some(number) => {
                fs::remove_dir_all(state.join("ledger")).expect("removed");
                copy(&before.join("ledger"), &state.join("ledger"));
                "the store is rolled back"
            }
            3 => {
                fs::remove_dir_all(&state).expect("removed");
                "the ledger is lost"
            }
            4 => {
                fs::remove_dir_all(state.join("ledger")).expect("removed");
                "the store is lost"
            }
            5 => {
                let bytes = fs::read(&db).expect("a store");
                let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0);
                fs::write(&db, &bytes[..self.rng.usize(0..=used)]).expect("written");
                "the store is cut"
            }
            6 => {
                let mut bytes = fs::read(&db).expect("a store");
                let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0);
                bytes[self.rng.usize(0..=used)] ^= 1 << self.rng.u32(0..8);
                fs::write(&db, bytes).expect("written");
                "a bit of the store is flipped"
            }
            _ => return,
        };
        self.is_damaged(said);
    }

    /// Waits until nothing is on its way to AWS any more.
    pub(super) async fn nothing_is_late(&self) {
        let late = *self.faults.late_until.lock().expect("no panic");
        let rest = (late - self.now()).to_std().unwrap_or_default();
        sleep(rest + self.lag + Duration::from_secs(1)).await;
    }

    pub(super) fn is_damaged(&mut self, said: &str) {
        self.damaged = true;
        self.losses.push(self.now());
        self.faults.effort.lock().expect("no panic").damages += 1;
        self.say(said);
    }

    /// Somebody stops or redrives an execution in the console.
    pub(crate) fn person(&mut self) {
        if self.rng.u32(0..3) == 0 {
            self.redrives_one();
        } else {
            self.stops_one();
        }
    }

    /// Somebody redrives an execution that did not succeed.
    fn redrives_one(&mut self) {
        let closed = |status| status != Status::Running && status != Status::Succeeded;
        let over: Vec<String> = self
            .sandbox
            .executions()
            .into_iter()
            .filter(|execution| closed(execution.status()))
            .map(|execution| execution.arn)
            .collect();
        if let Some(arn) = self.rng.choice(over) {
            self.redrive(&arn);
        }
    }

    pub(super) fn redrive(&mut self, arn: &str) {
        let body = format!("{{\"executionArn\":\"{arn}\"}}");
        let answer = self
            .sandbox
            .call("AWSStepFunctions.RedriveExecution", body.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.faults.effort.lock().expect("no panic").redrives += 1;
        self.say(&format!("a person redrives {arn}"));
    }

    fn stops_one(&mut self) {
        let running: Vec<String> = self
            .sandbox
            .executions()
            .into_iter()
            .filter(|execution| execution.status() == Status::Running)
            .map(|execution| execution.arn)
            .collect();
        let Some(arn) = self.rng.choice(running) else {
            return;
        };
        let body = format!("{{\"executionArn\":\"{arn}\"}}");
        self.sandbox
            .call("AWSStepFunctions.StopExecution", body.as_bytes());
        self.faults
            .effort
            .lock()
            .expect("no panic")
            .stops_by_a_person += 1;
        self.say(&format!("a person stops {arn}"));
        self.by_a_person.insert(arn);
    }
}

impl Faults {
    fn late(&self, time: Duration, now: DateTime<Utc>) -> Fault {
        let mut until = self.late_until.lock().expect("no panic");
        *until = (*until).max(now + TimeDelta::from_std(time).expect("minutes"));
        Fault::Late(time)
    }

    pub(super) fn at_call(&self, operation: &str, now: DateTime<Utc>) -> Fault {
        let count = |what: fn(&mut Effort)| what(&mut self.effort.lock().expect("no panic"));
        let mut rng = self.rng.lock().expect("no panic");
        if self.crash_at_call.load(Ordering::Relaxed) > 0
            && self.crash_at_call.fetch_sub(1, Ordering::Relaxed) == 1
        {
            self.crash.notify_one();
            count(|effort| effort.lost += 1);
            return if rng.bool() {
                Fault::LostBefore
            } else {
                Fault::LostAfter
            };
        }
        if !self.on.load(Ordering::Relaxed) || operation == "DescribeStateMachine" {
            return Fault::None;
        }
        if operation == "StartExecution" {
            let time = self.slow_start.swap(0, Ordering::Relaxed);
            if let Some(time) = u64::try_from(time).ok().filter(|time| *time > 0) {
                return Fault::Slow(Duration::from_millis(time));
            }
            let time = self.late_start.swap(0, Ordering::Relaxed);
            if let Some(time) = u64::try_from(time).ok().filter(|time| *time > 0) {
                count(|effort| effort.lost += 1);
                return self.late(Duration::from_secs(time), now);
            }
        }
        let refused = *self.refused.lock().expect("no panic");
        if refused.is_some_and(|(refused, until)| operation == refused && now < until) {
            return Fault::AccessDenied;
        }
        match rng.u32(0..40) {
            7 | 8 if self.nothing_late => {
                count(|effort| effort.lost += 1);
                Fault::LostBefore
            }
            0 | 1 => {
                count(|effort| effort.lost += 1);
                Fault::LostBefore
            }
            2..5 => {
                count(|effort| effort.lost += 1);
                Fault::LostAfter
            }
            5 => Fault::Status500,
            6 => Fault::Throttle,
            7 | 8 => {
                count(|effort| effort.lost += 1);
                self.late(Duration::from_secs(rng.u64(1..600)), now)
            }
            9 if operation != "ListExecutions" => Fault::AccessDenied,
            10 => Fault::Slow(Duration::from_millis(rng.u64(1..40_000))),
            _ => Fault::None,
        }
    }

    pub(super) fn at_commit(&self) -> Option<(std::io::Error, bool)> {
        let mut rng = self.rng.lock().expect("no panic");
        if self.crash_at_commit.load(Ordering::Relaxed) > 0
            && self.crash_at_commit.fetch_sub(1, Ordering::Relaxed) == 1
        {
            self.crash.notify_one();
            return Some((std::io::Error::other("the process died"), rng.bool()));
        }
        if self.disk_fails && self.on.load(Ordering::Relaxed) && rng.u32(0..30) == 0 {
            self.effort.lock().expect("no panic").disk_faults += 1;
            if rng.u32(0..3) == 0 {
                self.away.store(rng.i64(1..120), Ordering::Relaxed);
            }
            let kind = if rng.bool() {
                std::io::ErrorKind::StorageFull
            } else {
                std::io::ErrorKind::Other
            };
            return Some((std::io::Error::from(kind), rng.bool()));
        }
        None
    }
}
