//! A faithful Step Functions in this process, for `--sandbox` and tests: names, idempotency, errors, limits and
//! eventual consistency as AWS documents them. Imports nothing of the crate.

mod definition;
mod errors;
mod execution;
mod faults;
mod machine;
mod operations;
mod query;
mod running;
mod scope;
mod sts;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::warn;

pub use execution::{Execution, Run, Status};
pub use faults::Fault;
use faults::{Faults, Quota};
use machine::{Config, Machine};
use scope::{Scope, partition};
pub use wire::Answer;

/// How this Step Functions is.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whose account it plays.
    pub account: String,
    /// Which region it plays.
    pub region: String,
    /// How far Describe and List are behind.
    pub lag: Duration,
    /// Where invocations are sent; `None`: they are logged.
    pub lambda_endpoint: Option<String>,
    /// How long an invocation takes that is sent nowhere.
    pub task_time: Duration,
    /// Where executions are kept; `None`: in memory only.
    pub state_file: Option<PathBuf>,
    /// A state machine that was never created is taken to exist, with the definition of the first one.
    pub any_machine: bool,
    /// Answers within this process bear no `Date`, as those of some endpoints do not.
    pub undated: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            lag: Duration::ZERO,
            lambda_endpoint: None,
            task_time: Duration::ZERO,
            state_file: None,
            any_machine: false,
            undated: false,
        }
    }
}

/// One request as it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `StartExecution` and so on.
    pub operation: String,
    /// The execution's or machine's name or ARN.
    pub subject: String,
    /// The HTTP status.
    pub status: u16,
    /// The error's code; `Lost` where no answer arrived.
    pub error: Option<String>,
    /// When it was answered, or took its effect.
    pub at: DateTime<Utc>,
    /// It took its effect long after its caller had given it up.
    pub late: bool,
    /// What was asked, as JSON.
    pub request: Arc<str>,
}

#[derive(Default, Serialize, Deserialize)]
struct Store {
    machines: BTreeMap<String, Machine>,
    executions: BTreeMap<String, Execution>,
}

#[derive(Default)]
struct Core {
    store: Store,
    due: BTreeSet<(DateTime<Utc>, String)>,
    calls: Vec<Call>,
    faults: Option<Faults>,
    /// By what the request contains.
    faults_of: BTreeMap<String, Faults>,
    /// By operation.
    quotas: BTreeMap<String, Quota>,
    dirty: bool,
    /// How many UUIDs were made.
    serial: u64,
}

impl Core {
    /// A machine, by its own ARN.
    fn machine_mut(&mut self, arn: &str) -> Option<&mut Machine> {
        self.store.machines.get_mut(arn)
    }

    /// A UUID that nobody has had: the same one each time that the same things happen at the same times.
    fn uuid(&mut self, now: DateTime<Utc>) -> String {
        self.serial += 1;
        let seed = format!("{now:?} {} {}", self.calls.len(), self.serial);
        let digest = Sha256::digest(seed);
        let bits = u128::from_be_bytes(std::array::from_fn(|at| digest[at]));
        let part = |from: u32, len: u32| (bits >> from) & ((1 << len) - 1);
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            part(96, 32),
            part(80, 16),
            part(68, 12),
            part(52, 12),
            part(4, 48)
        )
    }

    /// The name of an execution's state machine, where that one is being deleted.
    fn deleting(&self, execution: &str) -> Option<String> {
        let execution = self.store.executions.get(execution)?;
        let machine = self.store.machines.get(&execution.machine_arn)?;
        machine.deleting.then(|| machine.name.clone())
    }
}

struct Shared {
    options: Options,
    anchor: (DateTime<Utc>, Instant),
    core: Mutex<Core>,
    changed: Notify,
}

