//! The directory of schedule files, the state directory and the ledger in it.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::super::run::{self, State, must_be_apart};
use super::Report;
use crate::ledger::{Ledger, LedgerError};
use crate::model::causes::causes;
use crate::settings::Settings;
use crate::source::file_system::network;
use crate::source::ignore;
use crate::source::scan::Scanner;

/// No more directories are counted.
const DIRECTORIES: usize = 1_000_000;

/// The directory of schedule files; answers the machines that they name.
pub(super) fn directory(settings: &Settings, report: &mut Report) -> BTreeSet<String> {
    let check = "directory";
    let directory = match run::directory(settings) {
        Ok(directory) => directory,
        Err(failure) => {
            report.failed(check, &failure);
            return BTreeSet::new();
        }
    };
    let scan = Scanner::new(directory.clone(), settings.defaults.clone())
        .with_git_dir(settings.git_dir.clone())
        .scan();
    let shown = directory.display();
    match &scan.unclear {
        Some(why) => report.fail(
            check,
            format!("`{shown}`: {why}"),
            "nothing is stopped while it is so",
        ),
        None => report.ok(
            check,
            format!(
                "`{shown}`: {} entries in {} files",
                scan.entries.len(),
                scan.files.len()
            ),
        ),
    }
    for note in scan.work_trees.notes() {
        report.warn("work tree", note.message, &note.hint.unwrap_or_default());
    }
    let is_ignore_file = |path: &str| Path::new(path).ends_with(ignore::FILE);
    for file in scan.files.iter().filter(|file| is_ignore_file(&file.path)) {
        for problem in &file.errors {
            let said = format!("`{}:{}`: {}", file.path, problem.line, problem.message);
            report.warn(
                "ignore files",
                said,
                problem.hint.as_deref().unwrap_or_default(),
            );
        }
    }
    if scan.has_problems() {
        report.warn(
            "schedule files",
            "some are invalid: their entries are not stopped, and not changed",
            "`onced check` says what is wrong",
        );
    }
    match network(&directory) {
        Some(kind) => report.warn(
            "file events",
            format!("`{shown}` is on {kind}: what other machines change there raises no event"),
            "it is read anew every two seconds, a large one less often: put the files on a local disk, and sync them there, if a change must not wait so long",
        ),
        None => watches(&directory, report),
    }
    let entries = scan.entries.values();
    entries
        .map(|entry| entry.state_machine().to_string())
        .collect()
}

/// Each directory needs a watch.
fn watches(directory: &Path, report: &mut Report) {
    let check = "file events";
    let mut waiting = vec![directory.to_owned()];
    let mut needed = 1;
    while let Some(next) = waiting.pop().filter(|_| needed < DIRECTORIES) {
        needed += 1;
        let Ok(items) = std::fs::read_dir(&next) else {
            continue;
        };
        let is_directory =
            |item: &std::fs::DirEntry| item.file_type().is_ok_and(|kind| kind.is_dir());
        waiting.extend(items.flatten().filter(is_directory).map(|item| item.path()));
    }
    let limit = std::fs::read_to_string("/proc/sys/fs/inotify/max_user_watches");
    let limit = limit
        .ok()
        .and_then(|limit| limit.trim().parse::<usize>().ok());
    match limit {
        Some(limit) if needed > limit => report.warn(
            check,
            format!("{needed} watches are needed, and {limit} are allowed"),
            "raise the sysctl fs.inotify.max_user_watches; until then the directory is read anew every two seconds, a large one less often",
        ),
        Some(limit) => report.ok(check, format!("{needed} of {limit} watches")),
        None => report.warn(check, "the limit of watches is not known", ""),
    }
}

/// The state directory and the ledger in it.
pub(super) fn state(settings: &Settings, report: &mut Report) {
    let check = "state directory";
    let Some(path) = &settings.state_directory else {
        return report.ok(check, "a temporary one");
    };
    let shown = path.display();
    let state = match State::of(settings) {
        Ok(state) => state,
        Err(failure) => return report.failed(check, &failure),
    };
    if let Ok(directory) = run::directory(settings)
        && let Err(failure) = must_be_apart(&state, &directory)
    {
        report.failed(check, &failure);
    }
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_dir() => {
            report.fail(check, format!("`{shown}` is no directory"), "name another");
        }
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => report.warn(
            check,
            format!("others may look into `{shown}`, where inputs are kept"),
            &format!("chmod 700 {shown}"),
        ),
        Ok(_) if rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_err() => report.fail(
            check,
            format!("`{shown}` can't be written"),
            "run this as the user that runs the daemon, or give it to that user",
        ),
        Ok(_) => report.ok(check, format!("`{shown}`")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            report.ok(check, format!("`{shown}` will be made"));
        }
        Err(error) => report.fail(check, format!("`{shown}`: {error}"), ""),
    }
    if let Some(kind) = network(path) {
        report.warn(
            check,
            format!("`{shown}` is on {kind}: locks and syncs may not hold there"),
            "keep the ledger on a local disk",
        );
    }
    let check = "ledger";
    match Ledger::peek(path) {
        Ok(None) => report.ok(check, "there is none yet"),
        Ok(Some(found)) => match Ledger::admit(path, &settings.owner, found.records.values()) {
            Ok(()) => report.ok(check, format!("{} records", found.records.len())),
            Err(refused) => report.failed(check, &refused.into()),
        },
        Err(error @ LedgerError::Held { .. }) => report.ok(check, causes(&error)),
        Err(error @ LedgerError::Damaged { .. }) => report.warn(
            check,
            causes(&error),
            "the next `onced run` sets it aside, and begins another from what runs",
        ),
        Err(error) => report.fail(check, causes(&error), ""),
    }
}
