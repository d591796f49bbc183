//! The states of a definition, as far as the sandbox runs them: Wait, Task, Pass, Succeed, Fail, in JSONPath. Pure: the
//! time is an argument.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::execution::{End, Execution, OLDEST_DAYS, Status, Task};

/// The longest wait that AWS takes, in days: 2^31 − 1 seconds.
const LONGEST_WAIT_DAYS: i64 = 24_855;

/// A Lambda invocation.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) function: String,
    pub(super) payload: String,
    /// What its history says of it.
    pub(super) task: Task,
    optimized: bool,
}

impl Work {
    /// The Task's result: the optimized integration wraps what the function answered.
    pub(super) fn result(&self, output: Value) -> Value {
        if self.optimized {
            json!({"ExecutedVersion": "$LATEST", "Payload": output, "StatusCode": 200})
        } else {
            output
        }
    }
}

/// What an execution does next.
#[derive(Debug)]
pub(super) enum Next {
    Wait(DateTime<Utc>),
    Go { state: String, data: Value },
    Work(Work),
    End(End),
}

fn failed(error: &str, cause: String) -> Next {
    Next::End(End::failed(error, cause))
}

/// `$.a.b` in the data.
fn at<'a>(data: &'a Value, path: &str) -> Option<&'a Value> {
    let rest = path.strip_prefix('$')?;
    rest.split('.')
        .filter(|part| !part.is_empty())
        .try_fold(data, |value, part| value.get(part))
}

/// `{"a.$": "$.b", "c": 1}` with its paths followed.
fn template(value: &Value, data: &Value) -> Option<Value> {
    match value {
        Value::Object(fields) => {
            let field =
                |(key, value): (&String, &Value)| match (key.strip_suffix(".$"), value.as_str()) {
                    (Some(key), Some(path)) => Some((key.to_owned(), at(data, path)?.clone())),
                    _ => Some((key.clone(), template(value, data)?)),
                };
            fields
                .iter()
                .map(field)
                .collect::<Option<Map<_, _>>>()
                .map(Value::Object)
        }
        other => Some(other.clone()),
    }
}

/// The service and the action of an integration's resource; `None`: it is a function's ARN.
pub(super) fn service(resource: &str) -> Option<(&str, &str)> {
    let (_, integration) = resource.split_once(":states:::")?;
    integration.rsplit_once(':')
}

/// RFC 3339 with an upper-case `T`, and an upper-case `Z` or an offset; fractions are dropped
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html>).
fn timestamp(text: &str) -> Option<DateTime<Utc>> {
    let well_formed = text.as_bytes().get(10) == Some(&b'T') && !text.contains('z');
    let parsed = DateTime::parse_from_rfc3339(text)
        .ok()
        .filter(|_| well_formed)?;
    DateTime::from_timestamp(parsed.timestamp(), 0)
}

fn leave(state: &Value, data: Value) -> Next {
    match state.get("Next").and_then(Value::as_str) {
        Some(next) => Next::Go {
            state: next.to_owned(),
            data,
        },
        None => Next::End(End::succeeded(data)),
    }
}

/// What comes after a Task that has its result.
pub(super) fn after_task(execution: &Execution, result: Value) -> Next {
    leave(execution.here(), result)
}

/// What an execution does in its state, which it has entered.
pub(super) fn next(execution: &Execution, now: DateTime<Utc>) -> Next {
    if now >= execution.start + TimeDelta::days(OLDEST_DAYS) {
        return Next::End(End {
            status: Status::TimedOut,
            error: None,
            cause: None,
            output: None,
        });
    }
    let (state, name, data) = (execution.here(), &execution.state, &execution.data);
    let text = |key: &str| state.get(key).and_then(Value::as_str);
    match text("Type") {
        Some("Wait") => wait(execution, now),
        Some("Task") => task(execution),
        Some("Pass") => leave(
            state,
            state.get("Result").cloned().unwrap_or_else(|| data.clone()),
        ),
        Some("Succeed") => Next::End(End::succeeded(data.clone())),
        Some("Fail") => Next::End(End {
            status: Status::Failed,
            error: text("Error").map(str::to_owned),
            cause: text("Cause").map(str::to_owned),
            output: None,
        }),
        _ => failed(
            "States.Runtime",
            format!("the sandbox does not run states like '{name}'"),
        ),
    }
}

