//! The commands: one file each. The only floor that prints, reads the environment, or says with which code to exit.

mod add;
mod approve;
mod arguments;
mod aws;
mod bar;
mod bootstrap;
mod calendar;
mod change;
mod check;
mod completing;
mod doctor;
mod edge;
mod edit;
mod editor;
#[cfg(test)]
mod examples;
mod fmt;
mod history;
mod journal;
mod ledger;
mod list;
mod log_queue;
mod logs;
mod look;
mod manual;
mod opening;
mod pause;
mod plan;
#[cfg(test)]
mod reference;
mod reload;
mod remove;
mod report;
mod results;
mod run;
mod sandbox;
mod schema;
mod show;
mod signals;
mod sync;
mod text;
mod version;
mod watch;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Parser;
use clap::error::ErrorKind;

use crate::ledger::LedgerError;
use crate::model::causes::causes;
use crate::settings::{Connection, Offline, Settings, SettingsError};
use arguments::{Arguments, Color, Command, Common, Format};

/// The contract's exit codes.
mod exit {
    pub(super) const DONE: u8 = 0;
    pub(super) const FAILURE: u8 = 1;
    pub(super) const CHANGES: u8 = 2;
    pub(super) const HELD: u8 = 3;
    pub(super) const INVALID: u8 = 4;
    pub(super) const USAGE: u8 = 64;
    pub(super) const BUSY: u8 = 75;
}

/// Why a command did not do what it was asked for: one line, a hint where there is one, and the exit code.
#[derive(Debug)]
struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    fn new(message: impl Display) -> Self {
        Self {
            message: message.to_string(),
            code: exit::FAILURE,
        }
    }

    fn usage(message: impl Display) -> Self {
        Self {
            message: message.to_string(),
            code: exit::USAGE,
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self {
            code: error.exit_code(),
            message: error.to_string(),
        }
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let code = if matches!(error, LedgerError::Held { .. }) {
            exit::BUSY
        } else {
            exit::FAILURE
        };
        Self {
            message: causes(&error),
            code,
        }
    }
}

type Outcome = Result<u8, Failure>;

/// What a command works with.
struct Context {
    common: Common,
    color: bool,
    environment: BTreeMap<String, String>,
}

impl Context {
    /// What it takes to reach AWS, for a command that needs no directory, owner or ledger.
    fn connection(&self) -> Result<Connection, Failure> {
        let typed = self.common.typed(None).map_err(Failure::usage)?;
        Ok(Connection::resolve(&typed, &self.environment)?)
    }

    /// What it takes to read schedule files, for a command that needs no owner, ledger or AWS.
    fn offline(&self, directory: Option<&String>) -> Result<Offline, Failure> {
        let typed = self.common.typed(directory).map_err(Failure::usage)?;
        Ok(Offline::resolve(&typed, &self.environment)?)
    }

    /// Is it AWS that is called, and nothing in its place?
    fn is_aws(&self, settings: &Settings) -> bool {
        let elsewhere = ["AWS_ENDPOINT_URL_SFN", "AWS_ENDPOINT_URL"];
        let says = |text: &String| !text.trim().is_empty();
        let is_elsewhere = |key: &str| self.environment.get(key).is_some_and(says);
        !settings.sandbox
            && settings.aws.endpoint_url.is_none()
            && !elsewhere.into_iter().any(is_elsewhere)
    }

    /// The settings; `directory` is the command's own argument.
    fn settings(&self, directory: Option<&String>) -> Result<Settings, Failure> {
        let typed = self.common.typed(directory).map_err(Failure::usage)?;
        Ok(Settings::resolve(&typed, &self.environment)?)
    }
}

/// Could a result not be written?
static UNWRITTEN: AtomicBool = AtomicBool::new(false);

/// Prints a result. A reader that went away is no failure of ours; a full disk is.
fn print(text: &str) {
    log_queue::settle();
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error)
            if error.kind() != std::io::ErrorKind::BrokenPipe
                && !UNWRITTEN.swap(true, Ordering::Relaxed) =>
        {
            log_queue::say(&format!("error: the result can't be written: {error}"));
        }
        _ => {}
    }
}

