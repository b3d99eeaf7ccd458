//! The endpoints of `oidc`, black-box: real binaries, embedded engine, events as API Gateway makes them.

mod budgets;
mod clients;
mod conditional;
mod races;
mod scenes;
mod secrets;

use harness::Bundle;

async fn bundle() -> Bundle {
    Bundle::start(env!("CARGO_BIN_EXE_put-client")).await
}
