//! The rows of executions: started, stopped, described, listed.

use serde_json::{Value, json};

/// Operation × state × input → answer. In texts, `@M` is the row's own machine, `@E` the prefix of its executions.
pub(super) struct Row {
    pub(super) name: &'static str,
    /// What is done before.
    pub(super) before: Vec<(&'static str, Value)>,
    pub(super) operation: &'static str,
    pub(super) body: Value,
    pub(super) status: u16,
    pub(super) code: &'static str,
    /// Stands in the body, with spaces left out.
    pub(super) shows: &'static str,
    /// Why moto answers otherwise.
    pub(super) moto: Option<&'static str>,
}

impl Row {
    pub(super) fn moto(self, why: &'static str) -> Self {
        Self {
            moto: Some(why),
            ..self
        }
    }

    pub(super) fn after(self, before: &[(&'static str, Value)]) -> Self {
        Self {
            before: before.to_vec(),
            ..self
        }
    }
}

pub(super) fn row(
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

pub(super) const WAIT: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","TimestampPath":"$.invocationTime","End":true}}}"#;
pub(super) const AHEAD: &str = r#"{"invocationTime":"2090-01-01T00:00:00Z"}"#;
pub(super) const ROLE: &str = "arn:aws:iam::123456789012:role/r";

pub(super) fn start(name: &str, input: &str) -> (&'static str, Value) {
    (
        "StartExecution",
        json!({"stateMachineArn": "@M", "name": name, "input": input}),
    )
}

pub(super) fn rows() -> Vec<Row> {
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
    let name = |name, row: Row| Row { name, ..row };
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
        row(
            "no such operation",
            "MakeTea",
            json!({}),
            (404, "UnknownOperationException", ""),
        )
        .moto("fails within"),
    ]
}
