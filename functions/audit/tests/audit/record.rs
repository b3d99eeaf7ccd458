use harness::PASSWORD;
use serde_json::{Value, json};

use crate::{act, actions, bundle, entries};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, in its order")]
async fn everything_that_happens_to_an_account_is_kept_in_its_order_with_what_changed() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let account = bundle.account().await;
    let path = |rest: &str| format!("/v1/users/{}{rest}", account.id);
    act(
        &bundle,
        &account,
        "PATCH",
        &path(""),
        &json!({ "firstName": "Ada" }),
    )
    .await;
    act(
        &bundle,
        &account,
        "PATCH",
        &path(""),
        &json!({ "firstName": "Augusta" }),
    )
    .await;
    act(
        &bundle,
        &account,
        "PUT",
        &path("/preferences"),
        &json!({ "theme": "dark" }),
    )
    .await;
    act(
        &bundle,
        &admin,
        "PUT",
        &path("/role"),
        &json!({ "role": "moderator" }),
    )
    .await;
    // A higher role takes another sign-in.
    let account = bundle.sign_in(&account.email).await;
    let new = "staple battery horse correct";
    let passwords = json!({ "currentPassword": PASSWORD, "newPassword": new });
    act(
        &bundle,
        &account,
        "POST",
        "/v1/auth/change-password",
        &passwords,
    )
    .await;
    let others = path("/sessions?except=current");
    let _ = bundle
        .send_as(&account, "DELETE", &others)
        .await
        .expect_status(204);
    let used = account.refresh_token.clone();
    let next = bundle.refresh(&used).await.text_at("/refreshToken");
    let _ = bundle.refresh(&next).await.expect_status(200);
    let _ = bundle.refresh(&used).await.expect_status(401);
    let suspended = json!({ "status": "suspended", "reason": "Sends spam." });
    act(&bundle, &admin, "PUT", &path("/status"), &suspended).await;
    act(
        &bundle,
        &admin,
        "PUT",
        &path("/status"),
        &json!({ "status": "active" }),
    )
    .await;
    let _ = bundle
        .send_as(&admin, "DELETE", &path(""))
        .await
        .expect_status(204);
    bundle.deliver().await;

    let mut all = entries(&bundle, &admin, &account.id).await;
    // Letters are sent when they are sent.
    all.retain(|entry| entry["action"] != "mail.sent");
    assert_eq!(
        actions(&all),
        [
            "user.registered",
            "session.created",
            "user.updated",
            "user.updated",
            "preferences.updated",
            "user.role_changed",
            "session.created",
            "password.changed",
            "sessions.revoked",
            "session.reuse_detected",
            "user.suspended",
            "user.reactivated",
            "user.deleted",
        ]
    );
    let entry = |action: &str| {
        let found = all.iter().rfind(|entry| entry["action"] == action);
        let found = found.expect("an entry");
        (
            found["actorId"].clone(),
            found["before"].clone(),
            found["after"].clone(),
        )
    };
    let (own, admins) = (json!(account.id), json!(admin.id));
    let registered = json!({
        "email": account.email, "emailVerified": false, "locale": "en", "role": "user", "status": "active",
    });
    assert_eq!(
        entry("user.registered"),
        (own.clone(), json!({}), registered)
    );
    assert_eq!(
        entry("user.updated"),
        (
            own.clone(),
            json!({ "firstName": "Ada" }),
            json!({ "firstName": "Augusta" })
        )
    );
    assert_eq!(
        entry("user.role_changed"),
        (
            admins.clone(),
            json!({ "role": "user" }),
            json!({ "role": "moderator" })
        )
    );
    assert_eq!(entry("password.changed"), (own, json!({}), json!({})));
    let suspension = json!({ "reason": "Sends spam.", "until": null });
    assert_eq!(
        entry("user.suspended"),
        (
            admins.clone(),
            json!({ "status": "active", "suspension": null }),
            json!({ "status": "suspended", "suspension": suspension }),
        )
    );
    assert_eq!(
        entry("user.deleted"),
        (
            admins,
            json!({ "role": "moderator", "status": "active" }),
            json!({})
        )
    );
    for entry in &all {
        assert!(
            entry["requestId"].as_str().is_some_and(|id| id.len() == 36),
            "{entry}"
        );
        assert!(
            entry["time"]
                .as_str()
                .is_some_and(|time| time.starts_with("20")),
            "{entry}"
        );
    }
    let text = json!(bundle.items_of_type("audit_entry")).to_string();
    for secret in [
        "argon2",
        PASSWORD,
        new,
        "credential",
        "session_epoch",
        "dark",
        "lkrt_",
        "lkat_",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_record_that_comes_again_is_kept_and_counted_once() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let _ = bundle.account().await;
    let sample = |number: u32| {
        let id = format!("0197a3c2-7e4b-7c1d-9f2e-3b5a6c7d8e{number:02}");
        let values = [("userId", id.as_str()), ("email", "ada@example.com")];
        local::event::sample(&local::workspace_root(), "record-audit", &values).expect("a sample")
    };
    bundle.deliver().await;
    let before = (
        bundle.items_of_type("audit_entry").len(),
        total(&bundle, &admin, "").await,
    );
    for _ in 0..3 {
        let answer = bundle.invoke("record-audit", &sample(1)).await;
        assert_eq!(answer["batchItemFailures"], json!([]), "{answer}");
    }
    let after = (
        bundle.items_of_type("audit_entry").len(),
        total(&bundle, &admin, "").await,
    );
    assert!(after.0 > before.0);
    assert_eq!(after.1, before.1 + 1);
}

