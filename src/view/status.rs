//! One line about a moment, for those who look from outside: `128 scheduled, next in 4 h, 2 held`.

use chrono::{DateTime, Utc};

use super::Moment;
use crate::model::plan::Decision;
use crate::model::record::{Phase, Record};
use crate::source::problem::FileState;

/// `in 4 h 12 min`, `3 d 2 h ago`.
pub fn relative(now: DateTime<Utc>, at: DateTime<Utc>) -> String {
    let seconds = (at - now).num_seconds();
    let ago = seconds.unsigned_abs();
    let (days, hours, minutes) = (ago / 86_400, ago / 3600 % 24, ago / 60 % 60);
    let length = match (days, hours, minutes) {
        (0, 0, 0) => format!("{} s", ago % 60),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    };
    if seconds == 0 {
        return "now".to_owned();
    }
    if seconds < 0 {
        format!("{length} ago")
    } else {
        format!("in {length}")
    }
}

/// What a status line counts, so that it can be said anew as time passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    scheduled: usize,
    next: Option<DateTime<Utc>>,
    held: usize,
    trouble: Vec<String>,
}

impl Status {
    /// Of a moment.
    pub fn of(moment: &Moment) -> Self {
        let is_running = |record: &&Record| record.phase == Phase::Running;
        let held = |decision: &&Decision| matches!(decision, Decision::Hold { .. });
        let plan = &moment.plan;
        let waits = plan.unlisted.iter().next().map(|name| {
            let why = match plan.decisions.get(name) {
                Some(Decision::Hold { why, .. }) => why.as_str(),
                _ => "what runs is being listed",
            };
            format!("{} wait to be started: {why}", plan.unlisted.len())
        });
        let invalid = moment.scan.files.iter();
        let invalid = invalid
            .filter(|file| file.state == FileState::Invalid)
            .count();
        let trouble = [
            moment.pause.as_ref().map(|_| "paused".to_owned()),
            moment
                .scan
                .doubt()
                .map(|why| format!("nothing is stopped: {why}")),
            plan.guard
                .clone()
                .map(|why| format!("held: this plan {why}")),
            (invalid > 0).then(|| format!("{invalid} invalid files")),
            waits,
        ];
        Self {
            scheduled: moment.records.values().filter(is_running).count(),
            next: moment.next(),
            held: plan.decisions.values().filter(held).count(),
            trouble: trouble.into_iter().flatten().collect(),
        }
    }

    /// At this time.
    pub fn line(&self, now: DateTime<Utc>) -> String {
        let mut parts = vec![format!("{} scheduled", self.scheduled)];
        parts.extend(self.next.map(|at| format!("next {}", relative(now, at))));
        if self.held > 0 {
            parts.push(format!("{} held", self.held));
        }
        let line = parts.join(", ");
        let all = std::iter::once(line).chain(self.trouble.iter().cloned());
        // One line, of a bearable length.
        let text = all.collect::<Vec<_>>().join("; ").replace('\n', " ");
        text.chars().take(400).collect()
    }
}
