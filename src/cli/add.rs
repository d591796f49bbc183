//! `onced add`: one more entry, in a schedule file of its own or behind those of another, whole or not at all. Never
//! overwrites a file.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::source::yaml::Value;

use super::arguments::Add;
use super::change::{self, Folder, wrong};
use super::{Context, Failure, Outcome, exit, print, text};
use crate::model::entry::EntryName;
use crate::model::zone::Zone;
use crate::source::edit::{self, Field, Refused};
use crate::source::ignore;
use crate::source::parse::parse;
use crate::source::replace::{self, Held};
use crate::source::scan::is_read;
use crate::source::{time, words};

/// Writes the entry.
pub(super) fn add(context: &Context, add: &Add) -> Outcome {
    let folder = Folder::of(context)?;
    let name = EntryName::parse(&add.name).map_err(Failure::usage)?;
    if add.name.starts_with("x-") {
        return Err(Failure::usage(
            "an entry whose name begins with `x-` would be passed over: such keys are the user's own\nhint: take another name",
        ));
    }
    let file = add.file.clone().unwrap_or_else(|| format!("{name}.yaml"));
    if add.file.is_none() && !is_read(OsStr::new(&file)) {
        return Err(Failure::usage(format!(
            "`{file}` is a name that no scan reads\nhint: say which file the entry is to be in with --file"
        )));
    }
    let path = folder.directory.join(&file);
    if let Some(by) = ignore::by(&folder.directory, Path::new(&file), &folder.defaults.ignore) {
        return Err(Failure::usage(format!(
            "`{}` would not be read: `{by}` leaves it out\nhint: name another with --file, or change that pattern",
            path.display()
        )));
    }
    let held = match &add.file {
        Some(_) => place(&folder, &path)?,
        None => None,
    };
    let bytes = held.as_ref().map_or(&b""[..], |held| &held.bytes);
    let zones = &folder.defaults.zones;
    let of_file = folder.file(&file, bytes).text(&["defaults", "timezone"]);
    let of_file = of_file.and_then(|zone| time::zone(&zone, zones).ok());
    let given = add.timezone.as_deref();
    let given = given.map(|zone| time::zone(zone, zones)).transpose();
    let zone = given.map_err(wrong)?.or(of_file);
    let zone = zone.unwrap_or(folder.defaults.timezone);
    let at = change::when(add.at.as_deref(), add.after.as_deref(), zone)?;
    let at = at.ok_or_else(|| Failure::usage("no time is given\nhint: give --at or --in"))?;
    let payload = add.payload.as_deref().map(change::payload).transpose()?;
    let named = (zone != Zone::utc() && of_file != Some(zone)).then(|| zone.name());
    let text = |text: &str| Value::from(text);
    let fields: [(&'static str, Option<Value>); 6] = [
        ("description", add.description.as_deref().map(text)),
        ("at", Some(text(&words::spelled(at, zone)))),
        ("timezone", named.map(text)),
        ("lambda", Some(text(&add.lambda))),
        ("payload", payload),
        ("grace", add.grace.as_deref().map(text)),
    ];
    let fields = fields
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    let fields: Vec<Field> = fields.collect();
    let before = held.as_ref().map_or(edit::EMPTY, |held| &held.bytes);
    let new = folder.file(&file, before).insert(name.as_str(), &fields);
    let refused = |why| change::refused(&path, why);
    folder.is_free(&folder.scan(), &name)?;
    let new = new.map_err(refused)?;
    let entries = parse(&file, &new, &folder.defaults);
    let entries = entries.map_err(|problems| refused(Refused::WouldBe(problems)))?;
    let entry = entries.into_iter().find(|entry| entry.name == name);
    let entry = entry.ok_or_else(|| Failure::new("the entry was not written"))?;
    change::still_to_come(&entry)?;
    match held {
        Some(held) => held
            .put(&new)
            .map_err(|why| change::trouble(&path.display(), why))?,
        None => replace::create(&path, &new).map_err(|error| exists(&path, &file, &error))?,
    }
    print(&format!(
        "{}:{}: `{name}` runs {} at {}\n",
        path.display(),
        entry.line(),
        text::runs(entry.lambda.as_deref(), entry.state_machine()),
        change::moment(entry.at(), zone)
    ));
    Ok(exit::DONE)
}

fn exists(path: &Path, file: &str, error: &std::io::Error) -> Failure {
    let hint = if error.kind() == std::io::ErrorKind::AlreadyExists {
        format!("\nhint: to put the entry into that file: --file {file}")
    } else {
        String::new()
    };
    Failure::new(format!("can't write `{}`: {error}{hint}", path.display()))
}

/// What `--file` holds; `None`: there is no such file yet.
fn place(folder: &Folder, path: &Path) -> Result<Option<Held>, Failure> {
    let outside = |why: &str| {
        Failure::usage(format!(
            "`{}` {why}\nhint: --file is a path within the directory of schedule files, such as `campaigns/launch.yaml`",
            path.display()
        ))
    };
    let parent = path.parent().unwrap_or(&folder.directory);
    let real = |path: &Path| fs::canonicalize(path).ok();
    let (Some(root), Some(parent)) = (real(&folder.directory), real(parent)) else {
        return Err(outside("is in no directory that is there"));
    };
    let Ok(below) = parent.strip_prefix(&root) else {
        return Err(outside("is not within the directory"));
    };
    let all: PathBuf = below.join(path.file_name().unwrap_or_default());
    let known = ["yaml", "yml"].map(|ending| all.extension().is_some_and(|own| own == ending));
    if !known.contains(&true) || !all.iter().all(is_read) {
        return Err(outside("is a name that no scan reads"));
    }
    if fs::symlink_metadata(path).is_err() {
        return Ok(None);
    }
    let held = Held::read(&folder.directory, path);
    held.map(Some)
        .map_err(|why| change::trouble(&path.display(), why))
}
