//! Forged ID tokens: what another could make, or what was made for another.

use harness::oauth::{Gone, sent_back};
use harness::{Account, Bundle};
use serde_json::{Value, json};

use crate::bundle;
use crate::native::{ID_TOKEN, gone_itself};
use crate::peer::{CLIENT_ID, Key, Peer, Says};

struct Scene {
    bundle: Bundle,
    peer: Peer,
    admin: Account,
}

impl Scene {
    async fn start() -> Self {
        let bundle = bundle().await;
        let admin = bundle.account_with_role("admin").await;
        let peer = Peer::start(&bundle, &admin, &json!({})).await;
        Self {
            bundle,
            peer,
            admin,
        }
    }

    /// Nothing that was loaded is known any more.
    async fn restart(&self) {
        for function in ["finish-oauth", "id-token-sign-in"] {
            self.bundle.restart(function).await;
        }
    }

    /// Whether a sign-in with the token that this makes comes to anything: the same way for a browser and for an
    /// application that has got it itself.
    async fn takes(&self, make: impl Fn(&Peer, &Gone) -> String) -> bool {
        let taken = self.browser_takes(&make).await;
        assert_eq!(taken, self.application_takes(&make).await);
        taken
    }

    async fn application_takes(&self, make: impl Fn(&Peer, &Gone) -> String) -> bool {
        let (gone, nonce) = gone_itself();
        let body = json!({ "idToken": make(&self.peer, &gone), "nonce": nonce });
        let is_large = body.to_string().len() > 16 * 1024;
        let answer = self.bundle.post(ID_TOKEN, &body).await;
        if matches!(answer.status, 401 | 413) {
            let refused = if is_large {
                "body_too_large"
            } else {
                "invalid_id_token"
            };
            assert_eq!(answer.code(), refused);
            return false;
        }
        let answer = answer.expect_status(403);
        // It tells no address, and an account needs one.
        assert_eq!(answer.code(), "identity_refused");
        true
    }

    async fn browser_takes(&self, make: impl Fn(&Peer, &Gone) -> String) -> bool {
        let gone = self.bundle.go_to("peer").await;
        self.peer.gives(&make(&self.peer, &gone));
        let answer = self.bundle.send(&gone.come_back(&[("code", "c")])).await;
        let answer = answer.expect_status(303);
        let code = sent_back(&answer, "code");
        if code.is_empty() {
            assert_eq!(sent_back(&answer, "error_description"), "provider_failed");
        }
        !code.is_empty()
    }
}

/// The claims with one of them changed; `null` takes it out.
fn with(mut claims: Value, name: &str, value: &Value) -> Value {
    if value.is_null() {
        claims.as_object_mut().expect("an object").remove(name);
    } else {
        claims[name] = value.clone();
    }
    claims
}

/// One change to the claims of a right token, each of which makes it wrong.
fn wrong_claims(peer: &Peer, gone: &Gone) -> Vec<(&'static str, Value)> {
    let now = peer.claims(gone, "1")["iat"].as_u64().expect("a time");
    vec![
        ("iss", json!(null)),
        ("iss", json!("https://evil.example")),
        ("iss", json!(format!("{}/", peer.issuer))),
        ("iss", json!(peer.issuer.to_uppercase())),
        ("iss", json!([peer.issuer])),
        ("iss", json!("")),
        ("iss", json!(1)),
        ("aud", json!(null)),
        ("aud", json!("another-client")),
        ("aud", json!("")),
        ("aud", json!([])),
        ("aud", json!(["another-client"])),
        ("aud", json!([[CLIENT_ID]])),
        ("aud", json!({ "client": CLIENT_ID })),
        ("aud", json!(format!("{CLIENT_ID} another"))),
        ("aud", json!(CLIENT_ID.to_uppercase())),
        ("aud", json!([CLIENT_ID, "another-client"])),
        ("azp", json!("another-client")),
        ("azp", json!("")),
        ("azp", json!([CLIENT_ID])),
        ("azp", json!(1)),
        ("nonce", json!(null)),
        ("nonce", json!("")),
        ("nonce", json!("another")),
        ("nonce", json!([gone.parameter("nonce")])),
        ("nonce", json!(gone.parameter("nonce").to_lowercase())),
        ("nonce", json!(gone.parameter("state"))),
        ("sub", json!(null)),
        ("sub", json!("")),
        ("sub", json!(1)),
        ("sub", json!(["1"])),
        ("sub", json!("x".repeat(256))),
        ("sub", json!("é")),
        ("exp", json!(null)),
        ("exp", json!(now - 61)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!("9999999999")),
        ("exp", json!(true)),
        ("exp", json!([now + 300])),
        ("exp", json!(1e300)),
        ("iat", json!(null)),
        ("iat", json!(now + 3600)),
        ("iat", json!("now")),
        ("iat", json!(-5)),
        ("nbf", json!(now + 3600)),
        ("nbf", json!("x")),
    ]
}

