//! What every endpoint may cost: the chart of docs/endpoints.md, counted.

use harness::requests::by;
use harness::{Cost, HttpRequest};
use serde_json::json;

use crate::bundle;

#[tokio::test]
async fn every_endpoint_costs_what_the_chart_says() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    for function in ["put-client", "list-clients", "delete-client"] {
        let _ = bundle.function(function).await;
    }
    let cost = async |request: &HttpRequest| {
        let _ = bundle.recorder().take();
        bundle.cost_of(request).await
    };
    let put = |name: &str| {
        let body = json!({ "name": name, "confidential": true });
        by(&admin, "PUT", "/v1/clients/shop").json(&body)
    };
    assert_eq!(
        cost(&put("Shop")).await,
        Cost::new(2, 2, 3.0, 2.0),
        "put-client, new"
    );
    assert_eq!(
        cost(&put("Ours")).await,
        Cost::new(2, 2, 3.0, 2.0),
        "put-client, changed"
    );
    assert_eq!(
        cost(&put("Ours")).await,
        Cost::new(1, 1, 3.0, 0.0),
        "put-client, as it is"
    );
    let list = by(&admin, "GET", "/v1/clients");
    assert_eq!(cost(&list).await, Cost::new(2, 2, 3.0, 0.0), "list-clients");
    let delete = by(&admin, "DELETE", "/v1/clients/shop");
    assert_eq!(
        cost(&delete).await,
        Cost::new(2, 2, 3.0, 1.0),
        "delete-client"
    );
}
