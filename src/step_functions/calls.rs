//! What was called at AWS, how it was answered, and how long that took: counted, for who looks from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

use super::CallError;

/// The labels of a call: its operation, and AWS's code or `ok`.
pub type Answered = [(&'static str, String); 2];
/// The label of a call: its operation.
pub type Asked = [(&'static str, String); 1];

/// Counts calls. Copies count the same ones.
#[derive(Debug, Clone)]
pub struct Calls {
    /// By operation and code.
    pub answered: Family<Answered, Counter>,
    /// Those that were one too many in a second, by operation.
    pub throttled: Family<Asked, Counter>,
    /// An answer came, if only a no.
    answers: Arc<AtomicBool>,
    /// How long an answer was waited for, in seconds.
    pub seconds: Family<Asked, Histogram, fn() -> Histogram>,
}

/// The operations that there are.
const OPERATIONS: [&str; 5] = [
    "StartExecution",
    "StopExecution",
    "DescribeExecution",
    "GetExecutionHistory",
    "ListExecutions",
];

impl Default for Calls {
    fn default() -> Self {
        // From what an answer takes nearby to the time-out of a call.
        let histogram = || Histogram::new([0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0]);
        let throttled = Family::<Asked, Counter>::default();
        for operation in OPERATIONS {
            // An increase from nothing is one that an alert does not see.
            drop(throttled.get_or_create(&[("operation", operation.to_owned())]));
        }
        Self {
            answered: Family::default(),
            throttled,
            answers: Arc::default(),
            seconds: Family::new_with_constructor(histogram),
        }
    }
}

impl Calls {
    /// Has there been an answer yet?
    pub fn has_answer(&self) -> bool {
        self.answers.load(Ordering::Relaxed)
    }

    /// An answer came, or none for too long.
    pub(super) fn note<T>(
        &self,
        operation: &'static str,
        answer: Result<&T, &CallError>,
        took: Duration,
    ) {
        let code = match answer {
            Ok(_) => "ok",
            Err(error) => error.code(),
        };
        if !answer.is_err_and(CallError::is_silence) {
            self.answers.store(true, Ordering::Relaxed);
        }
        let asked = [("operation", operation.to_owned())];
        if answer.is_err_and(CallError::is_throttle) {
            self.throttled.get_or_create(&asked).inc();
        }
        let seconds = took.as_secs_f64();
        self.seconds.get_or_create(&asked).observe(seconds);
        let [operation] = asked;
        let answered = [operation, ("code", code.to_owned())];
        self.answered.get_or_create(&answered).inc();
    }
}
