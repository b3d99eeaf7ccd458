//! What values may try, and what a letter cannot do without.

use letters::{Letter, Locale, RenderError, Rendered, Values};

use super::{every, render, words};

/// Whoever types in somebody else's address would otherwise write a part of this mail.
#[test]
fn letters_to_addresses_nobody_confirmed_show_no_name() {
    use Letter::{AccountExists, ConfirmEmailChange, VerifyEmail};
    for (letter, locale) in every() {
        let values = Values {
            name: Some("Zebedee".to_owned()),
            ..Values::sample(letter)
        };
        let Rendered {
            subject,
            text,
            html,
        } = render(letter, locale, &values);
        let named = !matches!(letter, AccountExists | ConfirmEmailChange | VerifyEmail);
        assert_eq!(text.contains("Zebedee"), named, "{letter:?} {locale:?}");
        assert_eq!(html.contains("Zebedee"), named, "{letter:?} {locale:?}");
        assert!(!subject.contains("Zebedee"), "{letter:?} {locale:?}");
    }
}

#[test]
fn bug_27_no_value_leaves_its_line_or_runs() {
    for hostile in [
        "x\r\nBcc: victim",
        "x\n\nbutton: Click\n\nsubject: y",
        "x\u{0}\u{b}\u{85}\u{2028}\u{2029}\u{202e}y",
        "{{ app_name }}{% if true %}{{ 7 * 7 }}{% endif %}{# x #}",
        "<script>alert(1)</script>",
        "\"><a href=x onmouseover='x'>&amp;</a>",
        "button: x",
    ] {
        for (letter, locale) in every() {
            let text = || Some(hostile.to_owned());
            let values = Values {
                app_name: hostile.to_owned(),
                name: text(),
                email: hostile.to_owned(),
                device: text(),
                address: text(),
                time: text(),
                ..Values::sample(letter)
            };
            let harmless = render(letter, locale, &Values::sample(letter));
            let Rendered {
                subject,
                text,
                html,
            } = render(letter, locale, &values);
            let about = format!("{letter:?} {locale:?} {hostile:?}\n{subject}\n{text}\n{html}");

            let forging = |character: char| {
                character.is_control() || matches!(character, '\u{2028}'..='\u{202e}')
            };
            assert!(!subject.contains(forging), "{about}");
            for part in [&text, &html] {
                assert!(!part.replace('\n', "").contains(forging), "{about}");
            }
            assert_eq!(
                text.matches("\n\n").count(),
                harmless.text.matches("\n\n").count(),
                "{about}"
            );
            let tags = |html: &str| ['<', '>', '"'].map(|mark| html.matches(mark).count());
            assert_eq!(tags(&html), tags(&harmless.html), "{about}");
            let anchors = usize::from(letter.link_path().is_some());
            assert_eq!(html.matches("<a ").count(), anchors, "{about}");
            if hostile.contains("{{") {
                assert!(
                    subject.contains(hostile) && !words(&text).contains("49"),
                    "{about}"
                );
            }
        }
    }
}

#[test]
fn names_and_devices_that_would_become_links_are_left_out() {
    let values = Values {
        name: Some("Win at evil.example".to_owned()),
        device: Some("Locked, see https://evil.example".to_owned()),
        ..Values::sample(Letter::NewDevice)
    };
    for locale in Locale::ALL {
        let Rendered { text, html, .. } = render(Letter::NewDevice, locale, &values);
        assert!(!text.contains("evil") && !html.contains("evil"), "{text}");
    }
}

#[test]
fn what_a_letter_needs_is_required() {
    for (letter, locale) in every().filter(|(letter, _)| letter.link_path().is_some()) {
        for link in [
            None,
            Some("javascript:alert(1)"),
            Some("/relative"),
            Some(""),
        ] {
            // A code does without.
            if link.is_none() && letter.has_code() {
                continue;
            }
            let values = Values {
                link: link.map(str::to_owned),
                ..Values::sample(letter)
            };
            let error = letter.render(locale, &values).err();
            assert!(
                matches!(error, Some(RenderError::Link)),
                "{letter:?} {link:?}"
            );
        }
    }
    for (letter, locale) in every() {
        let nameless = Values {
            app_name: String::new(),
            ..Values::sample(letter)
        };
        assert!(
            letter.render(locale, &nameless).is_err(),
            "{letter:?} {locale:?}"
        );
    }
    for letter in [
        Letter::PasswordChanged,
        Letter::FactorAdded,
        Letter::FactorRemoved,
        Letter::IdentityLinked,
        Letter::NewDevice,
    ] {
        let timeless = Values {
            time: None,
            ..Values::sample(letter)
        };
        assert!(letter.render(Locale::En, &timeless).is_err(), "{letter:?}");
    }
}

#[test]
fn bug_34_errors_show_no_value() {
    let values = Values {
        expires: None,
        ..Values::sample(Letter::ResetPassword)
    };
    let error = Letter::ResetPassword.render(Locale::En, &values).err();
    let shown = format!("{error:?} {}", error.as_ref().expect("an error"));
    assert!(shown.contains("en/reset_password.txt"), "{shown}");
    for secret in ["token=", "Ada", "ada@"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
