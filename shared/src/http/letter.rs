//! Letters that anybody may ask for.

use lambda_http::Request;
use letters::Letter;

use super::body::Fields;
use super::limit::Limiter;
use super::{ApiError, change};
use crate::email::Email;
use crate::store::{MailRequest, Store};

/// Asks for a letter to the address in the body. The same work for every address: whose it is, and whether there is anything to send, is found out behind the stream.
///
/// # Errors
/// `invalid_fields`, `rate_limited` or `unavailable`.
pub async fn ask_for_letter(
    store: &Store,
    limiter: &Limiter,
    request: &Request,
    letter: Letter,
) -> Result<MailRequest, ApiError> {
    let mut fields = Fields::read(request)?;
    let email = fields.required("email", Email::parse);
    let email = fields.finish(|| email)?;

    let change = change(request, None);
    let attempt = limiter.attempt(store, request, &email.canonical(), change.at);
    attempt.admit().await?;
    let asked = MailRequest::new(letter, email, change.at);
    store.request_mail(&asked, &change).await?;
    Ok(asked)
}
