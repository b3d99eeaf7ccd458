//! What each function of `oauth` does, in each of the situations in which it talks to the table in another way.

use harness::oauth::CODE_CHALLENGE;
use harness::requests::{by, new_email, post};
use harness::scenes::{Act, Scene, after, is};
use harness::{Bundle, HttpRequest, scene};
use serde_json::{Value, json};

const EXCHANGE: &str = "/v1/auth/oauth/exchange";
const ID_TOKEN: &str = "/v1/auth/oauth/local/id-token";
const OWN: &str = "/v1/users/me/identities";

/// A session that began with an identity.
fn signed_in(item: &Value) -> bool {
    item["type"]["S"] == "session" && item["amr"].to_string().contains("fed")
}

/// How a provider names somebody.
trait Way {
    const FUNCTION: &'static str;

    /// Whoever has this address signs in.
    fn request(bundle: &Bundle, email: &str) -> impl Future<Output = HttpRequest> + Send;
}

/// By a code that a browser comes back with.
struct ByCode;

impl Way for ByCode {
    const FUNCTION: &'static str = "exchange-oauth";

    async fn request(bundle: &Bundle, email: &str) -> HttpRequest {
        post(EXCHANGE, &bundle.identity_code(email, true).await)
    }
}

/// By a token that an application has got itself.
struct ByToken;

impl Way for ByToken {
    const FUNCTION: &'static str = "id-token-sign-in";

    async fn request(bundle: &Bundle, email: &str) -> HttpRequest {
        post(ID_TOKEN, &bundle.id_token(email, true).await)
    }
}

async fn sign_in<W: Way>(bundle: &Bundle, email: &str) -> Act {
    let request = W::request(bundle, email).await;
    Act::send(request, 200).repeated(&[401]).until(signed_in)
}

fn scenes() -> Vec<Scene> {
    let mut scenes = providers();
    scenes.extend(signing_in());
    scenes.extend(opening::<ByCode>());
    scenes.extend(linking::<ByCode>());
    scenes.extend(opening::<ByToken>());
    scenes.extend(linking::<ByToken>());
    scenes.extend(identities());
    scenes
}

fn providers() -> Vec<Scene> {
    vec![
        scene!("set up a provider", "put-provider", |bundle| {
            let admin = bundle.account_with_role("admin").await;
            let body = json!({ "preset": "github", "clientId": "a", "clientSecret": "b" });
            let request = by(&admin, "PUT", "/v1/providers/github").json(&body);
            Act::send(request, 201)
                .repeated(&[200])
                .until(|item| is(item, "provider", "name", "github"))
        }),
        scene!("change a provider", "put-provider", |bundle| {
            let admin = bundle.provider_trusted("none").await;
            let body = json!({ "preset": "github", "clientId": "a", "clientSecret": "b" });
            let request = by(&admin, "PUT", "/v1/providers/local").json(&body);
            Act::send(request, 200).until(|item| is(item, "provider", "preset", "github"))
        }),
        scene!("list the providers", "list-providers", |bundle| {
            let admin = bundle.provider_trusted("none").await;
            Act::send(by(&admin, "GET", "/v1/providers"), 200)
        }),
        scene!("remove a provider", "delete-provider", |bundle| {
            let admin = bundle.provider_trusted("none").await;
            Act::send(by(&admin, "DELETE", "/v1/providers/local"), 204)
                .repeated(&[404])
                .until(|item| {
                    item["type"]["S"] == "provider" && item["removed_at"]["N"].is_string()
                })
        }),
        scene!(
            "the providers of a sign-in page",
            "list-sign-in-providers",
            |bundle| {
                let _ = bundle.provider_trusted("none").await;
                Act::send(HttpRequest::new("GET", "/v1/auth/oauth"), 200)
            }
        ),
    ]
}

fn signing_in() -> Vec<Scene> {
    vec![
        scene!("go to a provider", "start-oauth", |bundle| {
            let _ = bundle.provider_trusted("none").await;
            let path = format!(
                "/v1/auth/oauth/local/start?redirectTo=http://localhost:3000/signed-in&codeChallenge={CODE_CHALLENGE}"
            );
            Act::send(HttpRequest::new("GET", &path), 303)
        }),
        scene!("come back from a provider", "finish-oauth", |bundle| {
            let email = new_email();
            let _ = bundle.provider_trusted("none").await;
            Act::send(bundle.identified(&email, true).await, 303)
        }),
        scene!("come back after another", "finish-oauth", |bundle| {
            let email = new_email();
            let _ = bundle.provider_trusted("none").await;
            let one = bundle.identified(&email, true).await;
            let other = bundle.identified(&email, true).await;
            after(bundle, "finish-oauth", one, other, 303).await
        }),
    ]
}

