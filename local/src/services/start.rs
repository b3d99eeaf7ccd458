//! The start page of `cargo local`: the way to the pages, the inbox, what runs, a form for the API, and what to read. Its script calls the API
//! through the same origin, so that the API answers no other one.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

use reqwest::redirect::Policy;

use super::page::escape;
use crate::Error;

const PAGE: &str = include_str!("start/page.html");
const SCRIPT: &str = include_str!("start/page.js");
const STYLE: &str = include_str!("start/page.css");

/// Nothing from elsewhere, and nothing that stands in the page itself.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The documents that the page leads to.
const DOCUMENTS: [&str; 7] = [
    "README.md",
    "openapi.yaml",
    "docs/administer.md",
    "docs/endpoints.md",
    "docs/letters.md",
    "docs/limits.md",
    "docs/pages.md",
];
/// The headers that go from one connection to the next and no further (RFC 9110 §7.6.1), and what each sets itself.
const OF_CONNECTION: [header::HeaderName; 6] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
/// API Gateway takes bodies of 10 MB.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// What the start page tells of.
pub struct Start {
    /// Base URL of the API.
    pub api: String,
    /// The same by the name of its host: where the pages are.
    pub pages: String,
    /// Base URL of the table's engine.
    pub table: String,
    /// Address of the first admin.
    pub admin: String,
    /// URL of the page itself, by the name of its host.
    pub named: String,
    /// Where the documents are.
    pub root: PathBuf,
}

struct Page {
    start: Start,
    client: reqwest::Client,
}

/// The routes of the page and of what it calls.
pub(super) fn router<S: Clone + Send + Sync + 'static>(start: Start) -> Result<Router<S>, Error> {
    // Nothing here is encrypted: no certificates are read.
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    let client = client.redirect(Policy::none()).build()?;
    let router = Router::new()
        .route("/", get(page))
        .route("/start.js", get(async || typed("text/javascript", SCRIPT)))
        .route("/start.css", get(async || typed("text/css", STYLE)))
        .route("/documents/{*name}", get(document))
        .route("/v1/{*path}", any(forward))
        .with_state(Arc::new(Page { start, client }));
    Ok(router)
}

async fn page(State(page): State<Arc<Page>>) -> Response {
    let Start {
        api,
        pages,
        table,
        admin,
        named,
        ..
    } = &page.start;
    let places = [
        ("{api}", api),
        ("{pages}", pages),
        ("{table}", table),
        ("{admin}", admin),
        ("{named}", named),
    ];
    let html = places.iter().fold(PAGE.to_owned(), |html, (place, value)| {
        html.replace(place, &escape(value))
    });
    typed("text/html", html)
}

/// `GET /documents/{name}`: one of the documents, as text.
async fn document(State(page): State<Arc<Page>>, Path(name): Path<String>) -> Response {
    if !DOCUMENTS.contains(&name.as_str()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match std::fs::read_to_string(page.start.root.join(&name)) {
        Ok(text) => typed("text/plain", text),
        Err(error) => (StatusCode::NOT_FOUND, format!("{name}: {error}")).into_response(),
    }
}

/// A call of the API, sent on to it as it is.
async fn forward(State(page): State<Arc<Page>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let sent = page
        .client
        .request(head.method, format!("{}{path}", page.start.api))
        .headers(end_to_end(&head.headers))
        .body(body)
        .send();
    let Ok(answer) = sent.await else {
        let message = format!("{} does not answer.", page.start.api);
        return (StatusCode::BAD_GATEWAY, message).into_response();
    };
    let (status, headers) = (answer.status(), end_to_end(answer.headers()));
    match answer.bytes().await {
        Ok(body) => (status, headers, Body::from(body)).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in OF_CONNECTION {
        headers.remove(name);
    }
    headers
}

fn typed(kind: &str, text: impl Into<Body>) -> Response {
    let headers = [
        ("content-type", format!("{kind}; charset=utf-8")),
        ("content-security-policy", POLICY.to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("referrer-policy", "no-referrer".to_owned()),
        ("cache-control", "no-store".to_owned()),
    ];
    (headers, text.into()).into_response()
}
