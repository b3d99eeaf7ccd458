//! Events: requests as API Gateway hands them to a function, and the samples in `events/`.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::Error;

/// An HTTP request, before it is an event.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// `GET`.
    pub method: String,
    /// `/v1/users/me`.
    pub path: String,
    /// `fields=id&x=y`, without the question mark.
    pub query: String,
    /// Names in lower case, as HTTP APIs deliver them.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
    /// The address the request comes from.
    pub source_ip: String,
}

impl HttpRequest {
    /// A request without headers or body.
    #[must_use]
    pub fn new(method: &str, path_and_query: &str) -> Self {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("user-agent".to_owned(), "curl/8.5.0".to_owned())],
            body: None,
            source_ip: "192.0.2.1".to_owned(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", &body.to_string())
    }

    /// Adds a body of some type.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self.header("content-type", content_type)
    }

    /// Adds a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// The event of API Gateway's payload format 2.0, for a route such as `/v1/users/{id}`.
    #[must_use]
    pub fn event(&self, route: &str) -> Value {
        let mut headers = Map::new();
        // HTTP APIs take the cookies out of the headers.
        let (cookies, others): (Vec<_>, Vec<_>) =
            self.headers.iter().partition(|(name, _)| name == "cookie");
        let cookies = cookies.iter().flat_map(|(_, value)| value.split("; "));
        let cookies: Vec<&str> = cookies.collect();
        for (name, value) in others {
            // HTTP APIs join repeated headers with commas.
            let joined = match headers.get(name).and_then(Value::as_str) {
                Some(before) => format!("{before},{value}"),
                None => value.clone(),
            };
            headers.insert(name.clone(), json!(joined));
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let route_key = format!("{} {route}", self.method);
        let mut event = json!({
            "version": "2.0",
            "routeKey": route_key,
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": headers,
            "pathParameters": path_parameters(route, &self.path),
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "local",
                "domainName": "local.execute-api.eu-central-1.amazonaws.com",
                "http": {
                    "method": self.method,
                    "path": self.path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": self.source_ip,
                    "userAgent": "curl/8.5.0",
                },
                "requestId": "local",
                "routeKey": route_key,
                "stage": "$default",
                "timeEpoch": u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            },
            "body": self.body,
            "isBase64Encoded": false,
        });
        if !cookies.is_empty() {
            event["cookies"] = json!(cookies);
        }
        event
    }
}

/// Whether a path is served by a route.
#[must_use]
pub fn matches_route(route: &str, path: &str) -> bool {
    let (route, path) = (route.split('/'), path.split('/'));
    route.clone().count() == path.clone().count()
        && route.zip(path).all(|(expected, found)| {
            expected == found || (is_parameter(expected) && !found.is_empty())
        })
}

fn path_parameters(route: &str, path: &str) -> Map<String, Value> {
    route
        .split('/')
        .zip(path.split('/'))
        .filter(|(expected, _)| is_parameter(expected))
        .map(|(name, value)| (name.trim_matches(['{', '}']).to_owned(), json!(value)))
        .collect()
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{') && segment.ends_with('}')
}

/// Whether the sample event of a function has this placeholder.
///
/// # Errors
/// When there is no such sample.
pub fn names(root: &Path, binary: &str, placeholder: &str) -> Result<bool, Error> {
    Ok(read_sample(root, binary)?.contains(&format!("{{{{{placeholder}}}}}")))
}

/// The sample event of a function, with its placeholders filled in: `{{email}}` and the like.
///
/// # Errors
/// When there is no such sample, or a placeholder has no value.
pub fn sample(root: &Path, binary: &str, values: &[(&str, &str)]) -> Result<Value, Error> {
    let mut text = read_sample(root, binary)?;
    for (name, value) in values {
        text = text.replace(&format!("{{{{{name}}}}}"), value);
    }
    if let Some((_, rest)) = text.split_once("{{") {
        let name = rest.split("}}").next().unwrap_or_default();
        return Err(format!("events/{binary}.json: no value for the placeholder {name}").into());
    }
    Ok(serde_json::from_str(&text)?)
}

fn read_sample(root: &Path, binary: &str) -> Result<String, Error> {
    let path = root.join("events").join(format!("{binary}.json"));
    std::fs::read_to_string(path)
        .map_err(|_| format!("there is no sample event events/{binary}.json").into())
}
