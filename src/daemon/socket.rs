//! The control socket: HTTP over a Unix socket in the state directory, for its user alone. Answers from the last
//! finished pass; changes nothing, and never keeps the loop waiting.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use super::Snapshot;

type Snapshots = watch::Receiver<Option<Arc<Snapshot>>>;

/// Where a daemon with this state directory listens.
pub fn path(state_directory: &Path) -> PathBuf {
    state_directory.join("onced.sock")
}

/// Serves until it is dropped. The caller holds the ledger's lock, so a socket that is there is a dead one.
pub async fn serve(path: PathBuf, snapshots: Snapshots) -> std::io::Result<()> {
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    let router = axum::Router::new()
        .route(
            "/v1/list",
            get(|State(snapshots): State<Snapshots>| async move {
                answer(snapshots, |s| json(&s.list)).await
            }),
        )
        .route(
            "/v1/plan",
            get(|State(snapshots): State<Snapshots>| async move {
                answer(snapshots, |s| json(&s.plan)).await
            }),
        )
        .with_state(snapshots);
    axum::serve(listener, router).await
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
    let ask = async {
        let stream = UnixStream::connect(path).await.ok()?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .ok()?;
        tokio::spawn(connection);
        let request = http::Request::get(what)
            .header("host", "onced")
            .body(Empty::<bytes::Bytes>::new())
            .ok()?;
        let answer = sender.send_request(request).await.ok()?;
        let body = answer.into_body().collect().await.ok()?.to_bytes();
        serde_json::from_slice(&body).ok()
    };
    tokio::time::timeout(Duration::from_secs(35), ask)
        .await
        .ok()
        .flatten()
}
