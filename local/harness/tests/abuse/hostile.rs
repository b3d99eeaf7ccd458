//! Hostile input: strings that break other systems, in every place where a request holds one; bodies too large.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use futures_util::{StreamExt, stream};
use harness::requests::by;
use harness::{Account, Answer, Bundle, Contract, HttpRequest, Operation};
use serde_json::{Value, json};

use crate::bundle;

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

/// Headers that are read, and kept: by one code for all functions, so that each function meets one string in four, and
/// all functions together meet all of them.
const HEADERS: [&str; 6] = [
    "content-type",
    "if-none-match",
    "user-agent",
    "accept-language",
    "if-match",
    "idempotency-key",
];

/// Whether a request came to nothing before anybody looked at what is naughty in it.
fn stops(answer: &Answer) -> bool {
    ["invalid_token", "reauthentication_required", "rate_limited"].contains(&answer.code())
}

/// Every request that has a naughty string in one place, and the name of the place.
fn requests(
    contract: &Contract,
    operation: &Operation,
    number: usize,
    session: &str,
) -> Vec<(String, HttpRequest)> {
    let mut requests = Vec::new();
    let example = || operation.request("me", session);
    let mut fields = Vec::new();
    if let Some(body) = &operation.body {
        strings(body, "", &mut fields);
    }
    for field in fields {
        for text in naughty() {
            let mut request = example();
            let body = request.body.unwrap_or_default();
            let mut body: Value = serde_json::from_str(&body).expect("an example");
            if let Some(place) = body.pointer_mut(&field) {
                *place = json!(text);
            }
            request.body = Some(body.to_string());
            requests.push((field.clone(), request));
        }
    }
    for name in query_parameters(contract, operation) {
        for text in naughty() {
            let mut request = example();
            request.query = format!("{name}={}", encoded(&text));
            requests.push((format!("?{name}"), request));
        }
    }
    for name in ["{id}", "{sid}"] {
        // What has a slash or is empty is another route.
        let fits = |text: &String| !text.is_empty() && !text.contains('/');
        let texts = naughty().flat_map(|text| [encoded(&text), text]);
        for text in texts.filter(fits) {
            let request = match name {
                _ if !operation.path.contains(name) => continue,
                "{id}" => operation.request(&text, session),
                _ => operation.request("me", &text),
            };
            requests.push((name.to_owned(), request));
        }
    }
    // Each of them would end a session, whatever the header.
    let ends = ["logout", "revoke-session", "revoke-sessions", "delete-user"];
    let headers = if ends.contains(&operation.function.as_str()) {
        &[]
    } else {
        HEADERS.as_slice()
    };
    for name in headers.iter().copied() {
        // HTTP lets no control character into a header, and API Gateway no text beyond ASCII.
        let visible = |text: &String| text.bytes().all(|byte| (32..127).contains(&byte));
        let own = naughty().skip(number % 4).step_by(4);
        for text in own.filter(visible) {
            let mut request = example();
            request.headers.retain(|(other, _)| other != name);
            requests.push((name.to_owned(), request.header(name, &text)));
        }
    }
    requests
}

#[derive(Default)]
struct Seen {
    places: BTreeSet<String>,
    sent: usize,
    accepted: usize,
}

/// Sends an operation every naughty string in every place.
async fn fuzz(bundle: &Bundle, contract: &Contract, operation: &Operation, number: usize) -> Seen {
    let mut seen = Seen::default();
    let mut admin = bundle.account_with_role("admin").await;
    let session = bundle.session_of(&admin);
    for (place, request) in requests(contract, operation, number, &session) {
        // A refresh token in the body is the credential, and a naughty one is refused.
        let signs = operation.bearer && place != "/refreshToken";
        let signed = |admin: &Account| {
            let request = request.clone();
            if signs {
                request.bearer(&admin.access_token)
            } else {
                request
            }
        };
        let mut answer = bundle.send(&signed(&admin)).await;
        if signs && stops(&answer) {
            // The one before signed out, suspended itself, or was for too long.
            admin = bundle.account_with_role("admin").await;
            answer = bundle.send(&signed(&admin)).await;
        }
        let what = format!("{} {place}", operation.function);
        assert!(answer.status < 500, "{what}: {request:?}: {}", answer.text);
        assert!(
            !signs || !stops(&answer),
            "{what}: {request:?} goes no further: {}",
            answer.text
        );
        seen.accepted += usize::from(answer.status < 300);
        seen.sent += 1;
        seen.places.insert(place);
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn bug_49_every_place_for_a_string_meets_every_naughty_string() {
    let bundle = bundle().await;
    let first = bundle.admin().await;
    let contract = Contract::load();
    let operations = contract.operations();
    // Some at a time: each is a process of its own.
    let seen: Vec<Seen> = stream::iter(operations.iter().enumerate())
        .map(|(number, operation)| fuzz(&bundle, contract, operation, number))
        .buffer_unordered(4)
        .collect()
        .await;
    let places: usize = seen.iter().map(|seen| seen.places.len()).sum();
    let sent: usize = seen.iter().map(|seen| seen.sent).sum();
    let accepted: usize = seen.iter().map(|seen| seen.accepted).sum();
    let _ = writeln!(
        io::stderr(),
        "{sent} naughty requests in {places} places, {accepted} accepted"
    );
    assert!(places > 150 && sent > 10_000, "{sent} in {places}");
    assert!(accepted > 1_000, "{accepted} were accepted");
    bundle.assert_invariants();
    let me = by(&first, "GET", "/v1/users/me");
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