#[tokio::test]
async fn a_token_with_a_wrong_claim_identifies_nobody() {
    let scene = Scene::start().await;
    let plain = |peer: &Peer, gone: &Gone| peer.key.token("one", &peer.claims(gone, "1"));
    assert!(scene.takes(plain).await, "as it should be");
    let count = wrong_claims(&scene.peer, &scene.bundle.go_to("peer").await).len();
    for number in 0..count {
        let make = |peer: &Peer, gone: &Gone| {
            let (name, value) = wrong_claims(peer, gone).swap_remove(number);
            peer.key
                .token("one", &with(peer.claims(gone, "1"), name, &value))
        };
        let (name, value) = {
            let (gone, _) = gone_itself();
            wrong_claims(&scene.peer, &gone).swap_remove(number)
        };
        assert!(!scene.takes(make).await, "{name} {value}");
    }
    for aud in [
        json!([CLIENT_ID]),
        json!(CLIENT_ID),
        json!([CLIENT_ID, "another-client"]),
    ] {
        let make = |peer: &Peer, gone: &Gone| {
            let claims = with(peer.claims(gone, "1"), "aud", &aud);
            peer.key
                .token("one", &with(claims, "azp", &json!(CLIENT_ID)))
        };
        assert!(scene.takes(make).await, "{aud}");
    }
    // Times may have a fraction (RFC 7519 §2).
    for (name, later) in [("iat", 0.5), ("iat", 0.0), ("exp", 300.5)] {
        let make = |peer: &Peer, gone: &Gone| {
            let claims = peer.claims(gone, "1");
            let at = claims["iat"].as_f64().expect("a time") + later;
            peer.key.token("one", &with(claims, name, &json!(at)))
        };
        assert!(scene.takes(make).await, "{name} {later}");
    }
    // SHA-256 of `at`, the left half. An application shows no access token that it could be of.
    let right = json!("sda5G2fCr6XjIpiNlGJjjQ");
    for hash in [
        &right,
        &json!("AAAAAAAAAAAAAAAAAAAAAA"),
        &json!(""),
        &json!(1),
    ] {
        let make = |peer: &Peer, gone: &Gone| {
            let claims = with(peer.claims(gone, "1"), "at_hash", hash);
            peer.key.token("one", &claims)
        };
        assert_eq!(scene.browser_takes(make).await, *hash == right, "{hash}");
        assert!(scene.application_takes(make).await, "{hash}");
    }
}

#[tokio::test]
async fn a_token_with_another_header_or_signature_identifies_nobody() {
    let scene = Scene::start().await;
    let header = |alg: &str| json!({ "alg": alg, "kid": "one", "typ": "JWT" });
    let headers = [
        header("none"),
        header("None"),
        header("NONE"),
        header(""),
        header("HS256"),
        header("HS512"),
        header("RS256"),
        header("PS256"),
        header("ES384"),
        header("ES512"),
        header("EdDSA"),
        header("es256"),
        json!({ "kid": "one" }),
        json!({ "alg": null, "kid": "one" }),
        json!({ "alg": ["ES256"], "kid": "one" }),
        json!({ "alg": "ES256", "kid": "two" }),
        json!({ "alg": "ES256", "kid": "" }),
        json!({ "alg": "ES256", "kid": 1 }),
        json!({ "alg": "ES256", "kid": ["one"] }),
        json!({ "alg": "ES256", "kid": "one", "typ": "at+jwt" }),
        json!({ "alg": "ES256", "kid": "one", "typ": "logout+jwt" }),
        json!({ "alg": "ES256", "kid": "one", "typ": 1 }),
        json!({ "alg": "ES256", "kid": "one", "crit": ["b64"], "b64": false }),
        json!({ "alg": "ES256", "kid": "one", "crit": [] }),
    ];
    for header in headers {
        let make = |peer: &Peer, gone: &Gone| {
            let claims = peer.claims(gone, "1").to_string();
            peer.key.token_of(&header.to_string(), &claims)
        };
        assert!(!scene.takes(make).await, "{header}");
    }
}

/// What a token is made of.
type Make<'a> = Box<dyn Fn(&Peer, &Gone) -> String + 'a>;

