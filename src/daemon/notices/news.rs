//! What there is to tell, by what was told before: pure. Things that happened come from the history, each once; things that
//! stand (stops held, an entry refused, AWS silent) are told when they begin and when they are over, and not in between.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ledger::Cursor;
use crate::model::brake::HeldBy;
use crate::model::entry::{EntryName, instant};
use crate::model::plan::Decision;
use crate::model::record::{Event, Record};
use crate::model::topic::Topic;
use crate::view::{EntryView, Moment};

/// What may pass by itself is told once it has stood for so long: an outage of seconds is none, nor is a mass of stops while
/// files are being replaced.
const STANDS: TimeDelta = TimeDelta::minutes(1);

/// One thing that is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// What it is about.
    pub event: Topic,
    /// When it happened, or was seen.
    pub time: String,
    /// The entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<EntryName>,
    /// When the entry is, or was, to fire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Which execution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_arn: Option<String>,
    /// Why, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What `onced approve` lets go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

impl Notice {
    fn new(event: Topic, now: DateTime<Utc>, detail: impl Into<String>) -> Self {
        Self {
            event,
            time: instant(now),
            name: None,
            at: None,
            execution_arn: None,
            detail: Some(detail.into()),
            digest: None,
        }
    }
}

/// What one was told: kept on the disk, so that a restart repeats nothing and loses nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// How far the history was told.
    pub cursor: Option<Cursor>,
    /// When the ledger was seen to have been lost: what should have fired before looks as if it never had.
    #[serde(default)]
    lost: Option<DateTime<Utc>>,
    /// The executions whose stop waits for approval.
    #[serde(default)]
    held: Option<BTreeSet<String>>,
    /// What keeps onced from its work, by its first word.
    #[serde(default)]
    unready: BTreeSet<String>,
    /// The entries that are refused, and the gist of why.
    #[serde(default)]
    refused: BTreeMap<EntryName, String>,
    /// The entries whose time passed before they were started, and that time.
    #[serde(default)]
    missed: BTreeMap<EntryName, String>,
    /// The entries that fire as before, though the rules of their time zones changed, and their times by the new ones.
    #[serde(default)]
    kept: BTreeMap<EntryName, String>,
}

/// Since when something stands: what keeps onced from its work, by its first word; stops that wait, by their digest.
pub type Troubles = BTreeMap<String, DateTime<Utc>>;

impl Told {
    /// Does the same stand, however far the history was read?
    pub fn stands_as(&self, other: &Self) -> bool {
        let cursor = other.cursor.clone();
        Self {
            cursor,
            ..self.clone()
        } == *other
    }

    /// What is to be told of a moment and of what happened since, and what will have been told by then. A moment may be a
    /// while old: what stands in it stands `now`.
    pub fn news(
        &self,
        moment: &Moment,
        events: &[Event],
        cursor: Option<Cursor>,
        (now, troubles): (DateTime<Utc>, &mut Troubles),
    ) -> (Vec<Notice>, Self) {
        let mut notices: Vec<Notice> = events.iter().filter_map(happened).collect();
        let before = std::mem::take(troubles);
        let mut stands = |what: &str, long: TimeDelta| {
            // A clock that is set back begins anew.
            let since = before.get(what).copied().unwrap_or(now).min(now);
            troubles.insert(what.to_owned(), since);
            now - since >= long
        };
        let is_anew = match (&self.cursor, &cursor) {
            (Some(before), Some(now)) => !before.is_beside(now),
            _ => false,
        };
        let mut next = Self {
            held: self.held(moment, &mut stands, &mut notices),
            unready: self.unready(moment, &mut stands, &mut notices),
            lost: if is_anew { Some(now) } else { self.lost },
            cursor,
            ..Self::default()
        };
        self.entries(moment, &mut next, &mut notices);
        self.kept(moment, &mut next, &mut notices);
        (notices, next)
    }

    /// Stops that wait. More of them, or others, are told again; fewer are not.
    fn held(
        &self,
        moment: &Moment,
        stands: &mut impl FnMut(&str, TimeDelta) -> bool,
        notices: &mut Vec<Notice>,
    ) -> Option<BTreeSet<String>> {
        // In doubt, and by a wrong clock, what would be stopped is not known.
        if moment.scan.doubt().is_some() || moment.standing.clock.is_some() {
            return self.held.clone();
        }
        let (Some(digest), Some(why)) = (moment.held_digest(), &moment.plan.guard) else {
            if self.held.is_some() {
                let over = "no stops wait for approval any more";
                notices.push(Notice::new(Topic::Recovered, moment.now, over));
            }
            return None;
        };
        let told = self.held.as_ref();
        let is_told = told.is_some_and(|told| moment.to_approve.is_subset(told));
        if is_told || !stands(&format!("held {digest}"), STANDS) {
            return self.held.clone();
        }
        notices.push(Notice {
            digest: Some(digest),
            ..Notice::new(Topic::Held, moment.now, format!("this plan {why}"))
        });
        Some(moment.to_approve.clone())
    }

