//! Adding, listing, renaming and removing passkeys.

use harness::requests::{by, post, sign_in};
use harness::{Account, Answer, Bundle, HttpRequest, PASSWORD, Passkey};
use serde_json::{Value, json};

use crate::{bundle, claims};

const PATH: &str = "/v1/users/me/passkeys";
const OPTIONS: &str = "/v1/users/me/passkeys/options";

async fn list(bundle: &Bundle, account: &Account) -> Value {
    let listed = bundle.send(&by(account, "GET", PATH)).await;
    listed.expect_status(200).body["data"].clone()
}

fn at(account: &Account, method: &str, added: &Answer) -> HttpRequest {
    by(account, method, &format!("{PATH}/{}", added.text_at("/id")))
}

#[tokio::test]
async fn a_passkey_is_added_listed_renamed_and_removed() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    assert_eq!(list(&bundle, &account).await, json!([]));
    let before = bundle.accounts();
    let started = bundle.begin_passkey(&account).await;
    let options = &started.body["options"];
    assert_eq!(
        options["rp"],
        json!({ "id": "localhost", "name": "Latchkey" })
    );
    assert_eq!(options["user"]["name"], account.email.as_str());
    assert_eq!(options["excludeCredentials"], json!([]));
    assert_eq!(
        options["authenticatorSelection"],
        json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" })
    );
    assert!(
        bundle.items_of_type("passkey").is_empty(),
        "nothing is written"
    );
    assert_eq!(bundle.accounts(), before);

    let (passkey, mut body) = Bundle::new_passkey(&started);
    body["name"] = "Laptop".into();
    let added = bundle.send(&by(&account, "POST", PATH).json(&body)).await;
    let added = added.expect_status(201);
    assert_eq!(added.body["name"], "Laptop");
    assert_eq!(added.body["synced"], false);
    let codes = added.body["recoveryCodes"].as_array().map(Vec::len);
    assert_eq!(codes, Some(10), "the first factor brings recovery codes");

    let (_, other) = bundle.add_passkey(&account).await;
    assert_eq!(other.body.get("recoveryCodes"), None);
    assert_eq!(other.body["name"], "Passkey");
    let again = bundle.begin_passkey(&account).await;
    let excluded = again.body["options"]["excludeCredentials"].as_array();
    let excluded: Vec<&Value> = excluded
        .into_iter()
        .flatten()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(excluded.len(), 2);
    assert!(excluded.contains(&&json!(passkey.id())));

    let renamed = at(&account, "PATCH", &added).json(&json!({ "name": "Old laptop" }));
    let renamed = bundle.send(&renamed).await.expect_status(200);
    assert_eq!(renamed.body["name"], "Old laptop");
    let listed = list(&bundle, &account).await;
    assert_eq!(listed[0], renamed.body);
    assert_eq!(listed[1]["id"], other.body["id"]);

    let _ = bundle
        .send(&at(&account, "DELETE", &other))
        .await
        .expect_status(204);
    bundle.assert_invariants();
    assert_eq!(
        list(&bundle, &account).await.as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(bundle.items_of_type("recovery_codes").len(), 1);
    let gone = bundle.send(&at(&account, "DELETE", &other)).await;
    assert_eq!(gone.expect_status(404).code(), "factor_not_found");
    let gone = at(&account, "PATCH", &other).json(&json!({ "name": "x" }));
    let gone = bundle.send(&gone).await;
    assert_eq!(gone.expect_status(404).code(), "factor_not_found");
    let _ = bundle
        .send(&at(&account, "DELETE", &added))
        .await
        .expect_status(204);
    assert!(bundle.items_of_type("recovery_codes").is_empty());
    bundle.assert_invariants();
    // The password alone is enough again.
    let _ = bundle.sign_in(&account.email).await;
}

