//! `listen`: metrics and health, read off the wire, and compared with what onced itself says.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use onced::sandbox::Fault;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::process::{Running, World, day, file, has};

/// An address that was free a moment ago.
pub(crate) fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

/// A daemon that serves there, with a log.
fn daemon(world: &World, at: SocketAddr, set: &[&str]) -> Running {
    let mut command = world.command(&["run"]);
    command.args(["--set", &format!("listen={at}")]);
    command.args(["--set", "reconcile.resync=1s"]);
    for set in set {
        command.args(["--set", set]);
    }
    let log = fs::File::create(world.root.path().join("log")).expect("a log");
    command.stdout(Stdio::null()).stderr(log);
    Running(command.spawn().expect("onced starts"))
}

fn log(world: &World) -> String {
    fs::read_to_string(world.root.path().join("log")).expect("a log")
}

/// An answer: status, head and body; `None`: nobody listens there.
pub(crate) fn get(at: SocketAddr, path: &str, accept: &str) -> Option<(u16, String, String)> {
    block_in_place(|| {
        let mut stream = TcpStream::connect(at).ok()?;
        let patience = Some(Duration::from_secs(30));
        stream.set_read_timeout(patience).expect("a timeout");
        let request = format!("GET {path} HTTP/1.1\r\nhost: onced\r\n{accept}\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, head.to_owned(), body.to_owned()))
    })
}

/// Each series with its value.
fn metrics(at: SocketAddr) -> BTreeMap<String, f64> {
    let Some((200, _, body)) = get(at, "/metrics", "") else {
        return BTreeMap::new();
    };
    let series = body.lines().filter(|line| !line.starts_with('#'));
    let series = series.filter_map(|line| line.rsplit_once(' '));
    series
        .map(|(name, value)| (name.to_owned(), value.parse().expect("a number")))
        .collect()
}

/// Waits until a series has this value.
async fn becomes(world: &World, at: SocketAddr, series: &str, value: f64) {
    let begun = Instant::now();
    loop {
        let seen = metrics(at).get(series).copied();
        if seen.is_some_and(|seen| (seen - value).abs() < 1e-9) {
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(40),
            "{series} is {seen:?}, not {value}\n{}",
            log(world)
        );
        sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until `/readyz` answers so; answers what it says.
async fn readyz(world: &World, at: SocketAddr, status: u16, says: &str) {
    let begun = Instant::now();
    loop {
        let answer = get(at, "/readyz", "");
        if let Some((seen, _, body)) = &answer
            && *seen == status
            && body.contains(says)
        {
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "{answer:?}, not {status} {says}\n{}",
            log(world)
        );
        sleep(Duration::from_millis(50)).await;
    }
}

/// What is counted is what happened: entries by phase as `onced list` has them, events as `onced history` has them, calls
/// as they were on the wire.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted_is_what_happened() {
    let world = World::new().await;
    let at = free();
    let soon = (chrono::Utc::now() + chrono::TimeDelta::seconds(4)).format("%Y-%m-%dT%H:%M:%SZ");
    let past = day(-3);
    let (soon, far) = (soon.to_string(), day(20));
    let (next, deferred) = (day(10), day(320));
    let five = [
        ("due", soon.as_str()),
        ("next", &next),
        ("far", &far),
        ("late", &past),
        ("deferred", &deferred),
    ];
    world.write("a.yaml", &file(&five));
    world.write("b.yaml", &file(&[("gone", &day(11))]));
    fs::write(world.path("ignored.yaml.swp"), "").expect("written");
    let begun = chrono::Utc::now();
    let daemon = daemon(&world, at, &[]);
    world.settles_at(4, 0).await;
    fs::remove_file(world.path("b.yaml")).expect("removed");
    becomes(&world, at, "onced_events_total{event=\"stopped\"}", 1.0).await;
    world.write("bad.yaml", "schedules: [");
    becomes(&world, at, "onced_files{state=\"invalid\"}", 1.0).await;
    becomes(&world, at, "onced_events_total{event=\"succeeded\"}", 1.0).await;
    becomes(&world, at, "onced_entries{phase=\"succeeded\"}", 1.0).await;
    let told = metrics(at);
    let value = |series: &str| *told.get(series).unwrap_or_else(|| panic!("no {series}"));
    let same = |series: &str, expected: f64| {
        let seen = value(series);
        assert!((seen - expected).abs() < 1e-9, "{series} is {seen}");
    };

    let list = world.list();
    let mut phases: BTreeMap<String, f64> = BTreeMap::new();
    for entry in list["entries"].as_array().expect("entries") {
        let phase = entry["phase"].as_str().expect("a phase");
        *phases.entry(phase.to_owned()).or_default() += 1.0;
    }
    let shown = told.iter().filter_map(|(series, value)| {
        let phase = series.strip_prefix("onced_entries{phase=\"")?;
        Some((phase.trim_end_matches("\"}").to_owned(), *value))
    });
    let shown: BTreeMap<String, f64> = shown.filter(|(_, value)| *value > 0.0).collect();
    assert_eq!(shown, phases);
    assert_eq!(shown.len(), 5, "{shown:?}");

    for operation in ["StartExecution", "StopExecution"] {
        let calls = world.sandbox.calls();
        let number = calls.iter().filter(|call| call.operation == operation);
        let series = format!("onced_aws_calls_total{{operation=\"{operation}\",code=\"ok\"}}");
        let number = f64::from(u32::try_from(number.count()).expect("few"));
        same(&series, number);
        same(
            &format!("onced_aws_call_duration_seconds_count{{operation=\"{operation}\"}}"),
            number,
        );
    }
    same("onced_events_total{event=\"scheduled\"}", 4.0);
    same("onced_lateness_seconds_count", 1.0);
    same("onced_files{state=\"ok\"}", 1.0);
    same("onced_files{state=\"invalid\"}", 1.0);
    same("onced_files{state=\"ignored\"}", 1.0);
    same("onced_watch_mode{mode=\"events\"}", 1.0);
    same("onced_ledger_records", 4.0);
    assert!(value("onced_ledger_size_bytes") > 1000.0);
    assert!(value("onced_scan_duration_seconds_count") >= 1.0);
    let at_next: chrono::DateTime<chrono::Utc> = next.parse().expect("a time");
    let seconds = |time: chrono::DateTime<chrono::Utc>| {
        f64::from(u32::try_from(time.timestamp()).expect("before 2106"))
    };
    same("onced_next_due_timestamp_seconds", seconds(at_next));
    for series in [
        "onced_start_timestamp_seconds",
        "onced_reconcile_last_attempt_timestamp_seconds",
        "onced_reconcile_last_success_timestamp_seconds",
        "onced_config_last_reload_success_timestamp_seconds",
    ] {
        let ago = value(series) - seconds(begun);
        assert!((-1.0..60.0).contains(&ago), "{series}: {ago}");
    }
    assert_eq!(get(at, "/healthz", "").map(|answer| answer.0), Some(200));
    readyz(&world, at, 200, "ok").await;
    let (status, head, page) = get(at, "/", "").expect("a page");
    assert_eq!(status, 200);
    assert!(
        head.contains("content-type: text/html; charset=utf-8"),
        "{head}"
    );
    assert!(
        page.contains("<title>onced test</title>") && page.contains(">ready<"),
        "{page}"
    );
    let scheduled = value("onced_entries{phase=\"scheduled\"}");
    let row = format!("<th scope=\"row\">scheduled<td>{scheduled}</tr>");
    assert!(page.contains(&row), "{row}\n{page}");
    // Which rules those are depends on the machine.
    let list = world.list();
    let rules = |key: &str| list["zone_rules"][key].as_str().expect("a text").to_owned();
    let (version, source) = (rules("version"), rules("source"));
    let series = format!("onced_zone_rules_info{{version=\"{version}\",source=\"{source}\"}}");
    assert!(value(&series) > 0.0);
    let named = format!("<p>Time zone rules: {version} ({source})</p>");
    assert!(page.contains(&named), "{named}\n{page}");
    drop(daemon);
}

/// OpenMetrics, or the older text where a client takes nothing else; the programs that read them find nothing wrong.
#[tokio::test(flavor = "multi_thread")]
async fn both_forms_are_well_formed() {
    let world = World::new().await;
    let at = free();
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let _daemon = daemon(&world, at, &[]);
    becomes(&world, at, "onced_entries{phase=\"scheduled\"}", 1.0).await;
    // What Prometheus itself asks for.
    let prometheus = "accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1\r\n";
    for accept in ["", prometheus, "accept: */*\r\n"] {
        let (status, head, body) = get(at, "/metrics", accept).expect("an answer");
        assert_eq!(status, 200);
        assert!(
            head.contains(
                "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"
            ),
            "{head}"
        );
        assert!(body.ends_with("\n# EOF\n"));
        // Each is described.
        let described = fs::read_to_string("docs/metrics.md").expect("the page");
        for line in body.lines().filter(|line| line.starts_with("# TYPE ")) {
            let mut words = line.split(' ').skip(2);
            let (name, kind) = (words.next().expect("a name"), words.next());
            let end = match kind {
                Some("counter") => "_total",
                Some("info") => "_info",
                _ => "",
            };
            assert!(described.contains(&format!("| `{name}{end}` |")), "{name}");
        }
    }
    let (_, head, body) = get(at, "/metrics", "accept: text/plain\r\n").expect("an answer");
    assert!(
        head.contains("content-type: text/plain; version=0.0.4"),
        "{head}"
    );
    assert!(!body.contains("# EOF") && body.contains("# TYPE onced_events_total counter"));
    if has("promtool") {
        let mut check = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("promtool runs");
        let mut input = check.stdin.take().expect("a pipe");
        input.write_all(body.as_bytes()).expect("written");
        drop(input);
        let checked = check.wait_with_output().expect("promtool ends");
        let said = String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success() && said.is_empty(), "{said}");
    }
    assert_eq!(get(at, "/none", "").map(|answer| answer.0), Some(404));
}

/// The example's alerts are good rules, and each fires on what it is there for.
#[test]
fn the_alerts_fire_on_what_they_are_there_for() {
    if !has("promtool") {
        return;
    }
    for arguments in [
        ["check", "rules", "config/prometheus-alerts.yaml"],
        [
            "test",
            "rules",
            "tests/fixtures/prometheus-alerts.test.yaml",
        ],
    ] {
        let told = Command::new("promtool").args(arguments).output();
        let told = told.expect("promtool runs");
        let said = String::from_utf8_lossy(&told.stdout).into_owned();
        assert!(told.status.success() && said.contains("SUCCESS"), "{said}");
    }
    // Every metric that an alert names is served.
    let rules = fs::read_to_string("config/prometheus-alerts.yaml").expect("the alerts");
    let served = fs::read_to_string("src/daemon/metrics.rs").expect("the metrics");
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    let parts = rules.split(|c| !is_part(c));
    let mut number = 0;
    for name in parts.filter_map(|part| part.strip_prefix("onced_")) {
        let endings = ["_total", "_count", "_bucket", "_seconds", "_bytes"];
        let base = endings
            .iter()
            .fold(name, |name, end| name.strip_suffix(end).unwrap_or(name));
        assert!(served.contains(&format!("\"{base}\"")), "{name}");
        number += 1;
    }
    assert!(number > 15);
}

/// Everything that keeps onced from its work shows, and is over when it is over.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_ready_while_something_keeps_it_from_its_work() {
    let world = World::new().await;
    let at = free();
    let entries: Vec<(String, String)> = (1..=6).map(|n| (format!("e{n}"), day(20 + n))).collect();
    let entries: Vec<(&str, &str)> = entries
        .iter()
        .map(|(name, at)| (name.as_str(), at.as_str()))
        .collect();
    // Step Functions does not answer from the beginning.
    let silent = |world: &World| {
        let faults = Arc::new(|_, _: &str| Fault::Status500);
        world.sandbox.set_faults(Some(faults));
    };
    silent(&world);
    world.write("a.yaml", &file(&entries));
    let mut daemon = daemon(&world, at, &[]);
    readyz(&world, at, 503, "aws: ").await;
    becomes(&world, at, "onced_ready", 0.0).await;
    becomes(&world, at, "onced_aws_unreachable", 1.0).await;
    becomes(&world, at, "onced_entries_held{reason=\"listing\"}", 6.0).await;
    let told = metrics(at);
    assert!(told["onced_reconcile_last_success_timestamp_seconds"].abs() < 1e-9);
    world.sandbox.set_faults(None);
    readyz(&world, at, 200, "ok").await;
    world.settles_at(6, 0).await;
    becomes(&world, at, "onced_aws_unreachable", 0.0).await;
    // Throttled calls and retries are counted.
    let faults = Arc::new(|n, operation: &str| match operation {
        "StartExecution" if n % 2 == 0 => Fault::Throttle,
        "StartExecution" => Fault::Status500,
        _ => Fault::None,
    });
    world.sandbox.set_faults(Some(faults));
    let five: Vec<(String, String)> = (1..=5).map(|n| (format!("x{n}"), day(40 + n))).collect();
    let five: Vec<(&str, &str)> = five
        .iter()
        .map(|(n, at)| (n.as_str(), at.as_str()))
        .collect();
    world.write("b.yaml", &file(&five));
    let throttled = "onced_aws_throttled_total{operation=\"StartExecution\"}";
    let retried = "onced_step_retries_total{step=\"Start\"}";
    let begun = Instant::now();
    loop {
        let told = metrics(at);
        let many = |series: &str| told.get(series).is_some_and(|value| *value > 0.0);
        if many(throttled) && many(retried) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{told:#?}");
        sleep(Duration::from_millis(50)).await;
    }
    world.sandbox.set_faults(None);
    becomes(&world, at, "onced_entries{phase=\"scheduled\"}", 11.0).await;
    readyz(&world, at, 200, "ok").await;

    // The directory is gone.
    let (schedules, away) = (world.path(""), world.root.path().join("away"));
    fs::rename(&schedules, &away).expect("renamed");
    readyz(&world, at, 503, "directory: ").await;
    let (status, _, page) = get(at, "/", "").expect("a page");
    assert_eq!(status, 200);
    assert!(
        page.contains("<p class=\"refused\">not ready</p>\n<ul>\n<li>directory: "),
        "{page}"
    );
    fs::rename(&away, &schedules).expect("renamed");
    readyz(&world, at, 200, "ok").await;

    // Stops wait for a person.
    fs::remove_file(world.path("a.yaml")).expect("removed");
    readyz(&world, at, 503, "held: this plan stops or replaces 6 of 11").await;
    becomes(&world, at, "onced_entries_held{reason=\"guard\"}", 6.0).await;
    world.write("a.yaml", &file(&entries));
    readyz(&world, at, 200, "ok").await;
    becomes(&world, at, "onced_entries_held{reason=\"guard\"}", 0.0).await;

    // A person has paused it: that is no trouble, but it shows.
    assert_eq!(world.output(&["pause"]).status.code(), Some(0));
    becomes(&world, at, "onced_paused", 1.0).await;
    readyz(&world, at, 200, "ok").await;
    assert_eq!(world.output(&["resume"]).status.code(), Some(0));
    becomes(&world, at, "onced_paused", 0.0).await;

    // The disk takes no more.
    if has("prlimit") {
        let process = daemon.0.id().to_string();
        let limit = |what: &str| {
            let set = Command::new("prlimit")
                .args(["--pid", &process, what])
                .status();
            assert!(set.expect("prlimit runs").success());
        };
        limit("--fsize=1000:");
        world.write("c.yaml", &file(&[("c", &day(60))]));
        readyz(&world, at, 503, "ledger: ").await;
        becomes(&world, at, "onced_ledger_writable", 0.0).await;
        limit("--fsize=unlimited:");
        readyz(&world, at, 200, "ok").await;
        becomes(&world, at, "onced_ledger_writable", 1.0).await;
        becomes(&world, at, "onced_entries{phase=\"scheduled\"}", 12.0).await;
    }
    assert!(daemon.0.try_wait().expect("asked").is_none(), "it is alive");
}

/// A port that is taken is said and tried again; the daemon works meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_waited_for() {
    let world = World::new().await;
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = taken.local_addr().expect("an address");
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let _daemon = daemon(&world, at, &[]);
    world.settles_at(1, 0).await;
    let told = log(&world);
    assert!(
        told.contains("no metrics yet: the address can't be listened on"),
        "{told}"
    );
    drop(taken);
    becomes(&world, at, "onced_entries{phase=\"scheduled\"}", 1.0).await;
}

