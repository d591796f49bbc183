//! What the listings of running executions bring: they are begun, taken in, and what nobody wants is told.

use std::collections::BTreeSet;

use tokio::time::{Instant, timeout};
use tracing::warn;

use super::strangers::Strangers;
use super::verify::{Done, Stray};
use super::{ASKED, Desired, LISTING, Reconciler};
use crate::model::entry::EntryName;
use crate::model::kind;
use crate::model::record::Record;

impl Reconciler {
    /// What runs of ours that nobody wants: two listings showed it, and it is not about to be adopted.
    pub fn orphans(&self, desired: &Desired) -> Vec<Stray> {
        let Strangers {
            given,
            keys,
            may_be_theirs,
            ..
        } = self.strangers(desired);
        let asked = |name: &EntryName| {
            let entry = desired.entries.get(name).filter(|entry| entry.enabled)?;
            Some(entry.fingerprint())
        };
        let adoptable = |stray: &Stray| {
            let Some(name) = keys.name(&stray.key) else {
                return false;
            };
            let record = self.desk.records.get(&name);
            // Another ledger has begun it, while this one is still rid of what its entry asked for before.
            let is_next = record.is_some_and(|record| record.fingerprint != stray.fingerprint)
                && asked(&name) == Some(stray.fingerprint);
            is_next
                || desired.entries.contains_key(&name)
                    && !record.is_some_and(Record::is_live)
                    && !stray.is_closed(record, asked(&name).as_ref())
        };
        let is_given = |stray: &Stray| given.values().any(|given| given == stray);
        self.verify
            .orphans()
            .filter(|stray| !adoptable(stray) && !is_given(stray))
            .filter(|stray| !may_be_theirs.contains(&stray.fingerprint))
            .filter(|stray| !self.flights.is_at_work_on(&stray.key))
            .cloned()
            .collect()
    }

    /// Begins the listings that are due, and takes what others have brought.
    pub(super) async fn list(&mut self, desired: &Desired) {
        if !self.policy.rules.verify || self.hands.step_functions.has_ended() {
            return;
        }
        let now = self.now();
        let wanted = desired.entries.values().map(|entry| entry.state_machine());
        let recorded = self.desk.records.values().filter(|record| record.is_live());
        let machines: BTreeSet<&str> = wanted
            .chain(recorded.map(|record| &record.state_machine))
            .map(AsRef::as_ref)
            .collect();
        self.verify
            .begin(machines, &self.hands.step_functions, (now, Instant::now()));
        while let Some(done) = self.verify.poll(&self.desk.records, &self.hands.owner) {
            self.listed(done).await;
        }
    }

    /// Waits a little for a listing that is under way, and takes it in. Answers whether one came.
    pub async fn hear(&mut self, interrupted: &(dyn Fn() -> bool + Send + Sync)) -> bool {
        match self.listing_soon(interrupted).await {
            Some(done) => {
                self.listed(done).await;
                true
            }
            None => false,
        }
    }

    /// Waits a little for one that is under way; less, where something else is to be done.
    pub(super) async fn listing_soon(
        &mut self,
        interrupted: &(dyn Fn() -> bool + Send + Sync),
    ) -> Option<Done> {
        let end = Instant::now() + LISTING;
        loop {
            match timeout(ASKED, self.listing()).await {
                Ok(done) => return done,
                Err(_) if interrupted() || Instant::now() >= end => return None,
                Err(_) => {}
            }
        }
    }

    pub(super) async fn listing(&mut self) -> Option<Done> {
        self.verify
            .wait(&self.desk.records, &self.hands.owner)
            .await
    }

    pub(super) async fn listed(&mut self, done: Done) {
        if let Some(error) = done.problem {
            warn!(
                state_machine = done.state_machine,
                error, "running executions can't be listed"
            );
        }
        self.remember_strays(&done.state_machine).await;
        if !done.first {
            return;
        }
        // What was found and has no record is known to this process alone: the next one must list again before it starts
        // anything. That is so for what nobody asks for, too: its entry may come back with another content.
        let known = !self.verify.has_strays(&done.state_machine);
        match self.hands.ledger.listed(&done.state_machine, known).await {
            Ok(()) if known => self.verify.is_noted(&done.state_machine),
            Ok(()) => {}
            Err(error) => warn!(target: kind::LEDGER, %error, "the ledger can't be written"),
        }
    }

    /// Forgets what fired long ago, by a clock that is believed.
    pub(super) async fn forget_fired(&mut self) {
        if self.desk.records.has_none_fired() {
            return;
        }
        let now = self.now();
        let old = self.desk.records.forget_fired(now);
        if !old.is_empty() {
            // What is not forgotten now is read again with the next start, and forgotten then.
            let _ = self.hands.ledger.forget_fired(old).await;
        }
    }

    /// What a listing showed and no record knows is durable before anything is decided by it: it may be over before its
    /// record is written, and then nothing would tell of it any more.
    async fn remember_strays(&mut self, state_machine: &str) {
        let owner = &self.hands.owner;
        let (new, over) = self.verify.unwritten(owner);
        for (executions, seen) in [(over, false), (new, true)] {
            if executions.is_empty() {
                continue;
            }
            if let Err(error) = self.hands.ledger.seen(executions, seen).await {
                warn!(target: kind::LEDGER, %error, "the ledger can't be written");
                self.verify.not_listed(state_machine, Instant::now());
                return;
            }
        }
        self.verify.is_written(self.verify.seen(owner));
    }

    pub(super) fn tell_orphans(&mut self, desired: &Desired) {
        let orphans: BTreeSet<String> = self
            .orphans(desired)
            .iter()
            .map(|stray| stray.execution_arn(&self.hands.owner))
            .collect();
        for execution in orphans.difference(&self.told_orphans) {
            warn!(
                target: kind::ORPHAN,
                execution,
                "an execution of this owner runs that no entry asks for: it is left alone"
            );
        }
        self.told_orphans = orphans;
    }
}
