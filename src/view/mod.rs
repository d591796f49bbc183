//! What people and scripts see of a moment: the list and the plan, as the contract's JSON. Pure: the time is an argument,
//! and nothing is printed here. Never holds an input or a payload.

pub mod agenda;
pub mod calendar;
pub mod check_notes;
pub mod collisions;
pub mod compare;
pub mod explain;
pub mod feed;
pub mod findings;
pub mod forecast;
pub mod front;
pub mod odd_payloads;
pub mod odd_times;
pub mod page;
mod phase;
pub mod plan;
pub mod report;
pub mod resume;
pub mod select;
pub mod standing;
pub mod status;
pub mod suppose;
pub mod words;
pub mod zone_rules;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::brake::Pause;
use crate::model::entry::{Entry, EntryName, instant};
use crate::model::key::{EntryKey, Keys};
use crate::model::limits::Limits;
use crate::model::name::Owner;
use crate::model::plan::{Decision, Plan, Policy, Step};
use crate::model::record::{Outcome, Phase, Record};
use crate::model::records::Records;
use crate::reconcile::approve;
use crate::reconcile::verify::Stray;
use crate::source::problem::{FileReport, Problem};
use crate::source::scan::Scan;
pub use phase::PHASES;
use phase::current;
pub use plan::{PlanView, StepView};
use resume::PauseView;
use standing::Standing;
use zone_rules::ZoneRules;

/// `onced list --format json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct List {
    /// 1.
    pub version: u32,
    /// Whose executions.
    pub owner: String,
    /// Every entry that is wanted or recorded, the earliest first.
    pub entries: Vec<EntryView>,
    /// Every schedule file.
    pub files: Vec<FileView>,
    /// Executions of this owner that run and that no entry asks for.
    pub orphans: Vec<OrphanView>,
    /// Why nothing that is gone is stopped for now, if so: the files could not all be seen, or git is at work.
    #[serde(default)]
    pub doubt: Option<String>,
    /// What is not seen of the folder, and holds nothing.
    #[serde(default)]
    pub notes: Vec<NoteView>,
    /// The pause, if there is one.
    #[serde(default)]
    pub paused: Option<PauseView>,
    /// Why stops and replaces wait for approval, if they do.
    #[serde(default)]
    pub guard: Option<String>,
    /// What `onced approve` lets go, if something waits for it.
    #[serde(default)]
    pub digest: Option<String>,
    /// The time zone rules by which local times were read.
    #[serde(default)]
    pub zone_rules: ZoneRules,
}

/// An execution of this owner that no entry asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrphanView {
    /// Which one.
    pub execution_arn: String,
    /// The entry whose name it bears; where that stands in it as a digest and nobody knows it, as far as it can be read, and `…`.
    pub name: String,
    /// When a listing showed it first.
    pub since: String,
}

/// One entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "each field is named and described in the contract"
)]
pub struct EntryView {
    pub name: EntryName,
    pub phase: String,
    pub held: Option<String>,
    pub at: String,
    pub lambda: Option<Arc<str>>,
    pub state_machine: Arc<str>,
    pub execution_arn: Option<String>,
    pub execution_name: Option<String>,
    pub generation: Option<u32>,
    pub file: Arc<str>,
    pub line: Option<usize>,
    pub detail: Option<String>,
    pub outcome: Option<Box<Outcome>>,
    #[serde(default)]
    pub commit: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Arc<str>>,
    /// Since when its execution stands where it does, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The step that is due, taken or held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// When a held step, or the start of a deferred entry, is taken by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// One schedule file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "each field is named and described in the contract"
)]
pub struct FileView {
    pub path: String,
    pub state: String,
    pub errors: Vec<ErrorView>,
    /// The pattern that leaves it out: `PATH:LINE` of an ignore file, or `ignore[N]` of the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored_by: Option<String>,
    /// What `onced check` has to say of good entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<check_notes::Note>,
}

/// What a person had better know of the folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NoteView {
    /// What it is.
    pub message: String,
    /// What may be done about it.
    pub hint: Option<String>,
}

/// One thing that is wrong with a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "each field is named and described in the contract"
)]
pub struct ErrorView {
    pub line: usize,
    pub column: usize,
    pub message: String,
    pub hint: Option<String>,
    pub shown: Option<String>,
}

/// A moment: what the files say, what is recorded, what is planned. Costs little to keep; what is shown of it is made when
/// it is asked for.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Whose executions.
    pub owner: Owner,
    /// What the files say.
    pub scan: Scan,
    /// What is recorded.
    pub records: Records,
    /// What is planned.
    pub plan: Arc<Plan>,
    /// What runs of ours that nobody wants.
    pub orphans: Vec<Stray>,
    /// The executions whose stop waits for approval.
    pub to_approve: BTreeSet<String>,
    /// The pause that is in force, and the plan as if it were not.
    pub pause: Option<(Pause, Arc<Plan>)>,
    /// The limits that it was planned with.
    pub policy: Policy,
    /// How fast AWS may be called.
    pub limits: Limits,
    /// How the daemon stands.
    pub standing: Standing,
    /// When.
    pub now: DateTime<Utc>,
}

/// Files as people see them.
pub fn files(files: &[FileReport]) -> Vec<FileView> {
    let view = |file: &FileReport| FileView {
        path: file.path.clone(),
        state: file.state.as_str().to_owned(),
        errors: file
            .errors
            .iter()
            .map(|error| ErrorView {
                line: error.line,
                column: error.column,
                message: error.message.clone(),
                hint: error.hint.clone(),
                shown: error.shown.clone(),
            })
            .collect(),
        ignored_by: file.ignored_by.as_ref().map(ToString::to_string),
        notes: Vec::new(),
    };
    files.iter().map(view).collect()
}

