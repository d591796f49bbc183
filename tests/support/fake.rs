//! An AWS that gives one answer to each operation, whatever it is asked: for what the sandbox never says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// See the module.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) url: String,
    answers: Arc<BTreeMap<&'static str, (u16, Value)>>,
    /// By how much its clock is ahead.
    ahead: TimeDelta,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Fake {
    /// With these answers, by operation; what else is asked for is not known.
    pub(crate) async fn new(answers: &[(&'static str, u16, Value)]) -> Self {
        Self::at(TimeDelta::zero(), answers).await
    }

    /// The same with a clock that is ahead of ours.
    pub(crate) async fn at(ahead: TimeDelta, answers: &[(&'static str, u16, Value)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let answers = answers.iter().cloned();
        let fake = Self {
            url: format!("http://{address}"),
            answers: Arc::new(
                answers
                    .map(|(name, status, body)| (name, (status, body)))
                    .collect(),
            ),
            ahead,
            calls: Arc::default(),
        };
        let router = axum::Router::new()
            .fallback(answer)
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    /// The requests for one operation.
    pub(crate) fn asked(&self, operation: &str) -> Vec<Value> {
        let calls = self.calls.lock().expect("free");
        let of = calls.iter().filter(|(name, _)| name == operation);
        of.map(|(_, request)| request.clone()).collect()
    }
}

async fn answer(State(fake): State<Fake>, headers: HeaderMap, body: String) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    // STS speaks another protocol.
    let operation = target
        .and_then(|target| target.split('.').nth(1))
        .unwrap_or("STS");
    let request = serde_json::from_str(&body).unwrap_or(Value::Null);
    fake.calls
        .lock()
        .expect("free")
        .push((operation.to_owned(), request));
    let unknown = (400, json!({"__type": "UnknownOperationException"}));
    let (status, said) = fake.answers.get(operation).unwrap_or(&unknown);
    let said = said
        .as_str()
        .map_or_else(|| said.to_string(), str::to_owned);
    let mut response = (StatusCode::from_u16(*status).expect("a status"), said).into_response();
    let date = (Utc::now() + fake.ahead).format("%a, %d %b %Y %H:%M:%S GMT");
    let date = HeaderValue::from_str(&date.to_string()).expect("a date");
    response.headers_mut().insert("date", date);
    response
}
