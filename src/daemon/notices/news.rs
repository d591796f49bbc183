//! What there is to tell, by what was told before: pure. Things that happened come from the history, each once; things that
//! stand (stops held, an entry refused, AWS silent) are told when they begin and when they are over, and not in between.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ledger::Cursor;
use crate::model::entry::{EntryName, instant};
use crate::model::record::Event;
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
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::ledger::{Holder, Ledger};
    use crate::model::limits::Limits;
    use crate::model::name::Owner;
    use crate::model::plan::{MaxStops, Plan, Policy, Rules};
    use crate::model::records::Records;
    use crate::source::scan::Scan;
    use crate::view::standing::Standing;

    fn moment(seconds: i64) -> Moment {
        Moment {
            owner: Owner::parse("test").expect("an owner"),
            scan: Scan::default(),
            records: Records::default(),
            plan: Arc::new(Plan::default()),
            orphans: Vec::new(),
            to_approve: BTreeSet::new(),
            pause: None,
            policy: Policy {
                start_only: false,
                stop_after: Duration::ZERO,
                horizon: Duration::ZERO,
                max_stops: MaxStops::Count(0),
                rules: Rules::default(),
            },
            limits: Limits::default(),
            standing: Standing::default(),
            now: DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds),
        }
    }

    async fn cursor() -> Cursor {
        let directory = tempfile::tempdir().expect("a directory");
        let (ledger, _) = Ledger::open(directory.path(), Holder::Command).expect("a ledger");
        let end = ledger.events_after(None, 1, DateTime::UNIX_EPOCH).await;
        end.expect("it is read").1
    }

    /// An outage is told once it has stood for a minute, however its error reads, and so is its end; a short one is not.
    #[tokio::test]
    async fn what_stands_is_told_when_it_begins_and_when_it_ends() {
        let cursor = cursor().await;
        let (mut told, mut troubles) = (Told::default(), Troubles::new());
        let mut look = |seconds: i64, silent: &[&str]| {
            let mut moment = moment(seconds);
            moment.standing.answered = seconds != 800;
            moment.standing.silent = silent.iter().map(|&text| text.to_owned()).collect();
            let (notices, next) = told.news(
                &moment,
                &[],
                Some(cursor.clone()),
                (moment.now, &mut troubles),
            );
            told = next;
            let said = |notice: &Notice| (notice.event, notice.detail.clone().unwrap_or_default());
            notices.iter().map(said).collect::<Vec<_>>()
        };
        assert_eq!(look(0, &["us-east-1: timed out"]), []);
        assert_eq!(look(59, &["us-east-1: refused"]), []);
        assert_eq!(look(60, &[]), [], "a short one");
        assert_eq!(look(61, &["us-east-1: timed out"]), []);
        let begins = (Topic::Unready, "aws: us-east-1: reset".to_owned());
        assert_eq!(look(121, &["us-east-1: reset"]), [begins]);
        assert_eq!(look(500, &["eu-west-1: other"]), [], "it stands");
        assert_eq!(look(501, &[]), []);
        assert_eq!(
            look(560, &["eu-west-1: other"]),
            [],
            "it stood all the time"
        );
        assert_eq!(look(570, &[]), []);
        assert_eq!(look(800, &[]), [], "a process that has had no answer yet");
        let ends = (Topic::Recovered, "aws: as it should be again".to_owned());
        assert_eq!(look(801, &[]), [ends]);
        assert_eq!(look(900, &[]), []);
    }

    /// By a clock that is not believed, nothing is missed; once it is, what is missed is told.
    #[tokio::test]
    async fn a_wrong_clock_cries_no_wolf() {
        let cursor = cursor().await;
        let entry = Arc::new(crate::model::entry::sample("e"));
        let (mut told, mut troubles) = (Told::default(), Troubles::new());
        let mut look = |seconds: i64, clock: Option<&str>| {
            let mut moment = moment(seconds);
            let name = entry.name.clone();
            moment.scan.entries = Arc::new([(name.clone(), Arc::clone(&entry))].into());
            let rest = crate::model::plan::Decision::Rest { wake: None };
            moment.plan = Arc::new(Plan {
                decisions: [(name, rest)].into_iter().collect(),
                ..Plan::default()
            });
            moment.standing.clock = clock.map(str::to_owned);
            let (notices, next) = told.news(
                &moment,
                &[],
                Some(cursor.clone()),
                (moment.now, &mut troubles),
            );
            told = next;
            notices
                .iter()
                .map(|notice| notice.event)
                .collect::<Vec<_>>()
        };
        let late = (entry.at() - DateTime::UNIX_EPOCH).num_seconds() + 100_000;
        assert_eq!(look(late, Some("it jumped")), []);
        assert_eq!(look(late, None), [Topic::Missed]);
        assert_eq!(look(late, Some("it jumped")), []);
        assert_eq!(look(late, None), [], "once");
    }

    /// Another set of stops that wait is told again, once it stands, unless it only grew smaller; in doubt, nothing is over.
    #[tokio::test]
    async fn another_mass_of_stops_is_told_again() {
        let cursor = cursor().await;
        let (mut told, mut troubles) = (Told::default(), Troubles::new());
        let mut look = |seconds: i64, executions: &[&str], doubt: Option<&str>| {
            let mut moment = moment(seconds);
            moment.to_approve = executions.iter().map(|&arn| arn.to_owned()).collect();
            let guard = (!executions.is_empty()).then(|| "stops many".to_owned());
            moment.plan = Arc::new(Plan {
                guard,
                ..Plan::default()
            });
            moment.scan.unclear = doubt.map(str::to_owned);
            let (notices, next) = told.news(
                &moment,
                &[],
                Some(cursor.clone()),
                (moment.now, &mut troubles),
            );
            told = next;
            let held = notices
                .iter()
                .filter(|notice| notice.event != Topic::Unready);
            let said = |notice: &Notice| (notice.event, notice.digest.is_some());
            held.map(said).collect::<Vec<_>>()
        };
        assert_eq!(look(0, &["a", "b"], None), []);
        assert_eq!(
            look(30, &["a", "b", "c"], None),
            [],
            "files are being replaced"
        );
        assert_eq!(look(60, &["a", "b", "c"], None), []);
        assert_eq!(look(90, &["a", "b", "c"], None), [(Topic::Held, true)]);
        assert_eq!(look(200, &["a", "b", "c"], None), []);
        assert_eq!(look(300, &["b", "c"], None), [], "one came to its time");
        assert_eq!(look(310, &["a", "b", "c"], None), [], "for a moment only");
        assert_eq!(look(400, &["a", "b", "c"], None), []);
        assert_eq!(look(410, &["d"], None), [], "others, and fewer");
        assert_eq!(look(470, &["d"], None), [(Topic::Held, true)]);
        assert_eq!(look(500, &[], Some("unmounted")), []);
        assert_eq!(look(600, &[], None), [(Topic::Recovered, false)]);
        assert_eq!(look(700, &[], None), []);
    }

    /// What can't be seen for a while is not told again, nor what only looks as if it had never run since the ledger is lost.
    #[tokio::test]
    async fn what_was_missed_is_told_once() {
        let (one, other) = (cursor().await, cursor().await);
        let entry = Arc::new(crate::model::entry::sample("e"));
        let late = (entry.at() - DateTime::UNIX_EPOCH).num_seconds() + 100_000;
        let look = |told: &mut Told, is_there: bool, doubt: Option<&str>, cursor: &Cursor| {
            let mut moment = moment(late);
            let name = entry.name.clone();
            if is_there {
                moment.scan.entries = Arc::new([(name.clone(), Arc::clone(&entry))].into());
                let rest = crate::model::plan::Decision::Rest { wake: None };
                moment.plan = Arc::new(Plan {
                    decisions: [(name, rest)].into_iter().collect(),
                    ..Plan::default()
                });
            }
            moment.scan.unclear = doubt.map(str::to_owned);
            let cursor = Some(cursor.clone());
            let (notices, next) =
                told.news(&moment, &[], cursor, (moment.now, &mut Troubles::new()));
            *told = next;
            notices
                .iter()
                .map(|notice| notice.event)
                .collect::<Vec<_>>()
        };
        let mut told = Told::default();
        assert_eq!(look(&mut told, true, None, &one), [Topic::Missed]);
        assert_eq!(look(&mut told, false, Some("unmounted"), &one), []);
        assert_eq!(look(&mut told, true, None, &one), []);
        assert_eq!(look(&mut told, false, None, &one), []);
        assert_eq!(
            look(&mut told, true, None, &one),
            [Topic::Missed],
            "put back"
        );
        let mut told = Told::default();
        assert_eq!(look(&mut told, false, None, &one), []);
        assert_eq!(
            look(&mut told, false, None, &other),
            [],
            "a loss, and nothing to be seen"
        );
        assert_eq!(look(&mut told, true, None, &other), [], "then all of it");
        assert_eq!(look(&mut told, true, None, &other), []);
    }

    #[test]
    fn the_gist_of_a_refusal_is_its_operation_and_its_code() {
        let text = "StartExecution failed: AccessDenied: User: arn:x/session-1 is not authorized";
        assert_eq!(gist(text), "StartExecution failed: AccessDenied");
        assert_eq!(gist("it would run at once"), "it would run at once");
    }
}
