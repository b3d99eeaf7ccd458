//! Trusted devices.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use harness::requests::{by, post};
use harness::{Account, Answer, Bundle, Enrolled, PASSWORD};
use serde_json::{Value, json};

use crate::{bundle, claims};

/// Signs in with a code, and trusts the device: the answer.
async fn trust(bundle: &Bundle, enrolled: &Enrolled) -> Answer {
    let body = json!({
        "challenge": bundle.challenge(&enrolled.account.email).await,
        "totp": enrolled.app.next().await,
        "rememberDevice": true,
    });
    let answer = bundle.post("/v1/auth/continue", &body).await;
    answer.expect_status(200)
}

async fn sign_in_on(bundle: &Bundle, email: &str, password: &str, device: &str) -> Answer {
    let body = json!({ "email": email, "password": password, "deviceToken": device });
    bundle.post("/v1/auth/login", &body).await
}

async fn list(bundle: &Bundle, account: &Account) -> Value {
    let listed = bundle
        .send(&by(account, "GET", "/v1/users/me/devices"))
        .await;
    listed.expect_status(200).body["data"].clone()
}

#[tokio::test]
async fn bug_88_a_trusted_device_is_not_asked_again_and_again() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let account = &enrolled.account;
    let answer = trust(&bundle, &enrolled).await;
    let device = answer.text_at("/deviceToken");
    let token = claims(&answer.text_at("/accessToken"));
    assert_eq!(token["amr"], json!(["pwd", "otp", "mfa"]));
    for _ in 0..3 {
        let answer = sign_in_on(&bundle, &account.email, PASSWORD, &device).await;
        let token = claims(&answer.expect_status(200).text_at("/accessToken"));
        assert_eq!(token["amr"], json!(["pwd", "device"]));
        assert_eq!(token["acr"], "aal1");
    }
    // What takes a second factor takes one there, too.
    let answer = sign_in_on(&bundle, &account.email, PASSWORD, &device).await;
    let there = Account {
        access_token: answer.text_at("/accessToken"),
        ..account.clone()
    };
    let renew = by(&there, "POST", "/v1/users/me/factors/recovery-codes");
    let refused = bundle.send(&renew).await.expect_status(403);
    assert_eq!(refused.code(), "reauthentication_required");
    let step_up = by(&there, "POST", "/v1/auth/step-up");
    let code = json!({ "recoveryCode": enrolled.codes[0] });
    let proved = bundle.send(&step_up.json(&code)).await.expect_status(200);
    let token = claims(&proved.text_at("/accessToken"));
    assert_eq!(token["amr"], json!(["pwd", "recovery", "mfa"]));
    // A device is nothing without the password, and no device is asked for without one.
    let wrong = sign_in_on(&bundle, &account.email, "not the password", &device).await;
    assert_eq!(wrong.expect_status(401).code(), "invalid_credentials");
    let refused = sign_in_on(&bundle, &account.email, PASSWORD, "lkdt_").await;
    let refused = refused.expect_status(400);
    assert_eq!(refused.field_codes(), [("deviceToken", "invalid_format")]);
    bundle.deliver().await;
    assert!(
        json!(bundle.bus_events())
            .to_string()
            .contains("device.trusted")
    );
    bundle.assert_invariants();
}

#[tokio::test]
async fn a_device_is_listed_and_forgotten() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let account = &enrolled.account;
    assert_eq!(list(&bundle, account).await, json!([]));
    let device = trust(&bundle, &enrolled).await.text_at("/deviceToken");
    let listed = list(&bundle, account).await;
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert!(!listed.to_string().contains(&device));
    let path = format!(
        "/v1/users/me/devices/{}",
        listed[0]["id"].as_str().unwrap_or_default()
    );
    let stranger = bundle.account().await;
    let foreign = path.replace("/me/", &format!("/{}/", account.id));
    let refused = bundle.send(&by(&stranger, "DELETE", &foreign)).await;
    assert_eq!(refused.expect_status(403).code(), "forbidden");
    let refused = bundle.send(&by(&stranger, "DELETE", &path)).await;
    assert_eq!(refused.expect_status(404).code(), "device_not_found");
    let _ = bundle
        .send(&by(account, "DELETE", &path))
        .await
        .expect_status(204);
    let again = bundle.send(&by(account, "DELETE", &path)).await;
    assert_eq!(again.expect_status(404).code(), "device_not_found");
    assert_eq!(list(&bundle, account).await, json!([]));
    let asked = sign_in_on(&bundle, &account.email, PASSWORD, &device).await;
    assert_eq!(asked.expect_status(403).code(), "factor_required");
}

