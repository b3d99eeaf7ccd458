//! What is limited, done again while its limits are in use.

use harness::requests::{by, new_email};
use harness::scene;
use harness::scenes::{Scene, after, is};
use serde_json::json;

use super::gone;

pub fn scenes() -> Vec<Scene> {
    vec![
        scene!("ask for a third address", "change-email", |bundle| {
            let account = bundle.account().await;
            let email = new_email();
            let request = |email: &str| {
                by(&account, "POST", "/v1/users/me/email").json(&json!({ "email": email }))
            };
            let (second, third) = (request(&new_email()), request(&email));
            after(bundle, "change-email", second, third, 202)
                .await
                .until(move |item| is(item, "email_change", "email", &email))
        }),
        scene!("delete another account", "delete-user", |bundle| {
            let admin = bundle.account_with_role("admin").await;
            let (one, other) = (bundle.account().await, bundle.account().await);
            let delete = |id: &str| by(&admin, "DELETE", &format!("/v1/users/{id}"));
            after(
                bundle,
                "delete-user",
                delete(&one.id),
                delete(&other.id),
                204,
            )
            .await
            .repeated(&[404])
            .done(gone(other.id))
        }),
    ]
}
