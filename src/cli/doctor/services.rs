//! What AWS says: who we are there, each machine, the rights, the clock.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::Instant;

use super::super::aws;
use super::Report;
use crate::daemon::wall_clock;
use crate::model::arn::Place;
use crate::model::name::execution_arn;
use crate::settings::Settings;
use crate::step_functions::access::Access;
use crate::step_functions::definition::{self, Form};
use crate::step_functions::{CallError, Remedy, StepFunctions};

/// AWS takes no signature that is farther off
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>).
const SKEW: TimeDelta = TimeDelta::minutes(5);
/// Entries would fire this much off what the machine's own clock says.
const NOTICEABLE: TimeDelta = TimeDelta::seconds(2);
/// AWS: who we are there, each machine, the rights, the clock.
pub(super) async fn all(settings: &Settings, mut machines: BTreeSet<String>, report: &mut Report) {
    match &settings.defaults.state_machine {
        Some(machine) => {
            machines.insert(machine.to_string());
        }
        None => report.fail(
            "state machine",
            "none is given",
            "`onced bootstrap` makes one: write its ARN into the configuration",
        ),
    }
    let access = if settings.sandbox {
        aws::embedded(None, None)
    } else {
        aws::access(&settings.aws, Some(&settings.owner)).await
    };
    let access = match access {
        Ok(access) => access,
        Err(failure) => return report.failed("credentials", &failure),
    };
    let (begun, step_functions) = (Instant::now(), StepFunctions::with(access.clone()));
    let places: BTreeSet<Place> = machines.iter().filter_map(|arn| Place::of(arn)).collect();
    for place in &places {
        caller(&access, place, report).await;
    }
    for arn in &machines {
        if machine(&step_functions, arn, settings, report).await {
            rights(&step_functions, arn, settings, report).await;
        }
    }
    for (place, arn) in places.iter().filter_map(|place| {
        let of_place = |arn: &&String| Place::of(arn).as_ref() == Some(place);
        Some((place, machines.iter().find(of_place)?))
    }) {
        let endpoint = step_functions.endpoint(arn);
        let endpoint = endpoint.unwrap_or_else(|| "nothing was sent".into());
        report.ok("endpoint", format!("{place}: {endpoint}"));
    }
    clock(&step_functions, begun, report);
}

/// What is asked beside the daemon's work: nothing that a denial or a quota would make somebody look for.
pub(super) async fn at_start(
    settings: &Settings,
    (access, step_functions): &(Access, StepFunctions),
    report: &mut Report,
) {
    let Some(arn) = &settings.defaults.state_machine else {
        return;
    };
    let begun = Instant::now();
    if let Some(place) = Place::of(arn) {
        caller(access, &place, report).await;
    }
    if machine(step_functions, arn, settings, report).await {
        // Two answers tell the time.
        let _ = step_functions.properties(arn).await;
        clock(step_functions, begun, report);
    }
}

fn clock(step_functions: &StepFunctions, begun: Instant, report: &mut Report) {
    let check = "clock";
    let Some(theirs) = step_functions.time(begun).agreed() else {
        return report.warn(check, "AWS did not say what time it is", "");
    };
    let off = (wall_clock())() - theirs;
    let told = format!("{} s off AWS's", off.num_seconds());
    let remedy = "set the clock of this machine, and keep it set (chrony, systemd-timesyncd)";
    match off.abs() {
        off if off > SKEW => report.fail(check, told, remedy),
        off if off > NOTICEABLE => report.warn(check, told, remedy),
        _ => report.ok(check, told),
    }
}

async fn caller(access: &Access, place: &Place, report: &mut Report) {
    let check = "credentials";
    match tokio::time::timeout(Duration::from_secs(15), access.caller(Some(place))).await {
        Ok(Ok(caller)) if caller.account == place.account => {
            report.ok(check, format!("{place}: {}", caller.arn));
        }
        Ok(Ok(caller)) => report.fail(
            check,
            format!("{place}: `{}` is of the account `{}`", caller.arn, caller.account),
            "use credentials of that account, or write a role of it into `roles`",
        ),
        Ok(Err(error)) => report.warn(
            check,
            format!("{place}: who calls is not known: {error}"),
            "another server than AWS may have no STS; at AWS, look at the role and its trust policy",
        ),
        Err(_) => report.warn(check, format!("{place}: STS does not answer"), ""),
    }
}

