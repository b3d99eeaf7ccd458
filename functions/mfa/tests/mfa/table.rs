//! Every way in, with every set of factors, setting, role and way back: what session comes out, and that none comes out
//! above what was proved.

use std::io::{self, Write};

use harness::requests::{by, new_email, post};
use harness::{Account, Answer, Bundle, Enrolled, Function, PASSWORD, Passkey};
use serde_json::{Value, json};

use crate::{bundle, claims};

const NEW: &str = "staple battery horse correct";
/// A code that is none of anybody's.
const NO_CODE: &str = "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa";

/// What an account has before its owner comes back.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Factors {
    None,
    Totp,
    /// An app, and no recovery code left.
    TotpAlone,
    Passkey,
    Both,
}

/// How its owner comes back.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Path {
    AsBefore,
    ResetPassword,
    ChangeEmail,
    AdminRemoves,
    Invitation,
}

/// What is shown: beside the password, and in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shown {
    Nothing,
    Totp,
    OldTotp,
    RecoveryCode,
    UsedRecoveryCode,
    NoRecoveryCode,
    Passkey,
    UsedPasskey,
    AnothersPasskey,
    PasskeyAlone,
    UnverifiedPasskeyAlone,
    UsedPasskeyAlone,
    TrustedDevice,
}

impl Shown {
    /// Whether no password is shown before it.
    fn is_alone(self) -> bool {
        matches!(
            self,
            Self::PasskeyAlone | Self::UnverifiedPasskeyAlone | Self::UsedPasskeyAlone
        )
    }
}

const SETS: [Factors; 5] = [
    Factors::None,
    Factors::Totp,
    Factors::TotpAlone,
    Factors::Passkey,
    Factors::Both,
];
const PATHS: [Path; 5] = [
    Path::AsBefore,
    Path::ResetPassword,
    Path::ChangeEmail,
    Path::AdminRemoves,
    Path::Invitation,
];
const CODES: &[Shown] = &[
    Shown::Nothing,
    Shown::Totp,
    Shown::OldTotp,
    Shown::RecoveryCode,
    Shown::UsedRecoveryCode,
    Shown::NoRecoveryCode,
    Shown::TrustedDevice,
];
const PASSKEYS: &[Shown] = &[
    Shown::Nothing,
    Shown::Totp,
    Shown::RecoveryCode,
    Shown::Passkey,
    Shown::UsedPasskey,
    Shown::AnothersPasskey,
    Shown::PasskeyAlone,
    Shown::UnverifiedPasskeyAlone,
    Shown::UsedPasskeyAlone,
    Shown::TrustedDevice,
];
const ROLES: [&str; 3] = ["user", "moderator", "admin"];
const SETTINGS: [&str; 3] = ["optional", "required", "admins"];

/// What is to come of it, by the rules as they are written in docs/security.md: the ways that the session names, or no
/// session.
fn expected(
    factors: Factors,
    path: Path,
    role: &str,
    setting: &str,
    shown: Shown,
) -> Option<&'static [&'static str]> {
    let is_left = path != Path::AdminRemoves;
    let has_app = is_left && ![Factors::None, Factors::Passkey].contains(&factors);
    let has_codes = is_left && ![Factors::None, Factors::TotpAlone].contains(&factors);
    let has_passkey = is_left && [Factors::Passkey, Factors::Both].contains(&factors);
    let is_enough = !has_app && !has_passkey;
    let must = setting == "required" || (setting == "admins" && role != "user");
    match shown {
        Shown::Nothing if is_enough && !must => Some(&["pwd"]),
        Shown::Passkey if has_passkey => Some(&["pwd", "hwk", "mfa"]),
        // It stands in for a factor, and not above what it was when the device was trusted.
        Shown::TrustedDevice
            if !is_enough && [Path::AsBefore, Path::Invitation].contains(&path) =>
        {
            Some(&["pwd", "device"])
        }
        Shown::PasskeyAlone if has_passkey => Some(&["hwk", "user"]),
        Shown::Totp if has_app => Some(&["pwd", "otp", "mfa"]),
        Shown::RecoveryCode if has_codes => Some(&["pwd", "recovery", "mfa"]),
        _ => None,
    }
}

