//! What a request says in its URL.

use lambda_http::{Request, RequestExt};
use serde_json::Value;

use super::error::{ApiError, ErrorCode};
use crate::field::FieldError;
use crate::user::UserId;

/// What `me` in a path stands for.
const ME: &str = "me";

/// The user a path is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathUser {
    /// Whoever asks.
    Me,
    /// This one.
    Id(UserId),
}

impl PathUser {
    /// The id, given who asks.
    #[must_use]
    pub const fn resolve(self, caller: UserId) -> UserId {
        match self {
            Self::Me => caller,
            Self::Id(id) => id,
        }
    }
}

/// Reads `{id}` of the path; `me` is the caller.
///
/// # Errors
/// `invalid_fields`.
pub fn user_id(request: &Request) -> Result<PathUser, ApiError> {
    let parameters = request.path_parameters_ref();
    match parameters.and_then(|parameters| parameters.first("id")) {
        Some(ME) => Ok(PathUser::Me),
        Some(id) => UserId::parse(id)
            .map(PathUser::Id)
            .map_err(|error| ApiError::invalid_field("id", error)),
        None => Err(ApiError::caused_by(
            ErrorCode::Internal,
            "the route has no {id}",
        )),
    }
}

/// A query parameter that stands at most once.
///
/// # Errors
/// `invalid_fields` when it stands twice.
pub fn query_parameter<'a>(request: &'a Request, name: &str) -> Result<Option<&'a str>, ApiError> {
    let Some(values) = request
        .query_string_parameters_ref()
        .and_then(|parameters| parameters.all(name))
    else {
        return Ok(None);
    };
    match values.as_slice() {
        [] => Ok(None),
        [value] => Ok(Some(value)),
        _ => Err(ApiError::invalid_field(
            name,
            FieldError::new("duplicate", "This parameter stands more than once."),
        )),
    }
}

/// Refuses query parameters an endpoint does not know: a misspelt filter must not pass as none.
///
/// # Errors
/// `invalid_fields`.
pub fn reject_unknown_parameters(request: &Request, known: &[&str]) -> Result<(), ApiError> {
    let parameters = request.query_string_parameters_ref();
    let unknown: Vec<_> = parameters
        .into_iter()
        .flat_map(|parameters| parameters.iter().map(|(name, _)| name))
        .filter(|name| !known.contains(name))
        .map(|name| {
            let name = name
                .chars()
                .filter(|character| !character.is_control())
                .take(64)
                .collect();
            (
                name,
                FieldError::new("unknown", "There is no such parameter."),
            )
        })
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid_fields(unknown))
}

/// `?fields=id,email`: which properties the answer is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection(Option<Vec<String>>);

impl Projection {
    /// Every property.
    pub(super) const fn all() -> Self {
        Self(None)
    }

    /// Reads `fields`. Done before any work, so that a misspelt name changes nothing.
    ///
    /// # Errors
    /// `invalid_fields` when a name is not among `known`.
    pub fn read(request: &Request, known: &[&str]) -> Result<Self, ApiError> {
        let Some(fields) = query_parameter(request, "fields")? else {
            return Ok(Self(None));
        };
        let names: Vec<String> = fields
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect();
        if names.iter().all(|name| known.contains(&name.as_str())) {
            return Ok(Self(Some(names)));
        }
        Err(ApiError::invalid_field(
            "fields",
            FieldError::new("unknown", format!("Choose among: {}.", known.join(", "))),
        ))
    }

    /// Whether it names no properties.
    pub(super) const fn is_all(&self) -> bool {
        self.0.is_none()
    }

    /// Drops the properties that were not asked for.
    pub(super) fn apply(&self, value: &mut Value) {
        if let (Some(names), Value::Object(object)) = (&self.0, value) {
            object.retain(|name, _| names.contains(name));
        }
    }
}
