//! Between the SDK and the engine: counts every call, and can disturb it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// One call to the table.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function that made it.
    pub function: String,
    /// The operation, `GetItem`.
    pub operation: String,
    /// Everything it touched.
    pub touched: Vec<Touch>,
    /// Read units it consumed.
    pub read_units: f64,
    /// Write units it consumed.
    pub write_units: f64,
    /// Status of the engine's answer.
    pub status: u16,
    started: Instant,
    ended: Instant,
}

/// What IAM decides about: an action on a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// `dynamodb:GetItem`.
    pub action: String,
    /// The partition key.
    pub key: String,
    /// Whether it is a partition of the index.
    pub index: bool,
    /// The attributes asked for, where it names some, or written.
    pub attributes: Option<Vec<String>>,
}

/// What a number of calls cost together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Calls.
    pub calls: usize,
    /// Sequential round trips: calls at the same time count once.
    pub round_trips: usize,
    /// Read units.
    pub read_units: f64,
    /// Write units.
    pub write_units: f64,
}

/// How a call is disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The engine never sees it; the caller gets a server error.
    Refuse,
    /// The engine does it; the caller gets a server error.
    LoseAnswer,
    /// A transaction is cancelled: its second part's condition fails, its last part is held by another.
    Conflict,
    /// A batch read answers nothing and leaves every key unprocessed.
    LeaveUnprocessed,
}

type FaultPlan = Box<dyn FnMut(&str) -> Option<Fault> + Send>;

/// A proxy before the engine. Each function reaches it under its own name.
pub struct Recorder {
    endpoint: String,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    calls: Mutex<Vec<Call>>,
    delay: Mutex<Duration>,
    faults: Mutex<Option<FaultPlan>>,
}

impl Recorder {
    /// Serves on a free port, in front of `upstream`.
    ///
    /// # Panics
    /// When no port can be opened.
    pub async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("a bound port"));
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            client: reqwest::Client::new(),
            calls: Mutex::default(),
            delay: Mutex::default(),
            faults: Mutex::default(),
        });
        let router = Router::new()
            .route("/{function}", post(forward))
            .route("/{function}/", post(forward))
            .with_state(Arc::clone(&shared));
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Self { endpoint, shared }
    }

    /// Where `function` is to send its calls.
    #[must_use]
    pub fn endpoint_for(&self, function: &str) -> String {
        format!("{}/{function}", self.endpoint)
    }

    /// The calls since the last time this was asked.
    #[must_use]
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut lock(&self.shared.calls))
    }

    /// Makes every call take this much longer, so that calls made at the same time overlap for certain.
    pub fn set_delay(&self, delay: Duration) {
        *lock(&self.shared.delay) = delay;
    }

    /// Disturbs calls from now on: `plan` is asked with each operation's name.
    pub fn disturb(&self, plan: impl FnMut(&str) -> Option<Fault> + Send + 'static) {
        *lock(&self.shared.faults) = Some(Box::new(plan));
    }

    /// Ends every disturbance.
    pub fn calm(&self) {
        *lock(&self.shared.faults) = None;
    }
}

impl Cost {
    /// So many calls in so many round trips, for so many read and write units.
    #[must_use]
    pub const fn new(calls: usize, round_trips: usize, read_units: f64, write_units: f64) -> Self {
        Self {
            calls,
            round_trips,
            read_units,
            write_units,
        }
    }

    /// Adds up calls.
    #[must_use]
    pub fn of(calls: &[Call]) -> Self {
        let mut by_start: Vec<&Call> = calls.iter().collect();
        by_start.sort_by_key(|call| call.started);
        let mut round_trips = 0;
        let mut round_ends: Option<Instant> = None;
        for call in by_start {
            match round_ends {
                Some(ends) if call.started < ends => round_ends = Some(ends.min(call.ended)),
                _ => {
                    round_trips += 1;
                    round_ends = Some(call.ended);
                }
            }
        }
        Self {
            calls: calls.len(),
            round_trips,
            read_units: calls.iter().map(|call| call.read_units).sum(),
            write_units: calls.iter().map(|call| call.write_units).sum(),
        }
    }
}

