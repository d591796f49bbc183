//! Time that is not what it seems: a clock that is set, a machine that slept, and the moment after which no call is begun.
//! The daemon's clock is the sandbox's, off by as many seconds as a test says; tokio's own goes on as ever.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use onced::daemon::set_clock::Uptime;
use onced::daemon::socket::{Order, What};
use onced::model::brake::{Brake, HeldBy, Holds};
use onced::model::entry::{Entry, EntryName};
use onced::model::record::Phase;
use onced::reconcile::{Desired, Reconciler};
use onced::sandbox::{Fault, Options, Status};
use tokio::sync::oneshot;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::process;
use crate::stories::{World, begin, desired, entry};
use crate::support::daemon::Alive;
use crate::support::sandbox::fail;

/// Goes on as the daemon would, for so many minutes of tokio's clock.
async fn live(world: &World, reconciler: &mut Reconciler, wanted: &Desired, minutes: i64) {
    let until = (world.sandbox.now() - begin()).num_seconds() + minutes * 60;
    world.settle_many(reconciler, wanted, until).await;
}

fn set(world: &World, off: TimeDelta) {
    world.off.store(off.num_seconds(), Ordering::Relaxed);
}

/// What failed while the clock was two hours ahead is tried again a moment later, not two hours later.
#[tokio::test(start_paused = true)]
async fn a_clock_that_was_ahead_delays_no_retry() {
    let world = World::new(Options::default());
    let wanted = desired(&[entry(1, 86_400)]);
    let mut reconciler = world.reconciler().await;
    set(&world, TimeDelta::hours(2));
    fail(&world.sandbox, "StartExecution", Fault::Status500);
    live(&world, &mut reconciler, &wanted, 5).await;
    assert!(world.sandbox.executions().is_empty());
    world.sandbox.set_faults(None);
    set(&world, TimeDelta::zero());
    live(&world, &mut reconciler, &wanted, 2).await;
    assert_eq!(world.history(), [("0".to_owned(), Status::Running)]);
}

/// Listings go on after the clock was set back, and what they cast doubt on is asked for.
#[tokio::test(start_paused = true)]
async fn a_clock_that_was_ahead_delays_no_listing() {
    let world = World::new(Options::default());
    let wanted = desired(&[entry(1, 86_400)]);
    let mut reconciler = world.reconciler().await;
    set(&world, TimeDelta::hours(3));
    world.settle(&mut reconciler, &wanted).await;
    set(&world, TimeDelta::zero());
    let arn = world.sandbox.executions()[0].arn.clone();
    let body = format!("{{\"executionArn\":\"{arn}\"}}");
    world
        .sandbox
        .call("AWSStepFunctions.StopExecution", body.as_bytes());
    live(&world, &mut reconciler, &wanted, 17).await;
    let record = reconciler.records().values().next().unwrap();
    assert_eq!(
        record.outcome.as_ref().map(|o| o.status.as_str()),
        Some("aborted")
    );
}

/// A start of unknown fate, recorded by a clock that was a year ahead: after 20 minutes it is known to be lost.
#[tokio::test(start_paused = true)]
async fn a_wait_that_began_in_the_future_has_an_end() {
    let world = World::new(Options::default());
    let first = desired(&[entry(1, 500 * 86_400)]);
    let mut reconciler = world.reconciler().await;
    set(&world, TimeDelta::days(365));
    fail(&world.sandbox, "StartExecution", Fault::LostBefore);
    live(&world, &mut reconciler, &first, 2).await;
    let record = reconciler.records().values().next().unwrap();
    assert!(record.in_doubt.is_some_and(|at| at > world.sandbox.now()));
    world.sandbox.set_faults(None);
    set(&world, TimeDelta::zero());
    // Even where another process goes on.
    drop(reconciler);
    let mut reconciler = world.reconciler().await;
    let other = desired(&[entry(2, 86_400)]);
    live(&world, &mut reconciler, &other, 19).await;
    assert!(world.sandbox.executions().is_empty(), "not too soon");
    live(&world, &mut reconciler, &other, 10).await;
    assert_eq!(world.history(), [("0".to_owned(), Status::Running)]);
}