fn opening<W: Way>() -> Vec<Scene> {
    vec![
        scene!("a new account", W::FUNCTION, |bundle| {
            let email = new_email();
            let _ = bundle.provider_trusted("new_accounts").await;
            sign_in::<W>(bundle, &email).await
        }),
        scene!("an account that is known", W::FUNCTION, |bundle| {
            let email = new_email();
            let _ = bundle.provider_trusted("new_accounts").await;
            let account = bundle.external(&email).await;
            let act = sign_in::<W>(bundle, &email).await;
            act.done(move |bundle| {
                let sessions = bundle.items_of_type("session");
                let own = sessions
                    .iter()
                    .filter(|item| item["user_id"]["S"] == account.id);
                own.count() >= 2
            })
        }),
        scene!("an account after another", W::FUNCTION, |bundle| {
            let email = new_email();
            let _ = bundle.provider_trusted("new_accounts").await;
            let one = W::request(bundle, &email).await;
            let other = W::request(bundle, &email).await;
            after(bundle, W::FUNCTION, one, other, 200)
                .await
                .repeated(&[401])
                .until(signed_in)
        }),
        scene!("an account on a trusted device", W::FUNCTION, |bundle| {
            let email = new_email();
            let _ = bundle.provider_trusted("new_accounts").await;
            let account = bundle.external(&email).await;
            let enrolled = bundle.enrol(&account).await;
            let code = bundle.identity_code(&email, true).await;
            let asked = bundle.post(EXCHANGE, &code).await.expect_status(403);
            let body = json!({
                "challenge": asked.text_at("/challenge"),
                "recoveryCode": enrolled.codes[0],
                "rememberDevice": true,
            });
            let remembered = bundle.post("/v1/auth/continue", &body).await;
            let mut request = W::request(bundle, &email).await;
            let body = request.body.unwrap_or_default();
            let mut body: Value = serde_json::from_str(&body).expect("JSON");
            body["deviceToken"] = remembered.text_at("/deviceToken").into();
            request.body = Some(body.to_string());
            Act::send(request, 200).repeated(&[401]).until(signed_in)
        }),
    ]
}

/// An account that the address has already.
fn linking<W: Way>() -> Vec<Scene> {
    vec![
        scene!(
            "an account that is linked by its address",
            W::FUNCTION,
            |bundle| {
                let _ = bundle.provider_trusted("linking").await;
                let account = bundle.account().await;
                bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
                sign_in::<W>(bundle, &account.email).await
            }
        ),
        scene!("an account that is taken over", W::FUNCTION, |bundle| {
            let _ = bundle.provider_trusted("linking").await;
            let account = bundle.account().await;
            sign_in::<W>(bundle, &account.email).await
        }),
        scene!(
            "an account with a factor that is taken over",
            W::FUNCTION,
            |bundle| {
                let _ = bundle.provider_trusted("linking").await;
                let enrolled = bundle.enrolled().await;
                sign_in::<W>(bundle, &enrolled.account.email).await
            }
        ),
        scene!(
            "an account with an identity that is taken over",
            W::FUNCTION,
            |bundle| {
                let _ = bundle.provider_trusted("linking").await;
                let account = bundle.account().await;
                let code = bundle.identity_code(&new_email(), true).await;
                let link = by(&account, "POST", OWN).json(&code);
                let _ = bundle.send(&link).await.expect_status(201);
                sign_in::<W>(bundle, &account.email).await
            }
        ),
        scene!("an invitation that is accepted", W::FUNCTION, |bundle| {
            let email = new_email();
            let admin = bundle.provider_trusted("linking").await;
            let invite = by(&admin, "POST", "/v1/users").json(&json!({ "email": email }));
            let _ = bundle.send(&invite).await.expect_status(201);
            sign_in::<W>(bundle, &email).await
        }),
    ]
}

fn identities() -> Vec<Scene> {
    vec![
        scene!("link an identity", "link-identity", |bundle| {
            let email = new_email();
            let _ = bundle.provider_trusted("none").await;
            let account = bundle.account().await;
            let code = bundle.identity_code(&email, true).await;
            Act::send(by(&account, "POST", OWN).json(&code), 201)
                .repeated(&[200])
                .until(move |item| is(item, "identity", "user_id", &account.id))
        }),
        scene!("list the identities", "list-identities", |bundle| {
            let email = new_email();
            let _ = bundle.provider_trusted("new_accounts").await;
            let account = bundle.external(&email).await;
            Act::send(by(&account, "GET", OWN), 200)
        }),
        scene!("unlink an identity", "unlink-identity", |bundle| {
            let email = new_email();
            let _ = bundle.provider_trusted("none").await;
            let account = bundle.account().await;
            let code = bundle.identity_code(&email, true).await;
            let link = by(&account, "POST", OWN).json(&code);
            let linked = bundle.send(&link).await.expect_status(201);
            let path = format!("{OWN}/{}", linked.text_at("/id"));
            Act::send(by(&account, "DELETE", &path), 204)
                .repeated(&[404])
                .done(move |bundle| {
                    let left = bundle.items_of_type("identity");
                    left.iter().all(|item| item["user_id"]["S"] != account.id)
                })
        }),
    ]
}

harness::area!("finish-oauth", scenes());
