//! What the commands that change schedule files share: the folder, an entry's place, how a refusal and a change are
//! said. They need no owner, no ledger and no AWS. Never writes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Context, Failure, exit, text};
use crate::model::entry::{Entry, EntryName, instant};
use crate::model::plan::after;
use crate::model::zone::Zone;
use crate::settings::Offline;
use crate::source::edit::{File, Refused};
use crate::source::parse::{Defaults, parse};
use crate::source::problem::{FileReport, FileState, Problem};
use crate::source::replace::{Held, Trouble};
use crate::source::scan::{Scan, Scanner};
use crate::source::time::{self, Wrong};
use crate::source::words;
use crate::source::yaml;
use crate::view;

/// The schedule files, and what they get where they say nothing.
pub(super) struct Folder {
    pub(super) directory: PathBuf,
    pub(super) defaults: Defaults,
}

impl Folder {
    pub(super) fn of(context: &Context) -> Result<Self, Failure> {
        let Offline {
            directory,
            defaults,
            ..
        } = context.offline(None)?;
        let directory = directory.ok_or_else(|| {
            Failure::new("no directory is given\nhint: give --directory DIRECTORY")
        })?;
        Ok(Self {
            directory,
            defaults,
        })
    }

    pub(super) fn scan(&self) -> Scan {
        Scanner::new(self.directory.clone(), self.defaults.clone()).scan()
    }

    /// The one entry of this name, and what its file holds.
    pub(super) fn find(&self, name: &str) -> Result<(Arc<Entry>, Held), Failure> {
        let scan = self.scan();
        let known = EntryName::parse(name).ok();
        if let Some(entry) = known.as_ref().and_then(|name| scan.entries.get(name)) {
            let path = self.directory.join(&*entry.file);
            let held = Held::read(&self.directory, &path);
            let held = held.map_err(|why| trouble(&path.display(), why))?;
            return Ok((Arc::clone(entry), held));
        }
        if let Some(why) = known.and_then(|name| scan.mentions(&name, "")) {
            return Err(unclear(name, &why, &scan));
        }
        Err(unknown(name, scan.entries.keys()))
    }

    /// A name is free where no entry has it, every file could be read, and none that is invalid may have it.
    pub(super) fn is_free(&self, scan: &Scan, name: &EntryName) -> Result<(), Failure> {
        if let Some(entry) = scan.entries.get(name) {
            return Err(Failure::new(format!(
                "there is an entry `{name}` already, at `{}:{}`\nhint: take another name, or change it with `onced edit {}`",
                entry.file,
                entry.line(),
                text::typed(name.as_str())
            )));
        }
        let why = scan.unclear.clone().filter(|_| self.directory.exists());
        match why.or_else(|| scan.in_invalid(name)) {
            Some(why) => Err(unclear(name.as_str(), &why, scan)),
            None => Ok(()),
        }
    }

    /// How a file of the directory is called in what is said.
    pub(super) fn shown(&self, entry: &Entry) -> String {
        let path = self.directory.join(&*entry.file);
        format!("{}:{}", path.display(), entry.line())
    }

    /// A file of the directory, to be changed.
    pub(super) fn file<'a>(&'a self, name: &'a str, bytes: &'a [u8]) -> File<'a> {
        let defaults = &self.defaults;
        File {
            name,
            bytes,
            defaults,
        }
    }

    /// The entries of a file that is good.
    pub(super) fn entries(&self, name: &str, bytes: &[u8]) -> Result<Vec<Entry>, Failure> {
        let refused = |problems| refused(Path::new(name), Refused::Invalid(problems));
        parse(name, bytes, &self.defaults).map_err(refused)
    }
}

/// There is no such entry among these.
pub(super) fn unknown<'a>(name: &str, among: impl Iterator<Item = &'a EntryName>) -> Failure {
    let likeness = |known: &EntryName| strsim::jaro_winkler(known.as_str(), name);
    let near = among.map(|known| (likeness(known), known));
    let near = near.max_by(|a, b| a.0.total_cmp(&b.0));
    let near = near.filter(|(likeness, _)| *likeness > 0.75);
    let hint = near.map(|(_, near)| format!("\nhint: did you mean `{near}`?"));
    let hint = hint.unwrap_or_default();
    Failure::new(format!("there is no entry `{name}`{hint}"))
}

/// No file that is good has the entry, and another may.
pub(super) fn unclear(name: &str, why: &str, scan: &Scan) -> Failure {
    let invalid = |file: &&FileReport| file.state == FileState::Invalid;
    let files: Vec<FileReport> = scan.files.iter().filter(invalid).cloned().collect();
    let problems = text::problems(&view::files(&files), false);
    Failure {
        message: format!("whether there is an entry `{name}` is not sure: {why}\n\n{problems}")
            .trim_end()
            .to_owned(),
        code: if files.is_empty() {
            exit::FAILURE
        } else {
            exit::INVALID
        },
    }
}

