//! Codes, the tokens they are exchanged for, and the keys that sign them.

use local::services::{PROVIDER_CLIENT_ID, PROVIDER_CLIENT_SECRET};
use reqwest::{Client, Response};
use serde_json::Value;

use crate::scene::{
    CHALLENGE, REQUEST, authenticated, code, encoded, exchange, form, get, header, json_of, owned,
    post, redeem, services, tokens, userinfo, verified, with,
};

async fn refused(answer: Response, status: u16, error: &str) {
    assert_eq!(answer.status(), status, "{error}");
    assert_eq!(header(&answer, "cache-control"), "no-store");
    let challenge = header(&answer, "www-authenticate");
    assert_eq!(challenge.starts_with("Basic"), status == 401, "{challenge}");
    assert_eq!(json_of(answer).await["error"], error);
}

#[tokio::test]
async fn a_code_is_used_once_and_by_whom_it_is_for() {
    let services = services().await;
    for (name, value) in [
        ("code_verifier", CHALLENGE),
        ("redirect_uri", "http://localhost:3000/callback"),
        ("code", "unknown"),
    ] {
        let code = code(&services, &owned(&REQUEST)).await;
        let mut fields = authenticated(exchange(&code));
        fields.retain(|(other, _)| other != name);
        fields.extend(owned(&[(name, value)]));
        let answer = post(&services, "/token", &fields).await;
        refused(answer, 400, "invalid_grant").await;
    }
    let code = code(&services, &owned(&REQUEST)).await;
    let tokens = json_of(redeem(&services, &code).await).await;
    refused(redeem(&services, &code).await, 400, "invalid_grant").await;
    let token = tokens["access_token"].as_str().expect("a token");
    let info = userinfo(&services, &format!("Bearer {token}")).await;
    assert_eq!(info.status(), 401, "what a code gave that came twice");
}

#[tokio::test]
async fn the_client_shows_its_secret() {
    let services = services().await;
    let code = code(&services, &owned(&REQUEST)).await;
    let mut wrong = exchange(&code);
    wrong.extend(owned(&[
        ("client_id", PROVIDER_CLIENT_ID),
        ("client_secret", "wrong"),
    ]));
    for fields in [wrong, exchange(&code)] {
        let answer = post(&services, "/token", &fields).await;
        refused(answer, 401, "invalid_client").await;
    }
    let basic = |id: &str, secret: &str| {
        let request = form(&services, "/token", &exchange(&code));
        request.basic_auth(id, Some(secret)).send()
    };
    for (id, secret) in [
        (PROVIDER_CLIENT_ID, "wrong"),
        ("another", PROVIDER_CLIENT_SECRET),
    ] {
        let answer = basic(id, secret).await.expect("an answer");
        refused(answer, 401, "invalid_client").await;
    }
    let both = form(&services, "/token", &authenticated(exchange(&code)));
    let both = both.basic_auth(PROVIDER_CLIENT_ID, Some(PROVIDER_CLIENT_SECRET));
    let both = both.send().await.expect("an answer");
    refused(both, 400, "invalid_request").await;
    // Each part is encoded as in a form.
    let encoded = PROVIDER_CLIENT_SECRET.replace('-', "%2D");
    let answer = basic(PROVIDER_CLIENT_ID, &encoded).await;
    assert_eq!(answer.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_token_request_that_is_wrong_is_told() {
    let services = services().await;
    let code = code(&services, &owned(&REQUEST)).await;
    let whole = authenticated(exchange(&code));
    for name in ["grant_type", "code", "redirect_uri", "code_verifier"] {
        let mut fields = whole.clone();
        fields.retain(|(other, _)| other != name);
        let answer = post(&services, "/token", &fields).await;
        refused(answer, 400, "invalid_request").await;
    }
    let mut other = whole.clone();
    other[0].1 = "refresh_token".to_owned();
    let answer = post(&services, "/token", &other).await;
    refused(answer, 400, "unsupported_grant_type").await;
    let untyped = Client::new().post(format!("{}/token", services.provider().issuer()));
    let untyped = untyped.body(encoded(&whole)).send().await;
    refused(untyped.expect("an answer"), 400, "invalid_request").await;
    assert_eq!(redeem(&services, &code).await.status(), 200, "still open");
}

#[tokio::test]
async fn userinfo_asks_for_an_access_token() {
    let services = services().await;
    for (authorization, challenge) in [
        ("", "Bearer"),
        ("Basic a", "Bearer"),
        ("Bearer a", "Bearer error=\"invalid_token\""),
    ] {
        let answer = userinfo(&services, authorization).await;
        assert_eq!(answer.status(), 401, "{authorization}");
        assert_eq!(header(&answer, "www-authenticate"), challenge);
    }
}

#[tokio::test]
async fn keys_change_and_the_old_ones_stay_if_asked() {
    let services = services().await;
    let first = tokens(&services).await["id_token"].clone();
    let rotate = |keeps_old| services.provider().rotate(keeps_old).expect("a key");
    rotate(true);
    let second = tokens(&services).await["id_token"].clone();
    assert!(verified(&services, &first).await.is_some());
    assert!(verified(&services, &second).await.is_some());
    rotate(false);
    let third = tokens(&services).await["id_token"].clone();
    assert!(verified(&services, &first).await.is_none());
    assert!(verified(&services, &second).await.is_none());
    assert!(verified(&services, &third).await.is_some());
    let keys = get(&services, "/jwks").await;
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn somebody_is_told_by_their_address_and_only_what_the_scopes_name() {
    let services = services().await;
    let code = code(&services, &with("scope", "openid")).await;
    let bare = json_of(redeem(&services, &code).await).await;
    let bare = verified(&services, &bare["id_token"]).await;
    let whole = tokens(&services).await;
    let whole = verified(&services, &whole["id_token"]).await;
    let (bare, whole) = (bare.expect("claims"), whole.expect("claims"));
    assert_eq!(bare["sub"], whole["sub"]);
    for name in ["email", "email_verified", "name", "locale"] {
        assert_eq!(bare[name], Value::Null, "{name}");
        assert_ne!(whole[name], Value::Null, "{name}");
    }
}
