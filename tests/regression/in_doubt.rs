//! Bugs by which something was stopped, doubled or brought back on a doubt (issue 19), each with the test that shows it gone.

use std::fs;
use std::os::unix::fs::FileExt;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use onced::model::entry::{Entry, EntryName};
use onced::model::record::Phase;
use onced::sandbox::{Execution, Fault, Options, Status};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::process::{Running, World, day, entry, file, soon};
use crate::stories;
use crate::support::sandbox::fail;

fn named(name: &str, entry: Entry) -> Entry {
    Entry {
        name: EntryName::parse(name).expect("a name"),
        ..entry
    }
}

/// While an approved mass of stops was waiting to be confirmed, its executions still counted as running: all that was left
/// could be removed without approval, as a small part of the whole.
#[tokio::test(start_paused = true)]
async fn an_approved_mass_lets_nothing_else_go() {
    let world = stories::World::new(Options::default());
    let entries: Vec<Entry> = (0..120)
        .map(|n| named(&format!("e{n:03}"), stories::entry(n, 86_400)))
        .collect();
    let mut reconciler = world.reconciler().await;
    let all = stories::desired(&entries);
    world.settle_many(&mut reconciler, &all, 60).await;
    assert_eq!(world.history().len(), 120);
    let twenty = stories::desired(&entries[100..]);
    world.settle_many(&mut reconciler, &twenty, 100).await;
    let report = reconciler.reconcile(&twenty, &|| false).await;
    let digest = report.digest.expect("100 of 120 are held");
    let approved = reconciler.approve(&digest, &twenty).await;
    assert_eq!(approved, Ok(100));
    // How the stops end is not seen for long.
    let asks = |_: u64, operation: &str| match operation {
        "DescribeExecution" => Fault::Throttle,
        _ => Fault::None,
    };
    world.sandbox.set_faults(Some(Arc::new(asks)));
    world.settle_many(&mut reconciler, &twenty, 110).await;
    let none = stories::desired(&[]);
    world.settle_many(&mut reconciler, &none, 200).await;
    let report = reconciler.reconcile(&none, &|| false).await;
    let why = report.guard.expect("the other 20 are held");
    assert!(why.contains("20 of 20"), "{why}");
    let running = world.history().into_iter();
    let running = running.filter(|(_, status)| *status == Status::Running);
    assert_eq!(running.count(), 20);
}

fn statuses(world: &World) -> Vec<Status> {
    let executions = world.sandbox.executions();
    executions.iter().map(Execution::status).collect()
}

/// An entry whose start was under way when its file was spoiled counted as gone once its record landed: doubt had been
/// computed before, from the records that there were. Its time was near, so it was stopped at once, and never fired.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_under_way_when_doubt_begins_is_not_stopped() {
    type Spoil = fn(&World, &str);
    let spoil: [(&str, Spoil); 3] = [
        ("the file is invalid", |world, text| {
            world.write("pay.yaml", &format!("{text}  other: [\n"));
        }),
        ("another file takes the name", |world, text| {
            world.write("other.yaml", text);
        }),
        ("the directory is away", |world, _| {
            let away = world.root.path().join("away");
            fs::rename(world.path(""), &away).expect("moved");
            std::thread::spawn({
                let (away, back) = (away, world.path(""));
                move || {
                    std::thread::sleep(Duration::from_secs(2));
                    fs::rename(away, back).expect("moved back");
                }
            });
        }),
    ];
    for (what, spoil) in spoil {
        let world = World::new().await;
        let _daemon = world.daemon_with(&["reconcile.stop_after=30s"]);
        world.write("anchor.yaml", &file(&[("anchor", &day(10))]));
        world.settles_at(1, 0).await;
        let slow = |_: u64, operation: &str| match operation {
            "StartExecution" => Fault::Slow(Duration::from_millis(1_500)),
            _ => Fault::None,
        };
        world.sandbox.set_faults(Some(Arc::new(slow)));
        let text = file(&[("pay", &soon(8))]);
        world.write("pay.yaml", &text);
        sleep(Duration::from_millis(700)).await;
        spoil(&world, &text);
        sleep(Duration::from_secs(9)).await;
        assert_eq!(world.wire(), (2, 0), "{what}");
        let expected = [Status::Running, Status::Succeeded];
        assert_eq!(statuses(&world), expected, "{what}");
    }
}

