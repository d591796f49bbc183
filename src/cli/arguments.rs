//! What can be typed. Says nothing about what it means: `settings` does.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::settings::Typed;
use crate::view::PHASES;

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
    #[arg(long, global = true, env = "ONCED_CONFIG", value_name = "FILE")]
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
    /// More logs; twice: those of libraries too.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
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

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The daemon, in the foreground.
    #[command(
        after_help = "Examples:\n  onced run --sandbox examples/schedules\n  onced run --config /etc/onced/onced.yaml"
    )]
    Run {
        /// The directory of schedule files.
        #[arg(id = "schedules", value_name = "DIRECTORY")]
        directory: Option<String>,
        /// Where `--sandbox` sends invocations: a Lambda-compatible endpoint.
        #[arg(long, value_name = "URL", requires = "sandbox")]
        lambda_endpoint: Option<String>,
    },
    /// One reconciliation, then exit.
    #[command(
        after_help = "Examples:\n  onced sync --config /etc/onced/onced.yaml\n  onced sync /etc/onced/schedules.d --owner prod"
    )]
    Sync {
        /// The directory of schedule files.
        #[arg(id = "schedules", value_name = "DIRECTORY")]
        directory: Option<String>,
        /// Where `--sandbox` sends invocations: a Lambda-compatible endpoint.
        #[arg(long, value_name = "URL", requires = "sandbox")]
        lambda_endpoint: Option<String>,
    },
    /// What would be done. Changes nothing.
    #[command(after_help = "Examples:
  onced plan --detailed-exitcode
  onced plan --directory schedules --against origin/main
  onced plan --directory schedules --against HEAD~1 --format markdown --fail-on past,dst")]
    Plan(Plan),
    /// Are the schedule files good? Offline.
    #[command(
        after_help = "Examples:\n  onced check examples/schedules\n  onced check --format github schedules"
    )]
    Check {
        /// Files and directories; the configured directory where none is named.
        paths: Vec<PathBuf>,
    },
    /// Every entry and where it stands: what fires next first, then what is over.
    #[command(
        after_help = "Examples:\n  onced list\n  onced list 'launch-*' --due 24h\n  onced list --format json"
    )]
    List(Listing),
    /// The firings to come: a month in the terminal, a feed for calendars, or a page.
    #[command(
        after_help = "Examples:\n  onced calendar --month 2027-06\n  onced calendar --ics > firings.ics\n  onced calendar --html > firings.html"
    )]
    Calendar(Calendar),
    /// One entry in full: why it stands where it does, and what comes next.
    #[command(
        after_help = "Examples:\n  onced show launch-email\n  onced show launch-email --format json"
    )]
    Show {
        /// The entry.
        name: String,
    },
    /// What happened, the oldest first, for 90 days.
    #[command(after_help = "Examples:\n  onced history\n  onced history launch-email")]
    History {
        /// Only this entry.
        name: Option<String>,
    },
    /// What was to fire lately, and what came of it. Exit code 1 where something that was expected is missing.
    #[command(
        after_help = "Examples:\n  onced report --since 24h\n  onced report --since 2027-06-01T00:00:00Z --format json"
    )]
    Report {
        /// From when: a duration before now, or a time.
        #[arg(long, default_value = "24h", value_name = "DURATION|TIME")]
        since: String,
    },
    /// Let go what `onced plan` says waits for approval.
    #[command(after_help = "Examples:\n  onced approve 3f9a0c12b7de")]
    Approve {
        /// The digest that `onced plan` shows.
        digest: String,
    },
    /// Start and stop nothing until told otherwise. What is scheduled at AWS fires all the same.
    #[command(after_help = "Examples:\n  onced pause\n  onced pause --until 2027-06-01T09:00:00Z")]
    Pause {
        /// When it ends by itself: local time in the configured time zone, or with an offset.
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
    /// End a pause, after saying what came to its time meanwhile and what becomes of it.
    #[command(after_help = "Examples:\n  onced resume --dry-run\n  onced resume")]
    Resume {
        /// Only say it.
        #[arg(long)]
        dry_run: bool,
    },
    /// Let the running daemon read its configuration again. A bad one is refused, and it goes on with the old one.
    #[command(after_help = "Examples:\n  onced reload --config /etc/onced/onced.yaml")]
    Reload,
    /// Look after the ledger.
    #[command(after_help = "Examples:\n  onced ledger check\n  onced ledger export > backup.jsonl")]
    Ledger {
        /// What to do with it.
        #[command(subcommand)]
        what: LedgerCommand,
    },
    /// Write a schedule file with one entry, or add the entry to one that is there.
    #[command(
        after_help = "Examples:\n  onced add hello --in 30s --lambda hello --directory examples/schedules\n  onced add launch --at '2027-06-01 09:00' --timezone Europe/Berlin --lambda send-email --payload '{\"campaign\": \"launch\"}'"
    )]
    Add(Add),
    /// Change an entry where it stands: by flags, or without any in your editor.
    #[command(after_help = "Examples:
  onced edit launch-email --at 'monday 09:00'
  onced edit launch-email --disable
  onced edit launch-email")]
    Edit(Edit),
    /// Take an entry out of its schedule file, with its comments.
    #[command(after_help = "Examples:\n  onced remove launch-email")]
    Remove {
        /// The entry's name.
        name: String,
    },
    /// Bring schedule files into their form. Comments and order stay.
    #[command(after_help = "Examples:
  onced fmt examples/schedules
  onced fmt --check examples/schedules")]
    Fmt {
        /// Only say which files are in another form, and exit with 1 if one is.
        #[arg(long)]
        check: bool,
        /// Files and directories; the configured directory where none is given.
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Would onced work here? Looks at files, ledger and AWS; changes nothing.
    #[command(after_help = "Examples:\n  onced doctor --config /etc/onced/onced.yaml")]
    Doctor,
    /// Create the state machine that lambdas run through, or bring it up to date.
    #[command(
        after_help = "Examples:\n  onced bootstrap --role-arn arn:aws:iam::123456789012:role/OneTimeLambdaScheduler --dry-run\n  onced bootstrap --print cloudformation > onced.yaml\n  onced bootstrap --print iam"
    )]
    Bootstrap(Bootstrap),
    /// Print the JSON Schema of schedule files or of the configuration, for editors and validators.
    #[command(after_help = "Examples:\n  onced schema > .onced.schema.json\n  onced schema config")]
    Schema {
        /// Of what.
        #[arg(default_value = "schedule")]
        of: Schema,
    },
    /// Print what a shell needs to complete commands, options and the names of entries.
    #[command(
        after_help = "Examples:\n  onced completions bash > /etc/bash_completion.d/onced\n  onced completions zsh > ~/.zfunc/_onced\n  onced completions fish > ~/.config/fish/completions/onced.fish"
    )]
    Completions {
        /// Which.
        shell: Shell,
    },
    /// Print the manual.
    #[command(after_help = "Examples:\n  onced man | man --local-file -\n  onced man man1")]
    Man {
        /// Write a page for each command there instead.
        #[arg(value_name = "DIRECTORY")]
        pages: Option<PathBuf>,
    },
    /// Serve the embedded Step Functions over HTTP.
    #[command(
        after_help = "Examples:\n  onced sandbox\n  onced sandbox --listen 127.0.0.1:8083 --lambda-endpoint http://127.0.0.1:9001"
    )]
    Sandbox {
        /// Where to listen; loopback only is wise: nothing is authenticated.
        #[arg(long, default_value = "127.0.0.1:8083", value_name = "ADDRESS")]
        listen: SocketAddr,
        /// Where invocations are sent: a Lambda-compatible endpoint.
        #[arg(long, value_name = "URL")]
        lambda_endpoint: Option<String>,
    },
}

