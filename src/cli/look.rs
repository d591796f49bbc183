//! What there is, for commands that find no daemon.

use chrono::{DateTime, Utc};
use tracing::warn;

use super::{Failure, run};
use crate::daemon::wall_clock;
use crate::ledger::{Ledger, LedgerError};
use crate::reconcile::folder;
use crate::settings::Settings;
use crate::source::scan::{Scan, Scanner};
use crate::view::Moment;
use crate::view::suppose::Known;

/// Files and ledger as they are now, as they would be seen at another time where one is given. Calls nobody and changes nothing; where there is no ledger yet, none is
/// made.
pub(super) fn look(settings: &Settings, as_of: Option<DateTime<Utc>>) -> Result<Moment, Failure> {
    let directory = run::directory(settings)?;
    let state = settings.state_directory.as_deref();
    let name = folder::named(&directory);
    let scanner =
        Scanner::new(directory, settings.defaults.clone()).with_git_dir(settings.git_dir.clone());
    let (found, scan) = match state {
        None => (None, once(scanner)),
        Some(state) => {
            let (found, scan) = Ledger::peek_beside(state, || once(scanner))?;
            let found = match found {
                // The next daemon builds it anew from what runs; until then nothing is known.
                Err(error @ LedgerError::Damaged { .. }) => {
                    warn!(%error, "nothing is known of what runs until `onced run` has listed it");
                    None
                }
                found => found?,
            };
            (found, scan)
        }
    };
    let found = found.unwrap_or_default();
    if let Some(state) = state {
        Ledger::admit(state, &settings.owner, found.records.values())?;
    }
    let known = folder::Known {
        remembered: &found.installation.remembered,
        records: &found.records,
        starting: &[],
        at_first: None,
    };
    let (scan, _) = folder::judged(scan, &name, known, |record| {
        found.approved.contains(&record.execution_arn())
    });
    // It outlives the ledger.
    let pause = state.map(Ledger::paused).transpose()?.flatten();
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

/// What it knows for its next scan is not kept.
fn once(mut scanner: Scanner) -> Scan {
    scanner.scan()
}
