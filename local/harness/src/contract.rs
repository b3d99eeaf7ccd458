//! `openapi.yaml` as a check on every answer.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use local::event::{HttpRequest, matches_route};
use local::{workspace_root, yaml};
use serde_json::{Value, json};

use crate::Answer;

/// The HTTP contract.
pub struct Contract {
    document: Value,
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract {
    document: yaml::load(&workspace_root().join("openapi.yaml")).expect("openapi.yaml is readable"),
    compiled: Mutex::default(),
});

/// One operation of the contract.
#[derive(Clone, Debug)]
pub struct Operation {
    /// `GET`.
    pub method: String,
    /// `/v1/users/{id}`.
    pub path: String,
    /// The function that serves it.
    pub function: String,
    /// Whether it takes a bearer token.
    pub bearer: bool,
    /// The permission it takes.
    pub permission: Option<String>,
    /// The example of its JSON body.
    pub body: Option<Value>,
    /// The media types of its body; none where it takes no body.
    pub body_types: Vec<String>,
}

impl Operation {
    /// A request for this operation on an account, with the body of the example; an address in it is made
    /// unique.
    #[must_use]
    pub fn request(&self, id: &str, session: &str) -> HttpRequest {
        let path = self.path.replace("{id}", id).replace("{sid}", session);
        // Of a form that is taken; there is no such factor, passkey or device.
        let path = ["{fid}", "{pid}", "{did}"].iter().fold(path, |path, name| {
            path.replace(name, "5f0c8a52-3b1e-4d27-9c64-7a8b9c0d1e2f")
        });
        let path = path.replace("{iid}", crate::oauth::CODE_CHALLENGE);
        let path = ["{name}", "{provider}", "{clientId}"]
            .iter()
            .fold(path, |path, name| path.replace(name, "none"));
        let request = HttpRequest::new(&self.method, &path);
        let Some(mut body) = self.body.clone() else {
            return request;
        };
        if body["email"].is_string() {
            body["email"] = json!(format!("{}@example.com", uuid::Uuid::new_v4()));
        }
        request.json(&body)
    }
}

