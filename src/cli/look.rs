//! What there is, for commands that find no daemon.

use chrono::{DateTime, Utc};
use tracing::warn;

use super::{Failure, run};
use crate::daemon::wall_clock;
use crate::ledger::{Ledger, LedgerError};
use crate::settings::Settings;
use crate::source::scan::Scanner;
use crate::view::Moment;
use crate::view::suppose::Known;

/// Files and ledger as they are now, as they would be seen at another time where one is given. Calls nobody and changes nothing; where there is no ledger yet, none is
/// made.
pub(super) fn look(settings: &Settings, as_of: Option<DateTime<Utc>>) -> Result<Moment, Failure> {
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
    let scan = Scanner::new(directory, settings.defaults.clone()).scan();
    // It outlives the ledger.
    let pause = match &settings.state_directory {
        Some(path) => Ledger::paused(path)?,
        None => None,
    };
    let known = Known {
        owner: settings.owner.clone(),
        scan,
        records: found.records,
        approved: found.approved.into_iter().collect(),
        pause,
        policy: settings.policy.clone(),
        limits: settings.limits.clone(),
    };
    let now = (wall_clock())();
    Ok(known.at(now, as_of.unwrap_or(now)))
}
