//! `openapi.yaml` as a check on every answer.

use std::path::Path;

use local::event::{HttpRequest, matches_route};
use local::yaml;
use serde_json::{Value, json};

use crate::Answer;

/// The HTTP contract.
pub struct Contract(Value);

impl Contract {
    /// Reads the contract below `root`.
    ///
    /// # Panics
    /// When it cannot be read.
    #[must_use]
    pub fn load(root: &Path) -> Self {
        Self(yaml::load(&root.join("openapi.yaml")).expect("openapi.yaml is readable"))
    }

    /// The whole document.
    #[must_use]
    pub const fn document(&self) -> &Value {
        &self.0
    }

    /// Every operation: method, path and the function that serves it.
    ///
    /// # Panics
    /// When the document has no paths.
    #[must_use]
    pub fn operations(&self) -> Vec<(String, String, String)> {
        let paths = self.0["paths"].as_object().expect("openapi.yaml has paths");
        let mut operations = Vec::new();
        for (path, item) in paths {
            for (method, operation) in item.as_object().into_iter().flatten() {
                if let Some(function) = operation["x-function"].as_str() {
                    operations.push((method.to_uppercase(), path.clone(), function.to_owned()));
                }
            }
        }
        operations
    }

    /// Checks an answer: its status is documented for the operation, its media type and every property
    /// of its body are as described, and the headers every answer has are there.
    ///
    /// # Panics
    /// When anything differs.
    #[track_caller]
    pub fn check(&self, request: &HttpRequest, answer: &Answer) {
        let what = format!("{} {} -> {}", request.method, request.path, answer.status);
        let paths = self.0["paths"].as_object().expect("openapi.yaml has paths");
        let (_, item) = paths
            .iter()
            .find(|(route, _)| matches_route(route, &request.path))
            .unwrap_or_else(|| panic!("{what}: openapi.yaml has no such path"));
        let operation = &item[request.method.to_lowercase()];
        let documented = self.resolve(&operation["responses"][answer.status.to_string()]);
        assert!(
            documented.is_object(),
            "{what}: openapi.yaml has no such status: {}",
            answer.text
        );

        match documented["content"].as_object() {
            None => assert_eq!(answer.text, "", "{what}: openapi.yaml has no body"),
            Some(content) => {
                let media_type = answer.header("content-type");
                let described = content
                    .get(media_type)
                    .unwrap_or_else(|| panic!("{what}: openapi.yaml has no {media_type:?}"));
                self.check_schema(&what, &described["schema"], &answer.body);
            }
        }
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            (
                "strict-transport-security",
                "max-age=63072000; includeSubDomains",
            ),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            ),
        ] {
            assert_eq!(answer.header(name), value, "{what}: {name}");
        }
        assert_ne!(answer.header("x-request-id"), "", "{what}: x-request-id");
        assert_ne!(answer.header("cache-control"), "", "{what}: cache-control");
        let challenged = !answer.header("www-authenticate").is_empty();
        assert_eq!(challenged, answer.status == 401, "{what}: www-authenticate");
        let waits = !answer.header("retry-after").is_empty();
        assert_eq!(waits, answer.status == 503, "{what}: retry-after");
    }

    #[track_caller]
    fn check_schema(&self, what: &str, schema: &Value, body: &Value) {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "allOf": [schema],
            "components": self.0["components"],
        });
        let validator =
            jsonschema::validator_for(&schema).expect("the schemas of openapi.yaml are valid");
        let errors: Vec<String> = validator
            .iter_errors(body)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{what}: {errors:#?}\n{body:#}");
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.0.pointer(&reference[1..]).unwrap_or(&Value::Null),
            None => value,
        }
    }
}
