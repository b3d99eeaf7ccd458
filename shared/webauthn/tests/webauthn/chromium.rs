//! What Chromium 148 sent: `chromium.json` has its `PublicKeyCredential.toJSON()` for our options with one algorithm
//! each, with the challenge and the user handle of these tests, from a page at `http://localhost` and a virtual
//! authenticator (`WebAuthn.addVirtualAuthenticator`). The second assertion is one with `allowCredentials`.

use serde_json::{Map, Value};
use webauthn::{
    Algorithm, AuthenticationResponse, RegistrationResponse, RelyingParty, authenticate, register,
};

use crate::authenticator::{CHALLENGE, HANDLE, stored};

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

#[test]
fn chromiums_credentials_register_and_authenticate() {
    let recorded: Value = serde_json::from_str(include_str!("chromium.json")).expect("JSON");
    let origin = recorded["origin"].as_str().expect("an origin");
    let relying_party = RelyingParty::new("localhost", [origin]).expect("valid");
    let credentials = recorded["credentials"].as_array().expect("credentials");
    assert_eq!(credentials.len(), Algorithm::OFFERED.len());
    for (credential, algorithm) in credentials.iter().zip(Algorithm::OFFERED) {
        let created = object(&credential["created"]);
        assert!(created["response"]["publicKey"].is_string());
        let response = RegistrationResponse::parse(created).expect("a registration");
        let registered = register(&relying_party, &response, &CHALLENGE, true).expect("valid");
        assert_eq!(registered.public_key.algorithm(), algorithm);
        assert_eq!(registered.discoverable, Some(true));
        assert_eq!(registered.transports, ["internal"]);
        assert!(registered.user_verified && registered.backup_eligible && registered.backed_up);

        let mut stored = stored(&registered);
        for got in credential["got"].as_array().expect("assertions") {
            let response = AuthenticationResponse::parse(object(got)).expect("an assertion");
            assert_eq!(response.credential_id(), stored.credential_id);
            assert_eq!(response.user_handle(), Some(&HANDLE[..]));
            let authenticated =
                authenticate(&relying_party, &response, &CHALLENGE, &stored, true).expect("valid");
            assert!(authenticated.user_verified && !authenticated.sign_count_went_back);
            stored.sign_count = authenticated.sign_count;
        }
    }
}
