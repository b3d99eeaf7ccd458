//! The loop around a handler: checks before, headers after, and nothing that one request does ends the
//! environment.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_http::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE, STRICT_TRANSPORT_SECURITY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Method};
use lambda_http::request::LambdaRequest;
use lambda_http::{Body, Context, Error, LambdaEvent, Request, RequestExt, service_fn};
use serde_json::value::RawValue;

use super::ApiResult;
use super::conditional::evaluated;
use super::error::{Accepted, ApiError};
use super::error_code::ErrorCode;
use super::query::reject_unknown_parameters;
use super::reply::{self, Reply};
use crate::clock;
use crate::telemetry::{self, Work};

/// Largest body looked at. Everything the API takes is far below.
const MAX_BODY_BYTES: usize = 16 * 1024;
/// What the template allows one invocation.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Time kept back from Lambda's deadline, to answer 503 rather than be killed without an answer.
const DEADLINE_RESERVE: Duration = Duration::from_secs(1);

/// Media types of a body, by method, as openapi.yaml lists them. A merge patch (RFC 7396) is what PATCH takes either way.
const BODY_TYPES: [&str; 1] = ["application/json"];
const FORM_TYPES: [&str; 1] = ["application/x-www-form-urlencoded"];
const PATCH_TYPES: [&str; 2] = ["application/merge-patch+json", "application/json"];

/// What is said of them where a body is refused.
static ACCEPTED: Accepted = (ACCEPT, "application/json");
static ACCEPTED_PATCH: Accepted = (
    HeaderName::from_static("accept-patch"),
    "application/merge-patch+json, application/json",
);
static ACCEPTED_FORM: Accepted = (ACCEPT, "application/x-www-form-urlencoded");
static ACCEPTED_CODING: Accepted = (ACCEPT_ENCODING, "identity");

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// An endpoint, by what it takes of a request.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// The query parameters it knows; `None` where the handler looks at them itself.
    parameters: Option<&'static [&'static str]>,
    /// Whether its body is a form, as browsers send one.
    takes_form: bool,
}

/// An endpoint that takes these query parameters. Others are refused: a misspelt filter must not pass as none.
#[must_use]
pub const fn taking(parameters: &'static [&'static str]) -> Endpoint {
    Endpoint {
        parameters: Some(parameters),
        takes_form: false,
    }
}

/// An endpoint whose handler looks at the query parameters itself, with [`Fields::of_query`](super::Fields::of_query)
/// as a rule, or that is the same whatever they are.
#[must_use]
pub const fn taking_any() -> Endpoint {
    Endpoint {
        parameters: None,
        takes_form: false,
    }
}

/// Serves requests without query parameters with `handler` until Lambda ends the environment.
///
/// # Errors
/// When Lambda's runtime API cannot be reached.
pub async fn serve<F>(handler: impl Fn(Request) -> F) -> Result<(), Error>
where
    F: Future<Output = ApiResult>,
{
    taking(&[]).serve(handler).await
}

impl Endpoint {
    /// The same with a form as the body of its `POST`, in place of JSON: [`Parameters`](super::Parameters) reads it.
    #[must_use]
    pub const fn form(self) -> Self {
        Self {
            takes_form: true,
            ..self
        }
    }

    /// Serves requests with `handler` until Lambda ends the environment.
    ///
    /// # Errors
    /// When Lambda's runtime API cannot be reached.
    pub async fn serve<F>(self, handler: impl Fn(Request) -> F) -> Result<(), Error>
    where
        F: Future<Output = ApiResult>,
    {
        let handler = &handler;
        lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
            Ok::<_, Error>(answer(self, handler, event).await)
        }))
        .await
    }

    fn check_parameters(self, request: &Request) -> Result<(), ApiError> {
        self.parameters
            .map_or(Ok(()), |known| reject_unknown_parameters(request, known))
    }
}

