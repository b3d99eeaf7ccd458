//! Sign-ins with other providers, as tests need them: the provider that comes with `cargo local` is the other side.

use local::event::HttpRequest;
use local::services::{PROVIDER_CLIENT_ID, PROVIDER_CLIENT_SECRET, Provider};
use local::settings::SIGNED_IN_URL;
use local::visit::{id_token, visit};
use reqwest::Url;
use serde_json::{Value, json};

use crate::requests::{by, new_email};
use crate::{Account, Answer, Bundle};

/// The example of RFC 7636, appendix B.
pub const CODE_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Its challenge.
pub const CODE_CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A sign-in that has gone to a provider.
pub struct Gone {
    /// The provider, by its name.
    pub provider: String,
    /// Where the browser was sent.
    pub url: Url,
    /// The cookie that it keeps, as a name and a value.
    pub cookie: String,
}

impl Gone {
    /// A parameter of the request that the browser carries.
    #[must_use]
    pub fn parameter(&self, name: &str) -> String {
        let mut parameters = self.url.query_pairs();
        let found = parameters.find(|(found, _)| found == name);
        found.map_or_else(String::new, |(_, value)| value.into_owned())
    }

    /// The browser comes back with these parameters, beside its state.
    ///
    /// # Panics
    /// When they cannot be written.
    #[must_use]
    pub fn come_back(&self, parameters: &[(&str, &str)]) -> HttpRequest {
        let mut query = Url::parse("http://localhost/").expect("a URL");
        query
            .query_pairs_mut()
            .extend_pairs(parameters)
            .append_pair("state", &self.parameter("state"));
        let path = format!("/v1/auth/oauth/{}/callback", self.provider);
        let query = query.query().unwrap_or_default().to_owned();
        HttpRequest::new("GET", &format!("{path}?{query}")).header("cookie", &self.cookie)
    }
}

/// A parameter of the URL that an answer sends the browser to.
///
/// # Panics
/// When it sends it nowhere.
#[must_use]
pub fn sent_back(answer: &Answer, name: &str) -> String {
    let url = Url::parse(answer.header("location")).expect("a URL");
    let mut parameters = url.query_pairs();
    let found = parameters.find(|(found, _)| found == name);
    found.map_or_else(String::new, |(_, value)| value.into_owned())
}

impl Bundle {
    /// The provider that comes with `cargo local`.
    #[must_use]
    pub fn peer(&self) -> &Provider {
        self.services.provider()
    }

    /// Sets it up under the name `local`, with these settings changed.
    pub async fn put_provider(&self, admin: &Account, changes: &Value) -> Answer {
        let mut body = json!({
            "preset": "oidc",
            "title": "Local",
            "clientId": PROVIDER_CLIENT_ID,
            "clientSecret": PROVIDER_CLIENT_SECRET,
            "issuer": self.peer().issuer(),
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let request = by(admin, "PUT", "/v1/providers/local").json(&body);
        self.send(&request).await
    }

    /// Sets it up, trusted as far as this says.
    ///
    /// # Panics
    /// When it is not taken.
    pub async fn provider_trusted(&self, trust: &str) -> Account {
        let admin = self.account_with_role("admin").await;
        let changes = json!({ "emailTrust": trust });
        let answer = self.put_provider(&admin, &changes).await;
        assert!([200, 201].contains(&answer.status), "{}", answer.text);
        admin
    }

    /// Begins to sign in with a provider.
    ///
    /// # Panics
    /// When the browser is sent nowhere.
    pub async fn go_to(&self, provider: &str) -> Gone {
        let path = format!(
            "/v1/auth/oauth/{provider}/start?redirectTo={SIGNED_IN_URL}&codeChallenge={CODE_CHALLENGE}"
        );
        let answer = self.send(&HttpRequest::new("GET", &path)).await;
        let answer = answer.expect_status(303);
        let cookie = answer.cookies.first().expect("a cookie");
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Gone {
            provider: provider.to_owned(),
            url: Url::parse(answer.header("location")).expect("a URL"),
            cookie,
        }
    }

    /// Signs in there as whoever has this address: the request with which the browser comes back.
    ///
    /// # Panics
    /// When the provider does not send it back.
    pub async fn identified(&self, email: &str, is_verified: bool) -> HttpRequest {
        let gone = self.go_to("local").await;
        let back = visit(&gone.url, email, is_verified).await;
        back.expect("it sends the browser back")
            .header("cookie", &gone.cookie)
    }

    /// The same to its end: what the application sends to sign in or to link the identity.
    ///
    /// # Panics
    /// When no code comes of it.
    pub async fn identity_code(&self, email: &str, is_verified: bool) -> Value {
        let back = self.identified(email, is_verified).await;
        let answer = self.send(&back).await.expect_status(303);
        let code = sent_back(&answer, "code");
        assert_ne!(code, "", "{}", answer.header("location"));
        json!({ "code": code, "codeVerifier": CODE_VERIFIER })
    }

    /// Signs in with it.
    pub async fn exchange(&self, email: &str, is_verified: bool) -> Answer {
        let body = self.identity_code(email, is_verified).await;
        self.post("/v1/auth/oauth/exchange", &body).await
    }

    /// What an application sends that has got an ID token there itself.
    ///
    /// # Panics
    /// When it got none.
    pub async fn id_token(&self, email: &str, is_verified: bool) -> Value {
        let got = id_token(self.peer().issuer(), email, is_verified).await;
        got.expect("an ID token")
    }

    /// Links an identity of the provider to an account, whoever's it is.
    pub async fn link(&self, account: &Account) {
        let _ = self.provider_trusted("none").await;
        let body = self.identity_code(&new_email(), false).await;
        let link = by(account, "POST", "/v1/users/me/identities").json(&body);
        let _ = self.send(&link).await.expect_status(201);
    }

    /// A new account that only the provider signs in to.
    pub async fn external(&self, email: &str) -> Account {
        let answer = self.exchange(email, true).await.expect_status(200);
        Account {
            id: answer.text_at("/user/id"),
            email: email.to_owned(),
            access_token: answer.text_at("/accessToken"),
            refresh_token: answer.text_at("/refreshToken"),
        }
    }
}
