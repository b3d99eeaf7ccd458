//! Signing in with a passkey: alone, beside a password, and to prove a session anew.

use harness::requests::{by, post};
use harness::{Account, Bundle, Passkey};
use serde_json::json;

use crate::{bundle, claims};

async fn with_passkey(bundle: &Bundle) -> (Account, Passkey) {
    let account = bundle.account().await;
    let (passkey, _) = bundle.add_passkey(&account).await;
    (account, passkey)
}

#[tokio::test]
async fn a_passkey_signs_in_by_itself_and_is_two_factors() {
    let bundle = bundle().await;
    let (account, mut passkey) = with_passkey(&bundle).await;
    let answer = bundle.passkey_sign_in(&passkey).await.expect_status(200);
    assert_eq!(answer.body["user"]["id"], account.id.as_str());
    let token = claims(&answer.text_at("/accessToken"));
    assert_eq!(token["amr"], json!(["hwk", "user"]));
    assert_eq!(token["acr"], "aal2");
    // It is enough for what takes a second factor.
    let fresh = Account {
        access_token: answer.text_at("/accessToken"),
        ..account.clone()
    };
    let renew = by(&fresh, "POST", "/v1/users/me/factors/recovery-codes");
    let _ = bundle.send(&renew).await.expect_status(200);
    let listed = bundle
        .send(&by(&fresh, "GET", "/v1/users/me/passkeys"))
        .await;
    assert!(listed.body["data"][0]["lastUsedAt"].is_string());
    // One that is not verified with anything is one factor, and none to begin with.
    passkey.verifies = false;
    let refused = bundle.passkey_sign_in(&passkey).await.expect_status(401);
    assert_eq!(refused.code(), "invalid_factor");
    bundle.assert_invariants();
}

#[tokio::test]
async fn an_assertion_signs_in_once_wherever_it_is_shown() {
    let bundle = bundle().await;
    let (account, passkey) = with_passkey(&bundle).await;
    let body = bundle.present(&passkey, None).await;
    let sign_in = post("/v1/auth/passkey", &body);
    let step_up = by(&account, "POST", "/v1/auth/step-up").json(&json!({ "passkey": body }));
    let _ = bundle.send(&sign_in).await.expect_status(200);
    for again in [&sign_in, &step_up] {
        let refused = bundle.send(again).await.expect_status(401);
        assert_eq!(refused.code(), "invalid_factor");
    }
    let body = bundle.present(&passkey, None).await;
    let step_up = by(&account, "POST", "/v1/auth/step-up").json(&json!({ "passkey": body }));
    let proved = bundle.send(&step_up).await.expect_status(200);
    let token = claims(&proved.text_at("/accessToken"));
    assert_eq!(token["amr"], json!(["hwk", "user"]));
    let refused = bundle
        .post("/v1/auth/passkey", &body)
        .await
        .expect_status(401);
    assert_eq!(refused.code(), "invalid_factor");
    // Nor does one for a sign-in that lacks a factor sign in by itself, or the other way.
    let challenge = bundle.challenge(&account.email).await;
    let second = bundle.present(&passkey, Some(&challenge)).await;
    let refused = bundle
        .post("/v1/auth/passkey", &second)
        .await
        .expect_status(401);
    assert_eq!(refused.code(), "challenge_expired");
    let first = bundle.present(&passkey, None).await;
    let other = bundle.challenge(&account.email).await;
    for (challenge, passkey) in [(&challenge, &first), (&other, &second)] {
        let body = json!({ "challenge": challenge, "passkey": passkey });
        let refused = bundle.post("/v1/auth/continue", &body).await;
        assert_eq!(refused.expect_status(401).code(), "challenge_expired");
    }
}

#[tokio::test]
async fn a_passkey_is_a_second_factor_beside_the_password() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let started = bundle.begin_passkey(&account).await;
    let (mut passkey, _) = Bundle::new_passkey(&started);
    passkey.synced = true;
    let credential = passkey.registration(&started.body["options"]);
    let body = json!({ "ceremony": started.body["ceremony"], "credential": credential });
    let add = by(&account, "POST", "/v1/users/me/passkeys").json(&body);
    let added = bundle.send(&add).await.expect_status(201);
    assert_eq!(added.body["synced"], true);

    let challenge = bundle.challenge(&account.email).await;
    let asked = json!({ "challenge": challenge });
    let started = bundle.post("/v1/auth/passkey/options", &asked).await;
    let options = started.expect_status(200).body["options"].clone();
    assert_eq!(options["allowCredentials"][0]["id"], passkey.id());
    assert_eq!(options["userVerification"], "preferred");
    // Beside the password it need not have verified anybody.
    passkey.verifies = false;
    let presented = bundle.present(&passkey, Some(&challenge)).await;
    let body = json!({ "challenge": challenge, "passkey": presented });
    let answer = bundle
        .post("/v1/auth/continue", &body)
        .await
        .expect_status(200);
    let token = claims(&answer.text_at("/accessToken"));
    assert_eq!(token["amr"], json!(["pwd", "swk", "mfa"]));
    let again = bundle
        .post("/v1/auth/continue", &body)
        .await
        .expect_status(401);
    assert_eq!(again.code(), "challenge_expired");

    let stranger = bundle.enrolled().await;
    let challenge = bundle.challenge(&stranger.account.email).await;
    let asked = json!({ "challenge": challenge });
    let refused = bundle.post("/v1/auth/passkey/options", &asked).await;
    assert_eq!(refused.expect_status(404).code(), "factor_not_found");
}

