//! Which passwords are refused although they are long enough.

use crate::email::Email;
use crate::field::FieldError;
use crate::name::Name;

/// Passwords of at least eight bytes that attackers try first, in lower case, sorted.
const COMMON: &str = include_str!("common.txt");

/// Shortest part of an address or name that counts as "containing" it.
const MIN_SIMILAR_CHARS: usize = 4;

pub(super) fn check<'a>(
    password: &str,
    email: Option<&Email>,
    names: impl IntoIterator<Item = &'a Name>,
) -> Result<(), FieldError> {
    let password = password.to_lowercase();
    if is_common(&password) || is_one_character(&password) {
        return Err(FieldError::new(
            "too_common",
            "This password is among the first that attackers try.",
        ));
    }
    let own_texts = email
        .into_iter()
        .flat_map(|email| [email.canonical(), email.local_part().to_lowercase()])
        .chain(names.into_iter().map(|name| name.as_str().to_lowercase()));
    for text in own_texts {
        if is_made_of(&password, &text) {
            return Err(FieldError::new(
                "too_similar",
                "A password is not the account's own email address or name.",
            ));
        }
    }
    Ok(())
}

fn is_common(password: &str) -> bool {
    COMMON.lines().any(|common| common == password)
}

fn is_one_character(password: &str) -> bool {
    let mut characters = password.chars();
    let first = characters.next();
    characters.all(|character| Some(character) == first)
}

/// Whether the password is the text, give or take a few characters at its ends.
fn is_made_of(password: &str, text: &str) -> bool {
    let length = text.chars().count();
    length >= MIN_SIMILAR_CHARS
        && password.contains(text)
        && password.chars().count() - length < MIN_SIMILAR_CHARS + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> Option<&'static str> {
        let email = Email::parse("Ada.Lovelace@example.com").expect("valid");
        let name = Name::parse("Augusta").expect("valid");
        check(password, Some(&email), [&name])
            .err()
            .map(|error| error.code)
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for common in [
            "password",
            "PassWord1",
            "12345678",
            "qwertyuiop",
            "aaaaaaaaaaaa",
        ] {
            assert_eq!(refused(common), Some("too_common"), "{common}");
        }
    }

    #[test]
    fn the_own_address_and_name_are_refused() {
        for own in [
            "ada.lovelace@example.com",
            "Ada.Lovelace",
            "ada.lovelace1",
            "augusta1",
            "Augusta!",
        ] {
            assert_eq!(refused(own), Some("too_similar"), "{own}");
        }
    }

    #[test]
    fn everything_else_is_accepted() {
        for fine in [
            "correct horse battery staple",
            "augusta likes analytical engines",
            "Zx9$kkQ1",
        ] {
            assert_eq!(refused(fine), None, "{fine}");
        }
    }

    #[test]
    fn the_list_is_lower_case_and_long_enough_to_matter() {
        for common in COMMON.lines() {
            assert!(
                common.len() >= 8 && common == common.to_lowercase(),
                "{common}"
            );
        }
    }
}
