//! State machines: made, changed, tagged, described, deleted.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::errors::{Error, error};
use super::super::{Core, Machine, Sandbox, Status, definition};
use super::{Reply, arn, at_most, epoch, good_name, required, text};

impl Sandbox {
    /// The machine of an ARN, of a version or of an alias.
    pub(super) fn machine(&self, core: &Core, arn: &str) -> Option<Machine> {
        let plain = arn.split(':').take(7).collect::<Vec<_>>().join(":");
        let found = core.store.machines.get(&plain).cloned();
        if found.is_some() || !self.0.options.any_machine {
            return found;
        }
        let first = core.store.machines.values().next()?.clone();
        let name = plain.rsplit(':').next().unwrap_or_default().to_owned();
        let partition = plain.split(':').nth(1).unwrap_or_default();
        let integrations = format!("arn:{partition}:states:::");
        Some(Machine {
            definition: first.definition.replace("arn:aws:states:::", &integrations),
            arn: plain,
            name,
            deleting: false,
            ..first
        })
    }

    pub(super) fn create(&self, core: &mut Core, request: &Value, now: DateTime<Utc>) -> Reply {
        let (name, given) = (required(request, "name")?, required(request, "definition")?);
        let role = required(request, "roleArn")?;
        at_most(request, "name", 80)?;
        if !good_name(name) {
            return Err(error("InvalidName", format!("Invalid Name: '{name}'")));
        }
        if !role.starts_with("arn:") {
            return Err(error("InvalidArn", format!("Invalid Role Arn: '{role}'")));
        }
        definition::check(given).map_err(|what| {
            error(
                "InvalidDefinition",
                format!("Invalid State Machine Definition: '{what}'"),
            )
        })?;
        let express = text(request, "type") == Some("EXPRESS");
        let arn = self.machine_arn(name);
        if let Some(before) = core.store.machines.get(&arn) {
            must_be_active(before)?;
            // A different role is ignored; everything else is compared as text.
            if before.definition != given || before.express != express {
                return Err(error(
                    "StateMachineAlreadyExists",
                    format!("State Machine Already Exists: '{arn}'"),
                ));
            }
            return Ok(json!({"stateMachineArn": arn, "creationDate": epoch(before.created)}));
        }
        let machine = Machine {
            arn: arn.clone(),
            name: name.to_owned(),
            definition: given.to_owned(),
            role: role.to_owned(),
            express,
            created: now,
            deleting: false,
            tags: given_tags(request),
        };
        core.store.machines.insert(arn.clone(), machine);
        Ok(json!({"stateMachineArn": arn, "creationDate": epoch(now)}))
    }

    pub(super) fn describe_machine(&self, core: &Core, request: &Value) -> Reply {
        let machine_arn = required(request, "stateMachineArn")?;
        arn(machine_arn, "stateMachine")?;
        let machine = self.machine(core, machine_arn);
        let machine = machine.ok_or_else(|| {
            error(
                "StateMachineDoesNotExist",
                format!("State Machine Does Not Exist: '{machine_arn}'"),
            )
        })?;
        Ok(json!({
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "status": if machine.deleting { "DELETING" } else { "ACTIVE" },
            "definition": machine.definition,
            "roleArn": machine.role,
            "type": if machine.express { "EXPRESS" } else { "STANDARD" },
            "creationDate": epoch(machine.created),
        }))
    }
}

/// A machine that is being deleted takes no executions and no changes, nor may its name be used again.
pub(super) fn must_be_active(machine: &Machine) -> Result<(), Error> {
    if machine.deleting {
        let arn = &machine.arn;
        return Err(error(
            "StateMachineDeleting",
            format!("State Machine is being deleted: '{arn}'"),
        ));
    }
    Ok(())
}

