//! What goes out and comes in as JSON.

use std::time::Duration;

use serde_json::{Map, Value, json};
use webauthn::{
    Algorithm, AuthenticationResponse, CredentialDescriptor, NewCredential, PublicKey, Refused,
    RegistrationResponse, UserVerification, creation_options, register, request_options,
};

use crate::authenticator::{
    self, CHALLENGE, Credential, FLAGS, HANDLE, attestation_object, base64url, client_data,
    relying_party,
};

#[test]
fn creation_options_are_what_the_specification_says() {
    let exclude = [
        CredentialDescriptor::new(
            vec![1, 2, 3],
            vec!["hybrid".to_owned(), "internal".to_owned()],
        ),
        CredentialDescriptor::new(vec![255; 2], Vec::new()),
    ];
    let new = NewCredential {
        application: "Example",
        user_handle: HANDLE,
        name: "ada@example.org",
        display_name: "Ada Lovelace",
        challenge: &[0xfb; 16],
        exclude: &exclude,
        user_verification: UserVerification::Preferred,
        timeout: Duration::from_mins(5),
    };
    let options = serde_json::to_value(creation_options(&relying_party(), &new)).expect("JSON");
    let expected = json!({
        "rp": {"id": "example.org", "name": "Example"},
        "user": {"id": "CgoKCgoKCgoKCgoKCgoKCg", "name": "ada@example.org", "displayName": "Ada Lovelace"},
        "challenge": "-_v7-_v7-_v7-_v7-_v7-w",
        "pubKeyCredParams": [
            {"type": "public-key", "alg": -7},
            {"type": "public-key", "alg": -8},
            {"type": "public-key", "alg": -257},
        ],
        "timeout": 300_000,
        "excludeCredentials": [
            {"type": "public-key", "id": "AQID", "transports": ["hybrid", "internal"]},
            {"type": "public-key", "id": "__8"},
        ],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": true,
            "userVerification": "preferred",
        },
        "attestation": "none",
        "extensions": {"credProps": true},
    });
    assert_eq!(options, expected);
}

#[test]
fn request_options_are_what_the_specification_says() {
    let options = |allow: &[CredentialDescriptor]| {
        let required = UserVerification::Required;
        let timeout = Duration::from_mins(1);
        let options = request_options(&relying_party(), &[0; 16], allow, required, timeout);
        serde_json::to_value(options).expect("JSON")
    };
    let expected = |allow: Value| {
        json!({
            "challenge": "AAAAAAAAAAAAAAAAAAAAAA",
            "timeout": 60_000,
            "rpId": "example.org",
            "allowCredentials": allow,
            "userVerification": "required",
        })
    };
    assert_eq!(options(&[]), expected(json!([])));
    let allowed = CredentialDescriptor::new(vec![0], vec!["usb".to_owned()]);
    let descriptor = json!([{"type": "public-key", "id": "AA", "transports": ["usb"]}]);
    assert_eq!(options(&[allowed]), expected(descriptor));
}

/// A registration with all that a browser sends.
fn from_browser(algorithm: Algorithm) -> Map<String, Value> {
    let credential = Credential::new(algorithm);
    let data = credential.registration_data(FLAGS, &[]);
    let text = client_data("webauthn.create");
    let mut object = authenticator::registration_json(
        &credential.id,
        text.as_bytes(),
        &attestation_object(&data),
    );
    object["response"]["authenticatorData"] = base64url(&data).into();
    object["response"]["publicKey"] = base64url(&credential.key.spki()).into();
    object["response"]["publicKeyAlgorithm"] = algorithm.cose().into();
    object["response"]["transports"] = json!(["internal", "hybrid", "internal"]);
    object["clientExtensionResults"] = json!({"credProps": {"rk": true}});
    object.insert("authenticatorAttachment".to_owned(), "platform".into());
    object.insert("not yet specified".to_owned(), json!({"a": [1]}));
    object
}

fn registered(object: &Map<String, Value>) -> Result<webauthn::Registered, Refused> {
    register(
        &relying_party(),
        &RegistrationResponse::parse(object)?,
        &CHALLENGE,
        true,
    )
}

#[test]
fn browsers_copies_agree_for_every_algorithm() {
    for algorithm in Algorithm::OFFERED {
        let object = from_browser(algorithm);
        let credential = registered(&object).expect("valid");
        assert_eq!(credential.transports, ["hybrid", "internal"]);
        assert_eq!(credential.discoverable, Some(true));
        assert_eq!(credential.sign_count, 5);
        for (member, other) in [
            (
                "publicKey",
                base64url(&Credential::new(algorithm).key.spki()).into(),
            ),
            ("publicKeyAlgorithm", (-65535).into()),
            (
                "authenticatorData",
                base64url(&Credential::new(algorithm).registration_data(FLAGS, &[])).into(),
            ),
        ] {
            let mut object = object.clone();
            object["response"][member] = other;
            let Err(Refused::Malformed(path)) = registered(&object) else {
                panic!("{member}")
            };
            assert_eq!(path, format!("response.{member}"));
            // What browsers leave out is sometimes null in what is written around them.
            object["response"][member] = Value::Null;
            assert!(registered(&object).is_ok(), "{member}");
        }
    }
}

