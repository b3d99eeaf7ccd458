//! What is limited, done again while its limits are in use.

use harness::requests::{by, new_email, post, register, sign_in};
use harness::scenes::{Scene, after, is};
use harness::{PASSWORD, scene};
use serde_json::json;

use super::{NEW_PASSWORD, changed, verified};

pub fn scenes() -> Vec<Scene> {
    vec![
        scene!("sign in again", "login", |bundle| {
            let account = bundle.account().await;
            let request = sign_in(&account.email, PASSWORD);
            after(bundle, "login", request.clone(), request, 200).await
        }),
        scene!("register what is free again", "register", |bundle| {
            let email = new_email();
            let request = register(&email);
            let act = after(bundle, "register", request.clone(), request, 201).await;
            for item in bundle.accounts() {
                let own = is(&item, "user", "email", &email)
                    || item["pk"]["S"] == format!("EMAIL#{email}");
                if own {
                    bundle.delete(&json!({ "pk": item["pk"], "sk": item["sk"] }));
                }
            }
            act.repeated(&[409])
                .until(move |item| is(item, "user", "email", &email))
        }),
        scene!(
            "ask for a verification again",
            "resend-verification",
            |bundle| {
                let email = new_email();
                let path = "/v1/auth/resend-verification";
                let request = post(path, &json!({ "email": email }));
                after(bundle, "resend-verification", request.clone(), request, 202).await
            }
        ),
        scene!("forget the password again", "forgot-password", |bundle| {
            let email = new_email();
            let request = post("/v1/auth/forgot-password", &json!({ "email": email }));
            after(bundle, "forgot-password", request.clone(), request, 202).await
        }),
        scene!("verify after a wrong password", "verify-email", |bundle| {
            let account = bundle.account().await;
            let token = bundle.token(&account.email, "verify_email").await;
            let request = |password: &str| {
                let body = json!({ "token": token, "password": password });
                post("/v1/auth/verify-email", &body)
            };
            after(
                bundle,
                "verify-email",
                request("a guess"),
                request(PASSWORD),
                204,
            )
            .await
            .repeated(&[400])
            .until(verified(account.id))
        }),
        scene!(
            "change the password after a wrong one",
            "change-password",
            |bundle| {
                let account = bundle.account().await;
                let request = |password: &str| {
                    let body = json!({ "currentPassword": password, "newPassword": NEW_PASSWORD });
                    by(&account, "POST", "/v1/auth/change-password").json(&body)
                };
                let (wrong, right) = (request("a guess"), request(PASSWORD));
                after(bundle, "change-password", wrong, right, 204)
                    .await
                    .repeated(&[400])
                    .until(changed(account.id))
            }
        ),
    ]
}
