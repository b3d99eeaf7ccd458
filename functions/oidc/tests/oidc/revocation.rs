//! `POST /oauth2/revoke`: an application gives back what it was given.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use harness::application::code_in;
use harness::{Answer, Browser, Bundle};
use serde_json::Value;

use crate::bundle;

const BOTH: [&str; 2] = ["/access_token", "/refresh_token"];

/// What RFC 7009 §2.2 answers, and to scripts of every origin.
fn given_back(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 200, "{what}: {}", answer.text);
    assert_eq!(answer.text, "", "{what}");
    assert_eq!(answer.header("access-control-allow-origin"), "*", "{what}");
}

fn refused(answer: &Answer, expected: (u64, &str), what: &str) {
    assert_eq!(
        (answer.status, answer.code()),
        expected,
        "{what}: {}",
        answer.text
    );
    assert_eq!(answer.header("access-control-allow-origin"), "*", "{what}");
}

fn ended(bundle: &Bundle) -> Vec<Value> {
    let mut grants = bundle.items_of_type("grant");
    grants.retain(|grant| grant["revoked_at"]["N"].is_string());
    grants
}

#[tokio::test]
async fn either_token_ends_both() {
    for (confidential, name) in [
        (false, BOTH[0]),
        (false, BOTH[1]),
        (true, BOTH[0]),
        (true, BOTH[1]),
    ] {
        let what = format!("confidential: {confidential}, {name}");
        let bundle = bundle().await;
        let account = bundle.account().await;
        let app = bundle.application("others", false, confidential).await;
        let mut browser = Browser::new(&bundle);
        let url = app.sign_in(&mut browser, &account).await;
        let tokens = app.spend(&code_in(&url)).await;
        // Of the same session.
        let url = browser.visit(&app.path(&[])).await.expect("led back");
        let beside = app.spend(&code_in(&url)).await;
        for tokens in [&tokens, &beside] {
            app.assert_live(tokens, &what).await;
        }
        let token = tokens.text_at(name);
        given_back(&app.revoke(&token).await, &what);
        app.assert_over(&tokens, &what).await;
        let before = ended(&bundle);
        assert_eq!(before.len(), 1, "{what}");
        assert_eq!(before[0]["revoked_because"]["S"], "revoked", "{what}");
        // Twice is no mistake, and changes nothing.
        for name in BOTH {
            given_back(&app.revoke(&tokens.text_at(name)).await, "twice");
        }
        assert_eq!(ended(&bundle), before, "{what}: twice");
        app.assert_live(&beside, "another grant of the application")
            .await;
        assert!(browser.is_signed_in().await, "the session lives on");
        let url = browser
            .visit(&app.path(&[]))
            .await
            .expect("not asked again");
        let fresh = app.spend(&code_in(&url)).await;
        app.assert_live(&fresh, "a new one").await;

        bundle.deliver().await;
        let events = bundle.bus_events();
        let events = events.iter().map(|event| &event["detail"]);
        let events = events.filter(|event| event["type"] == "grant.revoked");
        let events: Vec<&Value> = events.collect();
        assert_eq!(events.len(), 1, "{what}: {events:#?}");
        assert_eq!(events[0]["userId"], *account.id);
    }
}

#[tokio::test]
async fn a_refresh_token_that_was_replaced_ends_what_came_of_it() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("others", false, true).await;
    let first = app.tokens(&account).await;
    let refreshing = app.refreshing(&first.text_at("/refresh_token"));
    let second = bundle.send(&refreshing).await.expect_status(200);
    app.assert_live(&second, "traded").await;
    given_back(
        &app.revoke(&first.text_at("/refresh_token")).await,
        "the first",
    );
    for tokens in [&second, &first] {
        app.assert_over(tokens, "the first was given back").await;
    }
    assert_eq!(ended(&bundle)[0]["revoked_because"]["S"], "revoked");
}

