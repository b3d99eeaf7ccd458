//! Owners on their way back.

use harness::requests::{by, new_email};
use harness::{Account, Bundle, Enrolled, PASSWORD, Passkey, recovery_codes};
use serde_json::{Value, json};

use super::{Factors, Path, Shown};

const NEW: &str = "staple battery horse correct";
/// A code that is none of anybody's.
const NO_CODE: &str = "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa";

/// An account on its way back, and what its owner has in hand.
pub(super) struct Owner {
    pub(super) account: Account,
    pub(super) password: &'static str,
    enrolled: Option<Enrolled>,
    /// The passkey, and its id.
    passkey: Option<(Passkey, String)>,
    /// The recovery codes, and how many were used.
    codes: Vec<String>,
    used: usize,
    /// Their item when the first alone was used, to come back to when all are.
    first_used: Option<Value>,
    /// The token of a device that was trusted.
    pub(super) device: Option<String>,
}

async fn invited(bundle: &Bundle, admin: &Account) -> Account {
    let email = new_email();
    let invite = by(admin, "POST", "/v1/users").json(&json!({ "email": email }));
    let _ = bundle.send(&invite).await.expect_status(201);
    let token = bundle.token(&email, "invitation").await;
    let body = json!({ "token": token, "password": PASSWORD });
    let _ = bundle
        .post("/v1/auth/reset-password", &body)
        .await
        .expect_status(204);
    bundle.sign_in(&email).await
}

pub(super) async fn owner(bundle: &Bundle, admin: &Account, factors: Factors, path: Path) -> Owner {
    let mut made = None;
    let mut account = match path {
        Path::Invitation => invited(bundle, admin).await,
        Path::Passwordless => made.insert(bundle.passwordless().await).account.clone(),
        _ => bundle.account().await,
    };
    bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
    let mut password = PASSWORD;
    let passkey = match (made, factors) {
        (Some(made), _) => {
            let list = by(&account, "GET", "/v1/users/me/passkeys");
            let id = bundle.send(&list).await.text_at("/data/0/id");
            Some((made.passkey, id, made.codes))
        }
        (None, Factors::Passkey | Factors::Both) => {
            let (passkey, added) = bundle.add_passkey(&account).await;
            Some((passkey, added.text_at("/id"), recovery_codes(&added)))
        }
        _ => None,
    };
    let enrolled = match factors {
        Factors::None | Factors::Passkey => None,
        _ => Some(bundle.enrol(&account).await),
    };
    let first = passkey.as_ref().map(|(_, _, codes)| codes.clone());
    let of_app = enrolled.as_ref().map(|enrolled| enrolled.codes.clone());
    let codes = first.or(of_app).unwrap_or_default();
    let passkey = passkey.map(|(passkey, id, _)| (passkey, id));
    let device = match (&passkey, &enrolled) {
        (None, None) => None,
        (Some((passkey, _)), _) => {
            let mailed = bundle.mailed(&account.email).await;
            let asked = bundle.post("/v1/auth/code/verify", &mailed).await;
            let challenge = asked.expect_status(403).text_at("/challenge");
            let presented = bundle.present(passkey, Some(&challenge)).await;
            let body = json!({ "challenge": challenge, "passkey": presented });
            Some(trusted(bundle, body).await)
        }
        (None, Some(enrolled)) => {
            let challenge = bundle.challenge(&account.email).await;
            let body = json!({ "challenge": challenge, "totp": enrolled.app.next().await });
            Some(trusted(bundle, body).await)
        }
    };
    if factors == Factors::TotpAlone {
        let own = format!("USER#{}", account.id);
        for mut codes in bundle.items_of_type("recovery_codes") {
            if codes["pk"]["S"] == *own {
                codes.as_object_mut().expect("an item").remove("codes");
                bundle.put(&codes);
            }
        }
    }
    match path {
        Path::AsBefore | Path::Invitation | Path::Passwordless => {}
        Path::ResetPassword => {
            let ask = json!({ "email": account.email });
            let _ = bundle.post("/v1/auth/forgot-password", &ask).await;
            let body = json!({ "token": bundle.token(&account.email, "reset_password").await, "password": NEW });
            let reset = bundle.post("/v1/auth/reset-password", &body).await;
            let _ = reset.expect_status(204);
            password = NEW;
        }
        Path::ChangeEmail => {
            let email = new_email();
            let ask = by(&account, "POST", "/v1/users/me/email").json(&json!({ "email": email }));
            let _ = bundle.send(&ask).await.expect_status(202);
            let body = json!({ "token": bundle.token(&email, "confirm_email_change").await });
            let confirm = by(&account, "POST", "/v1/users/me/email/confirm").json(&body);
            let _ = bundle.send(&confirm).await.expect_status(204);
            account.email = email;
        }
        Path::AdminRemoves => {
            let app = enrolled.iter().map(|enrolled| &enrolled.factor_id);
            for id in app.chain(passkey.iter().map(|(_, id)| id)) {
                let path = format!("/v1/users/{}/factors/{id}?reason=lost", account.id);
                let removal = by(admin, "DELETE", &path);
                let _ = bundle.send(&removal).await.expect_status(204);
            }
        }
    }
    Owner {
        account,
        password,
        enrolled,
        passkey,
        codes,
        used: 0,
        first_used: None,
        device,
    }
}

