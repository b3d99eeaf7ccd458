//! Factors that are set up, looked at, and removed.

use harness::requests::{by, post, sign_in};
use harness::scenes::{Act, Scene, after, is};
use harness::{Account, Authenticator, Bundle, HttpRequest, PASSWORD, scene};
use serde_json::{Value, json};

const START: &str = "/v1/users/me/factors/totp";
const CONFIRM: &str = "/v1/users/me/factors/totp/confirm";

/// A confirmation that is right for half a minute, and the account's id.
async fn confirmation(bundle: &Bundle, account: &Account) -> HttpRequest {
    let started = bundle.send(&by(account, "POST", START)).await;
    let started = started.expect_status(200);
    let app = Authenticator::new(&started.text_at("/secret"));
    let body = json!({ "pending": started.text_at("/pending"), "code": app.last().await });
    by(account, "POST", CONFIRM).json(&body)
}

/// The challenge of a sign-in that is to set up a factor.
pub(super) async fn challenge(bundle: &Bundle, account: &Account) -> String {
    let login = bundle
        .spawn_with("login", "SECOND_FACTOR", "required")
        .await;
    let request = sign_in(&account.email, PASSWORD);
    let answer = bundle.send_to(&login, &request).await.expect_status(403);
    answer.text_at("/challenge")
}

pub(super) fn has_factor(id: String) -> impl Fn(&Value) -> bool + Send + Sync {
    move |item| is(item, "user", "id", &id) && item["factors"]["SS"].is_array()
}

pub(super) fn has_none(id: String) -> impl Fn(&Value) -> bool + Send + Sync {
    move |item| is(item, "user", "id", &id) && item["factors"].is_null()
}

fn has_totp(id: String) -> impl Fn(&Value) -> bool + Send + Sync {
    move |item| {
        let factors = item["factors"]["SS"].as_array();
        let has = factors.is_some_and(|factors| factors.contains(&json!("totp")));
        is(item, "user", "id", &id) && has
    }
}

pub fn scenes() -> Vec<Scene> {
    vec![
        scene!("start to set up an app", "start-totp", |bundle| {
            let account = bundle.account().await;
            Act::send(by(&account, "POST", START), 200)
        }),
        scene!("start by a challenge", "start-totp", |bundle| {
            let account = bundle.account().await;
            let body = json!({ "challenge": challenge(bundle, &account).await });
            Act::send(post(START, &body), 200)
        }),
        scene!("set up an app", "confirm-totp", |bundle| {
            let account = bundle.account().await;
            let request = confirmation(bundle, &account).await;
            Act::send(request, 201)
                .repeated(&[409])
                .until(has_factor(account.id))
        }),
        scene!(
            "set up an app after another try",
            "confirm-totp",
            |bundle| {
                let account = bundle.account().await;
                let request = confirmation(bundle, &account).await;
                let started = bundle.send(&by(&account, "POST", START)).await;
                let pending = started.expect_status(200).text_at("/pending");
                let wrong = json!({ "pending": pending, "code": "000000" });
                let before = by(&account, "POST", CONFIRM).json(&wrong);
                after(bundle, "confirm-totp", before, request, 201)
                    .await
                    .repeated(&[409])
                    .until(has_factor(account.id))
            }
        ),
        scene!("set up an app by a challenge", "confirm-totp", |bundle| {
            let account = bundle.account().await;
            let challenge = challenge(bundle, &account).await;
            let started = bundle.post(START, &json!({ "challenge": challenge })).await;
            let started = started.expect_status(200);
            let app = Authenticator::new(&started.text_at("/secret"));
            let body = json!({
                "challenge": challenge,
                "pending": started.text_at("/pending"),
                "code": app.last().await,
            });
            Act::send(post(CONFIRM, &body), 201)
                .repeated(&[401])
                .until(has_factor(account.id))
        }),
        scene!("set up an app beside a passkey", "confirm-totp", |bundle| {
            let account = bundle.account().await;
            let _ = bundle.add_passkey(&account).await;
            let request = confirmation(bundle, &account).await;
            Act::send(request, 201)
                .repeated(&[409])
                .until(has_totp(account.id))
        }),
        scene!("list factors", "list-factors", |bundle| {
            let enrolled = bundle.enrolled().await;
            Act::send(by(&enrolled.account, "GET", "/v1/users/me/factors"), 200)
        }),
        scene!("renew recovery codes", "renew-recovery-codes", |bundle| {
            let enrolled = bundle.enrolled().await;
            let path = "/v1/users/me/factors/recovery-codes";
            Act::send(by(&enrolled.account, "POST", path), 200)
        }),
        scene!("remove one of two factors", "delete-factor", |bundle| {
            let enrolled = bundle.enrolled().await;
            let _ = bundle.add_passkey(&enrolled.account).await;
            let path = format!("/v1/users/me/factors/{}", enrolled.factor_id);
            let has_totp = has_totp(enrolled.account.id.clone());
            let is_user = enrolled.account.id.clone();
            Act::send(by(&enrolled.account, "DELETE", &path), 204)
                // The proof of the session was of the factor that is gone.
                .repeated(&[403, 404])
                .until(move |item| is(item, "user", "id", &is_user) && !has_totp(item))
        }),
        scene!("remove a factor", "delete-factor", |bundle| {
            let enrolled = bundle.enrolled().await;
            let path = format!("/v1/users/me/factors/{}", enrolled.factor_id);
            Act::send(by(&enrolled.account, "DELETE", &path), 204)
                .repeated(&[404])
                .until(has_none(enrolled.account.id))
        }),
    ]
}
