//! `listen`: metrics, health and the status page over HTTP, for those who look from outside. Nothing can be changed here, and no entry is
//! named.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::TimeDelta;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use super::clients;
use super::metrics::{Form, Metrics};
use super::wall_clock;
use crate::ledger::Ledger;
use crate::model::name::Owner;
use crate::view::Moment;
use crate::view::front::front;

/// A loop that has not moved for so long hangs: by then the service manager restarts it.
const HANGS: Duration = Duration::from_mins(3);
/// How long the disk is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often an address that is taken is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// What is told.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The last finished pass.
    pub moments: watch::Receiver<Option<Arc<Moment>>>,
    /// What is counted.
    pub metrics: Metrics,
    /// Its size.
    pub ledger: Ledger,
    /// The beats of the loop.
    pub beats: watch::Receiver<()>,
    /// Whose executions.
    pub owner: Owner,
}

/// What the routes read.
#[derive(Debug, Clone)]
struct Shown {
    moments: watch::Receiver<Option<Arc<Moment>>>,
    metrics: Metrics,
    ledger: Ledger,
    beaten: watch::Receiver<Instant>,
    owner: Owner,
}

/// Serves until it is dropped. An address that is taken is tried until it is free: the daemon works without.
pub async fn serve(address: SocketAddr, sources: Sources) {
    let (beat, beaten) = watch::channel(Instant::now());
    let shown = Shown {
        moments: sources.moments,
        metrics: sources.metrics,
        ledger: sources.ledger,
        beaten,
        owner: sources.owner,
    };
    let router = Router::new()
        .route("/", get(page))
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(shown);
    let mut beats = sources.beats;
    let watching = async {
        while beats.changed().await.is_ok() {
            beat.send_replace(Instant::now());
        }
        std::future::pending::<()>().await;
    };
    let serving = async {
        let listener = bind(address).await;
        clients::serve(listener, router).await;
    };
    tokio::join!(watching, serving);
}

async fn bind(address: SocketAddr) -> TcpListener {
    let mut told = String::new();
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                let address = listener.local_addr().unwrap_or(address);
                info!(%address, "metrics and health are served");
                if !address.ip().is_loopback() {
                    warn!(%address, "everyone who reaches this address can read the metrics: nothing asks who they are");
                }
                return listener;
            }
            Err(error) => {
                if error.to_string() != told {
                    told = error.to_string();
                    warn!(%address, %error, "no metrics yet: the address can't be listened on; it is tried again every {} s", AGAIN.as_secs());
                }
                sleep(AGAIN).await;
            }
        }
    }
}

async fn metrics(State(shown): State<Shown>, headers: HeaderMap) -> Response {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let form = Form::accepted(accept);
    // One that does not answer is asked again at the next scrape.
    let size = timeout(PATIENCE, shown.ledger.size()).await;
    let size = size.ok().and_then(Result::ok);
    let moment = shown.moments.borrow().clone();
    // Of many entries it takes a while, and nothing else waits for it.
    let writing = spawn_blocking(move || {
        let ready = wrong(&shown, moment.as_deref()).is_empty();
        let ago = TimeDelta::from_std(shown.beaten.borrow().elapsed()).unwrap_or_default();
        let beat = (wall_clock())() - ago;
        let (metrics, moment) = (&shown.metrics, moment.as_deref());
        metrics.text(moment, size, (ready, beat), form)
    });
    match writing.await {
        Ok(Ok(text)) => ([(CONTENT_TYPE, form.content_type())], text).into_response(),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The status page.
async fn page(State(shown): State<Shown>) -> Response {
    let moment = shown.moments.borrow().clone();
    // Of many entries it takes a while, and nothing else waits for it.
    let writing = spawn_blocking(move || {
        let moment = moment.as_deref();
        let wrong = wrong(&shown, moment);
        front(shown.owner.as_str(), moment, &wrong, (wall_clock())())
    });
    match writing.await {
        Ok(text) => ([(CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Why the loop does not get on, if it does not.
fn hangs(shown: &Shown) -> Option<String> {
    let still = shown.beaten.borrow().elapsed();
    (still > HANGS).then(|| format!("the loop has not moved for {} s", still.as_secs()))
}

/// Does it live?
async fn healthz(State(shown): State<Shown>) -> Response {
    said(hangs(&shown).as_slice())
}

/// Does it do its work?
async fn readyz(State(shown): State<Shown>) -> Response {
    let moment = shown.moments.borrow().clone();
    said(&wrong(&shown, moment.as_deref()))
}

fn wrong(shown: &Shown, moment: Option<&Moment>) -> Vec<String> {
    let unready = match moment {
        Some(moment) => moment.unready(),
        None => vec!["the schedule files have not been looked at yet".to_owned()],
    };
    hangs(shown).into_iter().chain(unready).collect()
}

/// `ok`, or a line for each thing that is wrong.
fn said(wrong: &[String]) -> Response {
    if wrong.is_empty() {
        return "ok\n".into_response();
    }
    let lines: Vec<String> = wrong.iter().map(|why| why.replace('\n', " ")).collect();
    (StatusCode::SERVICE_UNAVAILABLE, lines.join("\n") + "\n").into_response()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::ledger::Holder;
    use crate::reconcile::Tally;
    use crate::step_functions::Calls;

    async fn answer(response: Response) -> (u16, String) {
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.expect("a body");
        let text = String::from_utf8(body.to_bytes().to_vec()).expect("a text");
        (status, text)
    }

    /// Once the loop's last beat is too long ago, neither is well, and both say so.
    #[tokio::test(start_paused = true)]
    async fn a_loop_that_hangs_is_told() {
        let directory = tempfile::tempdir().expect("a directory");
        let (ledger, _) = Ledger::open(directory.path(), Holder::Command).expect("a ledger");
        let scans = super::super::metrics::scans();
        let (beat, beaten) = watch::channel(Instant::now());
        let now = chrono::DateTime::UNIX_EPOCH;
        let shown = Shown {
            moments: watch::channel(None).1,
            metrics: Metrics::new(Calls::default(), Tally::default(), scans, now),
            ledger,
            beaten,
            owner: Owner::parse("test").expect("an owner"),
        };
        let healthz = || async { answer(healthz(State(shown.clone())).await).await };
        let readyz = || async { answer(readyz(State(shown.clone())).await).await };
        sleep(HANGS).await;
        assert_eq!(healthz().await, (200, "ok\n".to_owned()));
        let first = "the schedule files have not been looked at yet\n";
        assert_eq!(readyz().await, (503, first.to_owned()));
        sleep(Duration::from_secs(1)).await;
        let hangs = "the loop has not moved for 181 s\n";
        assert_eq!(healthz().await, (503, hangs.to_owned()));
        assert_eq!(readyz().await, (503, format!("{hangs}{first}")));
        beat.send_replace(Instant::now());
        assert_eq!(healthz().await.0, 200);
    }
}
