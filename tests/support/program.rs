//! The program as a process, with a log that is looked at.

use std::fs::{self, File};
use std::process::Stdio;

use crate::process::{Running, World};

/// The daemon with these settings; its log begins anew in the file `log` beside the folder.
pub(crate) fn daemon(world: &World, set: &[&str]) -> Running {
    let log = File::create(world.root.path().join("log")).expect("a log");
    let mut run = world.command(&["run"]);
    for set in set {
        // The last one counts.
        run.args(["--set", set]);
    }
    run.stdout(Stdio::null()).stderr(log);
    Running(run.spawn().expect("onced starts"))
}

/// What a daemon has logged.
pub(crate) fn log(world: &World) -> String {
    fs::read_to_string(world.root.path().join("log")).expect("a log")
}
