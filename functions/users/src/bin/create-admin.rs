//! Invoked directly: makes the first admin, once. Whoever may invoke the function may call it.
//!
//! It answers `{"created": true, "id": …}`, or `{"created": false}` and changes nothing when there has
//! been an admin, so a deployment may run it every time.

use lambda_http::Error;
use latchkey::direct;
use latchkey::email::Email;
use latchkey::http::{ApiError, ErrorCode, Fields};
use latchkey::name::Name;
use latchkey::password::Password;
use latchkey::store::{AdminExists, Change, Registration, Store};
use latchkey::telemetry;
use latchkey::user::{Role, User};
use serde::Serialize;

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
    let email = fields.required("email", Email::parse);
    let password = fields.required("password", Password::parse_new);
    let first_name = fields.optional("firstName", Name::parse);
    let last_name = fields.optional("lastName", Name::parse);
    fields.check_password_policy(&password, &email, &[&first_name, &last_name]);
    let (admin, password) = fields.finish(|| {
        let admin = User::register(email?, first_name?, last_name?, Role::Admin, change.at);
        Some((admin, password?))
    })?;

    match store
        .create_first_admin(&admin, password.hash()?, &change)
        .await?
    {
        Ok(Registration::Done) => Ok(CreateAdminResponse {
            created: true,
            id: Some(admin.id.to_string()),
        }),
        Ok(Registration::EmailTaken) => Err(ErrorCode::EmailTaken.into()),
        Err(AdminExists) => Ok(CreateAdminResponse {
            created: false,
            id: None,
        }),
    }
}
