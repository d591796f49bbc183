//! What people are told of, and whom: the words of `notify`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Stops wait for approval.
    Held,
    /// An entry was not started in time.
    Missed,
    /// An entry fired, and failed or was ended for its age.
    Failed,
    /// AWS does not take what an entry asks for.
    Refused,
    /// Somebody else stopped an execution.
    Aborted,
    /// An entry fires at another time, since the rules of its time zone changed.
    Moved,
    /// Something keeps onced from its work: AWS, the ledger, the directory.
    Unready,
    /// What was held, refused or kept from its work is so no longer.
    Recovered,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Held,
        Self::Missed,
        Self::Failed,
        Self::Refused,
        Self::Aborted,
        Self::Moved,
        Self::Unready,
        Self::Recovered,
    ];

    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Missed => "missed",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Aborted => "aborted",
            Self::Moved => "moved",
            Self::Unready => "unready",
            Self::Recovered => "recovered",
        }
    }

    /// The one of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == word)
    }
}

/// Whom to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// A POST there.
    Webhook {
        /// `http` or `https`. May carry a token: never logged.
        url: String,
        /// The file that holds the key its messages are signed with.
        secret_file: Option<PathBuf>,
    },
    /// This program, with its arguments; the message comes on its stdin.
    Exec(Vec<String>),
}

impl To {
    /// For logs: without what may be secret.
    pub fn shown(&self) -> String {
        match self {
            Self::Webhook { url, .. } => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
                let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                let host = host.rsplit('@').next().unwrap_or_default();
                format!("{scheme}://{host}/")
            }
            Self::Exec(words) => words.first().cloned().unwrap_or_default(),
        }
    }
}

/// One item of `notify`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whom.
    pub to: To,
    /// Of what.
    pub topics: BTreeSet<Topic>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_webhook_has_no_secrets() {
        for (url, shown) in [
            ("https://a.example/x?t=s3cret", "https://a.example/"),
            (
                "https://u:s3cret@a.example:8443/x",
                "https://a.example:8443/",
            ),
            ("http://a.example?s3cret", "http://a.example/"),
        ] {
            let to = To::Webhook {
                url: url.into(),
                secret_file: None,
            };
            assert_eq!(to.shown(), shown);
        }
    }
}
