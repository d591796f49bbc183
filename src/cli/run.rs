//! `onced run`, and how the floors are put together for all commands that act. Nothing more.

use std::hash::{BuildHasher, RandomState};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracing::{info, warn};

use super::signals::{Asked, Signals};
use super::{Context, Failure, Outcome, aws, doctor, edge, exit, opening, reload};
use crate::daemon::{Daemon, listen, notices, set_clock, socket, systemd, wall_clock, zone_rules};
use crate::ledger::{Holder, remove_copies};
use crate::model::caught::caught_async;
use crate::model::zones::Zones;
use crate::reconcile::apply::Hands;
use crate::reconcile::apply::machines::Machines;
use crate::reconcile::{Reconciler, Tally};
use crate::settings::Settings;
use crate::source::read;
use crate::source::scan::Scanner;
use crate::source::work_tree::{self, Commits};
use crate::step_functions::StepFunctions;
use crate::step_functions::access::Access;
use crate::step_functions::https::Https;

/// How often a directory is looked for that could not be seen at the start.
const APPEARS: Duration = Duration::from_secs(2);

/// Where the ledger lies, for as long as this lives.
pub(super) struct State {
    path: PathBuf,
    temporary: Option<tempfile::TempDir>,
}

impl State {
    pub(super) fn of(settings: &Settings) -> Result<Self, Failure> {
        if let Some(path) = &settings.state_directory {
            return Ok(Self {
                path: path.clone(),
                temporary: None,
            });
        }
        let temporary = tempfile::Builder::new()
            .prefix("onced-")
            .tempdir()
            .map_err(Failure::new)?;
        Ok(Self {
            path: temporary.path().to_owned(),
            temporary: Some(temporary),
        })
    }
}

pub(super) fn directory(settings: &Settings) -> Result<PathBuf, Failure> {
    let (directory, unseen) = place(settings)?;
    unseen.map_or(Ok(directory), Err)
}

/// The directory, and why it can't be seen where that may change by itself. What is wrong for good is an error.
fn place(settings: &Settings) -> Result<(PathBuf, Option<Failure>), Failure> {
    let directory = settings.directory.clone().ok_or_else(|| {
        Failure::new("no directory of schedule files is given\nhint: name it, or write `directory: DIRECTORY` into the configuration")
    })?;
    match std::fs::metadata(&directory) {
        Ok(metadata) if metadata.is_dir() => {
            let shown = directory.display().to_string();
            match read::everybody_may_write(&directory, &metadata, &shown) {
                None => Ok((directory, None)),
                Some((why, remedy)) => Err(Failure::new(format!(
                    "`{shown}`: {why}\nhint: {}",
                    remedy.unwrap_or_default()
                ))),
            }
        }
        Ok(_) => Err(Failure::new(format!(
            "`{}` is not a directory\nhint: name the directory that the schedule files are in",
            directory.display()
        ))),
        Err(error) => {
            let unseen = Failure::new(format!(
                "the directory `{}` can't be read: {error}\nhint: make it, or name another",
                directory.display()
            ));
            Ok((directory, Some(unseen)))
        }
    }
}

/// Waits until a directory can be seen that could not be when the daemon started, and answers why it must not be where it
/// is; for ever, where nothing is wrong with that.
async fn misplaced(state: PathBuf, directory: PathBuf) -> Failure {
    loop {
        sleep(APPEARS).await;
        let (state, directory) = (state.clone(), directory.clone());
        let looking = spawn_blocking(move || {
            let is_seen = std::fs::metadata(&directory).is_ok();
            is_seen.then(|| apart(&state, &directory))
        });
        match looking.await {
            Ok(Some(Err(failure))) => return failure,
            Ok(Some(Ok(()))) => return std::future::pending().await,
            Ok(None) | Err(_) => {}
        }
    }
}

/// The ledger must not lie where schedule files are kept: `git clean -fdx` there would delete it.
pub(super) fn must_be_apart(state: &State, directory: &Path) -> Result<(), Failure> {
    apart(&state.path, directory)
}

fn apart(state: &Path, directory: &Path) -> Result<(), Failure> {
    let state = resolved(state);
    let directory = resolved(directory);
    let trees = work_tree::roots_around(&directory);
    let trees = trees.into_iter().map(|(tool, root)| {
        let what = format!("the {} work tree of the schedule files", tool.as_str());
        (resolved(&root), what)
    });
    let of_files = (directory, "the directory of schedule files".to_owned());
    let within = std::iter::once(of_files).chain(trees);
    for (place, what) in within {
        if state.starts_with(&place) {
            return Err(Failure::new(format!(
                "the state directory `{}` lies in {what}, `{}`: cleaning up there would delete the ledger\nhint: give another --state-directory",
                state.display(),
                place.display()
            )));
        }
    }
    Ok(())
}

