use harness::{Account, Answer, Bundle};
use serde_json::{Value, json};

use crate::bundle;

pub async fn list(bundle: &Bundle, caller: &Account, query: &str) -> Answer {
    let path = format!("/v1/users?{query}");
    bundle.send_as(caller, "GET", &path).await
}

pub fn ids(answer: &Answer) -> Vec<String> {
    let users = answer.body["data"].as_array().into_iter().flatten();
    users
        .map(|user| user["id"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Walks a list by its cursors; every page but the last is full.
async fn walk(bundle: &Bundle, caller: &Account, query: &str, limit: usize) -> Vec<String> {
    let mut walked = Vec::new();
    let mut next = String::new();
    loop {
        let query = format!("{query}&limit={limit}{next}");
        let answer = list(bundle, caller, &query).await.expect_status(200);
        assert_eq!(answer.body["page"]["limit"], json!(limit));
        let page = ids(&answer);
        let has_more = answer.body["page"]["hasMore"] == true;
        assert!(
            page.len() == limit || !has_more,
            "a short page with more to come"
        );
        walked.extend(page);
        if !has_more {
            assert_eq!(answer.body["page"]["nextCursor"], Value::Null);
            return walked;
        }
        next = format!("&cursor={}", answer.text_at("/page/nextCursor"));
    }
}

/// Ids of the stored users that `choose` picks, oldest first.
pub fn stored(bundle: &Bundle, choose: impl Fn(&Value) -> bool) -> Vec<String> {
    let users = bundle.items_of_type("user").into_iter().filter(choose);
    let mut ids: Vec<String> = users
        .filter_map(|user| user["id"]["S"].as_str().map(str::to_owned))
        .collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn users_are_listed_in_the_order_of_their_creation_and_page_by_page() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let _ = bundle.seed(43).await;
    let oldest_first = stored(&bundle, |_| true);
    let newest_first: Vec<String> = oldest_first.iter().rev().cloned().collect();

    let answer = list(&bundle, &admin, "").await.expect_status(200);
    assert_eq!(ids(&answer), oldest_first[..20]);
    assert_eq!(answer.body["page"]["hasMore"], true);
    for (sort, expected) in [
        ("createdAt", &oldest_first),
        ("created_at", &oldest_first),
        ("-createdAt", &newest_first),
        ("-created_at", &newest_first),
    ] {
        for limit in [1, 7, 45, 100] {
            let walked = walk(&bundle, &admin, &format!("sort={sort}"), limit).await;
            assert_eq!(&walked, expected, "{sort} by {limit}");
        }
    }
    let answer = list(&bundle, &admin, "fields=id,email&limit=1").await;
    let users = answer.body["data"].as_array().expect("a list");
    assert_eq!(users[0].as_object().map(serde_json::Map::len), Some(2));
    let user = bundle.account().await;
    let refused = list(&bundle, &user, "").await.expect_status(403);
    assert_eq!(refused.code(), "forbidden");
}

#[tokio::test]
async fn filters_combine_and_leave_no_page_short() {
    let bundle = bundle().await;
    let moderator = bundle.account_with_role("moderator").await;
    let _ = bundle.seed(2100).await;
    let has = |user: &Value, attribute: &str, value: &str| user[attribute]["S"] == value;
    let suspended = stored(&bundle, |user| has(user, "status", "suspended"));
    let active = stored(&bundle, |user| has(user, "status", "active"));
    let moderators = stored(&bundle, |user| has(user, "role", "moderator"));
    let both = stored(&bundle, |user| {
        has(user, "status", "suspended") && has(user, "role", "moderator")
    });
    assert_eq!((suspended.len(), moderators.len(), both.len()), (42, 3, 2));
    for (query, limit, expected) in [
        ("status=suspended", 5, &suspended),
        ("status=active", 100, &active),
        ("role=moderator", 2, &moderators),
        ("role=moderator&status=suspended", 1, &both),
        ("role=admin", 10, &Vec::new()),
    ] {
        assert_eq!(
            &walk(&bundle, &moderator, query, limit).await,
            expected,
            "{query}"
        );
    }

    // A suspension that has ended by itself is none.
    let over = json!({ "M": { "until": { "N": "1000" } } });
    bundle.edit_user(&suspended[0], "suspension", &over);
    let not_over = json!({ "M": { "until": { "N": "9999999999999" } } });
    bundle.edit_user(&suspended[1], "suspension", &not_over);
    assert_eq!(
        walk(&bundle, &moderator, "status=suspended", 20).await,
        suspended[1..]
    );
    let now_active = walk(&bundle, &moderator, "status=active", 100).await;
    assert_eq!(now_active.len(), active.len() + 1);
    assert!(now_active.contains(&suspended[0]));
}

#[tokio::test]
async fn moments_are_exclusive_and_bound_without_a_filter() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let _ = bundle.seed(30).await;
    let users = list(&bundle, &admin, "limit=100").await.body["data"].clone();
    let users = users.as_array().expect("a list");
    let at = |number: usize| users[number]["createdAt"].as_str().expect("a time");
    for (query, expected) in [
        (format!("createdAfter={}", at(10)), 11..users.len()),
        (format!("createdBefore={}", at(10)), 0..10),
        (
            format!("createdAfter={}&createdBefore={}", at(3), at(7)),
            4..7,
        ),
        (
            format!("createdAfter={}&createdBefore={}", at(7), at(3)),
            0..0,
        ),
        ("createdAfter=2999-01-01T00:00:00Z".to_owned(), 0..0),
        ("createdBefore=1960-01-01T00:00:00Z".to_owned(), 0..0),
        (
            "createdAfter=1960-01-01T00:00:00%2B01:00".to_owned(),
            0..users.len(),
        ),
    ] {
        for sort in ["createdAt", "-createdAt"] {
            let mut expected: Vec<&str> = users[expected.clone()]
                .iter()
                .filter_map(|user| user["id"].as_str())
                .collect();
            if sort.starts_with('-') {
                expected.reverse();
            }
            let walked = walk(&bundle, &admin, &format!("{query}&sort={sort}"), 4).await;
            assert_eq!(walked, expected, "{query} {sort}");
        }
    }
}

#[tokio::test]
async fn an_address_finds_its_account_in_any_spelling() {
    let bundle = bundle().await;
    let (admin, user) = (bundle.admin().await, bundle.account().await);
    let upper = user.email.to_uppercase();
    for query in [
        format!("email={}", user.email),
        format!("email={upper}&role=user&status=active&sort=-createdAt&page=1"),
    ] {
        let answer = list(&bundle, &admin, &query).await.expect_status(200);
        assert_eq!(ids(&answer), [user.id.as_str()], "{query}");
        assert_eq!(answer.body["page"]["hasMore"], false);
    }
    for query in [
        "email=nobody@example.com".to_owned(),
        format!("email={}&role=admin", user.email),
        format!("email={}&createdAfter=2999-01-01T00:00:00Z", user.email),
    ] {
        let answer = list(&bundle, &admin, &query).await.expect_status(200);
        assert!(ids(&answer).is_empty(), "{query}");
    }
}

#[tokio::test]
async fn pages_have_numbers_up_to_50() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let _ = bundle.seed(150).await;
    let everyone = stored(&bundle, |_| true);
    for (page, range) in [(1, 0..3), (2, 3..6), (50, 147..150)] {
        let answer = list(&bundle, &admin, &format!("limit=3&page={page}")).await;
        assert_eq!(ids(&answer), everyone[range], "{page}");
        // From there on with the cursor.
        let next = format!("limit=3&cursor={}", answer.text_at("/page/nextCursor"));
        let next = list(&bundle, &admin, &next).await;
        assert_eq!(
            ids(&next),
            everyone[page * 3..(page * 3 + 3).min(everyone.len())]
        );
    }
    let beyond = list(&bundle, &admin, "limit=100&page=3")
        .await
        .expect_status(200);
    assert!(ids(&beyond).is_empty() && beyond.body["page"]["hasMore"] == false);
}

#[tokio::test]
async fn every_wrong_parameter_is_named() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let cursor = {
        let _ = bundle.seed(3).await;
        list(&bundle, &admin, "limit=1")
            .await
            .text_at("/page/nextCursor")
    };
    for (query, code) in [
        ("limit=0", "out_of_range"),
        ("limit=101", "out_of_range"),
        ("limit=ten", "invalid_format"),
        ("limit=", "invalid_format"),
        ("limit=1&limit=2", "duplicate"),
        ("page=0", "out_of_range"),
        ("page=51", "out_of_range"),
        ("sort=email", "invalid_value"),
        ("sort=", "invalid_value"),
        ("role=root", "invalid_value"),
        ("status=deleted", "invalid_value"),
        ("email=nope", "invalid_format"),
        ("createdAfter=yesterday", "invalid_format"),
        ("createdBefore=2026-13-01T00:00:00Z", "invalid_format"),
        ("fields=id,password_hash", "unknown"),
        ("cursor=abc", "invalid_value"),
        ("name=Ada", "unknown"),
        ("q=Ada", "unknown"),
        ("offset=5", "unknown"),
    ] {
        let answer = list(&bundle, &admin, query).await.expect_status(400);
        let field = query.split('=').next().unwrap_or_default();
        assert_eq!(answer.field_codes(), [(field, code)], "{query}");
    }
    let answer = list(&bundle, &admin, "limit=x&sort=x&role=x&z=x").await;
    let fields: Vec<&str> = answer
        .field_codes()
        .iter()
        .map(|(field, _)| *field)
        .collect();
    assert_eq!(fields, ["limit", "sort", "role", "z"]);
    let both = list(&bundle, &admin, &format!("limit=1&page=2&cursor={cursor}")).await;
    assert_eq!(both.field_codes(), [("page", "invalid_value")]);
    assert!(
        list(&bundle, &admin, "page=51")
            .await
            .text
            .contains("cursor")
    );
}

