//! The mail catcher: what SES v2 would send is kept and shown.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Fault, Operation, Shared, error, internal_failure};
use crate::Error;
use crate::documents::{Documents, next_name};

/// A letter that was caught.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Letter {
    /// Its id, which sorts by time.
    pub id: String,
    /// When it was sent, RFC 3339.
    pub time: String,
    /// The sender.
    pub from: String,
    /// The recipient; several are separated by commas.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The part in plain text.
    pub text: String,
    /// The part in HTML.
    pub html: String,
    /// Headers that the sender added.
    pub headers: BTreeMap<String, String>,
    /// Tags of the message.
    pub tags: BTreeMap<String, String>,
    /// The configuration set it was sent with; empty without one.
    pub configuration_set: String,
}

/// All letters.
pub struct Inbox(Documents);

impl Inbox {
    /// Letters that end with their process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(Documents::in_memory())
    }

    /// Letters kept as files of `folder`.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self(Documents::in_folder(folder))
    }

    /// The letters, newest last.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn messages(&self) -> Result<Vec<Letter>, Error> {
        let letters = self.0.all()?.into_iter();
        letters
            .map(|(_, letter)| Ok(serde_json::from_value(letter)?))
            .collect()
    }

    /// One letter.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn message(&self, id: &str) -> Result<Option<Letter>, Error> {
        let letter = self.0.get(id)?;
        Ok(letter.map(serde_json::from_value).transpose()?)
    }

    /// Throws all letters away.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn clear(&self) -> Result<(), Error> {
        for name in self.0.names()? {
            self.0.remove(&name)?;
        }
        Ok(())
    }

    fn keep(&self, message: &Letter) -> Result<(), Error> {
        self.0.put(&message.id, &serde_json::to_value(message)?)
    }
}

impl Letter {
    /// The token of the first link in its text, if it has one: what follows `#token=` or `?token=`.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        token_in(&self.text).map(str::to_owned)
    }

    /// The code in its text, if it has one: six digits that stand alone.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let is_code =
            |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
        self.text.lines().find(is_code)
    }

    /// Which letter it is, by its tag.
    #[must_use]
    pub fn name(&self) -> &str {
        self.tags.get("latchkey-letter").map_or("", String::as_str)
    }
}

fn token_in(text: &str) -> Option<&str> {
    let (_, rest) = text
        .split_once("#token=")
        .or_else(|| text.split_once("?token="))?;
    let is_token = |c: char| c.is_ascii_alphanumeric() || "_-.~%".contains(c);
    let end = rest.find(|c| !is_token(c)).unwrap_or(rest.len());
    // A full stop may end the sentence.
    Some(rest[..end].trim_end_matches('.')).filter(|token| !token.is_empty())
}

/// `SendEmail` of SES v2. The letter is kept before the answer says so.
pub(super) async fn send_email(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let fault = shared.faults.next(Operation::SendEmail).await;
    let refused = |kind: &str, message: &str| error(StatusCode::BAD_REQUEST, kind, message);
    match fault {
        Some(Fault::Throttle) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            return error(
                status,
                "TooManyRequestsException",
                "Maximum sending rate exceeded.",
            );
        }
        Some(Fault::Error | Fault::FailEntries(_)) => {
            return internal_failure("as the test has it");
        }
        Some(Fault::Reject) => return refused("MessageRejected", "as the test has it"),
        Some(Fault::UnverifiedSender) => {
            return refused(
                "MessageRejected",
                "Email address is not verified. The following identities failed the check: canary@example.com",
            );
        }
        Some(Fault::BadRequest) => return refused("BadRequestException", "as the test has it"),
        _ => {}
    }
    let request = serde_json::from_slice(&body).unwrap_or_default();
    let message = match read(&request) {
        Ok(message) => message,
        Err(message) => return refused("BadRequestException", &message),
    };
    if let Err(error) = shared.inbox.keep(&message) {
        return internal_failure(&error.to_string());
    }
    if fault == Some(Fault::LoseAnswer) {
        return internal_failure("as the test has it");
    }
    Json(json!({ "MessageId": message.id })).into_response()
}

