//! Applications have their people sign in: code, tokens, userinfo.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use harness::application::{code_in, parameter};
use harness::{Browser, HttpRequest, PASSWORD};
use serde_json::{Value, json};

use crate::bundle;

/// The claims of a token, unchecked.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("three parts");
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&payload).expect("JSON")
}

#[tokio::test]
async fn an_application_signs_its_people_in() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("shop", true, false).await;
    let mut browser = Browser::new(&bundle);
    let url = app.sign_in(&mut browser, &account).await;
    assert!(
        url.as_str()
            .starts_with("https://shop.example.com/signed-in?code=lkac_")
    );
    assert_eq!(parameter(&url, "state"), "a state");
    assert_eq!(parameter(&url, "iss"), "http://127.0.0.1:9000");
    let answer = bundle.send(&app.spending(&code_in(&url))).await;
    let tokens = answer.expect_status(200);
    assert_eq!(tokens.header("access-control-allow-origin"), "*");
    assert_eq!(tokens.header("cache-control"), "no-store");
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert_eq!(tokens.body["scope"], "openid profile email offline_access");

    let id = claims(&tokens.text_at("/id_token"));
    let access = claims(&tokens.text_at("/access_token"));
    for (name, value) in [
        ("iss", json!("http://127.0.0.1:9000")),
        ("aud", json!("shop")),
        ("sub", json!(account.id)),
        ("nonce", json!("a nonce")),
        ("email", json!(account.email)),
        ("email_verified", json!(false)),
        ("locale", json!("en")),
        ("amr", json!(["pwd"])),
        ("acr", json!("aal1")),
        ("sid", access["sid"].clone()),
        ("auth_time", access["auth_time"].clone()),
    ] {
        assert_eq!(id[name], value, "{name}");
    }
    for (name, value) in [
        ("aud", json!(["http://127.0.0.1:9000/oauth2/userinfo"])),
        ("client_id", json!("shop")),
        ("sub", json!(account.id)),
        ("scope", json!("openid profile email offline_access")),
    ] {
        assert_eq!(access[name], value, "{name}");
    }
    assert!(access.get("role").is_none() && access.get("email").is_none());

    let told = app.userinfo(&tokens.text_at("/access_token")).await;
    let told = told.expect_status(200);
    assert_eq!(told.body["sub"], *account.id);
    assert_eq!(told.body["email"], *account.email);

    let again = app.refreshing(&tokens.text_at("/refresh_token"));
    let again = bundle.send(&again).await.expect_status(200);
    assert!(claims(&again.text_at("/id_token")).get("nonce").is_none());
    let told = app.userinfo(&again.text_at("/access_token")).await;
    assert_eq!(told.expect_status(200).body["sub"], *account.id);

    // Who is signed in is not asked again, and nothing is shown.
    let request = HttpRequest::new("GET", &app.path(&[]));
    let answer = browser.send(request).await.expect_status(303);
    assert!(answer.header("location").contains("code=lkac_"));
}

#[tokio::test]
async fn tokens_tell_what_their_scopes_say() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("shop", true, true).await;
    let mut browser = Browser::new(&bundle);
    let _ = app.sign_in(&mut browser, &account).await;
    for (scope, refreshes, names) in [
        ("openid", false, vec!["sub"]),
        (
            "openid email",
            false,
            vec!["email", "email_verified", "sub"],
        ),
        (
            "openid profile unknown",
            false,
            vec!["locale", "sub", "updated_at"],
        ),
        ("openid offline_access", true, vec!["sub"]),
    ] {
        let url = browser.visit(&app.path(&[("scope", scope)])).await;
        let code = code_in(&url.expect("signed in"));
        let tokens = bundle.send(&app.spending(&code)).await.expect_status(200);
        assert_eq!(
            tokens.body.get("refresh_token").is_some(),
            refreshes,
            "{scope}"
        );
        let told = app.userinfo(&tokens.text_at("/access_token")).await;
        let told = told.expect_status(200);
        let told: Vec<&String> = told.body.as_object().expect("an object").keys().collect();
        assert_eq!(told, names, "{scope}");
    }
    // Without `openid` it is no sign-in.
    let url = browser.visit(&app.path(&[("scope", "email")])).await;
    let code = code_in(&url.expect("signed in"));
    let tokens = bundle.send(&app.spending(&code)).await.expect_status(200);
    assert!(tokens.body.get("id_token").is_none());
    let told = app.userinfo(&tokens.text_at("/access_token")).await;
    let told = told.expect_status(403);
    assert_eq!(told.body["error"], "insufficient_scope");
    assert!(
        told.header("www-authenticate")
            .contains("insufficient_scope")
    );
}

