//! Where `next` leads: to this origin, whatever it says.

use harness::{Browser, HttpRequest, PASSWORD, Url};

use crate::{between, bundle};

const ORIGIN: &str = "http://127.0.0.1:9000";

/// What browsers, proxies or parsers have been known to take for another origin, or for a script.
const TRICKS: [&str; 62] = [
    "https://evil.example",
    "HTTPS://evil.example",
    "http:evil.example",
    "http:/evil.example",
    "http:///evil.example",
    "https:\\\\evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "//evil.example/account",
    "//evil.example%2f..",
    "//evil%E3%80%82example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "\\evil.example",
    "/\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "/\r\n/evil.example",
    "\n//evil.example",
    " //evil.example",
    "/ /evil.example",
    "/\u{0}/evil.example",
    "\u{0}//evil.example",
    "/\u{b}/evil.example",
    "/\u{7f}/evil.example",
    "/\u{200b}/evil.example",
    "/\u{2028}/evil.example",
    "\u{feff}//evil.example",
    "/\u{ff0f}evil.example",
    "\u{ff0f}\u{ff0f}evil.example",
    "/\u{2044}evil.example",
    "/\u{2215}/evil.example",
    "//\u{24d4}vil.example",
    "/.//evil.example",
    "/./\\evil.example",
    "/..//evil.example",
    "/a/..//evil.example",
    "/a//../evil.example",
    "//user:password@evil.example",
    "//127.0.0.1:9000@evil.example",
    "//127.0.0.1:9000.evil.example",
    "@evil.example",
    ":evil.example",
    ".evil.example",
    "evil.example",
    "?//evil.example",
    "#//evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "/\"onclick=\"alert(1)",
    "/'><script>alert(1)</script>",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "/account\r\nSet-Cookie: x=y",
    "/account\r\n\r\n<script>alert(1)</script>",
    "/account\u{2028}Set-Cookie: x=y",
    "%2f%2fevil.example",
];

/// Those that are paths of ours, however they look.
const HARMLESS: [&str; 8] = [
    "/%09/evil.example",
    "/%2f/evil.example",
    "/%2fevil.example",
    "/%5cevil.example",
    "/%255cevil.example",
    "/evil.example",
    "/account?next=//evil.example",
    "/account#//evil.example",
];

/// The pages that take it.
const PAGES: [&str; 9] = [
    "/sign-in",
    "/sign-up",
    "/sign-in/code",
    "/sign-in/code?again=true",
    "/forgot-password",
    "/verify-email/resend",
    "/check-mail",
    "/account/confirm",
    "/sign-in/provider?provider=local",
];

fn encoded(text: &str) -> String {
    let mut url = Url::parse(ORIGIN).expect("a URL");
    url.query_pairs_mut().append_pair("next", text);
    url.query().unwrap_or_default().to_owned()
}

fn with_next(page: &str, next: &str) -> String {
    let mark = if page.contains('?') { '&' } else { '?' };
    format!("{page}{mark}{}", encoded(next))
}

/// Asserts that a browser which is sent there from `page` is still here.
#[track_caller]
fn assert_here(what: &str, page: &str, reference: &str) {
    let reference = reference
        .replace("&amp;", "&")
        .replace("&#39;", "'")
        .replace("&quot;", "\"");
    if reference.starts_with("data:text/plain;") || reference.starts_with("data:image/svg+xml,") {
        return;
    }
    let base = Url::parse(ORIGIN)
        .and_then(|origin| origin.join(page))
        .expect("a page");
    let there = base
        .join(&reference)
        .unwrap_or_else(|_| panic!("{what}: {reference}"));
    assert_eq!(there.origin(), base.origin(), "{what}: {reference}");
    assert_eq!(there.scheme(), "http", "{what}: {reference}");
}

/// Asserts that nothing in a page leads elsewhere.
#[track_caller]
fn assert_page(what: &str, page: &str, text: &str) {
    for mark in [" href=\"", " action=\"", " src=\"", " data-options=\""] {
        for reference in between(text, mark, "\"") {
            assert_here(what, page, reference);
        }
    }
    assert!(!text.contains("http-equiv"), "{what}");
    assert!(
        !text.contains("<script>alert") && !text.contains("onclick"),
        "{what}: {text}"
    );
    for next in between(text, "name=\"next\" value=\"", "\"") {
        assert_here(what, page, next);
    }
}

#[tokio::test]
async fn next_leads_to_this_origin_from_every_page_that_takes_it() {
    let bundle = bundle().await;
    let mut stranger = Browser::new(&bundle);
    let mut signed_in = Browser::new(&bundle);
    signed_in.sign_up("ada@example.com").await;
    for next in TRICKS.iter().chain(&HARMLESS) {
        for page in PAGES {
            for visitor in [&mut stranger, &mut signed_in] {
                let path = with_next(page, next);
                let what = format!("{page} with {next:?}");
                let answer = visitor.send(HttpRequest::new("GET", &path)).await;
                match answer.status {
                    303 => assert_here(&what, page, answer.header("location")),
                    200 => assert_page(&what, page, &answer.text),
                    other => panic!("{what}: {other}"),
                }
            }
        }
    }
    // A good one leads there, from all of them.
    signed_in.open("/sign-in?next=/account/delete").await;
    assert_eq!(signed_in.at, "/account/delete");
    signed_in.open("/sign-up?next=%2Faccount%2Fdelete").await;
    assert_eq!(signed_in.at, "/account/delete");
}

