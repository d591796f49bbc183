//! The address of a server as somebody wrote it, looked at before anything uses it. Pure.

use std::net::Ipv6Addr;

/// `http://` or `https://`, a host, perhaps a port and a path. Else: what is wrong, and what to write instead. The text is
/// not repeated where a password may stand in it.
pub fn server(text: &str) -> Result<(), (String, String)> {
    if is_server(text) {
        return Ok(());
    }
    let shown = if text.contains(['@', '?']) || text.chars().any(char::is_control) {
        "this".to_owned()
    } else {
        format!("`{text}`")
    };
    let hint = "write it with `https://` or `http://`, a host, and nothing after them but a port and a path, such as `http://127.0.0.1:4566`";
    Err((
        format!("{shown} is not the URL of a server"),
        hint.to_owned(),
    ))
}

fn is_server(text: &str) -> bool {
    let after = |scheme: &str| text.strip_prefix(scheme);
    let Some(rest) = after("https://").or_else(|| after("http://")) else {
        return false;
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let good = |b: u8| b.is_ascii_alphanumeric() || b"/-._~%".contains(&b);
    is_authority(authority) && path.bytes().all(good)
}

/// A host, perhaps with a port.
pub fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let good = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let is_host = match host.strip_prefix('[') {
        Some(inner) => inner
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        None => !host.is_empty() && host.bytes().all(good),
    };
    let is_port = |port: &str| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    is_host && port.is_none_or(is_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_server_is_known() {
        for good in [
            "https://states.us-east-1.amazonaws.com",
            "http://127.0.0.1:4566",
            "http://localhost:8083/",
            "https://[::1]:8443/base/path",
            "https://vpce-1-a_b.states.us-east-1.vpce.amazonaws.com",
        ] {
            assert_eq!(server(good), Ok(()), "{good}");
        }
        for bad in [
            "localhost:4566",
            "127.0.0.1",
            "https://",
            "http:/127.0.0.1",
            "https://host:0",
            "https://host:99999",
            "https://host:",
            "https://[::1",
            "https://ho st",
            "ftp://host",
            "https://host#part",
        ] {
            let (message, hint) = server(bad).expect_err(bad);
            assert_eq!(message, format!("`{bad}` is not the URL of a server"));
            assert!(hint.contains("https://"), "{hint}");
        }
    }

    #[test]
    fn what_may_be_a_password_is_not_repeated() {
        for secret in ["https://me:canary@host", "host?token=canary"] {
            let (message, _) = server(secret).expect_err(secret);
            assert_eq!(message, "this is not the URL of a server");
        }
    }
}
