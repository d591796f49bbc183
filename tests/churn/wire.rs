//! What each daemon asks of Step Functions, and when: a relay before the sandbox, one address for each ledger. Changes
//! neither a request nor its answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use onced::sandbox::Sandbox;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::folder::{Key, key_of};

/// A moment by the sandbox's clock.
pub(crate) type Time = DateTime<Utc>;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Whose: the number of the ledger.
    pub(crate) ledger: usize,
    pub(crate) operation: String,
    /// The name of the execution, or of the machine.
    pub(crate) subject: String,
    /// What a StartExecution asks for.
    pub(crate) key: Option<Key>,
    pub(crate) arrived: Time,
    /// `None`: whoever asked did not wait for it.
    pub(crate) answer: Option<(Time, u16, String)>,
}

impl Seen {
    /// The entry whose name an execution bears.
    pub(crate) fn entry(&self) -> String {
        entry_of(&self.subject)
    }

    /// Did AWS say no, so that it had no effect?
    pub(crate) fn is_refused(&self) -> bool {
        let answer = self.answer.as_ref();
        answer.is_some_and(|(_, status, error)| {
            *status == 400 && !error.contains("ExecutionAlreadyExists")
        })
    }

    pub(crate) fn line(&self) -> String {
        let answer = self.answer.as_ref().map_or_else(
            || "nobody waited".to_owned(),
            |(at, status, error)| format!("{status} {error} at {}", clock(*at)),
        );
        format!(
            "{} ledger {} {} {}: {answer}",
            clock(self.arrived),
            self.ledger,
            self.operation,
            self.subject
        )
    }
}

/// The time of day, with milliseconds.
pub(crate) fn clock(at: Time) -> String {
    at.format("%H:%M:%S%.3f").to_string()
}

/// The entry in the name of an execution: the names of a churn are short and without dashes, so that before a digest all of
/// one can be read.
pub(crate) fn entry_of(execution: &str) -> String {
    let Some((_, digested)) = execution.split_once("-_") else {
        return execution.split('-').nth(1).unwrap_or_default().to_owned();
    };
    let name = digested.rsplitn(4, '-').nth(3).unwrap_or_default();
    name.replace('-', ".")
}

/// All requests so far, in the order of their arrival.
#[derive(Clone)]
pub(crate) struct Wire {
    sandbox: Sandbox,
    to: String,
    client: Client<HttpConnector, Full<Bytes>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    open: [Arc<AtomicUsize>; 2],
}

impl Wire {
    /// A sandbox, served over HTTP.
    pub(crate) async fn new(sandbox: Sandbox) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let to = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(sandbox.clone().serve(listener));
        Self {
            sandbox,
            to,
            client: Client::builder(TokioExecutor::new()).build_http(),
            seen: Arc::default(),
            open: [Arc::default(), Arc::default()],
        }
    }

    /// The address for the daemon with this ledger.
    pub(crate) async fn address(&self, ledger: usize) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = axum::Router::new()
            .fallback(relay)
            .with_state((self.clone(), ledger));
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic").clone()
    }

    /// How many requests of this ledger's daemon have no answer yet.
    pub(crate) fn open(&self, ledger: usize) -> usize {
        self.open[ledger].load(Ordering::SeqCst)
    }

    fn note(&self, ledger: usize, headers: &HeaderMap, body: &[u8]) -> usize {
        let target = headers.get("x-amz-target").and_then(|t| t.to_str().ok());
        let operation = target.and_then(|target| target.rsplit('.').next());
        let given: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |key: &str| given[key].as_str();
        let subject = text("name")
            .or(text("executionArn"))
            .or(text("stateMachineArn"));
        let subject = subject.and_then(|arn| arn.rsplit(':').next());
        let key = text("stateMachineArn").zip(text("input"));
        let seen = Seen {
            ledger,
            operation: operation.unwrap_or("?").to_owned(),
            subject: subject.unwrap_or_default().to_owned(),
            key: key.map(|(machine, input)| key_of(machine, input)),
            arrived: self.sandbox.now(),
            answer: None,
        };
        let mut all = self.seen.lock().expect("no panic");
        all.push(seen);
        all.len() - 1
    }

    async fn pass(
        &self,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Option<(http::response::Parts, Bytes)> {
        let mut request = http::Request::post(&self.to);
        for name in ["x-amz-target", "content-type", "authorization"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        let request = request.body(Full::new(body)).ok()?;
        let (parts, body) = self.client.request(request).await.ok()?.into_parts();
        Some((parts, body.collect().await.ok()?.to_bytes()))
    }
}

/// Counts a request for as long as somebody waits for it.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn relay(
    State((wire, ledger)): State<(Wire, usize)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    wire.open[ledger].fetch_add(1, Ordering::SeqCst);
    let _open = Open(Arc::clone(&wire.open[ledger]));
    let number = wire.note(ledger, &headers, &body);
    let Some((parts, body)) = wire.pass(&headers, body).await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let given: Value = serde_json::from_slice(&body).unwrap_or_default();
    let error = given["__type"].as_str().unwrap_or_default().to_owned();
    let answer = (wire.sandbox.now(), parts.status.as_u16(), error);
    wire.seen.lock().expect("no panic")[number].answer = Some(answer);
    Response::from_parts(parts, Body::from(body))
}
