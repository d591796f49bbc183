//! The control socket: HTTP over a Unix socket. Answers from the last finished pass and from the ledger; hands orders to the
//! loop, and never keeps it waiting.

use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot, watch};

use super::clients;
use super::reach::Reach;
use crate::ledger::Ledger;
use crate::model::zones::Zones;
use crate::settings::Settings;
use crate::view::Moment;
use crate::view::zone_rules::ZoneRules;

/// How long the loop is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

type Moments = watch::Receiver<Option<Arc<Moment>>>;

/// Something that only the loop may do.
#[derive(Debug)]
pub enum What {
    /// Let go what exactly this digest names.
    Approve(String),
    /// Start and stop nothing more, until then.
    Pause(Option<DateTime<Utc>>),
    /// Go on.
    Resume,
    /// Go on with these settings.
    Reload(Box<Settings>),
    /// Go on with these time zone rules.
    Zones(Box<Zones>),
}

/// Where an answer goes: JSON, or why it is not done.
pub type Answer = oneshot::Sender<Result<Value, String>>;

/// What is asked of the loop.
#[derive(Debug)]
pub struct Order {
    /// See there.
    pub what: What,
    /// See there.
    pub answer: Answer,
}

/// Whose daemon this is, and of which directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct About {
    /// 1.
    pub version: u32,
    /// The owner.
    pub owner: String,
    /// The directory, as it was given, made absolute.
    pub directory: PathBuf,
    /// The state directory, made absolute.
    pub state_directory: PathBuf,
    /// Are its executions AWS's, so that AWS's console shows them?
    #[serde(default)]
    pub is_aws: bool,
    /// The time zone rules that it goes by.
    #[serde(default)]
    pub zone_rules: Option<ZoneRules>,
}

/// What the socket answers from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// See there.
    pub about: About,
    /// The last finished pass.
    pub moments: Moments,
    /// The history.
    pub ledger: Ledger,
    /// To the loop.
    pub orders: mpsc::Sender<Order>,
    /// To whoever reads the configuration.
    pub reloads: mpsc::Sender<Answer>,
}

/// The socket's name in its directory.
pub(super) const NAME: &str = "onced.sock";

/// Where a daemon listens.
#[derive(Debug, Clone)]
pub struct Place {
    /// systemd's runtime directory, where there is one.
    pub runtime_directory: Option<PathBuf>,
    /// Else here; beside a runtime directory, a link here leads there.
    pub state_directory: PathBuf,
}

impl Place {
    /// The socket.
    pub fn path(&self) -> PathBuf {
        let runtime = self.runtime_directory.as_ref();
        runtime.unwrap_or(&self.state_directory).join(NAME)
    }
}

/// A socket that was left behind makes room; one that somebody answers on does not.
async fn bind(path: &Path, mode: u32) -> io::Result<(UnixListener, Bound)> {
    // A link was made by one that listened elsewhere.
    if path
        .symlink_metadata()
        .is_ok_and(|there| there.is_symlink())
    {
        left_behind(path)?;
    }
    let reach = Reach::of(path)?;
    match UnixStream::connect(reach.path()).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => left_behind(path)?,
        Err(error) => return Err(error),
        Ok(_) => {
            let why = "another daemon answers there";
            return Err(io::Error::new(io::ErrorKind::AddrInUse, why));
        }
    }
    let listener = UnixListener::bind(reach.path())?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    let bound = Bound::new(path)?;
    Ok((listener, bound))
}

