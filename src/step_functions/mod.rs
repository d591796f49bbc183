//! aws-sdk-sfn: the calls, what their errors mean, and how long they may take. Never plans, never writes a record.

pub mod access;
mod calls;
mod dates;
pub mod definition;
mod endpoint;
mod error;
pub mod form;
pub mod https;
pub mod machine;
mod trouble;
pub mod unsuitable;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use aws_sdk_sfn::config::retry::RetryConfig;
use aws_sdk_sfn::config::timeout::TimeoutConfig;
use aws_sdk_sfn::config::{Builder, IdentityCache, http::HttpResponse};
use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sfn::types::{ExecutionStatus, HistoryEventType, IncludedData};
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::model::arn::Place;
use crate::model::caught::caught_async;
use access::Access;
pub use calls::{Answered, Asked, Calls};
pub use dates::AwsTime;
use dates::Dates;
use endpoint::Endpoint;
pub use error::{CallError, Remedy};

/// How an execution stands at AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Not over.
    Running,
    /// Over.
    Succeeded,
    /// Over.
    Failed,
    /// Over.
    TimedOut,
    /// Stopped, by us or by somebody else.
    Aborted,
}

impl Status {
    /// One that waits to be redriven runs again by itself. What is not known yet is not over.
    fn of(status: &ExecutionStatus) -> Self {
        match status {
            ExecutionStatus::Succeeded => Self::Succeeded,
            ExecutionStatus::Failed => Self::Failed,
            ExecutionStatus::TimedOut => Self::TimedOut,
            ExecutionStatus::Aborted => Self::Aborted,
            ExecutionStatus::Running | ExecutionStatus::PendingRedrive | _ => Self::Running,
        }
    }
}

/// What DescribeExecution said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// How it stands.
    pub status: Status,
    /// The exact bytes it was started with. Never logged.
    pub input: Option<String>,
    /// The error it ended with, or that its stop carried.
    pub error: Option<String>,
    /// What is said of the error. Never logged: it may quote the function's answer.
    pub cause: Option<String>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// How often it was redriven.
    pub redrives: u32,
    /// The ARNs of the alias and of the version through which it was started, where it was.
    pub qualified: Vec<String>,
}

/// Step Functions, through the SDK: a client for each account in each region, so that what befalls one is none of the
/// others' business.
#[derive(Debug, Clone)]
pub struct StepFunctions {
    source: Source,
    clients: Arc<Mutex<BTreeMap<Option<Place>, Client>>>,
    end: Option<watch::Receiver<bool>>,
    /// Nothing is started or stopped.
    held: Arc<AtomicBool>,
    dates: Dates,
    calls: Calls,
    hopeless: Arc<OnceLock<String>>,
}

/// What clients are made of.
#[derive(Debug, Clone)]
enum Source {
    /// All alike.
    One(Box<Builder>),
    /// By region and role.
    Access(Box<Access>),
}

#[derive(Debug, Clone)]
struct Client {
    config: Builder,
    sdk: aws_sdk_sfn::Client,
    renewed: Option<Instant>,
    endpoint: Endpoint,
}

/// Credentials are asked for anew no more often than this.
const RENEW: Duration = Duration::from_secs(10);

impl StepFunctions {
    /// Clients that are all alike, with our own time-outs, and without the SDK's retries: onced retries by itself.
    pub fn new(config: Builder) -> Self {
        Self::of(Source::One(Box::new(config)))
    }

