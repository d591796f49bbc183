//! `onced doctor`: would onced work here? Looks, and asks AWS; starts, stops and writes nothing.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Serialize;
use tokio::time::Instant;

use super::arguments::Format;
use super::run::{State, directory, must_be_apart};
use super::{Context, Failure, Outcome, aws, chain, exit, print, results};
use crate::daemon::wall_clock;
use crate::ledger::{Ledger, LedgerError};
use crate::model::arn::Place;
use crate::model::name::execution_arn;
use crate::settings::Settings;
use crate::source::scan::Scanner;
use crate::step_functions::access::Access;
use crate::step_functions::definition::{self, Form};
use crate::step_functions::{CallError, Remedy, StepFunctions};

/// AWS takes no signature that is farther off
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>).
const SKEW: TimeDelta = TimeDelta::minutes(5);
/// Entries would fire this much off what the machine's own clock says.
const NOTICEABLE: TimeDelta = TimeDelta::seconds(2);
/// No more directories are counted.
const DIRECTORIES: usize = 1_000_000;

/// File systems whose changes on other machines raise no event here, by the kernel's numbers (`linux/magic.h`).
const NETWORK: &[(u32, &str)] = &[
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB2"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9P"),
    (0x00C3_6400, "Ceph"),
    (0x5346_414F, "AFS"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warning,
    Failure,
}

/// One line.
#[derive(Debug, Serialize)]
struct Check {
    #[serde(rename = "check")]
    name: String,
    state: Verdict,
    message: String,
    remedy: Option<String>,
}

#[derive(Debug, Default)]
struct Report(Vec<Check>);

impl Report {
    fn add(&mut self, check: &str, state: Verdict, message: impl Into<String>, remedy: &str) {
        self.0.push(Check {
            name: check.to_owned(),
            state,
            message: message.into(),
            remedy: Some(remedy.to_owned()).filter(|remedy| !remedy.is_empty()),
        });
    }

    fn ok(&mut self, check: &str, message: impl Into<String>) {
        self.add(check, Verdict::Ok, message, "");
    }

    fn warn(&mut self, check: &str, message: impl Into<String>, remedy: &str) {
        self.add(check, Verdict::Warning, message, remedy);
    }

    fn fail(&mut self, check: &str, message: impl Into<String>, remedy: &str) {
        self.add(check, Verdict::Failure, message, remedy);
    }

    /// A failure whose message may end with a hint.
    fn failed(&mut self, check: &str, failure: &Failure) {
        let (message, remedy) = failure
            .message
            .split_once("\nhint: ")
            .unwrap_or((&failure.message, ""));
        self.fail(check, message, remedy);
    }

    fn text(&self, color: bool) -> String {
        let mut text = String::new();
        for check in &self.0 {
            let (word, paint) = match check.state {
                Verdict::Ok => ("ok     ", "\x1b[32m"),
                Verdict::Warning => ("warning", "\x1b[33m"),
                Verdict::Failure => ("FAILURE", "\x1b[31m"),
            };
            let (paint, end) = if color { (paint, "\x1b[0m") } else { ("", "") };
            text += &[
                paint,
                word,
                end,
                " ",
                &check.name,
                ": ",
                &check.message,
                "\n",
            ]
            .concat();
            if let Some(remedy) = &check.remedy {
                text += &["        hint: ", remedy, "\n"].concat();
            }
        }
        text
    }
}

pub(super) async fn doctor(context: &Context) -> Outcome {
    let format = results::format(context, &[Format::Text, Format::Json])?;
    let as_json = format == Format::Json;
    let mut report = Report::default();
    match context.settings(None) {
        Ok(settings) => {
            report.ok(
                "configuration",
                format!("owner `{}`", settings.owner.as_str()),
            );
            let machines = files(&settings, &mut report);
            state(&settings, &mut report);
            services(&settings, machines, &mut report).await;
        }
        Err(failure) => report.failed("configuration", &failure),
    }
    let text = if as_json {
        let result = serde_json::json!({"version": 1, "checks": report.0});
        results::to_json(&result)?
    } else {
        report.text(context.color)
    };
    print(&text);
    let has_failed = report.0.iter().any(|check| check.state == Verdict::Failure);
    Ok(if has_failed {
        exit::FAILURE
    } else {
        exit::DONE
    })
}

/// Which kind of network file system a path lies on.
fn network(path: &Path) -> Option<&'static str> {
    let kind = rustix::fs::statfs(path).ok()?.f_type;
    let (_, name) = NETWORK
        .iter()
        .find(|(number, _)| i64::from(*number) == kind)?;
    Some(name)
}

/// The directory of schedule files; answers the machines that they name.
fn files(settings: &Settings, report: &mut Report) -> BTreeSet<String> {
    let check = "directory";
    let directory = match directory(settings) {
        Ok(directory) => directory,
        Err(failure) => {
            report.failed(check, &failure);
            return BTreeSet::new();
        }
    };
    let scan = Scanner::new(directory.clone(), settings.defaults.clone()).scan();
    let shown = directory.display();
    match &scan.unclear {
        Some(why) => report.fail(
            check,
            format!("`{shown}`: {why}"),
            "nothing is stopped while it is so",
        ),
        None => report.ok(
            check,
            format!(
                "`{shown}`: {} entries in {} files",
                scan.entries.len(),
                scan.files.len()
            ),
        ),
    }
    if scan.has_problems() {
        report.warn(
            "schedule files",
            "some are invalid: their entries are not stopped, and not changed",
            "`onced check` says what is wrong",
        );
    }
    match network(&directory) {
        Some(kind) => report.warn(
            "file events",
            format!("`{shown}` is on {kind}: what other machines change there raises no event"),
            "it is read anew every `reconcile.resync`: set that as low as a change may wait",
        ),
        None => watches(&directory, report),
    }
    let entries = scan.entries.values();
    entries.map(|entry| entry.state_machine.clone()).collect()
}

