//! `POST /oauth2/introspect`: what a token is worth, to whom it is told.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use harness::application::Application;
use harness::{Answer, Bundle};
use latchkey::clock::{self, Timestamp};
use latchkey::secret::{Secret, Secrets};
use latchkey::session::SessionId;
use latchkey::token::jwt;
use latchkey::token::key_ring::{SigningKey, WrappedKey};
use latchkey::user::UserId;
use oidc::{ClientId, ClientRefreshToken, GrantId};
use serde_json::{Value, json};

use crate::bundle;
use crate::sign_in::claims;

pub const ORDERS: &str = "https://orders.example.com";

pub fn inactive() -> Value {
    json!({ "active": false })
}

/// An application with these settings that keeps a secret.
pub async fn keeper<'a>(bundle: &'a Bundle, id: &str, more: &Value) -> Application<'a> {
    let mut changes = json!({ "confidential": true, "rotateSecret": true });
    for (name, value) in more.as_object().into_iter().flatten() {
        changes[name] = value.clone();
    }
    bundle.application_with(id, &changes).await
}

/// What is stored in a type's one item, as text.
pub fn stored(bundle: &Bundle, kind: &str, name: &str) -> String {
    let item = bundle.items_of_type(kind).remove(0);
    let text = item[name]["S"].as_str().or(item[name]["N"].as_str());
    text.expect("an attribute").to_owned()
}

fn secrets(bundle: &Bundle) -> Secrets {
    let settings = bundle.environment("introspect-token");
    let ours = settings.iter().find(|(name, _)| name == "SESSION_SECRET");
    let ours = Secret::new(&ours.expect("a secret").1).expect("a strong one");
    Secrets::new(ours, None)
}

/// An access token with other claims, signed by us.
fn signed(bundle: &Bundle, token: &str, changes: &Value) -> String {
    let keys = bundle.items().into_iter();
    let mut keys = keys.filter(|item| item["wrapped_key"]["S"].is_string());
    let key = keys.next().expect("a key");
    let from = key["signs_from"]["N"].as_str();
    let from: u64 = from.and_then(|text| text.parse().ok()).expect("a time");
    let mut plain = json!({ "signs_from": from });
    for name in ["kid", "algorithm", "secret_version", "wrapped_key"] {
        plain[name] = key[name]["S"].clone();
    }
    let key: WrappedKey = serde_json::from_value(plain).expect("a key");
    let key = SigningKey::open(&key, &secrets(bundle)).expect("sealed by us");
    let mut claims = claims(token);
    for (name, value) in changes.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    let signed = jwt::sign(&key, "at+jwt", &claims);
    signed.expect("signed")
}

