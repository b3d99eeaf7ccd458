use harness::{Answer, Bundle, HttpRequest, PASSWORD};
use serde_json::{Value, json};

use crate::bundle;

async fn login(bundle: &Bundle, email: &str, password: &str) -> Answer {
    bundle
        .post(
            "/v1/auth/login",
            &json!({ "email": email, "password": password }),
        )
        .await
}

/// The last request line a function logged.
async fn last_request(bundle: &Bundle, function: &str) -> Value {
    for _ in 0..50 {
        let log = bundle.function(function).await.log();
        let mut requests = log
            .iter()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        if let Some(line) = requests.rfind(|line| line["fields"]["message"] == "request") {
            return line["fields"].clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{function} logged no request");
}

#[tokio::test]
async fn signing_in_hands_out_tokens_that_work() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let answer = login(&bundle, &account.email.to_uppercase(), PASSWORD)
        .await
        .expect_status(200);
    assert_eq!(answer.text_at("/tokenType"), "Bearer");
    assert_eq!(answer.body["expiresIn"], 900);
    assert_eq!(answer.text_at("/user/id"), account.id);
    let me = bundle
        .send_as(&account, "GET", "/v1/users/me")
        .await
        .expect_status(200);
    assert_eq!(me.text_at("/id"), account.id);

    let session = bundle.items_of_type("session").remove(0);
    assert_eq!(session["ip_address"]["S"], "192.0.2.1");
    assert_eq!(session["user_agent"]["S"], "curl/8.5.0");
}

#[tokio::test]
async fn bug_22_bug_23_every_refusal_costs_and_looks_the_same() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let suspended = bundle.account().await;
    bundle.edit_user(&suspended.id, "status", &json!({ "S": "suspended" }));
    let mut seen = Vec::new();
    for (email, password, from, named) in [
        ("nobody@example.com", PASSWORD, "198.51.100.1", None),
        (
            account.email.as_str(),
            "not the password",
            "198.51.100.2",
            Some(&account.id),
        ),
        (
            suspended.email.as_str(),
            "not the password",
            "198.51.100.3",
            Some(&suspended.id),
        ),
    ] {
        // Nobody has tried it for an hour, whoever it is.
        for item in bundle.items_of_type("limit") {
            bundle.delete(&json!({ "pk": item["pk"], "sk": item["sk"] }));
        }
        let _ = bundle.recorder().take();
        bundle.restart("login").await;
        let warmed = bundle.function("login").await;
        let _ = bundle.recorder().take();
        let mut request = HttpRequest::new("POST", "/v1/auth/login")
            .json(&json!({ "email": email, "password": password }));
        from.clone_into(&mut request.source_ip);
        let answer = bundle.send_to(&warmed, &request).await.expect_status(401);
        assert_eq!(answer.code(), "invalid_credentials");
        let mut calls: Vec<String> = bundle
            .recorder()
            .take()
            .into_iter()
            .map(|call| call.operation)
            .collect();
        // Those made at the same time arrive in any order.
        calls.sort();
        let line = last_request(&bundle, "login").await;
        assert_eq!(line["password_hashes"], 1, "{email}");
        assert_eq!(line["store_calls"], 5, "{email}");
        // Known to who reads the logs, by its id, and to nobody else.
        assert_eq!(line["account"].as_str(), named.map(String::as_str));
        let mut body = answer.body.clone();
        body["requestId"] = json!("");
        body["timestamp"] = json!("");
        let mut headers = answer.headers.clone();
        headers["x-request-id"] = json!("");
        seen.push((answer.text.len(), body, headers, calls));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    let [gets, updates] = [["GetItem"; 2].as_slice(), &["UpdateItem"; 3]];
    assert_eq!(seen[0].3, [gets, updates].concat());
}

#[tokio::test]
async fn the_right_password_of_a_suspended_account_is_told_so_and_starts_no_session() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let sessions = bundle.items_of_type("session").len();
    bundle.edit_user(&account.id, "status", &json!({ "S": "suspended" }));
    let answer = login(&bundle, &account.email, PASSWORD)
        .await
        .expect_status(403);
    assert_eq!(answer.code(), "account_suspended");
    assert_eq!(bundle.items_of_type("session").len(), sessions);
}

#[tokio::test]
async fn bug_44_long_passwords_count_to_their_last_byte() {
    let bundle = bundle().await;
    let password = "p".repeat(72) + &"q".repeat(952);
    let body = json!({ "email": "ada@example.com", "password": password });
    let _ = bundle
        .post("/v1/auth/register", &body)
        .await
        .expect_status(201);
    let _ = login(&bundle, "ada@example.com", &password)
        .await
        .expect_status(200);
    for position in [72, 999, 1023] {
        let mut other = password.clone();
        other.replace_range(position..=position, "x");
        let _ = login(&bundle, "ada@example.com", &other)
            .await
            .expect_status(401);
    }
}

