//! What each function of `ops` does, in each of the situations in which it talks to the table in another way.

use harness::scenes::{Act, Scene};
use harness::{HttpRequest, scene};

fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    scenes.extend(health());
    scenes
}

harness::area!("health", scenes());

fn health() -> Vec<Scene> {
    vec![scene!(
        "ask whether the table answers",
        "health",
        |_bundle| { Act::send(HttpRequest::new("GET", "/v1/health?deep=true"), 200,) }
    )]
}
