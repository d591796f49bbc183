//! Hints that something below the directory may have changed, from inotify through notify. Only hints: the scan is the
//! truth, and nothing is read from an event.

use std::path::Path;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::watch::Sender;

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watch {
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Watches a directory and all below it; each change raises `hint`. Where this fails (no watches left, a
    /// file system without events), the caller polls.
    pub fn start(directory: &Path, hint: Sender<u64>) -> notify::Result<Self> {
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // An error may stand for lost events: look. Our own reads are no change.
            if event.as_ref().map_or(true, is_change) {
                hint.send_modify(|hints| *hints += 1);
            }
        })?;
        let resolved = std::fs::canonicalize(directory).map_err(notify::Error::io)?;
        watcher.watch(&resolved, RecursiveMode::Recursive)?;
        // A link that is swapped, or a directory that is put back, shows in its parent only.
        if let Some(parent) = std::path::absolute(directory)
            .ok()
            .as_deref()
            .and_then(Path::parent)
            && parent != Path::new("/")
        {
            let _ = watcher.watch(parent, RecursiveMode::NonRecursive);
        }
        Ok(Self { _watcher: watcher })
    }
}

fn is_change(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => event.need_rescan(),
        _ => true,
    }
}
