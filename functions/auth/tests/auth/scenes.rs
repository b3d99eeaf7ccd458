//! What each function of `auth` does, in each of the situations in which it talks to the table in another way.

mod letters;
mod limits;
mod sessions;

use harness::scenes::{Scene, is};
use serde_json::Value;

const NEW_PASSWORD: &str = "quite another long password";
/// Remembering an address, and a better hash.
const MAY_FAIL: [&str; 2] = [
    "login: UpdateItem LIMIT#login#account-address#* LIMIT",
    "login: UpdateItem EMAIL#* CREDENTIAL if attribute_exists(pk) AND #password_hash = :if_password_hash",
];

fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    scenes.extend(sessions::scenes());
    scenes.extend(letters::scenes());
    scenes.extend(limits::scenes());
    scenes
}

harness::area!("login", scenes(), may_fail: &MAY_FAIL);

/// Whether the address of an account is known to be its owner's.
fn verified(id: String) -> impl Fn(&Value) -> bool + Send + Sync {
    move |item| is(item, "user", "id", &id) && item["email_verified"]["BOOL"] == true
}

/// Whether the password of an account has been changed once.
fn changed(id: String) -> impl Fn(&Value) -> bool + Send + Sync {
    move |item| is(item, "credential", "user_id", &id) && item["credential_version"]["N"] == "2"
}
