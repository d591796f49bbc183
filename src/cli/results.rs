//! Commands that only look: list, show, history, check. Through the daemon where one runs, else from files and ledger.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep};

use super::arguments::Format;
use super::{Context, Failure, Outcome, exit, look, print, text};
use crate::daemon::client::Client;
use crate::ledger::Ledger;
use crate::model::entry::EntryName;
use crate::model::record::Event;
use crate::settings::{Settings, SettingsError};
use crate::source::check;
use crate::view::{self, EntryView, FileView, List, Moment};

/// How long a ledger that is held, with no daemon that answers, is asked for.
const BUSY: Duration = Duration::from_secs(10);

/// What is typed without a format is for people.
pub(super) fn format(context: &Context, known: &[Format]) -> Result<Format, Failure> {
    let format = context.common.format.unwrap_or(Format::Text);
    if known.contains(&format) {
        return Ok(format);
    }
    Err(Failure::usage(
        "this command has no such `--format`\nhint: see its --help",
    ))
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

/// The same, if it is of this owner and directory: asked for others, it would answer something else than was asked.
pub(super) async fn same_daemon(settings: &Settings) -> Result<Option<Client>, Failure> {
    let Some(daemon) = daemon(settings).await? else {
        return Ok(None);
    };
    let about = &daemon.about;
    if about.owner != settings.owner.as_str() {
        return Err(Failure::new(format!(
            "the daemon that holds this ledger is of owner `{}`, not `{}`\nhint: give another --state-directory",
            about.owner,
            settings.owner.as_str()
        )));
    }
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
    ask_as_of(settings, what, None, pick).await
}

/// The same, where our own look is at another time.
pub(super) async fn ask_as_of<T: serde::de::DeserializeOwned>(
    settings: &Settings,
    what: &str,
    as_of: Option<DateTime<Utc>>,
    pick: impl Fn(&Moment) -> T,
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
            looked => return looked.map(|moment| pick(&moment)),
        }
    }
}

pub(super) fn has_invalid(files: &[FileView]) -> bool {
    files.iter().any(|file| file.state == "invalid")
}

/// `onced list`.
pub(super) async fn list(context: &Context) -> Outcome {
    let format = format(context, &[Format::Text, Format::Json])?;
    let settings = context.settings(None)?;
    let list: List = ask(&settings, "/v1/list", Moment::list).await?;
    if format == Format::Json {
        print(&to_json(&list)?);
        return Ok(exit::DONE);
    }
    let now = (crate::daemon::wall_clock())();
    let mut rows = Vec::new();
    for entry in &list.entries {
        let at: DateTime<Utc> = entry.at.parse().unwrap_or_default();
        rows.push(vec![
            entry.name.to_string(),
            entry.phase.clone(),
            text::local(at, settings.defaults.timezone),
            text::relative(now, at),
            text::runs(entry.lambda.as_deref(), &entry.state_machine),
            entry.line.map_or_else(
                || format!("was in {}", entry.file),
                |line| format!("{}:{line}", entry.file),
            ),
            entry
                .held
                .as_ref()
                .map(|why| format!("held: {why}"))
                .or(entry.detail.clone())
                .unwrap_or_default(),
        ]);
    }
    print(&text::problems(&list.files, context.color));
    print(&text::halted(
        list.paused.as_ref(),
        list.doubt.as_ref(),
        settings.defaults.timezone,
    ));
    print(&text::table(&rows));
    print(&text::waiting(
        list.guard.as_ref(),
        &list.orphans,
        list.digest.as_ref(),
    ));
    print(&format!(
        "{} entries of owner {}\n",
        list.entries.len(),
        list.owner
    ));
    Ok(exit::DONE)
}

/// `onced history`.
pub(super) async fn history(context: &Context, name: Option<String>) -> Outcome {
    let format = format(context, &[Format::Text, Format::Json])?;
    let settings = context.settings(None)?;
    let name = name.as_deref().map(EntryName::parse).transpose();
    let name = name.map_err(Failure::usage)?;
    let mut events = all_events(&settings).await?;
    events.retain(|event| name.as_ref().is_none_or(|name| event.name == *name));
    if format == Format::Json {
        let owner = settings.owner.as_str();
        let history = serde_json::json!({"version": 1, "owner": owner, "events": events});
        print(&to_json(&history)?);
        return Ok(exit::DONE);
    }
    let zone = settings.defaults.timezone;
    let rows: Vec<Vec<String>> = events
        .iter()
        .map(|event| {
            let late = event.late_ms.map(|ms| format!("{} late", text::span(ms)));
            vec![
                text::local(event.time, zone),
                event.name.to_string(),
                event.event.clone(),
                format!("for {}", text::local(event.at, zone)),
                late.or(event.detail.clone()).unwrap_or_default(),
            ]
        })
        .collect();
    print(&text::table(&rows));
    Ok(exit::DONE)
}

