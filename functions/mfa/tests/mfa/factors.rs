//! Looking at factors, removing them, and new recovery codes.

use harness::requests::by;
use harness::{Account, Bundle, Enrolled, HttpRequest, Letter};
use serde_json::{Value, json};

use crate::bundle;

async fn list(bundle: &Bundle, caller: &Account, id: &str) -> Value {
    let request = by(caller, "GET", &format!("/v1/users/{id}/factors"));
    bundle.send(&request).await.expect_status(200).body
}

fn removal(caller: &Account, enrolled: &Enrolled) -> HttpRequest {
    let path = format!(
        "/v1/users/{}/factors/{}",
        enrolled.account.id, enrolled.factor_id
    );
    by(caller, "DELETE", &path)
}

#[tokio::test]
async fn factors_are_listed_without_what_they_are_made_of() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    assert_eq!(
        list(&bundle, &account, "me").await,
        json!({ "data": [], "recoveryCodesLeft": 0 })
    );
    let enrolled = bundle.enrol(&account).await;
    let listed = list(&bundle, &account, "me").await;
    assert_eq!(listed["data"][0]["id"], enrolled.factor_id.as_str());
    assert_eq!(listed["data"][0]["type"], "totp");
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["recoveryCodesLeft"], 10);
    let moderator = bundle.account_with_role("moderator").await;
    assert_eq!(list(&bundle, &moderator, &account.id).await, listed);
    let stranger = bundle.account().await;
    let path = format!("/v1/users/{}/factors", account.id);
    let _ = bundle
        .send(&by(&stranger, "GET", &path))
        .await
        .expect_status(403);
}

#[tokio::test]
async fn an_owner_removes_a_factor_and_needs_none_any_more() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let account = &enrolled.account;
    let _ = bundle
        .send(&removal(account, &enrolled))
        .await
        .expect_status(204);
    assert!(bundle.items_of_type("totp").is_empty());
    assert!(bundle.items_of_type("recovery_codes").is_empty());
    bundle.assert_invariants();
    let again = bundle.send(&removal(account, &enrolled)).await;
    assert_eq!(again.expect_status(404).code(), "factor_not_found");
    // One factor is enough again, and another app can be set up.
    let account = bundle.sign_in(&account.email).await;
    let enrolled = bundle.enrol(&account).await;
    assert_eq!(enrolled.codes.len(), 10);
}

#[tokio::test]
async fn removing_takes_a_factor_shown_lately_not_the_password() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    bundle.age_proofs(301);
    let refused = bundle.send(&removal(&enrolled.account, &enrolled)).await;
    assert_eq!(
        refused.expect_status(403).code(),
        "reauthentication_required"
    );
    // Not that somebody has only the password, in a session from before the factor.
    let account = bundle.account().await;
    let other = bundle.sign_in(&account.email).await;
    let enrolled = bundle.enrol(&account).await;
    let refused = bundle.send(&removal(&other, &enrolled)).await;
    assert_eq!(
        refused.expect_status(403).code(),
        "reauthentication_required"
    );
    let _ = bundle
        .send(&removal(&account, &enrolled))
        .await
        .expect_status(204);
}

