//! The AWS SDK, set up to start fast and to fail fast.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{Region, SdkConfig};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use tokio::sync::OnceCell;

use crate::config::{self, ConfigError};

/// Amazon Root CA 1 to 4 and Starfield Services Root CA G2: the anchors of every AWS endpoint
/// (<https://www.amazontrust.com/repository/>). Reading the system's store instead opens some 300
/// files at init.
const AMAZON_ROOTS: &str = include_str!("amazon_roots.pem");

/// Longest wait for one attempt of a call, and for a call with all its attempts. A function has ten
/// seconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(3);
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);

/// SDK settings for this environment: Lambda's credentials and region, Amazon's own certificate roots. The same for
/// all clients, which share connections and what was made for TLS.
///
/// # Errors
/// [`ConfigError`] when the region is missing, or `TRUST_SYSTEM_ROOTS` is neither true nor false.
pub async fn sdk_config() -> Result<SdkConfig, ConfigError> {
    static SHARED: OnceCell<SdkConfig> = OnceCell::const_new();
    SHARED.get_or_try_init(load).await.cloned()
}

async fn load() -> Result<SdkConfig, ConfigError> {
    let region = config::required(config::AWS_REGION)?;
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    Ok(aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .http_client(http_client()?)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .load()
        .await)
}

/// One connector for every call: connect and read timeouts in the settings of a client or an operation do not reach it.
fn http_client() -> Result<SharedHttpClient, ConfigError> {
    let roots = match config::optional(config::TRUST_SYSTEM_ROOTS).as_deref() {
        Some("true") => TrustStore::default(),
        None | Some("false") => TrustStore::empty().with_pem_certificate(AMAZON_ROOTS),
        Some(_) => {
            return Err(ConfigError::invalid(
                config::TRUST_SYSTEM_ROOTS,
                "it must be true or false",
            ));
        }
    };
    let tls = TlsContext::builder()
        .with_trust_store(roots)
        .build()
        .map_err(|error| ConfigError::invalid(config::TRUST_SYSTEM_ROOTS, error.to_string()))?;
    // The SDK's own builder makes a connector to validate its settings, and another one for the first call.
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(tls)
        .build();
    let connector = SharedHttpConnector::new(connector);
    Ok(http_client_fn(move |_, _| connector.clone()))
}

/// An error and its causes, each by its message. Never by its `Debug` form: the SDK's holds the bytes of
/// the answer, which can be an item with a hash in it.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::Credentials;

    use super::*;

    #[tokio::test]
    async fn a_server_that_never_speaks_tls_is_given_up_while_connecting() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        // No timeout but the connector's.
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("a", "b", None, None, "test"))
            .endpoint_url(format!("https://{address}"))
            .http_client(http_client().expect("a client"))
            .retry_config(RetryConfig::disabled())
            .build();
        let call = aws_sdk_dynamodb::Client::from_conf(config).list_tables();
        let ended = tokio::time::timeout(CONNECT_TIMEOUT * 6, call.send()).await;
        let error = ended.expect("it is given up").expect_err("nobody answers");
        assert!(causes(&error).contains("timed out"), "{}", causes(&error));
    }

    #[test]
    fn the_trust_store_holds_amazons_five_roots_and_nothing_else() {
        assert_eq!(AMAZON_ROOTS.matches("BEGIN CERTIFICATE").count(), 5);
        assert!(http_client().is_ok());
    }
}
