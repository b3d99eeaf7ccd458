//! What a call does to the table: as IAM decides about it, and as it is recognised again.

use std::fmt;

use serde_json::{Map, Value};

/// What IAM decides about: an action on a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// `dynamodb:GetItem`.
    pub action: String,
    /// The partition key.
    pub key: String,
    /// The sort key; empty where a query names none.
    pub sort: String,
    /// Whether it is a partition of the index.
    pub index: bool,
    /// The attributes asked for, where it names some, or written.
    pub attributes: Option<Vec<String>>,
}

/// A call of a function as it is recognised in another run: the operation and the keys, ids left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The function.
    pub function: String,
    /// `GetItem`.
    pub operation: String,
    /// `USER#* USER`, a pattern for each item.
    pub items: Vec<String>,
}

impl fmt::Display for Site {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items = self.items.join(" + ");
        write!(formatter, "{}: {} {items}", self.function, self.operation)
    }
}

impl Site {
    pub(super) fn new(function: &str, operation: &str, touched: &[Touch]) -> Self {
        let mut items: Vec<String> = touched
            .iter()
            .map(|touch| format!("{} {}", pattern(&touch.key), pattern(&touch.sort)))
            .collect();
        // A batch of many is a batch of one kind; and a transaction's parts tell it from others.
        items.dedup();
        Self {
            function: function.to_owned(),
            operation: operation.to_owned(),
            items,
        }
    }
}

/// A key with what tells one item from another left out. What is spelled in capitals, or names a route or a rule,
/// stays.
fn pattern(key: &str) -> String {
    let named = ["LIMIT#", "IDEMPOTENCY#"]
        .iter()
        .any(|kind| key.starts_with(kind));
    let kept = if named { 3 } else { 1 };
    let parts: Vec<&str> = key.split('#').collect();
    if parts.len() == 1 {
        let fixed = key
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'-');
        return if fixed {
            key.to_owned()
        } else {
            "*".to_owned()
        };
    }
    let kept = kept.min(parts.len() - 1);
    format!("{}#*", parts[..kept].join("#"))
}

/// Everything a request touches. A transaction needs the actions of its parts.
pub(super) fn touched(operation: &str, request: &Value) -> Vec<Touch> {
    let touch = |action: &str, item: &Value, attributes: Option<Vec<String>>| Touch {
        action: format!("dynamodb:{action}"),
        key: text(&item["pk"]),
        sort: text(&item["sk"]),
        index: request["IndexName"].is_string(),
        attributes,
    };
    let asked = request["ProjectionExpression"].as_str();
    let asked: Option<Vec<String>> = asked.map(|names| {
        names
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect()
    });
    match operation {
        "PutItem" => {
            let item = &request["Item"];
            let written = item.as_object().into_iter().flatten();
            let written = written.map(|(name, _)| name.clone()).collect();
            vec![touch(operation, item, Some(written))]
        }
        "UpdateItem" => {
            let named = request["ExpressionAttributeNames"].as_object();
            let named = named.into_iter().flat_map(Map::values);
            let named = named.filter_map(|name| name.as_str().map(str::to_owned));
            vec![touch(operation, &request["Key"], Some(named.collect()))]
        }
        "Query" => {
            let values = &request["ExpressionAttributeValues"];
            let key = serde_json::json!({ "pk": values[":pk"] });
            vec![touch(operation, &key, asked)]
        }
        "BatchGetItem" => {
            let tables = request["RequestItems"].as_object().into_iter().flatten();
            let keys = tables.filter_map(|(_, table)| table["Keys"].as_array());
            keys.flatten()
                .map(|key| touch(operation, key, asked.clone()))
                .collect()
        }
        "BatchWriteItem" => {
            let tables = request["RequestItems"].as_object().into_iter().flatten();
            let writes = tables.filter_map(|(_, writes)| writes.as_array()).flatten();
            writes
                .map(|write| match &write["PutRequest"]["Item"] {
                    Value::Null => &write["DeleteRequest"]["Key"],
                    item => item,
                })
                .map(|item| touch(operation, item, None))
                .collect()
        }
        "TransactWriteItems" => {
            let parts = request["TransactItems"].as_array().into_iter().flatten();
            parts
                .filter_map(Value::as_object)
                .flatten()
                .map(|(kind, part)| match kind.as_str() {
                    "Put" => touch("PutItem", &part["Item"], None),
                    "ConditionCheck" => touch("ConditionCheckItem", &part["Key"], None),
                    kind => touch(&format!("{kind}Item"), &part["Key"], None),
                })
                .collect()
        }
        _ => vec![touch(operation, &request["Key"], asked)],
    }
}

fn text(value: &Value) -> String {
    value["S"].as_str().unwrap_or_default().to_owned()
}
