use std::sync::LazyLock;

use aws_lc_rs::hmac;
use base64::Engine;
use serde_json::{Value, json};

use super::*;
use crate::email::Email;
use crate::profile::Profile;
use crate::proof::{Begun, First, Proved};
use crate::secret::{Secret, Secrets};
use crate::session::{Client, SessionLifetimes};
use crate::token::BASE64URL;
use crate::token::jwt::LEEWAY_SECONDS;
use crate::token::key_ring::{Algorithm, PublicNumbers, WrappedKey, generate};

#[path = "forgery_tests/mod.rs"]
mod forgeries;

const LIFETIME: Duration = Duration::from_mins(15);
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

struct Keys {
    public: Vec<PublicKey>,
    rsa: SigningKey,
    ec: SigningKey,
    /// Signs, but is not in the ring.
    stranger: SigningKey,
}

/// RSA keys take a while to make: once for all tests.
static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let secret = || Secret::new("mH2pQv8ZrT4kXc9LwB6nYd3JfG7sKa5EuN1xVt0RoPqWi").expect("strong");
    let make = |algorithm| generate(algorithm, NOW, &secret()).expect("a key");
    let open = |wrapped: &WrappedKey| {
        SigningKey::open(wrapped, &Secrets::new(secret(), None)).expect("opens")
    };
    let (rsa_public, rsa) = make(Algorithm::RS256);
    let (ec_public, ec) = make(Algorithm::ES256);
    let (_, stranger) = make(Algorithm::ES256);
    Keys {
        public: vec![rsa_public, ec_public],
        rsa: open(&rsa),
        ec: open(&ec),
        stranger: open(&stranger),
    }
});

fn parties() -> Parties {
    Parties {
        issuer: "https://accounts.example.com".to_owned(),
        audience: "latchkey".to_owned(),
    }
}

fn check(token: &str) -> Result<Subject, TokenError> {
    verify(&KEYS.public, &parties(), token, NOW)
}

fn signed_in() -> (User, Session) {
    let email = Email::parse("a@example.com").expect("valid");
    let user = User::register(email, Profile::default(), Role::User, NOW);
    let lifetimes = SessionLifetimes {
        idle: LIFETIME,
        max: LIFETIME,
    };
    let begun = Begun::new(&user, 1, Proved::first(First::Password, NOW));
    let session = Session::start(&begun, Client::default(), lifetimes, NOW);
    (user, session)
}

fn claims() -> Value {
    let (user, session) = signed_in();
    json!({
        "iss": "https://accounts.example.com",
        "aud": "latchkey",
        "sub": user.id.to_string(),
        "sid": session.id.to_string(),
        "role": "user",
        "iat": NOW.as_seconds(),
        "exp": NOW.as_seconds() + 900,
        "jti": "1",
        "auth_time": NOW.as_seconds(),
        "amr": ["pwd"],
        "acr": "aal1",
        "email_verified": false,
    })
}

fn header(key: &SigningKey) -> Value {
    let alg = format!("{:?}", key.algorithm);
    json!({ "typ": "at+jwt", "alg": alg, "kid": key.kid })
}

/// Signs any header and any claims with a key of ours.
fn sign(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), &key.encoding_key, key.algorithm.jws());
    format!("{message}.{}", signature.expect("signs"))
}

fn encode(value: &Value) -> String {
    BASE64URL.encode(value.to_string())
}

#[test]
fn an_issued_token_verifies_with_either_algorithm() {
    let (user, session) = signed_in();
    for key in [&KEYS.rsa, &KEYS.ec] {
        let token =
            AccessToken::issue(key, &parties(), &user, &session, LIFETIME, NOW).expect("issues");
        let subject = Subject {
            user_id: user.id,
            session_id: session.id,
            role: user.role,
        };
        assert_eq!(check(token.reveal()), Ok(subject));
        assert!(token.reveal().len() < 1024, "{}", token.reveal().len());
    }
    assert!(check(&sign(&KEYS.rsa, &header(&KEYS.rsa), &claims())).is_ok());
}

