//! A provider that does whatever a test wants: its answers are set one by one, and its tokens say what they are told to.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
};
use aws_lc_rs::{rsa, signature};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{StreamExt, stream};
use harness::oauth::Gone;
use harness::requests::by;
use harness::{Account, Answer, Bundle};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Who we are there.
pub const CLIENT_ID: &str = "latchkey-client";

/// What it answers at a path.
#[derive(Clone)]
pub enum Says {
    /// JSON.
    Json(Value),
    /// A status, and a text.
    Status(u16, String),
    /// A redirect.
    Redirect(String),
    /// Nothing, for ever.
    Hangs,
    /// More than anybody reads.
    Floods,
}

/// What signs its tokens.
pub enum Key {
    /// RS256.
    Rsa(rsa::KeyPair),
    /// ES256.
    Ec(EcdsaKeyPair),
    /// `EdDSA`.
    Ed(Ed25519KeyPair),
}

impl Key {
    pub fn ec() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"))
    }

    pub fn rsa() -> Self {
        Self::Rsa(rsa::KeyPair::generate(rsa::KeySize::Rsa2048).expect("a key"))
    }

    pub fn ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().expect("a key"))
    }

    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::Ec(_) => "ES256",
            Self::Ed(_) => "EdDSA",
        }
    }

    /// Its public half (RFC 7517).
    pub fn jwk(&self, kid: &str) -> Value {
        let base64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match self {
            Self::Rsa(pair) => {
                let public = pair.public_key();
                let public: &rsa::PublicKey = public;
                let n = public.modulus().big_endian_without_leading_zero().to_vec();
                let e = public.exponent().big_endian_without_leading_zero().to_vec();
                json!({ "kty": "RSA", "n": base64(&n), "e": base64(&e) })
            }
            Self::Ec(pair) => {
                let point = pair.public_key().as_ref().to_vec();
                json!({ "kty": "EC", "crv": "P-256", "x": base64(&point[1..33]), "y": base64(&point[33..]) })
            }
            Self::Ed(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64(pair.public_key().as_ref()) })
            }
        };
        jwk["kid"] = kid.into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.algorithm().into();
        jwk
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signed = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signed)
                    .expect("signs");
                signed
            }
            Self::Ec(pair) => {
                let signed: signature::Signature = pair.sign(&random, message).expect("signs");
                signed.as_ref().to_vec()
            }
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// A token with this header and these claims, as they are written.
    pub fn token_of(&self, header: &str, claims: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let message = format!("{}.{}", part(header), part(claims));
        let signed = self.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signed))
    }

    /// A token with these claims.
    pub fn token(&self, kid: &str, claims: &Value) -> String {
        let header = json!({ "alg": self.algorithm(), "kid": kid, "typ": "JWT" });
        self.token_of(&header.to_string(), &claims.to_string())
    }
}

type Answers = Arc<Mutex<HashMap<String, Says>>>;

/// The provider.
pub struct Peer {
    /// Its issuer and base URL.
    pub issuer: String,
    /// What signs its tokens.
    pub key: Key,
    answers: Answers,
}

impl Peer {
    /// One that answers as it should, set up under the name `peer` with these settings changed.
    pub async fn start(bundle: &Bundle, admin: &Account, changes: &Value) -> Self {
        let peer = Self::serve(Key::ec()).await;
        let answer = peer.put(bundle, admin, "peer", changes).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        peer
    }

    /// One that nobody knows yet.
    pub async fn serve(key: Key) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let answers = Answers::default();
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&answers));
        tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        let peer = Self {
            issuer,
            key,
            answers,
        };
        peer.says(
            "/.well-known/openid-configuration",
            Says::Json(peer.metadata()),
        );
        peer.says(
            "/jwks",
            Says::Json(json!({ "keys": [peer.key.jwk("one")] })),
        );
        peer
    }

    /// Sets it up.
    pub async fn put(
        &self,
        bundle: &Bundle,
        admin: &Account,
        name: &str,
        changes: &Value,
    ) -> Answer {
        let mut body = json!({
            "preset": "oidc",
            "clientId": CLIENT_ID,
            "clientSecret": "hush",
            "issuer": self.issuer,
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let path = format!("/v1/providers/{name}");
        bundle.send(&by(admin, "PUT", &path).json(&body)).await
    }

    pub fn metadata(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/jwks"),
        })
    }

    /// What it answers at a path from now on.
    pub fn says(&self, path: &str, says: Says) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(path.to_owned(), says);
    }

    /// Claims of a token that is right for a sign-in.
    pub fn claims(&self, gone: &Gone, subject: &str) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.expect("after 1970").as_secs();
        json!({
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": subject,
            "nonce": gone.parameter("nonce"),
            "iat": now,
            "exp": now + 300,
        })
    }

    /// Gives this token for the next code.
    pub fn gives(&self, id_token: &str) {
        let tokens = json!({ "access_token": "at", "token_type": "Bearer", "id_token": id_token });
        self.says("/token", Says::Json(tokens));
    }

    /// A sign-in there, of somebody with these claims beside the usual ones: what the application sends to sign in.
    pub async fn identity_code(&self, bundle: &Bundle, subject: &str, more: &Value) -> Value {
        let gone = bundle.go_to("peer").await;
        let mut claims = self.claims(&gone, subject);
        for (name, value) in more.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        self.gives(&self.key.token("one", &claims));
        let answer = bundle.send(&gone.come_back(&[("code", "c")])).await;
        let answer = answer.expect_status(303);
        let code = harness::oauth::sent_back(&answer, "code");
        assert_ne!(code, "", "{}", answer.header("location"));
        json!({ "code": code, "codeVerifier": harness::oauth::CODE_VERIFIER })
    }

    /// Signs in with it.
    pub async fn exchange(&self, bundle: &Bundle, subject: &str, more: &Value) -> Answer {
        let body = self.identity_code(bundle, subject, more).await;
        bundle.post("/v1/auth/oauth/exchange", &body).await
    }
}

async fn answer(State(answers): State<Answers>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let says = {
        let answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(&path).cloned()
    };
    match says {
        Some(Says::Json(value)) => {
            ([("content-type", "application/json")], value.to_string()).into_response()
        }
        Some(Says::Status(status, text)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, text).into_response()
        }
        Some(Says::Redirect(url)) => (StatusCode::FOUND, [("location", url)]).into_response(),
        Some(Says::Hangs) => {
            tokio::time::sleep(Duration::from_mins(1)).await;
            StatusCode::OK.into_response()
        }
        Some(Says::Floods) => {
            // A gigabyte.
            let part = Bytes::from(vec![b' '; 1024 * 1024]);
            let parts = stream::repeat(part).take(1024).map(Ok::<_, Infallible>);
            Body::from_stream(parts).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
