//! The states of a definition, as far as the sandbox runs them: Wait, Task, Pass, Succeed, Fail, in JSONPath and JSONata.
//! Pure: the time is an argument.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::execution::{End, Execution, OLDEST_DAYS, Status, Task};
use super::query::{self, Failure, Language, Scope};

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

/// In which language a state of a definition asks.
fn language(definition: &Value, state: &Value) -> Language {
    let own = state.get("QueryLanguage");
    let language = own.or_else(|| definition.get("QueryLanguage"));
    if language.is_some_and(|language| language == "JSONata") {
        Language::Jsonata
    } else {
        Language::JsonPath
    }
}

/// The context object (<https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>).
fn context(execution: &Execution) -> Value {
    let (entered, _) = execution.entered.unwrap_or((execution.start, 0));
    json!({
        "Execution": {
            "Id": execution.arn,
            "Input": serde_json::from_str::<Value>(&execution.input).unwrap_or_default(),
            "Name": execution.name,
            "RoleArn": execution.role,
            "StartTime": execution.start.to_rfc3339_opts(SecondsFormat::Millis, true),
            "RedriveCount": execution.redriven(),
        },
        "State": {
            "Name": execution.state,
            "EnteredTime": entered.to_rfc3339_opts(SecondsFormat::Millis, true),
        },
        "StateMachine": {"Id": execution.machine_arn, "Name": execution.machine_name()},
    })
}

/// Where an error was met.
fn entered(execution: &Execution) -> String {
    let (_, event) = execution.entered.unwrap_or((execution.start, 2));
    let name = &execution.state;
    format!(
        "An error occurred while executing the state '{name}' (entered at the event id #{event})."
    )
}

/// A field's value, or how the execution ends for it.
fn asked(
    execution: &Execution,
    field: &str,
    given: &Value,
    result: Option<&Value>,
) -> Result<Value, Next> {
    let language = language(&execution.definition, execution.here());
    let context = context(execution);
    let scope = Scope {
        input: &execution.data,
        result,
        context: &context,
    };
    query::template(language, given, scope).map_err(|failure| {
        let entered = entered(execution);
        let (error, cause) = match (language, failure) {
            (Language::JsonPath, Failure::Nothing(path)) => (
                "States.ParameterPathFailure",
                format!("{entered} The JSONPath '{path}' specified for the field '{field}' could not be found in the input."),
            ),
            (Language::Jsonata, Failure::Nothing(expression)) => (
                "States.QueryEvaluationError",
                format!("{entered} The JSONata expression '{expression}' specified for the field '{field}' returned nothing (undefined)."),
            ),
            (Language::JsonPath, Failure::Unknown(path)) => (
                "States.Runtime",
                format!("{entered} The sandbox does not evaluate '{path}' of the field '{field}'."),
            ),
            (Language::Jsonata, Failure::Unknown(expression)) => (
                "States.QueryEvaluationError",
                format!("{entered} The sandbox does not evaluate the JSONata expression '{expression}' of the field '{field}'."),
            ),
        };
        let end = End::failed(error, cause);
        match language {
            Language::Jsonata => Next::End(End { location: Some(field.to_owned()), ..end }),
            Language::JsonPath => Next::End(end),
        }
    })
}

/// A state is left with its `Output`, or with what it has.
fn put_out(execution: &Execution, own: Value, result: Option<&Value>) -> Next {
    let state = execution.here();
    match state.get("Output") {
        None => leave(state, own),
        Some(output) => match asked(execution, "Output", output, result) {
            Ok(output) => leave(state, output),
            Err(end) => end,
        },
    }
}

/// What comes after a Task that has its result.
pub(super) fn after_task(execution: &Execution, result: &Value) -> Next {
    put_out(execution, result.clone(), Some(result))
}

/// Fields that change what a state does, and that the sandbox does not run.
const UNKNOWN: [&str; 5] = [
    "Assign",
    "InputPath",
    "OutputPath",
    "ResultPath",
    "ResultSelector",
];

/// What an execution does in its state, which it has entered.
pub(super) fn next(execution: &Execution, now: DateTime<Utc>) -> Next {
    if now >= execution.start + TimeDelta::days(OLDEST_DAYS) {
        return Next::End(End {
            status: Status::TimedOut,
            ..End::default()
        });
    }
    let (state, name, data) = (execution.here(), &execution.state, &execution.data);
    if let Some(field) = UNKNOWN.iter().find(|field| state.get(**field).is_some()) {
        let cause = format!("the sandbox does not run '{field}', which the state '{name}' has");
        return failed("States.Runtime", cause);
    }
    match state.get("Type").and_then(Value::as_str) {
        Some("Wait") => wait(execution, now),
        Some("Task") => task(execution),
        Some("Pass") => pass(execution),
        Some("Succeed") => put_out(execution, data.clone(), None),
        Some("Fail") => fail(execution),
        _ => failed(
            "States.Runtime",
            format!("the sandbox does not run states like '{name}'"),
        ),
    }
}

fn pass(execution: &Execution) -> Next {
    let state = execution.here();
    if let Some(result) = state.get("Result") {
        return leave(state, result.clone());
    }
    let own = match state.get("Parameters") {
        None => Ok(execution.data.clone()),
        Some(parameters) => asked(execution, "Parameters", parameters, None),
    };
    match own {
        Ok(own) => put_out(execution, own, None),
        Err(end) => end,
    }
}

