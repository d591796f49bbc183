//! The pages of listings, and their tokens.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::errors::{Error, error};
use super::{constraint, text};

/// `maxResults`: at most 1,000; none, or 0, is 100.
pub(super) fn page_size(request: &Value) -> Result<usize, Error> {
    let most = request.get("maxResults").and_then(Value::as_u64);
    match most.unwrap_or(0) {
        0 => Ok(100),
        most @ 1..=1000 => Ok(usize::try_from(most).unwrap_or(1000)),
        most => Err(constraint(
            "maxResults",
            &most.to_string(),
            "Member must have value less than or equal to 1000",
        )),
    }
}

/// How long a page's token is good.
const TOKEN_HOURS: i64 = 24;

/// What of a request a page's token holds to: all but the token.
fn asked(request: &Value) -> String {
    let mut request = request.clone();
    if let Some(fields) = request.as_object_mut() {
        fields.remove("nextToken");
    }
    let digest = Sha256::digest(request.to_string());
    let bytes: [u8; 8] = std::array::from_fn(|at| digest[at]);
    format!("{:016x}", u64::from_be_bytes(bytes))
}

/// The items of the page that a request asks for, and the token of the next one.
pub(super) fn page<T: Clone>(
    items: &[T],
    request: &Value,
    size: usize,
    now: DateTime<Utc>,
) -> Result<(Vec<T>, Option<Value>), Error> {
    let bad = |what: &str| error("InvalidToken", format!("Invalid Token: '{what}'"));
    let asked = asked(request);
    let from: usize = match text(request, "nextToken") {
        None => 0,
        Some(token) => {
            let mut parts = token.split('.');
            let (from, made, of) = (parts.next(), parts.next(), parts.next());
            let from = from.and_then(|from| from.parse().ok());
            let made = made.and_then(|made| made.parse::<i64>().ok());
            let (Some(from), Some(made), Some(of)) = (from, made, of) else {
                return Err(bad("Invalid token"));
            };
            if of != asked {
                return Err(bad("Input inconsistent with page token"));
            }
            if now.timestamp() >= made + TOKEN_HOURS * 3600 {
                return Err(bad("Token expired"));
            }
            from
        }
    };
    let next = from + size;
    let more = (next < items.len()).then(|| json!(format!("{next}.{}.{asked}", now.timestamp())));
    let shown = items.iter().skip(from).take(size).cloned();
    Ok((shown.collect(), more))
}
