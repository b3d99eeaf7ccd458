//! Who asks: where from, with what, in which language.

use lambda_http::http::header::{ACCEPT_LANGUAGE, USER_AGENT};
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};

use super::body;
use crate::locale::Locale;
use crate::session::Client;

/// The network address a request came from, as API Gateway saw it. `X-Forwarded-For` is what a client
/// says and is not looked at.
#[must_use]
pub fn client_address(request: &Request) -> Option<String> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.clone(),
        _ => None,
    }
}

/// Where a request comes from, and the user agent it names.
#[must_use]
pub fn client(request: &Request) -> Client {
    let agent = request.headers().get(USER_AGENT);
    Client {
        address: client_address(request),
        user_agent: agent
            .and_then(|agent| agent.to_str().ok())
            .map(str::to_owned),
    }
}

/// The language a client asks for, if letters are written in it (RFC 9110 §12.5.4).
#[must_use]
pub fn accepted_locale(request: &Request) -> Option<Locale> {
    let lines = request.headers().get_all(ACCEPT_LANGUAGE).iter();
    let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
    Locale::negotiate(&lines.join(","))
}

/// The raw body, for endpoints whose body is optional.
#[must_use]
pub fn has_body(request: &Request) -> bool {
    !body::body_bytes(request.body()).is_empty()
}
