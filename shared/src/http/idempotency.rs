//! The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header).

use lambda_http::Request;
use lambda_http::http::HeaderName;

use super::body::Fields;
use super::error::ApiError;
use crate::field::FieldError;
use crate::store::Idempotency;
use crate::user::UserId;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const NAME: &str = "Idempotency-Key";
/// Too short to be met by chance is too short to be unique.
const MIN_BYTES: usize = 16;
const MAX_BYTES: usize = 255;
/// What a fingerprint leaves out.
const SECRETS: [&str; 1] = ["password"];

/// What tells a repeat of this request, if its client cares. `fields` are those of its body, before any is
/// taken.
///
/// # Errors
/// `invalid_fields` when the key is not 16 to 255 visible ASCII characters.
pub fn idempotency(
    request: &Request,
    route: &'static str,
    caller: Option<UserId>,
    fields: &Fields,
) -> Result<Option<Idempotency>, ApiError> {
    let invalid = |code, message| ApiError::invalid_field(NAME, FieldError::new(code, message));
    let mut values = request.headers().get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(invalid("duplicate", "This header stands more than once."));
    }
    let key = value.as_bytes();
    if !key.iter().all(u8::is_ascii_graphic) {
        return Err(invalid("invalid_format", "A key is visible ASCII."));
    }
    if key.len() < MIN_BYTES {
        return Err(invalid("too_short", "A key has at least 16 characters."));
    }
    if key.len() > MAX_BYTES {
        return Err(invalid("too_long", "A key has at most 255 characters."));
    }
    Ok(Some(Idempotency {
        route,
        caller,
        key: String::from_utf8_lossy(key).into_owned(),
        fingerprint: fields.fingerprint(&SECRETS),
    }))
}
