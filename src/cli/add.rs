//! `onced add`: writes a schedule file with one entry, whole or not at all. Never overwrites a file.

use std::io::Write;
use std::path::Path;

use chrono::SubsecRound;
use serde_json::Value;

use super::arguments::Add;
use super::{Context, Failure, Outcome, exit, print};
use crate::model::entry::{EntryName, instant};
use crate::model::plan::after;
use crate::settings::Offline;
use crate::source::parse::parse;
use crate::source::scan::Scanner;
use crate::source::time::{self, Wrong};

pub(super) fn wrong(wrong: Wrong) -> Failure {
    let hint = wrong
        .hint
        .map(|hint| format!("\nhint: {hint}"))
        .unwrap_or_default();
    Failure::usage(format!("{}{hint}", wrong.message))
}

/// Writes `NAME.yaml` into the directory.
pub(super) fn add(context: &Context, add: &Add) -> Outcome {
    // Writing a file needs no owner and no AWS.
    let Offline {
        directory,
        defaults,
        ..
    } = context.offline(None)?;
    let directory = directory
        .ok_or_else(|| Failure::new("no directory is given\nhint: give --directory DIRECTORY"))?;
    let name = EntryName::parse(&add.name).map_err(Failure::usage)?;
    if add.name.starts_with("x-") {
        return Err(Failure::usage(
            "an entry whose name begins with `x-` would be passed over: such keys are the user's own\nhint: take another name",
        ));
    }
    let zone = add
        .timezone
        .as_deref()
        .map_or(Ok(defaults.timezone), time::zone)
        .map_err(wrong)?;
    let now = (crate::daemon::wall_clock())();
    let at = match (&add.at, &add.after) {
        (Some(at), _) => time::instant(at, zone).map_err(wrong)?,
        (None, Some(length)) => after(now.trunc_subsecs(0), time::duration(length).map_err(wrong)?),
        (None, None) => return Err(Failure::usage("no time is given\nhint: give --at or --in")),
    };
    let payload = add
        .payload
        .as_deref()
        .map(serde_json::from_str::<Value>)
        .transpose();
    let payload = payload.map_err(|_| {
        Failure::usage("`--payload` is no JSON\nhint: write --payload '{\"key\": 1}'")
    })?;
    let mut text = format!(
        "schedules:\n  {name}:\n    at: {}\n    lambda: {}\n",
        instant(at),
        quoted(&add.lambda)
    );
    if let Some(payload) = payload {
        text = format!("{text}    payload: {payload}\n");
    }
    let path = directory.join(format!("{name}.yaml"));
    if let Err(problems) = parse(&path.display().to_string(), text.as_bytes(), &defaults) {
        let first = problems
            .first()
            .map(|problem| problem.message.clone())
            .unwrap_or_default();
        return Err(Failure::usage(first));
    }
    let taken = Scanner::new(directory.clone(), defaults).scan();
    if let Some(entry) = taken.entries.get(&name) {
        let place = format!("{}:{}", entry.file, entry.line);
        return Err(Failure::new(format!(
            "there is an entry `{name}` already, at `{place}`\nhint: take another name"
        )));
    }
    write(&directory, &path, &text)
        .map_err(|error| Failure::new(format!("can't write `{}`: {error}", path.display())))?;
    print(&format!(
        "{} runs {} at {}\n",
        path.display(),
        add.lambda,
        instant(at)
    ));
    Ok(exit::DONE)
}

/// A JSON text is a YAML text.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// First whole beside its place, under a name that no scan reads, then there in one step.
fn write(directory: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix(".onced-")
        .tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(readable)?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}
