//! The settings a function gets on a laptop and under test: the template's variables, with local values.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::passkey::ORIGIN;
use crate::template::{FunctionBlock, Variable};

/// Name of the table.
pub const TABLE: &str = "latchkey";

/// Where the application waits for who has signed in with another provider.
pub const SIGNED_IN_URL: &str = "http://localhost:3000/signed-in";

/// Logical id of the bus, which is its name here.
const EVENT_BUS: &str = "EventBus";
/// Logical id of the configuration set, which is its name here.
const MAIL_CONFIGURATION_SET: &str = "MailConfigurationSet";
/// What has a value here that the template leaves to whoever deploys it, or to AWS. The rest has the template's
/// defaults.
const FIXED: [(&str, &str); 8] = [
    ("TABLE_NAME", TABLE),
    // With its pages.
    ("OIDC", "on"),
    ("MAIL_FROM", "Latchkey <latchkey@example.com>"),
    ("PASSKEY_RP_ID", "localhost"),
    ("MAIL_CONFIGURATION_SET", MAIL_CONFIGURATION_SET),
    ("EVENT_BUS_NAME", EVENT_BUS),
    // The name of the application takes its place.
    ("THEME_LOGO", ""),
    // Where it is, AWS_ENDPOINT_URL_SQS tells.
    ("DEAD_LETTERS_URL", "DeadLetters"),
];

/// Under test: applied, and never reached.
const GENEROUS_LIMITS: &str = "account-address=1000/1s address=1000/1s account=1000/1s; factor: account=1000/1s; passkey: address=1000/1s; oauth: address=1000/1s";

/// 64 random characters, from the operating system's generator.
#[must_use]
pub fn random_secret() -> String {
    let random: Vec<u8> = (0..3)
        .flat_map(|_| uuid::Uuid::new_v4().into_bytes())
        .collect();
    URL_SAFE_NO_PAD.encode(random)
}

