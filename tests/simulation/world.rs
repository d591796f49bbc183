//! One history: a folder that is edited, a daemon that is killed, a ledger that is damaged, a Step Functions that loses,
//! delays and refuses. Everything follows from the seed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sfn::config::{BehaviorVersion, Builder, Credentials, Region};
use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use onced::daemon::Daemon;
use onced::ledger::{Holder, Ledger};
use onced::model::entry::{EntryName, instant, lambda_input, machine_input};
use onced::model::name::{Fingerprint, Owner};
use onced::model::plan::{MaxStops, Policy, Rules};
use onced::reconcile::apply::Hands;
use onced::reconcile::apply::machines::Machines;
use onced::reconcile::{Reconciler, Report, Tally};
use onced::sandbox::{Fault, Options, Sandbox};
use onced::source::parse::Defaults;
use onced::source::scan::{Scan, Scanner};
use onced::step_functions::StepFunctions;
use tokio::sync::Notify;
use tokio::time::sleep;

pub(crate) const MACHINE: &str =
    "arn:aws:states:us-east-1:123456789012:stateMachine:OneTimeLambdaScheduler";
/// Another machine, on which entries run that name it themselves.
const OTHER: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:Other";
pub(crate) const GRACE: TimeDelta = TimeDelta::minutes(5);
/// How long a daemon rests that asks for nothing sooner. A real one looks at its folder every minute; here nothing changes
/// in it while the daemon rests.
const IDLE: Duration = Duration::from_mins(10);
pub(crate) const STOP_AFTER: Duration = Duration::from_secs(30);

/// What an entry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) at: DateTime<Utc>,
    pub(crate) payload: u32,
    /// It runs on the other machine.
    pub(crate) other: bool,
    pub(crate) enabled: bool,
}

impl Content {
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        if self.other {
            let input = serde_json::Map::from_iter([("n".to_owned(), self.payload.into())]);
            Fingerprint::of_input(self.at, OTHER, &machine_input(input, self.at))
        } else {
            let input = lambda_input("f", self.at, self.payload.into());
            Fingerprint::of_input(self.at, MACHINE, &input)
        }
    }

    fn said(&self) -> String {
        let on = if self.other {
            " on the other machine"
        } else {
            ""
        };
        format!("{} {}{on}", instant(self.at), self.payload)
    }
}

/// What the other machine does.
const DEFINITION: &str = r#"{"StartAt": "Countdown", "States": {
    "Countdown": {"Type": "Wait", "TimestampPath": "$.invocationTime", "Next": "Invoke"},
    "Invoke": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "f", "Payload.$": "$"}, "End": true}}}"#;

/// From when on an entry asked for what; `None`: for nothing.
pub(crate) type Timeline = Vec<(DateTime<Utc>, Option<Content>)>;

/// What befell a history. One that had too little proves nothing.
#[derive(Debug, Default, Clone)]
pub(crate) struct Effort {
    pub(crate) lost: u64,
    pub(crate) crashes: u64,
    pub(crate) removals: u64,
    pub(crate) damages: u64,
    pub(crate) stops_by_a_person: u64,
    pub(crate) disk_faults: u64,
}

impl Effort {
    /// Did it have what a history needs to prove anything?
    pub(crate) fn is_enough(&self) -> bool {
        self.lost > 0 && self.crashes > 0 && self.removals > 0
    }
}

