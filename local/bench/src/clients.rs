//! The client that the bench lists, changes and removes.

use local::Error;
use local::event::HttpRequest;
use serde_json::{Value, json};

use crate::events::Account;
use crate::setup::{Setup, invoke};

/// A client, each time another.
pub fn client(number: usize) -> Value {
    json!({
        "name": format!("Shop {number}"),
        "redirectUris": ["https://shop.example.com/signed-in"],
        "confidential": true,
    })
}

/// Registers one for the functions that need one.
pub async fn of(setup: &Setup, binary: &str, admin: &Account) -> Result<(), Error> {
    if !["delete-client", "list-clients"].contains(&binary) {
        return Ok(());
    }
    let put = HttpRequest::new("PUT", "/v1/clients/shop").bearer(&admin.access_token);
    let put = put.json(&client(0)).event("/v1/clients/{clientId}");
    invoke(&setup.function("put-client").await?, &put).await?;
    Ok(())
}
