//! A function's binary, running against a Lambda runtime API of ours.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use crate::Error;

/// What Lambda allows one invocation, as the template has it.
const INVOCATION_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a binary may take to ask for its first invocation.
const INIT_TIMEOUT: Duration = Duration::from_secs(20);
/// What is remembered of what it prints: a function may run for days.
const MAX_LOG_LINES: usize = 10_000;
/// How often to see whether a process is still there while it has an invocation.
const LIVENESS_INTERVAL: Duration = Duration::from_millis(50);
/// The error of an invocation that was not answered.
pub(crate) const TIMED_OUT: &str = "the function did not answer in time";

/// What an invocation came to.
pub type Outcome = Result<Value, FunctionError>;

/// The function answered with an error, or ended.
#[derive(Clone, Debug)]
pub struct FunctionError(pub String);

/// A running function: one environment, one invocation at a time.
pub struct Function {
    child: Mutex<Child>,
    pid: u32,
    init: Duration,
    api: Arc<RuntimeApi>,
    log: Arc<Mutex<Vec<String>>>,
}

struct RuntimeApi {
    queue: mpsc::Sender<Invocation>,
    next: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    pending: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    asked: watch::Sender<Option<Instant>>,
    budget: Mutex<Duration>,
}

struct Invocation {
    payload: Vec<u8>,
    done: oneshot::Sender<Outcome>,
}

impl Function {
    /// Starts a binary and waits until it asks for its first invocation. It gets no variables but these
    /// and Lambda's own.
    ///
    /// # Errors
    /// When the binary does not start or ends during init, with what it printed.
    pub async fn start(binary: &Path, environment: &[(String, String)]) -> Result<Self, Error> {
        Self::start_with(binary, environment, false).await
    }

    /// As [`start`](Self::start); what it prints goes to the standard error stream, too.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_shown(
        binary: &Path,
        environment: &[(String, String)],
    ) -> Result<Self, Error> {
        Self::start_with(binary, environment, true).await
    }

    async fn start_with(
        binary: &Path,
        environment: &[(String, String)],
        shown: bool,
    ) -> Result<Self, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (queue, next) = mpsc::channel(1);
        let api = Arc::new(RuntimeApi {
            queue,
            next: tokio::sync::Mutex::new(next),
            pending: Mutex::default(),
            asked: watch::Sender::new(None),
            budget: Mutex::new(INVOCATION_TIMEOUT),
        });
        tokio::spawn(serve(listener, Arc::clone(&api)));

        let name = binary
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("function");
        let started = Instant::now();
        let mut child = Command::new(binary)
            .env_clear()
            .envs(environment.iter().cloned())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{}: {error}", binary.display()))?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let readers = [
            child
                .stdout
                .take()
                .map(|pipe| tokio::spawn(collect(pipe, Arc::clone(&log), shown))),
            child
                .stderr
                .take()
                .map(|pipe| tokio::spawn(collect(pipe, Arc::clone(&log), shown))),
        ];

        let mut asked = api.asked.subscribe();
        let first = tokio::select! {
            asked = tokio::time::timeout(INIT_TIMEOUT, asked.wait_for(Option::is_some)) => {
                asked.ok().and_then(Result::ok).and_then(|asked| *asked)
            }
            _ = child.wait() => None,
        };
        let Some(first) = first else {
            for reader in readers.into_iter().flatten() {
                let _ = tokio::time::timeout(Duration::from_secs(1), reader).await;
            }
            let printed = log
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .join("\n");
            return Err(format!("{name} ended during init:\n{printed}").into());
        };
        let pid = child.id().unwrap_or_default();
        Ok(Self {
            child: Mutex::new(child),
            pid,
            init: first.duration_since(started),
            api,
            log,
        })
    }

    /// Invokes it and waits for what it answers.
    ///
    /// # Errors
    /// [`FunctionError`] when it reports one or ends.
    pub async fn invoke(&self, payload: &Value) -> Outcome {
        self.invoke_raw(payload.to_string().into_bytes()).await
    }

    /// Invokes it with bytes that need not be JSON.
    ///
    /// # Errors
    /// [`FunctionError`] when it reports one or ends.
    pub async fn invoke_raw(&self, payload: Vec<u8>) -> Outcome {
        let gone = || FunctionError("the function ended".to_owned());
        let answered = async {
            let (done, outcome) = oneshot::channel();
            let sent = self.api.queue.send(Invocation { payload, done }).await;
            sent.map_err(|_| gone())?;
            outcome.await.map_err(|_| gone())?
        };
        let ended = async {
            while self.is_running() {
                tokio::time::sleep(LIVENESS_INTERVAL).await;
            }
            // Its last answer may be on the way.
            tokio::time::sleep(LIVENESS_INTERVAL).await;
        };
        tokio::select! {
            biased;
            answered = tokio::time::timeout(INVOCATION_TIMEOUT + Duration::from_secs(5), answered) => {
                answered.map_err(|_| FunctionError(TIMED_OUT.to_owned()))?
            }
            () = ended => Err(gone()),
        }
    }

    /// Sets how long from now each invocation may take, as the function is told.
    pub fn set_budget(&self, budget: Duration) {
        *self
            .api
            .budget
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = budget;
    }

    /// From its start to its first request for an invocation.
    #[must_use]
    pub const fn init(&self) -> Duration {
        self.init
    }

    /// Its process id.
    #[must_use]
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether its process is still there.
    #[must_use]
    pub fn is_running(&self) -> bool {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(child.try_wait(), Ok(None))
    }

    /// What it has printed, line by line.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Memory of its process in bytes: now, and at most so far.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn memory(&self) -> Result<(u64, u64), Error> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let kilobytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok())
                .map(|kilobytes| kilobytes * 1024)
                .ok_or("the system does not tell a process's memory")
        };
        Ok((kilobytes("VmRSS:")?, kilobytes("VmHWM:")?))
    }
}

