//! The state machine that lambdas run through, made or brought up to date. Never touches an execution, and never a
//! definition that somebody else changed, unless that is asked for.

pub mod templates;

use std::collections::BTreeMap;
use std::fmt;

use imara_diff::{Algorithm, BasicLineDiffPrinter, Diff, InternedInput, UnifiedDiffConfig};
use thiserror::Error;

use crate::model::arn::MachineArn;
use crate::step_functions::definition::{self, Definition};
use crate::step_functions::form::{Form, Readable};
use crate::step_functions::machine::{Machine, New};
use crate::step_functions::{CallError, StepFunctions};

/// The tag that says which version of the bundled definition a machine has.
pub const VERSION_TAG: &str = "onced:version";
/// The tag that says what the definition was when it was put there: one that differs was changed by somebody else.
pub const DIGEST_TAG: &str = "onced:definition";

/// What the machine should be.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where, and its name.
    pub machine: MachineArn,
    /// The role that it runs as.
    pub role: String,
    /// What it does.
    pub definition: Definition,
}

impl Wanted {
    /// The tags that it should have, beside those of others.
    pub fn tags(&self) -> BTreeMap<String, String> {
        let digest = definition::digest(&self.definition.text());
        [
            (VERSION_TAG, definition::VERSION.to_owned()),
            (DIGEST_TAG, digest),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    }
}

/// What is there, beside what should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// There is none.
    Absent,
    /// It is as it should be.
    Same,
    /// Made by hand, in the form that was asked for: usable as it is, and left so.
    Usable,
    /// Something differs.
    Differs(Difference),
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// The definition's lines, as a diff from what is there to what should be.
    pub definition: Option<String>,
    /// The role that it has, where another is wanted.
    pub role: Option<String>,
    /// Tags that it lacks, or that have another value.
    pub tags: BTreeMap<String, String>,
    /// The definition is not as onced left it.
    pub edited: bool,
}

/// What was done, or would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It was made.
    Created,
    /// It was brought up to date.
    Updated,
    /// Nothing had to be done.
    Unchanged,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        })
    }
}

/// Why the machine is not as it should be.
#[derive(Debug, Error)]
pub enum BootstrapError {
    /// AWS did not do it.
    #[error("{call}{}", hint((call.operation(), call.code(), call.message()), machine, role))]
    Call {
        /// What AWS said.
        call: CallError,
        /// The machine's ARN.
        machine: String,
        /// The role that was given.
        role: String,
    },
    /// A machine of this name is of a type that can't be changed.
    #[error(
        "`{0}` is of type EXPRESS: its executions can't be stopped, and its type can't be changed\nhint: give another --name"
    )]
    Express(String),
    /// A machine of this name is being deleted.
    #[error(
        "`{0}` is being deleted (its status is DELETING)\nhint: try again once it is gone, which takes until its executions have ended; or give another --name"
    )]
    Deleting(String),
    /// Somebody else made the definition, or changed it.
    #[error(
        "the definition of `{0}` is not as onced left it: somebody changed it, or made it\nhint: look at the difference, and give --force to overwrite it"
    )]
    Edited(String),
}

/// The right that is missing, and what else there is to do about it.
fn hint((operation, code, said): (&str, &str, &str), machine: &str, role: &str) -> String {
    if !["AccessDeniedException", "AccessDenied"].contains(&code) {
        return String::new();
    }
    if said.contains("iam:PassRole") {
        return format!(
            "\nhint: allow `iam:PassRole` on `{role}` to who runs this, with `iam:PassedToService: states.amazonaws.com`"
        );
    }
    if said.contains("authorized to assume the provided role") {
        return format!(
            "\nhint: let `states.amazonaws.com` assume `{role}` in its trust policy; `onced bootstrap --print iam` shows it"
        );
    }
    let action = said
        .split_whitespace()
        .find(|word| word.starts_with("states:"));
    let action = action.map_or_else(
        || format!("states:{operation}"),
        |action| action.trim_end_matches(['.', ',']).to_owned(),
    );
    format!(
        "\nhint: allow `{action}` on `{machine}` to who runs this; `onced bootstrap --print iam` shows all that it needs"
    )
}

/// What is there, beside what should be; `force`: what was made by hand is not left so. Pure.
pub fn compare(
    wanted: &Wanted,
    found: Option<(&Machine, &BTreeMap<String, String>)>,
    force: bool,
) -> Result<Finding, BootstrapError> {
    let Some((machine, tags)) = found else {
        return Ok(Finding::Absent);
    };
    if machine.is_express {
        return Err(BootstrapError::Express(machine.arn.clone()));
    }
    if machine.is_deleting {
        return Err(BootstrapError::Deleting(machine.arn.clone()));
    }
    let text = wanted.definition.text();
    let usable = !force && is_the_form_made_by_hand(wanted, machine, tags);
    let differs = !usable && !definition::same(&machine.definition, &text);
    let left = tags.get(DIGEST_TAG);
    let lacks = |(key, value): &(String, String)| !usable && tags.get(key) != Some(value);
    let difference = Difference {
        definition: differs.then(|| lines(&machine.definition, &text)),
        role: (machine.role != wanted.role).then(|| machine.role.clone()),
        tags: wanted.tags().into_iter().filter(lacks).collect(),
        edited: differs && left != Some(&definition::digest(&machine.definition)),
    };
    Ok(match difference == Difference::default() {
        true if usable => Finding::Usable,
        true => Finding::Same,
        false => Finding::Differs(difference),
    })
}

