//! What commands take that only look: plan, list, calendar.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use crate::view::PHASES;

/// `onced plan`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Plan {
    /// The directory of schedule files.
    #[arg(id = "schedules", value_name = "DIRECTORY")]
    pub(in crate::cli) directory: Option<String>,
    /// Exit with 2 where changes are pending.
    #[arg(long)]
    pub(in crate::cli) detailed_exitcode: bool,
    /// Compare with the directory as it is in this commit, instead of with what is recorded: offline, without ledger, owner
    /// or credentials.
    #[arg(long, value_name = "GIT_REF")]
    pub(in crate::cli) against: Option<String>,
    /// As if local times were read by the time zone rules in this directory: shows which firings they would move, and by how
    /// much. Compares the files alone, offline, and with `--against` reads both versions by them.
    #[arg(long, value_name = "DIRECTORY")]
    pub(in crate::cli) zoneinfo: Option<PathBuf>,
    /// As if it were this time: local time in the configured time zone, or with an offset; or a duration from now.
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) as_of: Option<String>,
    /// Exit with 1 where an entry that the plan is about has a time that is past, of another offset than its zone's, of
    /// a zone such as `Etc/GMT+8`, near a change of the clocks, farther ahead than the horizon, or within 5 minutes of
    /// another; or a payload that other programs read as something else, or that may not be what was meant.
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub(in crate::cli) fail_on: Vec<FailOn>,
}

/// What of a plan is a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum FailOn {
    /// Its time is past.
    Past,
    /// It has an offset which the zone that is named for it does not have then.
    Offset,
    /// Its zone is of the form `Etc/GMT+8`, which is UTC-8.
    EtcGmt,
    /// It is in local time, and the clocks change within a day of it.
    Dst,
    /// It is farther ahead than `reconcile.horizon`.
    Far,
    /// Others fire within 5 minutes of it.
    Close,
    /// Something in its payload is another value for programs that read YAML 1.1.
    Yaml11,
    /// Its payload is a text that holds a JSON object or list.
    JsonText,
    /// An integer in its payload is another one for programs that keep numbers in 64 bits.
    BigInteger,
    /// `payload:` stands there with nothing behind it.
    NullPayload,
}

/// `onced list`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Listing {
    /// Only entries whose name matches one of these patterns, such as `launch-*`.
    #[arg(value_name = "GLOB")]
    pub(in crate::cli) names: Vec<String>,
    /// Only what will fire within this time, such as `24h`.
    #[arg(long, value_name = "DURATION")]
    pub(in crate::cli) due: Option<String>,
    /// Only entries in this phase. May be given more than once, or with commas.
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(PHASES))]
    pub(in crate::cli) phase: Vec<String>,
    /// Only entries of files whose path matches, such as `team-a/*`.
    #[arg(long, value_name = "GLOB")]
    pub(in crate::cli) file: Vec<String>,
    /// Draw it anew as things change, until Ctrl-C. On a terminal only.
    #[arg(long)]
    pub(in crate::cli) watch: bool,
}

/// `onced calendar`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Calendar {
    /// Only entries whose name matches one of these patterns, such as `launch-*`.
    #[arg(value_name = "GLOB")]
    pub(in crate::cli) names: Vec<String>,
    /// The first month. By default this one; with `--ics` and `--html`, all that have firings.
    #[arg(long, value_name = "YYYY-MM")]
    pub(in crate::cli) month: Option<String>,
    /// How many months.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=120))]
    pub(in crate::cli) months: Option<u32>,
    /// As an iCalendar feed, for calendars to subscribe to.
    #[arg(long, conflicts_with = "html")]
    pub(in crate::cli) ics: bool,
    /// As one page of HTML that needs nothing else.
    #[arg(long)]
    pub(in crate::cli) html: bool,
}
