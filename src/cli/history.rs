//! `onced history`: what happened. Through the daemon where one runs, else from the ledger.

use super::arguments::Format;
use super::{Context, Failure, Outcome, change, exit, print, results, text};
use crate::model::entry::EntryName;
use crate::model::record::Event;
use crate::model::zone::Zone;
use crate::view::{List, Moment};

/// `onced history`.
pub(super) async fn history(context: &Context, name: Option<String>) -> Outcome {
    let format = results::format(context, &[Format::Text, Format::Json])?;
    let settings = context.settings(None)?;
    let name = name.as_deref().map(EntryName::parse).transpose();
    let name = name.map_err(Failure::usage)?;
    let mut events = results::all_events(&settings).await?;
    if let Some(name) = &name
        && !events.iter().any(|event| event.name == *name)
    {
        let list: List = results::ask(&settings, "/v1/list", Moment::list).await?;
        let known: Vec<&EntryName> = list.entries.iter().map(|entry| &entry.name).collect();
        if !known.contains(&name) {
            let past = events.iter().map(|event| &event.name);
            return Err(change::unknown(
                name.as_str(),
                known.into_iter().chain(past),
            ));
        }
    }
    events.retain(|event| name.as_ref().is_none_or(|name| event.name == *name));
    if format == Format::Json {
        let owner = settings.owner.as_str();
        let history = serde_json::json!({"version": 1, "owner": owner, "events": events});
        print(&results::to_json(&history)?);
        return Ok(exit::DONE);
    }
    let rows = events
        .iter()
        .map(|event| row(event, settings.defaults.timezone));
    print(&text::table(&rows.collect::<Vec<_>>()));
    Ok(exit::DONE)
}

/// An event as a row.
pub(super) fn row(event: &Event, zone: Zone) -> Vec<String> {
    let late = event.late_ms.map(|ms| format!("{} late", text::span(ms)));
    let all: Vec<String> = late.into_iter().chain(event.detail.clone()).collect();
    vec![
        text::local(event.time, zone),
        event.name.to_string(),
        event.event.clone(),
        format!("for {}", text::local(event.at, zone)),
        all.join("  "),
    ]
}
