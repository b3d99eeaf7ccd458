//! Registration, and sessions from their beginning to their end.

use harness::requests::{by, new_email, post, register, sign_in};
use harness::scenes::{Act, Scene, What, epoch_raised, is, revoked};
use harness::{PASSWORD, scene};
use serde_json::{Value, json};

/// argon2id of the accounts' password with 8 MiB and one pass: parameters of the past.
const OUTDATED: &str = "$argon2id$v=19$m=8192,t=1,p=1$c2l4dGVlbiBieXRlcyBvaw$2l418Rwy+AgpcWyRMVdE9JBX+5bVysH2Zqs7WoOhRSI";
const KEY: (&str, &str) = ("idempotency-key", "a-key-of-a-client");

pub fn scenes() -> Vec<Scene> {
    let mut scenes = registration();
    scenes.extend(signing_in());
    scenes.extend(signing_out());
    scenes
}

fn registration() -> Vec<Scene> {
    vec![
        scene!("register", "register", |_bundle| {
            let email = new_email();
            let request = register(&email);
            Act::send(request, 201)
                .repeated(&[409])
                .until(move |item| is(item, "user", "email", &email))
        }),
        scene!("register with a key", "register", |_bundle| {
            let email = new_email();
            let request = register(&email).header(KEY.0, &format!("{}-{email}", KEY.1));
            Act::send(request, 201).until(move |item| is(item, "user", "email", &email))
        }),
        scene!("register again with the same key", "register", |bundle| {
            let email = new_email();
            let request = register(&email).header(KEY.0, &format!("{}-{email}", KEY.1));
            let _ = bundle.send(&request).await.expect_status(201);
            Act::send(request, 201)
        }),
        scene!("register privately", "register", |_bundle| {
            let email = new_email();
            let request = register(&email);
            Act::new(What::SendTo(request, "REGISTRATION", "private"), 202)
                .until(move |item| is(item, "user", "email", &email))
        }),
    ]
}

fn signing_in() -> Vec<Scene> {
    vec![
        scene!("sign in", "login", |bundle| {
            let account = bundle.account().await;
            Act::send(sign_in(&account.email, PASSWORD), 200)
        }),
        scene!("sign in on a trusted device", "login", |bundle| {
            let enrolled = bundle.enrolled().await;
            let email = &enrolled.account.email;
            let body = json!({
                "challenge": bundle.challenge(email).await,
                "recoveryCode": enrolled.codes[0],
                "rememberDevice": true,
            });
            let answer = bundle.post("/v1/auth/continue", &body).await;
            let device = answer.expect_status(200).text_at("/deviceToken");
            let body = json!({ "email": email, "password": PASSWORD, "deviceToken": device });
            Act::send(post("/v1/auth/login", &body), 200)
        }),
        scene!("sign in for the first time from there", "login", |bundle| {
            let email = new_email();
            let _ = bundle.send(&register(&email)).await.expect_status(201);
            let request = sign_in(&email, PASSWORD);
            Act::send(request, 200).done(move |bundle| {
                let users = bundle.items_of_type("user");
                let user = users.iter().find(|user| user["email"]["S"] == email);
                let id = user.and_then(|user| user["id"]["S"].as_str());
                let mut sessions = bundle.items_of_type("session").into_iter();
                sessions.any(|session| session["user_id"]["S"].as_str() == id)
            })
        }),
        scene!("sign in with an outdated hash", "login", |bundle| {
            let account = bundle.account().await;
            let id = account.id.clone();
            let outdated = json!({ "S": OUTDATED });
            let own = move |item: &Value| is(item, "credential", "user_id", &id);
            bundle.edit(own, "password_hash", &outdated);
            Act::send(sign_in(&account.email, PASSWORD), 200)
        }),
        scene!("refresh", "refresh", |bundle| {
            let account = bundle.account().await;
            let session = bundle.session_of(&account);
            let body = json!({ "refreshToken": account.refresh_token });
            Act::send(post("/v1/auth/refresh", &body), 200).until(move |item| {
                is(item, "session", "id", &session) && item["counter"]["N"] == "1"
            })
        }),
        scene!(
            "refresh with a token that was traded before",
            "refresh",
            |bundle| {
                let account = bundle.account().await;
                let session = bundle.session_of(&account);
                let newest = bundle.refresh(&account.refresh_token).await;
                let newest = newest.expect_status(200).text_at("/refreshToken");
                let _ = bundle.refresh(&newest).await.expect_status(200);
                let body = json!({ "refreshToken": account.refresh_token });
                Act::send(post("/v1/auth/refresh", &body), 401).until(move |item| {
                    is(item, "session", "id", &session) && item["revoked_at"]["N"].is_string()
                })
            }
        ),
    ]
}

fn signing_out() -> Vec<Scene> {
    vec![
        scene!("sign out", "logout", |bundle| {
            let account = bundle.account().await;
            let session = bundle.session_of(&account);
            Act::send(by(&account, "POST", "/v1/auth/logout"), 204)
                .repeated(&[401])
                .until(revoked(session))
        }),
        scene!("sign out with the refresh token", "logout", |bundle| {
            let account = bundle.account().await;
            let session = bundle.session_of(&account);
            let body = json!({ "refreshToken": account.refresh_token });
            Act::send(post("/v1/auth/logout", &body), 204)
                .repeated(&[401])
                .until(revoked(session))
        }),
        scene!("sign out all others", "logout", |bundle| {
            let account = bundle.account().await;
            Act::send(by(&account, "POST", "/v1/auth/logout?scope=others"), 204)
                .until(epoch_raised(account.id))
        }),
        scene!("sign out everywhere", "logout", |bundle| {
            let account = bundle.account().await;
            Act::send(by(&account, "POST", "/v1/auth/logout?scope=all"), 204)
                .repeated(&[401])
                .until(epoch_raised(account.id))
        }),
        scene!(
            "sign out everywhere with the refresh token",
            "logout",
            |bundle| {
                let account = bundle.account().await;
                let body = json!({ "refreshToken": account.refresh_token });
                Act::send(post("/v1/auth/logout?scope=all", &body), 204)
                    .repeated(&[401])
                    .until(epoch_raised(account.id))
            }
        ),
    ]
}
