//! ID tokens that an application has got itself.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use harness::oauth::Gone;
use harness::requests::{by, post};
use harness::{Account, Answer, Bundle};
use reqwest::Url;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::bundle;
use crate::peer::{CLIENT_ID, Peer, Says};

pub const ID_TOKEN: &str = "/v1/auth/oauth/peer/id-token";
const OWN_PROVIDER: &str = "/v1/auth/oauth/local/id-token";

fn sha256(text: &str) -> impl AsRef<[u8]> {
    digest(&SHA256, text.as_bytes())
}

/// An application that has gone to a provider itself, with the hash of a nonce that it keeps.
pub fn gone_itself() -> (Gone, String) {
    let nonce = Uuid::new_v4().simple().to_string();
    let hash = URL_SAFE_NO_PAD.encode(sha256(&nonce));
    let url = format!("http://localhost/?state=s&nonce={hash}");
    let gone = Gone {
        provider: "peer".to_owned(),
        url: Url::parse(&url).expect("a URL"),
        cookie: String::new(),
    };
    (gone, nonce)
}

struct Scene {
    bundle: Bundle,
    admin: Account,
    peer: Peer,
}

impl Scene {
    async fn start(changes: &Value) -> Self {
        let bundle = bundle().await;
        let admin = bundle.account_with_role("admin").await;
        let peer = Peer::start(&bundle, &admin, changes).await;
        Self {
            bundle,
            admin,
            peer,
        }
    }

    /// What is sent with a token that has these claims changed.
    fn body(&self, changes: &Value) -> Value {
        let (gone, nonce) = gone_itself();
        let mut claims = self.peer.claims(&gone, "1");
        claims["email"] = "ada@example.org".into();
        claims["email_verified"] = true.into();
        for (name, value) in changes.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        json!({ "idToken": self.peer.key.token("one", &claims), "nonce": nonce })
    }

    async fn sign_in(&self, body: &Value) -> Answer {
        self.bundle.post(ID_TOKEN, body).await
    }

