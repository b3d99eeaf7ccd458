//! One test for each step that refuses, of responses that are right but for it. Those about client data and about new
//! credentials are in files of their own.

use webauthn::{
    Algorithm, Authenticated, Refused, Registered, RelyingParty, StoredCredential, authenticate,
    register,
};

use crate::authenticator::{
    self, CHALLENGE, Credential, FLAGS, ORIGIN, client_data, relying_party, stored,
};

pub(crate) const OBJECT: Refused = Refused::Malformed("response.attestationObject");
const DATA: Refused = Refused::Malformed("response.authenticatorData");

pub(crate) struct Ceremonies {
    pub(crate) credential: Credential,
    stored: StoredCredential,
}

impl Ceremonies {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let credential = Credential::new(algorithm);
        let data = credential.registration_data(FLAGS, &[]);
        let response = credential.register(&client_data("webauthn.create"), &data);
        let registered = register(&relying_party(), &response, &CHALLENGE, true).expect("valid");
        assert_eq!(registered.public_key.spki(), credential.key.spki());
        Self {
            stored: stored(&registered),
            credential,
        }
    }

    pub(crate) fn register(&self, client_data: &str, data: &[u8]) -> Result<Registered, Refused> {
        let response = self.credential.register(client_data, data);
        register(&relying_party(), &response, &CHALLENGE, true)
    }

    pub(crate) fn authenticate(
        &self,
        client_data: &str,
        data: &[u8],
    ) -> Result<Authenticated, Refused> {
        let response = self.credential.sign(client_data, data);
        authenticate(&relying_party(), &response, &CHALLENGE, &self.stored, true)
    }

    /// Both ceremonies with changed client data.
    pub(crate) fn with_client_data(
        &self,
        change: impl Fn(String) -> String,
    ) -> [Option<Refused>; 2] {
        let data = self.credential.registration_data(FLAGS, &[]);
        let registered = self.register(&change(client_data("webauthn.create")), &data);
        let data = authenticator::assertion_data(FLAGS, 6);
        let authenticated = self.authenticate(&change(client_data("webauthn.get")), &data);
        [registered.err(), authenticated.err()]
    }

    /// Both with changed authenticator data.
    fn with_data(&self, change: impl Fn(&mut Vec<u8>)) -> [Option<Refused>; 2] {
        let mut data = self.credential.registration_data(FLAGS, &[]);
        change(&mut data);
        let registered = self.register(&client_data("webauthn.create"), &data);
        let mut data = authenticator::assertion_data(FLAGS, 6);
        change(&mut data);
        let authenticated = self.authenticate(&client_data("webauthn.get"), &data);
        [registered.err(), authenticated.err()]
    }
}

#[test]
fn every_algorithm_registers_and_authenticates() {
    for algorithm in Algorithm::OFFERED {
        let ceremonies = Ceremonies::new(algorithm);
        let data = authenticator::assertion_data(FLAGS, 6);
        let authenticated = ceremonies.authenticate(&client_data("webauthn.get"), &data);
        let expected = Authenticated {
            user_verified: true,
            sign_count: 6,
            sign_count_went_back: false,
            backed_up: true,
        };
        assert_eq!(authenticated, Ok(expected));
    }
}

#[test]
fn the_authenticator_must_have_answered_this_relying_party() {
    let ceremonies = Ceremonies::new(Algorithm::EdDsa);
    let refused = ceremonies.with_data(|data| data[0] ^= 1);
    assert_eq!(refused, [Some(Refused::RelyingParty); 2]);
    let other = RelyingParty::new("id.example.org", [ORIGIN]).expect("valid");
    let data = authenticator::assertion_data(FLAGS, 6);
    let response = ceremonies
        .credential
        .sign(&client_data("webauthn.get"), &data);
    let refused = authenticate(&other, &response, &CHALLENGE, &ceremonies.stored, true);
    assert_eq!(refused, Err(Refused::RelyingParty));
}

#[test]
fn the_user_must_be_present() {
    let ceremonies = Ceremonies::new(Algorithm::EdDsa);
    assert_eq!(
        ceremonies.with_data(|data| data[32] &= !1),
        [Some(Refused::UserNotPresent); 2]
    );
}

