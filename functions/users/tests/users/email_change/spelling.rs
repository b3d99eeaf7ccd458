//! Another spelling of one's own address.

use harness::Fault;
use serde_json::json;

use super::{ask, confirmation, token, verified};
use crate::bundle;

/// Another spelling of an address.
fn respelled(email: &str) -> String {
    let (local, domain) = email.split_once('@').expect("an address");
    format!("{}@{domain}", local.to_uppercase())
}

#[tokio::test]
async fn bug_76_the_spelling_of_ones_own_address_is_corrected_and_nothing_else_changes() {
    let bundle = bundle().await;
    let account = verified(&bundle).await;
    let phone = bundle.sign_in(&account.email).await;
    bundle.deliver().await;
    let before = bundle.letters_to(&account.email).len();
    let new = respelled(&account.email);
    let _ = ask(&bundle, &account, &new).await.expect_status(202);
    bundle.deliver().await;
    let names = |email: &str| -> Vec<String> {
        let letters = bundle.letters_to(email).into_iter();
        letters.map(|letter| letter.name().to_owned()).collect()
    };
    assert_eq!(names(&new), ["confirm_email_change"]);
    assert_eq!(names(&account.email).len(), before, "one letter only");

    let credentials = bundle.items_of_type("credential");
    let token = token(&bundle, &new);
    let _ = bundle
        .send(&confirmation(&account, &token))
        .await
        .expect_status(204);
    assert_eq!(bundle.items_of_type("credential"), credentials);
    let me = bundle.send_as(&phone, "GET", "/v1/users/me").await;
    let me = me.expect_status(200);
    assert_eq!(
        (me.text_at("/id"), me.text_at("/email")),
        (account.id.clone(), new.clone())
    );
    for spelling in [&account.email, &new] {
        assert_eq!(bundle.sign_in(spelling).await.id, account.id);
    }
    bundle.deliver().await;
    assert_eq!(names(&new), ["confirm_email_change", "email_changed"]);
    assert_eq!(names(&account.email).len(), before);
    let again = bundle
        .send(&confirmation(&account, &token))
        .await
        .expect_status(400);
    assert_eq!(again.code(), "invalid_action_token");
    bundle.assert_invariants();
}

#[tokio::test]
async fn bug_76_a_spelling_whose_confirmation_is_repeated_inside_is_written_once() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let new = respelled(&account.email);
    let _ = ask(&bundle, &account, &new).await.expect_status(202);
    bundle.deliver().await;
    let confirm = confirmation(&account, &token(&bundle, &new));
    let mut once = true;
    bundle.recorder().disturb(move |operation| {
        (operation == "UpdateItem" && std::mem::take(&mut once)).then_some(Fault::LoseAnswer)
    });
    let _ = bundle.send(&confirm).await.expect_status(204);
    let user = bundle.items_of_type("user").remove(0);
    assert_eq!(
        (&user["email"]["S"], &user["version"]["N"]),
        (&json!(new), &json!("2"))
    );
    // It has received mail there.
    assert_eq!(user["email_verified"]["BOOL"], true);
    assert_eq!(user["credential_version"]["N"], "1");
    bundle.assert_invariants();
}