/// Every way to get one member wrong names it.
fn each_member_is_checked(
    object: &Map<String, Value>,
    required: &[&str],
    optional: &[&str],
    parse: impl Fn(&Map<String, Value>) -> Option<Refused>,
) {
    assert_eq!(parse(object), None);
    let with = |path: &str, value: Option<Value>| {
        let mut object = object.clone();
        let (parent, name) = match path.split_once('.') {
            Some((parent, name)) => (object[parent].as_object_mut().expect("an object"), name),
            None => (&mut object, path),
        };
        match value {
            Some(value) => parent.insert(name.to_owned(), value),
            None => parent.remove(name),
        };
        parse(&object).map(|refused| refused.to_string())
    };
    let too_long = base64url(&vec![0; 16 * 1024 + 1]);
    for path in required.iter().chain(optional) {
        let named = Some(format!("{path} is missing or wrong"));
        for wrong in [
            json!(7.5),
            json!({}),
            json!(true),
            json!("="),
            json!([too_long]),
        ] {
            let refused = with(path, Some(wrong.clone()));
            if (*path, &wrong) == ("response", &json!({})) {
                assert!(refused.is_some_and(|refused| refused.starts_with("response.")));
            } else {
                assert_eq!(refused, named, "{path} {wrong}");
            }
        }
        let left_out = if required.contains(path) {
            &named
        } else {
            &None
        };
        assert_eq!(with(path, None), *left_out, "{path}");
        assert_eq!(with(path, Some(Value::Null)), *left_out, "{path}");
    }
    for path in required
        .iter()
        .filter(|path| !["type", "response"].contains(path))
    {
        let named = Some(format!("{path} is missing or wrong"));
        let texts = [
            "", "AA==", "AAA=", "A", "AB", "AA+_", "AA/_", "AA AA", "AA\n", &too_long,
        ];
        for wrong in texts {
            assert_eq!(with(path, Some(wrong.into())), named, "{path} {wrong:.9}");
        }
    }
    let id = base64url(&[0; 1024]);
    assert_eq!(
        with("id", Some(id.into())),
        Some("id is missing or wrong".to_owned())
    );
    let other = Some("rawId is missing or wrong".to_owned());
    assert_eq!(with("rawId", Some("AAAA".into())), other);
    assert_eq!(
        with("type", Some("password".into())),
        Some("type is missing or wrong".to_owned())
    );
}

#[test]
fn each_member_of_a_registration_is_checked() {
    let required = [
        "id",
        "rawId",
        "type",
        "response",
        "response.clientDataJSON",
        "response.attestationObject",
    ];
    let optional = [
        "response.authenticatorData",
        "response.publicKey",
        "response.publicKeyAlgorithm",
        "response.transports",
    ];
    let parse = |object: &_| RegistrationResponse::parse(object).err();
    let object = from_browser(Algorithm::EdDsa);
    each_member_is_checked(&object, &required, &optional, parse);
    for wrong in [
        json!(["usb", 1]),
        json!(vec!["usb"; 17]),
        json!(["x".repeat(33)]),
    ] {
        let mut object = object.clone();
        object["response"]["transports"] = wrong;
        assert_eq!(
            parse(&object),
            Some(Refused::Malformed("response.transports"))
        );
    }
}

#[test]
fn each_member_of_an_assertion_is_checked() {
    let object = authenticator::assertion_json(&[1], b"{}", &[2], &[3]);
    let required = [
        "id",
        "rawId",
        "type",
        "response",
        "response.clientDataJSON",
        "response.authenticatorData",
        "response.signature",
    ];
    let parse = |object: &_| AuthenticationResponse::parse(object).err();
    each_member_is_checked(&object, &required, &["response.userHandle"], parse);

    let response = AuthenticationResponse::parse(&object).expect("a response");
    assert_eq!(response.credential_id(), [1]);
    assert_eq!(response.user_handle(), Some(&HANDLE[..]));
    for none in [json!(""), Value::Null] {
        let mut object = object.clone();
        object["response"]["userHandle"] = none;
        let response = AuthenticationResponse::parse(&object).expect("a response");
        assert_eq!(response.user_handle(), None);
    }
}

#[test]
fn keys_are_stored_as_they_are_documented() {
    for (algorithm, number, length) in [
        (Algorithm::Es256, [0xff, 0xf9], 93),
        (Algorithm::EdDsa, [0xff, 0xf8], 46),
        (Algorithm::Rs256, [0xfe, 0xff], 296),
    ] {
        let key = registered(&from_browser(algorithm))
            .expect("valid")
            .public_key;
        let bytes = key.to_bytes();
        assert_eq!(bytes.len(), length);
        assert_eq!(bytes, [&number[..], key.spki()].concat());
        assert_eq!(PublicKey::from_bytes(&bytes), Ok(key.clone()));
        let text = serde_json::to_value(&key).expect("JSON");
        assert_eq!(text, json!(base64url(&bytes)));
        assert_eq!(
            serde_json::from_value::<PublicKey>(text).expect("a key"),
            key
        );

        let another = [&[0xff, 0xf7], key.spki()].concat();
        for wrong in [&bytes[..length - 1], &bytes[..2], &bytes[..1], &another] {
            assert!(PublicKey::from_bytes(wrong).is_err());
        }
    }
}
