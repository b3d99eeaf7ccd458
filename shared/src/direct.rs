//! The edge of functions that are invoked directly or by a schedule: JSON in, JSON or an error out.

use std::future::Future;

use lambda_http::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::clock;
use crate::http::{ApiError, Fields, guarded};
use crate::store::Change;

/// Serves invocations with `handler`, which takes the fields of the payload and the stamp of what it
/// writes. An error ends the invocation as failed, with its code and sentence.
///
/// # Errors
/// When Lambda's runtime API cannot be reached.
pub async fn serve<F, T>(handler: impl Fn(Fields, Change) -> F) -> Result<(), Error>
where
    F: Future<Output = Result<T, ApiError>>,
    T: Serialize,
{
    let handler = &handler;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let change = Change {
            by: None,
            request_id: event.context.request_id.clone(),
            at: clock::now(),
        };
        let fields = Fields::parse(event.payload.get().as_bytes())?;
        let result = guarded(&event.context, Box::pin(handler(fields, change))).await;
        match &result {
            Ok(_) => tracing::info!("invocation done"),
            Err(error) => tracing::error!(
                code = error.code().code(),
                cause = error.cause().map(tracing::field::display),
                "invocation failed"
            ),
        }
        result.map_err(Error::from)
    }))
    .await
}
