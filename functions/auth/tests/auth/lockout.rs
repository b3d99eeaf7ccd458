//! Rate limits: who is not locked out by whom.

use std::time::Duration;

use harness::{Answer, Bundle, Function, HttpRequest, PASSWORD};
use latchkey::clock;
use serde_json::{Value, json};

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
    let owner = remembered(&bundle, &login, &sign_in("ada@example.com", PASSWORD, home)).await;
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
    let limits = "account-address=2/1h address=8/1h account=3/1h";
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
        // What was refused there has taken nothing from the account.
        assert_eq!(ask(other, email).await, None, "{function}");
        let refused = ask("192.0.2.9", email).await;
        assert_eq!(refused.as_deref(), Some("account"), "{function}");
        // Nor does what is refused to the address as a whole.
        let victim = "grace@example.com";
        assert_eq!(ask(greedy, victim).await, None, "{function}");
        assert_eq!(ask(greedy, "joan@example.com").await, None, "{function}");
        let refused = ask(greedy, victim).await;
        assert_eq!(refused.as_deref(), Some("address"), "{function}");
        for from in [other, "192.0.2.9"] {
            assert_eq!(ask(from, victim).await, None, "{function} {from}");
        }
        let refused = ask("192.0.2.10", victim).await;
        assert_eq!(refused.as_deref(), Some("account"), "{function}");
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
    let _ = remembered(&bundle, &login, &squats).await;
    reset(&bundle, email).await;
    let at_home = sign_in(email, PASSWORD, owner);
    let _ = remembered(&bundle, &login, &at_home).await;
    for number in 0..7 {
        let guess = sign_in(email, "a guess", &format!("192.0.2.{number}"));
        let _ = bundle.send_to(&login, &guess).await.expect_status(401);
    }
    let refused = bundle.send_to(&login, &squats).await.expect_status(429);
    assert_eq!(rule_of(&refused), "account");
    let _ = bundle.send_to(&login, &at_home).await.expect_status(200);
}

/// Signs in until the address is remembered: a sign-in does not wait for it for long.
async fn remembered(bundle: &Bundle, login: &Function, request: &HttpRequest) -> Answer {
    let known = || {
        let limits = bundle.items_of_type("limit").into_iter();
        let until: Vec<_> = limits.map(|item| item["known_until"].clone()).collect();
        until
    };
    let before = known();
    for _ in 0..3 {
        let answer = bundle.send_to(login, request).await.expect_status(200);
        if known() != before {
            return answer;
        }
    }
    panic!("the address is not remembered");
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

#[tokio::test]
async fn bug_42_an_address_is_known_for_30_days_after_every_sign_in() {
    const DAY: u64 = 24 * 60 * 60;
    let bundle = bundle().await;
    let account = bundle.account().await;
    let login = bundle.function("login").await;
    let request = sign_in(&account.email, PASSWORD, "203.0.113.8");
    let _ = remembered(&bundle, &login, &request).await;
    let item = || {
        let mut limits = bundle.items_of_type("limit").into_iter();
        let has_it = |item: &Value| item["pk"]["S"].to_string().contains("203.0.113.8");
        limits.find(|item| has_it(item) && item["known_until"].is_object())
    };
    let until = || {
        let until = item().expect("it is remembered")["known_until"]["N"].clone();
        until
            .as_str()
            .and_then(|n| n.parse::<u64>().ok())
            .expect("a time")
    };
    let now = clock::now().as_seconds();
    assert!((now + 44 * DAY..now + 46 * DAY).contains(&until()));
    for (left, is_renewed) in [(31, false), (29, true)] {
        let mut item = item().expect("it is remembered");
        item["known_until"] = json!({ "N": (now + left * DAY).to_string() });
        item["ttl"] = item["known_until"].clone();
        bundle.put(&item);
        let _ = bundle.send_to(&login, &request).await.expect_status(200);
        let shifted = if is_renewed { 45 } else { left };
        assert!(until() < now + (shifted + 1) * DAY && until() >= now + shifted * DAY);
    }
}

#[tokio::test]
async fn bug_42_no_mailbox_gets_more_letters_than_its_limit_whoever_asks() {
    let bundle = bundle().await;
    let limits = "account-address=9/1h address=99/1h account=3/1h";
    let process = bundle
        .spawn_with("change-email", "RATE_LIMITS", limits)
        .await;
    let mut statuses = Vec::new();
    for number in 0..5 {
        let account = bundle.account().await;
        let mut request = HttpRequest::new("POST", "/v1/users/me/email")
            .json(&json!({ "email": "Victim@example.com" }))
            .bearer(&account.access_token);
        request.source_ip = format!("192.0.2.{number}");
        statuses.push(bundle.send_to(&process, &request).await.status);
    }
    assert_eq!(statuses, [202, 202, 202, 429, 429]);
}
