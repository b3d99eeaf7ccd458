use serde_json::json;

use super::{Act, Scene, by, is, new_email, scene, token};

pub fn scenes() -> Vec<Scene> {
    let mut scenes = accounts();
    scenes.extend(addresses());
    scenes.extend(preferences());
    scenes.extend(sessions());
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
            let gone = account.id.clone();
            Act::send(by(&account, "DELETE", "/v1/users/me"), 204)
                .repeated(&[401])
                .done(move |bundle| {
                    let users = bundle.items_of_type("user");
                    users.iter().all(|user| user["id"]["S"] != *gone)
                })
        }),
        scene!("delete an admin", "delete-user", |bundle| {
            let admin = bundle.account_with_role("admin").await;
            let other = bundle.account_with_role("admin").await;
            let request = by(&admin, "DELETE", &format!("/v1/users/{}", other.id));
            Act::send(request, 204)
                .repeated(&[404])
                .done(move |bundle| {
                    let users = bundle.items_of_type("user");
                    users.iter().all(|user| user["id"]["S"] != *other.id)
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
                let token = token(bundle, &email, "confirm_email_change").await;
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
                let token = token(bundle, &email, "confirm_email_change").await;
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

fn sessions() -> Vec<Scene> {
    vec![
        scene!("list one's sessions", "list-sessions", |bundle| {
            let account = bundle.account().await;
            Act::send(by(&account, "GET", "/v1/users/me/sessions"), 200)
        }),
        scene!("end one session", "revoke-session", |bundle| {
            let account = bundle.account().await;
            let other = bundle.sign_in(&account.email).await;
            let session = bundle.session_of(&other);
            let path = format!("/v1/users/me/sessions/{session}");
            let ended = move |item: &serde_json::Value| {
                is(item, "session", "id", &session) && item["revoked_at"]["N"].is_string()
            };
            Act::send(by(&account, "DELETE", &path), 204).until(ended)
        }),
        scene!(
            "end all sessions but this one",
            "revoke-sessions",
            |bundle| {
                let account = bundle.account().await;
                let path = "/v1/users/me/sessions?except=current";
                Act::send(by(&account, "DELETE", path), 204)
                    .until(super::auth::epoch_raised(account.id))
            }
        ),
        scene!("end all sessions", "revoke-sessions", |bundle| {
            let account = bundle.account().await;
            Act::send(by(&account, "DELETE", "/v1/users/me/sessions"), 204)
                .repeated(&[401])
                .until(super::auth::epoch_raised(account.id))
        }),
    ]
}
