//! A state machine, its versions and its aliases
//! (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-cd-aliasing-versioning.html>).

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is kept of a state machine's settings, and told as it was given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Config {
    pub(super) logging: Option<Value>,
    pub(super) tracing: Option<Value>,
    pub(super) encryption: Option<Value>,
}

/// A registered state machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Machine {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) definition: Arc<str>,
    pub(super) role: String,
    pub(super) express: bool,
    pub(super) created: DateTime<Utc>,
    /// Its deletion was asked for, and executions of it still run.
    #[serde(default)]
    pub(super) deleting: bool,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) config: Config,
    /// None for the first one, as at AWS.
    #[serde(default)]
    pub(super) revision: Option<String>,
    #[serde(default)]
    pub(super) updated: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(super) versions: BTreeMap<u64, Version>,
    /// The number of the last version. None is given twice.
    #[serde(default)]
    pub(super) published: u64,
    #[serde(default)]
    pub(super) aliases: BTreeMap<String, Alias>,
}

/// A published revision. It never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) definition: Arc<str>,
    pub(super) role: String,
    pub(super) config: Config,
    pub(super) revision: Option<String>,
    pub(super) description: Option<String>,
    pub(super) created: DateTime<Utc>,
}

/// Versions and their weights, which are 100 together.
pub(super) type Routes = Vec<(u64, u64)>;

/// A name for one version, or for two by weight.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Alias {
    pub(super) description: Option<String>,
    pub(super) routes: Routes,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
}

impl Alias {
    /// The version for a number below 100.
    fn route(&self, number: u64) -> Option<u64> {
        let mut rest = number;
        self.routes.iter().find_map(|(version, weight)| {
            let is_it = rest < *weight;
            rest = rest.saturating_sub(*weight);
            is_it.then_some(*version)
        })
    }
}

/// What an ARN stands for.
#[derive(Debug, Clone)]
pub(super) struct Resolved {
    pub(super) machine: Machine,
    pub(super) version: Option<u64>,
    pub(super) alias: Option<String>,
}

/// The state machine's own ARN, and what qualifies it.
pub(super) fn split(arn: &str) -> (&str, Option<&str>) {
    match arn.match_indices(':').nth(6) {
        Some((at, _)) => (&arn[..at], Some(&arn[at + 1..])),
        None => (arn, None),
    }
}

impl Machine {
    pub(super) fn version_arn(&self, number: u64) -> String {
        format!("{}:{number}", self.arn)
    }

    pub(super) fn alias_arn(&self, name: &str) -> String {
        format!("{}:{name}", self.arn)
    }

    /// The version or the alias with this name. An alias leads to a version by a number below 100.
    pub(super) fn qualified(self, qualifier: Option<&str>, number: u64) -> Option<Resolved> {
        let Some(name) = qualifier else {
            return Some(Resolved {
                machine: self,
                version: None,
                alias: None,
            });
        };
        let (version, alias) = if let Ok(version) = name.parse() {
            (version, None)
        } else {
            let alias = self.aliases.get(name)?;
            (alias.route(number)?, Some(name.to_owned()))
        };
        let published = self.versions.get(&version)?.clone();
        let machine = Self {
            definition: published.definition,
            role: published.role,
            config: published.config,
            revision: published.revision,
            ..self
        };
        Some(Resolved {
            machine,
            version: Some(version),
            alias,
        })
    }

    /// Publishes what is current, unless it is published already. Answers the version's number.
    pub(super) fn publish(&mut self, description: Option<&str>, now: DateTime<Utc>) -> u64 {
        let current = |version: &&Version| version.revision == self.revision;
        let same = |version: &Version| {
            description.is_none() || version.description.as_deref() == description
        };
        let last = self.versions.iter().rev();
        let mut known = last.filter(|(_, version)| current(version) && same(version));
        if let Some((number, _)) = known.next() {
            return *number;
        }
        self.published += 1;
        let version = Version {
            definition: self.definition.clone(),
            role: self.role.clone(),
            config: self.config.clone(),
            revision: self.revision.clone(),
            description: description.map(str::to_owned),
            created: now,
        };
        self.versions.insert(self.published, version);
        self.published
    }
}