#[tokio::test]
async fn trust_ends_with_what_it_stands_on() {
    let bundle = bundle().await;
    let days = |device: &Value| {
        let at = |name: &str| {
            device[name]["N"]
                .as_str()
                .and_then(|at| at.parse::<u64>().ok())
        };
        at("expires_at")
            .zip(at("created_at"))
            .map(|(end, start)| (end - start) / 86_400_000)
    };
    for (attribute, value) in [
        ("credential_version", json!({ "N": "2" })),
        ("session_epoch", json!({ "N": "7" })),
        ("factors_version", json!({ "N": "9" })),
    ] {
        let enrolled = bundle.enrolled().await;
        let email = &enrolled.account.email;
        let device = trust(&bundle, &enrolled).await.text_at("/deviceToken");
        let _ = sign_in_on(&bundle, email, PASSWORD, &device)
            .await
            .expect_status(200);
        bundle.edit_user(&enrolled.account.id, attribute, &value);
        if attribute == "credential_version" {
            bundle.edit(
                |item| {
                    item["user_id"]["S"] == *enrolled.account.id
                        && item["type"]["S"] == "credential"
                },
                attribute,
                &value,
            );
        }
        let asked = sign_in_on(&bundle, email, PASSWORD, &device).await;
        assert_eq!(
            asked.expect_status(403).code(),
            "factor_required",
            "{attribute}"
        );
    }
    let enrolled = bundle.enrolled().await;
    let email = &enrolled.account.email;
    let device = trust(&bundle, &enrolled).await.text_at("/deviceToken");
    let stored = bundle.items_of_type("trusted_device");
    assert_eq!(stored.last().and_then(days), Some(30));
    let token = URL_SAFE_NO_PAD.decode(&device[5..]).expect("base64url");
    for encoded in [
        URL_SAFE_NO_PAD.encode(&token[32..]),
        STANDARD.encode(&token[32..]),
        device.clone(),
    ] {
        let stored = json!(stored).to_string();
        assert!(!stored.contains(&encoded), "the token is not stored");
    }
    bundle.edit(
        |item| item["type"]["S"] == "trusted_device",
        "expires_at",
        &json!({ "N": "1000" }),
    );
    let asked = sign_in_on(&bundle, email, PASSWORD, &device).await;
    assert_eq!(asked.expect_status(403).code(), "factor_required");
    // Nor is the device of somebody else worth anything here.
    let other = bundle.enrolled().await;
    let theirs = trust(&bundle, &other).await.text_at("/deviceToken");
    let asked = sign_in_on(&bundle, email, PASSWORD, &theirs).await;
    assert_eq!(asked.expect_status(403).code(), "factor_required");
}

#[tokio::test]
async fn the_id_of_a_device_is_worth_nothing_without_its_secret() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let email = &enrolled.account.email;
    let device = trust(&bundle, &enrolled).await.text_at("/deviceToken");
    let token = URL_SAFE_NO_PAD.decode(&device[5..]).expect("base64url");
    // Account, device, secret: 16, 16 and 32 bytes.
    for byte in [32, 47, 63] {
        let mut token = token.clone();
        token[byte] ^= 1;
        let device = format!("lkdt_{}", URL_SAFE_NO_PAD.encode(token));
        let asked = sign_in_on(&bundle, email, PASSWORD, &device).await;
        assert_eq!(asked.expect_status(403).code(), "factor_required", "{byte}");
    }
    let trusted = sign_in_on(&bundle, email, PASSWORD, &device).await;
    let _ = trusted.expect_status(200);
}

#[tokio::test]
async fn an_operator_can_have_it_asked_always() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let go_on = bundle
        .spawn_with("continue", "TRUSTED_DEVICE_DAYS", "0")
        .await;
    let body = json!({
        "challenge": bundle.challenge(&enrolled.account.email).await,
        "totp": enrolled.app.next().await,
        "rememberDevice": true,
    });
    let answer = bundle
        .send_to(&go_on, &post("/v1/auth/continue", &body))
        .await;
    assert_eq!(answer.expect_status(200).body.get("deviceToken"), None);
    assert!(bundle.items_of_type("trusted_device").is_empty());
    // What was given before is of no use either.
    let device = trust(&bundle, &enrolled).await.text_at("/deviceToken");
    let login = bundle.spawn_with("login", "TRUSTED_DEVICE_DAYS", "0").await;
    let email = &enrolled.account.email;
    let body = json!({ "email": email, "password": PASSWORD, "deviceToken": device });
    let asked = bundle.send_to(&login, &post("/v1/auth/login", &body)).await;
    assert_eq!(asked.expect_status(403).code(), "factor_required");
}

#[tokio::test]
async fn another_app_in_place_of_the_first_brings_no_trust_back() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let account = &enrolled.account;
    let device = trust(&bundle, &enrolled).await.text_at("/deviceToken");
    let path = format!("/v1/users/me/factors/{}", enrolled.factor_id);
    let _ = bundle
        .send(&by(account, "DELETE", &path))
        .await
        .expect_status(204);
    let account = bundle.sign_in(&account.email).await;
    let _ = bundle.enrol(&account).await;
    let asked = sign_in_on(&bundle, &account.email, PASSWORD, &device).await;
    assert_eq!(asked.expect_status(403).code(), "factor_required");
    assert_eq!(list(&bundle, &account).await, json!([]));
}

#[tokio::test]
async fn where_nothing_was_shown_no_device_is_trusted() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let account = &enrolled.account;
    let challenge = bundle.challenge(&account.email).await;
    let path = format!("/v1/users/me/factors/{}", enrolled.factor_id);
    let _ = bundle
        .send(&by(account, "DELETE", &path))
        .await
        .expect_status(204);
    let body = json!({ "challenge": challenge, "rememberDevice": true });
    let answer = bundle.post("/v1/auth/continue", &body).await;
    assert_eq!(answer.expect_status(200).body.get("deviceToken"), None);
    assert!(bundle.items_of_type("trusted_device").is_empty());
}