/// Clients that say nothing, or do not read, harm nobody: others are answered, entries are started.
#[tokio::test(flavor = "multi_thread")]
async fn slow_and_dead_clients_harm_nobody() {
    let world = World::new().await;
    let at = free();
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let _daemon = daemon(&world, at, &[]);
    becomes(&world, at, "onced_entries{phase=\"scheduled\"}", 1.0).await;
    let mut silent = Vec::new();
    for n in 0..200 {
        let mut stream = block_in_place(|| TcpStream::connect(at)).expect("connected");
        match n % 3 {
            0 => {}
            1 => stream.write_all(b"GET /metr").expect("written"),
            // Asks, and never reads.
            _ => stream
                .write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
                .expect("written"),
        }
        silent.push(stream);
    }
    world.write("b.yaml", &file(&[("b", &day(11))]));
    world.settles_at(2, 0).await;
    // 64 at once, 5 seconds each at most.
    assert_eq!(get(at, "/healthz", "").map(|answer| answer.0), Some(200));
    let socket = world.root.path().join("state/onced.sock");
    let mut dead = Vec::new();
    for _ in 0..100 {
        dead.push(std::os::unix::net::UnixStream::connect(&socket).expect("connected"));
    }
    let list = world.list();
    assert_eq!(list["entries"].as_array().map(Vec::len), Some(2));
    drop((silent, dead));
}