struct Faults {
    disk_fails: bool,
    /// With two daemons nothing arrives late: one of them can't know what the other one has on its way.
    nothing_late: bool,
    /// AWS says no to this operation until then.
    refused: Mutex<Option<(&'static str, DateTime<Utc>)>>,
    /// After a write has failed, the store can't be opened for so many seconds.
    away: AtomicI64,
    rng: Mutex<Rng>,
    on: AtomicBool,
    /// The process dies at this many calls from now.
    crash_at_call: AtomicI64,
    crash_at_commit: AtomicI64,
    crash: Notify,
    effort: Mutex<Effort>,
    late_until: Mutex<DateTime<Utc>>,
}

/// A daemon, while it lives, and its state directory.
pub(crate) struct Process {
    pub(crate) alive: Option<(Daemon, Ledger)>,
    state: PathBuf,
    /// What it read last, while nothing has changed since.
    scan: Option<Scan>,
    /// A file was young when it was read: it is looked at again soon.
    is_written: bool,
    /// The store is not where it was until then.
    away: Option<DateTime<Utc>>,
}

impl Process {
    fn store_is_away(&mut self, until: DateTime<Utc>) {
        let store = self.state.join("ledger");
        if self.away.is_none() && fs::rename(&store, self.state.join("away")).is_ok() {
            self.away = Some(until);
        }
    }

    fn store_is_back(&mut self) {
        if self.away.take().is_some() {
            fs::rename(self.state.join("away"), self.state.join("ledger")).expect("put back");
        }
    }
}

/// One round of a daemon; `None`: it died in it. A folder that has not changed is read again only where a stop waits for it.
async fn round(process: &mut Process, faults: &Faults) -> Option<Report> {
    let (daemon, _) = process.alive.as_mut().expect("it was started");
    let known = process.scan.take();
    let (scan, report) = tokio::select! {
        biased;
        () = faults.crash.notified() => return None,
        done = async {
            let scan = match known {
                Some(scan) => scan,
                None => daemon.scan(None).await,
            };
            let report = daemon.again(&scan).await;
            (scan, report)
        } => done,
    };
    process.is_written = !scan.in_flight.is_empty();
    let rests = !report.plan.waits() && !process.is_written;
    process.scan = Some(scan).filter(|_| rests);
    Some(report)
}

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) rng: Rng,
    pub(crate) rules: Rules,
    pub(crate) log: String,
    root: PathBuf,
    _keep: tempfile::TempDir,
    faults: Arc<Faults>,
    lag: Duration,
    /// The daemons: one, or two with a ledger each.
    pub(crate) processes: Vec<Process>,
    files: [BTreeMap<EntryName, Content>; 2],
    bad: [bool; 2],
    /// A file that is broken mentions nothing of what was in it. Not together with a disk that fails: an entry whose new
    /// file could not be recorded, and is broken when the daemon comes back, is gone for all that can be known.
    garbage: bool,
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
    /// Before this, listing is not denied once more.
    lists_again: DateTime<Utc>,
    starts: u64,
}

