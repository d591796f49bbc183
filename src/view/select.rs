//! Which entries of a list are meant: by name, file, phase, and by when they fire. Pure.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::EntryView;
use crate::model::glob::Glob;
use crate::model::plan::after;

/// What was asked for; without any of it, every entry.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// None: whatever it is.
    names: Vec<Glob>,
    files: Vec<Glob>,
    phases: Vec<String>,
    due: Option<Duration>,
}

/// The error names the one that is no pattern.
fn patterns(patterns: &[String]) -> Result<Vec<Glob>, String> {
    let glob = |pattern: &String| {
        Glob::parse(pattern).map_err(|error| format!("`{pattern}` is no pattern: {}", error.why))
    };
    patterns.iter().map(glob).collect()
}

impl Selection {
    /// By patterns of names and of files: any of them is enough.
    pub fn new(names: &[String], files: &[String]) -> Result<Self, String> {
        Ok(Self {
            names: patterns(names)?,
            files: patterns(files)?,
            ..Self::default()
        })
    }

    /// In one of these phases only; none: in any.
    #[must_use]
    pub fn phases(self, phases: Vec<String>) -> Self {
        Self { phases, ..self }
    }

    /// Only those that fire within this time.
    #[must_use]
    pub fn due(self, due: Option<Duration>) -> Self {
        Self { due, ..self }
    }

    /// Is it every entry?
    pub fn is_all(&self) -> bool {
        self.names.is_empty()
            && self.files.is_empty()
            && self.phases.is_empty()
            && self.due.is_none()
    }

    /// Is this one meant?
    pub fn takes(&self, entry: &EntryView, now: DateTime<Utc>) -> bool {
        let matches = |globs: &[Glob], text: &str| {
            globs.is_empty() || globs.iter().any(|glob| glob.is_match(text))
        };
        let is_due = |within| fires(entry, now) && entry.time() <= after(now, within);
        matches(&self.names, entry.name.as_str())
            && matches(&self.files, &entry.file)
            && (self.phases.is_empty() || self.phases.contains(&entry.phase))
            && self.due.is_none_or(is_due)
    }
}

/// Will it still fire, as things stand? Not what is disabled, is being stopped, is refused or is over; what AWS has begun
/// at its time is over too, although its outcome is not known yet.
pub fn fires(entry: &EntryView, now: DateTime<Utc>) -> bool {
    match entry.phase.as_str() {
        // Within its grace it may be started late.
        "pending" | "starting" => true,
        "deferred" | "scheduled" => entry.time() >= now,
        _ => false,
    }
}

/// Is something of it still to come? What is over is not, nor what is switched off or refused once its time has passed.
pub fn is_open(entry: &EntryView, now: DateTime<Utc>) -> bool {
    match entry.phase.as_str() {
        "pending" | "deferred" | "starting" | "scheduled" | "stopping" => true,
        "disabled" | "refused" => entry.time() >= now,
        _ => false,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::entry::EntryName;

    pub(crate) fn now() -> DateTime<Utc> {
        "2026-11-30T22:30:00Z".parse().expect("a time")
    }

    /// An entry as the daemon shows it.
    pub(crate) fn view(name: &str, phase: &str, at: &str) -> EntryView {
        EntryView {
            name: EntryName::parse(name).expect("a name"),
            phase: phase.into(),
            held: None,
            at: at.into(),
            lambda: Some("send-email".into()),
            state_machine: "arn:aws:states:eu-central-1:123456789012:stateMachine:M".into(),
            execution_arn: None,
            execution_name: None,
            generation: None,
            file: "team/a.yaml".into(),
            line: Some(3),
            detail: None,
            outcome: None,
            commit: None,
            description: None,
            since: None,
            step: None,
            until: None,
        }
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn names_and_files_match_patterns() {
        let entry = view("launch-email", "scheduled", "2026-12-01T09:00:00Z");
        for (names, files, expected) in [
            (&[][..], &[][..], true),
            (&["launch-*"], &[], true),
            (&["LAUNCH-*"], &[], false),
            (&["launch"], &[], false),
            (&["x", "*-{email,sms}"], &[], true),
            (&[], &["*.yaml"], true),
            (&[], &["team/*"], true),
            (&[], &["other/*", "b.yaml"], false),
            (&["launch-*"], &["b.yaml"], false),
        ] {
            let selection = Selection::new(&texts(names), &texts(files)).expect("patterns");
            assert_eq!(
                selection.takes(&entry, now()),
                expected,
                "{names:?} {files:?}"
            );
            assert_eq!(selection.is_all(), names.is_empty() && files.is_empty());
        }
        let wrong = Selection::new(&texts(&["a", "[b"]), &[]).expect_err("no pattern");
        assert!(wrong.contains("`[b`"), "{wrong}");
    }

    /// Every phase, a minute before and an hour after.
    #[test]
    fn what_is_due_and_what_is_open() {
        let due = Selection::default().due(Some(Duration::from_hours(1)));
        let minute = "2026-11-30T22:29:00Z";
        let (soon, later) = ("2026-11-30T23:30:00Z", "2026-11-30T23:30:01Z");
        for phase in super::super::PHASES {
            let row = |at: &str| {
                let entry = view("a", phase, at);
                (due.takes(&entry, now()), is_open(&entry, now()))
            };
            let expected = match phase {
                "pending" | "starting" => [(true, true), (true, true), (false, true)],
                "deferred" | "scheduled" => [(false, true), (true, true), (false, true)],
                "stopping" => [(false, true); 3],
                "disabled" | "refused" => [(false, false), (false, true), (false, true)],
                _ => [(false, false); 3],
            };
            assert_eq!([row(minute), row(soon), row(later)], expected, "{phase}");
        }
    }

    #[test]
    fn phases_are_any_of_those_that_are_given() {
        let entry = view("a", "missed", "2026-12-01T09:00:00Z");
        let of = |phases: &[&str]| Selection::default().phases(texts(phases));
        assert!(of(&["failed", "missed"]).takes(&entry, now()));
        assert!(!of(&["failed"]).takes(&entry, now()) && !of(&["failed"]).is_all());
    }
}
