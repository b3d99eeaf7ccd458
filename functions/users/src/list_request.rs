//! How a list of users is asked for.

use latchkey::clock::Timestamp;
use latchkey::email::Email;
use latchkey::event::UserCounts;
use latchkey::field::FieldError;
use latchkey::http::{
    self, ApiError, Cursors, DEFAULT_LIMIT, Fields, Projection, Request, UserResponse,
};
use latchkey::table::Span;
use latchkey::user::{Role, Status};

use crate::list::UserFilter;

/// What a client asks for.
pub struct ListUsersRequest {
    /// Page length.
    pub limit: usize,
    /// Which page, from 1.
    pub page: usize,
    /// Between which ids.
    pub span: Span,
    /// Which of them.
    pub filter: UserFilter,
    /// The one with this address.
    pub email: Option<Email>,
    /// Whether it asks for some time of creation alone.
    bounded: bool,
    /// What of each.
    pub fields: Projection,
    /// Its cursors.
    pub cursors: Cursors,
}

impl ListUsersRequest {
    /// Whether somebody counts the users it asks for.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        self.email.is_none() && self.filter.role.is_none() && !self.bounded
    }

    /// How many there are, as far as somebody counts.
    #[must_use]
    pub fn total(&self, counts: UserCounts) -> Option<i64> {
        self.is_counted().then(|| match self.filter.status {
            None => counts.total(),
            Some(Status::Active) => counts.active,
            Some(Status::Suspended) => counts.suspended,
        })
    }

    /// Reads the query.
    ///
    /// # Errors
    /// `invalid_fields`.
    pub fn read(request: &Request) -> Result<Self, ApiError> {
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
