//! The rows of definitions in JSONata: <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>, and
//! the Wait of <https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html>.

use serde_json::{Value, json};

use super::rows::{AHEAD, ROLE, Row, row};

type Step = (&'static str, Value);

const IDLE: &str = "moto runs nothing: every execution stays RUNNING";

fn machine(states: &Value) -> Step {
    let definition = json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": states});
    let machine = json!({"name": "@N-j", "definition": definition.to_string(), "roleArn": ROLE});
    ("CreateStateMachine", machine)
}

fn started(input: &str) -> Step {
    let start = json!({"stateMachineArn": "@M-j", "name": "n", "input": input});
    ("StartExecution", start)
}

fn wait() -> Value {
    json!({"A": {"Type": "Wait", "Timestamp": "{% $states.input.invocationTime %}", "End": true}})
}

fn pass(output: &str) -> Value {
    json!({"A": {"Type": "Pass", "Output": {"got": output}, "End": true}})
}

pub(super) fn rows() -> Vec<Row> {
    let ok = |shows| (200, "", shows);
    let bad = |code, shows| (400, code, shows);
    let execution = || json!({"executionArn": "@E-j:n"});
    let runs = |name, states: &Value, input: &str, shows| {
        row(name, "DescribeExecution", execution(), ok(shows))
            .after(&[machine(states), started(input)])
    };
    let create = |name, states: &Value, answer| {
        let (operation, body) = machine(states);
        row(name, operation, body, answer)
    };
    let past = r#"{"invocationTime":"2020-01-01T00:00:00Z"}"#;
    let now = json!({"A": {"Type": "Wait", "Timestamp": "{% $now() %}", "End": true}});
    let by_path = json!({"A": {"Type": "Wait", "TimestampPath": "$.invocationTime", "End": true}});
    let choice = json!({"A": {"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "B"}]}, "B": {"Type": "Succeed"}});
    vec![
        create("jsonata: a wait, created", &wait(), ok("@M-j")),
        create(
            "jsonata: an expression of any kind, created",
            &now,
            ok("@M-j"),
        ),
        create("jsonata: a choice, created", &choice, ok("@M-j")),
        create(
            "jsonata: a field of JSONPath",
            &by_path,
            bad("InvalidDefinition", "SCHEMA_VALIDATION_FAILED"),
        )
        .moto("its validator is off"),
        runs("jsonata: a wait", &wait(), AHEAD, "\"status\":\"RUNNING\""),
        runs(
            "jsonata: a wait that is over",
            &wait(),
            past,
            "\"status\":\"SUCCEEDED\"",
        )
        .moto(IDLE),
        runs(
            "jsonata: a wait without its time",
            &wait(),
            "{}",
            "\"error\":\"States.QueryEvaluationError\"",
        )
        .moto(IDLE),
        row(
            "jsonata: a wait without its time, history",
            "GetExecutionHistory",
            execution(),
            ok("\"type\":\"EvaluationFailed\""),
        )
        .after(&[machine(&wait()), started("{}")])
        .moto(IDLE),
        runs(
            "jsonata: a pass gives its output",
            &pass("{% $states.input.invocationTime %}"),
            past,
            "\"output\":\"{\\\"got\\\":\\\"2020-01-01T00:00:00Z\\\"}\"",
        )
        .moto(IDLE),
        runs(
            "jsonata: the context",
            &pass("{% $states.context.Execution.Name %}"),
            "{}",
            "\"output\":\"{\\\"got\\\":\\\"n\\\"}\"",
        )
        .moto(IDLE),
    ]
}
