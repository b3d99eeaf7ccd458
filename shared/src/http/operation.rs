//! What answers a request, apart from the function that serves it.

use std::future::Future;

use lambda_http::{Error, Request};

use super::ApiResult;
use super::serve::{Endpoint, taking};
use crate::telemetry;

/// An operation of the contract (`operationId` in openapi.yaml): what it is made of, and how it answers. A function serves
/// one; pages answer with several.
pub trait Operation: Sized {
    /// What it takes of a request: a body in JSON and no query parameters, unless it says otherwise.
    const ENDPOINT: Endpoint = taking(&[]);

    /// Makes it of the environment.
    ///
    /// # Errors
    /// A [`ConfigError`](crate::config::ConfigError) naming the setting.
    fn from_env() -> impl Future<Output = Result<Self, Error>>;

    /// Answers a request that [`ENDPOINT`](Self::ENDPOINT) takes.
    fn answer(&self, request: Request) -> impl Future<Output = ApiResult>;
}

/// Serves an operation until Lambda ends the environment.
///
/// # Errors
/// When it cannot be made, or Lambda's runtime API cannot be reached.
pub async fn run<O: Operation>() -> Result<(), Error> {
    telemetry::init();
    let operation = Box::pin(O::from_env()).await?;
    O::ENDPOINT.serve(|request| operation.answer(request)).await
}
