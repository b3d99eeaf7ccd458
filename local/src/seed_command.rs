//! `cargo local seed --users N`: fills the running bundle with generated accounts.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use local::seed::Seed;
use local::settings::TABLE;
use local::template::Template;
use local::{Error, workspace_root};
use reqwest::Client;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::samples::Bundle;
use crate::state::State;

const BATCH_TIMEOUT: Duration = Duration::from_secs(30);

/// Generates accounts. All have the password that is printed.
pub async fn run(users: usize) -> Result<(), Error> {
    let state = State::running().await?;
    let settings = state.settings();
    let endpoint = settings.endpoint.clone();
    let bundle = Bundle {
        template: Template::load(&workspace_root())?,
        settings,
    };
    let password = Uuid::new_v4().to_string();
    let email = format!("seed-{}@example.com", Uuid::new_v4().simple());
    let credentials = json!({ "email": email, "password": password });
    let user = bundle
        .post("register", "/v1/auth/register", &credentials)
        .await?;
    let engine = Engine {
        client: Client::builder().timeout(BATCH_TIMEOUT).build()?,
        endpoint,
    };
    let id = user["id"].as_str().unwrap_or_default();
    let model = [
        engine.get(&format!("USER#{id}"), "USER").await?,
        engine.get(&format!("EMAIL#{email}"), "CREDENTIAL").await?,
    ];
    let seed = Seed::new(&model, users)?;

    let bar = progress_bar(users)?;
    for (accounts, request) in seed.batches() {
        let answer = engine.call("BatchWriteItem", &request).await?;
        if answer["UnprocessedItems"]
            .as_object()
            .is_some_and(|left| !left.is_empty())
        {
            return Err("the engine left items unwritten".into());
        }
        bar.inc(accounts as u64);
    }
    bar.finish();
    println!(
        "Made {users} users, {} to {}, all with the password {password}",
        seed.email(0),
        seed.email(users - 1)
    );
    Ok(())
}

/// A bar for so many users; nothing is drawn where there is no terminal.
pub fn progress_bar(users: usize) -> Result<ProgressBar, Error> {
    let style = "{bar:40} {human_pos} of {human_len} users, {per_sec}, {eta} left";
    let style = ProgressStyle::with_template(style)?;
    Ok(ProgressBar::new(users as u64).with_style(style))
}

/// The engine of the running bundle.
struct Engine {
    client: Client,
    endpoint: String,
}

impl Engine {
    async fn get(&self, pk: &str, sk: &str) -> Result<Value, Error> {
        let key = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
        let request = json!({ "TableName": TABLE, "Key": key });
        Ok(self.call("GetItem", &request).await?["Item"].clone())
    }

    async fn call(&self, operation: &str, request: &Value) -> Result<Value, Error> {
        let answer = self
            .client
            .post(&self.endpoint)
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/dynamodb/aws4_request, \
                 SignedHeaders=host, Signature=0",
            )
            .header("x-amz-date", "20260101T000000Z")
            .body(request.to_string())
            .send()
            .await?;
        let (status, body) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            return Err(format!("{operation}: {status} {body}").into());
        }
        Ok(serde_json::from_str(&body)?)
    }
}
