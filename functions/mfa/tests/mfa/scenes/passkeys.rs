//! Passkeys that are added, looked at, used and removed.

use harness::requests::{by, post};
use harness::scenes::{Act, Scene, after, is};
use harness::{Account, Bundle, HttpRequest, Passkey, scene};
use serde_json::{Value, json};

use super::enrolment::{challenge, has_factor, has_none};

const PATH: &str = "/v1/users/me/passkeys";
const OPTIONS: &str = "/v1/users/me/passkeys/options";

async fn addition(bundle: &Bundle, account: &Account) -> HttpRequest {
    let started = bundle.begin_passkey(account).await;
    let (_, body) = Bundle::new_passkey(&started);
    by(account, "POST", PATH).json(&body)
}

/// An account with a passkey, and the path of that.
async fn with_passkey(bundle: &Bundle) -> (Account, Passkey, String) {
    let account = bundle.account().await;
    let (passkey, added) = bundle.add_passkey(&account).await;
    (account, passkey, format!("{PATH}/{}", added.text_at("/id")))
}

/// A passkey of the account was used.
fn used(id: String) -> impl Fn(&Value) -> bool + Send + Sync {
    move |item| {
        item["type"]["S"] == "passkey"
            && item["pk"]["S"] == format!("USER#{id}")
            && item["last_used_at"]["N"].is_string()
    }
}

/// A passkey of the account has another name.
fn is_named_work(id: &str) -> impl Fn(&Value) -> bool + Send + Sync + use<> {
    let own = format!("USER#{id}");
    move |item| item["name"]["S"] == "Work" && item["pk"]["S"] == *own
}

/// The account has one factor.
fn has_one(id: String) -> impl Fn(&Value) -> bool + Send + Sync {
    move |item| {
        let count = item["factors"]["SS"].as_array().map(Vec::len);
        is(item, "user", "id", &id) && count == Some(1)
    }
}

pub fn scenes() -> Vec<Scene> {
    let mut scenes = managing();
    scenes.extend(removing());
    scenes.extend(signing_in());
    scenes
}

fn managing() -> Vec<Scene> {
    vec![
        scene!("start to add a passkey", "start-passkey", |bundle| {
            let account = bundle.account().await;
            Act::send(by(&account, "POST", OPTIONS), 200)
        }),
        scene!("start to add another", "start-passkey", |bundle| {
            let (account, _, _) = with_passkey(bundle).await;
            Act::send(by(&account, "POST", OPTIONS), 200)
        }),
        scene!("start by a challenge", "start-passkey", |bundle| {
            let account = bundle.account().await;
            let body = json!({ "challenge": challenge(bundle, &account).await });
            Act::send(post(OPTIONS, &body), 200)
        }),
        scene!("add a passkey", "add-passkey", |bundle| {
            let account = bundle.account().await;
            Act::send(addition(bundle, &account).await, 201)
                .repeated(&[401])
                .until(has_factor(account.id))
        }),
        scene!("add another passkey", "add-passkey", |bundle| {
            let (account, _, _) = with_passkey(bundle).await;
            let own = account.id.clone();
            Act::send(addition(bundle, &account).await, 201)
                .repeated(&[401])
                .until(move |item| {
                    let count = item["factors"]["SS"].as_array().map(Vec::len);
                    is(item, "user", "id", &own) && count == Some(2)
                })
        }),
        scene!("add a passkey by a challenge", "add-passkey", |bundle| {
            let account = bundle.account().await;
            let challenge = challenge(bundle, &account).await;
            let started = bundle
                .post(OPTIONS, &json!({ "challenge": challenge }))
                .await;
            let (_, mut body) = Bundle::new_passkey(&started.expect_status(200));
            body["challenge"] = challenge.into();
            Act::send(post(PATH, &body), 201)
                .repeated(&[401])
                .until(has_factor(account.id))
        }),
        scene!("list passkeys", "list-passkeys", |bundle| {
            let (account, _, _) = with_passkey(bundle).await;
            Act::send(by(&account, "GET", PATH), 200)
        }),
        scene!("list the passkeys of another", "list-passkeys", |bundle| {
            let (account, _, _) = with_passkey(bundle).await;
            let admin = bundle.account_with_role("admin").await;
            let path = format!("/v1/users/{}/passkeys", account.id);
            Act::send(by(&admin, "GET", &path), 200)
        }),
        scene!("list no passkeys", "list-passkeys", |bundle| {
            let account = bundle.account().await;
            Act::send(by(&account, "GET", PATH), 200)
        }),
        scene!("list factors with a passkey", "list-factors", |bundle| {
            let (account, _, _) = with_passkey(bundle).await;
            Act::send(by(&account, "GET", "/v1/users/me/factors"), 200)
        }),
        scene!("rename a passkey", "rename-passkey", |bundle| {
            let (account, _, path) = with_passkey(bundle).await;
            let request = by(&account, "PATCH", &path).json(&json!({ "name": "Work" }));
            Act::send(request, 200).until(is_named_work(&account.id))
        }),
        scene!(
            "rename a passkey at a version",
            "rename-passkey",
            |bundle| {
                let (account, _, path) = with_passkey(bundle).await;
                let request = by(&account, "PATCH", &path).json(&json!({ "name": "Work" }));
                Act::send(request.header("if-match", "\"1\""), 200)
                    .repeated(&[412])
                    .until(is_named_work(&account.id))
            }
        ),
    ]
}

