//! What a pause has held, and what becomes of it: for `onced resume`, which says so before it lets go.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Moment;
use crate::model::brake::Pause;
use crate::model::entry::{Entry, EntryName, instant};
use crate::model::plan::{Decision, Plan, Step, after};
use crate::model::record::{OutcomeStatus, Phase, Record};

/// A pause that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseView {
    /// When it began.
    pub since: String,
    /// When it ends by itself, if it does.
    pub until: Option<String>,
}

impl From<Pause> for PauseView {
    fn from(pause: Pause) -> Self {
        Self {
            since: instant(pause.since),
            until: pause.until.map(instant),
        }
    }
}

/// `onced resume --dry-run --format json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ResumeView {
    /// 1.
    pub version: u32,
    /// The pause; `None`: there is none.
    pub paused: Option<PauseView>,
    /// What came to its time meanwhile, the earliest first.
    pub past_due: Vec<PastDueView>,
    /// How many executions are started, those of `past_due` too.
    pub starts: usize,
    /// How many are stopped.
    pub stops: usize,
    /// How many are stopped and started anew.
    pub replaces: usize,
}

/// An entry whose time came during a pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastDueView {
    /// Which.
    pub name: EntryName,
    /// When it was due.
    pub at: String,
    /// `starts`, `missed` or `fired`.
    pub what: String,
    /// The same in words.
    pub detail: String,
}

impl Moment {
    /// What happens when the pause ends now.
    pub fn resume(&self) -> ResumeView {
        let plan = self.pause.as_ref().map_or(&self.plan, |(_, plan)| plan);
        let count = |is: fn(Step) -> bool| {
            let steps = plan.steps().filter(|(_, step, _)| is(*step));
            steps.count()
        };
        let mut past_due: Vec<PastDueView> = Vec::new();
        if let Some((pause, _)) = &self.pause {
            let names = plan.decisions.keys();
            past_due.extend(names.filter_map(|name| self.past_due(name, pause.since, plan)));
        }
        past_due.sort_by(|a, b| (&a.at, &a.name).cmp(&(&b.at, &b.name)));
        ResumeView {
            version: 1,
            paused: self.paused(),
            past_due,
            starts: count(|step| step == Step::Start),
            stops: count(|step| matches!(step, Step::Stop(_))),
            replaces: count(|step| step == Step::Replace),
        }
    }

    fn past_due(&self, name: &EntryName, since: DateTime<Utc>, plan: &Plan) -> Option<PastDueView> {
        let wanted = self.scan.entries.get(name).map(AsRef::as_ref);
        let view = |at, what: &str, detail: String| {
            Some(PastDueView {
                name: name.clone(),
                at: instant(at),
                what: what.to_owned(),
                detail,
            })
        };
        if let Some(record) = self.records.get(name)
            && let Some(why) = fired_unwanted(record, wanted)
            && record.at >= since
            && record.at <= self.now
        {
            let detail = format!("fired at its time, although {why}: its stop was held");
            return view(record.at, "fired", detail);
        }
        let entry = wanted?;
        if entry.at() > self.now {
            return None;
        }
        match plan.decisions.get(name) {
            Some(
                Decision::Act(Step::Start, _)
                | Decision::Hold {
                    step: Step::Start, ..
                },
            ) => {
                let late = (self.now - entry.at()).num_seconds();
                view(
                    entry.at(),
                    "starts",
                    format!("starts at once, {late} s late: within its grace"),
                )
            }
            Some(Decision::Rest { .. })
                if self.entry(name).phase == "missed"
                    && after(entry.at(), entry.grace) + TimeDelta::seconds(1) >= since =>
            {
                let grace = entry.grace.as_secs();
                view(
                    entry.at(),
                    "missed",
                    format!("is not started any more: later than its grace of {grace} s"),
                )
            }
            _ => None,
        }
    }
}

/// Why an execution that fired, or is about to, is not what the entry asks for.
fn fired_unwanted(record: &Record, wanted: Option<&Entry>) -> Option<&'static str> {
    let fires = match (record.phase, &record.outcome) {
        (Phase::Running, _) => true,
        (Phase::Ended, Some(outcome)) => !matches!(
            outcome.status,
            OutcomeStatus::Missed | OutcomeStatus::Aborted
        ),
        _ => false,
    };
    let why = match wanted {
        None => "it had been removed",
        Some(entry) if entry.fingerprint() != record.fingerprint => "it had been changed",
        Some(entry) if !entry.enabled => "it had been disabled",
        Some(_) => return None,
    };
    fires.then_some(why)
}
