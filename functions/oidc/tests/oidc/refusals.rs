//! Requests that are answered with no code and no token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use harness::application::{Application, VERIFIER, code_in, parameter};
use harness::{Account, Answer, Browser, Bundle, HttpRequest};

use crate::bundle;

/// What an application is told by the page.
async fn told(browser: &mut Browser<'_>, path: &str) -> String {
    let url = browser.visit(path).await;
    let url = url.unwrap_or_else(|| panic!("{path}: {}", browser.text()));
    assert!(!url.as_str().contains("code="), "{path}");
    parameter(&url, "error")
}

fn refused(answer: Answer, status: u64, error: &str) {
    let answer = answer.expect_status(status);
    assert_eq!(answer.body["error"], error, "{}", answer.text);
    assert!(!answer.text.contains("token\":"), "{}", answer.text);
}

async fn signed_in<'a>(bundle: &'a Bundle, account: &Account) -> Browser<'a> {
    let mut browser = Browser::new(bundle);
    browser.sign_in(&account.email).await;
    browser
}

#[tokio::test]
async fn an_application_is_told_what_is_wrong_with_its_request() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("shop", true, false).await;
    let mut browser = signed_in(&bundle, &account).await;
    let long = "a".repeat(1100);
    for (name, value, error) in [
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        (
            "response_type",
            "code id_token",
            "unsupported_response_type",
        ),
        ("response_mode", "fragment", "invalid_request"),
        ("response_mode", "form_post", "invalid_request"),
        ("scope", "", "invalid_scope"),
        ("scope", "orders:read", "invalid_scope"),
        ("scope", "OPENID", "invalid_scope"),
        ("prompt", "none login", "invalid_request"),
        ("prompt", "create", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("max_age", "soon", "invalid_request"),
        ("request", "ey.ey.", "request_not_supported"),
        (
            "request_uri",
            "https://shop.example.com/r",
            "request_uri_not_supported",
        ),
        ("nonce", &long, "invalid_request"),
        ("state", &long, "invalid_request"),
    ] {
        let path = app.path(&[(name, value)]);
        assert_eq!(told(&mut browser, &path).await, error, "{name}={value}");
    }
    let twice = format!("{}&state=another", app.path(&[]));
    assert_eq!(told(&mut browser, &twice).await, "invalid_request");
}

#[tokio::test]
async fn bug_104_no_way_without_a_code_verifier() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    for (id, confidential) in [("public", false), ("confidential", true)] {
        let app = bundle.application(id, true, confidential).await;
        let mut browser = signed_in(&bundle, &account).await;
        for changes in [
            vec![("code_challenge", "")],
            vec![("code_challenge_method", "")],
            vec![("code_challenge", ""), ("code_challenge_method", "")],
            vec![("code_challenge_method", "plain")],
            vec![
                ("code_challenge_method", "plain"),
                ("code_challenge", VERIFIER),
            ],
            vec![("code_challenge_method", "s256")],
            vec![("code_challenge", "short")],
        ] {
            let error = told(&mut browser, &app.path(&changes)).await;
            assert_eq!(error, "invalid_request", "{changes:?}");
        }
        let other = "a".repeat(43);
        for verifier in ["", "short", other.as_str(), &VERIFIER[..42]] {
            let code = app.code(&account).await;
            let spending = app.asking(&[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", &app.redirect_uri),
                ("code_verifier", verifier),
            ]);
            let error = if verifier.is_empty() {
                "invalid_request"
            } else {
                "invalid_grant"
            };
            refused(bundle.send(&spending).await, 400, error);
            // It was not spent by that.
            let _ = bundle.send(&app.spending(&code)).await.expect_status(200);
        }
    }
}

#[tokio::test]
async fn bug_106_redirect_uris_are_whole() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("shop", true, false).await;
    let mut browser = signed_in(&bundle, &account).await;
    let right = app.redirect_uri.as_str();
    let bends: [&dyn Fn(&str) -> String; 12] = [
        &|uri| format!("{uri}/"),
        &|uri| format!("{uri}?a=b"),
        &|uri| format!("{uri}#"),
        &|uri| format!("{uri}.evil.example"),
        &|uri| format!("{uri}/../evil"),
        &|uri| format!(" {uri}"),
        &|uri| format!("{uri}%00"),
        &str::to_uppercase,
        &|uri| uri.replace("https:", "http:"),
        &|uri| uri.replace("example.com/", "example.com:443/"),
        &|uri| uri.replace("https://", "https://evil.example@"),
        &|uri| uri.replace("shop.", "shop.evil."),
    ];
    for bent in bends
        .map(|bend| bend(right))
        .iter()
        .map(String::as_str)
        .chain([
            "",
            "https://shop.example.com",
            "https://shop.example.com/",
            "https://evil.example/signed-in",
            "javascript:alert(1)",
            "//shop.example.com/signed-in",
        ])
    {
        let path = app.path(&[("redirect_uri", bent)]);
        assert!(browser.visit(&path).await.is_none(), "{bent}");
        let page = browser.page.as_ref().expect("a page");
        assert_eq!(page.status, 400, "{bent}");
        for way in ["url=", "href=\"h", "href=\"//", "href=\"j"] {
            assert!(!page.text.contains(way), "{bent}: {way}");
        }
    }
    // A code is for where it went.
    let code = app.code(&account).await;
    let spending = app.asking(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", "https://shop.example.com/"),
        ("code_verifier", VERIFIER),
    ]);
    refused(bundle.send(&spending).await, 400, "invalid_grant");
    for client in ["", "nobody", "Shop", "shop "] {
        assert!(
            browser
                .visit(&app.path(&[("client_id", client)]))
                .await
                .is_none()
        );
        assert_eq!(browser.page.as_ref().map(|page| page.status), Some(400));
    }
}