/// Something that was typed and is wrong.
pub(super) fn wrong(wrong: Wrong) -> Failure {
    let help = hint(wrong.hint.as_deref());
    Failure::usage(wrong.message + &help)
}

fn hint(hint: Option<&str>) -> String {
    hint.map(|hint| format!("\nhint: {hint}"))
        .unwrap_or_default()
}

pub(super) fn trouble(path: &impl std::fmt::Display, (why, help): Trouble) -> Failure {
    Failure::new(format!("`{path}`: {why}{}", hint(help.as_deref())))
}

/// Why a change is not made.
pub(super) fn refused(path: &Path, refused: Refused) -> Failure {
    let path = path.display();
    match refused {
        Refused::WouldBe(problems) => {
            let first = problems.into_iter().next();
            let (message, help) = first
                .map(|first| (first.message, first.hint))
                .unwrap_or_default();
            Failure::usage(format!("{message}{}", hint(help.as_deref())))
        }
        Refused::Invalid(problems) => Failure {
            message: format!(
                "`{path}` is invalid, and was left as it is\n\n{}",
                shown(&path.to_string(), problems)
            ),
            code: exit::INVALID,
        },
        Refused::ByHand { line, why, hint } => Failure::new(format!(
            "`{path}:{line}` can't be changed safely: {why}\nhint: {hint}; `onced check` says whether it is good"
        )),
    }
}

/// All that is wrong with one file.
pub(super) fn shown(path: &str, errors: Vec<Problem>) -> String {
    let report = FileReport {
        path: path.to_owned(),
        state: FileState::Invalid,
        errors,
        version: None,
        ignored_by: None,
    };
    let text = text::problems(&view::files(&[report]), false);
    text.trim_end().to_owned()
}

/// The instant that was typed, as a time or as a length from now.
pub(super) fn when(
    at: Option<&str>,
    from_now: Option<&str>,
    zone: Zone,
) -> Result<Option<DateTime<Utc>>, Failure> {
    let now = (crate::daemon::wall_clock())();
    match (at, from_now) {
        (Some(at), _) => words::instant(at, zone, now).map(Some).map_err(wrong),
        (None, Some(length)) => {
            let length = time::duration(length).map_err(wrong)?;
            let now = chrono::SubsecRound::trunc_subsecs(now, 0);
            Ok(Some(after(now, length)))
        }
        (None, None) => Ok(None),
    }
}

/// An entry that comes too late would never run.
pub(super) fn still_to_come(entry: &Entry) -> Result<(), Failure> {
    let now = (crate::daemon::wall_clock())();
    if after(entry.at(), entry.grace) >= now {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "`{}` is past by more than the grace of {}: the entry would be missed, never run\nhint: give a time that is to come, or a longer --grace",
        instant(entry.at()),
        words::length(entry.grace)
    )))
}

/// Local time, UTC, and how far ahead.
pub(super) fn moment(at: DateTime<Utc>, zone: Zone) -> String {
    let now = (crate::daemon::wall_clock())();
    let far = text::relative(now, at);
    if zone == Zone::utc() {
        return format!("{} ({far})", instant(at));
    }
    format!("{} = {} ({far})", text::local(at, zone), instant(at))
}

/// A payload as it was typed.
pub(super) fn payload(typed: &str) -> Result<yaml::Value, Failure> {
    yaml::from_json(typed).map_err(|wrong| {
        let Wrong { message, hint } = wrong;
        let hint = hint.unwrap_or_else(|| "write --payload '{\"key\": 1}'".into());
        Failure::usage(format!("`--payload` is not JSON: {message}\nhint: {hint}"))
    })
}

/// What differs between two entries of one name, never what a payload is.
pub(super) fn differences(was: &Entry, is: &Entry, zone: Zone) -> Vec<String> {
    let mut all = Vec::new();
    let mut differ = |what: &str, was: &str, is: &str| {
        if was != is {
            all.push(format!("{what} {was} -> {is}"));
        }
    };
    let runs = |entry: &Entry| text::runs(entry.lambda.as_deref(), entry.state_machine());
    differ("runs", &runs(was), &runs(is));
    differ("grace", &words::length(was.grace), &words::length(is.grace));
    differ("enabled", &was.enabled.to_string(), &is.enabled.to_string());
    if was.at() != is.at() {
        all.insert(
            0,
            format!("at {} -> {}", instant(was.at()), moment(is.at(), zone)),
        );
    }
    if given(was) != given(is) {
        all.push("payload changed".to_owned());
    }
    all
}

/// The input without what onced adds.
fn given(entry: &Entry) -> Option<Value> {
    let mut input: Value = serde_json::from_str(entry.input()).ok()?;
    let object = input.as_object_mut()?;
    object.remove("invocationTime");
    if entry.lambda.is_some() {
        return object.remove("payload");
    }
    Some(input)
}