fn task(execution: &Execution) -> Next {
    let (state, name, data) = (execution.here(), &execution.state, &execution.data);
    let resource = state["Resource"].as_str().unwrap_or_default();
    let parameters = match state.get("Parameters") {
        Some(parameters) => template(parameters, data),
        None => Some(data.clone()),
    };
    let Some(parameters) = parameters else {
        let cause = format!(
            "An error occurred while executing the state '{name}'. A path in 'Parameters' does not lead to a value."
        );
        return failed("States.ParameterPathFailure", cause);
    };
    let optimized = resource.ends_with(":states:::lambda:invoke");
    let (function, payload) = if optimized {
        let function = parameters["FunctionName"].as_str().unwrap_or_default();
        (function.to_owned(), parameters["Payload"].to_string())
    } else {
        (resource.to_owned(), parameters.to_string())
    };
    Next::Work(Work {
        function,
        payload,
        optimized,
        task: Task {
            resource: resource.to_owned(),
            parameters: parameters.to_string(),
            timeout: state.get("TimeoutSeconds").and_then(Value::as_u64),
        },
    })
}

fn wait(execution: &Execution, now: DateTime<Utc>) -> Next {
    let (state, name, data) = (execution.here(), &execution.state, &execution.data);
    let (since, event) = execution.entered.unwrap_or((execution.start, 2));
    let entered = format!(
        "An error occurred while executing the state '{name}' (entered at the event id #{event})."
    );
    let seconds = |value: Option<&Value>| {
        value
            .and_then(Value::as_i64)
            .and_then(|n| since.checked_add_signed(TimeDelta::try_seconds(n)?))
    };
    let (until, cause) = if let Some(path) = state.get("TimestampPath").and_then(Value::as_str) {
        let value = at(data, path);
        let shown = value.map_or_else(
            || "null".to_owned(),
            |value| {
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            },
        );
        let cause = format!(
            "{entered} The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: {path} == {shown}"
        );
        (value.and_then(Value::as_str).and_then(timestamp), cause)
    } else if let Some(text) = state.get("Timestamp").and_then(Value::as_str) {
        (timestamp(text), entered.clone())
    } else if let Some(path) = state.get("SecondsPath").and_then(Value::as_str) {
        (
            seconds(at(data, path)),
            format!(
                "{entered} The SecondsPath parameter does not reference a valid number: {path}"
            ),
        )
    } else {
        (seconds(state.get("Seconds")), entered.clone())
    };
    let oldest = execution.start + TimeDelta::days(OLDEST_DAYS);
    match until {
        None => failed("States.Runtime", cause),
        Some(until) if until > since + TimeDelta::days(LONGEST_WAIT_DAYS) => failed(
            "States.Runtime",
            format!("{entered} Wait state delay is too long."),
        ),
        Some(until) if until <= now => leave(state, data.clone()),
        Some(until) => Next::Wait(until.min(oldest)),
    }
}

/// What is wrong with a definition, in short.
pub(super) fn check(text: &str) -> Result<Value, String> {
    let definition: Value =
        serde_json::from_str(text).map_err(|_| "INVALID_JSON_DESCRIPTION".to_owned())?;
    let schema = |what: String| format!("SCHEMA_VALIDATION_FAILED: {what}");
    let states = definition
        .get("States")
        .and_then(Value::as_object)
        .filter(|states| !states.is_empty());
    let states =
        states.ok_or_else(|| schema("the field 'States' is missing or empty at /".into()))?;
    let known = |state: Option<&Value>| {
        state
            .and_then(Value::as_str)
            .is_some_and(|state| states.contains_key(state))
    };
    if !known(definition.get("StartAt")) {
        return Err(schema("'StartAt' names no state at /StartAt".into()));
    }
    for (name, state) in states {
        let kind = state
            .get("Type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let goes_on = match kind {
            "Wait" | "Task" | "Pass" => {
                known(state.get("Next")) || state.get("End") == Some(&Value::Bool(true))
            }
            "Succeed" | "Fail" | "Choice" | "Parallel" | "Map" => true,
            _ => return Err(schema(format!("unknown 'Type' at /States/{name}"))),
        };
        if !goes_on {
            return Err(schema(format!(
                "neither 'Next' nor 'End' leads on at /States/{name}"
            )));
        }
        if let Some(Value::String(text)) = state.get("Timestamp")
            && timestamp(text).is_none()
        {
            return Err(schema(format!(
                "String does not match RFC3339 timestamp at /States/{name}/Timestamp"
            )));
        }
        if kind == "Task" && !state.get("Resource").is_some_and(Value::is_string) {
            return Err(schema(format!(
                "the field 'Resource' is missing at /States/{name}"
            )));
        }
    }
    Ok(definition)
}
