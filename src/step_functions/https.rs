//! HTTPS as the SDK does it by default, but with ring's cryptography, which is a third of the size of the other one, with
//! onced's own choice of proxies, and with the authorities that AWS's tools trust.

use std::collections::BTreeMap;

use aws_sdk_sfn::config::SharedAsyncSleep;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::access::AccessError;
use super::access::proxies::Proxies;

/// The one that all of onced's requests are made with.
const TLS: Provider = Provider::Rustls(CryptoMode::Ring);

/// How servers are reached.
#[derive(Debug, Clone, Default)]
pub struct Https {
    proxies: Proxies,
    trust: Option<TrustStore>,
}

impl Https {
    /// By the proxies of the environment, trusting whom the system trusts.
    pub fn of(environment: &BTreeMap<String, String>) -> Result<Self, AccessError> {
        Ok(Self {
            proxies: Proxies::of(environment)?,
            trust: None,
        })
    }

    /// The same, trusting nobody else than these; `None`: whom the system trusts.
    #[must_use]
    pub(super) fn trusting(self, trust: Option<TrustStore>) -> Self {
        Self { trust, ..self }
    }

    /// What requests are made with. Connections are kept for the next ones.
    pub fn client(&self) -> SharedHttpClient {
        let Proxies { http, https, .. } = &self.proxies;
        if http.is_none() && https.is_none() {
            return self.through(None);
        }
        let through =
            |proxy: &Option<String>| proxy.as_deref().map(|proxy| self.through(Some(proxy)));
        SharedHttpClient::new(Choosing {
            proxies: self.proxies.clone(),
            direct: self.through(None),
            http: through(http),
            https: through(https),
        })
    }

    /// What one request to this server is made with.
    pub fn connector(&self, url: &http::Uri, settings: HttpConnectorSettings) -> Connector {
        let Proxies { http, https, .. } = &self.proxies;
        let of_scheme = if url.scheme_str() == Some("https") {
            https
        } else {
            http
        };
        let proxy = of_scheme.as_deref().filter(|_| self.proxies.are_for(url));
        self.way(proxy).connector(Some(settings), None)
    }

    fn through(&self, proxy: Option<&str>) -> SharedHttpClient {
        let way = self.way(proxy);
        Builder::new().build_with_connector_fn(move |settings, components| {
            let sleep = components.and_then(RuntimeComponents::sleep_impl);
            way.connector(settings.cloned(), sleep)
        })
    }

    fn way(&self, proxy: Option<&str>) -> Way {
        // It was looked at when it was read.
        let proxy = proxy.and_then(|proxy| ProxyConfig::all(proxy).ok());
        let trust = self.trust.clone().unwrap_or_default();
        let tls = TlsContext::builder().with_trust_store(trust).build();
        Way {
            proxy: proxy.unwrap_or_else(ProxyConfig::disabled),
            tls: tls.unwrap_or_default(),
        }
    }
}

/// One proxy or none, and whom to trust.
struct Way {
    proxy: ProxyConfig,
    tls: TlsContext,
}

impl Way {
    fn connector(
        &self,
        settings: Option<HttpConnectorSettings>,
        sleep: Option<SharedAsyncSleep>,
    ) -> Connector {
        let mut connector = ConnectorBuilder::default()
            .tls_provider(TLS)
            .tls_context(self.tls.clone())
            .proxy_config(self.proxy.clone());
        connector.set_connector_settings(settings);
        connector.set_sleep_impl(sleep);
        connector.build()
    }
}

/// A client for what goes through no proxy, and one for each scheme that has one.
#[derive(Debug)]
struct Choosing<T> {
    proxies: Proxies,
    direct: T,
    http: Option<T>,
    https: Option<T>,
}

impl HttpClient for Choosing<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let of = |client: &SharedHttpClient| client.http_connector(settings, components);
        SharedHttpConnector::new(Choosing {
            proxies: self.proxies.clone(),
            direct: of(&self.direct),
            http: self.http.as_ref().map(of),
            https: self.https.as_ref().map(of),
        })
    }
}

impl HttpConnector for Choosing<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let url = request.uri().parse::<http::Uri>();
        let proxied = url
            .ok()
            .filter(|url| self.proxies.are_for(url))
            .and_then(|url| match url.scheme_str() {
                Some("https") => self.https.as_ref(),
                _ => self.http.as_ref(),
            });
        proxied.unwrap_or(&self.direct).call(request)
    }
}
