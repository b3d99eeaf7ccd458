//! `GET /v1/health`: whether the service is alive; with `?deep=true`, whether the table answers. Anybody
//! may call it.

use lambda_http::Error;
use latchkey::field::FieldError;
use latchkey::http::{self, ApiError, ApiResult, Request, StatusCode};
use latchkey::store::Store;
use latchkey::table::{Key, StoreError, Table, failed, send};
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
        check(store.table()).await?;
    }
    let health = HealthResponse {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    };
    http::json(StatusCode::OK, &health)
}

/// Reads an item that does not exist. 1 RT, half a RU.
async fn check(table: &Table) -> Result<(), StoreError> {
    let key = Key::new("HEALTH", "HEALTH").into_attributes();
    let call = table.client().get_item().table_name(table.name());
    let call = call.set_key(Some(key));
    send(|| call.clone().send())
        .await
        .map(|_| ())
        .map_err(|error| failed("health check", &error))
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
