//! `PUT /v1/users/{id}/status`: suspends an account, for good or until some time, and ends that. For
//! moderators, who suspend users, and admins; the last active admin stays active.

use lambda_http::Error;
use latchkey::clock::{self, Timestamp};
use latchkey::field::FieldError;
use latchkey::http::{
    self, ApiError, ApiResult, Endpoint, Fields, Operation, Projection, Request, UserResponse,
};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::user::{Reason, Status, Suspension};

/// The operation `setUserStatus`.
pub struct SetUserStatus {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for SetUserStatus {
    const ENDPOINT: Endpoint = http::taking(&["fields"]);

    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let path = http::user_id(&request)?;
        let projection = Projection::read(&request, &UserResponse::FIELDS)?;
        let preconditions = http::preconditions(&request)?;
        let (caller, id, user) = tokens.authenticate_with(store, &request, path).await?;
        let user = caller.user.authorize(Permission::SetStatus, &id, user)?;
        let suspension = read_suspension(&request)?;
        preconditions.check(user.version)?;

        let change = http::change(&request, Some(caller.user.id));
        let changed = match suspension {
            Some(suspension) => store.suspend(&user, suspension, &change).await,
            None => store.reactivate(&user, &change).await,
        };
        match changed {
            Ok(user) => UserResponse::reply(&user, &projection),
            Err(refused) => Err(preconditions.refused(refused)),
        }
    }
}

/// The suspension a body asks for; none to make the account active.
fn read_suspension(request: &Request) -> Result<Option<Suspension>, ApiError> {
    let mut fields = Fields::read(request)?;
    let status = fields.required("status", Status::parse);
    let reason = fields.optional("reason", Reason::parse);
    let until = fields.optional("until", parse_end);
    if status == Some(Status::Active) {
        for (name, given) in [
            ("reason", matches!(reason, Some(Some(_)))),
            ("until", matches!(until, Some(Some(_)))),
        ] {
            if given {
                let message = "This goes with the status suspended alone.";
                fields.reject(name, FieldError::new("invalid_value", message));
            }
        }
    }
    fields.finish(|| {
        let (reason, until) = (reason?, until?);
        let suspension = Suspension { reason, until };
        Some((status? == Status::Suspended).then_some(suspension))
    })
}

fn parse_end(input: &str) -> Result<Timestamp, FieldError> {
    let end = Timestamp::parse_bound(input)?;
    if end <= clock::now() {
        return Err(FieldError::new("out_of_range", "This time has passed."));
    }
    Ok(end)
}