/// A process that began with a clock 400 days ahead forgot what had fired, although it held everything until AWS had said
/// what time it is: renamed within its grace, an entry fired twice. The simulation found it.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_not_believed_forgets_nothing() {
    let world = World::new(Options::default());
    let fires = entry(1, 20);
    let later = entry(2, 86_400);
    let mut reconciler = world.reconciler().await;
    live(
        &world,
        &mut reconciler,
        &desired(std::slice::from_ref(&fires)),
        1,
    )
    .await;
    // Its name asks for something else, so that its record is of that.
    live(
        &world,
        &mut reconciler,
        &desired(std::slice::from_ref(&later)),
        1,
    )
    .await;
    drop(reconciler);
    set(&world, TimeDelta::days(400));
    let off = Brake {
        why: "the clock is 400 days ahead".into(),
        by: HeldBy::Clock,
        holds: Holds::Everything,
        until: None,
    };
    let unsure = Desired {
        brakes: vec![off],
        ..desired(std::slice::from_ref(&later))
    };
    let mut reconciler = world.reconciler().await;
    world.settle(&mut reconciler, &unsure).await;
    drop(reconciler);
    set(&world, TimeDelta::zero());
    let renamed = Entry {
        name: EntryName::parse("renamed").expect("a name"),
        ..fires
    };
    let mut reconciler = world.reconciler().await;
    live(&world, &mut reconciler, &desired(&[later, renamed]), 1).await;
    assert_eq!(world.history().len(), 2, "{:?}", world.history());
}

/// Once it may call no more, nothing is begun, not even the rest of a step; and all of it goes on later.
#[tokio::test(start_paused = true)]
async fn after_the_end_no_call_is_begun() {
    let world = World::new(Options::default());
    let mut reconciler = world.reconciler().await;
    let calls = || world.sandbox.calls().len();
    world.end.send_replace(true);
    let report = reconciler
        .reconcile(&desired(&[entry(1, 86_400)]), &|| false)
        .await;
    assert_eq!((calls(), report.done.len()), (0, 0));
    assert!(reconciler.records().is_empty());
    world.end.send_replace(false);
    world
        .settle(&mut reconciler, &desired(&[entry(1, 86_400)]))
        .await;
    // It ends while a stop is on its way: how that execution ended is asked for by the next process.
    let end = world.end.clone();
    world
        .sandbox
        .set_faults(Some(Arc::new(move |_, operation: &str| {
            if operation == "StopExecution" {
                end.send_replace(true);
            }
            Fault::None
        })));
    let before = calls();
    reconciler
        .reconcile(&desired(&[entry(2, 86_400)]), &|| false)
        .await;
    let after: Vec<String> = world.sandbox.calls()[before..]
        .iter()
        .map(|call| call.operation.clone())
        .collect();
    assert_eq!(after, ["StopExecution"]);
    let record = reconciler.records().values().next().unwrap();
    assert_eq!((record.phase, record.stop_taken), (Phase::Stopping, true));
    world.sandbox.set_faults(None);
    world.end.send_replace(false);
    drop(reconciler);
    let mut reconciler = world.reconciler().await;
    world
        .settle(&mut reconciler, &desired(&[entry(2, 86_400)]))
        .await;
    let history = world.history();
    let count = |status| history.iter().filter(|(_, s)| *s == status).count();
    let counts = (count(Status::Aborted), count(Status::Running));
    assert_eq!((history.len(), counts), (2, (1, 1)));
}

fn write(directory: &Path, entries: &[(&str, DateTime<Utc>)]) {
    let lines: Vec<String> = entries
        .iter()
        .map(|(name, at)| format!("  {name}: {{at: {}, lambda: f}}\n", at.format("%FT%TZ")))
        .collect();
    let text = if lines.is_empty() {
        "schedules: {}\n".to_owned()
    } else {
        format!("schedules:\n{}", lines.concat())
    };
    fs::write(directory.join("beside"), text).expect("written");
    fs::rename(directory.join("beside"), directory.join("a.yaml")).expect("renamed");
}

/// The same, so long ago by the file's own clock that it is not waited for: nobody can set the time of a change of status.
fn write_a_while_ago(directory: &Path, entries: &[(&str, DateTime<Utc>)]) {
    write(directory, entries);
    std::thread::sleep(Duration::from_millis(3_100));
}

