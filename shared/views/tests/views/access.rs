//! What WCAG 2.2 wants of every page, as far as HTML shows it.

use std::collections::HashSet;

use super::documents;

#[test]
fn every_page_has_its_landmarks_one_heading_and_a_language() {
    for (sample, elements) in documents() {
        let count = |name: &str| {
            elements
                .iter()
                .filter(|element| element.name == name)
                .count()
        };
        for name in ["html", "header", "main", "footer", "h1", "title"] {
            assert_eq!(count(name), 1, "{}: {name}", sample.file);
        }
        let of = |name: &str| {
            elements
                .iter()
                .find(|element| element.name == name)
                .expect("there")
        };
        assert_eq!(
            of("html").get("lang"),
            Some(sample.locale.code()),
            "{}",
            sample.file
        );
        assert!(
            of("title").text.contains(of("h1").text.trim()),
            "{}",
            sample.file
        );
        assert!(!of("h1").text.trim().is_empty(), "{}", sample.file);
        let refused = elements
            .iter()
            .any(|element| element.get("class") == Some("box bad"));
        let told = of("title").text.starts_with(match sample.locale {
            views::Locale::De => "Fehler: ",
            _ => "Error: ",
        });
        assert_eq!(refused, told, "{}", sample.file);
    }
}

#[test]
fn ids_are_unique_and_what_names_one_finds_it() {
    for (sample, elements) in documents() {
        let mut ids = HashSet::new();
        for id in elements.iter().filter_map(|element| element.get("id")) {
            assert!(
                !id.is_empty() && !id.contains(' '),
                "{}: {id:?}",
                sample.file
            );
            assert!(ids.insert(id.to_owned()), "{}: {id} twice", sample.file);
        }
        for element in &elements {
            let named =
                ["for", "aria-describedby", "aria-labelledby"].map(|name| element.get(name));
            let fragment = element.get("href").and_then(|href| href.strip_prefix('#'));
            let ends = named
                .into_iter()
                .flatten()
                .flat_map(|ids| ids.split(' '))
                .chain(fragment);
            for id in ends {
                assert!(ids.contains(id), "{}: {id:?} of {element:?}", sample.file);
            }
        }
    }
}

#[test]
fn every_control_has_a_label_and_every_picture_a_text() {
    for (sample, elements) in documents() {
        let labels: HashSet<&str> = elements
            .iter()
            .filter(|element| element.name == "label" && !element.text.trim().is_empty())
            .filter_map(|label| label.get("for"))
            .collect();
        for element in &elements {
            let about = format!("{}: {element:?}", sample.file);
            match element.name.as_str() {
                "input" if element.get("type") == Some("hidden") => {}
                "input" | "select" => {
                    let id = element.get("id").expect(&about);
                    assert!(labels.contains(id), "{about}");
                }
                "button" | "a" | "summary" | "li" | "h2" | "option" => {
                    let pictured = element.name == "a" && element.has("aria-label");
                    assert!(pictured || !element.text.trim().is_empty(), "{about}");
                }
                "img" => assert!(
                    element.get("alt").is_some_and(|alt| !alt.is_empty()),
                    "{about}"
                ),
                "nav" => assert!(element.has("aria-label"), "{about}"),
                _ => {}
            }
        }
    }
}

#[test]
fn what_is_wrong_stands_beside_the_field_and_first_of_all() {
    let mut seen = 0;
    for (sample, elements) in documents() {
        for input in elements
            .iter()
            .filter(|element| element.get("aria-invalid") == Some("true"))
        {
            seen += 1;
            let about = format!("{}: {input:?}", sample.file);
            let id = input.get("id").expect(&about);
            let error = format!("{id}-error");
            let described = input.get("aria-describedby").expect(&about);
            assert!(described.split(' ').any(|id| id == error), "{about}");
            let summary = elements
                .iter()
                .find(|element| element.get("class") == Some("box bad"))
                .expect(&about);
            assert_eq!(
                (summary.get("role"), summary.get("tabindex")),
                (Some("alert"), Some("-1")),
                "{about}"
            );
            assert!(summary.has("autofocus"), "{about}");
            let links = elements
                .iter()
                .any(|link| link.get("href") == Some(&format!("#{id}")));
            assert!(links, "{about}");
            let focused = elements.iter().filter(|element| element.has("autofocus"));
            assert_eq!(focused.count(), 1, "{about}");
        }
    }
    assert!(seen > 30);
}

#[test]
fn headings_leave_no_level_out() {
    for (sample, elements) in documents() {
        let levels: Vec<u32> = elements
            .iter()
            .filter_map(|element| element.name.strip_prefix('h')?.parse().ok())
            .collect();
        assert_eq!(levels.first(), Some(&1), "{}", sample.file);
        assert!(
            levels.windows(2).all(|pair| pair[1] <= pair[0] + 1),
            "{}",
            sample.file
        );
    }
}
