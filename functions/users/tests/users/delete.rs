use harness::HttpRequest;

use crate::bundle;

#[tokio::test]
async fn the_owner_deletes_the_account_and_leaves_a_tombstone() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let _ = bundle
        .send_as(&account, "DELETE", "/v1/users/me")
        .await
        .expect_status(204);
    assert!(bundle.items_of_type("user").is_empty());
    assert!(bundle.items_of_type("credential").is_empty());
    let tombstone = bundle.items_of_type("tombstone").remove(0);
    assert_eq!(tombstone["pk"]["S"], format!("USER#{}", account.id));
    assert_eq!(tombstone["status"]["S"], "active");
    assert_eq!(tombstone["changed_by"]["S"], *account.id);
    assert!(!bundle.is_signed_in(&account).await);
    let _ = bundle
        .refresh(&account.refresh_token)
        .await
        .expect_status(401);
}

#[tokio::test]
async fn it_takes_a_recent_sign_in() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    bundle.age_proofs(301);
    let answer = bundle
        .send_as(&account, "DELETE", "/v1/users/me")
        .await
        .expect_status(403);
    assert_eq!(answer.code(), "reauthentication_required");
    let again = bundle.sign_in(&account.email).await;
    let _ = bundle
        .send_as(&again, "DELETE", "/v1/users/me")
        .await
        .expect_status(204);
}

#[tokio::test]
async fn an_admin_deletes_others_and_nobody_else_does() {
    let bundle = bundle().await;
    let (admin, user) = (bundle.admin().await, bundle.account().await);
    let moderator = bundle.account_with_role("moderator").await;
    let path = format!("/v1/users/{}", user.id);
    let _ = bundle
        .send_as(&moderator, "DELETE", &path)
        .await
        .expect_status(403);
    let _ = bundle
        .send_as(&user, "DELETE", &format!("/v1/users/{}", admin.id))
        .await
        .expect_status(403);
    let stale = HttpRequest::new("DELETE", &path)
        .bearer(&admin.access_token)
        .header("if-match", "\"9\"");
    let _ = bundle.send(&stale).await.expect_status(412);
    let _ = bundle
        .send_as(&admin, "DELETE", &path)
        .await
        .expect_status(204);
    let _ = bundle
        .send_as(&admin, "DELETE", &path)
        .await
        .expect_status(404);
}

#[tokio::test]
async fn the_last_admin_stays() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let answer = bundle
        .send_as(&admin, "DELETE", "/v1/users/me")
        .await
        .expect_status(409);
    assert_eq!(answer.code(), "last_admin");
    assert_eq!(bundle.items_of_type("user").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn bug_63_two_admins_who_delete_each_other_leave_one() {
    let bundle = bundle().await;
    let (one, two) = (
        bundle.admin().await,
        bundle.account_with_role("admin").await,
    );
    let (first, second) = (
        bundle.spawn("delete-user").await,
        bundle.spawn("delete-user").await,
    );
    bundle
        .recorder()
        .set_delay(std::time::Duration::from_millis(60));
    let delete = |id: &str, token: &str| {
        HttpRequest::new("DELETE", &format!("/v1/users/{id}")).bearer(token)
    };
    let (by_one, by_two) = (
        delete(&two.id, &one.access_token),
        delete(&one.id, &two.access_token),
    );
    let (by_one, by_two) = tokio::join!(
        bundle.send_to(&first, &by_one),
        bundle.send_to(&second, &by_two)
    );
    let mut statuses = [by_one.status, by_two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    assert_eq!(bundle.items_of_type("user").len(), 1);
    assert_eq!(bundle.items_of_type("admin_counter")[0]["active"]["N"], "1");
}
