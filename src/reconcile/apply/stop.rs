//! Stopping, of records and of what a person approved: the intent is durable before the call. Never starts anything.

use chrono::{DateTime, Utc};
use tracing::info;

use super::{Hands, StepError};
use crate::model::entry::{EntryName, instant};
use crate::model::kind;
use crate::model::plan::{LATE_DELIVERY, after};
use crate::model::record::{Event, Phase, Record, StopReason};
use crate::model::shift::{RULES_CHANGED, Shift};
use crate::model::zones::Version;
use crate::reconcile::verify::Stray;
use crate::step_functions::Remedy;

impl Hands {
    /// Stops an execution that no entry asks for, as a person approved: the approval is the durable intent. Or one that was
    /// stopped before and runs again beside the one that followed it: the later generation is the durable intent. `name`:
    /// whose it was, as far as that is known.
    pub(in crate::reconcile) async fn stop_orphan(
        &self,
        stray: &Stray,
        name: &EntryName,
        why: &str,
    ) -> Result<(), StepError> {
        let execution = stray.execution_arn(&self.owner);
        let owner = self.owner.as_str();
        let cause = serde_json::json!({"entry": name, "owner": owner, "why": why});
        let cause = cause.to_string();
        let error = StopReason::Removed.error();
        let stopped = self.step_functions.stop(&execution, error, &cause);
        match stopped.await {
            Err(error) if error.remedy() != Remedy::Absent => return Err(error.into()),
            _ => {}
        }
        let now = (self.clock)();
        let event = Event {
            time: now,
            name: name.clone(),
            event: "stopped".into(),
            at: now,
            execution_arn: execution.clone(),
            detail: Some(why.into()),
            late_ms: None,
            was: None,
            commit: None,
        };
        self.ledger.tell(event.clone()).await?;
        self.tally.happened(&event);
        self.ledger.approved([execution].into(), false).await?;
        Ok(())
    }

    /// What the history keeps of an entry that time zone rules move; it is told at once, too.
    fn shifted(&self, record: &Record, shift: &Shift, now: DateTime<Utc>) -> Event {
        let (was, at) = (instant(shift.was), instant(shift.is));
        let execution = record.execution_arn();
        let by = shift.by.as_ref().map(Version::as_str);
        let detail = shift.detail(&self.zones);
        info!(target: kind::MOVED, entry = %record.name, why = RULES_CHANGED, was, at, before = by, rules = %self.zones, execution, "moves");
        Event {
            time: now,
            name: record.name.clone(),
            event: "moved".into(),
            at: shift.is,
            execution_arn: execution,
            detail: Some(detail),
            late_ms: None,
            commit: record.commit.clone(),
            was: Some(shift.was),
        }
    }

    /// Stops, then sees how it ended, unless others have more need to ask. Finding nothing never raises the generation: the record is forgotten once no
    /// earlier start can still be on its way.
    pub(super) async fn stop(
        &self,
        record: Record,
        (reason, shift): (StopReason, Option<Shift>),
        (why, sees): (&str, bool),
        now: DateTime<Utc>,
    ) -> Result<Option<Record>, StepError> {
        let begun = record.phase == Phase::Stopping;
        let still_in_doubt = record
            .stop_in_doubt
            .filter(|since| begun && now <= after(*since, LATE_DELIVERY));
        let record = if begun {
            record
        } else {
            Record {
                stop_reason: Some(reason),
                commit: self.commits.of(&record.file),
                ..record
            }
            .in_phase(Phase::Stopping, now)
        };
        let intent = Record {
            stop_in_doubt: Some(now),
            ..record
        };
        let reason = intent.stop_reason.unwrap_or(reason);
        let shift = shift.filter(|_| reason == StopReason::Replaced);
        let shifted = shift.as_ref().filter(|_| !begun);
        let event = shifted.map(|shift| self.shifted(&intent, shift, now));
        let record = self.write(intent, None, event).await?;
        let told = match reason {
            StopReason::Removed => "the entry was removed or disabled",
            StopReason::Replaced if shift.is_some() => RULES_CHANGED,
            StopReason::Replaced => "the entry was changed",
        };
        let mut cause =
            serde_json::json!({"entry": record.name, "owner": record.owner.as_str(), "why": told});
        if let Some(Shift { was, is, .. }) = &shift {
            (cause["was"], cause["at"]) = (instant(*was).into(), instant(*is).into());
        }
        if let Some(commit) = &record.commit {
            cause["commit"] = (**commit).into();
        }
        let cause = cause.to_string();
        // A stop that is still on its way would stop what is started anew under the same name.
        let quiet = now > after(record.since, LATE_DELIVERY) && still_in_doubt.is_none();
        let asked_long_enough = quiet || !self.rules.quarantine;
        match self
            .step_functions
            .stop(&record.execution_arn(), reason.error(), &cause)
            .await
        {
            Ok(()) => {
                let looked = if sees {
                    self.look(record.clone(), why, now).await
                } else {
                    Err(StepError::Unsettled)
                };
                if looked.is_err() {
                    let taken = Record {
                        stop_taken: true,
                        ..record
                    };
                    self.write(taken, None, None).await?;
                }
                looked.map(Some)
            }
            Err(error) if error.remedy() == Remedy::Absent && !self.rules.no_gaps => {
                let stopped = record.in_phase(Phase::Stopped, now);
                Ok(Some(self.write(stopped, None, None).await?))
            }
            Err(error) if error.remedy() == Remedy::Absent && asked_long_enough => {
                self.forget(record, "it never came to run", now).await?;
                Ok(None)
            }
            Err(error) => {
                if error.remedy() != Remedy::Retry {
                    // The answer is definite: this stop had no effect. Only an earlier one may still be on its way.
                    let record = Record {
                        stop_in_doubt: still_in_doubt,
                        ..record
                    };
                    self.write(record, None, None).await?;
                }
                Err(error.into())
            }
        }
    }
}