async fn forward(
    State(shared): State<Arc<Shared>>,
    Path(function): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let started = Instant::now();
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let mut request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let touched = touched(&operation, &request);
    request["ReturnConsumedCapacity"] = json!("TOTAL");

    let fault = lock(&shared.faults)
        .as_mut()
        .and_then(|plan| plan(&operation));
    let delay = *lock(&shared.delay);
    tokio::time::sleep(delay).await;
    let (status, answer) = match fault {
        Some(Fault::Refuse) => (StatusCode::INTERNAL_SERVER_ERROR, Vec::new()),
        Some(Fault::Conflict) => {
            let parts = request["TransactItems"].as_array().map_or(0, Vec::len);
            let mut reasons = vec![json!({ "Code": "None" }); parts];
            reasons[1] = json!({ "Code": "ConditionalCheckFailed" });
            reasons[parts - 1] = json!({ "Code": "TransactionConflict" });
            let answer = json!({
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "Message": "Transaction cancelled",
                "CancellationReasons": reasons,
            });
            (StatusCode::BAD_REQUEST, answer.to_string().into_bytes())
        }
        Some(Fault::LeaveUnprocessed) => {
            let answer = json!({ "Responses": {}, "UnprocessedKeys": request["RequestItems"] });
            (StatusCode::OK, answer.to_string().into_bytes())
        }
        Some(Fault::LoseAnswer) | None => send(&shared, target, &request).await,
    };
    let (read_units, write_units) = consumed(&operation, &answer);
    lock(&shared.calls).push(Call {
        function,
        operation,
        touched,
        read_units,
        write_units,
        status: status.as_u16(),
        started,
        ended: Instant::now(),
    });
    if fault == Some(Fault::LoseAnswer) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    (
        status,
        [("content-type", "application/x-amz-json-1.0")],
        answer,
    )
        .into_response()
}

async fn send(shared: &Shared, target: &str, request: &Value) -> (StatusCode, Vec<u8>) {
    let sent = shared
        .client
        .post(&shared.upstream)
        .header("x-amz-target", target)
        .header("content-type", "application/x-amz-json-1.0")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=0",
        )
        .header("x-amz-date", "20260101T000000Z")
        .body(request.to_string())
        .send()
        .await;
    match sent {
        Err(_) => (StatusCode::BAD_GATEWAY, Vec::new()),
        Ok(answer) => {
            let status = answer.status();
            let body = answer
                .bytes()
                .await
                .map(|bytes| bytes.to_vec())
                .unwrap_or_default();
            (status, body)
        }
    }
}

/// Everything a request touches. A transaction needs the actions of its parts.
fn touched(operation: &str, request: &Value) -> Vec<Touch> {
    let key = |key: &Value| key["pk"]["S"].as_str().unwrap_or_default().to_owned();
    let projection = request["ProjectionExpression"].as_str();
    let attributes: Option<Vec<String>> = projection.map(|names| {
        names
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect()
    });
    let touch = |action: &str, key: String| Touch {
        action: format!("dynamodb:{action}"),
        key,
        index: request["IndexName"].is_string(),
        attributes: attributes.clone(),
    };
    match operation {
        "PutItem" => {
            let written = request["Item"].as_object().into_iter().flatten();
            vec![Touch {
                attributes: Some(written.map(|(name, _)| name.clone()).collect()),
                ..touch(operation, key(&request["Item"]))
            }]
        }
        "UpdateItem" => {
            let named = request["ExpressionAttributeNames"].as_object();
            let named = named.into_iter().flat_map(|names| names.values());
            vec![Touch {
                attributes: Some(
                    named
                        .filter_map(|name| name.as_str().map(str::to_owned))
                        .collect(),
                ),
                ..touch(operation, key(&request["Key"]))
            }]
        }
        "Query" => {
            let pk = request["ExpressionAttributeValues"][":pk"]["S"].as_str();
            vec![touch(operation, pk.unwrap_or_default().to_owned())]
        }
        "BatchGetItem" => {
            let tables = request["RequestItems"].as_object();
            let keys = tables
                .into_iter()
                .flatten()
                .filter_map(|(_, table)| table["Keys"].as_array());
            keys.flatten()
                .map(|item| touch(operation, key(item)))
                .collect()
        }
        "BatchWriteItem" => {
            let tables = request["RequestItems"].as_object();
            let writes = tables.into_iter().flatten();
            let writes = writes.filter_map(|(_, writes)| writes.as_array()).flatten();
            writes
                .map(|write| match &write["PutRequest"]["Item"] {
                    Value::Null => key(&write["DeleteRequest"]["Key"]),
                    item => key(item),
                })
                .map(|key| touch(operation, key))
                .collect()
        }
        "TransactWriteItems" => {
            let parts = request["TransactItems"].as_array();
            let parts = parts
                .into_iter()
                .flatten()
                .filter_map(Value::as_object)
                .flatten();
            parts
                .map(|(kind, part)| match kind.as_str() {
                    "Put" => touch("PutItem", key(&part["Item"])),
                    "ConditionCheck" => touch("ConditionCheckItem", key(&part["Key"])),
                    kind => touch(&format!("{kind}Item"), key(&part["Key"])),
                })
                .collect()
        }
        _ => vec![touch(operation, key(&request["Key"]))],
    }
}

fn consumed(operation: &str, answer: &[u8]) -> (f64, f64) {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let consumed = &answer["ConsumedCapacity"];
    let units = |capacity: &Value| capacity["CapacityUnits"].as_f64().unwrap_or_default();
    let total = match consumed.as_array() {
        Some(tables) => tables.iter().map(units).sum(),
        None => units(consumed),
    };
    match operation {
        "GetItem" | "BatchGetItem" | "Query" => (total, 0.0),
        _ => (0.0, total),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
