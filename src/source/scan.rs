//! The scan: every schedule file below the directory, read whole or reported. Blocks on the disk; never writes.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::model::entry::{Entry, EntryName};
use crate::source::git::{self, Busy, Tree};
use crate::source::parse::{Defaults, parse};
use crate::source::problem::{FileReport, FileState, Problem};

/// The most bytes a schedule file may have.
const MAX_BYTES: u64 = 8 * 1024 * 1024;
/// How many directories deep a scan goes.
const MAX_DEPTH: usize = 32;
const LEFTOVERS: &[&str] = &[
    "~", ".swp", ".tmp", ".bak", ".orig", ".rej", ".rpmsave", ".rpmnew",
];

/// What the schedule files ask for at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// What is asked for, by the files that are good.
    pub entries: BTreeMap<EntryName, Entry>,
    /// Each file, by path.
    pub files: Vec<FileReport>,
    /// Why this scan proves no absence at all.
    pub unclear: Option<String>,
    /// The device that the directory lies on, and its number there.
    pub identity: Option<(u64, u64)>,
    /// The git work tree that the directory lies in.
    pub git: Option<Tree>,
}

impl Scan {
    /// Why an entry that is not among `entries` may still be wanted; `None`: it is gone.
    pub fn mentions(&self, name: &EntryName, recorded_file: &str) -> Option<String> {
        if let Some(why) = self.doubt() {
            return Some(why);
        }
        let invalid = self
            .files
            .iter()
            .filter(|file| file.state == FileState::Invalid);
        for file in invalid {
            let path = &file.path;
            match &file.text {
                _ if path == recorded_file => {
                    return Some(format!("`{path}`, where it was, is invalid"));
                }
                None => return Some(format!("`{path}` can't be read, and may mention it")),
                Some(text) if has_word(text, name.as_str()) => {
                    return Some(format!("`{path}` is invalid, and mentions it"));
                }
                Some(_) => {}
            }
        }
        None
    }

    /// Why this scan proves no absence at all: it could not see everything, or git is at work.
    pub fn doubt(&self) -> Option<String> {
        let busy = self.git.as_ref().and_then(|git| git.busy.as_ref());
        self.unclear.clone().or_else(|| busy.map(Busy::why))
    }

    /// Is any file invalid?
    pub fn has_problems(&self) -> bool {
        self.files
            .iter()
            .any(|file| file.state == FileState::Invalid)
    }
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
        .any(|found| found == word)
}

type Parsed = Result<Vec<Entry>, Vec<Problem>>;

/// Scans one directory again and again; a file whose content is the same is not parsed again.
#[derive(Debug)]
pub struct Scanner {
    directory: PathBuf,
    defaults: Defaults,
    cache: BTreeMap<String, ([u8; 32], Parsed)>,
}

/// A file that a walk found, and its name in reports.
struct Found {
    path: PathBuf,
    shown: String,
    /// It is a link, or lies in a directory that is one: where it leads must be seen first.
    linked: bool,
}

#[derive(Default)]
struct Walk {
    found: Vec<Found>,
    ignored: Vec<String>,
    unclear: Option<String>,
}

impl Scanner {
    /// A scanner of a directory, which may be relative or a link, and may not be there yet.
    pub fn new(directory: PathBuf, defaults: Defaults) -> Self {
        Self {
            directory,
            defaults,
            cache: BTreeMap::new(),
        }
    }

    /// The directory, as given.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// One scan. The directory is resolved anew.
    pub fn scan(&mut self) -> Scan {
        let mut scan = Scan::default();
        let resolved =
            fs::canonicalize(&self.directory).and_then(|root| Ok((fs::metadata(&root)?, root)));
        let root = match resolved {
            Ok((metadata, root)) if metadata.is_dir() => {
                scan.identity = Some((metadata.dev(), metadata.ino()));
                root
            }
            Ok(_) => {
                return Scan {
                    unclear: Some(format!("`{}` is no directory", self.directory.display())),
                    ..scan
                };
            }
            Err(error) => {
                let unclear = Some(format!(
                    "the directory `{}` can't be read: {error}",
                    self.directory.display()
                ));
                return Scan { unclear, ..scan };
            }
        };
        let before = git::look(&root);
        let mut walk = Walk::default();
        walk.directory(&root, &root, "", (0, false));
        scan.unclear = walk.unclear;
        let mut cache = std::mem::take(&mut self.cache);
        let mut owners: BTreeMap<EntryName, Vec<(usize, usize)>> = BTreeMap::new();
        let mut parsed: Vec<(FileReport, Vec<Entry>)> = Vec::new();
        for found in walk.found {
            let (report, entries) = self.file(&root, found, &mut cache);
            for entry in &entries {
                owners
                    .entry(entry.name.clone())
                    .or_default()
                    .push((parsed.len(), entry.line));
            }
            parsed.push((report, entries));
        }
        for (name, places) in owners.iter().filter(|(_, places)| places.len() > 1) {
            for (n, (file, line)) in places.iter().enumerate() {
                let (other, other_line) = places[usize::from(n == 0)];
                let other = format!("{}:{other_line}", parsed[other].0.path);
                parsed[*file].0.errors.push(twice(name, *line, &other));
                parsed[*file].0.state = FileState::Invalid;
            }
        }
        for (mut report, entries) in parsed {
            if report.state == FileState::Ok {
                report.text = None;
                scan.entries
                    .extend(entries.into_iter().map(|entry| (entry.name.clone(), entry)));
            }
            scan.files.push(report);
        }
        let ignored = walk.ignored.into_iter().map(|path| FileReport {
            path,
            state: FileState::Ignored,
            errors: Vec::new(),
            text: None,
        });
        scan.files.extend(ignored);
        scan.files.sort_by(|a, b| a.path.cmp(&b.path));
        scan.git = git::look(&root).map(|tree| tree.since(before));
        scan
    }

