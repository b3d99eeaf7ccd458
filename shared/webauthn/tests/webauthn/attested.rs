//! The steps that read a new credential.

use webauthn::{Algorithm, Refused, Registered, register};

use crate::authenticator::{
    self, CHALLENGE, Credential, FLAGS, attestation_object, client_data, cose_p256, cose_rsa,
    relying_party,
};
use crate::steps::OBJECT;

#[test]
fn credential_ids_have_1_to_1023_bytes_and_are_the_responses() {
    let mut credential = Credential::new(Algorithm::EdDsa);
    let text = client_data("webauthn.create");
    let object =
        |credential: &Credential| attestation_object(&credential.registration_data(FLAGS, &[]));
    for length in [0, 1024] {
        credential.id = vec![1; length];
        let response = authenticator::registration(&[1], text.as_bytes(), &object(&credential));
        assert_eq!(
            register(&relying_party(), &response, &CHALLENGE, true),
            Err(OBJECT)
        );
    }
    credential.id = vec![1; 1023];
    let response = authenticator::registration(&[1; 1023], text.as_bytes(), &object(&credential));
    assert!(register(&relying_party(), &response, &CHALLENGE, true).is_ok());
    let response = authenticator::registration(&[2; 1023], text.as_bytes(), &object(&credential));
    let refused = register(&relying_party(), &response, &CHALLENGE, true);
    assert_eq!(refused, Err(Refused::Malformed("id")));
}

/// Registers with this in place of the `COSE_Key`.
fn with_key(cose: &[u8]) -> Result<Registered, Refused> {
    let credential = Credential::new(Algorithm::EdDsa);
    let mut data = credential.registration_data(FLAGS, &[]);
    data.truncate(data.len() - credential.key.cose().len());
    data.extend(cose);
    let response = credential.register(&client_data("webauthn.create"), &data);
    register(&relying_party(), &response, &CHALLENGE, true)
}

#[test]
fn keys_are_for_an_algorithm_that_was_offered() {
    let cose = Credential::new(Algorithm::Es256).key.cose();
    for number in [
        vec![0x38, 34],
        vec![0x39, 0xff, 0xfe],
        vec![0x07],
        vec![0x28],
        vec![0x32],
    ] {
        let other = [&cose[..4], &number, &cose[5..]].concat();
        assert_eq!(with_key(&other), Err(Refused::Algorithm));
    }
    let without = [&[0xa4][..], &cose[1..3], &cose[5..]].concat();
    assert_eq!(with_key(&without), Err(OBJECT));
}

#[test]
fn keys_are_what_their_algorithm_wants() {
    let p256 = Credential::new(Algorithm::Es256).key.cose();
    let ed25519 = Credential::new(Algorithm::EdDsa).key.cose();
    let modulus = [&[0x80][..], &[1; 255]].concat();
    let short = &modulus[..255];
    let zero_before = [&[0][..], &modulus].concat();
    let long = [modulus.as_slice(), &modulus, &[1]].concat();
    let exponent = [1, 0, 1];
    assert!(with_key(&p256).is_ok());
    assert!(with_key(&ed25519).is_ok());
    assert!(with_key(&cose_rsa(&modulus, &exponent)).is_ok());
    for (why, cose) in [
        ("another type", [&[0xa5, 1, 1][..], &p256[3..]].concat()),
        ("another curve", [&p256[..6], &[2], &p256[7..]].concat()),
        ("a point off the curve", cose_p256(&[1; 32], &[1; 32])),
        ("the origin", cose_p256(&[0; 32], &[0; 32])),
        (
            "a short coordinate",
            cose_p256(&p256[10..41], &p256[45..77]),
        ),
        (
            "a sign in place of y",
            [&p256[..42], &[0x22, 0xf5]].concat(),
        ),
        ("no y", [&[0xa4][..], &p256[1..42]].concat()),
        ("another type", [&[0xa4, 1, 2][..], &ed25519[3..]].concat()),
        ("Ed448", [&ed25519[..6], &[7], &ed25519[7..]].concat()),
        (
            "a short point",
            [&ed25519[..8], &authenticator::bytes(&[1; 31])].concat(),
        ),
        ("a modulus of 2040 bits", cose_rsa(short, &exponent)),
        (
            "a modulus of more than 4096 bits",
            cose_rsa(&long, &exponent),
        ),
        (
            "a modulus with a zero before",
            cose_rsa(&zero_before, &exponent),
        ),
        ("an even modulus", cose_rsa(&[0x80; 256], &exponent)),
        (
            "an exponent with a zero before",
            cose_rsa(&modulus, &[0, 1, 0, 1]),
        ),
        ("an even exponent", cose_rsa(&modulus, &[1, 0, 0])),
        ("an exponent of one", cose_rsa(&modulus, &[1])),
        ("no exponent", cose_rsa(&modulus, &[])),
        (
            "an exponent of five bytes",
            cose_rsa(&modulus, &[1, 0, 0, 0, 1]),
        ),
        ("an array", vec![0x80]),
        ("nothing", Vec::new()),
    ] {
        assert_eq!(with_key(&cose), Err(OBJECT), "{why}");
    }
}

#[test]
fn attestation_objects_are_well_formed() {
    let credential = Credential::new(Algorithm::EdDsa);
    let data = authenticator::bytes(&credential.registration_data(FLAGS, &[]));
    let text = client_data("webauthn.create");
    let registered = |start: &[u8]| {
        let object = [start, &data].concat();
        let response = authenticator::registration(&credential.id, text.as_bytes(), &object);
        register(&relying_party(), &response, &CHALLENGE, true)
    };
    for kept in [
        &b"\xa3\x67attStmt\xa0\x63fmt\x64none\x68authData"[..],
        b"\xa3\x63fmt\x66packed\x67attStmt\xa2\x63alg\x26\x63sig\x41\x00\x68authData",
        b"\xa4\x65epAtt\xf4\x63fmt\x64none\x67attStmt\xa0\x68authData",
    ] {
        assert!(registered(kept).is_ok(), "{}", kept.escape_ascii());
    }
    for refused in [
        &b"\xa2\x63fmt\x64none\x68authData"[..],
        b"\xa2\x67attStmt\xa0\x68authData",
        b"\xa3\x63fmt\x00\x67attStmt\xa0\x68authData",
        b"\xa3\x63fmt\x60\x67attStmt\xa0\x68authData",
        b"\xa3\x63fmt\x64no\\e\x67attStmt\xa0\x68authData",
        b"\xa3\x63fmt\x64no e\x67attStmt\xa0\x68authData",
        b"\xa3\x63fmt\x78\x21nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\x67attStmt\xa0\x68authData",
        b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authdata",
        b"\xa4\x63fmt\x64none\x63fmt\x64none\x67attStmt\xa0\x68authData",
        b"\x84\x63fmt\x64none\x67attStmt",
    ] {
        assert_eq!(
            registered(refused),
            Err(OBJECT),
            "{}",
            refused.escape_ascii()
        );
    }
}
