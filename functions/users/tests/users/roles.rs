//! `set-user-role` and `set-user-status`.

use std::time::Duration;

use harness::{Account, Answer, Bundle, HttpRequest, PASSWORD};
use serde_json::{Value, json};

use crate::bundle;

async fn put(bundle: &Bundle, caller: &Account, id: &str, what: &str, body: &Value) -> Answer {
    let request = HttpRequest::new("PUT", &format!("/v1/users/{id}/{what}"));
    bundle
        .send(&request.bearer(&caller.access_token).json(body))
        .await
}

#[tokio::test]
async fn an_admin_changes_roles_and_the_counter_follows() {
    let bundle = bundle().await;
    let (admin, user) = (bundle.admin().await, bundle.account().await);
    for (role, version, admins) in [
        ("moderator", 2, 1),
        ("admin", 3, 2),
        ("admin", 3, 2),
        ("user", 4, 1),
    ] {
        let answer = put(&bundle, &admin, &user.id, "role", &json!({ "role": role })).await;
        let answer = answer.expect_status(200);
        assert_eq!(answer.text_at("/role"), role);
        assert_eq!(answer.header("etag"), format!("\"{version}\""));
        assert_eq!(bundle.active_admins(), admins, "{role}");
        let path = format!("/v1/users/{}", user.id);
        assert_eq!(bundle.send_as(&admin, "GET", &path).await.body, answer.body);
    }
    let answer = put(&bundle, &admin, "me", "role", &json!({ "role": "user" })).await;
    assert_eq!((answer.status, answer.code()), (409, "last_admin"));
    bundle.assert_invariants();
}

#[tokio::test]
async fn wrong_bodies_and_stale_versions_change_nothing() {
    let bundle = bundle().await;
    let (admin, user) = (bundle.admin().await, bundle.account().await);
    let before = bundle.items();
    for (what, body, codes) in [
        ("role", json!({}), vec![("role", "required")]),
        (
            "role",
            json!({ "role": "root" }),
            vec![("role", "invalid_value")],
        ),
        (
            "role",
            json!({ "role": "Admin" }),
            vec![("role", "invalid_value")],
        ),
        ("role", json!({ "role": 1 }), vec![("role", "invalid_type")]),
        (
            "status",
            json!({ "status": "deleted" }),
            vec![("status", "invalid_value")],
        ),
        (
            "status",
            json!({ "status": "active", "reason": "x", "until": "2099-01-01T00:00:00Z" }),
            vec![("reason", "invalid_value"), ("until", "invalid_value")],
        ),
        (
            "status",
            json!({ "status": "suspended", "reason": "a\nb", "until": "2020-01-01T00:00:00Z" }),
            vec![("reason", "invalid_format"), ("until", "out_of_range")],
        ),
        (
            "status",
            json!({ "status": "suspended", "reason": "x".repeat(501), "until": "soon" }),
            vec![("reason", "too_long"), ("until", "invalid_format")],
        ),
    ] {
        let answer = put(&bundle, &admin, &user.id, what, &body)
            .await
            .expect_status(400);
        assert_eq!(answer.field_codes(), codes, "{body}");
    }
    for (what, body) in [
        ("role", json!({ "role": "moderator" })),
        ("status", json!({ "status": "suspended" })),
    ] {
        let stale = HttpRequest::new("PUT", &format!("/v1/users/{}/{what}", user.id))
            .bearer(&admin.access_token)
            .header("if-match", "\"7\"")
            .json(&body);
        let _ = bundle.send(&stale).await.expect_status(412);
    }
    assert_eq!(bundle.items(), before);
}

#[tokio::test]
async fn bug_09_a_suspension_ends_every_session_and_says_why() {
    let bundle = bundle().await;
    let moderator = bundle.account_with_role("moderator").await;
    let user = bundle.account().await;
    let until = "2099-01-01T00:00:00.000Z";
    let body = json!({ "status": "suspended", "reason": " Sends spam. ", "until": until });
    let answer = put(&bundle, &moderator, &user.id, "status", &body)
        .await
        .expect_status(200);
    assert_eq!(answer.text_at("/status"), "suspended");
    let suspension = json!({ "reason": "Sends spam.", "until": until });
    assert_eq!(answer.body["suspension"], suspension);

    let me = bundle.send_as(&user, "GET", "/v1/users/me").await;
    assert_eq!((me.status, me.code()), (401, "invalid_token"));
    let refreshed = bundle.refresh(&user.refresh_token).await;
    assert_eq!((refreshed.status, refreshed.code()), (401, "invalid_token"));
    let credentials = json!({ "email": user.email, "password": PASSWORD });
    let login = bundle.post("/v1/auth/login", &credentials).await;
    assert_eq!((login.status, login.code()), (403, "account_suspended"));
    assert!(!login.text.contains("spam"));

    // Active again: the old sessions stay dead, a new one lives.
    let active = put(
        &bundle,
        &moderator,
        &user.id,
        "status",
        &json!({ "status": "active" }),
    )
    .await;
    let active = active.expect_status(200);
    assert_eq!(
        (active.text_at("/status"), &active.body["suspension"]),
        ("active".into(), &Value::Null)
    );
    assert!(!bundle.is_signed_in(&user).await);
    let again = bundle.sign_in(&user.email).await;
    assert!(bundle.is_signed_in(&again).await);
    // Asked again it changes nothing.
    let same = put(
        &bundle,
        &moderator,
        &user.id,
        "status",
        &json!({ "status": "active" }),
    )
    .await;
    assert_eq!(same.header("etag"), active.header("etag"));
}

