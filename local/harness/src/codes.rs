//! Codes by mail, and accounts without a password, as tests need them.

use std::sync::atomic::Ordering;

use local::passkey::Passkey;
use serde_json::{Value, json};

use crate::{Account, Answer, Bundle, Letter};

/// An account without a password.
pub struct Passwordless {
    /// The account, signed in with its passkey.
    pub account: Account,
    /// The passkey.
    pub passkey: Passkey,
    /// The recovery codes that came with it.
    pub codes: Vec<String>,
}

impl Bundle {
    /// The newest letter of this kind to an address, which is delivered for it.
    ///
    /// # Panics
    /// When there is none.
    pub async fn letter(&self, email: &str, name: &str) -> Letter {
        self.deliver().await;
        let mut letters = self.letters_to(email).into_iter();
        let letter = letters.rfind(|found| found.name() == name);
        letter.unwrap_or_else(|| panic!("a letter {name}"))
    }

    /// The code in the newest letter of this kind to an address.
    ///
    /// # Panics
    /// When there is none.
    pub async fn code(&self, email: &str, name: &str) -> String {
        let letter = self.letter(email, name).await;
        letter.code().expect("a letter with a code").to_owned()
    }

    /// An account that codes sign in to, as if it had no password.
    pub async fn mailable(&self) -> Account {
        let account = self.account().await;
        for attribute in ["email_verified", "passwordless"] {
            self.edit_user(&account.id, attribute, &json!({ "BOOL": true }));
        }
        account
    }

    /// Asks for a code to sign in with: the challenge that it goes with.
    pub async fn ask_for_code(&self, email: &str) -> String {
        let body = json!({ "email": email });
        let asked = self.post("/v1/auth/code", &body).await;
        asked.expect_status(202).text_at("/challenge")
    }

    /// The body of a sign-in with a code that was mailed for it.
    pub async fn mailed(&self, email: &str) -> Value {
        let challenge = self.ask_for_code(email).await;
        json!({ "challenge": challenge, "code": self.code(email, "sign_in_code").await })
    }

    /// Begins an account without a password: the passkey, and the body that completes it.
    pub async fn begin_registration(&self, email: &str) -> (Passkey, Value) {
        let path = "/v1/auth/register/passkey/options";
        let started = self.post(path, &json!({ "email": email })).await;
        let started = started.expect_status(202);
        let options = &started.body["options"];
        let passkey = Passkey::new(options);
        let body = json!({
            "challenge": started.body["challenge"],
            "code": self.code(email, "registration_code").await,
            "credential": passkey.registration(options),
        });
        (passkey, body)
    }

    /// An account without a password, signed in.
    pub async fn passwordless(&self) -> Passwordless {
        let number = self.accounts.fetch_add(1, Ordering::Relaxed);
        let email = format!("user{number}@example.com");
        let (passkey, body) = self.begin_registration(&email).await;
        let made = self.post("/v1/auth/register/passkey", &body).await;
        let made = made.expect_status(201);
        let answer = self.passkey_sign_in(&passkey).await.expect_status(200);
        Passwordless {
            account: Account {
                id: made.text_at("/user/id"),
                email,
                access_token: answer.text_at("/accessToken"),
                refresh_token: answer.text_at("/refreshToken"),
            },
            passkey,
            codes: recovery_codes(&made),
        }
    }
}

/// The recovery codes in an answer.
#[must_use]
pub fn recovery_codes(answer: &Answer) -> Vec<String> {
    let codes = answer.body["recoveryCodes"].as_array().into_iter();
    let codes = codes.flatten().filter_map(Value::as_str);
    codes.map(str::to_owned).collect()
}
