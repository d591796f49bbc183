//! What there is, for commands that find no daemon.

use std::sync::Arc;

use tracing::warn;

use super::{Failure, run};
use crate::daemon::{desired, wall_clock};
use crate::ledger::{Ledger, LedgerError};
use crate::model::plan::{Sight, Wanted};
use crate::model::record::Record;
use crate::reconcile::Desk;
use crate::settings::Settings;
use crate::source::scan::Scanner;
use crate::view::Moment;
use crate::view::standing::Standing;

/// Files and ledger as they are now. Calls nobody and changes nothing; where there is
/// no ledger yet, none is made.
pub(super) fn look(settings: &Settings) -> Result<Moment, Failure> {
    let directory = run::directory(settings)?;
    let found = match &settings.state_directory {
        None => None,
        Some(path) => match Ledger::peek(path) {
            // The next daemon builds it anew from what runs; until then nothing is known.
            Err(error @ LedgerError::Damaged { .. }) => {
                warn!(%error, "nothing is known of what runs until `onced run` has listed it");
                None
            }
            found => found?,
        },
    };
    let found = found.unwrap_or_default();
    let mut desk = Desk::new(found.records);
    let scan = Scanner::new(directory, settings.defaults.clone()).scan();
    let now = (wall_clock())();
    let desired = desired(&scan, &desk.records);
    let is_approved = |record: &Record| found.approved.contains(&record.execution_arn());
    let sight = |wanted: &Wanted<'_>| Sight {
        approved: !found.approved.is_empty() && wanted.record.is_some_and(is_approved),
        ..Sight::CLEAR
    };
    // It outlives the ledger.
    let pause = match &settings.state_directory {
        Some(path) => Ledger::paused(path)?,
        None => None,
    };
    let pause = pause.filter(|pause| pause.holds(now));
    let mut brakes = desired.brakes.clone();
    let resumed = pause.map(|_| desk.plan(&desired, sight, &settings.policy, &brakes, now));
    brakes.extend(pause.map(|pause| pause.brake()));
    let plan = desk.plan(&desired, sight, &settings.policy, &brakes, now);
    Ok(Moment {
        owner: settings.owner.clone(),
        scan,
        to_approve: plan.guarded(&desk.records),
        records: desk.records,
        plan: Arc::new(plan),
        orphans: Vec::new(),
        pause: pause.zip(resumed.map(Arc::new)),
        policy: settings.policy.clone(),
        limits: settings.limits.clone(),
        standing: Standing::default(),
        now,
    })
}