#[tokio::test]
async fn a_suspension_with_an_end_is_over_by_itself() {
    let bundle = bundle().await;
    let (admin, user) = (bundle.admin().await, bundle.account().await);
    let body = json!({ "status": "suspended", "until": "2099-01-01T00:00:00Z" });
    let _ = put(&bundle, &admin, &user.id, "status", &body)
        .await
        .expect_status(200);
    let path = format!("/v1/users/{}", user.id);
    let get = HttpRequest::new("GET", &path)
        .bearer(&admin.access_token)
        .header("if-none-match", "\"2\"");
    let _ = bundle.send(&get).await.expect_status(304);
    let past = json!({ "M": { "until": { "N": "1000" } } });
    bundle.edit_user(&user.id, "suspension", &past);
    // Shown at once, although the version is the same.
    let read = bundle.send(&get).await.expect_status(200);
    assert_eq!(
        (read.text_at("/status"), &read.body["suspension"]),
        ("active".into(), &Value::Null)
    );
    assert!(!bundle.is_signed_in(&user).await);
    let again = bundle.sign_in(&user.email).await;
    assert!(bundle.is_signed_in(&again).await);
}

#[tokio::test]
async fn suspending_an_admin_counts_and_the_last_one_stays() {
    let bundle = bundle().await;
    let (admin, other) = (
        bundle.admin().await,
        bundle.account_with_role("admin").await,
    );
    let suspend = json!({ "status": "suspended" });
    let _ = put(&bundle, &admin, &other.id, "status", &suspend)
        .await
        .expect_status(200);
    assert_eq!(bundle.active_admins(), 1);
    let longer = json!({ "status": "suspended", "reason": "Still." });
    let _ = put(&bundle, &admin, &other.id, "status", &longer)
        .await
        .expect_status(200);
    assert_eq!(bundle.active_admins(), 1, "suspended twice, counted once");
    let answer = put(&bundle, &admin, "me", "status", &suspend).await;
    assert_eq!((answer.status, answer.code()), (409, "last_admin"));
    let active = json!({ "status": "active" });
    let _ = put(&bundle, &admin, &other.id, "status", &active)
        .await
        .expect_status(200);
    assert_eq!(bundle.active_admins(), 2);
    let _ = put(&bundle, &admin, &other.id, "status", &suspend)
        .await
        .expect_status(200);
    let _ = put(
        &bundle,
        &admin,
        &other.id,
        "role",
        &json!({ "role": "user" }),
    )
    .await
    .expect_status(200);
    assert_eq!(
        bundle.active_admins(),
        1,
        "a suspended admin was not counted"
    );
    bundle.assert_invariants();
}

/// Both callers have read before either writes.
async fn at_once(bundle: &Bundle, function: &str, requests: [HttpRequest; 2]) -> [Answer; 2] {
    let (one, two) = (bundle.spawn(function).await, bundle.spawn(function).await);
    bundle.recorder().set_delay(Duration::from_millis(60));
    let [first, second] = requests;
    let (first, second) = tokio::join!(bundle.send_to(&one, &first), bundle.send_to(&two, &second));
    bundle.recorder().set_delay(Duration::ZERO);
    [first, second]
}