    fn file(
        &mut self,
        root: &Path,
        found: Found,
        cache: &mut BTreeMap<String, ([u8; 32], Parsed)>,
    ) -> (FileReport, Vec<Entry>) {
        let path = found.shown;
        let invalid = |errors, text| FileReport {
            path: path.clone(),
            state: FileState::Invalid,
            errors,
            text,
        };
        let whole = |message: String, hint: Option<String>| {
            vec![Problem {
                line: 1,
                column: 1,
                message,
                hint,
                shown: None,
            }]
        };
        let read = if found.linked {
            read_inside(root, &found.path)
        } else {
            // A link that was put in its place meanwhile is not followed.
            read(&found.path, libc::O_NOFOLLOW)
        };
        let bytes = match read {
            Ok(bytes) => bytes,
            Err((message, hint)) => return (invalid(whole(message, hint), None), Vec::new()),
        };
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        let result = match cache.remove(&path) {
            Some((known, result)) if known == digest => result,
            _ => parse(&path, &bytes, &self.defaults),
        };
        self.cache.insert(path.clone(), (digest, result.clone()));
        // In UTF-16, NULs stand between the letters of a name.
        let text = Some(String::from_utf8_lossy(&bytes).replace('\0', ""));
        match result {
            Ok(entries) => (
                FileReport {
                    path,
                    state: FileState::Ok,
                    errors: Vec::new(),
                    text,
                },
                entries,
            ),
            Err(errors) => (invalid(errors, text), Vec::new()),
        }
    }
}

impl Walk {
    /// Directories are walked by name, so that a scan of the same tree always says the same.
    fn directory(
        &mut self,
        root: &Path,
        directory: &Path,
        shown: &str,
        (depth, linked): (usize, bool),
    ) {
        let listed = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut items = match listed {
            Ok(items) if depth <= MAX_DEPTH => items,
            Ok(_) => {
                return self.doubt(format!(
                    "`{shown}` is more than {MAX_DEPTH} directories deep"
                ));
            }
            Err(error) => {
                return self.doubt(format!(
                    "the directory `{}` can't be read: {error}",
                    directory.display()
                ));
            }
        };
        items.sort_by_key(std::fs::DirEntry::file_name);
        for item in items {
            let name = item.file_name();
            let text = name.to_string_lossy();
            if text.starts_with('.') {
                continue;
            }
            let leftover =
                LEFTOVERS.iter().any(|ending| text.ends_with(ending)) || text.contains(".dpkg-");
            let shown = if shown.is_empty() {
                escaped(&name)
            } else {
                format!("{shown}/{}", escaped(&name))
            };
            let path = item.path();
            let kind = match item.file_type() {
                Ok(kind) => kind,
                Err(error) => return self.doubt(format!("`{shown}` can't be looked at: {error}")),
            };
            let linked_directory =
                kind.is_symlink() && fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir());
            if leftover && (kind.is_dir() || linked_directory) {
                self.ignored.push(shown);
            } else if kind.is_dir() || linked_directory {
                match fs::canonicalize(&path) {
                    // A link to a directory above would be walked for ever, one to outside is not ours to read.
                    Ok(target)
                        if linked_directory
                            && (!target.starts_with(root) || path.starts_with(&target)) =>
                    {
                        self.doubt(format!(
                            "the link `{shown}` leads out of the directory, or back up"
                        ));
                    }
                    Ok(_) => {
                        let below = (depth + 1, linked || linked_directory);
                        self.directory(root, &path, &shown, below);
                    }
                    Err(error) => self.doubt(format!("`{shown}` can't be looked at: {error}")),
                }
            } else if text.ends_with(".yaml") || text.ends_with(".yml") {
                let linked = linked || !kind.is_file();
                self.found.push(Found {
                    path,
                    shown,
                    linked,
                });
            } else if leftover && (text.contains(".yaml") || text.contains(".yml")) {
                self.ignored.push(shown);
            }
        }
    }

    fn doubt(&mut self, why: String) {
        self.unclear.get_or_insert(why);
    }
}

