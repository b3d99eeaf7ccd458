//! What no API Gateway sends: every event is answered, and none gets further than its body allows.

use std::cell::RefCell;
use std::panic;
use std::sync::{LazyLock, Once};

use lambda_http::http::StatusCode;
use lambda_http::http::header::{ACCEPT_LANGUAGE, HOST};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::super::body;
use super::super::client::{accepted_locale, client, client_address, has_body};
use super::super::{
    Fields, bearer_token, idempotency, json_object, no_content, preconditions, query_parameter,
    session_id, user_id,
};
use super::*;
use crate::fuzz;
use crate::fuzz::bends::{bends, bent};
use crate::locale::Locale;

/// The sample events of the functions that have a route.
static EVENTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../events");
    let mut events: Vec<Value> = std::fs::read_dir(folder)
        .expect("the sample events")
        .map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a file"))
        .map(|text| serde_json::from_slice(&text).expect("JSON"))
        .filter(|event: &Value| event.get("routeKey").is_some())
        .collect();
    events.sort_by_key(Value::to_string);
    events
});

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().build().expect("a runtime")
});

/// Keeps the panics of `lambda_http` that [`admit`] catches out of the output: their backtraces take longer
/// than the tests.
fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let caught = panic.location().map(panic::Location::file);
            if !caught.is_some_and(|file| file.contains("lambda_http")) {
                report(panic);
            }
        }));
    });
}

fn event(text: &str) -> Option<LambdaEvent<Box<RawValue>>> {
    let payload = RawValue::from_string(text.to_owned()).ok()?;
    Some(LambdaEvent::new(payload, Context::default()))
}

fn admitted(event: &Value) -> Result<Request, ErrorCode> {
    quiet();
    let event = self::event(&event.to_string()).expect("JSON");
    let mut method = Method::GET;
    admit(taking_any(), event, &mut method).map_err(|error| error.code())
}

/// Reads all that handlers read from a request.
fn read_everything(request: &Request) -> Result<(), ApiError> {
    let _ = client(request);
    let _ = (accepted_locale(request), has_body(request));
    let _ = (
        preconditions(request),
        user_id(request),
        session_id(request),
    );
    let fields = Fields::of_query(request);
    let _ = idempotency(request, "test", None, &fields);
    query_parameter(request, "limit")?;
    bearer_token(request)?;
    json_object(request).map(drop)
}

/// Answers an event, and asserts what is true of every answer. Whether the handler saw it.
fn answered(text: &str) -> Result<bool, TestCaseError> {
    quiet();
    let Some(event) = event(text) else {
        return Ok(false);
    };
    let seen = RefCell::new(None);
    let handler = |request: Request| {
        let read = read_everything(&request);
        *seen.borrow_mut() = Some(request);
        async { read.map(|()| no_content()) }
    };
    let response = RUNTIME.block_on(answer(taking(&["limit", "cursor"]), handler, event));
    let is_head = response.body.is_none() && response.status_code != 204;

    prop_assert!(response.headers.contains_key(X_CONTENT_TYPE_OPTIONS));
    prop_assert!(response.headers.contains_key(CACHE_CONTROL));
    prop_assert!(serde_json::to_string(&response).is_ok());
    if response.status_code == 204 {
        prop_assert!(response.body.is_none());
    } else {
        prop_assert!((400..500).contains(&response.status_code));
        prop_assert_eq!(&response.headers[CONTENT_TYPE], "application/problem+json");
        if !is_head {
            let body = response.body.as_ref().map_or(&[][..], body::body_bytes);
            let problem: Value = serde_json::from_slice(body).expect("a problem document");
            prop_assert_eq!(&problem["status"], &json!(response.status_code));
            prop_assert!(problem["code"].is_string());
        }
    }
    let seen = seen.into_inner();
    if let Some(request) = &seen {
        let body = body::body_bytes(request.body());
        prop_assert!(body.len() <= MAX_BODY_BYTES);
        prop_assert!(
            body.is_empty()
                || check_type(taking_any(), request.method(), request.headers()).is_ok()
        );
    }
    Ok(seen.is_some())
}

