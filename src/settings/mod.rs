//! What was typed, set and written becomes one validated value, in one step. Never reads a schedule file; the environment
//! is an argument.

mod keys;
#[cfg(test)]
mod language;
mod values;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_yaml::Value;
use thiserror::Error;

use crate::model::access::{Aws, Role};
use crate::model::arn::Place;
use crate::model::limits::{Limits, Operation};
use crate::model::name::Owner;
use crate::model::plan::{MaxStops, Policy, Rules};
use crate::model::topic::Target;
use crate::model::zone::Zone;
use crate::model::{region, url};
use crate::source::parse::Defaults;
use crate::source::patterns::Patterns;
use crate::source::time;
use crate::source::zoneinfo::Zoneinfo;
use keys::Keys;
pub use values::account_of_role;
use values::{
    checked, ignore, limit, listen, max_stops, notify, patterns, role_arn, roles, start_only, text,
    zoneinfo,
};

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
    pub state_machine: Option<Arc<str>>,
    /// Whose executions, where that is said.
    pub owner: Option<Owner>,
    /// `allow.lambdas`, as it is written.
    pub lambdas: Vec<String>,
    /// Run against the embedded Step Functions.
    pub sandbox: bool,
}

/// What must be known to read schedule files and to compare them: enough for a command that calls nobody and keeps no ledger.
#[derive(Debug, Clone)]
pub struct Offline {
    /// The watched directory, where one is given.
    pub directory: Option<PathBuf>,
    /// What schedule files get where they say nothing.
    pub defaults: Defaults,
    /// What the planner keeps to.
    pub policy: Policy,
    /// Which time zone database is used.
    pub zoneinfo: Zoneinfo,
}

/// All settings, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The watched directory, where one is given.
    pub directory: Option<PathBuf>,
    /// The git directory whose work tree the watched directory is, where it has none of its own.
    pub git_dir: Option<PathBuf>,
    /// Where the ledger lies; `None` with `sandbox`: a temporary directory.
    pub state_directory: Option<PathBuf>,
    /// systemd's runtime directory of this process, where it has one.
    pub runtime_directory: Option<PathBuf>,
    /// Where a daemon with this state directory may have its runtime directory.
    pub runtime_directories: Vec<PathBuf>,
    /// Whose executions.
    pub owner: Owner,
    /// What schedule files get where they say nothing.
    pub defaults: Defaults,
    /// Which time zone database is used.
    pub zoneinfo: Zoneinfo,
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
    /// How fast AWS may be called.
    pub limits: Limits,
    /// Where metrics and health are served, if anywhere.
    pub listen: Option<SocketAddr>,
    /// Whom to tell of what went wrong.
    pub notify: Vec<Target>,
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

impl Offline {
    /// By the same order as [`Settings::resolve`].
    pub fn resolve(
        typed: &Typed,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, SettingsError> {
        let keys = Keys::collect(typed, environment)?;
        let state_machine = keys.connection(typed.sandbox)?.state_machine;
        keys.offline(state_machine, environment)
    }
}

impl Keys {
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

    fn limits(&self) -> Result<Limits, SettingsError> {
        let mut limits = Limits::default();
        for operation in Operation::ALL {
            let set = self.get(&format!("limits.{operation}"), limit)?;
            limits.0.extend(set.map(|limit| (operation, limit)));
        }
        Ok(limits)
    }

