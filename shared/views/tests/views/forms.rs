//! Every form goes to a path of ours, with the token, and keeps what may be kept.

use std::collections::HashSet;

use views::paths;

use super::documents;
use super::html::Element;

/// The elements inside the one at this place.
fn inside(elements: &[Element], place: usize) -> impl Iterator<Item = &Element> {
    elements
        .iter()
        .filter(move |element| element.around.contains(&place))
}

#[test]
fn every_form_is_posted_to_a_path_of_ours_with_the_token() {
    for (sample, elements) in documents() {
        for (place, form) in elements
            .iter()
            .enumerate()
            .filter(|(_, element)| element.name == "form")
        {
            let about = format!("{}: {form:?}", sample.file);
            assert_eq!(form.get("method"), Some("post"), "{about}");
            assert!(
                form.get("action")
                    .is_some_and(|action| action.starts_with('/')),
                "{about}"
            );
            let tokens: Vec<_> = inside(&elements, place)
                .filter(|input| input.get("name") == Some("formToken"))
                .map(|input| (input.get("type"), input.get("value")))
                .collect();
            assert_eq!(tokens, [(Some("hidden"), Some("fxt_c2FtcGxl"))], "{about}");
            let buttons: Vec<_> = inside(&elements, place)
                .filter(|button| button.get("type") == Some("submit"))
                .map(|button| (button.get("name"), button.get("value")))
                .collect();
            let decides = form.get("action") == Some(paths::CONSENT);
            let known: &[_] = if decides {
                &[
                    (Some("decision"), Some("allow")),
                    (Some("decision"), Some("deny")),
                ]
            } else {
                &[(None, None)]
            };
            assert_eq!(buttons, known, "{about}");
            // A choice of several stands once with each value.
            let mut names = HashSet::new();
            for input in inside(&elements, place).filter(|input| input.has("name")) {
                let chosen = decides && matches!(input.get("name"), Some("scope" | "decision"));
                let value = input.get("value").filter(|_| chosen);
                assert!(
                    names.insert((input.get("name"), value)),
                    "{about}: {input:?} twice"
                );
            }
        }
        let outside = elements
            .iter()
            .filter(|element| ["input", "select", "button"].contains(&element.name.as_str()));
        for control in outside {
            let in_form = control
                .around
                .iter()
                .any(|place| elements[*place].name == "form");
            assert!(in_form, "{}: {control:?}", sample.file);
        }
    }
}

#[test]
fn passwords_and_codes_are_never_written_back() {
    for (sample, elements) in documents() {
        for input in elements.iter().filter(|element| element.name == "input") {
            let name = input.get("name").unwrap_or_default();
            let secret = input.get("type") == Some("password")
                || [
                    "password",
                    "currentPassword",
                    "newPassword",
                    "code",
                    "totp",
                    "recoveryCode",
                    "credential",
                ]
                .contains(&name);
            assert!(
                !(secret && input.has("value")),
                "{}: {input:?}",
                sample.file
            );
        }
    }
}

#[test]
fn passwords_are_masked_and_can_be_pasted() {
    let mut seen = 0;
    for (sample, elements) in documents() {
        for input in elements.iter().filter(|element| element.name == "input") {
            let name = input.get("name").unwrap_or_default();
            if !["password", "currentPassword", "newPassword"].contains(&name) {
                continue;
            }
            seen += 1;
            assert_eq!(
                input.get("type"),
                Some("password"),
                "{}: {input:?}",
                sample.file
            );
            for limit in ["readonly", "maxlength", "pattern", "onpaste"] {
                assert!(!input.has(limit), "{}: {input:?}", sample.file);
            }
        }
    }
    assert!(seen > 20, "{seen} fields");
}

#[test]
fn password_managers_know_every_field() {
    for (sample, elements) in documents() {
        for input in elements.iter().filter(|element| element.name == "input") {
            let is_seen = !matches!(input.get("type"), Some("hidden" | "checkbox"));
            let Some(name) = input.get("name").filter(|_| is_seen) else {
                continue;
            };
            let autocomplete = input.get("autocomplete").unwrap_or_default();
            let right: &[&str] = match name {
                "email" => &["username", "username webauthn", "email"],
                "password" => &["current-password", "new-password"],
                "currentPassword" => &["current-password"],
                "newPassword" => &["new-password"],
                "firstName" => &["given-name"],
                "lastName" => &["family-name"],
                "code" | "totp" => &["one-time-code"],
                "recoveryCode" | "name" => &["off"],
                _ => &[],
            };
            assert!(right.contains(&autocomplete), "{}: {input:?}", sample.file);
        }
    }
    let with = |page: &str, value: &str| {
        documents().any(|(sample, elements)| {
            let is_page = sample.file.starts_with(page);
            is_page
                && elements
                    .iter()
                    .any(|input| input.get("autocomplete") == Some(value))
        })
    };
    assert!(with("sign-in.en", "username webauthn") && with("sign-in.en", "current-password"));
    assert!(with("sign-up.en", "new-password") && with("account.en", "email"));
}

/// The script fills these in.
#[test]
fn passkey_forms_have_what_the_script_needs() {
    let mut seen = 0;
    for (sample, elements) in documents() {
        for (place, form) in elements
            .iter()
            .enumerate()
            .filter(|(_, form)| form.has("data-passkey"))
        {
            seen += 1;
            let about = format!("{}: {form:?}", sample.file);
            let action = form.get("action").expect("an action");
            assert_eq!(
                form.get("data-options"),
                Some(format!("{action}/options").as_str()),
                "{about}"
            );
            assert!(form.has("hidden"), "{about}");
            for name in ["ceremony", "credential"] {
                assert!(
                    inside(&elements, place).any(|input| input.get("name") == Some(name)),
                    "{about}"
                );
            }
            assert!(
                inside(&elements, place).any(|note| note.get("role") == Some("alert")),
                "{about}"
            );
            assert!(
                elements.iter().any(|script| script.name == "script"),
                "{about}"
            );
        }
    }
    assert!(seen > 20);
}
