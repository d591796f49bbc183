//! One suite for every Step Functions: the sandbox in process, the sandbox over HTTP, and, where
//! `ONCED_CONFORMANCE_ENDPOINT` names one, an independent emulator (moto). A row that the emulator is known to answer
//! otherwise says why, and fails when that is no longer so.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use onced::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Operation × state × input → answer. In texts, `@M` is the row's own machine, `@E` the prefix of its executions.
struct Row {
    name: &'static str,
    /// What is done before.
    before: Vec<(&'static str, Value)>,
    operation: &'static str,
    body: Value,
    status: u16,
    code: &'static str,
    /// Stands in the body, with spaces left out.
    shows: &'static str,
    /// Why moto answers otherwise.
    moto: Option<&'static str>,
}

impl Row {
    fn moto(self, why: &'static str) -> Self {
        Self {
            moto: Some(why),
            ..self
        }
    }

    fn after(self, before: &[(&'static str, Value)]) -> Self {
        Self {
            before: before.to_vec(),
            ..self
        }
    }
}

fn row(
    name: &'static str,
    operation: &'static str,
    body: Value,
    answer: (u16, &'static str, &'static str),
) -> Row {
    let (status, code, shows) = answer;
    Row {
        name,
        before: Vec::new(),
        operation,
        body,
        status,
        code,
        shows,
        moto: None,
    }
}

const WAIT: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","TimestampPath":"$.invocationTime","End":true}}}"#;
const AHEAD: &str = r#"{"invocationTime":"2090-01-01T00:00:00Z"}"#;
const ROLE: &str = "arn:aws:iam::123456789012:role/r";

fn start(name: &str, input: &str) -> (&'static str, Value) {
    (
        "StartExecution",
        json!({"stateMachineArn": "@M", "name": name, "input": input}),
    )
}

fn rows() -> Vec<Row> {
    let ok = |shows| (200, "", shows);
    let bad = |code, shows| (400, code, shows);
    let s = |name: &'static str, body: Value, answer| row(name, "StartExecution", body, answer);
    let named =
        |name: &str, input: &str| json!({"stateMachineArn": "@M", "name": name, "input": input});
    let running = [start("n", AHEAD)];
    let stop = || {
        (
            "StopExecution",
            json!({"executionArn": "@E:n", "error": "onced.Removed", "cause": "c"}),
        )
    };
    let stopped = [start("n", AHEAD), stop()];
    let delete = || ("DeleteStateMachine", json!({"stateMachineArn": "@M"}));
    let deleted = [start("n", AHEAD), delete()];
    let at_once = "moto deletes it at once";
    let long = |n: usize| "x".repeat(n);
    let big = |n: usize| format!("\"{}\"", "x".repeat(n - 2));
    let unchecked = "moto takes any input size";
    let describe = |body: Value, answer| row("", "DescribeExecution", body, answer);
    let list = |more: Value, answer| {
        let mut body = json!({"stateMachineArn": "@M"});
        body.as_object_mut()
            .expect("an object")
            .extend(more.as_object().cloned().expect("an object"));
        row("", "ListExecutions", body, answer)
    };
    let create = |name: &str, definition: &str, answer| {
        row(
            "",
            "CreateStateMachine",
            json!({"name": name, "definition": definition, "roleArn": ROLE}),
            answer,
        )
    };
    let name = |name, row: Row| Row { name, ..row };
    let pass = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
    vec![
        s(
            "start: new",
            named("n", AHEAD),
            ok("\"executionArn\":\"@E:n\""),
        ),
        s(
            "start: without a name",
            json!({"stateMachineArn": "@M", "input": AHEAD}),
            ok("\"executionArn\":\"@E:"),
        ),
        s(
            "start: without input",
            json!({"stateMachineArn": "@M", "name": "n"}),
            ok("@E:n"),
        ),
        s(
            "start: any JSON value is an input",
            named("n", "2"),
            ok("@E:n"),
        ),
        s("start: null is an input", named("n", "null"), ok("@E:n")),
        s(
            "start: again, running, same input",
            named("n", AHEAD),
            ok("@E:n"),
        )
        .after(&running),
        s(
            "start: again, running, other input",
            named("n", "{}"),
            bad("ExecutionAlreadyExists", "ExecutionAlreadyExists:'@E:n'"),
        )
        .after(&running),
        s(
            "start: again, stopped, same input",
            named("n", AHEAD),
            bad("ExecutionAlreadyExists", "@E:n"),
        )
        .after(&stopped),
        s(
            "start: again, stopped, other input",
            named("n", "{}"),
            bad("ExecutionAlreadyExists", "@E:n"),
        )
        .after(&stopped),
        s("start: another name beside", named("m", AHEAD), ok("@E:m")).after(&running),
        s("start: a name of 80", named(&long(80), AHEAD), ok("@E:xxx")),
        s(
            "start: a name of 81",
            named(&long(81), AHEAD),
            bad("ValidationException", "lessthanorequalto80"),
        ),
        s(
            "start: an empty name",
            named("", AHEAD),
            bad("ValidationException", "greaterthanorequalto1"),
        )
        .moto("makes a name"),
        s(
            "start: a name with a space",
            named("a b", AHEAD),
            bad("InvalidName", "InvalidName:'ab'"),
        ),
        s(
            "start: a name with a colon",
            named("a:b", AHEAD),
            bad("InvalidName", ""),
        ),
        s(
            "start: a name with a star",
            named("a*b", AHEAD),
            bad("InvalidName", ""),
        ),
        s(
            "start: a name with a control character",
            named("a\u{1}b", AHEAD),
            bad("InvalidName", ""),
        ),
        s(
            "start: a name with dot, dash, underscore",
            named("a.b-c_d", AHEAD),
            ok("@E:a.b-c_d"),
        ),
        s(
            "start: input that is no JSON",
            named("n", "{"),
            bad("InvalidExecutionInput", "InvalidStateMachineExecutionInput"),
        ),
        s(
            "start: empty input",
            named("n", ""),
            bad("InvalidExecutionInput", ""),
        ),
        s(
            "start: 262,144 bytes",
            named("n", &big(262_144)),
            ok("@E:n"),
        ),
        s(
            "start: 262,145 bytes",
            named("n", &big(262_145)),
            bad("ValidationException", "262144bytes"),
        )
        .moto(unchecked),
        s(
            "start: no machine",
            json!({"stateMachineArn": "@M-other", "name": "n"}),
            bad("StateMachineDoesNotExist", "DoesNotExist:'@M-other'"),
        ),
        s(
            "start: no ARN",
            json!({"stateMachineArn": "not-an-arn"}),
            bad("InvalidArn", ""),
        ),
        s(
            "start: no machine named",
            json!({"name": "n"}),
            bad("ValidationException", ""),
        )
        .moto("fails within"),
        row(
            "stop: running",
            "StopExecution",
            json!({"executionArn": "@E:n"}),
            ok("stopDate"),
        )
        .after(&running),
        row(
            "stop: stopped",
            "StopExecution",
            json!({"executionArn": "@E:n"}),
            ok("stopDate"),
        )
        .after(&stopped),
        row(
            "stop: unknown",
            "StopExecution",
            json!({"executionArn": "@E:none"}),
            bad("ExecutionDoesNotExist", "DoesNotExist:'@E:none'"),
        ),
        row(
            "stop: no ARN",
            "StopExecution",
            json!({"executionArn": "not-an-arn"}),
            bad("InvalidArn", ""),
        ),
        row(
            "stop: error of 257",
            "StopExecution",
            json!({"executionArn": "@E:n", "error": long(257)}),
            bad("ValidationException", "256"),
        )
        .after(&running)
        .moto("takes it"),
        name(
            "describe: running",
            describe(
                json!({"executionArn": "@E:n"}),
                ok("\"status\":\"RUNNING\""),
            ),
        )
        .after(&running),
        name(
            "describe: its input",
            describe(
                json!({"executionArn": "@E:n"}),
                ok("\\\"invocationTime\\\":"),
            ),
        )
        .after(&running),
        name(
            "describe: stopped",
            describe(
                json!({"executionArn": "@E:n"}),
                ok("\"status\":\"ABORTED\""),
            ),
        )
        .after(&stopped),
        name(
            "describe: the stop's error",
            describe(
                json!({"executionArn": "@E:n"}),
                ok("\"error\":\"onced.Removed\""),
            ),
        )
        .after(&stopped)
        .moto("drops it"),
        name(
            "describe: the stop's cause",
            describe(json!({"executionArn": "@E:n"}), ok("\"cause\":\"c\"")),
        )
        .after(&stopped)
        .moto("drops it"),
        name(
            "describe: unknown",
            describe(
                json!({"executionArn": "@E:none"}),
                bad("ExecutionDoesNotExist", "DoesNotExist:'@E:none'"),
            ),
        ),
        name(
            "describe: no ARN",
            describe(json!({"executionArn": "not-an-arn"}), bad("InvalidArn", "")),
        ),
        name("list: nothing", list(json!({}), ok("\"executions\":[]"))),
        name("list: one", list(json!({}), ok("@E:n"))).after(&running),
        name(
            "list: running",
            list(json!({"statusFilter": "RUNNING"}), ok("@E:n")),
        )
        .after(&running),
        name(
            "list: running, stopped one",
            list(json!({"statusFilter": "RUNNING"}), ok("\"executions\":[]")),
        )
        .after(&stopped),
        name(
            "list: aborted",
            list(json!({"statusFilter": "ABORTED"}), ok("@E:n")),
        )
        .after(&stopped),
        name(
            "list: a page",
            list(json!({"maxResults": 1}), ok("\"nextToken\":")),
        )
        .after(&[start("a", AHEAD), start("b", AHEAD)]),
        name(
            "list: 1,001 a page",
            list(
                json!({"maxResults": 1001}),
                bad("ValidationException", "1000"),
            ),
        )
        .moto("takes it"),
        name(
            "list: no machine",
            row(
                "",
                "ListExecutions",
                json!({"stateMachineArn": "@M-other"}),
                bad("StateMachineDoesNotExist", ""),
            ),
        ),
        row(
            "history: running, in its wait",
            "GetExecutionHistory",
            json!({"executionArn": "@E:n"}),
            ok("\"type\":\"WaitStateEntered\""),
        )
        .moto("moto answers with the same events for every execution")
        .after(&[start("n", AHEAD)]),
        row(
            "history: stopped",
            "GetExecutionHistory",
            json!({"executionArn": "@E:n"}),
            ok("\"type\":\"ExecutionAborted\""),
        )
        .moto("moto answers with the same events for every execution")
        .after(&[start("n", AHEAD), stop()]),
        row(
            "history: unknown",
            "GetExecutionHistory",
            json!({"executionArn": "@E:other"}),
            bad("ExecutionDoesNotExist", ""),
        ),
        row(
            "history: more than 1,000",
            "GetExecutionHistory",
            json!({"executionArn": "@E:n", "maxResults": 1001}),
            bad(
                "ValidationException",
                "'maxResults'failedtosatisfyconstraint",
            ),
        )
        .moto("moto does not check maxResults here")
        .after(&[start("n", AHEAD)]),
        name("create: again, the same", create("@N", WAIT, ok("@M"))),
        name(
            "create: again, reformatted",
            create(
                "@N",
                &WAIT.replace(':', ": "),
                bad("StateMachineAlreadyExists", ""),
            ),
        )
        .moto("takes it"),
        name(
            "create: again, another definition",
            create("@N", pass, bad("StateMachineAlreadyExists", "")),
        )
        .moto("takes it"),
        name(
            "create: no JSON",
            create("@N-new", "{", bad("InvalidDefinition", "")),
        )
        .moto("its validator is off"),
        name(
            "create: Next leads nowhere",
            create(
                "@N-new",
                &WAIT.replace("\"End\":true", "\"Next\":\"X\""),
                bad("InvalidDefinition", ""),
            ),
        )
        .moto("its validator is off"),
        name(
            "create: a bad name",
            create("a b", WAIT, bad("InvalidName", "")),
        ),
        row(
            "update: a definition",
            "UpdateStateMachine",
            json!({"stateMachineArn": "@M", "definition": pass}),
            ok("updateDate"),
        ),
        row(
            "update: nothing",
            "UpdateStateMachine",
            json!({"stateMachineArn": "@M"}),
            bad("MissingRequiredParameter", ""),
        )
        .moto("takes it"),
        row(
            "update: no machine",
            "UpdateStateMachine",
            json!({"stateMachineArn": "@M-other", "definition": pass}),
            bad("StateMachineDoesNotExist", ""),
        ),
        row(
            "machine: described",
            "DescribeStateMachine",
            json!({"stateMachineArn": "@M"}),
            ok("\"type\":\"STANDARD\""),
        ),
        row(
            "machine: unknown",
            "DescribeStateMachine",
            json!({"stateMachineArn": "@M-other"}),
            bad("StateMachineDoesNotExist", ""),
        ),
        // https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html: "It sets the state
        // machine's status to DELETING"; "A state machine is deleted only when all its executions are completed."
        row(
            "delete: while an execution runs, described",
            "DescribeStateMachine",
            json!({"stateMachineArn": "@M"}),
            ok("\"status\":\"DELETING\""),
        )
        .after(&deleted)
        .moto(at_once),
        row(
            "delete: the last execution stopped, described",
            "DescribeStateMachine",
            json!({"stateMachineArn": "@M"}),
            bad("StateMachineDoesNotExist", ""),
        )
        .after(&[start("n", AHEAD), delete(), stop()]),
        row(
            "delete: no execution runs, described",
            "DescribeStateMachine",
            json!({"stateMachineArn": "@M"}),
            bad("StateMachineDoesNotExist", ""),
        )
        .after(&[delete()]),
        row(
            "delete: no machine",
            "DeleteStateMachine",
            json!({"stateMachineArn": "@M-other"}),
            ok("{}"),
        ),
        row(
            "delete: no ARN",
            "DeleteStateMachine",
            json!({"stateMachineArn": "x"}),
            bad("InvalidArn", ""),
        ),
        // https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html#API_StartExecution_Errors,
        // and the same error of UpdateStateMachine and CreateStateMachine: "The specified state machine is being deleted."
        s(
            "delete: start meanwhile",
            named("m", AHEAD),
            bad("StateMachineDeleting", "@M"),
        )
        .after(&deleted)
        .moto(at_once),
        row(
            "delete: update meanwhile",
            "UpdateStateMachine",
            json!({"stateMachineArn": "@M", "definition": pass}),
            bad("StateMachineDeleting", "@M"),
        )
        .after(&deleted)
        .moto(at_once),
        row(
            "delete: create meanwhile",
            "CreateStateMachine",
            json!({"name": "@N", "definition": WAIT, "roleArn": ROLE}),
            bad("StateMachineDeleting", "@M"),
        )
        .after(&deleted)
        .moto(at_once),
        row("machines: listed", "ListStateMachines", json!({}), ok("@M")),
        row(
            "no such operation",
            "MakeTea",
            json!({}),
            (404, "UnknownOperationException", ""),
        )
        .moto("fails within"),
    ]
}

enum Peer {
    InProcess(Sandbox),
    Http { url: String },
}

impl Peer {
    async fn send(&self, operation: &str, body: &str) -> (u16, String) {
        let target = format!("AWSStepFunctions.{operation}");
        match self {
            Self::InProcess(sandbox) => {
                let answer = sandbox.call(&target, body.as_bytes());
                (answer.status, answer.body)
            }
            Self::Http { url } => {
                let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
                let credential = "Credential=test/20260101/us-east-1/states/aws4_request, SignedHeaders=host, Signature=x";
                let request = http::Request::post(url)
                    .header("content-type", "application/x-amz-json-1.0")
                    .header("x-amz-target", target)
                    .header("authorization", format!("AWS4-HMAC-SHA256 {credential}"))
                    .body(Full::new(Bytes::from(body.to_owned())))
                    .expect("a request");
                let answer = client.request(request).await.expect("an answer");
                let status = answer.status().as_u16();
                let body = answer
                    .into_body()
                    .collect()
                    .await
                    .expect("a body")
                    .to_bytes();
                (status, String::from_utf8_lossy(&body).into_owned())
            }
        }
    }

    /// `None`: as expected.
    async fn try_row(&self, number: usize, row: &Row) -> Option<String> {
        let machine = format!("conformance-{number}");
        let own = |text: &str| {
            let arn =
                |kind: &str| format!("arn:aws:states:us-east-1:123456789012:{kind}:{machine}");
            text.replace("@M", &arn("stateMachine"))
                .replace("@E", &arn("execution"))
                .replace("@N", &machine)
        };
        let make = json!({"name": machine, "definition": WAIT, "roleArn": ROLE}).to_string();
        assert_eq!(
            self.send("CreateStateMachine", &make).await.0,
            200,
            "{}",
            row.name
        );
        for (operation, body) in &row.before {
            let (status, answer) = self.send(operation, &own(&body.to_string())).await;
            assert_eq!(status, 200, "{}: before: {answer}", row.name);
        }
        let (status, answer) = self.send(row.operation, &own(&row.body.to_string())).await;
        let bare = |text: &str| text.replace(char::is_whitespace, "");
        let found: Value = serde_json::from_str(&answer).unwrap_or_default();
        let code = found["__type"]
            .as_str()
            .unwrap_or_default()
            .rsplit('#')
            .next()
            .unwrap_or_default()
            .to_owned();
        let good = status == row.status
            && code == row.code
            && bare(&answer).contains(&bare(&own(row.shows)));
        let short: String = answer.chars().take(300).collect();
        (!good).then(|| format!("{}: {status} {short}", row.name))
    }
}

async fn all_rows_pass(peer: Peer) {
    let mut wrong = Vec::new();
    for (number, row) in rows().iter().enumerate() {
        wrong.extend(peer.try_row(number, row).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_are_rows_enough_and_each_has_its_own_name() {
    let rows = rows();
    let names: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    assert!(rows.len() >= 40);
    assert_eq!(names.len(), rows.len());
}

#[tokio::test]
async fn conformance_in_process() {
    all_rows_pass(Peer::InProcess(Sandbox::new(Options::default()).unwrap())).await;
}

#[tokio::test]
async fn conformance_over_http() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(Sandbox::new(Options::default()).unwrap().serve(listener));
    all_rows_pass(Peer::Http { url }).await;
}

#[tokio::test]
async fn conformance_of_an_independent_emulator() {
    let Ok(endpoint) = std::env::var("ONCED_CONFORMANCE_ENDPOINT") else {
        eprintln!(
            "SKIPPED: the conformance suite against moto: ONCED_CONFORMANCE_ENDPOINT names none"
        );
        return;
    };
    let peer = Peer::Http {
        url: format!("{}/", endpoint.trim_end_matches('/')),
    };
    let mut wrong = Vec::new();
    for (number, row) in rows().iter().enumerate() {
        match (peer.try_row(number, row).await, row.moto) {
            (None, None) => println!("the same     {}", row.name),
            (Some(_), Some(why)) => println!("known to differ  {}: {why}", row.name),
            (None, Some(_)) => wrong.push(format!("{}: the known difference is gone", row.name)),
            (Some(answer), None) => wrong.push(answer),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
