//! The settings a function gets on a laptop and under test: the template's variables, with local values.

use crate::template::FunctionBlock;

/// Name of the table.
pub const TABLE: &str = "latchkey";
/// Audience of the tokens, the template's default.
pub const AUDIENCE: &str = "latchkey";

/// Local values for what the template fills in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Base URL of the `DynamoDB` API.
    pub endpoint: String,
    /// Issuer of the tokens.
    pub issuer: String,
    /// The session secret.
    pub session_secret: String,
}

impl Settings {
    /// The environment of one function: exactly the variables that the template gives it, and what Lambda
    /// itself sets.
    ///
    /// # Panics
    /// When the template names a variable that has no local value: it is to be added here.
    #[must_use]
    pub fn environment(&self, function: &FunctionBlock) -> Vec<(String, String)> {
        let mut environment = self.platform();
        for name in &function.variables {
            let (name, value) = match name.as_str() {
                "SESSION_SECRET_ARN" => ("SESSION_SECRET", self.session_secret.as_str()),
                "TABLE_NAME" => ("TABLE_NAME", TABLE),
                "ISSUER" => ("ISSUER", self.issuer.as_str()),
                "AUDIENCE" => ("AUDIENCE", AUDIENCE),
                "SIGNING_ALGORITHM" => ("SIGNING_ALGORITHM", "RS256"),
                "REFRESH_GRACE_SECONDS" => ("REFRESH_GRACE_SECONDS", "30"),
                other => {
                    panic!("template.yaml names {other}, which has no local value in settings.rs")
                }
            };
            environment.push((name.to_owned(), value.to_owned()));
        }
        environment
    }

    /// The environment that `cargo lambda watch` hands to every function.
    #[must_use]
    pub fn shared_environment(&self) -> Vec<(String, String)> {
        let own = [
            ("TABLE_NAME", TABLE),
            ("ISSUER", &self.issuer),
            ("AUDIENCE", AUDIENCE),
            ("SESSION_SECRET", &self.session_secret),
        ];
        let mut environment = self.platform();
        environment.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
        environment
    }

    fn platform(&self) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT_URL_DYNAMODB", self.endpoint.as_str()),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }
}