#[tokio::test]
async fn an_outdated_hash_is_replaced_at_login_and_sessions_live_on() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    use_outdated_hash(&bundle);
    let _ = login(&bundle, &account.email, PASSWORD)
        .await
        .expect_status(200);
    let stored = bundle.items_of_type("credential").remove(0);
    let hash = stored["password_hash"]["S"].as_str().unwrap_or_default();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
    assert_eq!(stored["credential_version"]["N"], "1");
    assert!(bundle.is_signed_in(&account).await);
    let _ = login(&bundle, &account.email, PASSWORD)
        .await
        .expect_status(200);
}

/// Gives every account a hash of [`PASSWORD`] with parameters that were once enough.
pub fn use_outdated_hash(bundle: &Bundle) {
    use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
    let params = Params::new(8_192, 1, 1, Some(32)).expect("valid");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2
        .hash_password_with_salt(PASSWORD.as_bytes(), b"sixteen bytes ok")
        .expect("hashes");
    let hash = json!({ "S": hash.to_string() });
    bundle.edit(
        |item| item["type"]["S"] == "credential",
        "password_hash",
        &hash,
    );
}

#[tokio::test]
async fn bug_46_a_hash_that_asks_for_gigabytes_is_a_wrong_password() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let credential = bundle.items_of_type("credential").remove(0);
    let hash = credential["password_hash"]["S"]
        .as_str()
        .unwrap_or_default();
    for forged in [
        hash.replace("m=19456", "m=4194304"),
        hash.replace("t=2", "t=1000000"),
    ] {
        bundle.edit(
            |item| item["type"]["S"] == "credential",
            "password_hash",
            &json!({ "S": forged }),
        );
        let started = std::time::Instant::now();
        let _ = login(&bundle, &account.email, PASSWORD)
            .await
            .expect_status(401);
        assert!(started.elapsed().as_secs() < 5);
    }
}

#[tokio::test]
async fn bug_61_a_login_overtaken_by_a_password_change_is_dead_on_arrival() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    // The password changes between login's read of the credential and its read of the user: the user
    // already has the new version, the credential that was verified the old one.
    bundle.edit_user(&account.id, "credential_version", &json!({ "N": "2" }));
    let answer = login(&bundle, &account.email, PASSWORD)
        .await
        .expect_status(200);
    let late = HttpRequest::new("GET", "/v1/users/me").bearer(&answer.text_at("/accessToken"));
    let _ = bundle.send(&late).await.expect_status(401);
    let _ = bundle
        .refresh(&answer.text_at("/refreshToken"))
        .await
        .expect_status(401);
    assert!(!bundle.is_signed_in(&account).await);
}

#[tokio::test]
async fn without_a_signing_key_it_answers_503_and_starts_no_session() {
    let bundle = Bundle::without_keys(env!("CARGO_BIN_EXE_login")).await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let _ = bundle
        .post("/v1/auth/register", &body)
        .await
        .expect_status(201);
    let answer = login(&bundle, "ada@example.com", PASSWORD)
        .await
        .expect_status(503);
    assert_eq!(answer.code(), "unavailable");
    assert!(bundle.items_of_type("session").is_empty());
    let rotated = bundle.invoke("rotate-keys", &json!({})).await;
    assert!(rotated["published"].is_string());
    let _ = login(&bundle, "ada@example.com", PASSWORD)
        .await
        .expect_status(200);
}

#[tokio::test]
async fn bug_53_no_secret_reaches_a_log_or_an_error() {
    let bundle = bundle().await;
    let canary = "canary-7f3a9c-in-the-password";
    let email = "canary-address@example.com";
    let body = json!({ "email": email, "password": canary, "firstName": "Canary-Name" });
    let _ = bundle
        .post("/v1/auth/register", &body)
        .await
        .expect_status(201);
    let tokens = login(&bundle, email, canary).await.expect_status(200);
    let access = tokens.text_at("/accessToken");
    let refresh = tokens.text_at("/refreshToken");
    let _ = login(&bundle, email, "canary-7f3a9c-another")
        .await
        .expect_status(401);
    let _ = bundle
        .post(
            "/v1/auth/login",
            &json!({ "email": email, "password": canary, "canary-7f3a9c": 1 }),
        )
        .await;
    let _ = bundle.refresh(&refresh).await.expect_status(200);
    let _ = bundle
        .refresh(&format!("{refresh}x"))
        .await
        .expect_status(401);
    bundle.recorder().disturb(|_| Some(harness::Fault::Refuse));
    let failed = login(&bundle, email, canary).await.expect_status(503);
    assert!(!failed.text.contains("canary"));
    bundle.recorder().calm();
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let mut lines = 0;
    for function in ["register", "login", "refresh"] {
        for line in bundle.function(function).await.log() {
            lines += 1;
            for secret in [
                "canary",
                "Canary",
                "argon2",
                "lkrt_",
                &access[20..60],
                &refresh[20..60],
                "uT7xKq2m",
            ] {
                assert!(!line.contains(secret), "{function} logged {secret}: {line}");
            }
        }
    }
    assert!(lines >= 6, "{lines}");
}
