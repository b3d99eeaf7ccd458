//! Changed bytes: none panics, and none that something vouches for goes unseen.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value};
use webauthn::{
    Algorithm, AuthenticationResponse, PublicKey, Refused, Registered, RegistrationResponse,
    authenticate, register,
};

use crate::authenticator::{
    self, CHALLENGE, Credential, FLAGS, attestation_object, base64url, client_data, relying_party,
    stored,
};

/// One credential of each algorithm: RSA keys take long to make.
static CREDENTIALS: LazyLock<[Credential; 3]> =
    LazyLock::new(|| Algorithm::OFFERED.map(Credential::new));

/// Extension outputs, so that there are some to change.
const TAIL: &[u8] = b"\xa1\x6bcredProtect\x02";

fn registration_data(credential: &Credential) -> Vec<u8> {
    credential.registration_data(FLAGS | 0x80, TAIL)
}

fn registered(object: &Map<String, Value>) -> Result<Registered, Refused> {
    register(
        &relying_party(),
        &RegistrationResponse::parse(object)?,
        &CHALLENGE,
        true,
    )
}

fn registration_json(credential: &Credential, data: &[u8]) -> Map<String, Value> {
    let text = client_data("webauthn.create");
    authenticator::registration_json(&credential.id, text.as_bytes(), &attestation_object(data))
}

/// All copies of the bytes with one bit changed, and two bytes at each place that are far from the one there.
fn changed(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    let masks = (0..8).map(|bit| 1_u8 << bit).chain([0xff, 0x5a]);
    (0..bytes.len()).flat_map(move |at| {
        masks.clone().map(move |mask| {
            let mut copy = bytes.to_vec();
            copy[at] ^= mask;
            (at, copy)
        })
    })
}

#[test]
fn every_change_of_authenticator_data_is_refused_where_a_browser_sends_it_twice() {
    for credential in &*CREDENTIALS {
        let data = registration_data(credential);
        let with = |data: &[u8], copy: &[u8]| {
            let mut object = registration_json(credential, data);
            object["response"]["authenticatorData"] = base64url(copy).into();
            registered(&object)
        };
        assert!(with(&data, &data).is_ok());
        for (at, other) in changed(&data) {
            assert!(with(&other, &data).is_err(), "{at}");
            assert!(with(&data, &other).is_err(), "{at}");
        }
    }
}

#[test]
fn a_change_of_authenticator_data_shows_where_it_comes_alone() {
    // Nothing signs it. What is read may change with it, and nothing else may pass: a key for which there is a second
    // witness, or bytes that nobody looks at.
    for credential in &*CREDENTIALS {
        let data = registration_data(credential);
        let spki = credential.key.spki();
        let with = |data: &[u8]| {
            let mut object = registration_json(credential, data);
            object["response"]["publicKey"] = base64url(&spki).into();
            registered(&object)
        };
        let valid = with(&data).expect("valid");
        for (at, other) in changed(&data) {
            let Ok(registered) = with(&other) else {
                continue;
            };
            let reserved_flags = at == 32 && (other[32] ^ data[32]) & !0b0010_0010 == 0;
            let extensions = at >= data.len() - TAIL.len();
            assert!(registered != valid || reserved_flags || extensions, "{at}");
            assert_eq!(registered.public_key, valid.public_key, "{at}");
            assert_eq!(registered.credential_id, valid.credential_id, "{at}");
        }
    }
}

#[test]
fn every_change_of_an_assertion_is_refused() {
    for credential in &*CREDENTIALS {
        let valid = registered(&registration_json(
            credential,
            &registration_data(credential),
        ));
        let stored = stored(&valid.expect("valid"));
        let text = client_data("webauthn.get").into_bytes();
        let data = [
            authenticator::assertion_data(FLAGS | 0x80, 6),
            TAIL.to_vec(),
        ]
        .concat();
        let signature = credential.key.sign(&text, &data);
        let with = |text: &[u8], data: &[u8], signature: &[u8]| {
            let response = authenticator::assertion(&credential.id, text, data, signature);
            authenticate(&relying_party(), &response, &CHALLENGE, &stored, false).is_ok()
        };
        assert!(with(&text, &data, &signature));
        for (at, other) in changed(&text) {
            assert!(!with(&other, &data, &signature), "client data, {at}");
        }
        for (at, other) in changed(&data) {
            assert!(!with(&text, &other, &signature), "authenticator data, {at}");
        }
        for (at, other) in changed(&signature) {
            assert!(!with(&text, &data, &other), "signature, {at}");
        }
        for length in 1..text.len() {
            assert!(
                !with(&text[..length], &data, &signature),
                "client data of {length}"
            );
        }
        for length in 1..data.len() {
            assert!(
                !with(&text, &data[..length], &signature),
                "authenticator data of {length}"
            );
        }
        for length in 1..signature.len() {
            assert!(
                !with(&text, &data, &signature[..length]),
                "signature of {length}"
            );
        }
    }
}

