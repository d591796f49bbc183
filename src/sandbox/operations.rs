//! The operations: what each answers, in the order in which AWS checks. Idempotency, names and limits are those of
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>.

mod machines;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::errors::{Error, error};
use super::wire::Answer;
use super::{Core, Execution, Face, Sandbox, Status};

const MAX_INPUT: usize = 262_144;
/// How long a name stays taken after its execution closed.
const NAME_DAYS: i64 = 90;

type Reply = Result<Value, Error>;

fn text<'a>(request: &'a Value, key: &str) -> Option<&'a str> {
    request.get(key).and_then(Value::as_str)
}

fn epoch(at: DateTime<Utc>) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 fit a double for ages"
    )]
    let seconds = at.timestamp_millis() as f64 / 1000.0;
    json!(seconds)
}

/// An object without the fields that have no value: AWS leaves them out.
fn object(fields: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let fields = fields
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn constraint(key: &str, value: &str, what: &str) -> Error {
    let shown = if value.is_empty() {
        String::new()
    } else {
        format!(" '{value}'")
    };
    error(
        "ValidationException",
        format!(
            "1 validation error detected: Value{shown} at '{key}' failed to satisfy constraint: {what}"
        ),
    )
}

fn required<'a>(request: &'a Value, key: &str) -> Result<&'a str, Error> {
    text(request, key).ok_or_else(|| constraint(key, "null", "Member must not be null"))
}

fn at_most(request: &Value, key: &str, most: usize) -> Result<(), Error> {
    match text(request, key) {
        Some(value) if value.chars().count() > most => Err(constraint(
            key,
            value,
            &format!("Member must have length less than or equal to {most}"),
        )),
        _ => Ok(()),
    }
}

/// `maxResults`: at most 1,000; none, or 0, is 100.
fn page_size(request: &Value) -> Result<usize, Error> {
    let most = request.get("maxResults").and_then(Value::as_u64);
    match most.unwrap_or(0) {
        0 => Ok(100),
        most @ 1..=1000 => Ok(usize::try_from(most).unwrap_or(1000)),
        most => Err(constraint(
            "maxResults",
            &most.to_string(),
            "Member must have value less than or equal to 1000",
        )),
    }
}

fn arn<'a>(arn: &'a str, kind: &str) -> Result<Vec<&'a str>, Error> {
    if !arn.starts_with("arn:") {
        return Err(error(
            "InvalidArn",
            format!("Invalid Arn: 'Invalid ARN prefix: {arn}'"),
        ));
    }
    let parts: Vec<&str> = arn.split(':').collect();
    let good = parts.len() >= 7 && parts[2] == "states" && parts[5] == kind && !parts[6].is_empty();
    if good {
        Ok(parts)
    } else {
        Err(error("InvalidArn", format!("Invalid Arn: '{arn}'")))
    }
}

fn good_name(name: &str) -> bool {
    let forbidden =
        |c: char| c.is_whitespace() || c.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c);
    !name.is_empty() && !name.contains(forbidden)
}

impl Sandbox {
    /// One operation, as `AWSStepFunctions.NAME` with a JSON body.
    pub fn call(&self, target: &str, body: &[u8]) -> Answer {
        let Ok(request) = serde_json::from_slice::<Value>(body) else {
            return error("SerializationException", "the body is no JSON").answer();
        };
        self.advance();
        let now = self.now();
        let mut core = self.core();
        core.dirty = true;
        machines::finish_deletions(&mut core);
        let reply = match target.strip_prefix("AWSStepFunctions.") {
            Some("StartExecution") => self.start(&mut core, &request, now),
            Some("StopExecution") => stop(&mut core, &request, now),
            Some("DescribeExecution") => self.describe(&core, &request, now),
            Some("GetExecutionHistory") => history(&core, &request),
            Some("ListExecutions") => self.list(&core, &request, now),
            Some("CreateStateMachine") => self.create(&mut core, &request, now),
            Some("UpdateStateMachine") => machines::update(&mut core, &request, now),
            Some("DeleteStateMachine") => machines::delete(&mut core, &request),
            Some("DescribeStateMachine") => self.describe_machine(&core, &request),
            Some("TagResource") => machines::tag(&mut core, &request),
            Some("ListTagsForResource") => machines::tags(&core, &request),
            Some("ListStateMachines") => Ok(machines::list_machines(&core)),
            _ => {
                let message = format!("unknown operation '{target}'");
                Err(Error {
                    status: 404,
                    ..error("UnknownOperationException", message)
                })
            }
        };
        match reply {
            Ok(body) => Answer {
                status: 200,
                body: body.to_string(),
                error: None,
            },
            Err(error) => error.answer(),
        }
    }

