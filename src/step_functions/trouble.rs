//! What went wrong on the way to AWS, from what the SDK says: one line with the cause, and the remedy for that cause. Never
//! the SDK's Debug form, which may hold a token.

use std::error::Error;
use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::error::ErrorMetadata;
use rustls::CertificateError;

use crate::model::caught::Caught;

/// The most characters of what others say.
const LONG: usize = 400;

/// What AWS says of credentials that it takes no more
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html>).
const EXPIRED: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
];

/// Are these credentials that AWS takes no more?
pub(super) fn is_expired(code: &str) -> bool {
    EXPIRED.contains(&code)
}

/// A cause, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What went wrong.
    pub cause: String,
    /// What to do.
    pub remedy: Option<String>,
    /// It can't pass by itself.
    pub is_final: bool,
}

impl Trouble {
    pub(super) fn new(cause: String, remedy: String) -> Self {
        Self {
            cause,
            remedy: Some(remedy),
            is_final: false,
        }
    }

    /// A cause for which there is nothing in particular to do.
    pub(super) fn told(cause: &str) -> Self {
        Self {
            cause: cause.to_owned(),
            remedy: None,
            is_final: false,
        }
    }

    /// Both on one line.
    pub fn line(&self) -> String {
        match &self.remedy {
            Some(remedy) => format!("{}; {remedy}", self.cause),
            None => self.cause.clone(),
        }
    }
}

impl From<Caught> for Trouble {
    fn from(caught: Caught) -> Self {
        Self::new(
            caught.to_string(),
            "look at what AWS_ variables and ~/.aws/config say, and report this line if it stays"
                .into(),
        )
    }
}

/// What the SDK's errors say, without those that only say that others follow.
pub(super) struct Cause<'a> {
    errors: Vec<&'a (dyn Error + 'static)>,
    /// The SDK looked for credentials, and found none.
    pub(super) is_without_keys: bool,
    /// A profile is written in a way that can't be.
    pub(super) is_misconfigured: bool,
}

impl<'a> Cause<'a> {
    pub(super) fn of(error: &'a (dyn Error + 'static)) -> Self {
        let mut errors = Vec::new();
        let mut next = Some(error);
        while let Some(error) = next {
            errors.push(error);
            // What an error of the system holds is not its source, but that one's source is.
            let held = error
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref);
            next = held.map_or_else(|| error.source(), |held| Some(held as _));
        }
        let keys = errors
            .iter()
            .rposition(|error| error.is::<CredentialsError>());
        let rest = keys.map_or(0, |keys| (keys + 1).min(errors.len() - 1));
        let said = keys.and_then(|keys| errors[keys].downcast_ref::<CredentialsError>());
        Self {
            is_misconfigured: matches!(said, Some(CredentialsError::InvalidConfiguration(_))),
            errors: errors.split_off(rest),
            is_without_keys: keys.is_some(),
        }
    }

    fn find<T: Error + 'static>(&self) -> Option<&'a T> {
        self.errors
            .iter()
            .find_map(|error| error.downcast_ref::<T>())
    }

    fn metadata(&self) -> Option<&'a ErrorMetadata> {
        let assumed = self
            .find::<AssumeRoleError>()
            .map(ProvideErrorMetadata::meta);
        let by_token = self.find::<AssumeRoleWithWebIdentityError>();
        let by_token = by_token.map(ProvideErrorMetadata::meta);
        assumed.or(by_token).or_else(|| self.find())
    }

    /// The code of AWS's answer, where there was one.
    pub(super) fn code(&self) -> Option<&'a str> {
        self.metadata()?.code()
    }

    /// On one line.
    pub(super) fn told(&self) -> String {
        if let Some(said) = self.metadata() {
            let (code, message) = (said.code(), said.message());
            return shortened(&match (code, message) {
                (Some(code), Some(message)) => format!("{code}: {message}"),
                (one, other) => one.or(other).unwrap_or("no reason is given").to_owned(),
            });
        }
        // What the SDK calls a failure to connect says nothing that its source does not say.
        let connecting = self
            .errors
            .iter()
            .position(|error| error.is::<ConnectorError>());
        let begin = connecting.map_or(0, |at| (at + 1).min(self.errors.len() - 1));
        let mut told = String::new();
        for error in &self.errors[begin..] {
            let text = error.to_string();
            if !told.ends_with(&text) {
                let colon = if told.is_empty() { "" } else { ": " };
                told = [&told, colon, &text].concat();
            }
        }
        shortened(&told)
    }

    /// What it is, where no answer came.
    pub(super) fn of_network(&self) -> Option<Trouble> {
        let (cause, remedy) = if let Some(tls) = self.find::<rustls::Error>() {
            of_tls(tls)
        } else {
            // One that says `other` is about something else.
            self.find::<ConnectorError>()
                .filter(|error| !error.is_other())?;
            let is_refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
            let refused = self.find::<io::Error>().is_some_and(is_refused);
            let remedy = if refused {
                "see whether that endpoint or proxy is meant, and whether something listens there"
            } else {
                "see whether the endpoint is right, and whether a route, a name server or a proxy (HTTPS_PROXY) is missing"
            };
            (self.told(), remedy)
        };
        Some(Trouble::new(cause, remedy.to_owned()))
    }
}

fn of_tls(error: &rustls::Error) -> (String, &'static str) {
    let rustls::Error::InvalidCertificate(why) = error else {
        let remedy = "see whether the endpoint speaks TLS, and whether a proxy stands before it";
        return (shortened(&format!("TLS fails: {error}")), remedy);
    };
    let (cause, remedy) = match why {
        // The other one: an authority of the same name, with another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => (
            "the server's certificate is signed by an authority that is not trusted here",
            "name the file with the certificate of that authority in AWS_CA_BUNDLE, or as `ca_bundle` of the profile",
        ),
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => (
            "the server's certificate has expired, or is not valid yet",
            "set this machine's clock, or let the server's certificate be renewed",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "the server's certificate is for another name",
            "call the server by a name that its certificate has",
        ),
        _ => {
            let remedy = "let the server's certificate be looked at";
            return (shortened(&error.to_string()), remedy);
        }
    };
    (cause.to_owned(), remedy)
}

/// On one line, cut to a length that a log can bear.
fn shortened(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
