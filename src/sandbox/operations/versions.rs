//! Versions and aliases of a state machine: published, made, changed, listed, deleted.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::Core;
use super::super::errors::{Error, error};
use super::super::machine::{Alias, Machine, Routes, split};
use super::machines::{must_be_active, no_machine};
use super::pages::{page, page_size};
use super::{Reply, arn, at_most, constraint, epoch, object, required, text};

const MOST_VERSIONS: usize = 1000;
const MOST_ALIASES: usize = 100;
const ALIAS_PATTERN: &str = r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$";

fn invalid(message: impl Into<String>) -> Error {
    error("ValidationException", message)
}

fn no_alias() -> Error {
    let message = "Request references a resource that does not exist.";
    error("ResourceNotFound", message)
}

/// The machine of an unqualified ARN.
pub(super) fn plain<'a>(core: &'a mut Core, request: &Value) -> Result<&'a mut Machine, Error> {
    let machine_arn = required(request, "stateMachineArn")?;
    arn(machine_arn, "stateMachine")?;
    let machine = core.machine_mut(machine_arn);
    machine.ok_or_else(|| no_machine(machine_arn))
}

pub(super) fn publish(core: &mut Core, request: &Value, now: DateTime<Utc>) -> Reply {
    at_most(request, "description", 256)?;
    let machine = plain(core, request)?;
    must_be_active(machine)?;
    if let Some(asked) = text(request, "revisionId")
        && machine.revision.as_deref() != Some(asked)
    {
        let current = machine.revision.as_deref().unwrap_or("INITIAL");
        let message = format!(
            "Failed to publish the State Machine version for revision {asked}. The current State Machine revision is {current}."
        );
        return Err(error("ConflictException", message));
    }
    let number = numbered(machine, text(request, "description"), now)?;
    Ok(json!({
        "stateMachineVersionArn": machine.version_arn(number),
        "creationDate": epoch(machine.versions[&number].created),
    }))
}

/// Publishes, within the quota.
pub(super) fn numbered(
    machine: &mut Machine,
    description: Option<&str>,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let number = machine.publish(description, now);
    if machine.versions.len() > MOST_VERSIONS {
        machine.versions.remove(&number);
        return Err(error(
            "ServiceQuotaExceededException",
            format!("a state machine has at most {MOST_VERSIONS} versions"),
        ));
    }
    Ok(number)
}

pub(super) fn list_versions(core: &mut Core, request: &Value, now: DateTime<Utc>) -> Reply {
    let size = page_size(request)?;
    let machine_arn = required(request, "stateMachineArn")?;
    arn(machine_arn, "stateMachine")?;
    let machine = core.machine_mut(machine_arn).ok_or_else(|| {
        // No other error is documented for one that is not there.
        error("InvalidArn", format!("Invalid arn: {machine_arn}"))
    })?;
    let numbers: Vec<u64> = machine.versions.keys().rev().copied().collect();
    let (numbers, more) = page(&numbers, request, size, now)?;
    let item = |number: &u64| {
        let created = epoch(machine.versions[number].created);
        json!({"stateMachineVersionArn": machine.version_arn(*number), "creationDate": created})
    };
    let items: Vec<Value> = numbers.iter().map(item).collect();
    Ok(object([
        ("stateMachineVersions", Some(json!(items))),
        ("nextToken", more),
    ]))
}

/// Executions of the version go on. One that is not there is no error.
pub(super) fn delete_version(core: &mut Core, request: &Value) -> Reply {
    let version_arn = required(request, "stateMachineVersionArn")?;
    arn(version_arn, "stateMachine")?;
    let (machine_arn, qualifier) = split(version_arn);
    let number = qualifier.and_then(|number| number.parse::<u64>().ok());
    let number =
        number.ok_or_else(|| error("InvalidArn", format!("Invalid Arn: '{version_arn}'")))?;
    let Some(machine) = core.machine_mut(machine_arn) else {
        return Ok(json!({}));
    };
    let leads_there = |alias: &Alias| alias.routes.iter().any(|(version, _)| *version == number);
    let aliases = machine.aliases.iter();
    let referencing: Vec<&str> = aliases
        .filter(|(_, alias)| leads_there(alias))
        .map(|(name, _)| name.as_str())
        .collect();
    if !referencing.is_empty() {
        let message = format!(
            "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [{}]",
            referencing.join(", ")
        );
        return Err(error("ConflictException", message));
    }
    machine.versions.remove(&number);
    Ok(json!({}))
}

