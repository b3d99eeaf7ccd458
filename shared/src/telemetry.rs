//! Logs, and what one request costs.

use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::user::UserId;

/// Password hashes this process has computed.
pub(crate) static PASSWORD_HASHES: AtomicU64 = AtomicU64::new(0);
/// Calls to the table this process has made, the SDK's own retries not counted.
pub(crate) static STORE_CALLS: AtomicU64 = AtomicU64::new(0);

/// Whom the request at work is about.
static ACCOUNT: Mutex<Option<UserId>> = Mutex::new(None);

/// Names the account that this request acts for or tries to get into, for its line in the log: by its id, and
/// only once it is known to exist. What a client typed is never logged.
pub fn name_account(id: UserId) {
    *ACCOUNT.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
}

/// The account named since the last time this was asked.
pub(crate) fn take_account() -> Option<UserId> {
    ACCOUNT
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
}

/// Sets up structured logs: JSON when Lambda asks for it (`AWS_LAMBDA_LOG_FORMAT`), at the level of
/// `AWS_LAMBDA_LOG_LEVEL`.
///
/// A panic is logged by its place in the code alone: its message could repeat what a client sent.
pub fn init() {
    lambda_http::tracing::init_default_subscriber();
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location = location.as_deref().unwrap_or("unknown"), "panic");
    }));
}

/// Work done since some moment. An environment serves one request at a time, so the difference over a
/// request is that request's.
pub(crate) struct Work {
    password_hashes: u64,
    store_calls: u64,
}

impl Work {
    /// Starts counting.
    pub(crate) fn start() -> Self {
        Self {
            password_hashes: PASSWORD_HASHES.load(Ordering::Relaxed),
            store_calls: STORE_CALLS.load(Ordering::Relaxed),
        }
    }

    /// Password hashes and store calls since then.
    pub(crate) fn done(&self) -> (u64, u64) {
        (
            PASSWORD_HASHES.load(Ordering::Relaxed) - self.password_hashes,
            STORE_CALLS.load(Ordering::Relaxed) - self.store_calls,
        )
    }
}
