//! Forms that no page of ours has shown, at every path that takes one.

use harness::{Account, Browser, Bundle, HttpRequest, PASSWORD};

use crate::{bundle, pages};

const ORIGIN: &str = "http://127.0.0.1:9000";
/// A token that the same browser had while nobody was signed in.
const BEFORE: &str = "from before the sign-in";

/// Every field that any form has, as somebody would send it who wants it done.
fn fields(account: &Account, token: Option<&str>) -> Vec<(String, String)> {
    let fields = [
        ("email", account.email.as_str()),
        ("password", PASSWORD),
        ("currentPassword", PASSWORD),
        ("newPassword", "a password of the attacker 1"),
        ("firstName", "Eve"),
        ("locale", "es"),
        ("scope", "all"),
        ("provider", "local"),
        ("id", &account.id),
        ("client", "shop"),
        ("name", "Eve"),
        ("ceremony", "x"),
        ("credential", "{}"),
    ];
    let token = token.map(|token| ("formToken", token));
    let fields = fields.into_iter().chain(token);
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    fields.collect()
}

/// A form, with headers in place of those that a browser sends from our own pages.
fn sent(path: &str, fields: &[(String, String)], headers: &[(&str, &str)]) -> HttpRequest {
    let mut form = Browser::filled(path, fields);
    form.headers
        .retain(|(name, _)| !["origin", "sec-fetch-site"].contains(&name.as_str()));
    let headers = headers.iter();
    headers.fold(form, |form, (name, value)| form.header(name, value))
}

/// Tokens of others, and of this browser before.
struct Tokens {
    own: String,
    wrong: Vec<(&'static str, String)>,
}

async fn tokens(bundle: &Bundle, browser: &mut Browser<'_>, email: &str) -> Tokens {
    browser.open("/sign-in").await;
    let before = browser.form_token();
    browser.sign_in(email).await;
    assert_eq!(browser.path(), "/account");
    let own = browser.form_token();
    let mut stranger = Browser::new(bundle);
    stranger.open("/sign-in").await;
    let strangers = stranger.form_token();
    stranger.sign_up("eve@example.com").await;
    let others = stranger.form_token();
    let mut same = Browser::new(bundle);
    same.sign_in(email).await;
    let session = browser.cookies["__Host-latchkey-session"].clone();
    let mut bent = own.clone();
    let last = if bent.ends_with('A') { "B" } else { "A" };
    bent.replace_range(bent.len() - 2..bent.len() - 1, last);
    let wrong = vec![
        (BEFORE, before),
        ("of a browser that is not signed in", strangers),
        ("of another's browser", others),
        ("of another browser of the same account", same.form_token()),
        ("that is a session", session),
        ("that was changed", bent),
        ("without its last letter", own[..own.len() - 1].to_owned()),
        ("that is empty", String::new()),
        (
            "of the double-submit kind",
            browser.cookies["__Host-latchkey-form"].clone(),
        ),
    ];
    Tokens { own, wrong }
}

#[tokio::test]
async fn bug_107_no_form_is_taken_that_no_page_of_ours_has_shown() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("none").await;
    let account = bundle.account().await;
    let app = bundle.application("shop", false, false).await;
    let _ = app.code(&account).await;
    let mut browser = Browser::new(&bundle);
    let tokens = tokens(&bundle, &mut browser, &account.email).await;
    bundle.deliver().await;
    let (before, letters) = (bundle.items(), bundle.letters().len());
    let here = [("origin", ORIGIN), ("sec-fetch-site", "same-origin")];
    let mut tried = 0;
    for operation in pages("POST") {
        let path = operation.path.as_str();
        let mut refused = vec![(
            "no token".to_owned(),
            sent(path, &fields(&account, None), &here),
        )];
        // A sign-in may be sent twice, or from two tabs: the second time somebody is signed in.
        let may_be_sent_twice = path.starts_with("/sign-in") || path == "/sign-up";
        let wrong = tokens.wrong.iter();
        let wrong = wrong.filter(|(what, _)| !may_be_sent_twice || *what != BEFORE);
        for (what, token) in wrong {
            let fields = fields(&account, Some(token));
            refused.push((format!("a token {what}"), sent(path, &fields, &here)));
        }
        let own = fields(&account, Some(&tokens.own));
        for headers in [
            vec![("origin", ORIGIN), ("sec-fetch-site", "cross-site")],
            vec![("origin", ORIGIN), ("sec-fetch-site", "same-site")],
            vec![("sec-fetch-site", "none")],
            vec![("sec-fetch-site", "")],
            vec![("origin", "https://evil.example")],
            vec![("origin", "null")],
            vec![("origin", "null"), ("sec-fetch-site", "same-origin")],
            vec![("origin", "http://127.0.0.1:9000.evil.example")],
            vec![("origin", "http://127.0.0.1")],
            vec![("origin", "https://127.0.0.1:9000")],
            vec![
                ("origin", "http://evil.example"),
                ("host", "127.0.0.1:9000"),
            ],
        ] {
            refused.push((format!("{headers:?}"), sent(path, &own, &headers)));
        }
        // A field that stands twice is none.
        let mut twice = sent(path, &own, &here);
        twice.body = twice
            .body
            .map(|body| format!("{body}&formToken={}", tokens.own));
        refused.push(("two tokens".to_owned(), twice));
        // A token in the query is in no form.
        let mut in_query = sent(path, &fields(&account, None), &here);
        in_query.query = format!("formToken={}", tokens.own);
        refused.push(("a token in the query".to_owned(), in_query));
        for (what, request) in refused {
            let answer = browser.send(request).await;
            assert_eq!(answer.status, 403, "{path} with {what}: {}", answer.text);
            assert!(
                answer.cookies.is_empty(),
                "{path} with {what}: {:?}",
                answer.cookies
            );
            tried += 1;
        }
        // What a browser sends by itself is not the type of a form.
        let body = "{\"email\":\"eve@example.com\"}";
        for content_type in ["text/plain", "application/json"] {
            let request = HttpRequest::new("POST", path).body(content_type, body);
            assert_eq!(
                browser.send(request).await.status,
                415,
                "{path} with {content_type}"
            );
        }
    }
    assert!(tried > 500, "{tried}");
    assert_eq!(bundle.items(), before, "something was written");
    bundle.deliver().await;
    assert_eq!(bundle.letters().len(), letters);
    // The token itself is right: all of the above is what was wrong.
    let form = sent(
        "/account/profile",
        &fields(&account, Some(&tokens.own)),
        &here,
    );
    let _ = browser.send(form).await.expect_status(303);
    let form = sent(
        "/account/profile",
        &fields(&account, Some(&tokens.own)),
        &[],
    );
    let _ = browser.send(form).await.expect_status(303);
}