/// Asynchronous: the machine is `DELETING` until its executions have ended, and they end at their next state transition
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html>). No error is documented for
/// one that is not there.
pub(super) fn delete(core: &mut Core, request: &Value) -> Reply {
    let machine_arn = required(request, "stateMachineArn")?;
    arn(machine_arn, "stateMachine")?;
    if let Some(machine) = core.store.machines.get_mut(machine_arn) {
        machine.deleting = true;
    }
    finish_deletions(core);
    Ok(json!({}))
}

/// Drops the machines whose deletion was asked for and whose executions have all ended.
pub(super) fn finish_deletions(core: &mut Core) {
    let machines = core.store.machines.values();
    let deleting = machines.filter(|machine| machine.deleting);
    let runs = |machine: &&Machine| {
        core.store.executions.values().any(|execution| {
            execution.machine_arn == machine.arn && execution.status() == Status::Running
        })
    };
    let ended: Vec<String> = deleting
        .filter(|machine| !runs(machine))
        .map(|machine| machine.arn.clone())
        .collect();
    for arn in ended {
        core.store.machines.remove(&arn);
    }
}

pub(super) fn update(core: &mut Core, request: &Value, now: DateTime<Utc>) -> Reply {
    let machine_arn = required(request, "stateMachineArn")?;
    arn(machine_arn, "stateMachine")?;
    if text(request, "definition").is_none() && text(request, "roleArn").is_none() {
        return Err(error(
            "MissingRequiredParameter",
            "Either the definition, the role ARN, or both must be specified",
        ));
    }
    let Some(machine) = core.store.machines.get_mut(machine_arn) else {
        return Err(error(
            "StateMachineDoesNotExist",
            format!("State Machine Does Not Exist: '{machine_arn}'"),
        ));
    };
    must_be_active(machine)?;
    if let Some(given) = text(request, "definition") {
        definition::check(given).map_err(|what| {
            error(
                "InvalidDefinition",
                format!("Invalid State Machine Definition: '{what}'"),
            )
        })?;
        given.clone_into(&mut machine.definition);
    }
    if let Some(role) = text(request, "roleArn") {
        role.clone_into(&mut machine.role);
    }
    Ok(json!({"updateDate": epoch(now)}))
}

/// The tags that a request gives, by key.
fn given_tags(request: &Value) -> BTreeMap<String, String> {
    let tags = request.get("tags").and_then(Value::as_array);
    let pair = |tag: &Value| Some((text(tag, "key")?.to_owned(), text(tag, "value")?.to_owned()));
    tags.into_iter().flatten().filter_map(pair).collect()
}

fn no_resource(arn: &str) -> Error {
    error("ResourceNotFound", format!("Resource not found: '{arn}'"))
}

pub(super) fn tag(core: &mut Core, request: &Value) -> Reply {
    let resource = required(request, "resourceArn")?;
    arn(resource, "stateMachine")?;
    let machine = core.store.machines.get_mut(resource);
    let machine = machine.ok_or_else(|| no_resource(resource))?;
    let mut tags = machine.tags.clone();
    tags.extend(given_tags(request));
    if tags.len() > 50 {
        return Err(error("TooManyTags", "a resource has at most 50 tags"));
    }
    machine.tags = tags;
    Ok(json!({}))
}

pub(super) fn tags(core: &Core, request: &Value) -> Reply {
    let resource = required(request, "resourceArn")?;
    arn(resource, "stateMachine")?;
    let machine = core.store.machines.get(resource);
    let machine = machine.ok_or_else(|| no_resource(resource))?;
    let tag = |(key, value): (&String, &String)| json!({"key": key, "value": value});
    Ok(json!({"tags": machine.tags.iter().map(tag).collect::<Vec<_>>()}))
}

pub(super) fn list_machines(core: &Core) -> Value {
    let item = |machine: &Machine| {
        json!({
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "type": if machine.express { "EXPRESS" } else { "STANDARD" },
            "creationDate": epoch(machine.created),
        })
    };
    json!({"stateMachines": core.store.machines.values().map(item).collect::<Vec<_>>()})
}
