//! `onced sync`: one reconciliation. Decides nothing but when it is over, and with which exit code.

use std::time::Duration;

use tokio::sync::watch;
use tracing::info;

use super::bar::Bar;
use super::run::{State, daemon, directory};
use super::{Context, Failure, Outcome, exit, print};
use crate::daemon::wall_clock;
use crate::ledger::Holder;
use crate::model::plan::after;
use crate::view::{EntryView, List};

/// `onced sync`: until nothing is due, nothing waits to be stopped, and nothing is to be tried again soon.
pub(super) async fn sync(
    context: &Context,
    named: Option<&String>,
    lambda_endpoint: Option<String>,
) -> Outcome {
    let settings = context.settings(named)?;
    let directory = directory(&settings)?;
    let state = State::of(&settings)?;
    let (_end, never) = watch::channel(false);
    let (mut daemon, (_, step_functions)) = daemon(
        context,
        &settings,
        &state,
        &directory,
        lambda_endpoint,
        (Holder::Command, never),
    )
    .await?;
    let clock = wall_clock();
    let patience = settings.policy.stop_after + Duration::from_mins(1);
    let mut deadline = after(clock(), patience);
    let mut told = false;
    let bar = (!context.common.quiet).then(|| Bar::of(daemon.progress()));
    let (scan, moment, failed) = loop {
        let (scan, report) = daemon.once().await;
        if !report.done.is_empty() && (report.goes_on || !report.failed.is_empty()) {
            deadline = after(clock(), patience);
        }
        let moment = daemon.moment(&scan);
        if let Some(why) = step_functions.hopeless() {
            return Err(Failure::new(why));
        }
        if let Some(why) = daemon.clock_is_off() {
            return Err(Failure::new(format!(
                "nothing is started or stopped: {why}"
            )));
        }
        let by_clock = moment.held_by_clock();
        if let Some(why) = by_clock.filter(|_| clock() > deadline) {
            let silent = moment.standing.silent.join("\n");
            return Err(Failure::new(format!(
                "nothing is started or stopped: {why}\n{silent}"
            )));
        }
        let waits = moment.plan.waits();
        let busy = by_clock.is_some()
            || waits
            || report.listing
            || report.goes_on
            || daemon.is_overdue()
            || !scan.in_flight.is_empty();
        if daemon.is_overdue() && clock() > deadline {
            let why = scan.unclear.unwrap_or_default();
            return Err(Failure::new(format!("nothing is stopped: {why}")));
        }
        if report.goes_on && clock() > deadline {
            let left = daemon.progress().left();
            return Err(Failure::new(format!(
                "{left} steps are left: Step Functions does not get on with them"
            )));
        }
        if (!busy && report.failed.is_empty()) || clock() > deadline {
            break (scan, moment, report.failed);
        }
        if !busy && count(&moment.list(), "refused") == report.failed.len() {
            break (scan, moment, report.failed);
        }
        if waits && !told {
            told = true;
            info!(
                "waiting until what was removed has been gone for {} s (`reconcile.stop_after`), or what was changed is settled",
                settings.policy.stop_after.as_secs()
            );
        }
        let wake = report.wake.map_or(Duration::from_secs(1), |wake| {
            (wake - clock()).to_std().unwrap_or_default()
        });
        tokio::time::sleep(wake.clamp(Duration::from_millis(20), Duration::from_secs(1))).await;
    };
    drop(bar);
    print(&format!(
        "{} scheduled, {} held, {} not done\n",
        count(&moment.list(), "scheduled"),
        moment.plan().held.len(),
        failed.len()
    ));
    if !failed.is_empty() {
        let lines: Vec<String> = failed
            .iter()
            .map(|(name, why)| format!("{name}: {why}"))
            .collect();
        return Err(Failure::new(lines.join("\n")));
    }
    Ok(if moment.plan.guard.is_some() {
        exit::HELD
    } else if scan.has_problems() {
        exit::INVALID
    } else {
        exit::DONE
    })
}

fn count(list: &List, phase: &str) -> usize {
    let is = |entry: &&EntryView| entry.phase == phase;
    list.entries.iter().filter(is).count()
}
