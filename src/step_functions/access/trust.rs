//! Whose certificates are trusted: `AWS_CA_BUNDLE`, else the profile's `ca_bundle`, with `SSL_CERT_FILE` beside it; else
//! the system's, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name in its place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_smithy_http_client::tls::TrustStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::AccessError;

/// Where systems keep the certificates that they trust.
const SYSTEM: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A file that is named, and by whom.
struct Named<'a> {
    origin: String,
    path: &'a str,
}

/// The store; `None`: that of the system. `bundle`: the profile's `ca_bundle`, and what to call it.
pub(super) fn store(
    environment: &BTreeMap<String, String>,
    bundle: Option<(&str, String)>,
) -> Result<Option<TrustStore>, AccessError> {
    let variable = |name: &str| {
        let text = environment.get(name).map(String::as_str);
        let text = text.filter(|text| !text.trim().is_empty());
        text.map(|path| Named {
            origin: format!("the environment's {name}"),
            path,
        })
    };
    let of_profile = bundle.map(|(path, origin)| Named { origin, path });
    let beside = variable("SSL_CERT_FILE");
    let beside = beside.map(|named| named.certificates(environment));
    let beside = beside.transpose()?;
    if let Some(bundle) = variable("AWS_CA_BUNDLE").or(of_profile) {
        let own = bundle.certificates(environment)?;
        return Ok(Some(of(own + &beside.unwrap_or_default())));
    }
    // An empty variable is taken for a file's name by who reads the system's.
    let misleads = environment.contains_key("SSL_CERT_FILE") && beside.is_none();
    if !misleads || variable("SSL_CERT_DIR").is_some() {
        return Ok(None);
    }
    let system = SYSTEM.iter().find_map(|path| std::fs::read(path).ok());
    Ok(Some(of(good(&system.unwrap_or_default()))))
}

fn of(certificates: String) -> TrustStore {
    let store = TrustStore::empty();
    if certificates.is_empty() {
        return store;
    }
    store.with_pem_certificate(certificates)
}

impl Named<'_> {
    fn certificates(&self, environment: &BTreeMap<String, String>) -> Result<String, AccessError> {
        let home = environment.get("HOME").filter(|home| !home.is_empty());
        let path = match (self.path.strip_prefix("~/"), home) {
            (Some(below), Some(home)) => Path::new(home).join(below),
            _ => PathBuf::from(self.path),
        };
        let wrong = |message: String| {
            AccessError::Wrong {
            origin: self.origin.clone(),
            message,
            hint: "name a file with the certificates of authorities in PEM form, that the user who runs onced can read".into(),
        }
        };
        let bytes = std::fs::read(&path);
        let bytes =
            bytes.map_err(|error| wrong(format!("`{}` can't be read: {error}", path.display())))?;
        let good = good(&bytes);
        if good.is_empty() {
            return Err(wrong(format!(
                "there is no certificate in `{}`",
                path.display()
            )));
        }
        Ok(good)
    }
}

/// Those certificates of a PEM file that TLS takes as an authority's; bundles hold others, too.
fn good(bytes: &[u8]) -> String {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let text = String::from_utf8_lossy(bytes);
    let blocks = text.split(BEGIN).skip(1);
    let blocks = blocks.filter_map(|block| block.split_once(END));
    let blocks = blocks.map(|(inner, _)| format!("{BEGIN}{inner}{END}\n"));
    let is_good = |block: &String| {
        CertificateDer::from_pem_slice(block.as_bytes())
            .is_ok_and(|der| webpki::anchor_from_trusted_cert(&der).is_ok())
    };
    blocks.filter(is_good).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority() -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut of = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
        of.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        of.self_signed(&key).unwrap().pem().replace("\r\n", "\n")
    }

    #[test]
    fn what_is_not_a_certificate_is_passed_over() {
        let (one, other) = (authority(), authority());
        let between = "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n";
        let file =
            format!("# Subject: one\n{one}{between}text\n{other}-----BEGIN CERTIFICATE-----");
        assert_eq!(good(file.as_bytes()), format!("{one}{other}"));
        assert_eq!(good(&[0xff, 0, b'-']), "");
    }

    #[test]
    fn a_file_that_holds_none_is_named() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ca.pem");
        let environment = |name: &str| {
            let path = path.display().to_string();
            BTreeMap::from([(name.to_owned(), path)])
        };
        for name in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
            let missing = store(&environment(name), None).unwrap_err().to_string();
            assert!(
                missing.starts_with(&format!("the environment's {name}: `")),
                "{missing}"
            );
            assert!(missing.contains("can't be read"), "{missing}");
        }
        std::fs::write(&path, "none").unwrap();
        let none = store(&environment("AWS_CA_BUNDLE"), None).unwrap_err();
        assert!(none.to_string().contains("there is no certificate in"));
        std::fs::write(&path, authority()).unwrap();
        for name in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
            let is_own = store(&environment(name), None).unwrap().is_some();
            assert_eq!(is_own, name == "AWS_CA_BUNDLE");
        }
        let empty = BTreeMap::from([("AWS_CA_BUNDLE".to_owned(), String::new())]);
        assert!(store(&empty, None).unwrap().is_none());
        let empty = BTreeMap::from([("SSL_CERT_FILE".to_owned(), String::new())]);
        assert!(store(&empty, None).unwrap().is_some());
    }
}
