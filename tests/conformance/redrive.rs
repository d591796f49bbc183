//! The rows of redrives: <https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>,
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html>, and the reasons of
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html>.

use serde_json::{Value, json};

use super::rows::{AHEAD, Row, row, start};

const NONE: &str = "moto has no such operation";

pub(super) fn rows() -> Vec<Row> {
    let ok = |shows| (200, "", shows);
    let bad = |code, shows| (400, code, shows);
    let past = r#"{"invocationTime":"2020-01-01T00:00:00Z"}"#;
    let execution = || json!({"executionArn": "@E:n"});
    let stop = || ("StopExecution", execution());
    let again = || ("RedriveExecution", execution());
    let token = || json!({"executionArn": "@E:n", "clientToken": "t"});
    let redrive = |name, body: Value, answer| row(name, "RedriveExecution", body, answer);
    let describe = |name, answer| row(name, "DescribeExecution", execution(), answer);
    let stopped = [start("n", AHEAD), stop()];
    let redriven = [start("n", AHEAD), stop(), again()];
    let unknown = "moto knows no redrive";
    vec![
        redrive("redrive: stopped", execution(), ok("redriveDate"))
            .after(&stopped)
            .moto(NONE),
        redrive("redrive: twice", execution(), ok("redriveDate"))
            .after(&[start("n", AHEAD), stop(), again(), stop()])
            .moto(NONE),
        redrive(
            "redrive: running",
            execution(),
            bad(
                "ExecutionNotRedrivable",
                "ExecutionisRUNNINGandcannotberedriven",
            ),
        )
        .after(&[start("n", AHEAD)])
        .moto(NONE),
        redrive(
            "redrive: succeeded",
            execution(),
            bad(
                "ExecutionNotRedrivable",
                "ExecutionisSUCCEEDEDandcannotberedriven",
            ),
        )
        .after(&[start("n", past)])
        .moto(NONE),
        redrive(
            "redrive: its machine is being deleted",
            execution(),
            bad(
                "ExecutionNotRedrivable",
                "StatemachineisinDELETINGstatus",
            ),
        )
        .after(&[
            start("n", AHEAD),
            start("m", AHEAD),
            stop(),
            ("DeleteStateMachine", json!({"stateMachineArn": "@M"})),
        ])
        .moto(NONE),
        redrive(
            "redrive: unknown",
            json!({"executionArn": "@E:none"}),
            bad("ExecutionDoesNotExist", "DoesNotExist:'@E:none'"),
        )
        .moto(NONE),
        redrive(
            "redrive: no ARN",
            json!({"executionArn": "not-an-arn"}),
            bad("InvalidArn", ""),
        )
        .moto(NONE),
        redrive("redrive: the same token again", token(), ok("redriveDate"))
            .after(&[
                start("n", AHEAD),
                stop(),
                ("RedriveExecution", token()),
            ])
            .moto(NONE),
        describe("describe: redriven, runs", ok("\"status\":\"RUNNING\""))
            .after(&redriven)
            .moto(NONE),
        describe("describe: redriven, once", ok("\"redriveCount\":1"))
            .after(&redriven)
            .moto(NONE),
        describe("describe: redriven, when", ok("\"redriveDate\":"))
            .after(&redriven)
            .moto(NONE),
        describe("describe: never redriven", ok("\"redriveCount\":0"))
            .after(&stopped)
            .moto(unknown),
        describe(
            "describe: redrivable",
            ok("\"redriveStatus\":\"REDRIVABLE\""),
        )
        .after(&stopped)
        .moto(unknown),
        describe(
            "describe: not redrivable, and why",
            ok("\"redriveStatus\":\"NOT_REDRIVABLE\",\"redriveStatusReason\":\"ExecutionisRUNNING"),
        )
        .after(&[start("n", AHEAD)])
        .moto(unknown),
        row(
            "start: again, redriven, same input",
            "StartExecution",
            start("n", AHEAD).1,
            ok("\"executionArn\":\"@E:n\""),
        )
        .after(&redriven)
        .moto(NONE),
        row(
            "list: redriven, among the running",
            "ListExecutions",
            json!({"stateMachineArn": "@M", "statusFilter": "RUNNING"}),
            ok("\"redriveCount\":1,\"redriveDate\":"),
        )
        .after(&redriven)
        .moto(NONE),
        row(
            "history: redriven",
            "GetExecutionHistory",
            execution(),
            ok("\"executionRedrivenEventDetails\":{\"redriveCount\":1},\"id\":4,\"previousEventId\":3,"),
        )
        .after(&redriven)
        .moto(NONE),
    ]
}
