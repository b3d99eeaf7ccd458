//! Rate limits: who is not locked out by whom.

use std::time::Duration;

use harness::{Bundle, HttpRequest, PASSWORD};
use serde_json::json;

use crate::bundle;
use crate::limits::{rewind_limits, rule_of, sign_in};

#[tokio::test]
async fn bug_42_nobody_locks_the_owner_out_from_elsewhere() {
    let bundle = bundle().await;
    let limits = "account-address=3/1h address=1000/1h account=5/1h";
    let login = bundle.spawn_with("login", "RATE_LIMITS", limits).await;
    let home = "203.0.113.8";
    let registered = json!({ "email": "ada@example.com", "password": PASSWORD });
    let _ = bundle
        .post("/v1/auth/register", &registered)
        .await
        .expect_status(201);
    let owner = bundle
        .send_to(&login, &sign_in("ada@example.com", PASSWORD, home))
        .await
        .expect_status(200);
    // From many addresses, until the account's own limit is reached.
    let mut statuses = Vec::new();
    for number in 0..8 {
        let from = format!("198.51.100.{number}");
        let guess = sign_in("ada@example.com", "a guess", &from);
        statuses.push(bundle.send_to(&login, &guess).await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 429, 429, 429, 429]);

    let at_home = sign_in("ada@example.com", PASSWORD, home);
    let _ = bundle.send_to(&login, &at_home).await.expect_status(200);
    let elsewhere = sign_in("ada@example.com", PASSWORD, "192.0.2.99");
    let refused = bundle.send_to(&login, &elsewhere).await.expect_status(429);
    assert_eq!(rule_of(&refused), "account");
    // Sessions that are open go on, and refresh.
    let bearer = HttpRequest::new("GET", "/v1/users/me").bearer(&owner.text_at("/accessToken"));
    let _ = bundle.send(&bearer).await.expect_status(200);
    let _ = bundle
        .refresh(&owner.text_at("/refreshToken"))
        .await
        .expect_status(200);
    // What they used up comes back by itself: one in 12 minutes.
    rewind_limits(&bundle, Duration::from_mins(12));
    let _ = bundle.send_to(&login, &elsewhere).await.expect_status(200);
    // A wrong password at home is limited at home all the same.
    for expected in [401, 429] {
        let wrong = sign_in("ada@example.com", "a guess", home);
        let answer = bundle.send_to(&login, &wrong).await;
        assert_eq!(answer.status, expected, "{}", answer.text);
    }
}

#[tokio::test]
async fn bug_42_one_address_uses_up_no_limit_but_its_own() {
    let bundle = bundle().await;
    let limits = "account-address=2/1h address=3/1h account=3/1h";
    let email = "ada@example.com";
    let routes = [
        ("login", json!({ "email": email, "password": "a guess" })),
        ("register", json!({ "email": email, "password": PASSWORD })),
        ("forgot-password", json!({ "email": email })),
        ("resend-verification", json!({ "email": email })),
    ];
    for (function, body) in routes {
        let process = bundle.spawn_with(function, "RATE_LIMITS", limits).await;
        let ask = async |from: &str, email: &str| {
            let mut body = body.clone();
            body["email"] = json!(email);
            let path = format!("/v1/auth/{function}");
            let mut request = HttpRequest::new("POST", &path).json(&body);
            from.clone_into(&mut request.source_ip);
            let answer = bundle.send_to(&process, &request).await;
            (answer.status == 429).then(|| rule_of(&answer))
        };
        let (greedy, other) = ("198.51.100.7", "203.0.113.8");
        for number in 0..6 {
            let refused = ask(greedy, email).await;
            let expected = (number >= 2).then_some("account-address");
            assert_eq!(refused.as_deref(), expected, "{function} {number}");
        }
        // What was refused there has taken nothing from the account, nor from the address.
        assert_eq!(ask(other, email).await, None, "{function}");
        assert_eq!(ask(greedy, "grace@example.com").await, None, "{function}");
        let refused = ask("192.0.2.9", email).await;
        assert_eq!(refused.as_deref(), Some("account"), "{function}");
        let refused = ask(greedy, "joan@example.com").await;
        assert_eq!(refused.as_deref(), Some("address"), "{function}");
    }
}

#[tokio::test]
async fn bug_42_an_address_is_known_to_a_password_and_not_to_the_next() {
    let bundle = bundle().await;
    let limits = "account-address=9/1h account=9/1h";
    let login = bundle.spawn_with("login", "RATE_LIMITS", limits).await;
    let (email, stranger, owner) = ("ada@example.com", "198.51.100.7", "203.0.113.8");
    let registered = json!({ "email": email, "password": "what a stranger chose" });
    let _ = bundle
        .post("/v1/auth/register", &registered)
        .await
        .expect_status(201);
    let squats = sign_in(email, "what a stranger chose", stranger);
    let _ = bundle.send_to(&login, &squats).await.expect_status(200);
    reset(&bundle, email).await;
    let at_home = sign_in(email, PASSWORD, owner);
    let _ = bundle.send_to(&login, &at_home).await.expect_status(200);
    for number in 0..7 {
        let guess = sign_in(email, "a guess", &format!("192.0.2.{number}"));
        let _ = bundle.send_to(&login, &guess).await.expect_status(401);
    }
    let refused = bundle.send_to(&login, &squats).await.expect_status(429);
    assert_eq!(rule_of(&refused), "account");
    let _ = bundle.send_to(&login, &at_home).await.expect_status(200);
}

/// The owner of the mailbox chooses [`PASSWORD`].
async fn reset(bundle: &Bundle, email: &str) {
    let _ = bundle
        .post("/v1/auth/forgot-password", &json!({ "email": email }))
        .await
        .expect_status(202);
    bundle.deliver().await;
    let letters = bundle.letters_to(email).into_iter();
    let token = letters
        .filter(|letter| letter.name() == "reset_password")
        .find_map(|letter| letter.token())
        .expect("a token");
    let body = json!({ "token": token, "password": PASSWORD });
    let _ = bundle
        .post("/v1/auth/reset-password", &body)
        .await
        .expect_status(204);
}
