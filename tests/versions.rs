//! Versions and aliases of state machines: what runs is found under the machine's own ARN, whichever of its names an entry uses.
//! In process under tokio's paused clock, and through the program itself.

use onced::model::entry::{Entry, EntryName};
use onced::model::record::Phase;
use onced::reconcile::Reconciler;
use onced::sandbox::{Execution, Fault, Options, Sandbox, Status};
use serde_json::{Value, json};

use super::process;
use super::stories::{World, desired, entry, on};
use super::support::sandbox::{call, create_machine, machine_arn};

/// A machine with two versions, and an alias that leads to the first one.
fn published(sandbox: &Sandbox, name: &str) -> String {
    create_machine(sandbox, name);
    let machine = machine_arn(name);
    let first = publish(sandbox, &machine);
    let role = "arn:aws:iam::123456789012:role/another";
    let update = json!({"stateMachineArn": machine, "roleArn": role});
    call(sandbox, "UpdateStateMachine", &update);
    publish(sandbox, &machine);
    alias(sandbox, "PROD.eu", &[(&first, 100)]);
    machine
}

fn publish(sandbox: &Sandbox, machine: &str) -> String {
    let published = call(
        sandbox,
        "PublishStateMachineVersion",
        &json!({"stateMachineArn": machine}),
    );
    let version = published["stateMachineVersionArn"].as_str();
    version.expect("an ARN").to_owned()
}

fn alias(sandbox: &Sandbox, name: &str, routes: &[(&str, u32)]) {
    let route = |(version, weight): &(&str, u32)| json!({"stateMachineVersionArn": version, "weight": weight});
    let routes: Vec<Value> = routes.iter().map(route).collect();
    let request = json!({"name": name, "routingConfiguration": routes});
    call(sandbox, "CreateStateMachineAlias", &request);
}

fn named(name: &str, entry: Entry) -> Entry {
    Entry {
        name: EntryName::parse(name).expect("a name"),
        ..entry
    }
}

/// What was started through this entry, in the order of the starts: how it stands.
fn of(world: &World, name: &str) -> Vec<Status> {
    let mut executions = world.sandbox.executions();
    executions.sort_by_key(|execution| execution.start);
    let prefix = format!("test-{name}-");
    let own = executions.iter().filter(|e| e.name.starts_with(&prefix));
    own.map(Execution::status).collect()
}

fn phases(reconciler: &Reconciler) -> Vec<Phase> {
    let records = reconciler.records().values();
    records.map(|record| record.phase).collect()
}

const STOPPED_AND_STARTED: [Status; 2] = [Status::Aborted, Status::Running];

#[tokio::test(start_paused = true)]
async fn after_a_loss_a_raised_version_does_not_run_beside_the_one_before() {
    let world = World::new(Options::default());
    let machine = published(&world.sandbox, "Own");
    let first = on(&format!("{machine}:1"), entry(1, 7_200));
    let mut reconciler = world.reconciler().await;
    let wanted = desired(&[first]);
    world.settle_many(&mut reconciler, &wanted, 10).await;
    drop(reconciler);
    let beside = world.beside();
    let second = on(&format!("{machine}:2"), entry(1, 7_200));
    let mut reconciler = beside.reconciler().await;
    let wanted = desired(&[second]);
    beside.settle_many(&mut reconciler, &wanted, 1_000).await;
    assert_eq!(of(&world, "e"), STOPPED_AND_STARTED);
    beside.settle_many(&mut reconciler, &wanted, 7_300).await;
    assert_eq!(of(&world, "e"), [Status::Aborted, Status::Succeeded]);
}

