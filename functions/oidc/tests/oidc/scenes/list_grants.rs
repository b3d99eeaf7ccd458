//! The scenes of `list-grants`.

use harness::requests::by;
use harness::scene;
use harness::scenes::{Act, Scene};

use crate::applications::new_id;

pub fn scenes() -> Vec<Scene> {
    vec![
        scene!("list that nobody has access", "list-grants", |bundle| {
            let account = bundle.account().await;
            Act::send(by(&account, "GET", "/v1/users/me/grants"), 200)
        }),
        scene!("list who has access", "list-grants", |bundle| {
            let account = bundle.account().await;
            let app = bundle.application(&new_id(), false, false).await;
            let _ = app.code(&account).await;
            Act::send(by(&account, "GET", "/v1/users/me/grants"), 200)
        }),
        scene!(
            "list who has access to another's",
            "list-grants",
            |bundle| {
                let account = bundle.account().await;
                let app = bundle.application(&new_id(), false, false).await;
                let _ = app.code(&account).await;
                let admin = bundle.account_with_role("admin").await;
                let path = format!("/v1/users/{}/grants", account.id);
                Act::send(by(&admin, "GET", &path), 200)
            }
        ),
    ]
}
