//! Audit entries as clients see them, and how lists of them are asked for.

use lambda_http::Request;
use serde::Serialize;
use serde_json::{Map, Value};

use latchkey::event::{Event, EventKind};
use latchkey::field::FieldError;
use latchkey::http::{
    ApiError, ApiResult, Cursors, DEFAULT_LIMIT, Fields, Projection, list_reply, parse_limit,
};
use latchkey::permission::{Permission, Reach};
use latchkey::user::{User, UserId};

use crate::log::{AuditPage, AuditPosition};

/// An audit entry on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntryResponse<'a> {
    id: &'a str,
    action: EventKind,
    user_id: Option<UserId>,
    actor_id: Option<UserId>,
    request_id: Option<&'a str>,
    time: String,
    before: &'a Map<String, Value>,
    after: &'a Map<String, Value>,
}

impl<'a> AuditEntryResponse<'a> {
    /// An entry as `reader` may see it: owners learn what was done, and not which of the others did it.
    fn new(event: &'a Event, reader: &User) -> Self {
        let sees_all = Permission::ReadAudit.reach(reader.role) == Reach::All;
        let own = event.actor_id.filter(|actor| *actor == reader.id);
        Self {
            id: &event.id,
            action: event.kind,
            user_id: event.user_id,
            actor_id: if sees_all { event.actor_id } else { own },
            request_id: sees_all.then_some(event.request_id.as_str()),
            time: event.time.to_string(),
            before: &event.before,
            after: &event.after,
        }
    }
}

/// Which entries a client asks for, of which list.
pub struct AuditQuery {
    /// Page length.
    pub limit: usize,
    /// Where the page begins.
    pub position: AuditPosition,
    cursors: Cursors,
}

impl AuditQuery {
    /// Takes `limit`, `sort` and `cursor` out of a query; `list` tells the list from others.
    pub fn take(query: &mut Fields, list: &str) -> Option<Self> {
        let limit = query.optional("limit", parse_limit);
        let descending = query.optional("sort", parse_sort);
        let newest_first = descending.flatten().unwrap_or(true);
        let cursors = Cursors::of(format!("{list} {newest_first}"));
        let behind = query.optional("cursor", |cursor| cursors.parse_text(cursor));
        Some(Self {
            limit: limit?.unwrap_or(DEFAULT_LIMIT),
            position: AuditPosition {
                behind: behind?,
                descending: descending?.unwrap_or(true),
            },
            cursors,
        })
    }

    /// Reads a query that has nothing else.
    ///
    /// # Errors
    /// `invalid_fields`.
    pub fn read(request: &Request, list: &str) -> Result<Self, ApiError> {
        let mut query = Fields::of_query(request);
        let read = Self::take(&mut query, list);
        query.finish(|| read)
    }

    /// The answer that shows a page to `reader`.
    ///
    /// # Errors
    /// `internal` when it has no JSON form.
    pub fn reply(&self, page: &AuditPage, reader: &User) -> ApiResult {
        let entries = page.events.iter();
        let entries = entries.map(|event| AuditEntryResponse::new(event, reader));
        let next = page.next.as_ref().map(|next| self.cursors.write(next));
        list_reply(
            entries.collect(),
            self.limit,
            next,
            None,
            &Projection::all(),
        )
    }
}

/// Whether the newest come first.
fn parse_sort(input: &str) -> Result<bool, FieldError> {
    match input {
        "time" => Ok(false),
        "-time" => Ok(true),
        _ => Err(FieldError::new(
            "invalid_value",
            "Choose among: time, -time.",
        )),
    }
}