/// From the daemon, else from the ledger.
pub(super) async fn all_events(settings: &Settings) -> Result<Vec<Event>, Failure> {
    let Some(state) = &settings.state_directory else {
        return Ok(Vec::new());
    };
    let begun = Instant::now();
    loop {
        if let Some(daemon) = daemon(settings).await?
            && let Some(events) = daemon.ask("/v1/history").await
        {
            return Ok(events);
        }
        match Ledger::whole(state).map_err(Failure::from) {
            Err(failure) if failure.code == exit::BUSY && begun.elapsed() < BUSY => {
                sleep(Duration::from_millis(20)).await;
            }
            whole => return Ok(whole?.map(|whole| whole.events).unwrap_or_default()),
        }
    }
}

/// `onced show`.
pub(super) async fn show(context: &Context, name: &str) -> Outcome {
    let format = format(context, &[Format::Text, Format::Json])?;
    let settings = context.settings(None)?;
    let list: List = ask(&settings, "/v1/list", Moment::list).await?;
    let Some(entry) = list
        .entries
        .iter()
        .find(|entry| entry.name.as_str() == name)
    else {
        let near = list
            .entries
            .iter()
            .map(|entry| (strsim::jaro_winkler(entry.name.as_str(), name), &entry.name));
        let near = near
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .filter(|(likeness, _)| *likeness > 0.75);
        let hint = near
            .map(|(_, near)| format!("\nhint: did you mean `{near}`?"))
            .unwrap_or_default();
        return Err(Failure::new(format!("there is no entry `{name}`{hint}")));
    };
    let printed = match format {
        Format::Json => to_json(entry)?,
        _ => show_text(entry, &settings),
    };
    print(&printed);
    Ok(exit::DONE)
}

fn show_text(entry: &EntryView, settings: &Settings) -> String {
    let at: DateTime<Utc> = entry.at.parse().unwrap_or_default();
    let now = (crate::daemon::wall_clock())();
    let local = text::local(at, settings.defaults.timezone);
    let place = entry.line.map_or_else(
        || format!("was in {}", entry.file),
        |line| format!("{}:{line}", entry.file),
    );
    let outcome = entry.outcome.as_ref().map(|outcome| {
        let ended = outcome
            .ended
            .map(|at| format!(" at {}", crate::model::entry::instant(at)))
            .unwrap_or_default();
        let error = outcome
            .error
            .as_ref()
            .map(|error| format!(": {error}"))
            .unwrap_or_default();
        format!("{}{ended}{error}", outcome.status.as_str())
    });
    let cause = entry.outcome.as_ref().and_then(|o| o.cause.clone());
    let fired = entry.outcome.as_ref().and_then(|outcome| outcome.fired);
    let fired = fired.map(|fired| {
        let late = text::span((fired - at).num_milliseconds());
        format!(
            "{} ({late} after its time)",
            crate::model::entry::instant(fired)
        )
    });
    let rows = [
        ("entry", Some(entry.name.to_string())),
        ("phase", Some(entry.phase.clone())),
        ("held", entry.held.clone()),
        ("detail", entry.detail.clone()),
        (
            "at",
            Some(format!(
                "{local} = {} ({})",
                entry.at,
                text::relative(now, at)
            )),
        ),
        (
            "runs",
            Some(text::runs(entry.lambda.as_deref(), &entry.state_machine)),
        ),
        (
            "through",
            entry
                .lambda
                .as_ref()
                .map(|_| entry.state_machine.to_string()),
        ),
        ("execution", entry.execution_arn.clone()),
        (
            "generation",
            entry.generation.map(|generation| generation.to_string()),
        ),
        ("outcome", outcome),
        ("fired", fired),
        ("cause", cause),
        ("commit", entry.commit.as_deref().map(str::to_owned)),
        ("file", Some(place)),
    ];
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .filter_map(|(key, value)| Some(vec![key.to_owned(), value?]))
        .collect();
    text::table(&rows)
}

/// `onced check`: offline, and without an owner.
pub(super) fn check(context: &Context, mut paths: Vec<PathBuf>) -> Outcome {
    let known = [Format::Text, Format::Json, Format::Github, Format::Sarif];
    let format = format(context, &known)?;
    let offline = context.offline(None)?;
    if paths.is_empty() {
        paths.extend(offline.directory);
    }
    if paths.is_empty() {
        let hint = "name files or directories, or give --directory";
        return Err(Failure::from(SettingsError::Missing { what: "path", hint }));
    }
    if let Some(missing) = paths.iter().find(|path| !path.exists()) {
        return Err(Failure::new(format!(
            "`{}` is not there",
            missing.display()
        )));
    }
    let files = view::files(&check::check(&paths, &offline.defaults));
    let (bad, good) = (
        files.iter().filter(|f| f.state == "invalid").count(),
        files.iter().filter(|f| f.state == "ok").count(),
    );
    match format {
        Format::Json => print(&to_json(
            &serde_json::json!({"version": 1, "files": files}),
        )?),
        Format::Github => print(&text::annotations(&files)),
        Format::Sarif => print(&to_json(&text::sarif(&files))?),
        Format::Text | Format::Markdown => {
            print(&text::problems(&files, context.color));
            print(&format!("{good} good, {bad} invalid\n"));
        }
    }
    Ok(if bad > 0 { exit::INVALID } else { exit::DONE })
}
