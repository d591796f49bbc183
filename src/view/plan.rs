//! The plan of a moment, as the contract's JSON: what would be done, what is held, what rests, and what had better be looked
//! at. Pure.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::compare::{Against, ByRules};
use super::findings::{Finding, findings};
use super::forecast::Forecast;
use super::phase::current;
use super::resume::PauseView;
use super::zone_rules::ZoneRules;
use super::{FileView, Moment, OrphanView, files};
use crate::model::entry::{Entry, EntryName, canonical, instant};
use crate::model::name::Fingerprint;
use crate::model::parallel::both;
use crate::model::plan::{Decision, Step};
use crate::model::record::{Phase, Record};

/// `onced plan --format json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanView {
    /// 1.
    pub version: u32,
    /// Names exactly this set of steps and holds.
    pub digest: String,
    /// What would be done now.
    pub steps: Vec<StepView>,
    /// What is due and is not done.
    pub held: Vec<StepView>,
    /// Every schedule file.
    pub files: Vec<FileView>,
    /// Why stops and replaces wait for approval, if they do.
    pub guard: Option<String>,
    /// Executions of this owner that run and that no entry asks for: stopped once they are approved.
    #[serde(default)]
    pub orphans: Vec<OrphanView>,
    /// Why nothing that is gone is stopped for now, if so: the files could not all be seen, or git is at work.
    #[serde(default)]
    pub doubt: Option<String>,
    /// The pause, if there is one.
    #[serde(default)]
    pub paused: Option<PauseView>,
    /// What the steps will meet at AWS.
    #[serde(default)]
    pub forecast: Forecast,
    /// Entries that are wanted and for which nothing is done, and why: too late, too far ahead, disabled, or changed after
    /// they had run.
    #[serde(default)]
    pub resting: Vec<StepView>,
    /// What of the entries that the plan is about had better be looked at.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What it was made against, if not against what is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<Against>,
    /// The time zone rules by which local times were read.
    #[serde(default)]
    pub zone_rules: ZoneRules,
    /// The rules of the command that asked for the plan, where the daemon that made it goes by others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_zone_rules: Option<ZoneRules>,
    /// The time zone rules that it was made by, where two versions of the files, or of the rules, are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_rules: Option<ByRules>,
}

/// One step, or one that is held.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "each field is named and described in the contract"
)]
pub struct StepView {
    pub step: String,
    pub name: EntryName,
    pub reason: String,
    pub at: String,
    pub lambda: Option<Arc<str>>,
    pub state_machine: Arc<str>,
    pub file: Arc<str>,
    pub line: Option<usize>,
    /// When a held step is taken by itself, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// When it was to fire before the rules of its time zone changed, if only they move it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// Of a `Move`: the name before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<EntryName>,
}

impl Moment {
    /// The plan.
    pub fn plan(&self) -> PlanView {
        let (mut steps, mut held) = (Vec::new(), Vec::new());
        for (name, decision) in self.plan.decisions.iter() {
            match decision {
                Decision::Act(Step::Look | Step::Adopt, _) | Decision::Rest { .. } => {}
                Decision::Act(step, reason) => {
                    steps.push(self.step(name, *step, self.why(name, *step, reason), None));
                }
                Decision::Hold {
                    step, why, until, ..
                } => {
                    held.push(self.step(name, *step, why.clone(), *until));
                }
            }
        }
        let (mut resting, forecast) = self.resting_and_forecast();
        for list in [&mut steps, &mut held, &mut resting] {
            list.sort_by(|a, b| (&a.at, &a.name).cmp(&(&b.at, &b.name)));
        }
        let all = steps.iter().chain(&held).map(|view| {
            let wanted = self.scan.entries.get(&view.name);
            let fingerprint = wanted.map(|entry| entry.fingerprint());
            let recorded = self.records.get(&view.name).map(Record::execution_name);
            format!("{} {} {fingerprint:?} {recorded:?}", view.step, view.name)
        });
        // What waits for approval has a digest that no other change of the files voids.
        let digest = if self.to_approve.is_empty() {
            self.digest_of(&all.collect())
        } else {
            self.digest_of(&self.to_approve)
        };
        // What is taken away, or only renamed, fires no other time than before.
        let starts = [Step::Start, Step::Replace].map(Step::as_str);
        let all = steps.iter().chain(&held);
        let starts = all.filter(|view| starts.contains(&view.step.as_str()));
        // What has run, and was changed after that, is not about to do anything.
        let has_run = |view: &&StepView| {
            let entry = self.scan.entries.get(&view.name).map(AsRef::as_ref);
            current(self.records.get(&view.name), entry).is_some()
        };
        let about = starts.chain(resting.iter().filter(|view| !has_run(view)));
        let about = about.map(|view| view.name.clone()).collect();
        PlanView {
            version: 1,
            digest,
            findings: findings(&self.scan.entries, &about, &self.policy, self.now),
            resting,
            against: None,
            zone_rules: self.zone_rules(),
            command_zone_rules: None,
            by_rules: None,
            steps,
            held,
            files: files(&self.scan.files),
            guard: self.plan.guard.clone(),
            orphans: self.orphans(),
            doubt: self.scan.doubt(),
            paused: self.paused(),
            forecast,
        }
    }

