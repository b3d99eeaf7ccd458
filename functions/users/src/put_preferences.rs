//! `PUT` and `PATCH /v1/users/{id}/preferences`: what an application keeps for an account, for its owner and
//! admins. `PUT` replaces, `PATCH` merges (RFC 7396).

use lambda_http::Error;
use lambda_http::http::Method;
use latchkey::http::{self, ApiError, ApiResult, Operation, Request, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;

use crate::preferences::{self, Preferences, PreferencesTable};

/// The operations `putPreferences` and `patchPreferences`.
pub struct PutPreferences {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for PutPreferences {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let path = http::user_id(&request)?;
        let preconditions = http::preconditions(&request)?;
        let bearer = tokens.bearer(&request).await?;
        let permission = Permission::UpdatePreferences;
        let (caller, id, current) =
            preferences::authorize(store, &bearer, path, permission).await?;
        let values = http::json_object(&request)?;
        preconditions.check(current.version)?;

        let change = http::change(&request, Some(caller.user.id));
        let preferences = if request.method() == Method::PATCH {
            current.merged(values, change.at)
        } else {
            current.replaced(values, change.at)
        };
        let preferences =
            preferences.map_err(|error| ApiError::invalid_field("preferences", error))?;
        if preferences.values == current.values {
            return reply(&current);
        }
        let table = PreferencesTable(store.table());
        match table.put(&id, &preferences, &change).await {
            Ok(()) => reply(&preferences),
            Err(refused) => Err(preconditions.refused(refused)),
        }
    }
}

fn reply(preferences: &Preferences) -> ApiResult {
    Ok(http::json(StatusCode::OK, &preferences.values)?.etag(preferences.version))
}
