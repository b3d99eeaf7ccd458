//! Preconditions, changes that change nothing, and values that are read by their RFCs, over HTTP.

use harness::{Account, Answer, Bundle, HttpRequest};
use serde_json::{Value, json};

use crate::bundle;

const ME: &str = "/v1/users/me";
const PREFERENCES: &str = "/v1/users/me/preferences";

fn by(account: &Account, method: &str, path: &str, body: &Value) -> HttpRequest {
    let request = HttpRequest::new(method, path).bearer(&account.access_token);
    request.json(body)
}

async fn put_status(bundle: &Bundle, admin: &Account, id: &str, body: &Value) -> Answer {
    bundle
        .send(&by(admin, "PUT", &format!("/v1/users/{id}/status"), body))
        .await
}

#[tokio::test]
async fn bug_69_bug_70_every_change_evaluates_both_preconditions() {
    let bundle = bundle().await;
    let (admin, account) = (bundle.admin().await, bundle.account().await);
    let first = by(&account, "PUT", PREFERENCES, &json!({ "a": 1 }));
    let absent = first.clone().header("if-match", "*");
    let _ = bundle.send(&absent).await.expect_status(412);
    let _ = bundle
        .send(&first.header("if-none-match", "*"))
        .await
        .expect_status(200);

    let path = |rest: &str| format!("/v1/users/{}{rest}", account.id);
    let requests = [
        by(&account, "PUT", PREFERENCES, &json!({ "a": 2 })),
        by(&account, "PATCH", PREFERENCES, &json!({ "a": 2 })),
        by(&account, "PUT", ME, &json!({ "firstName": "Ada" })),
        by(&account, "PATCH", ME, &json!({ "firstName": "Ada" })),
        by(
            &admin,
            "PUT",
            &path("/role"),
            &json!({ "role": "moderator" }),
        ),
        by(
            &admin,
            "PUT",
            &path("/status"),
            &json!({ "status": "suspended" }),
        ),
        by(&admin, "DELETE", &path(""), &json!({})),
    ];
    let before = bundle.accounts();
    for request in &requests {
        for (name, value) in [
            ("if-none-match", "*"),
            ("if-none-match", "\"x\",,W/\"1\""),
            ("if-none-match", ", \"1\""),
            ("if-match", "\"2\", ,\"3\","),
            ("if-match", "W/\"1\""),
        ] {
            let answer = bundle.send(&request.clone().header(name, value)).await;
            let what = format!("{} {} {name}: {value}", request.method, request.path);
            assert_eq!(
                (answer.status, answer.code()),
                (412, "precondition_failed"),
                "{what}"
            );
        }
        let nonsense = bundle
            .send(&request.clone().header("if-none-match", "1"))
            .await;
        assert_eq!(
            (nonsense.status, nonsense.code()),
            (400, "malformed_request")
        );
    }
    assert_eq!(bundle.accounts(), before);
    for lines in [["\"x\"", "\"1\""], ["\"x\",", ",\"1\","]] {
        let get = HttpRequest::new("GET", ME).bearer(&account.access_token);
        let get = lines
            .into_iter()
            .fold(get, |get, line| get.header("if-none-match", line));
        let _ = bundle.send(&get).await.expect_status(304);
    }
    let both = requests[1].clone().header("if-match", ",\"1\"");
    let _ = bundle
        .send(&both.header("if-none-match", "\"2\""))
        .await
        .expect_status(200);
}

#[tokio::test]
async fn bug_69_reading_evaluates_if_match_as_well() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    for (path, tag) in [(ME, "\"1\""), (PREFERENCES, "\"0\"")] {
        for (method, value, status) in [
            ("GET", tag, 200),
            ("GET", "*", 200),
            ("GET", "\"7\", W/\"1\"", 412),
            ("GET", "7", 400),
            ("HEAD", tag, 200),
            ("HEAD", "\"7\"", 412),
        ] {
            let request = HttpRequest::new(method, path).bearer(&account.access_token);
            let answer = bundle.send(&request.header("if-match", value)).await;
            assert_eq!(answer.status, status, "{method} {path} {value}");
            if status >= 400 && method == "GET" {
                let code = if status == 412 {
                    "precondition_failed"
                } else {
                    "malformed_request"
                };
                assert_eq!(answer.code(), code, "{method} {path} {value}");
            }
        }
    }
    // What would not be answered anyhow is not looked at.
    let nobody = HttpRequest::new("GET", ME).header("if-match", "7");
    let _ = bundle.send(&nobody).await.expect_status(401);
}

