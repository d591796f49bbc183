//! What AWS says: who we are there, each machine, the rights, the clock.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::Instant;

use super::super::{Context, aws};
use super::Report;
use crate::daemon::wall_clock;
use crate::model::arn::{Place, unqualified};
use crate::model::name::execution_arn;
use crate::settings::Settings;
use crate::step_functions::access::Access;
use crate::step_functions::definition::TIME_PATH;
use crate::step_functions::form::Form;
use crate::step_functions::unsuitable::must_be_suitable;
use crate::step_functions::{AwsTime, CallError, Remedy, StepFunctions};

/// AWS takes no signature that is farther off
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>).
const SKEW: TimeDelta = TimeDelta::minutes(5);
/// What is said of a signature that is not taken: most often, its time is too far off.
const SIGNATURES: [&str; 4] = [
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "RequestExpired",
    "RequestTimeTooSkewed",
];
/// Entries would fire this much off what the machine's own clock says.
const NOTICEABLE: TimeDelta = TimeDelta::seconds(2);

/// AWS: who we are there, each machine, the rights, the clock.
pub(super) async fn all(
    context: &Context,
    settings: &Settings,
    mut machines: BTreeSet<String>,
    report: &mut Report,
) {
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
        aws::access(context, &settings.aws, Some(&settings.owner)).await
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
        endpoint(&access, &step_functions, (place, arn), report);
    }
    if let Some(arn) = machines.first() {
        tell_time(&step_functions, arn, begun).await;
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
    machine(step_functions, arn, settings, report).await;
    tell_time(step_functions, arn, begun).await;
    match (step_functions.time(begun), Place::of(arn)) {
        (AwsTime::Silent, Some(place)) if step_functions.endpoint(arn).is_none() => {
            endpoint(access, step_functions, (&place, arn), report);
        }
        (AwsTime::Silent, _) => {}
        _ => clock(step_functions, begun, report),
    }
}

/// Where calls went. Some endpoints can't be made out, and then nothing is ever sent.
fn endpoint(
    access: &Access,
    step_functions: &StepFunctions,
    (place, arn): (&Place, &str),
    report: &mut Report,
) {
    let check = "endpoint";
    match (step_functions.endpoint(arn), access.variant()) {
        (Some(endpoint), _) => report.ok(check, format!("{place}: {endpoint}")),
        (None, Some((variant, variable, key))) => report.fail(
            check,
            format!(
                "{place}: nothing was sent: {variant} endpoints are asked for beside one that is given, or where there are none"
            ),
            &format!(
                "leave out `{variable}` and `{key}`, or the endpoint: `aws.endpoint_url`, `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_SFN`, `endpoint_url` of the profile"
            ),
        ),
        (None, None) => report.warn(check, format!("{place}: nothing was sent"), ""),
    }
}

/// Two answers tell the time, be they refusals.
async fn tell_time(step_functions: &StepFunctions, arn: &str, begun: Instant) {
    if matches!(step_functions.time(begun), AwsTime::Single(_)) {
        let _ = step_functions.properties(arn).await;
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
            format!(
                "{place}: `{}` is of the account `{}`",
                caller.arn, caller.account
            ),
            "use credentials of that account, or write a role of it into `roles`",
        ),
        Ok(Err(error)) => {
            let (why, remedy) = error.parts();
            let remedy = remedy.unwrap_or_else(|| {
                "another server than AWS may have no STS; at AWS, look at the role and its trust policy".into()
            });
            let told = format!("{place}: who calls is not known: {why}");
            report.warn(check, told, &remedy);
        }
        Err(_) => report.warn(check, format!("{place}: STS does not answer"), ""),
    }
}

/// Answers whether it is there, and of a type whose rights can be asked for.
async fn machine(
    step_functions: &StepFunctions,
    arn: &str,
    settings: &Settings,
    report: &mut Report,
) -> bool {
    let check = "state machine";
    let is_default = settings.defaults.state_machine.as_deref() == Some(arn);
    let properties = match step_functions.properties(arn).await {
        Ok(properties) => properties,
        Err(error) => {
            let remedy = match error.code() {
                "StateMachineDoesNotExist" if is_default => "`onced bootstrap` makes it".to_owned(),
                "StateMachineDoesNotExist" => {
                    "name one that is there, in the account and the region that its ARN says"
                        .to_owned()
                }
                code if SIGNATURES.contains(&code) => {
                    "set the clock of this machine, if `clock` says that it is off; else look at the secret key".to_owned()
                }
                "AccessDeniedException" => {
                    let operation = error.operation();
                    format!("allow `states:{operation}` on it: see `onced bootstrap --print iam`")
                }
                _ => String::new(),
            };
            report.fail(check, format!("`{arn}`: {error}"), &remedy);
            return false;
        }
    };
    let form = match must_be_suitable(arn, &properties) {
        Ok(forms) => forms.into_iter().next().flatten(),
        Err(unsuitable) => {
            report.fail(check, unsuitable.to_string(), &unsuitable.remedy());
            return !properties.is_express;
        }
    };
    match form {
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
            format!("`{arn}` reads `{TIME_PATH}`, and is not of a form that onced knows"),
            "see that it waits, and then invokes `$.functionName` with `$.payload`",
        ),
        Some(Form::Other) => report.ok(check, format!("`{arn}` reads `{TIME_PATH}`")),
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
        (
            "states:ListExecutions",
            step_functions.may_list(unqualified(arn)).await,
        ),
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
