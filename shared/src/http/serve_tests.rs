//! What no API Gateway sends: every event is answered, and none gets further than its body allows.

use std::cell::RefCell;
use std::panic;
use std::sync::{LazyLock, Once};

use lambda_http::http::header::HOST;
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

#[path = "protocol_tests.rs"]
mod protocol;

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
    admitted_by(taking_any(), event)
}

fn admitted_by(endpoint: Endpoint, event: &Value) -> Result<Request, ErrorCode> {
    quiet();
    let event = self::event(&event.to_string()).expect("JSON");
    let mut method = Method::GET;
    admit(endpoint, event, &mut method).map_err(|error| error.code())
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
        let endpoint = if event["headers"]["content-type"] == FORM_TYPES[0] {
            taking_any().form()
        } else {
            taking_any()
        };
        let request = admitted_by(endpoint, event).expect("admitted");
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
