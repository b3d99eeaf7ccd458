use std::collections::BTreeSet;

use harness::{Account, Bundle};
use serde_json::{Value, json};

use crate::{act, actions, bundle, entries};

/// An account with eight entries: registered, signed in, six names.
async fn busy(bundle: &Bundle) -> Account {
    let account = bundle.account().await;
    for number in 0..6 {
        let name = json!({ "firstName": format!("Ada {number}") });
        act(bundle, &account, "PATCH", "/v1/users/me", &name).await;
    }
    account
}

/// Every page of a list, one after another.
async fn walk(bundle: &Bundle, reader: &Account, path: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = bundle
            .send_as(reader, "GET", &format!("{path}{cursor}"))
            .await;
        let answer = answer.expect_status(200);
        pages.push(answer.body["data"].as_array().cloned().expect("a list"));
        let page = &answer.body["page"];
        assert_eq!(page["hasMore"], page["nextCursor"].is_string());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
    }
}

fn ids(entries: &[Value]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| entry["id"].to_string())
        .collect()
}

#[tokio::test]
async fn pages_go_through_the_audit_of_an_account_in_either_direction() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let account = busy(&bundle).await;
    bundle.deliver().await;
    let all = entries(&bundle, &admin, &account.id).await;
    assert!(all.len() >= 8);
    let path = format!("/v1/users/{}/audit", account.id);
    for (sort, reversed) in [("time", false), ("-time", true)] {
        let pages = walk(&bundle, &admin, &format!("{path}?limit=3&sort={sort}")).await;
        assert!(pages.iter().rev().skip(1).all(|page| page.len() == 3));
        let mut walked = ids(&pages.concat());
        if reversed {
            walked.reverse();
        }
        assert_eq!(walked, ids(&all), "{sort}");
    }
    let times: Vec<String> = all.iter().map(|entry| entry["time"].to_string()).collect();
    assert!(times.is_sorted());
}

#[tokio::test]
async fn an_owner_learns_what_was_done_and_not_which_of_the_others_did_it() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let account = bundle.account().await;
    act(
        &bundle,
        &account,
        "PATCH",
        "/v1/users/me",
        &json!({ "lastName": "King" }),
    )
    .await;
    let role = format!("/v1/users/{}/role", account.id);
    act(
        &bundle,
        &admin,
        "PUT",
        &role,
        &json!({ "role": "moderator" }),
    )
    .await;
    // A higher role takes another sign-in.
    let account = bundle.sign_in(&account.email).await;
    bundle.deliver().await;
    let (own, full) = (
        entries(&bundle, &account, "me").await,
        entries(&bundle, &admin, &account.id).await,
    );
    assert_eq!(ids(&own), ids(&full));
    let find = |entries: &[Value], action: &str| {
        let found = entries.iter().find(|entry| entry["action"] == action);
        let found = found.expect("an entry");
        (found["actorId"].clone(), found["requestId"].is_string())
    };
    assert_eq!(find(&own, "user.updated"), (json!(account.id), false));
    assert_eq!(find(&full, "user.updated"), (json!(account.id), true));
    assert_eq!(find(&own, "user.role_changed"), (Value::Null, false));
    assert_eq!(find(&full, "user.role_changed"), (json!(admin.id), true));
}

#[tokio::test]
async fn the_audit_of_a_deleted_account_stays_for_admins() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let account = bundle.account().await;
    let _ = bundle
        .send_as(&account, "DELETE", "/v1/users/me")
        .await
        .expect_status(204);
    bundle.deliver().await;
    let all = entries(&bundle, &admin, &account.id).await;
    assert_eq!(actions(&all).last(), Some(&"user.deleted"));
    let nobody = "/v1/users/01890a5d-ac96-774b-bcce-b302099a8057/audit";
    let _ = bundle
        .send_as(&admin, "GET", nobody)
        .await
        .expect_status(404);
}

#[tokio::test]
async fn a_month_lists_what_happened_to_everybody() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let (one, two) = (busy(&bundle).await, busy(&bundle).await);
    bundle.deliver().await;
    let pages = walk(&bundle, &admin, "/v1/audit?limit=4").await;
    let all = pages.concat();
    let unique: BTreeSet<String> = ids(&all).into_iter().collect();
    assert_eq!(
        (unique.len(), all.len()),
        (all.len(), bundle.items_of_type("audit_entry").len())
    );
    for account in [&one, &two] {
        assert!(all.iter().any(|entry| entry["userId"] == *account.id));
    }
    let times: Vec<String> = all
        .iter()
        .rev()
        .map(|entry| entry["time"].to_string())
        .collect();
    assert!(times.is_sorted(), "newest first");
    let month = all[0]["time"].as_str().expect("a time")[..7].to_owned();
    let named = walk(
        &bundle,
        &admin,
        &format!("/v1/audit?limit=100&month={month}"),
    )
    .await;
    assert_eq!(ids(&named.concat()), ids(&all));
    let other = walk(&bundle, &admin, "/v1/audit?month=2020-01").await;
    assert_eq!(other, [Vec::<Value>::new()]);
}

#[tokio::test]
async fn wrong_queries_are_named() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let _ = busy(&bundle).await;
    bundle.deliver().await;
    let me = format!("/v1/users/{}/audit", admin.id);
    let first = bundle
        .send_as(&admin, "GET", "/v1/audit?limit=1")
        .await
        .expect_status(200);
    let cursor = first.text_at("/page/nextCursor");
    for (path, expected) in [
        (
            "/v1/audit?month=2026-13".to_owned(),
            ("month", "invalid_format"),
        ),
        (
            "/v1/audit?month=202611".to_owned(),
            ("month", "invalid_format"),
        ),
        (
            "/v1/audit?month=2026-1-".to_owned(),
            ("month", "invalid_format"),
        ),
        ("/v1/audit?limit=0".to_owned(), ("limit", "out_of_range")),
        ("/v1/audit?sort=id".to_owned(), ("sort", "invalid_value")),
        ("/v1/audit?user=me".to_owned(), ("user", "unknown")),
        // Of another list, another order, another month; cut.
        (format!("{me}?cursor={cursor}"), ("cursor", "invalid_value")),
        (
            format!("/v1/audit?sort=time&cursor={cursor}"),
            ("cursor", "invalid_value"),
        ),
        (
            format!("/v1/audit?month=2020-01&cursor={cursor}"),
            ("cursor", "invalid_value"),
        ),
        (
            format!("/v1/audit?cursor={}", &cursor[1..]),
            ("cursor", "invalid_value"),
        ),
    ] {
        let answer = bundle
            .send_as(&admin, "GET", &path)
            .await
            .expect_status(400);
        assert_eq!(answer.field_codes(), [expected], "{path}");
    }
}
