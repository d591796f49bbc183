//! One entry's life through the real SDK and ledger against the sandbox in process, under tokio's paused clock: with a
//! fault at every call in turn, and a crash after it. What is asserted is what the sandbox saw.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_sdk_sfn::config::{BehaviorVersion, Builder, Credentials, Region};
use chrono::{DateTime, TimeDelta, Utc};
use onced::ledger::{Holder, Ledger};
use onced::model::content::Content;
use onced::model::entry::{Entry, EntryName, lambda_input};
use onced::model::name::Owner;
use onced::model::plan::{MaxStops, Policy, Rules};
use onced::model::record::Phase;
use onced::model::zones::Zones;
use onced::reconcile::apply::Hands;
use onced::reconcile::apply::machines::Machines;
use onced::reconcile::{Clock, Desired, Reconciler, Tally};
use onced::sandbox::{Fault, Options, Sandbox, Status};
use onced::step_functions::StepFunctions;
use tokio::sync::watch;

pub(crate) const MACHINE: &str =
    "arn:aws:states:us-east-1:123456789012:stateMachine:OneTimeLambdaScheduler";

pub(crate) fn begin() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().expect("a time")
}

/// The same entry on another machine.
pub(crate) fn on(machine: &str, entry: Entry) -> Entry {
    Entry {
        content: Content::new(entry.at(), machine, entry.input().clone()),
        ..entry
    }
}

pub(crate) fn entry(payload: i64, ahead: i64) -> Entry {
    let at = begin() + TimeDelta::seconds(ahead);
    Entry {
        name: EntryName::parse("e").expect("a name"),
        content: Content::new(at, MACHINE, lambda_input("f", at, &payload.into())),
        lambda: Some("f".into()),
        grace: Duration::from_mins(5),
        enabled: true,
        named_zone: None,
        is_local: false,
        description: None,
        file: "a.yaml".into(),
        other: None,
        is_as_before: false,
        marks: onced::model::marks::Marks::NONE,
        in_line: 1,
    }
}

pub(crate) fn policy() -> Policy {
    Policy {
        start_only: false,
        stop_after: Duration::from_secs(30),
        horizon: Duration::from_hours(300 * 24),
        max_stops: MaxStops::Percent(30),
        rules: Rules::default(),
    }
}

pub(crate) fn desired(entries: &[Entry]) -> Desired {
    let entries = entries
        .iter()
        .map(|entry| (entry.name.clone(), Arc::new(entry.clone())));
    Desired {
        entries: Arc::new(entries.collect()),
        ..Desired::default()
    }
}

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    state: tempfile::TempDir,
    disk: Option<onced::ledger::Faults>,
    /// By how many seconds the wall clock of this machine is off: it was set, or the machine slept.
    pub(crate) off: Arc<AtomicI64>,
    /// Once true, no call is begun.
    pub(crate) end: watch::Sender<bool>,
}

impl World {
    pub(crate) fn new(options: Options) -> Self {
        let sandbox = Sandbox::with_clock(options, begin()).expect("a sandbox");
        sandbox.create_default_machine();
        Self {
            sandbox,
            state: tempfile::tempdir().expect("a directory"),
            disk: None,
            off: Arc::default(),
            end: watch::Sender::new(false),
        }
    }

    /// Another installation, with a ledger of its own, on the same account.
    pub(crate) fn beside(&self) -> Self {
        Self {
            sandbox: self.sandbox.clone(),
            state: tempfile::tempdir().expect("a directory"),
            disk: None,
            off: Arc::default(),
            end: watch::Sender::new(false),
        }
    }

    /// What time it is on this machine.
    pub(crate) fn clock(&self) -> Clock {
        let (sandbox, off) = (self.sandbox.clone(), Arc::clone(&self.off));
        Arc::new(move || sandbox.now() + TimeDelta::seconds(off.load(Ordering::Relaxed)))
    }

    /// Where the ledger lies.
    pub(crate) fn state(&self) -> &std::path::Path {
        self.state.path()
    }