/// The machine sleeps, and the timers with it: an entry that came within the horizon meanwhile is started a few seconds
/// after it woke up, long before the next `resync`.
#[tokio::test(start_paused = true)]
async fn after_a_sleep_what_is_due_is_done_at_once() {
    let world = World::new(Options::default());
    let directory = tempfile::tempdir().unwrap();
    let at = begin() + TimeDelta::days(300) + TimeDelta::hours(5);
    write(directory.path(), &[("e", at)]);
    // A clock that runs while the machine sleeps: the time did pass.
    let clock = world.clock();
    let uptime = move || {
        (clock() - begin())
            .to_std()
            .expect("not before the beginning")
    };
    let uptime: Uptime = Arc::new(uptime);
    let alive = Alive::with(
        &world,
        directory.path(),
        Duration::from_hours(24),
        |daemon| daemon.counting_sleep(Arc::clone(&uptime)),
    )
    .await;
    sleep(Duration::from_mins(2)).await;
    assert!(world.sandbox.executions().is_empty(), "it is deferred");
    set(&world, TimeDelta::hours(6));
    sleep(Duration::from_secs(15)).await;
    assert_eq!(world.sandbox.executions().len(), 1);
    alive.end().await;
}

/// F33, F34: the clock is set by more than a year, ahead or back, by mistake. Nothing is started, stopped, looked at or
/// written off by it; AWS's clock says that it is wrong; and once it is right again, everything goes on.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_is_not_believed() {
    for off in [TimeDelta::days(400), TimeDelta::days(-400)] {
        let world = World::new(Options::default());
        let directory = tempfile::tempdir().unwrap();
        let at = begin() + TimeDelta::days(1);
        let resync = Duration::from_secs(10);
        write(directory.path(), &[("a", at), ("b", at)]);
        let alive = Alive::new(&world, directory.path(), resync).await;
        sleep(Duration::from_mins(2)).await;
        assert_eq!(world.history().len(), 2);
        // A start of unknown fate, which by a clock that is far ahead was too late.
        fail(&world.sandbox, "StartExecution", Fault::LostBefore);
        write(
            directory.path(),
            &[("a", at), ("b", at), ("c", at + TimeDelta::hours(1))],
        );
        sleep(Duration::from_secs(30)).await;
        set(&world, off);
        sleep(Duration::from_secs(15)).await;
        world.sandbox.set_faults(None);
        let before = world.sandbox.calls().len();
        write(
            directory.path(),
            &[("a", at), ("c", at + TimeDelta::hours(1)), ("d", at)],
        );
        sleep(Duration::from_mins(8)).await;
        let calls = world.sandbox.calls();
        let others: Vec<_> = calls[before..]
            .iter()
            .filter(|call| call.operation != "ListExecutions")
            .collect();
        assert!(others.is_empty(), "{off}: {others:?}");
        let held = {
            let moment = alive.moments.borrow().clone().expect("a pass");
            moment.plan().held
        };
        assert!(
            held.iter()
                .any(|held| held.reason.contains("differs from AWS's by")),
            "{off}: {held:?}"
        );
        set(&world, TimeDelta::zero());
        sleep(Duration::from_mins(3)).await;
        let names: Vec<(String, Status)> = world
            .sandbox
            .executions()
            .iter()
            .map(|e| (e.name[5..6].to_owned(), e.status()))
            .collect();
        let running = |name: &str| {
            names
                .iter()
                .any(|(of, status)| of == name && *status == Status::Running)
        };
        assert!(running("a") && running("c"), "{off}: {names:?}");
        // d asks for what b asked for, and b is gone: it has its execution.
        assert!(running("b") && names.len() == 3, "{off}: {names:?}");
        alive.end().await;
    }
}

