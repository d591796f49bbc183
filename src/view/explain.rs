//! Why an entry is in its phase, and what comes next: pure, in words that need no manual.

use chrono::{DateTime, Utc};

use super::EntryView;
use super::status::relative;
use super::words::local;
use crate::model::arn::Place;
use crate::model::zone::Zone;

/// Of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Why it is in this phase.
    pub why: String,
    /// What happens next, and when.
    pub next: String,
}

/// An entry, and how times are said.
struct Told<'a> {
    entry: &'a EntryView,
    zone: Zone,
    now: DateTime<Utc>,
}

/// Explains an entry.
pub fn explain(entry: &EntryView, zone: Zone, now: DateTime<Utc>) -> Explanation {
    let told = Told { entry, zone, now };
    Explanation {
        why: told.why(),
        next: told.next(),
    }
}

impl Told<'_> {
    fn when(&self, at: DateTime<Utc>) -> String {
        format!("{} ({})", local(at, self.zone), relative(self.now, at))
    }

    fn at(&self) -> String {
        self.when(self.entry.time())
    }

    /// A time that may not be known.
    fn moment(&self, word: &str, at: Option<&String>) -> String {
        let at = at.and_then(|at| at.parse().ok());
        at.map(|at| format!(" {word} {}", self.when(at)))
            .unwrap_or_default()
    }

    fn since(&self, word: &str) -> String {
        self.moment(word, self.entry.since.as_ref())
    }

    fn ended(&self) -> String {
        let ended = self
            .entry
            .outcome
            .as_ref()
            .and_then(|outcome| outcome.ended);
        ended
            .map(|at| format!(" at {}", self.when(at)))
            .unwrap_or_default()
    }

    fn detail(&self) -> String {
        let detail = self.entry.detail.as_ref();
        detail.map(|why| format!(": {why}")).unwrap_or_default()
    }

    fn is_past(&self) -> bool {
        self.entry.time() < self.now
    }

    fn why(&self) -> String {
        let detail = self.detail();
        match self.entry.phase.as_str() {
            "pending" => {
                let why = self.entry.held.as_ref();
                let held = why.map(|why| format!(", and its start is held: {why}"));
                format!(
                    "it is wanted, and nothing of it runs yet{detail}{}",
                    held.unwrap_or_default()
                )
            }
            "deferred" => {
                "it is farther ahead than `reconcile.horizon`: AWS ends an execution after one year, so none is started yet".to_owned()
            }
            "disabled" => "the file says `enabled: false`".to_owned(),
            "starting" => format!(
                "its start was written down{}, and AWS has not confirmed it yet",
                self.since("at")
            ),
            "scheduled" if self.is_past() => {
                format!("its time has come, and how it ended is not recorded yet{detail}")
            }
            "scheduled" => format!("an execution waits at AWS{}{detail}", self.since("since")),
            "stopping" => format!(
                "the entry was removed, switched off or changed: its execution is being stopped{}",
                self.since("since")
            ),
            "stopped" => format!(
                "the entry was removed, switched off or changed: onced stopped its execution{}",
                self.since("at")
            ),
            "succeeded" => format!("it fired, and ended well{}{detail}", self.ended()),
            "failed" | "timed_out" if self.entry.broke_off() => format!(
                "its execution ended{}, before its time, and nothing was invoked{detail}",
                self.ended()
            ),
            "failed" => format!("it fired, and failed{}{detail}", self.ended()),
            "timed_out" => format!("AWS ended it for its age{}{detail}", self.ended()),
            "aborted" => format!(
                "its execution was stopped{}, and not by onced{detail}",
                self.ended()
            ),
            "missed" if detail.is_empty() => {
                "its time passed before AWS had taken a start".to_owned()
            }
            "missed" => format!("it was not started{detail}"),
            "refused" => format!("AWS does not take it{detail}"),
            other => format!("it is `{other}`"),
        }
    }

    fn next(&self) -> String {
        let over = "nothing: it is over, and runs again only with a later time";
        match (self.entry.phase.as_str(), self.entry.step.as_deref()) {
            ("scheduled", _) if self.is_past() => return "AWS is asked how it ended".to_owned(),
            ("scheduled" | "starting" | "refused", Some(step @ ("Stop" | "Replace"))) => {
                return self.stop(step == "Replace");
            }
            (_, Some("Forget")) => return "a running onced forgets it".to_owned(),
            _ => {}
        }
        match self.entry.phase.as_str() {
            "scheduled" => format!("fires at {}, whether or not onced runs", self.at()),
            "pending" => self.start(),
            "deferred" => format!(
                "an execution is started{}, and fires at {}",
                self.moment("at", self.entry.until.as_ref()),
                self.at()
            ),
            "disabled" => "nothing until it is enabled".to_owned(),
            "starting" => format!(
                "the same call is made again until AWS answers; fires at {}",
                self.at()
            ),
            "stopping" => {
                "once it is known how the execution ended, what the file asks for is started, if anything".to_owned()
            }
            "stopped" => "nothing: put back, it runs as the next generation".to_owned(),
            "aborted" => "nothing: it is started again only when it is changed".to_owned(),
            "missed" => "nothing: give it a later time if it shall still run".to_owned(),
            "refused" if self.is_past() => "nothing: its time has passed".to_owned(),
            "refused" => format!(
                "onced tries again every few minutes, and when it is changed; taken in time, it fires at {}",
                self.at()
            ),
            _ => over.to_owned(),
        }
    }

    fn start(&self) -> String {
        let at = self.at();
        match (&self.entry.held, &self.entry.until) {
            (None, _) => format!("a running onced starts it at once; fires at {at}"),
            (Some(_), None) => {
                format!("it is started once nothing holds it, if that is in time; fires at {at}")
            }
            (Some(_), until) => format!(
                "it is started{}; fires at {at}",
                self.moment("at", until.as_ref())
            ),
        }
    }

    fn stop(&self, is_replaced: bool) -> String {
        let what = if is_replaced { "replaced" } else { "stopped" };
        let at = self.at();
        match (&self.entry.held, &self.entry.until) {
            (None, _) => format!("a running onced has it {what} at once"),
            (Some(why), None) => {
                format!("fires at {at} all the same: that it is {what} is held: {why}")
            }
            (Some(why), until) => format!(
                "will be {what}{}, before its time at {at}: {why}",
                self.moment("at", until.as_ref())
            ),
        }
    }
}