    /// The same, each for its account and region.
    pub fn with(access: Access) -> Self {
        Self::of(Source::Access(Box::new(access)))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            clients: Arc::default(),
            end: None,
            held: Arc::default(),
            dates: Dates::default(),
            calls: Calls::default(),
            hopeless: Arc::default(),
        }
    }

    /// What no call will get past while this process lives: keys that AWS no longer takes, and that nothing renews.
    pub fn hopeless(&self) -> Option<&str> {
        self.hopeless.get().map(String::as_str)
    }

    /// What was called, and how it was answered.
    pub fn calls(&self) -> Calls {
        self.calls.clone()
    }

    /// Where calls on this ARN go: scheme, host and port of the first one; `None`: there was none yet.
    pub fn endpoint(&self, arn: &str) -> Option<String> {
        let client = self.clients().get(&Place::of(arn)).cloned()?;
        client.endpoint.seen().map(str::to_owned)
    }

    /// AWS's time, by the `Date` of the answers since then.
    pub fn time(&self, since: Instant) -> AwsTime {
        self.dates.now(since)
    }

    /// The same, but once `end` is true no call is begun any more: it fails with [`Remedy::Slower`], having had no effect.
    /// Calls that are under way are not touched.
    #[must_use]
    pub fn until(self, end: watch::Receiver<bool>) -> Self {
        Self {
            end: Some(end),
            ..self
        }
    }

    /// Is no call begun any more?
    pub fn has_ended(&self) -> bool {
        self.end.as_ref().is_some_and(|end| *end.borrow())
    }

    /// From now on no start and no stop is sent, until this is called again: they fail as after [`Self::until`].
    pub fn hold(&self, held: bool) {
        self.held.store(held, Ordering::Relaxed);
    }

    fn clients(&self) -> MutexGuard<'_, BTreeMap<Option<Place>, Client>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asked for anew by each call on an ARN.
    async fn client(
        &self,
        operation: &'static str,
        arn: &str,
    ) -> Result<aws_sdk_sfn::Client, CallError> {
        let changes = ["StartExecution", "StopExecution"].contains(&operation);
        let held = changes && self.held.load(Ordering::Relaxed);
        if held || self.has_ended() {
            let why = if held {
                "onced is paused"
            } else {
                "onced ends"
            };
            return Err(CallError::not_sent(operation, why));
        }
        let place = Place::of(arn);
        if let Some(client) = self.clients().get(&place) {
            return Ok(client.sdk.clone());
        }
        let made = async {
            let config = match &self.source {
                Source::One(config) => Builder::clone(config),
                Source::Access(access) => Box::pin(access.client(place.as_ref())).await,
            };
            self.made(config)
        };
        let made = caught_async(made).await;
        let made = made.map_err(|caught| CallError::without_answer(operation, &caught.into()))?;
        // Another call may have made one meanwhile.
        let sdk = self.clients().entry(place).or_insert(made).sdk.clone();
        Ok(sdk)
    }

    fn made(&self, config: Builder) -> Client {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .operation_attempt_timeout(Duration::from_secs(10))
            .operation_timeout(Duration::from_secs(30))
            .build();
        let endpoint = Endpoint::default();
        let config = config
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .interceptor(self.dates.clone())
            .interceptor(endpoint.clone());
        Client {
            sdk: aws_sdk_sfn::Client::from_conf(config.clone().build()),
            config,
            renewed: None,
            endpoint,
        }
    }

    /// Makes a call on an ARN.
    async fn call<T, E>(
        &self,
        operation: &'static str,
        arn: &str,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, CallError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let begun = Instant::now();
        let answer = match caught_async(call).await {
            Ok(answer) => answer.map_err(|error| self.failed(operation, arn, &error)),
            Err(caught) => Err(CallError::without_answer(operation, &caught.into())),
        };
        self.calls.note(operation, answer.as_ref(), begun.elapsed());
        answer
    }

    /// What a failed call on an ARN means. Credentials that AWS no longer takes are asked for anew: the SDK renews them by
    /// the time that they bear, and keeps those that were revoked before it.
    fn failed<E>(
        &self,
        operation: &'static str,
        arn: &str,
        error: &SdkError<E, HttpResponse>,
    ) -> CallError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let access = match &self.source {
            Source::Access(access) => Some(access.as_ref()),
            Source::One(_) => None,
        };
        let place = Place::of(arn);
        let error = CallError::new(operation, error, access, place.as_ref());
        if error.is_final() {
            let _ = self.hopeless.set(error.to_string());
        }
        let mut clients = self.clients();
        let client = clients.get_mut(&place);
        let long_ago = |client: &&mut Client| {
            client
                .renewed
                .is_none_or(|renewed| renewed.elapsed() >= RENEW)
        };
        if error.is_expired()
            && let Some(client) = client.filter(long_ago)
        {
            let fresh = IdentityCache::lazy().build();
            let config = client.config.clone().identity_cache(fresh).build();
            client.sdk = aws_sdk_sfn::Client::from_conf(config);
            client.renewed = Some(Instant::now());
        }
        error
    }

    /// StartExecution. Answers the execution's ARN; the same name and bytes again answer the same one.
    pub async fn start(
        &self,
        state_machine: &str,
        name: &str,
        input: &str,
    ) -> Result<String, CallError> {
        let call = self
            .client("StartExecution", state_machine)
            .await?
            .start_execution()
            .state_machine_arn(state_machine)
            .name(name)
            .input(input);
        let answer = self
            .call("StartExecution", state_machine, call.send())
            .await?;
        Ok(answer.execution_arn)
    }

    /// StopExecution. A success says that the stop was taken, not how the execution ended: describe it. Where the key
    /// that encrypts error and cause can't be used, it is stopped without them, which needs no key.
    pub async fn stop(&self, execution: &str, error: &str, cause: &str) -> Result<(), CallError> {
        let told = Some((error.to_owned(), cause.to_owned()));
        match self.stop_with(execution, told).await {
            Err(error) if error.lacks_the_key() => self.stop_with(execution, None).await,
            stopped => stopped,
        }
    }

    async fn stop_with(
        &self,
        execution: &str,
        told: Option<(String, String)>,
    ) -> Result<(), CallError> {
        let (error, cause) = told.unzip();
        let call = self
            .client("StopExecution", execution)
            .await?
            .stop_execution()
            .execution_arn(execution)
            .set_error(error)
            .set_cause(cause);
        self.call("StopExecution", execution, call.send())
            .await
            .map(drop)
    }

    /// DescribeExecution. Eventually consistent: `Absent` proves nothing by itself. Where the key that encrypts the input
    /// can't be used, it is asked for without what is encrypted: input, error and cause are unknown then.
    pub async fn describe(&self, execution: &str) -> Result<Observed, CallError> {
        match self.describe_with(execution, IncludedData::AllData).await {
            Err(error) if error.lacks_the_key() => {
                self.describe_with(execution, IncludedData::MetadataOnly)
                    .await
            }
            observed => observed,
        }
    }

    async fn describe_with(
        &self,
        execution: &str,
        included: IncludedData,
    ) -> Result<Observed, CallError> {
        // Without the member, AWS answers with everything.
        let included = Some(included).filter(|included| *included != IncludedData::AllData);
        let call = self
            .client("DescribeExecution", execution)
            .await?
            .describe_execution()
            .execution_arn(execution)
            .set_included_data(included);
        let answer = self
            .call("DescribeExecution", execution, call.send())
            .await?;
        let ended = answer
            .stop_date
            .and_then(|date| DateTime::from_timestamp(date.secs(), date.subsec_nanos()));
        Ok(Observed {
            status: Status::of(&answer.status),
            input: answer.input,
            error: answer.error,
            cause: answer.cause,
            ended,
            redrives: count(answer.redrive_count),
            qualified: answer
                .state_machine_alias_arn
                .into_iter()
                .chain(answer.state_machine_version_arn)
                .collect(),
        })
    }

    /// GetExecutionHistory, its first page: when the wait was over. `None`: it never was, or not within that page.
    pub async fn fired(&self, execution: &str) -> Result<Option<DateTime<Utc>>, CallError> {
        let call = self
            .client("GetExecutionHistory", execution)
            .await?
            .get_execution_history()
            .execution_arn(execution)
            .include_execution_data(false)
            .max_results(20);
        let answer = self
            .call("GetExecutionHistory", execution, call.send())
            .await?;
        let left = answer
            .events
            .into_iter()
            .find(|event| event.r#type == HistoryEventType::WaitStateExited);
        Ok(left.and_then(|event| {
            DateTime::from_timestamp(event.timestamp.secs(), event.timestamp.subsec_nanos())
        }))
    }

    /// ListExecutions, one of them: may we?
    pub async fn may_list(&self, state_machine: &str) -> Result<(), CallError> {
        let call = self
            .client("ListExecutions", state_machine)
            .await?
            .list_executions()
            .state_machine_arn(state_machine)
            .max_results(1);
        self.call("ListExecutions", state_machine, call.send())
            .await
            .map(drop)
    }

    /// ListExecutions: the names of those that run, and how often each was redriven, page after page. Eventually consistent:
    /// absence proves nothing.
    pub async fn running(&self, state_machine: &str) -> Result<BTreeMap<String, u32>, CallError> {
        let mut names = BTreeMap::new();
        let mut token = None;
        for page in 0_u32.. {
            // The smallest quota is a bucket of 100 pages, refilled by 2 a second
            // (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>).
            if page >= 50 {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            let call = self
                .client("ListExecutions", state_machine)
                .await?
                .list_executions()
                .state_machine_arn(state_machine)
                .status_filter(ExecutionStatus::Running)
                .max_results(1000)
                .set_next_token(token.take());
            let listing = self.call("ListExecutions", state_machine, call.send());
            let answer = match listing.await {
                Ok(answer) => answer,
                Err(error) => {
                    // Nothing runs where there is no machine, and nothing of ours where it is of type EXPRESS.
                    if ["StateMachineDoesNotExist", "StateMachineTypeNotSupported"]
                        .contains(&error.code())
                    {
                        break;
                    }
                    return Err(error);
                }
            };
            let executions = answer.executions.into_iter();
            names.extend(executions.map(|execution| {
                let redrives = count(execution.redrive_count);
                (execution.name, redrives)
            }));
            token = answer.next_token;
            if token.is_none() {
                break;
            }
        }
        Ok(names)
    }
}

/// How often an execution was redriven; AWS does not say it of what can't be.
fn count(redrives: Option<i32>) -> u32 {
    redrives
        .and_then(|redrives| u32::try_from(redrives).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_to_be_redriven_is_not_over() {
        for (word, status) in [
            ("RUNNING", Status::Running),
            ("PENDING_REDRIVE", Status::Running),
            ("A_WORD_OF_LATER", Status::Running),
            ("SUCCEEDED", Status::Succeeded),
            ("FAILED", Status::Failed),
            ("TIMED_OUT", Status::TimedOut),
            ("ABORTED", Status::Aborted),
        ] {
            assert_eq!(Status::of(&ExecutionStatus::from(word)), status, "{word}");
        }
    }
}
