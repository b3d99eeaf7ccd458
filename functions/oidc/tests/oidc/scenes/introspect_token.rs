//! The scenes of `introspect-token`.

use harness::scene;
use harness::scenes::{Act, Scene};
use serde_json::json;

use crate::applications::new_id;

pub fn scenes() -> Vec<Scene> {
    vec![
        scene!(
            "tell what an access token is worth",
            "introspect-token",
            |bundle| {
                let account = bundle.account().await;
                let app = bundle.application(&new_id(), false, true).await;
                let tokens = app.tokens(&account).await;
                Act::send(app.introspecting(&tokens.text_at("/access_token")), 200)
            }
        ),
        scene!(
            "tell what a refresh token is worth",
            "introspect-token",
            |bundle| {
                let account = bundle.account().await;
                let app = bundle.application(&new_id(), false, true).await;
                let tokens = app.tokens(&account).await;
                Act::send(app.introspecting(&tokens.text_at("/refresh_token")), 200)
            }
        ),
        scene!(
            "tell a service what a token is worth",
            "introspect-token",
            |bundle| {
                let account = bundle.account().await;
                let audience = json!({ "audience": "https://orders.example.com" });
                let app = bundle.application_with(&new_id(), &audience).await;
                let tokens = app.tokens(&account).await;
                let keeper = json!({
                    "audience": "https://orders.example.com",
                    "confidential": true,
                    "rotateSecret": true,
                });
                let service = bundle.application_with(&new_id(), &keeper).await;
                Act::send(service.introspecting(&tokens.text_at("/access_token")), 200)
            }
        ),
        scene!(
            "tell nothing of a forged token",
            "introspect-token",
            |bundle| {
                let app = bundle.application(&new_id(), false, true).await;
                Act::send(app.introspecting("lkcr_AAAA"), 200)
            }
        ),
    ]
}
