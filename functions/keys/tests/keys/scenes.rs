//! What each function of `keys` does, in each of the situations in which it talks to the table in another way.

use harness::scenes::{Act, Scene, What};
use harness::{Bundle, HttpRequest, scene};
use serde_json::json;

fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    scenes.extend(publish());
    scenes.extend(rotate());
    scenes
}

// Making a key takes a whole core for a second.
harness::area!("get-jwks", scenes(), workers: 4);

fn key_ids(bundle: &Bundle) -> Vec<String> {
    let keys = bundle.items_of_type("public_key").into_iter();
    keys.filter_map(|key| key["sk"]["S"].as_str().map(str::to_owned))
        .collect()
}

fn publish() -> Vec<Scene> {
    vec![
        scene!("publish the keys", "get-jwks", |_bundle| {
            Act::send(HttpRequest::new("GET", "/.well-known/jwks.json"), 200)
        }),
        scene!(
            "say where the keys are",
            "get-openid-configuration",
            |_bundle| {
                Act::send(
                    HttpRequest::new("GET", "/.well-known/openid-configuration"),
                    200,
                )
            }
        ),
    ]
}

fn rotate() -> Vec<Scene> {
    vec![
        scene!("make the first key", "rotate-keys", |bundle| {
            bundle.delete_type("public_key");
            bundle.delete_type("signing_key");
            Act::new(What::Invoke(json!({})), 200).done(|bundle| {
                let signing = bundle.items_of_type("signing_key");
                key_ids(bundle).len() == 1 && signing.len() == 1
            })
        })
        .alone(),
        scene!("replace a key that leaked", "rotate-keys", |bundle| {
            let leaked = key_ids(bundle).remove(0);
            Act::new(What::Invoke(json!({ "revoke": leaked })), 200).done(move |bundle| {
                let keys = key_ids(bundle);
                !keys.is_empty() && !keys.contains(&leaked)
            })
        })
        .alone(),
    ]
}
