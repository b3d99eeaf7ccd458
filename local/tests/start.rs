//! The start page, over HTTP, in front of an API of this test's own.

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use local::documents::Documents;
use local::services::{Bus, Inbox, Services, Start};
use local::workspace_root;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Answers with what it was asked.
async fn api() -> String {
    let echo = async |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
        let authorization = headers
            .get("authorization")
            .map(|value| value.to_str().ok());
        let answer = json!({
            "method": method.as_str(),
            "uri": uri.to_string(),
            "authorization": authorization,
            "body": String::from_utf8_lossy(&body),
        });
        let headers = [("content-type", "application/json"), ("etag", "\"7\"")];
        (axum::http::StatusCode::CREATED, headers, answer.to_string())
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(echo)).await });
    format!("http://{address}")
}

async fn services(api: String) -> Services {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let start = Start {
        named: "http://localhost:8025".to_owned(),
        pages: "http://localhost:9000".to_owned(),
        api,
        table: "http://127.0.0.1:8000".to_owned(),
        admin: "<admin>@example.com".to_owned(),
        root: workspace_root(),
    };
    let (inbox, bus) = (Inbox::in_memory(), Bus::in_memory());
    let services = Services::serve_with_start(listener, inbox, bus, Documents::in_memory(), start);
    services.expect("services")
}

async fn get(services: &Services, path: &str) -> Response {
    let url = format!("{}{path}", services.endpoint());
    reqwest::get(url).await.expect("an answer")
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

#[tokio::test]
async fn the_page_tells_what_runs_and_needs_nothing_from_elsewhere() {
    let services = services("http://127.0.0.1:9000".to_owned()).await;
    let page = get(&services, "/").await;
    let policy = header(&page, "content-security-policy").to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(
        !policy.contains("unsafe") && !policy.contains("http"),
        "{policy}"
    );
    let page = page.text().await.expect("text");
    for told in [
        "http://127.0.0.1:9000",
        "http://localhost:9000",
        "http://127.0.0.1:8000",
        "http://localhost:8025",
        "&lt;admin&gt;@example.com",
    ] {
        assert!(page.contains(&format!("<code>{told}</code>")), "{told}");
    }
    let (mut followed, mut pages) = (0, Vec::new());
    for attribute in ["src=\"", "href=\""] {
        for rest in page.split(attribute).skip(1) {
            let link = rest.split(['"', '#']).next().unwrap_or_default();
            if let Some(path) = link.strip_prefix("http://localhost:9000") {
                pages.push(path.to_owned());
                continue;
            }
            assert!(link.starts_with('/'), "{link}");
            assert_eq!(get(&services, link).await.status(), 200, "{link}");
            followed += 1;
        }
    }
    assert!(followed > 8, "{followed} links");
    assert_eq!(pages, ["/sign-up", "/sign-in", "/account"]);
}

#[tokio::test]
async fn what_the_page_calls_reaches_the_api_as_it_is_and_so_does_the_answer() {
    let services = services(api().await).await;
    let request = Client::new()
        .post(format!("{}/v1/auth/register?a=b%20c", services.endpoint()))
        .header("authorization", "Bearer x")
        .body("{\"email\":\"ada@example.com\"}");
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 201);
    assert_eq!(header(&answer, "etag"), "\"7\"");
    assert_eq!(header(&answer, "access-control-allow-origin"), "");
    let answer: Value = answer.json().await.expect("JSON");
    let expected = json!({
        "method": "POST",
        "uri": "/v1/auth/register?a=b%20c",
        "authorization": "Bearer x",
        "body": "{\"email\":\"ada@example.com\"}",
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn an_api_that_is_not_there_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let nobody = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let services = services(nobody.clone()).await;
    let answer = get(&services, "/v1/users/me").await;
    assert_eq!(answer.status(), 502);
    let text = answer.text().await.expect("text");
    assert_eq!(text, format!("{nobody} does not answer."));
}

#[tokio::test]
async fn the_inbox_and_the_services_are_where_they_were() {
    let services = services("http://127.0.0.1:9000".to_owned()).await;
    let page = get(&services, "/").await.text().await.expect("text");
    assert!(page.contains("<iframe title=\"Inbox\" src=\"/inbox\">"));
    let inbox = get(&services, "/inbox").await.text().await.expect("text");
    assert!(inbox.contains("No letters yet."));
    let refused = Client::new().post(services.endpoint()).send().await;
    let refused = refused.expect("an answer");
    assert_eq!(
        header(&refused, "x-amzn-errortype"),
        "UnknownOperationException"
    );
}

#[tokio::test]
async fn no_file_is_shown_but_the_documents_of_the_page() {
    let services = services("http://127.0.0.1:9000".to_owned()).await;
    assert!(workspace_root().join("Cargo.toml").exists());
    for path in [
        "/documents/Cargo.toml",
        "/documents/docs/../Cargo.toml",
        "/documents/..%2FCargo.toml",
        "/documents//etc/passwd",
    ] {
        assert_eq!(get(&services, path).await.status(), 404, "{path}");
    }
}
