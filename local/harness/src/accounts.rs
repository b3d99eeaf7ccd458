//! Accounts as tests need them: with a role, with a second factor.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use local::authenticator::Authenticator;
use local::passkey::Passkey;
use serde_json::{Value, json};

use crate::requests::{by, sign_in};
use crate::{Account, Answer, Bundle, PASSWORD, recovery_codes};

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

/// An account that was made in one bundle, with everything that is in the table for it.
struct Made {
    account: Account,
    items: Vec<Value>,
    at: Instant,
}

/// How long an account that was made can be put into other bundles: it has just signed in.
const FRESH: Duration = Duration::from_secs(30);

/// The accounts that were made in any of the bundles that share them, by their numbers: two hashes of a password are
/// most of what the setting of a scene costs.
static SHARED: LazyLock<Mutex<HashMap<u32, Made>>> = LazyLock::new(Mutex::default);

impl Bundle {
    /// Takes accounts that another bundle has made, as they are. They are not in the order of their numbers then.
    #[must_use]
    pub fn sharing_accounts(mut self) -> Self {
        self.shares_accounts = true;
        self
    }

    /// Registers an account and signs it in.
    pub async fn account(&self) -> Account {
        let number = self.accounts.fetch_add(1, Ordering::Relaxed);
        if !self.shares_accounts {
            return self.make_account(number).await;
        }
        let shared = || SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let made = shared()
            .get(&number)
            .filter(|made| made.at.elapsed() < FRESH)
            .map(|made| (made.account.clone(), made.items.clone()));
        if let Some((account, items)) = made {
            for item in &items {
                self.put(item);
            }
            return account;
        }
        let at = Instant::now();
        let account = self.make_account(number).await;
        let mut items = self.items();
        items.retain(|item| {
            let pk = item["pk"]["S"].as_str().unwrap_or_default();
            let is_counted = ["LIMIT#register#", "LIMIT#login#"]
                .iter()
                .any(|limit| pk.starts_with(limit));
            pk == format!("USER#{}", account.id)
                || pk == format!("EMAIL#{}", account.email)
                || (is_counted && (pk.contains(&account.email) || pk.contains("#address#")))
        });
        // The account before its session, as it was: the stream tells of both.
        items.sort_by_key(|item| item["type"]["S"] == "session");
        let made = Made {
            account: account.clone(),
            items,
            at,
        };
        shared().insert(number, made);
        account
    }

    async fn make_account(&self, number: u32) -> Account {
        let email = format!("user{number}@example.com");
        let body = json!({ "email": email, "password": PASSWORD });
        let _ = self
            .post("/v1/auth/register", &body)
            .await
            .expect_status(201);
        self.sign_in(&email).await
    }

    /// An account with another role, set in the table itself; an admin is counted.
    pub async fn account_with_role(&self, role: &str) -> Account {
        let account = self.account().await;
        self.edit_user(&account.id, "role", &json!({ "S": role }));
        if role == "admin" {
            self.count_admins();
        }
        account
    }

    /// The one admin who is counted, and another whose suspension has ended by itself; all others are none any more.
    pub async fn last_admins(&self) -> (Account, Account) {
        for user in self.items_of_type("user") {
            let id = user["id"]["S"].as_str().unwrap_or_default();
            self.edit_user(id, "role", &json!({ "S": "user" }));
        }
        let last = self.account_with_role("admin").await;
        let returned = self.account_with_role("admin").await;
        self.edit_user(&returned.id, "status", &json!({ "S": "suspended" }));
        let suspension = json!({ "M": { "until": { "N": "1000" } } });
        self.edit_user(&returned.id, "suspension", &suspension);
        self.count_admins();
        (last, returned)
    }

    /// The first admin, made by `create-admin`.
    ///
    /// # Panics
    /// When there is one already.
    pub async fn admin(&self) -> Account {
        let email = "admin@example.com";
        let created = self
            .invoke(
                "create-admin",
                &json!({ "email": email, "password": PASSWORD }),
            )
            .await;
        assert_eq!(created["created"], true, "{created}");
        self.sign_in(email).await
    }

    /// Sets up an authenticator app for an account that has just signed in.
    pub async fn enrol(&self, account: &Account) -> Enrolled {
        let path = "/v1/users/me/factors/totp";
        let started = self.send(&by(account, "POST", path)).await;
        let started = started.expect_status(200);
        let app = Authenticator::new(&started.text_at("/secret"));
        let body = json!({ "pending": started.text_at("/pending"), "code": app.next().await });
        let confirm = by(account, "POST", &format!("{path}/confirm")).json(&body);
        let confirmed = self.send(&confirm).await.expect_status(201);
        Enrolled {
            account: account.clone(),
            app,
            factor_id: confirmed.text_at("/id"),
            codes: recovery_codes(&confirmed),
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
    /// Begins to add a passkey: the answer, with `ceremony` and `options`.
    pub async fn begin_passkey(&self, account: &Account) -> Answer {
        let start = by(account, "POST", "/v1/users/me/passkeys/options");
        self.send(&start).await.expect_status(200)
    }

    /// A new passkey for the options of a ceremony, and the body that adds it.
    #[must_use]
    pub fn new_passkey(started: &Answer) -> (Passkey, Value) {
        let options = &started.body["options"];
        let passkey = Passkey::new(options);
        let credential = passkey.registration(options);
        let body = json!({ "ceremony": started.body["ceremony"], "credential": credential });
        (passkey, body)
    }

    /// Adds a passkey to an account that has just proved who it is: the passkey, and the answer.
    pub async fn add_passkey(&self, account: &Account) -> (Passkey, Answer) {
        let started = self.begin_passkey(account).await;
        let (passkey, body) = Self::new_passkey(&started);
        let add = by(account, "POST", "/v1/users/me/passkeys").json(&body);
        (passkey, self.send(&add).await.expect_status(201))
    }

    /// The body of a sign-in with a passkey, or with a challenge of what goes on with one.
    pub async fn present(&self, passkey: &Passkey, challenge: Option<&str>) -> Value {
        let body = challenge.map_or(json!({}), |challenge| json!({ "challenge": challenge }));
        let started = self.post("/v1/auth/passkey/options", &body).await;
        let started = started.expect_status(200);
        let credential = passkey.assertion(&started.body["options"]);
        json!({ "ceremony": started.body["ceremony"], "credential": credential })
    }

    /// Signs in with a passkey alone.
    pub async fn passkey_sign_in(&self, passkey: &Passkey) -> Answer {
        let body = self.present(passkey, None).await;
        self.post("/v1/auth/passkey", &body).await
    }
}
