//! What commands that only look have in common: through the daemon where one runs, else from files and ledger.

use std::mem::ManuallyDrop;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep};

use clap::ValueEnum as _;

use super::arguments::Format;
use super::{Context, Failure, exit, look};
use crate::daemon::client::Client;
use crate::ledger::Ledger;
use crate::model::record::Event;
use crate::settings::Settings;
use crate::view::{FileView, Moment};

/// How long a ledger that is held, with no daemon that answers, is asked for.
const BUSY: Duration = Duration::from_secs(10);

/// What is typed without a format is for people.
pub(super) fn format(context: &Context, known: &[Format]) -> Result<Format, Failure> {
    let format = context.common.format.unwrap_or(Format::Text);
    if known.contains(&format) {
        return Ok(format);
    }
    let known: Vec<String> = known
        .iter()
        .filter_map(|format| Some(format!("`{}`", format.to_possible_value()?.get_name())))
        .collect();
    Err(Failure::usage(format!(
        "this command has no such `--format`\nhint: it has {}",
        known.join(", ")
    )))
}

pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(Failure::new)
}

/// The daemon with this state directory, if one answers.
pub(super) async fn daemon(settings: &Settings) -> Result<Option<Client>, Failure> {
    let Some(state) = &settings.state_directory else {
        return Ok(None);
    };
    let found = Client::find(state, &settings.runtime_directories).await;
    found.map_err(Failure::new)
}

/// The same, if it is of this owner: it would answer for another one.
pub(super) async fn owners_daemon(settings: &Settings) -> Result<Option<Client>, Failure> {
    let Some(daemon) = daemon(settings).await? else {
        return Ok(None);
    };
    if daemon.about.owner != settings.owner.as_str() {
        return Err(Failure::new(format!(
            "the daemon that holds this ledger is of owner `{}`, not `{}`\nhint: give another --state-directory",
            daemon.about.owner,
            settings.owner.as_str()
        )));
    }
    Ok(Some(daemon))
}

/// The same, if it is of this owner and directory: asked for others, it would answer something else than was asked.
pub(super) async fn same_daemon(settings: &Settings) -> Result<Option<Client>, Failure> {
    let Some(daemon) = owners_daemon(settings).await? else {
        return Ok(None);
    };
    let about = &daemon.about;
    let resolved =
        |path: &std::path::Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match &settings.directory {
        // The same path is the same directory, and need not be looked at: its file system may hang.
        Some(asked)
            if std::path::absolute(asked).ok().as_ref() != Some(&about.directory)
                && resolved(asked) != resolved(&about.directory) =>
        {
            Err(Failure::new(format!(
                "the daemon that holds this ledger watches `{}`, not `{}`\nhint: give another --state-directory",
                about.directory.display(),
                asked.display()
            )))
        }
        _ => Ok(Some(daemon)),
    }
}

/// The daemon's answer, or our own look where none runs.
pub(super) async fn ask<T: serde::de::DeserializeOwned>(
    settings: &Settings,
    what: &str,
    pick: impl Fn(&Moment) -> T,
) -> Result<T, Failure> {
    ask_or_look(settings, what, None, |moment| pick(&moment)).await
}

/// The same, where our own look is at another time, by a command that ends then: what a million entries take is not given
/// back before.
pub(super) async fn ask_as_of<T: serde::de::DeserializeOwned>(
    settings: &Settings,
    what: &str,
    as_of: Option<DateTime<Utc>>,
    pick: impl Fn(&Moment) -> T,
) -> Result<T, Failure> {
    let pick = |moment| pick(&ManuallyDrop::new(moment));
    ask_or_look(settings, what, as_of, pick).await
}

async fn ask_or_look<T: serde::de::DeserializeOwned>(
    settings: &Settings,
    what: &str,
    as_of: Option<DateTime<Utc>>,
    pick: impl Fn(Moment) -> T,
) -> Result<T, Failure> {
    let begun = Instant::now();
    loop {
        if let Some(daemon) = same_daemon(settings).await?
            && let Some(answer) = daemon.ask(what).await
        {
            return Ok(answer);
        }
        match look::look(settings, as_of) {
            // Another command has it, or a daemon that is about to answer.
            Err(failure) if failure.code == exit::BUSY && begun.elapsed() < BUSY => {
                sleep(Duration::from_millis(20)).await;
            }
            looked => return looked.map(&pick),
        }
    }
}

pub(super) fn has_invalid(files: &[FileView]) -> bool {
    files.iter().any(|file| file.state == "invalid")
}

/// From the daemon, else from the ledger.
pub(super) async fn all_events(settings: &Settings) -> Result<Vec<Event>, Failure> {
    let Some(state) = &settings.state_directory else {
        return Ok(Vec::new());
    };
    let begun = Instant::now();
    loop {
        if let Some(daemon) = owners_daemon(settings).await?
            && let Some(events) = daemon.ask("/v1/history").await
        {
            return Ok(events);
        }
        let whole = Ledger::whole(state).and_then(|whole| {
            let records = whole.iter().flat_map(|whole| &whole.records);
            let records = records.map(|(record, _)| record);
            Ledger::admit(state, &settings.owner, records)?;
            Ok(whole)
        });
        match whole.map_err(Failure::from) {
            Err(failure) if failure.code == exit::BUSY && begun.elapsed() < BUSY => {
                sleep(Duration::from_millis(20)).await;
            }
            whole => return Ok(whole?.map(|whole| whole.events).unwrap_or_default()),
        }
    }
}
