//! `notify`: what is told, to whom, how often, and what comes of one who does not listen.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use chrono::{TimeDelta, Utc};
use onced::sandbox::{Fault, Options, Sandbox};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::process::{Running, World, day, entry, file, has};
use crate::support::program::log;

/// Somebody who is told.
#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) url: String,
    answers: Arc<AtomicU16>,
    got: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

impl Hook {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let hook = Self {
            url: format!("http://{address}/hook?token=s3cret"),
            answers: Arc::new(AtomicU16::new(204)),
            got: Arc::default(),
        };
        let take = |State(hook): State<Hook>, headers: HeaderMap, body: String| async move {
            hook.got.lock().expect("free").push((headers, body));
            StatusCode::from_u16(hook.answers.load(Ordering::Relaxed)).expect("a status")
        };
        let router = axum::Router::new().route("/hook", post(take));
        let serving = axum::serve(listener, router.with_state(hook.clone()));
        tokio::spawn(async move { serving.await });
        hook
    }

    pub(crate) fn messages(&self) -> Vec<(HeaderMap, String)> {
        self.got.lock().expect("free").clone()
    }

    /// Each notice that was taken: its event, its entry, and the whole.
    fn notices(&self) -> Vec<(String, String, Value)> {
        let messages = self.messages();
        let bodies = messages.iter().map(|(_, body)| body);
        let bodies = bodies.map(|body| serde_json::from_str::<Value>(body).expect("JSON"));
        let notices = bodies.flat_map(|body| {
            assert_eq!(
                (&body["version"], &body["owner"]),
                (&json!(1), &json!("test"))
            );
            body["events"].as_array().expect("events").clone()
        });
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        notices
            .map(|notice| (text(&notice["event"]), text(&notice["name"]), notice))
            .collect()
    }

    /// Waits for a notice, and answers it.
    async fn waits_for(&self, event: &str, name: &str) -> Value {
        let begun = Instant::now();
        loop {
            let notices = self.notices();
            if let Some((.., notice)) = notices.iter().find(|(e, n, _)| e == event && n == name) {
                return notice.clone();
            }
            assert!(
                begun.elapsed() < Duration::from_secs(100),
                "no {event} of {name}: {notices:#?}"
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    fn count(&self, event: &str) -> usize {
        self.notices().iter().filter(|(e, ..)| e == event).count()
    }
}

fn daemon(world: &World, notify: &str) -> Running {
    let mut command = world.command(&["run", "--set", &format!("notify={notify}")]);
    command.args(["--set", "reconcile.resync=1s"]);
    run(world, command)
}

fn run(world: &World, mut command: Command) -> Running {
    let path = world.root.path().join("log");
    let log = fs::File::options().create(true).append(true).open(path);
    let log = log.expect("a log");
    command.stdout(Stdio::null()).stderr(log);
    Running(command.spawn().expect("onced starts"))
}

fn soon(seconds: i64) -> String {
    let at = Utc::now() + TimeDelta::seconds(seconds);
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// One whose functions all fail.
async fn failing() -> World {
    let options = Options {
        lambda_endpoint: Some("http://127.0.0.1:9".into()),
        ..Options::default()
    };
    World::with(Sandbox::new(options).expect("a sandbox")).await
}

/// Everything that one is told of, each once, and when it is over; restarts repeat nothing and lose nothing.
#[tokio::test(flavor = "multi_thread")]
async fn each_thing_is_told_once() {
    let world = failing().await;
    let hook = Hook::new().await;
    let deny = |_, operation: &str| match operation {
        "StartExecution" => Fault::AccessDenied,
        _ => Fault::None,
    };
    world
        .sandbox
        .set_faults_of("test-denied-", Some(Arc::new(deny)));
    let due = soon(4);
    let (past, shot_at) = (day(-2), soon(14));
    let text = [
        ("due", due.as_str()),
        ("late", &past),
        ("denied", &day(10)),
        ("shot", &shot_at),
    ];
    world.write("a.yaml", &file(&text));
    let many: Vec<(String, String)> = (0..5).map(|n| (format!("m{n}"), day(20 + n))).collect();
    let many: Vec<(&str, &str)> = many
        .iter()
        .map(|(n, at)| (n.as_str(), at.as_str()))
        .collect();
    world.write("many.yaml", &file(&many));
    let notify = format!("[{{webhook: \"{}\"}}]", hook.url);
    let running = daemon(&world, &notify);

    let notice = hook.waits_for("failed", "due").await;
    assert_eq!(notice["at"], due.as_str());
    let is = notice["execution_arn"].as_str().expect("an ARN");
    assert!(
        is.contains(":execution:OneTimeLambdaScheduler:test-due-"),
        "{is}"
    );
    let notice = hook.waits_for("missed", "late").await;
    assert_eq!(notice["at"], past.as_str());
    let notice = hook.waits_for("refused", "denied").await;
    let detail = notice["detail"].as_str().expect("a reason");
    assert!(detail.contains("AccessDenied"), "{detail}");

    // Somebody else stops one: that is seen at its time.
    let all = world.sandbox.executions();
    let shot = all.iter().find(|one| one.name.starts_with("test-shot-"));
    let body = json!({"executionArn": shot.expect("it runs").arn}).to_string();
    world
        .sandbox
        .call("AWSStepFunctions.StopExecution", body.as_bytes());
    hook.waits_for("aborted", "shot").await;

    // A mass of stops waits, then is put back; what was refused is taken.
    fs::remove_file(world.path("many.yaml")).expect("removed");
    let notice = hook.waits_for("held", "").await;
    let digest = notice["digest"].as_str().expect("a digest").to_owned();
    assert_eq!(world.list()["digest"], digest.as_str());
    world.write("many.yaml", &file(&many));
    let notice = hook.waits_for("recovered", "").await;
    assert_eq!(notice["detail"], "no stops wait for approval any more");
    world.sandbox.set_faults_of("test-denied-", None);
    // Touched, so that it is tried at once.
    let text = fs::read_to_string(world.path("a.yaml")).expect("the file");
    let grace = text.replace(&day(10), &day(12));
    world.write("a.yaml", &grace);
    let notice = hook.waits_for("recovered", "denied").await;
    assert_eq!(notice["detail"], "refused before, scheduled now");

    // Nothing is repeated, not even by a restart; killed before it has written down what was taken, it may be.
    let begun = Instant::now();
    let notified = world.root.path().join("state/notified");
    let written =
        || fs::read_to_string(&notified).is_ok_and(|text| text.contains("\"refused\":{}"));
    while !written() {
        assert!(begun.elapsed() < Duration::from_secs(20));
        sleep(Duration::from_millis(20)).await;
    }
    drop(running);
    let _running = daemon(&world, &notify);
    sleep(Duration::from_secs(4)).await;
    for (event, number) in [
        ("failed", 1),
        ("missed", 1),
        ("refused", 1),
        ("aborted", 1),
        ("held", 1),
        ("recovered", 2),
    ] {
        assert_eq!(hook.count(event), number, "{event}: {:#?}", hook.notices());
    }
    let told = log(&world);
    assert!(!told.contains("s3cret"), "{told}");
}

/// One who does not listen is told when he does: all of it, in as few messages as it takes; nobody waits for him.
#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_listen_keeps_nobody_waiting() {
    let world = failing().await;
    let hook = Hook::new().await;
    hook.answers.store(503, Ordering::Relaxed);
    world.write("a.yaml", &file(&[("a", &soon(2)), ("b", &soon(3))]));
    // One that takes no connection, one that takes it and says nothing, and one that is no program.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let silent_url = format!("http://{}", silent.local_addr().expect("an address"));
    let notify = format!(
        "[{{webhook: \"http://127.0.0.1:9/\"}}, {{webhook: \"{silent_url}\"}}, {{exec: [/nowhere/at/all]}}, {{webhook: \"{}\", events: [failed]}}]",
        hook.url
    );
    let running = daemon(&world, &notify);
    let begun = Instant::now();
    while hook.count("failed") < 2 {
        assert!(begun.elapsed() < Duration::from_secs(40), "{}", log(&world));
        sleep(Duration::from_millis(50)).await;
    }
    world.write("b.yaml", &file(&[("c", &day(10))]));
    world.settles_at(3, 0).await;
    let told = log(&world);
    for line in [
        "a notice is not taken: it is sent again to=\"http://127.0.0.1:9/\"",
        "it answers 503",
        "to=\"/nowhere/at/all\"",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(!told.contains("s3cret"), "{told}");
    // What was not taken is not lost with the process, and is the same message still.
    drop(running);
    let tries = hook.messages();
    hook.answers.store(200, Ordering::Relaxed);
    let _running = daemon(&world, &notify);
    let id = |message: &(HeaderMap, String)| message.0["webhook-id"].clone();
    let taken = || hook.messages().split_off(tries.len());
    let names = || {
        let bodies = taken().into_iter().map(|(_, body)| body);
        let bodies = bodies.map(|body| serde_json::from_str::<Value>(&body).expect("JSON"));
        let events = bodies.flat_map(|body| body["events"].as_array().expect("events").clone());
        let names = events.map(|event| event["name"].as_str().expect("a name").to_owned());
        names.collect::<Vec<String>>()
    };
    let begun = Instant::now();
    while names().len() < 2 {
        assert!(
            begun.elapsed() < Duration::from_secs(40),
            "{:#?}\n{}",
            hook.messages(),
            log(&world)
        );
        sleep(Duration::from_millis(50)).await;
    }
    sleep(Duration::from_secs(3)).await;
    assert_eq!(
        names(),
        ["a", "b"],
        "each once it is taken, and only what it wants"
    );
    assert_eq!(taken().first().map(id), tries.last().map(id));
}

/// What happens while one who is new does not listen is told, once he does.
#[tokio::test(flavor = "multi_thread")]
async fn what_happens_before_the_first_message_is_taken_is_told() {
    let world = failing().await;
    let hook = Hook::new().await;
    hook.answers.store(500, Ordering::Relaxed);
    world.write("a.yaml", &file(&[("late", &day(-1)), ("a", &soon(4))]));
    let _running = daemon(&world, &format!("[{{webhook: \"{}\"}}]", hook.url));
    hook.waits_for("missed", "late").await;
    let begun = Instant::now();
    let phase = |name: &str| {
        let list = world.list();
        let entries = list["entries"].as_array().expect("entries").clone();
        let entry = entries.into_iter().find(|entry| entry["name"] == name);
        entry.expect("the entry")["phase"]
            .as_str()
            .map(str::to_owned)
    };
    while phase("a").as_deref() != Some("failed") {
        assert!(begun.elapsed() < Duration::from_secs(40), "{}", log(&world));
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(hook.count("failed"), 0);
    hook.answers.store(200, Ordering::Relaxed);
    hook.waits_for("failed", "a").await;
}

/// Signed as Standard Webhooks says: what Python makes of the key and the message is the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_signed() {
    if !has("python3") {
        return;
    }
    let world = World::new().await;
    let hook = Hook::new().await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    fs::write(world.root.path().join("hook-key"), format!("{secret}\n")).expect("written");
    world.write("a.yaml", &file(&[("late", &day(-1))]));
    let notify = format!("[{{webhook: \"{}\", secret_file: hook-key}}]", hook.url);
    let mut command = world.command(&["run", "--set", &format!("notify={notify}")]);
    // As LoadCredential= gives it.
    command.env("CREDENTIALS_DIRECTORY", world.root.path());
    let _running = run(&world, command);
    hook.waits_for("missed", "late").await;
    let (headers, body) = hook.messages().remove(0);
    let header = |name: &str| headers[name].to_str().expect("a text").to_owned();
    assert_eq!(header("content-type"), "application/json");
    assert!(header("user-agent").starts_with("onced/"));
    let script = "import base64, hashlib, hmac, sys\n\
        key = base64.b64decode(sys.argv[1].removeprefix('whsec_'))\n\
        signed = hmac.new(key, sys.argv[2].encode(), hashlib.sha256).digest()\n\
        print('v1,' + base64.b64encode(signed).decode())";
    let signed = format!(
        "{}.{}.{body}",
        header("webhook-id"),
        header("webhook-timestamp")
    );
    let python = Command::new("python3")
        .args(["-c", script, secret, &signed])
        .output();
    let python = python.expect("python3 runs");
    assert_eq!(
        header("webhook-signature"),
        String::from_utf8_lossy(&python.stdout).trim()
    );
}

/// A program gets the message on its stdin, and nothing of the environment that may be secret; one that fails is run again.
#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_told_on_its_stdin() {
    let world = World::new().await;
    let root = world.root.path();
    let script = root.join("tell");
    let text = format!(
        "#!/bin/sh\ncat > {0}/message.$$\nenv > {0}/environment\necho \"$1\" > {0}/argument\n[ -e {0}/again ] || {{ touch {0}/again; exit 3; }}\nmv {0}/message.$$ {0}/message\n",
        root.display()
    );
    fs::write(&script, text).expect("written");
    executable(&script);
    world.write("a.yaml", &file(&[("late", &day(-1))]));
    let notify = format!("[{{exec: [{}, two words]}}]", script.display());
    let _running = daemon(&world, &notify);
    let message = root.join("message");
    let begun = Instant::now();
    while !message.exists() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", log(&world));
        sleep(Duration::from_millis(50)).await;
    }
    let message = fs::read_to_string(message).expect("a message");
    let message: Value = serde_json::from_str(&message).expect("JSON");
    assert_eq!(message["events"][0]["name"], "late");
    assert_eq!(
        fs::read_to_string(root.join("argument")).expect("one"),
        "two words\n"
    );
    let environment = fs::read_to_string(root.join("environment")).expect("one");
    assert!(
        environment.contains("ONCED_NOTICE_ID=msg_"),
        "{environment}"
    );
    assert!(!environment.contains("AWS_"), "{environment}");
    let told = log(&world);
    assert!(told.contains("exit status: 3"), "{told}");
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("set");
}

/// A reload tells others from then on; a bad `notify` is refused, and no token is shown.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_told_can_be_changed() {
    let world = World::new().await;
    let (one, two) = (Hook::new().await, Hook::new().await);
    let config = world.root.path().join("onced.yaml");
    let write = |notify: &str| fs::write(&config, format!("notify: {notify}\n")).expect("written");
    write(&format!("[{{webhook: \"{}\"}}]", one.url));
    let given = config.display().to_string();
    world.write("a.yaml", &file(&[("late", &day(-1))]));
    let running = run(&world, world.command(&["run", "--config", &given]));
    one.waits_for("missed", "late").await;
    write(&format!("[{{webhook: \"{}\"}}]", two.url));
    assert_eq!(world.output(&["reload"]).status.code(), Some(0));
    two.waits_for("missed", "late").await;
    world.write(
        "b.yaml",
        &format!("schedules:\n{}", entry("later", &day(-2))),
    );
    two.waits_for("missed", "later").await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!((one.count("missed"), two.count("missed")), (1, 2));
    for (wrong, says) in [
        ("{webhook: x}", "this is no list"),
        ("[{webhook: \"ftp://x/s3cret\"}]", "no URL"),
        (
            "[{webhook: \"https://x/s3cret\", events: [hold]}]",
            "there is no event `hold`",
        ),
        (
            "[{webhook: \"https://x/s3cret\", event: [held]}]",
            "there is no `event` in `notify`",
        ),
        (
            "[{webhook: \"https://x/s3cret\", exec: [x]}]",
            "a `webhook` or an `exec`",
        ),
        ("[{exec: []}]", "`exec` is no list"),
        ("[{exec: [x], secret_file: y}]", "is for a `webhook`"),
        ("[{exec: [x]}, {exec: [x]}]", "two items are alike"),
    ] {
        write(wrong);
        let output = world.output(&["reload"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{wrong}: {said}");
        assert!(
            said.contains(says) && said.contains("hint: "),
            "{wrong}: {said}"
        );
        assert!(!said.contains("s3cret"), "{said}");
        let output = block_in_place(|| world.command(&["list", "--config", &given]).output());
        assert_eq!(output.expect("it runs").status.code(), Some(1));
    }
    drop(running);
}
