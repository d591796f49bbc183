//! What Prometheus is told: every metric's name, help and unit is here. Read from the last finished pass and from what
//! the floors below count; never from what an entry carries.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64};

use chrono::{DateTime, Utc};
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::notices::Attempts;
use crate::model::brake::HeldBy;
use crate::model::plan::Decision;
use crate::reconcile::Tally;
use crate::source::problem::FileState;
use crate::step_functions::Calls;
use crate::view::Moment;
use crate::view::standing::WatchMode;
use crate::view::zone_rules::ZoneRules;

type Seconds = Gauge<f64, AtomicU64>;
type Label = [(&'static str, String); 1];
type Counts = Family<Label, Gauge>;

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// The text format that was there before, 0.0.4.
    Prometheus,
}

impl Form {
    /// What a client takes, by its `Accept`: OpenMetrics, unless it names another text only.
    pub fn accepted(accept: Option<&str>) -> Self {
        match accept {
            Some(accept)
                if accept.contains("text/plain")
                    && !accept.contains("application/openmetrics-text") =>
            {
                Self::Prometheus
            }
            _ => Self::OpenMetrics,
        }
    }

    /// For `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// What is counted from now on. Copies count the same.
#[derive(Debug, Clone)]
pub struct Metrics {
    pub(super) calls: Calls,
    pub(super) tally: Tally,
    pub(super) scans: Histogram,
    /// Notices that were sent, by result.
    pub notices: Attempts,
    begun: DateTime<Utc>,
    reloaded: Gauge,
    reloaded_at: Seconds,
}

/// How long scans take, in seconds.
pub(super) fn scans() -> Histogram {
    Histogram::new([0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])
}

impl Metrics {
    pub(super) fn new(calls: Calls, tally: Tally, scans: Histogram, now: DateTime<Utc>) -> Self {
        let metrics = Self {
            calls,
            tally,
            scans,
            notices: from_zero("result", &["delivered", "failed"]),
            begun: now,
            reloaded: Gauge::default(),
            reloaded_at: Seconds::default(),
        };
        metrics.reloaded(true, now);
        metrics
    }

    /// The configuration was read anew, or was bad and was not.
    pub fn reloaded(&self, good: bool, now: DateTime<Utc>) {
        self.reloaded.set(i64::from(good));
        if good {
            self.reloaded_at.set(timestamp(now));
        }
    }

    /// All of it. `size`: of the ledger's files in bytes, where that is known; `beat`: when the loop moved last.
    ///
    /// # Errors
    ///
    /// Where text can't be written, which does not happen.
    pub fn text(
        &self,
        moment: Option<&Moment>,
        size: Option<u64>,
        (ready, beat): (bool, DateTime<Utc>),
        form: Form,
    ) -> Result<String, std::fmt::Error> {
        let mut registry = Registry::with_prefix("onced");
        self.own(&mut registry);
        let help = "Whether nothing keeps onced from its work, as /readyz says";
        registry.register("ready", help, number(usize::from(ready)));
        let help = "When the loop moved last";
        let unit = Unit::Seconds;
        registry.register_with_unit("loop_last_beat_timestamp", help, unit, seconds(beat));
        if let Some(moment) = moment {
            of_moment(&mut registry, moment);
        }
        if let Some(size) = size {
            let help = "How much the ledger's files take on the disk";
            registry.register_with_unit("ledger_size", help, Unit::Bytes, number(size));
        }
        let mut answer = String::new();
        match form {
            Form::OpenMetrics => text::encode(&mut answer, &registry)?,
            Form::Prometheus => prometheus_text::encode(&mut answer, &registry)?,
        }
        Ok(answer)
    }

    /// What does not depend on a moment.
    fn own(&self, registry: &mut Registry) {
        let version = [("version", env!("CARGO_PKG_VERSION").to_owned())];
        registry.register("build", "The version of onced", Info::new(version));
        registry.register_with_unit(
            "start_timestamp",
            "When this process began",
            Unit::Seconds,
            seconds(self.begun),
        );
        registry.register(
            "config_last_reload_successful",
            "Whether the configuration was good when it was read last",
            self.reloaded.clone(),
        );
        registry.register_with_unit(
            "config_last_reload_success_timestamp",
            "When a good configuration was read last",
            Unit::Seconds,
            self.reloaded_at.clone(),
        );
        registry.register(
            "aws_calls",
            "Calls of Step Functions that have ended, by operation and by AWS's code, or `ok`",
            self.calls.answered.clone(),
        );
        registry.register_with_unit(
            "aws_call_duration",
            "How long a call of Step Functions took",
            Unit::Seconds,
            self.calls.seconds.clone(),
        );
        registry.register(
            "aws_throttled",
            "Calls that Step Functions refused because they were too many, by operation",
            self.calls.throttled.clone(),
        );
        registry.register(
            "events",
            "What happened to entries, by the words of `onced history`",
            self.tally.events.clone(),
        );
        registry.register(
            "step_retries",
            "Steps that were not done and are tried again, by step",
            self.tally.retries.clone(),
        );
        registry.register(
            "notifications",
            "Messages to those that `notify` names, by whether they were taken",
            self.notices.clone(),
        );
        registry.register_with_unit(
            "lateness",
            "How long after its time an execution left its wait",
            Unit::Seconds,
            self.tally.lateness.clone(),
        );
        registry.register_with_unit(
            "scan_duration",
            "How long a scan of the directory took",
            Unit::Seconds,
            self.scans.clone(),
        );
    }
}

/// What a moment shows.
fn of_moment(registry: &mut Registry, moment: &Moment) {
    let standing = &moment.standing;
    registry.register_with_unit(
        "reconcile_last_attempt_timestamp",
        "When files and ledger were compared last",
        Unit::Seconds,
        seconds(moment.now),
    );
    registry.register_with_unit(
        "reconcile_last_success_timestamp",
        "When all files were seen and every step that was due had been done; 0: never",
        Unit::Seconds,
        seconds(standing.succeeded.unwrap_or(DateTime::UNIX_EPOCH)),
    );
    let missed = moment.entries_in(&["missed"]);
    let missed = missed.iter().filter_map(|entry| entry.at.parse().ok());
    registry.register_with_unit(
        "last_missed_timestamp",
        "The latest time of an entry that was not started in time; 0: there is none",
        Unit::Seconds,
        seconds(missed.max().unwrap_or(DateTime::UNIX_EPOCH)),
    );
    let help = "Entries that are asked for or recorded, by phase";
    registry.register("entries", help, counts("phase", moment.phases()));
    let mut reasons: BTreeMap<&str, usize> = HeldBy::ALL.map(|by| (by.as_str(), 0)).into();
    for decision in moment.plan.decisions.values() {
        if let Decision::Hold { by, .. } = decision {
            *reasons.entry(by.as_str()).or_default() += 1;
        }
    }
    let help = "Entries whose step is due and not taken, by what holds it";
    registry.register("entries_held", help, counts("reason", reasons));
    if let Some(next) = moment.next() {
        registry.register_with_unit(
            "next_due_timestamp",
            "The earliest time to come of an execution that waits for it",
            Unit::Seconds,
            seconds(next),
        );
    }
    let mut files: BTreeMap<&str, usize> = FileState::ALL.map(|state| (state.as_str(), 0)).into();
    for file in moment.scan.files.iter() {
        *files.entry(file.state.as_str()).or_default() += 1;
    }
    let help = "Schedule files, by how they are read";
    registry.register("files", help, counts("state", files));
    let orphans = "Executions of this owner that run and that no entry asks for";
    registry.register("orphans", orphans, number(moment.orphans.len()));
    let paused = "Whether onced is paused";
    registry.register(
        "paused",
        paused,
        number(usize::from(moment.pause.is_some())),
    );
    let unreachable = "Accounts, regions and state machines where Step Functions does not answer, or refuses to list";
    registry.register(
        "aws_unreachable",
        unreachable,
        number(standing.silent.len()),
    );
    let writable = "Whether the last write of the ledger succeeded";
    let is_writable = number(usize::from(!standing.ledger_fails));
    registry.register("ledger_writable", writable, is_writable);
    let believed = "Whether the clock is believed: it did not jump, and agrees with AWS's";
    let is_believed = number(usize::from(standing.clock.is_none()));
    registry.register("clock_believed", believed, is_believed);
    let ZoneRules { version, source } = moment.zone_rules();
    let version = version.map_or_else(|| "unknown".to_owned(), |version| version.to_string());
    let rules = Info::new([("version", version), ("source", source)]);
    let help = "The time zone rules by which local times are read, and where they come from";
    registry.register("zone_rules", help, rules);
    let records = "Records in the ledger";
    registry.register("ledger_records", records, number(moment.records.len()));
    let modes =
        WatchMode::ALL.map(|mode| (mode.as_str(), usize::from(standing.watch == Some(mode))));
    let help = "How changes of the files are seen: 1 at what is so";
    registry.register("watch_mode", help, counts("mode", modes.into()));
}

/// An increase from nothing is one that an alert does not see.
fn from_zero(key: &'static str, words: &[&str]) -> Attempts {
    let family = Attempts::default();
    for word in words {
        drop(family.get_or_create(&[(key, (*word).to_owned())]));
    }
    family
}

fn counts(key: &'static str, counts: BTreeMap<&str, usize>) -> Counts {
    let family = Counts::default();
    for (word, count) in counts {
        let label = [(key, word.to_owned())];
        family.get_or_create(&label).set(whole(count));
    }
    family
}

fn number(count: impl TryInto<i64>) -> Gauge {
    let gauge = Gauge::<i64, AtomicI64>::default();
    gauge.set(whole(count));
    gauge
}

fn whole(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

fn seconds(at: DateTime<Utc>) -> Seconds {
    let gauge = Seconds::default();
    gauge.set(timestamp(at));
    gauge
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds below 2^53")]
fn timestamp(at: DateTime<Utc>) -> f64 {
    at.timestamp_millis() as f64 / 1000.0
}
