//! The scenes of `revoke-token`.

use harness::scene;
use harness::scenes::{Act, Scene};

use crate::applications::{is_revoked, new_id, ours};

pub fn scenes() -> Vec<Scene> {
    vec![
        scene!("give an access token back", "revoke-token", |bundle| {
            let (app, account) = ours(bundle).await;
            let tokens = app.tokens(&account).await;
            Act::send(app.revoking(&tokens.text_at("/access_token")), 200)
                .until(is_revoked(account.id))
        }),
        scene!("give a refresh token back", "revoke-token", |bundle| {
            let account = bundle.account().await;
            let app = bundle.application(&new_id(), false, true).await;
            let tokens = app.tokens(&account).await;
            Act::send(app.revoking(&tokens.text_at("/refresh_token")), 200)
                .until(is_revoked(account.id))
        }),
        scene!("give another's token back", "revoke-token", |bundle| {
            let (app, account) = ours(bundle).await;
            let tokens = app.tokens(&account).await;
            let other = bundle.application(&new_id(), false, false).await;
            Act::send(other.revoking(&tokens.text_at("/access_token")), 400)
                .refused("invalid_grant")
        }),
        scene!("give a forged token back", "revoke-token", |bundle| {
            let app = bundle.application(&new_id(), false, false).await;
            Act::send(app.revoking("lkcr_AAAA"), 200)
        }),
    ]
}
