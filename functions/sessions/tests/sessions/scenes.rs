//! What each function of `sessions` does, in each of the situations in which it talks to the table in another way.

use harness::requests::by;
use harness::scene;
use harness::scenes::{Act, Scene, epoch_raised, revoked};

fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    scenes.extend(sessions());
    scenes
}

harness::area!("list-sessions", scenes());

fn sessions() -> Vec<Scene> {
    vec![
        scene!("list one's sessions", "list-sessions", |bundle| {
            let account = bundle.account().await;
            Act::send(by(&account, "GET", "/v1/users/me/sessions"), 200)
        }),
        scene!("end one session", "revoke-session", |bundle| {
            let account = bundle.account().await;
            let other = bundle.sign_in(&account.email).await;
            let session = bundle.session_of(&other);
            let path = format!("/v1/users/me/sessions/{session}");
            Act::send(by(&account, "DELETE", &path), 204).until(revoked(session))
        }),
        scene!(
            "end all sessions but this one",
            "revoke-sessions",
            |bundle| {
                let account = bundle.account().await;
                let path = "/v1/users/me/sessions?except=current";
                Act::send(by(&account, "DELETE", path), 204).until(epoch_raised(account.id))
            }
        ),
        scene!("end all sessions", "revoke-sessions", |bundle| {
            let account = bundle.account().await;
            Act::send(by(&account, "DELETE", "/v1/users/me/sessions"), 204)
                .repeated(&[401])
                .until(epoch_raised(account.id))
        }),
    ]
}