/// A machine that was never onced's, and does just what is asked for, if with fewer retries.
fn is_the_form_made_by_hand(
    wanted: &Wanted,
    machine: &Machine,
    tags: &BTreeMap<String, String>,
) -> bool {
    let Definition {
        legacy_lambda: Some(function),
        dead_letter_queue: None,
        partition: _,
    } = &wanted.definition
    else {
        return false;
    };
    let form = Form::One {
        function: function.clone(),
        whole: true,
    };
    let found = Readable::new(&machine.definition).and_then(|definition| definition.form());
    !tags.contains_key(DIGEST_TAG) && found == Some(form)
}

/// How one definition becomes the other, line by line; each with its keys in order, so that only what it says counts.
fn lines(from: &str, to: &str) -> String {
    let tidy = |text: &str| {
        let value = serde_json::from_str::<serde_json::Value>(text);
        value.map_or_else(|_| text.to_owned(), |value| format!("{value:#}\n"))
    };
    let (from, to) = (tidy(from), tidy(to));
    let lines = InternedInput::new(from.as_str(), to.as_str());
    let difference = Diff::compute(Algorithm::Myers, &lines);
    let printer = BasicLineDiffPrinter(&lines.interner);
    let mut config = UnifiedDiffConfig::default();
    config.context_len(2);
    difference
        .unified_diff(&printer, config, &lines)
        .to_string()
}

/// Looks at what is there. Changes nothing.
pub async fn look(
    step_functions: &StepFunctions,
    wanted: &Wanted,
    force: bool,
) -> Result<Finding, BootstrapError> {
    let arn = wanted.machine.to_string();
    let failed = |call| wanted.failed(call);
    let Some(machine) = step_functions.machine(&arn).await.map_err(failed)? else {
        return compare(wanted, None, force);
    };
    let tags = step_functions.tags(&arn).await.map_err(failed)?;
    compare(wanted, Some((&machine, &tags)), force)
}

/// What somebody else changed is overwritten only where that is asked for.
pub fn may(finding: &Finding, wanted: &Wanted, force: bool) -> Result<(), BootstrapError> {
    match finding {
        Finding::Differs(difference) if difference.edited && !force => {
            Err(BootstrapError::Edited(wanted.machine.to_string()))
        }
        _ => Ok(()),
    }
}

/// Makes the machine so. Executions that run are not touched: they go on with what they began with.
pub async fn put(
    step_functions: &StepFunctions,
    wanted: &Wanted,
    finding: &Finding,
    force: bool,
) -> Result<Action, BootstrapError> {
    may(finding, wanted, force)?;
    let arn = wanted.machine.to_string();
    let failed = |call| wanted.failed(call);
    let text = wanted.definition.text();
    match finding {
        Finding::Same | Finding::Usable => Ok(Action::Unchanged),
        Finding::Absent => {
            let new = New {
                arn: &arn,
                name: &wanted.machine.name,
                definition: &text,
                role: &wanted.role,
                tags: &wanted.tags(),
            };
            step_functions.create_machine(new).await.map_err(failed)?;
            Ok(Action::Created)
        }
        Finding::Differs(difference) => {
            let definition = difference.definition.as_ref().map(|_| text.as_str());
            let role = difference.role.as_ref().map(|_| wanted.role.as_str());
            if definition.is_some() || role.is_some() {
                let updated = step_functions.update_machine(&arn, definition, role);
                updated.await.map_err(failed)?;
            }
            // Last: where this is not reached, the next one finds the definition as it should be, and sets them.
            if !difference.tags.is_empty() {
                let tagged = step_functions.tag(&arn, &difference.tags);
                tagged.await.map_err(failed)?;
            }
            Ok(Action::Updated)
        }
    }
}

impl Wanted {
    fn failed(&self, call: CallError) -> BootstrapError {
        BootstrapError::Call {
            call,
            machine: self.machine.to_string(),
            role: self.role.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_right_is_named() {
        let told = |said: &str| {
            hint(
                ("CreateStateMachine", "AccessDeniedException", said),
                "M",
                "R",
            )
        };
        let user = "User: arn:aws:iam::123456789012:user/me is not authorized to perform:";
        assert!(
            told(&format!("{user} iam:PassRole on resource: R")).contains("`iam:PassRole` on `R`")
        );
        assert!(
            told(&format!("{user} states:TagResource on resource: M"))
                .contains("`states:TagResource` on `M`")
        );
        assert!(told("no").contains("`states:CreateStateMachine` on `M`"));
        let trust = "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.";
        assert!(told(trust).contains("trust policy"));
        assert_eq!(
            hint(("CreateStateMachine", "InvalidName", "no"), "M", "R"),
            ""
        );
    }
}
