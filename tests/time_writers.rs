//! Times as the writers of other languages write them: files that real programs made, each with the program and its
//! version in its first line. `tests/time_writers.sh` makes them again with those that are light to install, and has them
//! judged here (`ONCED_TIMES`).

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use onced::source::edit::File;
use onced::source::parse::{Defaults, parse};
use onced::source::problem::Problem;

/// The instant that an entry means, by the first word of its name.
fn meant(name: &str) -> DateTime<Utc> {
    let instant = match name.split('-').next().unwrap_or_default() {
        "utc" | "fraction" | "epoch" => "2027-06-01T09:00:00Z",
        // At +02:00; or a local time, which is of Berlin; or one whose `Z` its writer left out, and which can't be told
        // from a local one.
        "east" | "local" | "stripped" => "2027-06-01T07:00:00Z",
        // At -05:30.
        "west" => "2027-06-01T14:30:00Z",
        "midnight" => "2027-06-01T00:00:00Z",
        // The beginning of the day in Berlin.
        "date" => "2027-05-31T22:00:00Z",
        other => panic!("no writer has `{other}`"),
    };
    instant.parse().expect("an instant")
}

fn defaults() -> Defaults {
    let state_machine = "arn:aws:states:us-east-1:123456789012:stateMachine:M";
    Defaults {
        state_machine: Some(state_machine.into()),
        ..Defaults::default()
    }
}

/// What is taken means the right instant, and still does in its canonical form.
fn is_taken(path: &Path, bytes: &[u8]) -> usize {
    let defaults = defaults();
    let file = File {
        name: "a.yaml",
        bytes,
        defaults: &defaults,
    };
    let formatted = file
        .format()
        .unwrap_or_else(|why| panic!("{}: {why:?}", path.display()));
    let mut count = 0;
    for text in [bytes, &formatted] {
        let entries = parse("a.yaml", text, &defaults);
        let entries = entries.unwrap_or_else(|why| panic!("{}: {why:?}", path.display()));
        for entry in &entries {
            let name = entry.name.as_str();
            assert_eq!(entry.at(), meant(name), "{}: {name}", path.display());
        }
        count = entries.len();
    }
    for line in String::from_utf8(formatted).expect("a text").lines() {
        if let Some(at) = line.trim_start().strip_prefix("at: ") {
            let at = at.trim_matches(['\'', '"']);
            assert_eq!((&at[10..11], at.len() >= 19), ("T", true), "{at}");
            assert!(!at.contains(['.', ',', ' ', 'z']), "{at}");
        }
    }
    count
}

/// What is refused has the text to write, which means the right instant.
fn is_refused(path: &Path, bytes: &[u8]) -> usize {
    let file: serde_yaml::Value = serde_yaml::from_slice(bytes).expect("YAML");
    let names = file["schedules"].as_mapping().expect("entries").keys();
    let names: Vec<&str> = names.map(|name| name.as_str().expect("a name")).collect();
    let problems = parse("a.yaml", bytes, &defaults()).expect_err("times that are refused");
    assert_eq!(
        problems.len(),
        names.len(),
        "{}: {problems:?}",
        path.display()
    );
    for (name, Problem { message, hint, .. }) in names.iter().zip(&problems) {
        let hint = hint.as_deref().unwrap_or_default();
        let instead = hint.split('`').nth(1).unwrap_or_default();
        let mended =
            format!("schedules: {{e: {{at: {instead}, timezone: Europe/Berlin, lambda: f}}}}");
        let entries = parse("a.yaml", mended.as_bytes(), &defaults());
        let at = entries.ok().map(|entries| entries[0].at());
        let told = format!("{}: {name}: {message}: {hint}", path.display());
        assert_eq!(at, Some(meant(name)), "{told}");
    }
    names.len()
}

/// How many times were judged.
fn judge(directory: &Path) -> usize {
    let files =
        fs::read_dir(directory).unwrap_or_else(|why| panic!("{}: {why}", directory.display()));
    let files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    let judged = files.iter().map(|path| {
        let bytes = fs::read(path).expect("it is read");
        let refused = path.to_string_lossy().ends_with(".refused.yaml");
        let count = if refused {
            is_refused(path, &bytes)
        } else {
            is_taken(path, &bytes)
        };
        assert!(count > 0, "{}", path.display());
        count
    });
    judged.sum()
}

#[test]
fn times_of_real_writers() {
    let count = judge(Path::new("tests/fixtures/times"));
    assert!(count >= 130, "{count}");
}

/// What the writers that are installed have just written: `tests/time_writers.sh` says where.
#[test]
fn times_that_were_written_now() {
    let Some(directory) = std::env::var_os("ONCED_TIMES") else {
        eprintln!("SKIPPED: times written just now: ONCED_TIMES names no directory");
        return;
    };
    eprintln!("{} times", judge(Path::new(&directory)));
}