/// The routes of a request, with the ARN of the machine whose versions they are.
fn routes(core: &mut Core, request: &Value) -> Result<Option<(String, Routes)>, Error> {
    let Some(given) = request
        .get("routingConfiguration")
        .and_then(Value::as_array)
    else {
        return Ok(None);
    };
    if given.is_empty() || given.len() > 2 {
        let what = if given.is_empty() {
            "Member must have length greater than or equal to 1"
        } else {
            "Member must have length less than or equal to 2"
        };
        let shown = Value::Array(given.clone()).to_string();
        return Err(constraint("routingConfiguration", &shown, what));
    }
    let of = |route: &Value| {
        let version = text(route, "stateMachineVersionArn").unwrap_or_default();
        (
            version.to_owned(),
            route["weight"].as_u64().unwrap_or(u64::MAX),
        )
    };
    let given: Vec<(String, u64)> = given.iter().map(of).collect();
    let arns: Vec<&str> = given.iter().map(|(version, _)| version.as_str()).collect();
    let arns = arns.join(", ");
    let weights: Vec<u64> = given.iter().map(|(_, weight)| *weight).collect();
    if let [(first, _), (second, _)] = given.as_slice()
        && first == second
    {
        return Err(invalid(format!(
            "Routing configuration must contain distinct state machine version ARNs. Received: [{arns}]"
        )));
    }
    if weights.iter().any(|weight| *weight > 100) || weights.iter().sum::<u64>() != 100 {
        return Err(invalid(format!(
            "Sum of routing configuration weights must equal 100. Received: {weights:?}"
        )));
    }
    let (machine, _) = split(&given[0].0);
    let mut routes = Vec::new();
    for (version, weight) in &given {
        let (of, number) = split(version);
        let known = core.machine_mut(of);
        let number = number.and_then(|number| number.parse().ok());
        let number = number
            .filter(|number| known.is_some_and(|machine| machine.versions.contains_key(number)));
        let Some(number) = number else {
            return Err(invalid(format!(
                "Routing configuration must contain state machine version ARNs. Received: [{arns}]"
            )));
        };
        if of != machine {
            return Err(invalid(format!(
                "Both stateMachineVersionArn values must belong to the same state machine. Received: [{arns}]"
            )));
        }
        routes.push((number, *weight));
    }
    Ok(Some((machine.to_owned(), routes)))
}

fn alias_name(name: &str) -> Result<(), Error> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let is_number = name.chars().all(|c| c.is_ascii_digit());
    if name.is_empty() || is_number || !name.chars().all(legal) {
        let what = format!("Member must satisfy regular expression pattern: {ALIAS_PATTERN}");
        return Err(constraint("name", name, &what));
    }
    Ok(())
}

pub(super) fn create_alias(core: &mut Core, request: &Value, now: DateTime<Utc>) -> Reply {
    let name = required(request, "name")?;
    at_most(request, "name", 80)?;
    at_most(request, "description", 256)?;
    alias_name(name)?;
    let missing = || constraint("routingConfiguration", "null", "Member must not be null");
    let (machine_arn, routes) = routes(core, request)?.ok_or_else(missing)?;
    let machine = core.machine_mut(&machine_arn);
    let machine = machine.ok_or_else(|| no_machine(&machine_arn))?;
    must_be_active(machine)?;
    let description = text(request, "description").map(str::to_owned);
    let alias_arn = machine.alias_arn(name);
    if let Some(before) = machine.aliases.get(name) {
        if before.routes != routes || before.description != description {
            let message = "Failed to create alias because an alias with the same name and a different routing configuration already exists.";
            return Err(error("ConflictException", message));
        }
        let created = epoch(before.created);
        return Ok(json!({"stateMachineAliasArn": alias_arn, "creationDate": created}));
    }
    if machine.aliases.len() >= MOST_ALIASES {
        return Err(error(
            "ServiceQuotaExceededException",
            format!("a state machine has at most {MOST_ALIASES} aliases"),
        ));
    }
    let alias = Alias {
        description,
        routes,
        created: now,
        updated: now,
    };
    machine.aliases.insert(name.to_owned(), alias);
    Ok(json!({"stateMachineAliasArn": alias_arn, "creationDate": epoch(now)}))
}