    fn start(&self, core: &mut Core, request: &Value, now: DateTime<Utc>) -> Reply {
        let machine_arn = required(request, "stateMachineArn")?;
        arn(machine_arn, "stateMachine")?;
        at_most(request, "stateMachineArn", 256)?;
        at_most(request, "name", 80)?;
        if text(request, "name") == Some("") {
            return Err(constraint(
                "name",
                "",
                "Member must have length greater than or equal to 1",
            ));
        }
        let input = text(request, "input").unwrap_or("{}");
        if input.len() > MAX_INPUT {
            let what = format!(
                "Member must have size less than or equal to {MAX_INPUT} bytes in UTF-8 encoding"
            );
            return Err(constraint("input", "", &what));
        }
        let does_not_exist = || {
            error(
                "StateMachineDoesNotExist",
                format!("State Machine Does Not Exist: '{machine_arn}'"),
            )
        };
        let machine = self.machine(core, machine_arn).ok_or_else(does_not_exist)?;
        machines::must_be_active(&machine)?;
        let name = text(request, "name")
            .map_or_else(|| format!("sandbox-{}", core.calls.len()), str::to_owned);
        if !good_name(&name) {
            return Err(error("InvalidName", format!("Invalid Name: '{name}'")));
        }
        let data: Value = serde_json::from_str(input).map_err(|_| {
            error(
                "InvalidExecutionInput",
                "Invalid State Machine Execution Input: 'the input is no JSON'",
            )
        })?;
        let kind = if machine.express {
            "express"
        } else {
            "execution"
        };
        let mut execution_arn = format!(
            "{}:{name}",
            machine.arn.replace(":stateMachine:", &format!(":{kind}:"))
        );
        if machine.express {
            execution_arn = format!("{execution_arn}:{}", core.calls.len());
        } else if let Some(before) = core.store.executions.get(&execution_arn) {
            let face = before.face();
            if face.status == Status::Running && before.input == input {
                return Ok(
                    json!({"executionArn": execution_arn, "startDate": epoch(before.start)}),
                );
            }
            if face
                .stop
                .is_none_or(|stop| now < stop + TimeDelta::days(NAME_DAYS))
            {
                return Err(error(
                    "ExecutionAlreadyExists",
                    format!("Execution Already Exists: '{execution_arn}'"),
                ));
            }
        }
        let definition: Value = serde_json::from_str(&machine.definition).unwrap_or_default();
        let state = text(&definition, "StartAt").unwrap_or_default().to_owned();
        let face = Face {
            since: now,
            status: Status::Running,
            stop: None,
            error: None,
            cause: None,
            output: None,
        };
        let execution = Execution {
            arn: execution_arn.clone(),
            name,
            machine_arn: machine.arn,
            input: input.to_owned(),
            start: now,
            invoked: false,
            fired: None,
            definition,
            state,
            data,
            wake: None,
            faces: vec![face],
        };
        core.store
            .executions
            .insert(execution_arn.clone(), execution);
        self.step(core, &execution_arn, now);
        Ok(json!({"executionArn": execution_arn, "startDate": epoch(now)}))
    }