fn removing() -> Vec<Scene> {
    vec![
        scene!(
            "remove the last passkey at a version",
            "delete-passkey",
            |bundle| {
                let (account, _, path) = with_passkey(bundle).await;
                let request = by(&account, "DELETE", &path).header("if-match", "\"1\"");
                Act::send(request, 204)
                    .repeated(&[404])
                    .until(has_none(account.id))
            }
        ),
        scene!(
            "remove one of two passkeys at a version",
            "delete-passkey",
            |bundle| {
                let (account, _, path) = with_passkey(bundle).await;
                let _ = bundle.add_passkey(&account).await;
                let request = by(&account, "DELETE", &path).header("if-match", "\"1\"");
                Act::send(request, 204)
                    .repeated(&[403, 404])
                    .until(has_one(account.id))
            }
        ),
        scene!("remove the last passkey", "delete-passkey", |bundle| {
            let (account, _, path) = with_passkey(bundle).await;
            Act::send(by(&account, "DELETE", &path), 204)
                .repeated(&[404])
                .until(has_none(account.id))
        }),
        scene!("remove one of two passkeys", "delete-passkey", |bundle| {
            let (account, _, path) = with_passkey(bundle).await;
            let _ = bundle.add_passkey(&account).await;
            Act::send(by(&account, "DELETE", &path), 204)
                // The proof of the session was of the passkey that is gone.
                .repeated(&[403, 404])
                .until(has_one(account.id))
        }),
        scene!(
            "remove one of two passkeys as a factor",
            "delete-factor",
            |bundle| {
                let (account, _, _) = with_passkey(bundle).await;
                let (_, other) = bundle.add_passkey(&account).await;
                let path = format!("/v1/users/me/factors/{}", other.text_at("/id"));
                Act::send(by(&account, "DELETE", &path), 204)
                    .repeated(&[404])
                    .until(has_one(account.id))
            }
        ),
        scene!("remove a passkey as a factor", "delete-factor", |bundle| {
            let (account, _, path) = with_passkey(bundle).await;
            let path = path.replace("passkeys", "factors");
            Act::send(by(&account, "DELETE", &path), 204)
                .repeated(&[404])
                .until(has_none(account.id))
        }),
    ]
}

fn signing_in() -> Vec<Scene> {
    vec![
        scene!(
            "start to sign in with a passkey as a factor",
            "start-passkey-sign-in",
            |bundle| {
                let (account, _, _) = with_passkey(bundle).await;
                let challenge = bundle.challenge(&account.email).await;
                let body = json!({ "challenge": challenge });
                Act::send(post("/v1/auth/passkey/options", &body), 200)
            }
        ),
        scene!("sign in with a passkey", "passkey-sign-in", |bundle| {
            let (account, passkey, _) = with_passkey(bundle).await;
            let body = bundle.present(&passkey, None).await;
            Act::send(post("/v1/auth/passkey", &body), 200)
                .repeated(&[401])
                .until(used(account.id))
        }),
        scene!(
            "sign in with a passkey after another try",
            "passkey-sign-in",
            |bundle| {
                let (account, passkey, _) = with_passkey(bundle).await;
                let mut wrong = bundle.present(&passkey, None).await;
                wrong["credential"]["response"]["signature"] = "AAAA".into();
                let right = bundle.present(&passkey, None).await;
                let [wrong, right] = [wrong, right].map(|body| post("/v1/auth/passkey", &body));
                after(bundle, "passkey-sign-in", wrong, right, 200)
                    .await
                    .repeated(&[401])
                    .until(used(account.id))
            }
        ),
        scene!("go on with a passkey", "continue", |bundle| {
            let (account, passkey, _) = with_passkey(bundle).await;
            let challenge = bundle.challenge(&account.email).await;
            let presented = bundle.present(&passkey, Some(&challenge)).await;
            let body = json!({ "challenge": challenge, "passkey": presented });
            Act::send(post("/v1/auth/continue", &body), 200)
                .repeated(&[401])
                .until(used(account.id))
        }),
        scene!("prove anew with a passkey", "step-up", |bundle| {
            let (account, passkey, _) = with_passkey(bundle).await;
            let body = json!({ "passkey": bundle.present(&passkey, None).await });
            let request = by(&account, "POST", "/v1/auth/step-up").json(&body);
            Act::send(request, 200)
                .repeated(&[401])
                .until(used(account.id))
        }),
    ]
}
