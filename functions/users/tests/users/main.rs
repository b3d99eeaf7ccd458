//! The endpoints of `users`, black-box: real binaries, embedded engine, events as API Gateway makes them.

mod authentication;
mod budgets;
mod conditional;
mod create;
mod create_admin;
mod delete;
mod email_change;
mod list;
mod list_scale;
mod permissions;
mod preferences;
mod purge;
mod races;
mod read;
mod roles;
mod scenes;
mod update;

use harness::Bundle;

async fn bundle() -> Bundle {
    Bundle::start(env!("CARGO_BIN_EXE_get-user")).await
}
