//! Programs that write schedule files in place, and take their time: what such a file says is believed once it is closed.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use onced::model::entry::EntryName;
use onced::sandbox::Options;
use onced::source::in_flight::InFlight;
use onced::source::parse::Defaults;
use onced::source::problem::{FileReport, FileState};
use onced::source::scan::{Scan, Scanner};
use tokio::time::sleep;

use crate::process::{World, day, entry, file, has, soon};
use crate::stories::{self, MACHINE};
use crate::support::daemon::Alive;
use crate::surroundings::without_events;

/// So many entries, with this payload.
fn text(entries: usize, payload: usize) -> String {
    let at = day(10);
    let entry = |n| format!("  e{n:03}: {{at: {at}, lambda: f, payload: [{n}, {payload}]}}\n");
    let entries: String = (0..entries).map(entry).collect();
    format!("schedules:\n{entries}")
}

/// One that truncates the file, then writes an entry at a time.
async fn write_by_entry(world: &World, text: &str, pause: Duration) {
    let mut file = File::create(world.path("a.yaml")).expect("truncated");
    for line in text.split_inclusive('\n') {
        file.write_all(line.as_bytes()).expect("written");
        sleep(pause).await;
    }
}

/// Entries that a slow writer has not come to yet were stopped as removed.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_writer_removes_nothing() {
    let world = World::new().await;
    world.write("a.yaml", &text(12, 0));
    let _daemon = world.daemon();
    world.settles_at(12, 0).await;
    write_by_entry(&world, &text(12, 0), Duration::from_millis(800)).await;
    world.settles_at(12, 0).await;
    // What it truly changes and leaves out counts once it is closed.
    let other = text(12, 0).replace("[3, 0]", "[3, 1]");
    let other: String = other
        .split_inclusive('\n')
        .filter(|line| !line.contains("e007"))
        .collect();
    let begun = tokio::time::Instant::now();
    write_by_entry(&world, &other, Duration::from_millis(500)).await;
    assert!(begun.elapsed() > Duration::from_secs(5));
    world.settles_at(13, 2).await;
}

/// The time of an entry comes while its file is written: it fires as it was, once.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_while_its_file_is_written_fires_as_it_was() {
    let world = World::new().await;
    let at = soon(6);
    let later = day(10);
    let text = file(&[("first", &later), ("due", &at), ("last", &later)]);
    world.write("a.yaml", &text);
    let _daemon = world.daemon();
    world.settles_at(3, 0).await;
    let half = format!("{text}{}", entry("more", &later));
    write_by_entry(&world, &half, Duration::from_millis(1_700)).await;
    world.settles_at(4, 0).await;
    let fired = world.sandbox.executions();
    let fired = fired.iter().filter(|execution| execution.fired.is_some());
    assert_eq!(fired.count(), 1);
}

/// One that overwrites without truncating: what stands there on the way has entries with the payloads of others, and is
/// valid. It was believed, replaced, and replaced back.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_overwritten_in_place_is_believed_when_it_is_whole() {
    let world = World::new().await;
    let before = text(300, 0);
    world.write("a.yaml", &before);
    let _daemon = world.daemon_with(&["reconcile.max_stops=100%"]);
    world.settles_at(300, 0).await;
    // One line goes to the end: all that is between moves up.
    let line = entry("e000x", &day(10));
    let moved = before.replacen("schedules:\n", &format!("schedules:\n{line}"), 1);
    let mut file = OpenOptions::new()
        .write(true)
        .open(world.path("a.yaml"))
        .expect("opened");
    for (n, chunk) in moved.as_bytes().chunks(4096).enumerate() {
        let at = u64::try_from(n * 4096).expect("a small file");
        file.seek(SeekFrom::Start(at)).expect("a place");
        file.write_all(chunk).expect("written");
        sleep(Duration::from_millis(400)).await;
    }
    drop(file);
    world.settles_at(301, 0).await;
    // The same by rsync, at a rate at which it takes seconds.
    if !has("rsync") {
        return;
    }
    let source = world.root.path().join("a.yaml");
    fs::write(&source, before.replace("[7, 0]", "[7, 1]")).expect("written");
    let mut rsync = Command::new("rsync");
    rsync
        .args([
            "--inplace",
            "--no-whole-file",
            "--ignore-times",
            "--bwlimit=5",
        ])
        .arg(&source)
        .arg(world.path("a.yaml"))
        .stdout(Stdio::null());
    let mut rsync = rsync.spawn().expect("rsync runs");
    let ended = tokio::task::block_in_place(|| rsync.wait()).expect("it ends");
    assert!(ended.success());
    // e007 is replaced, and the line at the end is gone.
    world.settles_at(302, 2).await;
}

/// Where no events tell when a file is closed, a change is believed once it is two seconds old.
#[tokio::test(flavor = "multi_thread")]
async fn without_events_a_young_change_is_not_believed() {
    let world = World::new().await;
    world.write("a.yaml", &text(10, 0));
    let Some(_daemon) = without_events(&world) else {
        return;
    };
    world.settles_at(10, 0).await;
    write_by_entry(&world, &text(10, 0), Duration::from_millis(900)).await;
    sleep(Duration::from_secs(5)).await;
    world.settles_at(10, 0).await;
    let removed: String = text(10, 0).split_inclusive('\n').take(10).collect();
    world.write("a.yaml", &removed);
    world.settles_at(10, 1).await;
}

