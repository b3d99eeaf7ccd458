//! Clients that Latchkey is the provider of, as tests need them.

use serde_json::{Value, json};

use crate::requests::by;
use crate::{Account, Answer, Bundle};

impl Bundle {
    /// Registers a client, or puts another in its place: public, with these settings changed.
    pub async fn put_client(&self, admin: &Account, id: &str, changes: &Value) -> Answer {
        let mut body = json!({
            "name": "Shop",
            "redirectUris": ["https://shop.example.com/signed-in"],
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let request = by(admin, "PUT", &format!("/v1/clients/{id}")).json(&body);
        self.send(&request).await
    }
}