/// Goes on with this, and trusts the device: its token.
async fn trusted(bundle: &Bundle, mut body: Value) -> String {
    body["rememberDevice"] = true.into();
    let answer = bundle.post("/v1/auth/continue", &body).await;
    answer.expect_status(200).text_at("/deviceToken")
}

impl Owner {
    /// The body that goes on with a challenge, if there is anything to show.
    pub(super) async fn present(
        &mut self,
        bundle: &Bundle,
        challenge: &str,
        shown: Shown,
    ) -> Value {
        if [Shown::Passkey, Shown::UsedPasskey, Shown::AnothersPasskey].contains(&shown) {
            return self.present_passkey(bundle, challenge, shown).await;
        }
        // Codes of the step that is shown now count again: as if time had passed.
        bundle.edit_type("totp", "last_step", &json!({ "N": "0" }));
        if shown == Shown::RecoveryCode {
            self.bring_back_codes(bundle);
        }
        let mut body = json!({ "challenge": challenge });
        let (name, code) = match (shown, &self.enrolled) {
            (Shown::Nothing | Shown::TrustedDevice, _) => return body,
            (Shown::Totp, Some(enrolled)) => ("totp", enrolled.app.last().await),
            (Shown::OldTotp, Some(enrolled)) => ("totp", enrolled.app.old()),
            (Shown::Totp | Shown::OldTotp, None) => ("totp", "123456".to_owned()),
            (Shown::RecoveryCode, _) if self.used < self.codes.len() => {
                self.used += 1;
                ("recoveryCode", self.codes[self.used - 1].clone())
            }
            (Shown::UsedRecoveryCode, _) if self.used > 0 => {
                ("recoveryCode", self.codes[0].clone())
            }
            _ => ("recoveryCode", NO_CODE.to_owned()),
        };
        body[name] = code.into();
        body
    }

    /// As if only the first recovery code had been used, when all are.
    fn bring_back_codes(&mut self, bundle: &Bundle) {
        let pk = format!("USER#{}", self.account.id);
        let mut items = bundle.items_of_type("recovery_codes").into_iter();
        if self.used == 1 {
            self.first_used = items.find(|item| item["pk"]["S"] == *pk);
        }
        if let Some(codes) = &self.first_used
            && self.used == self.codes.len()
        {
            bundle.put(codes);
            self.used = 1;
        }
    }

    /// The same with a passkey: its own, one that has answered before, or another's.
    async fn present_passkey(&self, bundle: &Bundle, challenge: &str, shown: Shown) -> Value {
        let other;
        let own = self.passkey.as_ref().map(|(passkey, _)| passkey);
        let passkey = if let Some(own) = own.filter(|_| shown != Shown::AnothersPasskey) {
            own
        } else {
            other = bundle.add_passkey(&bundle.account().await).await.0;
            &other
        };
        let asked = json!({ "challenge": challenge });
        let mut started = bundle.post("/v1/auth/passkey/options", &asked).await;
        if started.status != 200 {
            // The account has none, which a browser learns here.
            started = bundle.post("/v1/auth/passkey/options", &json!({})).await;
        }
        let credential = passkey.assertion(&started.body["options"]);
        let presented = json!({ "ceremony": started.body["ceremony"], "credential": credential });
        let body = json!({ "challenge": challenge, "passkey": presented });
        if shown == Shown::UsedPasskey {
            let _ = bundle.post("/v1/auth/continue", &body).await;
        }
        body
    }

    /// The body of a sign-in with a passkey alone.
    pub(super) async fn present_alone(&mut self, bundle: &Bundle, shown: Shown) -> Value {
        let verifies = shown != Shown::UnverifiedPasskeyAlone;
        let (passkey, _) = self.passkey.as_mut().expect("a passkey");
        passkey.verifies = verifies;
        let body = bundle.present(passkey, None).await;
        passkey.verifies = true;
        if shown == Shown::UsedPasskeyAlone {
            let _ = bundle.post("/v1/auth/passkey", &body).await;
        }
        body
    }
}
