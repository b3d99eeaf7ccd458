//! `GET /v1/health`: whether the service is alive; with `?deep=true`, whether the table answers. Anybody
//! may call it.

use lambda_http::Error;
use latchkey::field::FieldError;
use latchkey::http::{self, ApiError, ApiResult, Request, StatusCode};
use latchkey::store::Store;
use latchkey::telemetry;
use serde::Serialize;

#[derive(Serialize)]
struct HealthResponse {
    status: &'static str,
    version: &'static str,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    http::taking(&["deep"])
        .serve(|request| health(&store, request))
        .await
}

async fn health(store: &Store, request: Request) -> ApiResult {
    if is_deep(&request)? {
        store.check().await?;
    }
    let health = HealthResponse {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    };
    http::json(StatusCode::OK, &health)
}

fn is_deep(request: &Request) -> Result<bool, ApiError> {
    match http::query_parameter(request, "deep")? {
        Some("true") => Ok(true),
        None | Some("false") => Ok(false),
        Some(_) => Err(ApiError::invalid_field(
            "deep",
            FieldError::new("invalid_value", "Choose true or false."),
        )),
    }
}
