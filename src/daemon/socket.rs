//! The control socket: HTTP over a Unix socket in the state directory, for its user alone. Answers from the last
//! finished pass and from the ledger; hands approvals to the loop, and never keeps it waiting.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path as UrlPath, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot, watch};

use super::Snapshot;
use crate::ledger::Ledger;

type Snapshots = watch::Receiver<Option<Arc<Snapshot>>>;

/// Something that only the loop may do, and where its answer goes.
#[derive(Debug)]
pub struct Approval {
    /// What is let go.
    pub digest: String,
    /// How many executions that were, or why nothing is let go.
    pub answer: oneshot::Sender<Result<usize, String>>,
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
    pub snapshots: Snapshots,
    /// The history.
    pub ledger: Ledger,
    /// To the loop.
    pub approvals: mpsc::Sender<Approval>,
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
                answer(sources.snapshots, |s| json(&s.list)).await
            }),
        )
        .route(
            "/v1/plan",
            get(|State(sources): State<Sources>| async move {
                answer(sources.snapshots, |s| json(&s.plan)).await
            }),
        )
        .route(
            "/v1/about",
            get(|State(sources): State<Sources>| async move { json(&sources.about) }),
        )
        .route("/v1/history", get(history))
        .route("/v1/approve/{digest}", post(approve))
        .with_state(sources);
    axum::serve(listener, router).await
}

async fn history(State(sources): State<Sources>) -> Response {
    match sources.ledger.history(None).await {
        Ok(events) => json(&events),
        Err(error) => refusal(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

async fn approve(State(sources): State<Sources>, digest: UrlPath<String>) -> Response {
    let (answer, answered) = oneshot::channel();
    let UrlPath(digest) = digest;
    let busy = || {
        refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            "the daemon is busy, or ends",
        )
    };
    if sources
        .approvals
        .try_send(Approval { digest, answer })
        .is_err()
    {
        return busy();
    }
    match tokio::time::timeout(Duration::from_secs(30), answered).await {
        Ok(Ok(Ok(number))) => json(&serde_json::json!({"version": 1, "approved": number})),
        Ok(Ok(Err(why))) => refusal(StatusCode::CONFLICT, &why),
        _ => busy(),
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

async fn answer(mut snapshots: Snapshots, view: impl Fn(&Snapshot) -> Response + Send) -> Response {
    match tokio::time::timeout(Duration::from_secs(30), snapshots.wait_for(Option::is_some)).await {
        Ok(Ok(snapshot)) => snapshot
            .as_deref()
            .map_or_else(|| StatusCode::SERVICE_UNAVAILABLE.into_response(), &view),
        _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
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