#[tokio::test]
async fn it_says_what_a_token_is_worth_and_nothing_else() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = keeper(&bundle, "others", &json!({ "audience": ORDERS })).await;
    let tokens = app.tokens(&account).await;
    let [access, refresh] = ["/access_token", "/refresh_token"].map(|name| tokens.text_at(name));

    let said = claims(&access);
    let mut expected = json!({ "active": true, "token_type": "Bearer" });
    for name in [
        "scope",
        "client_id",
        "exp",
        "iat",
        "sub",
        "aud",
        "iss",
        "jti",
        "sid",
        "grant_id",
        "auth_time",
        "amr",
        "acr",
    ] {
        assert!(!said[name].is_null(), "{name}");
        expected[name] = said[name].clone();
    }
    assert_eq!(
        expected["aud"],
        json!([ORDERS, "http://127.0.0.1:9000/oauth2/userinfo"])
    );
    assert_eq!(app.introspect(&access).await, expected);

    let ends: u64 = stored(&bundle, "grant", "ends_at").parse().expect("a time");
    let expected = json!({
        "active": true,
        "scope": "openid profile email offline_access",
        "client_id": "others",
        "sub": account.id,
        "exp": ends / 1000,
        "iss": "http://127.0.0.1:9000",
        "sid": said["sid"],
    });
    assert_eq!(app.introspect(&refresh).await, expected);

    // A hint is a hint, and no script of a browser has business here.
    for hint in ["access_token", "refresh_token", "nonsense"] {
        let fields = [("token", access.as_str()), ("token_type_hint", hint)];
        let answer = bundle
            .send(&app.posting("/oauth2/introspect", &fields))
            .await;
        let answer = answer.expect_status(200);
        assert_eq!(answer.body["active"], true, "{hint}");
        assert_eq!(answer.header("access-control-allow-origin"), "");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn strangers_and_public_clients_are_told_nothing() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let mut app = keeper(&bundle, "others", &json!({})).await;
    let public = bundle.application("public", false, false).await;
    let own = public.tokens(&account).await.text_at("/access_token");
    let token = app.tokens(&account).await.text_at("/access_token");
    let secret = app.secret.clone().expect("a secret");
    let refused = |answer: Answer, what: &str| {
        let refused = (answer.status, answer.code());
        assert_eq!(refused, (401, "invalid_client"), "{what}: {}", answer.text);
        assert!(answer.body.get("active").is_none(), "{what}");
    };
    for token in [own.as_str(), token.as_str(), "nonsense"] {
        refused(bundle.send(&public.introspecting(token)).await, "public");
        let with_secret = [("token", token), ("client_secret", &secret)];
        let answer = bundle
            .send(&public.posting("/oauth2/introspect", &with_secret))
            .await;
        refused(answer, "public, with another's secret");
        for (what, id) in [("nobody", ""), ("unknown", "unknown")] {
            let fields = [
                ("token", token),
                ("client_id", id),
                ("client_secret", &secret),
            ];
            let answer = bundle
                .send(&app.posting("/oauth2/introspect", &fields))
                .await;
            refused(answer, what);
        }
        for (what, wrong) in [("no secret", ""), ("another secret", &secret[1..])] {
            let fields = [("token", token), ("client_secret", wrong)];
            let answer = bundle
                .send(&app.posting("/oauth2/introspect", &fields))
                .await;
            refused(answer, what);
        }
    }
    // By the header.
    app.secret = None;
    let fields = [("token", token.as_str()), ("client_id", "")];
    let plain = app.posting("/oauth2/introspect", &fields);
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    for header in [
        basic("others:wrong"),
        basic("others:"),
        basic("public:"),
        basic(&format!("public:{secret}")),
        format!("Bearer {}", account.access_token),
        format!("Bearer {token}"),
    ] {
        let answer = bundle
            .send(&plain.clone().header("authorization", &header))
            .await;
        assert!(
            answer.header("www-authenticate").starts_with("Basic "),
            "{header}"
        );
        refused(answer, &header);
    }
    let right = basic(&format!("others:{secret}"));
    let right = plain.header("authorization", &right);
    let right = bundle.send(&right).await.expect_status(200);
    assert_eq!(right.body["active"], true);
    app.secret = Some(secret);
    let missing = bundle.send(&app.posting("/oauth2/introspect", &[])).await;
    assert_eq!(missing.expect_status(400).code(), "invalid_request");
    let mut twice = app.introspecting(&token);
    twice.body = twice.body.map(|body| format!("{body}&token={token}"));
    let twice = bundle.send(&twice).await;
    assert_eq!(twice.expect_status(400).code(), "invalid_request");
}

