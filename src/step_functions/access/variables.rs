//! What of the environment counts for AWS: those variables that onced knows, without the empty ones, each looked at before
//! the SDK sees it. The SDK sees no other one. Pure.

use std::collections::{BTreeMap, HashMap};

use aws_types::os_shim_internal::Env;

use super::AccessError;
use super::value::Kind;

/// The variables that the SDK is given, and what each holds.
const KNOWN: &[(&str, Kind)] = &[
    ("HOME", Kind::Text),
    ("AWS_ACCESS_KEY_ID", Kind::Text),
    ("AWS_SECRET_ACCESS_KEY", Kind::Text),
    ("SECRET_ACCESS_KEY", Kind::Text),
    ("AWS_SESSION_TOKEN", Kind::Text),
    ("AWS_ACCOUNT_ID", Kind::Text),
    ("AWS_PROFILE", Kind::Text),
    ("AWS_CONFIG_FILE", Kind::Text),
    ("AWS_SHARED_CREDENTIALS_FILE", Kind::Text),
    ("AWS_LOGIN_CACHE_DIRECTORY", Kind::Text),
    ("AWS_REGION", Kind::Region),
    ("AWS_DEFAULT_REGION", Kind::Region),
    ("AWS_ROLE_ARN", Kind::Text),
    ("AWS_ROLE_SESSION_NAME", Kind::Text),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", Kind::Text),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", Kind::Path),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", Kind::Resource),
    ("AWS_CONTAINER_AUTHORIZATION_TOKEN", Kind::Text),
    ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", Kind::Text),
    ("AWS_EC2_METADATA_DISABLED", Kind::Text),
    ("AWS_EC2_METADATA_V1_DISABLED", Kind::Text),
    ("AWS_EC2_METADATA_SERVICE_ENDPOINT", Kind::Server),
    ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", Kind::AddressMode),
    ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", Kind::Switch),
    ("AWS_ENDPOINT_URL", Kind::Server),
    ("AWS_ENDPOINT_URL_SFN", Kind::Server),
    ("AWS_ENDPOINT_URL_STS", Kind::Server),
    ("AWS_ENDPOINT_URL_SSO", Kind::Server),
    ("AWS_ENDPOINT_URL_SSO_OIDC", Kind::Server),
    ("AWS_ENDPOINT_URL_SIGNIN", Kind::Server),
    ("AWS_USE_FIPS_ENDPOINT", Kind::Switch),
    ("AWS_USE_DUALSTACK_ENDPOINT", Kind::Switch),
    ("AWS_SDK_UA_APP_ID", Kind::Text),
];

/// Variables that say something, and say it well.
#[derive(Debug, Clone)]
pub(super) struct Variables(BTreeMap<&'static str, String>);

impl Variables {
    pub(super) fn of(environment: &BTreeMap<String, String>) -> Result<Self, AccessError> {
        let mut variables = BTreeMap::new();
        for (name, kind) in KNOWN {
            let given = environment.get(*name);
            let Some(text) = given.filter(|text| !text.trim().is_empty()) else {
                continue;
            };
            kind.check(text)
                .map_err(|(message, hint)| AccessError::Wrong {
                    origin: format!("the environment's {name}"),
                    message,
                    hint,
                })?;
            variables.insert(*name, text.clone());
        }
        Ok(Self(variables))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The environment that the SDK has.
    pub(super) fn for_the_sdk(&self) -> Env {
        let all = self.0.iter();
        let all = all.map(|(name, text)| ((*name).to_owned(), text.clone()));
        Env::from(all.collect::<HashMap<_, _>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(given: &[(&str, &str)]) -> Result<Variables, AccessError> {
        let given = given.iter();
        let given = given.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Variables::of(&given.collect())
    }

    #[test]
    fn what_is_empty_is_not_there_for_the_sdk() {
        for (name, _) in KNOWN {
            for empty in ["", " ", "\t"] {
                let sdk = variables(&[(name, empty)]).unwrap().for_the_sdk();
                assert!(sdk.get(name).is_err(), "{name}={empty:?}");
            }
        }
    }

    #[test]
    fn what_onced_does_not_know_the_sdk_never_reads() {
        let sdk = variables(&[
            ("AWS_MAX_ATTEMPTS", "7"),
            ("AWS_RETRY_MODE", "standard"),
            ("AWS_PROFILE", "p"),
        ]);
        let sdk = sdk.unwrap().for_the_sdk();
        assert!(sdk.get("AWS_MAX_ATTEMPTS").is_err());
        assert!(sdk.get("AWS_RETRY_MODE").is_err());
        assert_eq!(sdk.get("AWS_PROFILE").as_deref(), Ok("p"));
    }

    #[test]
    fn a_bad_value_is_named_with_what_to_write() {
        for (name, text, told) in [
            (
                "AWS_ENDPOINT_URL_STS",
                "localhost:4566",
                "write it with `https://`",
            ),
            ("AWS_REGION", "us east", "write it as `us-east-1`"),
            ("AWS_USE_FIPS_ENDPOINT", "yes", "write `true` or `false`"),
            (
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                "v2/x",
                "begin it with `/`",
            ),
        ] {
            let error = variables(&[(name, text)]).expect_err(name).to_string();
            let begins = format!("the environment's {name}: ");
            assert!(error.starts_with(&begins), "{error}");
            assert!(error.contains(&format!("\nhint: {told}")), "{error}");
        }
    }
}