#[tokio::test]
async fn a_visitor_agrees_to_as_much_as_they_want() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("others", false, false).await;
    let mut browser = Browser::new(&bundle);
    browser.sign_in(&account.email).await;
    assert!(browser.visit(&app.path(&[])).await.is_none());
    assert_eq!(browser.path(), "/oauth2/authorize");
    for word in ["Shop", "shop.example.com", "name=\"scope\""] {
        assert!(browser.text().contains(word), "{word}");
    }
    let (_, request) = browser
        .text()
        .split_once("name=\"request\" value=\"")
        .expect("a form");
    let request = request
        .split('"')
        .next()
        .expect("a value")
        .replace("&amp;", "&");
    let fields = [
        ("request", request.as_str()),
        ("decision", "allow"),
        ("scope", "profile"),
    ];
    let form = browser.any_form("/consent", &fields);
    let answer = browser.send(form).await.expect_status(200);
    let (_, url) = answer.text.split_once("url=https://").expect("a way back");
    let url = format!("https://{}", url.split('"').next().expect("an end"));
    let url = harness::Url::parse(&url.replace("&amp;", "&")).expect("a URL");
    let tokens = bundle.send(&app.spending(&code_in(&url))).await;
    let tokens = tokens.expect_status(200);
    assert_eq!(tokens.body["scope"], "openid profile");
    assert!(tokens.body.get("refresh_token").is_none());
    let told = app.userinfo(&tokens.text_at("/access_token")).await;
    assert!(told.expect_status(200).body.get("email").is_none());

    // What was answered is not asked again, until the application says so.
    let url = browser.visit(&app.path(&[])).await.expect("led back");
    let tokens = bundle.send(&app.spending(&code_in(&url))).await;
    assert_eq!(tokens.expect_status(200).body["scope"], "openid profile");
    assert!(
        browser
            .visit(&app.path(&[("prompt", "consent")]))
            .await
            .is_none()
    );
    let url = browser.answer("/consent", &[("decision", "allow")]).await;
    let tokens = bundle
        .send(&app.spending(&code_in(&url.expect("led back"))))
        .await;
    assert_eq!(
        tokens.expect_status(200).body["scope"],
        "openid profile email offline_access"
    );
}

#[tokio::test]
async fn who_does_not_agree_is_led_back_with_nothing() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("others", false, false).await;
    let mut browser = Browser::new(&bundle);
    browser.sign_in(&account.email).await;
    assert!(browser.visit(&app.path(&[])).await.is_none());
    let url = browser.answer("/consent", &[("decision", "deny")]).await;
    let url = url.expect("led back");
    assert_eq!(parameter(&url, "error"), "access_denied");
    assert_eq!(parameter(&url, "state"), "a state");
    assert!(bundle.items_of_type("consent").is_empty());
}

