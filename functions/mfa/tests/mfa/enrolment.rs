//! Setting up an authenticator app.

use harness::requests::by;
use harness::{Authenticator, HttpRequest};
use serde_json::json;

use crate::{bundle, claims};

const START: &str = "/v1/users/me/factors/totp";
const CONFIRM: &str = "/v1/users/me/factors/totp/confirm";

#[tokio::test]
async fn an_app_is_set_up_once_a_code_of_it_was_shown() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let before = bundle.accounts();
    let started = bundle.send(&by(&account, "POST", START)).await;
    let started = started.expect_status(200);
    assert_eq!(bundle.accounts(), before, "nothing is written");
    let secret = started.text_at("/secret");
    let uri = started.text_at("/uri");
    assert!(uri.starts_with("otpauth://totp/Latchkey:user0%40example.com?secret="));
    assert!(uri.contains(&secret));
    let qr_code = started.text_at("/qrCode");
    assert!(qr_code.starts_with("<svg") && qr_code.ends_with("</svg>"));
    let pending = started.text_at("/pending");
    assert!(!pending.contains(&secret));

    let app = Authenticator::new(&secret);
    let body = json!({ "pending": pending, "code": app.next().await });
    let confirm = by(&account, "POST", CONFIRM).json(&body);
    let confirmed = bundle.send(&confirm).await.expect_status(201);
    let codes = confirmed.body["recoveryCodes"].as_array().expect("codes");
    assert_eq!(codes.len(), 10);
    bundle.assert_invariants();

    // The table knows neither the secret nor a code, and the session was proved with it.
    let stored = json!(bundle.items()).to_string();
    for code in codes.iter().filter_map(|code| code.as_str()) {
        assert!(!stored.contains(code) && !stored.contains(&code.replace('-', "").to_uppercase()));
    }
    assert!(!stored.contains(&secret));
    let refreshed = bundle.refresh(&account.refresh_token).await;
    let token = refreshed.expect_status(200).text_at("/accessToken");
    assert_eq!(claims(&token)["amr"], json!(["pwd", "otp", "mfa"]));
    assert_eq!(claims(&token)["acr"], "aal2");

    let again = bundle.send(&confirm).await.expect_status(409);
    assert_eq!(again.code(), "factor_exists");
    let again = bundle.send(&by(&account, "POST", START)).await;
    assert_eq!(again.expect_status(409).code(), "factor_exists");
}

#[tokio::test]
async fn what_was_started_can_be_shown_again_to_its_owner() {
    let bundle = bundle().await;
    let (account, other) = (bundle.account().await, bundle.account().await);
    let started = bundle.send(&by(&account, "POST", START)).await;
    let started = started.expect_status(200);
    let pending = started.text_at("/pending");
    let with = |pending: &str| json!({ "pending": pending });
    let again = by(&account, "POST", START).json(&with(&pending));
    let again = bundle.send(&again).await.expect_status(200);
    for same in ["/secret", "/uri", "/qrCode"] {
        assert_eq!(again.text_at(same), started.text_at(same));
    }
    let anew = by(&account, "POST", START).json(&json!({ "pending": null }));
    let anew = bundle.send(&anew).await.expect_status(200);
    assert_ne!(anew.text_at("/secret"), started.text_at("/secret"));
    for (who, wrong) in [
        (&other, pending.as_str()),
        (&account, "lktp_AAAA"),
        (&account, &pending[1..]),
    ] {
        let refused = by(who, "POST", START).json(&with(wrong));
        let refused = bundle.send(&refused).await.expect_status(400);
        assert_eq!(refused.field_codes(), [("pending", "invalid_value")]);
    }
}

#[tokio::test]
async fn what_is_wrong_sets_up_nothing() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let other = bundle.account().await;
    let started = bundle.send(&by(&account, "POST", START)).await;
    let started = started.expect_status(200);
    let pending = started.text_at("/pending");
    let app = Authenticator::new(&started.text_at("/secret"));
    let confirm = |pending: &str, code: &str| json!({ "pending": pending, "code": code });
    let body = confirm(&pending, &app.old());
    let refused = bundle
        .send(&by(&account, "POST", CONFIRM).json(&body))
        .await;
    assert_eq!(refused.expect_status(401).code(), "invalid_factor");

    let code = app.next().await;
    for wrong in [
        "",
        "lktp_",
        "lktp_AAAA",
        &pending[1..],
        &format!("{pending}A"),
    ] {
        let body = confirm(wrong, &code);
        let refused = bundle
            .send(&by(&account, "POST", CONFIRM).json(&body))
            .await;
        let refused = refused.expect_status(400);
        assert_eq!(refused.field_codes(), [("pending", "invalid_value")]);
    }
    // Another account cannot be given the secret of this one.
    let body = confirm(&pending, &code);
    let refused = bundle.send(&by(&other, "POST", CONFIRM).json(&body)).await;
    let refused = refused.expect_status(400);
    assert_eq!(refused.field_codes(), [("pending", "invalid_value")]);
    for wrong in ["12345", "1234567", "abcdef"] {
        let body = confirm(&pending, wrong);
        let refused = bundle
            .send(&by(&account, "POST", CONFIRM).json(&body))
            .await;
        assert_eq!(
            refused.expect_status(400).field_codes(),
            [("code", "invalid_format")]
        );
    }
    let path = format!("/v1/users/{}/factors/totp", other.id);
    let refused = bundle.send(&by(&account, "POST", &path)).await;
    assert_eq!(refused.expect_status(403).code(), "forbidden");
    let _ = bundle
        .send(&HttpRequest::new("POST", START))
        .await
        .expect_status(401);
    bundle.age_proofs(301);
    for path in [START, CONFIRM] {
        let mut request = by(&account, "POST", path);
        if path == CONFIRM {
            request = request.json(&body);
        }
        let refused = bundle.send(&request).await.expect_status(403);
        assert_eq!(refused.code(), "reauthentication_required");
    }
    assert!(bundle.items_of_type("totp").is_empty());
}

#[tokio::test]
async fn guesses_at_a_confirmation_are_counted() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let started = bundle.send(&by(&account, "POST", START)).await;
    let started = started.expect_status(200);
    let app = Authenticator::new(&started.text_at("/secret"));
    let limited = bundle.spawn_with("confirm-totp", "RATE_LIMITS", "").await;
    let body = json!({ "pending": started.text_at("/pending"), "code": app.old() });
    let guess = by(&account, "POST", CONFIRM).json(&body);
    for _ in 0..10 {
        let _ = bundle.send_to(&limited, &guess).await.expect_status(401);
    }
    let refused = bundle.send_to(&limited, &guess).await.expect_status(429);
    assert_eq!(refused.code(), "rate_limited");
}