/// A path without links, also where the last part of it is not there yet.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for there in path.ancestors() {
        if let (Ok(found), Ok(rest)) = (std::fs::canonicalize(there), path.strip_prefix(there)) {
            return found.join(rest);
        }
    }
    path
}

/// All floors, put together; and how AWS is reached.
pub(super) async fn daemon(
    context: &Context,
    settings: &Settings,
    state: &State,
    directory: &Path,
    lambda_endpoint: Option<String>,
    (holder, end): (Holder, watch::Receiver<bool>),
) -> Result<(Daemon, (Access, StepFunctions)), Failure> {
    if settings.defaults.state_machine.is_none() {
        let hint = "give --state-machine ARN, or write `state_machine: ARN` into the configuration";
        return Err(Failure::new(format!(
            "no state machine is given\nhint: {hint}"
        )));
    }
    must_be_apart(state, directory)?;
    let access = if settings.sandbox {
        let file = state
            .temporary
            .is_none()
            .then(|| state.path.join("sandbox.json"));
        aws::embedded(file, lambda_endpoint)?
    } else {
        aws::access(context, &settings.aws, Some(&settings.owner)).await?
    };
    let step_functions = StepFunctions::with(access.clone()).until(end);
    let (ledger, found) = match holder {
        Holder::Daemon => opening::open_patiently(&state.path, &settings.owner).await?,
        Holder::Command => opening::open(&state.path, &settings.owner, holder).await?,
    };
    if let Err(error) = remove_copies(&state.path) {
        warn!(%error, "the copies of payloads in `parsed` of the state directory can't be removed");
    }
    let clock = wall_clock();
    let hands = Hands {
        owner: settings.owner.clone(),
        ledger,
        step_functions: step_functions.clone(),
        clock: Arc::clone(&clock),
        rules: settings.policy.rules,
        commits: Commits::default(),
        zones: Zones::default(),
        machines: Machines::default(),
        tally: Tally::from_zero(),
    };
    let policy = settings.policy.clone();
    let seed = RandomState::new().hash_one(std::process::id());
    let reconciler = Reconciler::new(
        hands,
        found,
        policy.clone(),
        (
            settings.verify,
            settings
                .defaults
                .state_machine
                .as_deref()
                .map(str::to_owned),
        ),
        seed,
    )
    .within(settings.limits.clone());
    let scanner = Scanner::new(directory.to_owned(), settings.defaults.clone())
        .with_git_dir(settings.git_dir.clone());
    let (settle, resync) = (settings.settle, settings.resync);
    let daemon = Daemon::new(scanner, reconciler, policy, settle, resync, clock);
    Ok((
        daemon
            .counting_sleep(set_clock::since_boot())
            .beating_every(systemd::watchdog_beats()),
        (access, step_functions),
    ))
}

/// What programs that `notify` names are given of the environment: nothing that may be a secret.
fn surroundings(context: &Context) -> Result<notices::send::Surroundings, Failure> {
    let harmless = ["PATH", "HOME", "USER", "LANG", "TZ"];
    let environment = context.environment.iter();
    let environment = environment.filter(|(key, _)| harmless.contains(&key.as_str()));
    let https = Https::of(&context.environment).map_err(Failure::new)?;
    Ok(notices::send::Surroundings {
        https,
        environment: environment
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        credentials_directory: context
            .environment
            .get("CREDENTIALS_DIRECTORY")
            .map(PathBuf::from),
    })
}