fn fail(execution: &Execution) -> Next {
    let state = execution.here();
    let told = |field: &str| {
        let given = state
            .get(field)
            .map(|given| asked(execution, field, given, None));
        given.transpose()
    };
    let (error, cause) = match (told("Error"), told("Cause")) {
        (Ok(error), Ok(cause)) => (error, cause),
        (Err(end), _) | (_, Err(end)) => return end,
    };
    let text = |value: Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
    Next::End(End {
        error: text(error),
        cause: text(cause),
        ..End::default()
    })
}

fn task(execution: &Execution) -> Next {
    let state = execution.here();
    let resource = state["Resource"].as_str().unwrap_or_default();
    let given = ["Arguments", "Parameters"]
        .into_iter()
        .find_map(|field| Some((field, state.get(field)?)));
    let parameters = match given {
        None => Ok(execution.data.clone()),
        Some((field, given)) => asked(execution, field, given, None),
    };
    let parameters = match parameters {
        Ok(parameters) => parameters,
        Err(end) => return end,
    };
    let optimized = resource.ends_with(":states:::lambda:invoke");
    if !optimized && service(resource).is_some() {
        let name = &execution.state;
        let cause = format!("the sandbox does not call '{resource}', as the state '{name}' does");
        return failed("States.Runtime", cause);
    }
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

/// How long a Wait's field says to wait.
enum Until {
    Timestamp(Value),
    Seconds(Value),
}

/// The field of a Wait, and what it says.
fn until(execution: &Execution) -> Result<(&'static str, Until), Next> {
    let (state, data) = (execution.here(), &execution.data);
    let context = Value::Null;
    let scope = Scope {
        input: data,
        result: None,
        context: &context,
    };
    let by_path = |field| {
        let path = state.get(field).and_then(Value::as_str);
        path.map(|path| query::path(path, scope).unwrap_or_default())
    };
    if let Some(value) = by_path("TimestampPath") {
        return Ok(("TimestampPath", Until::Timestamp(value)));
    }
    if let Some(value) = by_path("SecondsPath") {
        return Ok(("SecondsPath", Until::Seconds(value)));
    }
    if let Some(given) = state.get("Timestamp") {
        let value = asked(execution, "Timestamp", given, None)?;
        return Ok(("Timestamp", Until::Timestamp(value)));
    }
    let seconds = state.get("Seconds").unwrap_or(&Value::Null);
    let value = asked(execution, "Seconds", seconds, None)?;
    Ok(("Seconds", Until::Seconds(value)))
}

/// How a Wait fails whose field has this value.
fn bad_wait(execution: &Execution, field: &str, value: &Value) -> Next {
    let entered = entered(execution);
    let shown = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let given = execution.here()[field].as_str().unwrap_or_default();
    match field {
        "TimestampPath" => failed(
            "States.Runtime",
            format!(
                "{entered} The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: {given} == {shown}"
            ),
        ),
        "SecondsPath" => failed(
            "States.Runtime",
            format!(
                "{entered} The SecondsPath parameter does not reference a valid number: {given}"
            ),
        ),
        _ if query::expression(given).is_some() => {
            let cause = format!(
                "{entered} The JSONata expression '{given}' specified for the field '{field}' returned a value that is not valid there: {shown}"
            );
            let end = End::failed("States.QueryEvaluationError", cause);
            Next::End(End {
                location: Some(field.to_owned()),
                ..end
            })
        }
        _ => failed("States.Runtime", entered),
    }
}

fn wait(execution: &Execution, now: DateTime<Utc>) -> Next {
    let (since, _) = execution.entered.unwrap_or((execution.start, 2));
    let (field, until) = match until(execution) {
        Ok(until) => until,
        Err(end) => return end,
    };
    let (time, value) = match until {
        Until::Timestamp(value) => (value.as_str().and_then(timestamp), value),
        Until::Seconds(value) => {
            let seconds = value.as_i64().and_then(TimeDelta::try_seconds);
            (
                seconds.and_then(|seconds| since.checked_add_signed(seconds)),
                value,
            )
        }
    };
    let oldest = execution.start + TimeDelta::days(OLDEST_DAYS);
    match time {
        None => bad_wait(execution, field, &value),
        Some(until) if until > since + TimeDelta::days(LONGEST_WAIT_DAYS) => {
            let entered = entered(execution);
            failed(
                "States.Runtime",
                format!("{entered} Wait state delay is too long."),
            )
        }
        Some(until) if until <= now => put_out(execution, execution.data.clone(), None),
        Some(until) => Next::Wait(until.min(oldest)),
    }
}

/// Fields of one query language alone
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>).
const JSON_PATH_ALONE: [&str; 7] = [
    "InputPath",
    "OutputPath",
    "Parameters",
    "ResultPath",
    "ResultSelector",
    "SecondsPath",
    "TimestampPath",
];
const JSONATA_ALONE: [&str; 2] = ["Arguments", "Output"];

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
        let language = language(&definition, state);
        let foreign = match language {
            Language::Jsonata => JSON_PATH_ALONE.as_slice(),
            Language::JsonPath => JSONATA_ALONE.as_slice(),
        };
        if let Some(field) = foreign.iter().find(|field| state.get(**field).is_some()) {
            return Err(schema(format!(
                "the field '{field}' is not supported in this query language at /States/{name}/{field}"
            )));
        }
        let is_asked =
            |text: &str| language == Language::Jsonata && query::expression(text).is_some();
        if let Some(Value::String(text)) = state.get("Timestamp")
            && timestamp(text).is_none()
            && !is_asked(text)
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