#[tokio::test]
async fn bug_107_nobody_is_signed_in_by_the_form_of_another_site() {
    let bundle = bundle().await;
    let attacker = bundle.account().await;
    let mut at_home = Browser::new(&bundle);
    at_home.open("/sign-in").await;
    let token = at_home.form_token();
    let sessions = bundle.items_of_type("session").len();
    // The cookie of the form is not sent from another site, and that of the attacker cannot be set there.
    let mut victim = Browser::new(&bundle);
    for path in ["/sign-in", "/sign-up"] {
        let form = sent(path, &fields(&attacker, Some(&token)), &[]);
        let answer = victim.send(form).await;
        assert_eq!(answer.status, 403, "{path}");
    }
    assert!(!victim.is_signed_in().await);
    // One that has been here before has a cookie of its own, and the token of another.
    victim.open("/sign-in").await;
    let form = sent("/sign-in", &fields(&attacker, Some(&token)), &[]);
    assert_eq!(victim.send(form).await.status, 403);
    assert!(!victim.is_signed_in().await);
    assert_eq!(bundle.items_of_type("session").len(), sessions);
}

#[tokio::test]
async fn bug_107_a_get_changes_nothing() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("none").await;
    let account = bundle.account().await;
    let mut browser = Browser::new(&bundle);
    browser.sign_in(&account.email).await;
    let token = browser.form_token();
    let query = Browser::filled("/", &fields(&account, Some(&token))).body;
    let query = query.unwrap_or_default();
    let before = bundle.items();
    for operation in pages("GET") {
        let path = format!("{}?{query}", operation.path);
        let answer = browser.send(HttpRequest::new("GET", &path)).await;
        assert!(answer.status < 500, "{path}: {}", answer.text);
    }
    assert_eq!(bundle.items(), before);
    assert!(browser.is_signed_in().await);
}
