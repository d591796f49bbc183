//! What is given to functions and machines is shown nowhere: a canary is planted wherever a payload, an input or an answer
//! may stand, and looked for in everything that onced says.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Duration;

use tokio::task::block_in_place;

use crate::logs::Journal;
use crate::metrics;
use crate::notices::Hook;
use crate::process::{Running, World, day};

const CANARY: &str = "canary-5d1e";

/// Three entries, and files that are wrong in places where a payload may stand.
fn files(world: &World, at: &str, marker: u32) {
    let lambda = |name: &str| {
        format!(
            "  {name}:\n    at: {at}\n    lambda: f\n    payload:\n      {CANARY}-key: [\"{CANARY}-{marker}\", {{deep: \"{CANARY}\"}}]\n      text: |\n        {CANARY} lines\n"
        )
    };
    let own = format!(
        "  own:\n    at: {at}\n    state_machine: {}\n    input: {{{CANARY}-key: \"{CANARY}-{marker}\"}}\n",
        world.machine()
    );
    world.write(
        "a.yaml",
        &format!("schedules:\n{}{}{own}", lambda("first"), lambda("second")),
    );
    let late = format!("schedules:\n{}", lambda("late").replace(at, &day(-1)));
    world.write("late.yaml", &late);
    for (n, wrong) in [
        format!("payload: {{a: {CANARY}, a: 2}}"),
        format!("payloud: {CANARY}"),
        format!("payload: !{CANARY} x"),
        format!("payload: \"{CANARY}\n"),
    ]
    .iter()
    .enumerate()
    {
        let text = format!("schedules:\n  w{n}:\n    at: {at}\n    lambda: f\n    {wrong}\n");
        world.write(&format!("w{n}.yaml"), &text);
    }
}

/// A raw answer of the control socket.
fn asked(world: &World, path: &str) -> String {
    let socket = world.root.path().join("state/onced.sock");
    let mut stream = UnixStream::connect(socket).expect("the daemon listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: onced\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn no_payload_is_ever_shown() {
    for format in ["text", "json", "journald"] {
        let world = World::new().await;
        files(&world, &day(10), 1);
        let log = world.root.path().join("log");
        let listen = metrics::free();
        let journal = Journal::new(&world);
        let hook = Hook::new().await;
        let daemon = world
            .command(&["run", "-vv", "--log-format", format])
            .args(["--set", &format!("listen={listen}")])
            .args(["--set", &format!("notify=[{{webhook: \"{}\"}}]", hook.url)])
            .env("ONCED_JOURNAL_SOCKET", &journal.path)
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).expect("a log"))
            .spawn()
            .expect("onced starts");
        let daemon = Running(daemon);
        world.settles_at(3, 0).await;
        let mut said = Vec::new();
        let paths = [
            "/v1/list",
            "/v1/plan",
            "/v1/history",
            "/v1/resume",
            "/v1/about",
        ];
        said.extend(paths.map(|path| block_in_place(|| asked(&world, path))));
        for path in ["/", "/metrics", "/healthz", "/readyz"] {
            let answer = metrics::get(listen, path, "").expect("an answer");
            said.push(format!("{answer:?}"));
        }
        // Changed: each is stopped and started anew. Then two are gone.
        files(&world, &day(11), 2);
        world.settles_at(6, 3).await;
        fs::remove_file(world.path("a.yaml")).expect("removed");
        let (no_json, new) = (format!("{{{CANARY}"), format!("[\"{CANARY}-3\"]"));
        for arguments in [
            &["list"][..],
            &["list", "--format", "json"],
            &["calendar", "--months", "12"],
            &["calendar", "--ics"],
            &["calendar", "--html"],
            &["plan"],
            &["plan", "--format", "json"],
            &["plan", "--format", "markdown"],
            &["show", "first"],
            &["show", "own", "--format", "json"],
            &["history"],
            &["history", "--format", "json"],
            &["check"],
            &["check", "--format", "json"],
            &["check", "--format", "github"],
            &["resume", "--dry-run"],
            &["doctor", "-vv"],
            &["fmt"],
            &["edit", "late", "--payload", &no_json],
            &["edit", "late", "--payload", &new],
            &["remove", "late"],
            &["remove", "w0"],
            &[
                "add",
                "new",
                "--lambda",
                "f",
                "--in",
                "1h",
                "--payload",
                &new,
            ],
        ] {
            let output = world.output(arguments);
            let both = [output.stdout, output.stderr].concat();
            said.push(String::from_utf8_lossy(&both).into_owned());
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(daemon);
        let log = fs::read_to_string(log).expect("a log");
        let log = format!("{log}{:#?}", journal.lines());
        assert!(log.contains("scheduled"), "something is logged: {log}");
        said.push(log);
        let messages = hook.messages();
        assert!(!messages.is_empty(), "something is notified");
        said.push(format!("{messages:?}"));
        for text in said {
            let leak = text.lines().find(|line| line.contains(CANARY));
            assert_eq!(leak, None, "with {format}");
        }
    }
}

/// Faults at which a payload stands on the line that is shown.
#[test]
fn no_message_shows_a_payload() {
    let root = tempfile::tempdir().expect("a directory");
    for (n, text) in [
        "schedules:\n  - {name: a, at: 2027-06-01T09:00, lambda: f, payload: {token: CANARY}}\n",
        "schedules: [{at: 2027-06-01T09:00, lambda: f, payload: {token: CANARY}}]\n",
        "- {at: 2027-06-01T09:00, lambda: f, payload: {token: CANARY}}\n",
        "schedules:\n  a1: at=2027-06-01T09:00 payload=CANARY\n",
        "x-off: &off\n  token: CANARY\n  token: CANARY2\nschedules: {}\n",
        "x-off: &off\n  token: !secret CANARY\nschedules: {}\n",
        "x-off: &off\n  token: \"CANARY\nschedules: {}\n",
        "x-off: &off\n  <<: *CANARY\nschedules: {}\n",
        "schedules:\n  x-all: &all\n    token: CANARY\n    token: CANARY2\n",
        "defaults:\n  x-off: {token: *CANARY}\nschedules: {}\n",
    ]
    .iter()
    .enumerate()
    {
        let file = root.path().join(format!("a{n}.yaml"));
        fs::write(&file, text).expect("written");
        for format in ["text", "json", "github", "sarif"] {
            let mut check = crate::process::onced(root.path());
            check.arg("check").arg(&file).args(["--format", format]);
            let output = check.output().expect("onced runs");
            assert_eq!(output.status.code(), Some(4), "{text}\n{output:?}");
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(!said.contains("CANARY"), "{text}\n{said}");
        }
    }
}
