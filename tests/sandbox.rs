//! What the sandbox does as time goes on, under a paused clock: what the conformance suite, which asks at once, can't ask.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
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

fn refused(sandbox: &Sandbox, operation: &str, request: &Value) -> Value {
    let target = format!("AWSStepFunctions.{operation}");
    let answer = sandbox.call(&target, request.to_string().as_bytes());
    assert_eq!(answer.status, 400, "{operation}: {}", answer.body);
    serde_json::from_str(&answer.body).expect("JSON")
}

#[tokio::test(start_paused = true)]
async fn pages_follow_each_other_and_a_token_holds_to_its_request_for_a_day() {
    let sandbox = sandbox();
    let machine = machine_arn("OneTimeLambdaScheduler");
    for number in 0..5 {
        start(&sandbox, &format!("n{number}"), 86_400 * 30);
    }
    let list =
        |token: &Value| json!({"stateMachineArn": machine, "maxResults": 2, "nextToken": token});
    let mut names = Vec::new();
    let mut token = Value::Null;
    loop {
        let page = call(&sandbox, "ListExecutions", &list(&token));
        let executions = page["executions"].as_array().expect("executions");
        names.extend(executions.iter().map(|one| one["name"].to_string()));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 5);
    let first = call(&sandbox, "ListExecutions", &list(&Value::Null));
    let token = &first["nextToken"];
    let mut other = list(token);
    other["statusFilter"] = json!("RUNNING");
    let answer = refused(&sandbox, "ListExecutions", &other);
    assert_eq!(
        answer["message"],
        "Invalid Token: 'Input inconsistent with page token'"
    );
    pass(Duration::from_hours(24)).await;
    let answer = refused(&sandbox, "ListExecutions", &list(token));
    let kind = answer["__type"].as_str().expect("a type");
    assert!(kind.ends_with("#InvalidToken"), "{answer}");
}

/// Makes a machine and starts it. Answers the execution.
fn run(sandbox: &Sandbox, definition: &Value, input: &Value) -> String {
    let machine = json!({"name": "own", "definition": definition.to_string(), "roleArn": "arn:aws:iam::123456789012:role/r"});
    let made = call(sandbox, "CreateStateMachine", &machine);
    let start = json!({"stateMachineArn": made["stateMachineArn"], "input": input.to_string()});
    let started = call(sandbox, "StartExecution", &start);
    started["executionArn"].as_str().expect("an ARN").to_owned()
}

/// The bundled form in JSONata.
#[tokio::test(start_paused = true)]
async fn a_definition_in_jsonata_waits_and_invokes() {
    let sandbox = sandbox();
    let definition = json!({
        "QueryLanguage": "JSONata",
        "StartAt": "CountDownTimer",
        "States": {
            "CountDownTimer": {
                "Type": "Wait",
                "Timestamp": "{% $states.input.invocationTime %}",
                "Next": "InvokeLambda"
            },
            "InvokeLambda": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Arguments": {
                    "FunctionName": "{% $states.input.functionName %}",
                    "Payload": "{% $states.input.payload %}"
                },
                "Output": "{% $states.result.StatusCode %}",
                "End": true
            }
        }
    });
    let input = json!({"functionName": "f", "invocationTime": "2026-12-01T12:01:00Z", "payload": {"a": 1.50}});
    let arn = run(&sandbox, &definition, &input);
    pass(Duration::from_secs(30)).await;
    assert_eq!(
        ask(&sandbox, "DescribeExecution", &arn)["status"],
        "RUNNING"
    );
    pass(Duration::from_secs(31)).await;
    let described = ask(&sandbox, "DescribeExecution", &arn);
    assert_eq!(described["status"], "SUCCEEDED");
    assert_eq!(described["output"], "200");
    let history = ask(&sandbox, "GetExecutionHistory", &arn);
    let events = history["events"].as_array().expect("events");
    let scheduled = events.iter().find(|event| event["type"] == "TaskScheduled");
    let details = &scheduled.expect("a task")["taskScheduledEventDetails"];
    assert_eq!(details["resource"], "invoke");
    assert_eq!(details["resourceType"], "lambda");
    assert_eq!(
        details["parameters"],
        "{\"FunctionName\":\"f\",\"Payload\":{\"a\":1.5}}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_sandbox_does_not_run_fails_at_its_state_and_says_so() {
    let expression = json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": {"Type": "Wait", "Timestamp": "{% $now() %}", "End": true}}});
    let choice = json!({"StartAt": "A", "States": {
        "A": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "B"}], "Default": "B"},
        "B": {"Type": "Succeed"}}});
    let field = json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "ResultPath": "$.x", "End": true}}});
    let function = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Parameters": {"x.$": "States.UUID()"}, "End": true}}});
    let service = json!({"StartAt": "A", "States": {
        "A": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true}}});
    for (definition, told) in [
        (expression, "$now()"),
        (choice, "does not run states like 'A'"),
        (field, "'ResultPath'"),
        (function, "States.UUID()"),
        (service, "sqs:sendMessage"),
    ] {
        let sandbox = sandbox();
        let arn = run(&sandbox, &definition, &json!({}));
        let described = ask(&sandbox, "DescribeExecution", &arn);
        assert_eq!(described["status"], "FAILED", "{definition}");
        let cause = described["cause"].as_str().expect("a cause");
        assert!(
            cause.contains("sandbox does not") && cause.contains(told),
            "{cause}"
        );
    }
}

