//! `GET /v1/users`: the users in the order of their creation, for moderators and admins.

use lambda_http::Error;
use latchkey::clock::{self, Timestamp};
use latchkey::event::UserCounts;
use latchkey::http::{self, ApiResult, Endpoint, ListMeta, Operation, Request, UserResponse};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::{Store, StoreError};
use latchkey::table::{Listing, MAX_EXAMINED};
use latchkey::user::{User, UserId};

use crate::list::list_more_users;
use crate::list_request::ListUsersRequest;

/// The operation `listUsers`.
pub struct ListUsers {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for ListUsers {
    const ENDPOINT: Endpoint = http::taking_any();

    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let query = ListUsersRequest::read(&request)?;
        let bearer = tokens.bearer(&request).await?;

        let now = clock::now();
        let skip = (query.page - 1) * query.limit;
        let mut users = Listing::new(query.span, query.limit, skip, MAX_EXAMINED);
        let mut counts = UserCounts::default();
        http::authorize_beside(
            bearer.expects_all(Permission::ListUsers),
            bearer.authenticate(store),
            |caller| caller.user.authorize_all(Permission::ListUsers),
            // Boxed, for its size.
            Box::pin(begin(store, &query, &mut users, &mut counts, now)),
        )
        .await?;
        while !users.is_complete() {
            list_more_users(store.table(), query.filter, &mut users, now).await?;
        }

        let page = users.finish()?;
        let data = page.items.iter().map(|user| UserResponse::new(user, now));
        http::list_reply(
            data.collect(),
            query.limit,
            page.next.map(|position| query.cursors.write(position)),
            Some(ListMeta::approximate(query.total(counts))),
            &query.fields,
        )
    }
}

/// Looks up the address, if the list is to be of one, or else reads the first users and how many there are.
async fn begin(
    store: &Store,
    query: &ListUsersRequest,
    users: &mut Listing<User>,
    counts: &mut UserCounts,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(email) = &query.email else {
        if !query.is_counted() {
            return list_more_users(store.table(), query.filter, users, now).await;
        }
        let (listed, counted) = tokio::join!(
            list_more_users(store.table(), query.filter, users, now),
            store.count_users()
        );
        *counts = counted?;
        return listed;
    };
    let id = store.find_user_id(email).await?;
    users.narrow(id.as_ref().map(UserId::as_uuid));
    Ok(())
}
