//! Applications and their people come back: what stays as it was, and what does not.

use harness::application::{code_in, parameter};
use harness::{Browser, PASSWORD};

use crate::bundle;
use crate::sign_in::claims;

/// BUGS of others: oidc-client-ts refuses a renewal whose `auth_time` is another (OpenID Connect Core 1.0 §12.2).
#[tokio::test]
async fn what_was_proved_stays_as_it_was() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let app = bundle.application("bank", true, false).await;
    let mut browser = Browser::new(&bundle);
    browser.sign_in(&enrolled.account.email).await;
    let code = &enrolled.codes[0];
    browser
        .submit("/sign-in/factor", &[("recoveryCode", code)])
        .await;
    let url = browser.visit(&app.path(&[])).await.expect("led back");
    let first = bundle.send(&app.spending(&code_in(&url))).await;
    let first = first.expect_status(200);
    bundle.age_proofs(600);
    let again = app.refreshing(&first.text_at("/refresh_token"));
    let again = bundle.send(&again).await.expect_status(200);
    let [one, other] = [&first, &again].map(|answer| claims(&answer.text_at("/id_token")));
    for name in ["auth_time", "amr", "acr", "sid", "sub", "aud", "iss"] {
        assert_eq!(one[name], other[name], "{name}");
    }
}

#[tokio::test]
async fn a_hint_is_kept_to() {
    let bundle = bundle().await;
    let (one, other) = (bundle.account().await, bundle.account().await);
    let app = bundle.application("shop", true, false).await;
    let stranger = bundle.application("stranger", true, false).await;
    let token = app.tokens(&one).await.text_at("/id_token");
    let mut browser = Browser::new(&bundle);
    browser.sign_in(&other.email).await;
    let silent = [("id_token_hint", token.as_str()), ("prompt", "none")];
    let url = browser.visit(&app.path(&silent)).await.expect("led back");
    assert_eq!(parameter(&url, "error"), "login_required");
    let url = browser
        .visit(&stranger.path(&silent))
        .await
        .expect("led back");
    assert_eq!(parameter(&url, "error"), "invalid_request");
    assert!(browser.visit(&app.path(&silent[..1])).await.is_none());
    assert_eq!(browser.path(), "/sign-in");
    let fields = [("email", one.email.as_str()), ("password", PASSWORD)];
    let url = browser.answer("/sign-in", &fields).await.expect("led back");
    let _ = code_in(&url);
    let url = browser.visit(&app.path(&silent)).await.expect("led back");
    let _ = code_in(&url);
}

/// What one client was allowed, another that has its id later is not.
#[tokio::test]
async fn a_consent_is_for_the_client_that_it_was_given_to() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("others", false, false).await;
    let mut browser = Browser::new(&bundle);
    let _ = app.sign_in(&mut browser, &account).await;
    let admin = bundle.account_with_role("admin").await;
    let removed = bundle.send_as(&admin, "DELETE", "/v1/clients/others").await;
    let _ = removed.expect_status(204);
    let app = bundle.application("others", false, false).await;
    assert!(browser.visit(&app.path(&[])).await.is_none(), "it asks");
    let url = browser.answer("/consent", &[("decision", "allow")]).await;
    let tokens = bundle
        .send(&app.spending(&code_in(&url.expect("led back"))))
        .await;
    let _ = tokens.expect_status(200);
    let url = browser.visit(&app.path(&[])).await.expect("led back");
    let _ = code_in(&url);
}

/// A page in another language asks for the same.
#[tokio::test]
async fn the_languages_of_a_consent_lead_to_the_same() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("others", false, false).await;
    let mut browser = Browser::new(&bundle);
    browser.sign_in(&account.email).await;
    assert!(browser.visit(&app.path(&[])).await.is_none());
    let (_, rest) = browser
        .text()
        .split_once("<li><a href=\"/oauth2/authorize?")
        .expect("a language");
    let query = rest
        .split('"')
        .next()
        .expect("a value")
        .replace("&amp;", "&");
    assert!(
        browser
            .visit(&format!("/oauth2/authorize?{query}"))
            .await
            .is_none()
    );
    assert_eq!(
        browser.page.as_ref().map(|page| page.status),
        Some(200),
        "{query}"
    );
}
