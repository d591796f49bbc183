//! State machines: made, changed, tagged, described, deleted.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::errors::{Error, error};
use super::super::machine::{Config, Machine, Resolved, split};
use super::super::scope::Scope;
use super::super::{Core, Sandbox, Status, definition};
use super::pages::{page, page_size};
use super::{
    Reply, arn, at_most, constraint, epoch, good_name, no_execution, object, required, text,
    versions,
};

pub(super) fn no_machine(arn: &str) -> Error {
    let message = format!("State Machine Does Not Exist: '{arn}'");
    error("StateMachineDoesNotExist", message)
}

impl Sandbox {
    /// What an ARN stands for: a machine, a version of it, or the version to which an alias leads an execution's name.
    pub(super) fn resolve(&self, core: &Core, arn: &str, name: &str) -> Option<Resolved> {
        let (plain, qualifier) = split(arn);
        let digest = Sha256::digest(format!("{arn} {name}"));
        let number = u64::from(u16::from_be_bytes([digest[0], digest[1]])) % 100;
        if let Some(machine) = core.store.machines.get(plain) {
            return machine.clone().qualified(qualifier, number);
        }
        if !self.0.options.any_machine {
            return None;
        }
        let first = core.store.machines.values().next()?.clone();
        let partition = plain.split(':').nth(1).unwrap_or_default();
        let integrations = format!("arn:{partition}:states:::");
        let machine = Machine {
            arn: plain.to_owned(),
            name: plain.rsplit(':').next().unwrap_or_default().to_owned(),
            definition: first
                .definition
                .replace("arn:aws:states:::", &integrations)
                .into(),
            deleting: false,
            ..first
        };
        let version = qualifier.map(|qualifier| qualifier.parse().unwrap_or(1));
        let alias = qualifier.filter(|qualifier| qualifier.parse::<u64>().is_err());
        Some(Resolved {
            machine,
            version,
            alias: alias.map(str::to_owned),
        })
    }

    pub(super) fn create(
        &self,
        core: &mut Core,
        scope: &Scope,
        request: &Value,
        now: DateTime<Utc>,
    ) -> Reply {
        let (name, given) = (required(request, "name")?, required(request, "definition")?);
        let role = required(request, "roleArn")?;
        at_most(request, "name", 80)?;
        let publish = request.get("publish") == Some(&Value::Bool(true));
        let description = text(request, "versionDescription");
        if description.is_some() && !publish {
            let message = "Version description can only be set when publish is true";
            return Err(error("ValidationException", message));
        }
        if !good_name(name) {
            return Err(error("InvalidName", format!("Invalid Name: '{name}'")));
        }
        good_role(role)?;
        checked(given)?;
        let express = text(request, "type") == Some("EXPRESS");
        let config = changed(request, &Config::default());
        let arn = self.machine_arn(name, scope);
        if let Some(before) = core.store.machines.get(&arn) {
            must_be_active(before)?;
            return created_before(before, given, express, &config, publish, description);
        }
        let mut machine = Machine {
            arn: arn.clone(),
            name: name.to_owned(),
            definition: given.into(),
            role: role.to_owned(),
            express,
            created: now,
            deleting: false,
            tags: with_tags(BTreeMap::new(), request)?,
            config,
            revision: None,
            updated: None,
            versions: BTreeMap::new(),
            published: 0,
            aliases: BTreeMap::new(),
        };
        let number = publish.then(|| machine.publish(description, now));
        let version = number.map(|number| json!(machine.version_arn(number)));
        core.store.machines.insert(arn.clone(), machine);
        Ok(object([
            ("stateMachineArn", Some(json!(arn))),
            ("creationDate", Some(epoch(now))),
            ("stateMachineVersionArn", version),
        ]))
    }

    /// An alias is none of its ARNs: DescribeStateMachineAlias tells of it.
    pub(super) fn describe_machine(&self, core: &Core, request: &Value) -> Reply {
        let machine_arn = required(request, "stateMachineArn")?;
        arn(machine_arn, "stateMachine")?;
        let resolved = self.resolve(core, machine_arn, "");
        let resolved = resolved.filter(|resolved| resolved.alias.is_none());
        let Resolved {
            machine, version, ..
        } = resolved.ok_or_else(|| no_machine(machine_arn))?;
        let published = version.and_then(|number| machine.versions.get(&number));
        let description = published.and_then(|version| version.description.as_ref());
        let created = published.map_or(machine.created, |version| version.created);
        let whole = text(request, "includedData") != Some("METADATA_ONLY");
        let definition = if whole { &machine.definition } else { "{}" };
        Ok(object([
            ("stateMachineArn", Some(json!(machine_arn))),
            ("name", Some(json!(machine.name))),
            (
                "status",
                Some(json!(if machine.deleting {
                    "DELETING"
                } else {
                    "ACTIVE"
                })),
            ),
            ("definition", Some(json!(definition))),
            ("roleArn", Some(json!(machine.role))),
            ("type", Some(json!(kind(&machine)))),
            ("creationDate", Some(epoch(created))),
            ("description", description.map(|text| json!(text))),
            ("revisionId", machine.revision.as_ref().map(|id| json!(id))),
            ("loggingConfiguration", Some(logging(&machine.config))),
            ("tracingConfiguration", Some(tracing(&machine.config))),
            ("encryptionConfiguration", Some(encryption(&machine.config))),
        ]))
    }
}

