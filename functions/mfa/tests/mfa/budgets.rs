//! What every endpoint may cost: the chart of docs/endpoints.md, counted.

use harness::requests::{by, post};
use harness::{Authenticator, Bundle, Cost, PASSWORD};
use serde_json::json;

use crate::bundle;

#[tokio::test]
async fn every_endpoint_costs_what_the_chart_says() {
    let bundle = bundle().await;
    for function in [
        "continue",
        "step-up",
        "start-totp",
        "confirm-totp",
        "list-factors",
        "renew-recovery-codes",
        "delete-factor",
    ] {
        let _ = bundle.function(function).await;
    }
    let account = bundle.account().await;
    let path = "/v1/users/me/factors/totp";
    let start = by(&account, "POST", path);
    let started = bundle.send(&start).await.expect_status(200);
    let _ = bundle.recorder().take();
    assert_eq!(
        bundle.cost_of(&start).await,
        Cost::new(1, 1, 2.0, 0.0),
        "start-totp"
    );
    let app = Authenticator::new(&started.text_at("/secret"));
    let body = json!({ "pending": started.text_at("/pending"), "code": app.next().await });
    let confirm = by(&account, "POST", &format!("{path}/confirm")).json(&body);
    assert_eq!(
        bundle.cost_of(&confirm).await,
        Cost::new(3, 3, 2.0, 10.0),
        "confirm-totp"
    );

    let list = by(&account, "GET", "/v1/users/me/factors");
    assert_eq!(
        bundle.cost_of(&list).await,
        Cost::new(1, 1, 4.0, 0.0),
        "list-factors"
    );

    let challenge = bundle.challenge(&account.email).await;
    let body = json!({ "challenge": challenge, "totp": app.next().await });
    let go_on = post("/v1/auth/continue", &body);
    assert_eq!(
        bundle.cost_of(&go_on).await,
        Cost::new(3, 2, 2.0, 5.0),
        "continue"
    );

    let step_up = by(&account, "POST", "/v1/auth/step-up");
    let with_code = step_up.clone().json(&json!({ "totp": app.next().await }));
    assert_eq!(
        bundle.cost_of(&with_code).await,
        Cost::new(3, 3, 3.0, 5.0),
        "step-up"
    );

    let other = bundle.account().await;
    let step_up = by(&other, "POST", "/v1/auth/step-up");
    let with_password = step_up.json(&json!({ "password": PASSWORD }));
    assert_eq!(
        bundle.cost_of(&with_password).await,
        Cost::new(6, 4, 3.0, 5.0),
        "step-up with the password"
    );

    let renew = by(&account, "POST", "/v1/users/me/factors/recovery-codes");
    assert_eq!(
        bundle.cost_of(&renew).await,
        Cost::new(2, 2, 2.0, 5.0),
        "renew-recovery-codes"
    );

    let listed = bundle.send(&list).await.expect_status(200);
    let path = format!("/v1/users/me/factors/{}", listed.text_at("/data/0/id"));
    let delete = by(&account, "DELETE", &path);
    assert_eq!(
        bundle.cost_of(&delete).await,
        Cost::new(2, 2, 3.0, 7.0),
        "delete-factor"
    );
}