pub(crate) fn begin() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().expect("a time")
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
        let other = serde_json::json!({
            "name": "Other", "roleArn": "arn:aws:iam::123456789012:role/r",
            "definition": DEFINITION,
        });
        let created = sandbox.call(
            "AWSStepFunctions.CreateStateMachine",
            other.to_string().as_bytes(),
        );
        assert_eq!(created.status, 200, "{}", created.body);
        // A disk in memory, where there is one: what is tested is the order of writes, not the disk.
        let memory = Path::new("/dev/shm");
        let keep = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let keep = keep.expect("a directory");
        let root = keep.path().to_owned();
        fs::create_dir(root.join("schedules")).expect("a directory");
        let garbage = rng.bool();
        let faults = Arc::new(Faults {
            disk_fails: !garbage,
            nothing_late: daemons > 1,
            refused: Mutex::default(),
            away: AtomicI64::new(0),
            rng: Mutex::new(rng.fork()),
            on: AtomicBool::new(false),
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
            is_away: false,
            known: BTreeMap::new(),
            timelines: BTreeMap::new(),
            by_a_person: BTreeSet::new(),
            switched: BTreeSet::new(),
            snapshot: None,
            damaged: false,
            lists_again: begin(),
            starts: 0,
        };
        // Both machines are always known: a ledger that is lost can't tell which ones were used.
        let anchor = format!(
            "schedules:\n  anchor: {{at: 2028-01-01T00:00:00Z, state_machine: '{OTHER}'}}\n"
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

    // The folder.

    /// Moves the folder away, with an empty one in its place, or puts it back.
    fn move_away(&mut self, is_away: bool) {
        if self.is_away == is_away {
            return;
        }
        self.is_away = is_away;
        for process in &mut self.processes {
            process.scan = None;
        }
        let (here, away) = (self.root.join("schedules"), self.root.join("schedules.old"));
        if is_away {
            fs::rename(&here, away).expect("moved");
            fs::create_dir(here).expect("made");
        } else {
            fs::remove_dir(&here).expect("removed");
            fs::rename(away, here).expect("moved back");
        }
    }

    fn write(&mut self) {
        for process in &mut self.processes {
            process.scan = None;
        }
        for (n, name) in ["a.yaml", "b.yaml"].iter().enumerate() {
            let mut text = "schedules:\n".to_owned();
            for (name, content) in &self.files[n] {
                let Content {
                    at,
                    payload,
                    other,
                    enabled,
                } = content;
                let at = instant(*at);
                let what = if *other {
                    format!("state_machine: '{OTHER}', input: {{n: {payload}}}")
                } else {
                    format!("lambda: f, payload: {payload}")
                };
                let _ = writeln!(text, "  {name}: {{at: {at}, {what}, enabled: {enabled}}}");
            }
            if self.files[n].is_empty() {
                text = "schedules: {}\n".into();
            }
            if self.bad[n] && self.garbage {
                text = "schedules: [\n".into();
            } else if self.bad[n] {
                text += "  broken: [\n";
            }
            let beside = self.root.join("beside");
            fs::write(&beside, text).expect("written");
            fs::rename(beside, self.root.join("schedules").join(name)).expect("renamed");
        }
        let now = self.now();
        let names: BTreeSet<EntryName> = self.known.keys().cloned().collect();
        for name in names {
            let content = self.files.iter().find_map(|file| file.get(&name)).cloned();
            if content.as_ref().is_some_and(|content| !content.enabled) {
                self.switched.insert((name.clone(), now));
            }
            let content = content.filter(|content| content.enabled);
            let timeline = self.timelines.entry(name).or_default();
            if timeline.last().map(|(_, last)| last) != Some(&content) {
                timeline.push((now, content));
            }
        }
    }

    fn good_file(&mut self) -> Option<usize> {
        let good: Vec<usize> = (0..2).filter(|n| !self.bad[*n]).collect();
        self.rng.choice(good)
    }

    fn any_entry(&mut self) -> Option<(usize, EntryName)> {
        let all: Vec<(usize, EntryName)> = (0..2)
            .filter(|n| !self.bad[*n])
            .flat_map(|n| self.files[n].keys().map(move |name| (n, name.clone())))
            .collect();
        self.rng.choice(all)
    }

    fn content(&mut self) -> Content {
        let ahead = *self
            .rng
            .choice(&[2, 8, 30, 45, 90, 150, 240])
            .expect("minutes");
        let at = begin() + (self.now() - begin()) + TimeDelta::minutes(ahead);
        let at = DateTime::from_timestamp(at.timestamp(), 0).expect("a time");
        Content {
            at,
            payload: self.rng.u32(0..3),
            other: self.rng.u32(0..4) == 0,
            enabled: true,
        }
    }

    fn put(&mut self, file: usize, name: EntryName, content: Content) {
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
            self.say("the folder is back");
            return;
        }
        let Some(file) = self.good_file() else {
            self.bad = [false; 2];
            self.write();
            self.say("mend all files");
            return;
        };
        let what = match self.rng.u32(0..23) {
            0..5 => {
                let name = format!("e{}", self.rng.u32(0..5));
                let name = EntryName::parse(&name).expect("a name");
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
                format!("break file {file}")
            }
            18 => {
                let Some((file, name)) = self.any_entry() else {
                    return;
                };
                let other = format!("e{}", self.rng.u32(0..5));
                let other = EntryName::parse(&other).expect("a name");
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
                self.say("the folder is moved away, and an empty one is there");
                return;
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

    /// The last time that any entry ever asked for.
    pub(crate) fn last_time(&self) -> Option<DateTime<Utc>> {
        self.known
            .values()
            .flatten()
            .map(|content| content.at)
            .max()
    }

    /// When a content of this entry was to fire.
    pub(crate) fn at_of(
        &self,
        name: &EntryName,
        fingerprint: Fingerprint,
    ) -> Option<DateTime<Utc>> {
        let contents = self.known.get(name)?;
        let content = contents.iter().find(|c| c.fingerprint() == fingerprint)?;
        Some(content.at)
    }

    /// Was the entry switched off, not removed, at some moment of these?
    pub(crate) fn disabled(
        &self,
        name: &EntryName,
        since: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> bool {
        let range = (name.clone(), since)..=(name.clone(), end);
        self.switched.range(range).next().is_some()
    }

    pub(crate) fn mend(&mut self) {
        self.move_away(false);
        self.bad = [false; 2];
        self.write();
        self.say("mend all files");
    }

    // The process.

    async fn start(&mut self, number: usize) {
        self.starts += 1;
        let config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("a", "b", None, None, "test"))
            .http_client(self.sandbox.http_client());
        self.processes[number].store_is_back();
        let state = self.processes[number].state.clone();
        let mut opened = Ledger::open(&state, Holder::Daemon);
        for _ in 0..5_000 {
            // sled's own threads may hold the file of the process before for a moment.
            if opened.is_ok() {
                break;
            }
            let pause = || std::thread::sleep(Duration::from_millis(1));
            tokio::task::spawn_blocking(pause).await.expect("slept");
            opened = Ledger::open(&state, Holder::Daemon);
        }
        let (ledger, found) = opened.expect("a ledger");
        if let Some(why) = &found.recovered {
            let why = format!("daemon {number} recovered: {why}");
            self.say(&why);
        }
        let faults = Arc::clone(&self.faults);
        ledger.set_faults(Some(Arc::new(move |_| faults.at_commit())));
        let sandbox = self.sandbox.clone();
        let clock: onced::reconcile::Clock = Arc::new(move || sandbox.now());
        let hands = Hands {
            owner: Owner::parse("test").expect("an owner"),
            ledger: ledger.clone(),
            step_functions: StepFunctions::new(config),
            clock: Arc::clone(&clock),
            rules: self.rules,
            commits: onced::source::work_tree::Commits::default(),
            machines: Machines::default(),
            tally: Tally::default(),
        };
        let policy = Policy {
            start_only: false,
            stop_after: STOP_AFTER,
            horizon: Duration::from_hours(300 * 24),
            max_stops: MaxStops::Percent(30),
            rules: self.rules,
        };
        let verify = (Duration::from_mins(20), Some(MACHINE.to_owned()));
        let reconciler = Reconciler::new(hands, found, policy.clone(), verify, self.starts);
        let scanner = Scanner::new(self.root.join("schedules"), defaults());
        let settle = Duration::from_millis(100);
        let resync = Duration::from_mins(1);
        let daemon = Daemon::new(scanner, reconciler, policy, settle, resync, clock);
        self.processes[number].alive = Some((daemon, ledger));
    }

    /// Ends a process as SIGKILL does.
    pub(crate) async fn kill(&mut self, number: usize) {
        if let Some((daemon, ledger)) = self.processes[number].alive.take() {
            drop(daemon);
            self.processes[number].scan = None;
            ledger.close().await;
            self.faults.effort.lock().expect("no panic").crashes += 1;
        }
        self.processes[number].store_is_back();
    }

    /// Ends all of them.
    pub(crate) async fn kill_all(&mut self) {
        for number in 0..self.processes.len() {
            self.kill(number).await;
        }
    }

    /// Lets the daemons live until `until`; they may die on the way, and are started again.
    pub(crate) async fn live(&mut self, until: DateTime<Utc>) -> Option<Report> {
        let mut last = None;
        while self.now() < until {
            for number in 0..self.processes.len() {
                if self.processes[number].alive.is_none() {
                    self.start(number).await;
                }
            }
            let faults = Arc::clone(&self.faults);
            let rounds = match &mut self.processes[..] {
                [one] => vec![round(one, &faults).await],
                [one, two] => {
                    let (one, two) = tokio::join!(round(one, &faults), round(two, &faults));
                    vec![one, two]
                }
                _ => unreachable!("one or two"),
            };
            let now = self.now();
            let mut wake = now + IDLE;
            for (number, done) in rounds.into_iter().enumerate() {
                let Some(report) = done else {
                    self.say(&format!("daemon {number} dies"));
                    self.kill(number).await;
                    wake = now;
                    continue;
                };
                self.disk(number);
                // Who sees an empty folder approves nothing.
                if report.guard.is_some() && !self.is_away && self.rng.u32(0..6) == 0 {
                    self.approve(number).await;
                }
                wake = report.wake.map_or(wake, |at| wake.min(at));
                if self.processes[number].is_written {
                    wake = wake.min(now + TimeDelta::seconds(2));
                }
                last = Some(report);
            }
            let wake = (wake - now).to_std().unwrap_or_default();
            let rest = (until - now).to_std().unwrap_or_default();
            sleep(wake.max(Duration::from_millis(20)).min(IDLE).min(rest)).await;
        }
        last
    }

    /// Takes the store of a daemon away after a write has failed, and gives it back when its time has come.
    fn disk(&mut self, number: usize) {
        let now = self.now();
        let seconds = self.faults.away.swap(0, Ordering::Relaxed);
        let process = &mut self.processes[number];
        if process.away.is_some_and(|until| now >= until) {
            process.store_is_back();
        }
        if seconds > 0 {
            process.store_is_away(now + TimeDelta::seconds(seconds));
        }
    }

    /// A person lets go what waits for approval.
    async fn approve(&mut self, number: usize) {
        let process = &mut self.processes[number];
        let (daemon, _) = process.alive.as_mut().expect("it lives");
        let scan = match &process.scan {
            Some(scan) => scan.clone(),
            None => daemon.scan(None).await,
        };
        let digest = daemon.moment(&scan).plan().digest;
        let done = daemon.let_go(&digest, &scan).await;
        self.say(&format!("a person approves {digest}: {done:?}"));
    }

    /// A person lets go all that waits for approval because it was too much at once.
    pub(crate) async fn approve_all(&mut self) {
        for number in 0..self.processes.len() {
            let process = &mut self.processes[number];
            let Some((daemon, _)) = process.alive.as_mut() else {
                continue;
            };
            let (scan, report) = daemon.once().await;
            process.scan = Some(scan);
            if report.guard.is_some() {
                self.approve(number).await;
            }
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
        let number = self.rng.usize(0..self.processes.len());
        self.kill(number).await;
        let late = *self.faults.late_until.lock().expect("no panic");
        let rest = (late - self.now()).to_std().unwrap_or_default();
        sleep(rest + self.lag + Duration::from_secs(1)).await;
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
        self.damaged = true;
        self.faults.effort.lock().expect("no panic").damages += 1;
        self.say(said);
    }

    /// Somebody stops an execution in the console.
    pub(crate) fn person(&mut self) {
        let running: Vec<String> = self
            .sandbox
            .executions()
            .into_iter()
            .filter(|execution| execution.status() == onced::sandbox::Status::Running)
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

fn defaults() -> Defaults {
    Defaults {
        state_machine: Some(MACHINE.into()),
        ..Defaults::default()
    }
}

impl Faults {
    fn at_call(&self, operation: &str, now: DateTime<Utc>) -> Fault {
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
                let time = Duration::from_secs(rng.u64(1..600));
                let mut until = self.late_until.lock().expect("no panic");
                *until = (*until).max(now + TimeDelta::from_std(time).expect("minutes"));
                Fault::Late(time)
            }
            9 if operation != "ListExecutions" => Fault::AccessDenied,
            10 => Fault::Slow(Duration::from_millis(rng.u64(1..40_000))),
            _ => Fault::None,
        }
    }

    fn at_commit(&self) -> Option<(std::io::Error, bool)> {
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