fn notes(notes: &[Problem]) -> Vec<NoteView> {
    let view = |note: &Problem| NoteView {
        message: note.message.clone(),
        hint: note.hint.clone(),
    };
    notes.iter().map(view).collect()
}

impl Moment {
    /// The list.
    pub fn list(&self) -> List {
        let mut entries: Vec<EntryView> = self
            .plan
            .decisions
            .keys()
            .filter(|name| !self.has_moved(name))
            .map(|name| self.entry(name))
            .collect();
        entries.sort_by(|a, b| (&a.at, &a.name).cmp(&(&b.at, &b.name)));
        List {
            version: 1,
            owner: self.owner.as_str().to_owned(),
            entries,
            files: files(&self.scan.files),
            orphans: self.orphans(),
            doubt: self.scan.doubt(),
            notes: notes(&self.scan.work_trees.notes()),
            paused: self.paused(),
            guard: self.plan.guard.clone(),
            digest: Some(&self.to_approve)
                .filter(|waiting| !waiting.is_empty())
                .map(|waiting| self.digest_of(waiting)),
            zone_rules: self.zone_rules(),
        }
    }

    fn paused(&self) -> Option<PauseView> {
        let (pause, _) = self.pause.as_ref()?;
        Some((*pause).into())
    }

    /// Gone, and its execution is another entry's.
    fn has_moved(&self, name: &EntryName) -> bool {
        let record = self.records.get(name);
        !self.scan.entries.contains_key(name)
            && record.is_some_and(|record| record.moved_to.is_some())
    }

    fn orphans(&self) -> Vec<OrphanView> {
        let shown = self.orphans.iter().map(|stray| &stray.key);
        let keys = Keys::find(shown, self.plan.decisions.keys());
        let name = |key: &EntryKey| {
            let known = keys.name(key).map(|name| name.to_string());
            known.unwrap_or_else(|| key.legible())
        };
        let view = |stray: &Stray| OrphanView {
            execution_arn: stray.execution_arn(&self.owner),
            name: name(&stray.key),
            since: instant(stray.first),
        };
        self.orphans.iter().map(view).collect()
    }

    /// What `onced approve` lets go of the stops that wait for a person; `None`: none do.
    pub fn held_digest(&self) -> Option<String> {
        self.plan.guard.as_ref()?;
        Some(self.digest_of(&self.to_approve))
    }

    fn digest_of(&self, executions: &BTreeSet<String>) -> String {
        approve::digest(executions, &self.scan.zones)
    }

    /// The time zone rules by which local times were read.
    pub fn zone_rules(&self) -> ZoneRules {
        (&self.scan.zones).into()
    }

    /// The earliest time to come of an execution that waits for it.
    pub fn next(&self) -> Option<DateTime<Utc>> {
        let records = self.records.values();
        let running = records.filter(|record| record.phase == Phase::Running);
        let ahead = running.map(|record| record.at).filter(|at| *at >= self.now);
        ahead.min()
    }

    fn entry(&self, name: &EntryName) -> EntryView {
        let wanted = self.scan.entries.get(name).map(AsRef::as_ref);
        let record = self.records.get(name);
        let current = current(record, wanted);
        let (phase, mut detail) = self.phase(current, wanted);
        let (step, held, until) = match self.plan.decisions.get(name) {
            Some(Decision::Hold {
                step, why, until, ..
            }) => (Some(*step), Some(why.clone()), *until),
            Some(Decision::Act(step, _)) if !matches!(step, Step::Look | Step::Adopt) => {
                (Some(*step), None, None)
            }
            Some(Decision::Rest { wake }) if phase == "deferred" => (None, None, *wake),
            // Whether it is late, or far ahead, is not known yet.
            Some(Decision::Rest { .. }) if phase == "pending" => {
                (None, self.standing.clock.clone(), None)
            }
            _ => (None, None, None),
        };
        if current.is_none()
            && let Some(before) = record.filter(|record| record.phase == Phase::Ended)
        {
            detail.get_or_insert(format!("ran before, at {}", instant(before.at)));
        }
        let at = current
            .map(|record| record.at)
            .or(wanted.map(Entry::at))
            .unwrap_or_default();
        let machine = current
            .map(|r| r.state_machine.clone())
            .or(wanted.map(|e| e.state_machine().clone()));
        EntryView {
            name: name.clone(),
            phase: phase.to_owned(),
            held,
            at: instant(at),
            lambda: current.map_or_else(
                || wanted.and_then(|e| e.lambda.clone()),
                |record| record.lambda.clone(),
            ),
            state_machine: machine.unwrap_or_else(|| "".into()),
            execution_arn: current.map(Record::execution_arn),
            execution_name: current.map(Record::execution_name),
            generation: current.map(|record| record.generation),
            file: wanted
                .map(|e| e.file.clone())
                .or(record.map(|r| r.file.clone()))
                .unwrap_or_else(|| "".into()),
            line: wanted.map(Entry::line),
            detail,
            outcome: current.and_then(|record| record.outcome.clone()),
            commit: current.and_then(|record| record.commit.clone()),
            description: wanted.and_then(|entry| entry.description.clone()),
            since: current.map(|record| instant(record.since)),
            step: step.map(|step| step.as_str().to_owned()),
            until: until.map(instant),
        }
    }
}
