//! What an application asks for is shown whole, and the answer says what of it is given.

use super::documents;
use super::html::Element;

const SCOPES: [&str; 4] = ["profile", "email", "offline_access", "orders:read"];

fn page(file: &str) -> Vec<Element> {
    let mut found = documents().filter(|(sample, _)| sample.file == file);
    found.next().expect(file).1
}

fn main_of(elements: &[Element]) -> &str {
    let main = elements.iter().find(|element| element.name == "main");
    &main.expect("a main").text
}

fn count(elements: &[Element], name: &str) -> usize {
    let found = elements.iter().filter(|element| element.name == name);
    found.count()
}

/// The boxes that a visitor ticks: their values, and whether they are ticked.
fn boxes(elements: &[Element]) -> Vec<(&str, bool)> {
    elements
        .iter()
        .filter(|input| input.get("type") == Some("checkbox"))
        .inspect(|input| assert_eq!(input.get("name"), Some("scope")))
        .map(|input| (input.get("value").unwrap_or_default(), input.has("checked")))
        .collect()
}

#[test]
fn every_scope_but_openid_is_a_ticked_box() {
    for code in ["en", "de", "es"] {
        let full = page(&format!("consent.{code}.html"));
        assert_eq!(boxes(&full), SCOPES.map(|scope| (scope, true)));
        let items: Vec<&str> = full
            .iter()
            .filter(|item| item.get("class") == Some("check"))
            .map(|item| item.text.trim())
            .collect();
        assert!(items[0].starts_with('✓') && items.len() == 5, "{items:?}");
        assert_eq!(items[4], "orders:read");
        assert_eq!(count(&full, "code"), 1);
        let openid = page(&format!("consent.openid.{code}.html"));
        assert!(boxes(&openid).is_empty() && main_of(&openid).contains(items[0]));
        let own = page(&format!("consent.without-openid.{code}.html"));
        let scopes = [("orders:read", true), ("orders:write", true)];
        assert_eq!(boxes(&own), scopes);
        assert!(!main_of(&own).contains('✓'));
    }
}

#[test]
fn a_visitor_is_told_who_asks_and_where_it_leads() {
    for code in ["en", "de", "es"] {
        for (state, place) in [
            ("consent", "shop.example.com"),
            ("consent.on-device", "com.example.shop"),
        ] {
            let page = page(&format!("{state}.{code}.html"));
            let text = main_of(&page);
            assert!(text.contains("Shop") && text.contains(place), "{text}");
            let sent: Vec<_> = page
                .iter()
                .filter(|input| input.get("name") == Some("request"))
                .map(|input| (input.get("type"), input.get("value")))
                .collect();
            assert_eq!(sent, [(Some("hidden"), Some("lkcr_c2FtcGxl"))]);
        }
    }
}

#[test]
fn the_way_back_is_taken_by_itself_or_by_a_click() {
    for (state, place) in [
        ("return", "https://shop.example.com/callback"),
        ("return.loopback", "http://127.0.0.1:53412/callback"),
        ("return.app", "com.example.shop:/callback"),
    ] {
        let url =
            format!("{place}?code=lkco_c2FtcGxl&state='a';b&iss=https%3A%2F%2Fid.example.com");
        let page = page(&format!("{state}.en.html"));
        let refresh = page
            .iter()
            .find(|meta| meta.get("http-equiv") == Some("refresh"));
        let content = refresh.and_then(|meta| meta.get("content"));
        assert_eq!(content, Some(format!("0; url={url}").as_str()));
        assert!(page.iter().any(|link| link.get("href") == Some(&url)));
    }
}

#[test]
fn who_makes_an_application_is_told_what_is_wrong_with_its_link() {
    for code in ["en", "de", "es"] {
        let page = page(&format!("failed.application.{code}.html"));
        let small: Vec<_> = page
            .iter()
            .filter(|element| element.name == "small")
            .map(|small| (small.get("lang"), small.text.as_str()))
            .collect();
        assert_eq!(small, [(Some("en"), "redirect_uri is not registered")]);
    }
    let status = views::Failure::Application("client_id is not known").status();
    assert_eq!(status, 400);
}

#[test]
fn access_is_listed_and_removed_where_the_stack_has_applications() {
    let section = |file: &str| {
        let page = page(file);
        let is_there = page
            .iter()
            .any(|heading| heading.get("id") == Some("applications"));
        let linked = page
            .iter()
            .any(|link| link.get("href") == Some("#applications"));
        assert_eq!(is_there, linked, "{file}");
        let removed = page
            .iter()
            .filter(|form| form.get("action") == Some(views::paths::GRANTS_REVOKE));
        let clients = page.iter().filter(|input| {
            input.get("name") == Some("client") && input.get("value") == Some("shop")
        });
        assert_eq!(clients.count(), removed.clone().count(), "{file}");
        (is_there, removed.count())
    };
    assert_eq!(section("account.en.html"), (true, 2));
    assert_eq!(section("account.no-applications.en.html"), (true, 0));
    assert_eq!(section("account.without.en.html"), (false, 0));
    let full = page("account.en.html");
    for told in ["Shop", "who you are", "name and language", "orders:read"] {
        assert!(main_of(&full).contains(told), "{told}");
    }
}
