//! Clients by AWS's own rules: the whole chain of credentials, roles for accounts, endpoints. Never calls Step Functions.

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sfn::config::{Builder, ProvideCredentials as _, Region, SharedCredentialsProvider};
use aws_sdk_sfn::error::DisplayErrorContext;
use thiserror::Error;

use super::https;
use crate::model::access::{Aws, Role};
use crate::model::arn::Place;

/// Why AWS is not reached.
#[derive(Debug, Error)]
pub enum AccessError {
    /// No region is said anywhere.
    #[error(
        "no region is given\nhint: give the state machine's ARN with --state-machine, or --region"
    )]
    NoRegion,
    /// Nobody gives credentials.
    #[error(
        "no AWS credentials: {0}\nhint: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is given"
    )]
    NoCredentials(String),
    /// STS doesn't say who we are.
    #[error("GetCallerIdentity failed: {0}")]
    Unknown(String),
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
}

impl Access {
    /// Reads the environment and the shared configuration, as the SDK does. `session` tells in CloudTrail who assumed a
    /// role.
    pub async fn load(aws: Aws, session: String) -> Self {
        let mut loader =
            aws_config::defaults(BehaviorVersion::latest()).http_client(https::client());
        if let Some(region) = &aws.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &aws.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = &aws.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let shared = loader.load().await;
        Self::of(shared, aws, session)
    }

    /// Of what the SDK knows already.
    pub fn of(shared: SdkConfig, aws: Aws, session: String) -> Self {
        Self {
            shared,
            aws,
            session,
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
        let none = || AccessError::NoCredentials("none are given".into());
        let provider = self.shared.credentials_provider().ok_or_else(none)?;
        let given = provider.provide_credentials().await;
        given
            .map(drop)
            .map_err(|error| AccessError::NoCredentials(DisplayErrorContext(&error).to_string()))
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
        let shared = self.shared_for(place).await;
        let sts = aws_sdk_sts::Client::new(&shared);
        let unknown = |why: String| AccessError::Unknown(why);
        let said = sts
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| unknown(DisplayErrorContext(&error).to_string()))?;
        match (said.account, said.arn) {
            (Some(account), Some(arn)) => Ok(Caller { account, arn }),
            _ => Err(unknown("the answer names nobody".into())),
        }
    }
}
