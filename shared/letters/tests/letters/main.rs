//! Every letter in every language.

mod hostile;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::time::Duration;

use letters::{Letter, Locale, Rendered, Values};
use minijinja::Environment;

fn templates() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/templates"))
}

fn every() -> impl Iterator<Item = (Letter, Locale)> {
    Letter::ALL
        .into_iter()
        .flat_map(|letter| Locale::ALL.map(|locale| (letter, locale)))
}

fn render(letter: Letter, locale: Locale, values: &Values) -> Rendered {
    letter
        .render(locale, values)
        .unwrap_or_else(|error| panic!("{}/{}: {error}", locale.code(), letter.name()))
}

/// The words of a text part, without its line breaks.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What an HTML part shows, without its line breaks.
fn shown(html: &str) -> String {
    let body = html.split_once("<body").expect("a body").1;
    let mut shown = String::new();
    for piece in body.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag's end");
        if !matches!(tag, "/a" | "/p") {
            shown.push(' ');
        }
        shown.push_str(text);
    }
    let references = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ];
    for (reference, character) in references {
        shown = shown.replace(reference, character);
    }
    words(&shown)
}

#[test]
fn names_are_unique_and_the_same_in_json() {
    for letter in Letter::ALL {
        assert_eq!(Letter::parse(letter.name()), Some(letter));
        let json = serde_json::to_value(letter).expect("a string");
        assert_eq!(json, letter.name());
        assert_eq!(serde_json::from_value::<Letter>(json).ok(), Some(letter));
    }
    for unknown in ["", "VerifyEmail", "verify-email", "../layout"] {
        assert_eq!(Letter::parse(unknown), None);
    }
}

#[test]
fn every_language_has_every_letter_and_nothing_else() {
    let letters: BTreeSet<String> = Letter::ALL
        .iter()
        .map(|letter| format!("{}.txt", letter.name()))
        .collect();
    let list = |folder: &Path| -> BTreeSet<String> {
        fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("UTF-8")
            })
            .collect()
    };
    for locale in Locale::ALL {
        assert_eq!(
            list(&templates().join(locale.code())),
            letters,
            "{locale:?}"
        );
    }
    let top = ["de", "en", "es", "layout.html", "layout.txt"].map(str::to_owned);
    assert_eq!(list(templates()), BTreeSet::from(top));
}

#[test]
fn translations_use_the_values_and_the_outline_of_the_original() {
    let read = |letter: Letter, locale: Locale| {
        let file = format!("{}/{}.txt", locale.code(), letter.name());
        fs::read_to_string(templates().join(file)).expect("a template")
    };
    let used = |source: &str| {
        let engine = Environment::new();
        let template = engine.template_from_str(source).expect("a template");
        let used = template.undeclared_variables(false);
        used.into_iter().collect::<BTreeSet<String>>()
    };
    let outline = |source: &str| -> Vec<bool> {
        let paragraphs = source.trim_end().split("\n\n");
        paragraphs
            .map(|paragraph| paragraph.starts_with("button: "))
            .collect()
    };
    for (letter, locale) in every() {
        let (original, translation) = (read(letter, Locale::En), read(letter, locale));
        assert_eq!(used(&translation), used(&original), "{letter:?} {locale:?}");
        assert_eq!(
            outline(&translation),
            outline(&original),
            "{letter:?} {locale:?}"
        );
        assert!(!translation.contains("\n\n\n"), "{letter:?} {locale:?}");
        assert!(
            !translation.contains(['!', '\u{a1}', '\r', '\t']),
            "{letter:?} {locale:?}"
        );
    }
}

