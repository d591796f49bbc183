//! Hints that something below the directory may have changed, from inotify through notify. Only hints: the scan is the
//! truth, and nothing is read from an event.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::watch::Sender;

use super::file_system;
use super::in_flight::InFlight;
use super::work_tree::is_kept;

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watch {
    _watcher: RecommendedWatcher,
    identity: (u64, u64),
    stale: Arc<AtomicBool>,
    network: Option<&'static str>,
}

impl Watch {
    /// Watches a directory and all below it; each change raises `hint`, and `in_flight` is told what is being written. Where
    /// this fails (no watches left, a file system without events), the caller polls.
    pub fn start(
        directory: &Path,
        hint: Sender<u64>,
        in_flight: &InFlight,
    ) -> notify::Result<Self> {
        let resolved = std::fs::canonicalize(directory).map_err(notify::Error::io)?;
        let named = std::path::absolute(directory).map_err(notify::Error::io)?;
        let metadata = std::fs::metadata(&resolved).map_err(notify::Error::io)?;
        let ours = [resolved.clone(), named.clone()];
        let stale = Arc::new(AtomicBool::new(false));
        let marked = Arc::clone(&stale);
        let (marks, files) = (in_flight.begin(), in_flight.clone());
        let of_marks = marks.clone();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if let Ok(event) = &event
                && files.take(event, of_marks.as_deref())
            {
                return;
            }
            if event
                .as_ref()
                .map_or(true, |event| is_replacement(event, &ours))
            {
                marked.store(true, Ordering::Relaxed);
            }
            // An error may stand for lost events: look.
            if event.as_ref().map_or(true, |event| is_change(event, &ours)) {
                hint.send_modify(|hints| *hints += 1);
            }
        })?;
        watcher.watch(&resolved, RecursiveMode::Recursive)?;
        if let Some(marks) = &marks {
            watcher.watch(marks, RecursiveMode::NonRecursive)?;
        }
        // A link that is swapped, or a directory that is put back, shows in its parent only.
        if let Some(parent) = named.parent() {
            let _ = watcher.watch(parent, RecursiveMode::NonRecursive);
        }
        Ok(Self {
            _watcher: watcher,
            identity: (metadata.dev(), metadata.ino()),
            stale,
            network: file_system::network(&resolved),
        })
    }

    /// The kind of network file system that is watched, if it is one: of what other machines change there, no event tells.
    pub fn network(&self) -> Option<&'static str> {
        self.network
    }

    /// Does this still watch the directory that a scan has read? Where it may not, watch anew, and scan again.
    pub fn is_of(&self, identity: Option<(u64, u64)>) -> bool {
        identity == Some(self.identity) && !self.stale.load(Ordering::Relaxed)
    }
}

/// The directory itself, or the link to it, was made, moved or removed: what is watched may be another one now.
fn is_replacement(event: &Event, ours: &[PathBuf]) -> bool {
    let moved = matches!(
        event.kind,
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
    );
    moved && event.paths.iter().any(|path| ours.contains(path))
}

/// Our own reads are no change, and neither is what happens beside the directory in its parent, or what git
/// and its like write for themselves.
fn is_change(event: &Event, ours: &[PathBuf]) -> bool {
    if event.need_rescan() || event.paths.is_empty() {
        return true;
    }
    let change = match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    change
        && event
            .paths
            .iter()
            .any(|path| ours.iter().any(|ours| is_below(path, ours)))
}

fn is_below(path: &Path, directory: &Path) -> bool {
    let below = path.strip_prefix(directory);
    below.is_ok_and(|below| !is_kept(below))
}

#[cfg(test)]
mod tests {
    use notify::event::CreateKind;

    use super::*;

    #[test]
    fn what_is_a_change() {
        let ours = [PathBuf::from("/run/x/schedules")];
        let event = |kind, path: &str| Event::new(kind).add_path(path.into());
        let modify = EventKind::Modify(ModifyKind::Any);
        assert!(is_change(&event(modify, "/run/x/schedules/a.yaml"), &ours));
        assert!(is_change(
            &event(EventKind::Create(CreateKind::Any), "/run/x/schedules"),
            &ours
        ));
        assert!(!is_change(&event(modify, "/run/x/log"), &ours));
        assert!(!is_change(
            &event(modify, "/run/x/schedules/.git/HEAD"),
            &ours
        ));
        assert!(!is_change(
            &event(modify, "/run/x/schedules/team/.hg/wlock"),
            &ours
        ));
        assert!(is_change(&event(modify, "/run/x/schedules/..data"), &ours));
        let read = EventKind::Access(AccessKind::Open(AccessMode::Any));
        assert!(!is_change(&event(read, "/run/x/schedules/a.yaml"), &ours));
        assert!(is_change(&Event::new(EventKind::Other), &ours));
    }
}
