//! Registering clients.

use harness::requests::by;
use harness::{Account, Bundle};
use serde_json::{Value, json};

use crate::bundle;

/// What is wrong with a client, as the answer names it.
async fn wrong(bundle: &Bundle, admin: &Account, id: &str, body: &Value) -> String {
    let request = by(admin, "PUT", &format!("/v1/clients/{id}")).json(body);
    let answer = bundle.send(&request).await.expect_status(400);
    let codes = answer.field_codes().into_iter();
    let codes = codes.map(|(field, code)| format!("{field} {code}"));
    codes.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn an_admin_registers_changes_and_removes_a_client() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let made = bundle.put_client(&admin, "shop", &json!({})).await;
    let made = made.expect_status(201);
    let expected = json!({
        "clientId": "shop",
        "name": "Shop",
        "redirectUris": ["https://shop.example.com/signed-in"],
        "postLogoutRedirectUris": [],
        "confidential": false,
        "firstParty": false,
        "scopes": ["openid", "profile", "email", "offline_access"],
        "secrets": [],
        "createdAt": made.body["createdAt"],
        "updatedAt": made.body["createdAt"],
        "version": 1,
    });
    assert_eq!(made.body, expected);
    assert_eq!(made.header("etag"), "\"1\"");

    let changes = json!({
        "name": " Our shop ",
        "redirectUris": ["com.example.shop:/in", "http://127.0.0.1/in", "com.example.shop:/in"],
        "postLogoutRedirectUris": ["https://shop.example.com"],
        "firstParty": true,
        "scopes": ["orders:read", "openid", "openid"],
        "audience": "https://orders.example.com",
    });
    let changed = bundle.put_client(&admin, "shop", &changes).await;
    let changed = changed.expect_status(200);
    for (name, value) in [
        ("name", json!("Our shop")),
        (
            "redirectUris",
            json!(["com.example.shop:/in", "http://127.0.0.1/in"]),
        ),
        (
            "postLogoutRedirectUris",
            json!(["https://shop.example.com"]),
        ),
        ("firstParty", json!(true)),
        ("scopes", json!(["orders:read", "openid"])),
        ("audience", json!("https://orders.example.com")),
        ("createdAt", made.body["createdAt"].clone()),
        ("version", json!(2)),
    ] {
        assert_eq!(changed.body[name], value, "{name}");
    }
    // What is missing is as it is for a new one.
    let plain = bundle.put_client(&admin, "shop", &json!({})).await;
    assert!(plain.expect_status(200).body.get("audience").is_none());

    let _ = bundle
        .put_client(&admin, "app", &json!({ "name": "App" }))
        .await
        .expect_status(201);
    let listed = bundle.send_as(&admin, "GET", "/v1/clients").await;
    let listed = listed.expect_status(200);
    let ids = ["/data/0/clientId", "/data/1/clientId", "/data/2/clientId"];
    let ids = ids.map(|pointer| listed.text_at(pointer));
    assert_eq!(ids, ["app", "shop", ""], "by their ids");

    let removed = by(&admin, "DELETE", "/v1/clients/shop");
    let _ = bundle.send(&removed).await.expect_status(204);
    let again = bundle.send(&removed).await.expect_status(404);
    assert_eq!(again.code(), "client_not_found");
    let listed = bundle.send_as(&admin, "GET", "/v1/clients").await;
    assert_eq!(listed.body["data"].as_array().map(Vec::len), Some(1));
    let back = bundle.put_client(&admin, "shop", &json!({})).await;
    assert_eq!(back.expect_status(201).body["version"], 1);
}

#[tokio::test]
async fn only_an_admin_who_has_just_proved_it_registers_clients() {
    let bundle = bundle().await;
    for role in ["user", "moderator"] {
        let account = bundle.account_with_role(role).await;
        let answer = bundle.put_client(&account, "shop", &json!({})).await;
        assert_eq!(answer.expect_status(403).code(), "forbidden", "{role}");
        for (method, path) in [("GET", "/v1/clients"), ("DELETE", "/v1/clients/shop")] {
            let answer = bundle.send_as(&account, method, path).await;
            let answer = answer.expect_status(403);
            assert_eq!(answer.code(), "forbidden", "{role} {method}");
        }
    }
    let admin = bundle.account_with_role("admin").await;
    let made = bundle.put_client(&admin, "shop", &json!({})).await;
    let _ = made.expect_status(201);
    let long_ago = json!({ "N": "1000000000000" });
    bundle.edit_type("session", "created_at", &long_ago);
    for mut session in bundle.items_of_type("session") {
        session.as_object_mut().expect("an item").remove("proved");
        bundle.put(&session);
    }
    let before = bundle.items_of_type("client");
    let put = bundle
        .put_client(&admin, "shop", &json!({ "name": "Ours" }))
        .await;
    let delete = bundle.send_as(&admin, "DELETE", "/v1/clients/shop").await;
    for answer in [put, delete] {
        let answer = answer.expect_status(403);
        assert_eq!(answer.code(), "reauthentication_required");
    }
    assert_eq!(bundle.items_of_type("client"), before);
    // To look at them takes no proof.
    let listed = bundle.send_as(&admin, "GET", "/v1/clients").await;
    let _ = listed.expect_status(200);
}

