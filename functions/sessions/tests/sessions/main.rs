//! The endpoints of `sessions`, black-box: real binaries, embedded engine, events as API Gateway makes them.

mod budgets;
mod list;
mod revoke;
mod scenes;

use harness::Bundle;

async fn bundle() -> Bundle {
    Bundle::start(env!("CARGO_BIN_EXE_list-sessions")).await
}
