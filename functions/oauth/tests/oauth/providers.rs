//! Setting up providers.

use harness::HttpRequest;
use harness::oauth::sent_back;
use harness::requests::by;
use serde_json::{Value, json};

use crate::bundle;
use crate::peer::{Key, Peer, Says};

#[tokio::test]
async fn an_admin_sets_up_changes_and_removes_a_provider() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let made = bundle
        .put_provider(&admin, &json!({}))
        .await
        .expect_status(201);
    assert_eq!(made.body["hasSecret"], true);
    assert_eq!(
        made.text_at("/callbackUrl"),
        "http://127.0.0.1:9000/v1/auth/oauth/local/callback"
    );
    assert!(
        !made.text.contains("not-a-secret"),
        "a secret is never shown again"
    );
    let changed = json!({ "title": "Ours", "clientSecret": null, "emailTrust": "linking" });
    let changed = bundle
        .put_provider(&admin, &changed)
        .await
        .expect_status(200);
    assert_eq!(changed.body["hasSecret"], true, "it stays");
    assert_eq!(changed.body["version"], 2);
    let other_client = json!({ "clientSecret": null, "clientId": "another" });
    let other = bundle
        .put_provider(&admin, &other_client)
        .await
        .expect_status(200);
    assert_eq!(
        other.body["hasSecret"], false,
        "it is the secret of who it was given to"
    );

    let listed = bundle
        .send_as(&admin, "GET", "/v1/providers")
        .await
        .expect_status(200);
    assert_eq!(listed.body["data"][0]["title"], "Local");
    let public = bundle
        .send(&HttpRequest::new("GET", "/v1/auth/oauth"))
        .await;
    let public = public.expect_status(200);
    let shown = json!({ "name": "local", "preset": "oidc", "title": "Local" });
    assert_eq!(
        public.body["data"],
        json!([shown]),
        "names, titles, and nothing else"
    );

    let removed = by(&admin, "DELETE", "/v1/providers/local");
    let _ = bundle.send(&removed).await.expect_status(204);
    let again = bundle.send(&removed).await.expect_status(404);
    assert_eq!(again.code(), "provider_not_found");
    let public = bundle
        .send(&HttpRequest::new("GET", "/v1/auth/oauth"))
        .await;
    assert_eq!(public.body["data"], json!([]));
    let left = bundle.items_of_type("provider");
    assert!(left.iter().all(|item| item.get("sealed_secret").is_none()));
    let back = bundle
        .put_provider(&admin, &json!({}))
        .await
        .expect_status(201);
    assert_eq!(back.body["version"], 1);
}

#[tokio::test]
async fn only_an_admin_who_has_just_proved_it_sets_up_providers() {
    let bundle = bundle().await;
    for role in ["user", "moderator"] {
        let account = bundle.account_with_role(role).await;
        let answer = bundle
            .put_provider(&account, &json!({}))
            .await
            .expect_status(403);
        assert_eq!(answer.code(), "forbidden", "{role}");
        for (method, path) in [("GET", "/v1/providers"), ("DELETE", "/v1/providers/local")] {
            let answer = bundle
                .send_as(&account, method, path)
                .await
                .expect_status(403);
            assert_eq!(answer.code(), "forbidden", "{role} {method}");
        }
    }
    let admin = bundle.account_with_role("admin").await;
    let long_ago = json!({ "N": "1000000000000" });
    bundle.edit_type("session", "created_at", &long_ago);
    for mut session in bundle.items_of_type("session") {
        session.as_object_mut().expect("an item").remove("proved");
        bundle.put(&session);
    }
    let answer = bundle
        .put_provider(&admin, &json!({}))
        .await
        .expect_status(403);
    assert_eq!(answer.code(), "reauthentication_required");
}

