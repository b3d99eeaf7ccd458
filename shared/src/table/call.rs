//! One call to the table: counted, repeated while what stands in its way passes by itself, and its failure named.

use std::future::Future;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;

use super::StoreError;
use crate::aws;
use crate::telemetry::{Awaiting, STORE_CALLS};

/// A call met by a transaction on the same item is tried this often in all.
const CONFLICT_ATTEMPTS: u32 = 4;
/// Longest wait before the first repetition; doubled each time, a random part of it is waited.
const CONFLICT_BACKOFF: Duration = Duration::from_millis(40);

/// Counts a call, and repeats it while a transaction of somebody else holds the item, or a part of a transaction
/// was throttled: the SDK knows that a call was, and looks at no part.
pub async fn send<T, E, F>(call: impl Fn() -> F) -> Result<T, SdkError<E>>
where
    F: Future<Output = Result<T, SdkError<E>>>,
    SdkError<E>: MayPass,
{
    let _awaiting = Awaiting::start();
    let mut attempt = 1;
    loop {
        STORE_CALLS.fetch_add(1, Ordering::Relaxed);
        // Boxed: the SDK's futures are deeply nested types of several KB.
        let result = Box::pin(call()).await;
        match result {
            Err(error) if error.may_pass() && attempt < CONFLICT_ATTEMPTS => {
                tokio::time::sleep(jittered(CONFLICT_BACKOFF * 2_u32.pow(attempt - 1))).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}

/// A random part of `longest` ("full jitter", AWS Architecture Blog), from the ids' random bits.
pub(super) fn jittered(longest: Duration) -> Duration {
    let random = uuid::Uuid::new_v4().as_bytes()[0];
    longest * u32::from(random) / 256
}

pub trait MayPass {
    fn may_pass(&self) -> bool;
}

impl<E: ProvideErrorMetadata + 'static> MayPass for SdkError<E> {
    fn may_pass(&self) -> bool {
        let Some(error) = self.as_service_error() else {
            return false;
        };
        match error.code() {
            Some("TransactionConflictException") => true,
            Some("TransactionCanceledException") => {
                let error: &dyn std::any::Any = error;
                error
                    .downcast_ref::<TransactWriteItemsError>()
                    .is_some_and(|error| codes(error).any(is_passing))
            }
            _ => false,
        }
    }
}

const CONDITION_FAILED: &str = "ConditionalCheckFailed";

/// Whether a part of a transaction was refused for a reason that passes by itself.
fn is_passing(code: &str) -> bool {
    [
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    ]
    .contains(&code)
}

fn codes(error: &TransactWriteItemsError) -> impl Iterator<Item = &str> {
    reasons(error).iter().filter_map(CancellationReason::code)
}

fn reasons(error: &TransactWriteItemsError) -> &[CancellationReason] {
    match error {
        TransactWriteItemsError::TransactionCanceledException(error) => {
            error.cancellation_reasons()
        }
        _ => &[],
    }
}

/// For each item of a cancelled transaction whether its condition failed; nothing when it was
/// cancelled for another reason. An item that somebody else holds, or that was not looked at, says nothing about its
/// condition, and so the others say too little.
pub(super) fn refusals(error: &SdkError<TransactWriteItemsError>) -> Option<Vec<bool>> {
    let error = error.as_service_error()?;
    if codes(error).any(is_passing) {
        return None;
    }
    let refused: Vec<bool> = reasons(error)
        .iter()
        .map(|reason| reason.code() == Some(CONDITION_FAILED))
        .collect();
    refused.contains(&true).then_some(refused)
}

/// Whether a call is not taken for what it is, such as an item over 400 KB.
fn is_refused<E: ProvideErrorMetadata + 'static>(error: &SdkError<E>) -> bool {
    let Some(error) = error.as_service_error() else {
        return false;
    };
    let part: &dyn std::any::Any = error;
    error.code() == Some("ValidationException")
        || part
            .downcast_ref::<TransactWriteItemsError>()
            .is_some_and(|error| codes(error).any(|code| code == "ValidationError"))
}

/// The failure of a call, named after the access pattern.
pub fn failed<E>(operation: &'static str, error: &SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let cause = aws::causes(error);
    if is_refused(error) {
        return StoreError::Refused { operation, cause };
    }
    StoreError::Unavailable { operation, cause }
}