/// Runs what was typed.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            if error.kind() == ErrorKind::DisplayVersion
                && let Some(common) = arguments::of_long_version()
            {
                version::more(&common, &environment());
            }
            return ExitCode::from(if error.use_stderr() {
                exit::USAGE
            } else {
                exit::DONE
            });
        }
    };
    let environment = environment();
    let colored = |terminal: bool| match arguments.common.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && environment.get("NO_COLOR").is_none_or(String::is_empty),
    };
    let terminal = std::io::stderr().is_terminal();
    // What a shell asks for while somebody types says nothing else.
    if !matches!(arguments.command, Command::Completions { .. }) {
        let stderr = (terminal, colored(terminal));
        logs::begin(&arguments.common, &environment, stderr);
    }
    let color = colored(std::io::stdout().is_terminal());
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            log_queue::say(&format!("error: can't start: {error}"));
            log_queue::drain(log_queue::LAST);
            return ExitCode::from(exit::FAILURE);
        }
    };
    let context = Context {
        common: arguments.common,
        color,
        environment,
    };
    let done = edge::guarded(|| runtime.block_on(dispatch(arguments.command, &context)));
    // A thread that reads from a file system that hangs is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    let code = match done {
        Ok(_) if UNWRITTEN.load(Ordering::Relaxed) => exit::FAILURE,
        Ok(code) => code,
        Err(failure) => {
            log_queue::say(&format!("error: {}", failure.message));
            failure.code
        }
    };
    log_queue::drain(log_queue::LAST);
    ExitCode::from(code)
}

fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

async fn dispatch(command: Command, context: &Context) -> Outcome {
    let text_only = matches!(
        command,
        Command::Run { .. }
            | Command::Sync { .. }
            | Command::Add(_)
            | Command::Edit(_)
            | Command::Remove { .. }
            | Command::Fmt { .. }
            | Command::Approve { .. }
            | Command::Pause { .. }
            | Command::Reload
            | Command::Ledger { .. }
            | Command::Sandbox { .. }
            | Command::Completions { .. }
            | Command::Man { .. }
    );
    if text_only && !matches!(context.common.format, None | Some(Format::Text)) {
        return Err(Failure::usage(
            "this command has no such `--format`\nhint: it prints text",
        ));
    }
    match command {
        Command::Run {
            directory,
            lambda_endpoint,
        } => Box::pin(run::run(context, directory.as_ref(), lambda_endpoint)).await,
        Command::Sync {
            directory,
            lambda_endpoint,
        } => Box::pin(sync::sync(context, directory.as_ref(), lambda_endpoint)).await,
        Command::Plan(what) => plan::plan(context, &what).await,
        Command::Check { paths } => check::check(context, paths).await,
        Command::List(listing) => Box::pin(list::list(context, listing)).await,
        Command::Calendar(what) => calendar::calendar(context, &what).await,
        Command::Show { name } => show::show(context, &name).await,
        Command::History { name } => history::history(context, name).await,
        Command::Report { since } => report::report(context, &since).await,
        Command::Approve { digest } => approve::approve(context, &digest).await,
        Command::Pause { until } => pause::pause(context, until.as_deref()).await,
        Command::Resume { dry_run } => pause::resume(context, dry_run).await,
        Command::Reload => reload::reload(context).await,
        Command::Ledger { what } => ledger::ledger(context, &what).await,
        Command::Schema { of } => schema::schema(context, of),
        Command::Completions { shell } => {
            completing::completions(context, shell).await;
            Ok(exit::DONE)
        }
        Command::Man { pages } => manual::man(pages.as_deref()),
        Command::Add(add) => add::add(context, &add),
        Command::Edit(edit) => edit::edit(context, &edit),
        Command::Remove { name } => remove::remove(context, &name),
        Command::Fmt { check, paths } => fmt::fmt(context, check, &paths),
        Command::Doctor => Box::pin(doctor::doctor(context)).await,
        Command::Bootstrap(what) => bootstrap::bootstrap(context, &what).await,
        Command::Sandbox {
            listen,
            lambda_endpoint,
        } => sandbox::sandbox(context, listen, lambda_endpoint).await,
    }
}
