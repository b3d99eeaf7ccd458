//! Faults of a provider: the browser comes back with an error, in time, and nothing is half done.

use std::time::{Duration, Instant};

use harness::oauth::sent_back;
use harness::requests::by;
use serde_json::json;

use crate::bundle;
use crate::peer::{Peer, Says};

#[tokio::test]
async fn whatever_a_provider_does_the_browser_comes_back_with_an_error() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let peer = Peer::start(&bundle, &admin, &json!({})).await;
    let loop_of_redirects = Says::Redirect(format!("{}/token", peer.issuer));
    let faults = [
        Says::Status(400, "{\"error\":\"invalid_grant\"}".to_owned()),
        Says::Status(401, String::new()),
        Says::Status(429, String::new()),
        Says::Status(500, "oops".to_owned()),
        Says::Status(200, "<html>".to_owned()),
        Says::Status(200, "{\"access_token\":".to_owned()),
        Says::Json(json!({})),
        Says::Json(json!({ "access_token": 7, "id_token": [] })),
        Says::Json(json!({ "access_token": "a" })),
        Says::Redirect("http://127.0.0.1:1/".to_owned()),
        loop_of_redirects,
        Says::Hangs,
        Says::Floods,
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        peer.says("/token", fault);
        let gone = bundle.go_to("peer").await;
        let began = Instant::now();
        let answer = bundle.send(&gone.come_back(&[("code", "c")])).await;
        let answer = answer.expect_status(303);
        assert_eq!(
            sent_back(&answer, "error"),
            "temporarily_unavailable",
            "{number}"
        );
        assert_eq!(
            sent_back(&answer, "error_description"),
            "provider_failed",
            "{number}"
        );
        assert!(
            began.elapsed() < Duration::from_secs(9),
            "{number}: {:?}",
            began.elapsed()
        );
    }
    assert!(bundle.items_of_type("identity").is_empty());
    assert_eq!(bundle.items_of_type("user").len(), 1, "the admin alone");
}

#[tokio::test]
async fn a_provider_that_cannot_be_found_begins_nothing() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let peer = Peer::start(&bundle, &admin, &json!({})).await;
    let path = format!(
        "/v1/auth/oauth/peer/start?redirectTo={}&codeChallenge={}",
        "http://localhost:3000/signed-in",
        harness::oauth::CODE_CHALLENGE
    );
    for fault in [
        Says::Status(500, String::new()),
        Says::Json(json!({})),
        Says::Hangs,
    ] {
        peer.says("/.well-known/openid-configuration", fault);
        let answer = bundle.send(&harness::HttpRequest::new("GET", &path)).await;
        let answer = answer.expect_status(502);
        assert_eq!(answer.code(), "provider_failed");
        assert!(answer.cookies.is_empty());
    }
    peer.says(
        "/.well-known/openid-configuration",
        Says::Json(peer.metadata()),
    );
    let gone = bundle.go_to("peer").await;
    let remove = by(&admin, "DELETE", "/v1/providers/peer");
    let _ = bundle.send(&remove).await.expect_status(204);
    let answer = bundle.send(&gone.come_back(&[("code", "c")])).await;
    let answer = answer.expect_status(303);
    assert_eq!(
        sent_back(&answer, "error_description"),
        "provider_not_found"
    );
}

/// What was asked for under other settings is not given to whoever the name belongs to now.
#[tokio::test]
async fn a_provider_that_is_changed_meanwhile_gets_no_code_of_the_one_before() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let peer = Peer::start(&bundle, &admin, &json!({})).await;
    let gone = bundle.go_to("peer").await;
    peer.gives(&peer.key.token("one", &peer.claims(&gone, "1")));
    let put = peer
        .put(&bundle, &admin, "peer", &json!({ "clientId": "other" }))
        .await;
    assert_eq!(put.status, 200);
    let answer = bundle.send(&gone.come_back(&[("code", "c")])).await;
    let answer = answer.expect_status(303);
    assert_eq!(
        sent_back(&answer, "error_description"),
        "provider_not_found"
    );
}