#[tokio::test]
async fn an_admin_removes_a_lost_factor_of_a_lower_role_with_a_reason() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let moderator = bundle.account_with_role("moderator").await;
    let account = bundle.account().await;
    bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
    let enrolled = bundle.enrol(&account).await;
    let refused = bundle.send(&removal(&moderator, &enrolled)).await;
    assert_eq!(refused.expect_status(403).code(), "forbidden");
    let refused = bundle.send(&removal(&admin, &enrolled)).await;
    let refused = refused.expect_status(400);
    assert_eq!(refused.field_codes(), [("reason", "required")]);
    let path = format!(
        "/v1/users/{}/factors/{}?reason=lost%20phone",
        enrolled.account.id, enrolled.factor_id
    );
    let removal = by(&admin, "DELETE", &path);
    let other_admin = bundle.account_with_role("admin").await;
    let kept = bundle.enrol(&other_admin).await;
    let _ = bundle.send(&removal).await.expect_status(204);
    bundle.assert_invariants();
    let _ = bundle.sign_in(&enrolled.account.email).await;

    let path = format!(
        "/v1/users/{}/factors/{}?reason=lost",
        kept.account.id, kept.factor_id
    );
    let refused = bundle.send(&by(&admin, "DELETE", &path)).await;
    assert_eq!(refused.expect_status(403).code(), "forbidden");

    // The audit says who did it and why.
    bundle.deliver().await;
    let letters = bundle.letters_to(&enrolled.account.email);
    let letters: Vec<&str> = letters.iter().map(Letter::name).collect();
    assert!(letters.contains(&"factor_added") && letters.contains(&"factor_removed"));
    let path = format!("/v1/users/{}/audit", enrolled.account.id);
    let audit = bundle
        .send(&by(&admin, "GET", &path))
        .await
        .expect_status(200);
    let entries = audit.body["data"].as_array().expect("entries");
    let removed = entries
        .iter()
        .find(|entry| entry["action"] == "factor.removed");
    let removed = removed.expect("an entry");
    assert_eq!(removed["actorId"], admin.id.as_str());
    assert_eq!(removed["after"]["reason"], "lost phone");
    assert_eq!(removed["before"]["factors"], json!(["totp"]));
    let added = entries
        .iter()
        .find(|entry| entry["action"] == "factor.added");
    assert_eq!(
        added.expect("an entry")["after"]["factors"],
        json!(["totp"])
    );
}

#[tokio::test]
async fn new_recovery_codes_take_the_place_of_the_old_ones() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let renewal = by(
        &enrolled.account,
        "POST",
        "/v1/users/me/factors/recovery-codes",
    );
    let renewed = bundle.send(&renewal).await.expect_status(200);
    let codes = renewed.body["recoveryCodes"].as_array().expect("codes");
    assert_eq!(codes.len(), 10);
    let email = &enrolled.account.email;
    let body =
        json!({ "challenge": bundle.challenge(email).await, "recoveryCode": enrolled.codes[0] });
    let refused = bundle.post("/v1/auth/continue", &body).await;
    assert_eq!(refused.expect_status(401).code(), "invalid_factor");
    let body = json!({ "challenge": bundle.challenge(email).await, "recoveryCode": codes[9] });
    let _ = bundle
        .post("/v1/auth/continue", &body)
        .await
        .expect_status(200);

    let account = bundle.account().await;
    let renewal = by(&account, "POST", "/v1/users/me/factors/recovery-codes");
    let refused = bundle.send(&renewal).await.expect_status(404);
    assert_eq!(refused.code(), "factor_not_found");
    bundle.age_proofs(301);
    let renewal = by(
        &enrolled.account,
        "POST",
        "/v1/users/me/factors/recovery-codes",
    );
    let refused = bundle.send(&renewal).await.expect_status(403);
    assert_eq!(refused.code(), "reauthentication_required");
}

#[tokio::test]
async fn what_was_shown_counts_no_more_once_it_is_removed() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let account = bundle.account().await;
    let (passkey, added) = bundle.add_passkey(&account).await;
    let other = bundle.passkey_sign_in(&passkey).await.expect_status(200);
    let enrolled = bundle.enrol(&account).await;
    let path = format!(
        "/v1/users/{}/factors/{}?reason=stolen",
        account.id,
        added.text_at("/id")
    );
    let _ = bundle
        .send(&by(&admin, "DELETE", &path))
        .await
        .expect_status(204);
    let stolen = Account {
        access_token: other.text_at("/accessToken"),
        ..account.clone()
    };
    for session in [&stolen, &account] {
        let renewal = by(session, "POST", "/v1/users/me/factors/recovery-codes");
        let refused = bundle.send(&renewal).await.expect_status(403);
        assert_eq!(refused.code(), "reauthentication_required");
    }
    let code = json!({ "totp": enrolled.app.next().await });
    let step_up = by(&account, "POST", "/v1/auth/step-up").json(&code);
    let _ = bundle.send(&step_up).await.expect_status(200);
}
