//! How requests reach the sandbox: from the SDK within this process, or over HTTP. Never decides what an operation does.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::net::TcpListener;

use super::definition::Work;
use super::scope::Scope;
use super::{Call, Fault, Sandbox};

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// What goes back over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
    /// The error's code, bare.
    pub error: Option<String>,
}

impl Sandbox {
    /// One request, with the fault that is set for it. `None`: lost.
    async fn request(&self, target: &str, authorization: &str, body: &[u8]) -> Option<Answer> {
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let scope = Scope::of(authorization);
        let (fault, too_fast) = {
            let mut core = self.core();
            let quota = core.quotas.get_mut(&operation);
            let too_fast = quota.is_some_and(|quota| !quota.take());
            let number = core.calls.len() as u64 + 1;
            let request = String::from_utf8_lossy(body);
            let concerns = |text: &&String| request.contains(text.as_str());
            let texts = core.faults_of.keys().filter(concerns);
            let fault = texts
                .max_by_key(|text| text.len())
                .and_then(|text| core.faults_of.get(text))
                .or(core.faults.as_ref())
                .map_or(Fault::None, |faults| faults(number, &operation));
            (fault, too_fast)
        };
        let own = |status, code: &str, message: &str| {
            let body = serde_json::json!({"__type": code, "message": message}).to_string();
            Answer {
                status,
                body,
                error: Some(code.to_owned()),
            }
        };
        if let Fault::Slow(time) = fault {
            tokio::time::sleep(time).await;
        }
        let answer = match fault {
            Fault::LostBefore | Fault::Late(_) => own(0, "Lost", ""),
            Fault::Status500 => own(500, "InternalFailure", "an internal failure"),
            Fault::None | Fault::Slow(_) if too_fast => {
                own(400, "ThrottlingException", "Rate exceeded")
            }
            Fault::Throttle => own(400, "ThrottlingException", "Rate exceeded"),
            Fault::Kms if needs_the_key(&operation, body) => {
                own(400, "KmsAccessDeniedException", "the key can't be used")
            }
            Fault::None | Fault::LostAfter | Fault::Slow(_) | Fault::Kms => {
                self.call_as(&scope, target, body)
            }
            Fault::ExpiredToken => own(
                403,
                "ExpiredTokenException",
                "The security token included in the request is expired",
            ),
            Fault::AccessDenied => own(403, "AccessDeniedException", "not authorized"),
        };
        if let Fault::Late(time) = fault {
            let (sandbox, target, body) = (self.clone(), target.to_owned(), body.to_owned());
            tokio::spawn(async move {
                tokio::time::sleep(time).await;
                let answer = sandbox.call_as(&scope, &target, &body);
                sandbox.note(&target, &body, &answer, true);
            });
        }
        let lost = matches!(fault, Fault::LostBefore | Fault::LostAfter | Fault::Late(_));
        self.note(target, body, &answer, false);
        // Others run between a request and its answer, as they would over a network.
        tokio::task::yield_now().await;
        (!lost).then_some(answer)
    }

    /// A request of STS, which names its operation in its body.
    fn sts(&self, body: &[u8], authorization: &str) -> Option<(u16, String)> {
        super::sts::call(body, authorization, &self.0.options.account, self.now())
    }

    fn note(&self, target: &str, body: &[u8], answer: &Answer, late: bool) {
        let given: Value = serde_json::from_slice(body).unwrap_or_default();
        let subject = ["name", "executionArn", "stateMachineArn"]
            .iter()
            .find_map(|key| given[*key].as_str());
        let call = Call {
            operation: target.rsplit('.').next().unwrap_or_default().to_owned(),
            subject: subject.unwrap_or_default().to_owned(),
            status: answer.status,
            error: answer.error.clone(),
            at: self.now(),
            late,
            request: String::from_utf8_lossy(body).into(),
        };
        self.core().calls.push(call);
        self.0.changed.notify_one();
    }

    /// An HTTP client for the SDK that reaches this sandbox without a network.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(InProcess(self.clone()))
    }

    /// Serves this sandbox over HTTP until it is dropped.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        let router = axum::Router::new()
            .route("/health", get(|| async { StatusCode::OK }))
            .route("/", post(over_http))
            .with_state(self);
        axum::serve(listener, router).await
    }
}

