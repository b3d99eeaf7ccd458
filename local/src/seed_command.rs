//! `cargo local seed --users N`: fills the running bundle with generated accounts.

use dynoxide::Database;
use indicatif::{ProgressBar, ProgressStyle};
use local::engine::open;
use local::seed::Seed;
use local::settings::TABLE;
use local::template::Template;
use local::{Error, workspace_root};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::samples::Bundle;
use crate::state::State;

/// Generates accounts. All have the password that is printed.
pub async fn run(users: usize) -> Result<(), Error> {
    let state = State::running().await?;
    let bundle = Bundle {
        template: Template::load(&workspace_root())?,
        settings: state.settings(),
    };
    let password = Uuid::new_v4().to_string();
    let email = format!("seed-{}@example.com", Uuid::new_v4().simple());
    let credentials = json!({ "email": email, "password": password });
    let user = bundle
        .post("register", "/v1/auth/register", &credentials)
        .await?;
    // The file that the running engine has open, too: through its API it would take ten times as long.
    let database = open(&state.database())?;
    let id = user["id"].as_str().unwrap_or_default();
    let model = [
        get(&database, &format!("USER#{id}"), "USER")?,
        get(&database, &format!("EMAIL#{email}"), "CREDENTIAL")?,
    ];
    let seed = Seed::new(&model, users)?;

    let bar = progress_bar(users)?;
    seed.write(&database, |accounts| bar.inc(accounts as u64))?;
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

fn get(database: &Database, pk: &str, sk: &str) -> Result<Value, Error> {
    let key = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
    let request = serde_json::from_value(json!({ "TableName": TABLE, "Key": key }))?;
    Ok(serde_json::to_value(database.get_item(request)?.item)?)
}
