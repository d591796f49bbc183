//! What a variable or a key of a profile may hold. Pure.

use crate::model::{region, url};

/// What is wrong, and what to write instead.
pub(super) type Complaint = (String, String);

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Anything.
    Text,
    /// A region's name.
    Region,
    /// The URL of a server.
    Server,
    /// A URL with a path and perhaps a query.
    Resource,
    /// A path on a server that is known.
    Path,
    /// `true` or `false`.
    Switch,
    /// `IPv4` or `IPv6`.
    AddressMode,
}

impl Kind {
    pub(super) fn check(self, text: &str) -> Result<(), Complaint> {
        let one_of = |words: [&str; 2]| {
            if words.iter().any(|word| text.eq_ignore_ascii_case(word)) {
                return Ok(());
            }
            let [one, other] = words;
            Err((
                format!("`{text}` is not one of two words"),
                format!("write `{one}` or `{other}`"),
            ))
        };
        match self {
            Self::Text => Ok(()),
            Self::Region => region::check(text),
            Self::Server => url::server(text),
            Self::Resource if !is_printable(text) => url::server(text),
            Self::Resource => url::server(text.split('?').next().unwrap_or_default()),
            Self::Path if text.starts_with('/') && is_printable(text) => Ok(()),
            Self::Path => Err((
                "this is not a path on a server".into(),
                "begin it with `/`".into(),
            )),
            Self::Switch => one_of(["true", "false"]),
            Self::AddressMode => one_of(["IPv4", "IPv6"]),
        }
    }
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}
