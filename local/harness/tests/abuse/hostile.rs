//! Hostile input: strings that break other systems, in every place where a request holds one; bodies too large.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use harness::{Bundle, Contract, HttpRequest, Operation};
use serde_json::{Value, json};

use crate::bundle;
use crate::scenes::by;

/// What has broken parsers, templates, queries, terminals and people's code before.
const NAUGHTY: [&str; 64] = [
    "",
    " ",
    "\t\r\n",
    "\0",
    "a\0b",
    "\u{1b}[31mred\u{1b}[0m",
    "line\nbreak",
    "line\r\nSet-Cookie: a=b",
    "\u{2028}\u{2029}",
    "\u{feff}bom",
    "\u{200b}\u{200c}\u{200d}\u{2060}",
    "\u{202e}desrever\u{202c}",
    "\u{e000}\u{f8ff}",
    "\u{fffd}\u{ffff}",
    "\u{10ffff}",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "ﷺ﷽",
    "İstanbul ıI",
    "ẞß ſ",
    "Ⅷ ① ﬀ",
    "مرحبا",
    "你好",
    "null",
    "undefined",
    "NaN",
    "true",
    "0",
    "-0",
    "1e309",
    "0x1F",
    "99999999999999999999999999",
    "{}",
    "[]",
    "{\"$gt\":\"\"}",
    "__proto__",
    "constructor.prototype",
    "'",
    "\"",
    "\\",
    "`",
    "' OR 1=1 --",
    "1; DROP TABLE users",
    "admin'/*",
    ":pk",
    "#pk = :pk",
    "attribute_exists(pk)",
    "USER#",
    "EMAIL#ada@example.com",
    "COUNTERS",
    "../../../../etc/passwd",
    "..%2f..%2f",
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data/",
    "javascript:alert(1)",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "{{7*7}}",
    "${jndi:ldap://example.com/a}",
    "{% include 'layout.html' %}",
    "%s%n%x%d",
    "%00",
    "=cmd|' /C calc'!A0",
    "a@example.com\r\nBcc: b@example.com",
];

/// Those, and some that are long.
fn naughty() -> impl Iterator<Item = String> {
    let long = ["x".repeat(5_000), "é".repeat(3_000), "\"\\".repeat(2_000)];
    NAUGHTY.iter().map(|text| (*text).to_owned()).chain(long)
}

/// Where a document holds a string, as JSON pointers.
fn strings(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Object(members) => {
            for (name, member) in members {
                strings(member, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                strings(item, &format!("{at}/{number}"), found);
            }
        }
        _ => {}
    }
}

/// In a query, every byte by its number.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}

fn query_parameters(contract: &Contract, operation: &Operation) -> Vec<String> {
    let path = &contract.document()["paths"][&operation.path];
    let own = path[operation.method.to_lowercase()]["parameters"].as_array();
    let named = own
        .into_iter()
        .flatten()
        .map(|parameter| match parameter["$ref"].as_str() {
            Some(reference) => contract
                .document()
                .pointer(&reference[1..])
                .unwrap_or(parameter),
            None => parameter,
        });
    named
        .filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
        .collect()
}

/// Sends requests until one is not answered as documented: `send` looks at each answer.
async fn send(bundle: &Bundle, what: &str, request: &HttpRequest) -> u64 {
    let status = bundle.send(request).await.status;
    assert!(status < 500, "{what}: {status}");
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn bug_49_every_string_field_meets_every_naughty_string() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let session = bundle.session_of(&admin);
    let contract = Contract::load();
    let (mut places, mut requests, mut accepted) = (0, 0, 0);
    for operation in contract.operations() {
        let mut example = operation.request("me", &session);
        if operation.bearer {
            example = example.bearer(&admin.access_token);
        }
        let mut fields = Vec::new();
        if let Some(body) = &operation.body {
            strings(body, "", &mut fields);
        }
        for field in fields {
            places += 1;
            for text in naughty() {
                let mut request = example.clone();
                let fresh = operation.request("me", &session).body.unwrap_or_default();
                let mut body: Value = serde_json::from_str(&fresh).expect("an example");
                if let Some(place) = body.pointer_mut(&field) {
                    *place = json!(text);
                }
                request.body = Some(body.to_string());
                let what = format!("{} {field} {text:?}", operation.function);
                accepted += usize::from(send(&bundle, &what, &request).await < 300);
                requests += 1;
            }
        }
        let mut headers = vec![
            "user-agent",
            "accept-language",
            "if-match",
            "idempotency-key",
        ];
        if operation.function == "delete-user" || operation.function == "logout" {
            // They would succeed, and there is but one account.
            headers.clear();
        }
        for name in query_parameters(contract, &operation) {
            places += 1;
            for text in naughty() {
                let mut request = example.clone();
                request.query = format!("{name}={}", encoded(&text));
                let what = format!("{} ?{name}= {text:?}", operation.function);
                let status = send(&bundle, &what, &request).await;
                accepted += usize::from(status < 300);
                requests += 1;
            }
        }
        if operation.method != "GET" || operation.function.starts_with("revoke") {
            continue;
        }
        for name in headers {
            places += 1;
            // HTTP lets no control character into a header, and API Gateway no text beyond ASCII.
            let visible = |text: &String| text.bytes().all(|byte| (32..127).contains(&byte));
            for text in naughty().filter(visible) {
                let request = example.clone().header(name, &text);
                let what = format!("{} {name}: {text:?}", operation.function);
                accepted += usize::from(send(&bundle, &what, &request).await < 300);
                requests += 1;
            }
        }
    }
    let _ = writeln!(
        io::stderr(),
        "{requests} naughty requests in {places} places, {accepted} accepted"
    );
    assert!(places > 40 && requests > 2_500, "{requests} in {places}");
    bundle.assert_invariants();
    let me = by(&admin, "GET", "/v1/users/me");
    let me = bundle.send(&me).await.expect_status(200);
    assert_eq!(
        me.text_at("/role"),
        "admin",
        "nothing of it was carried out"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bug_45_a_thousand_oversized_bodies_leave_memory_flat() {
    let bundle = bundle().await;
    let login = bundle.function("login").await;
    let _ = bundle.recorder().take();
    let body = |size: usize| json!({ "email": "a@example.com", "password": "x".repeat(size) });
    let mut after_fifty = 0;
    for number in 0..1_000 {
        let size = 16 * 1024 + number * 100;
        let request = HttpRequest::new("POST", "/v1/auth/login").json(&body(size));
        let answer = bundle.send_to(&login, &request).await;
        assert_eq!((answer.status, answer.code()), (413, "body_too_large"));
        if number == 50 {
            // The largest there will be has been seen once, too.
            let largest = HttpRequest::new("POST", "/v1/auth/login").json(&body(200_000));
            let _ = bundle.send_to(&login, &largest).await.expect_status(413);
            (after_fifty, _) = login.memory().expect("Linux tells");
        }
    }
    let (after, _) = login.memory().expect("Linux tells");
    let grown = after.saturating_sub(after_fifty);
    let _ = writeln!(
        io::stderr(),
        "RSS grew by {grown} bytes over 950 bodies of 21 to 116 KB"
    );
    assert!(grown < 1 << 20, "{grown} bytes");
    assert!(bundle.recorder().take().is_empty(), "no call to the table");
    for line in login.log() {
        assert!(
            !line.contains("\"request\"") || line.contains("\"password_hashes\":0"),
            "{line}"
        );
    }
}
