//! Which proxy a request goes through, if any: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in capitals or not.
//! None for this machine itself, nor for the addresses that give instances and containers their credentials. Pure.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

use super::AccessError;
use crate::model::url;

/// Where instances and containers get their credentials: no proxy could ask there for them
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>).
const CREDENTIALS: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
];

/// The proxies of an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For `http`.
    pub http: Option<String>,
    /// For `https`.
    pub https: Option<String>,
    none: Vec<Exception>,
}

/// An item of `NO_PROXY`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Exception {
    host: Host,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Every,
    /// This name, and those below it.
    Name(String),
    /// Addresses that begin with so many bits of this one.
    Net(IpAddr, u8),
}

impl Proxies {
    /// Of an environment.
    pub fn of(environment: &BTreeMap<String, String>) -> Result<Self, AccessError> {
        let given = |name: &str| {
            let names = [name.to_owned(), name.to_lowercase()];
            names.into_iter().find_map(|name| {
                let text = environment.get(&name).map(|text| text.trim());
                let text = text.filter(|text| !text.is_empty())?;
                Some((name, text))
            })
        };
        // A CGI program's caller chooses that one (<https://httpoxy.org>).
        let is_cgi = environment.contains_key("REQUEST_METHOD");
        let proxy = |name: &str| {
            let given = given(name).or_else(|| given("ALL_PROXY"));
            given.map(|(name, text)| proxy(&name, text)).transpose()
        };
        let none = given("NO_PROXY").map_or("", |(_, text)| text);
        Ok(Self {
            http: if is_cgi { None } else { proxy("HTTP_PROXY")? },
            https: proxy("HTTPS_PROXY")?,
            none: none
                .split(|c: char| c == ',' || c.is_whitespace())
                .filter_map(Exception::of)
                .collect(),
        })
    }

    /// Does a request there go through the proxy for its scheme, where there is one?
    pub fn are_for(&self, url: &Uri) -> bool {
        let Some(host) = url.host() else {
            return false;
        };
        let of_scheme = if url.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        let port = url.port_u16().unwrap_or(of_scheme);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok();
        let is_here = host == "localhost"
            || host.ends_with(".localhost")
            || address.is_some_and(|address| address.is_loopback());
        let is_excepted = |exception: &Exception| exception.is_of(&host, address, port);
        !is_here
            && !address.is_some_and(|address| CREDENTIALS.contains(&address))
            && !self.none.iter().any(is_excepted)
    }
}

/// A proxy's URL, with its scheme.
fn proxy(name: &str, text: &str) -> Result<String, AccessError> {
    // It may hold a password: it is not repeated.
    let wrong = |message: &str, hint: &str| AccessError::Wrong {
        origin: format!("the environment's {name}"),
        message: message.into(),
        hint: hint.into(),
    };
    let form = "write it as `http://proxy.example.org:3128`, perhaps with `USER:PASSWORD@` before the host";
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let scheme = scheme.to_ascii_lowercase();
    if scheme.starts_with("socks") {
        return Err(wrong(
            "onced can't speak SOCKS",
            "name an HTTP proxy, or unset it",
        ));
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (user, authority) = rest.rsplit_once('@').unwrap_or(("", rest));
    let is_good = |b: u8| b.is_ascii_graphic() && !b"/?#[]<>\"\\^`{|}".contains(&b);
    let is_proxy = ["http", "https"].contains(&scheme.as_str())
        && url::is_authority(authority)
        && user.bytes().all(is_good);
    if !is_proxy {
        return Err(wrong("this is not the URL of a proxy", form));
    }
    let at = if user.is_empty() { "" } else { "@" };
    Ok(format!("{scheme}://{user}{at}{authority}"))
}

impl Exception {
    fn of(text: &str) -> Option<Self> {
        let (host, port) = match text.rsplit_once(':') {
            // An address of IPv6 has colons, too, and a port only after a bracket.
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse().ok()?))
            }
            _ => (text, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let host = Host::of(host)?;
        Some(Self { host, port })
    }

    fn is_of(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        if self.port.is_some_and(|only| only != port) {
            return false;
        }
        match &self.host {
            Host::Every => true,
            Host::Name(name) => host
                .strip_suffix(name.as_str())
                .is_some_and(|above| above.is_empty() || above.ends_with('.')),
            Host::Net(net, bits) => address.is_some_and(|address| is_in(address, *net, *bits)),
        }
    }
}

