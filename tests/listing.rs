//! What people look at: `onced list` with its filters and on a terminal, `onced calendar`, `onced show`. The texts
//! themselves, at a fixed time, are tested beside what makes them (`src/view/`).

use std::fs;
use std::io::Read;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use icalendar::{Calendar, Component};
use serde_json::Value;
use tokio::task::block_in_place;

use crate::process::{World, day, file, onced};
use crate::terminal::terminal;

fn at(ahead: TimeDelta) -> String {
    let at: DateTime<Utc> = Utc::now() + ahead;
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn text(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("a text")
}

/// The entries' names in the order of the lines.
fn names(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.starts_with(['!', ' ']));
    let entries = lines.filter(|line| line.contains(".yaml"));
    let name = |line: &str| {
        let mut words = line[18..].split("  ").filter(|word| !word.is_empty());
        words.nth(1).expect("a name").trim().to_owned()
    };
    entries.map(name).collect()
}

/// Two files, and entries of several phases, of which one is over.
async fn world() -> World {
    let world = World::new().await;
    let first = file(&[
        ("launch-b", &at(TimeDelta::minutes(63))),
        ("launch-a", &at(TimeDelta::minutes(60))),
        ("past", &at(TimeDelta::days(-2))),
    ]);
    let off = format!("  off: {{at: {}, lambda: f, enabled: false}}\n", day(3));
    world.write("a.yaml", &(first + &off));
    fs::create_dir(world.path("team")).expect("a directory");
    let told = format!(
        "  told: {{at: {}, lambda: f, payload: {{k: secret}}, description: 'a, b; c <i>'}}\n",
        day(41)
    );
    let second = file(&[("far", &day(330)), ("launch-c", &day(40))]) + &told;
    fs::write(world.path("team/b.yaml"), second).expect("written");
    text(&world.output(&["sync"]));
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_filtered_and_what_is_next_is_first() {
    let world = world().await;
    let all = text(&world.output(&["list"]));
    let expected = [
        "launch-a", "launch-b", "off", "launch-c", "told", "far", "past",
    ];
    assert_eq!(names(&all), expected, "{all}");
    assert!(all.ends_with("\n7 entries of owner test\n"), "{all}");
    assert!(!all.contains('\x1b') && all.contains(", over\n"), "{all}");
    for (arguments, expected) in [
        (&["launch-*"][..], &["launch-a", "launch-b", "launch-c"][..]),
        (&["*-a", "far"], &["launch-a", "far"]),
        (&["--due", "2h"], &["launch-a", "launch-b"]),
        (&["--due", "61m"], &["launch-a"]),
        (&["--due", "50d", "--file", "team/*"], &["launch-c", "told"]),
        (&["--phase", "disabled,missed"], &["off", "past"]),
        (
            &["--phase", "deferred", "--phase", "missed"],
            &["far", "past"],
        ),
        (&["--phase", "failed"], &[]),
        (&["nothing-*"], &[]),
    ] {
        let arguments = [&["list"], arguments].concat();
        let said = text(&world.output(&arguments));
        assert_eq!(names(&said), expected, "{arguments:?}: {said}");
        let count = format!("{} of 7 entries of owner test\n", expected.len());
        assert!(said.ends_with(&count), "{said}");
        if expected.is_empty() {
            assert_eq!(said, count);
        }
        // The same entries for machines, in the order of before, beside everything else.
        let json = world.output(&[&arguments[..], &["--format", "json"]].concat());
        let json: Value = serde_json::from_str(&text(&json)).expect("JSON");
        let entries = json["entries"].as_array().expect("entries").iter();
        let mut found: Vec<&str> = entries.clone().filter_map(|e| e["name"].as_str()).collect();
        let times: Vec<&str> = entries.filter_map(|e| e["at"].as_str()).collect();
        assert!(times.is_sorted(), "{json:#}");
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(json["files"].as_array().map(Vec::len), Some(2));
    }
    for wrong in [
        &["--phase", "sheduled"][..],
        &["--due", "soon"],
        &["[a"],
        &["--file", "{a"],
        &["--watch"],
        &["--watch", "--format", "json"],
    ] {
        let output = world.output(&[&["list"], wrong].concat());
        assert_eq!(output.status.code(), Some(64), "{wrong:?}: {output:?}");
        assert!(output.stdout.is_empty());
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(
            told.contains("hint") || told.contains("'scheduled'") || told.contains("no pattern"),
            "{told}"
        );
    }
    let colored = text(&world.output(&["list", "--color", "always"]));
    assert!(colored.contains("\x1b[32mscheduled\x1b[0m"), "{colored}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_shows_what_comes() {
    let world = world().await;
    let month = |ahead: i64| {
        (Utc::now() + TimeDelta::days(ahead))
            .format("%Y-%m")
            .to_string()
    };
    let shown = text(&world.output(&["calendar", "--months", "13"]));
    let expected = ["launch-a", "launch-b", "launch-c", "told", "far"];
    assert_eq!(names(&shown), expected, "{shown}");
    let counted = "5 firings to come, 2 of them within 5 minutes of another (!), times of UTC\n";
    assert!(shown.ends_with(counted), "{shown}");
    assert_eq!(shown.matches(" Mon       Tue").count(), 13);
    for line in shown.lines().filter(|line| line.contains("lambda")) {
        assert_eq!(
            line.starts_with('!'),
            line.contains("launch-a") || line.contains("launch-b"),
            "{line}"
        );
    }
    // Only that month, and what is after it.
    let (then, far) = (month(40), month(330));
    let shown = text(&world.output(&["calendar", "--month", &then, "launch-*", "far"]));
    assert_eq!(names(&shown), ["launch-c"], "{shown}");
    assert!(shown.contains("1 later, the next of them `far`"), "{shown}");
    let shown = text(&world.output(&["calendar", "--month", &far]));
    assert_eq!(names(&shown), ["far"], "{shown}");
    for wrong in [
        &["--month", "12"][..],
        &["--months", "0"],
        &["--ics", "--html"],
        &["--format", "json"],
        &["[a"],
    ] {
        let output = world.output(&[&["calendar"], wrong].concat());
        assert_eq!(output.status.code(), Some(64), "{wrong:?}: {output:?}");
    }
}

/// Read by another program than the one that wrote it; the same entry has the same name in it before and after its start.
#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_understood_and_its_names_stay() {
    let world = world().await;
    let feed = |arguments: &[&str]| {
        let feed = text(&world.output(&[&["calendar", "--ics"], arguments].concat()));
        assert!(
            !feed.contains("secret") && feed.ends_with("END:VCALENDAR\r\n"),
            "{feed}"
        );
        let calendar: Calendar = feed
            .parse()
            .unwrap_or_else(|error| panic!("{error}: {feed}"));
        let events = calendar
            .components
            .iter()
            .filter_map(|part| part.as_event());
        let uid = |event: &icalendar::Event| event.get_uid().map(str::to_owned).expect("a UID");
        events
            .map(|event| (uid(event), event.clone()))
            .collect::<Vec<_>>()
    };
    let uids = |arguments: &[&str]| {
        feed(arguments)
            .into_iter()
            .map(|(uid, _)| uid)
            .collect::<Vec<_>>()
    };
    let expected = ["launch-a", "launch-b", "launch-c", "told", "far"];
    let expected = expected.map(|name| format!("{name}@test.onced"));
    assert_eq!(uids(&[]), expected);
    let told = feed(&["told"]).remove(0).1;
    let description = told.get_description().expect("a description");
    assert!(description.contains("team/b.yaml:"), "{description}");
    assert_eq!(told.get_summary(), Some("told"));
    assert_eq!(uids(&["nothing"]), [""; 0]);
    // The ledger is lost: the same names.
    fs::remove_dir_all(world.root.path().join("state")).expect("removed");
    assert_eq!(uids(&[]), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_stands_alone() {
    let world = world().await;
    let page = text(&world.output(&["calendar", "--html"]));
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    for part in ["<script", "http:", "https:", "secret", "<i>"] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(page.contains("a, b; c &lt;i&gt;") && page.contains("onced test"));
    assert_eq!(page.matches("<tr class=\"close\">").count(), 2);
    assert_eq!(page.matches("<th scope=\"row\">").count(), 5);
    // Without an owner there is no ledger to ask, and the files say enough; not for a feed, whose names are made of it.
    let offline = |form: &[&str]| {
        let mut command = onced(world.root.path());
        command.arg("calendar").args(form);
        command
            .arg("--directory")
            .arg(world.root.path().join("schedules"));
        block_in_place(|| command.output()).expect("onced runs")
    };
    let page = text(&offline(&["--html"]));
    assert_eq!(page.matches("<th scope=\"row\">").count(), 5);
    assert!(text(&offline(&["--months", "13"])).contains("5 firings to come"));
    let feed = offline(&["--ics"]);
    assert_eq!(feed.status.code(), Some(1), "{feed:?}");
    assert!(String::from_utf8_lossy(&feed.stderr).contains("no owner"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_explained() {
    let world = world().await;
    let show = |world: &World, name: &str| text(&world.output(&["show", name]));
    let line = |text: &str, key: &str| {
        let line = text
            .lines()
            .find(|line| line.split("  ").next() == Some(key));
        line.unwrap_or_default()[key.len().min(line.map_or(0, str::len))..]
            .trim()
            .to_owned()
    };
    for (name, phase, why, next) in [
        (
            "launch-a",
            "scheduled",
            "an execution waits at AWS since ",
            "whether or not onced runs",
        ),
        (
            "far",
            "deferred",
            "farther ahead than `reconcile.horizon`",
            "an execution is started at ",
        ),
        (
            "off",
            "disabled",
            "`enabled: false`",
            "nothing until it is enabled",
        ),
        (
            "past",
            "missed",
            "it was not started: its time had passed by more than its grace",
            "give it a later time",
        ),
    ] {
        let shown = show(&world, name);
        assert_eq!(line(&shown, "phase"), phase, "{shown}");
        assert!(line(&shown, "why").contains(why), "{shown}");
        assert!(line(&shown, "next").contains(next), "{shown}");
        assert!(line(&shown, "file").contains(".yaml:"), "{shown}");
        assert_eq!(
            shown.contains("\nhistory:\n"),
            phase == "scheduled",
            "{shown}"
        );
        assert_eq!(line(&shown, "console"), "", "another endpoint than AWS's");
    }
    let told = show(&world, "told");
    assert_eq!(line(&told, "description"), "a, b; c <i>");
    assert!(!told.contains("secret"), "{told}");
    // The link leads to the execution, where it is AWS's.
    let state = world.root.path().join("state");
    let shown = |extra: &[&str]| {
        let mut command = onced(world.root.path());
        command.args(["show", "launch-a", "--format", "json", "--owner", "test"]);
        command
            .args(["--state-machine", world.machine()])
            .args(extra);
        command
            .arg("--directory")
            .arg(world.root.path().join("schedules"));
        command.arg("--state-directory").arg(&state);
        let output = block_in_place(|| command.output()).expect("onced runs");
        serde_json::from_str::<Value>(&text(&output)).expect("JSON")
    };
    let json = shown(&[]);
    let arn = json["execution_arn"].as_str().expect("an execution");
    let url = json["console_url"].as_str().expect("a link");
    assert!(
        url.starts_with("https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#"),
        "{url}"
    );
    assert!(
        url.ends_with(&format!("/executions/details/{arn}")),
        "{url}"
    );
    assert!(
        json["explanation"]
            .as_str()
            .is_some_and(|why| why.starts_with("an execution waits"))
    );
    assert_eq!(json["phase"], "scheduled");
    assert_eq!(
        shown(&["--endpoint-url", &world.url])["console_url"],
        Value::Null
    );
    // Gone, and held for a while; then stopped.
    world.write("a.yaml", "schedules: {}\n");
    let run = |what: &[&str]| world.output(what);
    let shown = show(&world, "launch-a");
    assert!(line(&shown, "next").contains("stop"), "{shown}");
    assert!(line(&shown, "file").starts_with("was in "), "{shown}");
    assert!(run(&["sync"]).status.success());
    let shown = show(&world, "launch-a");
    assert_eq!(line(&shown, "phase"), "stopped", "{shown}");
    assert!(
        line(&shown, "next").contains("put back, it runs"),
        "{shown}"
    );
    assert!(shown.contains("  stopped    "), "its history: {shown}");
    let unknown = run(&["show", "launch-d"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&unknown.stderr).contains("did you mean"),
        "{unknown:?}"
    );
}

/// On a terminal of 100 columns and 30 rows: what fits, drawn anew when something changes, until Ctrl-C.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_watched_on_a_terminal() {
    let world = World::new().await;
    let times: Vec<(String, String)> = (0..40).map(|n| (format!("e{n}"), day(2 + n))).collect();
    let entries: Vec<(&str, &str)> = times
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    world.write("a.yaml", &file(&entries));
    let (mut ours, theirs) = terminal();
    let mut command = world.command(&["list", "--watch", "e*"]);
    command.env("TERM", "xterm").stderr(Stdio::null());
    let mut running = command.stdout(theirs).spawn().expect("onced starts");
    drop(command);
    let seen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let reading = std::thread::spawn({
        let seen = seen.clone();
        move || {
            let mut bytes = vec![0; 65_536];
            while let Ok(length @ 1..) = ours.read(&mut bytes) {
                *seen.lock().expect("a text") += &String::from_utf8_lossy(&bytes[..length]);
            }
        }
    });
    let shows = |what: &str| {
        let begun = Instant::now();
        loop {
            let text = seen.lock().expect("a text").clone();
            let last = text.rsplit("\x1b[H").next().unwrap_or_default().to_owned();
            if last.ends_with("\x1b[J") && last.contains(what) {
                return last;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{what}: {text}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let picture = block_in_place(|| shows("40 of 40 entries of owner test"));
    assert!(
        picture.contains("more") && picture.contains("e0"),
        "{picture}"
    );
    assert_eq!(picture.lines().count(), 30, "{picture}");
    world.write("b.yaml", &file(&[("e-new", &at(TimeDelta::hours(1)))]));
    let picture = block_in_place(|| shows("41 of 41 entries of owner test"));
    assert!(picture.contains("e-new"), "{picture}");
    let told = Command::new("kill")
        .args(["-INT", &running.id().to_string()])
        .status();
    assert!(told.expect("kill runs").success());
    let ended = block_in_place(|| running.wait()).expect("it ends");
    block_in_place(|| reading.join()).expect("read");
    assert_eq!(ended.code(), Some(0));
    let text = seen.lock().expect("a text");
    assert!(text.starts_with("\x1b[?25l"), "{text:?}");
    assert!(
        text.trim_end().ends_with("\x1b[?25h"),
        "the cursor is shown again"
    );
}