    /// A new process on the same ledger.
    pub(crate) async fn reconciler(&self) -> Reconciler {
        let config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("a", "b", None, None, "test"))
            .http_client(self.sandbox.http_client());
        self.with(config).await
    }

    async fn with(&self, config: Builder) -> Reconciler {
        let mut ledger = Ledger::open(self.state.path(), Holder::Command);
        while ledger.is_err() {
            // The ledger of the process before is closed on a thread of its own.
            tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(1)))
                .await
                .expect("slept");
            ledger = Ledger::open(self.state.path(), Holder::Command);
        }
        let owner = Owner::parse("test").expect("an owner");
        let (ledger, found) = ledger.expect("a ledger");
        ledger.set_faults(self.disk.clone());
        let hands = Hands {
            owner,
            ledger,
            step_functions: StepFunctions::new(config).until(self.end.subscribe()),
            clock: self.clock(),
            rules: Rules::default(),
            commits: onced::source::work_tree::Commits::default(),
            zones: Zones::default(),
            machines: Machines::default(),
            tally: Tally::default(),
        };
        Reconciler::new(hands, found, policy(), (Duration::from_mins(15), None), 1)
    }

    /// Reconciles until nothing fails and nothing waits to be stopped.
    pub(crate) async fn settle(&self, reconciler: &mut Reconciler, desired: &Desired) {
        for _ in 0..100 {
            let report = reconciler.reconcile(desired, &|| false).await;
            self.one_at_most();
            let stopping = desired.entries.is_empty()
                && reconciler
                    .records()
                    .values()
                    .any(|record| matches!(record.phase, Phase::Running | Phase::Starting));
            if report.failed.is_empty() && !stopping {
                return;
            }
            let wake = report.wake.map_or(Duration::from_secs(1), |wake| {
                (wake - self.sandbox.now()).to_std().unwrap_or_default()
            });
            tokio::time::sleep(wake.max(Duration::from_millis(10))).await;
        }
        panic!("never settles: {:?}", self.sandbox.calls());
    }

    /// Reconciles whenever it is due, until so many seconds after the beginning.
    pub(crate) async fn settle_many(
        &self,
        reconciler: &mut Reconciler,
        desired: &Desired,
        until: i64,
    ) {
        while self.sandbox.now() < begin() + TimeDelta::seconds(until) {
            let report = reconciler.reconcile(desired, &|| false).await;
            let wake = report
                .wake
                .map_or(TimeDelta::minutes(1), |wake| wake - (self.clock())());
            let rest = wake.to_std().unwrap_or_default();
            tokio::time::sleep(rest.clamp(Duration::from_millis(20), Duration::from_mins(1))).await;
        }
    }

    fn one_at_most(&self) {
        let running = self
            .sandbox
            .executions()
            .iter()
            .filter(|e| e.status() == Status::Running)
            .count();
        assert!(running <= 1, "{:?}", self.sandbox.calls());
    }

    /// The generation and status of each execution, in the order of their starts.
    pub(crate) fn history(&self) -> Vec<(String, Status)> {
        let mut executions = self.sandbox.executions();
        executions.sort_by_key(|execution| execution.start);
        executions
            .iter()
            .map(|e| {
                (
                    e.name.rsplit('-').next().unwrap_or_default().to_owned(),
                    e.status(),
                )
            })
            .collect()
    }
}

