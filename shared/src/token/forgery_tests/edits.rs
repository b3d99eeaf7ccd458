//! Access tokens that a fuzzer would write.

use proptest::prelude::*;

use super::*;
use crate::fuzz;

/// The genuine tokens that are edited: signing one with RSA a case would take too long.
static GENUINE: LazyLock<[String; 2]> =
    LazyLock::new(|| [&KEYS.ec, &KEYS.rsa].map(|key| sign(key, &header(key), &claims())));

proptest! {
    #![proptest_config(fuzz::config())]

    #[test]
    fn bug_20_no_edited_token_verifies(which in 0..2_usize, edits in fuzz::edits()) {
        let genuine = &GENUINE[which];
        let edited = fuzz::edited(genuine, &edits);
        prop_assert_eq!(check(&edited).is_ok(), edited == *genuine);
    }

    #[test]
    fn bug_20_no_edited_document_verifies_under_the_old_signature(
        part in 0..2_usize,
        edits in fuzz::edits(),
    ) {
        let mut parts: Vec<_> = GENUINE[0].split('.').map(str::to_owned).collect();
        let document = BASE64URL.decode(&parts[part]).expect("base64url");
        let document = String::from_utf8(document).expect("UTF-8");
        let edited = fuzz::edited(&document, &edits);
        parts[part] = BASE64URL.encode(&edited);
        prop_assert_eq!(check(&parts.join(".")).is_ok(), edited == document);
    }

    #[test]
    fn no_text_verifies(text in ".{0,80}", parts in "([A-Za-z0-9_-]{0,40}\\.){0,4}[A-Za-z0-9_-]{0,90}") {
        prop_assert!(check(&text).is_err());
        prop_assert!(check(&parts).is_err());
    }

    #[test]
    fn bug_11_what_is_signed_is_accepted_as_it_says_or_not_at_all(
        name in prop::sample::select(vec![
            "iss", "aud", "sub", "sid", "role", "iat", "exp", "nbf", "auth_time",
        ]),
        value in fuzz::any_json(),
    ) {
        let forged = with(&claims(), name, &value);
        let token = sign(&KEYS.ec, &header(&KEYS.ec), &forged);
        let Ok(subject) = check(&token) else {
            return Ok(());
        };
        prop_assert_eq!(&forged["sub"], &json!(subject.user_id.to_string()));
        prop_assert_eq!(&forged["sid"], &json!(subject.session_id.to_string()));
        prop_assert!(value.is_u64(), "only times have other values that are plausible: {}", value);
        let latest = NOW.as_seconds() + LEEWAY_SECONDS;
        let began = ["iat", "nbf", "auth_time"].map(|name| forged[name].as_u64());
        prop_assert!(began.iter().flatten().all(|began| *began <= latest));
    }

    #[test]
    fn bug_16_no_header_but_ours_is_accepted(name in "\\PC{0,10}", value in fuzz::any_json()) {
        let forged = with(&header(&KEYS.ec), &name, &value);
        let token = sign(&KEYS.ec, &forged, &claims());
        prop_assert_eq!(check(&token).is_ok(), forged == header(&KEYS.ec));
    }
}
