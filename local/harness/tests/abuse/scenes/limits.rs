//! What is limited, done again while its limits are in use: the table is asked a second time.

use std::sync::atomic::{AtomicU32, Ordering};

use harness::{Bundle, HttpRequest, PASSWORD};
use serde_json::json;

use super::auth::{NEW_PASSWORD, changed, verified};
use super::{Act, Scene, What, by, is, new_email, post, register, scene, sign_in, token};

const LIMITS: &str = "account-address=9/1h address=9/1h account=9/1h";

/// Sends `before` from an address of its own; `request` is to come from there as well.
async fn after(
    bundle: &Bundle,
    function: &str,
    mut before: HttpRequest,
    mut request: HttpRequest,
    expected: u64,
) -> Act {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let [_, high, middle, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let from = format!("10.{high}.{middle}.{low}");
    before.source_ip.clone_from(&from);
    request.source_ip = from;
    let process = bundle.spawn_with(function, "RATE_LIMITS", LIMITS).await;
    let answer = bundle.send_to(&process, &before).await;
    assert!(answer.status < 429, "{function}: {}", answer.text);
    Act::new(What::SendTo(request, "RATE_LIMITS", LIMITS), expected)
}

pub fn scenes() -> Vec<Scene> {
    let mut scenes = by_anybody();
    scenes.extend(by_the_owner());
    scenes
}

fn by_anybody() -> Vec<Scene> {
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
            let token = token(bundle, &account.email, "verify_email").await;
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
    ]
}

fn by_the_owner() -> Vec<Scene> {
    vec![
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
        scene!("ask for a third address", "change-email", |bundle| {
            let account = bundle.account().await;
            let email = new_email();
            let request = |email: &str| {
                by(&account, "POST", "/v1/users/me/email").json(&json!({ "email": email }))
            };
            let (second, third) = (request(&new_email()), request(&email));
            after(bundle, "change-email", second, third, 202)
                .await
                .until(move |item| is(item, "email_change", "email", &email))
        }),
        scene!("delete another account", "delete-user", |bundle| {
            let admin = bundle.account_with_role("admin").await;
            let (one, other) = (bundle.account().await, bundle.account().await);
            let delete = |id: &str| by(&admin, "DELETE", &format!("/v1/users/{id}"));
            after(
                bundle,
                "delete-user",
                delete(&one.id),
                delete(&other.id),
                204,
            )
            .await
            .repeated(&[404])
            .done(move |bundle| {
                let users = bundle.items_of_type("user");
                users.iter().all(|user| user["id"]["S"] != *other.id)
            })
        }),
    ]
}
