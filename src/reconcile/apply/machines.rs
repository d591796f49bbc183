//! Would a state machine do what an entry asks for? Looked up before a start, and kept for a while. Changes nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{Hands, StepError};
use crate::model::entry::Entry;
use crate::step_functions::Remedy;
use crate::step_functions::form::Form;
use crate::step_functions::unsuitable::{Unsuitable, must_be_suitable};

/// How long what was seen of a machine holds: its definition may be changed by others.
const HOLDS: Duration = Duration::from_mins(10);

/// The same before something is stopped for its sake: a machine that is gone, or being deleted, takes nothing in its place.
const HOLDS_FOR_A_STOP: Duration = Duration::from_secs(10);

/// What was seen of a machine.
#[derive(Debug, Clone)]
struct Seen {
    /// What its definition does, where that can be read; of an alias, those of each version that it leads to.
    forms: Result<Vec<Option<Form>>, Unsuitable>,
    at: Instant,
}

/// The state machines that were looked at.
#[derive(Debug, Clone, Default)]
pub struct Machines(Arc<Mutex<BTreeMap<String, Seen>>>);

impl Machines {
    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is looked at anew before the next start.
    pub(super) fn forget(&self, state_machine: &str) {
        self.known().remove(state_machine);
    }
}

impl Hands {
    /// A machine that would run at once, or run another function, or can't be stopped, is never started.
    pub(super) async fn must_fit(&self, entry: &Entry) -> Result<(), StepError> {
        self.must_fit_by(entry, HOLDS).await
    }

    /// The same by what was seen within that time.
    async fn must_fit_by(&self, entry: &Entry, holds: Duration) -> Result<(), StepError> {
        let arn = entry.state_machine();
        let seen = self.seen(arn, holds).await?;
        match unfit(&seen, entry) {
            None => Ok(()),
            Some(why) => {
                // It is looked at anew when the start is tried again: somebody may have mended it.
                self.machines.forget(arn);
                Err(StepError::Unfit(why))
            }
        }
    }

    /// The same, asked before the execution of an earlier content is stopped.
    pub(super) async fn must_be_usable(&self, entry: &Entry) -> Result<(), StepError> {
        let fits = self.must_fit_by(entry, HOLDS_FOR_A_STOP).await;
        fits.map_err(|error| match error {
            error if error.refuses() => StepError::Unusable(error.to_string()),
            error => error,
        })
    }

    async fn seen(&self, state_machine: &str, holds: Duration) -> Result<Seen, StepError> {
        let known = self.machines.known().get(state_machine).cloned();
        if let Some(seen) = &known
            && seen.at.elapsed() < holds
        {
            return Ok(seen.clone());
        }
        let looked = self.step_functions.properties(state_machine).await;
        let properties = match (looked, known) {
            (Ok(properties), _) => properties,
            // What was good ten minutes ago is no reason to put a start off.
            (Err(error), Some(seen)) if error.remedy() != Remedy::Refused => return Ok(seen),
            (Err(error), _) => return Err(error.into()),
        };
        let seen = Seen {
            forms: must_be_suitable(state_machine, &properties),
            at: Instant::now(),
        };
        let mut known = self.machines.known();
        known.insert(state_machine.to_owned(), seen.clone());
        Ok(seen)
    }
}

fn unfit(seen: &Seen, entry: &Entry) -> Option<String> {
    match &seen.forms {
        Err(unsuitable) => Some(format!("{unsuitable}: {}", unsuitable.remedy())),
        Ok(forms) => {
            let mut forms = forms.iter();
            forms.find_map(|form| unfit_form(form.as_ref(), entry))
        }
    }
}

fn unfit_form(form: Option<&Form>, entry: &Entry) -> Option<String> {
    let arn = entry.state_machine();
    match (form, &entry.lambda) {
        (Some(Form::One { function, .. }), Some(lambda)) if !is_same(lambda, function) => Some(
            format!("`{arn}` always invokes `{function}`, and not `{lambda}`"),
        ),
        _ => None,
    }
}

/// Do these two say the same function, one of them perhaps by its name alone?
fn is_same(one: &str, other: &str) -> bool {
    let name = |function: &str| {
        let at = function
            .find("function:")
            .map_or(0, |at| at + "function:".len());
        function[at..].to_owned()
    };
    let are_arns = one.starts_with("arn:") && other.starts_with("arn:");
    one == other || !are_arns && name(one) == name(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_known_by_name_and_by_arn() {
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:f";
        assert!(is_same("f", arn) && is_same(arn, arn) && is_same("123456789012:function:f", arn));
        let elsewhere = arn.replace("us-east-1", "eu-west-1");
        for other in ["g", "f:prod", &elsewhere] {
            assert!(!is_same(other, arn), "{other}");
        }
    }
}