#[test]
fn every_letter_reads_well_with_and_without_what_may_be_missing() {
    let mut subjects = HashMap::new();
    for (letter, locale) in every() {
        let full = Values::sample(letter);
        let bare = Values {
            name: None,
            device: None,
            address: None,
            ..full.clone()
        };
        let empty = Values {
            name: Some(" ".to_owned()),
            device: Some(String::new()),
            address: Some("\r\n".to_owned()),
            ..full.clone()
        };
        for values in [&full, &bare, &empty] {
            let Rendered {
                subject,
                text,
                html,
            } = render(letter, locale, values);
            let about = format!("{letter:?} {locale:?}\n{subject}\n{text}\n{html}");
            for part in [&subject, &text, &html] {
                for trace in [
                    "{{",
                    "}}",
                    "{%",
                    "%}",
                    "{#",
                    "undefined",
                    "none",
                    "None",
                    "  ",
                    " ,",
                    " :",
                ] {
                    // CSS has its own braces and `text-decoration: none`.
                    let part = if *part == html {
                        shown(&html)
                    } else {
                        part.clone()
                    };
                    assert!(!part.contains(trace), "{trace:?} in {about}");
                }
            }
            assert!(
                subject.contains("Latchkey") && subject.chars().count() <= 78,
                "{about}"
            );
            assert!(
                text.ends_with("\n-- \nLatchkey\n") && !text.contains("\n\n\n"),
                "{about}"
            );
            assert!(text.contains("\n\n") && !text.starts_with('\n'), "{about}");
            for line in text.lines() {
                assert!(line.chars().count() <= 78, "{line:?} in {about}");
                assert!(line == "-- " || line.trim() == line, "{line:?} in {about}");
            }
            assert!(
                html.contains(&format!("<html lang=\"{}\">", locale.code())),
                "{about}"
            );
            assert!(
                html.contains(&format!("<title>{subject}</title>")),
                "{about}"
            );
            for remote in ["<img", "src=", "url(", "<link", "<script", "@import"] {
                assert!(!html.contains(remote), "{remote:?} in {about}");
            }
        }
        let (bare, empty) = (
            render(letter, locale, &bare),
            render(letter, locale, &empty),
        );
        assert!(bare == empty, "{letter:?} {locale:?}: empty is absent");
        let other = subjects.insert((locale, bare.subject), letter);
        assert_eq!(other, None, "{locale:?}: two letters with one subject");
    }
}

#[test]
fn both_parts_say_the_same() {
    for (letter, locale) in every() {
        let values = Values::sample(letter);
        let Rendered { text, html, .. } = render(letter, locale, &values);
        let text = text
            .strip_suffix("\n-- \nLatchkey\n")
            .expect("the sender's name");
        let text = match &values.link {
            Some(link) => text.replacen(&format!(":\n{link}"), "", 1),
            None => text.to_owned(),
        };
        assert_eq!(
            shown(&html),
            format!("Latchkey {}", words(&text)),
            "{letter:?} {locale:?}"
        );
    }
}

#[test]
fn a_letter_with_a_code_says_nothing_of_a_link_where_it_has_none() {
    for (letter, locale) in every().filter(|(letter, _)| letter.has_code()) {
        let values = Values {
            link: None,
            ..Values::sample(letter)
        };
        let Rendered { text, html, .. } = render(letter, locale, &values);
        for part in [words(&text), shown(&html)] {
            for unwanted in ["link", "Link", "enlace", "  "] {
                assert!(!part.contains(unwanted), "{unwanted:?} in {part}");
            }
            assert!(part.contains("204861"), "{part}");
        }
        assert!(!html.contains("href="), "{html}");
        let linked = words(&render(letter, locale, &Values::sample(letter)).text);
        assert!(linked.contains(["ink", "nlace"][usize::from(locale == Locale::Es)]));
    }
}

