//! `onced doctor` against the sandbox over HTTP: what it finds, what it says to do, and that it does nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use onced::sandbox::Fault;
use serde_json::{Value, json};
use tokio::task::block_in_place;

use crate::process::{World, day, file};
use crate::support::fake::Fake;
use crate::support::sandbox;

/// Its exit code, and each check's name, state, message and remedy.
fn checks(world: &World) -> (Option<i32>, Vec<(String, String, String)>) {
    let output = world.output(&["doctor", "--format", "json"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let result: Value = serde_json::from_slice(&output.stdout).expect(&told);
    assert_eq!(result["version"], 1);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let checks = result["checks"].as_array().expect("checks").iter();
    let checks = checks.map(|check| {
        let told = format!("{} / {}", text(&check["message"]), text(&check["remedy"]));
        (text(&check["check"]), text(&check["state"]), told)
    });
    (output.status.code(), checks.collect())
}

fn has(checks: &[(String, String, String)], check: &str, state: &str, told: &str) {
    let found = checks
        .iter()
        .any(|(name, is, message)| name == check && is == state && message.contains(told));
    assert!(found, "{check} {state} {told}: {checks:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_is_well_it_says_so_and_does_nothing() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("e", &day(10))]));
    let (code, checks) = checks(&world);
    assert_eq!(code, Some(0), "{checks:#?}");
    // In the years to come, the rules that are built in will be old.
    let is_well = |(check, state, _): &(String, String, String)| {
        state == "ok" || check == "time zone rules" && state == "warning"
    };
    assert!(checks.iter().all(is_well), "{checks:#?}");
    let names = [
        "time zone rules",
        "configuration",
        "directory",
        "file events",
        "state directory",
        "ledger",
        "credentials",
        "state machine",
        "rights",
        "endpoint",
        "clock",
    ];
    for name in names {
        assert!(
            checks.iter().any(|(check, ..)| check == name),
            "{name}: {checks:#?}"
        );
    }
    has(&checks, "endpoint", "ok", &world.url);
    assert!(world.sandbox.executions().is_empty());
    assert!(!world.root.path().join("state").join("ledger").exists());
    let output = world.output(&["doctor"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.starts_with("ok      configuration: owner `test`\n"),
        "{text}"
    );
    assert_eq!(
        world
            .output(&["doctor", "--format", "github"])
            .status
            .code(),
        Some(64)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_with_its_remedy() {
    let world = World::new().await;
    let create = |name: &str, kind: &str, definition: &Value| {
        let role = "arn:aws:iam::123456789012:role/x";
        let request = json!({"name": name, "definition": definition.to_string(), "roleArn": role, "type": kind});
        let answer = world.sandbox.call(
            "AWSStepFunctions.CreateStateMachine",
            request.to_string().as_bytes(),
        );
        assert_eq!(answer.status, 200);
    };
    // What is said of a machine is not what it does.
    let at_once = json!({"Comment": "waits for $.invocationTime", "StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}});
    create("AtOnce", "STANDARD", &at_once);
    create("Fast", "EXPRESS", &at_once);
    let mut text = "schedules:\n".to_owned();
    sandbox::create_machine(&world.sandbox, "Going");
    sandbox::delete_machine(&world.sandbox, "Going");
    for name in ["AtOnce", "Fast", "Going", "None"] {
        let arn = format!("arn:aws:states:us-east-1:123456789012:stateMachine:{name}");
        text += &[
            "  ",
            name,
            ": {at: ",
            &day(10),
            ", state_machine: ",
            &arn,
            "}\n",
        ]
        .concat();
    }
    world.write("a.yaml", &text);
    world.write("b.yaml", "schedules: [");
    let state = world.root.path().join("state");
    fs::create_dir_all(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    let faults = |_: u64, operation: &str| match operation {
        "StopExecution" => Fault::AccessDenied,
        _ => Fault::None,
    };
    world.sandbox.set_faults(Some(std::sync::Arc::new(faults)));
    let (code, checks) = checks(&world);
    assert_eq!(code, Some(1), "{checks:#?}");
    has(
        &checks,
        "schedule files",
        "warning",
        "`onced check` says what is wrong",
    );
    has(&checks, "state directory", "warning", "chmod 700");
    has(
        &checks,
        "state machine",
        "failure",
        "it would run at once / let it begin with a Wait",
    );
    has(&checks, "state machine", "failure", "is of type EXPRESS");
    has(&checks, "state machine", "failure", "is being deleted");
    has(
        &checks,
        "state machine",
        "failure",
        "StateMachineDoesNotExist: State Machine Does Not Exist: 'arn:aws:states:us-east-1:123456789012:stateMachine:None' / name one that is there",
    );
    // The rights to one that can't be stopped would be denied for what it is.
    let of_express = |(check, _, told): &&(String, String, String)| {
        check == "rights" && told.contains("stateMachine:Fast")
    };
    assert!(
        !checks.iter().any(|check| of_express(&check)),
        "{checks:#?}"
    );
    let output = world
        .command_on(&sandbox::machine_arn("Nobodys"), &["doctor"])
        .output();
    let said = String::from_utf8_lossy(&output.expect("onced runs").stdout).into_owned();
    let hints = said.matches("`onced bootstrap` makes it").count();
    assert_eq!(hints, 1, "only of what bootstrap makes: {said}");
    has(
        &checks,
        "rights",
        "failure",
        "allow `states:StopExecution`: see `onced bootstrap --print iam`",
    );
    has(&checks, "rights", "ok", "states:DescribeExecution");
}

/// The role of another account, credentials of another account, and a server that answers nothing.
#[tokio::test(flavor = "multi_thread")]
async fn who_calls_is_looked_at_for_each_account() {
    let world = World::new().await;
    let abroad = "arn:aws:states:eu-west-1:210987654321:stateMachine:Mine";
    let entry = [
        "schedules:\n  e: {at: ",
        &day(10),
        ", state_machine: ",
        abroad,
        "}\n",
    ]
    .concat();
    world.write("a.yaml", &entry);
    let (_, without) = checks(&world);
    has(&without, "credentials", "ok", "123456789012 in us-east-1");
    has(
        &without,
        "credentials",
        "failure",
        "write a role of it into `roles`",
    );
    let roles = "roles={\"210987654321\": arn:aws:iam::210987654321:role/onced}";
    let output = world.output(&["doctor", "--set", roles]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let assumed =
        "ok      credentials: 210987654321 in eu-west-1: arn:aws:sts::210987654321:assumed-role/";
    assert!(text.contains(assumed), "{text}");
}

/// A clock that is off by more than AWS bears, and one that is off by less.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_told() {
    for (seconds, state, told) in [
        (600, "failure", "-600 s off AWS's / set the clock"),
        (-60, "warning", "60 s off AWS's / set the clock"),
    ] {
        let world = World::at(chrono::Utc::now() + chrono::TimeDelta::seconds(seconds)).await;
        let (code, checks) = checks(&world);
        assert_eq!(code, Some(i32::from(state == "failure")), "{checks:#?}");
        let (_, is, message) = checks
            .iter()
            .find(|(name, ..)| name == "clock")
            .expect("it is told");
        // A second may pass meanwhile, and dates have no fractions.
        let near = [
            told.to_owned(),
            told.replace("600", "599"),
            told.replace("60 s", "61 s"),
        ];
        assert!(
            is == state && near.iter().any(|told| message.contains(told)),
            "{is} {message}"
        );
    }
}

/// What `onced doctor` says where this answers, with these variables.
fn told_by(fake: &Fake, world: &mut World, variables: &[(&str, &str)]) -> String {
    world.url.clone_from(&fake.url);
    let mut command = world.command(&["doctor"]);
    command.envs(variables.iter().copied());
    let output = block_in_place(|| command.output().expect("onced runs"));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The clock is off by so much that nothing is answered but that.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_for_which_everything_is_refused_is_told() {
    let mut world = World::new().await;
    let said = "Signature expired: 20261130T090000Z is now earlier than 20261130T100000Z";
    let refused = json!({"__type": "InvalidSignatureException", "message": said});
    let ahead = chrono::TimeDelta::hours(1);
    let fake = Fake::at(ahead, &[("DescribeStateMachine", 403, refused)]).await;
    let told = told_by(&fake, &mut world, &[]);
    assert!(told.contains("FAILURE clock: -3"), "{told}");
    assert!(
        told.contains("set the clock of this machine, if `clock` says that it is off"),
        "{told}"
    );
    let log = world.root.path().join("log");
    let mut run = world.command(&["run"]);
    run.stderr(fs::File::create(&log).expect("a log"));
    let _daemon = crate::process::Running(run.spawn().expect("it starts"));
    let begun = std::time::Instant::now();
    let said = || fs::read_to_string(&log).expect("a log");
    while !said().contains("clock: -3") {
        assert!(begun.elapsed().as_secs() < 60, "{}", said());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// The SDK makes out no such endpoint beside one that is given.
#[tokio::test(flavor = "multi_thread")]
async fn a_kind_of_endpoints_beside_one_that_is_given_is_told() {
    let mut world = World::new().await;
    let fake = Fake::new(&[]).await;
    for (variable, kind) in [
        ("AWS_USE_FIPS_ENDPOINT", "FIPS"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "dual-stack"),
    ] {
        let told = told_by(&fake, &mut world, &[(variable, "true")]);
        let expected =
            format!("nothing was sent: {kind} endpoints are asked for beside one that is given");
        assert!(
            told.contains("FAILURE endpoint: ") && told.contains(&expected),
            "{told}"
        );
        assert!(told.contains(&format!("leave out `{variable}`")), "{told}");
    }
}

/// The bundled machine, as somebody writes it in JSONata.
#[tokio::test(flavor = "multi_thread")]
async fn a_machine_in_jsonata_is_of_a_known_form() {
    let mut world = World::new().await;
    let definition = json!({
        "QueryLanguage": "JSONata", "StartAt": "Wait", "States": {
            "Wait": {"Type": "Wait", "Timestamp": "{% $states.input.invocationTime %}", "Next": "Invoke"},
            "Invoke": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {
                "FunctionName": "{% $states.input.functionName %}", "Payload": "{% $states.input.payload %}"}, "End": true}}});
    let described = json!({
        "stateMachineArn": world.machine(), "name": "OneTimeLambdaScheduler", "status": "ACTIVE", "type": "STANDARD",
        "definition": definition.to_string(), "roleArn": "arn:aws:iam::123456789012:role/x", "creationDate": 1.0,
    });
    let fake = Fake::new(&[("DescribeStateMachine", 200, described)]).await;
    let told = told_by(&fake, &mut world, &[]);
    let known = format!(
        "ok      state machine: `{}` waits, and invokes what entries name",
        world.machine()
    );
    assert!(told.contains(&known), "{told}");
}

/// `onced run` asks at its start who it is, what the machine is and what time it is, and says what is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_says_at_its_start_what_is_wrong_at_aws() {
    let world = World::at(chrono::Utc::now() + chrono::TimeDelta::minutes(10)).await;
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;
    let arn = "arn:aws:states:us-east-1:123456789012:stateMachine:OneTimeLambdaScheduler";
    let request = json!({"stateMachineArn": arn, "definition": definition});
    let answer = world.sandbox.call(
        "AWSStepFunctions.UpdateStateMachine",
        request.to_string().as_bytes(),
    );
    assert_eq!(answer.status, 200);
    let log = fs::File::create(world.root.path().join("log")).expect("a log");
    let mut run = world.command(&["run"]);
    run.stderr(log);
    let mut daemon = crate::process::Running(run.spawn().expect("it starts"));
    let said = || fs::read_to_string(world.root.path().join("log")).expect("a log");
    for _ in 0..200 {
        if said().contains("clock:") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let said = said();
    for told in [
        "credentials: 123456789012 in us-east-1: arn:aws:iam::",
        "it would run at once",
        "s off AWS's\nhint: set the clock",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert!(daemon.0.try_wait().expect("asked").is_none(), "it goes on");
    assert_eq!(world.wire(), (0, 0));
}
