//! GetExecutionHistory (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html>). Not
//! eventually consistent, by AWS's documentation.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::super::execution::{Event, Execution, Face, Status, Task, What};
use super::super::{Core, definition};
use super::pages::{page, page_size};
use super::{Reply, arn, epoch, no_execution, object, required};

pub(super) fn history(core: &Core, request: &Value, now: DateTime<Utc>) -> Reply {
    let execution_arn = required(request, "executionArn")?;
    arn(execution_arn, "execution")?;
    let size = page_size(request)?;
    let execution = core.store.executions.get(execution_arn);
    let execution = execution.ok_or_else(|| no_execution(execution_arn))?;
    let flag = |key: &str| request.get(key).and_then(Value::as_bool);
    let whole = flag("includeExecutionData") != Some(false);
    let mut numbers: Vec<usize> = (1..=execution.events.len()).collect();
    if flag("reverseOrder") == Some(true) {
        numbers.reverse();
    }
    let (numbers, more) = page(&numbers, request, size, now)?;
    let told = |id: &usize| event(execution, *id, whole);
    let events: Vec<Value> = numbers.iter().map(told).collect();
    Ok(object([
        ("events", Some(json!(events))),
        ("nextToken", more),
    ]))
}

/// The event with this number, from 1. The one after the beginning has none before it, as at AWS.
fn event(execution: &Execution, id: usize, whole: bool) -> Value {
    let Event { at, what } = &execution.events[id - 1];
    let (kind, details) = told(execution, what, whole);
    let mut event = Map::new();
    event.insert("id".into(), json!(id));
    let previous = if id <= 2 { 0 } else { id - 1 };
    event.insert("previousEventId".into(), json!(previous));
    event.insert("timestamp".into(), epoch(*at));
    event.insert("type".into(), json!(kind));
    if let Some((key, details)) = details {
        event.insert(key.into(), details);
    }
    Value::Object(event)
}

