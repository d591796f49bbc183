//! `onced edit`: changes an entry where it stands, by flags or in an editor. Never touches another line by itself.

use crate::source::yaml::Value;
use chrono::{DateTime, Utc};

use super::arguments::Edit;
use super::change::{self, Folder, wrong};
use super::{Context, Failure, Outcome, editor, exit, print};
use crate::model::entry::{Entry, instant};
use crate::model::zone::Zone;
use crate::source::edit::{Field, File};
use crate::source::time::written::{self, Reference};
use crate::source::{time, words};

/// Changes the entry.
pub(super) fn edit(context: &Context, edit: &Edit) -> Outcome {
    let name = edit.name.as_str();
    let folder = Folder::of(context)?;
    if edit.says_nothing() {
        editor::is_there()?;
    }
    let (entry, held) = folder.find(name)?;
    if edit.says_nothing() {
        return editor::open(context, &folder, &entry, &held);
    }
    let path = folder.directory.join(&*entry.file);
    let file = folder.file(&entry.file, &held.bytes);
    let zones = &folder.defaults.zones;
    let zone = edit.timezone.as_deref();
    let zone = zone.map(|zone| time::zone(zone, zones)).transpose();
    let zone = zone.map_err(wrong)?;
    let fields = fields(edit, &file, &entry, zone)?;
    let new = file
        .set(name, &fields)
        .map_err(|why| change::refused(&path, why))?;
    if new == held.bytes {
        print(&format!(
            "{}: `{name}` is so already\n",
            folder.shown(&entry)
        ));
        return Ok(exit::DONE);
    }
    let entries = folder.entries(&entry.file, &new)?;
    let is = entries.into_iter().find(|other| other.name == entry.name);
    let is = is.ok_or_else(|| Failure::new("the entry was not changed"))?;
    let starts = (is.at(), is.enabled, is.grace) != (entry.at(), entry.enabled, entry.grace);
    if is.enabled && starts {
        change::still_to_come(&is)?;
    }
    held.put(&new)
        .map_err(|why| change::trouble(&path.display(), why))?;
    let zone = zone.unwrap_or_else(|| file.zone(name));
    let mut told = change::differences(&entry, &is, zone);
    if edit.description.is_some() {
        told.push("description changed".to_owned());
    }
    if told.is_empty() {
        told.push("the same is said in other words".to_owned());
    }
    print(&format!(
        "{}: `{name}` {}\n",
        folder.shown(&is),
        told.join(", ")
    ));
    Ok(exit::DONE)
}

/// What was typed, as keys and values.
fn fields(
    edit: &Edit,
    file: &File<'_>,
    entry: &Entry,
    zone: Option<Zone>,
) -> Result<Vec<Field>, Failure> {
    let name = entry.name.as_str();
    let at = change::when(
        edit.at.as_deref(),
        edit.after.as_deref(),
        zone.unwrap_or_else(|| file.zone(name)),
    )?;
    let was = file.text(&["schedules", name, "at"]).unwrap_or_default();
    if zone.is_some() && at.is_none() && !time::is_local(&was) {
        return Err(Failure::usage(
            "the entry's time says its own offset: another time zone changes nothing\nhint: give --at too",
        ));
    }
    let at = at.map(|at| match zone {
        Some(zone) => words::spelled(at, zone),
        None => like(at, &was, file.zone(name)),
    });
    let runs_lambda = entry.lambda.is_some() || edit.lambda.is_some();
    let payload = edit.payload.as_deref().map(change::payload).transpose()?;
    let text = |text: Option<&str>| text.map(Value::from);
    let enabled = (edit.enable || edit.disable).then_some(edit.enable);
    let fields: [(&'static str, Option<Value>); 7] = [
        ("description", text(edit.description.as_deref())),
        ("at", text(at.as_deref())),
        ("timezone", text(zone.map(Zone::name))),
        ("lambda", text(edit.lambda.as_deref())),
        (if runs_lambda { "payload" } else { "input" }, payload),
        ("grace", text(edit.grace.as_deref())),
        (
            "enabled",
            enabled
                .filter(|enabled| *enabled != entry.enabled)
                .map(Value::Bool),
        ),
    ];
    let fields = fields
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    Ok(fields.collect())
}

/// An instant written as the time before it was.
fn like(at: DateTime<Utc>, was: &str, zone: Zone) -> String {
    match written::read(was).map(|written| written.reference) {
        Ok(Reference::Utc) => instant(at),
        Ok(Reference::Offset(_)) => {
            let at = at.with_timezone(&zone);
            at.format("%Y-%m-%dT%H:%M:%S%:z").to_string()
        }
        _ => words::spelled(at, zone),
    }
}
