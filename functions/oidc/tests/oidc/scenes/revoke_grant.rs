//! The scenes of `revoke-grant`.

use harness::requests::by;
use harness::scene;
use harness::scenes::{Act, Scene, is};

use crate::applications::new_id;

pub fn scenes() -> Vec<Scene> {
    vec![
        scene!("take access back", "revoke-grant", |bundle| {
            let account = bundle.account().await;
            let app = bundle.application(&new_id(), false, false).await;
            let _ = app.code(&account).await;
            let path = format!("/v1/users/me/grants/{}", app.client);
            Act::send(by(&account, "DELETE", &path), 204)
                .repeated(&[404])
                .until(is_taken_back(account.id))
        }),
        scene!("take access to another's back", "revoke-grant", |bundle| {
            let account = bundle.account().await;
            let app = bundle.application(&new_id(), false, false).await;
            let _ = app.code(&account).await;
            let admin = bundle.account_with_role("admin").await;
            let path = format!("/v1/users/{}/grants/{}", account.id, app.client);
            Act::send(by(&admin, "DELETE", &path), 204)
                .repeated(&[404])
                .until(is_taken_back(account.id))
        }),
        scene!("take back what nobody has", "revoke-grant", |bundle| {
            let account = bundle.account().await;
            let request = by(&account, "DELETE", "/v1/users/me/grants/nobody");
            Act::send(request, 404).refused("grant_not_found")
        }),
    ]
}

fn is_taken_back(id: String) -> impl Fn(&serde_json::Value) -> bool + Send + Sync {
    move |item| is(item, "consent", "user_id", &id) && item["revoked_at"]["N"].is_string()
}