/// So many texts, each another.
fn texts(count: usize, prefix: &str) -> Value {
    let texts = (0..count).map(|number| json!(format!("{prefix}{number}")));
    texts.collect()
}

#[tokio::test]
async fn what_is_wrong_with_a_client_is_told_all_at_once() {
    const URI: &str = "https://a.example/";
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    for (field, value, code) in [
        ("name", Value::Null, "invalid_type"),
        ("name", json!(" \u{200b}"), "too_short"),
        ("name", json!("a".repeat(101)), "too_long"),
        ("name", json!("Sh\u{202e}op"), "invalid_format"),
        ("redirectUris", json!(URI), "invalid_type"),
        ("redirectUris", json!([7]), "invalid_type"),
        ("redirectUris", json!(["/cb"]), "invalid_format"),
        (
            "redirectUris",
            json!(["https://a.example/#"]),
            "invalid_value",
        ),
        (
            "redirectUris",
            json!(["javascript:alert(1)"]),
            "invalid_value",
        ),
        (
            "redirectUris",
            json!(["http://a.example/cb"]),
            "invalid_value",
        ),
        (
            "redirectUris",
            json!(["https://*.example/cb"]),
            "invalid_value",
        ),
        ("redirectUris", json!([URI.repeat(30)]), "too_long"),
        ("redirectUris", texts(21, URI), "too_long"),
        (
            "postLogoutRedirectUris",
            json!(["data:/x"]),
            "invalid_value",
        ),
        ("postLogoutRedirectUris", texts(21, URI), "too_long"),
        ("confidential", json!("true"), "invalid_type"),
        ("firstParty", json!(1), "invalid_type"),
        ("scopes", json!([]), "too_short"),
        ("scopes", json!(["openid email"]), "invalid_format"),
        ("scopes", json!(["OpenID"]), "invalid_format"),
        ("scopes", texts(31, "s"), "too_long"),
        ("audience", json!(""), "invalid_format"),
        ("audience", json!("\u{e4}"), "invalid_format"),
        ("audience", json!("a".repeat(201)), "invalid_format"),
        (
            "audience",
            json!("http://127.0.0.1:9000/oauth2/userinfo"),
            "invalid_value",
        ),
        ("rotateSecret", json!(true), "invalid_value"),
        ("clientSecret", json!("of my own"), "unknown"),
    ] {
        let mut body = json!({ "name": "Shop" });
        body[field] = value;
        let expected = format!("{field} {code}");
        assert_eq!(
            wrong(&bundle, &admin, "shop", &body).await,
            expected,
            "{body}"
        );
    }
    let several = json!({ "scopes": [], "firstParty": 0, "rotateSecret": true, "more": 1 });
    assert_eq!(
        wrong(&bundle, &admin, "shop", &several).await,
        "name required, firstParty invalid_type, scopes too_short, rotateSecret invalid_value, more unknown"
    );
    let long = "a".repeat(65);
    for id in ["ab", "Shop", "-shop", "shop-", "sh_op", "sh.op", &long] {
        let name = json!({ "name": "Shop" });
        let expected = "clientId invalid_format";
        assert_eq!(wrong(&bundle, &admin, id, &name).await, expected, "{id}");
    }
    assert!(bundle.items_of_type("client").is_empty());

    let most = json!({
        "redirectUris": texts(20, URI),
        "postLogoutRedirectUris": texts(20, URI),
        "scopes": texts(30, "s"),
    });
    let most = bundle.put_client(&admin, "shop", &most).await;
    let _ = most.expect_status(201);
}

/// A token that a client gets is not one of this API, whatever the client was registered for.
#[tokio::test]
async fn no_client_is_registered_for_this_api() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let settings = bundle.environment("put-client");
    let own = settings.iter().find(|(name, _)| name == "AUDIENCE");
    let (_, own) = own.expect("an audience");
    let body = json!({ "name": "Shop", "audience": own });
    let expected = "audience invalid_value";
    assert_eq!(wrong(&bundle, &admin, "shop", &body).await, expected);
}

#[tokio::test]
async fn a_client_stays_public_or_confidential() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    for (id, confidential) in [("public", false), ("private", true)] {
        let body = |confidential: Value| json!({ "name": "Shop", "confidential": confidential });
        let as_made = body(confidential.into());
        let made = bundle.put_client(&admin, id, &as_made).await;
        let _ = made.expect_status(201);
        let other = wrong(&bundle, &admin, id, &body((!confidential).into())).await;
        assert_eq!(other, "confidential invalid_value");
        // Not said, it is what it was.
        for changes in [as_made, body(Value::Null), json!({ "name": "Ours" })] {
            let kept = bundle.put_client(&admin, id, &changes).await;
            let kept = kept.expect_status(200);
            assert_eq!(kept.body["confidential"], confidential);
        }
    }
    // Another one of the same id is what it is made as.
    let removed = bundle.send_as(&admin, "DELETE", "/v1/clients/public").await;
    let _ = removed.expect_status(204);
    let made = bundle
        .put_client(&admin, "public", &json!({ "confidential": true }))
        .await;
    assert_eq!(made.expect_status(201).body["confidential"], true);
}
