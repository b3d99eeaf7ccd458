//! What each function of `events` does, in each of the situations in which it talks to the table in another way.

use harness::requests::{new_email, post, register};
use harness::scenes::{Act, Scene, What, is};
use harness::{Bundle, PASSWORD, scene};
use serde_json::{Value, json};

fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    scenes.extend(publish());
    scenes.extend(mail());
    scenes
}

harness::area!("publish-events", scenes());

fn publish() -> Vec<Scene> {
    vec![scene!("tell the bus", "publish-events", |bundle| {
        let email = new_email();
        let _ = bundle.send(&register(&email)).await.expect_status(201);
        Act::new(What::Deliver, 200)
            .done(move |bundle| json!(bundle.bus_events()).to_string().contains(&email))
    })]
}

fn mail() -> Vec<Scene> {
    vec![
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
