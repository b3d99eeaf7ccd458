//! Between the SDK and the engine: counts every call, and can disturb it.

mod fault;
mod interleave;
mod touch;
mod upstream;

use std::collections::BTreeSet;
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

use self::fault::Disturbed;
use self::touch::touched;
use self::upstream::Upstream;

pub use fault::Fault;
pub use interleave::Interleaving;
pub(crate) use touch::listed;
pub use touch::{Site, Touch};

/// One call to the table.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function that made it.
    pub function: String,
    /// The operation, `GetItem`.
    pub operation: String,
    /// Everything it touched.
    pub touched: Vec<Touch>,
    /// As what it is recognised in another run.
    pub site: Site,
    /// Read units it consumed.
    pub read_units: f64,
    /// Write units it consumed.
    pub write_units: f64,
    /// Status of the engine's answer.
    pub status: u16,
    started: Instant,
    ended: Instant,
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

/// Longer than a function computes between two calls, so that only calls made together overlap.
const OBSERVATION_DELAY: Duration = Duration::from_millis(40);

type FaultPlan = Box<dyn FnMut(&Site) -> Option<Fault> + Send>;

/// A proxy before the engine. Each function reaches it under its own name.
pub struct Recorder {
    endpoint: String,
    shared: Arc<Shared>,
}

struct Shared {
    engine: Upstream,
    calls: Mutex<Vec<Call>>,
    sites: Mutex<BTreeSet<Site>>,
    delay: Mutex<Duration>,
    faults: Mutex<Option<FaultPlan>>,
    interleaving: Mutex<Option<Arc<Interleaving>>>,
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
            engine: Upstream::new(upstream),
            calls: Mutex::default(),
            sites: Mutex::default(),
            delay: Mutex::default(),
            faults: Mutex::default(),
            interleaving: Mutex::default(),
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

    /// Every call since it was started, also one that its caller gave up.
    #[must_use]
    pub fn sites(&self) -> BTreeSet<Site> {
        lock(&self.shared.sites).clone()
    }

    /// The calls since it was started that no area's `store-calls.txt` lists: nobody has tried what happens when
    /// they fail.
    #[must_use]
    pub fn unlisted(&self) -> Vec<String> {
        let unlisted = self.sites().into_iter().filter(|site| !site.is_listed());
        unlisted.map(|site| site.to_string()).collect()
    }

    /// Counts the calls that something makes.
    pub async fn cost_of<T>(&self, doing: impl Future<Output = T>) -> (T, Cost) {
        self.set_delay(OBSERVATION_DELAY);
        let _ = self.take();
        let done = doing.await;
        self.set_delay(Duration::ZERO);
        (done, Cost::of(&self.take()))
    }

    /// Makes every call take this much longer, so that calls made at the same time overlap for certain.
    pub fn set_delay(&self, delay: Duration) {
        *lock(&self.shared.delay) = delay;
    }

    /// Disturbs calls from now on: `plan` is asked with each operation's name.
    pub fn disturb(&self, mut plan: impl FnMut(&str) -> Option<Fault> + Send + 'static) {
        self.disturb_sites(move |site| plan(&site.operation));
    }

    /// Disturbs calls from now on: `plan` is asked with each call.
    pub fn disturb_sites(&self, plan: impl FnMut(&Site) -> Option<Fault> + Send + 'static) {
        *lock(&self.shared.faults) = Some(Box::new(plan));
    }

    /// Lets the calls of some processes through one by one from now on, in an order drawn from `seed`, some
    /// of their writes with a conflict. The caller says when each of them is done.
    #[must_use]
    pub fn interleave(&self, seed: u64, processes: &[&str]) -> Arc<Interleaving> {
        let interleaving = Arc::new(Interleaving::new(seed, processes));
        *lock(&self.shared.interleaving) = Some(Arc::clone(&interleaving));
        interleaving
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
    Path(process): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let started = Instant::now();
    // Several processes of one function have a number each: `login~2`.
    let function = process.split('~').next().unwrap_or_default().to_owned();
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let mut request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let touched = touched(&operation, &request);
    request["ReturnConsumedCapacity"] = json!("TOTAL");

    let site = Site::new(&function, &operation, &touched, &request);
    lock(&shared.sites).insert(site.clone());
    let interleaving = lock(&shared.interleaving).clone();
    let turn = match &interleaving {
        Some(interleaving) => interleaving.turn(&process, &site).await,
        None => None,
    };
    let planned = lock(&shared.faults).as_mut().and_then(|plan| plan(&site));
    let fault = planned.or(turn.as_ref().and_then(|(_, fault)| *fault));
    let delay = *lock(&shared.delay);
    tokio::time::sleep(delay).await;
    let disturbed = match fault {
        None => Disturbed::from(shared.engine.send(target, &request).await),
        Some(fault) => fault.apply(&shared.engine, target, &request).await,
    };
    let (read_units, write_units) = consumed(&operation, &disturbed.done.1);
    lock(&shared.calls).push(Call {
        function,
        operation,
        touched,
        site,
        read_units,
        write_units,
        status: disturbed.done.0.as_u16(),
        started,
        ended: Instant::now(),
    });
    drop(turn);
    disturbed.into_response().await
}

fn answer(status: StatusCode, body: Vec<u8>) -> Response {
    let headers = [("content-type", "application/x-amz-json-1.0")];
    (status, headers, body).into_response()
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
