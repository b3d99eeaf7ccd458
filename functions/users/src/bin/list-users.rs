//! `GET /v1/users`: the users in the order of their creation, for moderators and admins.

use lambda_http::Error;
use latchkey::clock::{self, Timestamp};
use latchkey::email::Email;
use latchkey::event::UserCounts;
use latchkey::field::FieldError;
use latchkey::http::{
    self, ApiError, ApiResult, Cursors, DEFAULT_LIMIT, Fields, ListMeta, Projection, Request,
    UserResponse,
};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::{Store, StoreError};
use latchkey::table::{Listing, MAX_EXAMINED, Span};
use latchkey::telemetry;
use latchkey::user::{Role, Status, User, UserId};
use users::list::{self, UserFilter};

/// What a client asks for.
struct ListUsersRequest {
    limit: usize,
    page: usize,
    span: Span,
    filter: UserFilter,
    email: Option<Email>,
    /// Whether it asks for some time of creation alone.
    bounded: bool,
    fields: Projection,
    cursors: Cursors,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::taking_any()
        .serve(|request| list_users(&store, &tokens, request))
        .await
}

async fn list_users(store: &Store, tokens: &TokenVerifier, request: Request) -> ApiResult {
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
        list::list_more_users(store.table(), query.filter, &mut users, now).await?;
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
            return list::list_more_users(store.table(), query.filter, users, now).await;
        }
        let (listed, counted) = tokio::join!(
            list::list_more_users(store.table(), query.filter, users, now),
            store.count_users()
        );
        *counts = counted?;
        return listed;
    };
    let id = store.find_user_id(email).await?;
    users.narrow(id.as_ref().map(UserId::as_uuid));
    Ok(())
}

impl ListUsersRequest {
    /// Whether somebody counts the users it asks for.
    const fn is_counted(&self) -> bool {
        self.email.is_none() && self.filter.role.is_none() && !self.bounded
    }

    fn total(&self, counts: UserCounts) -> Option<i64> {
        self.is_counted().then(|| match self.filter.status {
            None => counts.total(),
            Some(Status::Active) => counts.active,
            Some(Status::Suspended) => counts.suspended,
        })
    }

    fn read(request: &Request) -> Result<Self, ApiError> {
        let mut query = Fields::of_query(request);
        let limit = query.optional("limit", http::parse_limit);
        let page = query.optional("page", http::parse_page);
        let descending = query.optional("sort", parse_sort);
        let role = query.optional("role", Role::parse);
        let status = query.optional("status", Status::parse);
        let email = query.optional("email", Email::parse);
        let created_after = query.optional("createdAfter", Timestamp::parse);
        let created_before = query.optional("createdBefore", Timestamp::parse_bound);
        let fields = query.optional("fields", |fields| {
            Projection::parse(fields, &UserResponse::FIELDS)
        });
        // With the default filled in: a client may name it on one page and not on the next.
        let newest_first = descending.flatten().unwrap_or(false);
        let canonical = email.iter().flatten().map(Email::canonical).next();
        let cursors = Cursors::of(format!(
            "users {newest_first} {role:?} {status:?} {canonical:?} {created_after:?} {created_before:?}"
        ));
        let cursor = query.optional("cursor", |cursor| cursors.parse_id(cursor));
        if let (Some(Some(_)), Some(Some(_))) = (&page, &cursor) {
            let either = FieldError::new("invalid_value", "Use either page or cursor.");
            query.reject("page", either);
        }

        let bounded = matches!(
            (&created_after, &created_before),
            (Some(Some(_)), _) | (_, Some(Some(_)))
        );
        query.finish(|| {
            let mut span = Span::all(descending?.unwrap_or(false));
            if let Some(moment) = created_after? {
                span = span.later_than(moment);
            }
            if let Some(moment) = created_before? {
                span = span.earlier_than(moment);
            }
            if let Some(position) = cursor? {
                span = span.behind(position);
            }
            Some(Self {
                limit: limit?.unwrap_or(DEFAULT_LIMIT),
                page: page?.unwrap_or(1),
                span,
                filter: UserFilter {
                    role: role?,
                    status: status?,
                },
                email: email?,
                bounded,
                fields: fields?.unwrap_or_else(Projection::all),
                cursors,
            })
        })
    }
}

/// Whether the newest come first.
fn parse_sort(input: &str) -> Result<bool, FieldError> {
    match input {
        "createdAt" | "created_at" => Ok(false),
        "-createdAt" | "-created_at" => Ok(true),
        _ => Err(FieldError::new(
            "invalid_value",
            "Choose among: createdAt, -createdAt.",
        )),
    }
}