#[tokio::test]
async fn a_service_is_told_of_the_tokens_that_are_for_it() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = keeper(&bundle, "others", &json!({ "audience": ORDERS })).await;
    let bare = keeper(&bundle, "bare", &json!({})).await;
    let service = keeper(&bundle, "orders", &json!({ "audience": ORDERS })).await;
    let elsewhere = json!({ "audience": "https://bills.example.com" });
    let elsewhere = keeper(&bundle, "bills", &elsewhere).await;
    let tokens = app.tokens(&account).await;
    let [access, refresh] = ["/access_token", "/refresh_token"].map(|name| tokens.text_at(name));
    assert_eq!(
        service.introspect(&access).await,
        app.introspect(&access).await
    );
    assert_eq!(service.introspect(&access).await["client_id"], "others");
    for (what, asking, token) in [
        ("a refresh token", &service, &refresh),
        ("another service", &elsewhere, &access),
        ("another service", &elsewhere, &refresh),
        ("another application", &bare, &access),
        ("another application", &bare, &refresh),
    ] {
        assert_eq!(asking.introspect(token).await, inactive(), "{what}");
    }
    // Of an application without an audience, nobody else is told.
    let tokens = bare.tokens(&account).await;
    let access_of_bare = tokens.text_at("/access_token");
    for asking in [&app, &service, &elsewhere] {
        let told = asking.introspect(&access_of_bare).await;
        assert_eq!(told, inactive(), "{}", asking.client);
    }
    bare.assert_live(&tokens, "its own").await;
    // What the service is now counts, and not what it was.
    let service = keeper(&bundle, "orders", &json!({})).await;
    assert_eq!(service.introspect(&access).await, inactive());
}

#[tokio::test]
async fn whatever_does_not_count_is_inactive_and_nothing_else() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = keeper(&bundle, "others", &json!({})).await;
    let other = bundle.account().await;
    let tokens = app.tokens(&account).await;
    let [access, id, refresh] =
        ["/access_token", "/id_token", "/refresh_token"].map(|name| tokens.text_at(name));
    let issued = claims(&access)["iat"].as_u64().expect("a time");
    let as_it_is = signed(&bundle, &access, &json!({}));
    assert_eq!(
        app.introspect(&as_it_is).await["active"],
        true,
        "signed by us"
    );
    let with = |changes: Value| signed(&bundle, &access, &changes);
    let sealed = |ends_at: Timestamp| {
        let text = |name: &str| stored(&bundle, "grant", name);
        let token = ClientRefreshToken {
            client_id: ClientId::parse("others").expect("an id"),
            user_id: UserId::parse(&account.id).expect("an id"),
            session_id: SessionId::parse(&text("session_id")).expect("an id"),
            grant_id: GrantId::parse(&text("id")).expect("an id"),
            counter: 0,
        };
        token.seal(&secrets(&bundle), ends_at).expect("sealed")
    };
    let now = clock::now();
    let soon = sealed(now.plus(Duration::from_mins(1)));
    assert_eq!(app.introspect(&soon).await["active"], true, "sealed by us");
    let expired = sealed(Timestamp::from_seconds(now.as_seconds() - 1));
    let code = app.code(&other).await;
    for (what, token) in [
        ("a session's access token", account.access_token.clone()),
        ("a session's refresh token", account.refresh_token.clone()),
        ("an ID token", id),
        ("a code", code.clone()),
        (
            "expired",
            with(json!({ "iat": issued - 7200, "exp": issued - 6300, "auth_time": issued - 7200 })),
        ),
        (
            "of another issuer",
            with(json!({ "iss": "https://evil.example" })),
        ),
        (
            "for others",
            with(json!({ "aud": ["https://evil.example"] })),
        ),
        ("of another account", with(json!({ "sub": other.id }))),
        (
            "of another session",
            with(json!({ "sid": bundle.session_of(&other) })),
        ),
        ("of no grant", with(json!({ "grant_id": account.id }))),
        ("of another client", with(json!({ "client_id": "another" }))),
        (
            "for what nobody may",
            with(json!({ "scope": "orders:read" })),
        ),
        ("cut", access[..access.len() - 1].to_owned()),
        ("changed", access.replacen('e', "f", 1)),
        ("a refresh token, expired", expired),
        (
            "a refresh token, cut",
            refresh[..refresh.len() - 1].to_owned(),
        ),
        ("a refresh token's prefix", "lkcr_".to_owned()),
        ("nothing known", "none".to_owned()),
        ("long", "a".repeat(4_000)),
    ] {
        let answer = bundle.send(&app.introspecting(&token)).await;
        let answer = answer.expect_status(200);
        assert_eq!(answer.text, "{\"active\":false}", "{what}");
    }
    // Nobody used anything by that.
    let _ = app.spend(&code).await;
    app.assert_live(&tokens, "afterwards").await;
}
