//! What may befall a request: faults that are set for it, and quotas.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

/// What befalls one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It never arrives.
    LostBefore,
    /// It is obeyed, and the answer never arrives.
    LostAfter,
    /// It is lost, as far as the caller can tell, and is obeyed when this much time has passed.
    Late(Duration),
    /// The answer takes this long.
    Slow(Duration),
    /// 500, without effect.
    Status500,
    /// `ThrottlingException`.
    Throttle,
    /// `AccessDeniedException`.
    AccessDenied,
    /// `ExpiredTokenException`.
    ExpiredToken,
    /// `KmsAccessDeniedException`, where the request has something to encrypt.
    Kms,
}

pub(super) type Faults = Arc<dyn Fn(u64, &str) -> Fault + Send + Sync>;

/// A token bucket of one operation.
pub(super) struct Quota {
    burst: f64,
    rate: f64,
    tokens: f64,
    at: Instant,
}

impl Quota {
    pub(super) fn new(burst: f64, rate: f64) -> Self {
        Self {
            burst,
            rate,
            tokens: burst,
            at: Instant::now(),
        }
    }

    /// Is one more call taken?
    pub(super) fn take(&mut self) -> bool {
        let now = Instant::now();
        let seconds = (now - self.at).as_secs_f64();
        self.at = now;
        self.tokens = (self.tokens + seconds * self.rate).min(self.burst);
        let is_there = self.tokens >= 1.0;
        if is_there {
            self.tokens -= 1.0;
        }
        is_there
    }
}