type Details = Option<(&'static str, Value)>;

/// An event's kind and details.
fn told(execution: &Execution, what: &What, whole: bool) -> (String, Details) {
    let data = |text: &str| whole.then(|| json!(text));
    let cut = || whole.then(|| json!({"truncated": false}));
    match what {
        What::Started => {
            let arn = |arn: &Option<String>| arn.as_ref().map(|arn| json!(arn));
            let details = object([
                ("input", data(&execution.input)),
                ("inputDetails", cut()),
                ("roleArn", Some(json!(execution.role))),
                ("stateMachineVersionArn", arn(&execution.version_arn)),
                ("stateMachineAliasArn", arn(&execution.alias_arn)),
            ]);
            (
                "ExecutionStarted".into(),
                Some(("executionStartedEventDetails", details)),
            )
        }
        What::Entered { state, kind, input } => {
            let input = input.as_deref().unwrap_or(&execution.input);
            let details = object([
                ("name", Some(json!(state))),
                ("input", data(input)),
                ("inputDetails", cut()),
            ]);
            (
                format!("{kind}StateEntered"),
                Some(("stateEnteredEventDetails", details)),
            )
        }
        What::Exited {
            state,
            kind,
            output,
        } => {
            let details = object([
                ("name", Some(json!(state))),
                ("output", data(output)),
                ("outputDetails", cut()),
            ]);
            (
                format!("{kind}StateExited"),
                Some(("stateExitedEventDetails", details)),
            )
        }
        What::EvaluationFailed {
            state,
            location,
            error,
            cause,
        } => {
            let details = object([
                ("state", Some(json!(state))),
                ("location", Some(json!(location))),
                ("error", data(error)),
                ("cause", data(cause)),
            ]);
            (
                "EvaluationFailed".into(),
                Some(("evaluationFailedEventDetails", details)),
            )
        }
        What::Ended(face) => ended(face, whole),
        What::Redriven(count) => {
            let details = json!({"redriveCount": count});
            (
                "ExecutionRedriven".into(),
                Some(("executionRedrivenEventDetails", details)),
            )
        }
        What::Scheduled(task)
        | What::TaskStarted(task)
        | What::TaskSucceeded(task, _)
        | What::TaskFailed(task, ..) => of_task(execution, task, what, whole),
    }
}

fn ended(face: &Face, whole: bool) -> (String, Details) {
    let (kind, key) = match face.status {
        Status::Succeeded => ("ExecutionSucceeded", "executionSucceededEventDetails"),
        Status::TimedOut => ("ExecutionTimedOut", "executionTimedOutEventDetails"),
        Status::Aborted => ("ExecutionAborted", "executionAbortedEventDetails"),
        Status::Failed | Status::Running => ("ExecutionFailed", "executionFailedEventDetails"),
    };
    let given = |text: &Option<String>| text.as_ref().filter(|_| whole).map(|text| json!(text));
    let truncated = face.output.as_ref().filter(|_| whole);
    let details = object([
        ("error", given(&face.error)),
        ("cause", given(&face.cause)),
        ("output", given(&face.output)),
        (
            "outputDetails",
            truncated.map(|_| json!({"truncated": false})),
        ),
    ]);
    (kind.into(), Some((key, details)))
}

/// The events of a Task: those of a Lambda function where its resource is the function's ARN.
fn of_task(execution: &Execution, task: &Task, what: &What, whole: bool) -> (String, Details) {
    match definition::service(&task.resource) {
        Some((service, action)) => {
            let of = [
                ("resourceType", Some(json!(service))),
                ("resource", Some(json!(action))),
            ];
            of_service(execution, of, what, whole)
        }
        None => of_function(what, whole),
    }
}

fn of_service(
    execution: &Execution,
    of: [(&'static str, Option<Value>); 2],
    what: &What,
    whole: bool,
) -> (String, Details) {
    let data = |text: &str| whole.then(|| json!(text));
    let cut = whole.then(|| json!({"truncated": false}));
    let (kind, key, more) = match what {
        What::Scheduled(task) => {
            let region = execution.arn.split(':').nth(3).map(|region| json!(region));
            let more = vec![
                ("region", region),
                ("parameters", data(&task.parameters)),
                (
                    "timeoutInSeconds",
                    task.timeout.map(|seconds| json!(seconds)),
                ),
            ];
            ("TaskScheduled", "taskScheduledEventDetails", more)
        }
        What::TaskSucceeded(_, output) => {
            let more = vec![("output", data(output)), ("outputDetails", cut)];
            ("TaskSucceeded", "taskSucceededEventDetails", more)
        }
        What::TaskFailed(_, error, cause) => {
            let more = vec![("error", data(error)), ("cause", data(cause))];
            ("TaskFailed", "taskFailedEventDetails", more)
        }
        _ => ("TaskStarted", "taskStartedEventDetails", Vec::new()),
    };
    (kind.into(), Some((key, object(of.into_iter().chain(more)))))
}

fn of_function(what: &What, whole: bool) -> (String, Details) {
    let data = |text: &str| whole.then(|| json!(text));
    let cut = whole.then(|| json!({"truncated": false}));
    let (kind, key, details) = match what {
        What::Scheduled(task) => {
            let details = object([
                ("resource", Some(json!(task.resource))),
                ("input", data(&task.parameters)),
                ("inputDetails", cut),
                (
                    "timeoutInSeconds",
                    task.timeout.map(|seconds| json!(seconds)),
                ),
            ]);
            (
                "LambdaFunctionScheduled",
                "lambdaFunctionScheduledEventDetails",
                details,
            )
        }
        What::TaskSucceeded(_, output) => {
            let details = object([("output", data(output)), ("outputDetails", cut)]);
            (
                "LambdaFunctionSucceeded",
                "lambdaFunctionSucceededEventDetails",
                details,
            )
        }
        What::TaskFailed(_, error, cause) => {
            let details = object([("error", data(error)), ("cause", data(cause))]);
            (
                "LambdaFunctionFailed",
                "lambdaFunctionFailedEventDetails",
                details,
            )
        }
        _ => return ("LambdaFunctionStarted".into(), None),
    };
    (kind.into(), Some((key, details)))
}
