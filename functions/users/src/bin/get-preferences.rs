//! `GET /v1/users/{id}/preferences`: what an application keeps for an account, for its owner, moderators and
//! admins.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Request, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::telemetry;
use users::preferences;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::serve(|request| get_preferences(&store, &tokens, request)).await
}

async fn get_preferences(store: &Store, tokens: &TokenVerifier, request: Request) -> ApiResult {
    let path = http::user_id(&request)?;
    let bearer = tokens.bearer(&request).await?;
    let permission = Permission::ReadPreferences;
    let (_, _, preferences) = preferences::authorize(store, &bearer, path, permission).await?;

    Ok(http::json(StatusCode::OK, &preferences.values)?.etag(preferences.version))
}