#[test]
fn bug_11_a_claim_of_any_other_type_is_refused() {
    let wrong = [
        json!("text"),
        json!(1.5),
        json!(-1),
        json!(18_446_744_073_709_551_615_u64),
        json!(1e300),
        json!(null),
        json!(["latchkey"]),
        json!({}),
        json!(true),
    ];
    let mut tried = 0;
    for (name, right) in claims().as_object().expect("an object") {
        let mut without = claims();
        without.as_object_mut().expect("an object").remove(name);
        // Those of the release before have no `acr`.
        assert_eq!(
            check(&sign(&KEYS.ec, &header(&KEYS.ec), &without)).is_err(),
            name != "acr",
            "{name} missing"
        );
        for value in &wrong {
            // Other texts are fine where any text is, other booleans where any boolean is.
            let same_kind = (["jti", "acr"].contains(&name.as_str()) && value.is_string())
                || (name == "email_verified" && value.is_boolean())
                || (name == "amr" && value.is_array());
            if same_kind || value == right {
                continue;
            }
            let mut forged = claims();
            forged[name] = value.clone();
            let token = sign(&KEYS.ec, &header(&KEYS.ec), &forged);
            assert_eq!(check(&token), Err(TokenError::Invalid), "{name}: {value}");
            tried += 1;
        }
    }
    assert!(tried > 80, "{tried}");
}

#[test]
fn bug_12_no_algorithm_and_no_signature_are_refused() {
    let token = sign(&KEYS.ec, &header(&KEYS.ec), &claims());
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    for alg in [
        "none", "nOnE", "None", "NONE", "", "RS256", "HS256", "ES384", "EdDSA",
    ] {
        let mut header = header(&KEYS.ec);
        header["alg"] = json!(alg);
        let forged = format!("{}.{}", encode(&header), encode(&claims()));
        for signature in ["", signature, "AAAA"] {
            assert!(
                check(&format!("{forged}.{signature}")).is_err(),
                "{alg} {signature}"
            );
        }
        assert!(check(&forged).is_err(), "{alg} without a third part");
    }
    for forged in [
        format!("{message}."),
        message.to_owned(),
        format!("{token}."),
        format!("{token}.x"),
    ] {
        assert!(check(&forged).is_err(), "{forged}");
    }
}

#[test]
fn bug_13_the_public_key_is_no_hmac_secret() {
    for key in &KEYS.public {
        let mut secrets = vec![serde_json::to_vec(&key.numbers).expect("serializes")];
        match &key.numbers {
            PublicNumbers::Rsa { n, e } => {
                secrets.extend([
                    n.clone().into_bytes(),
                    BASE64URL.decode(n).expect("base64url"),
                ]);
                secrets.push(format!("{n}{e}").into_bytes());
            }
            PublicNumbers::Ec { x, y, .. } => {
                let point =
                    [BASE64URL.decode(x), BASE64URL.decode(y)].map(|part| part.expect("base64url"));
                secrets.extend([x.clone().into_bytes(), [vec![4], point.concat()].concat()]);
            }
        }
        for secret in secrets {
            let header = json!({ "typ": "at+jwt", "alg": "HS256", "kid": key.kid });
            let message = format!("{}.{}", encode(&header), encode(&claims()));
            let tag = hmac::sign(
                &hmac::Key::new(hmac::HMAC_SHA256, &secret),
                message.as_bytes(),
            );
            let token = format!("{message}.{}", BASE64URL.encode(tag));
            assert_eq!(check(&token), Err(TokenError::Invalid));
        }
    }
}

#[test]
fn bug_14_keys_in_the_header_are_not_looked_at() {
    let stranger = &KEYS.stranger;
    let embedded = json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" });
    for (name, value) in [
        ("jwk", embedded),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("x5u", json!("https://attacker.example/x.pem")),
        ("x5c", json!(["AAAA"])),
    ] {
        let mut own_kid = header(stranger);
        own_kid[name] = value.clone();
        assert_eq!(
            check(&sign(stranger, &own_kid, &claims())),
            Err(TokenError::Invalid)
        );
        let mut our_kid = header(&KEYS.ec);
        our_kid[name] = value;
        for signer in [stranger, &KEYS.ec] {
            assert_eq!(
                check(&sign(signer, &our_kid, &claims())),
                Err(TokenError::Invalid),
                "{name}"
            );
        }
    }
}

