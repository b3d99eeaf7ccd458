//! `POST /v1/auth/register`: makes an account. Anybody may call it.

use lambda_http::Error;
use latchkey::clock;
use latchkey::email::Email;
use latchkey::http::{self, ApiResult, ErrorCode, Fields, Request, StatusCode, UserResponse};
use latchkey::name::Name;
use latchkey::password::Password;
use latchkey::store::{Registration, Store};
use latchkey::telemetry;
use latchkey::user::{Role, User};

/// What a client sends.
struct RegisterRequest {
    email: Email,
    password: Password,
    first_name: Option<Name>,
    last_name: Option<Name>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    http::serve(|request| register(&store, request)).await
}

async fn register(store: &Store, request: Request) -> ApiResult {
    http::reject_unknown_parameters(&request, &[])?;
    let input = RegisterRequest::read(&request)?;

    let user = User::register(
        input.email,
        input.first_name,
        input.last_name,
        Role::User,
        clock::now(),
    );
    let hash = input.password.hash()?;
    match store
        .register(&user, hash, &http::change(&request, Some(user.id)))
        .await?
    {
        Registration::Done => Ok(http::json(StatusCode::CREATED, &UserResponse::from(&user))?
            .etag(user.version)
            .location(&format!("/v1/users/{}", user.id))),
        Registration::EmailTaken => Err(ErrorCode::EmailTaken.into()),
    }
}

impl RegisterRequest {
    fn read(request: &Request) -> Result<Self, http::ApiError> {
        let mut fields = Fields::read(request)?;
        let email = fields.required("email", Email::parse);
        let password = fields.required("password", Password::parse_new);
        let first_name = fields.optional("firstName", Name::parse);
        let last_name = fields.optional("lastName", Name::parse);
        fields.check_password_policy(&password, &email, &[&first_name, &last_name]);
        fields.finish(|| {
            Some(Self {
                email: email?,
                password: password?,
                first_name: first_name?,
                last_name: last_name?,
            })
        })
    }
}