async fn answer<F>(
    endpoint: Endpoint,
    handler: impl Fn(Request) -> F,
    event: LambdaEvent<Box<RawValue>>,
) -> ApiGatewayV2httpResponse
where
    F: Future<Output = ApiResult>,
{
    let work = Work::start();
    let request_id = event.context.request_id.clone();
    let context = event.context.clone();

    let mut method = Method::GET;
    let mut request_headers = HeaderMap::new();
    let result = match admit(endpoint, event, &mut method) {
        Err(error) => Err(error),
        Ok(request) => {
            request_headers = request.headers().clone();
            match endpoint.check_parameters(&request) {
                Err(error) => Err(error),
                Ok(()) => guarded(&context, Box::pin(handler(request))).await,
            }
        }
    };
    let result = match method {
        Method::GET | Method::HEAD => result.and_then(|reply| evaluated(reply, &request_headers)),
        _ => result,
    };

    let code = result
        .as_ref()
        .map_or_else(|error| error.code().code(), |_| "ok");
    if let Err(Some(cause)) = result.as_ref().map_err(ApiError::cause) {
        tracing::error!(code, cause = %cause, "request failed");
    }
    let exceeded = result.as_ref().err().and_then(ApiError::exceeded);
    let limit = exceeded.map(|exceeded| exceeded.rule.name());
    let mut reply = result.unwrap_or_else(|error| problem(&error, &request_id));
    if method == Method::HEAD {
        reply.body = Body::Empty;
    }
    add_common_headers(&mut reply.headers, &request_id);

    let (password_hashes, store_calls) = work.done();
    let (total, own) = work.times();
    let account = telemetry::take_account().map(tracing::field::display);
    tracing::info!(
        %method,
        status = reply.status.as_u16(),
        code,
        account,
        limit,
        password_hashes,
        store_calls,
        micros = total.as_micros(),
        own_micros = own.as_micros(),
        "request"
    );
    into_event_response(reply)
}

/// Runs a handler until it is done, it panics, or Lambda's deadline comes near. Boxed, because its future
/// holds whole SDK calls.
pub(crate) async fn guarded<T>(
    context: &Context,
    handler: Pin<Box<impl Future<Output = Result<T, ApiError>>>>,
) -> Result<T, ApiError> {
    let handled = AssertUnwindSafe(handler).catch_unwind();
    match tokio::time::timeout(time_left(context), handled).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(ApiError::caused_by(
            ErrorCode::Internal,
            "a handler panicked",
        )),
        Err(_) => Err(ApiError::caused_by(
            ErrorCode::Unavailable,
            "the deadline was reached",
        )),
    }
}

/// Turns the event into a request, if it is one that can be served. Its method is set either way, if it has one.
fn admit(
    endpoint: Endpoint,
    event: LambdaEvent<Box<RawValue>>,
    method: &mut Method,
) -> Result<Request, ApiError> {
    let unreadable = || ApiError::from(ErrorCode::MalformedRequest);
    let parsed: ApiGatewayV2httpRequest =
        serde_json::from_str(event.payload.get()).map_err(|_| unreadable())?;
    parsed.request_context.http.method.clone_into(method);
    check_body(endpoint, &parsed)?;
    // lambda_http panics on some events that API Gateway never makes; on a parameter without a value, when it is read.
    let request = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let request = Request::from(LambdaRequest::ApiGatewayV2(parsed));
        let _ = (request.query_string_parameters_ref()).map(|parameters| parameters.iter().count());
        request
    }));
    let request = request.map_err(|_| unreadable())?;
    Ok(request.with_lambda_context(event.context))
}

