//! Why a state machine can't run entries, whichever they are: asked before each start, and by `onced doctor`. Pure: knows
//! no call.

use std::fmt;

use super::definition::TIME_PATH;
use super::form::{Form, Readable};
use super::machine::Properties;
use crate::model::arn::partition;

/// Is the machine with this ARN suitable? Then what its definition does, and of an alias each that it leads to; `None`: that
/// can't be read.
pub fn must_be_suitable(
    arn: &str,
    properties: &Properties,
) -> Result<Vec<Option<Form>>, Unsuitable> {
    let unsuitable = |kind| Unsuitable {
        arn: arn.to_owned(),
        kind,
    };
    if properties.is_deleting {
        return Err(unsuitable(Kind::Deleting));
    }
    if properties.is_express {
        return Err(unsuitable(Kind::Express));
    }
    let does = |definition: &String| {
        let Some(definition) = Readable::new(definition) else {
            return Ok(None);
        };
        let form = definition.form().ok_or_else(|| unsuitable(Kind::AtOnce))?;
        let foreign = partition(arn).and_then(|own| definition.foreign(own));
        match foreign {
            Some(resource) => Err(unsuitable(Kind::Foreign(resource.to_owned()))),
            None => Ok(Some(form)),
        }
    };
    let definitions = [&properties.definition].into_iter();
    definitions.chain(&properties.others).map(does).collect()
}

/// A state machine that runs no entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsuitable {
    arn: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// Its executions can't be stopped, and their names are not unique.
    Express,
    /// It takes no executions any more.
    Deleting,
    /// It does not wait.
    AtOnce,
    /// It uses this, which is of another partition than it is.
    Foreign(String),
}

impl Unsuitable {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match &self.kind {
            Kind::Express => "name one of type STANDARD".into(),
            Kind::Deleting => {
                "name another one, or make it again once it is gone: `onced bootstrap`".into()
            }
            Kind::AtOnce => {
                format!("let it begin with a Wait whose TimestampPath is `{TIME_PATH}`")
            }
            Kind::Foreign(resource) => {
                let own = partition(&self.arn).unwrap_or_default();
                let rest = resource.splitn(3, ':').nth(2).unwrap_or_default();
                format!(
                    "write `arn:{own}:{rest}` in its definition; `onced bootstrap` does so where it made it"
                )
            }
        }
    }
}

impl fmt::Display for Unsuitable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arn = &self.arn;
        match &self.kind {
            Kind::Express => write!(
                f,
                "`{arn}` is of type EXPRESS: its executions can't be stopped"
            ),
            Kind::Deleting => write!(
                f,
                "`{arn}` is being deleted (its status is DELETING): it takes no executions"
            ),
            Kind::AtOnce => write!(
                f,
                "`{arn}` does not wait: nothing in its definition reads `{TIME_PATH}`, and so it would run at once"
            ),
            Kind::Foreign(resource) => write!(
                f,
                "`{arn}` uses `{resource}`, which is of another partition: each execution would fail at its time"
            ),
        }
    }
}
