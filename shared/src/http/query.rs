//! What a request says in its URL and in its cookies.

use lambda_http::http::Method;
use lambda_http::http::header::COOKIE;
use lambda_http::{Request, RequestExt};
use serde::Serialize;
use serde_json::Value;

use super::body::{body_bytes, displayable};
use super::error::ApiError;
use super::error_code::ErrorCode;
use crate::field::FieldError;
use crate::session::SessionId;
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
    path_parameter(request, "id", |id| match id {
        ME => Ok(PathUser::Me),
        id => UserId::parse(id).map(PathUser::Id),
    })
}

/// Reads `{sid}` of the path.
///
/// # Errors
/// `invalid_fields`.
pub fn session_id(request: &Request) -> Result<SessionId, ApiError> {
    path_parameter(request, "sid", SessionId::parse)
}

/// Reads a parameter of the path.
///
/// # Errors
/// `invalid_fields`.
pub fn path_parameter<T>(
    request: &Request,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, FieldError>,
) -> Result<T, ApiError> {
    let parameters = request.path_parameters_ref();
    let value = parameters.and_then(|parameters| parameters.first(name));
    let value = value.ok_or_else(|| {
        ApiError::caused_by(ErrorCode::Internal, format!("the route has no {{{name}}}"))
    })?;
    parse(value).map_err(|error| ApiError::invalid_field(name, error))
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

/// The cookie of this name, if the browser has sent one (RFC 6265 §4.2).
#[must_use]
pub fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let lines = request.headers().get_all(COOKIE).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(|line| line.split(';'));
    cookies.find_map(|cookie| {
        let (found, value) = cookie.trim().split_once('=')?;
        (found == name).then_some(value)
    })
}

/// What a browser brings from elsewhere: the query of a `GET`, the form of a `POST`. Whatever else is among it says
/// nothing.
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads them.
    #[must_use]
    pub fn read(request: &Request) -> Self {
        if request.method() == Method::POST {
            let form = form_urlencoded::parse(body_bytes(request.body()));
            return Self(form.into_owned().collect());
        }
        // As it was sent: the parameters that Lambda has made of it are in no order.
        Self::parse(request.uri().query().unwrap_or_default())
    }

    /// One of them; none where it stands twice.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(found, _)| found == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    /// One of them; none where it stands twice, or is empty (RFC 6749 §3.1).
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// All of this name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.0.iter().filter(move |(found, _)| found == name);
        values.map(|(_, value)| value.as_str())
    }

    /// The first name that stands twice.
    #[must_use]
    pub fn repeated(&self) -> Option<&str> {
        let names = self.0.iter().map(|(name, _)| name.as_str());
        let mut behind = names.clone();
        names.into_iter().find(|name| {
            behind.next();
            behind.clone().any(|other| other == *name)
        })
    }

    /// Out of a query or a form.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// Those of these names as a query, in the order in which they came.
    #[must_use]
    pub fn query_of(&self, names: &[&str]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let kept = self.0.iter();
        query.extend_pairs(kept.filter(|(name, _)| names.contains(&name.as_str())));
        query.finish()
    }
}

/// Refuses query parameters an endpoint does not know: a misspelt filter must not pass as none.
///
/// # Errors
/// `invalid_fields`.
pub(super) fn reject_unknown_parameters(request: &Request, known: &[&str]) -> Result<(), ApiError> {
    let parameters = request.query_string_parameters_ref();
    let unknown: Vec<_> = parameters
        .into_iter()
        .flat_map(|parameters| parameters.iter().map(|(name, _)| name))
        .filter(|name| !known.contains(name))
        .map(|name| {
            let unknown = FieldError::new("unknown", "There is no such parameter.");
            (displayable(name), unknown)
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
    #[must_use]
    pub const fn all() -> Self {
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
        Self::parse(fields, known).map_err(|error| ApiError::invalid_field("fields", error))
    }

    /// Reads a list of names.
    ///
    /// # Errors
    /// `unknown` when one is not among `known`.
    pub fn parse(fields: &str, known: &[&str]) -> Result<Self, FieldError> {
        let names: Vec<String> = fields
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect();
        if names.iter().all(|name| known.contains(&name.as_str())) {
            return Ok(Self(Some(names)));
        }
        let choice = format!("Choose among: {}.", known.join(", "));
        Err(FieldError::new("unknown", choice))
    }

    /// Whether it names no properties.
    pub(super) const fn is_all(&self) -> bool {
        self.0.is_none()
    }

    /// A value with the properties that were asked for.
    ///
    /// # Errors
    /// `internal` when it has no JSON form.
    pub(super) fn of(&self, value: &impl Serialize) -> Result<Value, ApiError> {
        let mut value = serde_json::to_value(value)
            .map_err(|error| ApiError::caused_by(ErrorCode::Internal, error))?;
        if let (Some(names), Value::Object(object)) = (&self.0, &mut value) {
            object.retain(|name, _| names.contains(name));
        }
        Ok(value)
    }
}