fn with_body(body: &str, base64: bool, content_type: Option<&str>) -> Value {
    let mut event = EVENTS[0].clone();
    event["body"] = json!(body);
    event["isBase64Encoded"] = json!(base64);
    event["headers"] = json!({ "host": "api.example.com" });
    if let Some(content_type) = content_type {
        event["headers"]["content-type"] = json!(content_type);
    }
    event
}

#[test]
fn every_sample_event_reaches_its_handler() {
    assert!(EVENTS.len() > 20, "{}", EVENTS.len());
    for event in EVENTS.iter() {
        let request = admitted(event).expect("admitted");
        let body = event["body"].as_str().unwrap_or_default();
        assert_eq!(body::body_bytes(request.body()), body.as_bytes());
        assert_eq!(
            request.method(),
            event["requestContext"]["http"]["method"]
                .as_str()
                .expect("text")
        );
        assert_eq!(
            request.headers()[HOST],
            event["headers"]["host"].as_str().expect("text")
        );
        assert_eq!(client_address(&request).as_deref(), Some("192.0.2.1"));
    }
}

#[test]
fn bug_49_a_body_is_json_of_at_most_16_kib() {
    let json = Some("application/json");
    let largest = "x".repeat(MAX_BODY_BYTES);
    let largest_base64 = STANDARD.encode(&largest);
    let too_large = format!("{largest}x");
    let code =
        |body: &str, base64, content_type| admitted(&with_body(body, base64, content_type)).err();
    for content_type in [
        "application/json",
        "Application/JSON; charset=utf-8",
        " application/json ;x",
    ] {
        assert_eq!(
            code("{}", false, Some(content_type)),
            None,
            "{content_type}"
        );
    }
    for content_type in [
        None,
        Some(""),
        Some("text/plain"),
        Some("application/jsonx"),
        Some("application/merge-patch+json"),
        Some("application/json, text/plain"),
        Some("multipart/form-data"),
    ] {
        let expected = Some(ErrorCode::UnsupportedMediaType);
        assert_eq!(
            code("{}", false, content_type),
            expected,
            "{content_type:?}"
        );
        assert_eq!(code("", false, content_type), None, "nothing has no type");
    }
    assert_eq!(code(&largest, false, json), None);
    assert_eq!(code(&largest_base64, true, json), None);
    for (body, base64) in [
        (&too_large, false),
        (&STANDARD.encode(&too_large), true),
        (&"!".repeat(30_000), true),
    ] {
        assert_eq!(code(body, base64, json), Some(ErrorCode::BodyTooLarge));
    }
    for lie in ["{}", "e30", "e30=\n", "e31=", "====", "é"] {
        assert_eq!(
            code(lie, true, json),
            Some(ErrorCode::MalformedRequest),
            "{lie}"
        );
    }
}

fn as_request(method: &str, headers: &Value) -> Value {
    let mut event = with_body("{}", false, Some("application/json"));
    event["requestContext"]["http"]["method"] = json!(method);
    for (name, value) in headers.as_object().into_iter().flatten() {
        event["headers"][name] = value.clone();
    }
    event
}

fn answer_to(event: &Value) -> ApiGatewayV2httpResponse {
    let event = self::event(&event.to_string()).expect("JSON");
    let handler = |request: Request| async move {
        let reply = reply::json(
            StatusCode::OK,
            &json!({ "method": request.method().as_str() }),
        )?;
        Ok(reply.etag(3))
    };
    RUNTIME.block_on(answer(taking(&["limit", "cursor"]), handler, event))
}