    /// What keeps onced from its work.
    fn unready(
        &self,
        moment: &Moment,
        stands: &mut impl FnMut(&str, TimeDelta) -> bool,
        notices: &mut Vec<Notice>,
    ) -> BTreeSet<String> {
        let mut standing = BTreeMap::new();
        for trouble in moment.unready() {
            let word = trouble.split(':').next().unwrap_or_default().to_owned();
            if word != "held" {
                standing.entry(word).or_insert(trouble);
            }
        }
        let mut told = BTreeSet::new();
        for (word, trouble) in &standing {
            let stands = stands(word, STANDS);
            if self.unready.contains(word) {
                told.insert(word.clone());
            } else if stands {
                notices.push(Notice::new(Topic::Unready, moment.now, trouble.as_str()));
                told.insert(word.clone());
            }
        }
        for word in &self.unready {
            if standing.contains_key(word) {
                continue;
            }
            // A process that has just begun, or has had no answer yet, knows nothing of an outage.
            let knows = word != "aws" || moment.standing.answered;
            if stands(&format!("over {word}"), STANDS * 2) && knows {
                let over = format!("{word}: as it should be again");
                notices.push(Notice::new(Topic::Recovered, moment.now, over));
            } else {
                told.insert(word.clone());
            }
        }
        told
    }

    /// What is kept as it was, since by other time zone rules its time is past: each time by such rules once.
    fn kept(&self, moment: &Moment, next: &mut Self, notices: &mut Vec<Notice>) {
        for (name, shift) in &moment.plan.shifts {
            let is = instant(shift.is);
            let is_told = self.kept.get(name) == Some(&is);
            let is_kept = match moment.plan.decisions.get(name) {
                Some(Decision::Hold { by, why, .. }) if *by == HeldBy::Rules && !shift.waits => {
                    Some(why)
                }
                _ => None,
            };
            if let Some(why) = is_kept.filter(|_| !is_told) {
                notices.push(Notice {
                    name: Some(name.clone()),
                    at: Some(instant(shift.was)),
                    execution_arn: moment.records.get(name).map(Record::execution_arn),
                    ..Notice::new(Topic::Moved, moment.now, why.as_str())
                });
            }
            if is_kept.is_some() || is_told {
                next.kept.insert(name.clone(), is);
            }
        }
    }

    /// What stands with single entries.
    fn entries(&self, moment: &Moment, next: &mut Self, notices: &mut Vec<Notice>) {
        let notice = |event, entry: &EntryView| Notice {
            name: Some(entry.name.clone()),
            at: Some(entry.at.clone()),
            execution_arn: entry.execution_arn.clone(),
            ..Notice::new(event, moment.now, entry.detail.clone().unwrap_or_default())
        };
        // By a wrong clock, what is late is not.
        let believed = moment.standing.clock.is_none();
        // What can't be seen now was told all the same.
        let hidden = |name: &EntryName| {
            !believed
                || !moment.scan.entries.contains_key(name)
                    && moment.scan.mentions(name, "").is_some()
        };
        let missed = self.missed.iter().filter(|(name, _)| hidden(name));
        next.missed = missed
            .map(|(name, at)| (name.clone(), at.clone()))
            .collect();
        for entry in moment.entries_in(&["refused", "missed"]) {
            if entry.phase == "refused" {
                let gist = gist(entry.detail.as_deref().unwrap_or_default());
                if self.refused.get(&entry.name) != Some(&gist) {
                    notices.push(notice(Topic::Refused, &entry));
                }
                next.refused.insert(entry.name, gist);
            } else if entry.outcome.is_none() && believed {
                // What has an outcome is in the history.
                let at: Option<DateTime<Utc>> = entry.at.parse().ok();
                let lost = next
                    .lost
                    .is_some_and(|lost| at.is_some_and(|at| at <= lost));
                if !lost && self.missed.get(&entry.name) != Some(&entry.at) {
                    notices.push(notice(Topic::Missed, &entry));
                }
                next.missed.insert(entry.name, entry.at);
            }
        }
        for (name, gist) in &self.refused {
            if next.refused.contains_key(name) {
                continue;
            }
            match moment.phase_of(name) {
                Some(phase @ ("scheduled" | "succeeded")) => {
                    let over = format!("refused before, {phase} now");
                    notices.push(Notice {
                        name: Some(name.clone()),
                        ..Notice::new(Topic::Recovered, moment.now, over)
                    });
                }
                // It is being tried: that is not over.
                Some("pending" | "starting") => {
                    next.refused.insert(name.clone(), gist.clone());
                }
                // What became of it is told for itself, or needs nobody any more.
                _ => {}
            }
        }
    }
}

/// The operation and AWS's code: its text may differ from one time to the next.
fn gist(detail: &str) -> String {
    let parts: Vec<&str> = detail.splitn(3, ": ").take(2).collect();
    parts.join(": ")
}

/// What of the history is told. That an entry is refused is told as long as it stands.
fn happened(event: &Event) -> Option<Notice> {
    let (topic, what) = match event.event.as_str() {
        "failed" => (Topic::Failed, "it failed"),
        "timed_out" => (Topic::Failed, "Step Functions ended it for its age"),
        "aborted" => (Topic::Aborted, "somebody else stopped it"),
        "missed" => (Topic::Missed, "its time passed before a start was accepted"),
        // One that has another name is nothing to tell.
        "moved" if event.was.is_some() => (Topic::Moved, "it fires at another time"),
        _ => return None,
    };
    let detail = match &event.detail {
        Some(error) => format!("{what}: {error}"),
        None => what.to_owned(),
    };
    Some(Notice {
        name: Some(event.name.clone()),
        at: Some(instant(event.at)),
        execution_arn: Some(event.execution_arn.clone()),
        ..Notice::new(topic, event.time, detail)
    })
}

#[cfg(test)]
mod tests;