    fn connection(&self, sandbox: bool) -> Result<Connection, SettingsError> {
        let owner = self.get("owner", |value| {
            let hint = || "give 1 to 16 lower-case letters and digits".to_owned();
            Owner::parse(&text(value)?).map_err(|message| (message, hint()))
        })?;
        let state_machine = self.get("state_machine", |value| {
            let all = Patterns::default();
            crate::source::targets::machine(&text(value)?, &all)
                .map(Arc::from)
                .map_err(|wrong| (wrong.message, wrong.hint.unwrap_or_default()))
        })?;
        let state_machine = state_machine.or_else(|| sandbox.then(|| SANDBOX_MACHINE.into()));
        let of_arn = state_machine
            .as_deref()
            .and_then(Place::of)
            .map(|place| place.region);
        let region = self.get("aws.region", checked(region::check))?;
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
            endpoint_url: self.get("aws.endpoint_url", checked(url::server))?,
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
        let Offline {
            directory,
            defaults,
            policy,
            zoneinfo,
        } = self.offline(state_machine, environment)?;
        let listen = self.get("listen", listen)?;
        let state_directory = self.state_directory(sandbox, environment)?;
        let runtime_directory = first(environment, "RUNTIME_DIRECTORY");
        let beside = state_directory.as_deref();
        let beside = beside.and_then(|state| runtime_beside(state, environment));
        let runtime_directories = runtime_directory.iter().cloned().chain(beside);
        Ok(Settings {
            listen,
            notify: self.get("notify", notify)?.unwrap_or_default(),
            directory,
            git_dir: self.text("git_dir")?.map(PathBuf::from),
            runtime_directories: runtime_directories.collect(),
            runtime_directory,
            state_directory,
            owner,
            defaults,
            zoneinfo,
            aws,
            policy,
            settle: self.duration("reconcile.settle", Duration::from_millis(250))?,
            resync: self.duration("reconcile.resync", Duration::from_mins(1))?,
            verify: self.duration("reconcile.verify", Duration::from_mins(15))?,
            limits: self.limits()?,
            sandbox,
        })
    }

    fn offline(
        &self,
        state_machine: Option<Arc<str>>,
        environment: &BTreeMap<String, String>,
    ) -> Result<Offline, SettingsError> {
        let choice = self.get("zoneinfo", zoneinfo)?;
        let zoneinfo = Zoneinfo {
            choice: choice.unwrap_or_default(),
            tzdir: variable(environment, "TZDIR").map(PathBuf::from),
        };
        let zones = zoneinfo.load(None);
        let timezone = self.get("timezone", |value| {
            time::zone(&text(value)?, &zones)
                .map_err(|wrong| (wrong.message, wrong.hint.unwrap_or_default()))
        })?;
        let defaults = Defaults {
            timezone: timezone.unwrap_or(Zone::utc()),
            zones,
            state_machine,
            grace: self.duration("reconcile.grace", Duration::from_mins(5))?,
            allow_lambdas: self.get("allow.lambdas", patterns)?.unwrap_or_default(),
            allow_state_machines: self
                .get("allow.state_machines", patterns)?
                .unwrap_or_default(),
            ignore: self.get("ignore", ignore)?.unwrap_or_default().into(),
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
        Ok(Offline {
            directory: self.text("directory")?.map(PathBuf::from),
            defaults,
            policy,
            zoneinfo,
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
        if let Some(systemd) = first(environment, "STATE_DIRECTORY") {
            return Ok(Some(systemd));
        }
        let hint =
            "write `state_directory: DIRECTORY` into the configuration, or give --state-directory";
        let home = state_home(environment).ok_or(SettingsError::Missing {
            what: "state directory",
            hint,
        })?;
        Ok(Some(home.join("onced")))
    }
}

/// A variable that says something.
fn variable<'a>(environment: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    let text = environment.get(name).map(String::as_str);
    text.filter(|text| !text.is_empty())
}

/// The first of several paths with colons between them, as systemd gives them.
fn first(environment: &BTreeMap<String, String>, name: &str) -> Option<PathBuf> {
    let paths = variable(environment, name)?;
    paths.split(':').next().map(PathBuf::from)
}

/// The XDG state directory.
fn state_home(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let given = variable(environment, "XDG_STATE_HOME").map(PathBuf::from);
    given.or_else(|| Some(Path::new(variable(environment, "HOME")?).join(".local/state")))
}

/// The runtime directory that systemd gives a unit beside this state directory, by the names of both
/// (<https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html>, RuntimeDirectory=).
fn runtime_beside(state: &Path, environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    if let Ok(name) = state.strip_prefix("/var/lib") {
        return Some(Path::new("/run").join(name));
    }
    let name = state.strip_prefix(state_home(environment)?).ok()?;
    let runtime = variable(environment, "XDG_RUNTIME_DIR")?;
    Some(Path::new(runtime).join(name))
}