#[test]
fn bug_73_a_merge_patch_is_for_patch_and_415_says_what_is_taken() {
    let merge_patch = json!({ "content-type": "application/merge-patch+json" });
    let plain = json!({ "content-type": "text/plain" });
    assert_eq!(
        answer_to(&as_request("PATCH", &merge_patch)).status_code,
        200
    );
    for method in ["PUT", "POST", "DELETE"] {
        let response = answer_to(&as_request(method, &merge_patch));
        assert_eq!(response.status_code, 415, "{method}");
        assert_eq!(response.headers["accept"], "application/json");
    }
    let response = answer_to(&as_request("PATCH", &plain));
    assert_eq!(response.status_code, 415);
    assert_eq!(
        response.headers["accept-patch"],
        "application/merge-patch+json, application/json"
    );
}

#[test]
fn bug_75_an_encoded_body_is_unsupported_whatever_it_is() {
    for coding in [
        "gzip",
        "br",
        "deflate",
        "x-unknown",
        "gzip, identity",
        "identity,gzip",
        ", gzip",
        "identity identity",
    ] {
        let response = answer_to(&as_request("POST", &json!({ "content-encoding": coding })));
        assert_eq!(response.status_code, 415, "{coding}");
        assert_eq!(response.headers["accept-encoding"], "identity");
        let mut compressed = as_request("POST", &json!({ "content-encoding": coding }));
        compressed["body"] = json!(STANDARD.encode([0x1f, 0x8b, 8, 0, 0xff]));
        compressed["isBase64Encoded"] = json!(true);
        assert_eq!(answer_to(&compressed).status_code, 415, "{coding}");
    }
    for coding in [
        "identity",
        "Identity",
        "identity,",
        "identity, identity",
        " ,\t, identity ,",
        ",",
        "",
    ] {
        let identity = as_request("POST", &json!({ "content-encoding": coding }));
        assert_eq!(answer_to(&identity).status_code, 200, "{coding:?}");
    }
    let mut empty = as_request("POST", &json!({ "content-encoding": "gzip" }));
    empty["body"] = Value::Null;
    assert_eq!(answer_to(&empty).status_code, 200, "nothing is not encoded");
}

#[test]
fn bug_69_a_get_evaluates_if_match_before_if_none_match() {
    for (if_match, if_none_match, status) in [
        ("\"3\"", None, 200),
        ("*", None, 200),
        ("\"x\",,\"3\"", None, 200),
        ("\"2\"", None, 412),
        ("W/\"3\"", None, 412),
        ("", None, 412),
        ("3", None, 400),
        ("\"3\"", Some("\"3\""), 304),
        ("\"2\"", Some("\"3\""), 412),
        ("3", Some("\"3\""), 400),
    ] {
        let mut headers = json!({ "if-match": if_match });
        if let Some(tags) = if_none_match {
            headers["if-none-match"] = json!(tags);
        }
        for method in ["GET", "HEAD"] {
            let response = answer_to(&as_request(method, &headers));
            assert_eq!(response.status_code, status, "{method} {headers}");
            let is_problem = status >= 400;
            assert_eq!(
                response
                    .headers
                    .get(CONTENT_TYPE)
                    .is_some_and(|kind| kind == "application/problem+json"),
                is_problem,
                "{method} {headers}"
            );
            let has_body = method == "GET" && status != 304;
            assert_eq!(response.body.is_some(), has_body, "{method} {headers}");
        }
    }
    // What changes something looks at its preconditions itself.
    let headers = json!({ "if-match": "\"2\"" });
    assert_eq!(answer_to(&as_request("POST", &headers)).status_code, 200);
}

