//! One history: a folder that is edited, a daemon that is killed, a ledger that is damaged, a Step Functions that loses,
//! delays and refuses. Everything follows from the seed.

mod content;
mod edits;
mod faults;
mod folder;
mod half_way;
mod masses;
mod moments;
mod process;
mod writers;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use onced::model::entry::{EntryName, instant};
use onced::model::plan::Rules;
use onced::sandbox::{Options, Sandbox};
use tokio::sync::Notify;

pub(crate) use content::{Content, Timeline};
pub(crate) use faults::Effort;
use faults::Faults;
use half_way::HalfWay;
use masses::Mass;
use process::Process;
use writers::Writing;

pub(crate) const MACHINE: &str =
    "arn:aws:states:us-east-1:123456789012:stateMachine:OneTimeLambdaScheduler";
/// Another machine, on which entries run that name it themselves.
const OTHER: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:Other";
/// One that entries name by its versions and its alias alone.
const VERSIONED: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:Versioned";
const QUALIFIED: [&str; 3] = [
    "arn:aws:states:us-east-1:123456789012:stateMachine:Versioned:1",
    "arn:aws:states:us-east-1:123456789012:stateMachine:Versioned:2",
    "arn:aws:states:us-east-1:123456789012:stateMachine:Versioned:PROD",
];
/// One that is not there.
const NOBODYS: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:Nobodys";
pub(crate) const GRACE: TimeDelta = TimeDelta::minutes(5);
/// How long a daemon rests that asks for nothing sooner. A real one looks at its folder every minute; here nothing changes
/// in it while the daemon rests.
const IDLE: Duration = Duration::from_mins(10);
pub(crate) const STOP_AFTER: Duration = Duration::from_secs(30);

/// What the other machine does.
const DEFINITION: &str = r#"{"StartAt": "Countdown", "States": {
    "Countdown": {"Type": "Wait", "TimestampPath": "$.invocationTime", "Next": "Invoke"},
    "Invoke": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "f", "Payload.$": "$"}, "End": true}}}"#;

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) rng: Rng,
    pub(crate) rules: Rules,
    pub(crate) log: String,
    root: PathBuf,
    _keep: tempfile::TempDir,
    faults: Arc<Faults>,
    pub(crate) lag: Duration,
    /// The daemons: one, or two with a ledger each.
    pub(crate) processes: Vec<Process>,
    files: [BTreeMap<EntryName, Content>; 2],
    bad: [bool; 2],
    /// A file that is broken mentions nothing of what was in it. Not together with a disk that fails: an entry whose new
    /// file could not be recorded, and is broken when the daemon comes back, is gone for all that can be known.
    garbage: bool,
    /// Where the files are.
    paths: [String; 2],
    renamings: u32,
    /// What they were before.
    earlier: Vec<[BTreeMap<EntryName, Content>; 2]>,
    half_way: Option<HalfWay>,
    writing: Option<Writing>,
    /// Entries that name a machine that is not there.
    typos: BTreeSet<EntryName>,
    /// When git was in the middle of something.
    pub(crate) operations: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>,
    /// Entries of a third file, that are added and removed together.
    group: BTreeMap<EntryName, Content>,
    groups: u32,
    pub(crate) masses: Vec<Mass>,
    /// The daemons have another folder, with these entries.
    elsewhere: bool,
    was_elsewhere: bool,
    strangers: BTreeMap<EntryName, Content>,
    /// What was seen to be wrong on the way.
    pub(crate) wrong: Vec<String>,
    /// The folder was moved away, and an empty one made in its place: it says nothing.
    is_away: bool,
    /// Every content an entry ever had, to be put back.
    known: BTreeMap<EntryName, Vec<Content>>,
    pub(crate) timelines: BTreeMap<EntryName, Timeline>,
    pub(crate) by_a_person: BTreeSet<String>,
    switched: BTreeSet<(EntryName, DateTime<Utc>)>,
    /// Whose state directory was copied.
    snapshot: Option<usize>,
    pub(crate) damaged: bool,
    /// When ledgers were damaged.
    pub(crate) losses: Vec<DateTime<Utc>>,
    /// Before this, listing is not denied once more.
    lists_again: DateTime<Utc>,
    starts: u64,
}