/// Start, replace, remove, put back; a crash between any two where `crash` says so.
async fn story(world: &World, crash: bool) {
    let (first, second) = (entry(1, 86_400), entry(2, 86_400));
    let mut reconciler = world.reconciler().await;
    for wanted in [
        &[first][..],
        std::slice::from_ref(&second),
        &[],
        std::slice::from_ref(&second),
    ] {
        if crash {
            drop(reconciler);
            reconciler = world.reconciler().await;
        }
        world.settle(&mut reconciler, &desired(wanted)).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn told() -> Vec<(String, Status)> {
    vec![
        ("0".into(), Status::Aborted),
        ("0".into(), Status::Aborted),
        ("1".into(), Status::Running),
    ]
}

#[tokio::test(start_paused = true)]
async fn start_replace_remove_put_back() {
    let world = World::new(Options::default());
    story(&world, false).await;
    assert_eq!(world.history(), told());
    let calls: Vec<String> = world
        .sandbox
        .calls()
        .into_iter()
        .map(|call| call.operation)
        .collect();
    let count = |operation: &str| calls.iter().filter(|call| *call == operation).count();
    assert_eq!((count("StartExecution"), count("StopExecution")), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_every_call_in_turn_changes_nothing_in_the_end() {
    for crash in [false, true] {
        for fault in [
            Fault::LostBefore,
            Fault::LostAfter,
            Fault::Status500,
            Fault::Throttle,
            Fault::AccessDenied,
        ] {
            for number in 1.. {
                let world = World::new(Options::default());
                world.sandbox.set_faults(Some(Arc::new(move |n, _: &str| {
                    if n == number { fault } else { Fault::None }
                })));
                story(&world, crash).await;
                assert_eq!(
                    world.history(),
                    told(),
                    "{fault:?} at call {number}, crash: {crash}"
                );
                if world.sandbox.calls().len() < usize::try_from(number).expect("a small number") {
                    assert!(number > 8, "the story has calls");
                    break;
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn reads_that_are_behind_change_nothing_in_the_end() {
    let world = World::new(Options {
        lag: Duration::from_secs(7),
        ..Options::default()
    });
    story(&world, true).await;
    assert_eq!(world.history(), told());
}

#[tokio::test(start_paused = true)]
async fn a_lost_ledger_adopts_what_runs_and_fires_nothing_twice() {
    let mut world = World::new(Options::default());
    story(&world, false).await;
    world.state = tempfile::tempdir().unwrap();
    let mut reconciler = world.reconciler().await;
    world
        .settle(&mut reconciler, &desired(&[entry(2, 86_400)]))
        .await;
    assert_eq!(world.history(), told());
    let record = reconciler.records().values().next().unwrap();
    assert_eq!((record.phase, record.generation), (Phase::Running, 1));
}

#[tokio::test(start_paused = true)]
async fn it_fires_once_at_its_time_and_the_outcome_is_recorded() {
    let world = World::new(Options::default());
    let wanted = desired(&[entry(1, 60)]);
    let mut reconciler = world.reconciler().await;
    world.settle(&mut reconciler, &wanted).await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    world.settle(&mut reconciler, &wanted).await;
    let execution = world.sandbox.executions().remove(0);
    assert_eq!(execution.fired, Some(begin() + TimeDelta::seconds(60)));
    assert_eq!(
        reconciler.records().values().next().unwrap().phase,
        Phase::Ended
    );
    // The same content again, after a crash and after the ledger's loss: nothing.
    drop(reconciler);
    let mut again = world.reconciler().await;
    world.settle(&mut again, &wanted).await;
    assert_eq!(world.history(), [("0".to_owned(), Status::Succeeded)]);
}

#[tokio::test(start_paused = true)]
async fn stopped_by_a_person_it_is_reported_and_not_started_again() {
    let world = World::new(Options::default());
    let wanted = desired(&[entry(1, 60)]);
    let mut reconciler = world.reconciler().await;
    world.settle(&mut reconciler, &wanted).await;
    let arn = world.sandbox.executions()[0].arn.clone();
    world.sandbox.call(
        "AWSStepFunctions.StopExecution",
        format!("{{\"executionArn\":\"{arn}\"}}").as_bytes(),
    );
    tokio::time::sleep(Duration::from_secs(61)).await;
    world.settle(&mut reconciler, &wanted).await;
    let record = reconciler.records().values().next().unwrap();
    assert_eq!(record.outcome.as_ref().unwrap().status.as_str(), "aborted");
    assert_eq!(world.history(), [("0".to_owned(), Status::Aborted)]);
}

#[tokio::test(start_paused = true)]
async fn an_express_machine_is_refused() {
    let world = World::new(Options::default());
    let body = r#"{"name":"X","type":"EXPRESS","roleArn":"arn:aws:iam::123456789012:role/r","definition":"{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"End\":true}}}"}"#;
    assert_eq!(
        world
            .sandbox
            .call("AWSStepFunctions.CreateStateMachine", body.as_bytes())
            .status,
        200
    );
    let mut wanted = entry(1, 60);
    wanted = on(&MACHINE.replace("OneTimeLambdaScheduler", "X"), wanted);
    let mut reconciler = world.reconciler().await;
    let report = reconciler.reconcile(&desired(&[wanted]), &|| false).await;
    assert!(
        report.failed.values().next().unwrap().contains("EXPRESS"),
        "{report:?}"
    );
    assert!(
        reconciler
            .records()
            .values()
            .next()
            .unwrap()
            .refused
            .is_some()
    );
    assert!(world.sandbox.executions().is_empty());
}

/// Every commit of the story fails once, before it is written or after, with a crash after it or without.
#[tokio::test(start_paused = true)]
async fn a_failing_disk_at_every_commit_in_turn_changes_nothing_in_the_end() {
    use std::io::{Error, ErrorKind};
    use std::sync::atomic::AtomicU64;
    for crash in [false, true] {
        for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
            for written in [false, true] {
                for number in 1.. {
                    let mut world = World::new(Options::default());
                    let commits = Arc::new(AtomicU64::new(0));
                    let counted = Arc::clone(&commits);
                    world.disk = Some(Arc::new(move |_| {
                        let fails = counted.fetch_add(1, Ordering::Relaxed) + 1 == number;
                        fails.then(|| (Error::from(kind), written))
                    }));
                    story(&world, crash).await;
                    assert_eq!(
                        world.history(),
                        told(),
                        "{kind} at commit {number}, written: {written}, crash: {crash}"
                    );
                    if commits.load(Ordering::Relaxed) < number {
                        assert!(number > 8, "the story has commits");
                        break;
                    }
                }
            }
        }
    }
}

/// Two installations with the same owner and the same files, one a little behind the other: as if there were one.
#[tokio::test(start_paused = true)]
async fn two_daemons_with_two_ledgers_do_no_harm() {
    let first = World::new(Options::default());
    let second = first.beside();
    let (mut a, mut b) = (first.reconciler().await, second.reconciler().await);
    let (one, two) = (entry(1, 86_400), entry(2, 86_400));
    for wanted in [
        &[one][..],
        std::slice::from_ref(&two),
        &[],
        std::slice::from_ref(&two),
    ] {
        first.settle(&mut a, &desired(wanted)).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        second.settle(&mut b, &desired(wanted)).await;
        first.one_at_most();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(first.history(), told());
    let phase = |reconciler: &Reconciler| {
        let record = reconciler.records().values().next().expect("a record");
        (record.phase, record.generation)
    };
    assert_eq!(phase(&a), (Phase::Running, 1));
    assert_eq!(phase(&a), phase(&b));
}

/// Many entries due at once: their outcomes are asked for at no more than ten calls a second, and what is new does not
/// wait for them. `ONCED_DUE=N`: so many.
#[tokio::test(start_paused = true)]
async fn outcomes_of_many_are_asked_for_within_the_quota() {
    let many: usize = std::env::var("ONCED_DUE")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(500);
    let world = World::new(Options::default());
    let name = |n: usize| EntryName::parse(&format!("e{n}")).expect("a name");
    let entries: Vec<Entry> = (0..many)
        .map(|n| Entry {
            name: name(n),
            ..entry(1, 600)
        })
        .collect();
    let mut wanted = desired(&entries);
    let mut reconciler = world.reconciler().await;
    let begun = reconciler.reconcile(&wanted, &|| false).await;
    assert!(begun.failed.is_empty());
    tokio::time::sleep(Duration::from_secs(601)).await;
    let before = world.sandbox.calls().len();
    let late = entry(2, 86_400);
    let late_name = late.name.clone();
    let mut rounds = 0;
    loop {
        rounds += 1;
        if rounds == 20 {
            Arc::make_mut(&mut wanted.entries).insert(late_name.clone(), Arc::new(late.clone()));
        }
        let report = reconciler.reconcile(&wanted, &|| false).await;
        let ended = reconciler
            .records()
            .values()
            .filter(|r| r.phase == Phase::Ended)
            .count();
        if rounds == 20 {
            assert_eq!(
                reconciler.records()[&late_name].phase,
                Phase::Running,
                "it did not wait"
            );
            assert!(ended < many);
        }
        if ended == many {
            break;
        }
        let wake = report.wake.expect("there is more to ask") - world.sandbox.now();
        tokio::time::sleep(
            wake.to_std()
                .unwrap_or_default()
                .max(Duration::from_millis(10)),
        )
        .await;
    }
    let calls = world.sandbox.calls().split_off(before);
    let reads =
        |operation: &str| operation == "DescribeExecution" || operation == "GetExecutionHistory";
    let mut seconds: std::collections::BTreeMap<i64, usize> = std::collections::BTreeMap::new();
    for call in calls.iter().filter(|call| reads(&call.operation)) {
        *seconds.entry(call.at.timestamp()).or_default() += 1;
    }
    let total: usize = seconds.values().sum();
    let span =
        usize::try_from(seconds.keys().max().unwrap() - seconds.keys().min().unwrap()).unwrap();
    assert!(total <= 10 * (span + 1) + 10, "{total} calls in {span} s");
    assert!(
        total >= many * 2 && span <= many / 4,
        "and not much slower: {total} in {span} s"
    );
    let late_by: Vec<i64> = reconciler
        .records()
        .values()
        .filter_map(|record| record.late().map(|late| late.num_milliseconds()))
        .collect();
    assert_eq!(late_by.len(), many, "each knows when it fired");
}

/// Credentials that are revoked before their time are asked for anew, and no entry fails for it.
#[tokio::test(start_paused = true)]
async fn expired_credentials_are_asked_for_anew() {
    use aws_credential_types::credential_fn::provide_credentials_fn;
    use aws_sdk_sfn::config::SharedCredentialsProvider;
    use std::sync::atomic::AtomicU64;

    let world = World::new(Options::default());
    let asked = Arc::new(AtomicU64::new(0));
    let known = Arc::clone(&asked);
    world.sandbox.set_faults(Some(Arc::new(move |_, _: &str| {
        if known.load(Ordering::Relaxed) < 2 {
            Fault::ExpiredToken
        } else {
            Fault::None
        }
    })));
    let counted = Arc::clone(&asked);
    let provider = provide_credentials_fn(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Ok(Credentials::new("a", "b", None, None, "test")) }
    });
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(provider))
        .http_client(world.sandbox.http_client());
    let mut reconciler = world.with(config).await;
    world
        .settle(&mut reconciler, &desired(&[entry(1, 86_400)]))
        .await;
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    assert_eq!(world.history(), [("0".to_owned(), Status::Running)]);
}

/// A name that is taken by an execution with another input: left alone, and said.
#[tokio::test(start_paused = true)]
async fn a_name_that_runs_with_another_input_is_left_alone() {
    let world = World::new(Options::default());
    let wanted = entry(1, 86_400);
    let name = onced::model::name::execution_name(
        &Owner::parse("test").unwrap(),
        &wanted.name.key(),
        &wanted.fingerprint(),
        0,
    );
    let body = serde_json::json!({"stateMachineArn": MACHINE, "name": name, "input": "{\"invocationTime\":\"2026-12-01T00:00:00Z\"}"});
    let answer = world.sandbox.call(
        "AWSStepFunctions.StartExecution",
        body.to_string().as_bytes(),
    );
    assert_eq!(answer.status, 200);
    let mut reconciler = world.reconciler().await;
    for _ in 0..3 {
        let report = reconciler
            .reconcile(&desired(std::slice::from_ref(&wanted)), &|| false)
            .await;
        assert!(
            report
                .failed
                .values()
                .any(|why| why.contains("another input")),
            "{report:?}"
        );
        tokio::time::sleep(Duration::from_mins(2)).await;
    }
    assert_eq!(world.history(), [("0".to_owned(), Status::Running)]);
}

/// A state machine that was deleted and made again: what ran on it is started again, once nothing else can be true.
#[tokio::test(start_paused = true)]
async fn an_execution_that_is_lost_is_started_again() {
    let world = World::new(Options::default());
    let wanted = desired(&[entry(1, 86_400)]);
    let mut reconciler = world.reconciler().await;
    world.settle(&mut reconciler, &wanted).await;
    world.sandbox.lose(&world.sandbox.executions()[0].arn);
    let begun = world.sandbox.now();
    while world.sandbox.executions().is_empty() {
        assert!(
            world.sandbox.now() < begun + TimeDelta::minutes(45),
            "{:?}",
            world.sandbox.calls()
        );
        let report = reconciler.reconcile(&wanted, &|| false).await;
        let wake = report
            .wake
            .map_or(TimeDelta::minutes(1), |wake| wake - world.sandbox.now());
        tokio::time::sleep(
            wake.to_std()
                .unwrap_or_default()
                .clamp(Duration::from_millis(20), Duration::from_mins(1)),
        )
        .await;
    }
    assert!(
        world.sandbox.now() > begun + TimeDelta::minutes(20),
        "not on one look"
    );
    assert_eq!(world.history(), [("0".to_owned(), Status::Running)]);
}

/// Farther ahead than the horizon: nothing is called until it comes within it, and then it is started.
#[tokio::test(start_paused = true)]
async fn what_is_beyond_the_horizon_is_started_when_it_comes_within() {
    let world = World::new(Options::default());
    let wanted = desired(&[entry(1, 300 * 86_400 + 7_200)]);
    let mut reconciler = world.reconciler().await;
    let report = reconciler.reconcile(&wanted, &|| false).await;
    assert_eq!(
        report.wake.map(|wake| wake - begin() < TimeDelta::hours(3)),
        Some(true)
    );
    assert!(world.sandbox.executions().is_empty() && reconciler.records().is_empty());
    tokio::time::sleep(Duration::from_secs(7_300)).await;
    world.settle(&mut reconciler, &wanted).await;
    assert_eq!(world.history(), [("0".to_owned(), Status::Running)]);
}

/// AWS says no to one entry: it is tried again every few minutes and when it changes, and holds up no other.
#[tokio::test(start_paused = true)]
async fn what_is_refused_holds_up_nobody_and_goes_on_when_it_may() {
    let world = World::new(Options::default());
    let other = Entry {
        name: EntryName::parse("other").unwrap(),
        ..on(
            &MACHINE.replace("OneTimeLambdaScheduler", "Later"),
            entry(1, 86_400),
        )
    };
    let wanted = desired(&[entry(1, 86_400), other.clone()]);
    let mut reconciler = world.reconciler().await;
    let report = reconciler.reconcile(&wanted, &|| false).await;
    assert_eq!(report.failed.len(), 1);
    assert!(
        reconciler.records()[&other.name]
            .refused
            .as_ref()
            .unwrap()
            .contains("DoesNotExist")
    );
    assert_eq!(world.sandbox.executions().len(), 1);
    // A few minutes later it is there.
    let body = serde_json::json!({"name": "Later", "roleArn": "arn:aws:iam::123456789012:role/r", "definition": "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"TimestampPath\":\"$.invocationTime\",\"End\":true}}}"});
    world.sandbox.call(
        "AWSStepFunctions.CreateStateMachine",
        body.to_string().as_bytes(),
    );
    let calls = world.sandbox.calls().len();
    tokio::time::sleep(Duration::from_mins(1)).await;
    reconciler.reconcile(&wanted, &|| false).await;
    let asked = world.sandbox.calls().split_off(calls);
    assert!(
        asked.iter().all(|call| call.operation == "ListExecutions"),
        "not all the time: {asked:?}"
    );
    tokio::time::sleep(Duration::from_mins(5)).await;
    let report = reconciler.reconcile(&wanted, &|| false).await;
    assert!(report.failed.is_empty(), "{report:?}");
    assert_eq!(reconciler.records()[&other.name].phase, Phase::Running);
    assert_eq!(reconciler.records()[&other.name].refused, None);
}

/// A key that may not be used keeps nothing from being stopped.
#[tokio::test(start_paused = true)]
async fn without_the_key_it_is_stopped_without_a_cause() {
    let world = World::new(Options::default());
    let mut reconciler = world.reconciler().await;
    world
        .settle(&mut reconciler, &desired(&[entry(1, 86_400)]))
        .await;
    world
        .sandbox
        .set_faults(Some(Arc::new(|_, operation: &str| {
            let whole = ["StopExecution", "DescribeExecution"];
            if whole.contains(&operation) {
                Fault::Kms
            } else {
                Fault::None
            }
        })));
    world.settle(&mut reconciler, &desired(&[])).await;
    assert_eq!(world.history(), [("0".to_owned(), Status::Aborted)]);
    // Put back, it runs again: this ledger knows who stopped it.
    world
        .settle(&mut reconciler, &desired(&[entry(1, 86_400)]))
        .await;
    assert_eq!(world.history()[1], ("1".to_owned(), Status::Running));
}

/// A start that was lost again and again, and arrives late after all: it is not taken for missed while the last attempt
/// may still be on its way.
#[tokio::test(start_paused = true)]
async fn a_late_start_is_waited_for_from_the_last_attempt_on() {
    let world = World::new(Options::default());
    let at = begin() + TimeDelta::minutes(25);
    let sandbox = world.sandbox.clone();
    world
        .sandbox
        .set_faults(Some(Arc::new(move |_, operation: &str| {
            if operation != "StartExecution" {
                Fault::None
            } else if sandbox.now() > at - TimeDelta::seconds(30) {
                Fault::Late(Duration::from_mins(10))
            } else {
                Fault::LostBefore
            }
        })));
    let wanted = desired(&[Entry {
        grace: Duration::from_secs(10),
        ..entry(1, 25 * 60)
    }]);
    let mut reconciler = world.reconciler().await;
    while world.sandbox.now() < at + TimeDelta::minutes(40) {
        let report = reconciler.reconcile(&wanted, &|| false).await;
        let wake = report
            .wake
            .map_or(TimeDelta::minutes(1), |wake| wake - world.sandbox.now());
        let rest = wake.to_std().unwrap_or_default();
        tokio::time::sleep(rest.clamp(Duration::from_millis(20), Duration::from_mins(1))).await;
    }
    world.sandbox.set_faults(None);
    let record = reconciler.records().values().next().unwrap();
    assert_eq!(
        record.outcome.as_ref().unwrap().status.as_str(),
        "succeeded"
    );
    assert_eq!(world.history(), [("0".to_owned(), Status::Succeeded)]);
}

/// A client that panics as long as it is told to, as a library may.
#[derive(Debug)]
struct Faulty {
    sound: aws_sdk_sfn::config::SharedHttpClient,
    left: Arc<std::sync::atomic::AtomicU32>,
}

impl aws_smithy_runtime_api::client::http::HttpClient for Faulty {
    fn http_connector(
        &self,
        settings: &aws_smithy_runtime_api::client::http::HttpConnectorSettings,
        components: &aws_sdk_sfn::config::RuntimeComponents,
    ) -> aws_smithy_runtime_api::client::http::SharedHttpConnector {
        let less = |left: u32| left.checked_sub(1);
        let faulty = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        assert!(faulty.is_err(), "on purpose");
        self.sound.http_connector(settings, components)
    }
}

/// A panic within a call is a call without an answer: it is said, and the loop goes on until one is answered.
#[tokio::test(start_paused = true)]
async fn a_fault_within_a_call_ends_that_call_alone() {
    let world = World::new(Options::default());
    let left = Arc::new(std::sync::atomic::AtomicU32::new(6));
    let client = Faulty {
        sound: world.sandbox.http_client(),
        left: Arc::clone(&left),
    };
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("a", "b", None, None, "test"))
        .http_client(client);
    let mut reconciler = world.with(config).await;
    let wanted = desired(&[entry(1, 86_400)]);
    let report = reconciler.reconcile(&wanted, &|| false).await;
    let told = format!("{report:?}");
    assert!(told.contains("a fault in the program"), "{told}");
    world.settle(&mut reconciler, &wanted).await;
    assert_eq!(left.load(Ordering::Relaxed), 0);
    assert_eq!(world.history(), [("0".to_owned(), Status::Running)]);
}
