//! An application that has its people sign in at the provider.

use std::collections::BTreeMap;

use local::event::HttpRequest;
use reqwest::Url;
use serde_json::{Value, json};

use crate::{Account, Answer, Browser, Bundle};

/// Its verifier, and the challenge of that (RFC 7636, appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An application.
pub struct Application<'a> {
    bundle: &'a Bundle,
    /// The id of its client.
    pub client: String,
    /// Its secret, if it keeps one.
    pub secret: Option<String>,
    /// Where people come back to.
    pub redirect_uri: String,
}

impl Bundle {
    /// Registers an application: the operator's own or another's, with a secret or without.
    ///
    /// # Panics
    /// When it cannot be registered.
    pub async fn application(
        &self,
        id: &str,
        first_party: bool,
        confidential: bool,
    ) -> Application<'_> {
        let changes = json!({
            "firstParty": first_party,
            "confidential": confidential,
            "rotateSecret": confidential,
        });
        self.application_with(id, &changes).await
    }

    /// Registers an application with these settings, or sets one up with them.
    ///
    /// # Panics
    /// When it cannot be registered.
    pub async fn application_with(&self, id: &str, changes: &Value) -> Application<'_> {
        let admin = self.account_with_role("admin").await;
        let made = self.put_client(&admin, id, changes).await;
        assert!(made.status < 300, "{}", made.text);
        Application {
            bundle: self,
            client: id.to_owned(),
            secret: made.body["clientSecret"].as_str().map(str::to_owned),
            redirect_uri: made.text_at("/redirectUris/0"),
        }
    }
}

