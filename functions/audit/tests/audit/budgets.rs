use harness::{Cost, HttpRequest};

use crate::bundle;

#[tokio::test]
async fn every_list_costs_one_round_trip_and_every_policy_is_exactly_what_its_function_does() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let account = bundle.account().await;
    let _ = bundle.recorder().take();
    bundle.deliver().await;
    let recorded = bundle.recorder().take();
    bundle.assert_policy(&recorded, "record-audit");
    for function in ["list-audit", "list-user-audit"] {
        let _ = bundle.function(function).await;
    }
    let _ = bundle.recorder().take();
    let get = |path: &str| HttpRequest::new("GET", path).bearer(&admin.access_token);
    let own = get("/v1/users/me/audit");
    // The caller, the session, and the page by its size.
    assert_eq!(bundle.cost_of(&own).await, Cost::new(2, 1, 3.0, 0.0), "own");
    let others = get(&format!("/v1/users/{}/audit", account.id));
    assert_eq!(
        bundle.cost_of(&others).await,
        Cost::new(2, 1, 4.0, 0.0),
        "another's"
    );
    let month = get("/v1/audit");
    assert_eq!(
        bundle.cost_of(&month).await,
        Cost::new(2, 1, 2.5, 0.0),
        "a month"
    );
    for (function, request) in [("list-user-audit", &own), ("list-audit", &month)] {
        bundle.restart(function).await;
        let _ = bundle.recorder().take();
        let _ = bundle.send(request).await.expect_status(200);
        bundle.assert_policy(&bundle.recorder().take(), function);
    }
}
