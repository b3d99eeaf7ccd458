//! The endpoints of `oauth`, black-box: real binaries, embedded engine, events as API Gateway makes them. On the other side is
//! the provider that comes with `cargo local`, or a peer that does whatever a test wants.

mod budgets;
mod flow;
mod histories;
mod id_tokens;
mod identities;
mod native;
mod outages;
mod peer;
mod providers;
mod races;
mod redirects;
mod scenes;
mod table;

use harness::Bundle;

async fn bundle() -> Bundle {
    Bundle::start(env!("CARGO_BIN_EXE_finish-oauth")).await
}
