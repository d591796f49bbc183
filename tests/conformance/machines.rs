//! The rows of state machines: made, changed, described, deleted.

use serde_json::json;

use super::rows::{AHEAD, ROLE, Row, WAIT, row, start};

pub(super) fn rows() -> Vec<Row> {
    let ok = |shows| (200, "", shows);
    let bad = |code, shows| (400, code, shows);
    let stop = || ("StopExecution", json!({"executionArn": "@E:n"}));
    let delete = || ("DeleteStateMachine", json!({"stateMachineArn": "@M"}));
    let deleted = [start("n", AHEAD), delete()];
    let at_once = "moto deletes it at once";
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
        .after(&[start("n", AHEAD), delete(), stop()])
        .moto("moto deletes it at once, with its executions"),
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
        row(
            "delete: start meanwhile",
            "StartExecution",
            start("m", AHEAD).1,
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
    ]
}
