//! What the sandbox does as time goes on, under a paused clock: what the conformance suite, which asks at once, can't ask.

use chrono::{DateTime, TimeDelta, Utc};
use onced::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tokio::time::Duration;

use crate::support::sandbox::{call, machine_arn};

fn noon() -> DateTime<Utc> {
    "2026-12-01T12:00:00Z".parse().expect("a time")
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_clock(Options::default(), noon()).expect("a sandbox");
    sandbox.create_default_machine();
    sandbox
}

/// Starts an execution that fires so many seconds after noon.
fn start(sandbox: &Sandbox, name: &str, seconds: i64) -> String {
    let at = (noon() + TimeDelta::seconds(seconds)).to_rfc3339();
    let input = json!({"functionName": "f", "invocationTime": at, "payload": {}}).to_string();
    let machine = machine_arn("OneTimeLambdaScheduler");
    let start = json!({"stateMachineArn": machine, "name": name, "input": input});
    let started = call(sandbox, "StartExecution", &start);
    started["executionArn"].as_str().expect("an ARN").to_owned()
}

fn ask(sandbox: &Sandbox, operation: &str, execution: &str) -> Value {
    call(sandbox, operation, &json!({"executionArn": execution}))
}

/// Lets so much time pass, and what is due in it happen.
async fn pass(time: Duration) {
    tokio::time::sleep(time + Duration::from_millis(1)).await;
}

fn types(sandbox: &Sandbox, execution: &str) -> Vec<String> {
    let history = ask(sandbox, "GetExecutionHistory", execution);
    let events = history["events"].as_array().expect("events");
    let kind = |event: &Value| event["type"].as_str().expect("a type").to_owned();
    events.iter().map(kind).collect()
}

#[tokio::test(start_paused = true)]
async fn a_redriven_execution_goes_on_with_the_wait_that_was_stopped() {
    let sandbox = sandbox();
    let arn = start(&sandbox, "n", 60);
    ask(&sandbox, "StopExecution", &arn);
    pass(Duration::from_secs(30)).await;
    ask(&sandbox, "RedriveExecution", &arn);
    pass(Duration::from_secs(31)).await;
    let described = ask(&sandbox, "DescribeExecution", &arn);
    assert_eq!(described["status"], "SUCCEEDED");
    assert_eq!(
        types(&sandbox, &arn),
        [
            "ExecutionStarted",
            "WaitStateEntered",
            "ExecutionAborted",
            "ExecutionRedriven",
            "WaitStateExited",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded"
        ]
    );
    let fired = &sandbox.executions()[0].firings;
    assert!(
        fired.len() == 1 && fired[0] - noon() < TimeDelta::seconds(61),
        "{fired:?}"
    );
}

