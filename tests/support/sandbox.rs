//! Requests to the sandbox by the side of onced, as a person at AWS's console makes them.

use std::sync::Arc;

use onced::sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

/// Answers what was asked for.
pub(crate) fn call(sandbox: &Sandbox, operation: &str, request: &Value) -> Value {
    let target = format!("AWSStepFunctions.{operation}");
    let answer = sandbox.call(&target, request.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{operation}: {}", answer.body);
    serde_json::from_str(&answer.body).expect("JSON")
}

pub(crate) fn machine_arn(name: &str) -> String {
    format!("arn:aws:states:us-east-1:123456789012:stateMachine:{name}")
}

/// Makes a state machine like the default one.
pub(crate) fn create_machine(sandbox: &Sandbox, name: &str) {
    let default = json!({"stateMachineArn": machine_arn("OneTimeLambdaScheduler")});
    let default = call(sandbox, "DescribeStateMachine", &default);
    let (definition, role) = (&default["definition"], &default["roleArn"]);
    let like = json!({"name": name, "definition": definition, "roleArn": role});
    call(sandbox, "CreateStateMachine", &like);
}

/// Asks for the deletion of a state machine, on which somebody else's execution runs until it is stopped. Answers that
/// execution's ARN.
pub(crate) fn delete_machine(sandbox: &Sandbox, name: &str) -> String {
    let machine = machine_arn(name);
    let input = json!({"invocationTime": "2090-01-01T00:00:00Z"}).to_string();
    let start = json!({"stateMachineArn": machine, "name": "theirs", "input": input});
    let started = call(sandbox, "StartExecution", &start);
    call(
        sandbox,
        "DeleteStateMachine",
        &json!({"stateMachineArn": machine}),
    );
    started["executionArn"].as_str().expect("an ARN").to_owned()
}

/// Every request for one operation has this fault from now on.
pub(crate) fn fail(sandbox: &Sandbox, operation: &'static str, fault: Fault) {
    sandbox.set_faults(Some(Arc::new(move |_, asked: &str| {
        if asked == operation {
            fault
        } else {
            Fault::None
        }
    })));
}