/// A clock that was wrong from the beginning, and is set right: a minute later all begins.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_right_is_believed_after_a_minute() {
    let world = World::new(Options::default());
    let directory = tempfile::tempdir().unwrap();
    let at = begin() + TimeDelta::days(1);
    write(directory.path(), &[("a", at)]);
    set(&world, TimeDelta::hours(-2));
    let resync = Duration::from_secs(10);
    let alive = Alive::new(&world, directory.path(), resync).await;
    sleep(Duration::from_mins(2)).await;
    set(&world, TimeDelta::zero());
    sleep(Duration::from_secs(12)).await;
    write(
        directory.path(),
        &[("a", at), ("b", at + TimeDelta::hours(1))],
    );
    sleep(Duration::from_secs(30)).await;
    assert_eq!(world.history().len(), 0, "it is not believed yet");
    sleep(Duration::from_mins(1)).await;
    assert_eq!(world.history().len(), 2);
    // A little is no matter.
    set(&world, TimeDelta::minutes(4));
    write(
        directory.path(),
        &[
            ("a", at),
            ("b", at + TimeDelta::hours(1)),
            ("c", at + TimeDelta::hours(2)),
        ],
    );
    sleep(Duration::from_secs(30)).await;
    assert_eq!(world.history().len(), 3);
    alive.end().await;
}

/// An approval whose asker was told already that the daemon is busy is not carried out behind its back.
#[tokio::test(start_paused = true)]
async fn an_approval_that_nobody_waits_for_any_more_is_not_carried_out() {
    let world = World::new(Options::default());
    let directory = tempfile::tempdir().unwrap();
    let at = begin() + TimeDelta::days(1);
    let names: Vec<String> = (0..8).map(|n| format!("e{n}")).collect();
    let all: Vec<_> = names.iter().map(|name| (name.as_str(), at)).collect();
    write(directory.path(), &all);
    let resync = Duration::from_secs(10);
    let alive = Alive::new(&world, directory.path(), resync).await;
    sleep(Duration::from_mins(1)).await;
    write(directory.path(), &[]);
    sleep(Duration::from_mins(2)).await;
    let digest = || {
        let moment = alive.moments.borrow().clone();
        moment.expect("a pass").plan().digest
    };
    let stopped = || {
        let all = world.history();
        all.iter().filter(|(_, s)| *s == Status::Aborted).count()
    };
    let ask = || {
        let (answer, answered) = oneshot::channel();
        let what = What::Approve(digest());
        (Order { what, answer }, answered)
    };
    let (approval, given_up) = ask();
    drop(given_up);
    alive.orders.send(approval).await.unwrap();
    sleep(Duration::from_mins(2)).await;
    assert_eq!(stopped(), 0);
    let (approval, answered) = ask();
    alive.orders.send(approval).await.unwrap();
    assert_eq!(answered.await.unwrap().unwrap()["approved"], 8);
    sleep(Duration::from_mins(2)).await;
    assert_eq!(stopped(), 8);
    alive.end().await;
}

/// Everything that AWS was asked for, but listings.
fn decided(world: &World) -> Vec<String> {
    let calls = world.sandbox.calls().into_iter();
    let others = calls.filter(|call| call.operation != "ListExecutions");
    others.map(|call| call.operation).collect()
}

/// Each entry's phase, and why it is held.
fn shown(alive: &Alive) -> Vec<(String, String, String)> {
    let moment = alive.moments.borrow().clone().expect("a pass");
    let entries = moment.list().entries.into_iter();
    entries
        .map(|entry| {
            let held = entry.held.unwrap_or_default();
            (entry.name.to_string(), entry.phase, held)
        })
        .collect()
}

fn phases(alive: &Alive) -> Vec<(String, String)> {
    let shown = shown(alive).into_iter();
    shown.map(|(name, phase, _)| (name, phase)).collect()
}

/// An entry that is an hour late, one that is due soon, one that is due later, and one beyond the horizon.
fn of_all_kinds() -> Vec<(&'static str, DateTime<Utc>)> {
    let far = TimeDelta::days(340);
    [
        ("a-late", TimeDelta::hours(-1)),
        ("b-soon", TimeDelta::minutes(6)),
        ("c-later", TimeDelta::days(1)),
        ("d-far", far),
    ]
    .map(|(name, ahead)| (name, begin() + ahead))
    .into()
}

fn pairs<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    let owned = pairs.iter();
    owned
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect()
}

const RIGHT: [(&str, &str); 4] = [
    ("a-late", "missed"),
    ("b-soon", "scheduled"),
    ("c-later", "scheduled"),
    ("d-far", "deferred"),
];