/// `GET /messages`: every letter, newest last.
pub(super) async fn messages(State(shared): State<Arc<Shared>>) -> Response {
    match shared.inbox.messages() {
        Ok(messages) => Json(messages).into_response(),
        Err(error) => internal_failure(&error.to_string()),
    }
}

/// `GET /messages/{id}`: one letter.
pub(super) async fn message(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    match shared.inbox.message(&id) {
        Ok(Some(message)) => Json(message).into_response(),
        _ => error(StatusCode::NOT_FOUND, "NotFoundException", "no such letter"),
    }
}

/// The letter of a request, or why SES would not take it.
fn read(request: &Value) -> Result<Letter, String> {
    let text = |pointer: &str| {
        let text = request.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let from = text("/FromEmailAddress");
    if !from.contains('@') || !from.is_ascii() {
        // SES wants any other name of a sender as an encoded word (RFC 2047).
        return Err(format!(
            "FromEmailAddress is not an address in ASCII: {from}"
        ));
    }
    let to = request["Destination"]["ToAddresses"].as_array();
    let to: Vec<&str> = to.into_iter().flatten().filter_map(Value::as_str).collect();
    if to.is_empty() || !to.iter().all(|address| address.contains('@')) {
        return Err("Destination.ToAddresses has no address".to_owned());
    }
    let simple = &request["Content"]["Simple"];
    if !simple["Subject"]["Data"].is_string() {
        return Err("Content.Simple.Subject is missing: local takes no other content".to_owned());
    }
    let [html, plain] = ["Html", "Text"].map(|part| &simple["Body"][part]["Data"]);
    if !html.is_string() && !plain.is_string() {
        return Err("Content.Simple.Body has neither Text nor Html".to_owned());
    }
    let headers = pairs(&simple["Headers"])?;
    let sendable =
        |text: &str| !text.is_empty() && text.bytes().all(|c| (b' '..=b'~').contains(&c));
    if let Some((name, _)) = headers
        .iter()
        .find(|(name, value)| !sendable(name) || !sendable(value))
    {
        return Err(format!("header {name} is not printable ASCII"));
    }
    let tags = pairs(&request["EmailTags"])?;
    let plain_word = |text: &str| {
        let mut bytes = text.bytes();
        !text.is_empty() && bytes.all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-')
    };
    if let Some((name, _)) = tags
        .iter()
        .find(|(name, value)| !plain_word(name) || !plain_word(value))
    {
        return Err(format!(
            "tag {name}: only letters, digits, _ and - may stand in tags"
        ));
    }
    Ok(Letter {
        id: next_name(),
        time: Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
            .to_string(),
        from,
        to: to.join(", "),
        subject: text("/Content/Simple/Subject/Data"),
        text: text("/Content/Simple/Body/Text/Data"),
        html: text("/Content/Simple/Body/Html/Data"),
        headers,
        tags,
        configuration_set: text("/ConfigurationSetName"),
    })
}

/// A list of `{Name, Value}`.
fn pairs(list: &Value) -> Result<BTreeMap<String, String>, String> {
    let list = list.as_array().into_iter().flatten();
    list.map(
        |pair| match (pair["Name"].as_str(), pair["Value"].as_str()) {
            (Some(name), Some(value)) => Ok((name.to_owned(), value.to_owned())),
            _ => Err(format!("{pair} has no Name and Value")),
        },
    )
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_ends_where_its_link_does() {
        for (text, token) in [
            ("https://a.test/b#token=lk_1-x.y", Some("lk_1-x.y")),
            ("https://a.test/b?token=lk_1-x.y\n", Some("lk_1-x.y")),
            ("<https://a.test/b#token=t1>\nmore", Some("t1")),
            ("See https://a.test/b#token=t1. Thanks", Some("t1")),
            ("https://a.test/b#token=", None),
            ("https://a.test/b", None),
        ] {
            assert_eq!(token_in(text), token, "{text}");
        }
    }
}
