//! `onced bootstrap`: the state machine that lambdas run through, made, brought up to date, or printed.

use std::fmt::Write as _;

use serde_json::json;
use tracing::warn;

use super::arguments::{Bootstrap, Format, Print};
use super::{Context, Failure, Outcome, aws, exit, print, results};
use crate::bootstrap::templates::{self, Scope};
use crate::bootstrap::{self, Action, Difference, Finding, Wanted};
use crate::model::arn::{self, MachineArn, Place, partition_of_region};
use crate::settings::{Connection, account_of_role};
use crate::step_functions::StepFunctions;
use crate::step_functions::access::Access;
use crate::step_functions::definition::Definition;

/// The machine's name where nothing else is said.
const NAME: &str = "OneTimeLambdaScheduler";

pub(super) async fn bootstrap(context: &Context, what: &Bootstrap) -> Outcome {
    let format = results::format(context, &[Format::Text, Format::Json])?;
    let as_json = format == Format::Json;
    let connection = context.connection()?;
    let mut definition = definition(what)?;
    if let Some(form) = what.print {
        definition.partition = partition(what, &connection, connection.aws.region.as_deref())?;
        must_be_of(&definition)?;
        print(&printed(form, what, &definition, &connection)?);
        return Ok(exit::DONE);
    }
    let role = what.role_arn.clone().unwrap_or_default();
    let access = if connection.sandbox {
        aws::embedded(None, None)?
    } else {
        aws::access(context, &connection.aws, connection.owner.as_ref()).await?
    };
    let machine = machine(&connection, what, &role, &access).await?;
    definition.partition.clone_from(&machine.partition);
    must_be_of(&definition)?;
    let region = &machine.place.region;
    if let Some(queue) = &definition.dead_letter_queue {
        must_be_in(region, queue, queue_region(queue).as_deref())?;
    }
    if let Some(function) = &definition.legacy_lambda {
        must_be_in(region, function, function.split(':').nth(3))?;
    }
    let step_functions = StepFunctions::with(access);
    let wanted = Wanted {
        machine,
        role,
        definition,
    };
    let finding = bootstrap::look(&step_functions, &wanted, what.force)
        .await
        .map_err(Failure::new)?;
    if !as_json {
        print(&told(&finding, &wanted));
    }
    let action = if what.dry_run {
        bootstrap::may(&finding, &wanted, what.force).map_err(Failure::new)?;
        would(&finding)
    } else {
        let put = bootstrap::put(&step_functions, &wanted, &finding, what.force);
        put.await.map_err(Failure::new)?
    };
    print(&done(&finding, &wanted, action, what.dry_run, as_json));
    Ok(exit::DONE)
}

fn definition(what: &Bootstrap) -> Result<Definition, Failure> {
    if let Some(role) = &what.role_arn
        && account_of_role(role).is_none()
    {
        return Err(Failure::usage(format!(
            "--role-arn: `{role}` is not the ARN of a role\nhint: write it as `arn:aws:iam::ACCOUNT:role/NAME`"
        )));
    }
    if let Some(queue) = &what.dead_letter_queue {
        let (scheme, rest) = queue.split_once("://").unwrap_or_default();
        let is_url = ["https", "http"].contains(&scheme) && rest.split('/').count() >= 3;
        if !is_url || queue.ends_with('/') {
            return Err(Failure::usage(format!(
                "--dead-letter-queue: `{queue}` is not the URL of a queue\nhint: write it as `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`"
            )));
        }
        if queue.rsplit('.').next() == Some("fifo") {
            return Err(Failure::usage(format!(
                "--dead-letter-queue: `{queue}` is a FIFO queue, which wants a message group\nhint: give a standard queue"
            )));
        }
    }
    if let Some(function) = &what.legacy_lambda_arn
        && !(function.starts_with("arn:")
            && function.contains(":lambda:")
            && function.contains(":function:"))
    {
        return Err(Failure::usage(format!(
            "--legacy-lambda-arn: `{function}` is not the ARN of a function\nhint: write it as `arn:aws:lambda:REGION:ACCOUNT:function:NAME`"
        )));
    }
    if let Some(name) = &what.name {
        let good = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if name.is_empty() || name.len() > 80 || !name.chars().all(good) {
            return Err(Failure::usage(format!(
                "--name: `{name}` can't be the name of a state machine\nhint: it has 1 to 80 of `A-Z a-z 0-9 - _`"
            )));
        }
    }
    Ok(Definition {
        partition: "aws".into(),
        dead_letter_queue: what.dead_letter_queue.clone(),
        legacy_lambda: what.legacy_lambda_arn.clone(),
    })
}