/// `meta.total` of the list of users.
async fn total(bundle: &harness::Bundle, admin: &harness::Account, query: &str) -> u64 {
    let list = bundle
        .send_as(admin, "GET", &format!("/v1/users{query}"))
        .await;
    let list = list.expect_status(200);
    assert_eq!(list.body["meta"]["approximate"], true);
    list.body["meta"]["total"].as_u64().expect("a number")
}

#[tokio::test]
async fn users_are_counted_by_their_status() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let (one, two) = (bundle.account().await, bundle.account().await);
    let _ = bundle.account().await;
    let status = |account: &harness::Account| format!("/v1/users/{}/status", account.id);
    for reason in ["First.", "Another reason, still one suspended user."] {
        let body = json!({ "status": "suspended", "reason": reason });
        act(&bundle, &admin, "PUT", &status(&one), &body).await;
    }
    act(
        &bundle,
        &admin,
        "PUT",
        &status(&two),
        &json!({ "status": "suspended" }),
    )
    .await;
    act(
        &bundle,
        &admin,
        "PUT",
        &status(&two),
        &json!({ "status": "active" }),
    )
    .await;
    bundle.deliver().await;
    let totals = async || {
        [
            total(&bundle, &admin, "").await,
            total(&bundle, &admin, "?status=active").await,
            total(&bundle, &admin, "?status=suspended").await,
        ]
    };
    assert_eq!(totals().await, [4, 3, 1]);
    for account in [&one, &two] {
        let path = format!("/v1/users/{}", account.id);
        let _ = bundle
            .send_as(&admin, "DELETE", &path)
            .await
            .expect_status(204);
    }
    bundle.deliver().await;
    assert_eq!(totals().await, [2, 2, 0]);
    for filter in [
        "?role=user",
        "?createdAfter=2020-01-01T00:00:00Z",
        "?email=a@example.com",
    ] {
        let path = format!("/v1/users{filter}");
        let list = bundle
            .send_as(&admin, "GET", &path)
            .await
            .expect_status(200);
        assert_eq!(list.body["meta"]["total"], Value::Null, "{filter}");
    }
}

#[tokio::test]
async fn entries_stay_as_long_as_the_setting_says() {
    let bundle = bundle().await;
    let _ = bundle.account().await;
    bundle.deliver().await;
    for entry in bundle.items_of_type("audit_entry") {
        let number = |name: &str| -> u64 {
            let number = entry[name]["N"]
                .as_str()
                .and_then(|number| number.parse().ok());
            number.expect("a number")
        };
        assert_eq!(number("ttl") - number("time") / 1000, 400 * 24 * 3600);
    }
}

#[tokio::test]
async fn refreshing_a_session_leaves_no_trace_and_starts_no_function() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    bundle.deliver().await;
    let before = bundle.items_of_type("audit_entry").len();
    let _ = bundle.recorder().take();
    let _ = bundle
        .refresh(&account.refresh_token)
        .await
        .expect_status(200);
    bundle.deliver().await;
    assert_eq!(bundle.items_of_type("audit_entry").len(), before);
    let calls = bundle.recorder().take();
    assert!(
        calls.iter().all(|call| call.function == "refresh"),
        "{calls:#?}"
    );
}

#[tokio::test]
async fn a_record_nobody_can_read_ends_where_failed_ones_are_kept_and_stops_no_other() {
    let bundle = bundle().await;
    let first = bundle.account().await;
    let poisoned = json!({
        "pk": { "S": "USER#0197a3c2-7e4b-7c1d-9f2e-3b5a6c7d8e9f" }, "sk": { "S": "USER" },
        "type": { "S": "user" }, "schema": { "N": "99" }, "events": { "S": "user.registered" },
    });
    bundle.put(&poisoned);
    let second = bundle.account().await;
    bundle.try_deliver().await;
    let kept = |account: &harness::Account| {
        let entries = bundle.items_of_type("audit_entry").into_iter();
        let own = entries.filter(|entry| entry["user_id"]["S"] == *account.id);
        own.filter(|entry| entry["kind"]["S"] != "mail.sent")
            .count()
    };
    assert_eq!((kept(&first), kept(&second)), (2, 2));
    let failed = bundle.failed();
    // One for each of the two readers, and nothing but it.
    assert_eq!(failed.len(), 2, "{failed:#?}");
    for failed in &failed {
        let text = failed.payload.to_string();
        assert!(text.contains("0197a3c2-7e4b-7c1d-9f2e-3b5a6c7d8e9f"));
        assert!(!text.contains(&first.id) && !text.contains(&second.id));
    }
    let published: Vec<Value> = bundle
        .bus_events()
        .into_iter()
        .map(|event| event["detail-type"].clone())
        .collect();
    assert_eq!(
        published
            .iter()
            .filter(|kind| *kind == "user.registered")
            .count(),
        2
    );
}