#[tokio::test]
async fn every_endpoint_of_passkeys_costs_what_the_chart_says() {
    let bundle = bundle().await;
    for function in [
        "start-passkey",
        "add-passkey",
        "list-passkeys",
        "rename-passkey",
        "delete-passkey",
        "start-passkey-sign-in",
        "passkey-sign-in",
        "continue",
        "step-up",
        "list-factors",
    ] {
        let _ = bundle.function(function).await;
    }
    let account = bundle.account().await;
    let path = "/v1/users/me/passkeys";
    let start = by(&account, "POST", &format!("{path}/options"));
    let started = bundle.send(&start).await.expect_status(200);
    let _ = bundle.recorder().take();
    let first = bundle.cost_of(&start).await;
    let (passkey, body) = Bundle::new_passkey(&started);
    let add = by(&account, "POST", path).json(&body);
    let added = bundle.cost_of(&add).await;
    let listed = bundle.send(&by(&account, "GET", path)).await;
    let own = format!("{path}/{}", listed.expect_status(200).text_at("/data/0/id"));
    let _ = bundle.recorder().take();
    let another = bundle.cost_of(&start).await;
    let list = bundle.cost_of(&by(&account, "GET", path)).await;
    let list_factors = by(&account, "GET", "/v1/users/me/factors");
    let list_factors = bundle.cost_of(&list_factors).await;
    let rename = by(&account, "PATCH", &own).json(&json!({ "name": "Work" }));
    let rename = bundle.cost_of(&rename).await;

    let options = post("/v1/auth/passkey/options", &json!({}));
    let anybody = bundle.cost_of(&options).await;
    let sign_in = post("/v1/auth/passkey", &bundle.present(&passkey, None).await);
    let _ = bundle.recorder().take();
    let sign_in = bundle.cost_of(&sign_in).await;
    let challenge = bundle.challenge(&account.email).await;
    let _ = bundle.recorder().take();
    let options = post(
        "/v1/auth/passkey/options",
        &json!({ "challenge": challenge }),
    );
    let somebody = bundle.cost_of(&options).await;
    let presented = bundle.present(&passkey, Some(&challenge)).await;
    let body = json!({ "challenge": challenge, "passkey": presented });
    let _ = bundle.recorder().take();
    let go_on = bundle.cost_of(&post("/v1/auth/continue", &body)).await;
    let presented = bundle.present(&passkey, None).await;
    let step_up = by(&account, "POST", "/v1/auth/step-up").json(&json!({ "passkey": presented }));
    let _ = bundle.recorder().take();
    let step_up = bundle.cost_of(&step_up).await;
    let delete = bundle.cost_of(&by(&account, "DELETE", &own)).await;
    for (what, cost, expected) in [
        ("start-passkey", first, Cost::new(1, 1, 2.0, 0.0)),
        (
            "start-passkey, with another",
            another,
            Cost::new(2, 2, 3.0, 0.0),
        ),
        ("add-passkey", added, Cost::new(2, 2, 2.0, 9.0)),
        ("list-passkeys", list, Cost::new(2, 2, 3.0, 0.0)),
        ("list-factors", list_factors, Cost::new(2, 2, 5.0, 0.0)),
        ("rename-passkey", rename, Cost::new(2, 2, 3.0, 1.0)),
        ("start-passkey-sign-in", anybody, Cost::new(0, 0, 0.0, 0.0)),
        (
            "start-passkey-sign-in, challenge",
            somebody,
            Cost::new(2, 2, 2.0, 0.0),
        ),
        ("passkey-sign-in", sign_in, Cost::new(3, 2, 2.0, 7.0)),
        ("continue", go_on, Cost::new(2, 2, 2.0, 4.0)),
        ("step-up", step_up, Cost::new(2, 2, 3.0, 6.0)),
        ("delete-passkey", delete, Cost::new(2, 2, 3.0, 7.0)),
    ] {
        assert_eq!(cost, expected, "{what}");
    }
}

#[tokio::test]
async fn every_endpoint_of_codes_costs_what_the_chart_says() {
    let bundle = bundle().await;
    for function in [
        "start-code-sign-in",
        "code-sign-in",
        "start-passkey-registration",
        "register-with-passkey",
        "send-mail",
    ] {
        let _ = bundle.function(function).await;
    }
    let owner = bundle.passwordless().await;
    let account = &owner.account;
    let list = bundle
        .send(&by(account, "GET", "/v1/users/me/passkeys"))
        .await;
    let id = list.expect_status(200).text_at("/data/0/id");
    let admin = bundle.admin().await;
    let path = format!("/v1/users/{}/factors/{id}?reason=lost", account.id);
    let _ = bundle
        .send(&by(&admin, "DELETE", &path))
        .await
        .expect_status(204);
    let mailed = bundle.mailed(&account.email).await;
    let (_, registration) = bundle.begin_registration("budget@example.com").await;

    let _ = bundle.recorder().take();
    let start = post("/v1/auth/code", &json!({ "email": "idle@example.com" }));
    let verify = post("/v1/auth/code/verify", &mailed);
    let options = json!({ "email": "other@example.com" });
    let options = post("/v1/auth/register/passkey/options", &options);
    let register = post("/v1/auth/register/passkey", &registration);
    for (what, request, expected) in [
        ("start-code-sign-in", start, Cost::new(4, 3, 0.0, 4.0)),
        ("code-sign-in", verify, Cost::new(7, 4, 2.0, 6.0)),
        (
            "start-passkey-registration",
            options,
            Cost::new(4, 3, 0.0, 4.0),
        ),
        (
            "register-with-passkey",
            register,
            Cost::new(5, 4, 0.0, 15.0),
        ),
    ] {
        assert_eq!(bundle.cost_of(&request).await, expected, "{what}");
    }
}
