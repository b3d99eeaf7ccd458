//! Rate limits: what is counted, and before what.

use std::sync::Arc;
use std::time::Duration;

use harness::{Answer, Bundle, Fault, Function, HttpRequest, PASSWORD};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::bundle;

/// Ten at once, and none again while a test runs.
const TEN: &str = "account-address=10/1h address=1000/1h account=1000/1h";

pub fn sign_in(email: &str, password: &str, from: &str) -> HttpRequest {
    let mut request = HttpRequest::new("POST", "/v1/auth/login")
        .json(&json!({ "email": email, "password": password }));
    from.clone_into(&mut request.source_ip);
    request
}

/// What the request lines of a function's log add up to, once so many have been written.
async fn logged(function: &Function, requests: usize, field: &str) -> u64 {
    for _ in 0..200 {
        let log = function.log();
        let lines = log
            .iter()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let lines: Vec<Value> = lines
            .filter(|line| line["fields"]["message"] == "request")
            .collect();
        if lines.len() >= requests {
            let values = lines.iter().map(|line| line["fields"][field].as_u64());
            return values.map(Option::unwrap_or_default).sum();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{requests} request lines were expected");
}

#[tokio::test(flavor = "multi_thread")]
async fn bug_41_100_parallel_wrong_passwords_cause_at_most_10_hashes() {
    let bundle = Arc::new(bundle().await);
    let account = bundle.account().await;
    let mut processes = Vec::new();
    for _ in 0..8 {
        let process = bundle.spawn_with("login", "RATE_LIMITS", TEN).await;
        processes.push(Arc::new(process));
    }
    let mut guesses = JoinSet::new();
    for number in 0..100 {
        let (bundle, process) = (Arc::clone(&bundle), Arc::clone(&processes[number % 8]));
        let guess = sign_in(&account.email, &format!("guess {number}"), "198.51.100.7");
        guesses.spawn(async move { bundle.send_to(&process, &guess).await.status });
    }
    let statuses = guesses.join_all().await;
    let wrong = statuses.iter().filter(|status| **status == 401).count();
    let limited = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!((wrong, limited), (10, 90), "{statuses:?}");
    let mut hashes = 0;
    for (number, process) in processes.iter().enumerate() {
        let requests = (number..100).step_by(8).count();
        hashes += logged(process, requests, "password_hashes").await;
    }
    assert_eq!(hashes, 10, "hashes");

    let from_home = sign_in(&account.email, PASSWORD, "203.0.113.8");
    let _ = bundle
        .send_to(&processes[0], &from_home)
        .await
        .expect_status(200);
    let from_there = sign_in(&account.email, PASSWORD, "198.51.100.7");
    let _ = bundle
        .send_to(&processes[0], &from_there)
        .await
        .expect_status(429);
}

#[tokio::test]
async fn bug_24_unknown_addresses_are_limited_alike() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let login = bundle
        .spawn_with("login", "RATE_LIMITS", "account-address=3/1h account=4/1h")
        .await;
    let mut seen = Vec::new();
    for email in [account.email.as_str(), "nobody@example.com"] {
        let mut answers = Vec::new();
        for from in ["198.51.100.7", "198.51.100.8"] {
            for _ in 0..4 {
                let guess = sign_in(email, "a guess", from);
                let answer = bundle.send_to(&login, &guess).await;
                let mut headers = answer.headers.clone();
                headers["x-request-id"] = json!("");
                let limit = headers["ratelimit"].as_str().unwrap_or_default();
                let (limit, wait) = limit.rsplit_once('=').unwrap_or(("", "0"));
                let wait: u64 = wait.parse().expect("seconds");
                assert_eq!(
                    headers["retry-after"].as_str().unwrap_or("0"),
                    wait.to_string()
                );
                // Seconds pass meanwhile.
                let rounded = wait.div_ceil(300) * 300;
                headers["ratelimit"] = json!(format!("{limit}={rounded}"));
                headers["retry-after"] = json!("");
                answers.push((answer.status, answer.code().to_owned(), headers));
            }
        }
        seen.push(answers);
    }
    assert_eq!(seen[0], seen[1]);
    let statuses: Vec<u64> = seen[0].iter().map(|(status, ..)| *status).collect();
    assert_eq!(statuses, [401, 401, 401, 429, 401, 429, 429, 429]);
}

#[tokio::test]
async fn bug_40_an_address_counts_once_however_it_is_spelled_and_whatever_a_header_claims() {
    let bundle = bundle().await;
    let login = bundle
        .spawn_with("login", "RATE_LIMITS", "address=4/1h")
        .await;
    let spellings = [
        "2001:db8:0:1::1",
        "2001:0DB8:0000:0001:0000:0000:0000:0001",
        "2001:db8:0:1:ffff::2",
        "2001:DB8:0:1::",
        "2001:db8:0:1::5",
    ];
    for (number, from) in spellings.into_iter().enumerate() {
        let guess = sign_in(&format!("user{number}@example.com"), "a guess", from)
            .header("x-forwarded-for", &format!("203.0.113.{number}"))
            .header("forwarded", &format!("for=203.0.113.{number}"))
            .header("x-real-ip", &format!("203.0.113.{number}"));
        let answer = bundle.send_to(&login, &guess).await;
        let expected = if number < 4 { 401 } else { 429 };
        assert_eq!(answer.status, expected, "{from}");
    }
    let neighbour = sign_in("user@example.com", "a guess", "2001:db8:0:2::1");
    let _ = bundle.send_to(&login, &neighbour).await.expect_status(401);
}

#[tokio::test]
async fn every_limited_endpoint_refuses_before_any_hash_and_any_other_write() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let admin = bundle.account_with_role("admin").await;
    bundle.deliver().await;
    let letter = bundle.letters_to(&account.email).remove(0);
    let token = letter.token().expect("a token");
    let email = &account.email;
    let post = |path: &str, body: Value| HttpRequest::new("POST", path).json(&body);
    let requests = [
        ("login", sign_in(email, "a guess", "192.0.2.1")),
        (
            "verify-email",
            post(
                "/v1/auth/verify-email",
                json!({ "token": token, "password": "a guess" }),
            ),
        ),
        (
            "register",
            post(
                "/v1/auth/register",
                json!({ "email": email, "password": PASSWORD }),
            ),
        ),
        (
            "forgot-password",
            post("/v1/auth/forgot-password", json!({ "email": email })),
        ),
        (
            "resend-verification",
            post("/v1/auth/resend-verification", json!({ "email": email })),
        ),
        (
            "change-password",
            post(
                "/v1/auth/change-password",
                json!({ "currentPassword": "a guess", "newPassword": "another long one" }),
            )
            .bearer(&account.access_token),
        ),
        (
            "change-email",
            post("/v1/users/me/email", json!({ "email": "new@example.com" }))
                .bearer(&account.access_token),
        ),
        // Again and again, because the first one succeeds.
        (
            "delete-user",
            HttpRequest::new("DELETE", "").bearer(&admin.access_token),
        ),
    ];
    let mut refusals = 0;
    for (function, mut request) in requests {
        for rule in ["account-address", "address", "account"] {
            for item in bundle.items_of_type("limit") {
                bundle.delete(&json!({ "pk": item["pk"], "sk": item["sk"] }));
            }
            let limits = format!("{rule}=1/1h");
            let process = bundle.spawn_with(function, "RATE_LIMITS", &limits).await;
            if function == "delete-user" {
                request.path = format!("/v1/users/{}", bundle.account().await.id);
            }
            let first = bundle.send_to(&process, &request).await;
            assert_ne!(first.status, 429, "{function}");
            let hashes = logged(&process, 1, "password_hashes").await;
            if function == "delete-user" {
                request.path = format!("/v1/users/{}", bundle.account().await.id);
            }
            let before = bundle.items();
            let _ = bundle.recorder().take();
            let refused = bundle.send_to(&process, &request).await.expect_status(429);
            assert_eq!(refused.code(), "rate_limited", "{function}");
            assert_eq!(rule_of(&refused), rule, "{function}");
            let seconds: u64 = refused.header("retry-after").parse().expect("seconds");
            assert!((3500..=3600).contains(&seconds), "{function}: {seconds}");
            let writes = bundle.recorder().take().into_iter();
            let writes = writes.filter(|call| call.write_units > 0.0 && call.status == 200);
            assert_eq!(writes.count(), 0, "{function} writes");
            assert_eq!(bundle.items(), before, "{function} changes something");
            let after = logged(&process, 2, "password_hashes").await;
            assert_eq!(after, hashes, "{function} hashes");
            refusals += 1;
        }
    }
    assert_eq!(refusals, 8 * 3);
}

