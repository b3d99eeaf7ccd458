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

#[tokio::test]
async fn what_is_wrong_with_a_client_is_told_all_at_once() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let uris = |count: usize| {
        let uris = (0..count).map(|number| json!(format!("https://a.example/{number}")));
        uris.collect::<Value>()
    };
    let scopes = |count: usize| {
        (0..count)
            .map(|number| json!(format!("s{number}")))
            .collect::<Value>()
    };
    for (changes, expected) in [
        (json!({ "name": null }), "name invalid_type"),
        (json!({ "name": " \u{200b}" }), "name too_short"),
        (json!({ "name": "a".repeat(101) }), "name too_long"),
        (json!({ "name": "Sh\u{202e}op" }), "name invalid_format"),
        (
            json!({ "redirectUris": "https://a.example" }),
            "redirectUris invalid_type",
        ),
        (json!({ "redirectUris": [7] }), "redirectUris invalid_type"),
        (
            json!({ "redirectUris": ["/cb"] }),
            "redirectUris invalid_format",
        ),
        (
            json!({ "redirectUris": ["https://a.example/#"] }),
            "redirectUris invalid_value",
        ),
        (
            json!({ "redirectUris": ["javascript:alert(1)"] }),
            "redirectUris invalid_value",
        ),
        (
            json!({ "redirectUris": ["http://a.example/cb"] }),
            "redirectUris invalid_value",
        ),
        (
            json!({ "redirectUris": ["https://*.a.example/cb"] }),
            "redirectUris invalid_value",
        ),
        (
            json!({ "redirectUris": [format!("https://a.example/{}", "a".repeat(512))] }),
            "redirectUris too_long",
        ),
        (json!({ "redirectUris": uris(21) }), "redirectUris too_long"),
        (
            json!({ "postLogoutRedirectUris": ["data:/x"] }),
            "postLogoutRedirectUris invalid_value",
        ),
        (
            json!({ "postLogoutRedirectUris": uris(21) }),
            "postLogoutRedirectUris too_long",
        ),
        (
            json!({ "confidential": "true" }),
            "confidential invalid_type",
        ),
        (json!({ "firstParty": 1 }), "firstParty invalid_type"),
        (json!({ "scopes": [] }), "scopes too_short"),
        (
            json!({ "scopes": ["openid email"] }),
            "scopes invalid_format",
        ),
        (json!({ "scopes": ["OpenID"] }), "scopes invalid_format"),
        (json!({ "scopes": scopes(31) }), "scopes too_long"),
        (json!({ "audience": "" }), "audience invalid_format"),
        (json!({ "audience": "\u{e4}" }), "audience invalid_format"),
        (
            json!({ "audience": "a".repeat(201) }),
            "audience invalid_format",
        ),
        (
            json!({ "rotateSecret": true }),
            "rotateSecret invalid_value",
        ),
        (
            json!({ "clientSecret": "of my own" }),
            "clientSecret unknown",
        ),
        (
            json!({ "name": 1, "scopes": [], "firstParty": 0, "rotateSecret": true, "more": 1 }),
            "name invalid_type, firstParty invalid_type, scopes too_short, rotateSecret invalid_value, more unknown",
        ),
    ] {
        let mut body = json!({ "name": "Shop" });
        for (name, value) in changes.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        assert_eq!(
            wrong(&bundle, &admin, "shop", &body).await,
            expected,
            "{body}"
        );
    }
    assert_eq!(
        wrong(&bundle, &admin, "shop", &json!({})).await,
        "name required"
    );
    for id in [
        "ab",
        "Shop",
        "-shop",
        "shop-",
        "sh_op",
        "sh.op",
        &"a".repeat(65),
    ] {
        let name = json!({ "name": "Shop" });
        let expected = "clientId invalid_format";
        assert_eq!(wrong(&bundle, &admin, id, &name).await, expected, "{id}");
    }
    assert!(bundle.items_of_type("client").is_empty());

    // As much as there can be.
    let most = json!({ "redirectUris": uris(20), "postLogoutRedirectUris": uris(20), "scopes": scopes(30) });
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