#[tokio::test]
async fn what_is_unknown_is_as_good_as_given_back() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("others", false, true).await;
    let tokens = app.tokens(&account).await;
    let code = app.code(&account).await;
    let [access, refresh] = BOTH.map(|name| tokens.text_at(name));
    let before = bundle.accounts();
    for (what, token) in [
        ("nothing known", "none"),
        ("forged", "lkcr_AAAA"),
        ("cut", &access[..access.len() - 1]),
        ("cut", &refresh[..refresh.len() - 1]),
        ("a session's access token", &account.access_token),
        ("a session's refresh token", &account.refresh_token),
        ("an ID token", &tokens.text_at("/id_token")),
        ("a code", &code),
    ] {
        given_back(&app.revoke(token).await, what);
        for hint in ["access_token", "refresh_token", "nonsense"] {
            let fields = [("token", token), ("token_type_hint", hint)];
            let answer = bundle.send(&app.posting("/oauth2/revoke", &fields)).await;
            given_back(&answer, what);
        }
        assert_eq!(bundle.accounts(), before, "{what}: nothing is written");
    }
    assert!(bundle.is_signed_in(&account).await);
    app.assert_live(&tokens, "afterwards").await;
    let _ = app.spend(&code).await;
    // A hint that is wrong keeps nothing alive.
    let fields = [
        ("token", refresh.as_str()),
        ("token_type_hint", "access_token"),
    ];
    let answer = bundle.send(&app.posting("/oauth2/revoke", &fields)).await;
    given_back(&answer, "a wrong hint");
    app.assert_over(&tokens, "a wrong hint").await;
}

#[tokio::test]
async fn nobody_gives_back_what_is_anothers() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let mut keeper = bundle.application("keeper", false, true).await;
    let mut public = bundle.application("public", false, false).await;
    let kept = keeper.tokens(&account).await;
    let own = public.tokens(&account).await;
    for name in BOTH {
        let answer = bundle.send(&public.revoking(&kept.text_at(name))).await;
        refused(&answer, (400, "invalid_grant"), name);
        let answer = bundle.send(&keeper.revoking(&own.text_at(name))).await;
        refused(&answer, (400, "invalid_grant"), name);
    }
    let secret = keeper.secret.clone().expect("a secret");
    let nobody = (401, "invalid_client");
    for name in BOTH {
        let token = kept.text_at(name);
        for wrong in ["", "wrong", &secret[1..]] {
            let fields = [("token", token.as_str()), ("client_secret", wrong)];
            let answer = bundle
                .send(&keeper.posting("/oauth2/revoke", &fields))
                .await;
            refused(&answer, nobody, wrong);
        }
        for id in ["", "unknown", "public"] {
            let fields = [("token", token.as_str()), ("client_id", id)];
            let answer = bundle
                .send(&keeper.posting("/oauth2/revoke", &fields))
                .await;
            refused(&answer, nobody, id);
        }
        public.secret = Some(secret.clone());
        let answer = bundle.send(&public.revoking(&own.text_at(name))).await;
        refused(&answer, nobody, "a secret where there is none");
        public.secret = None;
    }
    for app in [&keeper, &public] {
        let missing = bundle.send(&app.posting("/oauth2/revoke", &[])).await;
        refused(&missing, (400, "invalid_request"), "no token");
    }
    let mut twice = keeper.revoking("none");
    twice.body = twice.body.map(|body| format!("{body}&token=none"));
    refused(
        &bundle.send(&twice).await,
        (400, "invalid_request"),
        "two tokens",
    );
    keeper.assert_live(&kept, "afterwards").await;
    public.assert_live(&own, "afterwards").await;
    assert_eq!(ended(&bundle), Vec::<Value>::new());

    // By the header.
    keeper.secret = None;
    let access = kept.text_at("/access_token");
    let fields = [("token", access.as_str()), ("client_id", "")];
    let plain = keeper.posting("/oauth2/revoke", &fields);
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let wrong = plain
        .clone()
        .header("authorization", &basic("keeper:wrong"));
    refused(&bundle.send(&wrong).await, nobody, "another secret");
    keeper.assert_live(&kept, "another secret").await;
    let right = basic(&format!("keeper:{secret}"));
    given_back(
        &bundle.send(&plain.header("authorization", &right)).await,
        "Basic",
    );
    keeper.secret = Some(secret);
    keeper.assert_over(&kept, "Basic").await;
    public.assert_live(&own, "Basic").await;
}
