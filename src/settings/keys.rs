//! Every key that was given, by whom, and its value: flags over environment over file. Knows no key's meaning.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_yaml::{Mapping, Value};

use super::values::{Complaint, scalar, text};
use super::{SettingsError, Typed};
use crate::source::time;

/// Where a packaged onced has its configuration.
const CONFIGURATION: &str = "/etc/onced/onced.yaml";
/// Every key of the configuration, as a path.
pub(super) const KEYS: &[&str] = &[
    "directory",
    "git_dir",
    "state_directory",
    "owner",
    "timezone",
    "zoneinfo",
    "state_machine",
    "listen",
    "notify",
    "aws.region",
    "aws.profile",
    "aws.endpoint_url",
    "aws.role_arn",
    "aws.external_id",
    "roles",
    "ignore",
    "allow.lambdas",
    "allow.state_machines",
    "reconcile.policy",
    "reconcile.settle",
    "reconcile.stop_after",
    "reconcile.grace",
    "reconcile.horizon",
    "reconcile.max_stops",
    "reconcile.resync",
    "reconcile.verify",
    "limits.StartExecution",
    "limits.StopExecution",
    "limits.DescribeExecution",
];

/// One key's value and who said so.
#[derive(Debug, Clone)]
pub(super) struct Given {
    value: Value,
    pub(super) origin: String,
    pub(super) usage: bool,
}

pub(super) struct Keys(pub(super) BTreeMap<String, Given>);

impl Keys {
    pub(super) fn collect(
        typed: &Typed,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, SettingsError> {
        let mut keys = Self(BTreeMap::new());
        let typed_one = typed.config.clone();
        let typed_one = typed_one.filter(|path| !path.as_os_str().is_empty());
        let named = typed_one.or_else(|| {
            environment
                .get("ONCED_CONFIG")
                .filter(|path| !path.is_empty())
                .map(PathBuf::from)
        });
        let found =
            Some(PathBuf::from(CONFIGURATION)).filter(|path| !typed.sandbox && path.exists());
        if let Some(path) = named.or(found) {
            keys.file(&path)?;
        }
        keys.environment(environment);
        for (key, text) in &typed.set {
            keys.typed(key, text)?;
        }
        Ok(keys)
    }

    fn file(&mut self, path: &Path) -> Result<(), SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|source| SettingsError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let value: Value = serde_yaml::from_str(&text).map_err(|source| SettingsError::Yaml {
            path: path.to_owned(),
            source,
        })?;
        let origin = path.display().to_string();
        let empty = Mapping::new();
        let root = if value.is_null() {
            Some(&empty)
        } else {
            value.as_mapping()
        };
        let wrong = |message: String, hint: String| SettingsError::Wrong {
            origin: origin.clone(),
            message,
            hint,
            usage: false,
        };
        let root = root.ok_or_else(|| {
            wrong(
                "the configuration is no mapping".into(),
                "write `owner: NAME`, and so on".into(),
            )
        })?;
        for (key, value) in root {
            let key = key.as_str().unwrap_or("?");
            let section = matches!(key, "aws" | "allow" | "reconcile" | "limits");
            match (section, value.as_mapping()) {
                (true, Some(section)) => {
                    for (inner, value) in section {
                        self.give(
                            &format!("{key}.{}", inner.as_str().unwrap_or("?")),
                            value.clone(),
                            &origin,
                            false,
                        )?;
                    }
                }
                (true, None) if value.is_null() => {}
                (true, None) => {
                    return Err(wrong(
                        format!("`{key}` is no mapping"),
                        "write its keys below it".into(),
                    ));
                }
                (false, _) => self.give(key, value.clone(), &origin, false)?,
            }
        }
        Ok(())
    }

    fn environment(&mut self, environment: &BTreeMap<String, String>) {
        let short = [
            ("ONCED_ENDPOINT_URL", "aws.endpoint_url"),
            ("ONCED_REGION", "aws.region"),
        ];
        let long = KEYS.iter().map(|key| {
            (
                format!("ONCED_{}", key.replace('.', "_").to_uppercase()),
                *key,
            )
        });
        let all = short
            .iter()
            .map(|(variable, key)| ((*variable).to_owned(), *key))
            .chain(long);
        for (variable, key) in all {
            if let Some(text) = environment
                .get(&variable)
                .filter(|text| !text.trim().is_empty())
            {
                let given = Given {
                    value: scalar(text),
                    origin: format!("the environment's {variable}"),
                    usage: false,
                };
                self.0.insert(key.to_owned(), given);
            }
        }
    }

    fn typed(&mut self, key: &str, text: &str) -> Result<(), SettingsError> {
        self.give(key, scalar(text), &format!("`{key}={text}`"), true)
    }

    fn give(
        &mut self,
        key: &str,
        value: Value,
        origin: &str,
        usage: bool,
    ) -> Result<(), SettingsError> {
        if !KEYS.contains(&key) {
            let near = KEYS
                .iter()
                .map(|known| (strsim::jaro_winkler(known, key), known));
            let near = near
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .filter(|(likeness, _)| *likeness > 0.8);
            let hint = near.map_or_else(
                || "see config/onced.yaml for all keys".into(),
                |(_, known)| format!("did you mean `{known}`?"),
            );
            return Err(SettingsError::Wrong {
                origin: origin.into(),
                message: format!("unknown key `{key}`"),
                hint,
                usage,
            });
        }
        // What an unset variable leaves behind on the command line, or where a file is made from it, says nothing either.
        let is_empty = |text: &str| {
            usage && text.trim().is_empty() || text.is_empty() && key.starts_with("aws.")
        };
        if value.is_null() || value.as_str().is_some_and(is_empty) {
            return Ok(());
        }
        self.0.insert(
            key.to_owned(),
            Given {
                value,
                origin: origin.to_owned(),
                usage,
            },
        );
        Ok(())
    }

    /// One value, parsed; `None`: not given.
    pub(super) fn get<T>(
        &self,
        key: &str,
        parse: impl Fn(&Value) -> Result<T, Complaint>,
    ) -> Result<Option<T>, SettingsError> {
        let Some(given) = self.0.get(key) else {
            return Ok(None);
        };
        let wrong = |(message, hint): (String, String)| SettingsError::Wrong {
            origin: given.origin.clone(),
            message: format!("`{key}`: {message}"),
            hint,
            usage: given.usage,
        };
        parse(&given.value).map(Some).map_err(wrong)
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<String>, SettingsError> {
        self.get(key, text)
    }

    pub(super) fn duration(&self, key: &str, default: Duration) -> Result<Duration, SettingsError> {
        let parse = |value: &Value| {
            let text = text(value)?;
            time::duration(&text).map_err(|wrong| (wrong.message, wrong.hint.unwrap_or_default()))
        };
        Ok(self.get(key, parse)?.unwrap_or(default))
    }
}
