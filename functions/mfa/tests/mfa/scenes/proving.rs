//! Sign-ins that go on, and sessions that are proved anew.

use harness::requests::{by, post};
use harness::scenes::{Act, Scene, after, is};
use harness::{Bundle, Enrolled, HttpRequest, PASSWORD, scene};
use serde_json::{Value, json};

async fn go_on(bundle: &Bundle, enrolled: &Enrolled, name: &str, code: &str) -> HttpRequest {
    let challenge = bundle.challenge(&enrolled.account.email).await;
    post(
        "/v1/auth/continue",
        &json!({ "challenge": challenge, name: code }),
    )
}

/// A session of the account, proved with two things.
fn proved(id: String) -> impl Fn(&Value) -> bool + Send + Sync {
    move |item| {
        item["type"]["S"] == "session"
            && item["user_id"]["S"] == *id
            && item["amr"].to_string().contains("mfa")
    }
}

/// All sessions of an account as if no second factor had been shown in them.
fn forget_proofs(bundle: &Bundle, id: &str) {
    for mut session in bundle.items_of_type("session") {
        if session["user_id"]["S"] == id {
            session["amr"] = json!({ "L": [{ "S": "pwd" }] });
            let proved = session["proved"]["M"].as_object_mut();
            proved.expect("what it stands on").remove("second");
            bundle.put(&session);
        }
    }
}

pub fn scenes() -> Vec<Scene> {
    vec![
        scene!("go on with a code", "continue", |bundle| {
            let enrolled = bundle.enrolled().await;
            let code = enrolled.app.last().await;
            forget_proofs(bundle, &enrolled.account.id);
            Act::send(go_on(bundle, &enrolled, "totp", &code).await, 200)
                .repeated(&[401])
                .until(proved(enrolled.account.id))
        }),
        scene!("go on after another try", "continue", |bundle| {
            let enrolled = bundle.enrolled().await;
            let code = enrolled.app.last().await;
            let wrong = go_on(bundle, &enrolled, "totp", &enrolled.app.old()).await;
            let right = go_on(bundle, &enrolled, "totp", &code).await;
            forget_proofs(bundle, &enrolled.account.id);
            after(bundle, "continue", wrong, right, 200)
                .await
                .repeated(&[401])
                .until(proved(enrolled.account.id))
        }),
        scene!("go on with a recovery code", "continue", |bundle| {
            let enrolled = bundle.enrolled().await;
            forget_proofs(bundle, &enrolled.account.id);
            Act::send(
                go_on(bundle, &enrolled, "recoveryCode", &enrolled.codes[0]).await,
                200,
            )
            .repeated(&[401])
            .until(proved(enrolled.account.id))
        }),
        scene!(
            "go on with nothing lacking any more",
            "continue",
            |bundle| {
                let enrolled = bundle.enrolled().await;
                let challenge = bundle.challenge(&enrolled.account.email).await;
                let path = format!("/v1/users/me/factors/{}", enrolled.factor_id);
                let _ = bundle
                    .send(&by(&enrolled.account, "DELETE", &path))
                    .await
                    .expect_status(204);
                let body = json!({ "challenge": challenge });
                Act::send(post("/v1/auth/continue", &body), 200).repeated(&[401])
            }
        ),
        scene!("prove anew with a code", "step-up", |bundle| {
            let enrolled = bundle.enrolled().await;
            let code = enrolled.app.last().await;
            forget_proofs(bundle, &enrolled.account.id);
            let request = by(&enrolled.account, "POST", "/v1/auth/step-up");
            Act::send(request.json(&json!({ "totp": code })), 200)
                .repeated(&[401])
                .until(proved(enrolled.account.id))
        }),
        scene!("prove anew with a recovery code", "step-up", |bundle| {
            let enrolled = bundle.enrolled().await;
            forget_proofs(bundle, &enrolled.account.id);
            let request = by(&enrolled.account, "POST", "/v1/auth/step-up");
            let body = json!({ "recoveryCode": enrolled.codes[0] });
            Act::send(request.json(&body), 200)
                .repeated(&[401])
                .until(proved(enrolled.account.id))
        }),
        scene!("prove anew after another try", "step-up", |bundle| {
            let enrolled = bundle.enrolled().await;
            let code = enrolled.app.last().await;
            forget_proofs(bundle, &enrolled.account.id);
            let step_up = |code: &str| {
                let request = by(&enrolled.account, "POST", "/v1/auth/step-up");
                request.json(&json!({ "totp": code }))
            };
            let (wrong, right) = (step_up(&enrolled.app.old()), step_up(&code));
            after(bundle, "step-up", wrong, right, 200)
                .await
                .repeated(&[401])
                .until(proved(enrolled.account.id))
        }),
        scene!("prove anew with the password", "step-up", |bundle| {
            let account = bundle.account().await;
            let request = by(&account, "POST", "/v1/auth/step-up");
            let own = account.id.clone();
            Act::send(request.json(&json!({ "password": PASSWORD })), 200).until(move |item| {
                is(item, "session", "user_id", &own) && item["events"]["S"] == "session.proved"
            })
        }),
        scene!(
            "prove anew with the password after another try",
            "step-up",
            |bundle| {
                let account = bundle.account().await;
                let step_up = |password: &str| {
                    let request = by(&account, "POST", "/v1/auth/step-up");
                    request.json(&json!({ "password": password }))
                };
                let (wrong, right) = (step_up("not the password"), step_up(PASSWORD));
                after(bundle, "step-up", wrong, right, 200).await
            }
        ),
    ]
}
