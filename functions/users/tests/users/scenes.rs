//! What each function of `users` does, in each of the situations in which it talks to the table in another way.

mod accounts;
mod administration;
mod limits;

use harness::Bundle;
use harness::scenes::{Area, Scene};

fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    scenes.extend(accounts::scenes());
    scenes.extend(administration::scenes());
    scenes.extend(limits::scenes());
    scenes
}

fn area() -> Area {
    Area::new(
        env!("CARGO_PKG_NAME"),
        env!("CARGO_BIN_EXE_get-user"),
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

/// Whether there is no such account any more.
fn gone(id: String) -> impl Fn(&Bundle) -> bool + Send + Sync {
    move |bundle| {
        let users = bundle.items_of_type("user");
        users.iter().all(|user| user["id"]["S"] != *id)
    }
}
