//! Where a sign-in may end, and what it begins with.

use harness::HttpRequest;
use harness::oauth::{CODE_CHALLENGE, CODE_VERIFIER};

use crate::bundle;

/// How redirects were talked past comparisons.
const TRICKS: [&str; 44] = [
    "",
    "/",
    "//localhost:3000/signed-in",
    "/signed-in",
    "signed-in",
    "http://localhost:3000/signed-in/",
    "http://localhost:3000/signed-in?x=1",
    "http://localhost:3000/signed-in#x",
    "http://localhost:3000/signed-in%23x",
    "http://localhost:3000/signed-in%00",
    "http://localhost:3000/signed-in%20",
    " http://localhost:3000/signed-in",
    "http://localhost:3000/signed-in ",
    "http://localhost:3000/Signed-In",
    "http://LOCALHOST:3000/signed-in",
    "HTTP://localhost:3000/signed-in",
    "https://localhost:3000/signed-in",
    "http://localhost:3001/signed-in",
    "http://localhost/signed-in",
    "http://localhost:3000.evil.example/signed-in",
    "http://localhost:3000@evil.example/signed-in",
    "http://evil.example@localhost:3000/signed-in",
    "http://localhost:3000:80/signed-in",
    "http://127.0.0.1:3000/signed-in",
    "http://[::1]:3000/signed-in",
    "http://localhost.:3000/signed-in",
    "http://sub.localhost:3000/signed-in",
    "http:\\\\localhost:3000\\signed-in",
    "http:/localhost:3000/signed-in",
    "http:localhost:3000/signed-in",
    "http://localhost:3000\\@evil.example/signed-in",
    "http://localhost:3000//signed-in",
    "http://localhost:3000/./signed-in",
    "http://localhost:3000/x/../signed-in",
    "http://localhost:3000/signed-in/../x",
    "http://localhost:3000/%73igned-in",
    "http://localhost:3000/signed-in;x",
    "http://localhost:3000",
    "http://localhost:3000/",
    "https://evil.example/http://localhost:3000/signed-in",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://localhost:3000/signed-in\r\nset-cookie: a=b",
    "http://localhost:3000/signed-in http://evil.example",
];

#[tokio::test]
async fn bug_98_a_sign_in_ends_where_the_operator_says_exactly() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    for trick in TRICKS {
        let request = start_with(trick, CODE_CHALLENGE);
        let answer = bundle.send(&request).await;
        assert_eq!(answer.status, 400, "{trick:?}");
        assert_eq!(answer.header("location"), "", "{trick:?}");
        assert!(answer.cookies.is_empty(), "{trick:?}");
    }
    let _ = bundle
        .send(&start_with(
            "http://localhost:3000/signed-in",
            CODE_CHALLENGE,
        ))
        .await
        .expect_status(303);
}

/// The page that goes on with a sign-in on the pages, and what looks like it.
const PAGE: &str = "http://127.0.0.1:9000/sign-in/signed-in";
const LOOK_ALIKES: [&str; 14] = [
    "http://127.0.0.1:9000/sign-in/signed-in/",
    "http://127.0.0.1:9000/sign-in/signed-in?next=/",
    "http://127.0.0.1:9000/sign-in/signed-in#x",
    "http://127.0.0.1:9000//sign-in/signed-in",
    "http://127.0.0.1:9000/sign-in",
    "http://127.0.0.1:9000/",
    "http://127.0.0.1:9000",
    "http://127.0.0.1/sign-in/signed-in",
    "http://127.0.0.1:9001/sign-in/signed-in",
    "http://localhost:9000/sign-in/signed-in",
    "https://127.0.0.1:9000/sign-in/signed-in",
    "http://127.0.0.1:9000.evil.example/sign-in/signed-in",
    "http://127.0.0.1:9000@evil.example/sign-in/signed-in",
    "/sign-in/signed-in",
];

#[tokio::test]
async fn a_sign_in_on_the_pages_ends_there_and_only_where_there_are_pages() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    for (pages, status) in [("on", 303), ("off", 400)] {
        let start = bundle.spawn_with("start-oauth", "PAGES", pages).await;
        let asked = start_with(PAGE, CODE_CHALLENGE);
        let answer = bundle.send_to(&start, &asked).await;
        assert_eq!(answer.status, status, "{pages}");
        for url in LOOK_ALIKES {
            let asked = start_with(url, CODE_CHALLENGE);
            let answer = bundle.send_to(&start, &asked).await;
            assert_eq!(answer.status, 400, "{pages}, {url}");
        }
        // The application's own is as good as ever.
        let asked = start_with("http://localhost:3000/signed-in", CODE_CHALLENGE);
        let _ = bundle.send_to(&start, &asked).await.expect_status(303);
    }
}

#[tokio::test]
async fn without_a_challenge_nothing_begins() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    for challenge in ["", "plain", CODE_VERIFIER.get(1..).unwrap_or_default()] {
        let request = start_with("http://localhost:3000/signed-in", challenge);
        let answer = bundle.send(&request).await.expect_status(400);
        assert_eq!(answer.field_codes()[0].0, "codeChallenge", "{challenge:?}");
    }
    let unknown = start_with("http://localhost:3000/signed-in", CODE_CHALLENGE);
    let unknown = HttpRequest {
        path: "/v1/auth/oauth/none/start".to_owned(),
        ..unknown
    };
    let answer = bundle.send(&unknown).await.expect_status(404);
    assert_eq!(answer.code(), "provider_not_found");
}

fn start_with(redirect_to: &str, challenge: &str) -> HttpRequest {
    let encoded = redirect_to
        .bytes()
        .fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
    let query = format!("redirectTo={encoded}&codeChallenge={challenge}");
    HttpRequest::new("GET", &format!("/v1/auth/oauth/local/start?{query}"))
}
