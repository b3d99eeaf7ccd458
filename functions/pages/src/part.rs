//! The operations of the JSON API that a page does: in process, with the same checks, limits and entries in the audit.

use std::collections::HashMap;

use lambda_http::http::Method;
use lambda_http::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderValue, IF_MATCH, USER_AGENT};
use lambda_http::{Body, RequestExt};
use latchkey::http::{ApiError, Bearer, ErrorCode, Operation, Reply, Request};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::visit::kept_locale;

/// An operation, made when it is first asked for: a page that only shows a form starts without it.
pub struct Part<O>(OnceCell<O>);

/// What a page asks an operation for.
pub struct Asked<'a> {
    method: Method,
    path: &'a [(&'static str, &'a str)],
    query: &'a [(&'static str, &'a str)],
    body: Option<Value>,
    bearer: Option<Bearer>,
    version: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// A `POST` of this body by nobody in particular.
    #[must_use]
    pub const fn post(body: Value) -> Self {
        Self {
            method: Method::POST,
            path: &[],
            query: &[],
            body: Some(body),
            bearer: None,
            version: None,
        }
    }

    /// A `GET` by nobody in particular.
    #[must_use]
    pub const fn get() -> Self {
        Self {
            method: Method::GET,
            path: &[],
            query: &[],
            body: None,
            bearer: None,
            version: None,
        }
    }

    /// By whoever is signed in, about their own account.
    #[must_use]
    pub fn by(self, bearer: Bearer) -> Self {
        Self {
            path: &[("id", "me")],
            bearer: Some(bearer),
            ..self
        }
    }

    /// With another method.
    #[must_use]
    pub fn method(self, method: Method) -> Self {
        Self { method, ..self }
    }

    /// With these parameters of its path.
    #[must_use]
    pub fn at(self, path: &'a [(&'static str, &'a str)]) -> Self {
        Self { path, ..self }
    }

    /// With these of its query.
    #[must_use]
    pub fn query(self, query: &'a [(&'static str, &'a str)]) -> Self {
        Self { query, ..self }
    }

    /// If it is still of this version.
    #[must_use]
    pub fn when(self, version: Option<&'a str>) -> Self {
        Self { version, ..self }
    }
}

impl<O: Operation> Default for Part<O> {
    fn default() -> Self {
        Self(OnceCell::new())
    }
}

impl<O: Operation> Part<O> {
    /// Does it for whoever sends `page`. What it answers is as the contract has it; `null` where that is nothing.
    ///
    /// # Errors
    /// What the operation refuses.
    pub async fn ask(&self, page: &Request, asked: Asked<'_>) -> Result<Value, ApiError> {
        Ok(self.reply(page, asked).await?.value())
    }

    /// The same, with the whole answer.
    ///
    /// # Errors
    /// What the operation refuses.
    pub async fn reply(&self, page: &Request, asked: Asked<'_>) -> Result<Reply, ApiError> {
        // Boxed: what an operation holds while it waits is not to be held by every page that has it.
        let operation = self.0.get_or_try_init(|| Box::pin(O::from_env())).await;
        let operation =
            operation.map_err(|error| ApiError::caused_by(ErrorCode::Internal, error))?;
        Box::pin(operation.answer(request(page, asked))).await
    }
}

/// The request that an application would send in place of the page: from the same address and browser.
fn request(page: &Request, asked: Asked<'_>) -> Request {
    let mut request = Request::new(match asked.body {
        Some(body) => Body::Text(body.to_string()),
        None => Body::Empty,
    });
    *request.method_mut() = asked.method;
    let headers = request.headers_mut();
    for name in [ACCEPT_LANGUAGE, USER_AGENT] {
        if let Some(value) = page.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
    // Letters are in the language that was chosen on a page.
    if let Some(locale) = kept_locale(page) {
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(locale.code()));
    }
    let version = asked.version.map(|version| format!("\"{version}\""));
    if let Some(version) = version.and_then(|version| version.parse().ok()) {
        headers.insert(IF_MATCH, version);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.extensions_mut() = page.extensions().clone();
    if let Some(bearer) = asked.bearer {
        request.extensions_mut().insert(bearer);
    }
    request
        .with_path_parameters(owned(asked.path))
        .with_query_string_parameters(owned(asked.query))
}

fn owned(parameters: &[(&str, &str)]) -> HashMap<String, Vec<String>> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), vec![(*value).to_owned()]);
    parameters.iter().map(owned).collect()
}