    /// Refuses the token, with this code.
    async fn refuses(&self, body: &Value, code: &str, why: &str) {
        let answer = self.sign_in(body).await.expect_status(401);
        assert_eq!(answer.code(), code, "{why}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
}

#[tokio::test]
async fn a_token_of_a_provider_signs_in_once() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    let body = bundle.id_token("ada@example.org", true).await;
    let first = bundle.post(OWN_PROVIDER, &body).await.expect_status(200);
    assert_eq!(first.text_at("/user/email"), "ada@example.org");
    assert_eq!(first.text_at("/user/firstName"), "Ada");
    let again = bundle.post(OWN_PROVIDER, &body).await.expect_status(401);
    assert_eq!(again.code(), "challenge_expired");
    // Nor once its session has ended.
    let refresh = json!({ "refreshToken": first.text_at("/refreshToken") });
    let ended = bundle.post("/v1/auth/logout", &refresh).await;
    let _ = ended.expect_status(204);
    let again = bundle.post(OWN_PROVIDER, &body).await.expect_status(401);
    assert_eq!(again.code(), "challenge_expired");
    // The account is the one that a browser comes to.
    let next = bundle.id_token("ada@example.org", true).await;
    let next = bundle.post(OWN_PROVIDER, &next).await.expect_status(200);
    let browser = bundle.exchange("ada@example.org", true).await;
    for answer in [next, browser.expect_status(200)] {
        assert_eq!(answer.text_at("/user/id"), first.text_at("/user/id"));
    }
}

#[tokio::test]
async fn a_token_that_lacks_a_factor_starts_one_session_as_well() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    let account = bundle.external("ada@example.org").await;
    let enrolled = bundle.enrol(&account).await;
    let body = bundle.id_token("ada@example.org", true).await;
    // Nothing is spent by asking.
    let mut asked = Vec::new();
    for _ in 0..2 {
        let answer = bundle.post(OWN_PROVIDER, &body).await.expect_status(403);
        assert_eq!(answer.code(), "factor_required");
        asked.push(answer.text_at("/challenge"));
    }
    for ((challenge, code), status) in asked.iter().zip(&enrolled.codes).zip([200, 401]) {
        let body = json!({ "challenge": challenge, "recoveryCode": code });
        let answer = bundle.post("/v1/auth/continue", &body).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
}

/// Tokens as Google and Apple make them, with all that is in them. For another application of the same provider, or
/// by a stranger's `azp`, they sign nobody in.
#[tokio::test]
async fn a_token_as_google_or_apple_makes_it_is_for_one_audience() {
    let google = json!({
        "azp": CLIENT_ID,
        "hd": "example.org",
        "email": "ada@example.org",
        "email_verified": true,
        "name": "Ada Lovelace",
        "picture": "https://lh3.googleusercontent.com/a/ada=s96-c",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "jti": "f6b8a0c3b8b6d6e1",
    });
    // Apple says what is true in text.
    let apple = json!({
        "email": "abc123@privaterelay.appleid.com",
        "email_verified": "true",
        "is_private_email": "true",
        "auth_time": 1_700_000_000,
        "nonce_supported": true,
    });
    let scene = Scene::start(&json!({})).await;
    for (provider, claims) in [("google", google), ("apple", apple)] {
        let with = |name: &str, value: Value| {
            let mut claims = claims.clone();
            claims[name] = value;
            scene.body(&claims)
        };
        for audience in [
            json!("407408718192.apps.googleusercontent.com"),
            json!("com.example.another"),
            json!(["com.example.another"]),
            json!([]),
            json!(""),
            Value::Null,
        ] {
            let why = format!("{provider}: {audience}");
            let body = with("aud", audience);
            scene.refuses(&body, "invalid_id_token", &why).await;
        }
        let body = with("azp", json!("com.example.another"));
        scene.refuses(&body, "invalid_id_token", provider).await;
        let body = with("aud", json!(CLIENT_ID));
        let _ = scene.sign_in(&body).await.expect_status(200);
    }
}

/// One token that is shown twice at once starts one session (register, 102).
#[tokio::test(flavor = "multi_thread")]
async fn bug_102_one_id_token_signs_in_once() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    let processes = [
        bundle.spawn("id-token-sign-in").await,
        bundle.spawn("id-token-sign-in").await,
    ];
    for round in 0..12 {
        let body = bundle.id_token(&format!("{round}@example.org"), true).await;
        let request = post(OWN_PROVIDER, &body);
        let (one, other) = tokio::join!(
            bundle.send_to(&processes[0], &request),
            bundle.send_to(&processes[1], &request)
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401], "{} {}", one.text, other.text);
    }
    assert_eq!(bundle.items_of_type("session").len(), 13);
}

#[tokio::test]
async fn who_reads_a_token_cannot_show_it() {
    let scene = Scene::start(&json!({})).await;
    let body = scene.body(&json!({}));
    let mut other = body.clone();
    other["nonce"] = Uuid::new_v4().simple().to_string().into();
    scene
        .refuses(&other, "invalid_id_token", "another nonce")
        .await;
    let (gone, _) = gone_itself();
    other["nonce"] = gone.parameter("nonce").into();
    scene
        .refuses(&other, "invalid_id_token", "another hash")
        .await;
    // What stands in it is no nonce of it.
    let (gone, nonce) = gone_itself();
    let hash = gone.parameter("nonce");
    let plain = json!({
        "idToken": scene.peer.key.token("one", &scene.peer.claims(&gone, "1")),
        "nonce": hash,
    });
    scene
        .refuses(&plain, "invalid_id_token", "the hash itself")
        .await;
    let unhashed = scene.body(&json!({ "nonce": nonce }));
    let unhashed = json!({ "idToken": unhashed["idToken"], "nonce": nonce });
    scene
        .refuses(&unhashed, "invalid_id_token", "not hashed")
        .await;
    let base64 = URL_SAFE_NO_PAD.encode(sha256(&nonce));
    let base64 = scene.body(&json!({ "nonce": base64 }));
    let base64 = json!({ "idToken": base64["idToken"], "nonce": nonce });
    let _ = scene.sign_in(&base64).await.expect_status(200);
    let mut short = body.clone();
    short["nonce"] = "guessable".into();
    let refused = scene.sign_in(&short).await.expect_status(400);
    assert_eq!(refused.field_codes(), [("nonce", "invalid_format")]);
    // Nothing of it was written.
    let _ = scene.sign_in(&body).await.expect_status(200);
}