#[tokio::test]
async fn a_token_that_another_has_made_or_changed_identifies_nobody() {
    let scene = Scene::start().await;
    let (other, rsa) = (Key::ec(), Key::rsa());
    let header = json!({ "alg": "ES256", "kid": "one", "typ": "JWT" }).to_string();
    let right = |peer: &Peer, gone: &Gone| peer.key.token("one", &peer.claims(gone, "1"));
    let others: Vec<(&str, Make<'_>)> = vec![
        (
            "another's key",
            Box::new(|peer, gone| other.token("one", &peer.claims(gone, "1"))),
        ),
        (
            "another's key of another kind",
            Box::new(|peer, gone| rsa.token("one", &peer.claims(gone, "1"))),
        ),
        (
            "a key of its own",
            Box::new(|peer, gone| {
                let header = json!({ "alg": "ES256", "kid": "one", "jwk": other.jwk("one") });
                other.token_of(&header.to_string(), &peer.claims(gone, "1").to_string())
            }),
        ),
        (
            "no signature",
            Box::new(move |peer, gone| {
                let token = right(peer, gone);
                token[..=token.rfind('.').expect("a dot")].to_owned()
            }),
        ),
        (
            "two parts",
            Box::new(move |peer, gone| {
                let token = right(peer, gone);
                token[..token.rfind('.').expect("a dot")].to_owned()
            }),
        ),
        (
            "four parts",
            Box::new(move |peer, gone| format!("{}.AAAA", right(peer, gone))),
        ),
        (
            "a padded part",
            Box::new(move |peer, gone| format!("{}=", right(peer, gone))),
        ),
        (
            "a changed signature",
            Box::new(move |peer, gone| {
                let token = right(peer, gone);
                let at = token.rfind('.').expect("a dot") + 5;
                let other = if token[at..].starts_with('A') {
                    "B"
                } else {
                    "A"
                };
                format!("{}{other}{}", &token[..at], &token[at + 1..])
            }),
        ),
        ("nothing", Box::new(|_, _| String::new())),
        ("no token", Box::new(|_, _| "hello".to_owned())),
        (
            "a token of ours",
            Box::new(|_, _| scene.admin.access_token.clone()),
        ),
        (
            "a name twice",
            Box::new(|peer, gone| {
                let claims = peer.claims(gone, "1").to_string();
                let twice = claims.replacen('{', "{\"sub\":\"2\",", 1);
                peer.key.token_of(&header, &twice)
            }),
        ),
        (
            "a name twice in the header",
            Box::new(|peer, gone| {
                let twice = "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"kid\":\"one\"}";
                peer.key
                    .token_of(twice, &peer.claims(gone, "1").to_string())
            }),
        ),
        (
            "claims that are no object",
            Box::new(|peer, _| peer.key.token_of(&header, "[]")),
        ),
        (
            "a large one",
            Box::new(|peer, gone| {
                let claims = with(peer.claims(gone, "1"), "x", &json!("x".repeat(20_000)));
                peer.key.token("one", &claims)
            }),
        ),
    ];
    for (what, make) in &others {
        assert!(!scene.takes(make).await, "{what}");
    }
}

#[tokio::test]
async fn keys_of_every_kind_are_taken_and_weak_ones_are_not() {
    let scene = Scene::start().await;
    for key in [Key::rsa(), Key::ec(), Key::ed()] {
        scene.peer.says(
            "/jwks",
            Says::Json(json!({ "keys": [
            { "kty": "oct", "k": "AAAA", "kid": "shared" },
            { "kty": "unheard-of", "kid": "new" },
            key.jwk(key.algorithm()),
        ] })),
        );
        // Its id is not known: the keys are asked for again.
        scene.restart().await;
        let make = |peer: &Peer, gone: &Gone| key.token(key.algorithm(), &peer.claims(gone, "1"));
        assert!(scene.takes(make).await, "{}", key.algorithm());
        let mut for_encryption = key.jwk("enc");
        for_encryption["use"] = "enc".into();
        scene
            .peer
            .says("/jwks", Says::Json(json!({ "keys": [for_encryption] })));
        scene.restart().await;
        let make = |peer: &Peer, gone: &Gone| key.token("enc", &peer.claims(gone, "1"));
        assert!(!scene.takes(make).await, "{}", key.algorithm());
    }
}

#[tokio::test]
async fn bug_101_keys_that_are_rotated_in_mid_flight_are_found() {
    let scene = Scene::start().await;
    let right = |peer: &Peer, gone: &Gone| peer.key.token("one", &peer.claims(gone, "1"));
    assert!(scene.takes(right).await);
    let next = Key::ec();
    let both = json!({ "keys": [scene.peer.key.jwk("one"), next.jwk("two")] });
    scene.peer.says("/jwks", Says::Json(both));
    // Within half a minute forgers cannot turn made-up ids into calls.
    let make = |peer: &Peer, gone: &Gone| next.token("two", &peer.claims(gone, "1"));
    assert!(!scene.takes(make).await, "loaded a moment ago");
    scene.restart().await;
    assert!(scene.takes(make).await);
    scene.peer.says("/jwks", Says::Status(503, String::new()));
    assert!(scene.takes(make).await, "what is known serves on");
    scene.restart().await;
    assert!(!scene.browser_takes(make).await, "without keys nobody is");
    let (gone, nonce) = gone_itself();
    let body = json!({ "idToken": make(&scene.peer, &gone), "nonce": nonce });
    let answer = scene.bundle.post(ID_TOKEN, &body).await.expect_status(502);
    assert_eq!(answer.code(), "provider_failed");
}