#[tokio::test]
async fn a_ceremony_adds_one_passkey_to_the_account_it_was_for() {
    let bundle = bundle().await;
    let (account, other) = (bundle.account().await, bundle.account().await);
    let started = bundle.begin_passkey(&account).await;
    let (_, body) = Bundle::new_passkey(&started);
    let foreign = bundle.send(&by(&other, "POST", PATH).json(&body)).await;
    assert_eq!(foreign.expect_status(401).code(), "challenge_expired");
    let add = by(&account, "POST", PATH).json(&body);
    let added = bundle.send(&add).await.expect_status(201);
    let again = bundle.send(&add).await.expect_status(401);
    assert_eq!(again.code(), "challenge_expired");
    // Not even after it was removed.
    let _ = bundle
        .send(&at(&account, "DELETE", &added))
        .await
        .expect_status(204);
    let again = bundle.send(&add).await.expect_status(401);
    assert_eq!(again.code(), "challenge_expired");
    // What one account has, another may have, too: they are told apart by whose they say they are.
    let theirs = bundle.begin_passkey(&other).await;
    let (shared, body) = Bundle::new_passkey(&theirs);
    let added = bundle.send(&by(&other, "POST", PATH).json(&body)).await;
    let _ = added.expect_status(201);
    let started = bundle.begin_passkey(&account).await;
    let credential = shared.registration(&started.body["options"]);
    let body = json!({ "ceremony": started.body["ceremony"], "credential": credential });
    let added = bundle.send(&by(&account, "POST", PATH).json(&body)).await;
    let _ = added.expect_status(201);
    let signed_in = bundle.passkey_sign_in(&shared).await.expect_status(200);
    assert_eq!(signed_in.body["user"]["id"], other.id.as_str());
    let (passkey, _) = bundle.add_passkey(&account).await;
    let started = bundle.begin_passkey(&account).await;
    let credential = passkey.registration(&started.body["options"]);
    let body = json!({ "ceremony": started.body["ceremony"], "credential": credential });
    let twice = bundle.send(&by(&account, "POST", PATH).json(&body)).await;
    assert_eq!(twice.expect_status(409).code(), "factor_exists");
}

#[tokio::test]
async fn what_a_browser_would_not_have_made_is_refused_and_nothing_is_written() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let started = bundle.begin_passkey(&account).await;
    let options = &started.body["options"];
    let before = bundle.accounts();
    let made = |change: fn(&mut Passkey)| {
        let mut passkey = Passkey::new(options);
        change(&mut passkey);
        passkey.registration(options)
    };
    let edited = |change: fn(&mut Value)| {
        let mut credential = Passkey::new(options).registration(options);
        change(&mut credential);
        credential
    };
    for (what, credential) in [
        (
            "another origin",
            made(|made| made.origin = "http://localhost:3001".to_owned()),
        ),
        (
            "another domain",
            made(|made| made.rp_id = "example.com".to_owned()),
        ),
        ("no user verified", made(|made| made.verifies = false)),
        ("another id", edited(|json| json["id"] = "AAAA".into())),
        (
            "no object",
            edited(|json| json["response"]["attestationObject"] = "oA".into()),
        ),
        (
            "no base64url",
            edited(|json| json["response"]["clientDataJSON"] = "{}".into()),
        ),
        ("nothing", json!({})),
    ] {
        let body = json!({ "ceremony": started.body["ceremony"], "credential": credential });
        let refused = bundle.send(&by(&account, "POST", PATH).json(&body)).await;
        let refused = refused.expect_status(400);
        assert_eq!(
            refused.field_codes(),
            [("credential", "invalid_value")],
            "{what}"
        );
    }
    let other = bundle.begin_passkey(&account).await;
    let credential = Passkey::new(options).registration(&other.body["options"]);
    let body = json!({ "ceremony": started.body["ceremony"], "credential": credential });
    let refused = bundle.send(&by(&account, "POST", PATH).json(&body)).await;
    let _ = refused.expect_status(400);
    for (body, field) in [
        (json!({ "credential": {} }), "ceremony"),
        (
            json!({ "ceremony": "lkpc_", "credential": [] }),
            "credential",
        ),
        (json!({ "ceremony": "lkpc_" }), "credential"),
    ] {
        let refused = bundle.send(&by(&account, "POST", PATH).json(&body)).await;
        let refused = refused.expect_status(400);
        assert!(
            refused.field_codes().iter().any(|(name, _)| *name == field),
            "{body}"
        );
    }
    assert_eq!(bundle.accounts(), before);
    assert!(bundle.items_of_type("passkey").is_empty());
}

#[tokio::test]
async fn an_account_has_ten_passkeys_at_most() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    for _ in 0..9 {
        let _ = bundle.add_passkey(&account).await;
    }
    let started = bundle.begin_passkey(&account).await;
    let (_, tenth) = bundle.add_passkey(&account).await;
    assert_eq!(tenth.status, 201);
    let (_, body) = Bundle::new_passkey(&started);
    let refused = bundle.send(&by(&account, "POST", PATH).json(&body)).await;
    assert_eq!(refused.expect_status(401).code(), "challenge_expired");
    let refused = bundle.send(&by(&account, "POST", OPTIONS)).await;
    assert_eq!(refused.expect_status(409).code(), "too_many_passkeys");
    bundle.assert_invariants();
}