async fn over_http(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let target = header("x-amz-target");
    if target.is_empty()
        && let Some((status, answer)) = sandbox.sts(&body, header("authorization"))
    {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return (status, [("content-type", "text/xml")], answer).into_response();
    }
    let Some(answer) = sandbox
        .request(target, header("authorization"), &body)
        .await
    else {
        return StatusCode::GATEWAY_TIMEOUT.into_response();
    };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let date = sandbox
        .now()
        .format("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    (
        status,
        [
            ("content-type", CONTENT_TYPE.to_owned()),
            ("x-amzn-requestid", "sandbox".to_owned()),
            ("date", date),
        ],
        answer.body,
    )
        .into_response()
}

/// Would this request, or its answer, be encrypted with the customer's key?
fn needs_the_key(operation: &str, body: &[u8]) -> bool {
    let has = |text: &[u8]| body.windows(text.len()).any(|part| part == text);
    has(b"\"cause\"") || operation == "DescribeExecution" && !has(b"METADATA_ONLY")
}

#[derive(Debug, Clone)]
struct InProcess(Sandbox);

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sandbox = self.0.clone();
        HttpConnectorFuture::new(async move {
            let target = request
                .headers()
                .get("x-amz-target")
                .unwrap_or_default()
                .to_owned();
            let body = request.body().bytes().unwrap_or_default().to_owned();
            let authorization = request.headers().get("authorization").unwrap_or_default();
            if target.is_empty()
                && let Some((status, answer)) = sandbox.sts(&body, authorization)
            {
                let status = status.try_into().expect("a status");
                return Ok(HttpResponse::new(status, SdkBody::from(answer)));
            }
            let lost = || ConnectorError::io("the sandbox lost this request or its answer".into());
            // One client of this process asks for every region: its signature says nothing.
            let answer = sandbox.request(&target, "", &body).await;
            let answer = answer.ok_or_else(lost)?;
            let status = answer
                .status
                .try_into()
                .map_err(|error| ConnectorError::other(Box::new(error), None))?;
            let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
            response.headers_mut().insert("content-type", CONTENT_TYPE);
            let date = sandbox
                .now()
                .format("%a, %d %b %Y %H:%M:%S GMT")
                .to_string();
            if !sandbox.0.options.undated {
                response.headers_mut().insert("date", date);
            }
            Ok(response)
        })
    }
}

/// Sends an invocation to a Lambda-compatible endpoint
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>). An error is its name and cause.
pub(super) async fn invoke(endpoint: &str, work: &Work) -> Result<Value, (String, String)> {
    let function: String = work
        .function
        .bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect();
    let url = format!(
        "{}/2015-03-31/functions/{function}/invocations",
        endpoint.trim_end_matches('/')
    );
    let service = |cause: String| ("Lambda.ServiceException".to_owned(), cause);
    let request = http::Request::post(url)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(work.payload.clone())))
        .map_err(|error| service(error.to_string()))?;
    let send = async {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let answer = client
            .request(request)
            .await
            .map_err(|error| service(error.to_string()))?;
        let (parts, body) = answer.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|error| service(error.to_string()))?
            .to_bytes();
        Ok::<_, (String, String)>((parts, body))
    };
    // No function runs longer than 15 minutes.
    let answered = tokio::time::timeout(Duration::from_mins(16), send).await;
    let (parts, body) =
        answered.map_err(|_| ("States.Timeout".to_owned(), "no answer".to_owned()))??;
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    if parts.headers.contains_key("x-amz-function-error") {
        let error = value["errorType"]
            .as_str()
            .unwrap_or("Lambda.Unknown")
            .to_owned();
        return Err((error, value.to_string()));
    }
    if !parts.status.is_success() {
        let error = if parts.status == 404 {
            "Lambda.ResourceNotFoundException"
        } else {
            "Lambda.ServiceException"
        };
        return Err((
            error.to_owned(),
            format!("the endpoint answered {}", parts.status),
        ));
    }
    Ok(value)
}