/// A file that was renamed, and spoiled at once under its new name, had its entries stopped: the invalid file did not
/// mention them, and their own was gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_renamed_and_spoiled_at_once_may_hold_what_it_held() {
    let text = file(&[("pay", &day(10)), ("pray", &day(10))]);
    let spoiled = [
        String::new(),
        text[..text.len() / 3].to_owned(),
        "\0".repeat(text.len()),
        "<html><body>502 Bad Gateway</body></html>\n".to_owned(),
    ];
    let mut cases = JoinSet::new();
    for spoiled in spoiled {
        for over in [false, true] {
            cases.spawn(renamed_and_spoiled(text.clone(), spoiled.clone(), over));
        }
    }
    while let Some(case) = cases.join_next().await {
        case.expect("no case panics");
    }
}

/// `over`: there is a good file of that name.
async fn renamed_and_spoiled(text: String, spoiled: String, over: bool) {
    let world = World::new().await;
    world.write("a.yaml", &text);
    if over {
        world.write("b.yaml", &file(&[("other", &day(10))]));
    }
    let starts = if over { 3 } else { 2 };
    let daemon = world.daemon();
    world.settles_at(starts, 0).await;
    fs::rename(world.path("a.yaml"), world.path("b.yaml")).expect("renamed");
    fs::write(world.path("b.yaml"), &spoiled).expect("written");
    sleep(Duration::from_secs(3)).await;
    assert_eq!(world.wire(), (starts, 0), "{spoiled:?}");
    let list = world.list();
    let entries = list["entries"].as_array().expect("entries");
    let held = entries.iter().find(|entry| entry["name"] == "pay");
    let why = held.expect("an entry")["held"].as_str().unwrap_or_default();
    let is_said = why.contains("may be `b.yaml` now") || why.contains("mentions it");
    assert!(is_said, "{spoiled:?}: {why}");
    // After a restart as well.
    drop(daemon);
    let _again = world.daemon();
    sleep(Duration::from_secs(3)).await;
    assert_eq!(world.wire(), (starts, 0), "{spoiled:?}");
    // Once it can be read, what it does not hold is gone.
    world.write("b.yaml", &file(&[("pray", &day(10))]));
    world.settles_at(starts, starts - 1).await;
}

/// A typing error in `state_machine`, of the configuration or of an entry: each execution was stopped as changed, then each
/// start was refused, and nothing fired.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_stopped_for_a_machine_that_can_not_be_used() {
    let world = World::new().await;
    let at = day(10);
    let text = file(&[("a", &at), ("b", &at), ("c", &at)]);
    world.write("a.yaml", &text);
    let daemon = world.daemon();
    world.settles_at(3, 0).await;
    drop(daemon);
    // Express machines can't be stopped; the other one does not wait; the last one is not there.
    let create = |name: &str, kind: &str, definition: &str| {
        let body = serde_json::json!({"name": name, "type": kind, "roleArn": "arn:aws:iam::123456789012:role/r", "definition": definition});
        let body = body.to_string();
        let made = world
            .sandbox
            .call("AWSStepFunctions.CreateStateMachine", body.as_bytes());
        assert_eq!(made.status, 200, "{}", made.body);
    };
    let waits = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","TimestampPath":"$.invocationTime","End":true}}}"#;
    create("Express", "EXPRESS", waits);
    create(
        "AtOnce",
        "STANDARD",
        r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#,
    );
    let named = |name: &str| world.machine().replace("OneTimeLambdaScheduler", name);
    let held = || {
        let list = world.list();
        let entries = list["entries"].as_array().expect("entries").clone();
        let held = entries.iter().map(|entry| {
            assert_eq!(entry["phase"], "scheduled", "{entry}");
            entry["held"].as_str().unwrap_or_default().to_owned()
        });
        held.collect::<Vec<String>>()
    };
    let until = async |is: &dyn Fn() -> bool| {
        let begun = std::time::Instant::now();
        while !is() {
            assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", held());
            sleep(Duration::from_millis(100)).await;
        }
    };
    for (machine, why) in [
        ("Express", "of type EXPRESS"),
        ("AtOnce", "does not wait"),
        ("OneTimeLambdaSheduler", "StateMachineDoesNotExist"),
    ] {
        // By the configuration.
        let mut run = world.command_on(&named(machine), &["run"]);
        let daemon = Running(run.stderr(Stdio::null()).spawn().expect("onced starts"));
        // What was written before the daemon watched waits a little longer.
        until(&|| held().iter().all(|held| held.contains(why))).await;
        assert_eq!(world.wire().1, 0, "{machine}");
        drop(daemon);
        // By the entry.
        let daemon = world.daemon();
        let of_entry = format!("  a: {{at: {at}, state_machine: '{}'}}\n", named(machine));
        world.write("a.yaml", &text.replace(&entry("a", &at), &of_entry));
        until(&|| held()[0].contains(why)).await;
        assert_eq!(world.wire().1, 0, "{machine}");
        world.write("a.yaml", &text);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(held(), ["", "", ""], "{machine}");
        drop(daemon);
    }
    // One that can be used takes over.
    create("Other", "STANDARD", waits);
    let of_entry = format!("  a: {{at: {at}, state_machine: '{}'}}\n", named("Other"));
    world.write("a.yaml", &text.replace(&entry("a", &at), &of_entry));
    let _daemon = world.daemon();
    world.settles_at(4, 1).await;
}