#[test]
fn bug_80_head_is_a_get_without_its_body() {
    for (headers, status) in [(json!({}), 200), (json!({ "if-none-match": "\"3\"" }), 304)] {
        let get = answer_to(&as_request("GET", &headers));
        let head = answer_to(&as_request("HEAD", &headers));
        assert_eq!((get.status_code, head.status_code), (status, status));
        assert_eq!(
            (get.body.is_some(), head.body.is_some()),
            (status == 200, false)
        );
        assert_eq!(get.headers, head.headers);
    }
    let refused = answer_to(&as_request(
        "HEAD",
        &json!({ "content-type": "text/plain" }),
    ));
    assert_eq!((refused.status_code, refused.body.is_some()), (415, false));
}

#[test]
fn bug_70_accept_language_on_two_lines_is_one_list() {
    let mut request = Request::default();
    for line in ["fr,", "de;q=0.5, , en;q=0.1"] {
        let line = line.parse().expect("a header value");
        request.headers_mut().append(ACCEPT_LANGUAGE, line);
    }
    assert_eq!(accepted_locale(&request).map(Locale::code), Some("de"));
}

proptest! {
    #![proptest_config(fuzz::config())]

    #[test]
    fn bug_49_any_json_is_answered_and_is_no_request(event in fuzz::any_json()) {
        prop_assert!(!answered(&event.to_string())?);
    }

    #[test]
    fn bug_49_a_bent_event_is_answered(which: Index, bends in bends()) {
        answered(&bent(which.get(&EVENTS), &bends).to_string())?;
    }

    #[test]
    fn bug_49_an_edited_event_is_answered(which: Index, edits in fuzz::edits()) {
        answered(&fuzz::edited(&which.get(&EVENTS).to_string(), &edits))?;
    }

    #[test]
    fn bug_49_a_body_arrives_as_it_is_or_not_at_all(
        bytes in prop::collection::vec(any::<u8>(), 0..40),
        text in ".{0,40}",
        repeat in prop_oneof![4 => Just(1_usize), 1 => 380..460_usize],
        encoded: bool,
        flag: bool,
    ) {
        let (bytes, text) = (bytes.repeat(repeat), text.repeat(repeat));
        let body = if encoded { STANDARD.encode(&bytes) } else { text };
        let expected = if flag {
            STANDARD.decode(&body).ok()
        } else {
            Some(body.clone().into_bytes())
        };
        let found = admitted(&with_body(&body, flag, Some("application/json")));
        let found = found.map(|request| body::body_bytes(request.body()).to_vec());
        match expected {
            Some(expected) if expected.len() <= MAX_BODY_BYTES => prop_assert_eq!(found, Ok(expected)),
            Some(_) => prop_assert_eq!(found, Err(ErrorCode::BodyTooLarge)),
            None => prop_assert!(found.is_err()),
        }
    }

    #[test]
    fn bug_49_hostile_headers_and_paths_are_answered(
        headers in prop::collection::btree_map(
            prop_oneof!["[!-~]{1,20}", ".{0,10}", "authorization|if-match|content-type|host|cookie|accept-language|idempotency-key|x-forwarded-host"],
            prop_oneof![fuzz::any_json(), ".{0,40}".prop_map(Value::from)],
            0..6,
        ),
        path in prop_oneof!["/v1/.{0,30}", ".{0,30}"],
        query in "[a-z]{0,6}=?.{0,30}",
        body in prop::option::of(".{0,30}"),
    ) {
        let mut event = EVENTS[0].clone();
        event["headers"] = headers.into_iter().collect();
        event["rawPath"] = json!(path);
        event["rawQueryString"] = json!(query);
        event["body"] = json!(body);
        answered(&event.to_string())?;
    }

    #[test]
    fn bug_49_a_header_arrives_as_it_is_or_not_at_all(name in "x-[a-z]{1,8}|x.{1,8}", value in "[ -~]{0,20}|.{0,20}") {
        let mut event = EVENTS[0].clone();
        event["headers"][&name] = json!(value);
        if let Ok(request) = admitted(&event) {
            let found = request.headers().get(&name).map(HeaderValue::as_bytes);
            prop_assert_eq!(found, Some(value.as_bytes()));
        }
    }
}