#[tokio::test]
async fn bug_39_a_cursor_of_another_list_is_refused_and_one_of_another_admin_gives_nothing_more() {
    let bundle = bundle().await;
    let (admin, other) = (
        bundle.admin().await,
        bundle.account_with_role("moderator").await,
    );
    let user = bundle.account().await;
    let _ = bundle.seed(10).await;
    let first = list(&bundle, &admin, "limit=2").await;
    let cursor = first.text_at("/page/nextCursor");
    for foreign in [
        format!("sort=-createdAt&cursor={cursor}"),
        format!("role=user&cursor={cursor}"),
        format!("email=a@example.com&cursor={cursor}"),
        format!("cursor={}", &cursor[1..]),
        format!("cursor={cursor}A"),
        format!("cursor={}", cursor.to_lowercase()),
        "cursor=".to_owned(),
    ] {
        let answer = list(&bundle, &admin, &foreign).await.expect_status(400);
        assert_eq!(
            answer.field_codes(),
            [("cursor", "invalid_value")],
            "{foreign}"
        );
    }
    let _ = bundle.sign_in(&admin.email).await;
    let sessions = bundle
        .send_as(&admin, "GET", "/v1/users/me/sessions?limit=1")
        .await;
    let sessions = sessions.text_at("/page/nextCursor");
    let answer = list(&bundle, &admin, &format!("cursor={sessions}")).await;
    assert_eq!(answer.field_codes(), [("cursor", "invalid_value")]);

    let query = format!("limit=2&cursor={cursor}");
    let by_admin = list(&bundle, &admin, &query).await.expect_status(200);
    assert_eq!(list(&bundle, &other, &query).await.body, by_admin.body);
    let _ = list(&bundle, &user, &query).await.expect_status(403);
}

#[tokio::test]
async fn bug_60_a_list_has_the_documented_properties_and_no_others() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    for attribute in ["password_hash", "internal_note"] {
        bundle.edit_user(&admin.id, attribute, &json!({ "S": "leaked" }));
    }
    // The contract check refuses every property that openapi.yaml does not name.
    for query in ["", "email=admin@example.com"] {
        let answer = list(&bundle, &admin, query).await.expect_status(200);
        assert!(!answer.text.contains("leaked"), "{}", answer.text);
        assert_eq!(ids(&answer), [admin.id.as_str()]);
    }
}