#[tokio::test]
async fn what_is_wrong_with_a_provider_is_told_to_who_sets_it_up() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let put = async |body: Value| {
        let request = by(&admin, "PUT", "/v1/providers/x").json(&body);
        let answer = bundle.send(&request).await.expect_status(400);
        let codes = answer.field_codes().into_iter();
        codes
            .map(|(field, code)| format!("{field} {code}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let peer = Peer::serve(Key::ec()).await;
    let url = |path: &str| format!("{}{path}", peer.issuer);
    for (body, expected) in [
        (json!({}), "preset required, clientId required"),
        (
            json!({ "preset": "nope", "clientId": "a" }),
            "preset invalid_value",
        ),
        (
            json!({ "preset": "oidc", "clientId": "a" }),
            "issuer required",
        ),
        (
            json!({ "preset": "google", "clientId": "a", "issuer": url("") }),
            "issuer unknown",
        ),
        (
            json!({ "preset": "oauth2", "clientId": "a", "tokenEndpoint": url("/t") }),
            "authorizationEndpoint required, userinfoEndpoint required",
        ),
        (
            json!({ "preset": "apple", "clientId": "a", "clientSecret": "b" }),
            "teamId required, keyId required, clientSecret unknown",
        ),
        (
            json!({ "preset": "apple", "clientId": "a", "teamId": "t", "keyId": "k", "privateKey": "nope" }),
            "privateKey invalid_format",
        ),
        (
            json!({ "preset": "oidc", "clientId": "a", "issuer": "http://example.com" }),
            "issuer invalid_value",
        ),
        (
            json!({ "preset": "oidc", "clientId": "a", "issuer": "https://169.254.169.254" }),
            "issuer invalid_value",
        ),
        (
            json!({ "preset": "oidc", "clientId": "a", "issuer": url("/none") }),
            "issuer invalid_value",
        ),
        (
            json!({ "preset": "oidc", "clientId": "a", "issuer": url(""), "domains": ["@"] }),
            "domains invalid_format",
        ),
        (
            json!({ "preset": "oidc", "clientId": "a", "issuer": url(""), "domains": "a.example" }),
            "domains invalid_type",
        ),
        (
            json!({ "preset": "oidc", "clientId": "a", "issuer": url(""), "fields": {} }),
            "fields.subject required",
        ),
        (
            json!({ "preset": "oidc", "clientId": "a", "issuer": url(""), "emailTrust": "all" }),
            "emailTrust invalid_value",
        ),
    ] {
        assert_eq!(put(body.clone()).await, expected, "{body}");
    }
    // Another's metadata would send codes to them.
    let mut metadata = peer.metadata();
    metadata["issuer"] = "https://evil.example".into();
    peer.says("/.well-known/openid-configuration", Says::Json(metadata));
    let body = json!({ "preset": "oidc", "clientId": "a", "issuer": url("") });
    assert_eq!(put(body).await, "issuer invalid_value");
    assert!(bundle.items_of_type("provider").is_empty());
    let name = by(&admin, "PUT", "/v1/providers/No").json(&json!({}));
    let _ = bundle.send(&name).await.expect_status(400);
}

#[tokio::test]
async fn domains_and_verified_addresses_restrict_who_signs_in() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let sign_in = async |changes: Value, email: &str, verified: bool| {
        let answer = bundle.put_provider(&admin, &changes).await;
        assert!(answer.status < 300, "{}", answer.text);
        let back = bundle.identified(email, verified).await;
        let answer = bundle.send(&back).await.expect_status(303);
        sent_back(&answer, "error_description")
    };
    let domains = || json!({ "domains": ["EXAMPLE.org"] });
    assert_eq!(sign_in(domains(), "ada@example.org", true).await, "");
    assert_eq!(
        sign_in(domains(), "ada@example.org", false).await,
        "identity_refused"
    );
    assert_eq!(
        sign_in(domains(), "ada@example.com", true).await,
        "identity_refused"
    );
    assert_eq!(
        sign_in(domains(), "ada@sub.example.org", true).await,
        "identity_refused"
    );
    let verified = || json!({ "verifiedOnly": true });
    assert_eq!(sign_in(verified(), "ada@example.com", true).await, "");
    assert_eq!(
        sign_in(verified(), "ada@example.com", false).await,
        "identity_refused"
    );
    assert_eq!(sign_in(json!({}), "ada@example.com", false).await, "");
}

/// GitHub-style: OAuth 2 alone, with names of its own.
#[tokio::test]
async fn a_provider_of_oauth_2_tells_who_it_is_in_names_of_its_own() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let peer = Peer::serve(Key::ec()).await;
    let url = |path: &str| format!("{}{path}", peer.issuer);
    let body = json!({
        "preset": "oauth2", "title": "Hub", "clientId": "c", "clientSecret": "s", "scope": "user",
        "authorizationEndpoint": url("/authorize?a=b"), "tokenEndpoint": url("/token"), "userinfoEndpoint": url("/user"),
        "fields": { "subject": "id", "email": "contact.mail", "emailVerified": "contact.ok", "firstName": "name" },
    });
    let request = by(&admin, "PUT", "/v1/providers/peer").json(&body);
    let _ = bundle.send(&request).await.expect_status(201);
    peer.says(
        "/token",
        Says::Json(json!({ "access_token": "t", "token_type": "bearer" })),
    );
    let somebody = json!({ "id": 583_231, "name": "Octo", "contact": { "mail": "octo@example.org", "ok": true } });
    peer.says("/user", Says::Json(somebody));
    let gone = bundle.go_to("peer").await;
    assert_eq!(gone.parameter("nonce"), "");
    assert_eq!(gone.parameter("a"), "b");
    let answer = bundle
        .send(&gone.come_back(&[("code", "c")]))
        .await
        .expect_status(303);
    let code = json!({ "code": sent_back(&answer, "code"), "codeVerifier": harness::oauth::CODE_VERIFIER });
    let signed_in = bundle
        .post("/v1/auth/oauth/exchange", &code)
        .await
        .expect_status(200);
    assert_eq!(signed_in.body["user"]["email"], "octo@example.org");
    assert_eq!(signed_in.body["user"]["firstName"], "Octo");
    let identity = &bundle.items_of_type("identity")[0];
    assert_eq!(identity["subject"]["S"], "583231");
    assert_eq!(identity["issuer"]["S"], url("/user").as_str());
    // GitHub says so with 200.
    peer.says(
        "/token",
        Says::Json(json!({ "error": "bad_verification_code" })),
    );
    let gone = bundle.go_to("peer").await;
    let answer = bundle
        .send(&gone.come_back(&[("code", "c")]))
        .await
        .expect_status(303);
    assert_eq!(sent_back(&answer, "error"), "temporarily_unavailable");
}

