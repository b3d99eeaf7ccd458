//! How long what a client was given counts.

use futures_util::future::join_all;
use harness::application::code_in;
use harness::requests::by;
use harness::{Answer, Browser, Bundle};
use serde_json::json;

use crate::bundle;

fn refused(answer: Answer) {
    let answer = answer.expect_status(400);
    assert_eq!(answer.body["error"], "invalid_grant", "{}", answer.text);
}

fn grants(bundle: &Bundle) -> Vec<serde_json::Value> {
    bundle.items_of_type("grant")
}

#[tokio::test]
async fn bug_102_one_code_one_grant() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("shop", true, false).await;
    let code = app.code(&account).await;
    let spending = app.spending(&code);
    let functions = join_all((0..4).map(|_| bundle.spawn("token"))).await;
    let tries = functions.iter().chain(&functions);
    let answers = join_all(tries.map(|function| bundle.send_to(function, &spending))).await;
    let won: Vec<&Answer> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .collect();
    assert!(won.len() <= 1, "{} were given tokens", won.len());
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status, 200 | 400))
    );
    assert_eq!(grants(&bundle).len(), 1);
    // What it gave is taken back.
    for answer in won {
        let told = app.userinfo(&answer.text_at("/access_token")).await;
        let _ = told.expect_status(401);
        refused(
            bundle
                .send(&app.refreshing(&answer.text_at("/refresh_token")))
                .await,
        );
    }
    refused(bundle.send(&spending).await);
    let revoked = &grants(&bundle)[0];
    assert_eq!(revoked["revoked_because"]["S"], "code_reuse");
    // Another is as good as ever.
    let _ = app.tokens(&account).await;
}

#[tokio::test]
async fn a_refresh_token_is_used_once_and_again_when_its_answer_got_lost() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("shop", true, false).await;
    let first = app.tokens(&account).await.text_at("/refresh_token");
    let second = bundle
        .send(&app.refreshing(&first))
        .await
        .expect_status(200);
    // Two tabs, or an answer that got lost: BUGS 112.
    let again = bundle
        .send(&app.refreshing(&first))
        .await
        .expect_status(200);
    for answer in [&second, &again] {
        let told = app.userinfo(&answer.text_at("/access_token")).await;
        let _ = told.expect_status(200);
    }
    let third = app.refreshing(&second.text_at("/refresh_token"));
    let third = bundle.send(&third).await.expect_status(200);
    // By now the first has been used again after its successor was: somebody else has it.
    refused(bundle.send(&app.refreshing(&first)).await);
    refused(
        bundle
            .send(&app.refreshing(&third.text_at("/refresh_token")))
            .await,
    );
    let told = app.userinfo(&third.text_at("/access_token")).await;
    let _ = told.expect_status(401);
    assert_eq!(
        grants(&bundle)[0]["revoked_because"]["S"],
        "refresh_token_reuse"
    );
    assert!(
        bundle.is_signed_in(&account).await,
        "the account's own session lives on"
    );
}

#[tokio::test]
async fn many_refreshes_at_once_are_one_chain() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("shop", true, false).await;
    let token = app.tokens(&account).await.text_at("/refresh_token");
    let functions = join_all((0..4).map(|_| bundle.spawn("token"))).await;
    let refreshing = app.refreshing(&token);
    let tries = functions.iter().chain(&functions).chain(&functions);
    let answers = join_all(tries.map(|function| bundle.send_to(function, &refreshing))).await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.text);
        let told = app.userinfo(&answer.text_at("/access_token")).await;
        let _ = told.expect_status(200);
    }
    assert_eq!(grants(&bundle)[0]["counter"]["N"], "1");
}

#[tokio::test]
async fn a_refresh_asks_for_as_much_or_less() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("shop", true, false).await;
    let token = app.tokens(&account).await.text_at("/refresh_token");
    let with = |token: &str, scope: &str| {
        app.asking(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("scope", scope),
        ])
    };
    let wide = bundle.send(&with(&token, "openid orders:read")).await;
    let wide = wide.expect_status(200);
    assert_eq!(wide.body["scope"], "openid", "what is unknown says nothing");
    let next = wide.text_at("/refresh_token");
    let nothing = bundle.send(&with(&next, "orders:read")).await;
    assert_eq!(nothing.expect_status(400).body["error"], "invalid_scope");
    let all = bundle.send(&app.refreshing(&next)).await.expect_status(200);
    assert_eq!(all.body["scope"], "openid profile email offline_access");
}

#[tokio::test]
async fn tokens_of_a_client_die_with_what_they_hang_on() {
    for what in [
        "sign-out",
        "suspension",
        "password",
        "every session",
        "client",
        "client made anew",
        "consent",
        "scope",
    ] {
        let bundle = bundle().await;
        let account = bundle.account().await;
        let app = bundle.application("others", false, false).await;
        let mut browser = Browser::new(&bundle);
        let url = app.sign_in(&mut browser, &account).await;
        let tokens = bundle.send(&app.spending(&code_in(&url))).await;
        let tokens = tokens.expect_status(200);
        // One more, that is not spent yet.
        let unspent = browser.visit(&app.path(&[])).await.expect("led back");
        let admin = bundle.account_with_role("admin").await;
        match what {
            "sign-out" => {
                browser.open("/account").await;
                browser.submit("/account/sign-out", &[]).await;
            }
            "suspension" => bundle.edit_user(&account.id, "status", &json!({ "S": "suspended" })),
            "password" => bundle.edit_user(&account.id, "credential_version", &json!({ "N": "9" })),
            "every session" => bundle.edit_user(&account.id, "session_epoch", &json!({ "N": "9" })),
            "client" | "client made anew" => {
                let removed = by(&admin, "DELETE", "/v1/clients/others");
                let _ = bundle.send(&removed).await.expect_status(204);
                if what == "client made anew" {
                    let _ = bundle.put_client(&admin, "others", &json!({})).await;
                }
            }
            "consent" => bundle.delete_type("consent"),
            _ => {
                let less = json!({ "scopes": ["email"] });
                let put = bundle.put_client(&admin, "others", &less).await;
                let _ = put.expect_status(200);
            }
        }
        let told = app.userinfo(&tokens.text_at("/access_token")).await;
        assert!(matches!(told.status, 401 | 403), "{what}: {}", told.text);
        let refresh = bundle
            .send(&app.refreshing(&tokens.text_at("/refresh_token")))
            .await;
        assert!(
            matches!(refresh.status, 400 | 401),
            "{what}: {}",
            refresh.text
        );
        if what != "scope" {
            let late = bundle.send(&app.spending(&code_in(&unspent))).await;
            assert!(matches!(late.status, 400 | 401), "{what}: {}", late.text);
        }
    }
}
