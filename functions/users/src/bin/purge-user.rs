//! Invoked by the event bus, on `user.deleted`: removes what the account has left. Running it again removes nothing.

use consumer::{BusEvent, DeadLetters, Failed};
use lambda_http::Error;
use latchkey::store::Store;
use latchkey::telemetry;
use users::purge::{self, Purged};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let dead_letters = DeadLetters::from_env().await?;
    consumer::serve(&dead_letters, |event| purge_user(&store, event)).await
}

async fn purge_user(store: &Store, event: BusEvent) -> Result<(), Failed> {
    let Some(user_id) = event.detail.user_id else {
        return Err(Failed::for_good("the event names no user"));
    };
    match purge::purge_user(store.table(), &user_id).await? {
        Purged::Done(items) => tracing::info!(%user_id, items, "purged"),
        Purged::NotDeleted => {
            return Err(Failed::for_now(format!(
                "the user {user_id} is not deleted"
            )));
        }
    }
    Ok(())
}
