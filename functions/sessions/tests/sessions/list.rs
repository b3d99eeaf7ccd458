use harness::{Account, Bundle, HttpRequest, PASSWORD};
use serde_json::{Value, json};

use crate::bundle;

const PATH: &str = "/v1/users/me/sessions";

async fn ids(bundle: &Bundle, account: &Account, query: &str) -> (Vec<String>, String) {
    let path = format!("{PATH}?{query}");
    let answer = bundle
        .send_as(account, "GET", &path)
        .await
        .expect_status(200);
    let sessions = answer.body["data"].as_array().into_iter().flatten();
    let ids = sessions.map(|session| session["id"].as_str().unwrap_or_default().to_owned());
    (ids.collect(), answer.text_at("/page/nextCursor"))
}

#[tokio::test]
async fn sessions_are_listed_newest_first_with_where_they_came_from() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let login = |agent: &str, address: &str| {
        let body = json!({ "email": account.email, "password": PASSWORD });
        let mut request = HttpRequest::new("POST", "/v1/auth/login").json(&body);
        request.headers.retain(|(name, _)| name != "user-agent");
        address.clone_into(&mut request.source_ip);
        request.header("user-agent", agent)
    };
    let phone = bundle.send(&login("Phone/1.0 ä", "2001:db8::1")).await;
    let phone = phone.expect_status(200);
    let refreshed = bundle.refresh(&phone.text_at("/refreshToken")).await;
    let _ = refreshed.expect_status(200);

    let answer = bundle
        .send_as(&account, "GET", PATH)
        .await
        .expect_status(200);
    let sessions = answer.body["data"].as_array().expect("a list");
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0]["ipAddress"], "2001:db8::1");
    assert_eq!(
        (&sessions[0]["current"], &sessions[1]["current"]),
        (&json!(false), &json!(true))
    );
    assert!(sessions[0]["lastUsedAt"].as_str() >= sessions[0]["createdAt"].as_str());
    assert_eq!(sessions[1]["ipAddress"], "192.0.2.1");
    assert_eq!(sessions[1]["userAgent"], "curl/8.5.0");
    assert_eq!(sessions[1]["amr"], json!(["pwd"]));
    assert_eq!(sessions[1]["lastUsedAt"], sessions[1]["createdAt"]);
    for secret in [&account.refresh_token, &account.access_token] {
        assert!(!answer.text.contains(secret.as_str()));
    }
}

#[tokio::test]
async fn only_live_sessions_are_listed() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(bundle.sign_in(&account.email).await);
    }
    let newest: Vec<String> = ids(&bundle, &account, "").await.0;
    assert_eq!(newest.len(), 5);
    let session = |id: &str| {
        let id = id.to_owned();
        move |item: &Value| item["type"]["S"] == "session" && item["id"]["S"] == *id
    };
    bundle.edit(session(&newest[0]), "revoked_at", &json!({ "N": "1000" }));
    bundle.edit(
        session(&newest[1]),
        "credential_version",
        &json!({ "N": "9" }),
    );
    bundle.edit(session(&newest[2]), "session_epoch", &json!({ "N": "0" }));
    bundle.edit(session(&newest[3]), "idle_until", &json!({ "N": "1000" }));
    assert_eq!(ids(&bundle, &account, "").await.0, newest[4..]);
}

#[tokio::test]
async fn one_request_looks_at_500_sessions_and_says_where_to_go_on() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let model = bundle.items_of_type("session").remove(0);
    let own = ids(&bundle, &account, "").await.0;
    for number in 0..600 {
        let id = format!("ffffffff-ffff-7fff-bfff-{number:012}");
        let mut dead = model.clone();
        dead["id"] = json!({ "S": id });
        dead["sk"] = json!({ "S": format!("SESSION#{id}") });
        dead["session_epoch"] = json!({ "N": "0" });
        bundle.put(&dead);
    }
    let (page, next) = ids(&bundle, &account, "limit=5").await;
    assert!(page.is_empty() && !next.is_empty());
    let (page, next) = ids(&bundle, &account, &format!("limit=5&cursor={next}")).await;
    assert_eq!((page, next), (own, String::new()));
}

#[tokio::test]
async fn bug_38_bug_39_pages_go_on_with_a_cursor_of_this_account_alone() {
    let bundle = bundle().await;
    let (admin, account) = (bundle.admin().await, bundle.account().await);
    for _ in 0..6 {
        let _ = bundle.sign_in(&account.email).await;
    }
    let everything = ids(&bundle, &account, "").await.0;
    assert_eq!(everything.len(), 7);
    // Every other one is dead: pages are full all the same.
    let live: Vec<&String> = everything.iter().step_by(2).collect();
    for dead in everything.iter().skip(1).step_by(2) {
        let path = format!("{PATH}/{dead}");
        let _ = bundle
            .send_as(&account, "DELETE", &path)
            .await
            .expect_status(204);
    }
    let mut walked = Vec::new();
    let mut query = "limit=1".to_owned();
    loop {
        let (page, next) = ids(&bundle, &account, &query).await;
        walked.extend(page);
        if next.is_empty() {
            break;
        }
        query = format!("limit=1&cursor={next}");
    }
    assert_eq!(walked.iter().collect::<Vec<_>>(), live);

    let (_, next) = ids(&bundle, &account, "limit=1").await;
    let foreign = format!("{PATH}?cursor={next}");
    let answer = bundle
        .send_as(&admin, "GET", &foreign)
        .await
        .expect_status(400);
    assert_eq!(answer.field_codes(), [("cursor", "invalid_value")]);
    for (query, field, code) in [
        ("limit=0", "limit", "out_of_range"),
        ("limit=x", "limit", "invalid_format"),
        ("page=1", "page", "unknown"),
        ("sort=createdAt", "sort", "unknown"),
    ] {
        let answer = bundle
            .send_as(&account, "GET", &format!("{PATH}?{query}"))
            .await;
        assert_eq!(answer.field_codes(), [(field, code)], "{query}");
    }
}
