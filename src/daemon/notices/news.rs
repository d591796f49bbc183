//! What there is to tell, by what was told before: pure. Things that happened come from the history, each once; things that
//! stand (stops held, an entry refused, AWS silent) are told when they begin and when they are over, and not in between.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ledger::Cursor;
use crate::model::entry::{EntryName, instant};
use crate::model::record::Event;
use crate::model::topic::Topic;
use crate::view::Moment;

/// What keeps onced from its work is told once it has done so for so long: an outage of seconds is none.
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
    /// The digest of the stops that wait for approval.
    #[serde(default)]
    held: Option<String>,
    /// What keeps onced from its work, by its first word.
    #[serde(default)]
    unready: BTreeSet<String>,
    /// The entries that are refused, and why.
    #[serde(default)]
    refused: BTreeMap<EntryName, String>,
    /// The entries that were too late when they were first seen, and their time.
    #[serde(default)]
    missed: BTreeMap<EntryName, String>,
}

/// Since when something keeps onced from its work, by its first word.
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

    /// What is to be told now of a moment and of what happened since, and what will have been told by then.
    pub fn news(
        &self,
        moment: &Moment,
        events: &[Event],
        cursor: Cursor,
        troubles: &mut Troubles,
    ) -> (Vec<Notice>, Self) {
        let now = moment.now;
        let mut notices: Vec<Notice> = events.iter().filter_map(happened).collect();
        let mut next = Self {
            cursor: Some(cursor),
            ..Self::default()
        };

        next.held = moment.held_digest();
        if next.held != self.held {
            notices.push(match (&next.held, &moment.plan.guard) {
                (Some(digest), Some(why)) => Notice {
                    digest: Some(digest.clone()),
                    ..Notice::new(Topic::Held, now, format!("this plan {why}"))
                },
                _ => Notice::new(Topic::Recovered, now, "no stops wait for approval any more"),
            });
        }

        let mut standing = BTreeMap::new();
        for trouble in moment.unready() {
            let word = trouble.split(':').next().unwrap_or_default().to_owned();
            if word != "held" {
                standing.entry(word).or_insert(trouble);
            }
        }
        troubles.retain(|word, _| standing.contains_key(word));
        for (word, trouble) in standing {
            let since = *troubles.entry(word.clone()).or_insert(now);
            let told = self.unready.contains(&word);
            if told || now - since >= STANDS {
                if !told {
                    notices.push(Notice::new(Topic::Unready, now, trouble));
                }
                next.unready.insert(word);
            }
        }
        for word in self.unready.difference(&next.unready) {
            notices.push(Notice::new(
                Topic::Recovered,
                now,
                format!("{word}: as it should be again"),
            ));
        }

        // By a wrong clock, what is late is not.
        let believed = moment.standing.clock.is_none();
        if !believed {
            next.missed.clone_from(&self.missed);
        }
        let entries = moment.entries_in(&["refused", "missed"]);
        for entry in entries {
            let detail = entry.detail.unwrap_or_default();
            let notice = |event| Notice {
                name: Some(entry.name.clone()),
                at: Some(entry.at.clone()),
                execution_arn: entry.execution_arn.clone(),
                ..Notice::new(event, now, detail.clone())
            };
            if entry.phase == "refused" {
                if self.refused.get(&entry.name) != Some(&detail) {
                    notices.push(notice(Topic::Refused));
                }
                next.refused.insert(entry.name, detail);
            } else if entry.execution_arn.is_none() && believed {
                // What has a record is in the history.
                if self.missed.get(&entry.name) != Some(&entry.at) {
                    notices.push(notice(Topic::Missed));
                }
                next.missed.insert(entry.name, entry.at);
            }
        }
        for name in self
            .refused
            .keys()
            .filter(|name| !next.refused.contains_key(*name))
        {
            // One that is gone needs nobody any more.
            if let Some(phase) = moment.phase_of(name) {
                let notice = Notice::new(
                    Topic::Recovered,
                    now,
                    format!("refused before, {phase} now"),
                );
                notices.push(Notice {
                    name: Some(name.clone()),
                    ..notice
                });
            }
        }
        (notices, next)
    }
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
            moment.standing.silent = silent.iter().map(|&text| text.to_owned()).collect();
            let (notices, next) = told.news(&moment, &[], cursor.clone(), &mut troubles);
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
        let ends = (Topic::Recovered, "aws: as it should be again".to_owned());
        assert_eq!(look(501, &[]), [ends]);
        assert_eq!(look(502, &[]), []);
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
                decisions: [(name, rest)].into(),
                ..Plan::default()
            });
            moment.standing.clock = clock.map(str::to_owned);
            let (notices, next) = told.news(&moment, &[], cursor.clone(), &mut troubles);
            told = next;
            notices
                .iter()
                .map(|notice| notice.event)
                .collect::<Vec<_>>()
        };
        let late = (entry.at - DateTime::UNIX_EPOCH).num_seconds() + 100_000;
        assert_eq!(look(late, Some("it jumped")), []);
        assert_eq!(look(late, None), [Topic::Missed]);
        assert_eq!(look(late, Some("it jumped")), []);
        assert_eq!(look(late, None), [], "once");
    }

    /// Another set of stops that wait has another digest: that is told, and so is the end.
    #[tokio::test]
    async fn another_mass_of_stops_is_told_again() {
        let cursor = cursor().await;
        let (mut told, mut troubles) = (Told::default(), Troubles::new());
        let mut look = |executions: &[&str]| {
            let mut moment = moment(0);
            moment.to_approve = executions.iter().map(|&arn| arn.to_owned()).collect();
            let guard = (!executions.is_empty()).then(|| "stops many".to_owned());
            moment.plan = Arc::new(Plan {
                guard,
                ..Plan::default()
            });
            let (notices, next) = told.news(&moment, &[], cursor.clone(), &mut troubles);
            told = next;
            let said = |notice: &Notice| (notice.event, notice.digest.is_some());
            notices.iter().map(said).collect::<Vec<_>>()
        };
        assert_eq!(look(&["a", "b"]), [(Topic::Held, true)]);
        assert_eq!(look(&["a", "b"]), []);
        assert_eq!(look(&["a", "b", "c"]), [(Topic::Held, true)]);
        assert_eq!(look(&[]), [(Topic::Recovered, false)]);
        assert_eq!(look(&[]), []);
    }
}
