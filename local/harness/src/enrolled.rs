//! Accounts with a second factor.

use local::authenticator::Authenticator;
use serde_json::json;

use crate::requests::{by, sign_in};
use crate::{Account, Bundle, PASSWORD};

/// An account with an authenticator app.
pub struct Enrolled {
    /// The account, in the session in which the app was set up.
    pub account: Account,
    /// The app.
    pub app: Authenticator,
    /// Its id among the account's factors.
    pub factor_id: String,
    /// The recovery codes that came with it.
    pub codes: Vec<String>,
}

impl Bundle {
    /// Sets up an authenticator app for an account that has just signed in.
    pub async fn enrol(&self, account: &Account) -> Enrolled {
        let path = "/v1/users/me/factors/totp";
        let started = self.send(&by(account, "POST", path)).await;
        let started = started.expect_status(200);
        let app = Authenticator::new(&started.text_at("/secret"));
        let body = json!({ "pending": started.text_at("/pending"), "code": app.next().await });
        let confirm = by(account, "POST", &format!("{path}/confirm")).json(&body);
        let confirmed = self.send(&confirm).await.expect_status(201);
        let codes = confirmed.body["recoveryCodes"].as_array().into_iter();
        let codes = codes
            .flatten()
            .filter_map(|code| code.as_str().map(str::to_owned));
        Enrolled {
            account: account.clone(),
            app,
            factor_id: confirmed.text_at("/id"),
            codes: codes.collect(),
        }
    }

    /// A new account with an authenticator app.
    pub async fn enrolled(&self) -> Enrolled {
        self.enrol(&self.account().await).await
    }

    /// Begins to sign in to an account with a second factor: the challenge for it.
    ///
    /// # Panics
    /// When the password is enough, or wrong.
    pub async fn challenge(&self, email: &str) -> String {
        let answer = self.send(&sign_in(email, PASSWORD)).await;
        let answer = answer.expect_status(403);
        assert_eq!(answer.code(), "factor_required");
        answer.text_at("/challenge")
    }

    /// Signs in with password and authenticator app.
    pub async fn sign_in_with(&self, enrolled: &Enrolled) -> Account {
        let challenge = self.challenge(&enrolled.account.email).await;
        let body = json!({ "challenge": challenge, "totp": enrolled.app.next().await });
        let answer = self.post("/v1/auth/continue", &body).await;
        let answer = answer.expect_status(200);
        Account {
            access_token: answer.text_at("/accessToken"),
            refresh_token: answer.text_at("/refreshToken"),
            ..enrolled.account.clone()
        }
    }
}