#[test]
fn the_user_must_be_verified_where_that_is_required() {
    let ceremonies = Ceremonies::new(Algorithm::EdDsa);
    assert_eq!(
        ceremonies.with_data(|data| data[32] &= !4),
        [Some(Refused::UserNotVerified); 2]
    );

    let data = ceremonies.credential.registration_data(FLAGS & !4, &[]);
    let response = ceremonies
        .credential
        .register(&client_data("webauthn.create"), &data);
    let registered = register(&relying_party(), &response, &CHALLENGE, false).expect("valid");
    assert!(!registered.user_verified);
    let data = authenticator::assertion_data(FLAGS & !4, 6);
    let response = ceremonies
        .credential
        .sign(&client_data("webauthn.get"), &data);
    let authenticated = authenticate(
        &relying_party(),
        &response,
        &CHALLENGE,
        &ceremonies.stored,
        false,
    );
    assert!(!authenticated.expect("valid").user_verified);
}

#[test]
fn what_cannot_be_backed_up_is_not_and_stays_so() {
    let mut ceremonies = Ceremonies::new(Algorithm::EdDsa);
    assert_eq!(
        ceremonies.with_data(|data| data[32] &= !8),
        [Some(Refused::Backup); 2]
    );
    // Neither flag: a credential of a device, which this one was not when it was registered.
    assert_eq!(
        ceremonies.with_data(|data| data[32] &= !0b1_1000),
        [None, Some(Refused::Backup)]
    );
    ceremonies.stored.backup_eligible = false;
    assert_eq!(ceremonies.with_data(|_| ()), [None, Some(Refused::Backup)]);
    assert_eq!(
        ceremonies.with_data(|data| data[32] &= !0b1_1000),
        [None; 2]
    );
}

#[test]
fn a_registration_brings_a_credential() {
    let ceremonies = Ceremonies::new(Algorithm::EdDsa);
    let data = authenticator::assertion_data(FLAGS, 5);
    assert_eq!(
        ceremonies.register(&client_data("webauthn.create"), &data),
        Err(OBJECT)
    );
}

#[test]
fn authenticator_data_has_what_its_flags_announce_and_nothing_else() {
    let ceremonies = Ceremonies::new(Algorithm::EdDsa);
    let extensions = [0xa1, 0x61, b'x', 0xf5];
    let malformed = [Some(OBJECT), Some(DATA)];
    assert_eq!(ceremonies.with_data(|data| data.push(0)), malformed);
    assert_eq!(
        ceremonies.with_data(|data| data.extend(extensions)),
        malformed
    );
    assert_eq!(ceremonies.with_data(|data| data[32] |= 0x80), malformed);
    assert_eq!(ceremonies.with_data(|data| data.truncate(36)), malformed);
    let announced = |tail: &'static [u8]| {
        move |data: &mut Vec<u8>| {
            data[32] |= 0x80;
            data.extend(tail);
        }
    };
    assert_eq!(
        ceremonies.with_data(announced(&[0xa1, 0x61, b'x', 0xf5])),
        [None; 2]
    );
    assert_eq!(ceremonies.with_data(announced(&[0x80])), malformed);
    assert_eq!(ceremonies.with_data(announced(&[0xa0, 0])), malformed);
}

#[test]
fn a_response_is_checked_against_its_own_credential_and_user() {
    let ceremonies = Ceremonies::new(Algorithm::EdDsa);
    let data = authenticator::assertion_data(FLAGS, 6);
    let response = ceremonies
        .credential
        .sign(&client_data("webauthn.get"), &data);
    let check = |change: fn(&mut StoredCredential)| {
        let mut stored = ceremonies.stored.clone();
        change(&mut stored);
        authenticate(&relying_party(), &response, &CHALLENGE, &stored, true).err()
    };
    assert_eq!(
        check(|stored| stored.credential_id[0] ^= 1),
        Some(Refused::Credential)
    );
    assert_eq!(
        check(|stored| stored.user_handle[0] ^= 1),
        Some(Refused::UserHandle)
    );
    let other = |stored: &mut StoredCredential| {
        stored.public_key = Ceremonies::new(Algorithm::EdDsa).stored.public_key;
    };
    assert_eq!(check(other), Some(Refused::Signature));
}

#[test]
fn a_sign_count_that_does_not_rise_is_reported() {
    let mut ceremonies = Ceremonies::new(Algorithm::EdDsa);
    for (before, now, went_back) in [
        (0, 0, false),
        (0, 1, false),
        (1, 2, false),
        (1, 1, true),
        (2, 1, true),
        (1, 0, true),
        (u32::MAX, u32::MAX, true),
    ] {
        ceremonies.stored.sign_count = before;
        let data = authenticator::assertion_data(FLAGS, now);
        let authenticated = ceremonies
            .authenticate(&client_data("webauthn.get"), &data)
            .expect("valid");
        assert_eq!(authenticated.sign_count, now);
        assert_eq!(
            authenticated.sign_count_went_back, went_back,
            "{before} {now}"
        );
    }
}
