//! What letters are for: addresses and passwords.

use harness::requests::{new_email, post};
use harness::scenes::{Act, Scene, is};
use harness::{Account, Bundle, HttpRequest, PASSWORD, scene};
use serde_json::json;

use super::{NEW_PASSWORD, changed, verified};

async fn forgot(bundle: &Bundle, account: &Account) -> HttpRequest {
    let asked = post(
        "/v1/auth/forgot-password",
        &json!({ "email": account.email }),
    );
    let _ = bundle.send(&asked).await.expect_status(202);
    let token = bundle.token(&account.email, "reset_password").await;
    post(
        "/v1/auth/reset-password",
        &json!({ "token": token, "password": NEW_PASSWORD }),
    )
}

pub fn scenes() -> Vec<Scene> {
    let mut scenes = links();
    scenes.extend(passwords());
    scenes
}

fn links() -> Vec<Scene> {
    vec![
        scene!("verify the address, signed in", "verify-email", |bundle| {
            let account = bundle.account().await;
            let token = bundle.token(&account.email, "verify_email").await;
            let request = post("/v1/auth/verify-email", &json!({ "token": token }));
            Act::send(request.bearer(&account.access_token), 204).until(verified(account.id))
        }),
        scene!(
            "verify the address with the password",
            "verify-email",
            |bundle| {
                let account = bundle.account().await;
                let token = bundle.token(&account.email, "verify_email").await;
                let body = json!({ "token": token, "password": PASSWORD });
                Act::send(post("/v1/auth/verify-email", &body), 204).until(verified(account.id))
            }
        ),
        scene!(
            "ask for another verification",
            "resend-verification",
            |_bundle| {
                let email = new_email();
                Act::send(
                    post("/v1/auth/resend-verification", &json!({ "email": email })),
                    202,
                )
                .until(move |item| is(item, "mail_request", "email", &email))
            }
        ),
        scene!("forget the password", "forgot-password", |_bundle| {
            let email = new_email();
            Act::send(
                post("/v1/auth/forgot-password", &json!({ "email": email })),
                202,
            )
            .until(move |item| is(item, "mail_request", "email", &email))
        }),
        scene!("reset the password", "reset-password", |bundle| {
            let account = bundle.account().await;
            bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
            let request = forgot(bundle, &account).await;
            Act::send(request, 204)
                .repeated(&[400])
                .until(changed(account.id))
        }),
    ]
}

fn passwords() -> Vec<Scene> {
    vec![
        scene!(
            "reset the password of an account never verified",
            "reset-password",
            |bundle| {
                let account = bundle.account().await;
                let request = forgot(bundle, &account).await;
                Act::send(request, 204)
                    .repeated(&[400])
                    .until(verified(account.id))
            }
        ),
        scene!(
            "reset the password of an account with the factor of a stranger",
            "reset-password",
            |bundle| {
                let account = bundle.account().await;
                let _ = bundle.enrol(&account).await;
                let request = forgot(bundle, &account).await;
                Act::send(request, 204)
                    .repeated(&[400])
                    .until(verified(account.id))
            }
        ),
        scene!(
            "reset the password of an account with the passkey of a stranger",
            "reset-password",
            |bundle| {
                let account = bundle.account().await;
                let _ = bundle.add_passkey(&account).await;
                let request = forgot(bundle, &account).await;
                Act::send(request, 204)
                    .repeated(&[400])
                    .until(verified(account.id))
            }
        ),
        scene!(
            "reset the password of an account with two passkeys of a stranger",
            "reset-password",
            |bundle| {
                let account = bundle.account().await;
                for _ in 0..2 {
                    let _ = bundle.add_passkey(&account).await;
                }
                let request = forgot(bundle, &account).await;
                Act::send(request, 204)
                    .repeated(&[400])
                    .until(verified(account.id))
            }
        ),
        scene!(
            "reset the password of an account with the identity of a stranger",
            "reset-password",
            |bundle| {
                let account = bundle.account().await;
                bundle.link(&account).await;
                let request = forgot(bundle, &account).await;
                Act::send(request, 204)
                    .repeated(&[400])
                    .until(verified(account.id))
            }
        ),
        scene!("change the password", "change-password", |bundle| {
            let account = bundle.account().await;
            let body = json!({ "currentPassword": PASSWORD, "newPassword": NEW_PASSWORD });
            let request = post("/v1/auth/change-password", &body).bearer(&account.access_token);
            Act::send(request, 204)
                .repeated(&[400])
                .until(changed(account.id))
        }),
    ]
}
