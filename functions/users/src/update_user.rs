//! `PUT` and `PATCH /v1/users/{id}`: changes a profile, for its owner and admins. `PUT` replaces the
//! editable fields, `PATCH` merges (RFC 7396).

use lambda_http::Error;
use lambda_http::http::Method;
use latchkey::http::{
    self, ApiError, ApiResult, Endpoint, Fields, Operation, Projection, Request, UserResponse,
};
use latchkey::keys::TokenVerifier;
use latchkey::locale::Locale;
use latchkey::permission::Permission;
use latchkey::profile::Profile;
use latchkey::store::Store;
use latchkey::user::User;

/// The operations `replaceUser` and `updateUser`.
pub struct UpdateUser {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for UpdateUser {
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
        let user = caller.user.authorize(Permission::UpdateUser, &id, user)?;
        let profile = read_profile(&request, &user)?;
        preconditions.check(user.version)?;

        let change = http::change(&request, Some(caller.user.id));
        match store.update_user(&user, profile, &change).await {
            Ok(user) => UserResponse::reply(&user, &projection),
            Err(refused) => Err(preconditions.refused(refused)),
        }
    }
}

fn read_profile(request: &Request, user: &User) -> Result<Profile, ApiError> {
    let current = if request.method() == Method::PATCH {
        user.profile()
    } else {
        Profile::default()
    };
    let mut fields = Fields::read(request)?;
    let profile = fields.profile(current, Locale::default());
    fields.finish(|| profile)
}
