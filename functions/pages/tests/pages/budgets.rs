//! What pages may cost, counted: those that are opened most, and the assets beside them.

use harness::{Browser, Cost, HttpRequest};

use crate::{between, bundle};

const NOTHING: Cost = Cost::new(0, 0, 0.0, 0.0);

#[tokio::test]
async fn what_is_opened_most_costs_one_round_trip_at_most() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("none").await;
    let mut browser = Browser::new(&bundle);
    browser.sign_up("ada@example.com").await;
    let mut stranger = Browser::new(&bundle);
    // Warm: operations are made when they are first asked for.
    for path in [
        "/account",
        "/account/delete",
        "/sign-in",
        "/forgot-password",
    ] {
        browser.open(path).await;
        stranger.open(path).await;
    }
    for (what, visitor, path, expected) in [
        (
            "the account",
            &browser,
            "/account",
            Cost::new(11, 1, 20.0, 0.0),
        ),
        (
            "a question",
            &browser,
            "/account/delete",
            Cost::new(1, 1, 2.0, 0.0),
        ),
        ("signed in", &browser, "/sign-in", Cost::new(2, 1, 3.0, 0.0)),
        (
            "signing in",
            &stranger,
            "/sign-in",
            Cost::new(1, 1, 1.0, 0.0),
        ),
        ("signed out", &stranger, "/account", NOTHING),
        ("a form", &stranger, "/forgot-password", NOTHING),
    ] {
        let request = visitor.dressed(HttpRequest::new("GET", path));
        assert_eq!(bundle.cost_of(&request).await, expected, "{what}");
    }
    // Whose names are read once it is known who has access.
    let account = bundle.sign_in("ada@example.com").await;
    let app = bundle.application("shop", false, false).await;
    let _ = app.sign_in(&mut browser, &account).await;
    let shown = browser.dressed(HttpRequest::new("GET", "/account"));
    let cost = bundle.cost_of(&shown).await;
    assert_eq!(cost, Cost::new(12, 2, 21.0, 0.0), "with an application");
    bundle.age_sessions("rotated_at", 3_660);
    let once_an_hour = browser.dressed(HttpRequest::new("GET", "/account/delete"));
    let cost = bundle.cost_of(&once_an_hour).await;
    assert_eq!(cost, Cost::new(2, 2, 2.0, 1.0), "a session is kept alive");
    // Whatever stands in the way of a form costs nothing.
    let (_, cost) = bundle
        .recorder()
        .cost_of(
            browser.send(
                HttpRequest::new("POST", "/account/delete")
                    .body("application/x-www-form-urlencoded", "formToken=x"),
            ),
        )
        .await;
    assert_eq!(cost, NOTHING);
}

#[tokio::test]
async fn everything_beside_a_page_is_there_and_is_kept_for_a_year() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.open("/sign-in").await;
    let page = browser.text().to_owned();
    let mut assets = between(&page, " href=\"/assets/", "\"");
    assets.extend(between(&page, " src=\"/assets/", "\""));
    assert_eq!(assets.len(), 4, "{assets:?}");
    for asset in assets {
        let request = HttpRequest::new("GET", &format!("/assets/{asset}"));
        let answer = bundle.send(&request).await.expect_status(200);
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        let (name, version) = asset.split_once("?v=").expect("a version");
        let expected = match name.rsplit_once('.') {
            Some((_, "css")) => "text/css",
            Some((_, "js")) => "text/javascript",
            _ => "image/svg+xml",
        };
        assert_eq!(answer.media_type(), expected, "{asset}");
        assert!(version.len() == 16 && answer.text.len() > 50, "{asset}");
        assert!(answer.cookies.is_empty());
        assert_eq!(bundle.cost_of(&request).await, NOTHING);
        let head = HttpRequest::new("HEAD", &format!("/assets/{asset}"));
        let _ = bundle.send(&head).await.expect_status(200);
    }
    for name in [
        "none.css",
        "..",
        "..%2fbase.css",
        "base.css%00",
        "BASE.CSS",
        "theme.css.map",
    ] {
        let request = HttpRequest::new("GET", &format!("/assets/{name}"));
        assert_eq!(bundle.send(&request).await.status, 404, "{name}");
    }
}
