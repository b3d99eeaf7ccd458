//! What every endpoint may cost: the design's chart, counted.

use harness::{Cost, HttpRequest};

use crate::bundle;

#[tokio::test]
async fn every_endpoint_costs_what_the_chart_says() {
    let bundle = bundle().await;
    let (admin, account) = (bundle.admin().await, bundle.account().await);
    for function in ["list-sessions", "revoke-session", "revoke-sessions"] {
        let _ = bundle.function(function).await;
    }
    let others = format!("/v1/users/{}/sessions", account.id);
    let one = |account| format!("/v1/users/me/sessions/{}", bundle.session_of(account));
    for (what, method, path, caller, cost) in [
        // A page of up to 4 KB of sessions is one read unit.
        (
            "own sessions",
            "GET",
            "/v1/users/me/sessions",
            &account,
            Cost::new(2, 1, 3.0, 0.0),
        ),
        (
            "another's sessions",
            "GET",
            &others,
            &admin,
            Cost::new(2, 1, 4.0, 0.0),
        ),
        (
            "one",
            "DELETE",
            &one(&account),
            &account,
            Cost::new(2, 2, 2.0, 1.0),
        ),
        (
            "another's, all",
            "DELETE",
            &others,
            &admin,
            Cost::new(2, 2, 3.0, 2.0),
        ),
        (
            "all but one",
            "DELETE",
            "/v1/users/me/sessions?except=current",
            &admin,
            Cost::new(2, 2, 2.0, 5.0),
        ),
        (
            "all",
            "DELETE",
            "/v1/users/me/sessions",
            &admin,
            Cost::new(2, 2, 2.0, 2.0),
        ),
    ] {
        let request = HttpRequest::new(method, path).bearer(&caller.access_token);
        assert_eq!(bundle.cost_of(&request).await, cost, "{what}");
    }
}

#[tokio::test]
async fn who_may_not_list_sessions_makes_the_table_read_none() {
    let bundle = bundle().await;
    let (account, other) = (bundle.account().await, bundle.account().await);
    let _ = bundle.function("list-sessions").await;
    let path = format!("/v1/users/{}/sessions", other.id);
    let _ = bundle.send_as(&account, "GET", &path).await;
    let _ = bundle.recorder().take();
    let _ = bundle
        .send_as(&account, "GET", &path)
        .await
        .expect_status(403);
    let refused = Cost::of(&bundle.recorder().take());
    assert_eq!(refused, Cost::new(1, 1, 3.0, 0.0));
}