#[tokio::test]
async fn a_token_is_for_an_application_of_ours_and_from_just_now() {
    let native = json!({ "nativeClientIds": ["phone", "another phone"] });
    let scene = Scene::start(&native).await;
    let now = scene.peer.claims(&gone_itself().0, "1")["iat"].clone();
    let now = now.as_u64().expect("a time");
    for claims in [
        json!({ "aud": "phone" }),
        json!({ "aud": ["another phone"] }),
        json!({ "aud": CLIENT_ID, "azp": "phone" }),
        json!({ "aud": "phone", "azp": "phone", "at_hash": "of what nobody shows" }),
        json!({ "iat": now - 290 }),
    ] {
        let answer = scene.sign_in(&scene.body(&claims)).await;
        assert_eq!(answer.status, 200, "{claims}: {}", answer.text);
    }
    for claims in [
        json!({ "aud": "tablet" }),
        json!({ "aud": CLIENT_ID, "azp": "tablet" }),
        json!({ "aud": ["phone", "tablet"] }),
        json!({ "iat": now - 310 }),
        json!({ "iat": 0 }),
        json!({ "iat": now - 200, "exp": now - 100 }),
    ] {
        let body = scene.body(&claims);
        scene
            .refuses(&body, "invalid_id_token", &claims.to_string())
            .await;
    }
    // Only what the application has got itself is for it: a browser's is for Latchkey.
    let gone = scene.bundle.go_to("peer").await;
    let mut claims = scene.peer.claims(&gone, "1");
    claims["aud"] = "phone".into();
    scene.peer.gives(&scene.peer.key.token("one", &claims));
    let back = scene.bundle.send(&gone.come_back(&[("code", "c")])).await;
    let error = harness::oauth::sent_back(&back, "error_description");
    assert_eq!(error, "provider_failed");
    let listed = by(&scene.admin, "GET", "/v1/providers");
    let listed = scene.bundle.send(&listed).await;
    assert_eq!(
        listed.body["data"][0]["nativeClientIds"],
        native["nativeClientIds"]
    );
}

#[tokio::test]
async fn what_a_provider_is_set_to_holds_for_its_tokens() {
    let changes = json!({ "domains": ["example.com"] });
    let scene = Scene::start(&changes).await;
    let refused = scene.sign_in(&scene.body(&json!({}))).await;
    assert_eq!(refused.expect_status(403).code(), "identity_refused");
    let taken = scene.body(&json!({ "email": "ada@example.com" }));
    let mut named = taken.clone();
    named["firstName"] = "Ada".into();
    named["lastName"] = "\u{7}".into();
    let answer = scene.sign_in(&named).await.expect_status(200);
    assert_eq!(answer.text_at("/user/firstName"), "Ada");
    assert_eq!(answer.body["user"]["lastName"], Value::Null);

    let body = scene.body(&json!({}));
    let unknown = scene.bundle.post("/v1/auth/oauth/nobody/id-token", &body);
    let unknown = unknown.await.expect_status(404);
    assert_eq!(unknown.code(), "provider_not_found");
    // GitHub gives none.
    let github = json!({ "preset": "github", "clientId": "a" });
    let put = by(&scene.admin, "PUT", "/v1/providers/github").json(&github);
    let _ = scene.bundle.send(&put).await.expect_status(201);
    let refused = scene.bundle.post("/v1/auth/oauth/github/id-token", &body);
    let refused = refused.await.expect_status(401);
    assert_eq!(refused.code(), "invalid_id_token");
    let native = json!({ "preset": "github", "clientId": "a", "nativeClientIds": ["b"] });
    let put = by(&scene.admin, "PUT", "/v1/providers/github").json(&native);
    let refused = scene.bundle.send(&put).await.expect_status(400);
    assert_eq!(refused.field_codes(), [("nativeClientIds", "unknown")]);
    // Nobody is believed whose keys are not to be had.
    scene.peer.says("/jwks", Says::Status(500, String::new()));
    scene.bundle.restart("id-token-sign-in").await;
    let failed = scene.sign_in(&body).await.expect_status(502);
    assert_eq!(failed.code(), "provider_failed");
}