/// Each directory needs a watch.
fn watches(directory: &Path, report: &mut Report) {
    let check = "file events";
    let mut waiting = vec![directory.to_owned()];
    let mut needed = 1;
    while let Some(next) = waiting.pop().filter(|_| needed < DIRECTORIES) {
        needed += 1;
        let Ok(items) = std::fs::read_dir(&next) else {
            continue;
        };
        let is_directory =
            |item: &std::fs::DirEntry| item.file_type().is_ok_and(|kind| kind.is_dir());
        waiting.extend(items.flatten().filter(is_directory).map(|item| item.path()));
    }
    let limit = std::fs::read_to_string("/proc/sys/fs/inotify/max_user_watches");
    let limit = limit
        .ok()
        .and_then(|limit| limit.trim().parse::<usize>().ok());
    match limit {
        Some(limit) if needed > limit => report.warn(
            check,
            format!("{needed} watches are needed, and {limit} are allowed"),
            "raise the sysctl fs.inotify.max_user_watches; until then changes are seen every `reconcile.resync`",
        ),
        Some(limit) => report.ok(check, format!("{needed} of {limit} watches")),
        None => report.warn(check, "the limit of watches is not known", ""),
    }
}

/// The state directory and the ledger in it.
fn state(settings: &Settings, report: &mut Report) {
    let check = "state directory";
    let Some(path) = &settings.state_directory else {
        return report.ok(check, "a temporary one");
    };
    let shown = path.display();
    let state = match State::of(settings) {
        Ok(state) => state,
        Err(failure) => return report.failed(check, &failure),
    };
    if let Ok(directory) = directory(settings)
        && let Err(failure) = must_be_apart(&state, &directory)
    {
        report.failed(check, &failure);
    }
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_dir() => {
            report.fail(check, format!("`{shown}` is no directory"), "name another");
        }
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => report.warn(
            check,
            format!("others may look into `{shown}`, where inputs are kept"),
            &format!("chmod 700 {shown}"),
        ),
        Ok(_) if rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_err() => report.fail(
            check,
            format!("`{shown}` can't be written"),
            "run this as the user that runs the daemon, or give it to that user",
        ),
        Ok(_) => report.ok(check, format!("`{shown}`")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            report.ok(check, format!("`{shown}` will be made"));
        }
        Err(error) => report.fail(check, format!("`{shown}`: {error}"), ""),
    }
    if let Some(kind) = network(path) {
        report.warn(
            check,
            format!("`{shown}` is on {kind}: locks and syncs may not hold there"),
            "keep the ledger on a local disk",
        );
    }
    let check = "ledger";
    match Ledger::peek(path) {
        Ok(None) => report.ok(check, "there is none yet"),
        Ok(Some(found)) => report.ok(check, format!("{} records", found.records.len())),
        Err(error @ LedgerError::Held { .. }) => report.ok(check, chain(&error)),
        Err(error @ LedgerError::Damaged { .. }) => report.warn(
            check,
            chain(&error),
            "the next `onced run` sets it aside, and begins another from what runs",
        ),
        Err(error) => report.fail(check, chain(&error), ""),
    }
}

/// AWS: who we are there, each machine, the rights, the clock.
async fn services(settings: &Settings, mut machines: BTreeSet<String>, report: &mut Report) {
    match &settings.defaults.state_machine {
        Some(machine) => {
            machines.insert(machine.clone());
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
    let begun = Instant::now();
    let step_functions = StepFunctions::with(access.clone());
    let places: BTreeSet<Place> = machines.iter().filter_map(|arn| Place::of(arn)).collect();
    for place in &places {
        caller(&access, place, report).await;
    }
    for arn in &machines {
        machine(&step_functions, arn, settings, report).await;
    }
    for (place, arn) in places.iter().filter_map(|place| {
        let of_place = |arn: &&String| Place::of(arn).as_ref() == Some(place);
        Some((place, machines.iter().find(of_place)?))
    }) {
        let endpoint = step_functions.endpoint(arn);
        let endpoint = endpoint.unwrap_or_else(|| "nothing was sent".into());
        report.ok("endpoint", format!("{place}: {endpoint}"));
    }
    let check = "clock";
    let Some(theirs) = step_functions.time(begun) else {
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

async fn machine(
    step_functions: &StepFunctions,
    arn: &str,
    settings: &Settings,
    report: &mut Report,
) {
    let check = "state machine";
    let (is_express, text) = match step_functions.kind(arn).await {
        Ok(kind) => kind,
        Err(error) => {
            let remedy = match error.code() {
                "StateMachineDoesNotExist" => "`onced bootstrap` makes it",
                "AccessDeniedException" => {
                    "allow `states:DescribeStateMachine` on it: see `onced bootstrap --print iam`"
                }
                _ => "",
            };
            return report.fail(check, format!("`{arn}`: {error}"), remedy);
        }
    };
    let is_default = settings.defaults.state_machine.as_deref() == Some(arn);
    match definition::read(&text) {
        _ if is_express => report.fail(
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
    rights(step_functions, arn, settings, report).await;
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
