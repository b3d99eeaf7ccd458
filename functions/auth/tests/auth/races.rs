use std::sync::Arc;

use harness::{Bundle, Function, HttpRequest, PASSWORD};
use serde_json::json;
use tokio::task::JoinSet;

use crate::bundle;

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
