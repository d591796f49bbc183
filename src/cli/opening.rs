//! The ledger, opened for a command or a daemon: how long another holder, or a disk that takes nothing, is waited for. Never
//! decides what a damaged one means.

use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::daemon::systemd;
use crate::ledger::{Found, Holder, Ledger, LedgerError};
use crate::model::causes::causes;
use crate::model::kind;
use crate::model::name::Owner;

/// How long a command may keep the ledger from one that waits for it.
const COMMAND_ENDS: Duration = Duration::from_secs(30);
/// How long a daemon that holds the ledger is waited for.
const DAEMON_ENDS: Duration = Duration::from_secs(1);
/// How often a ledger is tried again whose machine fails; where a try costs much, ten times what it costs.
const AGAIN: Duration = Duration::from_secs(1);

/// The ledger, as soon as a command that holds it for a moment lets go. A daemon is given the time in which one that
/// was told to stop ends.
pub(super) async fn open(
    state_directory: &Path,
    owner: &Owner,
    holder: Holder,
) -> Result<(Ledger, Found), LedgerError> {
    let begun = Instant::now();
    loop {
        match Ledger::open_for(state_directory, owner, holder).await {
            Err(LedgerError::Held { brief, .. })
                if begun.elapsed() < (if brief { COMMAND_ENDS } else { DAEMON_ENDS }) =>
            {
                sleep(Duration::from_millis(20)).await;
            }
            opened => return opened,
        }
    }
}

/// The same for a daemon: a disk that is full, or takes nothing for another reason, is waited for, as while it runs.
pub(super) async fn open_patiently(
    state_directory: &Path,
    owner: &Owner,
) -> Result<(Ledger, Found), LedgerError> {
    let mut told = false;
    loop {
        let begun = Instant::now();
        match open(state_directory, owner, Holder::Daemon).await {
            Err(error) if error.may_pass() => {
                let error = causes(&error);
                if !told {
                    told = true;
                    warn!(target: kind::LEDGER, error, "nothing is started or stopped until the ledger can be opened");
                }
                let status = format!("waits until the ledger can be opened: {error}");
                systemd::waits(&status, AGAIN.max(begun.elapsed() * 10)).await;
            }
            opened => {
                if told && opened.is_ok() {
                    info!(target: kind::LEDGER, "the ledger can be opened again");
                }
                return opened;
            }
        }
    }
}
