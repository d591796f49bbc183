//! The control socket: HTTP over a Unix socket in the state directory, for its user alone. Answers from the last
//! finished pass and from the ledger; hands orders to the loop, and never keeps it waiting.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path as UrlPath, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot, watch};

use super::clients;
use crate::ledger::Ledger;
use crate::settings::Settings;
use crate::view::Moment;

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
    /// The owner.
    pub owner: String,
    /// The directory, as it was given, made absolute.
    pub directory: PathBuf,
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

/// Where a daemon with this state directory listens.
pub fn path(state_directory: &Path) -> PathBuf {
    state_directory.join("onced.sock")
}

/// Serves until it is dropped. The caller holds the ledger's lock, so a socket that is there is a dead one.
pub async fn serve(path: PathBuf, sources: Sources) -> std::io::Result<()> {
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
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
            "/v1/about",
            get(|State(sources): State<Sources>| async move { json(&sources.about) }),
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

/// Asks the daemon. `None`: none answers there.
pub async fn ask<T: DeserializeOwned>(path: &Path, what: &str) -> Option<T> {
    let (status, body) = request(path, Method::GET, what).await?;
    if !status.is_success() {
        return None;
    }
    serde_json::from_slice(&body).ok()
}

/// Lets the daemon do something. `None`: none answers there; an error is what it says.
pub async fn tell(path: &Path, what: &str) -> Option<Result<Value, String>> {
    let (status, body) = request(path, Method::POST, what).await?;
    let value: Value = serde_json::from_slice(&body).ok()?;
    if status.is_success() {
        return Some(Ok(value));
    }
    let why = value["error"].as_str().unwrap_or("the daemon refuses");
    Some(Err(why.to_owned()))
}

async fn request(path: &Path, method: Method, what: &str) -> Option<(StatusCode, bytes::Bytes)> {
    let ask = async {
        let stream = UnixStream::connect(path).await.ok()?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .ok()?;
        tokio::spawn(connection);
        let request = http::Request::builder()
            .method(method)
            .uri(what)
            .header("host", "onced")
            .body(Empty::<bytes::Bytes>::new())
            .ok()?;
        let answer = sender.send_request(request).await.ok()?;
        let status = answer.status();
        let body = answer.into_body().collect().await.ok()?.to_bytes();
        Some((status, body))
    };
    tokio::time::timeout(Duration::from_secs(35), ask)
        .await
        .ok()
        .flatten()
}
