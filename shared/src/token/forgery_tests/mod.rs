//! Every way to forge an access token that is known to have worked somewhere: RFC 8725 §2, and RFC 7515's
//! own warnings (§10). Most are signed with a key of ours, so that each fails for its own reason.

mod algorithms;
mod documents;
mod edits;
mod members;
mod signatures;

use std::collections::HashSet;

use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::Algorithm as Jws;

use super::*;

struct Forgeries(Vec<(String, String)>);

impl Forgeries {
    fn add(&mut self, name: impl Into<String>, token: impl Into<String>) {
        self.0.push((name.into(), token.into()));
    }

    /// A header of any content, truly signed.
    fn header(&mut self, name: &str, member: &str, value: &Value) {
        let header = with(&header(&KEYS.ec), member, value);
        self.add(
            format!("{name} {}", shortened(value)),
            sign(&KEYS.ec, &header, &claims()),
        );
    }

    /// Claims of any content, truly signed.
    fn claim(&mut self, name: &str, value: &Value) {
        let claims = with(&claims(), name, value);
        self.add(
            format!("claim {name}: {}", shortened(value)),
            sign(&KEYS.ec, &header(&KEYS.ec), &claims),
        );
    }
}

fn shortened(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}

fn with(object: &Value, name: &str, value: &Value) -> Value {
    let mut object = object.clone();
    object[name] = value.clone();
    object
}

fn without(object: &Value, name: &str) -> Value {
    let mut object = object.clone();
    object.as_object_mut().expect("an object").remove(name);
    object
}

/// Signs any bytes as header and claims, with any algorithm that the key can do.
fn sign_bytes(key: &SigningKey, alg: Jws, header: &[u8], claims: &[u8]) -> String {
    let message = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key.encoding_key, alg);
    format!("{message}.{}", signature.expect("signs"))
}

fn ec_bytes(header: &[u8], claims: &[u8]) -> String {
    sign_bytes(&KEYS.ec, Jws::ES256, header, claims)
}

fn text(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn control() -> String {
    sign(&KEYS.ec, &header(&KEYS.ec), &claims())
}

#[test]
fn bug_11_to_bug_20_no_forgery_of_the_matrix_passes() {
    let mut all = Forgeries(Vec::new());
    algorithms::algorithms(&mut all);
    members::headers(&mut all);
    members::claims_of_any_kind(&mut all);
    documents::structures(&mut all);
    documents::documents(&mut all);
    signatures::signatures(&mut all);
    signatures::other_keys_and_other_tokens(&mut all);

    let mut passed = Vec::new();
    for (name, token) in &all.0 {
        if check(token).is_ok() {
            passed.push(name);
        }
        for key in [&KEYS.ec, &KEYS.rsa] {
            let control = sign_bytes(
                key,
                key.algorithm.jws(),
                &text(&header(key)),
                &text(&claims()),
            );
            assert!(check(&control).is_ok(), "the control after {name}");
        }
    }
    assert!(passed.is_empty(), "{passed:#?}");
    let mut names = HashSet::new();
    for (name, _) in &all.0 {
        assert!(names.insert(name), "{name} stands twice");
    }
    let count = names.len();
    assert!(count >= 80, "{count}");
    println!("{count} forgeries refused");
}

#[test]
fn bug_65_a_key_that_has_left_the_ring_signs_nothing() {
    let rsa = sign(&KEYS.rsa, &header(&KEYS.rsa), &claims());
    let ring = |keys: &[PublicKey]| verify(keys, &parties(), &rsa, NOW);
    assert!(ring(&KEYS.public[..1]).is_ok());
    assert_eq!(ring(&KEYS.public[1..]), Err(TokenError::UnknownKey));
    assert_eq!(ring(&[]), Err(TokenError::UnknownKey));
    let renamed = PublicKey {
        kid: KEYS.rsa.kid.clone(),
        ..KEYS.public[1].clone()
    };
    assert_eq!(ring(&[renamed]), Err(TokenError::Invalid));
}
