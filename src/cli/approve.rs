//! `onced approve`: a person's word on what the guard holds and on what no entry asks for.

use super::{Context, Failure, Outcome, exit, look, opening, print, results};
use crate::ledger::Holder;
use crate::reconcile::approve;

pub(super) async fn approve(context: &Context, digest: &str) -> Outcome {
    let settings = context.settings(None)?;
    let Some(state) = &settings.state_directory else {
        return Err(Failure::new(
            "there is no state directory, so nothing can be approved\nhint: give --state-directory",
        ));
    };
    if let Some(daemon) = results::owners_daemon(&settings).await?
        && let Some(answer) = daemon.tell(&format!("/v1/approve/{digest}")).await
    {
        let answer = answer.map_err(Failure::new)?;
        print(&format!("approved: {} executions\n", answer["approved"]));
        return Ok(exit::DONE);
    }
    let seen = look::look(&settings, None)?;
    let waiting = seen.to_approve;
    approve::allowed(digest, &waiting, &seen.scan.zones).map_err(Failure::new)?;
    let (ledger, _) = opening::open(state, &settings.owner, Holder::Command).await?;
    let number = waiting.len();
    ledger.approved(waiting, true).await?;
    ledger.close().await;
    print(&format!(
        "approved: {number} executions, for the next `onced run` or `onced sync`\n"
    ));
    Ok(exit::DONE)
}
