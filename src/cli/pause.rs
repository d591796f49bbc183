//! `onced pause` and `onced resume`: through the daemon where one runs, else in the state directory for the next one.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::arguments::Format;
use super::{Context, Failure, Outcome, exit, opening, print, results, text};
use crate::ledger::{Holder, Ledger};
use crate::model::brake::Pause;
use crate::model::entry::instant;
use crate::settings::Settings;
use crate::source::time;
use crate::view::resume::ResumeView;
use crate::view::{List, Moment};

fn state(settings: &Settings) -> Result<&std::path::Path, Failure> {
    settings.state_directory.as_deref().ok_or_else(|| {
        Failure::new(
            "there is no state directory, so nothing can be paused\nhint: give --state-directory",
        )
    })
}

/// Lets the daemon do it; `false`: none runs.
async fn told(settings: &Settings, what: &str) -> Result<bool, Failure> {
    let Some(daemon) = results::same_daemon(settings).await? else {
        return Ok(false);
    };
    match daemon.tell(what).await {
        Some(answer) => answer.map(|_| true).map_err(Failure::new),
        None => Ok(false),
    }
}

pub(super) async fn pause(context: &Context, until: Option<&str>) -> Outcome {
    let settings = context.settings(None)?;
    let zone = settings.defaults.timezone;
    let now = (crate::daemon::wall_clock())();
    let until = until.map(|until| time::instant(until, zone)).transpose();
    let until: Option<DateTime<Utc>> = until.map_err(super::change::wrong)?;
    if let Some(until) = until.filter(|until| *until <= now) {
        let until = text::local(until, zone);
        return Err(Failure::usage(format!(
            "`--until`: {until} is past\nhint: give a time to come"
        )));
    }
    let end = until.map_or_else(String::new, |until| format!("/{}", instant(until)));
    if !told(&settings, &format!("/v1/pause{end}")).await? {
        let (ledger, found) =
            opening::open(state(&settings)?, &settings.owner, Holder::Command).await?;
        let before = found.pause.filter(|pause| pause.holds(now));
        let since = before.map_or(now, |pause| pause.since);
        ledger.pause(Some(Pause { since, until })).await?;
        ledger.close().await;
    }
    let until_text = until.map_or_else(String::new, |until| {
        format!(" until {}", text::local(until, zone))
    });
    print(&format!(
        "paused{until_text}: nothing is started or stopped\n"
    ));
    // It holds whether or not this can be said.
    if let Ok(list) = results::ask::<List>(&settings, "/v1/list", Moment::list).await {
        let fires = list.entries.iter().filter(|entry| {
            let at = entry.at.parse::<DateTime<Utc>>().ok();
            entry.phase == "scheduled" && at.is_some_and(|at| until.is_none_or(|until| at <= until))
        });
        let number = fires.count();
        if number > 0 {
            print(&format!(
                "{number} scheduled at AWS{} all the same\n",
                if number == 1 { " fires" } else { " fire" }
            ));
        }
    }
    print("hint: `onced resume` ends it\n");
    Ok(exit::DONE)
}

pub(super) async fn resume(context: &Context, dry_run: bool) -> Outcome {
    let format = results::format(context, &[Format::Text, Format::Json])?;
    let settings = context.settings(None)?;
    state(&settings)?;
    let view: ResumeView = results::ask(&settings, "/v1/resume", Moment::resume).await?;
    let printed = match format {
        Format::Json => results::to_json(&view)?,
        _ => resume_text(&view, &settings),
    };
    print(&printed);
    if dry_run {
        return Ok(exit::DONE);
    }
    let told = told(&settings, "/v1/resume").await?;
    if !told && Ledger::paused(state(&settings)?)?.is_some() {
        let (ledger, _) =
            opening::open(state(&settings)?, &settings.owner, Holder::Command).await?;
        ledger.pause(None).await?;
        ledger.close().await;
    }
    if format == Format::Text && view.paused.is_some() {
        print("resumed\n");
    }
    Ok(exit::DONE)
}

fn resume_text(view: &ResumeView, settings: &Settings) -> String {
    let zone = settings.defaults.timezone;
    let local = |at: &str| {
        at.parse()
            .map_or_else(|_| at.to_owned(), |at| text::local(at, zone))
    };
    let Some(paused) = &view.paused else {
        return "nothing is paused\n".to_owned();
    };
    let rows: Vec<Vec<String>> = view
        .past_due
        .iter()
        .map(|due| vec![due.name.to_string(), local(&due.at), due.detail.clone()])
        .collect();
    let mut text = format!("paused since {}\n", local(&paused.since));
    if rows.is_empty() {
        text += "nothing came to its time meanwhile\n";
    } else {
        text += "came to their time meanwhile:\n";
        text += &text::table(&rows);
    }
    let _ = writeln!(
        text,
        "{} to start, {} to stop, {} to replace",
        view.starts, view.stops, view.replaces
    );
    text
}
