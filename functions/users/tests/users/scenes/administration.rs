//! What admins and moderators do with the accounts of others.

use harness::requests::{by, new_email};
use harness::scenes::{Act, Scene, What, is};
use harness::{Account, Bundle, PASSWORD, scene};
use serde_json::{Value, json};

use super::gone;

pub fn scenes() -> Vec<Scene> {
    let mut scenes = accounts();
    scenes.extend(lists());
    scenes
}

/// An admin and an account in another role.
async fn pair(bundle: &Bundle, role: &str) -> (Account, Account) {
    let admin = bundle.account_with_role("admin").await;
    let other = match role {
        "user" => bundle.account().await,
        role => bundle.account_with_role(role).await,
    };
    (admin, other)
}

fn has(
    id: String,
    attribute: &'static str,
    value: &'static str,
) -> impl Fn(&Value) -> bool + Send + Sync {
    move |item| is(item, "user", "id", &id) && is(item, "user", attribute, value)
}

async fn role(bundle: &Bundle, from: &str, to: &'static str) -> Act {
    let (admin, other) = pair(bundle, from).await;
    let request = by(&admin, "PUT", &format!("/v1/users/{}/role", other.id));
    Act::send(request.json(&json!({ "role": to })), 200).until(has(other.id, "role", to))
}

async fn status(bundle: &Bundle, of: &str, to: &'static str) -> Act {
    let (admin, other) = pair(bundle, of).await;
    let path = format!("/v1/users/{}/status", other.id);
    if to == "active" {
        let suspend = by(&admin, "PUT", &path).json(&json!({ "status": "suspended" }));
        let _ = bundle.send(&suspend).await.expect_status(200);
    }
    let request = by(&admin, "PUT", &path).json(&json!({ "status": to }));
    Act::send(request, 200).until(has(other.id, "status", to))
}

async fn create(bundle: &Bundle, role: &str, key: bool, password: bool) -> Act {
    let admin = bundle.account_with_role("admin").await;
    let email = new_email();
    let mut body = json!({ "email": email, "role": role });
    if password {
        body["password"] = json!(PASSWORD);
    }
    let mut request = by(&admin, "POST", "/v1/users").json(&body);
    if key {
        request = request.header("idempotency-key", &format!("a-key-for-{email}"));
    }
    let act = Act::send(request, 201).until(move |item| is(item, "user", "email", &email));
    if key { act } else { act.repeated(&[409]) }
}

fn accounts() -> Vec<Scene> {
    vec![
        scene!("make an account", "create-user", |bundle| {
            create(bundle, "user", false, true).await
        }),
        scene!("invite somebody", "create-user", |bundle| {
            create(bundle, "user", true, false).await
        }),
        scene!("make an admin", "create-user", |bundle| {
            create(bundle, "admin", false, true).await
        }),
        scene!("make an admin with a key", "create-user", |bundle| {
            create(bundle, "admin", true, true).await
        }),
        scene!(
            "make an account again with the same key",
            "create-user",
            |bundle| {
                let act = create(bundle, "user", true, true).await;
                if let What::Send(request) = &act.what {
                    let _ = bundle.send(request).await.expect_status(201);
                }
                act
            }
        ),
        scene!("make a moderator", "set-user-role", |bundle| {
            role(bundle, "user", "moderator").await
        }),
        scene!("promote to admin", "set-user-role", |bundle| {
            role(bundle, "user", "admin").await
        }),
        scene!("demote an admin", "set-user-role", |bundle| {
            role(bundle, "admin", "user").await
        }),
        scene!("suspend somebody", "set-user-status", |bundle| {
            status(bundle, "user", "suspended").await
        }),
        scene!("suspend an admin", "set-user-status", |bundle| {
            status(bundle, "admin", "suspended").await
        }),
        scene!("let an admin back in", "set-user-status", |bundle| {
            status(bundle, "admin", "active").await
        }),
        scene!(
            "demote the last admin but one who has returned",
            "set-user-role",
            |bundle| {
                let (last, _) = bundle.last_admins().await;
                let request = by(&last, "PUT", "/v1/users/me/role");
                Act::send(request.json(&json!({ "role": "user" })), 200)
                    .repeated(&[403])
                    .until(has(last.id, "role", "user"))
            }
        ),
        scene!(
            "suspend the last admin but one who has returned",
            "set-user-status",
            |bundle| {
                let (last, _) = bundle.last_admins().await;
                let request = by(&last, "PUT", "/v1/users/me/status");
                Act::send(request.json(&json!({ "status": "suspended" })), 200)
                    .repeated(&[401])
                    .until(has(last.id, "status", "suspended"))
            }
        ),
        scene!(
            "delete the last admin but one who has returned",
            "delete-user",
            |bundle| {
                let (last, _) = bundle.last_admins().await;
                Act::send(by(&last, "DELETE", "/v1/users/me"), 204)
                    .repeated(&[401])
                    .done(gone(last.id))
            }
        ),
        scene!("delete a suspended admin", "delete-user", |bundle| {
            let (admin, other) = bundle.last_admins().await;
            let request = by(&admin, "DELETE", &format!("/v1/users/{}", other.id));
            Act::send(request, 204)
                .repeated(&[404])
                .done(gone(other.id))
        }),
        scene!("make the first admin", "create-admin", |bundle| {
            bundle.delete_type("admin_counter");
            let email = new_email();
            let body = json!({ "email": email, "password": PASSWORD });
            Act::new(What::Invoke(body), 200).until(move |item| is(item, "user", "email", &email))
        })
        .alone(),
    ]
}

fn lists() -> Vec<Scene> {
    vec![
        scene!("list accounts", "list-users", |bundle| {
            let admin = bundle.account_with_role("admin").await;
            Act::send(by(&admin, "GET", "/v1/users"), 200)
        }),
        scene!("find an account by its address", "list-users", |bundle| {
            let admin = bundle.account_with_role("admin").await;
            let path = format!("/v1/users?email={}", admin.email);
            Act::send(by(&admin, "GET", &path), 200)
        }),
    ]
}
