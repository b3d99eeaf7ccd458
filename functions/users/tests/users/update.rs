use harness::{Account, Answer, Bundle, Fault, HttpRequest};
use serde_json::{Value, json};

use crate::bundle;

async fn update(bundle: &Bundle, account: &Account, method: &str, body: &Value) -> Answer {
    let request = HttpRequest::new(method, "/v1/users/me")
        .bearer(&account.access_token)
        .json(body);
    bundle.send(&request).await
}

#[tokio::test]
async fn patch_merges_and_put_replaces() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let body = json!({ "firstName": "Ada", "lastName": "Lovelace" });
    let answer = update(&bundle, &account, "PATCH", &body)
        .await
        .expect_status(200);
    assert_eq!(
        (answer.body["version"].clone(), answer.header("etag")),
        (json!(2), "\"2\"")
    );
    assert_ne!(answer.body["updatedAt"], answer.body["createdAt"]);

    let answer = update(
        &bundle,
        &account,
        "PATCH",
        &json!({ "firstName": "Augusta" }),
    )
    .await;
    assert_eq!(
        (answer.text_at("/firstName"), answer.text_at("/lastName")),
        ("Augusta".into(), "Lovelace".into())
    );
    let answer = update(&bundle, &account, "PATCH", &json!({ "firstName": null })).await;
    assert_eq!(
        (
            answer.body["firstName"].clone(),
            answer.text_at("/lastName")
        ),
        (Value::Null, "Lovelace".into())
    );
    let answer = update(&bundle, &account, "PUT", &json!({ "firstName": "Ada" }))
        .await
        .expect_status(200);
    assert_eq!(
        (
            answer.text_at("/firstName"),
            answer.body["lastName"].clone()
        ),
        ("Ada".into(), Value::Null)
    );
    let me = bundle.send_as(&account, "GET", "/v1/users/me").await;
    assert_eq!(me.body, answer.body);
}

#[tokio::test]
async fn a_stale_version_is_refused_and_nothing_changes() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let patch = |tag: &str, name: &str| {
        HttpRequest::new("PATCH", "/v1/users/me")
            .bearer(&account.access_token)
            .header("if-match", tag)
            .json(&json!({ "firstName": name }))
    };
    let _ = bundle.send(&patch("\"1\"", "Ada")).await.expect_status(200);
    for stale in ["\"1\"", "\"3\"", "W/\"2\""] {
        let answer = bundle.send(&patch(stale, "Lost")).await.expect_status(412);
        assert_eq!(answer.code(), "precondition_failed");
    }
    let _ = bundle.send(&patch("2", "Lost")).await.expect_status(400);
    let answer = bundle.send(&patch("*", "Augusta")).await.expect_status(200);
    assert_eq!(answer.body["version"], 3);
}

#[tokio::test]
async fn bug_36_what_the_server_owns_cannot_be_set() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let before = bundle.items();
    for field in [
        "id",
        "email",
        "emailVerified",
        "role",
        "status",
        "version",
        "createdAt",
        "updatedAt",
        "pk",
        "sk",
        "ttl",
        "credential_version",
        "session_epoch",
        "changed_by",
        "request_id",
        "password",
    ] {
        for method in ["PATCH", "PUT"] {
            let body = json!({ "firstName": "Ada", field: "admin" });
            let answer = update(&bundle, &account, method, &body)
                .await
                .expect_status(400);
            assert_eq!(answer.field_codes(), [(field, "unknown")]);
        }
    }
    assert_eq!(bundle.items(), before);
}

#[tokio::test]
async fn only_owners_and_admins_change_a_profile() {
    let bundle = bundle().await;
    let (admin, user) = (bundle.admin().await, bundle.account().await);
    let moderator = bundle.account_with_role("moderator").await;
    let rename = async |caller: &Account, target: &Account| {
        let request = HttpRequest::new("PATCH", &format!("/v1/users/{}", target.id))
            .bearer(&caller.access_token)
            .json(&json!({ "firstName": "Renamed" }));
        bundle.send(&request).await.status
    };
    assert_eq!(rename(&admin, &user).await, 200);
    assert_eq!(rename(&admin, &moderator).await, 200);
    assert_eq!(rename(&moderator, &user).await, 403);
    assert_eq!(rename(&user, &moderator).await, 403);
    let changed = bundle
        .items_of_type("user")
        .into_iter()
        .find(|item| item["id"]["S"] == *user.id);
    assert_eq!(changed.expect("the user")["changed_by"]["S"], *admin.id);
}

#[tokio::test]
async fn bug_62_an_update_whose_answer_got_lost_inside_is_recognised_as_ours() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let mut once = true;
    bundle.recorder().disturb(move |operation| {
        (operation == "UpdateItem" && std::mem::take(&mut once)).then_some(Fault::LoseAnswer)
    });
    let request = HttpRequest::new("PATCH", "/v1/users/me")
        .bearer(&account.access_token)
        .header("if-match", "\"1\"")
        .json(&json!({ "firstName": "Ada" }));
    let answer = bundle.send(&request).await.expect_status(200);
    assert_eq!(
        (answer.body["version"].clone(), answer.text_at("/firstName")),
        (json!(2), "Ada".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_updates_at_once_none_is_lost_in_silence() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let (one, two) = (
        bundle.spawn("update-user").await,
        bundle.spawn("update-user").await,
    );
    // Both read before either writes.
    bundle
        .recorder()
        .set_delay(std::time::Duration::from_millis(60));
    let patch = |field: &str| {
        HttpRequest::new("PATCH", "/v1/users/me")
            .bearer(&account.access_token)
            .json(&json!({ field: "Changed" }))
    };
    let (first, second) = (patch("firstName"), patch("lastName"));
    let (first, second) = tokio::join!(bundle.send_to(&one, &first), bundle.send_to(&two, &second));
    bundle.recorder().set_delay(std::time::Duration::ZERO);
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}