/// A Step Functions. Clones are the same one.
#[derive(Clone)]
pub struct Sandbox(Arc<Shared>);

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A Step Functions whose clock is the machine's. Must be called within a tokio runtime.
    pub fn new(options: Options) -> std::io::Result<Self> {
        Self::with_clock(options, Utc::now())
    }

    /// One whose clock begins at `now` and goes on with tokio's, which tests can pause.
    pub fn with_clock(options: Options, now: DateTime<Utc>) -> std::io::Result<Self> {
        let mut core = Core::default();
        if let Some(path) = &options.state_file {
            match std::fs::read(path) {
                Ok(bytes) => core.store = serde_json::from_slice(&bytes)?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let waiting = core
            .store
            .executions
            .values()
            .filter(|execution| execution.status() == Status::Running);
        core.due = waiting
            .map(|execution| (execution.wake.unwrap_or(now), execution.arn.clone()))
            .collect();
        let shared = Shared {
            options,
            anchor: (now, Instant::now()),
            core: Mutex::new(core),
            changed: Notify::new(),
        };
        let sandbox = Self(Arc::new(shared));
        tokio::spawn(running::tick(sandbox.clone()));
        Ok(sandbox)
    }

    /// What time it is here.
    pub fn now(&self) -> DateTime<Utc> {
        let (began, instant) = self.0.anchor;
        began + TimeDelta::from_std(instant.elapsed()).unwrap_or(TimeDelta::MAX)
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.0.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the machine that onced's lambdas run through, if it is not there. Answers its ARN.
    pub fn create_default_machine(&self) -> String {
        self.create_machine_in(&self.0.options.region)
    }

    /// The same in another region.
    pub fn create_machine_in(&self, region: &str) -> String {
        let definition = json!({
            "StartAt": "CountDownTimer",
            "States": {
                "CountDownTimer": {"Type": "Wait", "TimestampPath": "$.invocationTime", "Next": "InvokeLambda"},
                "InvokeLambda": {
                    "Type": "Task",
                    "Resource": format!("arn:{}:states:::lambda:invoke", partition(region)),
                    "Parameters": {"FunctionName.$": "$.functionName", "Payload.$": "$.payload"},
                    "End": true
                }
            }
        });
        let name = "OneTimeLambdaScheduler".to_owned();
        let arn = format!(
            "arn:{}:states:{region}:{}:stateMachine:{name}",
            partition(region),
            self.0.options.account
        );
        let machine = Machine {
            arn: arn.clone(),
            name,
            definition: definition.to_string().into(),
            role: format!(
                "arn:{}:iam::{}:role/OneTimeLambdaScheduler",
                partition(region),
                self.0.options.account
            ),
            express: false,
            created: self.now(),
            deleting: false,
            tags: BTreeMap::new(),
            config: Config::default(),
            revision: None,
            updated: None,
            versions: BTreeMap::new(),
            published: 0,
            aliases: BTreeMap::new(),
        };
        self.core()
            .store
            .machines
            .entry(arn.clone())
            .or_insert(machine);
        arn
    }

    /// The ARN that a machine of this name has for who asks.
    fn machine_arn(&self, name: &str, scope: &Scope) -> String {
        let Options {
            account, region, ..
        } = &self.0.options;
        let region = scope.region.as_ref().unwrap_or(region);
        let account = scope.account.as_ref().unwrap_or(account);
        let partition = partition(region);
        format!("arn:{partition}:states:{region}:{account}:stateMachine:{name}")
    }

    /// Every request so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.core().calls.clone()
    }

    /// Every execution, by ARN.
    pub fn executions(&self) -> Vec<Execution> {
        self.core().store.executions.values().cloned().collect()
    }

    /// Forgets an execution, as when its state machine was deleted and made again.
    pub fn lose(&self, execution: &str) {
        self.core().store.executions.remove(execution);
    }

    /// Asked for each request with its number, from 1, and its operation.
    pub fn set_faults(&self, faults: Option<Faults>) {
        self.core().faults = faults;
    }

    /// The same for requests whose body contains this text, such as a region or an execution's name, before all others;
    /// of several such texts, the longest.
    pub fn set_faults_of(&self, text: &str, faults: Option<Faults>) {
        let of = &mut self.core().faults_of;
        match faults {
            Some(faults) => of.insert(text.to_owned(), faults),
            None => of.remove(text),
        };
    }

    /// So many calls of an operation are taken at once, and so many a second after that; more are throttled. Without a
    /// quota, all are taken.
    pub fn set_quota(&self, operation: &str, burst: f64, rate: f64) {
        let quota = Quota::new(burst, rate);
        self.core().quotas.insert(operation.to_owned(), quota);
    }

    /// Writes the state file, if anything changed since.
    fn save(&self) {
        let Some(path) = &self.0.options.state_file else {
            return;
        };
        let bytes = {
            let mut core = self.core();
            if !std::mem::take(&mut core.dirty) {
                return;
            }
            serde_json::to_vec(&core.store)
        };
        let beside = path.with_extension("new");
        let written = bytes
            .map_err(std::io::Error::from)
            .and_then(|bytes| std::fs::write(&beside, bytes))
            .and_then(|()| std::fs::rename(&beside, path));
        if let Err(error) = written {
            warn!(path = %path.display(), %error, "sandbox: executions can't be kept");
        }
    }
}
