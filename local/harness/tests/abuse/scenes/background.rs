//! Functions that no request reaches, or that need no account.

use harness::{Bundle, HttpRequest, PASSWORD};
use serde_json::{Value, json};

use super::{Act, Scene, What, by, is, new_email, post, register, scene};

pub fn scenes() -> Vec<Scene> {
    let mut scenes = keys();
    scenes.extend(consumers());
    scenes
}

fn remove(bundle: &Bundle, kinds: &[&str]) {
    for kind in kinds {
        for item in bundle.items_of_type(kind) {
            bundle.delete(&json!({ "pk": item["pk"], "sk": item["sk"] }));
        }
    }
}

fn key_ids(bundle: &Bundle) -> Vec<String> {
    let keys = bundle.items_of_type("public_key").into_iter();
    keys.filter_map(|key| key["sk"]["S"].as_str().map(str::to_owned))
        .collect()
}

fn keys() -> Vec<Scene> {
    vec![
        scene!("publish the keys", "get-jwks", |_bundle| {
            Act::send(HttpRequest::new("GET", "/.well-known/jwks.json"), 200)
        }),
        scene!(
            "say where the keys are",
            "get-openid-configuration",
            |_bundle| {
                Act::send(
                    HttpRequest::new("GET", "/.well-known/openid-configuration"),
                    200,
                )
            }
        ),
        scene!("make the first key", "rotate-keys", |bundle| {
            remove(bundle, &["public_key", "signing_key"]);
            Act::new(What::Invoke(json!({})), 200).done(|bundle| {
                let signing = bundle.items_of_type("signing_key");
                key_ids(bundle).len() == 1 && signing.len() == 1
            })
        }),
        scene!("replace a key that leaked", "rotate-keys", |bundle| {
            let leaked = key_ids(bundle).remove(0);
            Act::new(What::Invoke(json!({ "revoke": leaked })), 200).done(move |bundle| {
                let keys = key_ids(bundle);
                !keys.is_empty() && !keys.contains(&leaked)
            })
        }),
        scene!("make the first admin", "create-admin", |bundle| {
            remove(bundle, &["admin_counter"]);
            let email = new_email();
            let body = json!({ "email": email, "password": PASSWORD });
            Act::new(What::Invoke(body), 200).until(move |item| is(item, "user", "email", &email))
        }),
    ]
}

/// Whether something of this kind stands in the audit of an account.
fn recorded(id: &str, action: &'static str) -> impl Fn(&Value) -> bool + Send + Sync + use<> {
    let partition = format!("AUDIT#{id}");
    move |item| is(item, "audit_entry", "pk", &partition) && item.to_string().contains(action)
}

fn consumers() -> Vec<Scene> {
    vec![
        scene!("record a registration", "record-audit", |bundle| {
            bundle.deliver().await;
            let account = bundle.account().await;
            Act::new(What::Deliver, 200).until(recorded(&account.id, "user.registered"))
        }),
        scene!("record a deletion", "record-audit", |bundle| {
            let account = bundle.account().await;
            bundle.deliver().await;
            let deleted = bundle.send(&by(&account, "DELETE", "/v1/users/me")).await;
            let _ = deleted.expect_status(204);
            Act::new(What::Deliver, 200).until(recorded(&account.id, "user.deleted"))
        }),
        scene!("tell the bus", "publish-events", |bundle| {
            let email = new_email();
            let _ = bundle.send(&register(&email)).await.expect_status(201);
            Act::new(What::Deliver, 200)
                .done(move |bundle| json!(bundle.bus_events()).to_string().contains(&email))
        }),
        scene!("greet a new account", "send-mail", |bundle| {
            bundle.deliver().await;
            let email = new_email();
            let _ = bundle.send(&register(&email)).await.expect_status(201);
            Act::new(What::Deliver, 200)
                .done(move |bundle| has_letter(bundle, &email, "verify_email"))
        }),
        scene!("send a link to a new password", "send-mail", |bundle| {
            let account = bundle.account().await;
            bundle.deliver().await;
            let asked = post(
                "/v1/auth/forgot-password",
                &json!({ "email": account.email }),
            );
            let _ = bundle.send(&asked).await.expect_status(202);
            Act::new(What::Deliver, 200)
                .done(move |bundle| has_letter(bundle, &account.email, "reset_password"))
        }),
        scene!("tell of a new device", "send-mail", |bundle| {
            let account = bundle.account().await;
            bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
            bundle.deliver().await;
            let body = json!({ "email": account.email, "password": PASSWORD });
            let mut request = post("/v1/auth/login", &body);
            "another browser".clone_into(&mut request.headers[0].1);
            let _ = bundle.send(&request).await.expect_status(200);
            Act::new(What::Deliver, 200)
                .done(move |bundle| has_letter(bundle, &account.email, "new_device"))
        }),
        scene!("note a letter that bounced", "send-mail", |bundle| {
            let email = new_email();
            let _ = bundle.send(&register(&email)).await.expect_status(201);
            bundle.deliver().await;
            let letter = bundle.letters_to(&email).remove(0);
            let tags = letter
                .tags
                .iter()
                .map(|(name, value)| (name.clone(), json!([value])));
            let mut tags: serde_json::Map<String, Value> = tags.collect();
            let set = (
                "ses:configuration-set".to_owned(),
                json!([letter.configuration_set]),
            );
            tags.extend([set]);
            let detail = json!({
                "eventType": "Reject", "mail": { "tags": tags }, "reject": { "reason": "Bad content" },
            });
            bundle.put_aws_event("aws.ses", "Email Rejected", &detail);
            let id = user_id(bundle, &email);
            let own = format!("USER#{id}");
            Act::new(What::Deliver, 200).until(move |item| {
                is(item, "letter", "pk", &own) && item.to_string().contains("Reject")
            })
        }),
        scene!("clear up after a deletion", "purge-user", |bundle| {
            let account = bundle.account().await;
            let put = by(&account, "PUT", "/v1/users/me/preferences");
            let put = bundle.send(&put.json(&json!({ "theme": "dark" }))).await;
            let _ = put.expect_status(200);
            let asked = by(&account, "POST", "/v1/users/me/email");
            let asked = asked.json(&json!({ "email": super::new_email() }));
            let _ = bundle.send(&asked).await.expect_status(202);
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

fn has_letter(bundle: &Bundle, email: &str, name: &str) -> bool {
    bundle
        .letters_to(email)
        .iter()
        .any(|letter| letter.name() == name)
}

fn user_id(bundle: &Bundle, email: &str) -> String {
    let users = bundle.items_of_type("user");
    let user = users.iter().find(|user| user["email"]["S"] == email);
    let id = user.and_then(|user| user["id"]["S"].as_str());
    id.expect("an account").to_owned()
}
