//! AWS's errors: codes and messages as they come over the wire.

use serde_json::json;

use super::wire::Answer;

/// An error of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Error {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// An error of the service's own model: always 400.
pub(super) fn error(code: &'static str, message: impl Into<String>) -> Error {
    Error {
        status: 400,
        code,
        message: message.into(),
    }
}

impl Error {
    pub(super) fn answer(&self) -> Answer {
        let namespace = match self.code {
            "ValidationException" | "ThrottlingException" | "AccessDeniedException" => {
                "com.amazon.coral.validate"
            }
            _ => "com.amazonaws.swf.service.v2.model",
        };
        let body = json!({"__type": format!("{namespace}#{}", self.code), "message": self.message});
        Answer {
            status: self.status,
            body: body.to_string(),
            error: Some(self.code.to_owned()),
        }
    }
}