#[tokio::test]
async fn adding_and_removing_takes_a_recent_proof_and_ones_own_account() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let older = bundle.sign_in(&account.email).await;
    let (_, added) = bundle.add_passkey(&account).await;
    // A session that has shown the password alone.
    for request in [by(&older, "POST", OPTIONS), at(&older, "DELETE", &added)] {
        let refused = bundle.send(&request).await.expect_status(403);
        assert_eq!(refused.code(), "reauthentication_required");
    }
    let admin = bundle.account_with_role("admin").await;
    let path = format!("/v1/users/{}/passkeys", account.id);
    let listed = bundle
        .send(&by(&admin, "GET", &path))
        .await
        .expect_status(200);
    assert_eq!(listed.body["data"].as_array().map(Vec::len), Some(1));
    let own = format!("{path}/{}", added.text_at("/id"));
    for request in [
        by(&admin, "DELETE", &own),
        by(&admin, "PATCH", &own).json(&json!({ "name": "mine" })),
        by(&admin, "POST", &format!("{path}/options")),
    ] {
        let refused = bundle.send(&request).await.expect_status(403);
        assert_eq!(refused.code(), "forbidden");
    }
    // Who has lost it is helped by an admin, with a reason.
    let factor = format!(
        "/v1/users/{}/factors/{}?reason=lost",
        account.id,
        added.text_at("/id")
    );
    let _ = bundle
        .send(&by(&admin, "DELETE", &factor))
        .await
        .expect_status(204);
    assert_eq!(list(&bundle, &account).await, json!([]));
    bundle.assert_invariants();
}

#[tokio::test]
async fn who_must_have_a_factor_adds_a_passkey_during_the_sign_in() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let [login, go_on, remove] = ["login", "continue", "delete-passkey"];
    let login = bundle.spawn_with(login, "SECOND_FACTOR", "required").await;
    let go_on = bundle.spawn_with(go_on, "SECOND_FACTOR", "required").await;
    let remove = bundle.spawn_with(remove, "SECOND_FACTOR", "required").await;
    let answer = bundle
        .send_to(&login, &sign_in(&account.email, PASSWORD))
        .await;
    let answer = answer.expect_status(403);
    assert_eq!(answer.body["enrollable"], json!(["totp", "passkey"]));
    let challenge = answer.text_at("/challenge");
    let started = bundle
        .post(OPTIONS, &json!({ "challenge": challenge }))
        .await;
    let (_, mut body) = Bundle::new_passkey(&started.expect_status(200));
    body["challenge"] = challenge.into();
    let added = bundle.send(&post(PATH, &body)).await.expect_status(201);
    assert_eq!(
        added.body["recoveryCodes"].as_array().map(Vec::len),
        Some(10)
    );

    let body = json!({ "challenge": added.text_at("/challenge") });
    let answer = bundle
        .send_to(&go_on, &post("/v1/auth/continue", &body))
        .await;
    let answer = answer.expect_status(200);
    let token = answer.text_at("/accessToken");
    assert_eq!(claims(&token)["amr"], json!(["pwd", "hwk", "mfa"]));
    let account = Account {
        access_token: token,
        ..account
    };
    let refused = bundle
        .send_to(&remove, &at(&account, "DELETE", &added))
        .await;
    assert_eq!(refused.expect_status(409).code(), "last_factor");
}

#[tokio::test]
async fn resetting_an_address_that_nobody_verified_removes_what_may_be_anothers() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let (passkey, _) = bundle.add_passkey(&account).await;
    let ask = json!({ "email": account.email });
    let _ = bundle.post("/v1/auth/forgot-password", &ask).await;
    let token = bundle.token(&account.email, "reset_password").await;
    let body = json!({ "token": token, "password": "staple battery horse correct" });
    let _ = bundle
        .post("/v1/auth/reset-password", &body)
        .await
        .expect_status(204);
    assert!(bundle.items_of_type("passkey").is_empty());
    let refused = bundle.passkey_sign_in(&passkey).await.expect_status(401);
    assert_eq!(refused.code(), "unknown_credential");
    let _ = bundle
        .send(&sign_in(&account.email, "staple battery horse correct"))
        .await
        .expect_status(200);
}