#[test]
fn every_registration_that_is_cut_short_is_refused() {
    let credential = &CREDENTIALS[0];
    let text = client_data("webauthn.create");
    let object = attestation_object(&registration_data(credential));
    let with = |text: &[u8], object: &[u8]| {
        registered(&authenticator::registration_json(
            &credential.id,
            text,
            object,
        ))
        .is_ok()
    };
    assert!(with(text.as_bytes(), &object));
    for length in 0..object.len() {
        assert!(
            !with(text.as_bytes(), &object[..length]),
            "attestation object of {length}"
        );
    }
    for length in 0..text.len() {
        assert!(
            !with(&text.as_bytes()[..length], &object),
            "client data of {length}"
        );
    }
    let data = registration_data(credential);
    for length in 0..data.len() {
        assert!(
            !with(text.as_bytes(), &attestation_object(&data[..length])),
            "data of {length}"
        );
    }
}

/// Bytes of any kind, or those of a valid response with some others in between.
fn bytes(valid: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = valid.len();
    let spliced =
        (0..=length, 0..=length, vec(any::<u8>(), 0..4)).prop_map(move |(one, other, new)| {
            let (from, to) = (one.min(other), one.max(other));
            [&valid[..from], &new, &valid[to..]].concat()
        });
    prop_oneof![vec(any::<u8>(), 0..200), spliced]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "[A-Za-z0-9_=-]{0,12}".prop_map(Value::from),
        Just("public-key".into()),
    ];
    leaf.prop_recursive(3, 24, 8, |inner| {
        let names = prop_oneof![
            Just("id".to_owned()),
            Just("rawId".to_owned()),
            Just("type".to_owned()),
            Just("response".to_owned()),
            Just("clientDataJSON".to_owned()),
            Just("attestationObject".to_owned()),
            Just("authenticatorData".to_owned()),
            Just("transports".to_owned()),
            Just("clientExtensionResults".to_owned()),
        ];
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((names, inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_registration_panics(
        text in bytes(client_data("webauthn.create").into_bytes()),
        object in bytes(attestation_object(&registration_data(&CREDENTIALS[0]))),
        valid in 0..3,
    ) {
        let credential = &CREDENTIALS[0];
        let right = (client_data("webauthn.create").into_bytes(), attestation_object(&registration_data(credential)));
        let text = if valid == 1 { &right.0 } else { &text };
        let object = if valid == 2 { &right.1 } else { &object };
        let json = authenticator::registration_json(&credential.id, text, object);
        if let Ok(registered) = registered(&json) {
            prop_assert_eq!(&registered.credential_id, &credential.id);
        }
    }

    #[test]
    fn no_assertion_panics_and_none_but_the_signed_one_passes(
        text in bytes(client_data("webauthn.get").into_bytes()),
        data in bytes(authenticator::assertion_data(FLAGS, 6)),
        signature in bytes(vec![7; 70]),
        which in 0_usize..3,
    ) {
        let credential = &CREDENTIALS[which];
        let valid = registered(&registration_json(credential, &registration_data(credential)));
        let stored = stored(&valid.expect("valid"));
        let json = authenticator::assertion_json(&credential.id, &text, &data, &signature);
        if let Ok(response) = AuthenticationResponse::parse(&json) {
            let refused = authenticate(&relying_party(), &response, &CHALLENGE, &stored, false);
            prop_assert!(refused.is_err());
        }
    }

    #[test]
    fn no_json_and_no_stored_key_panics(json in any_json(), key in vec(any::<u8>(), 0..120)) {
        if let Value::Object(object) = &json {
            let _ = registered(object);
            let _ = AuthenticationResponse::parse(object);
        }
        let _ = PublicKey::from_bytes(&key);
    }
}
