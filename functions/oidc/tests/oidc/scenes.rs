//! What each function of `oidc` does, in each of the situations in which it talks to the table in another way.

mod introspect_token;
mod list_grants;
mod revoke_grant;
mod revoke_token;

use harness::requests::by;
use harness::scene;
use harness::scenes::{Act, Scene, is};
use serde_json::json;

use crate::applications;

fn clients() -> Vec<Scene> {
    vec![
        scene!("register a client", "put-client", |bundle| {
            let admin = bundle.account_with_role("admin").await;
            let body = json!({ "name": "Shop", "confidential": true });
            let request = by(&admin, "PUT", "/v1/clients/new-shop").json(&body);
            Act::send(request, 201)
                .repeated(&[200])
                .until(|item| is(item, "client", "id", "new-shop"))
        }),
        scene!("change a client", "put-client", |bundle| {
            let admin = bundle.account_with_role("admin").await;
            let made = bundle.put_client(&admin, "shop", &json!({})).await;
            assert!(made.status < 300, "{}", made.text);
            let body = json!({ "name": "Another shop" });
            let request = by(&admin, "PUT", "/v1/clients/shop").json(&body);
            Act::send(request, 200).until(|item| is(item, "client", "name", "Another shop"))
        }),
        scene!("list the clients", "list-clients", |bundle| {
            let admin = bundle.account_with_role("admin").await;
            let made = bundle.put_client(&admin, "shop", &json!({})).await;
            assert!(made.status < 300, "{}", made.text);
            Act::send(by(&admin, "GET", "/v1/clients"), 200)
        }),
        scene!("remove a client", "delete-client", |bundle| {
            let admin = bundle.account_with_role("admin").await;
            let made = bundle.put_client(&admin, "old-shop", &json!({})).await;
            assert!(made.status < 300, "{}", made.text);
            Act::send(by(&admin, "DELETE", "/v1/clients/old-shop"), 204)
                .repeated(&[404])
                .until(|item| item["type"]["S"] == "client" && item["removed_at"]["N"].is_string())
        }),
    ]
}

fn scenes() -> Vec<Scene> {
    let mut scenes = clients();
    scenes.extend(applications::scenes());
    scenes.extend(introspect_token::scenes());
    scenes.extend(list_grants::scenes());
    scenes.extend(revoke_grant::scenes());
    scenes.extend(revoke_token::scenes());
    scenes
}

harness::area!("put-client", scenes(), workers: 16);
