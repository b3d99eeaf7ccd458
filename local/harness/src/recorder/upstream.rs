//! The engine behind the recorder.

use axum::http::StatusCode;
use serde_json::Value;

/// Where calls go on to.
pub(super) struct Upstream {
    url: String,
    client: reqwest::Client,
}

impl Upstream {
    pub(super) fn new(url: &str) -> Self {
        // Nothing here is encrypted: no certificates are read.
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
        let client = client.build().expect("a client");
        Self {
            url: url.to_owned(),
            client,
        }
    }

    /// Makes one call.
    pub(super) async fn send(&self, target: &str, request: &Value) -> (StatusCode, Vec<u8>) {
        let sent = self
            .client
            .post(&self.url)
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.0")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=0",
            )
            .header("x-amz-date", "20260101T000000Z")
            .body(request.to_string())
            .send()
            .await;
        match sent {
            Err(_) => (StatusCode::BAD_GATEWAY, Vec::new()),
            Ok(answer) => {
                let status = answer.status();
                let body = answer
                    .bytes()
                    .await
                    .map(|bytes| bytes.to_vec())
                    .unwrap_or_default();
                (status, body)
            }
        }
    }
}
