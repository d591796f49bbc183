//! Notices that the time zone rules have changed while the daemon runs: a package was upgraded, a link was swapped. Reads
//! the database and hands it to the loop; the loop reads all local times again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::socket::{Order, What};
use crate::model::zones::Zones;
use crate::source::zoneinfo::{Signature, Zoneinfo};

/// How long the files of a database must stay as they are before it is read: a package manager replaces hundreds.
const AT_REST: Duration = Duration::from_secs(1);
/// How often a database that is never at rest is looked at before it is left for the next turn.
const TURNS: u32 = 30;

/// Watches the database that is chosen, beginning with `zones`, until the loop ends. Looks at it at least every `resync`,
/// and at once where an event tells.
pub async fn watch(
    mut chosen: watch::Receiver<Zoneinfo>,
    mut zones: Zones,
    resync: Duration,
    orders: mpsc::Sender<Order>,
) {
    let mut seen: Option<Option<Signature>> = None;
    loop {
        let zoneinfo = chosen.borrow_and_update().clone();
        let (hints, mut hinted) = watch::channel(());
        let directory = zoneinfo.directory().map(Path::to_owned);
        // Begun before the look, so that no change falls between the two.
        let watcher = spawn_blocking(move || Some(events(&directory?, hints)));
        let watcher = watcher.await.ok().flatten();
        let now = at_rest(&zoneinfo).await;
        if seen.as_ref() != Some(&now) {
            let (asked, last) = (zoneinfo.clone(), zones.clone());
            let Ok(read) = spawn_blocking(move || asked.load(Some(&last))).await else {
                return;
            };
            if read != zones {
                zones = read.clone();
                let (answer, answered) = oneshot::channel();
                let what = What::Zones(Box::new(read));
                if orders.send(Order { what, answer }).await.is_err() {
                    return;
                }
                let _ = answered.await;
            }
            seen = Some(now);
        }
        let hint = async {
            // Without a watcher, nobody holds the other end.
            if hinted.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = hint => {}
            () = sleep(resync) => {}
            changed = chosen.changed() => {
                if changed.is_err() {
                    return;
                }
                seen = None;
            }
        }
        drop(watcher);
    }
}

/// The files of the database, once they have stayed as they are for a moment.
async fn at_rest(zoneinfo: &Zoneinfo) -> Option<Signature> {
    let look = || {
        let zoneinfo = zoneinfo.clone();
        async move {
            spawn_blocking(move || zoneinfo.signature())
                .await
                .ok()
                .flatten()
        }
    };
    let mut before = look().await;
    for _ in 0..TURNS {
        sleep(AT_REST).await;
        let now = look().await;
        if now == before {
            break;
        }
        before = now;
    }
    before
}

/// Raises a hint for each change below a directory, and where the directory, or a link to it, is replaced.
fn events(directory: &Path, hints: watch::Sender<()>) -> notify::Result<RecommendedWatcher> {
    let named = std::path::absolute(directory).map_err(notify::Error::io)?;
    let links = links(&named);
    let resolved = std::fs::canonicalize(&named).ok();
    let ours: Vec<PathBuf> = links.iter().chain(&resolved).cloned().collect();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let tells = |event: &Event| {
            let is_read = matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
            let is_ours = |path: &PathBuf| ours.iter().any(|ours| path.starts_with(ours));
            !is_read && (event.paths.is_empty() || event.paths.iter().any(is_ours))
        };
        if event.as_ref().map_or(true, tells) {
            hints.send_replace(());
        }
    })?;
    for link in &links {
        if let Some(parent) = link.parent() {
            let _ = watcher.watch(parent, RecursiveMode::NonRecursive);
        }
    }
    if let Some(resolved) = resolved {
        watcher.watch(&resolved, RecursiveMode::Recursive)?;
    }
    Ok(watcher)
}

/// A path, and the links that it leads through, one after the other.
fn links(path: &Path) -> Vec<PathBuf> {
    let mut links = vec![path.to_owned()];
    // As many as Linux follows.
    while links.len() < 40
        && let Some(last) = links.last()
        && let Ok(target) = std::fs::read_link(last)
    {
        let next = last.parent().unwrap_or(last).join(target);
        links.push(next);
    }
    links
}