fn kind(machine: &Machine) -> &'static str {
    if machine.express {
        "EXPRESS"
    } else {
        "STANDARD"
    }
}

fn logging(config: &Config) -> Value {
    let mut told = json!({"level": "OFF", "includeExecutionData": false});
    if let (Some(told), Some(Value::Object(given))) = (told.as_object_mut(), &config.logging) {
        told.extend(given.clone());
    }
    told
}

fn tracing(config: &Config) -> Value {
    let none = || json!({"enabled": false});
    config.tracing.clone().unwrap_or_else(none)
}

fn encryption(config: &Config) -> Value {
    let own = || json!({"type": "AWS_OWNED_KEY"});
    config.encryption.clone().unwrap_or_else(own)
}

/// The settings that a request leaves.
fn changed(request: &Value, before: &Config) -> Config {
    let given = |key: &str, before: &Option<Value>| {
        let given = request.get(key).filter(|value| !value.is_null());
        given.cloned().or_else(|| before.clone())
    };
    Config {
        logging: given("loggingConfiguration", &before.logging),
        tracing: given("tracingConfiguration", &before.tracing),
        encryption: given("encryptionConfiguration", &before.encryption),
    }
}

fn checked(definition: &str) -> Result<(), Error> {
    let invalid = |what| {
        let message = format!("Invalid State Machine Definition: '{what}'");
        error("InvalidDefinition", message)
    };
    definition::check(definition).map(drop).map_err(invalid)
}

/// `arn:PARTITION:iam::ACCOUNT:role/NAME`.
fn good_role(role: &str) -> Result<(), Error> {
    let parts: Vec<&str> = role.splitn(6, ':').collect();
    let good = match parts.as_slice() {
        ["arn", _, "iam", "", account, name] => {
            account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && name.starts_with("role/")
        }
        _ => false,
    };
    if good {
        return Ok(());
    }
    Err(error("InvalidArn", format!("Invalid Role Arn: '{role}'")))
}

/// A different role and different tags are ignored; everything else is compared, the definition as text.
fn created_before(
    before: &Machine,
    given: &str,
    express: bool,
    config: &Config,
    publish: bool,
    description: Option<&str>,
) -> Reply {
    let first = before.versions.get(&1);
    let published = match (publish, first) {
        (false, _) => true,
        (true, Some(version)) => version.description.as_deref() == description,
        (true, None) => false,
    };
    let same =
        *before.definition == *given && before.express == express && before.config == *config;
    if !same || !published {
        return Err(error(
            "StateMachineAlreadyExists",
            format!("State Machine Already Exists: '{}'", before.arn),
        ));
    }
    Ok(object([
        ("stateMachineArn", Some(json!(before.arn))),
        ("creationDate", Some(epoch(before.created))),
        (
            "stateMachineVersionArn",
            publish.then(|| json!(before.version_arn(1))),
        ),
    ]))
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
    if split(machine_arn).1.is_some() {
        let message = format!("a qualified ARN can't be deleted: '{machine_arn}'");
        return Err(error("ValidationException", message));
    }
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
    let revision = core.uuid(now);
    let machine = versions::plain(core, request)?;
    must_be_active(machine)?;
    let given = [
        "definition",
        "roleArn",
        "loggingConfiguration",
        "tracingConfiguration",
    ];
    if !given.iter().any(|key| request.get(key).is_some()) {
        return Err(error(
            "MissingRequiredParameter",
            "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified",
        ));
    }
    let (publish, description) = (
        request.get("publish") == Some(&Value::Bool(true)),
        text(request, "versionDescription"),
    );
    if description.is_some() && !publish {
        let message = "Version description can only be set when publish is true";
        return Err(error("ValidationException", message));
    }
    let definition = text(request, "definition")
        .unwrap_or(&machine.definition)
        .to_owned();
    let role = text(request, "roleArn").unwrap_or(&machine.role).to_owned();
    checked(&definition)?;
    good_role(&role)?;
    let config = changed(request, &machine.config);
    if *definition != *machine.definition || role != machine.role || config != machine.config {
        machine.definition = definition.into();
        machine.role = role;
        machine.config = config;
        machine.revision = Some(revision);
        machine.updated = Some(now);
    }
    let version = if publish {
        let number = versions::numbered(machine, description, now)?;
        Some(json!(machine.version_arn(number)))
    } else {
        None
    };
    Ok(object([
        ("updateDate", Some(epoch(now))),
        ("revisionId", machine.revision.as_ref().map(|id| json!(id))),
        ("stateMachineVersionArn", version),
    ]))
}

