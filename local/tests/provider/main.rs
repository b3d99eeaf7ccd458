//! The provider to sign in with, as a client and a browser see it.

mod scene;
mod token;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local::services::{PROVIDER_CLIENT_ID, PROVIDER_PATH};
use serde_json::json;

use scene::{
    REDIRECT_URI, REQUEST, STATE, ask, get, header, hidden, json_of, owned, post, press, redeem,
    redirected, services, userinfo, value_of, verified, with,
};

#[tokio::test]
async fn the_configuration_names_what_is_there() {
    let services = services().await;
    let issuer = format!("{}{PROVIDER_PATH}", services.endpoint());
    assert_eq!(services.provider().issuer(), issuer);
    let configuration = get(&services, "/.well-known/openid-configuration").await;
    let at = |path: &str| json!(format!("{issuer}{path}"));
    for (name, expected) in [
        ("issuer", at("")),
        ("authorization_endpoint", at("/authorize")),
        ("token_endpoint", at("/token")),
        ("jwks_uri", at("/jwks")),
        ("userinfo_endpoint", at("/userinfo")),
        ("response_types_supported", json!(["code"])),
        ("subject_types_supported", json!(["public"])),
        ("id_token_signing_alg_values_supported", json!(["RS256"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        (
            "authorization_response_iss_parameter_supported",
            json!(true),
        ),
    ] {
        assert_eq!(configuration[name], expected, "{name}");
    }
}

#[tokio::test]
async fn whoever_signs_in_is_who_they_say() {
    let services = services().await;
    let answer = redirected(&press(&services, &owned(&REQUEST), "sign-in").await);
    assert_eq!(value_of(&answer, "a"), "b");
    assert_eq!(value_of(&answer, "state"), STATE);
    assert_eq!(value_of(&answer, "iss"), services.provider().issuer());

    let tokens = redeem(&services, value_of(&answer, "code")).await;
    assert_eq!(tokens.status(), 200);
    assert_eq!(header(&tokens, "cache-control"), "no-store");
    let tokens = json_of(tokens).await;
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 300);
    let claims = verified(&services, &tokens["id_token"]).await;
    let claims = claims.expect("a published key");
    let expected = json!({
        "iss": services.provider().issuer(),
        "aud": PROVIDER_CLIENT_ID,
        "sub": claims["sub"],
        "iat": claims["iat"],
        "exp": claims["iat"].as_i64().map(|issued| issued + 300),
        "at_hash": claims["at_hash"],
        "nonce": "n-1",
        "email": "Ada@Example.org",
        "email_verified": true,
        "name": "Ada King Lovelace",
        "given_name": "Ada King",
        "family_name": "Lovelace",
        "locale": "en",
    });
    assert_eq!(claims, expected);
    let token = tokens["access_token"].as_str().expect("a token");
    let hash = digest(&SHA256, token.as_bytes());
    let half = URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]);
    assert_eq!(claims["at_hash"], half);

    let info = userinfo(&services, &format!("bearer {token}")).await;
    let info = json_of(info).await;
    for name in ["sub", "email", "email_verified", "name"] {
        assert_eq!(info[name], claims[name], "{name}");
    }
}

