//! `GET /v1/users/{id}/grants`: the applications that an account lets in, and how far, those that it has let in first
//! first. For its owner, moderators and admins. An application of the operator's own asks nobody, and is not among them.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Operation, PathUser, Request, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use serde::Serialize;

use crate::{Client, ClientId, ClientStore, Consent, Scope};

/// What an application may have, on the wire. What is not named here never leaves.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GrantResponse<'a> {
    client_id: &'a str,
    name: &'a str,
    scopes: &'a [Scope],
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
struct GrantsResponse<'a> {
    data: Vec<GrantResponse<'a>>,
}

/// The operation `listGrants`.
pub struct ListGrants {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for ListGrants {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let path = http::user_id(&request)?;
        let bearer = tokens.bearer(&request).await?;
        let id = bearer.resolve(path);
        let own = id == bearer.resolve(PathUser::Me);
        let mut consents = Vec::new();
        let _ = http::authorize_beside(
            own || bearer.expects_all(Permission::ReadGrants),
            bearer.authenticate_with(store, id),
            |(caller, user)| caller.user.authorize(Permission::ReadGrants, &id, user),
            async {
                consents = Consent::list(&id, store.table()).await?;
                Ok(())
            },
        )
        .await?;
        let ids: Vec<&ClientId> = consents.iter().map(|consent| &consent.client_id).collect();
        let clients = ClientStore(store.table()).get_all(&ids).await?;
        let data = consents.iter().filter_map(|consent| {
            let counts = |client: &&Client| !client.first_party && consent.counts_for(client);
            let client = clients.iter().find(counts)?;
            Some(GrantResponse::new(consent, client))
        });
        let data = data.collect();
        http::json(StatusCode::OK, &GrantsResponse { data })
    }
}

impl<'a> GrantResponse<'a> {
    fn new(consent: &'a Consent, client: &'a Client) -> Self {
        Self {
            client_id: client.id.as_str(),
            name: client.name.as_str(),
            scopes: &consent.scopes,
            created_at: consent.given_at.to_string(),
            updated_at: consent.updated_at.to_string(),
        }
    }
}