impl Contract {
    /// The contract of this workspace, read once.
    ///
    /// # Panics
    /// When it cannot be read.
    #[must_use]
    pub fn load() -> &'static Self {
        &CONTRACT
    }

    /// The whole document.
    #[must_use]
    pub const fn document(&self) -> &Value {
        &self.document
    }

    /// Every operation.
    ///
    /// # Panics
    /// When the document has no paths, or an operation lacks what it is read for.
    #[must_use]
    pub fn operations(&self) -> Vec<Operation> {
        let paths = self.document["paths"]
            .as_object()
            .expect("openapi.yaml has paths");
        let mut operations = Vec::new();
        for (path, item) in paths {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let Some(function) = operation["x-function"].as_str() else {
                    continue;
                };
                let content = &self.resolve(&operation["requestBody"])["content"];
                let body_types = content
                    .as_object()
                    .into_iter()
                    .flat_map(|types| types.keys());
                let json = &content["application/json"];
                operations.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    function: function.to_owned(),
                    bearer: operation["security"].to_string().contains("bearerAuth"),
                    permission: operation["x-permission"].as_str().map(str::to_owned),
                    body: json.get("example").cloned(),
                    body_types: body_types.cloned().collect(),
                });
            }
        }
        operations
    }

    /// The operations that take a permission: all that are about an account.
    #[must_use]
    pub fn protected(&self) -> Vec<Operation> {
        let mut operations = self.operations();
        operations.retain(|operation| operation.permission.is_some());
        operations
    }

    /// Checks an answer: its status is documented for the operation, its media type and every property
    /// of its body are as described, and the headers every answer has are there. HEAD is as GET without a body.
    ///
    /// # Panics
    /// When anything differs.
    #[track_caller]
    pub fn check(&self, request: &HttpRequest, answer: &Answer) {
        let what = format!("{} {} -> {}", request.method, request.path, answer.status);
        let paths = self.document["paths"]
            .as_object()
            .expect("openapi.yaml has paths");
        let (_, item) = paths
            .iter()
            .find(|(route, _)| matches_route(route, &request.path))
            .unwrap_or_else(|| panic!("{what}: openapi.yaml has no such path"));
        let is_head = request.method == "HEAD";
        let method = if is_head { "GET" } else { &request.method };
        let operation = &item[method.to_lowercase()];
        let documented = self.resolve(&operation["responses"][answer.status.to_string()]);
        assert!(
            documented.is_object(),
            "{what}: openapi.yaml has no such status: {}",
            answer.text
        );

        match documented["content"].as_object() {
            _ if is_head => assert_eq!(answer.text, "", "{what}: HEAD has no body"),
            None => assert_eq!(answer.text, "", "{what}: openapi.yaml has no body"),
            Some(content) => {
                let media_type = answer.media_type();
                let described = content
                    .get(media_type)
                    .unwrap_or_else(|| panic!("{what}: openapi.yaml has no {media_type:?}"));
                let is_json = media_type.ends_with("json");
                let text = json!(answer.text);
                let body = if is_json { &answer.body } else { &text };
                self.check_schema(&what, &described["schema"], body);
            }
        }
        check_security_headers(&what, answer);
        assert_ne!(answer.header("x-request-id"), "", "{what}: x-request-id");
        assert_ne!(answer.header("cache-control"), "", "{what}: cache-control");
        let challenged = !answer.header("www-authenticate").is_empty();
        let challenge = &documented["headers"]["WWW-Authenticate"];
        let (may_be, must_be) = (challenge.is_object(), challenge["required"] == true);
        assert!(may_be || answer.status != 401, "{what}: www-authenticate");
        assert!(may_be || !challenged, "{what}: www-authenticate");
        assert!(challenged || !must_be, "{what}: www-authenticate");
        let waits = !answer.header("retry-after").is_empty();
        assert_eq!(
            waits,
            matches!(answer.status, 429 | 503),
            "{what}: retry-after"
        );
    }

    /// Checks a value against a schema of the document by its name.
    ///
    /// # Panics
    /// When it differs.
    #[track_caller]
    pub fn check_component(&self, name: &str, value: &Value) {
        let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
        self.check_schema(name, &schema, value);
    }

    #[track_caller]
    fn check_schema(&self, what: &str, schema: &Value, body: &Value) {
        let validator = self.validator(schema);
        let errors: Vec<String> = validator
            .iter_errors(body)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{what}: {errors:#?}\n{body:#}");
    }

    /// Compiled once: that takes longer than the request whose answer is checked.
    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = compiled.entry(schema.to_string()).or_insert_with(|| {
            let schema = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "allOf": [schema],
                "components": self.document["components"],
            });
            let validator = jsonschema::validator_for(&schema);
            Arc::new(validator.expect("the schemas of openapi.yaml are valid"))
        });
        Arc::clone(validator)
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self
                .document
                .pointer(&reference[1..])
                .unwrap_or(&Value::Null),
            None => value,
        }
    }
}

/// Every answer says how browsers are to take it: a page loads what is beside it, and nothing else loads anything.
#[track_caller]
fn check_security_headers(what: &str, answer: &Answer) {
    let is_page = answer.media_type() == "text/html";
    let referrer = if is_page {
        "same-origin"
    } else {
        "no-referrer"
    };
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", referrer),
        (
            "strict-transport-security",
            "max-age=63072000; includeSubDomains",
        ),
    ] {
        assert_eq!(answer.header(name), value, "{what}: {name}");
    }
    let policy = answer.header("content-security-policy");
    if !is_page {
        assert_eq!(
            policy, "default-src 'none'; frame-ancestors 'none'",
            "{what}"
        );
        return;
    }
    let directives: Vec<&str> = policy.split("; ").collect();
    for directive in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(directives.contains(&directive), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{what}: {policy}");
}