/// An account on its way back, and what its owner has in hand.
struct Owner {
    account: Account,
    password: &'static str,
    enrolled: Option<Enrolled>,
    /// The passkey, and its id.
    passkey: Option<(Passkey, String)>,
    /// The recovery codes, and how many were used.
    codes: Vec<String>,
    used: usize,
    /// The token of a device that was trusted.
    device: Option<String>,
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

async fn owner(bundle: &Bundle, admin: &Account, factors: Factors, path: Path) -> Owner {
    let mut account = match path {
        Path::Invitation => invited(bundle, admin).await,
        _ => bundle.account().await,
    };
    bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
    let mut password = PASSWORD;
    let passkey = match factors {
        Factors::Passkey | Factors::Both => Some(bundle.add_passkey(&account).await),
        _ => None,
    };
    let enrolled = match factors {
        Factors::None | Factors::Passkey => None,
        _ => Some(bundle.enrol(&account).await),
    };
    let first = passkey.as_ref().map(|(_, added)| codes_in(added));
    let of_app = enrolled.as_ref().map(|enrolled| enrolled.codes.clone());
    let codes = first.or(of_app).unwrap_or_default();
    let passkey = passkey.map(|(passkey, added)| (passkey, added.text_at("/id")));
    let device = match (&passkey, &enrolled) {
        (None, None) => None,
        (Some((passkey, _)), _) => {
            let challenge = bundle.challenge(&account.email).await;
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
        Path::AsBefore | Path::Invitation => {}
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
        device,
    }
}

/// Goes on with this, and trusts the device: its token.
async fn trusted(bundle: &Bundle, mut body: Value) -> String {
    body["rememberDevice"] = true.into();
    let answer = bundle.post("/v1/auth/continue", &body).await;
    answer.expect_status(200).text_at("/deviceToken")
}

fn codes_in(added: &Answer) -> Vec<String> {
    let codes = added.body["recoveryCodes"].as_array().into_iter().flatten();
    codes
        .filter_map(|code| code.as_str().map(str::to_owned))
        .collect()
}

impl Owner {
    /// The body that goes on with a challenge, if there is anything to show.
    async fn present(&mut self, bundle: &Bundle, challenge: &str, shown: Shown) -> Value {
        if [Shown::Passkey, Shown::UsedPasskey, Shown::AnothersPasskey].contains(&shown) {
            return self.present_passkey(bundle, challenge, shown).await;
        }
        // Codes of the step that is shown now count again: as if time had passed.
        bundle.edit(
            |item| item["type"]["S"] == "totp",
            "last_step",
            &json!({ "N": "0" }),
        );
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
    async fn present_alone(&mut self, bundle: &Bundle, shown: Shown) -> Value {
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

/// Functions with a setting.
struct Set {
    setting: &'static str,
    login: Function,
    go_on: Function,
    passkey: Function,
}

/// Signs in, and what came of it: how many sessions there were before it counts, and the answer with the tokens, or the
/// last refusal.
async fn come_in(bundle: &Bundle, set: &Set, owner: &mut Owner, shown: Shown) -> (usize, Answer) {
    let sessions = || bundle.items_of_type("session").len();
    if shown.is_alone() {
        let body = owner.present_alone(bundle, shown).await;
        let before = sessions();
        let request = post("/v1/auth/passkey", &body);
        return (before, bundle.send_to(&set.passkey, &request).await);
    }
    let before = sessions();
    let mut credentials = json!({ "email": owner.account.email, "password": owner.password });
    if shown == Shown::TrustedDevice {
        credentials["deviceToken"] = owner.device.clone().into();
    }
    let request = post("/v1/auth/login", &credentials);
    let answer = bundle.send_to(&set.login, &request).await;
    if answer.status == 200 {
        // There was nothing to show it for.
        return (before, answer);
    }
    assert_eq!(answer.code(), "factor_required");
    let challenge = answer.text_at("/challenge");
    let body = owner.present(bundle, &challenge, shown).await;
    let before = sessions();
    let request = post("/v1/auth/continue", &body);
    (before, bundle.send_to(&set.go_on, &request).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_comes_out_above_what_was_proved() {
    let bundle = bundle().await;
    let mut sets = Vec::new();
    for setting in SETTINGS {
        sets.push(Set {
            setting,
            login: bundle.spawn_with("login", "SECOND_FACTOR", setting).await,
            go_on: bundle
                .spawn_with("continue", "SECOND_FACTOR", setting)
                .await,
            passkey: bundle
                .spawn_with("passkey-sign-in", "SECOND_FACTOR", setting)
                .await,
        });
    }
    let (mut cases, mut sessions) = (0, 0);
    for factors in SETS {
        for path in PATHS {
            let admin = bundle.admin().await;
            let mut owner = owner(&bundle, &admin, factors, path).await;
            let has_passkey = [Factors::Passkey, Factors::Both].contains(&factors);
            // A moderator is asked for what an admin is: once is enough.
            let (roles, shown) = if has_passkey {
                (&["user", "admin"][..], PASSKEYS)
            } else {
                (&ROLES[..], CODES)
            };
            for &role in roles {
                bundle.edit_user(&owner.account.id, "role", &json!({ "S": role }));
                bundle.count_admins();
                for (set, &shown) in sets
                    .iter()
                    .flat_map(|set| shown.iter().map(move |shown| (set, shown)))
                {
                    let what = format!("{factors:?} {path:?} {role} {} {shown:?}", set.setting);
                    let (before, answer) = come_in(&bundle, set, &mut owner, shown).await;
                    let mut expected = expected(factors, path, role, set.setting, shown);
                    let one_is_enough =
                        self::expected(factors, path, role, set.setting, Shown::Nothing);
                    // Where the password is enough nothing else is asked for, and nothing else is named.
                    if !shown.is_alone() {
                        expected = one_is_enough.or(expected);
                    }
                    let made = bundle.items_of_type("session").len() - before;
                    assert_eq!(
                        made,
                        usize::from(expected.is_some()),
                        "{what}: {}",
                        answer.text
                    );
                    match expected {
                        Some(amr) => {
                            let claims = claims(&answer.text_at("/accessToken"));
                            assert_eq!(claims["amr"], json!(amr), "{what}");
                            let is_one = [&["pwd"][..], &["pwd", "device"]].contains(&amr);
                            let level = if is_one { "aal1" } else { "aal2" };
                            assert_eq!(claims["acr"], level, "{what}");
                            sessions += 1;
                        }
                        None => assert!([401, 403].contains(&answer.status), "{what}"),
                    }
                    cases += 1;
                }
            }
            bundle.assert_invariants();
            bundle.clear();
        }
    }
    let _ = writeln!(
        io::stderr(),
        "{cases} sign-ins, {sessions} sessions, none above what was proved"
    );
    assert!(cases >= 400, "{cases}");
}