/// F33, F34: the clock is wrong when the daemon starts: ten minutes ahead, at 1970 (no battery), in 2099, two hours behind.
/// Nothing is started, missed or put off by it, and it is said; once it is right, everything is as it would have been.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_at_start_decides_nothing() {
    let year = |year: i32| DateTime::<Utc>::from_timestamp(i64::from(year - 1970) * 31_556_952, 0);
    let offs = [
        TimeDelta::minutes(10),
        year(1970).expect("a year") - begin(),
        year(2099).expect("a year") - begin(),
        TimeDelta::hours(-2),
    ];
    for off in offs {
        let world = World::new(Options::default());
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), &of_all_kinds());
        set(&world, off);
        let alive = Alive::new(&world, directory.path(), Duration::from_secs(10)).await;
        for _ in 0..3 {
            sleep(Duration::from_mins(1)).await;
            assert_eq!(decided(&world), [""; 0], "{off}");
            for (name, phase, held) in shown(&alive) {
                assert_eq!(phase, "pending", "{off}: {name}");
                assert!(
                    held.contains("differs from AWS's by"),
                    "{off}: {name}: {held}"
                );
            }
        }
        set(&world, TimeDelta::zero());
        sleep(Duration::from_mins(2)).await;
        assert_eq!(phases(&alive), pairs(&RIGHT), "{off}");
        assert_eq!(world.history().len(), 2, "{off}");
        alive.end().await;
    }
}

/// AWS does not answer at first, and the clock of this machine may be anything. Files are read and shown, nothing is decided;
/// with the first answer all goes on at once, without the minute that a clock must wait which was set.
#[tokio::test(start_paused = true)]
async fn a_start_without_an_answer_decides_nothing() {
    for off in [TimeDelta::zero(), TimeDelta::days(-20_000)] {
        let world = World::new(Options::default());
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), &of_all_kinds());
        set(&world, off);
        let lost = |_, _: &str| Fault::LostBefore;
        world.sandbox.set_faults(Some(Arc::new(lost)));
        let alive = Alive::new(&world, directory.path(), Duration::from_hours(1)).await;
        sleep(Duration::from_mins(3)).await;
        let waits = |alive: &Alive| {
            let all = shown(alive);
            assert_eq!(all.len(), 4);
            for (name, phase, held) in all {
                assert_eq!(phase, "pending", "{off}: {name}");
                assert!(!held.is_empty(), "{off}: {name}");
            }
        };
        waits(&alive);
        let held = shown(&alive).remove(0).2;
        assert!(held.contains("was not compared with AWS's yet"), "{held}");
        // A change of the files is seen all the same, and the clock may be set.
        set(&world, TimeDelta::zero());
        sleep(Duration::from_secs(30)).await;
        waits(&alive);
        world.sandbox.set_faults(None);
        // It asks every ten seconds.
        sleep(Duration::from_secs(20)).await;
        assert_eq!(phases(&alive), pairs(&RIGHT), "{off}");
        alive.end().await;
    }
}

/// An endpoint that never says what time it is: its first answer is enough, for it will never say more.
#[tokio::test(start_paused = true)]
async fn answers_without_a_date_hold_nothing() {
    let world = World::new(Options {
        undated: true,
        ..Options::default()
    });
    let directory = tempfile::tempdir().unwrap();
    write_a_while_ago(directory.path(), &of_all_kinds());
    let alive = Alive::new(&world, directory.path(), Duration::from_secs(10)).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(phases(&alive), pairs(&RIGHT));
    alive.end().await;
}

