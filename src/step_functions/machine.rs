//! The calls on state machines: describe, create, update, tag. Never decides what a machine should be.

use std::collections::BTreeMap;

use aws_sdk_sfn::types::{IncludedData, StateMachineStatus, StateMachineType, Tag};

use super::{CallError, StepFunctions};
use crate::model::caught::caught_async;

/// A state machine as it is at AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Its ARN.
    pub arn: String,
    /// Is it of type EXPRESS?
    pub is_express: bool,
    /// See [`Properties::is_deleting`].
    pub is_deleting: bool,
    /// Its definition, as text.
    pub definition: String,
    /// The role that it runs as.
    pub role: String,
}

/// The properties of a state machine by which it is suitable for entries, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Properties {
    /// Is it of type EXPRESS?
    pub is_express: bool,
    /// Is its status DELETING? It takes no new executions, and those that run are ended at their next state transition
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html>).
    pub is_deleting: bool,
    /// Its definition, as text; empty where the key that encrypts it can't be used.
    pub definition: String,
    /// Those of the other versions that an alias leads to: which one an execution gets is a matter of chance.
    pub others: Vec<String>,
}

impl Properties {
    /// Of an alias: those of all versions that it leads to.
    fn with(self, other: Self) -> Self {
        let mut others = self.others;
        others.push(other.definition);
        others.extend(other.others);
        Self {
            is_express: self.is_express || other.is_express,
            is_deleting: self.is_deleting || other.is_deleting,
            definition: self.definition,
            others,
        }
    }
}

/// What CreateStateMachine is asked for.
#[derive(Debug, Clone)]
pub struct New<'a> {
    /// The ARN that it will have.
    pub arn: &'a str,
    /// The machine's name.
    pub name: &'a str,
    /// Its definition, as text.
    pub definition: &'a str,
    /// The role that it runs as.
    pub role: &'a str,
    /// Its tags.
    pub tags: &'a BTreeMap<String, String>,
}

/// What AWS says of a machine, a version or an alias that is not there.
const UNKNOWN: [&str; 4] = [
    "StateMachineDoesNotExist",
    "ResourceNotFound",
    "InvalidArn",
    "ValidationException",
];

/// Does this ARN name an alias? A version is a number.
fn is_alias(state_machine: &str) -> bool {
    let qualifier = state_machine.split(':').nth(7);
    qualifier.is_some_and(|qualifier| !qualifier.bytes().all(|b| b.is_ascii_digit()))
}

fn tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    tags.iter().map(tag).collect()
}

