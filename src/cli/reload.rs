//! `onced reload`, and what a daemon does of it: the configuration is read again; what is bad, or can't change while it
//! runs, is refused.

use tokio::sync::{mpsc, oneshot};

use super::{Context, Failure, Outcome, exit, print, results};
use crate::daemon::socket;
use crate::settings::Settings;

/// `onced reload`.
pub(super) async fn reload(context: &Context) -> Outcome {
    let settings = context.settings(None)?;
    let none =
        "no daemon runs with this state directory\nhint: give its --config or --state-directory";
    let Some(daemon) = results::daemon(&settings).await? else {
        return Err(Failure::new(none));
    };
    match daemon.tell("/v1/reload").await {
        Some(Ok(_)) => {
            print("reloaded\n");
            Ok(exit::DONE)
        }
        Some(Err(why)) => Err(Failure::new(why)),
        None => Err(Failure::new(none)),
    }
}

/// The settings that a daemon which runs with `old` goes on with; or why it does not.
fn acceptable(
    context: &Context,
    directory: Option<&String>,
    old: &Settings,
) -> Result<Settings, String> {
    let refused = |why: String| format!("the configuration is refused, the old one stays: {why}");
    let new = context
        .settings(directory)
        .map_err(|failure| refused(failure.message))?;
    let fixed = [
        ("directory", new.directory != old.directory),
        ("git_dir", new.git_dir != old.git_dir),
        (
            "state_directory",
            new.state_directory != old.state_directory,
        ),
        ("owner", new.owner != old.owner),
        ("aws", new.aws != old.aws),
        (
            "state_machine",
            new.defaults.state_machine != old.defaults.state_machine,
        ),
        ("listen", new.listen != old.listen),
    ];
    match fixed.iter().find(|(_, differs)| *differs) {
        None => Ok(new),
        Some((key, _)) => Err(refused(format!(
            "`{key}` can't be changed while onced runs\nhint: restart it"
        ))),
    }
}

/// The configuration as it is now, once the loop goes on with it; or why it does not.
pub(super) async fn anew(
    context: &Context,
    named: Option<&String>,
    old: &Settings,
    orders: &mpsc::Sender<socket::Order>,
) -> Result<Settings, String> {
    let new = acceptable(context, named, old)?;
    let (answer, answered) = oneshot::channel();
    let what = socket::What::Reload(Box::new(new.clone()));
    let gone = |()| "the daemon ends".to_owned();
    orders
        .send(socket::Order { what, answer })
        .await
        .map_err(|_| gone(()))?;
    answered.await.map_err(|_| gone(()))??;
    Ok(new)
}