#[tokio::test]
async fn options_are_the_same_for_everybody() {
    let bundle = bundle().await;
    let shape = async || {
        let started = bundle.post("/v1/auth/passkey/options", &json!({})).await;
        let mut body = started.expect_status(200).body;
        body["ceremony"] = "".into();
        body["options"]["challenge"] = "".into();
        body
    };
    let before = shape().await;
    let _ = with_passkey(&bundle).await;
    assert_eq!(shape().await, before);
    assert_eq!(before["options"]["allowCredentials"], json!([]));
    assert_eq!(before["options"]["userVerification"], "required");
}

#[tokio::test]
async fn what_is_not_the_passkeys_signs_nobody_in() {
    let bundle = bundle().await;
    let (account, mut passkey) = with_passkey(&bundle).await;
    let (other, _) = with_passkey(&bundle).await;
    let sessions = bundle.items_of_type("session").len();
    let handle = |id: &str| {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let id: uuid::Uuid = id.parse().expect("an id");
        URL_SAFE_NO_PAD.encode(id.as_bytes())
    };
    let right = bundle.present(&passkey, None).await;
    let cases = [
        (
            "/credential/response/signature",
            json!("MEUCIQ"),
            "invalid_factor",
        ),
        (
            "/credential/response/userHandle",
            json!(null),
            "invalid_factor",
        ),
        (
            "/credential/response/userHandle",
            json!(handle(&other.id)),
            "unknown_credential",
        ),
        ("/credential/id", json!("AAAA"), "invalid_fields"),
        ("/ceremony", json!("lkpr_AAAA"), "challenge_expired"),
    ];
    for (place, value, code) in cases {
        let mut body = right.clone();
        *body.pointer_mut(place).expect("a member") = value;
        let refused = bundle.post("/v1/auth/passkey", &body).await;
        assert!([400, 401].contains(&refused.status), "{place}");
        assert_eq!(refused.code(), code, "{place}");
    }
    passkey.origin = "https://phish.example".to_owned();
    let refused = bundle.passkey_sign_in(&passkey).await.expect_status(401);
    assert_eq!(refused.code(), "invalid_factor");
    passkey.origin = harness::ORIGIN.to_owned();
    passkey.rp_id = "phish.example".to_owned();
    let refused = bundle.passkey_sign_in(&passkey).await.expect_status(401);
    assert_eq!(refused.code(), "invalid_factor");
    assert_eq!(bundle.items_of_type("session").len(), sessions);

    // One that was removed: the browser is told what to forget.
    passkey.rp_id = "localhost".to_owned();
    let listed = bundle
        .send(&by(&account, "GET", "/v1/users/me/passkeys"))
        .await;
    let path = format!("/v1/users/me/passkeys/{}", listed.text_at("/data/0/id"));
    let _ = bundle
        .send(&by(&account, "DELETE", &path))
        .await
        .expect_status(204);
    let refused = bundle.passkey_sign_in(&passkey).await.expect_status(401);
    assert_eq!(refused.code(), "unknown_credential");
    let unknown = json!({ "rpId": "localhost", "credentialId": passkey.id() });
    assert_eq!(refused.body["unknownCredential"], unknown);
}

#[tokio::test]
async fn an_account_is_what_it_is_whatever_the_way_in() {
    let bundle = bundle().await;
    let (account, passkey) = with_passkey(&bundle).await;
    for (setting, value, code, status) in [
        ("REQUIRE_VERIFIED_EMAIL", "true", "email_unverified", 403),
        ("REGISTRATION", "private", "invalid_factor", 401),
    ] {
        let function = bundle.spawn_with("passkey-sign-in", setting, value).await;
        let body = bundle.present(&passkey, None).await;
        let request = post("/v1/auth/passkey", &body);
        let refused = bundle.send_to(&function, &request).await;
        assert_eq!(refused.expect_status(status).code(), code, "{setting}");
    }
    bundle.edit_user(&account.id, "status", &json!({ "S": "suspended" }));
    let refused = bundle.passkey_sign_in(&passkey).await.expect_status(403);
    assert_eq!(refused.code(), "account_suspended");
}

#[tokio::test]
async fn a_counter_that_goes_back_is_an_event_and_no_lock_out() {
    let bundle = bundle().await;
    let (account, mut passkey) = with_passkey(&bundle).await;
    for count in [5, 9] {
        passkey.count = count;
        let _ = bundle.passkey_sign_in(&passkey).await.expect_status(200);
    }
    bundle.deliver().await;
    let regressed = || {
        let events = bundle.bus_events();
        let events = json!(events).to_string();
        events.matches("\"passkey.counter_regressed\"").count()
    };
    assert_eq!(regressed(), 0);
    passkey.count = 7;
    let _ = bundle.passkey_sign_in(&passkey).await.expect_status(200);
    bundle.deliver().await;
    assert!(regressed() > 0);
    let audit = bundle
        .send(&by(&account, "GET", "/v1/users/me/audit"))
        .await;
    let audit = audit.expect_status(200);
    let entries = audit.body["data"].as_array().into_iter().flatten();
    let mut entries = entries.filter(|entry| entry["action"] == "passkey.counter_regressed");
    let entry = entries.next().expect("an entry");
    assert_eq!(entry["after"]["signCount"], 7);
}
