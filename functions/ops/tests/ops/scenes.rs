//! What each function of `ops` does, in each of the situations in which it talks to the table in another way.

use harness::scenes::{Act, Area, Scene};
use harness::{HttpRequest, scene};

fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    scenes.extend(health());
    scenes
}

fn area() -> Area {
    Area::new(
        env!("CARGO_PKG_NAME"),
        env!("CARGO_BIN_EXE_health"),
        scenes(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_store_call_meets_every_fault() {
    area().assert_faults().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_policy_is_exactly_what_its_function_does() {
    area().assert_policies().await;
}

fn health() -> Vec<Scene> {
    vec![scene!(
        "ask whether the table answers",
        "health",
        |_bundle| { Act::send(HttpRequest::new("GET", "/v1/health?deep=true"), 200,) }
    )]
}
