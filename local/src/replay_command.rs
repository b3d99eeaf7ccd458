//! `cargo local replay`: what functions did not take, once more.

use local::engine::Engine;
use local::replay::replay;
use local::services::{Bus, Inbox, Services};
use local::template::Template;
use local::{Error, workspace_root};
use tokio::net::TcpListener;

use crate::run::functions;
use crate::state::State;

/// Delivers everything below `.local/failed` and `.local/dead-letters` again, for the bundle that is running or
/// was the last to.
pub async fn run() -> Result<(), Error> {
    let existing = State::existing()?;
    let template = Template::load(&workspace_root())?;
    // Without the lock somebody else has the database open, which is a bundle that runs.
    let state = State::open(existing.port, existing.dynamodb_port, existing.mail_port);
    let Ok(state) = state else {
        return replay_with(&State::running().await?, &template).await;
    };
    let listen = async |port: u16| {
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        listener.map_err(|error| format!("port {port}: {error}"))
    };
    let _engine = Engine::on_file(&state.database(), listen(state.dynamodb_port).await?)
        .map_err(|error| state.broken_database(error))?;
    let (inbox, bus) = (Inbox::in_folder(state.inbox()), Bus::in_folder(state.bus()));
    let dead_letters = state.storage().dead_letters;
    let listener = listen(state.mail_port).await?;
    let _services = Services::serve(listener, inbox, bus, dead_letters)?;
    replay_with(&state, &template).await
}

async fn replay_with(state: &State, template: &Template) -> Result<(), Error> {
    let functions = functions(template, state.settings())?;
    let replayed = replay(&state.storage(), &functions).await?;
    println!("Delivered {} of what had failed.", replayed.taken);
    if replayed.failed.is_empty() {
        return Ok(());
    }
    let failed = replayed.failed.join("\n");
    Err(format!("Failed again and stay in .local/:\n{failed}").into())
}