#[tokio::test(flavor = "multi_thread")]
async fn bug_63_two_admins_who_demote_or_suspend_each_other_leave_one() {
    for (function, what, body) in [
        ("set-user-role", "role", json!({ "role": "user" })),
        (
            "set-user-status",
            "status",
            json!({ "status": "suspended" }),
        ),
    ] {
        let bundle = bundle().await;
        let (one, two) = (
            bundle.admin().await,
            bundle.account_with_role("admin").await,
        );
        let request = |by: &Account, id: &str| {
            HttpRequest::new("PUT", &format!("/v1/users/{id}/{what}"))
                .bearer(&by.access_token)
                .json(&body)
        };
        let requests = [request(&one, &two.id), request(&two, &one.id)];
        let answers = at_once(&bundle, function, requests).await;
        let mut outcomes = answers
            .each_ref()
            .map(|answer| (answer.status, answer.code()));
        outcomes.sort_unstable();
        assert_eq!(outcomes, [(200, ""), (409, "last_admin")], "{what}");
        assert_eq!(bundle.active_admins(), 1);
        bundle.assert_invariants();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_of_one_account_at_once_one_is_told() {
    let bundle = bundle().await;
    let (admin, user) = (bundle.admin().await, bundle.account().await);
    let request = |role: &str| {
        HttpRequest::new("PUT", &format!("/v1/users/{}/role", user.id))
            .bearer(&admin.access_token)
            .json(&json!({ "role": role }))
    };
    let answers = at_once(
        &bundle,
        "set-user-role",
        [request("moderator"), request("admin")],
    )
    .await;
    let mut outcomes = answers
        .each_ref()
        .map(|answer| (answer.status, answer.code()));
    outcomes.sort_unstable();
    assert_eq!(outcomes, [(200, ""), (409, "conflict")]);
    bundle.assert_invariants();
}

/// What each of them does to the last admin.
fn leaving() -> [(&'static str, &'static str, Value); 3] {
    [
        ("PUT", "/v1/users/me/role", json!({ "role": "user" })),
        (
            "PUT",
            "/v1/users/me/status",
            json!({ "status": "suspended" }),
        ),
        ("DELETE", "/v1/users/me", Value::Null),
    ]
}

fn leave(by: &Account, (method, path, body): &(&str, &str, Value)) -> HttpRequest {
    let request = HttpRequest::new(method, path).bearer(&by.access_token);
    if body.is_null() {
        request
    } else {
        request.json(body)
    }
}

#[tokio::test]
async fn bug_81_an_admin_whose_suspension_has_ended_counts_before_the_last_would_go() {
    for how in leaving() {
        let bundle = bundle().await;
        let (last, other) = (
            bundle.admin().await,
            bundle.account_with_role("admin").await,
        );
        let suspend = json!({ "status": "suspended", "until": "2099-01-01T00:00:00Z" });
        let suspended = put(&bundle, &last, &other.id, "status", &suspend).await;
        let _ = suspended.expect_status(200);
        let before = bundle.accounts();
        let refused = bundle.send(&leave(&last, &how)).await.expect_status(409);
        assert_eq!(refused.code(), "last_admin", "while it lasts");
        assert_eq!(bundle.accounts(), before);

        let past = json!({ "M": { "until": { "N": "1000" } } });
        bundle.edit_user(&other.id, "suspension", &past);
        bundle.deliver().await;
        let left = bundle.send(&leave(&last, &how)).await;
        assert!(left.status < 300, "{how:?}: {}", left.text);
        assert_eq!(bundle.active_admins(), 1);
        let mut users = bundle.items_of_type("user");
        users.retain(|user| user["id"]["S"] == *other.id);
        assert_eq!(users[0]["status"]["S"], "active");
        assert!(users[0]["suspension"].is_null());
        bundle.deliver().await;
        let events = bundle.bus_events();
        let told = events
            .iter()
            .find(|event| event["detail-type"] == "user.reactivated");
        let told = &told.expect("an event")["detail"];
        assert_eq!(told["userId"], *other.id);
        assert_eq!(told["actorId"], Value::Null, "nobody did: time was up");
        bundle.assert_invariants();

        let again = bundle.sign_in(&other.email).await;
        let refused = bundle.send(&leave(&again, &how)).await.expect_status(409);
        assert_eq!(refused.code(), "last_admin");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bug_81_when_both_leave_at_once_one_stays() {
    let bundle = bundle().await;
    let (last, returned) = bundle.last_admins().await;
    let returned = bundle.sign_in(&returned.email).await;
    let how = &leaving()[0];
    let requests = [leave(&last, how), leave(&returned, how)];
    let answers = at_once(&bundle, "set-user-role", requests).await;
    let left = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(left, 1);
    assert_eq!(bundle.active_admins(), 1);
    bundle.assert_invariants();
}

#[tokio::test]
async fn a_higher_role_ends_every_session_and_a_lower_one_none() {
    let bundle = bundle().await;
    let (admin, user) = (bundle.admin().await, bundle.account().await);
    let _ = put(
        &bundle,
        &admin,
        &user.id,
        "role",
        &json!({ "role": "moderator" }),
    )
    .await
    .expect_status(200);
    let refused = bundle.send_as(&user, "GET", "/v1/users/me").await;
    assert_eq!(refused.expect_status(401).code(), "invalid_token");
    let refused = bundle.refresh(&user.refresh_token).await;
    assert_eq!(refused.expect_status(401).code(), "invalid_token");
    let user = bundle.sign_in(&user.email).await;
    for role in ["moderator", "user"] {
        let _ = put(&bundle, &admin, &user.id, "role", &json!({ "role": role }))
            .await
            .expect_status(200);
        let profile = bundle.send_as(&user, "GET", "/v1/users/me").await;
        assert_eq!(profile.expect_status(200).text_at("/role"), role);
    }
    bundle.assert_invariants();
}
