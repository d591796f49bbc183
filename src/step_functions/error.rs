//! What a failed call means: what AWS's codes ask of the caller. Calls nobody.

use aws_sdk_sfn::config::http::HttpResponse;
use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};
use thiserror::Error;

use super::access::Access;
use super::trouble::{Cause, Trouble, is_expired};
use crate::model::arn::Place;

/// What a failed call asks of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The same call again, later. Whether it took effect is unknown.
    Retry,
    /// The same call again, more slowly. It had no effect.
    Slower,
    /// AWS says no to this entry: try again when it changes, and every few minutes.
    Refused,
    /// StartExecution: the name is taken. Describe it.
    Exists,
    /// There is no such execution, or it is not visible yet.
    Absent,
}

/// A call that failed.
#[derive(Debug, Error)]
#[error("{operation} failed: {code}: {message}")]
pub struct CallError {
    operation: &'static str,
    code: String,
    message: String,
    remedy: Remedy,
    silence: bool,
    is_final: bool,
}

impl CallError {
    /// What to do about it.
    pub fn remedy(&self) -> Remedy {
        self.remedy
    }

    /// Did nobody answer, or say anything by it? So it is where nothing could be sent, and with 5xx.
    pub fn is_silence(&self) -> bool {
        self.silence
    }

    /// Was it one call too many in a second?
    pub fn is_throttle(&self) -> bool {
        [
            "ThrottlingException",
            "Throttling",
            "TooManyRequestsException",
        ]
        .contains(&self.code.as_str())
    }

    /// Which call it was.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// AWS's code, such as `AccessDeniedException`; `no answer` where there was none.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What AWS said.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Are these credentials that AWS takes no more?
    pub(super) fn is_expired(&self) -> bool {
        is_expired(&self.code)
    }

    /// Can it not pass by itself, whatever is called?
    pub(super) fn is_final(&self) -> bool {
        self.is_final
    }

    /// A call that was not made.
    pub(super) fn not_sent(operation: &'static str, why: &str) -> Self {
        Self {
            operation,
            code: "not sent".into(),
            message: why.into(),
            remedy: Remedy::Slower,
            silence: false,
            is_final: false,
        }
    }

    /// Is it the key that can't be used? Then the same call without what is encrypted may pass.
    pub(super) fn lacks_the_key(&self) -> bool {
        ["KmsAccessDeniedException", "KmsInvalidStateException"].contains(&self.code.as_str())
    }

    /// `access` and `place`: how AWS is reached, where that is known.
    pub(super) fn new<E>(
        operation: &'static str,
        error: &SdkError<E, HttpResponse>,
        access: Option<&Access>,
        place: Option<&Place>,
    ) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let Some(service) = error.as_service_error() else {
            return Self::without_answer(operation, &unanswered(error, access));
        };
        let fails = |answer: &HttpResponse| answer.status().is_server_error();
        let fails = error.raw_response().is_some_and(fails);
        let code = service.code().unwrap_or("unknown").to_owned();
        let refused = access.and_then(|access| access.refused_keys(&code, place));
        let message = match &refused {
            Some(trouble) => trouble.line(),
            None => message(&code, service.message().unwrap_or("no message")),
        };
        let remedy = remedy(&code);
        Self {
            operation,
            code,
            message,
            remedy,
            silence: remedy == Remedy::Retry && fails,
            is_final: refused.is_some_and(|trouble| trouble.is_final),
        }
    }

    pub(super) fn without_answer(operation: &'static str, trouble: &Trouble) -> Self {
        Self {
            operation,
            code: "no answer".into(),
            message: trouble.line(),
            remedy: Remedy::Retry,
            silence: true,
            is_final: trouble.is_final,
        }
    }
}

fn unanswered<E>(error: &SdkError<E, HttpResponse>, access: Option<&Access>) -> Trouble
where
    E: std::error::Error + 'static,
{
    if matches!(error, SdkError::TimeoutError(_)) {
        return Trouble::new(
            "it took too long".into(),
            "see whether a route or a proxy (HTTPS_PROXY) is missing".into(),
        );
    }
    match access {
        Some(access) => access.trouble(error),
        None => Trouble::told(&Cause::of(error).told()),
    }
}

/// What AWS says, cut to a length that a log and a record can bear. Of an input that it does not take it says nothing: AWS
/// quotes the input there.
fn message(code: &str, said: &str) -> String {
    if code == "InvalidExecutionInput" {
        return "the input is not taken".into();
    }
    match said.char_indices().nth(MESSAGE) {
        Some((end, _)) => format!("{}…", &said[..end]),
        None => said.to_owned(),
    }
}

/// Codes, not statuses, decide: AWS has given several of them under more than one status
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html>).
fn remedy(code: &str) -> Remedy {
    match code {
        "ExecutionAlreadyExists" => Remedy::Exists,
        "ExecutionDoesNotExist" => Remedy::Absent,
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "KmsThrottlingException"
        | "ExecutionLimitExceeded" => Remedy::Slower,
        "InvalidArn"
        | "InvalidExecutionInput"
        | "InvalidName"
        | "ValidationException"
        | "ValidationError"
        | "StateMachineDoesNotExist"
        | "StateMachineDeleting"
        | "StateMachineTypeNotSupported"
        | "AccessDeniedException"
        | "AccessDenied"
        | "NotAuthorized"
        | "OptInRequired"
        | "KmsAccessDeniedException"
        | "KmsInvalidStateException"
        | "UnknownOperationException" => Remedy::Refused,
        // Expired credentials are refreshed by the SDK; 5xx and everything unknown may pass.
        _ => Remedy::Retry,
    }
}

/// The most characters of what AWS says that are kept.
const MESSAGE: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_says_is_cut_and_never_quotes_an_input() {
        let said = "Invalid State Machine Execution Input: '{\"secret\":1'";
        assert!(!message("InvalidExecutionInput", said).contains("secret"));
        assert_eq!(message("Other", "short"), "short");
        let long = message("Other", &"ä".repeat(5_000));
        assert_eq!(long.chars().count(), MESSAGE + 1);
    }
}
