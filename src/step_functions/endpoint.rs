//! Where requests truly go, whatever said so: a flag, the environment, a profile, or AWS's own rules. Says it once.

use std::sync::{Arc, OnceLock};

use aws_sdk_sfn::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_sfn::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sfn::error::BoxError;
use tracing::info;

/// Where the first request went.
#[derive(Debug, Clone, Default)]
pub(super) struct Endpoint(Arc<OnceLock<String>>);

impl Endpoint {
    /// Scheme, host and port; `None`: nothing was sent yet.
    pub(super) fn seen(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

impl Intercept for Endpoint {
    fn name(&self) -> &'static str {
        "Endpoint"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.get_or_init(|| {
            let url = context.request().uri();
            let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
            let host = rest.split('/').next().unwrap_or_default();
            let endpoint = format!("{scheme}://{host}");
            info!(endpoint, "Step Functions is called there");
            endpoint
        });
        Ok(())
    }
}
