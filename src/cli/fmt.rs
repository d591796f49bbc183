//! `onced fmt`: brings schedule files into their form. Never changes what one asks for, nor a comment.

use std::path::{Path, PathBuf};

use super::{Context, Failure, Outcome, change, exit, print, text};
use crate::settings::Offline;
use crate::source::edit::File;
use crate::source::parse::Defaults;
use crate::source::problem::{FileReport, FileState};
use crate::source::replace::Held;
use crate::source::scan::Scanner;
use crate::view;

/// How many files are what.
#[derive(Default)]
struct Count {
    changed: usize,
    good: usize,
    invalid: usize,
    failed: usize,
}

/// Formats the files, or says which are not in their form.
pub(super) fn fmt(context: &Context, check: bool, paths: &[PathBuf]) -> Outcome {
    let Offline {
        directory,
        defaults,
        ..
    } = context.offline(None)?;
    let paths = if paths.is_empty() {
        let none = "no path is given\nhint: name files or directories, or give --directory";
        vec![directory.clone().ok_or_else(|| Failure::new(none))?]
    } else {
        paths.to_vec()
    };
    let mut count = Count::default();
    for path in &paths {
        if !path.exists() {
            return Err(Failure::new(format!("`{}` is not there", path.display())));
        }
        if path.is_dir() {
            let scanner = Scanner::new(path.clone(), defaults.clone());
            let scanner = scanner.trusting().within(directory.clone());
            all(scanner, &defaults, check, &mut count)?;
        } else {
            let root = path.parent().filter(|root| !root.as_os_str().is_empty());
            one(
                (root.unwrap_or(Path::new(".")), path),
                &defaults,
                check,
                &mut count,
            );
        }
    }
    let done = if check {
        "to be formatted"
    } else {
        "formatted"
    };
    let failed = match count.failed {
        0 => String::new(),
        failed => format!(", {failed} left as they are"),
    };
    print(&format!(
        "{} {done}, {} good already, {} invalid{failed}\n",
        count.changed, count.good, count.invalid
    ));
    Ok(if count.invalid > 0 {
        exit::INVALID
    } else if count.failed > 0 || (check && count.changed > 0) {
        exit::FAILURE
    } else {
        exit::DONE
    })
}

/// All files of a directory.
fn all(
    mut scanner: Scanner,
    defaults: &Defaults,
    check: bool,
    count: &mut Count,
) -> Result<(), Failure> {
    let scan = scanner.scan();
    let directory = scanner.directory();
    for file in scan.files.iter() {
        let path = directory.join(&file.path);
        match file.state {
            FileState::Ok => one((directory, &path), defaults, check, count),
            FileState::Invalid => {
                count.invalid += 1;
                let file = FileReport {
                    path: path.display().to_string(),
                    ..file.clone()
                };
                print(&text::problems(&view::files(&[file]), false));
            }
            FileState::Ignored => {}
        }
    }
    scan.unclear.map_or(Ok(()), |why| Err(Failure::new(why)))
}

fn one((root, path): (&Path, &Path), defaults: &Defaults, check: bool, count: &mut Count) {
    let name = path.display().to_string();
    match form(root, path, &name, defaults, check) {
        Ok(true) => {
            count.changed += 1;
            let done = if check { "would format" } else { "formatted" };
            print(&format!("{done} {name}\n"));
        }
        Ok(false) => count.good += 1,
        Err(failure) => {
            if failure.code == exit::INVALID {
                count.invalid += 1;
            } else {
                count.failed += 1;
            }
            print(&format!("error: {}\n\n", failure.message));
        }
    }
}

/// Was it in another form?
fn form(
    root: &Path,
    path: &Path,
    name: &str,
    defaults: &Defaults,
    check: bool,
) -> Result<bool, Failure> {
    let trouble = |why| change::trouble(&name, why);
    let held = Held::read(root, path).map_err(trouble)?;
    let file = File {
        name,
        bytes: &held.bytes,
        defaults,
    };
    let formatted = file.format();
    let formatted = formatted.map_err(|why| change::refused(path, why))?;
    let changed = formatted != held.bytes;
    if changed && !check {
        held.put(&formatted).map_err(trouble)?;
    }
    Ok(changed)
}
