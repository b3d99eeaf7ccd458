//! What a form knows when it is shown again.

use std::collections::BTreeMap;

use serde::Serialize;

/// The fields that a visitor sees, in the order they stand in.
const SEEN: [&str; 11] = [
    "email",
    "currentPassword",
    "password",
    "newPassword",
    "firstName",
    "lastName",
    "locale",
    "totp",
    "code",
    "recoveryCode",
    "name",
];

/// A field whose value is shown again. Passwords, codes and tokens are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Typed {
    /// `email`
    Email,
    /// `firstName`
    FirstName,
    /// `lastName`
    LastName,
    /// `locale`
    Locale,
    /// `name`, of a passkey.
    Name,
    /// `rememberDevice`: kept if it is anything.
    RememberDevice,
}

impl Typed {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Email,
        Self::FirstName,
        Self::LastName,
        Self::Locale,
        Self::Name,
        Self::RememberDevice,
    ];

    /// Its name in the form.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::FirstName => "firstName",
            Self::LastName => "lastName",
            Self::Locale => "locale",
            Self::Name => "name",
            Self::RememberDevice => "rememberDevice",
        }
    }
}

/// A form: empty as it is first shown, or with what was typed and why it was refused.
///
/// Not `Debug`: it is about a person.
#[derive(Clone, Default, Serialize)]
pub struct Form {
    values: BTreeMap<&'static str, String>,
    errors: BTreeMap<String, String>,
    order: Vec<String>,
    problem: Option<Problem>,
}

#[derive(Clone, Serialize)]
struct Problem {
    code: String,
    minutes: Option<u64>,
}

impl Form {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With what was typed into a field.
    #[must_use]
    pub fn typed(mut self, field: Typed, value: impl Into<String>) -> Self {
        self.values.insert(field.name(), value.into());
        self
    }

    /// Refused for one of its fields: by its name in the API, and the code of the API's `errors`.
    #[must_use]
    pub fn refused_field(mut self, field: impl Into<String>, code: impl Into<String>) -> Self {
        let field = field.into();
        if self.errors.insert(field.clone(), code.into()).is_none() {
            self.order.push(field);
            let place = |name: &String| SEEN.iter().position(|seen| seen == name);
            self.order
                .sort_by_key(|name| place(name).unwrap_or(SEEN.len()));
        }
        self
    }

    /// Refused as a whole: by the `code` of the API's problem.
    #[must_use]
    pub fn refused(mut self, code: impl Into<String>) -> Self {
        self.problem = Some(Problem {
            code: code.into(),
            minutes: None,
        });
        self
    }

    /// Refused for too many tries (`rate_limited`): the next one counts after so many seconds.
    #[must_use]
    pub fn too_many(mut self, seconds: u64) -> Self {
        self.problem = Some(Problem {
            code: "rate_limited".to_owned(),
            minutes: Some(seconds.div_ceil(60).max(1)),
        });
        self
    }

    /// Whether it was refused.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.problem.is_some() || !self.errors.is_empty()
    }
}

/// Whether a visitor sees a field of this name, and its error beside it.
pub(crate) fn is_seen(name: &str) -> bool {
    SEEN.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_stand_in_the_order_of_the_fields() {
        let form = Form::new()
            .refused_field("token", "required")
            .refused_field("password", "too_short")
            .refused_field("email", "required")
            .refused_field("email", "invalid_format");
        assert_eq!(form.order, ["email", "password", "token"]);
        assert_eq!(form.errors["email"], "invalid_format");
        assert!(form.is_refused() && !Form::new().is_refused());
    }

    #[test]
    fn minutes_are_rounded_up() {
        for (seconds, minutes) in [(0, 1), (1, 1), (60, 1), (61, 2), (900, 15)] {
            let form = Form::new().too_many(seconds);
            assert_eq!(
                form.problem.and_then(|problem| problem.minutes),
                Some(minutes)
            );
        }
    }
}
