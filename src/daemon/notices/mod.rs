//! People are told of what went wrong, and of what is well again: each target by a task of its own, which nobody waits for.
//! What is to be told is in the state directory (`notified`) before it is sent, and until it is taken: a restart repeats
//! nothing that was taken, and loses nothing.

mod memory;
pub mod news;
pub mod send;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use crate::ledger::Ledger;
use crate::model::entry::instant;
use crate::model::topic::{Target, To};
use crate::reconcile::Clock;
use crate::view::Moment;
use memory::{Memory, Message, State};
use news::{Notice, Troubles};
use send::Surroundings;

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

/// Tells until it is dropped. Other `targets` take effect at once; those that stay are not disturbed.
pub async fn tell(mut targets: watch::Receiver<Vec<Target>>, sources: Sources) {
    let memory = Memory::of(&sources.state_directory);
    let mut tasks = JoinSet::new();
    let mut telling: Vec<(Target, AbortHandle)> = Vec::new();
    loop {
        let wanted = targets.borrow_and_update().clone();
        telling.retain(|(target, task)| {
            let stays = wanted.contains(target);
            if !stays {
                task.abort();
            }
            stays
        });
        let known: BTreeSet<String> = wanted.iter().map(identity).collect();
        // One that comes back later is a new one.
        memory.keep(&known).await;
        for target in wanted {
            if !telling.iter().any(|(other, _)| *other == target) {
                let one = Teller::new(target.clone(), sources.clone(), memory.clone());
                telling.push((target, tasks.spawn(one.tell())));
            }
        }
        if targets.changed().await.is_err() {
            // They do not change any more.
            std::future::pending::<()>().await;
        }
    }
}

/// One target, and what it is told.
struct Teller {
    target: Target,
    sources: Sources,
    memory: Memory,
    id: String,
    state: State,
    troubles: Troubles,
    /// Why the last message was not taken.
    refused: Option<String>,
    /// Events that were read and are not written down as read.
    unwritten: usize,
}

impl Teller {
    fn new(target: Target, sources: Sources, memory: Memory) -> Self {
        let id = identity(&target);
        Self {
            state: memory.read(&id),
            target,
            sources,
            memory,
            id,
            troubles: Troubles::new(),
            refused: None,
            unwritten: 0,
        }
    }

    /// For ever.
    async fn tell(mut self) {
        self.begin().await;
        loop {
            self.empty().await;
            let begun = Instant::now();
            let moment = self.sources.moments.borrow_and_update().clone();
            let more = match moment {
                Some(moment) => self.look(moment).await,
                None => false,
            };
            let cost = begun.elapsed();
            if more || !self.state.outbox.is_empty() {
                continue;
            }
            let moments = &mut self.sources.moments;
            let changed = match timeout(LOOK, moments.changed()).await {
                Ok(changed) => changed,
                // Time passes over what stands.
                Err(_) if !self.troubles.is_empty() => Ok(()),
                Err(_) => moments.changed().await,
            };
            if changed.is_err() {
                return;
            }
            // Of many entries, a look costs something.
            sleep(BATCH.max(cost.min(LOOK) * 5)).await;
        }
    }

    /// For one who is new, the history begins now: not with the first pass, which takes a while.
    async fn begin(&mut self) {
        if self.state.told.cursor.is_some() {
            return;
        }
        let now = (self.sources.clock)();
        if let Ok((_, end)) = self.sources.ledger.events_after(None, 0, now).await {
            self.state.told.cursor = Some(end);
            self.memory.write(&self.id, &self.state).await;
        }
    }

    /// Sends what is to be sent, one after the other, until all of it is taken.
    async fn empty(&mut self) {
        let mut wait = AGAIN.0;
        while let Some(message) = self.state.outbox.first() {
            let now = (self.sources.clock)();
            let sent = send::send(&self.target.to, message, &self.sources.around, now).await;
            let result = if sent.is_ok() { "delivered" } else { "failed" };
            let label = [("result", result.to_owned())];
            self.sources.attempts.get_or_create(&label).inc();
            let to = self.target.to.shown();
            match sent {
                Ok(()) => {
                    if self.refused.take().is_some() {
                        info!(to, "notices are taken again");
                    }
                    wait = AGAIN.0;
                    self.state.outbox.remove(0);
                    self.memory.write(&self.id, &self.state).await;
                }
                Err(error) => {
                    if self.refused.as_ref() != Some(&error) {
                        warn!(to, error, "a notice is not taken: it is sent again");
                        self.refused = Some(error);
                    }
                    sleep(wait).await;
                    wait = (wait * 2).min(AGAIN.1);
                }
            }
        }
    }

    /// Puts what is new into the outbox. Answers whether there is more of the history to read.
    async fn look(&mut self, moment: Arc<Moment>) -> bool {
        let now = (self.sources.clock)();
        let cursor = self.state.told.cursor.clone();
        let reading = self.sources.ledger.events_after(cursor.clone(), MOST, now);
        // A ledger that can't be read is told by the moment; the history waits.
        let (events, cursor) = match reading.await {
            Ok((events, cursor)) => (events, Some(cursor)),
            Err(_) => (Vec::new(), cursor),
        };
        let more = events.len() == MOST;
        self.unwritten += events.len();
        let told = self.state.told.clone();
        let mut troubles = std::mem::take(&mut self.troubles);
        let looking = spawn_blocking(move || {
            let news = told.news(&moment, &events, cursor, (now, &mut troubles));
            (news, troubles)
        });
        let Ok(((notices, told), troubles)) = looking.await else {
            return false;
        };
        self.troubles = troubles;
        let wanted = notices.into_iter();
        let wanted = wanted.filter(|notice| self.target.topics.contains(&notice.event));
        let wanted: Vec<Notice> = wanted.collect();
        let stands = told.stands_as(&self.state.told);
        let begins = self.state.told.cursor.is_none();
        self.state.told = told;
        for notices in wanted.chunks(MOST) {
            let message = self.message(notices);
            self.state.outbox.push(message);
        }
        // How far the history was read alone is worth a write now and then.
        if !wanted.is_empty() || !stands || begins || self.unwritten >= READ {
            self.unwritten = 0;
            self.memory.write(&self.id, &self.state).await;
        }
        more
    }

    fn message(&self, notices: &[Notice]) -> Message {
        let owner = &self.sources.owner;
        let body = json!({
            "version": 1,
            "owner": owner,
            "time": instant((self.sources.clock)()),
            "events": notices,
        });
        let body = body.to_string();
        Message {
            id: format!("msg_{}", short(&format!("{} {body}", self.id))),
            body,
        }
    }
}

/// Names a target by whom it tells of what.
fn identity(target: &Target) -> String {
    let to = match &target.to {
        To::Webhook { url, .. } => format!("webhook {url}"),
        To::Exec(words) => format!("exec {words:?}"),
    };
    short(&format!("{to} {:?}", target.topics))
}

/// The first half of a digest, in hexadecimal digits.
fn short(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let half = digest.first_chunk().copied().unwrap_or_default();
    format!("{:032x}", u128::from_be_bytes(half))
}