/// The machine and the name of an alias's ARN.
fn alias_arn(request: &Value) -> Result<(&str, &str), Error> {
    let alias_arn = required(request, "stateMachineAliasArn")?;
    arn(alias_arn, "stateMachine")?;
    match split(alias_arn) {
        (machine, Some(name)) if alias_name(name).is_ok() => Ok((machine, name)),
        _ => Err(error("InvalidArn", format!("Invalid Arn: '{alias_arn}'"))),
    }
}

fn machine_of<'a>(core: &'a mut Core, arn: &str) -> Result<&'a mut Machine, Error> {
    core.machine_mut(arn).ok_or_else(no_alias)
}

pub(super) fn describe_alias(core: &mut Core, request: &Value) -> Reply {
    let (machine_arn, name) = alias_arn(request)?;
    let machine = machine_of(core, machine_arn)?;
    let alias = machine.aliases.get(name).ok_or_else(no_alias)?;
    let route = |(version, weight): &(u64, u64)| json!({"stateMachineVersionArn": machine.version_arn(*version), "weight": weight});
    let routes: Vec<Value> = alias.routes.iter().map(route).collect();
    Ok(object([
        ("stateMachineAliasArn", Some(json!(machine.alias_arn(name)))),
        ("name", Some(json!(name))),
        (
            "description",
            alias.description.as_ref().map(|text| json!(text)),
        ),
        ("routingConfiguration", Some(json!(routes))),
        ("creationDate", Some(epoch(alias.created))),
        ("updateDate", Some(epoch(alias.updated))),
    ]))
}

pub(super) fn update_alias(core: &mut Core, request: &Value, now: DateTime<Utc>) -> Reply {
    let (machine_arn, name) = alias_arn(request)?;
    at_most(request, "description", 256)?;
    let description = text(request, "description");
    if description.is_none() && request.get("routingConfiguration").is_none() {
        return Err(invalid(
            "You must specify at least one of the description or routingConfiguration parameters",
        ));
    }
    let routes = routes(core, request)?;
    let machine = machine_of(core, machine_arn)?;
    must_be_active(machine)?;
    let alias = machine.aliases.get_mut(name).ok_or_else(no_alias)?;
    if let Some((of, routes)) = routes {
        if of != machine_arn {
            return Err(invalid(
                "Routing configuration must contain versions of the alias's own state machine",
            ));
        }
        alias.routes = routes;
    }
    if let Some(description) = description {
        alias.description = Some(description.to_owned());
    }
    alias.updated = now;
    Ok(json!({"updateDate": epoch(now)}))
}

pub(super) fn delete_alias(core: &mut Core, request: &Value) -> Reply {
    let (machine_arn, name) = alias_arn(request)?;
    let machine = machine_of(core, machine_arn)?;
    machine.aliases.remove(name).ok_or_else(no_alias)?;
    Ok(json!({}))
}

/// Those of a machine, or those that lead to a version; the newest first.
pub(super) fn list_aliases(core: &mut Core, request: &Value, now: DateTime<Utc>) -> Reply {
    let size = page_size(request)?;
    let asked = required(request, "stateMachineArn")?;
    arn(asked, "stateMachine")?;
    let (machine_arn, qualifier) = split(asked);
    let version = match qualifier.map(str::parse::<u64>) {
        None => None,
        Some(Ok(version)) => Some(version),
        Some(Err(_)) => return Err(error("InvalidArn", format!("Invalid Arn: '{asked}'"))),
    };
    let machine = core.machine_mut(machine_arn);
    let machine = machine.ok_or_else(|| no_machine(asked))?;
    let leads_there = |alias: &Alias| {
        version.is_none_or(|version| alias.routes.iter().any(|(route, _)| *route == version))
    };
    let mut aliases: Vec<(&String, &Alias)> = machine.aliases.iter().collect();
    aliases.retain(|(_, alias)| leads_there(alias));
    aliases.sort_by_key(|(_, alias)| std::cmp::Reverse(alias.created));
    let (aliases, more) = page(&aliases, request, size, now)?;
    let item = |(name, alias): &(&String, &Alias)| {
        let created = epoch(alias.created);
        json!({"stateMachineAliasArn": machine.alias_arn(name), "creationDate": created})
    };
    let items: Vec<Value> = aliases.iter().map(item).collect();
    Ok(object([
        ("stateMachineAliases", Some(json!(items))),
        ("nextToken", more),
    ]))
}
