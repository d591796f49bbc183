//! The operations: what each answers, in the order in which AWS checks. Idempotency, names and limits are those of
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>.

mod executions;
mod history;
mod machines;
mod pages;
mod redrive;
mod versions;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::Sandbox;
use super::errors::{Error, error};
use super::scope::Scope;
use super::wire::Answer;

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

fn arn<'a>(arn: &'a str, kind: &str) -> Result<Vec<&'a str>, Error> {
    if !arn.starts_with("arn:") {
        return Err(error(
            "InvalidArn",
            format!("Invalid Arn: 'Invalid ARN prefix: {arn}'"),
        ));
    }
    let parts: Vec<&str> = arn.split(':').collect();
    let whole = parts.len() >= 7 && parts[2] == "states" && !parts[6].is_empty();
    if whole && parts[5] != kind {
        let what = format!("Resource type not valid in this context: {}", parts[5]);
        return Err(error("InvalidArn", format!("Invalid Arn: '{what}'")));
    }
    if whole && kind == "stateMachine" && parts[6].contains('/') {
        let message = format!("a state of a machine can't be asked for: '{arn}'");
        return Err(error("ValidationException", message));
    }
    if whole {
        Ok(parts)
    } else {
        Err(error("InvalidArn", format!("Invalid Arn: '{arn}'")))
    }
}

fn no_execution(arn: &str) -> Error {
    let message = format!("Execution Does Not Exist: '{arn}'");
    error("ExecutionDoesNotExist", message)
}

fn good_name(name: &str) -> bool {
    let forbidden =
        |c: char| c.is_whitespace() || c.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c);
    !name.is_empty() && !name.contains(forbidden)
}

/// What is said of an ARN of another region than the one that is asked: nothing of that name is there.
fn elsewhere(scope: &Scope, request: &Value) -> Option<Error> {
    let keys = [
        "stateMachineArn",
        "stateMachineVersionArn",
        "stateMachineAliasArn",
        "executionArn",
        "resourceArn",
    ];
    let (key, arn) = keys
        .iter()
        .find_map(|key| Some((*key, text(request, key)?)))?;
    if !scope.is_elsewhere(arn) {
        return None;
    }
    Some(match key {
        "executionArn" => no_execution(arn),
        "resourceArn" => machines::no_resource(arn),
        _ => machines::no_machine(arn),
    })
}

impl Sandbox {
    /// One operation, as `AWSStepFunctions.NAME` with a JSON body, of somebody who may ask for any region.
    pub fn call(&self, target: &str, body: &[u8]) -> Answer {
        self.call_as(&Scope::default(), target, body)
    }

    /// The same, signed.
    pub(super) fn call_as(&self, scope: &Scope, target: &str, body: &[u8]) -> Answer {
        let Ok(request) = serde_json::from_slice::<Value>(body) else {
            return error("SerializationException", "the body is no JSON").answer();
        };
        self.advance();
        let now = self.now();
        let mut core = self.core();
        core.dirty = true;
        machines::finish_deletions(&mut core);
        let operation = target.strip_prefix("AWSStepFunctions.");
        if let Some(error) = elsewhere(scope, &request) {
            return error.answer();
        }
        let reply = match operation {
            Some("StartExecution") => self.start(&mut core, &request, now),
            Some("StopExecution") => executions::stop(&mut core, &request, now),
            Some("DescribeExecution") => self.describe(&core, &request, now),
            Some("RedriveExecution") => self.redrive(&mut core, &request, now),
            Some("GetExecutionHistory") => history::history(&core, &request, now),
            Some("ListExecutions") => self.list(&core, &request, now),
            Some("CreateStateMachine") => self.create(&mut core, scope, &request, now),
            Some("UpdateStateMachine") => machines::update(&mut core, &request, now),
            Some("DeleteStateMachine") => machines::delete(&mut core, &request),
            Some("DescribeStateMachine") => self.describe_machine(&core, &request),
            Some("PublishStateMachineVersion") => versions::publish(&mut core, &request, now),
            Some("ListStateMachineVersions") => versions::list_versions(&mut core, &request, now),
            Some("DeleteStateMachineVersion") => versions::delete_version(&mut core, &request),
            Some("CreateStateMachineAlias") => versions::create_alias(&mut core, &request, now),
            Some("DescribeStateMachineAlias") => versions::describe_alias(&mut core, &request),
            Some("UpdateStateMachineAlias") => versions::update_alias(&mut core, &request, now),
            Some("DeleteStateMachineAlias") => versions::delete_alias(&mut core, &request),
            Some("ListStateMachineAliases") => versions::list_aliases(&mut core, &request, now),
            Some("TagResource") => machines::tag(&mut core, &request),
            Some("UntagResource") => machines::untag(&mut core, &request),
            Some("ListTagsForResource") => machines::tags(&core, &request),
            Some("ListStateMachines") => machines::list_machines(&core, scope, &request, now),
            Some("DescribeStateMachineForExecution") => machines::of_execution(&core, &request),
            Some("ValidateStateMachineDefinition") => machines::validate(&request),
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
}