#[test]
fn the_link_is_in_both_parts_of_the_letters_with_a_token_only() {
    for (letter, locale) in every() {
        let link = "https://app.example.com/page?a=1&b=2#token=abc";
        let values = Values {
            link: Some(link.to_owned()),
            ..Values::sample(letter)
        };
        let Rendered {
            subject,
            text,
            html,
        } = render(letter, locale, &values);
        let times = usize::from(letter.link_path().is_some());
        let lines = text.lines().filter(|line| *line == link).count();
        assert_eq!(lines, times, "{letter:?} {locale:?}");
        assert_eq!(
            text.matches("token=").count(),
            times,
            "{letter:?} {locale:?}"
        );
        let href = "href=\"https://app.example.com/page?a=1&amp;b=2#token=abc\"";
        assert_eq!(html.matches(href).count(), times, "{letter:?} {locale:?}");
        assert_eq!(
            html.matches("token=").count(),
            times,
            "{letter:?} {locale:?}"
        );
        assert_eq!(
            html.matches("href=").count(),
            times,
            "{letter:?} {locale:?}"
        );
        assert!(!subject.contains("token="), "{letter:?} {locale:?}");
    }
}

#[test]
fn a_letter_with_a_token_says_how_long_it_works_and_what_to_do_if_unwanted() {
    for (letter, locale) in every().filter(|(letter, _)| letter.link_path().is_some()) {
        let values = Values {
            expires: Some(Duration::from_hours(72)),
            ..Values::sample(letter)
        };
        let text = words(&render(letter, locale, &values).text);
        let [lifetime, ignore] = match locale {
            Locale::En => ["works", "ignore this message"],
            Locale::De => ["ist 3 Tage gültig", "ignorieren Sie diese Nachricht"],
            Locale::Es => ["durante 3 días", "ignora este mensaje"],
        };
        assert!(text.contains(lifetime) && text.contains(ignore), "{text}");
        if locale == Locale::En {
            assert!(text.contains("for 3 days."), "{text}");
        }
        let endless = Values {
            expires: None,
            ..values
        };
        assert!(
            letter.render(locale, &endless).is_err(),
            "{letter:?} {locale:?}"
        );
    }
}

#[test]
fn a_warning_says_what_to_do_if_it_was_not_you() {
    use Letter::{
        AccountExists, EmailChangeRequested, EmailChanged, FactorAdded, FactorRemoved,
        IdentityLinked, NewDevice, PasswordChanged,
    };
    for letter in [
        AccountExists,
        EmailChangeRequested,
        EmailChanged,
        FactorAdded,
        FactorRemoved,
        IdentityLinked,
        NewDevice,
        PasswordChanged,
    ] {
        for locale in Locale::ALL {
            let text = words(&render(letter, locale, &Values::sample(letter)).text);
            let unwanted = match locale {
                Locale::En => "If it was not you",
                Locale::De => "Wenn Sie das nicht waren",
                Locale::Es => "Si no fuiste tú",
            };
            assert!(text.contains(unwanted), "{text}");
        }
    }
}

#[test]
fn the_reader_sees_what_happened() {
    for locale in Locale::ALL {
        for (letter, told) in [
            (Letter::VerifyEmail, ["ada@example.com"].as_slice()),
            (Letter::EmailChangeRequested, &["ada@example.com"]),
            (Letter::EmailChanged, &["ada@example.com"]),
            (Letter::AccountExists, &["ada@example.com"]),
            (Letter::SignInCode, &["204861"]),
            (Letter::RegistrationCode, &["204861", "ada@example.com"]),
            (Letter::PasswordChanged, &["2026-11-21 10:00 UTC"]),
            (Letter::FactorAdded, &["2026-11-21 10:00 UTC"]),
            (Letter::FactorRemoved, &["2026-11-21 10:00 UTC"]),
            (Letter::IdentityLinked, &["2026-11-21 10:00 UTC"]),
            (
                Letter::NewDevice,
                &["Firefox, Linux", "203.0.113.7", "2026-11-21 10:00 UTC"],
            ),
        ] {
            let Rendered { text, html, .. } = render(letter, locale, &Values::sample(letter));
            for value in told {
                assert!(text.contains(value), "{value:?} in {text}");
                assert!(html.contains(value), "{value:?} in {html}");
            }
        }
    }
}
