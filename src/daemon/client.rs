//! The other end of the control socket: how a command finds a daemon, asks it, and lets it do something.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;
use tokio::net::UnixStream;

use super::reach::Reach;
use super::socket::{About, NAME};

/// How long an answer is waited for: a little longer than the daemon waits for its loop.
const PATIENCE: Duration = Duration::from_secs(35);

/// A daemon that answers.
#[derive(Debug)]
pub struct Client {
    path: PathBuf,
    /// Which one it is.
    pub about: About,
}

/// A daemon may be there, and can't be asked.
#[derive(Debug, Error)]
#[error("the control socket `{path}` may not be used: {source}\nhint: run this as the daemon's user, or as one of its group", path = path.display())]
pub struct Forbidden {
    path: PathBuf,
    source: std::io::Error,
}

impl Client {
    /// The daemon with this state directory: it listens there, or in one of the runtime directories that go with it.
    /// `None`: none answers.
    ///
    /// # Errors
    ///
    /// Where one may be there, and this user must not talk to it.
    pub async fn find(
        state_directory: &Path,
        runtime_directories: &[PathBuf],
    ) -> Result<Option<Self>, Forbidden> {
        let state = std::path::absolute(state_directory).unwrap_or_default();
        let mut forbidden = None;
        let elsewhere = runtime_directories.iter().map(PathBuf::as_path);
        for directory in elsewhere.chain([state_directory]) {
            let path = directory.join(NAME);
            let about = match request(&path, Method::GET, "/v1/about").await {
                Ok(Some((status, body))) if status.is_success() => body,
                Err(source) if source.kind() == ErrorKind::PermissionDenied => {
                    forbidden.get_or_insert(Forbidden { path, source });
                    continue;
                }
                Ok(_) | Err(_) => continue,
            };
            let Ok(about) = serde_json::from_slice::<About>(&about) else {
                continue;
            };
            // Elsewhere, and behind a link, another one may listen.
            let is_link = path
                .symlink_metadata()
                .is_ok_and(|there| there.is_symlink());
            let is_own = directory == state_directory && !is_link;
            if is_own || about.state_directory == state || is_same(&about.state_directory, &state) {
                return Ok(Some(Self { path, about }));
            }
        }
        // A state directory that can't be entered says nothing either.
        match forbidden {
            Some(forbidden) => Err(forbidden),
            None => Ok(None),
        }
    }

    /// Asks it. `None`: it does not answer any more.
    pub async fn ask<T: DeserializeOwned>(&self, what: &str) -> Option<T> {
        let asked = request(&self.path, Method::GET, what).await;
        let (status, body) = asked.ok().flatten()?;
        if !status.is_success() {
            return None;
        }
        serde_json::from_slice(&body).ok()
    }

    /// Lets it do something. `None`: it does not answer any more; an error is what it says.
    pub async fn tell(&self, what: &str) -> Option<Result<Value, String>> {
        let told = request(&self.path, Method::POST, what).await;
        let (status, body) = told.ok().flatten()?;
        let value: Value = serde_json::from_slice(&body).ok()?;
        if status.is_success() {
            return Some(Ok(value));
        }
        let why = value["error"].as_str().unwrap_or("the daemon refuses");
        Some(Err(why.to_owned()))
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    let (one, other) = (one.canonicalize(), other.canonicalize());
    one.is_ok_and(|one| other.is_ok_and(|other| one == other))
}

type Answer = Option<(StatusCode, bytes::Bytes)>;

/// `None`: it was asked, and did not answer.
async fn request(path: &Path, method: Method, what: &str) -> std::io::Result<Answer> {
    let reach = Reach::of(path)?;
    let stream = UnixStream::connect(reach.path()).await?;
    let ask = async {
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
    Ok(tokio::time::timeout(PATIENCE, ask).await.ok().flatten())
}