fn queue_region(queue: &str) -> Option<String> {
    let host = queue.split('/').nth(2)?;
    let (region, domain) = host.strip_prefix("sqs.")?.split_once('.')?;
    // Another server than AWS may have any name.
    let is_of_aws = domain.starts_with("amazonaws.") || partition_of_region(region) != "aws";
    is_of_aws.then(|| region.to_owned())
}

/// The partition of the machine, and of all that goes with it: roles and functions are never of another one.
fn partition(
    what: &Bootstrap,
    connection: &Connection,
    region: Option<&str>,
) -> Result<String, Failure> {
    let configured = connection.state_machine.as_deref();
    let configured = configured.filter(|_| !connection.sandbox);
    let of_place = configured
        .and_then(arn::partition)
        .or(region.map(partition_of_region));
    let of_role = what.role_arn.as_deref().and_then(arn::partition);
    match (of_place, of_role) {
        (Some(place), Some(role)) if place != role => Err(Failure::new(format!(
            "the role is of the partition `{role}`, and the state machine of `{place}`\nhint: give a role of `{place}`, or another --region"
        ))),
        (place, role) => Ok(place.or(role).unwrap_or("aws").to_owned()),
    }
}

fn must_be_of(definition: &Definition) -> Result<(), Failure> {
    let function = definition.legacy_lambda.as_deref().unwrap_or_default();
    match (arn::partition(function), &definition.partition) {
        (Some(other), own) if other != own => Err(Failure::new(format!(
            "`{function}` is of the partition `{other}`, and the state machine of `{own}`\nhint: name a function of `{own}`, or give another --region"
        ))),
        _ => Ok(()),
    }
}

/// A Task calls only within its own region
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html>).
fn must_be_in(region: &str, what: &str, of: Option<&str>) -> Result<(), Failure> {
    match of {
        Some(other) if other != region => Err(Failure::new(format!(
            "`{what}` is in `{other}`, and the state machine in `{region}`: a Task calls only within its region\nhint: name one in `{region}`, or give another --region"
        ))),
        _ => Ok(()),
    }
}

/// Where the machine is: in the account of who calls.
async fn machine(
    connection: &Connection,
    what: &Bootstrap,
    role: &str,
    access: &Access,
) -> Result<MachineArn, Failure> {
    let configured = connection
        .state_machine
        .as_deref()
        .filter(|_| !connection.sandbox)
        .and_then(MachineArn::parse);
    let region = access.region().map_err(Failure::new)?;
    let of_role = account_of_role(role).unwrap_or_default().to_owned();
    let place = configured.as_ref().map(|machine| machine.place.clone());
    let account = match access.caller(place.as_ref()).await {
        Ok(caller) => caller.account,
        // Another server than AWS may have no STS. What it says of the account is seen when the machine is made.
        Err(error) => {
            let account = place.map_or_else(|| of_role.clone(), |place| place.account);
            warn!(%error, account, "who calls is not known: the account is taken from what was given");
            account
        }
    };
    if let Some(machine) = &configured
        && machine.place.account != account
    {
        return Err(Failure::new(format!(
            "the state machine `{machine}` is of the account `{}`, and the credentials are of `{account}`\nhint: use credentials of that account, or write a role of it into `roles`",
            machine.place.account
        )));
    }
    if of_role != account {
        return Err(Failure::new(format!(
            "the role `{role}` is of the account `{of_role}`, and the credentials are of `{account}`: a role can't be passed to another account\nhint: give a role of `{account}`, or use credentials of `{of_role}`"
        )));
    }
    let partition = partition(what, connection, Some(&region))?;
    let name = configured.as_ref().map(|machine| machine.name.clone());
    Ok(MachineArn {
        partition,
        place: Place {
            account,
            region: configured.map_or(region, |machine| machine.place.region),
        },
        name: what.name.clone().or(name).unwrap_or_else(|| NAME.into()),
    })
}

