//! A schedule file in a person's editor: a copy of it, which takes its place once it is good. Never touches the file
//! before that.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, IsTerminal};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::change::{self, Folder};
use super::{Context, Failure, Outcome, exit, print};
use crate::model::entry::{Entry, EntryName};
use crate::source::parse::parse;
use crate::source::replace::Held;

/// Without a terminal there is no editor.
pub(super) fn is_there() -> Result<(), Failure> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Failure::usage(
        "no change is given, and there is no terminal to open an editor on\nhint: give --at, --in, --timezone, --lambda, --payload, --description, --grace, --enable or --disable",
    ))
}

/// Opens the editor at the entry, and puts what comes of it in the file's place.
pub(super) fn open(context: &Context, folder: &Folder, entry: &Entry, held: &Held) -> Outcome {
    let path = folder.directory.join(&*entry.file);
    let cant = |error: io::Error| Failure::new(format!("can't make a copy to edit: {error}"));
    // A file of others is not for others to read.
    let place = tempfile::Builder::new()
        .prefix("onced-")
        .tempdir()
        .map_err(cant)?;
    let copy = place.path().join(path.file_name().unwrap_or_default());
    let mut file = fs::OpenOptions::new();
    let mut file = file
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&copy)
        .map_err(cant)?;
    io::Write::write_all(&mut file, &held.bytes).map_err(cant)?;
    let ran = run(context, &copy, entry.line());
    let new = fs::read(&copy).unwrap_or_else(|_| held.bytes.clone());
    if new == held.bytes {
        ran?;
        print(&format!("{}: nothing was changed\n", path.display()));
        return Ok(exit::DONE);
    }
    match ran.and_then(|()| take(folder, entry, held, &new)) {
        Ok(told) => {
            print(&told);
            Ok(exit::DONE)
        }
        Err(failure) => {
            let _ = TempDir::keep(place);
            Err(kept(&copy, &failure))
        }
    }
}

/// The failure, and where one's work is.
fn kept(copy: &Path, failure: &Failure) -> Failure {
    let message = format!(
        "{}\n\nthe file was left as it was\nhint: your copy is `{}`",
        failure.message,
        copy.display()
    );
    Failure {
        message,
        code: failure.code,
    }
}

/// Editors that take the line as `+LINE`. For others that may be one more file.
const TAKE_A_LINE: [&str; 9] = [
    "vi",
    "vim",
    "nvim",
    "view",
    "nano",
    "pico",
    "emacs",
    "emacsclient",
    "micro",
];

/// As git and crontab do: what the variable says may have arguments of its own.
fn run(context: &Context, copy: &Path, line: usize) -> Result<(), Failure> {
    let set = |name: &str| {
        context
            .environment
            .get(name)
            .filter(|value| !value.is_empty())
    };
    let editor = set("VISUAL")
        .or_else(|| set("EDITOR"))
        .map_or("vi", String::as_str);
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("{editor} \"$@\""))
        .arg(editor);
    let program = editor.split_whitespace().next().map(Path::new);
    let program = program.and_then(Path::file_name).and_then(OsStr::to_str);
    if program.is_some_and(|program| TAKE_A_LINE.contains(&program)) {
        command.arg(format!("+{line}"));
    }
    let status = command.arg(copy).status();
    let hint = "\nhint: set $VISUAL or $EDITOR to an editor that is there";
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(format!(
            "the editor `{editor}` failed: {status}{hint}"
        ))),
        Err(error) => Err(Failure::new(format!("can't run `{editor}`: {error}{hint}"))),
    }
}

/// Puts a good content in the file's place, and says what changed.
fn take(folder: &Folder, entry: &Entry, held: &Held, new: &[u8]) -> Result<String, Failure> {
    let path = folder.directory.join(&*entry.file);
    let invalid = |message: String| Failure {
        message,
        code: exit::INVALID,
    };
    let shown = path.display().to_string();
    let after = parse(&entry.file, new, &folder.defaults).map_err(|problems| {
        invalid(format!(
            "what you wrote is invalid\n\n{}",
            change::shown(&shown, problems)
        ))
    })?;
    let others = folder.scan();
    for is in &after {
        if let Some(other) = others
            .entries
            .get(&is.name)
            .filter(|other| other.file != entry.file)
        {
            return Err(invalid(format!(
                "`{}` is also the name of an entry at `{}:{}`",
                is.name,
                other.file,
                other.line()
            )));
        }
    }
    let before = folder.entries(&entry.file, &held.bytes)?;
    let was = |name: &EntryName| before.iter().any(|entry| entry.name == *name);
    for is in after.iter().filter(|is| !was(&is.name)) {
        folder.is_free(&others, &is.name)?;
    }
    held.put(new).map_err(|why| change::trouble(&shown, why))?;
    Ok(told(folder, (&before, &after), (new, &entry.file)))
}

/// A line for each entry that is not as it was.
fn told(
    folder: &Folder,
    (before, after): (&[Entry], &[Entry]),
    (new, file): (&[u8], &str),
) -> String {
    let named = |entries: &'_ [Entry]| -> BTreeMap<EntryName, Entry> {
        entries
            .iter()
            .map(|entry| (entry.name.clone(), entry.clone()))
            .collect()
    };
    let mut was = named(before);
    let mut lines = Vec::new();
    for is in after {
        let zone = folder.file(file, new).zone(is.name.as_str());
        let what = match was.remove(&is.name) {
            None => format!("is new and runs at {}", change::moment(is.at(), zone)),
            Some(was) => change::differences(&was, is, zone).join(", "),
        };
        if !what.is_empty() {
            lines.push(format!("{}: `{}` {what}\n", folder.shown(is), is.name));
        }
    }
    let gone = |(name, was)| format!("{}: `{name}` is removed\n", folder.shown(&was));
    lines.extend(was.into_iter().map(gone));
    if lines.is_empty() {
        let path = folder.directory.join(file);
        return format!("{}: written; every entry is as it was\n", path.display());
    }
    lines.concat()
}
