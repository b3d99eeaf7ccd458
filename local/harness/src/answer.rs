//! What a function answered to a request.

use serde_json::Value;

/// An HTTP answer, out of the event response of a function.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status code.
    pub status: u64,
    /// Headers, names in lower case.
    pub headers: Value,
    /// The cookies it sets, as `Set-Cookie` has them.
    pub cookies: Vec<String>,
    /// The body as JSON; null when there is none.
    pub body: Value,
    /// The body as it stands.
    pub text: String,
}

/// The JSON in a body, with names that `serde_json` gives a meaning made plain: `text` has them as they are.
fn read(text: &str) -> Value {
    let plain = text.replace("$serde_json::private", "$serde_json private");
    serde_json::from_str(&plain).unwrap_or_default()
}

impl Answer {
    /// Reads an event response.
    #[must_use]
    pub fn from_event(event: &Value) -> Self {
        let text = event["body"].as_str().unwrap_or_default().to_owned();
        Self {
            status: event["statusCode"].as_u64().unwrap_or_default(),
            headers: event["headers"].clone(),
            cookies: event["cookies"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|cookie| cookie.as_str().map(str::to_owned))
                .collect(),
            body: read(&text),
            text,
        }
    }

    /// What the body is, without parameters; the empty string where there is none.
    #[must_use]
    pub fn media_type(&self) -> &str {
        let content_type = self.header("content-type");
        content_type.split(';').next().unwrap_or_default().trim()
    }

    /// A header, or the empty string.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].as_str().unwrap_or_default()
    }

    /// A property of the body that is text, or the empty string.
    #[must_use]
    pub fn text_at(&self, pointer: &str) -> String {
        self.body
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// The stable code of a problem, or of an error as OAuth has it, or the empty string.
    #[must_use]
    pub fn code(&self) -> &str {
        let code = self.body["code"].as_str().or(self.body["error"].as_str());
        code.unwrap_or_default()
    }

    /// Field and code of every refused field.
    #[must_use]
    pub fn field_codes(&self) -> Vec<(&str, &str)> {
        self.body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| {
                (
                    error["field"].as_str().unwrap_or_default(),
                    error["code"].as_str().unwrap_or_default(),
                )
            })
            .collect()
    }

    /// Asserts the status and hands the answer on.
    ///
    /// # Panics
    /// When it is another.
    #[must_use]
    #[track_caller]
    pub fn expect_status(self, status: u64) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}
