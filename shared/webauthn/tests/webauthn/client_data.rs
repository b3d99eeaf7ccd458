//! The steps that read client data.

use webauthn::{Algorithm, Refused, register};

use crate::authenticator::{self, CHALLENGE, FLAGS, ORIGIN, client_data, relying_party};
use crate::steps::Ceremonies;

const CLIENT_DATA: Refused = Refused::Malformed("response.clientDataJSON");

#[test]
fn client_data_must_be_of_the_ceremony() {
    let ceremonies = Ceremonies::new(Algorithm::EdDsa);
    let data = ceremonies.credential.registration_data(FLAGS, &[]);
    for kind in ["webauthn.get", "payment.get", "webauthn.create ", ""] {
        assert_eq!(
            ceremonies.register(&client_data(kind), &data),
            Err(Refused::Type)
        );
    }
    let data = authenticator::assertion_data(FLAGS, 6);
    for kind in ["webauthn.create", "payment.get", "webauthn.get\\u0000"] {
        assert_eq!(
            ceremonies.authenticate(&client_data(kind), &data),
            Err(Refused::Type)
        );
    }
}

#[test]
fn the_challenge_must_be_the_expected_one() {
    let ceremonies = Ceremonies::new(Algorithm::EdDsa);
    let expected = authenticator::base64url(&CHALLENGE);
    for other in [
        authenticator::base64url(&[0xc5; 32]),
        authenticator::base64url(&CHALLENGE[..31]),
        format!("{expected}="),
        String::new(),
    ] {
        let refused = ceremonies.with_client_data(|text| text.replace(&expected, &other));
        assert_eq!(refused, [Some(Refused::Challenge); 2], "{other}");
    }
}

#[test]
fn a_challenge_that_could_be_guessed_is_good_for_nothing() {
    let ceremonies = Ceremonies::new(Algorithm::EdDsa);
    for length in [0, 15] {
        let short = &CHALLENGE[..length];
        let text = client_data("webauthn.create").replace(
            &authenticator::base64url(&CHALLENGE),
            &authenticator::base64url(short),
        );
        let data = ceremonies.credential.registration_data(FLAGS, &[]);
        let response = ceremonies.credential.register(&text, &data);
        assert_eq!(
            register(&relying_party(), &response, short, true),
            Err(Refused::Challenge)
        );
    }
}

#[test]
fn the_origin_must_be_one_of_the_relying_partys() {
    let ceremonies = Ceremonies::new(Algorithm::EdDsa);
    for origin in [
        "https://evil.example.org",
        "https://id.example.org.evil.com",
        "https://id.example.org/",
        "https://ID.example.org",
        "https://id.example.org:443",
        "http://id.example.org",
        "android:apk-key-hash:CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg",
        "null",
        "",
    ] {
        let refused = ceremonies.with_client_data(|text| text.replace(ORIGIN, origin));
        assert_eq!(refused, [Some(Refused::Origin); 2], "{origin}");
    }
    for origin in [
        "https://example.org",
        "android:apk-key-hash:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc",
    ] {
        assert_eq!(
            ceremonies.with_client_data(|text| text.replace(ORIGIN, origin)),
            [None; 2]
        );
    }
}

#[test]
fn frames_of_other_origins_are_refused() {
    let ceremonies = Ceremonies::new(Algorithm::EdDsa);
    for frame in [
        r#""crossOrigin":true"#,
        r#""crossOrigin":false,"topOrigin":"https://example.org""#,
        r#""topOrigin":null"#,
    ] {
        let refused =
            ceremonies.with_client_data(|text| text.replace(r#""crossOrigin":false"#, frame));
        assert_eq!(refused, [Some(Refused::CrossOrigin); 2], "{frame}");
    }
    // Level 1 did not have it.
    let without = |text: String| text.replace(r#","crossOrigin":false"#, "");
    assert_eq!(ceremonies.with_client_data(without), [None; 2]);
}

#[test]
fn members_of_client_data_stand_once_and_are_what_they_should_be() {
    let ceremonies = Ceremonies::new(Algorithm::EdDsa);
    let member = r#""crossOrigin":false"#;
    for wrong in [
        r#""crossOrigin":false,"crossOrigin":false"#,
        r#""crossOrigin":false,"origin":"https://evil.com""#,
        r#""crossOrigin":false,"\u006frigin":"https://evil.com""#,
        r#""crossOrigin":false,"extra":1,"extra":2"#,
        r#""crossOrigin":"false""#,
        r#""crossOrigin":null"#,
        r#""crossOrigin":false,"#,
        r#""crossOrigin":false}{"#,
    ] {
        let refused = ceremonies.with_client_data(|text| text.replace(member, wrong));
        assert_eq!(refused, [Some(CLIENT_DATA); 2], "{wrong}");
    }
    for name in ["type", "challenge", "origin"] {
        let refused = ceremonies.with_client_data(|text| text.replace(name, "other"));
        assert_eq!(refused, [Some(CLIENT_DATA); 2], "{name}");
    }
    for wrong in ["null", "[]", "7", "\"\"", "{\"type\":1}"] {
        assert_eq!(
            ceremonies.with_client_data(|_| wrong.to_owned()),
            [Some(CLIENT_DATA); 2]
        );
    }
    // What Chromium adds at random, and a byte order mark.
    let extra =
        r#""crossOrigin":false,"other_keys_can_be_added_here":"do not compare","a":{"b":[1,{}]}"#;
    assert_eq!(
        ceremonies.with_client_data(|text| text.replace(member, extra)),
        [None; 2]
    );
    assert_eq!(
        ceremonies.with_client_data(|text| format!("\u{feff}{text}")),
        [None; 2]
    );
}
