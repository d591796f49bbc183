//! Clients by AWS's own rules: the whole chain of credentials, roles for accounts, endpoints. Never calls Step Functions.

mod identity;
mod profiles;
pub mod proxies;
mod trust;
mod value;
mod variables;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sfn::config::{Builder, ProvideCredentials as _, Region, SharedCredentialsProvider};
use aws_sdk_sfn::error::ProvideErrorMetadata as _;
use thiserror::Error;

use super::https::Https;
use super::trouble::{Cause, Trouble, is_expired};
use crate::model::access::{Aws, Role};
use crate::model::arn::Place;
use crate::model::caught::caught_async;
use identity::Identity;
use profiles::Profiles;
use variables::Variables;

/// Why AWS is not reached.
#[derive(Debug, Error)]
pub enum AccessError {
    /// A variable or a file says what can't be.
    #[error("{origin}: {message}\nhint: {hint}")]
    Wrong {
        /// Which.
        origin: String,
        /// What is wrong.
        message: String,
        /// What to write instead.
        hint: String,
    },
    /// The profile that is named is in none of the files.
    #[error(
        "there is no profile `{name}` in {places}; {there}\nhint: name another in `aws.profile`, AWS_PROFILE or `source_profile`, or write it there"
    )]
    NoProfile {
        /// Which.
        name: String,
        /// Where it was looked for.
        places: String,
        /// Which there are.
        there: String,
    },
    /// No region is said anywhere.
    #[error(
        "no region is given\nhint: give the state machine's ARN with --state-machine, or --region"
    )]
    NoRegion,
    /// Nobody gives credentials.
    #[error("no AWS credentials: {}", with_hint(.0))]
    NoCredentials(Trouble),
    /// STS doesn't say who we are.
    #[error("GetCallerIdentity failed: {}", with_hint(.0))]
    Unknown(Trouble),
}

impl AccessError {
    /// What is wrong, and what to do about it where that is known.
    pub fn parts(&self) -> (String, Option<String>) {
        let told = |what: &str, trouble: &Trouble| {
            (format!("{what}: {}", trouble.cause), trouble.remedy.clone())
        };
        match self {
            Self::NoCredentials(trouble) => told("no AWS credentials", trouble),
            Self::Unknown(trouble) => told("GetCallerIdentity failed", trouble),
            Self::NoRegion | Self::Wrong { .. } | Self::NoProfile { .. } => {
                (self.to_string(), None)
            }
        }
    }
}

fn with_hint(trouble: &Trouble) -> String {
    match &trouble.remedy {
        Some(remedy) => format!("{}\nhint: {remedy}", trouble.cause),
        None => trouble.cause.clone(),
    }
}

/// Who AWS takes us for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Twelve digits.
    pub account: String,
    /// The user or the assumed role.
    pub arn: String,
}

/// What every client is made of.
#[derive(Debug, Clone)]
pub struct Access {
    shared: SdkConfig,
    aws: Aws,
    session: String,
    identity: Arc<Identity>,
}