/// `onced run`.
pub(super) async fn run(
    context: &Context,
    named: Option<&String>,
    lambda_endpoint: Option<String>,
) -> Outcome {
    let settings = context.settings(named)?;
    let around = surroundings(context)?;
    // One that is not there yet is waited for by the daemon, as while it runs.
    let (directory, unseen) = place(&settings)?;
    let state = State::of(&settings)?;
    let is_service = context.environment.contains_key("NOTIFY_SOCKET");
    let on_terminal = std::io::stderr().is_terminal() && !is_service;
    let mut signals = Signals::heard(on_terminal)?;
    let (stop, stopping) = watch::channel(false);
    let begun = daemon(
        context,
        &settings,
        &state,
        &directory,
        lambda_endpoint,
        (Holder::Daemon, stopping.clone()),
    );
    let (daemon, reach) = tokio::select! {
        begun = begun => begun?,
        () = signals.end() => return Ok(exit::DONE),
    };
    info!(directory = %directory.display(), state_directory = %state.path.display(), owner = settings.owner.as_str(), "watching");
    info!("time zone rules: {}", settings.defaults.zones);
    if let Some(note) = settings.defaults.zones.note() {
        warn!("{note}");
    }
    if state.temporary.is_some() {
        info!(
            "try `onced list --sandbox --state-directory {}` in another terminal",
            state.path.display()
        );
    }
    let asking =
        (!settings.sandbox).then(|| tokio::spawn(doctor::preflight(settings.clone(), reach)));
    let (moments, shown) = watch::channel(None);
    let (orders, ordered) = mpsc::channel(4);
    let (reloads, mut reload) = mpsc::channel(1);
    let about = socket::About {
        version: 1,
        owner: settings.owner.as_str().to_owned(),
        directory: std::path::absolute(&directory).map_err(Failure::new)?,
        state_directory: std::path::absolute(&state.path).map_err(Failure::new)?,
        is_aws: context.is_aws(&settings),
        zone_rules: Some((&settings.defaults.zones).into()),
    };
    let sources = socket::Sources {
        about,
        moments: shown.clone(),
        ledger: daemon.ledger().clone(),
        orders: orders.clone(),
        reloads,
    };
    let decided = shown.clone();
    let metrics = daemon.metrics();
    let listening = settings.listen.map(|address| {
        let sources = listen::Sources {
            moments: shown.clone(),
            metrics: metrics.clone(),
            ledger: daemon.ledger().clone(),
            beats: daemon.beats(),
            owner: settings.owner.clone(),
        };
        tokio::spawn(listen::serve(address, sources))
    });
    let telling = is_service.then(|| tokio::spawn(systemd::tell(shown, daemon.beats())));
    let (targets, wanted) = watch::channel(settings.notify.clone());
    let notifying = tokio::spawn(notices::tell(
        wanted,
        notices::Sources {
            moments: decided.clone(),
            ledger: daemon.ledger().clone(),
            owner: settings.owner.as_str().to_owned(),
            state_directory: state.path.clone(),
            around,
            clock: wall_clock(),
            attempts: metrics.notices.clone(),
        },
    ));
    let (choices, chosen) = watch::channel(settings.zoneinfo.clone());
    let zones = settings.defaults.zones.clone();
    let following = zone_rules::watch(chosen, zones, settings.resync, orders.clone());
    let following = tokio::spawn(following);
    let place = socket::Place {
        runtime_directory: settings.runtime_directory.clone(),
        state_directory: state.path.clone(),
    };
    let serving = tokio::spawn(async move {
        let path = place.path();
        if let Err(error) = socket::serve(place, sources).await {
            warn!(path = %path.display(), %error, "no control socket: other commands can't ask this daemon");
        }
    });
    let running = tokio::spawn(caught_async(daemon.run(moments, ordered, stopping)));
    tokio::pin!(running);
    let misplaced = async {
        match unseen {
            Some(_) => misplaced(state.path.clone(), directory.clone()).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(misplaced);
    let (mut settings, mut refused) = (settings, None);
    let told = loop {
        let mut answer = tokio::select! {
            ended = &mut running => break Some(ended),
            failure = &mut misplaced => {
                refused = Some(failure);
                break None;
            }
            asked = signals.next() => match asked {
                Asked::End => break None,
                Asked::Reload => None,
            },
            Some(answer) = reload.recv() => Some(answer),
        };
        // Before that, it is not ready yet.
        let is_ready = is_service && decided.borrow().is_some();
        if is_ready {
            systemd::reloading().await;
        }
        let nobody_waits = async {
            match &mut answer {
                Some(answer) => answer.closed().await,
                None => std::future::pending().await,
            }
        };
        let done = tokio::select! {
            done = reload::anew(context, named, &settings, &orders) => {
                metrics.reloaded(done.is_ok(), (wall_clock())());
                done
            }
            () = nobody_waits => Err("who asked for it waits no longer".to_owned()),
            () = signals.end() => break None,
        };
        match &done {
            Ok(new) => {
                settings = new.clone();
                choices.send_replace(settings.zoneinfo.clone());
                let new = settings.notify.clone();
                targets.send_if_modified(|old| {
                    let differs = *old != new;
                    *old = new;
                    differs
                });
                info!("the configuration was read again");
            }
            Err(why) => warn!("{why}"),
        }
        if is_ready {
            systemd::reloaded().await;
        }
        if let Some(answer) = answer {
            let _ = answer.send(done.map(|_| json!({"version": 1, "reloaded": true})));
        }
    };
    let ended = if let Some(ended) = told {
        ended
    } else {
        stop.send_replace(true);
        info!("stopping: what is in flight is finished, no more is begun");
        if is_service {
            systemd::stopping().await;
        }
        match tokio::time::timeout(Duration::from_secs(10), &mut running).await {
            Ok(ended) => ended,
            Err(_) => Ok(Ok(())),
        }
    };
    following.abort();
    serving.abort();
    let _ = serving.await;
    for task in [telling, asking, listening, Some(notifying)]
        .into_iter()
        .flatten()
    {
        task.abort();
    }
    ended
        .map_err(|error| Failure::new(format!("the daemon broke off: {error}")))?
        .map_err(|caught| edge::failure(&caught))?;
    refused.map_or(Ok(exit::DONE), Err)
}