/// A folder that never rests is scanned all the same, but what has just changed in it is not believed.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_never_rests_is_read_but_for_what_has_just_changed() {
    let world = World::new().await;
    let one = file(&[("a", &day(10))]);
    world.write("a.yaml", &one);
    let _daemon = world.daemon_with(&["reconcile.settle=400ms"]);
    world.settles_at(1, 0).await;
    // Every 50 ms another content, each closed; every other one without `a`.
    let other = file(&[("b", &day(10))]);
    let begun = std::time::Instant::now();
    let mut turn = 0;
    while begun.elapsed() < Duration::from_secs(20) {
        let text = if turn % 2 == 0 { &other } else { &one };
        fs::write(world.path("a.yaml"), text).expect("written");
        turn += 1;
        if turn == 20 {
            world.write("c.yaml", &file(&[("c", &day(10))]));
        }
        sleep(Duration::from_millis(50)).await;
    }
    fs::write(world.path("a.yaml"), &one).expect("written");
    // c alone was started meanwhile.
    world.settles_at(2, 0).await;
}

/// What is said of `a.yaml`, which is good.
fn noted(scan: &Scan) -> Vec<&str> {
    let is_it = |file: &&FileReport| file.path == "a.yaml" && file.state == FileState::Ok;
    let file = scan.files.iter().find(is_it).expect("it is good");
    file.errors
        .iter()
        .map(|error| error.message.as_str())
        .collect()
}

/// A program that never closes a file does not halt everything: in the end the file is taken as it is, and that is said, in
/// the log once, and in `list` for as long as it is so. One thread, whose logs are looked at.
#[tokio::test]
async fn a_file_that_is_never_closed_is_taken_as_it_is() {
    let world = stories::World::new(Options::default());
    let directory = tempfile::tempdir().expect("a directory");
    let log = world.state().join("log");
    let writer = Arc::new(File::create(&log).expect("a file"));
    let logs = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(writer);
    let _logging = tracing::subscriber::set_default(logs.finish());
    let path = directory.path().join("a.yaml");
    let a = ("a", "2026-12-24T12:00:00Z");
    let (b, c) = (("b", "2026-12-25T12:00:00Z"), ("c", "2026-12-26T12:00:00Z"));
    fs::write(&path, file(&[a, b])).expect("written");
    let in_flight = InFlight::at_most(Duration::from_secs(3));
    let with = |daemon: onced::daemon::Daemon| daemon.with_in_flight(in_flight.clone());
    let resync = Duration::from_hours(1);
    let mut alive = Alive::with(&world, directory.path(), resync, with).await;
    let runs = |name: &str| {
        let begin = format!("test-{name}-");
        let executions = world.sandbox.executions();
        executions.iter().any(|e| e.name.starts_with(&begin))
    };
    alive.until(|_| runs("a") && runs("b")).await;
    let mut open = File::create(&path).expect("truncated");
    open.write_all(file(&[a, c]).as_bytes()).expect("written");
    let moment = alive
        .until(|moment| moment.scan.in_flight.contains("a.yaml"))
        .await;
    assert!(noted(&moment.scan).is_empty());
    let moment = alive
        .until(|moment| {
            assert!(
                !runs("c") || !moment.scan.written_for_long.is_empty(),
                "it is waited for"
            );
            moment.scan.written_for_long.contains("a.yaml")
        })
        .await;
    assert!(moment.scan.in_flight.is_empty());
    let note = "the file has been written to for more than 3s: it is taken as it is";
    assert_eq!(noted(&moment.scan), [note]);
    let list = moment.list();
    let listed = list.files.iter().find(|file| file.path == "a.yaml");
    let listed = listed.expect("it is listed");
    assert_eq!(
        (&*listed.state, &*listed.errors[0].message),
        ("ok", note),
        "in `list`"
    );
    alive.until(|_| runs("c")).await;
    drop(open);
    let moment = alive
        .until(|moment| moment.scan.written_for_long.is_empty())
        .await;
    assert!(noted(&moment.scan).is_empty());
    alive.end().await;
    let log = fs::read_to_string(log).expect("the log");
    let said = log
        .lines()
        .filter(|line| line.contains(&format!("a.yaml: {note}")));
    assert_eq!(said.count(), 1, "{log}");
}

/// The same where no events come, and a file is changed again and again.
#[test]
fn a_file_that_never_rests_is_taken_as_it_is_without_events() {
    let directory = tempfile::tempdir().expect("a directory");
    let defaults = Defaults {
        state_machine: Some(MACHINE.into()),
        ..Defaults::default()
    };
    let in_flight = InFlight::at_most(Duration::from_millis(1_500));
    let mut scanner = Scanner::new(directory.path().to_owned(), defaults).among_writers(in_flight);
    let mut waited = 0;
    for turn in 0..100 {
        let name = format!("e{turn}");
        let text = file(&[(&name, "2026-12-24T12:00:00Z")]);
        fs::write(directory.path().join("a.yaml"), text).expect("written");
        let scan = scanner.scan();
        if scan.written_for_long.is_empty() {
            assert!(scan.in_flight.contains("a.yaml") && scan.entries.is_empty());
            waited += 1;
            std::thread::sleep(Duration::from_millis(100));
            continue;
        }
        assert!(waited > 1, "it is waited for");
        let names: Vec<&str> = scan.entries.keys().map(EntryName::as_str).collect();
        assert_eq!(names, [name]);
        let note = "the file has been written to for more than 1500ms: it is taken as it is";
        assert_eq!(noted(&scan), [note]);
        return;
    }
    panic!("it is waited for for ever");
}