async fn collect(pipe: impl AsyncRead + Unpin, log: Arc<Mutex<Vec<String>>>, shown: bool) {
    let mut lines = BufReader::new(pipe).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if shown {
            eprintln!("{line}");
        }
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == MAX_LOG_LINES {
            log.drain(..MAX_LOG_LINES / 2);
        }
        log.push(line);
    }
}

async fn serve(listener: TcpListener, api: Arc<RuntimeApi>) {
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route(
            "/2018-06-01/runtime/invocation/{id}/response",
            post(respond),
        )
        .route("/2018-06-01/runtime/invocation/{id}/error", post(fail))
        .with_state(api);
    // Without it the kernel holds back the second part of an answer for 40 ms.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let _ = axum::serve(listener, router).await;
}

async fn next(State(api): State<Arc<RuntimeApi>>) -> Response {
    api.asked.send_if_modified(|asked| {
        let first = asked.is_none();
        asked.get_or_insert_with(Instant::now);
        first
    });
    let Some(invocation) = api.next.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let id = Uuid::new_v4().to_string();
    let budget = *api.budget.lock().unwrap_or_else(PoisonError::into_inner);
    let deadline = SystemTime::now() + budget;
    let deadline = deadline
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    let arn = "arn:aws:lambda:eu-central-1:123456789012:function:local".to_owned();
    let headers = [
        ("lambda-runtime-aws-request-id", id.clone()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", arn),
    ];
    let mut pending = api.pending.lock().unwrap_or_else(PoisonError::into_inner);
    pending.insert(id, invocation.done);
    (headers, invocation.payload).into_response()
}

async fn respond(
    State(api): State<Arc<RuntimeApi>>,
    UrlPath(id): UrlPath<String>,
    body: Bytes,
) -> StatusCode {
    let answer = serde_json::from_slice(&body)
        .map_err(|error| FunctionError(format!("the answer is not JSON: {error}")));
    finish(&api, &id, answer)
}

async fn fail(
    State(api): State<Arc<RuntimeApi>>,
    UrlPath(id): UrlPath<String>,
    body: Bytes,
) -> StatusCode {
    let message = String::from_utf8_lossy(&body).into_owned();
    finish(&api, &id, Err(FunctionError(message)))
}

fn finish(api: &RuntimeApi, id: &str, outcome: Outcome) -> StatusCode {
    let mut pending = api.pending.lock().unwrap_or_else(PoisonError::into_inner);
    match pending.remove(id) {
        Some(done) => {
            let _ = done.send(outcome);
            StatusCode::ACCEPTED
        }
        None => StatusCode::BAD_REQUEST,
    }
}
