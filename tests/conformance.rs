//! One suite for every Step Functions: the sandbox in process, the sandbox over HTTP, and, where
//! `ONCED_CONFORMANCE_ENDPOINT` names one, an independent emulator (moto). A row that the emulator is known to answer
//! otherwise says why, and fails when that is no longer so.

mod described;
mod jsonata;
mod machines;
mod redrive;
mod rows;
mod versions;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use onced::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::rows::{ROLE, Row, WAIT};

fn rows() -> Vec<Row> {
    let mut all = rows::rows();
    all.extend(machines::rows());
    all.extend(described::rows());
    all.extend(jsonata::rows());
    all.extend(redrive::rows());
    all.extend(versions::rows());
    all
}

enum Peer {
    InProcess(Sandbox),
    /// Signs with this access key.
    Http {
        url: String,
        key: &'static str,
    },
}

impl Peer {
    async fn send(&self, operation: &str, body: &str) -> (u16, String) {
        let target = format!("AWSStepFunctions.{operation}");
        match self {
            Self::InProcess(sandbox) => {
                let answer = sandbox.call(&target, body.as_bytes());
                (answer.status, answer.body)
            }
            Self::Http { url, key } => {
                let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
                let credential = format!(
                    "Credential={key}/20260101/us-east-1/states/aws4_request, SignedHeaders=host, Signature=x"
                );
                let request = http::Request::post(url)
                    .header("content-type", "application/x-amz-json-1.0")
                    .header("x-amz-target", target)
                    .header("authorization", format!("AWS4-HMAC-SHA256 {credential}"))
                    .body(Full::new(Bytes::from(body.to_owned())))
                    .expect("a request");
                let answer = client.request(request).await.expect("an answer");
                let status = answer.status().as_u16();
                let body = answer
                    .into_body()
                    .collect()
                    .await
                    .expect("a body")
                    .to_bytes();
                (status, String::from_utf8_lossy(&body).into_owned())
            }
        }
    }

    /// `None`: as expected.
    async fn try_row(&self, number: usize, row: &Row) -> Option<String> {
        let machine = format!("conformance-{number}");
        let own = |text: &str| {
            let arn =
                |kind: &str| format!("arn:aws:states:us-east-1:123456789012:{kind}:{machine}");
            text.replace("@M", &arn("stateMachine"))
                .replace("@E", &arn("execution"))
                .replace("@N", &machine)
        };
        let make = json!({"name": machine, "definition": WAIT, "roleArn": ROLE}).to_string();
        assert_eq!(
            self.send("CreateStateMachine", &make).await.0,
            200,
            "{}",
            row.name
        );
        for (operation, body) in &row.before {
            let (status, answer) = self.send(operation, &own(&body.to_string())).await;
            if status != 200 {
                return Some(format!("{}: before: {status} {answer}", row.name));
            }
        }
        let body = own(&row.body.to_string());
        let mut wrong = None;
        // Others run executions beside their answers: what reads is asked again for a while.
        let reads = ["Describe", "List", "Get"]
            .iter()
            .any(|verb| row.operation.starts_with(verb));
        let patience = if reads && matches!(self, Self::Http { .. }) {
            20
        } else {
            1
        };
        for asked in 0..patience {
            if asked > 0 {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            wrong = self.answer(row, &body, own(row.shows)).await;
            if wrong.is_none() {
                break;
            }
        }
        wrong
    }

    /// Asks what the row asks. `None`: the answer is as expected.
    async fn answer(&self, row: &Row, body: &str, shows: String) -> Option<String> {
        let (status, answer) = self.send(row.operation, body).await;
        let bare = |text: &str| text.replace(char::is_whitespace, "");
        let found: Value = serde_json::from_str(&answer).unwrap_or_default();
        let code = found["__type"]
            .as_str()
            .unwrap_or_default()
            .rsplit('#')
            .next()
            .unwrap_or_default()
            .to_owned();
        let good =
            status == row.status && code == row.code && bare(&answer).contains(&bare(&shows));
        let short: String = answer.chars().take(300).collect();
        (!good).then(|| format!("{}: {status} {short}", row.name))
    }
}

async fn all_rows_pass(peer: Peer) {
    let mut wrong = Vec::new();
    for (number, row) in rows().iter().enumerate() {
        wrong.extend(peer.try_row(number, row).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_are_rows_enough_and_each_has_its_own_name() {
    let rows = rows();
    let names: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    assert!(rows.len() >= 40);
    assert_eq!(names.len(), rows.len());
}

#[tokio::test]
async fn conformance_in_process() {
    all_rows_pass(Peer::InProcess(Sandbox::new(Options::default()).unwrap())).await;
}

#[tokio::test]
async fn conformance_over_http() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(Sandbox::new(Options::default()).unwrap().serve(listener));
    all_rows_pass(Peer::Http { url, key: "test" }).await;
}

/// Why LocalStack answers a row otherwise: `row | why`, a line each.
const LOCALSTACK: &str = include_str!("conformance/localstack.txt");

fn of_localstack(name: &str) -> Option<&'static str> {
    let mut known = LOCALSTACK.lines().filter_map(|line| line.split_once(" | "));
    known.find_map(|(row, why)| (row == name).then_some(why))
}

#[test]
fn each_row_that_localstack_differs_in_is_there() {
    let rows = rows();
    for line in LOCALSTACK.lines().filter(|line| !line.starts_with('#')) {
        let (name, _) = line.split_once(" | ").expect("a row and a reason");
        assert!(rows.iter().any(|row| row.name == name), "{name}");
    }
}

/// `ONCED_CONFORMANCE_PEER` says whose differences are known: those of moto, or of `localstack`.
#[tokio::test]
async fn conformance_of_an_independent_emulator() {
    let Ok(endpoint) = std::env::var("ONCED_CONFORMANCE_ENDPOINT") else {
        eprintln!(
            "SKIPPED: the conformance suite against moto: ONCED_CONFORMANCE_ENDPOINT names none"
        );
        return;
    };
    let localstack = std::env::var("ONCED_CONFORMANCE_PEER").is_ok_and(|peer| peer == "localstack");
    let peer = Peer::Http {
        url: format!("{}/", endpoint.trim_end_matches('/')),
        // LocalStack takes an access key of 12 digits for the account.
        key: if localstack { "123456789012" } else { "test" },
    };
    let mut wrong = Vec::new();
    for (number, row) in rows().iter().enumerate() {
        let known = if localstack {
            of_localstack(row.name)
        } else {
            row.moto
        };
        match (peer.try_row(number, row).await, known) {
            (None, None) => println!("the same     {}", row.name),
            (Some(_), Some(why)) => println!("known to differ  {}: {why}", row.name),
            (None, Some(_)) => wrong.push(format!("{}: the known difference is gone", row.name)),
            (Some(answer), None) => wrong.push(answer),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