/// After a loss, what a renamed entry was to adopt could not be asked for; the process ended, and it fired; the next process
/// listed nothing, and it was started, and fired, once more under the new name.
#[tokio::test(start_paused = true)]
async fn what_a_listing_showed_outlives_the_process() {
    let world = stories::World::new(Options::default());
    let mut reconciler = world.reconciler().await;
    let old = stories::desired(&[stories::entry(1, 300)]);
    world.settle_many(&mut reconciler, &old, 10).await;
    drop(reconciler);
    // Another ledger, which knows nothing; and the entry has another name now.
    let again = world.beside();
    let faults = |_: u64, operation: &str| match operation {
        "DescribeExecution" => Fault::AccessDenied,
        _ => Fault::None,
    };
    world.sandbox.set_faults(Some(Arc::new(faults)));
    let new = stories::desired(&[named("renamed", stories::entry(1, 300))]);
    let mut reconciler = again.reconciler().await;
    again.settle_many(&mut reconciler, &new, 120).await;
    drop(reconciler);
    sleep(Duration::from_mins(4)).await;
    assert_eq!(world.history(), [("0".to_owned(), Status::Succeeded)]);
    let mut reconciler = again.reconciler().await;
    again.settle_many(&mut reconciler, &new, 420).await;
    world.sandbox.set_faults(None);
    again.settle_many(&mut reconciler, &new, 1_200).await;
    assert_eq!(world.history(), [("0".to_owned(), Status::Succeeded)]);
    let record = reconciler.records().values();
    let record = record.into_iter().find(|r| r.name.as_str() == "renamed");
    assert_eq!(record.map(|record| record.phase), Some(Phase::Ended));
}

/// A start without an answer was stopped after a restart because its name asked for something else by then, although another
/// name asked for exactly what it did: contents had been exchanged while the daemon was dead. The churn found it.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_an_answer_goes_with_its_content() {
    let world = World::new().await;
    let (one, other) = (day(10), day(11));
    fail(&world.sandbox, "StartExecution", Fault::LostAfter);
    world.write("a.yaml", &file(&[("a", &one)]));
    let daemon = world.daemon();
    while world.sandbox.executions().is_empty() {
        sleep(Duration::from_millis(10)).await;
    }
    drop(daemon);
    world.sandbox.set_faults(None);
    world.write("a.yaml", &file(&[("a", &other), ("b", &one)]));
    let _daemon = world.daemon();
    let begun = std::time::Instant::now();
    while world.sandbox.executions().len() < 2 && begun.elapsed() < Duration::from_mins(1) {
        sleep(Duration::from_millis(20)).await;
    }
    sleep(Duration::from_secs(3)).await;
    assert_eq!(world.wire().1, 0, "nothing is stopped");
    assert_eq!(statuses(&world), [Status::Running, Status::Running]);
    let list = world.list();
    let entries = list["entries"].as_array().expect("entries").iter();
    let arns: Vec<&str> = entries
        .filter_map(|entry| entry["execution_name"].as_str())
        .collect();
    assert!(
        arns.len() == 2 && arns[1].starts_with("test-a-"),
        "{arns:?}"
    );
}