    /// What may be seen of an execution: reads are behind by the lag.
    fn face<'a>(&self, execution: &'a Execution, now: DateTime<Utc>) -> Option<&'a Face> {
        let lag = TimeDelta::from_std(self.0.options.lag).unwrap_or(TimeDelta::MAX);
        execution
            .faces
            .iter()
            .rev()
            .find(|face| face.since <= now - lag)
    }

    fn describe(&self, core: &Core, request: &Value, now: DateTime<Utc>) -> Reply {
        let execution_arn = required(request, "executionArn")?;
        arn(execution_arn, "execution")?;
        let seen = core
            .store
            .executions
            .get(execution_arn)
            .and_then(|e| Some((e, self.face(e, now)?)));
        let missing = || {
            error(
                "ExecutionDoesNotExist",
                format!("Execution Does Not Exist: '{execution_arn}'"),
            )
        };
        let (execution, face) = seen.ok_or_else(missing)?;
        // METADATA_ONLY leaves out what a customer's key may have encrypted.
        let whole = text(request, "includedData") != Some("METADATA_ONLY");
        Ok(object([
            ("executionArn", Some(json!(execution.arn))),
            ("stateMachineArn", Some(json!(execution.machine_arn))),
            ("name", Some(json!(execution.name))),
            ("status", Some(json!(face.status.as_str()))),
            ("startDate", Some(epoch(execution.start))),
            ("stopDate", face.stop.map(epoch)),
            ("input", whole.then(|| json!(execution.input))),
            ("inputDetails", Some(json!({"included": whole}))),
            (
                "output",
                face.output
                    .as_ref()
                    .filter(|_| whole)
                    .map(|output| json!(output)),
            ),
            (
                "error",
                face.error
                    .as_ref()
                    .filter(|_| whole)
                    .map(|error| json!(error)),
            ),
            (
                "cause",
                face.cause
                    .as_ref()
                    .filter(|_| whole)
                    .map(|cause| json!(cause)),
            ),
            ("redriveCount", Some(json!(0))),
        ]))
    }

    fn list(&self, core: &Core, request: &Value, now: DateTime<Utc>) -> Reply {
        let machine_arn = required(request, "stateMachineArn")?;
        arn(machine_arn, "stateMachine")?;
        let page = page_size(request)?;
        let machine = self.machine(core, machine_arn);
        let machine = machine.ok_or_else(|| {
            error(
                "StateMachineDoesNotExist",
                format!("State Machine Does Not Exist: '{machine_arn}'"),
            )
        })?;
        if machine.express {
            return Err(error(
                "StateMachineTypeNotSupported",
                "This operation is not supported by this type of state machine",
            ));
        }
        let from: usize = match text(request, "nextToken") {
            None => 0,
            Some(token) => token
                .parse()
                .map_err(|_| error("InvalidToken", format!("Invalid Token: '{token}'")))?,
        };
        let wanted = text(request, "statusFilter");
        let known = [
            "RUNNING",
            "SUCCEEDED",
            "FAILED",
            "TIMED_OUT",
            "ABORTED",
            "PENDING_REDRIVE",
        ];
        if let Some(wanted) = wanted.filter(|wanted| !known.contains(wanted)) {
            let what = format!("Member must satisfy enum value set: [{}]", known.join(", "));
            return Err(constraint("statusFilter", wanted, &what));
        }
        let mut seen: Vec<(&Execution, &Face)> = core
            .store
            .executions
            .values()
            .filter(|execution| execution.machine_arn == machine.arn)
            .filter_map(|execution| Some((execution, self.face(execution, now)?)))
            .filter(|(_, face)| wanted.is_none_or(|wanted| wanted == face.status.as_str()))
            .collect();
        let newest = |(execution, face): &(&Execution, &Face)| face.stop.unwrap_or(execution.start);
        seen.sort_by(|a, b| {
            newest(b)
                .cmp(&newest(a))
                .then_with(|| a.0.arn.cmp(&b.0.arn))
        });
        let items: Vec<Value> = seen
            .iter()
            .skip(from)
            .take(page)
            .map(|(execution, face)| {
                object([
                    ("executionArn", Some(json!(execution.arn))),
                    ("stateMachineArn", Some(json!(execution.machine_arn))),
                    ("name", Some(json!(execution.name))),
                    ("status", Some(json!(face.status.as_str()))),
                    ("startDate", Some(epoch(execution.start))),
                    ("stopDate", face.stop.map(epoch)),
                ])
            })
            .collect();
        let more = (from + page < seen.len()).then(|| json!((from + page).to_string()));
        Ok(object([
            ("executions", Some(Value::Array(items))),
            ("nextToken", more),
        ]))
    }
}

