//! The rows of what is told of machines and executions: tags, pages, histories, the definition of an execution, validation,
//! EXPRESS machines.

use serde_json::{Value, json};

use super::rows::{AHEAD, ROLE, Row, WAIT, row, start};

type Step = (&'static str, Value);

const NONE: &str = "moto has no such operation";
/// moto's server runs no state machine unless it is told to.
const IDLE: &str = "moto runs nothing: what it tells is made up";

pub(super) fn rows() -> Vec<Row> {
    let mut all = tags();
    all.extend(pages());
    all.extend(histories());
    all.extend(definitions());
    all.extend(express());
    all
}

fn tags() -> Vec<Row> {
    let ok = |shows| (200, "", shows);
    let bad = |code, shows| (400, code, shows);
    let tag = |value: &str| -> Step {
        let tags = json!([{"key": "a", "value": value}]);
        ("TagResource", json!({"resourceArn": "@M", "tags": tags}))
    };
    let untag = || -> Step {
        (
            "UntagResource",
            json!({"resourceArn": "@M", "tagKeys": ["a", "none"]}),
        )
    };
    let list = |name, arn: &str, answer| {
        row(
            name,
            "ListTagsForResource",
            json!({"resourceArn": arn}),
            answer,
        )
    };
    let many: Vec<Value> = (0..51)
        .map(|n| json!({"key": format!("k{n}"), "value": "v"}))
        .collect();
    vec![
        row("tag: a machine", tag("1").0, tag("1").1, ok("{}")),
        list("tags: none", "@M", ok("\"tags\":[]")),
        list("tags: listed", "@M", ok("{\"key\":\"a\",\"value\":\"1\"}")).after(&[tag("1")]),
        list(
            "tags: changed",
            "@M",
            ok("\"tags\":[{\"key\":\"a\",\"value\":\"2\"}]"),
        )
        .after(&[tag("1"), tag("2")]),
        row("tags: taken away", untag().0, untag().1, ok("{}")).after(&[tag("1")]),
        list("tags: taken away, listed", "@M", ok("\"tags\":[]")).after(&[tag("1"), untag()]),
        row(
            "tags: no machine",
            "TagResource",
            json!({"resourceArn": "@M-other", "tags": []}),
            bad("ResourceNotFound", ""),
        )
        .moto("takes it"),
        // https://docs.aws.amazon.com/step-functions/latest/apireference/API_TagResource.html#API_TagResource_Errors
        row(
            "tags: more than 50",
            "TagResource",
            json!({"resourceArn": "@M", "tags": many}),
            bad("TooManyTags", ""),
        )
        .moto("takes them"),
    ]
}

fn pages() -> Vec<Row> {
    let ok = |shows| (200, "", shows);
    let bad = |code, shows| (400, code, shows);
    let two = [start("a", AHEAD), start("b", AHEAD)];
    let more: Step = (
        "CreateStateMachine",
        json!({"name": "@N-2", "definition": WAIT, "roleArn": ROLE}),
    );
    vec![
        row(
            "machines: a page",
            "ListStateMachines",
            json!({"maxResults": 1}),
            ok("\"nextToken\":"),
        )
        .after(&[more]),
        row(
            "machines: 1,001 a page",
            "ListStateMachines",
            json!({"maxResults": 1001}),
            bad("ValidationException", "1000"),
        )
        .moto("takes it"),
        row(
            "machines: a token that is none",
            "ListStateMachines",
            json!({"nextToken": "x"}),
            bad("InvalidToken", "InvalidToken:"),
        ),
        row(
            "list: a token that is none",
            "ListExecutions",
            json!({"stateMachineArn": "@M", "nextToken": "x"}),
            bad("InvalidToken", "InvalidToken:"),
        )
        .after(&two),
        row(
            "history: a page",
            "GetExecutionHistory",
            json!({"executionArn": "@E:a", "maxResults": 1}),
            ok("\"nextToken\":"),
        )
        .after(&two)
        .moto(IDLE),
    ]
}

fn histories() -> Vec<Row> {
    let ok = |shows| (200, "", shows);
    let past = r#"{"invocationTime":"2020-01-01T00:00:00Z"}"#;
    let history = |name, more: Value, answer| {
        let mut body = json!({"executionArn": "@E:n"});
        let fields = body.as_object_mut().expect("an object");
        fields.extend(more.as_object().cloned().expect("an object"));
        row(name, "GetExecutionHistory", body, answer).after(&[start("n", past)])
    };
    vec![
        history(
            "history: the beginning",
            json!({}),
            ok("\"executionStartedEventDetails\":{\"input\":\"{\\\"invocationTime\\\""),
        )
        .moto(IDLE),
        // The event after the first one has none before it, in every recording of AWS.
        history(
            "history: numbers",
            json!({}),
            ok("\"id\":2,\"previousEventId\":0,"),
        ),
        history(
            "history: a state left",
            json!({}),
            ok("\"stateExitedEventDetails\":{\"name\":\"W\","),
        )
        .moto(IDLE),
        history(
            "history: the end",
            json!({}),
            ok("\"executionSucceededEventDetails\":{\"output\":"),
        ),
        history(
            "history: the last event first",
            json!({"reverseOrder": true, "maxResults": 1}),
            ok("\"type\":\"ExecutionSucceeded\""),
        ),
        history(
            "history: without data",
            json!({"includeExecutionData": false}),
            ok("\"stateEnteredEventDetails\":{\"name\":\"W\"}"),
        )
        .moto(IDLE),
    ]
}

fn definitions() -> Vec<Row> {
    let ok = |shows| (200, "", shows);
    let bad = |code, shows| (400, code, shows);
    let pass = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
    let running = [start("n", AHEAD)];
    let of = |name, answer| {
        let execution = json!({"executionArn": "@E:n"});
        row(name, "DescribeStateMachineForExecution", execution, answer)
    };
    let validate = |name, definition: &str, answer| {
        let definition = json!({"definition": definition});
        row(name, "ValidateStateMachineDefinition", definition, answer)
    };
    vec![
        of("definition of an execution", ok("TimestampPath")).after(&running),
        of(
            "definition of an execution: its machine",
            ok("\"stateMachineArn\":\"@M\""),
        )
        .after(&running),
        // "Running executions will continue to use the previous definition and roleArn."
        of(
            "definition of an execution: changed since",
            ok("TimestampPath"),
        )
        .after(&[
            start("n", AHEAD),
            (
                "UpdateStateMachine",
                json!({"stateMachineArn": "@M", "definition": pass}),
            ),
        ])
        .moto("tells the new one"),
        of(
            "definition of no execution",
            bad("ExecutionDoesNotExist", "@E:n"),
        )
        .moto("ResourceNotFound"),
        validate("validate: good", WAIT, ok("\"result\":\"OK\"")).moto(NONE),
        validate("validate: no JSON", "{", ok("\"result\":\"FAIL\"")).moto(NONE),
        validate(
            "validate: no states",
            "{\"StartAt\":\"X\",\"States\":{}}",
            ok("\"severity\":\"ERROR\""),
        )
        .moto(NONE),
        row(
            "validate: nothing",
            "ValidateStateMachineDefinition",
            json!({}),
            bad("ValidationException", ""),
        )
        .moto(NONE),
        row(
            "machine: its revision",
            "DescribeStateMachine",
            json!({"stateMachineArn": "@M"}),
            ok("\"revisionId\":\""),
        )
        .after(&[(
            "UpdateStateMachine",
            json!({"stateMachineArn": "@M", "definition": pass}),
        )])
        .moto("moto has no revisions"),
        row(
            "machine: its logging",
            "DescribeStateMachine",
            json!({"stateMachineArn": "@M"}),
            ok("\"level\":\"OFF\""),
        ),
        row(
            "machine: metadata alone",
            "DescribeStateMachine",
            json!({"stateMachineArn": "@M", "includedData": "METADATA_ONLY"}),
            ok("\"definition\":\"{}\""),
        )
        .moto("tells it whole"),
    ]
}

/// "Not supported by EXPRESS state machines"; the errors are those of LocalStack's recordings of AWS.
fn express() -> Vec<Row> {
    let ok = |shows| (200, "", shows);
    let bad = |code, shows| (400, code, shows);
    let make = || -> Step {
        let machine =
            json!({"name": "@N-x", "definition": WAIT, "roleArn": ROLE, "type": "EXPRESS"});
        ("CreateStateMachine", machine)
    };
    let asked = |name, operation| {
        let arn = "arn:aws:states:us-east-1:123456789012:express:@N-x:n:u";
        let what = "Resourcetypenotvalidinthiscontext:express";
        row(
            name,
            operation,
            json!({"executionArn": arn}),
            bad("InvalidArn", what),
        )
        .after(&[make()])
        .moto("knows no such ARNs")
    };
    vec![
        row(
            "express: started",
            "StartExecution",
            json!({"stateMachineArn": "@M-x", "name": "n", "input": AHEAD}),
            ok(":express:@N-x:n:"),
        )
        .after(&[make()])
        .moto("starts it as STANDARD"),
        row(
            "express: listed",
            "ListExecutions",
            json!({"stateMachineArn": "@M-x"}),
            bad("StateMachineTypeNotSupported", "notsupportedbythistype"),
        )
        .after(&[make()])
        .moto("lists them"),
        asked("express: described", "DescribeExecution"),
        asked("express: stopped", "StopExecution"),
        asked("express: history", "GetExecutionHistory"),
        asked("express: redriven", "RedriveExecution"),
    ]
}
