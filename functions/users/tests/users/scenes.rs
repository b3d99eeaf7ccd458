//! What each function of `users` does, in each of the situations in which it talks to the table in another way.

mod accounts;
mod administration;
mod limits;

use harness::Bundle;
use harness::scenes::Scene;

fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    scenes.extend(accounts::scenes());
    scenes.extend(administration::scenes());
    scenes.extend(limits::scenes());
    scenes
}

harness::area!("get-user", scenes());

/// Whether there is no such account any more.
fn gone(id: String) -> impl Fn(&Bundle) -> bool + Send + Sync {
    move |bundle| {
        let users = bundle.items_of_type("user");
        users.iter().all(|user| user["id"]["S"] != *id)
    }
}