fn stop(core: &mut Core, request: &Value, now: DateTime<Utc>) -> Reply {
    let execution_arn = required(request, "executionArn")?;
    if execution_arn.contains(":express:") {
        return Err(error(
            "StateMachineTypeNotSupported",
            "This operation is not supported by this type of state machine",
        ));
    }
    arn(execution_arn, "execution")?;
    at_most(request, "error", 256)?;
    at_most(request, "cause", 32_768)?;
    let Some(execution) = core.store.executions.get_mut(execution_arn) else {
        return Err(error(
            "ExecutionDoesNotExist",
            format!("Execution Does Not Exist: '{execution_arn}'"),
        ));
    };
    // Stopping what is over changes nothing, and is no error.
    if let Some(stopped) = execution.face().stop {
        return Ok(json!({"stopDate": epoch(stopped)}));
    }
    let (error, cause) = (
        text(request, "error").map(str::to_owned),
        text(request, "cause").map(str::to_owned),
    );
    execution.faces.push(Face {
        since: now,
        status: Status::Aborted,
        stop: Some(now),
        error,
        cause,
        output: None,
    });
    Ok(json!({"stopDate": epoch(now)}))
}

/// Not eventually consistent, by AWS's documentation. The Wait and the Task of a machine of two states, as events.
fn history(core: &Core, request: &Value) -> Reply {
    let execution_arn = required(request, "executionArn")?;
    arn(execution_arn, "execution")?;
    let page = page_size(request)?;
    let Some(execution) = core.store.executions.get(execution_arn) else {
        return Err(error(
            "ExecutionDoesNotExist",
            format!("Execution Does Not Exist: '{execution_arn}'"),
        ));
    };
    let face = execution.face();
    let end = match face.status {
        Status::Running => None,
        Status::Succeeded => Some("ExecutionSucceeded"),
        Status::Failed => Some("ExecutionFailed"),
        Status::TimedOut => Some("ExecutionTimedOut"),
        Status::Aborted => Some("ExecutionAborted"),
    };
    let first = text(&execution.definition, "StartAt").unwrap_or_default();
    let waits = execution.definition["States"][first]["Type"] == "Wait";
    let left = execution
        .fired
        .or(face.stop.filter(|_| face.status == Status::Succeeded));
    let rows = [
        Some(("ExecutionStarted", execution.start)),
        waits.then_some(("WaitStateEntered", execution.start)),
        left.filter(|_| waits).map(|at| ("WaitStateExited", at)),
        execution.fired.map(|at| ("TaskStateEntered", at)),
        execution.fired.map(|at| ("TaskScheduled", at)),
        execution.fired.map(|at| ("TaskStarted", at)),
        end.and_then(|kind| Some((kind, face.stop?))),
    ];
    let mut events: Vec<Value> = rows
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(n, (kind, at))| {
            json!({"id": n + 1, "previousEventId": n, "type": kind, "timestamp": epoch(at)})
        })
        .collect();
    if request.get("reverseOrder").and_then(Value::as_bool) == Some(true) {
        events.reverse();
    }
    events.truncate(page);
    Ok(json!({"events": events}))
}
