//! Files that are only looked at, for `onced check`. Blocks on the disk; never writes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::conflict;
use super::problem::{file_report, note_twice, of_the_whole};
use super::read::{Trust, read};
use super::scan::Scanner;
use crate::model::entry::{Entry, EntryName};
use crate::model::marks::MarkedPlaces;
use crate::source::parse::{self, Defaults, parse};
use crate::source::problem::FileReport;

/// What was looked at.
#[derive(Debug, Default)]
pub struct Checked {
    /// What is said of each file.
    pub files: Vec<FileReport>,
    /// The entries of good files, each with the place of its file.
    pub entries: Vec<(usize, Arc<Entry>)>,
    /// Where their payloads have something that had better be looked at, if it can still be found.
    pub marked: MarkedPlaces,
}

/// Files and directories named one by one: one set, in which a name is unique. A file that is named is checked although it
/// is ignored. In a directory below the watched one counts what is ignored there.
pub fn check(paths: &[PathBuf], defaults: &Defaults, watched: Option<&Path>) -> Checked {
    let mut good: Vec<(usize, Arc<Entry>)> = Vec::new();
    let mut reports: Vec<FileReport> = Vec::new();
    let mut entries: BTreeMap<EntryName, Vec<(usize, usize)>> = BTreeMap::new();
    let mut seen: Vec<PathBuf> = Vec::new();
    for path in paths {
        let shown = path.display().to_string();
        let resolved = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        if seen.iter().any(|before| resolved.starts_with(before)) {
            continue;
        }
        seen.push(resolved);
        if path.is_dir() {
            let scan = Scanner::new(path.clone(), defaults.clone())
                .trusting()
                .within(watched.map(Path::to_owned))
                .scan();
            let first = reports.len();
            let mut at: HashMap<&str, usize> = HashMap::new();
            for report in scan.files.iter() {
                at.insert(&report.path, reports.len());
                let ignored_by = report.ignored_by.clone();
                reports.push(FileReport {
                    path: below(&shown, &report.path),
                    ignored_by: ignored_by.map(|by| by.seen_from(|path| below(&shown, path))),
                    ..report.clone()
                });
            }
            for entry in scan.entries.values() {
                let place = at.get(&*entry.file).copied().unwrap_or(first);
                let places = entries.entry(entry.name.clone()).or_default();
                places.push((place, entry.line()));
                good.push((place, Arc::clone(entry)));
            }
            // Where a file is to blame, its own report says so.
            if let Some(message) = scan.unclear.filter(|_| scan.unclear_file.is_none()) {
                reports.push(file_report(shown, vec![of_the_whole(message, None)]));
            }
            continue;
        }
        let errors = match read(path, 0, Trust::Anybody).map(|(bytes, _)| {
            let text = || String::from_utf8_lossy(&bytes);
            // By the name that an ignore file would call it.
            let parsed = parse(&inside(path, watched), &bytes, defaults);
            parsed.map_err(|errors| conflict::line(&text()).map_or(errors, conflict::problem))
        }) {
            Ok(Ok(found)) => {
                for entry in found {
                    let place = (reports.len(), entry.line());
                    let places = entries.entry(entry.name.clone()).or_default();
                    places.push(place);
                    good.push((reports.len(), Arc::new(entry)));
                }
                Vec::new()
            }
            Ok(Err(errors)) => errors,
            Err(unread) => vec![unread.problem()],
        };
        reports.push(file_report(shown, errors));
    }
    for (name, places) in entries.iter().filter(|(_, places)| places.len() > 1) {
        note_twice(name, places, &mut reports);
    }
    let marked = marked(&reports, &good, defaults);
    Checked {
        files: reports,
        entries: good,
        marked,
    }
}

/// Looks again at the files with payloads that have marks: where they stand is not kept with each entry.
fn marked(
    reports: &[FileReport],
    entries: &[(usize, Arc<Entry>)],
    defaults: &Defaults,
) -> MarkedPlaces {
    let has_marks = entries.iter().filter(|(_, entry)| !entry.marks.is_none());
    let files: BTreeSet<usize> = has_marks.map(|(file, _)| *file).collect();
    let mut places = MarkedPlaces::new();
    for file in files {
        let path = Path::new(&reports[file].path);
        if let Ok((bytes, _)) = read(path, 0, Trust::Anybody) {
            let found = parse::marked(&reports[file].path, &bytes, defaults).into_iter();
            places.extend(found.map(|(name, places)| ((file, name), places)));
        }
    }
    places
}

/// What lies in a directory that was named, as it is called then.
fn below(directory: &str, path: &str) -> String {
    format!("{}/{path}", directory.trim_end_matches('/'))
}

/// The path of a file below the watched directory; elsewhere, its name alone.
fn inside(path: &Path, watched: Option<&Path>) -> String {
    let resolved = |path: &Path| fs::canonicalize(path).ok();
    let watched = watched.and_then(resolved);
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let parent = resolved(parent.unwrap_or(Path::new(".")));
    let below = watched.zip(parent).and_then(|(watched, parent)| {
        let below = parent.strip_prefix(watched).ok()?;
        Some(below.to_owned())
    });
    let name = path.file_name().unwrap_or_default();
    below.unwrap_or_default().join(name).display().to_string()
}
