//! What a call does to the table: as IAM decides about it, and as it is recognised again.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use local::workspace_root;
use serde_json::{Value, json};

use crate::sources::mirrored;

/// Every call that some area's matrix of faults tries: the lines of each `functions/<area>/store-calls.txt`.
static STORE_CALLS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let areas = std::fs::read_dir(workspace_root().join("functions")).expect("a folder of areas");
    let calls = areas.flatten().filter_map(|area| {
        let calls = std::fs::read_to_string(area.path().join("store-calls.txt")).ok()?;
        Some((area.file_name().into_string().ok()?, calls))
    });
    calls.collect()
});

/// The calls that an area lists, a line each.
pub fn listed(area: &str) -> &'static str {
    STORE_CALLS.get(area).map_or("", |calls| calls.trim_end())
}

/// What IAM decides about: an action on a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// `dynamodb:GetItem`.
    pub action: String,
    /// Its table.
    pub table: String,
    /// Its index, if it is not the table itself.
    pub index: Option<String>,
    /// The partition key.
    pub key: String,
    /// The sort key; empty where a query names none.
    pub sort: String,
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
    /// `USER#* USER`, a pattern for each item; in a transaction with what is done to it, on which condition.
    pub items: Vec<String>,
    /// On which condition: two writes of one item can be two steps.
    pub condition: String,
}

impl fmt::Display for Site {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items = self.items.join(" + ");
        write!(formatter, "{}: {} {items}", self.function, self.operation)?;
        if !self.condition.is_empty() {
            write!(formatter, " if {}", self.condition)?;
        }
        Ok(())
    }
}

impl Site {
    /// Whether the matrix of faults tries it. What a page calls for an operation is tried with the function that is
    /// there for it.
    pub(super) fn is_listed(&self) -> bool {
        self.is_listed_for(&self.function) || self.is_mirrored()
    }

    /// Whether a function makes it whose operation a page does.
    pub(crate) fn is_mirrored(&self) -> bool {
        let mut mirrors = mirrored(&self.function).into_iter();
        mirrors.any(|(_, function)| self.is_listed_for(&function))
    }

    /// Whether the function makes this call in the lists. A batch may be the rest of one that was left unprocessed.
    fn is_listed_for(&self, function: &str) -> bool {
        let of_function = Self {
            function: function.to_owned(),
            ..self.clone()
        };
        let (call, batch) = (of_function.to_string(), self.operation.starts_with("Batch"));
        let start = format!("{function}: {} ", self.operation);
        STORE_CALLS
            .values()
            .flat_map(|calls| calls.lines())
            .any(|line| {
                let items = || line.strip_prefix(&start).map(|items| items.split(" + "));
                let has =
                    |item: &String| items().is_some_and(|mut items| items.any(|one| one == item));
                line == call || batch && self.items.iter().all(has)
            })
    }

    pub(super) fn new(function: &str, operation: &str, touched: &[Touch], request: &Value) -> Self {
        let items = if let Some(parts) = request["TransactItems"].as_array() {
            parts.iter().zip(touched).map(part).collect()
        } else if operation == "BatchWriteItem" {
            // A clean-up of a partition: whatever there is in it.
            let partition = |touch: &Touch| format!("{} *", pattern(&touch.key));
            let mut partitions: Vec<String> = touched.iter().map(partition).collect();
            partitions.dedup();
            partitions
        } else {
            let mut items: Vec<String> = touched.iter().map(item).collect();
            // A batch of many of a kind is one of one.
            items.dedup();
            items
        };
        Self {
            function: function.to_owned(),
            operation: operation.to_owned(),
            items,
            condition: text_of(&request["ConditionExpression"]),
        }
    }
}

fn item(touch: &Touch) -> String {
    format!("{} {}", pattern(&touch.key), pattern(&touch.sort))
}

/// A part of a transaction: `Put EMAIL#* CREDENTIAL if attribute_not_exists(pk)`.
fn part((part, touch): (&Value, &Touch)) -> String {
    let (kind, part) = part
        .as_object()
        .and_then(|part| part.iter().next())
        .expect("a part is of some kind");
    let condition = text_of(&part["ConditionExpression"]);
    let condition = if condition.is_empty() {
        condition
    } else {
        format!(" if {condition}")
    };
    format!("{kind} {}{condition}", item(touch))
}

