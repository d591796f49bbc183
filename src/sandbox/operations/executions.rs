//! Executions: started, stopped, described, listed.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::super::errors::error;
use super::super::execution::{End, Face, What};
use super::super::{Core, Execution, Sandbox, Status};
use super::pages::{page, page_size};
use super::{
    Reply, arn, at_most, constraint, epoch, good_name, machines, no_execution, object, required,
    text,
};

const MAX_INPUT: usize = 262_144;
/// How long a name stays taken after its execution closed.
const NAME_DAYS: i64 = 90;

impl Sandbox {
    pub(super) fn start(&self, core: &mut Core, request: &Value, now: DateTime<Utc>) -> Reply {
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
        let name = text(request, "name").map_or_else(|| core.uuid(now), str::to_owned);
        let resolved = self.resolve(core, machine_arn, &name);
        let resolved = resolved.ok_or_else(|| machines::no_machine(machine_arn))?;
        let machine = resolved.machine;
        machines::must_be_active(&machine)?;
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
            execution_arn = format!("{execution_arn}:{}", core.uuid(now));
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
        let mut execution = Execution {
            arn: execution_arn.clone(),
            name,
            version_arn: resolved.version.map(|number| machine.version_arn(number)),
            alias_arn: resolved.alias.map(|name| machine.alias_arn(&name)),
            machine_arn: machine.arn,
            role: machine.role,
            config: machine.config,
            revision: machine.revision,
            updated: machine.updated.or(Some(machine.created)),
            input: input.to_owned(),
            start: now,
            invoked: false,
            fired: None,
            firings: Vec::new(),
            definition,
            source: machine.definition,
            state,
            data,
            entered: None,
            wake: None,
            faces: vec![Face::running(now)],
            events: Vec::new(),
            redrives: Vec::new(),
        };
        execution.tell(now, What::Started);
        core.store
            .executions
            .insert(execution_arn.clone(), execution);
        self.step(core, &execution_arn, now);
        Ok(json!({"executionArn": execution_arn, "startDate": epoch(now)}))
    }

    /// Which time reads show: they are behind by the lag.
    fn seen(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - TimeDelta::from_std(self.0.options.lag).unwrap_or(TimeDelta::MAX)
    }

    /// What may be seen of an execution.
    fn face<'a>(&self, execution: &'a Execution, now: DateTime<Utc>) -> Option<&'a Face> {
        let seen = self.seen(now);
        let mut faces = execution.faces.iter().rev();
        faces.find(|face| face.since <= seen)
    }

    pub(super) fn describe(&self, core: &Core, request: &Value, now: DateTime<Utc>) -> Reply {
        let execution_arn = required(request, "executionArn")?;
        arn(execution_arn, "execution")?;
        let seen = core
            .store
            .executions
            .get(execution_arn)
            .and_then(|e| Some((e, self.face(e, now)?)));
        let (execution, face) = seen.ok_or_else(|| no_execution(execution_arn))?;
        // METADATA_ONLY leaves out what a customer's key may have encrypted.
        let whole = text(request, "includedData") != Some("METADATA_ONLY");
        let redrives = execution.redrives_by(self.seen(now));
        let not_redrivable = execution.not_redrivable(face, now);
        let redrive_status = if not_redrivable.is_none() {
            "REDRIVABLE"
        } else {
            "NOT_REDRIVABLE"
        };
        Ok(object([
            ("executionArn", Some(json!(execution.arn))),
            ("stateMachineArn", Some(json!(execution.machine_arn))),
            (
                "stateMachineVersionArn",
                execution.version_arn.as_ref().map(|arn| json!(arn)),
            ),
            (
                "stateMachineAliasArn",
                execution.alias_arn.as_ref().map(|arn| json!(arn)),
            ),
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
            ("redriveCount", Some(json!(redrives.len()))),
            ("redriveDate", redrives.last().map(|last| epoch(last.at))),
            ("redriveStatus", Some(json!(redrive_status))),
            ("redriveStatusReason", not_redrivable.map(|why| json!(why))),
        ]))
    }

    pub(super) fn list(&self, core: &Core, request: &Value, now: DateTime<Utc>) -> Reply {
        let machine_arn = required(request, "stateMachineArn")?;
        arn(machine_arn, "stateMachine")?;
        let size = page_size(request)?;
        let resolved = self.resolve(core, machine_arn, "");
        let resolved = resolved.ok_or_else(|| machines::no_machine(machine_arn))?;
        let machine = resolved.machine;
        let is_of = |execution: &Execution| {
            let of = if resolved.alias.is_some() {
                execution.alias_arn.as_deref()
            } else if resolved.version.is_some() {
                execution.version_arn.as_deref()
            } else {
                return execution.machine_arn == machine.arn;
            };
            of == Some(machine_arn)
        };
        if machine.express {
            return Err(error(
                "StateMachineTypeNotSupported",
                "This operation is not supported by this type of state machine",
            ));
        }
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
            .filter(|execution| is_of(execution))
            .filter_map(|execution| Some((execution, self.face(execution, now)?)))
            .filter(|(_, face)| wanted.is_none_or(|wanted| wanted == face.status.as_str()))
            .collect();
        let last_redrive = |execution: &Execution| {
            let redrives = execution.redrives_by(self.seen(now));
            (redrives.len(), redrives.last().map(|last| last.at))
        };
        let newest = |(execution, face): &(&Execution, &Face)| {
            let began = last_redrive(execution).1.unwrap_or(execution.start);
            face.stop.unwrap_or(began)
        };
        seen.sort_by(|a, b| {
            newest(b)
                .cmp(&newest(a))
                .then_with(|| a.0.arn.cmp(&b.0.arn))
        });
        let (shown, more) = page(&seen, request, size, now)?;
        let items: Vec<Value> = shown
            .iter()
            .map(|(execution, face)| {
                let (count, redriven) = last_redrive(execution);
                object([
                    ("executionArn", Some(json!(execution.arn))),
                    ("stateMachineArn", Some(json!(execution.machine_arn))),
                    (
                        "stateMachineVersionArn",
                        execution.version_arn.as_ref().map(|arn| json!(arn)),
                    ),
                    (
                        "stateMachineAliasArn",
                        execution.alias_arn.as_ref().map(|arn| json!(arn)),
                    ),
                    ("name", Some(json!(execution.name))),
                    ("status", Some(json!(face.status.as_str()))),
                    ("startDate", Some(epoch(execution.start))),
                    ("stopDate", face.stop.map(epoch)),
                    ("redriveCount", Some(json!(count))),
                    ("redriveDate", redriven.map(epoch)),
                ])
            })
            .collect();
        Ok(object([
            ("executions", Some(Value::Array(items))),
            ("nextToken", more),
        ]))
    }
}

pub(super) fn stop(core: &mut Core, request: &Value, now: DateTime<Utc>) -> Reply {
    let execution_arn = required(request, "executionArn")?;
    arn(execution_arn, "execution")?;
    at_most(request, "error", 256)?;
    at_most(request, "cause", 32_768)?;
    let execution = core.store.executions.get_mut(execution_arn);
    let execution = execution.ok_or_else(|| no_execution(execution_arn))?;
    // Stopping what is over changes nothing, and is no error.
    if let Some(stopped) = execution.face().stop {
        return Ok(json!({"stopDate": epoch(stopped)}));
    }
    let (error, cause) = (
        text(request, "error").map(str::to_owned),
        text(request, "cause").map(str::to_owned),
    );
    let end = End {
        status: Status::Aborted,
        error,
        cause,
        ..End::default()
    };
    execution.end(end, now);
    Ok(json!({"stopDate": epoch(now)}))
}