#[tokio::test]
async fn bug_103_a_public_client_has_no_secret() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let mut public = bundle.application("public", true, false).await;
    let mut keeper = bundle.application("keeper", true, true).await;
    let code = public.code(&account).await;
    let _ = bundle
        .send(&public.spending(&code))
        .await
        .expect_status(200);
    let secret = keeper.secret.clone().expect("a secret");
    // A secret where there is none is somebody else's.
    public.secret = Some(secret.clone());
    let code = public.code(&account).await;
    refused(
        bundle.send(&public.spending(&code)).await,
        401,
        "invalid_client",
    );

    let code = keeper.code(&account).await;
    for wrong in [
        None,
        Some(String::new()),
        Some("wrong".to_owned()),
        Some(format!("{secret}a")),
    ] {
        keeper.secret = wrong;
        let answer = bundle.send(&keeper.spending(&code)).await;
        refused(answer, 401, "invalid_client");
    }
    keeper.secret = None;
    let by_header = |header: &str| keeper.spending(&code).header("authorization", header);
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    for wrong in [
        basic(&format!("public:{secret}")),
        basic("keeper:"),
        basic("keeper"),
        basic(&format!("keeper:{secret}a")),
        "Basic !".to_owned(),
        format!("Bearer {secret}"),
    ] {
        let answer = bundle.send(&by_header(&wrong)).await;
        let challenged = answer.header("www-authenticate").starts_with("Basic ");
        assert_eq!(challenged, answer.status == 401, "{wrong}");
        assert!(
            matches!(answer.status, 400 | 401),
            "{wrong}: {}",
            answer.text
        );
        assert!(answer.body.get("access_token").is_none());
    }
    let right = bundle
        .send(&by_header(&basic(&format!("keeper:{secret}"))))
        .await;
    let _ = right.expect_status(200);
}

/// Whoever has the code or the refresh token of another client has nothing.
#[tokio::test]
async fn what_is_one_clients_is_no_others() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let one = bundle.application("one", true, false).await;
    let other = bundle.application("other", true, true).await;
    for (from, to) in [(&one, &other), (&other, &one)] {
        let code = from.code(&account).await;
        refused(bundle.send(&to.spending(&code)).await, 400, "invalid_grant");
        let tokens = bundle.send(&from.spending(&code)).await.expect_status(200);
        let refresh = tokens.text_at("/refresh_token");
        refused(
            bundle.send(&to.refreshing(&refresh)).await,
            400,
            "invalid_grant",
        );
        let _ = bundle
            .send(&from.refreshing(&refresh))
            .await
            .expect_status(200);
    }
}

/// No token of one kind passes as another.
#[tokio::test]
async fn a_token_is_what_it_is() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("shop", true, false).await;
    let tokens = app.tokens(&account).await;
    let [access, id, refresh] =
        ["/access_token", "/id_token", "/refresh_token"].map(|name| tokens.text_at(name));
    for token in [&access, &id, &refresh] {
        let request = HttpRequest::new("GET", "/v1/users/me").bearer(token);
        let answer = bundle.send(&request).await.expect_status(401);
        assert_eq!(answer.code(), "invalid_token");
    }
    let code = app.code(&account).await;
    for token in [
        &account.access_token,
        &id,
        &refresh,
        &code,
        &access[..access.len() - 1],
    ] {
        let answer = app.userinfo(token).await;
        refused(answer, 401, "invalid_token");
    }
    for token in [&access, &id, &code, &account.refresh_token] {
        refused(
            bundle.send(&app.refreshing(token)).await,
            400,
            "invalid_grant",
        );
    }
    for code in [&access, &refresh, &account.refresh_token] {
        refused(bundle.send(&app.spending(code)).await, 400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_request_for_tokens_is_whole() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app: Application<'_> = bundle.application("shop", true, false).await;
    for (fields, status, error) in [
        (vec![], 400, "invalid_request"),
        (
            vec![("grant_type", "password")],
            400,
            "unsupported_grant_type",
        ),
        (
            vec![("grant_type", "implicit")],
            400,
            "unsupported_grant_type",
        ),
        (
            vec![("grant_type", "authorization_code")],
            400,
            "invalid_request",
        ),
        (
            vec![("grant_type", "refresh_token")],
            400,
            "invalid_request",
        ),
        (
            vec![("grant_type", "refresh_token"), ("client_id", "")],
            401,
            "invalid_client",
        ),
        (
            vec![
                ("grant_type", "refresh_token"),
                ("refresh_token", "lkcr_AAAA"),
            ],
            400,
            "invalid_grant",
        ),
    ] {
        refused(bundle.send(&app.asking(&fields)).await, status, error);
    }
    let code = app.code(&account).await;
    let mut twice = app.spending(&code);
    twice.body = twice.body.map(|body| format!("{body}&code={code}"));
    refused(bundle.send(&twice).await, 400, "invalid_request");
    let mut browser = Browser::new(&bundle);
    let url = app.sign_in(&mut browser, &account).await;
    let _ = bundle
        .send(&app.spending(&code_in(&url)))
        .await
        .expect_status(200);
}