/// Checks a body without decoding it: size first, then the base64 flag, then what it is declared to be.
fn check_body(endpoint: Endpoint, request: &ApiGatewayV2httpRequest) -> Result<(), ApiError> {
    let Some(text) = request.body.as_deref().filter(|body| !body.is_empty()) else {
        return Ok(());
    };
    let largest = if request.is_base64_encoded {
        MAX_BODY_BYTES.div_ceil(3) * 4
    } else {
        MAX_BODY_BYTES
    };
    if text.len() > largest {
        return Err(ErrorCode::BodyTooLarge.into());
    }
    if request.is_base64_encoded {
        let decoded = STANDARD
            .decode(text)
            .map_err(|_| ErrorCode::MalformedRequest)?;
        if decoded.len() > MAX_BODY_BYTES {
            return Err(ErrorCode::BodyTooLarge.into());
        }
    }
    check_type(
        endpoint,
        &request.request_context.http.method,
        &request.headers,
    )
}

/// Checks that a body is of a type that requests with this method take, and as it is (RFC 9110 §15.5.16).
fn check_type(endpoint: Endpoint, method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    let (types, accepted) = if endpoint.takes_form && method == Method::POST {
        (&FORM_TYPES[..], &ACCEPTED_FORM)
    } else if method == Method::PATCH {
        (&PATCH_TYPES[..], &ACCEPTED_PATCH)
    } else {
        (&BODY_TYPES[..], &ACCEPTED)
    };
    if !declares_one_of(types, headers) {
        return Err(ApiError::unsupported(accepted));
    }
    // A list, whose empty elements count for nothing (§5.6.1.2).
    let lines = headers.get_all(CONTENT_ENCODING).iter();
    let mut codings = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let is_identity = |coding: &[u8]| {
        let coding = coding.trim_ascii();
        coding.is_empty() || coding.eq_ignore_ascii_case(b"identity")
    };
    if codings.all(is_identity) {
        return Ok(());
    }
    Err(ApiError::unsupported(&ACCEPTED_CODING))
}

/// Whether the one `Content-Type` is one of these; parameters say nothing.
fn declares_one_of(types: &[&str], headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let value = value.to_str().unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    types
        .iter()
        .any(|known| essence.eq_ignore_ascii_case(known))
}

/// What is left of Lambda's deadline. `cargo lambda watch` gives one that has long passed when it has
/// none: then the template's timeout counts.
fn time_left(context: &Context) -> Duration {
    context
        .deadline()
        .duration_since(SystemTime::now())
        .unwrap_or(TIMEOUT)
        .saturating_sub(DEADLINE_RESERVE)
}

fn problem(error: &ApiError, request_id: &str) -> Reply {
    let document = error.problem(request_id, clock::now());
    let mut reply = reply::json(error.code().status(), &document)
        .unwrap_or_else(|_| reply::no_content())
        .header(CONTENT_TYPE, "application/problem+json");
    if let Some(challenge) = error.challenge() {
        reply = reply.header(WWW_AUTHENTICATE, challenge);
    }
    if let Some(seconds) = error.retry_after() {
        reply = reply.header(RETRY_AFTER, &seconds.to_string());
    }
    if let Some((name, accepted)) = error.accepted() {
        reply = reply.header(name.clone(), accepted);
    }
    if let Some(exceeded) = error.exceeded() {
        reply = reply
            .header(RATELIMIT_POLICY, &exceeded.policy())
            .header(RATELIMIT, &exceeded.state());
    }
    reply
}

fn add_common_headers(headers: &mut HeaderMap, request_id: &str) {
    let fixed = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            STRICT_TRANSPORT_SECURITY,
            "max-age=63072000; includeSubDomains",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let otherwise = [
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in otherwise {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        headers.insert(X_REQUEST_ID, request_id);
    }
}

fn into_event_response(mut reply: Reply) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    // Headers come but once in a response of an HTTP API.
    let cookies = reply.headers.get_all(SET_COOKIE).iter();
    let cookies = cookies.filter_map(|cookie| cookie.to_str().ok().map(str::to_owned));
    response.cookies = cookies.collect();
    reply.headers.remove(SET_COOKIE);
    response.status_code = i64::from(reply.status.as_u16());
    response.headers = reply.headers;
    response.body = match reply.body {
        Body::Empty => None,
        body => Some(body),
    };
    response
}

#[cfg(test)]
#[path = "serve_tests.rs"]
mod tests;
