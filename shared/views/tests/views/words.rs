//! Words: none is missing, and none is left unfilled.

use std::collections::HashSet;

use views::{Form, Frame, LocalPath, Locale, Notice, SignIn, Theme, View};

use super::{documents, pages};

/// The catalogue of failures, and what refuses fields.
const ERROR_CODES: &str = include_str!("../../../src/http/error_code.rs");
const FIELD_CODES: [&str; 13] = [
    "required",
    "invalid_type",
    "invalid_value",
    "invalid_format",
    "too_short",
    "too_long",
    "too_common",
    "too_similar",
    "incorrect",
    "unchanged",
    "unknown",
    "duplicate",
    "out_of_range",
];

fn shown(view: &View, locale: Locale) -> String {
    let theme = Theme::new("Latchkey");
    let path = LocalPath::parse("/sign-in").expect("a path");
    view.render(&Frame::new(locale, &theme, "x", path))
        .expect("rendered")
}

fn refused(form: Form, locale: Locale) -> String {
    let page = SignIn {
        form,
        ..SignIn::default()
    };
    shown(&page.into(), locale)
}

#[test]
fn every_page_is_there_once_in_every_language() {
    let files: Vec<String> = pages().into_iter().map(|sample| sample.file).collect();
    let once: HashSet<&String> = files.iter().collect();
    assert_eq!(once.len(), files.len());
    for locale in Locale::ALL {
        let ending = format!(".{}.html", locale.code());
        let here = files.iter().filter(|file| file.ends_with(&ending)).count();
        assert_eq!(here * Locale::ALL.len(), files.len());
    }
}

#[test]
fn nothing_is_left_unfilled() {
    for (sample, elements) in documents() {
        for left in ["{{", "{%", "undefined", "{app}", "{email}"] {
            let texts = elements.iter().map(|element| &element.text);
            let values = elements
                .iter()
                .flat_map(|element| element.attributes.iter().map(|(_, value)| value));
            for text in texts.chain(values) {
                assert!(!text.contains(left), "{}: {left} in {text}", sample.file);
            }
        }
    }
}

/// A page of one language has no sentence of another.
#[test]
fn every_language_says_it_in_its_own_words() {
    for (sample, elements) in documents() {
        let main = elements
            .iter()
            .find(|element| element.name == "main")
            .expect("a main");
        let others: &[&str] = match sample.locale {
            Locale::En => &["Passwort", "contraseña", "Anmelden"],
            Locale::De => &["password", "contraseña", "Sign in"],
            Locale::Es => &["password", "Passwort", "Sign in"],
        };
        for other in others {
            assert!(!main.text.contains(other), "{}: {other}", sample.file);
        }
    }
}

#[test]
fn every_failure_of_the_api_has_words_of_its_own() {
    let codes: Vec<&str> = ERROR_CODES
        .lines()
        .filter_map(|line| line.trim().split_once(" = \"")?.1.split_once("\", "))
        .map(|(code, _)| code)
        .collect();
    assert!(codes.len() >= 40, "{codes:?}");
    for locale in Locale::ALL {
        let unforeseen = refused(Form::new().refused("unforeseen"), locale);
        for code in &codes {
            let html = refused(Form::new().refused(*code), locale);
            let same = html == unforeseen;
            assert!(!same || *code == "internal", "{code} {locale:?}");
        }
    }
}

#[test]
fn every_field_error_has_words() {
    for locale in Locale::ALL {
        for code in FIELD_CODES {
            let html = refused(Form::new().refused_field("email", code), locale);
            assert!(html.contains("id=\"sign-in-email-error\""), "{code}");
        }
        let words = |code: &str| refused(Form::new().refused_field("password", code), locale);
        let all: HashSet<String> = [
            "required",
            "too_short",
            "too_long",
            "too_common",
            "too_similar",
            "incorrect",
        ]
        .map(words)
        .into();
        assert_eq!(all.len(), 6);
    }
}

#[test]
fn every_notice_has_words_and_goes_by_its_code() {
    let theme = Theme::new("Latchkey");
    for notice in Notice::ALL {
        assert_eq!(Notice::parse(notice.code()), Some(*notice));
        for locale in Locale::ALL {
            let path = LocalPath::parse("/sign-in").expect("a path");
            let frame = Frame {
                notice: Some(*notice),
                ..Frame::new(locale, &theme, "x", path)
            };
            let html = View::from(SignIn::default())
                .render(&frame)
                .expect("rendered");
            assert!(html.contains("role=\"status\""), "{notice:?}");
        }
    }
    assert_eq!(Notice::parse("<b>"), None);
}

#[test]
fn minutes_are_told() {
    let html = refused(Form::new().too_many(890), Locale::De);
    assert!(html.contains("Warten Sie 15 Minuten"), "{html}");
    let html = refused(Form::new().too_many(20), Locale::En);
    assert!(html.contains("Wait a minute"), "{html}");
}

#[test]
fn the_page_is_there_in_the_other_languages() {
    let theme = Theme::new("Latchkey");
    let path = LocalPath::parse("/sign-in?next=/account%3Fa%3Db").expect("a path");
    let frame = Frame::new(Locale::Es, &theme, "x", path);
    let html = View::from(SignIn::default())
        .render(&frame)
        .expect("rendered");
    for code in ["en", "de", "es"] {
        let link =
            format!("href=\"/sign-in?next=/account%3Fa%3Db&amp;lang={code}\" lang=\"{code}\"");
        assert!(html.contains(&link), "{html}");
    }
    assert!(
        html.contains("hreflang=\"es\" aria-current=\"true\""),
        "{html}"
    );
}
