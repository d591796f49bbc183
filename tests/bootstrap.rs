//! `onced bootstrap` against the sandbox over HTTP: what it makes, what it leaves alone, what it says.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Output;

use onced::sandbox::{Fault, Status};
use serde_json::{Value, json};

use crate::process::{World, day, file};
use crate::support::sandbox::{self, machine_arn};

const ROLE: &str = "arn:aws:iam::123456789012:role/x";
const QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/123456789012/onced-dead-letters";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:hello";

fn bootstrap(world: &World, arguments: &[&str]) -> Output {
    let all: Vec<&str> = ["bootstrap"].iter().chain(arguments).copied().collect();
    world.output(&all)
}

/// Its exit code, stdout and stderr.
fn told(world: &World, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = bootstrap(world, arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn call(world: &World, operation: &str, request: &Value) -> Value {
    sandbox::call(&world.sandbox, operation, request)
}

fn described(world: &World, name: &str) -> Value {
    call(
        world,
        "DescribeStateMachine",
        &json!({"stateMachineArn": machine_arn(name)}),
    )
}

fn changes(world: &World) -> usize {
    let changing = ["CreateStateMachine", "UpdateStateMachine", "TagResource"];
    let calls = world.sandbox.calls();
    calls
        .iter()
        .filter(|call| changing.contains(&call.operation.as_str()))
        .count()
}

#[test]
fn config_holds_what_is_printed() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let iam = [
        "iam",
        "--owner",
        "prod",
        "--state-machine",
        &machine_arn("OneTimeLambdaScheduler"),
        "--dead-letter-queue",
        QUEUE,
    ];
    let printed: [(&str, &[&str]); 5] = [
        ("one-time-lambda.asl.json", &["asl"]),
        (
            "one-time-lambda.dead-letters.asl.json",
            &["asl", "--dead-letter-queue", QUEUE],
        ),
        ("cloudformation.yaml", &["cloudformation"]),
        ("onced.tf", &["terraform"]),
        ("iam.json", &iam),
    ];
    let home = tempfile::tempdir().unwrap();
    for (name, arguments) in printed {
        let mut command = crate::process::onced(home.path());
        let output = command
            .args(["bootstrap", "--print"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let kept = fs::read(config.join(name)).unwrap();
        assert!(
            output.stdout == kept,
            "config/{name} is not what is printed: print it anew"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_made_once_and_kept_up_to_date() {
    let world = World::new().await;
    let all = ["--role-arn", ROLE, "--name", "New"];
    let dry: Vec<&str> = all.iter().chain(&["--dry-run"]).copied().collect();
    let (code, out, _) = told(&world, &dry);
    assert_eq!((code, changes(&world)), (Some(0), 0), "{out}");
    assert!(
        out.starts_with(&format!("would be created: {}", machine_arn("New"))),
        "{out}"
    );
    let (code, out, _) = told(&world, &all);
    assert_eq!((code, changes(&world)), (Some(0), 1), "{out}");
    assert!(
        out.contains(&format!("\n  state_machine: {}\n", machine_arn("New"))),
        "{out}"
    );
    let machine = described(&world, "New");
    assert_eq!(
        (&machine["type"], &machine["roleArn"]),
        (&json!("STANDARD"), &json!(ROLE))
    );
    // The same again, also where AWS has the definition with other spaces and another order.
    let definition: Value = serde_json::from_str(machine["definition"].as_str().unwrap()).unwrap();
    let update =
        json!({"stateMachineArn": machine_arn("New"), "definition": definition.to_string()});
    call(&world, "UpdateStateMachine", &update);
    let (code, out, _) = told(&world, &all);
    assert_eq!((code, changes(&world)), (Some(0), 1), "{out}");
    assert!(out.starts_with("unchanged: "), "{out}");
    // Another role and a queue of dead letters; an execution that runs goes on with what it began with.
    let input =
        json!({"functionName": "f", "invocationTime": "2050-01-01T00:00:00Z", "payload": {}});
    let start =
        json!({"stateMachineArn": machine_arn("New"), "name": "runs", "input": input.to_string()});
    call(&world, "StartExecution", &start);
    let other = "arn:aws:iam::123456789012:role/other";
    let (code, out, _) = told(
        &world,
        &[
            "--role-arn",
            other,
            "--name",
            "New",
            "--dead-letter-queue",
            QUEUE,
        ],
    );
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("+    \"ToDeadLetterQueue\": {"), "{out}");
    assert!(out.contains(&format!("- {ROLE}\n+ {other}\n")), "{out}");
    let machine = described(&world, "New");
    assert_eq!(machine["roleArn"], other);
    assert!(machine["definition"].as_str().unwrap().contains(QUEUE));
    let executions = world.sandbox.executions();
    assert_eq!(executions.len(), 1);
    assert_eq!(executions[0].status(), Status::Running);
    // A tag that somebody took away comes back, and no other is touched.
    let tags = json!({"resourceArn": machine_arn("New"), "tags": [{"key": "team", "value": "a"}, {"key": "onced:version", "value": "0"}]});
    call(&world, "TagResource", &tags);
    let (_, out, _) = told(
        &world,
        &[
            "--role-arn",
            other,
            "--name",
            "New",
            "--dead-letter-queue",
            QUEUE,
        ],
    );
    assert!(out.starts_with("tag: onced:version=1\nupdated: "), "{out}");
    let tags = call(
        &world,
        "ListTagsForResource",
        &json!({"resourceArn": machine_arn("New")}),
    );
    assert!(
        tags["tags"]
            .as_array()
            .unwrap()
            .contains(&json!({"key": "team", "value": "a"}))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_is_shown_and_overwritten_only_by_force() {
    let world = World::new().await;
    let all = ["--role-arn", ROLE, "--name", "New"];
    assert_eq!(told(&world, &all).0, Some(0));
    let ours = described(&world, "New")["definition"]
        .as_str()
        .unwrap()
        .to_owned();
    let edited = ours.replace("960", "30");
    let update = json!({"stateMachineArn": machine_arn("New"), "definition": edited});
    call(&world, "UpdateStateMachine", &update);
    for more in [None, Some("--dry-run")] {
        let before = changes(&world);
        let arguments: Vec<&str> = all.iter().copied().chain(more).collect();
        let (code, out, error) = told(&world, &arguments);
        assert_eq!((code, changes(&world)), (Some(1), before), "{out}");
        assert!(
            out.contains("-      \"TimeoutSeconds\": 30,\n+      \"TimeoutSeconds\": 960,"),
            "{out}"
        );
        assert!(
            error.contains("hint: look at the difference, and give --force"),
            "{error}"
        );
        assert_eq!(described(&world, "New")["definition"], edited);
    }
    let (code, out, _) = told(&world, &["--role-arn", ROLE, "--name", "New", "--force"]);
    assert_eq!(code, Some(0), "{out}");
    assert_eq!(described(&world, "New")["definition"], ours);
}

/// The form that such machines had first: recognised, usable as it is, and onced runs its entries through it.
#[tokio::test(flavor = "multi_thread")]
async fn a_machine_made_by_hand_in_the_first_form_is_usable_as_it_is() {
    let world = World::new().await;
    let definition = json!({
        "StartAt": "CountDownTimer",
        "States": {
            "CountDownTimer": {"Type": "Wait", "TimestampPath": "$.invocationTime", "Next": "InvokeLambda"},
            "InvokeLambda": {"Type": "Task", "Resource": FUNCTION, "End": true}
        }
    });
    let create = json!({"name": "ByHand", "definition": definition.to_string(), "roleArn": ROLE});
    call(&world, "CreateStateMachine", &create);
    let all = [
        "--role-arn",
        ROLE,
        "--name",
        "ByHand",
        "--legacy-lambda-arn",
        FUNCTION,
    ];
    let before = changes(&world);
    let (code, out, _) = told(&world, &all);
    assert_eq!((code, changes(&world)), (Some(0), before), "{out}");
    assert!(out.starts_with("usable as it is: "), "{out}");
    let other = FUNCTION.replace("hello", "other");
    let (code, ..) = told(
        &world,
        &[
            "--role-arn",
            ROLE,
            "--name",
            "ByHand",
            "--legacy-lambda-arn",
            &other,
        ],
    );
    assert_eq!(code, Some(1), "it invokes another function");
    let forced: Vec<&str> = all.iter().copied().chain(["--force"]).collect();
    let (code, out, _) = told(&world, &forced);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("+      \"Retry\": ["), "{out}");
    assert!(told(&world, &all).1.starts_with("unchanged: "));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_told_with_what_to_change() {
    let world = World::new().await;
    let express = json!({"name": "Fast", "definition": described(&world, "OneTimeLambdaScheduler")["definition"], "roleArn": ROLE, "type": "EXPRESS"});
    call(&world, "CreateStateMachine", &express);
    sandbox::create_machine(&world.sandbox, "Going");
    sandbox::delete_machine(&world.sandbox, "Going");
    let foreign = "arn:aws:iam::210987654321:role/x";
    let cases: [(&[&str], i32, &str); 10] = [
        (
            &["--role-arn", foreign],
            1,
            "hint: give a role of `123456789012`",
        ),
        (
            &["--role-arn", "role/x"],
            64,
            "hint: write it as `arn:aws:iam::ACCOUNT:role/NAME`",
        ),
        (
            &["--role-arn", ROLE, "--name", "Fast"],
            1,
            "is of type EXPRESS",
        ),
        (
            &["--role-arn", ROLE, "--name", "Going"],
            1,
            "hint: try again once it is gone",
        ),
        (
            &["--role-arn", ROLE, "--name", "a b"],
            64,
            "can't be the name of a state machine",
        ),
        (
            &["--role-arn", ROLE, "--region", "eu-west-1"],
            64,
            "hint: leave `aws.region` out",
        ),
        (
            &["--role-arn", ROLE, "--dead-letter-queue", "q"],
            64,
            "is not the URL of a queue",
        ),
        (
            &[
                "--role-arn",
                ROLE,
                "--dead-letter-queue",
                &format!("{QUEUE}.fifo"),
            ],
            64,
            "give a standard queue",
        ),
        (
            &[
                "--role-arn",
                ROLE,
                "--dead-letter-queue",
                &QUEUE.replace("us-east-1", "eu-west-1"),
            ],
            1,
            "hint: name one in `us-east-1`",
        ),
        (
            &["--role-arn", ROLE, "--legacy-lambda-arn", "hello"],
            64,
            "is not the ARN of a function",
        ),
    ];
    for (arguments, expected, hint) in cases {
        let (code, out, error) = told(&world, arguments);
        assert_eq!(code, Some(expected), "{arguments:?}: {out}{error}");
        assert!(error.contains(hint), "{arguments:?}: {error}");
    }
    world
        .sandbox
        .set_faults(Some(std::sync::Arc::new(|_, operation: &str| {
            if operation == "CreateStateMachine" {
                Fault::AccessDenied
            } else {
                Fault::None
            }
        })));
    let (code, _, error) = told(&world, &["--role-arn", ROLE, "--name", "New"]);
    assert_eq!(code, Some(1));
    assert!(
        error.contains("hint: allow `states:CreateStateMachine` on `arn:"),
        "{error}"
    );
}

/// What bootstrap made, onced runs its entries through.
#[tokio::test(flavor = "multi_thread")]
async fn entries_run_through_what_was_made() {
    let world = World::new().await;
    assert_eq!(told(&world, &["--role-arn", ROLE, "--force"]).0, Some(0));
    world.write("a.yaml", &file(&[("e", &day(10))]));
    let output = world.output(&["sync"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(world.sandbox.executions().len(), 1);
}

/// Whatever says where calls go, it is told where they went.
#[tokio::test(flavor = "multi_thread")]
async fn the_effective_endpoint_is_always_told() {
    let world = World::new().await;
    let home = tempfile::tempdir().unwrap();
    let profile = home.path().join("config");
    let told = format!("[default]\nendpoint_url = {}\n", world.url);
    fs::write(&profile, told).unwrap();
    let profile = profile.to_str().unwrap();
    let nowhere = "http://127.0.0.1:1";
    let ways: [&[(&str, &str)]; 4] = [
        &[
            ("AWS_ENDPOINT_URL_SFN", &world.url),
            ("AWS_ENDPOINT_URL", nowhere),
        ],
        &[("AWS_ENDPOINT_URL", &world.url)],
        &[("AWS_CONFIG_FILE", profile)],
        &[
            ("ONCED_ENDPOINT_URL", &world.url),
            ("AWS_ENDPOINT_URL_SFN", nowhere),
        ],
    ];
    for way in ways {
        let mut command = crate::process::onced(home.path());
        command.args([
            "bootstrap",
            "--role-arn",
            ROLE,
            "--region",
            "us-east-1",
            "--name",
            "N",
        ]);
        let output = command.envs(way.iter().copied()).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{way:?}: {error}");
        assert!(
            error.contains(&format!("endpoint=\"{}\"", world.url)),
            "{way:?}: {error}"
        );
    }
}

/// A machine that would run at once, or another function than the entry's, is refused before anything is started; once
/// it is mended, the start is made.
#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_would_do_something_else_is_never_started() {
    let world = World::new().await;
    let at_once = json!({"Comment": "$.invocationTime is when it runs", "StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}});
    let create = |name: &str, definition: &Value| {
        let create = json!({"name": name, "definition": definition.to_string(), "roleArn": ROLE});
        call(&world, "CreateStateMachine", &create);
    };
    create("AtOnce", &at_once);
    let mut one = described(&world, "OneTimeLambdaScheduler")["definition"]
        .as_str()
        .unwrap()
        .to_owned();
    one = one.replace("arn:aws:states:::lambda:invoke", FUNCTION);
    let update =
        json!({"stateMachineArn": machine_arn("OneTimeLambdaScheduler"), "definition": one});
    call(&world, "UpdateStateMachine", &update);
    let (day, machine) = (day(10), machine_arn("AtOnce"));
    let text = format!(
        "schedules:\n  mine: {{at: {day}, state_machine: {machine}}}\n  other: {{at: {day}, lambda: other}}\n  same: {{at: {day}, lambda: hello}}\n"
    );
    world.write("a.yaml", &text);
    let output = world.output(&["sync"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("does not wait: nothing in its definition reads"),
        "{told}"
    );
    assert!(
        told.contains(&format!("always invokes `{FUNCTION}`, and not `other`")),
        "{told}"
    );
    let executions = world.sandbox.executions();
    assert_eq!(executions.len(), 1, "{executions:?}");
    assert!(executions[0].name.starts_with("test-same-"));
    let list = world.list();
    let refused = list["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["phase"] == "refused");
    assert_eq!(refused.count(), 2, "{list}");
}

/// A role that can't be assumed keeps nobody waiting but the entries of its own account.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_role_is_denied_keeps_no_other_from_going_on() {
    let world = World::new().await;
    let day = day(10);
    let abroad = machine_arn("Mine").replace("123456789012", "210987654321");
    let mut text = format!("schedules:\n  here: {{at: {day}, lambda: f}}\n");
    for n in 0..100 {
        let _ = writeln!(
            text,
            "  there{n}: {{at: {day}, state_machine: {abroad}, input: {{n: {n}}}}}"
        );
    }
    world.write("a.yaml", &text);
    let role = "roles={\"210987654321\": arn:aws:iam::210987654321:role/denied}";
    let mut command = world.command(&["run"]);
    command
        .args(["--set", role])
        .stderr(std::process::Stdio::piped());
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    world.settles_at(1, 0).await;
    let list = world.list();
    let entries = list["entries"].as_array().unwrap();
    let there: Vec<_> = entries
        .iter()
        .filter(|entry| entry["phase"] != "scheduled")
        .collect();
    assert_eq!(there.len(), 100, "{list}");
    child.kill().unwrap();
    let log = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    assert!(
        log.contains("not authorized to perform: sts:AssumeRole"),
        "{log}"
    );
    child.wait().unwrap();
}