/// A file's name as one line of plain text.
fn escaped(name: &std::ffi::OsStr) -> String {
    match name.to_str() {
        Some(name) if name.chars().any(char::is_control) => name.escape_debug().to_string(),
        Some(name) => name.to_owned(),
        None => name.as_encoded_bytes().escape_ascii().to_string(),
    }
}

type Refusal = (String, Option<String>);

/// Reads a file that lies, once resolved, inside the directory.
fn read_inside(root: &Path, path: &Path) -> Result<Vec<u8>, Refusal> {
    let target = fs::canonicalize(path)
        .map_err(|error| (format!("the file can't be read: {error}"), None))?;
    if !target.starts_with(root) {
        return Err((
            "the link leads out of the directory".into(),
            Some("put the file itself here".into()),
        ));
    }
    read(&target, 0)
}

/// Reads a regular file of a bearable size, whole. `flags`: of open(2), beside the usual ones.
fn read(path: &Path, flags: i32) -> Result<Vec<u8>, Refusal> {
    let failed = |error: io::Error| (format!("the file can't be read: {error}"), None);
    let kind = fs::metadata(path).map_err(failed)?;
    regular(&kind)?;
    let mut file: File = OpenOptions::new()
        .read(true)
        // Opening a FIFO does not wait for a writer.
        .custom_flags(libc::O_NONBLOCK | flags)
        .open(path)
        .map_err(failed)?;
    let before = file.metadata().map_err(failed)?;
    regular(&before)?;
    let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or_default());
    Read::by_ref(&mut file)
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let after = file.metadata().map_err(failed)?;
    let moved = |m: &Metadata| (m.len(), m.mtime(), m.mtime_nsec());
    if moved(&before) != moved(&after) || bytes.len() as u64 != after.len() {
        return Err((
            "the file changed while it was read".into(),
            Some("it is read again in a moment".into()),
        ));
    }
    Ok(bytes)
}

fn regular(metadata: &Metadata) -> Result<(), Refusal> {
    if !metadata.is_file() {
        return Err((
            "this is no regular file: it is never read".into(),
            Some("put a plain file here".into()),
        ));
    }
    if metadata.len() > MAX_BYTES {
        let hint = Some("split it into several files".into());
        return Err((
            format!(
                "the file has {} bytes, and at most {MAX_BYTES} are read",
                metadata.len()
            ),
            hint,
        ));
    }
    Ok(())
}

/// Files and directories named one by one, for `onced check`: one set, in which a name is unique.
pub fn check(paths: &[PathBuf], defaults: &Defaults) -> Vec<FileReport> {
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
            let scan = Scanner::new(path.clone(), defaults.clone()).scan();
            for report in scan.files {
                for entry in scan
                    .entries
                    .values()
                    .filter(|entry| entry.file == report.path)
                {
                    let place = (reports.len(), entry.line);
                    entries.entry(entry.name.clone()).or_default().push(place);
                }
                reports.push(FileReport {
                    path: format!("{}/{}", shown.trim_end_matches('/'), report.path),
                    ..report
                });
            }
            if let Some(message) = scan.unclear {
                reports.push(file_report(shown, vec![of_the_whole(message, None)]));
            }
            continue;
        }
        let errors = match read(path, 0).map(|bytes| parse(&shown, &bytes, defaults)) {
            Ok(Ok(found)) => {
                for entry in found {
                    let place = (reports.len(), entry.line);
                    entries.entry(entry.name).or_default().push(place);
                }
                Vec::new()
            }
            Ok(Err(errors)) => errors,
            Err((message, hint)) => vec![of_the_whole(message, hint)],
        };
        reports.push(file_report(shown, errors));
    }
    for (name, places) in entries.iter().filter(|(_, places)| places.len() > 1) {
        for (n, (file, line)) in places.iter().enumerate() {
            let (other, other_line) = places[usize::from(n == 0)];
            let other = format!("{}:{other_line}", reports[other].path);
            reports[*file].errors.push(twice(name, *line, &other));
            reports[*file].state = FileState::Invalid;
        }
    }
    reports
}

fn file_report(path: String, errors: Vec<Problem>) -> FileReport {
    let state = if errors.is_empty() {
        FileState::Ok
    } else {
        FileState::Invalid
    };
    FileReport {
        path,
        state,
        errors,
        text: None,
    }
}

/// A problem of a file that has no place in it.
fn of_the_whole(message: String, hint: Option<String>) -> Problem {
    Problem {
        line: 1,
        column: 1,
        message,
        hint,
        shown: None,
    }
}

/// The problem of a name that another file has too.
fn twice(name: &EntryName, line: usize, other: &str) -> Problem {
    Problem {
        line,
        column: 3,
        message: format!("`{name}` is also the name of an entry at `{other}`"),
        hint: Some("rename one of the two: a name is unique in the whole directory".into()),
        shown: None,
    }
}