    /// Both look at everything: of a large folder, at the same time.
    fn resting_and_forecast(&self) -> (Vec<StepView>, Forecast) {
        const LARGE: usize = 10_000;
        if self.records.len().max(self.scan.entries.len()) < LARGE {
            return (self.resting(), self.forecast());
        }
        both(|| self.resting(), || self.forecast())
    }

    /// Why a step is taken, and of a change what it is: never what is in a payload.
    fn why(&self, name: &EntryName, step: Step, reason: &str) -> String {
        if let Some(shift) = self.plan.shifts.get(name) {
            return format!("{reason}: {}", shift.instants());
        }
        let both = self.scan.entries.get(name).zip(self.records.get(name));
        match both {
            Some((entry, record)) if step == Step::Replace || record.phase == Phase::Ended => {
                format!("{reason}: {}", difference(entry, record))
            }
            _ => reason.to_owned(),
        }
    }

    /// What is wanted, and has nothing to be done for it.
    fn resting(&self) -> Vec<StepView> {
        let view = |(name, entry, record): (&EntryName, Option<&Arc<Entry>>, Option<&Record>)| {
            let entry = entry?;
            let current = current(record, Some(entry));
            let is_as_recorded =
                current.is_some_and(|record| entry.fingerprint() == record.fingerprint);
            if is_as_recorded {
                return None;
            }
            let Decision::Rest { wake } = self.plan.decisions.get(name)? else {
                return None;
            };
            let (phase, detail) = self.phase(current, Some(entry));
            let why = match detail {
                Some(detail) => format!("{phase}: {detail}"),
                None => phase.to_owned(),
            };
            let until = wake.filter(|_| phase == "deferred");
            Some(StepView {
                step: "Rest".to_owned(),
                name: name.clone(),
                reason: why,
                at: instant(entry.at()),
                lambda: entry.lambda.clone(),
                state_machine: entry.state_machine().clone(),
                file: entry.file.clone(),
                line: Some(entry.line()),
                until: until.map(instant),
                was: None,
                from: None,
            })
        };
        let all = self.records.beside(&self.scan.entries);
        all.filter_map(view).collect()
    }

    fn step(
        &self,
        name: &EntryName,
        step: Step,
        reason: String,
        until: Option<DateTime<Utc>>,
    ) -> StepView {
        let wanted = self.scan.entries.get(name);
        let record = self.records.get(name);
        let takes_away = step.stops() && !matches!(step, Step::Replace) || wanted.is_none();
        let recorded = record.filter(|_| takes_away);
        StepView {
            step: step.as_str().to_owned(),
            name: name.clone(),
            reason,
            at: instant(
                recorded
                    .map(|r| r.at)
                    .or(wanted.map(|e| e.at()))
                    .unwrap_or_default(),
            ),
            lambda: recorded.map_or_else(
                || wanted.and_then(|e| e.lambda.clone()),
                |record| record.lambda.clone(),
            ),
            state_machine: recorded
                .map(|r| r.state_machine.clone())
                .or(wanted.map(|e| e.state_machine().clone()))
                .unwrap_or_else(|| "".into()),
            file: wanted
                .map(|e| e.file.clone())
                .or(record.map(|r| r.file.clone()))
                .unwrap_or_else(|| "".into()),
            line: wanted.map(|entry| entry.line()),
            until: until.map(instant),
            was: self.plan.shifts.get(name).map(|shift| instant(shift.was)),
            from: self.plan.moves.get(name).cloned(),
        }
    }
}

/// What of an entry is not as it is recorded, in words.
fn difference(entry: &Entry, record: &Record) -> String {
    let mut words = Vec::new();
    if entry.at() != record.at {
        let ran = record.phase == Phase::Ended;
        words.push(format!(
            "{} at {}",
            if ran { "ran" } else { "was" },
            instant(record.at)
        ));
    }
    match &record.lambda {
        Some(lambda) if entry.lambda.as_ref() != Some(lambda) => {
            words.push(format!("was lambda `{lambda}`"));
        }
        _ => {}
    }
    if *entry.state_machine() != record.state_machine {
        words.push(format!("was through `{}`", record.state_machine));
    }
    if !has_same_payload(entry, record) {
        words.push("another payload or input".to_owned());
    }
    words.join(", ")
}

/// Would it be the recorded content, if it were of that time, function and machine?
fn has_same_payload(entry: &Entry, record: &Record) -> bool {
    let Ok(Value::Object(mut input)) = serde_json::from_str(entry.input()) else {
        return false;
    };
    input.insert("invocationTime".into(), instant(record.at).into());
    if let (Some(_), Some(lambda)) = (&entry.lambda, &record.lambda) {
        input.insert("functionName".into(), (&**lambda).into());
    }
    let input = canonical(&Value::Object(input));
    Fingerprint::of_input(record.at, &record.state_machine, &input) == record.fingerprint
}