/// A file was renamed and spoiled, and another one made in its place; a daemon that began after that took its entries for
/// removed, since the file that they were recorded in could be read. The churn found it.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_renamed_and_spoiled_before_a_restart_may_hold_what_it_held() {
    let world = World::new().await;
    let kept = file(&[("kept", &day(10))]);
    world.write("a.yaml", &kept);
    world.write("b.yaml", &file(&[("other", &day(11))]));
    let daemon = world.daemon();
    world.settles_at(2, 0).await;
    sleep(Duration::from_secs(1)).await;
    drop(daemon);
    fs::rename(world.path("a.yaml"), world.path("c.yaml")).expect("renamed");
    world.write("c.yaml", "\0\0\0\0\0\0\0\0");
    world.write("a.yaml", &file(&[("new", &day(12))]));
    let daemon = world.daemon();
    sleep(Duration::from_secs(5)).await;
    world.settles_at(3, 0).await;
    let plan = world.output(&["plan"]);
    let plan = String::from_utf8_lossy(&plan.stdout).into_owned();
    assert!(
        plan.contains("may have got it while onced was not running"),
        "{plan}"
    );
    // What this process has seen is gone once it is removed.
    world.write("b.yaml", "schedules: {}\n");
    world.settles_at(3, 1).await;
    world.write("c.yaml", &kept);
    sleep(Duration::from_secs(3)).await;
    world.settles_at(3, 1).await;
    world.write("c.yaml", "schedules: {}\n");
    world.settles_at(3, 2).await;
    drop(daemon);
}

/// An entry was split off into another file and renamed there while its old file was being written. That one counted as it
/// was, with the old name in it: the new name was started beside what ran, and both fired. The churn found it.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_a_file_that_is_being_written_may_be_another_one_by_now() {
    let world = World::new().await;
    let at = soon(600);
    world.write("a.yaml", &file(&[("old", &at)]));
    let _daemon = world.daemon();
    world.settles_at(1, 0).await;
    sleep(Duration::from_secs(3)).await;
    // It is open, and nothing has been written yet.
    let mut open = fs::OpenOptions::new()
        .append(true)
        .open(world.path("a.yaml"))
        .expect("opened");
    std::io::Write::write_all(&mut open, b"# more\n").expect("written");
    sleep(Duration::from_millis(500)).await;
    world.write("b.yaml", &file(&[("new", &at)]));
    sleep(Duration::from_secs(4)).await;
    assert_eq!(
        world.wire(),
        (1, 0),
        "it is not known yet whether both ask for it"
    );
    open.set_len(0).expect("emptied");
    std::io::Write::write_all(&mut open, b"schedules: {}\n").expect("written");
    drop(open);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(world.wire(), (1, 0), "what runs goes with its content");
    let list = world.list();
    let name = |entry: &serde_json::Value| entry["name"].as_str().map(str::to_owned);
    let entries = list["entries"].as_array().expect("entries");
    let running = entries
        .iter()
        .filter(|entry| entry["execution_name"].is_string());
    let running: Vec<_> = running.filter_map(name).collect();
    assert!(running.contains(&"new".to_owned()), "{list}");
}

/// A person stopped an execution after its time, AWS did not say whether it had fired by then, and its entry was renamed
/// within its grace: the new name was started, and fired once more. The churn found it.
#[tokio::test(start_paused = true)]
async fn what_was_aborted_after_its_time_may_have_fired() {
    let world = stories::World::new(Options {
        task_time: Duration::from_secs(10),
        ..Options::default()
    });
    let due = stories::entry(1, 60);
    let mut reconciler = world.reconciler().await;
    let old = stories::desired(std::slice::from_ref(&due));
    world.settle(&mut reconciler, &old).await;
    sleep(Duration::from_secs(62)).await;
    let arn = world.sandbox.executions()[0].arn.clone();
    let stop = format!("{{\"executionArn\":\"{arn}\"}}");
    let answer = world
        .sandbox
        .call("AWSStepFunctions.StopExecution", stop.as_bytes());
    assert_eq!(answer.status, 200);
    fail(&world.sandbox, "GetExecutionHistory", Fault::Throttle);
    world.settle_many(&mut reconciler, &old, 64).await;
    let record = reconciler.records().values().next().expect("a record");
    let outcome = record.outcome.as_deref().expect("it is over");
    assert_eq!(
        (outcome.status.as_str(), outcome.fired),
        ("aborted", None),
        "it is not known whether it fired"
    );
    let new = stories::desired(&[named("f", due)]);
    world.settle_many(&mut reconciler, &new, 150).await;
    assert_eq!(world.history(), [("0".to_owned(), Status::Aborted)]);
}

/// A daemon that began while a program wrote over a file, and paused, took what stood there in that moment for what was meant: an entry was stopped as disabled. The churn found it.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_being_written_before_a_start_is_not_believed_at_once() {
    for _ in 0..10 {
        if written_over_a_start().await {
            return;
        }
    }
    panic!("a pause of 1.5 s always took more than 1.9");
}

