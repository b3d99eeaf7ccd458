//! No value becomes a part of the page.

use std::sync::LazyLock;

use proptest::prelude::*;
use views::{Sample, Theme, changed_samples};

use super::{html, pages};

/// Names of elements and attributes, in order: all of a page but its texts and values.
fn shape(page: &str) -> Result<Vec<String>, String> {
    let names = |element: html::Element| {
        let attributes = element.attributes.iter().map(|(name, _)| name.clone());
        let mut shape = vec![element.name.clone()];
        shape.extend(attributes);
        shape.join(" ")
    };
    Ok(html::read(page)?.into_iter().map(names).collect())
}

/// The pages as they are: files and shapes.
static PLAIN: LazyLock<Vec<(String, Vec<String>)>> = LazyLock::new(|| {
    let shaped = |sample: Sample| (sample.file, shape(&sample.html).expect("well-formed"));
    pages().into_iter().map(shaped).collect()
});

/// The pages with `hostile` in every text from outside have the shape they have without.
fn stay_in_shape(hostile: &str) -> Result<(), String> {
    let theme = Theme::new(hostile);
    let changed = changed_samples(&theme, &|text| format!("{text}{hostile}"));
    let changed = changed.map_err(|error| error.to_string())?;
    for ((file, plain), changed) in PLAIN.iter().zip(changed) {
        let changed = shape(&changed.html).map_err(|error| format!("{file}: {error}"))?;
        let differs = plain.iter().zip(&changed).find(|(one, two)| one != two);
        if differs.is_some() || plain.len() != changed.len() {
            return Err(format!("{file}: {differs:?}"));
        }
    }
    Ok(())
}

#[test]
fn markup_and_templates_are_shown_and_not_run() {
    for hostile in [
        "\"><script>alert(1)</script><img src=x onerror=\"alert(1)\">",
        "' onclick='alert(1)</title></form><!-- --><![CDATA[&lt;b&gt;&#x3c;b&#x3e;&",
        "{{ 7 * 7 }}{% if true %}{# x #}{app}{email}${x}\r\nSet-Cookie: x\u{0}\u{8}\u{1b}\u{202e}\u{2066}",
    ] {
        stay_in_shape(hostile).unwrap_or_else(|error| panic!("{hostile:?}: {error}"));
    }
}

#[test]
fn what_is_typed_is_shown_as_it_was_typed() {
    let hostile = "<b>\"{{ 7 * 7 }}\" & 'x'</b>";
    let theme = Theme::new("Latchkey");
    let changed = changed_samples(&theme, &|_| hostile.to_owned()).expect("rendered");
    let mut seen = 0;
    for sample in changed {
        assert!(
            !sample.html.contains("<b>") && !sample.html.contains("49"),
            "{}",
            sample.file
        );
        let elements = html::read(&sample.html).expect(&sample.file);
        let kept = elements
            .iter()
            .filter(|input| input.get("value") == Some(hostile));
        seen += kept
            .filter(|input| input.get("name") == Some("email"))
            .count();
    }
    assert!(seen > 10);
}

#[test]
fn a_picture_is_data_whatever_is_in_it() {
    let theme = Theme::new("Latchkey");
    let changed =
        changed_samples(&theme, &|_| "\"/><script>alert(1)</script>".to_owned()).expect("rendered");
    let pictures: Vec<String> = changed
        .iter()
        .flat_map(|sample| html::read(&sample.html).expect(&sample.file))
        .filter(|element| element.name == "img")
        .filter_map(|element| element.get("src").map(str::to_owned))
        .collect();
    assert!(!pictures.is_empty());
    for picture in pictures {
        assert_eq!(
            picture,
            "data:image/svg+xml,%22/%3E%3Cscript%3Ealert%281%29%3C/script%3E"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_at_all_leaves_its_place(hostile in r#"[<>"'&{}%#/=\\ \r\n\PC]{1,24}"#) {
        prop_assert_eq!(stay_in_shape(&hostile), Ok(()));
    }
}
