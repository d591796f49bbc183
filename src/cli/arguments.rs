//! What can be typed. Says nothing about what it means: `settings` does.

mod change;
mod commands;
mod look;

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{
    Arg, ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint,
};

use crate::settings::Typed;
pub(super) use change::{Add, Edit};
pub(super) use commands::Command;
pub(super) use look::{Calendar, FailOn, Listing, Plan};

/// Keeps AWS Step Functions in step with a folder of YAML files.
#[derive(Debug, Parser)]
#[command(
    name = "onced",
    version,
    after_help = "Examples:\n  onced run --sandbox examples/schedules\n  onced check examples/schedules\n  onced plan"
)]
pub(super) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
    /// What every command takes.
    #[command(flatten)]
    pub(super) common: Common,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(super) struct Common {
    /// The configuration file.
    // An empty one is none, as from a variable that nobody set.
    #[arg(long, global = true, env = "ONCED_CONFIG", value_name = "FILE")]
    #[arg(value_parser = OsStringValueParser::new().map(PathBuf::from), value_hint = ValueHint::AnyPath)]
    pub(super) config: Option<PathBuf>,
    /// The directory of schedule files.
    #[arg(long, global = true, value_name = "DIRECTORY")]
    pub(super) directory: Option<String>,
    /// Where the ledger is kept.
    #[arg(long, global = true, value_name = "DIRECTORY")]
    pub(super) state_directory: Option<String>,
    /// Whose executions these are: 1 to 16 lower-case letters and digits.
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) owner: Option<String>,
    /// The state machine that lambdas run through.
    #[arg(long, global = true, value_name = "ARN")]
    pub(super) state_machine: Option<String>,
    /// Another endpoint than AWS's.
    #[arg(long, global = true, value_name = "URL")]
    pub(super) endpoint_url: Option<String>,
    /// The region, where the state machine's ARN does not say it.
    #[arg(long, global = true)]
    pub(super) region: Option<String>,
    /// Run against the embedded Step Functions: no AWS, no credentials.
    #[arg(long, global = true)]
    pub(super) sandbox: bool,
    /// Set any key of the configuration.
    #[arg(long, global = true, value_name = "SECTION.KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// How results are printed.
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(super) format: Option<Format>,
    /// Colour in what is printed.
    #[arg(long, global = true, default_value = "auto")]
    pub(super) color: Color,
    /// How logs are printed: by default for people, and into the journal where systemd connects stderr with it.
    #[arg(long, global = true)]
    pub(super) log_format: Option<LogFormat>,
    /// More logs; twice: those of libraries too. With `--version`: the time zone rules too.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,
    /// Only warnings.
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For a pull request's comment.
    Markdown,
    /// For GitHub's annotations.
    Github,
    /// For code scanning.
    Sarif,
}

/// Colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Yes.
    Always,
    /// No.
    Never,
}

/// How logs are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people; on a terminal in short.
    Text,
    /// One object a line.
    Json,
    /// Into systemd's journal, with fields.
    Journald,
}

/// What a JSON Schema is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Schema {
    /// Schedule files.
    Schedule,
    /// The configuration.
    Config,
}

/// A shell that completes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    /// GNU's.
    Bash,
    /// The Z shell.
    Zsh,
    /// The friendly interactive one.
    Fish,
    /// No shell: the names of entries, which the scripts of the others ask for.
    #[value(hide = true)]
    Names,
}

/// `onced bootstrap`.
#[derive(Debug, Args)]
pub(super) struct Bootstrap {
    /// The role that the state machine runs as: it may invoke the functions.
    #[arg(long, value_name = "ARN", required_unless_present = "print")]
    pub(super) role_arn: Option<String>,
    /// The state machine's name; that of the configured one where this is not given, else `OneTimeLambdaScheduler`.
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The SQS queue for invocations that failed for good.
    #[arg(long, value_name = "URL")]
    pub(super) dead_letter_queue: Option<String>,
    /// Always this one function, as the Task's `Resource`: the form of machines that were made by hand.
    #[arg(long, value_name = "ARN")]
    pub(super) legacy_lambda_arn: Option<String>,
    /// Only say what would be done.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Overwrite a definition that somebody else made or changed.
    #[arg(long)]
    pub(super) force: bool,
    /// Print this instead of calling AWS.
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["dry_run", "force"])]
    pub(super) print: Option<Print>,
}

/// What `onced bootstrap` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Print {
    /// The definition, in the Amazon States Language.
    Asl,
    /// Policies: for onced, for who bootstraps, and for the machine's role.
    Iam,
    /// A template of role, machine, queue and alarm.
    Cloudformation,
    /// The same as a Terraform file.
    Terraform,
}

/// `onced ledger`.
#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Print everything as lines of JSON, inputs and history too.
    #[command(after_help = "Examples:\n  onced ledger export > backup.jsonl")]
    Export,
    /// Read into an empty ledger what `export` printed.
    #[command(
        after_help = "Examples:\n  onced ledger import backup.jsonl\n  onced ledger import --config new.yaml < backup.jsonl"
    )]
    Import {
        /// The file; `-` is standard input.
        #[arg(default_value = "-")]
        file: String,
    },
    /// Is everything as it was written? Changes nothing.
    #[command(after_help = "Examples:\n  onced ledger check")]
    Check,
    /// Set the ledger aside; the next `onced run` builds it anew from what runs.
    #[command(after_help = "Examples:\n  onced ledger rebuild")]
    Rebuild,
}

/// What was typed to ask for the version and more: `--version` with `-v`. `None`: the version alone is asked for.
pub(super) fn of_long_version() -> Option<Common> {
    // clap ends at `--version`, whatever else there is: it is asked again, as for any other flag.
    let version = Arg::new("version")
        .short('V')
        .long("version")
        .action(ArgAction::SetTrue);
    let asked = Arguments::command()
        .disable_version_flag(true)
        .subcommand_required(false)
        .arg_required_else_help(false)
        .arg(version)
        .try_get_matches()
        .ok()?;
    let common = Common::from_arg_matches(&asked).ok()?;
    (common.verbose > 0).then_some(common)
}

impl Common {
    /// What `settings` needs. `directory` is a command's own, which wins.
    pub(super) fn typed(&self, directory: Option<&String>) -> Result<Typed, String> {
        let mut set = Vec::new();
        for pair in &self.set {
            let (key, value) = pair.split_once('=').ok_or_else(|| {
                format!("`--set {pair}` has no `=`\nhint: write `--set reconcile.settle=1s`")
            })?;
            set.push((key.trim().to_owned(), value.trim().to_owned()));
        }
        let flags = [
            ("directory", directory.or(self.directory.as_ref())),
            ("state_directory", self.state_directory.as_ref()),
            ("owner", self.owner.as_ref()),
            ("state_machine", self.state_machine.as_ref()),
            ("aws.endpoint_url", self.endpoint_url.as_ref()),
            ("aws.region", self.region.as_ref()),
        ];
        let given = flags
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?.clone())));
        set.extend(given);
        Ok(Typed {
            config: self.config.clone(),
            set,
            sandbox: self.sandbox,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_arguments_are_in_each_others_way() {
        Arguments::command().debug_assert();
    }
}