/// "If the state specifies `Timestamp` or `TimestampPath` that refers to a timestamp in the past, redrive causes the Wait
/// state to be exited".
#[tokio::test(start_paused = true)]
async fn a_redrive_after_the_time_leaves_the_wait_at_once() {
    let sandbox = sandbox();
    let arn = start(&sandbox, "n", 60);
    ask(&sandbox, "StopExecution", &arn);
    pass(Duration::from_mins(5)).await;
    assert!(sandbox.executions()[0].firings.is_empty());
    ask(&sandbox, "RedriveExecution", &arn);
    pass(Duration::ZERO).await;
    let described = ask(&sandbox, "DescribeExecution", &arn);
    assert_eq!(described["status"], "SUCCEEDED");
    let fired = &sandbox.executions()[0].firings;
    assert!(
        fired.len() == 1 && fired[0] >= noon() + TimeDelta::seconds(300),
        "{fired:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_redrive_while_a_task_of_before_still_works_takes_its_own_result_alone() {
    let options = Options {
        task_time: Duration::from_secs(10),
        ..Options::default()
    };
    let sandbox = Sandbox::with_clock(options, noon()).expect("a sandbox");
    sandbox.create_default_machine();
    let arn = start(&sandbox, "n", 0);
    pass(Duration::from_secs(5)).await;
    ask(&sandbox, "StopExecution", &arn);
    ask(&sandbox, "RedriveExecution", &arn);
    pass(Duration::from_secs(6)).await;
    let described = ask(&sandbox, "DescribeExecution", &arn);
    assert_eq!(described["status"], "RUNNING");
    pass(Duration::from_secs(5)).await;
    let described = ask(&sandbox, "DescribeExecution", &arn);
    assert_eq!(described["status"], "SUCCEEDED");
    assert_eq!(sandbox.executions()[0].firings.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_execution_can_be_redriven_for_14_days() {
    let sandbox = sandbox();
    let arn = start(&sandbox, "n", 100 * 86_400);
    ask(&sandbox, "StopExecution", &arn);
    pass(Duration::from_hours(14 * 24) - Duration::from_secs(1)).await;
    let described = ask(&sandbox, "DescribeExecution", &arn);
    assert_eq!(described["redriveStatus"], "REDRIVABLE");
    pass(Duration::from_secs(1)).await;
    let described = ask(&sandbox, "DescribeExecution", &arn);
    assert_eq!(
        described["redriveStatusReason"],
        "Execution redrivable period exceeded"
    );
    let request = json!({"executionArn": arn}).to_string();
    let answer = sandbox.call("AWSStepFunctions.RedriveExecution", request.as_bytes());
    assert_eq!(answer.error.as_deref(), Some("ExecutionNotRedrivable"));
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_was_open_for_a_year_can_not_be_redriven() {
    let sandbox = sandbox();
    let arn = start(&sandbox, "n", 400 * 86_400);
    pass(Duration::from_hours(365 * 24)).await;
    let described = ask(&sandbox, "DescribeExecution", &arn);
    assert_eq!(described["status"], "TIMED_OUT");
    assert_eq!(
        described["redriveStatusReason"],
        "Execution has exceeded the max execution time"
    );
}

/// "Step Functions randomly chooses which version runs a given execution based on the percentage you specify."
#[tokio::test(start_paused = true)]
async fn an_alias_leads_to_its_versions_by_their_weights() {
    let sandbox = sandbox();
    let machine = machine_arn("OneTimeLambdaScheduler");
    let publish = json!({"stateMachineArn": machine});
    call(&sandbox, "PublishStateMachineVersion", &publish);
    let definition = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
    let update = json!({"stateMachineArn": machine, "definition": definition, "publish": true});
    call(&sandbox, "UpdateStateMachine", &update);
    let route = |version: u64, weight: u64| json!({"stateMachineVersionArn": format!("{machine}:{version}"), "weight": weight});
    let alias = json!({"name": "live", "routingConfiguration": [route(1, 80), route(2, 20)]});
    call(&sandbox, "CreateStateMachineAlias", &alias);
    let input = json!({"invocationTime": "2027-01-01T00:00:00Z"}).to_string();
    for number in 0..1000 {
        let name = format!("n{number}");
        let start =
            json!({"stateMachineArn": format!("{machine}:live"), "name": name, "input": input});
        call(&sandbox, "StartExecution", &start);
    }
    let all = sandbox.executions();
    let second = |version: &Option<String>| version.as_deref() == Some(&format!("{machine}:2"));
    let of_two = all
        .iter()
        .filter(|execution| second(&execution.version_arn))
        .count();
    assert!((150..250).contains(&of_two), "{of_two}");
    let ended = all
        .iter()
        .filter(|execution| execution.stopped().is_some())
        .count();
    assert_eq!(ended, of_two);
}

/// "Even if you update your alias to point to a different version, the redriven execution continues to use the version
/// associated with the original execution attempt."
#[tokio::test(start_paused = true)]
async fn a_redriven_execution_keeps_the_version_to_which_its_alias_led() {
    let sandbox = sandbox();
    let machine = machine_arn("OneTimeLambdaScheduler");
    let publish = json!({"stateMachineArn": machine});
    call(&sandbox, "PublishStateMachineVersion", &publish);
    let definition = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
    let update = json!({"stateMachineArn": machine, "definition": definition, "publish": true});
    call(&sandbox, "UpdateStateMachine", &update);
    let to = |version: u64| json!([{"stateMachineVersionArn": format!("{machine}:{version}"), "weight": 100}]);
    let alias = json!({"name": "live", "routingConfiguration": to(1)});
    call(&sandbox, "CreateStateMachineAlias", &alias);
    let input = json!({"invocationTime": "2027-01-01T00:00:00Z"}).to_string();
    let start = json!({"stateMachineArn": format!("{machine}:live"), "name": "n", "input": input});
    let started = call(&sandbox, "StartExecution", &start);
    let arn = started["executionArn"].as_str().expect("an ARN");
    ask(&sandbox, "StopExecution", arn);
    let alias =
        json!({"stateMachineAliasArn": format!("{machine}:live"), "routingConfiguration": to(2)});
    call(&sandbox, "UpdateStateMachineAlias", &alias);
    ask(&sandbox, "RedriveExecution", arn);
    let described = ask(&sandbox, "DescribeExecution", arn);
    assert_eq!(described["status"], "RUNNING");
    assert_eq!(described["stateMachineVersionArn"], format!("{machine}:1"));
    assert_eq!(described["stateMachineAliasArn"], format!("{machine}:live"));
}
