//! Invoked directly: makes the first admin, once. Whoever may invoke the function may call it.
//!
//! It answers `{"created": true, "id": …}`, or `{"created": false}` and changes nothing when there has
//! been an admin, so a deployment may run it every time.

use lambda_http::Error;
use latchkey::direct;
use latchkey::http::{ApiError, ErrorCode, Fields, NewAccount, PasswordField};
use latchkey::locale::Locale;
use latchkey::store::{Change, Store};
use latchkey::telemetry;
use latchkey::user::Role;
use serde::Serialize;
use users::first_admin::{FirstAdmin, create_first_admin};

#[derive(Serialize)]
struct CreateAdminResponse {
    created: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    direct::serve(|fields, change| create_admin(&store, fields, change)).await
}

async fn create_admin(
    store: &Store,
    mut fields: Fields,
    change: Change,
) -> Result<CreateAdminResponse, ApiError> {
    let account = NewAccount::take(&mut fields, PasswordField::Required, Locale::default());
    let account = fields.finish(|| account)?;
    let admin = account.user(Role::Admin, change.at);

    match create_first_admin(store, &admin, account.hash()?, &change).await? {
        FirstAdmin::Created => Ok(CreateAdminResponse {
            created: true,
            id: Some(admin.id.to_string()),
        }),
        FirstAdmin::EmailTaken => Err(ErrorCode::EmailTaken.into()),
        FirstAdmin::Exists => Ok(CreateAdminResponse {
            created: false,
            id: None,
        }),
    }
}