/// A key with what tells one item from another left out. What is spelled in capitals stays, and so do the route and
/// the rule in the keys of limits and of idempotency records.
fn pattern(key: &str) -> String {
    let parts: Vec<&str> = key.split('#').collect();
    let kept = match parts[0] {
        "LIMIT" => 3,
        "IDEMPOTENCY" => 2,
        _ => 1,
    };
    let is_fixed = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
            && (kept > 1 || part.bytes().all(|byte| !byte.is_ascii_lowercase()))
    };
    let shown = parts.iter().enumerate().map(|(number, part)| {
        if number < kept && is_fixed(part) {
            *part
        } else {
            "*"
        }
    });
    let mut shown: Vec<&str> = shown.take(kept + 1).collect();
    shown.dedup_by(|next, before| *next == "*" && *before == "*");
    shown.join("#")
}

/// Everything a request touches. A transaction needs the actions of its parts.
pub(super) fn touched(operation: &str, request: &Value) -> Vec<Touch> {
    match operation {
        "PutItem" => vec![put(request)],
        "UpdateItem" => vec![update(request)],
        "Query" => {
            let values = &request["ExpressionAttributeValues"];
            let key = json!({ "pk": values[":pk"] });
            vec![touch(request, operation, &key, projected(request))]
        }
        "BatchGetItem" => of_tables(request)
            .flat_map(|(name, table)| {
                let keys = table["Keys"].as_array().into_iter().flatten();
                let at = json!({ "TableName": name });
                keys.map(move |key| touch(&at, operation, key, projected(table)))
            })
            .collect(),
        "BatchWriteItem" => of_tables(request)
            .flat_map(|(name, writes)| {
                let at = json!({ "TableName": name });
                let writes = writes.as_array().into_iter().flatten();
                writes.map(move |write| match &write["PutRequest"]["Item"] {
                    Value::Null => touch(&at, operation, &write["DeleteRequest"]["Key"], None),
                    item => touch(&at, operation, item, None),
                })
            })
            .collect(),
        "TransactWriteItems" => {
            let parts = request["TransactItems"].as_array().into_iter().flatten();
            parts
                .filter_map(Value::as_object)
                .flatten()
                .map(|(kind, part)| match kind.as_str() {
                    "Put" => put(part),
                    "Update" => update(part),
                    "ConditionCheck" => touch(part, "ConditionCheckItem", &part["Key"], None),
                    kind => touch(part, &format!("{kind}Item"), &part["Key"], None),
                })
                .collect()
        }
        _ => vec![touch(
            request,
            operation,
            &request["Key"],
            projected(request),
        )],
    }
}

fn touch(at: &Value, action: &str, item: &Value, attributes: Option<Vec<String>>) -> Touch {
    Touch {
        action: format!("dynamodb:{action}"),
        table: text_of(&at["TableName"]),
        index: at["IndexName"].as_str().map(str::to_owned),
        key: text(&item["pk"]),
        sort: text(&item["sk"]),
        attributes,
    }
}

fn put(part: &Value) -> Touch {
    let written = part["Item"].as_object().into_iter().flatten();
    let written = written.map(|(name, _)| name.clone()).collect();
    touch(part, "PutItem", &part["Item"], Some(written))
}

fn update(part: &Value) -> Touch {
    let named = part["ExpressionAttributeNames"]
        .as_object()
        .into_iter()
        .flatten();
    let named = named
        .filter_map(|(_, name)| name.as_str().map(str::to_owned))
        .collect();
    touch(part, "UpdateItem", &part["Key"], Some(named))
}

fn projected(request: &Value) -> Option<Vec<String>> {
    let names = request["ProjectionExpression"].as_str()?;
    Some(
        names
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect(),
    )
}

fn of_tables(request: &Value) -> impl Iterator<Item = (&String, &Value)> {
    request["RequestItems"].as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    text_of(&value["S"])
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