#[tokio::test]
async fn the_limiter_fails_closed() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let hashes = {
        let login = bundle.function("login").await;
        logged(&login, 1, "password_hashes").await
    };
    bundle
        .recorder()
        .disturb(|operation| (operation == "UpdateItem").then_some(Fault::Refuse));
    let answer = bundle
        .send(&sign_in(&account.email, PASSWORD, "192.0.2.1"))
        .await
        .expect_status(503);
    assert!(!answer.header("retry-after").is_empty());
    let asked = bundle
        .post(
            "/v1/auth/forgot-password",
            &json!({ "email": account.email }),
        )
        .await;
    assert_eq!(asked.status, 503);
    bundle.recorder().calm();
    let login = bundle.function("login").await;
    assert_eq!(logged(&login, 2, "password_hashes").await, hashes);
    let requested = bundle.items_of_type("mail_request");
    assert_eq!(requested.len(), 0, "{requested:?}");
}

#[tokio::test]
async fn a_limit_lets_through_what_comes_back_and_no_more() {
    let bundle = bundle().await;
    let limits = "account-address=3/30m";
    let login = bundle.spawn_with("login", "RATE_LIMITS", limits).await;
    let guess = sign_in("ada@example.com", "a guess", "198.51.100.7");
    let try_often = async |expected: [u64; 4]| {
        let mut statuses = [0; 4];
        for status in &mut statuses {
            *status = bundle.send_to(&login, &guess).await.status;
        }
        assert_eq!(statuses, expected);
    };
    try_often([401, 401, 401, 429]).await;
    rewind_limits(&bundle, Duration::from_mins(10));
    try_often([401, 429, 429, 429]).await;
    // Idle for a day earns no more than the burst.
    rewind_limits(&bundle, Duration::from_hours(24));
    try_often([401, 401, 401, 429]).await;
    let items = bundle.items_of_type("limit");
    assert_eq!(items.len(), 1, "{items:?}");
    let ttl: u64 = items[0]["ttl"]["N"]
        .as_str()
        .and_then(|ttl| ttl.parse().ok())
        .expect("a ttl");
    let tat = arrival(&items[0]) / 1000;
    assert!(
        (tat..tat + 1800).contains(&ttl),
        "it outlives what it limits"
    );
}

/// The rule that a refusal names, the same in both headers.
pub fn rule_of(refused: &Answer) -> String {
    let rule = |header: &str| {
        let value = refused.header(header);
        value.split('"').nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(rule("ratelimit"), rule("ratelimit-policy"));
    rule("ratelimit")
}

fn arrival(item: &Value) -> u64 {
    let arrival = item["tat"]["N"].as_str();
    arrival.and_then(|tat| tat.parse().ok()).expect("a time")
}

/// Lets time pass for every limit.
pub fn rewind_limits(bundle: &Bundle, time: Duration) {
    let millis = u64::try_from(time.as_millis()).expect("some hours");
    for mut item in bundle.items_of_type("limit") {
        item["tat"] = json!({ "N": (arrival(&item) - millis).to_string() });
        bundle.put(&item);
    }
}
