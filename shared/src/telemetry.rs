//! Logs, and what one request costs.

use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::user::UserId;

/// Password hashes this process has computed.
pub(crate) static PASSWORD_HASHES: AtomicU64 = AtomicU64::new(0);
/// Calls to the table this process has made, the SDK's own retries not counted.
pub(crate) static STORE_CALLS: AtomicU64 = AtomicU64::new(0);

/// Time that went to calls to the table and to password hashes.
static AWAITED: Mutex<Awaited> = Mutex::new(Awaited {
    under_way: 0,
    since: None,
    total: Duration::ZERO,
});

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
/// `AWS_LAMBDA_LOG_LEVEL`; a release build has none finer than INFO.
///
/// A panic is logged by its place in the code alone: its message could repeat what a client sent.
pub fn init() {
    lambda_http::tracing::init_default_subscriber();
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location = location.as_deref().unwrap_or("unknown"), "panic");
    }));
}

/// Time during which at least one thing was waited for: what overlaps counts once.
struct Awaited {
    under_way: u32,
    since: Option<Instant>,
    total: Duration,
}

impl Awaited {
    fn begin(&mut self, now: Instant) {
        self.under_way += 1;
        self.since.get_or_insert(now);
    }

    fn end(&mut self, now: Instant) {
        self.under_way -= 1;
        if self.under_way == 0 {
            let since = self.since.take().unwrap_or(now);
            self.total += now.duration_since(since);
        }
    }
}

/// A call to the table or a password hash, while it is under way.
pub(crate) struct Awaiting;

impl Awaiting {
    /// Begins it.
    pub(crate) fn start() -> Self {
        awaited().begin(Instant::now());
        Self
    }
}

impl Drop for Awaiting {
    fn drop(&mut self) {
        awaited().end(Instant::now());
    }
}

fn awaited() -> MutexGuard<'static, Awaited> {
    AWAITED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Work done since some moment. An environment serves one request at a time, so the difference over a
/// request is that request's.
pub(crate) struct Work {
    password_hashes: u64,
    store_calls: u64,
    awaited: Duration,
    started: Instant,
}

impl Work {
    /// Starts counting.
    pub(crate) fn start() -> Self {
        Self {
            password_hashes: PASSWORD_HASHES.load(Ordering::Relaxed),
            store_calls: STORE_CALLS.load(Ordering::Relaxed),
            awaited: awaited().total,
            started: Instant::now(),
        }
    }

    /// Password hashes and store calls since then.
    pub(crate) fn done(&self) -> (u64, u64) {
        (
            PASSWORD_HASHES.load(Ordering::Relaxed) - self.password_hashes,
            STORE_CALLS.load(Ordering::Relaxed) - self.store_calls,
        )
    }

    /// Time since then, and the part of it outside store calls and password hashes.
    pub(crate) fn times(&self) -> (Duration, Duration) {
        let total = self.started.elapsed();
        (
            total,
            total.saturating_sub(awaited().total.saturating_sub(self.awaited)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overlaps_is_waited_for_once() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut awaited = Awaited {
            under_way: 0,
            since: None,
            total: Duration::ZERO,
        };
        awaited.begin(after(1));
        awaited.begin(after(2));
        awaited.end(after(4));
        assert_eq!(awaited.total, Duration::ZERO);
        awaited.end(after(6));
        assert_eq!(awaited.total, Duration::from_secs(5));
        awaited.begin(after(10));
        awaited.end(after(11));
        assert_eq!(awaited.total, Duration::from_secs(6));
    }
}
