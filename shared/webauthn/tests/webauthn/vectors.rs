//! The registrations and assertions that the specification publishes.

use std::collections::BTreeMap;

use webauthn::{
    Algorithm, PublicKey, Refused, RelyingParty, StoredCredential, authenticate, register,
};

use crate::authenticator::{self, HANDLE};

/// By section and by name.
type Sections = BTreeMap<&'static str, BTreeMap<&'static str, Vec<u8>>>;

/// What comes of each section, the keys by their algorithm.
const EXPECTED: [(&str, Result<Algorithm, Refused>); 15] = [
    ("android-key-es256", Ok(Algorithm::Es256)),
    ("apple-es256", Ok(Algorithm::Es256)),
    ("fido-u2f-es256", Ok(Algorithm::Es256)),
    ("none-es256", Ok(Algorithm::Es256)),
    ("none-es256-crossOrigin", Err(Refused::CrossOrigin)),
    ("none-es256-long-credential-id", Ok(Algorithm::Es256)),
    ("none-es256-topOrigin", Err(Refused::CrossOrigin)),
    ("packed-ed448", Err(Refused::Algorithm)),
    ("packed-eddsa", Ok(Algorithm::EdDsa)),
    ("packed-es256", Ok(Algorithm::Es256)),
    ("packed-es384", Err(Refused::Algorithm)),
    ("packed-es512", Err(Refused::Algorithm)),
    ("packed-rs256", Ok(Algorithm::Rs256)),
    ("packed-self-es256", Ok(Algorithm::Es256)),
    ("tpm-es256", Ok(Algorithm::Es256)),
];

fn sections() -> Sections {
    let mut sections = Sections::new();
    let mut section = "";
    for line in include_str!("vectors.txt").lines() {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            section = name;
        } else if let Some((name, hex)) = line.split_once(" = ") {
            let bytes = (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
                .collect();
            sections.entry(section).or_default().insert(name, bytes);
        }
    }
    sections
}

#[test]
fn every_vector_is_accepted_or_refused_for_its_reason() {
    let relying_party = RelyingParty::new("example.org", ["https://example.org"]).expect("valid");
    let sections = sections();
    assert!(sections.keys().eq(EXPECTED.iter().map(|(name, _)| name)));
    for (name, expected) in EXPECTED {
        let of = |member: &str| sections[name][member].as_slice();
        let id = of("registration.credential_id");
        let response = authenticator::registration(
            id,
            of("registration.clientDataJSON"),
            of("registration.attestationObject"),
        );
        let challenge = of("registration.challenge");
        let registered = register(&relying_party, &response, challenge, false);
        let algorithm = match expected {
            Ok(algorithm) => algorithm,
            Err(refused) => {
                assert_eq!(registered, Err(refused), "{name}");
                continue;
            }
        };
        let registered = registered.unwrap_or_else(|refused| panic!("{name}: {refused}"));
        assert_eq!(registered.credential_id, id, "{name}");
        assert_eq!(registered.aaguid, of("registration.aaguid"), "{name}");
        assert_eq!(registered.public_key.algorithm(), algorithm, "{name}");

        let stored = StoredCredential {
            credential_id: registered.credential_id,
            public_key: PublicKey::from_bytes(&registered.public_key.to_bytes()).expect("a key"),
            sign_count: registered.sign_count,
            backup_eligible: registered.backup_eligible,
            user_handle: HANDLE,
        };
        let response = authenticator::assertion(
            id,
            of("authentication.clientDataJSON"),
            of("authentication.authenticatorData"),
            of("authentication.signature"),
        );
        let challenge = of("authentication.challenge");
        let authenticated = authenticate(&relying_party, &response, challenge, &stored, false)
            .unwrap_or_else(|refused| panic!("{name}: {refused}"));
        let flags = of("authentication.authenticatorData")[32];
        assert_eq!(authenticated.user_verified, flags & 4 != 0, "{name}");
        assert_eq!(authenticated.backed_up, flags & 16 != 0, "{name}");
    }
}

#[test]
fn a_vector_is_not_accepted_for_another_ones_challenge_or_key() {
    let relying_party = RelyingParty::new("example.org", ["https://example.org"]).expect("valid");
    let sections = sections();
    let (one, other) = (&sections["none-es256"], &sections["packed-es256"]);
    let registered = |of: &BTreeMap<&str, Vec<u8>>, challenge: &[u8]| {
        let response = authenticator::registration(
            &of["registration.credential_id"],
            &of["registration.clientDataJSON"],
            &of["registration.attestationObject"],
        );
        register(&relying_party, &response, challenge, false)
    };
    assert_eq!(
        registered(one, &other["registration.challenge"]),
        Err(Refused::Challenge)
    );

    let mut stored =
        authenticator::stored(&registered(one, &one["registration.challenge"]).expect("valid"));
    stored.public_key = registered(other, &other["registration.challenge"])
        .expect("valid")
        .public_key;
    let response = authenticator::assertion(
        &one["registration.credential_id"],
        &one["authentication.clientDataJSON"],
        &one["authentication.authenticatorData"],
        &one["authentication.signature"],
    );
    let challenge = &one["authentication.challenge"];
    assert_eq!(
        authenticate(&relying_party, &response, challenge, &stored, false),
        Err(Refused::Signature)
    );
}
