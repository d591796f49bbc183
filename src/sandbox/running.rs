//! How executions go on: the one timer, the states, the Tasks.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tracing::{info, warn};

use super::definition::{self, Next, Work};
use super::execution::{End, Execution, MOST_BYTES, What};
use super::{Core, Options, Sandbox, Status, wire};

impl Core {
    /// An execution that runs.
    fn running(&mut self, arn: &str) -> Option<&mut Execution> {
        let execution = self.store.executions.get_mut(arn);
        execution.filter(|execution| execution.status() == Status::Running)
    }
}

/// A state that gives more than a state may give fails.
fn small(execution: &Execution, next: Next) -> Next {
    let given = match &next {
        Next::Go { data, .. } => Some(data.to_string()),
        Next::End(end) => end.output.as_ref().map(Value::to_string),
        Next::Work(work) => Some(work.task.parameters.clone()),
        Next::Wait(_) => None,
    };
    match given {
        Some(given) if given.len() > MOST_BYTES => Next::End(execution.too_large()),
        _ => next,
    }
}

impl Sandbox {
    /// Goes on with every execution whose time has come.
    pub(super) fn advance(&self) {
        let now = self.now();
        let mut core = self.core();
        while let Some((wake, arn)) = core.due.first().cloned()
            && wake <= now
        {
            core.due.pop_first();
            self.step(&mut core, &arn, now);
        }
    }

    /// Goes on with one execution until it waits, works or is over.
    pub(super) fn step(&self, core: &mut Core, arn: &str, now: DateTime<Utc>) {
        let deleting = core.deleting(arn);
        core.dirty = true;
        let Some(execution) = core.running(arn) else {
            return;
        };
        loop {
            execution.enter(now);
            match small(execution, definition::next(execution, now)) {
                Next::Wait(until) => {
                    execution.wake = Some(until);
                    core.due.insert((until, arn.to_owned()));
                    return;
                }
                Next::Go { state, data } => {
                    if let Some(machine) = &deleting {
                        execution.terminate(machine, now);
                        return;
                    }
                    execution.go(state, data, now);
                }
                Next::Work(work) => {
                    execution.fire(&work.task, now);
                    let (arn, redriven) = (arn.to_owned(), execution.redriven());
                    let (name, sandbox) = (execution.name.clone(), self.clone());
                    tokio::spawn(async move { sandbox.work(arn, redriven, name, work).await });
                    return;
                }
                Next::End(end) => {
                    execution.end(end, now);
                    return;
                }
            }
        }
    }

    /// Runs a Task, and goes on with what came of it, unless the execution was stopped or redriven meanwhile.
    async fn work(&self, arn: String, redriven: usize, name: String, work: Work) {
        info!(
            function = work.function,
            bytes = work.payload.len(),
            execution = name,
            "sandbox: lambda invoked"
        );
        let Options {
            lambda_endpoint,
            task_time,
            ..
        } = &self.0.options;
        let result = if let Some(endpoint) = lambda_endpoint {
            wire::invoke(endpoint, &work).await
        } else {
            if !task_time.is_zero() {
                tokio::time::sleep(*task_time).await;
            }
            Ok(Value::Null)
        };
        if let Err((error, _)) = &result {
            warn!(execution = name, error, "sandbox: the invocation failed");
        }
        self.worked(&arn, redriven, work, result);
        self.0.changed.notify_one();
    }

    /// A Task has its result, or an error and its cause.
    fn worked(
        &self,
        arn: &str,
        redriven: usize,
        work: Work,
        result: Result<Value, (String, String)>,
    ) {
        let now = self.now();
        let mut core = self.core();
        let deleting = core.deleting(arn);
        core.dirty = true;
        let Some(execution) = core
            .running(arn)
            .filter(|execution| execution.redriven() == redriven)
        else {
            return;
        };
        let output = match result {
            Ok(output) => Ok(work.result(output)),
            Err((error, cause)) => Err(End::failed(&error, cause)),
        };
        let fits = |output: &Value| output.to_string().len() <= MOST_BYTES;
        let output = match output {
            Ok(output) if fits(&output) => output,
            failed => {
                let end = failed.err().unwrap_or_else(|| execution.too_large());
                let told = |text: &Option<String>| text.clone().unwrap_or_default();
                let (error, cause) = (told(&end.error), told(&end.cause));
                execution.tell(now, What::TaskFailed(work.task, error, cause));
                execution.end(end, now);
                return;
            }
        };
        execution.tell(now, What::TaskSucceeded(work.task, output.to_string()));
        match small(execution, definition::after_task(execution, &output)) {
            Next::Go { state, data } => {
                if let Some(machine) = &deleting {
                    execution.terminate(machine, now);
                } else {
                    execution.go(state, data, now);
                    self.step(&mut core, arn, now);
                }
            }
            Next::End(end) => execution.end(end, now),
            Next::Wait(_) | Next::Work(_) => {}
        }
    }
}

/// The one timer of all executions. Never sleeps long: the machine may.
pub(super) async fn tick(sandbox: Sandbox) {
    loop {
        sandbox.advance();
        sandbox.save();
        let next = sandbox.core().due.first().map(|(wake, _)| *wake);
        let rest = next
            .map_or(TimeDelta::MAX, |wake| wake - sandbox.now())
            .to_std()
            .unwrap_or_default();
        let rest = rest
            .min(Duration::from_hours(1))
            .max(Duration::from_millis(1));
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = sandbox.0.changed.notified() => {}
        }
    }
}
