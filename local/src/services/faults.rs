//! How tests disturb the services.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `SendEmail` of SES v2.
    SendEmail,
    /// `PutEvents` of `EventBridge`.
    PutEvents,
    /// `SendMessage` of SQS, to the dead letters.
    SendMessage,
}

/// How a call is disturbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not done: too many requests.
    Throttle,
    /// Not done; the caller gets a server error.
    Error,
    /// Not done, and there is no answer until the caller gives up.
    Hang,
    /// Not done: SES says `MessageRejected`. For `PutEvents` as [`BadRequest`](Self::BadRequest).
    Reject,
    /// Not done: SES does not know the sender, which it calls `MessageRejected` as well.
    UnverifiedSender,
    /// Not done: `BadRequestException`, or `ValidationException` of `EventBridge`.
    BadRequest,
    /// Done; the caller gets a server error.
    LoseAnswer,
    /// Done but for these entries, counted from 0, which fail. For other calls as [`Error`](Self::Error).
    FailEntries(Vec<usize>),
    /// Done but for entries whose detail holds this text, which are refused for what they are. For other calls as
    /// [`Error`](Self::Error).
    RefuseEntries(String),
    /// Not done where an entry's detail holds this text: `ValidationException`. For other calls as
    /// [`Error`](Self::Error).
    RefuseCallsWith(String),
}

type Plan = Box<dyn FnMut(Operation) -> Option<Fault> + Send>;

/// The plan, and what was asked of it.
#[derive(Default)]
pub(super) struct Faults {
    plan: Mutex<Option<Plan>>,
    calls: Mutex<[usize; 3]>,
}

impl Faults {
    pub(super) fn set(&self, plan: impl FnMut(Operation) -> Option<Fault> + Send + 'static) {
        *lock(&self.plan) = Some(Box::new(plan));
    }

    pub(super) fn clear(&self) {
        *lock(&self.plan) = None;
    }

    pub(super) fn calls(&self, operation: Operation) -> usize {
        lock(&self.calls)[operation as usize]
    }

    /// Counts a call and answers how it is disturbed. One that is to hang never returns.
    pub(super) async fn next(&self, operation: Operation) -> Option<Fault> {
        lock(&self.calls)[operation as usize] += 1;
        let fault = lock(&self.plan).as_mut().and_then(|plan| plan(operation));
        if fault == Some(Fault::Hang) {
            // The server drops this when the caller closes the connection.
            std::future::pending::<()>().await;
        }
        fault
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
