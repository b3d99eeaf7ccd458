//! Requests at the same time. Some of them many at once; others call by call, in an order drawn from a seed.

use std::collections::BTreeSet;
use std::sync::Arc;

use harness::requests::{by, post, register, sign_in};
use harness::{Account, Answer, Bundle, Function, HttpRequest, PASSWORD, SEEDS, Track};
use serde_json::json;
use tokio::task::JoinSet;

use crate::bundle;

const NEW_PASSWORD: &str = "quite another long password";

/// Several processes of one function.
async fn processes(bundle: &Bundle, function: &str, count: usize) -> Vec<Arc<Function>> {
    let mut processes = Vec::new();
    for _ in 0..count {
        processes.push(Arc::new(bundle.spawn(function).await));
    }
    processes
}

#[tokio::test(flavor = "multi_thread")]
async fn bug_01_64_parallel_refreshes_over_8_processes_leave_one_live_chain() {
    let bundle = Arc::new(bundle().await);
    let account = bundle.account().await;
    let processes = processes(&bundle, "refresh", 8).await;
    let mut requests = JoinSet::new();
    for number in 0..64 {
        let (bundle, process) = (Arc::clone(&bundle), Arc::clone(&processes[number % 8]));
        let body = json!({ "refreshToken": account.refresh_token });
        requests.spawn(async move {
            let request = HttpRequest::new("POST", "/v1/auth/refresh").json(&body);
            bundle
                .send_to(&process, &request)
                .await
                .expect_status(200)
                .text_at("/refreshToken")
        });
    }
    let mut successors = requests.join_all().await;
    successors.sort();
    successors.dedup();
    assert_eq!(successors.len(), 1, "one live successor");
    let session = bundle.items_of_type("session").remove(0);
    assert_eq!(session["counter"]["N"], "1", "one rotation");
    let _ = bundle.refresh(&successors[0]).await.expect_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn bug_28_100_parallel_registrations_of_one_address_leave_one_account() {
    let bundle = Arc::new(bundle().await);
    let processes = processes(&bundle, "register", 8).await;
    let spellings = [
        "ada@example.com",
        "ADA@example.com",
        "Ada@Example.COM",
        " ada@example.com",
    ];
    let mut requests = JoinSet::new();
    for number in 0..100 {
        let (bundle, process) = (Arc::clone(&bundle), Arc::clone(&processes[number % 8]));
        let body = json!({ "email": spellings[number % 4], "password": PASSWORD });
        requests.spawn(async move {
            let request = HttpRequest::new("POST", "/v1/auth/register").json(&body);
            bundle.send_to(&process, &request).await.status
        });
    }
    let mut statuses = requests.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(
        statuses[1..].iter().all(|status| *status == 409),
        "{statuses:?}"
    );
    assert_eq!(bundle.items_of_type("user").len(), 1);
    assert_eq!(bundle.items_of_type("credential").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_and_a_sign_out_at_once_leave_the_session_dead() {
    let bundle = Arc::new(bundle().await);
    let (refreshing, leaving) = (bundle.spawn("refresh").await, bundle.spawn("logout").await);
    for _ in 0..10 {
        let account = bundle.account().await;
        let refresh = HttpRequest::new("POST", "/v1/auth/refresh")
            .json(&json!({ "refreshToken": account.refresh_token }));
        let logout = HttpRequest::new("POST", "/v1/auth/logout").bearer(&account.access_token);
        // Long enough for the calls of both to overlap.
        bundle
            .recorder()
            .set_delay(std::time::Duration::from_millis(30));
        let (refreshed, left) = tokio::join!(
            bundle.send_to(&refreshing, &refresh),
            bundle.send_to(&leaving, &logout),
        );
        bundle.recorder().set_delay(std::time::Duration::ZERO);
        assert_eq!(left.status, 204);
        let newest = refreshed.text_at("/refreshToken");
        let newest = if refreshed.status == 200 {
            &newest
        } else {
            &account.refresh_token
        };
        let _ = bundle.refresh(newest).await.expect_status(401);
        assert!(!bundle.is_signed_in(&account).await);
    }
}

fn refresh(token: &str) -> HttpRequest {
    post("/v1/auth/refresh", &json!({ "refreshToken": token }))
}

/// The newest refresh token after one may have been traded.
fn newest(answer: &Answer, before: &str) -> String {
    match answer.status {
        200 => answer.text_at("/refreshToken"),
        _ => before.to_owned(),
    }
}

fn change_password(account: &Account) -> HttpRequest {
    let body = json!({ "currentPassword": PASSWORD, "newPassword": NEW_PASSWORD });
    by(account, "POST", "/v1/auth/change-password").json(&body)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_refreshes_of_one_token_give_one_successor() {
    let mut track = Track::new(bundle().await, &["refresh", "refresh"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let old = &account.refresh_token;
        let answers = track.run(seed, [refresh(old), refresh(old)]).await;
        let successors: BTreeSet<String> = answers
            .iter()
            .filter(|answer| answer.status == 200)
            .map(|answer| answer.text_at("/refreshToken"))
            .collect();
        assert!(successors.len() <= 1, "seed {seed}: {successors:?}");
        let sessions = track.bundle.items_of_type("session");
        assert_eq!(sessions[0]["counter"]["N"], "1", "seed {seed}");
        let traded = !successors.is_empty();
        for successor in successors {
            let _ = track.bundle.refresh(&successor).await.expect_status(200);
        }
        track.settle(seed, traded);
    }
    track.tell("refresh × refresh");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_beats_a_refresh() {
    let mut track = Track::new(bundle().await, &["refresh", "logout"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let logout = by(&account, "POST", "/v1/auth/logout");
        let [refreshed, left] = track
            .run(seed, [refresh(&account.refresh_token), logout])
            .await;
        if left.status == 204 {
            let newest = newest(&refreshed, &account.refresh_token);
            track
                .assert_over(seed, &account.access_token, &newest)
                .await;
        }
        track.settle(seed, left.status == 204);
    }
    track.tell("refresh × logout");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_registrations_of_one_address_make_one_account() {
    let mut track = Track::new(bundle().await, &["register", "register"], None).await;
    for seed in 0..SEEDS {
        let requests = [register("ada@example.com"), register("ADA@example.com")];
        let answers = track.run(seed, requests).await;
        let mut statuses = answers.map(|answer| answer.status);
        statuses.sort_unstable();
        assert!(
            statuses == [201, 409] || statuses[1] == 503,
            "seed {seed}: {statuses:?}"
        );
        let users = track.bundle.items_of_type("user");
        assert!(users.len() <= 1, "seed {seed}");
        track.settle(seed, statuses == [201, 409]);
    }
    track.tell("register × register");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_beats_a_refresh() {
    let mut track = Track::new(bundle().await, &["change-password", "refresh"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let other = track.bundle.sign_in(&account.email).await;
        let requests = [change_password(&account), refresh(&other.refresh_token)];
        let [changed, refreshed] = track.run(seed, requests).await;
        if changed.status == 204 {
            let newest = newest(&refreshed, &other.refresh_token);
            track.assert_over(seed, &other.access_token, &newest).await;
            let own = track.bundle.send_as(&account, "GET", "/v1/users/me").await;
            assert_eq!(own.status, 200, "seed {seed}: the acting session");
        }
        track.settle(seed, changed.status == 204);
    }
    track.tell("change-password × refresh");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_beats_a_sign_in_with_the_old_one() {
    let mut track = Track::new(bundle().await, &["change-password", "login"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let requests = [change_password(&account), sign_in(&account.email, PASSWORD)];
        let [changed, login] = track.run(seed, requests).await;
        if changed.status == 204 {
            track.assert_nobody_in(seed, &login).await;
        }
        track.settle(seed, changed.status == 204);
    }
    track.tell("change-password × login");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_works_once() {
    let mut track = Track::new(bundle().await, &["reset-password", "reset-password"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let asked = post(
            "/v1/auth/forgot-password",
            &json!({ "email": account.email }),
        );
        let _ = track.bundle.send(&asked).await.expect_status(202);
        let token = track.bundle.token(&account.email, "reset_password").await;
        let passwords = ["the first of two passwords", "the second of two passwords"];
        let requests = passwords.map(|password| {
            post(
                "/v1/auth/reset-password",
                &json!({ "token": token, "password": password }),
            )
        });
        let answers = track.run(seed, requests).await;
        let done = answers.iter().filter(|answer| answer.status == 204).count();
        assert!(done <= 1, "seed {seed}");
        for (answer, password) in answers.iter().zip(passwords) {
            let login = track.bundle.send(&sign_in(&account.email, password)).await;
            assert_eq!(login.status == 200, answer.status == 204, "seed {seed}");
        }
        track.settle(seed, done == 1);
    }
    track.tell("reset × reset");
}

#[tokio::test(flavor = "multi_thread")]
async fn bug_41_six_guesses_call_by_call_pass_a_limit_of_two_twice() {
    let limits = ("RATE_LIMITS", "account-address=2/24h");
    let mut track = Track::new(bundle().await, &["login"; 6], Some(limits)).await;
    for seed in 0..SEEDS {
        let guess = || sign_in("ada@example.com", "a guess");
        let answers = track
            .run(seed, std::array::from_fn::<_, 6, _>(|_| guess()))
            .await;
        let mut statuses = answers.map(|answer| answer.status);
        statuses.sort_unstable();
        let passed = statuses.iter().filter(|status| **status == 401).count();
        assert!(passed <= 2, "seed {seed}: {statuses:?}");
        let refused = statuses.iter().filter(|status| **status == 429).count();
        let unavailable = statuses.iter().filter(|status| **status == 503).count();
        assert_eq!(
            refused,
            6 - passed - unavailable,
            "seed {seed}: {statuses:?}"
        );
        track.settle(seed, passed == 2);
    }
    track.tell("six guesses × a limit of two");
}
