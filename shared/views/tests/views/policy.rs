//! Nothing that the policy would not let.

use views::{Theme, csp, samples, theme_css};

use super::documents;

#[test]
fn nothing_stands_in_the_page_itself_and_nothing_comes_from_elsewhere() {
    for (sample, elements) in documents() {
        for element in elements {
            let about = format!("{}: {element:?}", sample.file);
            for (name, value) in &element.attributes {
                assert!(
                    name != "style" && !name.starts_with("on") && name != "srcdoc",
                    "{about}"
                );
                let fetched = name == "src" || (element.name == "link" && name == "href");
                if fetched {
                    let own = value.starts_with("/assets/");
                    let code = element.name == "img" && value.starts_with("data:image/svg+xml,");
                    assert!(own || code, "{about}");
                }
                if name == "action" || name == "data-options" {
                    assert!(
                        value.starts_with('/') && !value.starts_with("//"),
                        "{about}"
                    );
                }
                if element.name == "a" && name == "href" {
                    let local = value.starts_with('/') || value.starts_with('#');
                    let known = value.starts_with("otpauth://")
                        || value.starts_with("data:text/plain;") && element.has("download");
                    let leaving = match sample.file.split('.').next() {
                        Some("leave") => value.starts_with("https://"),
                        Some("return") => {
                            ["https://shop.", "http://127.0.0.1:", "com.example.shop:/"]
                                .iter()
                                .any(|place| value.starts_with(place))
                        }
                        _ => false,
                    };
                    assert!(local || known || leaving, "{about}");
                }
            }
            assert!(
                !["style", "iframe", "object", "embed", "base"].contains(&element.name.as_str()),
                "{about}"
            );
            if element.name == "script" {
                assert!(element.has("src") && element.text.is_empty(), "{about}");
            }
        }
    }
}

#[test]
fn a_logo_is_shown_by_its_name_and_named_in_the_policy() {
    let theme = Theme::new("Latch & Key")
        .logo("https://cdn.example.com/logo.svg?a=1&b=2")
        .expect("a logo");
    for sample in samples(&theme).expect("rendered") {
        let shown =
            "<img src=\"https://cdn.example.com/logo.svg?a=1&amp;b=2\" alt=\"Latch &amp; Key\">";
        assert!(sample.html.contains(shown), "{}", sample.file);
    }
    assert!(csp(&theme).contains("https://cdn.example.com"));
}

#[test]
fn the_stylesheet_of_a_theme_has_colours_alone() {
    let css = theme_css(&Theme::new("</style>;}x"));
    assert!(
        !css.contains('<') && !css.contains("url") && css.contains("prefers-color-scheme:dark")
    );
}
