//! `onced show`: one entry in full, explained. Through the daemon where one runs, else from files and ledger.

use serde::Serialize;

use super::arguments::Format;
use super::{Context, Failure, Outcome, change, exit, history, list, print, results, text};
use crate::model::entry::instant;
use crate::model::record::Event;
use crate::settings::Settings;
use crate::view::explain::{Explanation, console_url, explain};
use crate::view::words::plain;
use crate::view::{EntryView, List, Moment};

/// How many of the last events are shown.
const LAST: usize = 5;

/// `onced show --format json`.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    entry: &'a EntryView,
    explanation: &'a str,
    next: &'a str,
    console_url: Option<String>,
}

/// `onced show`.
pub(super) async fn show(context: &Context, name: &str) -> Outcome {
    let format = results::format(context, &[Format::Text, Format::Json])?;
    let settings = context.settings(None)?;
    let list: List = results::ask(&settings, "/v1/list", Moment::list).await?;
    let mut entries = list.entries.iter();
    let Some(entry) = entries.find(|entry| entry.name.as_str() == name) else {
        if let Some(why) = &list.doubt {
            return Err(Failure::new(format!(
                "whether there is an entry `{name}` is not known now: {why}"
            )));
        }
        return Err(change::unknown(
            name,
            list.entries.iter().map(|entry| &entry.name),
        ));
    };
    let now = (crate::daemon::wall_clock())();
    let mut said = explain(entry, settings.defaults.timezone, now);
    if let (Some(why), Some(_), Some("Stop" | "Replace")) =
        (&list.guard, &entry.until, entry.step.as_deref())
    {
        // By then the guard may hold it with the others.
        said.next = format!(
            "{}; or not before `onced approve` lets it go, if the plan still {why}",
            said.next
        );
    }
    let console_url = console(entry, context, &settings).await;
    if format == Format::Json {
        print(&results::to_json(&Shown {
            entry,
            explanation: &said.why,
            next: &said.next,
            console_url,
        })?);
        return Ok(exit::DONE);
    }
    let events = results::all_events(&settings).await?;
    let events = events.iter().filter(|event| event.name == entry.name);
    let events: Vec<&Event> = events.collect();
    print(&list::other_rules(&list, &settings));
    print(&show_text(entry, &settings, said, console_url));
    print(&last(&events, &settings));
    Ok(exit::DONE)
}

/// AWS's console knows nothing of what runs elsewhere. The daemon knows best where that is.
async fn console(entry: &EntryView, context: &Context, settings: &Settings) -> Option<String> {
    let daemon = results::daemon(settings).await.ok().flatten();
    let is_aws = daemon.map_or_else(|| context.is_aws(settings), |daemon| daemon.about.is_aws);
    let arn = entry.execution_arn.as_deref().filter(|_| is_aws);
    arn.and_then(console_url)
}

fn outcome(entry: &EntryView) -> Option<String> {
    let outcome = entry.outcome.as_ref()?;
    let ended = outcome.ended.map(|at| format!(" at {}", instant(at)));
    let error = outcome.error.as_ref().map(|error| format!(": {error}"));
    Some(format!(
        "{}{}{}",
        outcome.status.as_str(),
        ended.unwrap_or_default(),
        error.unwrap_or_default()
    ))
}

fn show_text(
    entry: &EntryView,
    settings: &Settings,
    said: Explanation,
    console_url: Option<String>,
) -> String {
    let at = entry.time();
    let now = (crate::daemon::wall_clock())();
    let local = text::local(at, settings.defaults.timezone);
    let outcome_of = entry.outcome.as_ref();
    let fired = outcome_of.and_then(|outcome| outcome.fired).map(|fired| {
        let late = text::span((fired - at).num_milliseconds());
        format!("{} ({late} after its time)", instant(fired))
    });
    // What the explanation says already is not said again.
    let unsaid = |text: &Option<String>| {
        let text = text.clone();
        text.filter(|text| !said.why.contains(text) && !said.next.contains(text))
    };
    let through = entry
        .lambda
        .as_ref()
        .map(|_| entry.state_machine.to_string());
    let rows = [
        ("held", unsaid(&entry.held)),
        ("detail", unsaid(&entry.detail)),
        (
            "at",
            Some(format!(
                "{local} = {} ({})",
                entry.at,
                text::relative(now, at)
            )),
        ),
        (
            "description",
            entry.description.as_deref().map(str::to_owned),
        ),
        ("runs", Some(entry.runs())),
        ("through", through.filter(|machine| !machine.is_empty())),
        ("execution", entry.execution_arn.clone()),
        ("console", console_url),
        ("generation", entry.generation.map(|n| n.to_string())),
        ("outcome", outcome(entry)),
        ("fired", fired),
        (
            "cause",
            outcome_of.and_then(|outcome| outcome.cause.clone()),
        ),
        ("commit", entry.commit.as_deref().map(str::to_owned)),
        ("file", Some(entry.place())),
    ];
    let first = [
        ("entry", Some(entry.name.to_string())),
        ("phase", Some(entry.phase.clone())),
        ("why", Some(said.why)),
        ("next", Some(said.next)),
    ];
    let rows: Vec<Vec<String>> = first
        .into_iter()
        .chain(rows)
        .filter_map(|(key, value)| Some(vec![key.to_owned(), plain(&value?)]))
        .collect();
    text::table(&rows)
}

/// The last events of the entry.
fn last(events: &[&Event], settings: &Settings) -> String {
    if events.is_empty() {
        return String::new();
    }
    let from = events.len().saturating_sub(LAST);
    let rows = events[from..].iter().map(|event| {
        let mut row = history::row(event, settings.defaults.timezone);
        row[1] = String::new();
        row.swap(0, 1);
        row
    });
    let more = if from > 0 {
        format!(" (the last {LAST} of {})", events.len())
    } else {
        String::new()
    };
    format!("history{more}:\n{}", text::table(&rows.collect::<Vec<_>>()))
}
