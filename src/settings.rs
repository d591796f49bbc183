//! What was typed, set and written becomes one validated value, in one step. Never reads a schedule file; the environment
//! is an argument.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono_tz::Tz;
use globset::{Glob, GlobSet};
use serde_yaml::{Mapping, Value};
use thiserror::Error;

use crate::model::access::{Aws, Role};
use crate::model::arn::Place;
use crate::model::name::Owner;
use crate::model::plan::{MaxStops, Policy, Rules};
use crate::source::parse::Defaults;
use crate::source::time;

/// Where a packaged onced has its configuration.
const CONFIGURATION: &str = "/etc/onced/onced.yaml";
/// The machine that `--sandbox` runs lambdas through.
pub const SANDBOX_MACHINE: &str =
    "arn:aws:states:us-east-1:123456789012:stateMachine:OneTimeLambdaScheduler";

/// Why there are no settings.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The configuration file can't be read.
    #[error("can't read the configuration `{path}`: {source}", path = path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The configuration file is no YAML.
    #[error("the configuration `{path}` is not readable YAML: {source}", path = path.display())]
    Yaml {
        /// Which.
        path: PathBuf,
        /// Why, with line and column.
        source: serde_yaml::Error,
    },
    /// A key or a value is wrong.
    #[error("{origin}: {message}\nhint: {hint}")]
    Wrong {
        /// Which flag, variable or file says so.
        origin: String,
        /// What is wrong.
        message: String,
        /// What to write instead.
        hint: String,
        /// Was it typed?
        usage: bool,
    },
    /// Something that has no default is given nowhere.
    #[error("no {what} is given\nhint: {hint}")]
    Missing {
        /// What.
        what: &'static str,
        /// How to give it.
        hint: &'static str,
    },
}

impl SettingsError {
    /// 64 for what was typed, 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Wrong { usage: true, .. }) {
            64
        } else {
            1
        }
    }
}

/// What must be known to reach AWS: enough for a command that reads no schedule file and keeps no ledger.
#[derive(Debug, Clone)]
pub struct Connection {
    /// How AWS is reached.
    pub aws: Aws,
    /// The machine that lambdas run through.
    pub state_machine: Option<String>,
    /// Whose executions, where that is said.
    pub owner: Option<Owner>,
    /// `allow.lambdas`, as it is written.
    pub lambdas: Vec<String>,
    /// Run against the embedded Step Functions.
    pub sandbox: bool,
}

/// All settings, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The watched directory, where one is given.
    pub directory: Option<PathBuf>,
    /// Where the ledger lies; `None` with `sandbox`: a temporary directory.
    pub state_directory: Option<PathBuf>,
    /// Whose executions.
    pub owner: Owner,
    /// What schedule files get where they say nothing.
    pub defaults: Defaults,
    /// How AWS is reached.
    pub aws: Aws,
    /// What the planner keeps to.
    pub policy: Policy,
    /// Quiet time before a change is read.
    pub settle: Duration,
    /// Full scan even without events.
    pub resync: Duration,
    /// How often the running executions are listed.
    pub verify: Duration,
    /// Run against the embedded Step Functions.
    pub sandbox: bool,
}

/// What was typed, or set in the environment for a flag.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--set`, and every flag that stands for a key, in the order of precedence, the strongest last.
    pub set: Vec<(String, String)>,
    /// `--sandbox`.
    pub sandbox: bool,
}

/// Every key of the configuration, as a path.
const KEYS: &[&str] = &[
    "directory",
    "state_directory",
    "owner",
    "timezone",
    "state_machine",
    "listen",
    "aws.region",
    "aws.profile",
    "aws.endpoint_url",
    "aws.role_arn",
    "aws.external_id",
    "roles",
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
];

/// One key's value and who said so.
#[derive(Debug, Clone)]
struct Given {
    value: Value,
    origin: String,
    usage: bool,
}

struct Keys(BTreeMap<String, Given>);

/// The farthest horizon.
const MOST_AHEAD: Duration = Duration::from_hours(364 * 24);