/// Tags with those of a request added, or changed.
fn with_tags(
    mut tags: BTreeMap<String, String>,
    request: &Value,
) -> Result<BTreeMap<String, String>, Error> {
    let given = request.get("tags").and_then(Value::as_array);
    let pair = |tag: &Value| Some((text(tag, "key")?.to_owned(), text(tag, "value")?.to_owned()));
    tags.extend(given.into_iter().flatten().filter_map(pair));
    if tags.len() > 50 {
        return Err(error("TooManyTags", "a resource has at most 50 tags"));
    }
    Ok(tags)
}

pub(super) fn no_resource(arn: &str) -> Error {
    error("ResourceNotFound", format!("Resource not found: '{arn}'"))
}

pub(super) fn tag(core: &mut Core, request: &Value) -> Reply {
    let resource = required(request, "resourceArn")?;
    arn(resource, "stateMachine")?;
    let machine = core.store.machines.get_mut(resource);
    let machine = machine.ok_or_else(|| no_resource(resource))?;
    machine.tags = with_tags(machine.tags.clone(), request)?;
    Ok(json!({}))
}

pub(super) fn untag(core: &mut Core, request: &Value) -> Reply {
    let resource = required(request, "resourceArn")?;
    arn(resource, "stateMachine")?;
    let keys = request.get("tagKeys").and_then(Value::as_array);
    let keys = keys.ok_or_else(|| constraint("tagKeys", "null", "Member must not be null"))?;
    let machine = core.store.machines.get_mut(resource);
    let machine = machine.ok_or_else(|| no_resource(resource))?;
    let gone = |key: &str| keys.iter().any(|gone| gone == key);
    machine.tags.retain(|key, _| !gone(key));
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

/// Those of the region, in the order in which they were made.
pub(super) fn list_machines(
    core: &Core,
    scope: &Scope,
    request: &Value,
    now: DateTime<Utc>,
) -> Reply {
    let size = page_size(request)?;
    let here = |machine: &&Machine| !scope.is_elsewhere(&machine.arn);
    let mut machines: Vec<&Machine> = core.store.machines.values().filter(here).collect();
    machines.sort_by_key(|machine| machine.created);
    let (machines, more) = page(&machines, request, size, now)?;
    let item = |machine: &&Machine| {
        json!({
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "type": kind(machine),
            "creationDate": epoch(machine.created),
        })
    };
    let items: Vec<Value> = machines.iter().map(item).collect();
    Ok(object([
        ("stateMachines", Some(json!(items))),
        ("nextToken", more),
    ]))
}

/// DescribeStateMachineForExecution: what the execution runs, whatever became of its state machine.
pub(super) fn of_execution(core: &Core, request: &Value) -> Reply {
    let execution_arn = required(request, "executionArn")?;
    arn(execution_arn, "execution")?;
    let execution = core.store.executions.get(execution_arn);
    let execution = execution.ok_or_else(|| no_execution(execution_arn))?;
    let config = &execution.config;
    let whole = text(request, "includedData") != Some("METADATA_ONLY");
    let definition = if whole { &*execution.source } else { "{}" };
    Ok(object([
        ("stateMachineArn", Some(json!(execution.machine_arn))),
        ("name", Some(json!(execution.machine_name()))),
        ("definition", Some(json!(definition))),
        ("roleArn", Some(json!(execution.role))),
        (
            "updateDate",
            Some(epoch(execution.updated.unwrap_or(execution.start))),
        ),
        (
            "revisionId",
            execution.revision.as_ref().map(|id| json!(id)),
        ),
        ("loggingConfiguration", Some(logging(config))),
        ("tracingConfiguration", Some(tracing(config))),
        ("encryptionConfiguration", Some(encryption(config))),
    ]))
}

/// ValidateStateMachineDefinition. "Do not rely on the exact order, count, or wording of diagnostic messages."
pub(super) fn validate(request: &Value) -> Reply {
    let given = required(request, "definition")?;
    let wrong = definition::check(given).err();
    let diagnostic = |what: &String| {
        let (code, message) = what.split_once(": ").unwrap_or((what, what));
        let location = message
            .rsplit_once(" at ")
            .map(|(_, location)| json!(location));
        object([
            ("severity", Some(json!("ERROR"))),
            ("code", Some(json!(code))),
            ("message", Some(json!(message))),
            ("location", location),
        ])
    };
    let diagnostics: Vec<Value> = wrong.iter().map(diagnostic).collect();
    let result = if wrong.is_some() { "FAIL" } else { "OK" };
    Ok(json!({"result": result, "diagnostics": diagnostics, "truncated": false}))
}
