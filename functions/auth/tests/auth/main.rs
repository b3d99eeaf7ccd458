//! The endpoints of `auth`, black-box: real binaries, embedded engine, events as API Gateway makes them.

mod budgets;
mod change_password;
mod hostile;
mod idempotency;
mod login;
mod logout;
mod races;
mod refresh;
mod register;

use harness::Bundle;

async fn bundle() -> Bundle {
    Bundle::start(env!("CARGO_BIN_EXE_login")).await
}
