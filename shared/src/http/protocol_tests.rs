//! HTTP as RFC 9110 has it, for every handler.

use lambda_http::http::StatusCode;
use lambda_http::http::header::ACCEPT_LANGUAGE;

use super::*;
use crate::locale::Locale;

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