/// What a JSON Schema is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Schema {
    /// Schedule files.
    Schedule,
    /// The configuration.
    Config,
}

/// `onced plan`.
#[derive(Debug, Args)]
pub(super) struct Plan {
    /// The directory of schedule files.
    #[arg(id = "schedules", value_name = "DIRECTORY")]
    pub(super) directory: Option<String>,
    /// Exit with 2 where changes are pending.
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    /// Compare with the directory as it is in this commit, instead of with what is recorded: offline, without ledger, owner
    /// or credentials.
    #[arg(long, value_name = "GIT_REF")]
    pub(super) against: Option<String>,
    /// As if it were this time: local time in the configured time zone, or with an offset; or a duration from now.
    #[arg(long, value_name = "TIME")]
    pub(super) as_of: Option<String>,
    /// Exit with 1 where an entry that the plan is about has a time that is past, near a change of the clocks, farther ahead
    /// than the horizon, or within 5 minutes of another.
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub(super) fail_on: Vec<FailOn>,
}

/// What of a plan is a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Its time is past.
    Past,
    /// It is in local time, and the clocks change within a day of it.
    Dst,
    /// It is farther ahead than `reconcile.horizon`.
    Far,
    /// Others fire within 5 minutes of it.
    Close,
}

/// `onced list`.
#[derive(Debug, Args)]
pub(super) struct Listing {
    /// Only entries whose name matches one of these patterns, such as `launch-*`.
    #[arg(value_name = "GLOB")]
    pub(super) names: Vec<String>,
    /// Only what will fire within this time, such as `24h`.
    #[arg(long, value_name = "DURATION")]
    pub(super) due: Option<String>,
    /// Only entries in this phase. May be given more than once, or with commas.
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(PHASES))]
    pub(super) phase: Vec<String>,
    /// Only entries of files whose path matches, such as `team-a/*`.
    #[arg(long, value_name = "GLOB")]
    pub(super) file: Vec<String>,
    /// Draw it anew as things change, until Ctrl-C. On a terminal only.
    #[arg(long)]
    pub(super) watch: bool,
}