impl Host {
    fn of(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Every);
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self::Net(address, 128));
        }
        if let Some((address, bits)) = text.split_once('/') {
            return Some(Self::Net(address.parse().ok()?, bits.parse().ok()?));
        }
        let name = text.trim_start_matches('*').trim_matches('.');
        (!name.is_empty()).then(|| Self::Name(name.to_ascii_lowercase()))
    }
}

fn is_in(address: IpAddr, net: IpAddr, bits: u8) -> bool {
    let (one, other, width) = match (address, net) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            (u128::from(one.to_bits()), u128::from(other.to_bits()), 32)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits(), other.to_bits(), 128),
        _ => return false,
    };
    let rest = u32::from(width - bits.min(width));
    (one ^ other).checked_shr(rest).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(given: &[(&str, &str)]) -> Result<Proxies, AccessError> {
        let given = given.iter();
        let given = given.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Proxies::of(&given.collect())
    }

    #[test]
    fn who_names_a_proxy() {
        let of = |given: &[(&str, &str)]| {
            let proxies = proxies(given).unwrap();
            (
                proxies.http.unwrap_or_default(),
                proxies.https.unwrap_or_default(),
            )
        };
        let both = |http: &str, https: &str| (http.to_owned(), https.to_owned());
        assert_eq!(of(&[]), both("", ""));
        assert_eq!(
            of(&[("HTTPS_PROXY", ""), ("https_proxy", "p:1/")]),
            both("", "http://p:1")
        );
        assert_eq!(
            of(&[
                ("ALL_PROXY", "http://a"),
                ("HTTP_PROXY", "https://u:p%40@h:2")
            ]),
            both("https://u:p%40@h:2", "http://a")
        );
        assert_eq!(
            of(&[("ALL_PROXY", "http://a"), ("REQUEST_METHOD", "GET")]),
            both("", "http://a")
        );
    }

    #[test]
    fn a_proxy_that_is_none_is_named_and_not_shown() {
        for (text, told) in [
            ("socks5://canary", "onced can't speak SOCKS"),
            ("http://u:canary@", "this is not the URL of a proxy"),
            ("ftp://canary", "this is not the URL of a proxy"),
            ("canary host", "this is not the URL of a proxy"),
            ("http://canary/path", "this is not the URL of a proxy"),
        ] {
            let error = proxies(&[("https_proxy", text)]).unwrap_err().to_string();
            let begins = format!("the environment's https_proxy: {told}\nhint: ");
            assert!(error.starts_with(&begins), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn what_no_proxy_is_asked_for() {
        let table = [
            ("", "https://states.us-east-1.amazonaws.com", true),
            ("", "http://localhost:4566", false),
            ("", "http://a.localhost", false),
            ("", "http://127.0.0.2:1", false),
            ("", "http://[::1]:8080", false),
            ("", "http://169.254.169.254/latest", false),
            ("", "http://169.254.170.2/v2", false),
            ("", "http://169.254.170.23/v1", false),
            ("", "http://[fd00:ec2::23]/v1", false),
            ("", "http://169.254.1.1", true),
            ("*", "https://a.example.org", false),
            ("example.org", "https://a.Example.org", false),
            ("example.org", "https://example.org.", false),
            ("example.org", "https://badexample.org", true),
            (".example.org", "https://a.example.org", false),
            ("*.example.org,x", "https://a.example.org", false),
            ("a.example.org:8443", "https://a.example.org:8443", false),
            ("a.example.org:443", "https://a.example.org", false),
            ("a.example.org:8443", "https://a.example.org", true),
            ("x, 10.0.0.7:80", "http://10.0.0.7", false),
            ("10.0.0.7:80", "https://10.0.0.7", true),
            ("10.0.0.0/8", "https://10.9.8.7", false),
            ("10.0.0.0/8", "https://11.9.8.7", true),
            ("0.0.0.0/0", "https://11.9.8.7", false),
            ("fd00::/8", "https://[fd12::1]", false),
            ("[fd12::1]:443", "https://[fd12::1]", false),
            ("fd12::1", "https://[fd12::1]:8", false),
            ("[fd12::1]:80", "https://[fd12::1]", true),
        ];
        for (none, url, expected) in table {
            let given = [("HTTPS_PROXY", "http://p"), ("no_proxy", none)];
            let proxies = proxies(&given).unwrap();
            assert_eq!(
                proxies.are_for(&url.parse().unwrap()),
                expected,
                "{none} {url}"
            );
        }
    }
}