/// `false`: the writer came back so late that nothing is shown by it.
async fn written_over_a_start() -> bool {
    let world = World::new().await;
    let text = file(&[("pay", &day(10))]).replace("lambda: f", "lambda: f, enabled: true ");
    let at = text.find("true ").expect("it is there") as u64;
    world.write("a.yaml", &text);
    let daemon = world.daemon();
    world.settles_at(1, 0).await;
    drop(daemon);
    let open = fs::OpenOptions::new()
        .write(true)
        .open(world.path("a.yaml"));
    let open = open.expect("opened");
    let begun = std::time::Instant::now();
    open.write_all_at(b"false", at).expect("written");
    let _daemon = world.daemon();
    sleep(Duration::from_millis(1_500)).await;
    open.write_all_at(b"true ", at).expect("written");
    drop(open);
    if begun.elapsed() > Duration::from_millis(1_900) {
        return false;
    }
    sleep(Duration::from_secs(4)).await;
    assert_eq!(world.wire(), (1, 0), "nobody has switched it off");
    // What is meant is done in the end.
    world.write("a.yaml", &text.replace("true ", "false"));
    world.settles_at(1, 1).await;
    true
}

/// Two installations with ledgers of their own look after one folder. While one of them slept, the other one stopped an
/// execution, started the next of the same content, and gave that to a new name. The first one woke up, gave the new name
/// what it still took to run, and stopped what did run as what the old name no longer asks for. The churn found it.
#[tokio::test(start_paused = true)]
async fn what_another_ledger_has_begun_is_not_stopped_for_what_has_ended() {
    let world = stories::World::new(Options::default());
    let beside = world.beside();
    let (first, other) = (stories::entry(1, 7200), stories::entry(2, -7200));
    let old = stories::desired(std::slice::from_ref(&first));
    let none = stories::desired(&[]);
    let renamed = stories::desired(&[named("f", first.clone()), other.clone()]);
    let (mut a, mut b) = (world.reconciler().await, beside.reconciler().await);
    world.settle_many(&mut a, &old, 10).await;
    beside.settle_many(&mut b, &old, 200).await;
    assert_eq!(b.records().len(), 1);
    // The second one sleeps.
    world.settle_many(&mut a, &none, 400).await;
    world.settle_many(&mut a, &old, 500).await;
    world.settle_many(&mut a, &renamed, 600).await;
    let running = [
        ("0".to_owned(), Status::Aborted),
        ("1".to_owned(), Status::Running),
    ];
    assert_eq!(world.history()[..2], running);
    drop(b);
    // The name is seen before the listing; how the old execution ended is seen late.
    let asked = AtomicUsize::new(0);
    let slow = move |_: u64, operation: &str| match operation {
        "ListExecutions" => Fault::Slow(Duration::from_secs(2)),
        "DescribeExecution" if asked.fetch_add(1, Ordering::Relaxed) == 1 => {
            Fault::Slow(Duration::from_secs(8))
        }
        _ => Fault::None,
    };
    world.sandbox.set_faults(Some(Arc::new(slow)));
    let mut b = beside.reconciler().await;
    beside.settle_many(&mut b, &renamed, 1500).await;
    assert!(b.orphans(&renamed).is_empty());
    assert_eq!(world.history()[..2], running, "nobody has removed it");
    assert_eq!(world.history().len(), 2, "{:?}", world.history());
}

/// A start was not answered, its entry was changed, and what never began could not be stopped. Meanwhile another installation
/// started what the entry asks for now: that was shown as nobody's, for a person to stop. The churn found it.
#[tokio::test(start_paused = true)]
async fn what_another_ledger_has_begun_for_a_changed_entry_is_not_nobodys() {
    let world = stories::World::new(Options::default());
    let beside = world.beside();
    let (first, second) = (stories::entry(1, 7200), stories::entry(2, 7200));
    let (old, new) = (stories::desired(&[first]), stories::desired(&[second]));
    let (mut a, mut b) = (world.reconciler().await, beside.reconciler().await);
    fail(&world.sandbox, "StartExecution", Fault::Status500);
    a.reconcile(&old, &|| false).await;
    world.settle_many(&mut a, &new, 5).await;
    world.sandbox.set_faults(None);
    beside.settle_many(&mut b, &new, 30).await;
    assert_eq!(world.history(), [("0".to_owned(), Status::Running)]);
    world.settle_many(&mut a, &new, 1_100).await;
    let phase = a.records().values().next().map(|record| record.phase);
    assert_eq!(phase, Some(Phase::Stopping), "it may still arrive");
    assert!(a.orphans(&new).is_empty());
    assert_eq!(world.history(), [("0".to_owned(), Status::Running)]);
}