#[tokio::test(start_paused = true)]
async fn after_a_loss_a_machine_and_its_alias_are_told_apart() {
    let world = World::new(Options::default());
    let machine = published(&world.sandbox, "Own");
    let alias = format!("{machine}:PROD.eu");
    let both = |payload| {
        desired(&[
            named("a", on(&machine, entry(payload, 7_200))),
            named("b", on(&alias, entry(payload, 7_200))),
        ])
    };
    let mut reconciler = world.reconciler().await;
    world.settle_many(&mut reconciler, &both(1), 10).await;
    drop(reconciler);
    let beside = world.beside();
    let mut reconciler = beside.reconciler().await;
    beside.settle_many(&mut reconciler, &both(1), 500).await;
    assert_eq!(phases(&reconciler), [Phase::Running; 2]);
    assert_eq!(
        (of(&world, "a"), of(&world, "b")),
        (vec![Status::Running], vec![Status::Running])
    );
    drop(reconciler);
    let beside = world.beside();
    let mut reconciler = beside.reconciler().await;
    beside.settle_many(&mut reconciler, &both(2), 1_500).await;
    assert_eq!(
        (of(&world, "a"), of(&world, "b")),
        (STOPPED_AND_STARTED.into(), STOPPED_AND_STARTED.into())
    );
    assert!(reconciler.orphans(&both(2)).is_empty());
}

/// A machine's own ARN, a version and an alias in turn, with a ledger that is lost each time, and other contents each time.
#[tokio::test(start_paused = true)]
async fn after_a_loss_what_runs_is_known_under_any_name_of_its_machine() {
    let world = World::new(Options::default());
    let machine = published(&world.sandbox, "Own");
    let names = ["", ":1", ":PROD.eu", ":2", ""];
    for (turn, name) in (0..).zip(names) {
        let wanted = on(&format!("{machine}{name}"), entry(turn, 72_000));
        let wanted = desired(&[wanted]);
        let beside = world.beside();
        let mut reconciler = beside.reconciler().await;
        beside
            .settle_many(&mut reconciler, &wanted, 1_000 * (turn + 1))
            .await;
        let mut expected = vec![Status::Aborted; usize::try_from(turn).unwrap()];
        expected.push(Status::Running);
        assert_eq!(of(&world, "e"), expected, "{name}");
        assert_eq!(phases(&reconciler), [Phase::Running]);
    }
}

#[tokio::test(start_paused = true)]
async fn one_listing_serves_all_names_of_a_machine() {
    let world = World::new(Options::default());
    let machine = published(&world.sandbox, "Own");
    let wanted: Vec<Entry> = [("a", ""), ("b", ":1"), ("c", ":2"), ("d", ":PROD.eu")]
        .into_iter()
        .map(|(name, of)| named(name, on(&format!("{machine}{of}"), entry(1, 7_200))))
        .collect();
    let mut reconciler = world.reconciler().await;
    world
        .settle_many(&mut reconciler, &desired(&wanted), 60)
        .await;
    assert_eq!(phases(&reconciler), [Phase::Running; 4]);
    let calls = world.sandbox.calls().into_iter();
    let listed: Vec<String> = calls
        .filter(|call| call.operation == "ListExecutions")
        .map(|call| call.subject)
        .collect();
    assert_eq!(listed, [machine]);
}

/// What the program of before had listed was one version alone: its machine is listed before anything is started.
#[tokio::test(start_paused = true)]
async fn a_listing_of_before_was_of_a_version_alone() {
    let world = World::new(Options::default());
    let machine = published(&world.sandbox, "Own");
    let reconciler = world.reconciler().await;
    let ledger = reconciler.ledger().clone();
    ledger
        .listed(&format!("{machine}:2"), true)
        .await
        .expect("written");
    drop(reconciler);
    ledger.close().await;
    // Nothing can be listed now.
    world
        .sandbox
        .set_faults(Some(std::sync::Arc::new(|_, operation: &str| {
            if operation == "ListExecutions" {
                Fault::AccessDenied
            } else {
                Fault::None
            }
        })));
    let mut reconciler = world.reconciler().await;
    let wanted = desired(&[on(&format!("{machine}:2"), entry(1, 7_200))]);
    world.settle_many(&mut reconciler, &wanted, 10).await;
    assert!(world.sandbox.executions().is_empty());
    world.sandbox.set_faults(None);
    world.settle_many(&mut reconciler, &wanted, 200).await;
    assert_eq!(of(&world, "e"), [Status::Running]);
}

