//! Both ceremonies with 1Password's `passkey` as browser and authenticator, which signs with other libraries and
//! reads our options as JSON.

use std::time::Duration;

use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::client::{Client, DefaultClientData, DefaultClientDataWithExtra};
use passkey::crypto::iana;
use passkey::crypto::rust_crypto::RustCryptoBackend;
use passkey_types::Passkey;
use passkey_types::ctap2::{Aaguid, Ctap2Error};
use passkey_types::webauthn::{CredentialCreationOptions, CredentialRequestOptions};
use serde::Serialize;
use serde_json::{Map, Value, json};
use url::Url;
use webauthn::{
    Algorithm, AuthenticationResponse, CredentialDescriptor, NewCredential, Refused,
    RegistrationResponse, StoredCredential, UserVerification, authenticate, creation_options,
    register, request_options,
};

use crate::authenticator::{CHALLENGE, HANDLE, ORIGIN, relying_party, stored};

const TIMEOUT: Duration = Duration::from_mins(1);
const OTHER_CHALLENGE: [u8; 32] = [0x99; 32];

/// Somebody who is there, and verified or not.
struct User {
    verified: bool,
}

#[async_trait::async_trait]
impl UserValidationMethod for User {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _: UiHint<'a, Passkey>,
        presence: bool,
        verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck {
            presence,
            verification: verification && self.verified,
        })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        self.verified.then_some(true)
    }
}

struct Browser {
    algorithm: iana::Algorithm,
    verified: bool,
    origin: Url,
    passkey: Option<Passkey>,
}

impl Browser {
    fn new(algorithm: iana::Algorithm, verified: bool) -> Self {
        let origin = Url::parse(ORIGIN).expect("an origin");
        Self {
            algorithm,
            verified,
            origin,
            passkey: None,
        }
    }

    fn authenticator(&self) -> Authenticator<Option<Passkey>, User, RustCryptoBackend> {
        let user = User {
            verified: self.verified,
        };
        let passkey = self.passkey.clone();
        let mut authenticator =
            Authenticator::new(Aaguid::new_empty(), passkey, user, RustCryptoBackend);
        authenticator
            .set_algorithms(&[self.algorithm])
            .expect("an algorithm");
        authenticator.set_make_credentials_with_signature_counter(true);
        authenticator
    }

    async fn create(&mut self, user_verification: UserVerification) -> RegistrationResponse {
        let options = creation_options(
            &relying_party(),
            &NewCredential {
                application: "Example",
                user_handle: HANDLE,
                name: "ada@example.org",
                display_name: "Ada",
                challenge: &CHALLENGE,
                exclude: &[],
                user_verification,
                timeout: TIMEOUT,
            },
        );
        let options: CredentialCreationOptions =
            serde_json::from_value(json!({"publicKey": options})).expect("options");
        // As Chromium does at random.
        let extra =
            DefaultClientDataWithExtra(json!({"other_keys_can_be_added_here": "do not compare"}));
        let mut client =
            Client::new(self.authenticator()).user_verification_when_preferred(self.verified);
        let created = client
            .register(&self.origin, options, extra)
            .await
            .expect("a credential");
        self.passkey.clone_from(client.authenticator().store());
        RegistrationResponse::parse(&object(&created)).expect("a registration")
    }

    async fn get(
        &mut self,
        allow: &[CredentialDescriptor],
        user_verification: UserVerification,
    ) -> AuthenticationResponse {
        let options = request_options(
            &relying_party(),
            &OTHER_CHALLENGE,
            allow,
            user_verification,
            TIMEOUT,
        );
        let options: CredentialRequestOptions =
            serde_json::from_value(json!({"publicKey": options})).expect("options");
        let mut client =
            Client::new(self.authenticator()).user_verification_when_preferred(self.verified);
        let got = client
            .authenticate(&self.origin, options, DefaultClientData)
            .await
            .expect("an assertion");
        self.passkey.clone_from(client.authenticator().store());
        AuthenticationResponse::parse(&object(&got)).expect("an assertion")
    }
}

fn object(credential: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(credential).expect("JSON") {
        Value::Object(object) => object,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_passkey_is_registered_and_signs_in_again_and_again() {
    let relying_party = relying_party();
    let required = UserVerification::Required;
    for (number, algorithm) in [
        (iana::Algorithm::ES256, Algorithm::Es256),
        (iana::Algorithm::EdDSA, Algorithm::EdDsa),
    ] {
        let mut browser = Browser::new(number, true);
        let response = browser.create(required).await;
        let registered = register(&relying_party, &response, &CHALLENGE, true).expect("valid");
        assert_eq!(registered.public_key.algorithm(), algorithm);
        assert_eq!(registered.credential_id, response.credential_id());
        assert!(registered.user_verified);
        assert!(!registered.transports.is_empty());

        let mut stored = stored(&registered);
        let descriptor = CredentialDescriptor::new(registered.credential_id, registered.transports);
        for allow in [vec![], vec![descriptor], vec![]] {
            let response = browser.get(&allow, required).await;
            assert_eq!(response.credential_id(), stored.credential_id);
            assert_eq!(response.user_handle(), Some(&HANDLE[..]));
            let authenticated =
                authenticate(&relying_party, &response, &OTHER_CHALLENGE, &stored, true)
                    .expect("valid");
            assert!(authenticated.user_verified && !authenticated.sign_count_went_back);
            assert!(authenticated.sign_count > stored.sign_count);

            let replayed = authenticate(&relying_party, &response, &CHALLENGE, &stored, true);
            assert_eq!(replayed, Err(Refused::Challenge));
            let strangers = StoredCredential {
                user_handle: [1; 16],
                ..stored.clone()
            };
            let refused = authenticate(
                &relying_party,
                &response,
                &OTHER_CHALLENGE,
                &strangers,
                true,
            );
            assert_eq!(refused, Err(Refused::UserHandle));
            stored.sign_count = authenticated.sign_count;
        }
    }
}

#[tokio::test]
async fn an_authenticator_that_verifies_nobody_is_a_second_factor_only() {
    let relying_party = relying_party();
    let mut browser = Browser::new(iana::Algorithm::ES256, false);
    let preferred = UserVerification::Preferred;
    let response = browser.create(preferred).await;
    assert_eq!(
        register(&relying_party, &response, &CHALLENGE, true),
        Err(Refused::UserNotVerified)
    );
    let registered = register(&relying_party, &response, &CHALLENGE, false).expect("valid");
    let response = browser.get(&[], preferred).await;
    let stored = stored(&registered);
    let refused = authenticate(&relying_party, &response, &OTHER_CHALLENGE, &stored, true);
    assert_eq!(refused, Err(Refused::UserNotVerified));
    assert!(authenticate(&relying_party, &response, &OTHER_CHALLENGE, &stored, false).is_ok());
}

#[tokio::test]
async fn a_browser_at_another_origin_gets_nowhere() {
    let mut browser = Browser::new(iana::Algorithm::ES256, true);
    browser.origin = Url::parse("https://evil.example.org").expect("an origin");
    let response = browser.create(UserVerification::Required).await;
    assert_eq!(
        register(&relying_party(), &response, &CHALLENGE, true),
        Err(Refused::Origin)
    );
}
