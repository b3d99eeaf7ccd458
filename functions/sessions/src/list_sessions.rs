//! `GET /v1/users/{id}/sessions`: the live sessions of an account, newest first, for its owner, moderators and
//! admins.

use lambda_http::Error;
use latchkey::clock;
use latchkey::http::{
    self, ApiError, ApiResult, Cursors, DEFAULT_LIMIT, Endpoint, Fields, Operation, PathUser,
    Projection, Request,
};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::session::{Session, SessionId};
use latchkey::store::Store;
use latchkey::table::{Listing, Span};
use serde::Serialize;

/// Most sessions one request looks at. A page may stay short only when that is used up: by an account with
/// hundreds of sessions that were ended all at once.
const MAX_EXAMINED: usize = 500;

/// A session on the wire. What is not named here never leaves.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionResponse<'a> {
    id: String,
    created_at: String,
    last_used_at: String,
    expires_at: String,
    ip_address: Option<&'a str>,
    user_agent: Option<&'a str>,
    amr: Vec<&'static str>,
    current: bool,
}

/// The operation `listSessions`.
pub struct ListSessions {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for ListSessions {
    const ENDPOINT: Endpoint = http::taking_any();

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
        let cursors = Cursors::of(format!("sessions {id}"));
        let (limit, span) = read_query(&request, &cursors)?;

        let mut sessions = Listing::new(span, limit, 0, MAX_EXAMINED);
        let own = id == bearer.resolve(PathUser::Me);
        let (caller, user) = http::authorize_beside(
            own || bearer.expects_all(Permission::ListSessions),
            bearer.authenticate_with(store, id),
            |(caller, user)| {
                let user = caller.user.authorize(Permission::ListSessions, &id, user)?;
                Ok((caller, user))
            },
            store.list_more_sessions(&id, &mut sessions),
        )
        .await?;
        let now = clock::now();
        loop {
            sessions.retain(|session: &Session| session.is_live(&user, now));
            if sessions.is_complete() {
                break;
            }
            store.list_more_sessions(&id, &mut sessions).await?;
        }

        let page = sessions.finish()?;
        let data = page
            .items
            .iter()
            .map(|session| SessionResponse::new(session, &caller.session.id));
        http::list_reply(
            data.collect(),
            limit,
            page.next.map(|position| cursors.write(position)),
            None,
            &Projection::all(),
        )
    }
}

fn read_query(request: &Request, cursors: &Cursors) -> Result<(usize, Span), ApiError> {
    let mut query = Fields::of_query(request);
    let limit = query.optional("limit", http::parse_limit);
    let cursor = query.optional("cursor", |cursor| cursors.parse_id(cursor));
    query.finish(|| {
        let newest_first = Span::all(true);
        let span = cursor?.map_or(newest_first, |position| newest_first.behind(position));
        Some((limit?.unwrap_or(DEFAULT_LIMIT), span))
    })
}

impl<'a> SessionResponse<'a> {
    fn new(session: &'a Session, current: &SessionId) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: session.created_at.to_string(),
            last_used_at: session.rotated_at.to_string(),
            expires_at: session.expires_at().to_string(),
            ip_address: session.ip_address.as_deref(),
            user_agent: session.user_agent.as_deref(),
            amr: session.proved().methods(),
            current: session.id == *current,
        }
    }
}