impl StepFunctions {
    /// DescribeStateMachine. `None`: there is none.
    pub async fn machine(&self, state_machine: &str) -> Result<Option<Machine>, CallError> {
        let call = self
            .client("DescribeStateMachine", state_machine)
            .await?
            .describe_state_machine()
            .state_machine_arn(state_machine);
        let operation = "DescribeStateMachine";
        let answer = match caught_async(call.send()).await {
            Err(caught) => return Err(CallError::without_answer(operation, &caught.into())),
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                let error = self.failed(operation, state_machine, &error);
                return if error.code() == "StateMachineDoesNotExist" {
                    Ok(None)
                } else {
                    Err(error)
                };
            }
        };
        Ok(Some(Machine {
            is_express: answer.r#type == StateMachineType::Express,
            is_deleting: answer.status == Some(StateMachineStatus::Deleting),
            arn: answer.state_machine_arn,
            definition: answer.definition,
            role: answer.role_arn,
        }))
    }

    /// DescribeStateMachine, also where the key that encrypts the definition can't be used. Its documentation speaks of
    /// versions alone: where it knows no alias, that is asked for by itself, and then the versions that it leads to.
    pub async fn properties(&self, state_machine: &str) -> Result<Properties, CallError> {
        let error = match self.properties_of(state_machine).await {
            Err(error) if is_alias(state_machine) && UNKNOWN.contains(&error.code()) => error,
            properties => return properties,
        };
        let mut properties: Option<Properties> = None;
        for version in self.versions(state_machine).await?.unwrap_or_default() {
            let of_version = self.properties_of(&version).await?;
            properties = Some(match properties {
                None => of_version,
                Some(before) => before.with(of_version),
            });
        }
        properties.ok_or(error)
    }

    /// DescribeStateMachineAlias: the ARNs of the versions that it leads to. `None`: there is no such alias.
    async fn versions(&self, alias: &str) -> Result<Option<Vec<String>>, CallError> {
        let operation = "DescribeStateMachineAlias";
        let call = self
            .client(operation, alias)
            .await?
            .describe_state_machine_alias()
            .state_machine_alias_arn(alias);
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) => {
                let error = self.failed(operation, alias, &error);
                let absent = UNKNOWN.contains(&error.code());
                return if absent { Ok(None) } else { Err(error) };
            }
        };
        let routes = answer.routing_configuration.unwrap_or_default().into_iter();
        let used = routes.filter(|route| route.weight > 0);
        Ok(Some(
            used.map(|route| route.state_machine_version_arn).collect(),
        ))
    }

    async fn properties_of(&self, state_machine: &str) -> Result<Properties, CallError> {
        match self.properties_with(state_machine, None).await {
            Err(error) if error.lacks_the_key() => {
                let included = Some(IncludedData::MetadataOnly);
                self.properties_with(state_machine, included).await
            }
            properties => properties,
        }
    }

    async fn properties_with(
        &self,
        state_machine: &str,
        included: Option<IncludedData>,
    ) -> Result<Properties, CallError> {
        let call = self
            .client("DescribeStateMachine", state_machine)
            .await?
            .describe_state_machine()
            .state_machine_arn(state_machine)
            .set_included_data(included);
        let answer = call
            .send()
            .await
            .map_err(|error| self.failed("DescribeStateMachine", state_machine, &error))?;
        Ok(Properties {
            is_express: answer.r#type == StateMachineType::Express,
            is_deleting: answer.status == Some(StateMachineStatus::Deleting),
            definition: answer.definition,
            others: Vec::new(),
        })
    }

    /// ListTagsForResource.
    pub async fn tags(&self, state_machine: &str) -> Result<BTreeMap<String, String>, CallError> {
        let call = self
            .client("ListTagsForResource", state_machine)
            .await?
            .list_tags_for_resource()
            .resource_arn(state_machine);
        let answer = call
            .send()
            .await
            .map_err(|error| self.failed("ListTagsForResource", state_machine, &error))?;
        let pairs = answer.tags.unwrap_or_default().into_iter();
        Ok(pairs.filter_map(|tag| tag.key.zip(tag.value)).collect())
    }

    /// CreateStateMachine, of type STANDARD. Answers its ARN.
    pub async fn create_machine(&self, new: New<'_>) -> Result<String, CallError> {
        let call = self
            .client("CreateStateMachine", new.arn)
            .await?
            .create_state_machine()
            .name(new.name)
            .definition(new.definition)
            .role_arn(new.role)
            .r#type(StateMachineType::Standard)
            .set_tags(Some(tags(new.tags)));
        let answer = call
            .send()
            .await
            .map_err(|error| self.failed("CreateStateMachine", new.arn, &error))?;
        Ok(answer.state_machine_arn)
    }

    /// UpdateStateMachine, of what is given. Executions that run keep the definition and the role they began with
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html>).
    pub async fn update_machine(
        &self,
        state_machine: &str,
        definition: Option<&str>,
        role: Option<&str>,
    ) -> Result<(), CallError> {
        let call = self
            .client("UpdateStateMachine", state_machine)
            .await?
            .update_state_machine()
            .state_machine_arn(state_machine)
            .set_definition(definition.map(str::to_owned))
            .set_role_arn(role.map(str::to_owned));
        call.send()
            .await
            .map_err(|error| self.failed("UpdateStateMachine", state_machine, &error))?;
        Ok(())
    }

    /// TagResource: sets these, leaves others as they are.
    pub async fn tag(
        &self,
        state_machine: &str,
        set: &BTreeMap<String, String>,
    ) -> Result<(), CallError> {
        let call = self
            .client("TagResource", state_machine)
            .await?
            .tag_resource()
            .resource_arn(state_machine)
            .set_tags(Some(tags(set)));
        call.send()
            .await
            .map_err(|error| self.failed("TagResource", state_machine, &error))?;
        Ok(())
    }
}
