use std::time::Duration;

use harness::{Account, HttpRequest};

use crate::bundle;

const PATH: &str = "/v1/users/me/sessions";

#[tokio::test]
async fn one_session_ends_and_no_other() {
    let bundle = bundle().await;
    let (account, stranger) = (bundle.account().await, bundle.account().await);
    let phone = bundle.sign_in(&account.email).await;
    // In any case (RFC 9562 §4).
    let path = format!("{PATH}/{}", bundle.session_of(&phone).to_uppercase());
    let _ = bundle
        .send_as(&account, "DELETE", &path)
        .await
        .expect_status(204);
    assert!(!bundle.is_signed_in(&phone).await && bundle.is_signed_in(&account).await);
    let refreshed = bundle.refresh(&phone.refresh_token).await;
    assert_eq!((refreshed.status, refreshed.code()), (401, "invalid_token"));
    let ended = bundle.items_of_type("session").into_iter();
    let ended = ended.filter(|session| session["revoked_because"]["S"] == "revoked");
    assert_eq!(ended.count(), 1);

    // Again: it is over, as asked.
    let _ = bundle
        .send_as(&account, "DELETE", &path)
        .await
        .expect_status(204);
    // Another's session is none of this account's.
    let foreign = format!("{PATH}/{}", bundle.session_of(&stranger));
    let answer = bundle
        .send_as(&account, "DELETE", &foreign)
        .await
        .expect_status(404);
    assert_eq!(answer.code(), "session_not_found");
    assert!(bundle.is_signed_in(&stranger).await);
    for wrong in ["current", "1"] {
        let answer = bundle
            .send_as(&account, "DELETE", &format!("{PATH}/{wrong}"))
            .await;
        assert_eq!(answer.field_codes(), [("sid", "invalid_format")], "{wrong}");
    }
}

#[tokio::test]
async fn all_sessions_end_or_all_but_the_current_one() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let (phone, tablet) = (
        bundle.sign_in(&account.email).await,
        bundle.sign_in(&account.email).await,
    );
    let others = format!("{PATH}?except=current");
    let _ = bundle
        .send_as(&phone, "DELETE", &others)
        .await
        .expect_status(204);
    assert!(bundle.is_signed_in(&phone).await);
    assert!(!bundle.is_signed_in(&account).await && !bundle.is_signed_in(&tablet).await);
    let kept = bundle.refresh(&phone.refresh_token).await;
    let _ = kept.expect_status(200);
    let _ = bundle
        .send_as(&phone, "DELETE", PATH)
        .await
        .expect_status(204);
    assert!(!bundle.is_signed_in(&phone).await);
}

#[tokio::test]
async fn an_admin_ends_the_sessions_of_others_and_excepts_none() {
    let bundle = bundle().await;
    let (admin, account) = (bundle.admin().await, bundle.account().await);
    let path = format!("/v1/users/{}/sessions", account.id);
    for (query, code) in [
        ("except=current", "invalid_value"),
        ("except=mine", "invalid_value"),
    ] {
        let path = format!("{path}?{query}");
        let answer = bundle
            .send_as(&admin, "DELETE", &path)
            .await
            .expect_status(400);
        assert_eq!(answer.field_codes(), [("except", code)]);
    }
    assert!(bundle.is_signed_in(&account).await);
    let _ = bundle
        .send_as(&admin, "DELETE", &path)
        .await
        .expect_status(204);
    assert!(!bundle.is_signed_in(&account).await && bundle.is_signed_in(&admin).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_keep_only_their_own_session_one_is_told() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let phone = bundle.sign_in(&account.email).await;
    let (one, two) = (
        bundle.spawn("revoke-sessions").await,
        bundle.spawn("revoke-sessions").await,
    );
    bundle.recorder().set_delay(Duration::from_millis(60));
    let others = |account: &Account| {
        HttpRequest::new("DELETE", &format!("{PATH}?except=current")).bearer(&account.access_token)
    };
    let (a, b) = (others(&account), others(&phone));
    let (a, b) = tokio::join!(bundle.send_to(&one, &a), bundle.send_to(&two, &b));
    bundle.recorder().set_delay(Duration::ZERO);
    let mut outcomes = [(a.status, a.code()), (b.status, b.code())];
    outcomes.sort_unstable();
    assert_eq!(outcomes, [(204, ""), (409, "conflict")]);
    let live = [
        bundle.is_signed_in(&account).await,
        bundle.is_signed_in(&phone).await,
    ];
    assert_eq!(live.into_iter().filter(|live| *live).count(), 1);
}