#[tokio::test]
async fn a_prompt_is_done() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let ours = bundle.application("ours", true, false).await;
    let others = bundle.application("others", false, false).await;
    let mut browser = Browser::new(&bundle);
    let none = [("prompt", "none")];
    let url = browser.visit(&ours.path(&none)).await.expect("led back");
    assert_eq!(parameter(&url, "error"), "login_required");
    browser.sign_in(&account.email).await;
    let url = browser.visit(&others.path(&none)).await.expect("led back");
    assert_eq!(parameter(&url, "error"), "consent_required");
    let url = browser.visit(&ours.path(&none)).await.expect("led back");
    let _ = code_in(&url);

    bundle.age_proofs(600);
    bundle.age_sessions("created_at", 600);
    for (changes, fields) in [
        ([("prompt", "login")], [("password", PASSWORD)]),
        ([("max_age", "300")], [("password", PASSWORD)]),
        ([("max_age", "0")], [("password", PASSWORD)]),
    ] {
        let silent = [changes[0], ("prompt", "none")];
        if changes[0].0 == "max_age" {
            let url = browser.visit(&ours.path(&silent)).await.expect("led back");
            assert_eq!(parameter(&url, "error"), "login_required");
        }
        assert!(
            browser.visit(&ours.path(&changes)).await.is_none(),
            "{changes:?}"
        );
        assert_eq!(browser.path(), "/account/confirm", "{changes:?}");
        let url = browser.answer("/account/confirm", &fields).await;
        let url = url.unwrap_or_else(|| panic!("{changes:?}: {}", browser.text()));
        let _ = code_in(&url);
        bundle.age_proofs(600);
    }
    let url = browser.visit(&ours.path(&[("max_age", "86400")])).await;
    let _ = code_in(&url.expect("led back"));

    // Another account takes the place of this one.
    let other = bundle.account().await;
    let choose = [("prompt", "select_account"), ("login_hint", &*other.email)];
    assert!(browser.visit(&ours.path(&choose)).await.is_none());
    assert_eq!(browser.path(), "/sign-in");
    assert!(browser.text().contains(&other.email), "the hint is there");
    let fields = [("email", other.email.as_str()), ("password", PASSWORD)];
    let url = browser.answer("/sign-in", &fields).await.expect("led back");
    let tokens = bundle.send(&ours.spending(&code_in(&url))).await;
    let tokens = tokens.expect_status(200);
    assert_eq!(claims(&tokens.text_at("/id_token"))["sub"], *other.id);
}

#[tokio::test]
async fn a_second_factor_that_is_asked_for_is_shown() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let app = bundle.application("bank", true, false).await;
    let mut browser = Browser::new(&bundle);
    browser.sign_in(&enrolled.account.email).await;
    assert_eq!(browser.path(), "/sign-in/factor");
    let codes = &enrolled.codes;
    browser
        .submit("/sign-in/factor", &[("recoveryCode", &codes[0])])
        .await;
    let two = [("acr_values", "aal2")];
    let url = browser.visit(&app.path(&two)).await.expect("led back");
    let tokens = bundle.send(&app.spending(&code_in(&url))).await;
    let id = claims(&tokens.expect_status(200).text_at("/id_token"));
    assert_eq!(id["acr"], "aal2");

    // Who has none is signed in as far as they can, and the token says so.
    let account = bundle.account().await;
    let mut browser = Browser::new(&bundle);
    browser.sign_in(&account.email).await;
    let url = browser.visit(&app.path(&two)).await.expect("led back");
    let tokens = bundle.send(&app.spending(&code_in(&url))).await;
    let id = claims(&tokens.expect_status(200).text_at("/id_token"));
    assert_eq!(id["acr"], "aal1");
}

#[tokio::test]
async fn a_form_of_an_application_is_led_to_the_page() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("shop", true, false).await;
    let mut browser = Browser::new(&bundle);
    browser.sign_in(&account.email).await;
    // Of another site: it brings no cookie.
    let parameters: Vec<(String, String)> = app.parameters(&[]).into_iter().collect();
    let mut form = Browser::filled("/oauth2/authorize", &parameters);
    form.headers.retain(|(name, _)| name == "content-type");
    let answer = bundle.send(&form).await.expect_status(303);
    let url = browser.visit(answer.header("location")).await;
    let _ = code_in(&url.expect("led back"));
}
