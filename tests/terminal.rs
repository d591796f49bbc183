//! What is drawn on a terminal: the program on a pseudo-terminal.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::task::block_in_place;

use crate::process::{World, day};

/// Both ends of a terminal of 100 columns.
pub(crate) fn terminal() -> (File, File) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&ours).expect("granted");
    unlockpt(&ours).expect("unlocked");
    let size = Winsize {
        ws_row: 30,
        ws_col: 100,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&ours, size).expect("a size");
    let name = ptsname(&ours, Vec::new()).expect("a name");
    let name = name.into_string().expect("UTF-8");
    let theirs = OpenOptions::new().read(true).write(true).open(name);
    (ours.into(), theirs.expect("the other end"))
}

/// 300 starts, so many a second.
fn long_work(world: &World, rate: u32) -> Vec<String> {
    let at = day(200);
    let entry = |n| format!("  e{n}: {{at: {at}, lambda: f, payload: {n}}}\n");
    let entries: String = (0..300).map(entry).collect();
    world.write("a.yaml", &format!("schedules:\n{entries}"));
    let limit = format!("limits.StartExecution={{rate: {rate}, burst: 10}}");
    vec!["sync".to_owned(), "--set".to_owned(), limit]
}

#[tokio::test(flavor = "multi_thread")]
async fn long_work_shows_how_far_it_is() {
    let world = World::new().await;
    let arguments = long_work(&world, 100);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (mut ours, theirs) = terminal();
    let mut command = world.command(&arguments);
    command.env("TERM", "xterm").stdout(Stdio::null());
    let mut running = command.stderr(theirs).spawn().expect("onced starts");
    // Our own copy of its end; with the process's, the last one is closed.
    drop(command);
    let shown = block_in_place(|| {
        let mut shown = Vec::new();
        // Ends with an error once the other end is closed.
        let _ = ours.read_to_end(&mut shown);
        String::from_utf8_lossy(&shown).into_owned()
    });
    let ended = block_in_place(|| running.wait()).expect("it ends");
    assert!(ended.success(), "{shown}");
    for part in [" of 300", "/s", " left", "█"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let last = shown.rsplit(" of 300").next().expect("a part");
    assert!(last.contains("\x1b[2K"), "it is taken away: {last:?}");
    assert_eq!(world.wire(), (300, 0));
}

/// A line every ten seconds instead: this takes fifteen.
#[tokio::test(flavor = "multi_thread")]
async fn no_bar_is_drawn_where_no_terminal_is() {
    let world = World::new().await;
    let arguments = long_work(&world, 20);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = world.output(&arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let drawn = stderr.contains('\x1b') || stderr.contains(" of 300");
    assert!(output.status.success() && !drawn, "{stderr}");
    let told = stderr.lines().filter(|line| line.contains("in the last 1"));
    let told: Vec<&str> = told.collect();
    assert!(
        told.len() == 1 && told[0].contains("left=") && told[0].contains("rest="),
        "{stderr}"
    );
}
