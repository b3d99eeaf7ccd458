//! Event patterns, as `EventBridge` rules and the filters of Lambda's stream mappings have them.

use serde_json::Value;

use crate::Error;

/// A pattern, checked once.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// Each of these properties has to match.
    Object(Vec<(String, Node)>),
    /// One of these has to match.
    Alternatives(Vec<Matcher>),
}

#[derive(Clone, Debug, PartialEq)]
enum Matcher {
    Equal(Value),
    Exists(bool),
    Prefix(String),
    AnythingBut(Vec<Value>),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it is malformed, or has an operator that this does not know: it would match otherwise than in
    /// AWS.
    pub fn parse(pattern: &Value) -> Result<Self, Error> {
        match node(pattern)? {
            node @ Node::Object(_) => Ok(Self(node)),
            Node::Alternatives(_) => Err("an event pattern is an object".into()),
        }
    }

    /// Whether an event matches.
    #[must_use]
    pub fn matches(&self, event: &Value) -> bool {
        self.0.matches(Some(event))
    }
}

impl Node {
    fn matches(&self, found: Option<&Value>) -> bool {
        match (self, found) {
            (Self::Object(_), Some(Value::Array(elements))) if !elements.is_empty() => {
                elements.iter().any(|element| self.matches(Some(element)))
            }
            (Self::Object(properties), found) => properties
                .iter()
                .all(|(name, node)| node.matches(found.and_then(|found| found.get(name)))),
            (Self::Alternatives(matchers), found) => {
                let values = leaves(found);
                matchers.iter().any(|matcher| matcher.matches(values))
            }
        }
    }
}

/// What a leaf of the pattern is compared with: each element of an array, and objects not at all.
fn leaves(found: Option<&Value>) -> &[Value] {
    match found {
        None | Some(Value::Object(_)) => &[],
        Some(Value::Array(elements)) => elements,
        Some(value) => std::slice::from_ref(value),
    }
}

impl Matcher {
    fn matches(&self, values: &[Value]) -> bool {
        match self {
            Self::Equal(expected) => values.iter().any(|value| equal(expected, value)),
            Self::Exists(expected) => *expected != values.is_empty(),
            Self::Prefix(prefix) => values
                .iter()
                .any(|value| value.as_str().is_some_and(|text| text.starts_with(prefix))),
            Self::AnythingBut(refused) => values
                .iter()
                .any(|value| !refused.iter().any(|refused| equal(refused, value))),
        }
    }
}

/// 300, 300.0 and 3.0e2 are the same number.
#[expect(clippy::float_cmp, reason = "as it stands")]
fn equal(expected: &Value, found: &Value) -> bool {
    match (expected.as_f64(), found.as_f64()) {
        (Some(expected), Some(found)) => expected == found,
        _ => expected == found,
    }
}

fn node(pattern: &Value) -> Result<Node, Error> {
    match pattern {
        Value::Object(properties) if properties.is_empty() => {
            Err("an event pattern has an empty object".into())
        }
        Value::Object(properties) => {
            let nodes = properties.iter().map(|(name, value)| {
                if name.starts_with(['$', '!']) {
                    return Err(unknown(name));
                }
                Ok((name.clone(), node(value)?))
            });
            nodes.collect::<Result<_, _>>().map(Node::Object)
        }
        Value::Array(alternatives) if alternatives.is_empty() => {
            Err("an event pattern has an empty array".into())
        }
        Value::Array(alternatives) => {
            let matchers = alternatives.iter().map(matcher);
            matchers.collect::<Result<_, _>>().map(Node::Alternatives)
        }
        value => Err(format!("an event pattern has {value} where only arrays may stand").into()),
    }
}

fn matcher(alternative: &Value) -> Result<Matcher, Error> {
    let Value::Object(operator) = alternative else {
        return scalar(alternative).map(Matcher::Equal);
    };
    let mut operators = operator.iter();
    let (Some((name, operand)), None) = (operators.next(), operators.next()) else {
        return Err(unknown(&alternative.to_string()));
    };
    match (name.as_str(), operand) {
        ("exists", Value::Bool(exists)) => Ok(Matcher::Exists(*exists)),
        ("prefix", Value::String(prefix)) => Ok(Matcher::Prefix(prefix.clone())),
        ("anything-but", Value::Array(refused)) if !refused.is_empty() => {
            let refused = refused.iter().map(scalar);
            refused.collect::<Result<_, _>>().map(Matcher::AnythingBut)
        }
        ("anything-but", refused) => Ok(Matcher::AnythingBut(vec![scalar(refused)?])),
        _ => Err(unknown(&alternative.to_string())),
    }
}

fn scalar(value: &Value) -> Result<Value, Error> {
    match value {
        Value::Array(_) | Value::Object(_) => Err(unknown(&value.to_string())),
        value => Ok(value.clone()),
    }
}

