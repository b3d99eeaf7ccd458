//! The endpoints of `ops`, black-box: real binaries, embedded engine, events as API Gateway makes them.

mod scenes;

use harness::{Bundle, Cost, Fault, HttpRequest};

async fn bundle() -> Bundle {
    Bundle::without_keys(env!("CARGO_BIN_EXE_health")).await
}

#[tokio::test]
async fn alive_costs_nothing_and_deep_reads_the_table() {
    let bundle = bundle().await;
    let alive = HttpRequest::new("GET", "/v1/health");
    let deep = HttpRequest::new("GET", "/v1/health?deep=true");
    let _ = bundle.send(&alive).await.expect_status(200);
    let _ = bundle.recorder().take();
    assert_eq!(bundle.cost_of(&alive).await, Cost::new(0, 0, 0.0, 0.0));
    assert_eq!(bundle.cost_of(&deep).await, Cost::new(1, 1, 0.5, 0.0));
    let _ = bundle.send(&deep).await.expect_status(200);
    bundle.assert_policy(&bundle.recorder().take(), "health");
}

#[tokio::test]
async fn deep_answers_503_when_the_table_does_not() {
    let bundle = bundle().await;
    bundle.recorder().disturb(|_| Some(Fault::Refuse));
    let answer = bundle
        .send(&HttpRequest::new("GET", "/v1/health?deep=true"))
        .await
        .expect_status(503);
    assert_eq!(
        (answer.code(), answer.header("retry-after")),
        ("unavailable", "1")
    );
    let _ = bundle
        .send(&HttpRequest::new("GET", "/v1/health"))
        .await
        .expect_status(200);
}

#[tokio::test]
async fn a_misspelt_parameter_is_refused() {
    let bundle = bundle().await;
    for query in ["deep=yes", "deep", "dep=true", "deep=true&deep=true"] {
        let _ = bundle
            .send(&HttpRequest::new("GET", &format!("/v1/health?{query}")))
            .await
            .expect_status(400);
    }
}