/// DescribeStateMachine speaks of versions alone, and the sandbox's knows no alias.
#[tokio::test(start_paused = true)]
async fn an_alias_that_describe_does_not_know_is_asked_for_itself() {
    let world = World::new(Options::default());
    let machine = published(&world.sandbox, "Own");
    let known = format!("{machine}:PROD.eu");
    let wanted = desired(&[on(&known, entry(1, 60))]);
    let mut reconciler = world.reconciler().await;
    world.settle_many(&mut reconciler, &wanted, 100).await;
    assert_eq!(of(&world, "e"), [Status::Succeeded]);
    // One that is not there either is refused, and told as what it is.
    let unknown = format!("{machine}:TEST");
    let wanted = desired(&[named("f", on(&unknown, entry(1, 7_200)))]);
    world.settle_many(&mut reconciler, &wanted, 200).await;
    let f = EntryName::parse("f").expect("a name");
    let refused = reconciler
        .records()
        .get(&f)
        .and_then(|record| record.refused.clone());
    let refused = refused.expect("it is refused");
    assert!(
        refused.starts_with("DescribeStateMachine failed: StateMachineDoesNotExist"),
        "{refused}"
    );
    assert!(of(&world, "f").is_empty());
}

/// Which of its versions an execution gets is a matter of chance: one that would run at once is reason enough.
#[tokio::test(start_paused = true)]
async fn an_alias_is_as_good_as_each_of_its_versions() {
    let world = World::new(Options::default());
    let machine = published(&world.sandbox, "Own");
    let at_once = json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}});
    let update = json!({"stateMachineArn": machine, "definition": at_once.to_string()});
    call(&world.sandbox, "UpdateStateMachine", &update);
    let third = publish(&world.sandbox, &machine);
    let first = format!("{machine}:1");
    for (name, weight) in [("MIXED", 10), ("GOOD", 0)] {
        let routes = [(&*first, 100 - weight), (&*third, weight)];
        alias(&world.sandbox, name, &routes);
    }
    let wanted = desired(&[
        named("a", on(&format!("{machine}:MIXED"), entry(1, 7_200))),
        named("b", on(&format!("{machine}:GOOD"), entry(1, 7_200))),
    ]);
    let mut reconciler = world.reconciler().await;
    world.settle_many(&mut reconciler, &wanted, 60).await;
    assert!(of(&world, "a").is_empty());
    assert_eq!(of(&world, "b"), [Status::Running]);
    let a = EntryName::parse("a").expect("a name");
    let refused = reconciler.records()[&a]
        .refused
        .clone()
        .expect("it is refused");
    assert!(refused.contains("does not wait"), "{refused}");
}

/// Names that AWS takes, through the program itself: checked, allowed by a pattern, started, listed, stopped.
#[tokio::test(flavor = "multi_thread")]
async fn names_that_aws_takes_are_taken() {
    let world = process::World::new().await;
    for name in ["Zähler+(x)@=!'s", "カウント"] {
        published(&world.sandbox, name);
    }
    let file = |number: u32| {
        format!(
            "schedules:\n  a: {{at: {day}, state_machine: \"{}:PROD.eu\", input: {{n: {number}}}}}\n  b: {{at: {day}, state_machine: \"{}:2\"}}\n  c: {{at: {day}, lambda: 'f:$LATEST.PUBLISHED'}}\n",
            machine_arn("Zähler+(x)@=!'s"),
            machine_arn("カウント"),
            day = process::day(10),
        )
    };
    world.write("a.yaml", &file(1));
    let checked = world.output(&["check"]);
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stdout)
    );
    let allow = "allow.state_machines=[\"*:Zähler+(x)*\", \"*:カウント:*\"]";
    let _daemon = world.daemon_with(&[allow]);
    world.settles_at(3, 0).await;
    world.write("a.yaml", &file(2));
    world.settles_at(4, 1).await;
    let list = world.list();
    let entries = list["entries"].as_array().expect("entries");
    assert!(
        entries.iter().all(|entry| entry["phase"] == "scheduled"),
        "{list}"
    );
    assert_eq!((&list["orphans"], entries.len()), (&json!([]), 3));
}
