//! Email addresses: what is accepted, and when two of them are one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::field::FieldError;

/// Longest address, in octets (RFC 5321 §4.5.3.1.3, less the angle brackets).
const MAX_ADDRESS_BYTES: usize = 254;
/// Longest part before the `@`, in octets (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;

/// A deliverable address: a dot-atom before the `@` (RFC 5321 §4.1.2), a DNS name after it.
///
/// The local part is ASCII, because Amazon SES delivers to no other (it does not speak SMTPUTF8), and
/// because addresses that differ by a Unicode look-alike have been used to take over accounts. The
/// domain may be internationalised and is kept in its ASCII form (UTS 46). Quoted local parts,
/// comments and address literals are refused.
///
/// Two addresses are one account when their [`canonical`](Email::canonical) forms are equal; letters go
/// to the address as it was registered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Reads an address as typed by a person: surrounding white space is dropped.
    ///
    /// # Errors
    /// `invalid_format` or `too_long`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        let invalid = || FieldError::new("invalid_format", "This is not an email address.");
        let input = input.trim();
        if input.len() > MAX_ADDRESS_BYTES {
            return Err(FieldError::new(
                "too_long",
                format!("An email address has at most {MAX_ADDRESS_BYTES} bytes."),
            ));
        }
        let (local, domain) = input.rsplit_once('@').ok_or_else(invalid)?;
        if local.len() > MAX_LOCAL_BYTES || !is_dot_atom(local) {
            return Err(invalid());
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| invalid())?;
        if !is_public_host_name(&domain) || local.len() + 1 + domain.len() > MAX_ADDRESS_BYTES {
            return Err(invalid());
        }
        Ok(Self(format!("{local}@{domain}")))
    }

    /// The address letters go to.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The one spelling that identifies the account. Canonicalising twice changes nothing.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The part before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }

    /// The part after the `@`, in lower case and ASCII (RFC 5890 §2.3.2.1).
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit('@').next().unwrap_or_default()
    }

    /// The part after the `@` as people read it, in Unicode.
    #[must_use]
    pub(crate) fn unicode_domain(&self) -> String {
        idna::domain_to_unicode(self.domain()).0
    }
}

impl fmt::Debug for Email {
    /// Without the address: logs hold no personal data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Email(…)")
    }
}

/// RFC 5321 `Dot-string`: atoms of RFC 5322 `atext`, joined by single dots.
fn is_dot_atom(local: &str) -> bool {
    let is_atext =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

/// At least two labels, none of them empty, the last one not a number (so no IP address).
fn is_public_host_name(domain: &str) -> bool {
    let mut labels = domain.split('.');
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let last = labels.next_back().unwrap_or_default();
    let mut rest = labels.peekable();
    rest.peek().is_some()
        && rest.all(is_label)
        && is_label(last)
        && last.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz;

    fn canonical(input: &str) -> Option<String> {
        Email::parse(input).ok().map(|email| email.canonical())
    }

    #[test]
    fn an_address_keeps_its_spelling_and_has_one_canonical_form() {
        let email = Email::parse("  Ada.Lovelace+math@Example.COM ").expect("valid");
        assert_eq!(email.as_str(), "Ada.Lovelace+math@example.com");
        assert_eq!(email.canonical(), "ada.lovelace+math@example.com");
        assert_eq!(email.local_part(), "Ada.Lovelace+math");
    }

    #[test]
    fn bug_27_international_domains_have_one_spelling_and_nothing_reaches_a_mail_header() {
        assert_eq!(
            canonical("a@bücher.example"),
            canonical("A@XN--BCHER-KVA.example")
        );
        assert_eq!(
            canonical("a@bücher.example"),
            canonical("a@BU\u{308}CHER.example")
        );
        for refused in [
            "",
            "@",
            "a@",
            "@example.com",
            "a@b",
            "a b@example.com",
            "a@exa mple.com",
            "\"a b\"@example.com",
            "\"a\"@example.com",
            "=?utf-8?q?a?=@example.com\r\nBcc: x@example.com",
            "a@example.com\r\nBcc: x@example.com",
            "a\n@example.com",
            "a\0@example.com",
            "a@example.com, b@example.com",
            "a@@example.com",
            ".a@example.com",
            "a.@example.com",
            "a..b@example.com",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@-x.example",
            "a@example..com",
            "a@example.com.",
            "a(comment)@example.com",
            "<a@example.com>",
            "a\u{1b}[31m@example.com",
        ] {
            assert!(Email::parse(refused).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn bug_25_unicode_look_alikes_never_collide_with_an_ascii_address() {
        for look_alike in [
            "mıke@example.com",
            "mİke@example.com",
            "ｍike@example.com",
            "mi\u{212a}e@example.com",
            "ſam@example.com",
        ] {
            assert!(Email::parse(look_alike).is_err(), "{look_alike:?}");
        }
        assert_ne!(canonical("a@exampłe.com"), canonical("a@example.com"));
    }

    #[test]
    fn lengths_are_bounded() {
        let local = "a".repeat(64);
        assert!(Email::parse(&format!("{local}@example.com")).is_ok());
        assert!(Email::parse(&format!("{local}a@example.com")).is_err());
        let label = "b".repeat(63);
        let long = format!("{local}@{label}.{label}.{label}.example");
        assert!(Email::parse(&long).is_err());
    }

    proptest! {
        #![proptest_config(fuzz::config())]

        #[test]
        fn bug_26_the_canonical_form_is_idempotent(input in "\\PC{0,20}@\\PC{1,20}\\.\\PC{1,8}|[a-zA-Z.+]{1,12}@[a-zA-ZäöüßİıK-]{1,12}\\.(com|example|De)") {
            if let Ok(email) = Email::parse(&input) {
                let once = email.canonical();
                let again = Email::parse(&once).map(|email| email.canonical());
                prop_assert_eq!(again, Ok(once));
            }
        }

        #[test]
        fn no_input_panics_and_what_is_accepted_is_printable_ascii(input in ".{0,300}") {
            if let Ok(email) = Email::parse(&input) {
                prop_assert!(email.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(email.as_str().len() <= MAX_ADDRESS_BYTES);
            }
        }

        #[test]
        fn bug_26_bug_27_an_edited_address_is_refused_or_reads_as_itself(
            address in prop::sample::select(vec![
                "Ada.Lovelace+math@example.com",
                "a@bücher.example",
                "x_y-z!#$%&'*/=?^`{|}~@sub.xn--bcher-kva.example",
                "o'neil@a-b.co.uk",
            ]),
            edits in fuzz::edits(),
        ) {
            let input = fuzz::edited(address, &edits);
            let Ok(email) = Email::parse(&input) else {
                return Ok(());
            };
            prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
            let canonical = Email::parse(&email.canonical()).map(|email| email.canonical());
            prop_assert_eq!(canonical, Ok(email.canonical()));
            // The local part stays what was typed; nothing splits the address for another reader.
            prop_assert!(input.trim().starts_with(email.local_part()));
            prop_assert_eq!(email.as_str().matches('@').count(), 1);
            prop_assert!(email.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(!email.as_str().contains([',', ';', '<', '>', '"', '(', '[', '\\', ':']));
            prop_assert!(email.unicode_domain().contains('.'));
        }
    }
}