#[tokio::test]
async fn bug_69_a_provider_is_set_up_and_removed_as_its_preconditions_say() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let put = |client: &str| {
        by(&admin, "PUT", "/v1/providers/x")
            .json(&json!({ "preset": "github", "clientId": client }))
    };
    let delete = by(&admin, "DELETE", "/v1/providers/x");
    let refused = async |request: &HttpRequest, name: &str, value: &str| {
        let answer = bundle.send(&request.clone().header(name, value)).await;
        assert_eq!(
            (answer.status, answer.code()),
            (412, "precondition_failed"),
            "{name}: {value}"
        );
    };
    refused(&put("a"), "if-match", "*").await;
    assert_eq!(bundle.items_of_type("provider").len(), 0);
    let made = bundle.send(&put("a").header("if-none-match", "*")).await;
    assert_eq!(made.expect_status(201).header("etag"), "\"1\"");
    let changed = bundle.send(&put("b").header("if-match", "\"1\"")).await;
    assert_eq!(changed.expect_status(200).header("etag"), "\"2\"");

    let before = bundle.items_of_type("provider");
    for request in [put("c"), delete.clone()] {
        for (name, value) in [
            ("if-match", "\"1\""),
            ("if-match", "W/\"2\""),
            ("if-none-match", "*"),
            ("if-none-match", "\"1\", \"2\""),
        ] {
            refused(&request, name, value).await;
        }
        let nonsense = bundle.send(&request.header("if-match", "2")).await;
        assert_eq!(nonsense.expect_status(400).code(), "malformed_request");
    }
    assert_eq!(bundle.items_of_type("provider"), before);
    let removed = bundle
        .send(&delete.clone().header("if-match", "\"2\""))
        .await;
    let _ = removed.expect_status(204);
    let gone = bundle.send(&delete.header("if-match", "\"2\"")).await;
    assert_eq!(gone.expect_status(404).code(), "provider_not_found");
    refused(&put("a"), "if-match", "\"2\"").await;
}

#[tokio::test]
async fn bug_74_a_provider_that_is_set_up_like_this_is_not_written() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let _ = bundle
        .put_provider(&admin, &json!({}))
        .await
        .expect_status(201);
    bundle.deliver().await;
    let before = (bundle.items_of_type("provider"), bundle.bus_events().len());
    let other = bundle.account_with_role("admin").await;
    // With the secret, and without.
    for changes in [json!({}), json!({ "clientSecret": null })] {
        let same = bundle.put_provider(&other, &changes).await;
        let same = same.expect_status(200);
        assert_eq!(
            (same.header("etag"), &same.body["version"]),
            ("\"1\"", &json!(1))
        );
        assert_eq!(bundle.items_of_type("provider"), before.0);
    }
    bundle.deliver().await;
    let set = |events: &[Value]| {
        let kinds = events
            .iter()
            .filter(|event| event["detail-type"] == "provider.set");
        kinds.count()
    };
    assert_eq!(set(&bundle.bus_events()[before.1..]), 0);

    for (version, changes) in [
        (2, json!({ "clientSecret": "another" })),
        (3, json!({ "clientSecret": "another", "title": "Ours" })),
    ] {
        let changed = bundle.put_provider(&other, &changes).await;
        assert_eq!(changed.expect_status(200).body["version"], version);
    }
    // A secret that opens no more is put again.
    bundle.edit_type("provider", "sealed_secret", &json!({ "S": "AAAA" }));
    let mended = json!({ "clientSecret": "another", "title": "Ours" });
    let mended = bundle.put_provider(&other, &mended).await;
    assert_eq!(mended.expect_status(200).body["version"], 4);
}
