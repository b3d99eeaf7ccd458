//! What people do with accounts of their own.

use harness::requests::{by, new_email};
use harness::scene;
use harness::scenes::{Act, Scene, What, is};
use serde_json::json;

use super::gone;

pub fn scenes() -> Vec<Scene> {
    let mut scenes = accounts();
    scenes.extend(addresses());
    scenes.extend(preferences());
    scenes
}

fn accounts() -> Vec<Scene> {
    vec![
        scene!("read one's own account", "get-user", |bundle| {
            let account = bundle.account().await;
            Act::send(by(&account, "GET", "/v1/users/me"), 200)
        }),
        scene!("read another account", "get-user", |bundle| {
            let moderator = bundle.account_with_role("moderator").await;
            let account = bundle.account().await;
            Act::send(
                by(&moderator, "GET", &format!("/v1/users/{}", account.id)),
                200,
            )
        }),
        scene!("change one's name", "update-user", |bundle| {
            let account = bundle.account().await;
            let body = json!({ "firstName": "Ada" });
            let request = by(&account, "PATCH", "/v1/users/me").json(&body);
            let named = move |item: &_| {
                is(item, "user", "id", &account.id) && is(item, "user", "first_name", "Ada")
            };
            Act::send(request, 200).until(named)
        }),
        scene!(
            "change one version of one's name",
            "update-user",
            |bundle| {
                let account = bundle.account().await;
                let body = json!({ "firstName": "Ada" });
                let request = by(&account, "PATCH", "/v1/users/me").json(&body);
                let named = move |item: &_| {
                    is(item, "user", "id", &account.id) && is(item, "user", "first_name", "Ada")
                };
                Act::send(request.header("if-match", "\"1\""), 200)
                    .repeated(&[412])
                    .until(named)
            }
        ),
        scene!("delete one's own account", "delete-user", |bundle| {
            let account = bundle.account().await;
            Act::send(by(&account, "DELETE", "/v1/users/me"), 204)
                .repeated(&[401])
                .done(gone(account.id))
        }),
        scene!(
            "delete an account with an identity",
            "delete-user",
            |bundle| {
                let account = bundle.account().await;
                bundle.link(&account).await;
                Act::send(by(&account, "DELETE", "/v1/users/me"), 204)
                    .repeated(&[401])
                    .done(gone(account.id))
            }
        ),
        scene!("delete an admin", "delete-user", |bundle| {
            let admin = bundle.account_with_role("admin").await;
            let other = bundle.account_with_role("admin").await;
            let request = by(&admin, "DELETE", &format!("/v1/users/{}", other.id));
            Act::send(request, 204)
                .repeated(&[404])
                .done(gone(other.id))
        }),
        scene!("clear up after a deletion", "purge-user", |bundle| {
            let account = bundle.account().await;
            let put = by(&account, "PUT", "/v1/users/me/preferences");
            let put = bundle.send(&put.json(&json!({ "theme": "dark" }))).await;
            let _ = put.expect_status(200);
            let asked = by(&account, "POST", "/v1/users/me/email");
            let asked = asked.json(&json!({ "email": new_email() }));
            let _ = bundle.send(&asked).await.expect_status(202);
            let _ = bundle.enrol(&account).await;
            bundle.deliver().await;
            let deleted = bundle.send(&by(&account, "DELETE", "/v1/users/me")).await;
            let _ = deleted.expect_status(204);
            let own = format!("USER#{}", account.id);
            Act::new(What::Deliver, 200).done(move |bundle| {
                let mut left = bundle.items();
                left.retain(|item| item["pk"]["S"] == *own);
                left.len() == 1 && left[0]["type"]["S"] == "tombstone"
            })
        }),
    ]
}

fn addresses() -> Vec<Scene> {
    vec![
        scene!("ask for another address", "change-email", |bundle| {
            let account = bundle.account().await;
            let email = new_email();
            let request = by(&account, "POST", "/v1/users/me/email");
            Act::send(request.json(&json!({ "email": email })), 202)
                .until(move |item| is(item, "email_change", "email", &email))
        }),
        scene!(
            "confirm another address",
            "confirm-email-change",
            |bundle| {
                let account = bundle.account().await;
                let email = new_email();
                let request = by(&account, "POST", "/v1/users/me/email");
                let asked = bundle.send(&request.json(&json!({ "email": email }))).await;
                let _ = asked.expect_status(202);
                let token = bundle.token(&email, "confirm_email_change").await;
                let request = by(&account, "POST", "/v1/users/me/email/confirm");
                Act::send(request.json(&json!({ "token": token })), 204)
                    .repeated(&[400])
                    .until(move |item| is(item, "user", "email", &email))
            }
        ),
        scene!(
            "confirm another spelling",
            "confirm-email-change",
            |bundle| {
                let account = bundle.account().await;
                let (local, domain) = account.email.split_once('@').expect("an address");
                let email = format!("{}@{domain}", local.to_uppercase());
                let request = by(&account, "POST", "/v1/users/me/email");
                let asked = bundle.send(&request.json(&json!({ "email": email }))).await;
                let _ = asked.expect_status(202);
                let token = bundle.token(&email, "confirm_email_change").await;
                let request = by(&account, "POST", "/v1/users/me/email/confirm");
                Act::send(request.json(&json!({ "token": token })), 204)
                    .repeated(&[400])
                    .until(move |item| is(item, "user", "email", &email))
            }
        ),
    ]
}

fn preferences() -> Vec<Scene> {
    const PATH: &str = "/v1/users/me/preferences";
    vec![
        scene!("read one's preferences", "get-preferences", |bundle| {
            let account = bundle.account().await;
            Act::send(by(&account, "GET", PATH), 200)
        }),
        scene!("set the first preferences", "put-preferences", |bundle| {
            let account = bundle.account().await;
            let request = by(&account, "PUT", PATH).json(&json!({ "theme": "dark" }));
            let own = format!("USER#{}", account.id);
            Act::send(request, 200).until(move |item| is(item, "preferences", "pk", &own))
        }),
        scene!("change preferences", "put-preferences", |bundle| {
            let account = bundle.account().await;
            let put = by(&account, "PUT", PATH).json(&json!({ "theme": "dark" }));
            let _ = bundle.send(&put).await.expect_status(200);
            let own = format!("USER#{}", account.id);
            Act::send(
                by(&account, "PATCH", PATH).json(&json!({ "theme": "light" })),
                200,
            )
            .until(move |item| {
                is(item, "preferences", "pk", &own) && item.to_string().contains("light")
            })
        }),
    ]
}
