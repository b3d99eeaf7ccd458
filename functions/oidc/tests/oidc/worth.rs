//! For how long a token is worth something, and for how much, as introspection tells it.

use harness::Browser;
use harness::application::code_in;
use harness::requests::by;
use serde_json::{Value, json};

use crate::bundle;
use crate::introspection::{ORDERS, inactive, keeper, stored};

#[tokio::test]
async fn a_token_is_inactive_as_soon_as_what_it_hangs_on_is_over() {
    for what in [
        "sign-out",
        "session",
        "idle",
        "suspension",
        "password",
        "every session",
        "account",
        "client",
        "client made anew",
        "consent",
        "consent gone",
        "grant",
        "grant's end",
    ] {
        let bundle = bundle().await;
        let account = bundle.account().await;
        let admin = bundle.account_with_role("admin").await;
        let app = keeper(&bundle, "others", &json!({ "audience": ORDERS })).await;
        let service = keeper(&bundle, "orders", &json!({ "audience": ORDERS })).await;
        let mut browser = Browser::new(&bundle);
        let url = app.sign_in(&mut browser, &account).await;
        let tokens = app.spend(&code_in(&url)).await;
        app.assert_live(&tokens, what).await;
        let access = tokens.text_at("/access_token");
        assert_eq!(service.introspect(&access).await["active"], true, "{what}");
        let past = json!({ "N": "1000" });
        match what {
            "sign-out" => {
                browser.open("/account").await;
                browser.submit("/account/sign-out", &[]).await;
            }
            "session" => bundle.edit_type("session", "ends_at", &past),
            "idle" => bundle.edit_type("session", "idle_until", &past),
            "suspension" => bundle.edit_user(&account.id, "status", &json!({ "S": "suspended" })),
            "password" => bundle.edit_user(&account.id, "credential_version", &json!({ "N": "9" })),
            "every session" => bundle.edit_user(&account.id, "session_epoch", &json!({ "N": "9" })),
            "account" => {
                let deleted = bundle.send(&by(&account, "DELETE", "/v1/users/me")).await;
                let _ = deleted.expect_status(204);
            }
            "client" | "client made anew" => {
                let removed = by(&admin, "DELETE", "/v1/clients/others");
                let _ = bundle.send(&removed).await.expect_status(204);
            }
            "consent" => {
                let taken = by(&account, "DELETE", "/v1/users/me/grants/others");
                let _ = bundle.send(&taken).await.expect_status(204);
            }
            "consent gone" => bundle.delete_type("consent"),
            "grant" => {
                let _ = app.revoke(&access).await;
            }
            _ => bundle.edit_type("grant", "ends_at", &past),
        }
        assert_eq!(
            service.introspect(&access).await,
            inactive(),
            "{what}: the service"
        );
        let again = match what {
            "client" => continue,
            "client made anew" => keeper(&bundle, "others", &json!({ "audience": ORDERS })).await,
            _ => app,
        };
        for name in ["/access_token", "/refresh_token"] {
            let told = again.introspect(&tokens.text_at(name)).await;
            assert_eq!(told, inactive(), "{what}: {name}");
        }
    }
}

#[tokio::test]
async fn a_scope_is_what_is_left_of_it() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = keeper(&bundle, "others", &json!({})).await;
    let mut browser = Browser::new(&bundle);
    let url = app.sign_in(&mut browser, &account).await;
    let tokens = app.spend(&code_in(&url)).await;
    let [access, refresh] = ["/access_token", "/refresh_token"].map(|name| tokens.text_at(name));
    // One that is for less says less, whatever its grant is for.
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
        ("scope", "openid email"),
    ];
    let less = bundle.send(&app.asking(&fields)).await.expect_status(200);
    let less = less.text_at("/access_token");
    assert_eq!(app.introspect(&less).await["scope"], "openid email");
    let all = "openid profile email offline_access";
    assert_eq!(app.introspect(&access).await["scope"], all);

    // The person says so.
    assert!(
        browser
            .visit(&app.path(&[("prompt", "consent")]))
            .await
            .is_none()
    );
    let fields = [("decision", "allow"), ("scope", "profile")];
    let _ = browser.answer("/consent", &fields).await.expect("led back");
    assert_eq!(app.introspect(&access).await["scope"], "openid profile");
    assert_eq!(app.introspect(&less).await["scope"], "openid");
    assert_eq!(
        app.introspect(&refresh).await,
        inactive(),
        "it cannot be traded"
    );

    // The client may not any more.
    for (scopes, left) in [
        (json!(["profile", "orders:read"]), json!("profile")),
        (json!(["orders:read"]), Value::Null),
        (json!(["openid", "email"]), json!("openid")),
    ] {
        let admin = bundle.account_with_role("admin").await;
        let put = bundle
            .put_client(&admin, "others", &json!({ "scopes": scopes }))
            .await;
        let _ = put.expect_status(200);
        let told = app.introspect(&access).await;
        assert_eq!(told["scope"], left, "{scopes}");
        if left.is_null() {
            assert_eq!(told, inactive(), "{scopes}");
        }
    }
}

#[tokio::test]
async fn of_refresh_tokens_the_current_one_counts() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = keeper(&bundle, "others", &json!({})).await;
    let mut chain = vec![app.tokens(&account).await.text_at("/refresh_token")];
    for _ in 0..2 {
        let newest = chain.last().expect("a token");
        assert_eq!(app.introspect(newest).await["active"], true);
        let next = bundle
            .send(&app.refreshing(newest))
            .await
            .expect_status(200);
        chain.push(next.text_at("/refresh_token"));
    }
    let counts = async |expected: [bool; 3], what: &str| {
        for (token, expected) in chain.iter().zip(expected) {
            let told = app.introspect(token).await;
            assert_eq!(told["active"], expected, "{what}");
            if !expected {
                assert_eq!(told, inactive(), "{what}");
            }
        }
    };
    counts([false, true, true], "within the grace").await;
    let rotated: u64 = stored(&bundle, "grant", "rotated_at")
        .parse()
        .expect("a time");
    let before = json!({ "N": (rotated - 60_000).to_string() });
    bundle.edit_type("grant", "rotated_at", &before);
    counts([false, false, true], "after it").await;
    // To ask is no use of it: nobody has stolen anything.
    let newest = app.refreshing(&chain[2]);
    let _ = bundle.send(&newest).await.expect_status(200);
}
