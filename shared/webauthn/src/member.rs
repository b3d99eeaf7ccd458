//! Members of the JSON that responses come in. Each is named by its path, which ends in its name.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::refused::Refused;
use crate::{MAX_CREDENTIAL_ID, client_data};

type Object = Map<String, Value>;

/// No member is longer, in bytes: real ones stay below two kilobytes, and each is copied, hashed and read.
const MAX_MEMBER: usize = 16 * 1024;

/// What both kinds of response have.
pub(crate) struct Common<'a> {
    pub(crate) credential_id: Vec<u8>,
    pub(crate) client_data: Vec<u8>,
    /// The member `response`.
    pub(crate) response: &'a Object,
}

impl<'a> Common<'a> {
    /// `id` and `rawId` are the same bytes twice, as `PublicKeyCredential.toJSON()` writes them.
    pub(crate) fn parse(object: &'a Object) -> Result<Self, Refused> {
        let credential_id = bytes(object, "id")?;
        if credential_id.len() > MAX_CREDENTIAL_ID {
            return Err(Refused::Malformed("id"));
        }
        if bytes(object, "rawId")? != credential_id {
            return Err(Refused::Malformed("rawId"));
        }
        if text(object, "type")? != "public-key" {
            return Err(Refused::Malformed("type"));
        }
        let response = required(object, "response")?
            .as_object()
            .ok_or(Refused::Malformed("response"))?;
        let client_data = bytes(response, client_data::MEMBER)?;
        Ok(Self {
            credential_id,
            client_data,
            response,
        })
    }
}

/// A member that may be left out, or null.
pub(crate) fn optional<'a>(object: &'a Object, path: &'static str) -> Option<&'a Value> {
    let name = path.rsplit('.').next().unwrap_or(path);
    object.get(name).filter(|value| !value.is_null())
}

fn required<'a>(object: &'a Object, path: &'static str) -> Result<&'a Value, Refused> {
    optional(object, path).ok_or(Refused::Malformed(path))
}

fn text<'a>(object: &'a Object, path: &'static str) -> Result<&'a str, Refused> {
    required(object, path)?
        .as_str()
        .ok_or(Refused::Malformed(path))
}

/// Bytes in base64url without padding; at least one.
pub(crate) fn bytes(object: &Object, path: &'static str) -> Result<Vec<u8>, Refused> {
    decoded(required(object, path)?)
        .filter(|bytes| !bytes.is_empty())
        .ok_or(Refused::Malformed(path))
}

/// The same of a member that may be left out, or be empty.
pub(crate) fn optional_bytes(
    object: &Object,
    path: &'static str,
) -> Result<Option<Vec<u8>>, Refused> {
    optional(object, path)
        .map(|value| decoded(value).ok_or(Refused::Malformed(path)))
        .transpose()
}

fn decoded(value: &Value) -> Option<Vec<u8>> {
    let text = value
        .as_str()
        .filter(|text| text.len() <= MAX_MEMBER.div_ceil(3) * 4)?;
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    (bytes.len() <= MAX_MEMBER).then_some(bytes)
}
