//! RedriveExecution (<https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>).

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::super::errors::error;
use super::super::execution::Redrive;
use super::super::{Core, Sandbox};
use super::{Reply, arn, at_most, epoch, no_execution, required, text};

/// How long a client token is known, and how many of an execution.
const TOKEN_MINUTES: i64 = 15;
const TOKENS: usize = 10;

impl Sandbox {
    pub(super) fn redrive(&self, core: &mut Core, request: &Value, now: DateTime<Utc>) -> Reply {
        let execution_arn = required(request, "executionArn")?;
        arn(execution_arn, "execution")?;
        at_most(request, "clientToken", 64)?;
        let token = text(request, "clientToken").map(str::to_owned);
        let deleting = core.deleting(execution_arn).is_some();
        let execution = core.store.executions.get_mut(execution_arn);
        let execution = execution.ok_or_else(|| no_execution(execution_arn))?;
        let known = execution.redrives.iter().rev().take(TOKENS);
        let same = |redrive: &&Redrive| {
            redrive.token.is_some()
                && redrive.token == token
                && now < redrive.at + TimeDelta::minutes(TOKEN_MINUTES)
        };
        if let Some(before) = known.into_iter().find(same) {
            return Ok(json!({"redriveDate": epoch(before.at)}));
        }
        let why = if deleting {
            Some("State machine is in DELETING status")
        } else {
            execution.not_redrivable(execution.face(), now)
        };
        if let Some(why) = why {
            return Err(error("ExecutionNotRedrivable", why));
        }
        execution.redrive(token, now);
        self.step(core, execution_arn, now);
        Ok(json!({"redriveDate": epoch(now)}))
    }
}
