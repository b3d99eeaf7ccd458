//! The endpoints of `oidc`, black-box: real binaries, embedded engine, events as API Gateway makes them.

mod applications;
mod budgets;
mod clients;
mod conditional;
mod discovery;
mod introspection;
mod list_grants;
mod lives;
mod races;
mod refusals;
mod returning;
mod revocation;
mod revoke_grant;
mod scenes;
mod secrets;
mod sign_in;
mod worth;

use harness::Bundle;

async fn bundle() -> Bundle {
    let bundle = Bundle::start(env!("CARGO_BIN_EXE_put-client")).await;
    bundle.set("APP_URL", "");
    bundle
}