fn unknown(operator: &str) -> Error {
    format!("an event pattern has {operator}, which is not understood here").into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_match_as_eventbridge_documents_it() {
        let table = [
            // Pattern, an event that matches, one that does not.
            (
                json!({"a": ["x"]}),
                json!({"a": "x", "b": 1}),
                json!({"a": "y"}),
            ),
            (
                json!({"a": ["x", "y"]}),
                json!({"a": "y"}),
                json!({"a": "xy"}),
            ),
            (
                json!({"a": ["x"]}),
                json!({"a": ["w", "x"]}),
                json!({"a": ["w"]}),
            ),
            (json!({"a": [1]}), json!({"a": 1.0}), json!({"a": "1"})),
            (json!({"a": [null]}), json!({"a": null}), json!({})),
            (
                json!({"a": [true]}),
                json!({"a": true}),
                json!({"a": "true"}),
            ),
            (
                json!({"a": {"b": ["x"]}}),
                json!({"a": {"b": "x"}}),
                json!({"a": "x"}),
            ),
            (
                json!({"a": ["x"], "b": ["y"]}),
                json!({"a": "x", "b": "y"}),
                json!({"a": "x"}),
            ),
            (
                json!({"a": {"b": ["x"]}}),
                json!({"a": [{"b": "w"}, {"b": "x"}]}),
                json!({"a": [{"b": "w"}]}),
            ),
            (
                json!({"a": [{"exists": true}]}),
                json!({"a": ""}),
                json!({"b": 1}),
            ),
            (
                json!({"a": [{"exists": true}]}),
                json!({"a": null}),
                json!({"a": {"b": 1}}),
            ),
            (
                json!({"a": [{"exists": false}]}),
                json!({"b": 1}),
                json!({"a": 0}),
            ),
            (
                json!({"a": {"b": [{"exists": false}]}}),
                json!({}),
                json!({"a": {"b": 0}}),
            ),
            (
                json!({"a": [{"prefix": "ab"}]}),
                json!({"a": "abc"}),
                json!({"a": "cab"}),
            ),
            (
                json!({"a": [{"anything-but": ["x", 1]}]}),
                json!({"a": "y"}),
                json!({"a": 1}),
            ),
            (
                json!({"a": [{"anything-but": ["x"]}]}),
                json!({"a": ["x", "y"]}),
                json!({}),
            ),
            (
                json!({"a": [{"anything-but": "x"}]}),
                json!({"a": "y"}),
                json!({"a": "x"}),
            ),
            (
                json!({"a": ["x", {"prefix": "z"}]}),
                json!({"a": "zz"}),
                json!({"a": "y"}),
            ),
        ];
        for (pattern, matching, other) in table {
            let parsed = Pattern::parse(&pattern).expect("a pattern");
            assert!(parsed.matches(&matching), "{pattern} and {matching}");
            assert!(!parsed.matches(&other), "{pattern} and {other}");
        }
    }

    #[test]
    fn the_filters_of_a_stream_choose_by_image() {
        let filter = json!({
            "eventName": ["MODIFY"],
            "dynamodb": {"NewImage": {"type": {"S": ["session"]}, "revoked_at": {"N": [{"exists": true}]}}},
        });
        let filter = Pattern::parse(&filter).expect("a pattern");
        let record =
            |name: &str, image: Value| json!({"eventName": name, "dynamodb": {"NewImage": image}});
        let revoked = json!({"type": {"S": "session"}, "revoked_at": {"N": "5"}});
        assert!(filter.matches(&record("MODIFY", revoked.clone())));
        assert!(!filter.matches(&record("INSERT", revoked)));
        assert!(!filter.matches(&record("MODIFY", json!({"type": {"S": "session"}}))));
        assert!(!filter.matches(&json!({"eventName": "REMOVE", "dynamodb": {}})));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for pattern in [
            json!("text"),
            json!([1]),
            json!({}),
            json!({"a": []}),
            json!({"a": "x"}),
            json!({"a": {}}),
            json!({"a": [["x"]]}),
            json!({"a": [{"suffix": "x"}]}),
            json!({"a": [{"numeric": [">", 1]}]}),
            json!({"a": [{"exists": "true"}]}),
            json!({"a": [{"prefix": "a", "exists": true}]}),
            json!({"a": [{"prefix": {"equals-ignore-case": "a"}}]}),
            json!({"a": [{"anything-but": {"prefix": "a"}}]}),
            json!({"a": [{"anything-but": []}]}),
            json!({"a": [{"!GetAtt": "A.B"}]}),
            json!({"$or": [{"a": ["x"]}]}),
        ] {
            assert!(Pattern::parse(&pattern).is_err(), "{pattern}");
        }
    }
}
