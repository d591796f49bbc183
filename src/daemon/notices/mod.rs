//! People are told of what went wrong, and of what is well again: each target by a task of its own, which nobody waits for.
//! What was told is kept in the state directory (`notified`): a restart repeats nothing, and loses nothing.

mod memory;
pub mod news;
pub mod send;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use crate::ledger::Ledger;
use crate::model::entry::instant;
use crate::model::topic::{Target, To};
use crate::reconcile::Clock;
use crate::view::Moment;
use memory::Memory;
use news::{Notice, Troubles};
use send::{Message, Surroundings};

/// What comes within this time is one message.
const BATCH: Duration = Duration::from_secs(1);
/// So many notices are in one message at most.
const MOST: usize = 500;
/// How long after a message that was not taken the next try is made, at first and at most.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(5));
/// How often it is looked, while nothing is new, whether what keeps onced from its work still does.
const LOOK: Duration = Duration::from_secs(15);
/// After so many events that nobody is told of, how far one has read is written down.
const READ: usize = 500;

/// By result: `delivered` or `failed`.
pub type Attempts = Family<[(&'static str, String); 1], Counter>;

/// What it works with.
#[derive(Clone)]
pub struct Sources {
    /// The last finished pass.
    pub moments: watch::Receiver<Option<Arc<Moment>>>,
    /// The history.
    pub ledger: Ledger,
    /// Whose entries.
    pub owner: String,
    /// Where it is kept what was told.
    pub state_directory: PathBuf,
    /// What sending needs.
    pub around: Surroundings,
    /// Tells the time.
    pub clock: Clock,
    /// Counts.
    pub attempts: Attempts,
}

/// Tells until it is dropped. Other `targets` take effect at once.
pub async fn tell(mut targets: watch::Receiver<Vec<Target>>, sources: Sources) {
    let memory = Memory::of(&sources.state_directory);
    loop {
        let wanted = targets.borrow_and_update().clone();
        let mut telling = JoinSet::new();
        for target in wanted {
            telling.spawn(tell_one(target, sources.clone(), memory.clone()));
        }
        if targets.changed().await.is_err() {
            // They do not change any more.
            std::future::pending::<()>().await;
        }
    }
}

/// One target, for ever.
async fn tell_one(target: Target, mut sources: Sources, memory: Memory) {
    let id = identity(&target.to);
    let mut told = memory.read(&id);
    let mut troubles = Troubles::new();
    let mut trouble: Option<String> = None;
    let mut wait = AGAIN.0;
    let mut unwritten = 0;
    loop {
        let begun = Instant::now();
        let moment = sources.moments.borrow_and_update().clone();
        let mut more = false;
        if let Some(moment) = moment {
            let cursor = told.cursor.clone();
            let reading = sources.ledger.events_after(cursor, MOST, moment.now);
            // A ledger that can't be read is told by the moment; it is tried again.
            if let Ok((events, cursor)) = reading.await {
                more = events.len() == MOST;
                unwritten += events.len();
                let before = told.clone();
                let mut since = std::mem::take(&mut troubles);
                // A moment that nothing follows stands: time passes all the same.
                let now = (sources.clock)();
                let looking = spawn_blocking(move || {
                    let moment = Moment {
                        now,
                        ..Moment::clone(&moment)
                    };
                    let news = before.news(&moment, &events, cursor, &mut since);
                    (news, since)
                });
                let Ok(((notices, next), since)) = looking.await else {
                    return;
                };
                troubles = since;
                let wanted: Vec<Notice> = notices
                    .into_iter()
                    .filter(|notice| target.topics.contains(&notice.event))
                    .collect();
                if !wanted.is_empty() {
                    let sent = deliver(&target.to, &wanted, &sources).await;
                    let result = if sent.is_ok() { "delivered" } else { "failed" };
                    let label = [("result", result.to_owned())];
                    sources.attempts.get_or_create(&label).inc();
                    match sent {
                        Ok(()) => {
                            if trouble.take().is_some() {
                                info!(to = target.to.shown(), "notices are taken again");
                            }
                            wait = AGAIN.0;
                        }
                        Err(error) => {
                            if trouble.as_ref() != Some(&error) {
                                warn!(
                                    to = target.to.shown(),
                                    error,
                                    notices = wanted.len(),
                                    "notices are not taken: they are sent again"
                                );
                                trouble = Some(error);
                            }
                            sleep(wait).await;
                            wait = (wait * 2).min(AGAIN.1);
                            continue;
                        }
                    }
                }
                // How far the history was read alone is worth a write now and then.
                if !wanted.is_empty()
                    || !next.stands_as(&told)
                    || told.cursor.is_none()
                    || unwritten >= READ
                {
                    unwritten = 0;
                    memory.write(&id, &next).await;
                }
                told = next;
            }
        }
        if more {
            continue;
        }
        let stands = !troubles.is_empty();
        match timeout(LOOK, sources.moments.changed()).await {
            Ok(Err(_)) => return,
            Err(_) if !stands => match sources.moments.changed().await {
                Ok(()) => {}
                Err(_) => return,
            },
            _ => {}
        }
        // Of many entries, a look costs something.
        sleep(BATCH.max(begun.elapsed().min(LOOK) * 5)).await;
    }
}

/// Names a target by whom it tells.
fn identity(to: &To) -> String {
    let text = match to {
        To::Webhook { url, .. } => format!("webhook {url}"),
        To::Exec(words) => format!("exec {words:?}"),
    };
    short(&text)
}

/// The first half of a digest, in hexadecimal digits.
fn short(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let half = digest.first_chunk().copied().unwrap_or_default();
    format!("{:032x}", u128::from_be_bytes(half))
}

async fn deliver(to: &To, notices: &[Notice], sources: &Sources) -> Result<(), String> {
    for notices in notices.chunks(MOST) {
        let now = (sources.clock)();
        let events = json!(notices);
        let message = Message {
            id: format!("msg_{}", short(&format!("{} {events}", sources.owner))),
            body: json!({
                "version": 1,
                "owner": sources.owner,
                "time": instant(now),
                "events": events,
            })
            .to_string(),
        };
        send::send(to, &message, &sources.around, now).await?;
    }
    Ok(())
}
