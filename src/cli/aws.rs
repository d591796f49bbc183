//! How a command reaches AWS, or the sandbox in its place.

use std::path::PathBuf;

use aws_config::SdkConfig;
use aws_sdk_sfn::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};

use super::{Context, Failure};
use crate::model::access::Aws;
use crate::model::name::Owner;
use crate::sandbox::{Options, Sandbox};
use crate::step_functions::access::Access;

/// The embedded Step Functions; its executions are kept in this file, where one is given.
pub(super) fn embedded(
    state_file: Option<PathBuf>,
    lambda_endpoint: Option<String>,
) -> Result<Access, Failure> {
    let options = Options {
        lambda_endpoint,
        state_file,
        any_machine: true,
        ..Options::default()
    };
    let sandbox = Sandbox::new(options)
        .map_err(|error| Failure::new(format!("can't start the sandbox: {error}")))?;
    sandbox.create_default_machine();
    let credentials = Credentials::new("sandbox", "sandbox", None, None, "sandbox");
    let shared = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(sandbox.http_client())
        // Nothing is sent there; it is what the log says of where calls go.
        .endpoint_url("http://built-in")
        .build();
    Ok(Access::of(shared, Aws::default(), "onced".into()))
}

/// AWS, with credentials that were looked for.
pub(super) async fn access(
    context: &Context,
    aws: &Aws,
    owner: Option<&Owner>,
) -> Result<Access, Failure> {
    let session = owner.map_or_else(
        || "onced".into(),
        |owner| format!("onced-{}", owner.as_str()),
    );
    let access = Access::load(aws.clone(), session, &context.environment).await;
    let access = access.map_err(Failure::new)?;
    access.region().map_err(Failure::new)?;
    access.credentials().await.map_err(Failure::new)?;
    Ok(access)
}