#[tokio::test]
async fn next_that_is_bent_is_none() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.sign_up("ada@example.com").await;
    let long = format!("/{}", "a".repeat(8_000));
    for query in [
        "next=/account/delete&next=//evil.example".to_owned(),
        "next=//evil.example&next=/account/delete".to_owned(),
        "next[]=//evil.example".to_owned(),
        "next=%".to_owned(),
        "next=%ff%fe".to_owned(),
        "next=%252f%252fevil.example".to_owned(),
        "next=%25252f%25252fevil.example".to_owned(),
        "next".to_owned(),
        "next=".to_owned(),
        "%6eext=//evil.example".to_owned(),
        "NEXT=//evil.example".to_owned(),
        ";next=//evil.example".to_owned(),
        "next=//evil.example#".to_owned(),
        format!("next={long}"),
        format!("next=/{}", "%09".repeat(500)),
    ] {
        let path = format!("/sign-in?{query}");
        let answer = browser.send(HttpRequest::new("GET", &path)).await;
        assert_eq!(answer.status, 303, "{query}");
        assert_eq!(answer.header("location"), "/account", "{query}");
    }
}

#[tokio::test]
async fn next_of_a_form_leads_to_this_origin() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.sign_up("ada@example.com").await;
    let account = [("email", "ada@example.com"), ("password", PASSWORD)];
    for next in TRICKS {
        browser.open("/account/confirm").await;
        let form = browser.form("/account/confirm", &[("password", PASSWORD)]);
        let with_next = |form: HttpRequest| {
            let body = form
                .body
                .clone()
                .map(|body| format!("{body}&{}", encoded(next)));
            HttpRequest { body, ..form }
        };
        let answer = browser.send(with_next(form)).await.expect_status(303);
        assert_here(
            &format!("confirm, {next:?}"),
            "/account/confirm",
            answer.header("location"),
        );
        assert_eq!(answer.cookies.len(), 1, "{next:?}: {:?}", answer.cookies);

        // Refused, it is in the address of the page again.
        let wrong = browser.any_form(
            "/sign-in",
            &[("email", "ada@example.com"), ("password", "wrong")],
        );
        let answer = browser.send(with_next(wrong)).await.expect_status(303);
        assert_here(
            &format!("refused, {next:?}"),
            "/sign-in",
            answer.header("location"),
        );
        assert!(
            answer.header("location").starts_with("/sign-in"),
            "{next:?}"
        );

        // By the code that is asked for, it is kept in a cookie.
        let ask = browser.any_form("/sign-in/code", &[("email", "nobody@example.com")]);
        let answer = browser.send(with_next(ask)).await.expect_status(303);
        assert_here(
            &format!("code, {next:?}"),
            "/sign-in/code",
            answer.header("location"),
        );
        let page = browser.send(HttpRequest::new("GET", "/sign-in/code")).await;
        assert_page(&format!("code, {next:?}"), "/sign-in/code", &page.text);
    }
    for next in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/\r\n/evil.example",
    ] {
        let mut browser = Browser::new(&bundle);
        browser.open("/sign-in").await;
        let form = browser.any_form("/sign-in", &[account[0], account[1], ("next", next)]);
        let answer = browser.send(form).await.expect_status(303);
        assert_eq!(answer.header("location"), "/account", "{next:?}");
    }
}

#[tokio::test]
async fn no_parameter_becomes_a_header_or_a_cookie_of_its_own() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("none").await;
    let mut browser = Browser::new(&bundle);
    browser.sign_up("ada@example.com").await;
    let bent =
        "x%0d%0aSet-Cookie:%20__Host-latchkey-session=y%0d%0a%0d%0a<script>alert(1)</script>";
    let lines = "x\r\nSet-Cookie: a=b\r\n\r\n<script>alert(1)</script>";
    for path in [
        format!("/sign-in?next=/{bent}"),
        format!("/sign-in?lang={bent}"),
        format!("/sign-in?lang=de{bent}"),
        format!("/sign-in/provider?provider={bent}"),
        format!("/sign-in/signed-in?code={bent}"),
        format!("/sign-in/signed-in?error=access_denied&error_description={bent}"),
        format!("/sign-in/signed-in?error={bent}&error_description={bent}"),
        format!("/verify-email?token={bent}"),
        format!("/reset-password?token={bent}&next=/{bent}"),
        format!("/sign-in/code?token={bent}&again={bent}"),
        format!("/account?{bent}={bent}"),
    ] {
        let answer = browser.send(HttpRequest::new("GET", &path)).await;
        assert_plain(&path, &answer);
    }
    browser.open("/account").await;
    for operation in crate::pages("POST") {
        if operation.path == "/account/sign-out" {
            continue;
        }
        let names = [
            "email", "id", "name", "version", "provider", "token", "code", "pending", "scope",
            "next",
        ];
        let fields = names.map(|name| (name, lines));
        let form = browser.any_form(&operation.path, &fields);
        let answer = bundle.send(&browser.dressed(form)).await;
        assert_plain(&operation.path, &answer);
    }
}

#[track_caller]
fn assert_plain(what: &str, answer: &harness::Answer) {
    for (name, value) in answer.headers.as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        assert!(
            !value.contains(['\r', '\n']) && name != "set-cookie",
            "{what}: {name}: {value}"
        );
    }
    for cookie in &answer.cookies {
        assert!(cookie.starts_with("__Host-latchkey-"), "{what}: {cookie}");
        assert!(
            !cookie.contains(['\r', '\n']) && !cookie.contains("=y"),
            "{what}: {cookie}"
        );
        assert_eq!(cookie.matches("Path=/").count(), 1, "{what}: {cookie}");
    }
    assert!(
        !answer.text.contains("<script>alert"),
        "{what}: {}",
        answer.text
    );
    if answer.status == 303 {
        assert!(
            answer.header("location").starts_with('/'),
            "{what}: {:?}",
            answer.headers
        );
    }
}