/// `onced calendar`.
#[derive(Debug, Args)]
pub(super) struct Calendar {
    /// Only entries whose name matches one of these patterns, such as `launch-*`.
    #[arg(value_name = "GLOB")]
    pub(super) names: Vec<String>,
    /// The first month. By default this one; with `--ics` and `--html`, all that have firings.
    #[arg(long, value_name = "YYYY-MM")]
    pub(super) month: Option<String>,
    /// How many months.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=120))]
    pub(super) months: Option<u32>,
    /// As an iCalendar feed, for calendars to subscribe to.
    #[arg(long, conflicts_with = "html")]
    pub(super) ics: bool,
    /// As one page of HTML that needs nothing else.
    #[arg(long)]
    pub(super) html: bool,
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

/// `onced add`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("when").required(true).args(["at", "after"])))]
pub(super) struct Add {
    /// The entry's name.
    pub(super) name: String,
    /// When: `2026-12-01T09:00:00`, `tomorrow 09:00`, `monday 09:00`, `09:00`; in the time zone, or with an offset.
    #[arg(long, value_name = "TIME")]
    pub(super) at: Option<String>,
    /// From now, such as `30s`.
    #[arg(long = "in", value_name = "DURATION")]
    pub(super) after: Option<String>,
    /// The function's name or ARN.
    #[arg(long, value_name = "FUNCTION")]
    pub(super) lambda: String,
    /// What the function is given, as JSON.
    #[arg(long, value_name = "JSON")]
    pub(super) payload: Option<String>,
    /// The zone of `--at`; else that of the file's defaults or of the configuration.
    #[arg(long, value_name = "ZONE")]
    pub(super) timezone: Option<String>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    pub(super) description: Option<String>,
    /// How late it may still be started.
    #[arg(long, value_name = "DURATION")]
    pub(super) grace: Option<String>,
    /// The schedule file, within the directory; it may be there already. `NAME.yaml` where it is not given.
    #[arg(long, value_name = "FILE")]
    pub(super) file: Option<String>,
}

/// `onced edit`.
#[derive(Debug, Args)]
pub(super) struct Edit {
    /// The entry's name.
    pub(super) name: String,
    /// When, as for `onced add`.
    #[arg(long, value_name = "TIME")]
    pub(super) at: Option<String>,
    /// From now, such as `30s`.
    #[arg(long = "in", value_name = "DURATION", conflicts_with = "at")]
    pub(super) after: Option<String>,
    /// The entry's time zone.
    #[arg(long, value_name = "ZONE")]
    pub(super) timezone: Option<String>,
    /// The function's name or ARN.
    #[arg(long, value_name = "FUNCTION")]
    pub(super) lambda: Option<String>,
    /// What the function or the state machine is given, as JSON.
    #[arg(long, value_name = "JSON")]
    pub(super) payload: Option<String>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    pub(super) description: Option<String>,
    /// How late it may still be started.
    #[arg(long, value_name = "DURATION")]
    pub(super) grace: Option<String>,
    /// Let it run.
    #[arg(long)]
    pub(super) enable: bool,
    /// Don't let it run; stop it if it waits to.
    #[arg(long, conflicts_with = "enable")]
    pub(super) disable: bool,
}

impl Edit {
    /// Is no change given?
    pub(super) fn says_nothing(&self) -> bool {
        let texts = [
            &self.at,
            &self.after,
            &self.timezone,
            &self.lambda,
            &self.payload,
            &self.description,
            &self.grace,
        ];
        texts.iter().all(|text| text.is_none()) && !self.enable && !self.disable
    }
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
    use clap::CommandFactory;

    #[test]
    fn no_two_arguments_are_in_each_others_way() {
        super::Arguments::command().debug_assert();
    }
}