impl Settings {
    /// Flags win over environment (`ONCED_RECONCILE_SETTLE` and so on), environment over file, file over default.
    pub fn resolve(
        typed: &Typed,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, SettingsError> {
        Keys::collect(typed, environment)?.settings(typed.sandbox, environment)
    }
}

impl Connection {
    /// By the same order as [`Settings::resolve`].
    pub fn resolve(
        typed: &Typed,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, SettingsError> {
        Keys::collect(typed, environment)?.connection(typed.sandbox)
    }
}

impl Keys {
    fn collect(
        typed: &Typed,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, SettingsError> {
        let mut keys = Self(BTreeMap::new());
        let named = typed.config.clone().or_else(|| {
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
            if let Some(text) = environment.get(&variable).filter(|text| !text.is_empty()) {
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
        if !KEYS.contains(&key) && !key.starts_with("limits.") {
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
        if value.is_null() {
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
    fn get<T>(
        &self,
        key: &str,
        parse: impl Fn(&Value) -> Result<T, (String, String)>,
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

    fn text(&self, key: &str) -> Result<Option<String>, SettingsError> {
        self.get(key, text)
    }

    fn duration(&self, key: &str, default: Duration) -> Result<Duration, SettingsError> {
        let parse = |value: &Value| {
            let text = text(value)?;
            time::duration(&text).map_err(|wrong| (wrong.message, wrong.hint.unwrap_or_default()))
        };
        Ok(self.get(key, parse)?.unwrap_or(default))
    }

    /// AWS ends an execution after a year, its wait too: nothing may be started that far ahead.
    fn horizon(&self) -> Result<Duration, SettingsError> {
        let parse = |value: &Value| {
            let text = text(value)?;
            let wrong = |wrong: time::Wrong| (wrong.message, wrong.hint.unwrap_or_default());
            let horizon = time::duration(&text).map_err(wrong)?;
            if horizon > MOST_AHEAD {
                return Err((
                    format!("`{text}` is too far: AWS ends executions after one year"),
                    "write at most `364d`".to_owned(),
                ));
            }
            Ok(horizon)
        };
        let default = Duration::from_hours(300 * 24);
        Ok(self.get("reconcile.horizon", parse)?.unwrap_or(default))
    }

    fn connection(&self, sandbox: bool) -> Result<Connection, SettingsError> {
        let owner = self.get("owner", |value| {
            let hint = || "give 1 to 16 lower-case letters and digits".to_owned();
            Owner::parse(&text(value)?).map_err(|message| (message, hint()))
        })?;
        let state_machine = self.get("state_machine", |value| {
            let all = any();
            crate::source::value::machine(&text(value)?, &all)
                .map_err(|wrong| (wrong.message, wrong.hint.unwrap_or_default()))
        })?;
        let state_machine = state_machine.or_else(|| sandbox.then(|| SANDBOX_MACHINE.to_owned()));
        let of_arn = state_machine
            .as_deref()
            .and_then(Place::of)
            .map(|place| place.region);
        let region = self.text("aws.region")?;
        if let (Some(given), Some(of_arn)) = (&region, &of_arn)
            && given != of_arn
        {
            let origin = self.0["aws.region"].origin.clone();
            let message =
                format!("the region `{given}` is not `{of_arn}`, where the state machine is");
            let hint = "leave `aws.region` out: the state machine's ARN says it".to_owned();
            return Err(SettingsError::Wrong {
                origin,
                message,
                hint,
                usage: self.0["aws.region"].usage,
            });
        }
        let external_id = self.text("aws.external_id")?;
        let role = self.get("aws.role_arn", |value| role_arn(&text(value)?))?;
        let aws = Aws {
            region: region.or(of_arn),
            profile: self.text("aws.profile")?,
            endpoint_url: self.text("aws.endpoint_url")?,
            role: role.map(|arn| Role { arn, external_id }),
            roles: self.get("roles", roles)?.unwrap_or_default(),
        };
        let lambdas = self.get("allow.lambdas", |value| {
            patterns(value)?;
            let list = value.as_sequence().into_iter().flatten();
            list.map(text).collect::<Result<Vec<_>, _>>()
        })?;
        Ok(Connection {
            aws,
            state_machine,
            owner,
            lambdas: lambdas.unwrap_or_else(|| vec!["*".into()]),
            sandbox,
        })
    }

    fn settings(
        &self,
        sandbox: bool,
        environment: &BTreeMap<String, String>,
    ) -> Result<Settings, SettingsError> {
        let Connection {
            aws,
            state_machine,
            owner,
            ..
        } = self.connection(sandbox)?;
        let owner = match owner {
            Some(owner) => owner,
            None if sandbox => Owner::parse("sandbox").expect("`sandbox` is a good owner"),
            None => {
                let hint = "write `owner: NAME` into the configuration, or give --owner NAME or ONCED_OWNER";
                return Err(SettingsError::Missing {
                    what: "owner",
                    hint,
                });
            }
        };
        let timezone = self.get("timezone", |value| {
            time::zone(&text(value)?)
                .map_err(|wrong| (wrong.message, wrong.hint.unwrap_or_default()))
        })?;
        let minutes = Duration::from_mins;
        let defaults = Defaults {
            timezone: timezone.unwrap_or(Tz::UTC),
            state_machine,
            grace: self.duration("reconcile.grace", minutes(5))?,
            allow_lambdas: self.get("allow.lambdas", patterns)?.unwrap_or_else(any),
            allow_state_machines: self
                .get("allow.state_machines", patterns)?
                .unwrap_or_else(any),
        };
        let policy = Policy {
            rules: Rules::default(),
            start_only: self.get("reconcile.policy", start_only)?.unwrap_or(false),
            stop_after: self.duration("reconcile.stop_after", Duration::from_secs(30))?,
            horizon: self.horizon()?,
            max_stops: self
                .get("reconcile.max_stops", max_stops)?
                .unwrap_or(MaxStops::Percent(30)),
        };
        self.get("listen", |value| {
            text(value)?
                .parse::<SocketAddr>()
                .map_err(|error| (error.to_string(), "write `127.0.0.1:9464`".to_owned()))
        })?;
        Ok(Settings {
            directory: self.text("directory")?.map(PathBuf::from),
            state_directory: self.state_directory(sandbox, environment)?,
            owner,
            defaults,
            aws,
            policy,
            settle: self.duration("reconcile.settle", Duration::from_millis(250))?,
            resync: self.duration("reconcile.resync", minutes(1))?,
            verify: self.duration("reconcile.verify", minutes(15))?,
            sandbox,
        })
    }

    fn state_directory(
        &self,
        sandbox: bool,
        environment: &BTreeMap<String, String>,
    ) -> Result<Option<PathBuf>, SettingsError> {
        if let Some(given) = self.text("state_directory")? {
            return Ok(Some(given.into()));
        }
        if sandbox {
            return Ok(None);
        }
        let variable = |name: &str| environment.get(name).filter(|text| !text.is_empty());
        if let Some(systemd) = variable("STATE_DIRECTORY") {
            return Ok(systemd.split(':').next().map(PathBuf::from));
        }
        if let Some(state) = variable("XDG_STATE_HOME") {
            return Ok(Some(Path::new(state).join("onced")));
        }
        let hint =
            "write `state_directory: DIRECTORY` into the configuration, or give --state-directory";
        let home = variable("HOME").ok_or(SettingsError::Missing {
            what: "state directory",
            hint,
        })?;
        Ok(Some(Path::new(home).join(".local/state/onced")))
    }
}

type Complaint = (String, String);

/// A role's ARN, such as `arn:aws:iam::123456789012:role/onced`.
fn role_arn(text: &str) -> Result<String, Complaint> {
    if account_of_role(text).is_some() {
        return Ok(text.to_owned());
    }
    Err((
        format!("`{text}` is not the ARN of a role"),
        "write it as `arn:aws:iam::ACCOUNT:role/NAME`".into(),
    ))
}

/// The twelve digits in a role's ARN; `None`: it is none.
pub fn account_of_role(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts[..] else {
        return None;
    };
    let good = partition.starts_with("aws")
        && is_account(account)
        && resource
            .strip_prefix("role/")
            .is_some_and(|name| !name.is_empty());
    good.then_some(account)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// `{"123456789012": arn:…}`, or `{"123456789012": {role_arn: arn:…, external_id: ID}}`.
fn roles(value: &Value) -> Result<BTreeMap<String, Role>, Complaint> {
    let hint = || {
        "write `\"123456789012\": arn:aws:iam::123456789012:role/onced`, or the same with `role_arn` and `external_id` below it".to_owned()
    };
    let mapping = value
        .as_mapping()
        .ok_or_else(|| ("this is no mapping of accounts to roles".to_owned(), hint()))?;
    let mut roles = BTreeMap::new();
    for (account, role) in mapping {
        let account = text(account)?;
        if !is_account(&account) {
            return Err((
                format!("`{account}` is no account of twelve digits"),
                hint(),
            ));
        }
        let (arn, external_id) = match role.as_mapping() {
            None => (text(role)?, None),
            Some(role) => {
                let field = |key: &str| role.get(key).map(text).transpose();
                let unknown = role.keys().filter_map(Value::as_str);
                let unknown = unknown
                    .into_iter()
                    .find(|key| !["role_arn", "external_id"].contains(key));
                if let Some(key) = unknown {
                    return Err((format!("unknown key `{key}` of `{account}`"), hint()));
                }
                let arn = field("role_arn")?;
                let missing = || (format!("`{account}` has no `role_arn`"), hint());
                (arn.ok_or_else(missing)?, field("external_id")?)
            }
        };
        let arn = role_arn(&arn)?;
        if account_of_role(&arn) != Some(&account) {
            return Err((
                format!("the role `{arn}` is not of the account `{account}`"),
                "name a role of that account, or give the role the account that it is of".into(),
            ));
        }
        roles.insert(account, Role { arn, external_id });
    }
    Ok(roles)
}

/// What was typed is a text, but `[a, b]` is a list, and `{a: b}` a mapping.
fn scalar(text: &str) -> Value {
    match serde_yaml::from_str(text) {
        Ok(value @ Value::Sequence(_)) => value,
        Ok(value @ Value::Mapping(_)) if text.trim_start().starts_with('{') => value,
        _ => Value::String(text.to_owned()),
    }
}

fn text(value: &Value) -> Result<String, Complaint> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(("this is no text".into(), "put it in quotes".into())),
    }
}

fn any() -> GlobSet {
    Defaults::default().allow_lambdas
}

fn patterns(value: &Value) -> Result<GlobSet, Complaint> {
    let hint = || "write a list of patterns, such as `[\"send-*\"]`".to_owned();
    let list = value
        .as_sequence()
        .ok_or_else(|| ("this is no list".to_owned(), hint()))?;
    let mut set = GlobSet::builder();
    for item in list {
        set.add(Glob::new(&text(item)?).map_err(|error| (error.to_string(), hint()))?);
    }
    set.build().map_err(|error| (error.to_string(), hint()))
}

fn start_only(value: &Value) -> Result<bool, Complaint> {
    match text(value)?.as_str() {
        "sync" => Ok(false),
        "start-only" => Ok(true),
        other => Err((
            format!("there is no policy `{other}`"),
            "write `sync` or `start-only`".into(),
        )),
    }
}

fn max_stops(value: &Value) -> Result<MaxStops, Complaint> {
    let text = text(value)?;
    let parsed = match text.strip_suffix('%') {
        Some(percent) => percent
            .parse()
            .ok()
            .filter(|percent| *percent <= 100)
            .map(MaxStops::Percent),
        None => text.parse().ok().map(MaxStops::Count),
    };
    parsed.ok_or_else(|| {
        (
            format!("`{text}` is no share and no number"),
            "write `30%` or `10`".into(),
        )
    })
}