#[tokio::test]
async fn the_page_has_no_script_and_escapes_what_it_carries() {
    let services = services().await;
    let page = ask(&services, &owned(&REQUEST)).await;
    let policy = header(&page, "content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("form-action"));
    let page = page.text().await.expect("text");
    let mut carried = hidden(&page);
    carried.sort();
    let mut sent = owned(&REQUEST);
    sent.sort();
    assert_eq!(carried, sent);
    for absent in ["<script", "style=", "<b>"] {
        assert!(!page.contains(absent), "{absent}");
    }
    for there in [
        "value=\"ada@example.org\"",
        "value=\"Ada Lovelace\"",
        "checked",
    ] {
        assert!(page.contains(there), "{there}");
    }
    let style = format!("{}/page.css", services.provider().issuer());
    let style = reqwest::get(style).await.expect("an answer");
    assert_eq!(header(&style, "content-type"), "text/css; charset=utf-8");
}

#[tokio::test]
async fn a_request_that_is_wrong_is_told_and_not_redirected() {
    let services = services().await;
    for (name, value) in [
        ("client_id", ""),
        ("client_id", "another"),
        ("redirect_uri", ""),
        ("redirect_uri", "https://example.org/callback"),
        ("redirect_uri", "javascript:alert(1)"),
        ("response_type", "token"),
        ("response_mode", "fragment"),
        ("scope", "email"),
        ("code_challenge", ""),
        ("code_challenge", "short"),
        ("code_challenge_method", ""),
        ("code_challenge_method", "plain"),
    ] {
        let request = with(name, value);
        let mut posted = request.clone();
        posted.extend(owned(&[
            ("answer", "sign-in"),
            ("email", "ada@example.org"),
        ]));
        for answer in [
            ask(&services, &request).await,
            post(&services, "/authorize", &posted).await,
        ] {
            assert_eq!(answer.status(), 400, "{name}={value}");
            assert_eq!(header(&answer, "location"), "", "{name}={value}");
            let page = answer.text().await.expect("text");
            assert!(page.contains(&format!("<p>{name} must ")), "{page}");
        }
    }
    let mut twice = owned(&REQUEST);
    twice.extend(owned(&[("state", "another")]));
    assert_eq!(ask(&services, &twice).await.status(), 400);
    for more in [("answer", "sign-in"), ("email", "ada@example.org")] {
        let mut posted = owned(&REQUEST);
        posted.extend(owned(&[more]));
        let answer = post(&services, "/authorize", &posted).await;
        assert_eq!(answer.status(), 400, "only {}", more.0);
    }
}

#[tokio::test]
async fn who_cancels_comes_back_without_a_code() {
    let services = services().await;
    let cancelled = press(&services, &owned(&REQUEST), "cancel").await;
    let silent = ask(&services, &with("prompt", "none")).await;
    for (answer, error) in [(cancelled, "access_denied"), (silent, "login_required")] {
        let answer = redirected(&answer);
        assert_eq!(value_of(&answer, "error"), error);
        assert_eq!(value_of(&answer, "state"), STATE);
        assert_eq!(value_of(&answer, "iss"), services.provider().issuer());
        assert_eq!(value_of(&answer, "code"), "");
    }
}

#[tokio::test]
async fn a_form_can_carry_the_answer() {
    let services = services().await;
    let request = with("response_mode", "form_post");
    for (button, name) in [("sign-in", "code"), ("cancel", "error")] {
        let answer = press(&services, &request, button).await;
        assert_eq!(answer.status(), 200);
        let page = answer.text().await.expect("text");
        let action = format!("<form method=\"post\" action=\"{REDIRECT_URI}\">");
        assert!(page.contains(&action), "{page}");
        assert!(page.contains("<button>Continue</button>") && !page.contains("<script"));
        let fields = hidden(&page);
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, [name, "iss", "state"]);
        assert_eq!(value_of(&fields, "state"), STATE);
        if name == "code" {
            let tokens = redeem(&services, value_of(&fields, "code")).await;
            assert_eq!(tokens.status(), 200);
        }
    }
}

#[tokio::test]
async fn an_address_can_be_unverified_and_a_form_is_small() {
    let services = services().await;
    let mut posted = owned(&REQUEST);
    posted.extend(owned(&[("answer", "sign-in"), ("email", "e@example.org")]));
    let answer = redirected(&post(&services, "/authorize", &posted).await);
    let tokens = json_of(redeem(&services, value_of(&answer, "code")).await).await;
    let claims = verified(&services, &tokens["id_token"]).await;
    assert_eq!(claims.expect("claims")["email_verified"], false);
    posted.extend(owned(&[("name", &"a".repeat(70_000))]));
    let answer = post(&services, "/authorize", &posted).await;
    assert_eq!(answer.status(), 413);
}
