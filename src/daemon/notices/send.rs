//! How one is told: a POST, signed as Standard Webhooks says
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>), or a program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::base64;
use aws_smithy_types::body::SdkBody;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use super::memory::Message;
use crate::model::causes::causes;
use crate::model::topic::To;
use crate::step_functions::https::Https;

/// How long one is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is needed for it beside the message.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The environment of programs.
    pub environment: BTreeMap<String, String>,
    /// Where systemd puts credentials: a `secret_file` that is no whole path is looked for there.
    pub credentials_directory: Option<PathBuf>,
    /// How webhooks are reached.
    pub https: Https,
}

/// Sends it; or says why it was not taken. Nothing that may be secret is in that.
pub(super) async fn send(
    to: &To,
    message: &Message,
    around: &Surroundings,
    now: DateTime<Utc>,
) -> Result<(), String> {
    let sending = async {
        match to {
            To::Webhook { url, secret_file } => {
                let secret = secret_file.as_deref();
                post(url, secret, message, around, now).await
            }
            To::Exec(words) => execute(words, message, around).await,
        }
    };
    let too_long = |_| Err(format!("no answer within {} s", PATIENCE.as_secs()));
    timeout(PATIENCE, sending).await.unwrap_or_else(too_long)
}

async fn post(
    url: &str,
    secret_file: Option<&Path>,
    message: &Message,
    around: &Surroundings,
    now: DateTime<Utc>,
) -> Result<(), String> {
    let seconds = now.timestamp().to_string();
    let mut request = http::Request::builder()
        .method("POST")
        .uri(url)
        .header("content-type", "application/json")
        .header("user-agent", concat!("onced/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", &message.id)
        .header("webhook-timestamp", &seconds);
    if let Some(file) = secret_file {
        let directory = around.credentials_directory.as_deref();
        let file = directory.map_or_else(|| file.to_owned(), |directory| directory.join(file));
        // A file system that hangs is a target that does not answer.
        let secret = tokio::fs::read_to_string(&file).await;
        let secret = secret.map_err(|error| format!("can't read `{}`: {error}", file.display()))?;
        let signature = signature(secret.trim(), &message.id, &seconds, &message.body)
            .ok_or_else(|| format!("`{}` holds no key", file.display()))?;
        request = request.header("webhook-signature", format!("v1,{signature}"));
    }
    let request = request
        .body(SdkBody::from(message.body.as_str()))
        .map_err(|error| error.to_string())?;
    let request = HttpRequest::try_from(request).map_err(|error| error.to_string())?;
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(15))
        .build();
    // One for each message: they are rare, and what it holds is not kept for them.
    let there = url.parse().map_err(|_| "it is no URL")?;
    let connector = around.https.connector(&there, settings);
    let answer = connector.call(request).await;
    let answer = answer.map_err(|error| causes(&error))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(format!("it answers {status}"))
}

/// By a key that is `whsec_` and base64, or the bytes themselves; `None`: it is neither.
fn signature(secret: &str, id: &str, seconds: &str, body: &str) -> Option<String> {
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => base64::decode(encoded).ok()?,
        None => secret.as_bytes().to_vec(),
    };
    if key.is_empty() {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length is a key");
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    Some(base64::encode(mac.finalize().into_bytes()))
}

async fn execute(words: &[String], message: &Message, around: &Surroundings) -> Result<(), String> {
    let (program, arguments) = words.split_first().ok_or("no program is named")?;
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(&around.environment)
        .env("ONCED_NOTICE_ID", &message.id)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that reads nothing may end well all the same.
        let _ = stdin.write_all(message.body.as_bytes()).await;
    }
    let status = child.wait().await.map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    Err(status.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn messages_are_signed_as_the_specification_says() {
        let signed = signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            "{\"test\": 2432232314}",
        );
        let expected = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed.as_deref(), Some(expected));
        for bad in ["", "whsec_", "whsec_not base64"] {
            assert_eq!(signature(bad, "i", "1", "{}"), None, "{bad:?}");
        }
    }
}
