//! Programs that write schedule files in place, and take their time: what such a file says is believed once it is closed.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::time::sleep;

use crate::process::{World, day, entry, file, has, soon};
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
