//! Codes by mail, and accounts without a password.

use harness::requests::{new_email, post};
use harness::scene;
use harness::scenes::{Act, Scene, after, is};
use serde_json::{Value, json};

/// A session that began with a code.
fn by_code(id: String) -> impl Fn(&Value) -> bool + Send + Sync {
    move |item| is(item, "session", "user_id", &id) && item["amr"].to_string().contains("email")
}

pub fn scenes() -> Vec<Scene> {
    let mut scenes = signing_in();
    scenes.extend(registering());
    scenes
}

fn signing_in() -> Vec<Scene> {
    vec![
        scene!("ask for a code", "start-code-sign-in", |_bundle| {
            let email = new_email();
            let request = post("/v1/auth/code", &json!({ "email": email }));
            Act::send(request, 202).until(move |item| is(item, "mail_request", "email", &email))
        }),
        scene!(
            "ask for a code after another",
            "start-code-sign-in",
            |bundle| {
                let email = new_email();
                let request = post("/v1/auth/code", &json!({ "email": email }));
                after(bundle, "start-code-sign-in", request.clone(), request, 202)
                    .await
                    .until(move |item| is(item, "mail_request", "email", &email))
            }
        ),
        scene!("sign in with a code", "code-sign-in", |bundle| {
            let account = bundle.mailable().await;
            let body = bundle.mailed(&account.email).await;
            Act::send(post("/v1/auth/code/verify", &body), 200)
                .repeated(&[401])
                .until(by_code(account.id))
        }),
        scene!(
            "sign in with a code after another try",
            "code-sign-in",
            |bundle| {
                let account = bundle.mailable().await;
                let body = bundle.mailed(&account.email).await;
                let mut wrong = body.clone();
                wrong["code"] = "000000".into();
                let [wrong, right] = [wrong, body].map(|body| post("/v1/auth/code/verify", &body));
                after(bundle, "code-sign-in", wrong, right, 200)
                    .await
                    .repeated(&[401])
                    .until(by_code(account.id))
            }
        ),
        scene!("sign in with a link", "code-sign-in", |bundle| {
            let account = bundle.mailable().await;
            let challenge = bundle.ask_for_code(&account.email).await;
            let letter = bundle.letter(&account.email, "sign_in_code").await;
            let body = json!({ "challenge": challenge, "token": letter.token() });
            Act::send(post("/v1/auth/code/verify", &body), 200)
                .repeated(&[401])
                .until(by_code(account.id))
        }),
        scene!(
            "sign in with a code on a trusted device",
            "code-sign-in",
            |bundle| {
                let account = bundle.mailable().await;
                let enrolled = bundle.enrol(&account).await;
                let mailed = bundle.mailed(&account.email).await;
                let asked = bundle.post("/v1/auth/code/verify", &mailed).await;
                let body = json!({
                    "challenge": asked.expect_status(403).text_at("/challenge"),
                    "recoveryCode": enrolled.codes[0],
                    "rememberDevice": true,
                });
                let trusted = bundle.post("/v1/auth/continue", &body).await;
                let mut body = bundle.mailed(&account.email).await;
                body["deviceToken"] = trusted.expect_status(200).text_at("/deviceToken").into();
                Act::send(post("/v1/auth/code/verify", &body), 200)
                    .repeated(&[401])
                    .until(by_code(account.id))
            }
        ),
    ]
}

fn registering() -> Vec<Scene> {
    const OPTIONS: &str = "/v1/auth/register/passkey/options";
    const REGISTER: &str = "/v1/auth/register/passkey";
    vec![
        scene!(
            "begin an account without a password",
            "start-passkey-registration",
            |_bundle| {
                let email = new_email();
                let request = post(OPTIONS, &json!({ "email": email }));
                Act::send(request, 202).until(move |item| is(item, "mail_request", "email", &email))
            }
        ),
        scene!(
            "begin an account without a password after another",
            "start-passkey-registration",
            |bundle| {
                let email = new_email();
                let request = post(OPTIONS, &json!({ "email": email }));
                let name = "start-passkey-registration";
                after(bundle, name, request.clone(), request, 202)
                    .await
                    .until(move |item| is(item, "mail_request", "email", &email))
            }
        ),
        scene!(
            "make an account without a password",
            "register-with-passkey",
            |bundle| {
                let email = new_email();
                let (_, body) = bundle.begin_registration(&email).await;
                Act::send(post(REGISTER, &body), 201)
                    .repeated(&[409])
                    .until(move |item| is(item, "user", "email", &email))
            }
        ),
        scene!(
            "make an account without a password after another try",
            "register-with-passkey",
            |bundle| {
                let email = new_email();
                let (_, body) = bundle.begin_registration(&email).await;
                let mut wrong = body.clone();
                wrong["code"] = "000000".into();
                let [wrong, right] = [wrong, body].map(|body| post(REGISTER, &body));
                after(bundle, "register-with-passkey", wrong, right, 201)
                    .await
                    .repeated(&[409])
                    .until(move |item| is(item, "user", "email", &email))
            }
        ),
    ]
}