/// What a start costs by it: nothing where running executions are listed first anyway, and one answer where they were listed
/// by a process before.
#[tokio::test(start_paused = true)]
async fn a_normal_start_waits_for_one_answer_alone() {
    let world = World::new(Options::default());
    let directory = tempfile::tempdir().unwrap();
    let slow = |_, _: &str| Fault::Slow(Duration::from_millis(200));
    world.sandbox.set_faults(Some(Arc::new(slow)));
    let at = begin() + TimeDelta::days(1);
    let mut entries = Vec::new();
    for (name, listings) in [("a", 1), ("b", 2)] {
        entries.push((name, at + TimeDelta::seconds(listings)));
        write_a_while_ago(directory.path(), &entries);
        let begun = world.sandbox.now();
        let alive = Alive::new(&world, directory.path(), Duration::from_secs(10)).await;
        sleep(Duration::from_secs(5)).await;
        let calls = world.sandbox.calls();
        let started = calls
            .iter()
            .rfind(|call| call.operation == "StartExecution");
        let took = started.expect("a start").at - begun;
        // The listing, the questions about the machine, the start: no more than without the comparison, or one answer more.
        assert!(took < TimeDelta::milliseconds(1_300), "{name}: {took}");
        let listed = calls
            .iter()
            .filter(|call| call.operation == "ListExecutions");
        assert_eq!(listed.count(), usize::try_from(listings).expect("small"));
        assert_eq!(world.history().len(), entries.len());
        alive.end().await;
    }
}

/// The program with a clock that is off, its log in a file. Not by `faketime` itself, which would stand between it and signals.
fn with_clock(world: &process::World, off: &str, arguments: &[&str]) -> Command {
    let asked = Command::new("faketime")
        .args(["-f", "+0", "sh", "-c", "echo $LD_PRELOAD"])
        .output();
    let library = String::from_utf8(asked.expect("faketime runs").stdout).expect("a path");
    let mut command = world.command(arguments);
    command
        .env("LD_PRELOAD", library.trim())
        .env("FAKETIME", off);
    // Only the time of day is off, as where nothing keeps it while the machine is off.
    command.envs([("FAKETIME_DONT_FAKE_MONOTONIC", "1"), ("NO_FAKE_STAT", "1")]);
    let path = world.root.path().join("log");
    let log = fs::File::options().create(true).append(true).open(path);
    command.stdout(Stdio::null()).stderr(log.expect("a log"));
    command
}

/// The same with the real program, by AWS's dates on the wire: the daemon holds everything and says why, and `sync` fails. With
/// a right clock, both do what is due.
#[tokio::test(flavor = "multi_thread")]
async fn the_program_decides_nothing_by_a_wrong_clock() {
    if !process::has("faketime") {
        return;
    }
    for off in [
        "+10m",
        "-2h",
        "@1970-02-01 00:00:00",
        "@2099-01-01 00:00:00",
    ] {
        let world = process::World::new().await;
        let at = |ahead: TimeDelta| (Utc::now() + ahead).format("%FT%TZ").to_string();
        let (late, soon) = (at(TimeDelta::hours(-1)), at(TimeDelta::minutes(4)));
        let later = process::day(10);
        let entries = [("late", &*late), ("soon", &*soon), ("later", &*later)];
        world.write("a.yaml", &process::file(&entries));
        let log = || fs::read_to_string(world.root.path().join("log")).unwrap_or_default();
        let differs = "the clock of this machine differs from AWS's";
        let synced = block_in_place(|| with_clock(&world, off, &["sync"]).status());
        assert_eq!(synced.expect("it ran").code(), Some(1), "{off}: {}", log());
        let why = "nothing is started or stopped: the clock of this machine differs";
        assert!(log().contains(why), "{off}: {}", log());
        let run = with_clock(&world, off, &["run"]).spawn();
        let daemon = process::Running(run.expect("faketime starts"));
        let begun = Instant::now();
        while log().matches(differs).count() < 3 {
            let is_late = begun.elapsed() > Duration::from_secs(40);
            assert!(!is_late, "{off}: {}", log());
            sleep(Duration::from_millis(50)).await;
        }
        world.settles_at(0, 0).await;
        let list = world.list();
        for entry in list["entries"].as_array().expect("entries") {
            assert_eq!(entry["phase"], "pending", "{off}: {list:#}");
            let held = entry["held"].as_str().expect("a reason");
            assert!(held.contains("differs from AWS's by"), "{off}: {held}");
        }
        drop(daemon);
        // The next one, by a right clock.
        assert!(world.output(&["sync"]).status.success());
        world.settles_at(2, 0).await;
        let list = world.list();
        let late = list["entries"].as_array().expect("entries").iter();
        let late = late.clone().find(|entry| entry["name"] == "late");
        assert_eq!(late.expect("it is there")["phase"], "missed");
    }
}