/// Local values for what the template fills in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Base URL of the `DynamoDB` API.
    pub endpoint: String,
    /// Base URL of the other services: SES v2, `EventBridge` and SQS.
    pub services: String,
    /// Issuer of the tokens, and where the pages are.
    pub issuer: String,
    /// Where the links in letters lead; empty: to the pages.
    pub app_url: String,
    /// The session secret.
    pub session_secret: String,
    /// The secret of the tokens in letters.
    pub mail_secret: String,
    /// The secret behind second factors.
    pub factor_secret: String,
    /// The secret behind other providers.
    pub provider_secret: String,
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
        let own = self.own();
        for variable in &function.variables {
            // Secrets are named there and come as they are here.
            let name = variable.name.strip_suffix("_ARN").unwrap_or(&variable.name);
            let limits = [("RATE_LIMITS", GENEROUS_LIMITS)];
            let own = own.iter().map(|(name, value)| (*name, value.as_str()));
            let mut values = own.chain(FIXED).chain(limits);
            let value = values.find(|(own, _)| *own == name).map(|(_, value)| value);
            let value = value.or(variable.default.as_deref()).unwrap_or_else(|| {
                panic!("template.yaml names {name}, which has no local value in settings.rs")
            });
            environment.push((name.to_owned(), value.to_owned()));
        }
        environment
    }

    /// The environment that `cargo lambda watch` hands to every function: what any of them gets. A default does not
    /// stand in the way of what whoever starts it has set.
    #[must_use]
    pub fn shared_environment(&self, functions: &[FunctionBlock]) -> Vec<(String, String)> {
        let own = self.own();
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        let values = own.chain(FIXED);
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables = functions.iter().flat_map(|function| &function.variables);
        let defaults = variables.filter_map(|Variable { name, default }| {
            default.clone().map(|default| (name.clone(), default))
        });
        let is_unset = |(name, _): &(String, String)| std::env::var_os(name).is_none();
        let mut environment: BTreeMap<String, String> = defaults.filter(is_unset).collect();
        environment.extend(values);
        self.platform().into_iter().chain(environment).collect()
    }

    fn own(&self) -> [(&'static str, String); 8] {
        // An address cannot have passkeys, a name can: the application's, and those of the start page and of the pages.
        let named = |url: &str| url.replace("127.0.0.1", "localhost");
        let (start_page, pages) = (named(&self.services), named(&self.issuer));
        [
            ("ISSUER", self.issuer.clone()),
            ("APP_URL", self.app_url.clone()),
            ("SESSION_SECRET", self.session_secret.clone()),
            ("MAIL_SECRET", self.mail_secret.clone()),
            ("FACTOR_SECRET", self.factor_secret.clone()),
            ("PROVIDER_SECRET", self.provider_secret.clone()),
            ("PASSKEY_ORIGINS", format!("{ORIGIN} {start_page} {pages}")),
            ("REDIRECT_URLS", format!("{SIGNED_IN_URL} {start_page}/")),
        ]
    }

    fn platform(&self) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT_URL_DYNAMODB", self.endpoint.as_str()),
            ("AWS_ENDPOINT_URL_SESV2", self.services.as_str()),
            ("AWS_ENDPOINT_URL_EVENTBRIDGE", self.services.as_str()),
            ("AWS_ENDPOINT_URL_SQS", self.services.as_str()),
            // The provider to try is here.
            ("OUTBOUND_LOOPBACK", "true"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            endpoint: "http://dynamodb".to_owned(),
            services: "http://services".to_owned(),
            issuer: "http://127.0.0.1:9000".to_owned(),
            app_url: String::new(),
            session_secret: "session".to_owned(),
            mail_secret: "mail".to_owned(),
            factor_secret: "factors".to_owned(),
            provider_secret: "providers".to_owned(),
        }
    }

    fn function(variables: &[&str]) -> FunctionBlock {
        FunctionBlock {
            logical_id: "SendMailFunction".to_owned(),
            binary: "send-mail".to_owned(),
            variables: variables
                .iter()
                .map(|name| Variable {
                    name: (*name).to_owned(),
                    default: None,
                })
                .collect(),
            routes: Vec::new(),
            grants: Vec::new(),
            secrets: Vec::new(),
        }
    }

    #[test]
    fn a_function_gets_what_the_template_gives_it_and_no_more() {
        let environment = settings().environment(&function(&["MAIL_SECRET_ARN", "APP_URL"]));
        let names: Vec<&str> = environment.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names[names.len() - 2..], ["MAIL_SECRET", "APP_URL"]);
        assert!(names.contains(&"AWS_ENDPOINT_URL_SESV2"));
        assert!(!names.contains(&"SESSION_SECRET") && !names.contains(&"TABLE_NAME"));
        assert!(environment.contains(&("MAIL_SECRET".to_owned(), "mail".to_owned())));
    }

    #[test]
    fn passkeys_are_for_the_application_the_start_page_and_the_pages() {
        let environment = settings().environment(&function(&["PASSKEY_ORIGINS"]));
        let origins = "http://localhost:3000 http://services http://localhost:9000";
        assert!(environment.contains(&("PASSKEY_ORIGINS".to_owned(), origins.to_owned())));
    }

    #[test]
    fn every_variable_of_the_template_has_a_local_value() {
        let template = crate::template::Template::load(&crate::workspace_root());
        for function in template.expect("template.yaml").functions() {
            assert!(!settings().environment(function).is_empty());
        }
    }

    #[test]
    #[should_panic(expected = "template.yaml names NOVEL")]
    fn a_variable_without_a_local_value_is_named() {
        let _ = settings().environment(&function(&["NOVEL"]));
    }

    #[test]
    fn cargo_lambda_watch_hands_on_whatever_a_function_may_get() {
        let names = [
            "MAIL_SECRET",
            "SESSION_SECRET",
            "EVENT_BUS_NAME",
            "AWS_ENDPOINT_URL_EVENTBRIDGE",
        ];
        let template = crate::template::Template::load(&crate::workspace_root());
        let template = template.expect("template.yaml");
        let environment = settings().shared_environment(template.functions());
        assert!(environment.contains(&("SESSION_IDLE_DAYS".to_owned(), "30".to_owned())));
        for name in names {
            assert!(environment.iter().any(|(other, _)| other == name), "{name}");
        }
    }
}