impl Application<'_> {
    /// What it asks for, with these parameters in the place of its own; one without a value is left out.
    #[must_use]
    pub fn parameters(&self, changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        let own = [
            ("response_type", "code"),
            ("client_id", &self.client),
            ("redirect_uri", &self.redirect_uri),
            ("scope", "openid profile email offline_access"),
            ("state", "a state"),
            ("nonce", "a nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let mut parameters = BTreeMap::new();
        for (name, value) in own.iter().chain(changes) {
            parameters.insert((*name).to_owned(), (*value).to_owned());
        }
        parameters.retain(|_, value| !value.is_empty());
        parameters
    }

    /// The path that it sends a browser to.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn path(&self, changes: &[(&str, &str)]) -> String {
        let mut url = Url::parse("http://localhost/oauth2/authorize").expect("a URL");
        url.query_pairs_mut().extend_pairs(self.parameters(changes));
        format!("{}?{}", url.path(), url.query().unwrap_or_default())
    }

    /// Has this account sign in and agree: where the browser comes back.
    ///
    /// # Panics
    /// When it does not.
    pub async fn sign_in(&self, browser: &mut Browser<'_>, account: &Account) -> Url {
        let mut led = browser.visit(&self.path(&[])).await;
        if browser.path() == "/sign-in" && led.is_none() {
            let fields = [
                ("email", account.email.as_str()),
                ("password", crate::PASSWORD),
            ];
            led = browser.answer("/sign-in", &fields).await;
        }
        if led.is_none() {
            led = browser.answer("/consent", &[("decision", "allow")]).await;
        }
        led.unwrap_or_else(|| panic!("not led back from {}: {}", browser.at, browser.text()))
    }

    /// A code for this account.
    ///
    /// # Panics
    /// When it gets none.
    pub async fn code(&self, account: &Account) -> String {
        let mut browser = Browser::new(self.bundle);
        let url = self.sign_in(&mut browser, account).await;
        code_in(&url)
    }

    /// The request to the token endpoint with these fields; the client says who it is as it can.
    #[must_use]
    pub fn asking(&self, fields: &[(&str, &str)]) -> HttpRequest {
        self.posting("/oauth2/token", fields)
    }

    /// The request to any endpoint of the protocol with these fields; the client says who it is as it can.
    #[must_use]
    pub fn posting(&self, path: &str, fields: &[(&str, &str)]) -> HttpRequest {
        let mut form = BTreeMap::from([("client_id".to_owned(), self.client.clone())]);
        form.extend(
            self.secret
                .clone()
                .map(|secret| ("client_secret".to_owned(), secret)),
        );
        for (name, value) in fields {
            form.insert((*name).to_owned(), (*value).to_owned());
        }
        form.retain(|_, value| !value.is_empty());
        let form: Vec<(String, String)> = form.into_iter().collect();
        let mut request = Browser::filled(path, &form);
        request.headers.retain(|(name, _)| name == "content-type");
        request
    }

    /// The request that spends a code.
    #[must_use]
    pub fn spending(&self, code: &str) -> HttpRequest {
        self.asking(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ])
    }

    /// The request that trades a refresh token.
    #[must_use]
    pub fn refreshing(&self, token: &str) -> HttpRequest {
        self.asking(&[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    /// The request that asks what a token is worth.
    #[must_use]
    pub fn introspecting(&self, token: &str) -> HttpRequest {
        self.posting("/oauth2/introspect", &[("token", token)])
    }

    /// The request that gives a token back.
    #[must_use]
    pub fn revoking(&self, token: &str) -> HttpRequest {
        self.posting("/oauth2/revoke", &[("token", token)])
    }

    /// The tokens for this account.
    ///
    /// # Panics
    /// When it gets none.
    pub async fn tokens(&self, account: &Account) -> Answer {
        let code = self.code(account).await;
        self.spend(&code).await
    }

    /// The tokens for a code.
    ///
    /// # Panics
    /// When it gets none.
    pub async fn spend(&self, code: &str) -> Answer {
        let answer = self.bundle.send(&self.spending(code)).await;
        answer.expect_status(200)
    }

    /// What it is told of a token.
    ///
    /// # Panics
    /// When it is told nothing.
    pub async fn introspect(&self, token: &str) -> Value {
        let answer = self.bundle.send(&self.introspecting(token)).await;
        answer.expect_status(200).body
    }

    /// Gives a token back.
    ///
    /// # Panics
    /// When that is refused.
    pub async fn revoke(&self, token: &str) -> Answer {
        let answer = self.bundle.send(&self.revoking(token)).await;
        answer.expect_status(200)
    }

    /// Asserts that these tokens count.
    ///
    /// # Panics
    /// When one of them does not.
    pub async fn assert_live(&self, tokens: &Answer, what: &str) {
        let told = self.userinfo(&tokens.text_at("/access_token")).await;
        assert_eq!(told.status, 200, "{what}: {}", told.text);
        if self.secret.is_some() {
            for name in ["/access_token", "/refresh_token"] {
                let told = self.introspect(&tokens.text_at(name)).await;
                assert_eq!(told["active"], true, "{what}: {name}");
            }
        }
    }

    /// Asserts that these tokens count no more, at whatever takes them.
    ///
    /// # Panics
    /// When one of them does.
    pub async fn assert_over(&self, tokens: &Answer, what: &str) {
        let [access, refresh] =
            ["/access_token", "/refresh_token"].map(|name| tokens.text_at(name));
        let told = self.userinfo(&access).await;
        assert_eq!(told.status, 401, "{what}: userinfo: {}", told.text);
        if self.secret.is_some() {
            for token in [&access, &refresh] {
                let told = self.introspect(token).await;
                assert_eq!(told, json!({ "active": false }), "{what}: introspection");
            }
        }
        // Last: one that is used twice ends what it hangs on.
        let refreshed = self.bundle.send(&self.refreshing(&refresh)).await;
        let refused = (refreshed.status, refreshed.code());
        assert_eq!(refused, (400, "invalid_grant"), "{what}: refresh");
    }

    /// What userinfo answers to this access token.
    pub async fn userinfo(&self, token: &str) -> Answer {
        let request = HttpRequest::new("GET", "/oauth2/userinfo");
        self.bundle.send(&request.bearer(token)).await
    }
}

/// The parameter of this name in the URL that an application is called back at.
///
/// # Panics
/// When it has none.
#[must_use]
pub fn parameter(url: &Url, name: &str) -> String {
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(found, _)| found == name);
    let found = found.map(|(_, value)| value.into_owned());
    found.unwrap_or_else(|| panic!("no {name} in {url}"))
}

/// The code in it.
///
/// # Panics
/// When it has none.
#[must_use]
pub fn code_in(url: &Url) -> String {
    parameter(url, "code")
}