#[test]
fn bug_15_a_key_id_is_only_compared() {
    for kid in [
        "../../dev/null",
        "/etc/passwd",
        "' OR 1=1 --",
        "",
        "\u{0}",
        "KEYS#x",
    ] {
        let mut header = header(&KEYS.ec);
        header["kid"] = json!(kid);
        assert_eq!(
            check(&sign(&KEYS.ec, &header, &claims())),
            Err(TokenError::UnknownKey),
            "{kid:?}"
        );
    }
    for kid in [json!(null), json!(7), json!(["a"])] {
        let mut header = header(&KEYS.ec);
        header["kid"] = kid;
        assert_eq!(
            check(&sign(&KEYS.ec, &header, &claims())),
            Err(TokenError::Invalid)
        );
    }
}

#[test]
fn bug_16_critical_headers_are_refused() {
    for crit in [
        json!(["exp"]),
        json!(["b64"]),
        json!([]),
        json!("exp"),
        json!({}),
        json!(null),
    ] {
        let mut header = header(&KEYS.ec);
        header["crit"] = crit.clone();
        assert!(
            check(&sign(&KEYS.ec, &header, &claims())).is_err(),
            "{crit}"
        );
    }
}

#[test]
fn bug_17_a_signature_of_zeros_is_refused() {
    let token = sign(&KEYS.ec, &header(&KEYS.ec), &claims());
    let (message, _) = token.rsplit_once('.').expect("three parts");
    for length in [0, 1, 63, 64, 65, 256] {
        let zeros = BASE64URL.encode(vec![0; length]);
        assert!(
            check(&format!("{message}.{zeros}")).is_err(),
            "{length} zeros"
        );
    }
}

#[test]
fn bug_18_another_kind_of_token_is_no_access_token() {
    for typ in [
        json!("JWT"),
        json!("at+JWT "),
        json!("refresh+jwt"),
        json!(null),
        json!(""),
    ] {
        let mut header = header(&KEYS.ec);
        header["typ"] = typ.clone();
        assert!(check(&sign(&KEYS.ec, &header, &claims())).is_err(), "{typ}");
    }
    let refresh = format!("lkrt_{}", "A".repeat(80));
    assert!(check(&refresh).is_err());
}

#[test]
fn bug_19_issuer_audience_and_times_are_exact() {
    for (name, value) in [
        ("iss", json!("https://accounts.example.com/")),
        ("iss", json!("https://accounts.example.org")),
        ("aud", json!("other")),
        ("aud", json!("Latchkey")),
    ] {
        let mut forged = claims();
        forged[name] = value.clone();
        assert!(
            check(&sign(&KEYS.ec, &header(&KEYS.ec), &forged)).is_err(),
            "{name}: {value}"
        );
    }
    let at = |issued_ago: i64| {
        let mut aged = claims();
        let issued = 1_800_000_000 - issued_ago;
        aged["iat"] = json!(issued);
        aged["exp"] = json!(issued + 900);
        check(&sign(&KEYS.ec, &header(&KEYS.ec), &aged))
    };
    assert!(at(0).is_ok() && at(899).is_ok());
    assert!(at(904).is_ok(), "a leeway of five seconds");
    assert!(at(905).is_err(), "and no more");
    assert!(at(-5).is_ok() && at(-6).is_err(), "issued in the future");
    let begins = |name: &str, after: u64| {
        let mut claims = claims();
        claims[name] = json!(NOW.as_seconds() + after);
        check(&sign(&KEYS.ec, &header(&KEYS.ec), &claims))
    };
    for name in ["nbf", "auth_time"] {
        assert!(
            begins(name, 5).is_ok() && begins(name, 6).is_err(),
            "{name}"
        );
    }
    let mut lasting = claims();
    lasting["exp"] = json!(NOW.as_seconds() + 3601);
    assert!(
        check(&sign(&KEYS.ec, &header(&KEYS.ec), &lasting)).is_err(),
        "longer than we issue"
    );
}

#[test]
fn bug_20_every_cut_and_every_flipped_character_is_refused() {
    let token = sign(&KEYS.ec, &header(&KEYS.ec), &claims());
    for cut in 0..token.len() {
        assert!(check(&token[..cut]).is_err(), "prefix of {cut}");
        assert!(
            cut == 0 || check(&token[cut..]).is_err(),
            "suffix from {cut}"
        );
    }
    for position in 0..token.len() {
        for bit in 0..8 {
            let mut forged = token.clone().into_bytes();
            forged[position] ^= 1 << bit;
            if let Ok(forged) = String::from_utf8(forged) {
                assert!(check(&forged).is_err(), "bit {bit} of {position}");
            }
        }
    }
    assert!(check(&"a".repeat(5_000)).is_err());
}
