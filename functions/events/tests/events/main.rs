//! Events and letters, black-box: from what functions write to the bus and the mail provider.

mod canaries;
mod journey;
mod letters;
mod links;
mod provider;
mod publish;
mod scenes;

use harness::{Account, Bundle};

async fn bundle() -> Bundle {
    Bundle::start(env!("CARGO_BIN_EXE_publish-events")).await
}

/// The names of the letters that went to an address, oldest first.
fn kinds(bundle: &Bundle, email: &str) -> Vec<String> {
    let letters = bundle.letters_to(email).into_iter();
    letters.map(|letter| letter.name().to_owned()).collect()
}

/// An account whose address is verified, without a letter on its way.
async fn verified(bundle: &Bundle) -> Account {
    let account = bundle.account().await;
    bundle.deliver().await;
    bundle.edit_user(
        &account.id,
        "email_verified",
        &serde_json::json!({ "BOOL": true }),
    );
    bundle.deliver().await;
    account
}
