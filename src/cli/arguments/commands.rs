//! The commands, and an example or two of each.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Subcommand;

use super::change::{Add, Edit};
use super::look::{Calendar, Listing, Plan};
use super::{Bootstrap, LedgerCommand, Schema, Shell};

/// What to do.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
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
