//! The endpoints of `auth`, black-box: real binaries, embedded engine, events as API Gateway makes them.

mod budgets;
mod change_password;
mod hostile;
mod idempotency;
mod limits;
mod lockout;
mod login;
mod logout;
mod private_registration;
mod races;
mod refresh;
mod register;
mod reset;
mod scenes;
mod verification;

use harness::Bundle;

async fn bundle() -> Bundle {
    Bundle::start(env!("CARGO_BIN_EXE_login")).await
}