/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>: 256 KiB of input or output of a state.
#[tokio::test(start_paused = true)]
async fn more_than_262144_bytes_fail_as_at_aws() {
    for (bytes, status) in [(262_144, "SUCCEEDED"), (262_145, "FAILED")] {
        let sandbox = sandbox();
        let result = "x".repeat(bytes - 2);
        let definition = json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": result, "End": true}}});
        let arn = run(&sandbox, &definition, &json!({}));
        let described = ask(&sandbox, "DescribeExecution", &arn);
        assert_eq!(described["status"], status);
        if status == "FAILED" {
            assert_eq!(described["error"], "States.DataLimitExceeded");
            assert_eq!(
                described["cause"],
                "The state/task 'A' returned a result with a size exceeding the maximum number of bytes service limit."
            );
        }
    }
}

/// A Lambda-compatible endpoint that answers every function with a text of so many bytes, quotes and all.
async fn lambda(bytes: usize) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let text = format!("\"{}\"", "x".repeat(bytes - 2));
    let router = axum::Router::new().fallback(move || std::future::ready(text.clone()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn a_function_that_answers_too_much_fails_its_task() {
    for (bytes, status) in [(200_000, "SUCCEEDED"), (262_145, "FAILED")] {
        let options = Options {
            lambda_endpoint: Some(lambda(bytes).await),
            ..Options::default()
        };
        let sandbox = Sandbox::with_clock(options, noon()).expect("a sandbox");
        sandbox.create_default_machine();
        let arn = start(&sandbox, "n", 0);
        let running = || ask(&sandbox, "DescribeExecution", &arn)["status"] == "RUNNING";
        while running() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let described = ask(&sandbox, "DescribeExecution", &arn);
        assert_eq!(described["status"], status, "{described}");
        if status == "FAILED" {
            assert_eq!(described["error"], "States.DataLimitExceeded");
            assert!(types(&sandbox, &arn).contains(&"TaskFailed".to_owned()));
        }
    }
}

/// Asks as somebody who signs for this region.
async fn signed(url: &str, region: &str, operation: &str, request: &Value) -> (u16, Value) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let credential = format!(
        "AWS4-HMAC-SHA256 Credential=test/20261201/{region}/states/aws4_request, SignedHeaders=host, Signature=x"
    );
    let request = http::Request::post(url)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", format!("AWSStepFunctions.{operation}"))
        .header("authorization", credential)
        .body(Full::new(Bytes::from(request.to_string())))
        .expect("a request");
    let answer = client.request(request).await.expect("an answer");
    let status = answer.status().as_u16();
    let body = answer
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    (status, serde_json::from_slice(&body).expect("JSON"))
}

#[tokio::test]
async fn region_and_partition_are_those_of_the_signature() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(sandbox().serve(listener));
    let definition = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
    let machine = json!({"name": "m", "definition": definition, "roleArn": "arn:aws:iam::123456789012:role/r"});
    for (region, partition) in [
        ("eu-west-1", "aws"),
        ("us-gov-west-1", "aws-us-gov"),
        ("cn-north-1", "aws-cn"),
        ("eusc-de-east-1", "aws-eusc"),
    ] {
        let (_, made) = signed(&url, region, "CreateStateMachine", &machine).await;
        let arn = format!("arn:{partition}:states:{region}:123456789012:stateMachine:m");
        assert_eq!(made["stateMachineArn"], arn);
        let (_, listed) = signed(&url, region, "ListStateMachines", &json!({})).await;
        assert_eq!(
            listed["stateMachines"].as_array().expect("machines").len(),
            1
        );
        let start = json!({"stateMachineArn": arn});
        let (_, started) = signed(&url, region, "StartExecution", &start).await;
        let execution = started["executionArn"].as_str().expect("an ARN");
        assert!(
            execution.starts_with(&arn.replace("stateMachine", "execution")),
            "{execution}"
        );
        // Another region knows nothing of it.
        let of = json!({"executionArn": execution});
        let (status, _) = signed(&url, region, "DescribeExecution", &of).await;
        assert_eq!(status, 200);
        let (status, _) = signed(&url, "us-east-1", "DescribeExecution", &of).await;
        assert_eq!(status, 400);
    }
}

/// "[a-f0-9]{8}-…": a name that nobody gave is a UUID.
#[tokio::test(start_paused = true)]
async fn an_execution_without_a_name_has_a_uuid() {
    let sandbox = sandbox();
    let machine = machine_arn("OneTimeLambdaScheduler");
    let start = json!({"stateMachineArn": machine, "input": "{\"invocationTime\":\"2027-01-01T00:00:00Z\"}"});
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..10 {
        let started = call(&sandbox, "StartExecution", &start);
        let arn = started["executionArn"].as_str().expect("an ARN");
        let name = arn.rsplit(':').next().expect("a name");
        let lengths: Vec<usize> = name.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{name}");
        assert!(name.chars().all(|c| c == '-' || c.is_ascii_hexdigit()));
        names.insert(name.to_owned());
    }
    assert_eq!(names.len(), 10);
}