/// What `--print` prints. What is not known stands there in capitals.
fn printed(
    form: Print,
    what: &Bootstrap,
    definition: &Definition,
    connection: &Connection,
) -> Result<String, Failure> {
    Ok(match form {
        Print::Asl => definition.text() + "\n",
        Print::Cloudformation => templates::cloudformation(),
        Print::Terraform => templates::terraform(),
        Print::Iam => {
            let configured = connection
                .state_machine
                .as_deref()
                .and_then(MachineArn::parse);
            let of_role = what.role_arn.as_deref().and_then(account_of_role);
            let region = connection.aws.region.clone();
            let mut machine = configured.unwrap_or_else(|| MachineArn {
                partition: definition.partition.clone(),
                place: Place {
                    account: of_role.unwrap_or("ACCOUNT").into(),
                    region: region.unwrap_or_else(|| "REGION".into()),
                },
                name: NAME.into(),
            });
            if let Some(account) = of_role.filter(|account| *account != machine.place.account) {
                return Err(Failure::new(format!(
                    "the role is of the account `{account}`, and the state machine of `{}`\nhint: give a role of that account",
                    machine.place.account
                )));
            }
            if let Some(name) = &what.name {
                machine.name.clone_from(name);
            }
            let owner = connection
                .owner
                .as_ref()
                .map_or("OWNER", |owner| owner.as_str());
            let scope = Scope {
                machine,
                owner: owner.into(),
                role: what.role_arn.clone(),
                functions: connection.lambdas.clone(),
                dead_letter_queue: definition.dead_letter_queue.clone(),
            };
            let text = templates::iam(&scope);
            if ["ACCOUNT", "REGION", "OWNER"]
                .iter()
                .any(|word| text.contains(word))
            {
                warn!(
                    "ACCOUNT, REGION and OWNER are not known: give --state-machine and --owner, or write them in"
                );
            }
            text + "\n"
        }
    })
}

/// What is there, for people.
fn told(finding: &Finding, wanted: &Wanted) -> String {
    let Finding::Differs(difference) = finding else {
        return String::new();
    };
    let Difference {
        definition,
        role,
        tags,
        edited,
    } = difference;
    let mut text = String::new();
    if *edited {
        text += "the definition is not as onced left it\n";
    }
    if let Some(lines) = definition {
        let _ = write!(text, "definition:\n{lines}");
    }
    if let Some(role) = role {
        let _ = writeln!(text, "role:\n- {role}\n+ {}", wanted.role);
    }
    for (key, value) in tags {
        let _ = writeln!(text, "tag: {key}={value}");
    }
    text
}

/// What would be done.
fn would(finding: &Finding) -> Action {
    match finding {
        Finding::Absent => Action::Created,
        Finding::Differs(_) => Action::Updated,
        Finding::Same | Finding::Usable => Action::Unchanged,
    }
}

fn done(
    finding: &Finding,
    wanted: &Wanted,
    action: Action,
    dry_run: bool,
    as_json: bool,
) -> String {
    let arn = wanted.machine.to_string();
    if as_json {
        let (definition, role, tags, edited) = match finding {
            Finding::Differs(d) => (
                d.definition.as_ref(),
                d.role.as_ref(),
                Some(&d.tags),
                d.edited,
            ),
            _ => (None, None, None, false),
        };
        let result = json!({
            "version": 1,
            "state_machine": arn,
            "action": action.to_string(),
            "dry_run": dry_run,
            "edited": edited,
            "difference": {"definition": definition, "role": role, "tags": tags},
        });
        return format!("{result:#}\n");
    }
    let what = match (finding, dry_run) {
        (Finding::Usable, _) => {
            "usable as it is: it was made by hand, and does what was asked for".to_owned()
        }
        (_, true) if action != Action::Unchanged => format!("would be {action}"),
        _ => action.to_string(),
    };
    format!("{what}: {arn}\n\nin the configuration:\n  state_machine: {arn}\n")
}
