//! What is known beside steps: the plan's notes, made durable; records, read again; and whether the machine's time is true.
//! Begins no step.

use tokio::task::JoinSet;
use tracing::warn;

use super::Reconciler;
use crate::model::kind;
use crate::model::plan::Plan;
use crate::model::record::Record;

impl Reconciler {
    /// Takes the time of the machine for true, or not: then nothing is put right by it, and the waits that begin meanwhile
    /// begin once it is.
    pub(super) fn believe(&mut self, is_believed: bool) {
        let now = self.now();
        if is_believed && !std::mem::replace(&mut self.is_believed, is_believed) {
            self.desk.begin_waits(now);
        }
        self.is_believed = is_believed;
        if is_believed {
            self.desk.not_after(now);
        }
    }

    /// git or its like was at work in the folder since it was scanned last: what is gone after that has been so since then
    /// alone, since its next command may follow.
    pub fn saw_git_at_work(&mut self) {
        self.desk.at_work = true;
    }

    /// Reads again what could not be read when a write had failed.
    pub(super) async fn know_again(&mut self) {
        for name in std::mem::take(&mut self.unknown) {
            match self.hands.ledger.record(&name).await {
                Ok(Some(record)) => {
                    self.desk.records.insert(name, record);
                }
                Ok(None) => {
                    self.desk.records.remove(&name);
                }
                Err(_) => {
                    self.unknown.insert(name);
                }
            }
        }
    }

    /// Makes the plan's notes durable, all at once. Where that fails, they are noted next time.
    pub(super) async fn note(&mut self, plan: &mut Plan) -> bool {
        let mut writing = JoinSet::new();
        let mut notes = std::mem::take(&mut self.unwritten);
        notes.append(&mut plan.notes);
        for (name, note) in notes {
            // A plan notes it again.
            if self.unknown.contains(&name) || self.flights.is_busy(&name) {
                continue;
            }
            let Some(record) = self.desk.records.get(&name).cloned() else {
                continue;
            };
            let hands = self.hands.clone();
            // For this process it holds even where it can't be written.
            let in_memory = Record {
                file: note.file.clone(),
                gone: note.gone,
                guarded: note.guarded,
                written: note.written.clone(),
                ..record.clone()
            };
            self.desk.records.insert(name.clone(), in_memory);
            writing.spawn(async move { (name, hands.note(record, note.clone()).await, note) });
        }
        let any = !writing.is_empty();
        while let Some(written) = writing.join_next().await {
            if let Ok((name, Err(error), note)) = written {
                self.unwritten.insert(name, note);
                if !self.told_ledger {
                    self.told_ledger = true;
                    warn!(target: kind::LEDGER, %error, "nothing is started or stopped until the ledger can be written");
                }
            }
        }
        any
    }
}