/// Where AWS's console shows an execution; `None`: in a part of AWS whose console is not known.
pub fn console_url(execution_arn: &str) -> Option<String> {
    let region = Place::of(execution_arn)?.region;
    let host = match execution_arn.split(':').nth(1)? {
        "aws" => "console.aws.amazon.com",
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => return None,
    };
    let execution = in_a_link(execution_arn);
    Some(format!(
        "https://{region}.{host}/states/home?region={region}#/v2/executions/details/{execution}"
    ))
}

/// State machines may be called what no link can hold as it is.
fn in_a_link(arn: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    arn.bytes().map(encoded).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::PHASES;
    use super::super::select::tests::{now, view};
    use super::*;
    use crate::model::record::{Outcome, OutcomeStatus};

    /// Each phase, as the daemon fills the fields.
    fn cases() -> Vec<EntryView> {
        let at = "2026-12-01T08:00:00Z";
        let held = |phase: &str, step: &str, why: &str, until: Option<&str>| {
            let mut entry = view("a", phase, at);
            entry.step = Some(step.into());
            entry.held = Some(why.into());
            entry.until = until.map(str::to_owned);
            entry
        };
        let mut cases: Vec<EntryView> = PHASES.map(|phase| view("a", phase, at)).into();
        for entry in &mut cases {
            match entry.phase.as_str() {
                "deferred" => entry.until = Some("2026-12-01T07:00:00Z".into()),
                "scheduled" | "stopping" | "starting" | "stopped" => {
                    entry.since = Some("2026-11-30T21:30:00Z".into());
                }
                "failed" => {
                    let mut outcome = Outcome::bare(OutcomeStatus::Failed);
                    outcome.ended = Some(now());
                    entry.outcome = Some(outcome.into());
                    entry.detail = Some("Boom".into());
                    entry.at = "2026-11-30T22:29:00Z".into();
                }
                "refused" => entry.detail = Some("StateMachineDoesNotExist".into()),
                _ => {}
            }
        }
        let soon = Some("2026-11-30T22:30:30Z");
        cases.push(view("a", "scheduled", "2026-11-30T22:29:00Z"));
        cases.push(view("a", "refused", "2026-11-30T22:29:00Z"));
        let failed = cases.iter().find(|entry| entry.phase == "failed");
        let broke_off = EntryView {
            at: at.into(),
            ..failed.expect("a case").clone()
        };
        cases.push(broke_off);
        cases.push(held("pending", "Start", "paused", None));
        cases.push(held("pending", "Start", "paused", soon));
        cases.push(held("scheduled", "Stop", "removed; waits", soon));
        cases.push(held("scheduled", "Replace", "git is at work", None));
        for (phase, step) in [
            ("scheduled", "Replace"),
            ("refused", "Stop"),
            ("refused", "Forget"),
        ] {
            let mut entry = view("a", phase, at);
            entry.step = Some(step.into());
            cases.push(entry);
        }
        cases
    }

    const EXPECTED: &str = "\
pending | it is wanted, and nothing of it runs yet | a running onced starts it at once; fires at 2026-12-01 09:00:00 +01:00 (in 9 h 30 min)
deferred | it is farther ahead than `reconcile.horizon`: AWS ends an execution after one year, so none is started yet | an execution is started at 2026-12-01 08:00:00 +01:00 (in 8 h 30 min), and fires at 2026-12-01 09:00:00 +01:00 (in 9 h 30 min)
disabled | the file says `enabled: false` | nothing until it is enabled
starting | its start was written down at 2026-11-30 22:30:00 +01:00 (1 h ago), and AWS has not confirmed it yet | the same call is made again until AWS answers; fires at 2026-12-01 09:00:00 +01:00 (in 9 h 30 min)
scheduled | an execution waits at AWS since 2026-11-30 22:30:00 +01:00 (1 h ago) | fires at 2026-12-01 09:00:00 +01:00 (in 9 h 30 min), whether or not onced runs
stopping | the entry was removed, switched off or changed: its execution is being stopped since 2026-11-30 22:30:00 +01:00 (1 h ago) | once it is known how the execution ended, what the file asks for is started, if anything
stopped | the entry was removed, switched off or changed: onced stopped its execution at 2026-11-30 22:30:00 +01:00 (1 h ago) | nothing: put back, it runs as the next generation
succeeded | it fired, and ended well | nothing: it is over, and runs again only with a later time
failed | it fired, and failed at 2026-11-30 23:30:00 +01:00 (now): Boom | nothing: it is over, and runs again only with a later time
timed_out | AWS ended it for its age | nothing: it is over, and runs again only with a later time
aborted | its execution was stopped, and not by onced | nothing: it is started again only when it is changed
missed | its time passed before AWS had taken a start | nothing: give it a later time if it shall still run
refused | AWS does not take it: StateMachineDoesNotExist | onced tries again every few minutes, and when it is changed; taken in time, it fires at 2026-12-01 09:00:00 +01:00 (in 9 h 30 min)
scheduled | its time has come, and how it ended is not recorded yet | AWS is asked how it ended
refused | AWS does not take it | nothing: its time has passed
failed | its execution ended at 2026-11-30 23:30:00 +01:00 (now), before its time, and nothing was invoked: Boom | nothing: it is over, and runs again only with a later time
pending | it is wanted, and nothing of it runs yet, and its start is held: paused | it is started once nothing holds it, if that is in time; fires at 2026-12-01 09:00:00 +01:00 (in 9 h 30 min)
pending | it is wanted, and nothing of it runs yet, and its start is held: paused | it is started at 2026-11-30 23:30:30 +01:00 (in 30 s); fires at 2026-12-01 09:00:00 +01:00 (in 9 h 30 min)
scheduled | an execution waits at AWS | will be stopped at 2026-11-30 23:30:30 +01:00 (in 30 s), before its time at 2026-12-01 09:00:00 +01:00 (in 9 h 30 min): removed; waits
scheduled | an execution waits at AWS | fires at 2026-12-01 09:00:00 +01:00 (in 9 h 30 min) all the same: that it is replaced is held: git is at work
scheduled | an execution waits at AWS | a running onced has it replaced at once
refused | AWS does not take it | a running onced has it stopped at once
refused | AWS does not take it | a running onced forgets it
";

    #[test]
    fn each_phase_is_explained() {
        let mut said = String::new();
        for entry in cases() {
            let Explanation { why, next } = explain(&entry, Zone::bundled("Europe/Berlin"), now());
            let _ = writeln!(said, "{} | {why} | {next}", entry.phase);
        }
        assert_eq!(said, EXPECTED);
    }

    #[test]
    fn the_console_is_where_the_execution_is() {
        for (partition, region, host) in [
            ("aws", "eu-central-1", "eu-central-1.console.aws.amazon.com"),
            ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
            (
                "aws-us-gov",
                "us-gov-west-1",
                "us-gov-west-1.console.amazonaws-us-gov.com",
            ),
        ] {
            let arn = format!("arn:{partition}:states:{region}:123456789012:execution:M:prod-a-0");
            let expected =
                format!("https://{host}/states/home?region={region}#/v2/executions/details/{arn}");
            assert_eq!(console_url(&arn), Some(expected));
        }
        let arn = "arn:aws:states:us-east-1:123456789012:execution:it's ä:a";
        let link = console_url(arn).expect("a link");
        assert!(link.ends_with("execution:it%27s%20%C3%A4:a"), "{link}");
        for other in [
            "",
            "arn:aws-iso:states:us-iso-east-1:123456789012:execution:M:a",
        ] {
            assert_eq!(console_url(other), None);
        }
    }
}
