//! The AWS services that functions send to, on one listener: SES v2, whose letters an inbox catches,
//! `EventBridge`, whose events the pump delivers, and SQS, for dead letters. Beside them an `OpenID` provider.

mod bus;
mod dead_letters;
mod faults;
mod inbox;
mod page;
mod provider;
mod start;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use serde_json::json;
use tokio::net::TcpListener;

pub use bus::Bus;
pub use faults::{Fault, Operation};
pub use inbox::{Inbox, Letter};
pub use provider::{PROVIDER_CLIENT_ID, PROVIDER_CLIENT_SECRET, PROVIDER_PATH, Provider};
pub use start::Start;

use crate::Error;
use crate::documents::Documents;
use faults::Faults;

/// SES takes letters of 40 MB.
const BODY_LIMIT: usize = 40 * 1024 * 1024;

/// The running services. They serve until their process ends.
pub struct Services {
    endpoint: String,
    shared: Arc<Shared>,
}

struct Shared {
    inbox: Inbox,
    bus: Bus,
    dead_letters: Documents,
    faults: Faults,
    provider: Provider,
}

impl Services {
    /// Serves on `listener`. What functions send to the queue is kept in `dead_letters`, by `<function>/<id>`.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn serve(
        listener: TcpListener,
        inbox: Inbox,
        bus: Bus,
        dead_letters: Documents,
    ) -> Result<Self, Error> {
        let first = Router::new().route("/", get(page::list));
        Self::serve_behind(first, listener, inbox, bus, dead_letters)
    }

    /// As [`serve`](Self::serve), with a start page before the inbox.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn serve_with_start(
        listener: TcpListener,
        inbox: Inbox,
        bus: Bus,
        dead_letters: Documents,
        start: Start,
    ) -> Result<Self, Error> {
        let first = start::router(start)?;
        Self::serve_behind(first, listener, inbox, bus, dead_letters)
    }

    fn serve_behind(
        first: Router<Arc<Shared>>,
        listener: TcpListener,
        inbox: Inbox,
        bus: Bus,
        dead_letters: Documents,
    ) -> Result<Self, Error> {
        let endpoint = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            inbox,
            bus,
            dead_letters,
            faults: Faults::default(),
            provider: Provider::new(&endpoint),
        });
        let router = Router::new()
            .route("/", post(call))
            .route("/inbox", get(page::list))
            .route("/letters/{id}", get(page::letter))
            .route("/letters/{id}/html", get(page::html))
            .route("/messages", get(inbox::messages))
            .route("/messages/{id}", get(inbox::message))
            .route("/v2/email/outbound-emails", post(inbox::send_email))
            .merge(provider::router())
            .merge(first)
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .with_state(Arc::clone(&shared));
        // Without it the kernel holds back the second part of an answer for 40 ms.
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { endpoint, shared })
    }

    /// Serves on a free port and keeps everything else in memory.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn in_memory(dead_letters: Documents) -> Result<Self, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        Self::serve(listener, Inbox::in_memory(), Bus::in_memory(), dead_letters)
    }

    /// Base URL of all of them, and of the inbox in a browser.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The letters that were caught.
    #[must_use]
    pub fn inbox(&self) -> &Inbox {
        &self.shared.inbox
    }

    /// The events that wait to be delivered.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.shared.bus
    }

    /// The provider to sign in with.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.shared.provider
    }

    /// Disturbs calls from now on: `plan` is asked about each.
    pub fn disturb(&self, plan: impl FnMut(Operation) -> Option<Fault> + Send + 'static) {
        self.shared.faults.set(plan);
    }

    /// Ends every disturbance.
    pub fn calm(&self) {
        self.shared.faults.clear();
    }

    /// How many calls there were, disturbed ones included.
    #[must_use]
    pub fn calls(&self, operation: Operation) -> usize {
        self.shared.faults.calls(operation)
    }
}

/// The calls that name themselves in a header, JSON 1.0 and 1.1.
async fn call(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target");
    match target.and_then(|target| target.to_str().ok()) {
        Some("AWSEvents.PutEvents") => bus::put_events(&shared, &body).await,
        Some("AmazonSQS.SendMessage") => dead_letters::send_message(&shared, &body).await,
        _ => error(
            StatusCode::BAD_REQUEST,
            "UnknownOperationException",
            "only PutEvents of EventBridge and SendMessage of SQS are served here",
        ),
    }
}

/// An error as both protocols have it: the SDK reads the header in one and the body in the other.
fn error(status: StatusCode, kind: &str, message: &str) -> Response {
    (
        status,
        [
            ("content-type", "application/json"),
            ("x-amzn-errortype", kind),
        ],
        json!({ "__type": kind, "message": message }).to_string(),
    )
        .into_response()
}

fn internal_failure(message: &str) -> Response {
    error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "InternalFailure",
        message,
    )
}