impl Access {
    /// Takes the environment and the shared configuration as the SDK does, but looks at them before it. `session` tells in
    /// CloudTrail who assumed a role.
    pub async fn load(
        aws: Aws,
        session: String,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, AccessError> {
        let variables = Variables::of(environment)?;
        let profiles = Profiles::read(&variables, aws.profile.as_deref()).await?;
        let trusted = trust::store(environment, profiles.bundle())?;
        let https = Https::of(environment)?.trusting(trusted);
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .env(variables.for_the_sdk())
            .profile_files(profiles.for_the_sdk())
            .profile_name(profiles.chosen())
            // Else it would be looked for in the environment and the profile, and what is wrong there is the end.
            .retry_config(RetryConfig::standard())
            .http_client(https.client());
        let region = aws.region.as_deref();
        let region = region
            .or_else(|| variables.get("AWS_REGION"))
            .or_else(|| variables.get("AWS_DEFAULT_REGION"))
            .or_else(|| profiles.get("region"));
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        if let Some(url) = &aws.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let shared = loader.load().await;
        Ok(Self {
            identity: Arc::new(Identity::of(&variables, &profiles)),
            ..Self::of(shared, aws, session)
        })
    }

    /// Of what the SDK knows already.
    pub fn of(shared: SdkConfig, aws: Aws, session: String) -> Self {
        Self {
            shared,
            aws,
            session,
            identity: Arc::new(Identity::given()),
        }
    }

    /// The region of calls that no ARN gives one: what is configured, and else what the SDK finds.
    pub fn region(&self) -> Result<String, AccessError> {
        let region = self.shared.region().ok_or(AccessError::NoRegion)?;
        Ok(region.to_string())
    }

    /// The kind of endpoints that is asked for beside AWS's usual ones, and by which variable and which key of a profile. The
    /// SDK makes out none of them where an endpoint is given.
    pub fn variant(&self) -> Option<(&'static str, &'static str, &'static str)> {
        if self.shared.use_fips() == Some(true) {
            return Some(("FIPS", "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"));
        }
        let dual = self.shared.use_dual_stack() == Some(true);
        dual.then_some((
            "dual-stack",
            "AWS_USE_DUALSTACK_ENDPOINT",
            "use_dualstack_endpoint",
        ))
    }

    /// Are there credentials at all? Roles are not assumed for this.
    pub async fn credentials(&self) -> Result<(), AccessError> {
        let Some(provider) = self.shared.credentials_provider() else {
            return Err(AccessError::NoCredentials(Trouble::told("none are given")));
        };
        let given = provider.provide_credentials().await;
        given
            .map(drop)
            .map_err(|error| AccessError::NoCredentials(self.identity.without_keys(&error)))
    }

    /// What went wrong where AWS gave no answer, or where the SDK did not come to ask.
    pub(super) fn trouble(&self, error: &(dyn Error + 'static)) -> Trouble {
        let cause = Cause::of(error);
        if cause.is_without_keys {
            return self.identity.without_keys(error);
        }
        let told = || Trouble::told(&cause.told());
        cause.of_network().unwrap_or_else(told)
    }

    /// Keys that AWS says no to by this code, where nothing renews them: those that requests of this place are signed with.
    pub(super) fn refused_keys(&self, code: &str, place: Option<&Place>) -> Option<Trouble> {
        let account = place.map(|place| place.account.as_str());
        let is_own = self.aws.role_of(account).is_none() && is_expired(code);
        is_own.then(|| self.identity.refused_keys(code)).flatten()
    }

    /// What a client for this place is made of: in its region, and as the role for its account.
    pub async fn client(&self, place: Option<&Place>) -> Builder {
        Builder::from(&self.shared_for(place).await)
    }

    async fn shared_for(&self, place: Option<&Place>) -> SdkConfig {
        let mut shared = self.shared.clone().into_builder();
        if let Some(place) = place {
            shared = shared.region(Region::new(place.region.clone()));
        }
        if let Some(role) = self.aws.role_of(place.map(|place| place.account.as_str())) {
            shared = shared.credentials_provider(self.assume(role, place).await);
        }
        shared.build()
    }

    async fn assume(&self, role: &Role, place: Option<&Place>) -> SharedCredentialsProvider {
        let mut provider = AssumeRoleProvider::builder(&role.arn)
            .configure(&self.shared)
            .session_name(&self.session);
        if let Some(id) = &role.external_id {
            provider = provider.external_id(id);
        }
        if let Some(place) = place {
            provider = provider.region(Region::new(place.region.clone()));
        }
        SharedCredentialsProvider::new(provider.build().await)
    }

    /// Who calls there. Needs no right
    /// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>).
    pub async fn caller(&self, place: Option<&Place>) -> Result<Caller, AccessError> {
        let asking = async {
            let shared = self.shared_for(place).await;
            let sts = aws_sdk_sts::Client::new(&shared);
            sts.get_caller_identity().send().await
        };
        let said = caught_async(asking).await;
        let said = said.map_err(|caught| AccessError::Unknown(caught.into()))?;
        let said = said.map_err(|error| {
            let code = error.code().map(str::to_owned).unwrap_or_default();
            let trouble = self.refused_keys(&code, place);
            AccessError::Unknown(trouble.unwrap_or_else(|| self.trouble(&error)))
        })?;
        match (said.account, said.arn) {
            (Some(account), Some(arn)) => Ok(Caller { account, arn }),
            _ => Err(AccessError::Unknown(Trouble::told(
                "the answer names nobody",
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SDK has onced's own retry configuration: what the environment and a profile say of it is never read.
    #[tokio::test]
    async fn the_sdk_never_reads_how_often_to_try() {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("config");
        std::fs::write(&config, "[default]\nmax_attempts = 8\n").unwrap();
        let environment = [
            ("AWS_MAX_ATTEMPTS", "7"),
            ("AWS_CONFIG_FILE", config.to_str().unwrap()),
            ("AWS_REGION", "us-east-1"),
        ];
        let environment = environment.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let environment = environment.into_iter().collect();
        let access = Access::load(Aws::default(), "test".into(), &environment);
        let access = access.await.unwrap();
        let retry = access.shared.retry_config().unwrap();
        assert_eq!(retry.max_attempts(), RetryConfig::standard().max_attempts());
    }
}
