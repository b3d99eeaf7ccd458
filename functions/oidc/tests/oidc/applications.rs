//! The scenes of what applications ask for.

use harness::application::Application;
use harness::requests::new_email;
use harness::scene;
use harness::scenes::{Act, Scene, is};
use harness::{Account, Bundle};

/// More than a session that is in use is left alone.
const OVER_AN_HOUR: u64 = 3_660;

pub fn scenes() -> Vec<Scene> {
    vec![
        scene!("spend a code", "token", |bundle| {
            let (app, account) = ours(bundle).await;
            let code = app.code(&account).await;
            Act::send(app.spending(&code), 200)
                .repeated(&[400])
                .until(move |item| is(item, "grant", "user_id", &account.id))
        }),
        scene!("spend a code with a secret", "token", |bundle| {
            let account = bundle.account().await;
            let app = bundle.application(&new_id(), false, true).await;
            let code = app.code(&account).await;
            Act::send(app.spending(&code), 200)
                .repeated(&[400])
                .until(move |item| is(item, "grant", "user_id", &account.id))
        }),
        scene!("spend a code twice", "token", |bundle| {
            let (app, account) = ours(bundle).await;
            let code = app.code(&account).await;
            let spent = bundle.send(&app.spending(&code)).await;
            let _ = spent.expect_status(200);
            Act::send(app.spending(&code), 400)
                .refused("invalid_grant")
                .until(is_revoked(account.id))
        }),
        scene!("trade a refresh token", "token", |bundle| {
            let (app, account) = ours(bundle).await;
            let tokens = app.tokens(&account).await;
            let request = app.refreshing(&tokens.text_at("/refresh_token"));
            Act::send(request, 200).until(move |item| {
                is(item, "grant", "user_id", &account.id) && item["counter"]["N"] == "1"
            })
        }),
        scene!("trade a refresh token after an hour", "token", |bundle| {
            let (app, account) = ours(bundle).await;
            let tokens = app.tokens(&account).await;
            bundle.age_sessions("rotated_at", OVER_AN_HOUR);
            let request = app.refreshing(&tokens.text_at("/refresh_token"));
            Act::send(request, 200).until(move |item| {
                is(item, "grant", "user_id", &account.id) && item["counter"]["N"] == "1"
            })
        })
        .alone(),
        scene!("trade a refresh token that is spent", "token", |bundle| {
            let (app, account) = ours(bundle).await;
            let first = app.tokens(&account).await.text_at("/refresh_token");
            let second = bundle
                .send(&app.refreshing(&first))
                .await
                .expect_status(200);
            let third = app.refreshing(&second.text_at("/refresh_token"));
            let _ = bundle.send(&third).await.expect_status(200);
            Act::send(app.refreshing(&first), 400)
                .refused("invalid_grant")
                .until(is_revoked(account.id))
        }),
        scene!("tell who somebody is", "userinfo", |bundle| {
            let (app, account) = ours(bundle).await;
            let tokens = app.tokens(&account).await;
            let request = harness::HttpRequest::new("GET", "/oauth2/userinfo");
            Act::send(request.bearer(&tokens.text_at("/access_token")), 200)
        }),
    ]
}

/// The operator's own application, and an account.
pub async fn ours(bundle: &Bundle) -> (Application<'_>, Account) {
    let account = bundle.account().await;
    (bundle.application(&new_id(), true, false).await, account)
}

/// An id that no other client has.
pub fn new_id() -> String {
    let email = new_email();
    let name = email.split('@').next().unwrap_or_default();
    let plain = name.chars().filter(char::is_ascii_alphanumeric);
    let id: String = plain.collect();
    format!("app-{}", id.to_ascii_lowercase())
}

/// An item that shows that a grant of this account has been ended.
pub fn is_revoked(id: String) -> impl Fn(&serde_json::Value) -> bool + Send + Sync {
    move |item| is(item, "grant", "user_id", &id) && item["revoked_at"]["N"].is_string()
}