fn ask(sandbox: &Sandbox, operation: &str, request: &serde_json::Value) {
    let target = format!("AWSStepFunctions.{operation}");
    let answer = sandbox.call(&target, request.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Two versions of a machine, and an alias that leads to one of them.
fn publish(sandbox: &Sandbox) {
    let machine = serde_json::json!({"stateMachineArn": VERSIONED});
    for role in ["r1", "r2"] {
        let role = format!("arn:aws:iam::123456789012:role/{role}");
        let update = serde_json::json!({"stateMachineArn": VERSIONED, "roleArn": role});
        ask(sandbox, "UpdateStateMachine", &update);
        ask(sandbox, "PublishStateMachineVersion", &machine);
    }
    let route = serde_json::json!({"stateMachineVersionArn": QUALIFIED[0], "weight": 100});
    let alias = serde_json::json!({"name": "PROD", "routingConfiguration": [route]});
    ask(sandbox, "CreateStateMachineAlias", &alias);
}

pub(crate) fn begin() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().expect("a time")
}

impl World {
    /// A world with so many daemons, each with a ledger of its own.
    pub(crate) fn new(seed: u64, rules: Rules, daemons: usize) -> Self {
        let mut rng = Rng::with_seed(seed);
        let lags: &[u64] = if daemons > 1 { &[0] } else { &[0, 0, 2, 20] };
        let lag = Duration::from_secs(*rng.choice(lags).expect("a lag"));
        let times = [0, 0, 20, 600];
        let options = Options {
            lag,
            task_time: Duration::from_secs(*rng.choice(&times).expect("a time")),
            ..Options::default()
        };
        let sandbox = Sandbox::with_clock(options, begin()).expect("a sandbox");
        sandbox.create_default_machine();
        for name in ["Other", "Versioned"] {
            let machine = serde_json::json!({
                "name": name, "roleArn": "arn:aws:iam::123456789012:role/r",
                "definition": DEFINITION,
            });
            ask(&sandbox, "CreateStateMachine", &machine);
        }
        publish(&sandbox);
        // A disk in memory, where there is one: what is tested is the order of writes, not the disk.
        let memory = Path::new("/dev/shm");
        let keep = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let keep = keep.expect("a directory");
        let root = keep.path().to_owned();
        fs::create_dir_all(root.join("schedules/team")).expect("a directory");
        let garbage = rng.bool();
        let faults = Arc::new(Faults {
            disk_fails: !garbage,
            nothing_late: daemons > 1,
            refused: Mutex::default(),
            away: AtomicI64::new(0),
            rng: Mutex::new(rng.fork()),
            on: AtomicBool::new(false),
            slow_start: AtomicI64::new(0),
            late_start: AtomicI64::new(0),
            crash_at_call: AtomicI64::new(0),
            crash_at_commit: AtomicI64::new(0),
            crash: Notify::new(),
            effort: Mutex::default(),
            late_until: Mutex::new(begin()),
        });
        let (asked, clock) = (Arc::clone(&faults), sandbox.clone());
        sandbox.set_faults(Some(Arc::new(move |_, operation: &str| {
            asked.at_call(operation, clock.now())
        })));
        let processes = (0..daemons).map(|n| Process {
            alive: None,
            scan: None,
            is_written: false,
            off: Arc::default(),
            right: None,
            compares_until: None,
            state: root.join(format!("state{n}")),
            away: None,
        });
        let processes = processes.collect();
        let mut world = Self {
            sandbox,
            rng,
            rules,
            log: String::new(),
            root,
            _keep: keep,
            faults,
            lag,
            processes,
            files: [BTreeMap::new(), BTreeMap::new()],
            bad: [false; 2],
            garbage,
            paths: ["a.yaml".to_owned(), "team/b.yaml".to_owned()],
            renamings: 0,
            earlier: Vec::new(),
            half_way: None,
            writing: None,
            typos: BTreeSet::new(),
            operations: Vec::new(),
            group: BTreeMap::new(),
            groups: 0,
            masses: Vec::new(),
            elsewhere: false,
            was_elsewhere: false,
            strangers: BTreeMap::new(),
            wrong: Vec::new(),
            is_away: false,
            known: BTreeMap::new(),
            timelines: BTreeMap::new(),
            by_a_person: BTreeSet::new(),
            switched: BTreeSet::new(),
            snapshot: None,
            damaged: false,
            losses: Vec::new(),
            lists_again: begin(),
            starts: 0,
        };
        // All machines are always known: a ledger that is lost can't tell which ones were used.
        let anchor = format!(
            "schedules:\n  anchor: {{at: 2096-01-01T00:00:00Z, state_machine: '{OTHER}'}}\n  other-anchor: {{at: 2096-01-01T00:00:00Z, state_machine: '{}'}}\n",
            QUALIFIED[0]
        );
        fs::write(world.root.join("schedules/anchor.yaml"), anchor).expect("written");
        world.write();
        world
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.sandbox.now()
    }

    pub(crate) fn effort(&self) -> Effort {
        self.faults.effort.lock().expect("no panic").clone()
    }

    pub(crate) fn say(&mut self, what: &str) {
        let now = self.now();
        let _ = writeln!(self.log, "{} {what}", instant(now));
    }

    /// Something that is no edit, and no fault of AWS's or of the ledger.
    pub(crate) async fn befalls(&mut self) {
        match self.rng.u32(0..24) {
            0..3 => self.begin_git(),
            3 | 4 => self.begin_conflict(),
            5..8 => self.begin_writing(),
            8 | 9 => self.mistype(),
            10 => self.masses().await,
            11 | 12 => self.another_folder().await,
            13 => self.spoiled_while_it_starts().await,
            15 => self.off_until_it_is_late().await,
            16 => self.removed_before_its_start_arrives().await,
            14 => self.renamed_once_it_fired().await,
            20 | 21 => self.spelled_otherwise().await,
            18 | 19 => self.split_off_while_it_is_written().await,
            22 | 23 => self.redriven_once_it_was_stopped().await,
            _ => self.renamed_when_the_ledger_is_lost().await,
        }
    }

    /// When something goes on by itself.
    fn next_event(&self) -> Option<DateTime<Utc>> {
        let half_way = self.half_way.as_ref().map(|half_way| {
            let later = half_way.later.as_ref().map(|(at, ..)| *at);
            later.map_or(half_way.until, |at| at.min(half_way.until))
        });
        let clocks = self.processes.iter().filter_map(|process| process.right);
        clocks.chain(half_way).chain(self.next_piece()).min()
    }

    /// Goes on with what is due by itself.
    fn go_on(&mut self) {
        let now = self.now();
        self.write_on(now);
        self.go_on_half_way(now);
        for process in &mut self.processes {
            if process.right.is_some_and(|at| at <= now) {
                process.set_right();
            }
        }
    }

    pub(crate) fn history(&self) -> String {
        let mut text = self.log.clone();
        for call in self.sandbox.calls() {
            if call.operation == "DescribeStateMachine" {
                continue;
            }
            let error = call.error.as_deref().unwrap_or("-");
            let late = if call.late { " late" } else { "" };
            let _ = writeln!(
                text,
                "{} {} {} {error}{late}",
                call.at.format("%Y-%m-%dT%H:%M:%SZ"),
                call.operation,
                call.subject.rsplit(':').next().unwrap_or_default()
            );
        }
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_by_key(|line| line.get(..20).map(str::to_owned));
        lines.join("\n")
    }
}