/// A number alone is a port of this machine's own; anything that is no address is a wrong configuration.
#[tokio::test(flavor = "multi_thread")]
async fn a_port_alone_is_on_loopback() {
    let world = World::new().await;
    let at = free();
    let mut command = world.command(&["run", "--set", &format!("listen={}", at.port())]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let daemon = Running(command.spawn().expect("onced starts"));
    becomes_ready(at).await;
    drop(daemon);
    for wrong in ["localhost", "70000", "0.0.0.0"] {
        let output = world.output(&["list", "--set", &format!("listen={wrong}")]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{said}");
        assert!(said.contains("127.0.0.1:9464"), "{said}");
    }
}

async fn becomes_ready(at: SocketAddr) {
    let begun = Instant::now();
    while get(at, "/readyz", "").map(|answer| answer.0) != Some(200) {
        assert!(begun.elapsed() < Duration::from_secs(30));
        sleep(Duration::from_millis(50)).await;
    }
}

/// Good and bad reloads show.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_configuration_shows() {
    let world = World::new().await;
    let at = free();
    let config = world.root.path().join("onced.yaml");
    fs::write(&config, "reconcile: {grace: 1m}\n").expect("written");
    let given = config.display().to_string();
    let mut command = world.command(&["run", "--config", &given]);
    command.args(["--set", &format!("listen={at}")]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let _daemon = Running(command.spawn().expect("onced starts"));
    becomes_ready(at).await;
    let good = "onced_config_last_reload_successful";
    let time = "onced_config_last_reload_success_timestamp_seconds";
    let before = metrics(at);
    assert!((before[good] - 1.0).abs() < 1e-9);
    fs::write(&config, "reconcile: {grace: never}\n").expect("written");
    assert_eq!(world.output(&["reload"]).status.code(), Some(1));
    let bad = metrics(at);
    assert!(bad[good].abs() < 1e-9 && (bad[time] - before[time]).abs() < 1e-9);
    fs::write(&config, "reconcile: {grace: 2m}\n").expect("written");
    assert_eq!(world.output(&["reload"]).status.code(), Some(0));
    let after = metrics(at);
    assert!((after[good] - 1.0).abs() < 1e-9 && after[time] > before[time]);
}
