//! The HTTP edge: requests in, answers and problem documents out.

mod action;
mod bearer;
mod body;
mod client;
mod conditional;
mod error;
mod error_code;
mod idempotency;
mod letter;
mod limit;
mod list;
mod new_account;
mod operation;
mod problem;
mod query;
mod reply;
mod serve;
mod user;

pub use bearer::{Bearer, Caller, authorize_beside, bearer_token};
pub use body::{Fields, json_object};
pub use client::{accepted_locale, client, client_address, has_body};
pub use conditional::{Preconditions, preconditions};
pub use error::ApiError;
pub use error_code::ErrorCode;
pub use idempotency::idempotency;
pub use lambda_http::Request;
pub use lambda_http::http::StatusCode;
pub use letter::ask_for_letter;
pub use limit::{Attempt, Limiter, Near};
pub use list::{Cursors, DEFAULT_LIMIT, ListMeta, list_reply, parse_limit, parse_page};
pub use new_account::{NewAccount, PasswordField};
pub use operation::{Operation, run};
pub use query::{
    Parameters, PathUser, Projection, cookie, path_parameter, query_parameter, session_id, user_id,
};
pub use reply::{Reply, accepted, empty, html, json, no_content, see_other, text};
pub(crate) use serve::guarded;
pub use serve::{Endpoint, serve, taking, taking_any};
pub use user::{AccessTokenResponse, TokenResponse, UserResponse};

use crate::clock;
use crate::store::Change;
use crate::user::UserId;
use lambda_http::RequestExt;

/// What a handler answers.
pub type ApiResult = Result<Reply, ApiError>;

/// The stamp of a write made by this request, now.
#[must_use]
pub fn change(request: &Request, by: Option<UserId>) -> Change {
    let request_id = request
        .lambda_context_ref()
        .map_or_else(String::new, |context| context.request_id.clone());
    Change {
        by,
        request_id,
        at: clock::now(),
    }
}