#[tokio::test]
async fn bug_74_what_changes_nothing_writes_nothing_and_tells_nobody() {
    let bundle = bundle().await;
    let (admin, account) = (bundle.admin().await, bundle.account().await);
    let name = json!({ "firstName": "Ada", "lastName": null });
    let preferences = json!({ "theme": "dark", "n": [1, { "x": null }] });
    let path = |rest: &str| format!("/v1/users/{}{rest}", account.id);
    let requests = [
        by(&account, "PUT", ME, &name),
        by(&account, "PATCH", ME, &name),
        by(&account, "PATCH", ME, &json!({})),
        by(&account, "PUT", PREFERENCES, &preferences),
        by(
            &account,
            "PATCH",
            PREFERENCES,
            &json!({ "theme": "dark", "gone": null }),
        ),
        by(&admin, "PUT", &path("/role"), &json!({ "role": "user" })),
        by(
            &admin,
            "PUT",
            &path("/status"),
            &json!({ "status": "active" }),
        ),
    ];
    for request in &requests {
        let _ = bundle.send(request).await.expect_status(200);
    }
    bundle.deliver().await;
    let before = (bundle.accounts(), bundle.bus_events().len());
    for request in &requests {
        let answer = bundle.send(request).await.expect_status(200);
        let expected = match request.path.as_str() {
            PREFERENCES => "\"1\"",
            _ => "\"2\"",
        };
        assert_eq!(
            answer.header("etag"),
            expected,
            "{} {}",
            request.method,
            request.path
        );
    }
    bundle.deliver().await;
    assert_eq!((bundle.accounts(), bundle.bus_events().len()), before);

    // Nor does a suspension that is there already end what its account cannot have.
    let until = json!({ "status": "suspended", "reason": "spam", "until": "2099-01-01T00:00:00Z" });
    let suspended = put_status(&bundle, &admin, &account.id, &until).await;
    let tag = suspended.expect_status(200).header("etag").to_owned();
    let before = bundle.accounts();
    let again = put_status(&bundle, &admin, &account.id, &until).await;
    assert_eq!((again.status, again.header("etag")), (200, tag.as_str()));
    assert_eq!(bundle.accounts(), before);
}

#[tokio::test]
async fn bug_68_times_are_all_of_rfc_3339_and_nothing_else() {
    let bundle = bundle().await;
    let (admin, account) = (bundle.admin().await, bundle.account().await);
    for until in [
        "20990101T000000Z",
        "2099-01-01T00Z",
        "2099-01-01T00:00Z",
        "+002099-01-01T00:00:00Z",
        "2099-01-01T00:00:00+01:00[Europe/Berlin]",
        "2099-01-01 00:00:00Z",
        "2099-01-01T00:00:00",
        "2099-02-29T00:00:00Z",
    ] {
        let body = json!({ "status": "suspended", "until": until });
        let answer = put_status(&bundle, &admin, &account.id, &body).await;
        assert_eq!(
            answer.field_codes(),
            [("until", "invalid_format")],
            "{until}"
        );
        let filter = until.replace('+', "%2B").replace(' ', "%20");
        for filter in ["createdAfter", "createdBefore"].map(|name| format!("{name}={filter}")) {
            let list = bundle
                .send_as(&admin, "GET", &format!("/v1/users?{filter}"))
                .await;
            assert_eq!(
                (list.status, list.code()),
                (400, "invalid_fields"),
                "{filter}"
            );
        }
    }
    for (until, expected) in [
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"),
        ("2099-06-30t23:59:60.5z", "2099-07-01T00:00:00.500Z"),
        ("2099-01-01T00:00:00.0001-01:00", "2099-01-01T01:00:00.001Z"),
    ] {
        let body = json!({ "status": "suspended", "until": until });
        let answer = put_status(&bundle, &admin, &account.id, &body).await;
        assert_eq!(
            answer.expect_status(200).text_at("/suspension/until"),
            expected
        );
    }
    let everybody =
        "/v1/users?createdAfter=0000-01-01T00:00:00Z&createdBefore=9999-12-31T23:59:59.999Z";
    let list = bundle
        .send_as(&admin, "GET", everybody)
        .await
        .expect_status(200);
    assert_eq!(list.body["data"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn bug_72_a_filter_means_the_moment_it_names() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let me = bundle.send_as(&admin, "GET", ME).await;
    let at = me.text_at("/createdAt");
    let at = at.strip_suffix('Z').expect("UTC");
    for (filter, is_listed) in [
        (format!("createdBefore={at}9Z"), true),
        (format!("createdBefore={at}0001Z"), true),
        (format!("createdBefore={at}0Z"), false),
        (format!("createdAfter={at}9Z"), false),
        (format!("createdAfter={at}0Z"), false),
    ] {
        let list = bundle
            .send_as(&admin, "GET", &format!("/v1/users?{filter}"))
            .await;
        let found = list.expect_status(200).text.contains(&admin.id);
        assert_eq!(found, is_listed, "{filter}");
    }
}

#[tokio::test]
async fn bug_71_text_that_shows_nothing_is_refused_wherever_people_read_it() {
    let bundle = bundle().await;
    let (admin, account) = (bundle.admin().await, bundle.account().await);
    for nothing in [
        "\u{200b}",
        "\u{2060}\u{feff}",
        "\u{3164}",
        " \u{ad} ",
        "\u{fe0f}",
        "\u{e0041}",
    ] {
        for field in ["firstName", "lastName"] {
            let answer = bundle
                .send(&by(&account, "PATCH", ME, &json!({ field: nothing })))
                .await;
            assert_eq!(answer.status, 400, "{field}: {nothing:?}");
            assert_eq!(answer.field_codes()[0].0, field, "{nothing:?}");
        }
        let body = json!({ "status": "suspended", "reason": nothing });
        let answer = put_status(&bundle, &admin, &account.id, &body).await;
        assert_eq!(answer.status, 400, "{nothing:?}");
        assert_eq!(answer.field_codes()[0].0, "reason", "{nothing:?}");
    }
    for shown in ["نیک\u{200c}نام", "👩\u{200d}🚀", "❤\u{fe0f}"] {
        let answer = bundle
            .send(&by(&account, "PATCH", ME, &json!({ "firstName": shown })))
            .await;
        assert_eq!(answer.expect_status(200).text_at("/firstName"), shown);
    }
}