fn left_behind(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A file of ours, which is gone with this; another's in its place is not.
struct Bound {
    path: PathBuf,
    identity: (u64, u64),
}

impl Bound {
    fn new(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            identity: identity(path)?,
        })
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = std::fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

impl Drop for Bound {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|now| now == self.identity) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// The group may use a socket in a runtime directory that it may enter, and others may not. Who made that directory said so: not so the state
/// directory.
fn mode(place: &Place) -> u32 {
    let directory = place.runtime_directory.as_ref();
    let directory = directory.and_then(|directory| directory.metadata().ok());
    // Where everyone may enter, nobody has chosen that group.
    let is_groups = directory.is_some_and(|directory| directory.mode() & 0o017 == 0o010);
    if is_groups { 0o660 } else { 0o600 }
}

/// For those who know the state directory alone.
fn link(place: &Place) -> io::Result<Option<Bound>> {
    let Some(runtime) = &place.runtime_directory else {
        return Ok(None);
    };
    if runtime.canonicalize()? == place.state_directory.canonicalize()? {
        return Ok(None);
    }
    let link = place.state_directory.join(NAME);
    left_behind(&link)?;
    std::os::unix::fs::symlink(std::path::absolute(place.path())?, &link)?;
    Bound::new(&link).map(Some)
}

/// Serves until it is dropped.
pub async fn serve(place: Place, sources: Sources) -> io::Result<()> {
    let (listener, _bound) = bind(&place.path(), mode(&place)).await?;
    // It serves those who find it otherwise, too.
    let _linked = link(&place);
    let router = axum::Router::new()
        .route(
            "/v1/list",
            get(|State(sources): State<Sources>| async move {
                answer(sources.moments, Moment::list).await
            }),
        )
        .route(
            "/v1/plan",
            get(|State(sources): State<Sources>| async move {
                answer(sources.moments, Moment::plan).await
            }),
        )
        .route(
            "/v1/plan/{as_of}",
            get(
                |State(sources): State<Sources>, UrlPath(as_of): UrlPath<DateTime<Utc>>| async move {
                    answer(sources.moments, move |moment| moment.as_of(as_of).plan()).await
                },
            ),
        )
        .route(
            "/v1/about",
            get(|State(sources): State<Sources>| async move { json(&about(&sources)) }),
        )
        .route("/v1/history", get(history))
        .route(
            "/v1/approve/{digest}",
            post(
                |State(sources): State<Sources>, UrlPath(digest): UrlPath<String>| {
                    order(sources, What::Approve(digest))
                },
            ),
        )
        .route(
            "/v1/pause",
            post(|State(sources): State<Sources>| order(sources, What::Pause(None))),
        )
        .route(
            "/v1/pause/{until}",
            post(
                |State(sources): State<Sources>, UrlPath(until): UrlPath<DateTime<Utc>>| {
                    order(sources, What::Pause(Some(until)))
                },
            ),
        )
        .route(
            "/v1/resume",
            get(|State(sources): State<Sources>| async move {
                answer(sources.moments, Moment::resume).await
            })
            .post(|State(sources): State<Sources>| order(sources, What::Resume)),
        )
        .route(
            "/v1/reload",
            post(|State(sources): State<Sources>| async move {
                let (answer, answered) = oneshot::channel();
                result(sources.reloads.try_send(answer).is_ok(), answered).await
            }),
        )
        .with_state(sources);
    clients::serve(listener, router).await;
    Ok(())
}

/// The rules of the last finished pass: those that it began with may have changed.
fn about(sources: &Sources) -> About {
    let mut about = sources.about.clone();
    if let Some(moment) = sources.moments.borrow().as_deref() {
        about.zone_rules = Some(moment.zone_rules());
    }
    about
}

async fn history(State(sources): State<Sources>) -> Response {
    match sources.ledger.history(None).await {
        Ok(events) => json(&events),
        Err(error) => refusal(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

/// Hands an order to the loop, and waits for what comes of it.
async fn order(sources: Sources, what: What) -> Response {
    let (answer, answered) = oneshot::channel();
    let taken = sources.orders.try_send(Order { what, answer }).is_ok();
    result(taken, answered).await
}

/// Waits for what comes of something, if it was taken on.
async fn result(taken: bool, answered: oneshot::Receiver<Result<Value, String>>) -> Response {
    let answered = tokio::time::timeout(PATIENCE, answered);
    match answered.await {
        Ok(Ok(Ok(value))) if taken => json(&value),
        Ok(Ok(Err(why))) if taken => refusal(StatusCode::CONFLICT, &why),
        _ => refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            "the daemon is busy, or ends",
        ),
    }
}

fn refusal(status: StatusCode, why: &str) -> Response {
    let body = serde_json::json!({"version": 1, "error": why}).to_string();
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

fn json<T: Serialize>(value: &T) -> Response {
    match serde_json::to_string(value) {
        Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Answers with a view of the last finished pass. Of many entries it takes a while, and nothing else waits for it.
async fn answer<T, F>(mut moments: Moments, view: F) -> Response
where
    T: Serialize,
    F: FnOnce(&Moment) -> T + Send + 'static,
{
    let moment = match tokio::time::timeout(PATIENCE, moments.wait_for(Option::is_some)).await {
        Ok(Ok(moment)) => moment.clone(),
        _ => None,
    };
    let Some(moment) = moment else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let viewing = tokio::task::spawn_blocking(move || json(&view(&moment)));
    let failed = |_| StatusCode::INTERNAL_SERVER_ERROR.into_response();
    viewing.await.unwrap_or_else(failed)
}