/// Answers whether it is there.
async fn machine(
    step_functions: &StepFunctions,
    arn: &str,
    settings: &Settings,
    report: &mut Report,
) -> bool {
    let check = "state machine";
    let properties = match step_functions.properties(arn).await {
        Ok(properties) => properties,
        Err(error) => {
            let remedy = match error.code() {
                "StateMachineDoesNotExist" => "`onced bootstrap` makes it",
                "AccessDeniedException" => {
                    "allow `states:DescribeStateMachine` on it: see `onced bootstrap --print iam`"
                }
                _ => "",
            };
            report.fail(check, format!("`{arn}`: {error}"), remedy);
            return false;
        }
    };
    let is_default = settings.defaults.state_machine.as_deref() == Some(arn);
    match definition::read(&properties.definition) {
        _ if properties.is_deleting => report.fail(
            check,
            format!("`{arn}` is being deleted (its status is DELETING): it takes no executions"),
            "name another one, or make it again once it is gone: `onced bootstrap`",
        ),
        _ if properties.is_express => report.fail(
            check,
            format!("`{arn}` is of type EXPRESS: its executions can't be stopped"),
            "name one of type STANDARD",
        ),
        Some(Form::AtOnce) => report.fail(
            check,
            format!(
                "`{arn}`: nothing in its definition reads `{}`: it would run at once",
                definition::TIME_PATH
            ),
            "let it begin with a Wait whose TimestampPath is `$.invocationTime`",
        ),
        Some(Form::Any) => report.ok(
            check,
            format!("`{arn}` waits, and invokes what entries name"),
        ),
        Some(Form::One { function, whole }) => {
            let gets = if whole {
                "the whole input"
            } else {
                "the payload"
            };
            report.ok(
                check,
                format!("`{arn}` waits, and always invokes `{function}` with {gets}"),
            );
        }
        Some(Form::Other) if is_default => report.warn(
            check,
            format!(
                "`{arn}` reads `{}`, and is not of a form that onced knows",
                definition::TIME_PATH
            ),
            "see that it waits, and then invokes `$.functionName` with `$.payload`",
        ),
        Some(Form::Other) => report.ok(check, format!("`{arn}` reads `{}`", definition::TIME_PATH)),
        None => report.warn(
            check,
            format!("`{arn}` is there; its definition can't be read"),
            "it is encrypted with a key that can't be used here",
        ),
    }
    true
}

/// What can be asked for without doing anything: of an execution that is not there, AWS says so to who may ask.
async fn rights(
    step_functions: &StepFunctions,
    arn: &str,
    settings: &Settings,
    report: &mut Report,
) {
    let check = "rights";
    let nobody = execution_arn(arn, &format!("{}-doctor", settings.owner.as_str()));
    let absent = |asked: Result<(), CallError>| match asked {
        Err(error) if error.remedy() == Remedy::Absent => Ok(()),
        asked => asked,
    };
    let asked = [
        ("states:ListExecutions", step_functions.may_list(arn).await),
        (
            "states:DescribeExecution",
            absent(step_functions.describe(&nobody).await.map(drop)),
        ),
        (
            "states:GetExecutionHistory",
            absent(step_functions.fired(&nobody).await.map(drop)),
        ),
        (
            "states:StopExecution",
            absent(step_functions.stop(&nobody, "onced.Doctor", "{}").await),
        ),
    ];
    let mut fine = Vec::new();
    for (action, asked) in asked {
        match asked {
            Ok(()) => fine.push(action),
            Err(error) => {
                let remedy = if error.remedy() == Remedy::Refused {
                    format!("allow `{action}`: see `onced bootstrap --print iam`")
                } else {
                    String::new()
                };
                report.fail(check, format!("`{arn}`: {error}"), &remedy);
            }
        }
    }
    if !fine.is_empty() {
        let fine = fine.join(", ");
        let told = format!("`{arn}`: {fine}; states:StartExecution can't be tried without a start");
        report.ok(check, told);
    }
}
