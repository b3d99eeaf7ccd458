//! Every way in, with every set of factors, setting, role and way back: what session comes out, and that none comes out
//! above what was proved.

mod owner;

use std::io::{self, Write};

use harness::requests::post;
use harness::{Answer, Bundle, Function};
use serde_json::json;

use crate::{bundle, claims};
use owner::{Owner, owner};

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
    /// Made with a passkey and a mailed code, and without a password.
    Passwordless,
}

/// What the sign-in begins with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum First {
    Password,
    Mail,
}

/// What is shown: beside that, and in its place.
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
    /// Whether it signs in nobody, whoever they are and whatever is asked of them.
    fn is_wrong(self) -> bool {
        matches!(
            self,
            Self::OldTotp
                | Self::UsedRecoveryCode
                | Self::NoRecoveryCode
                | Self::UsedPasskey
                | Self::AnothersPasskey
                | Self::UnverifiedPasskeyAlone
                | Self::UsedPasskeyAlone
        )
    }

    /// Whether nothing is shown before it.
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
const PATHS: [Path; 6] = [
    Path::AsBefore,
    Path::ResetPassword,
    Path::ChangeEmail,
    Path::AdminRemoves,
    Path::Invitation,
    Path::Passwordless,
];
/// What is shown beside a mailed code: how a factor is wrong does not change with what stands before it.
const BY_MAIL: &[Shown] = &[
    Shown::Nothing,
    Shown::Totp,
    Shown::RecoveryCode,
    Shown::Passkey,
    Shown::TrustedDevice,
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
    first: First,
    shown: Shown,
) -> Option<Vec<&'static str>> {
    let begun = match first {
        First::Password if path == Path::Passwordless && !shown.is_alone() => return None,
        First::Password => "pwd",
        First::Mail => "email",
    };
    let is_left = path != Path::AdminRemoves;
    let has_app = is_left && ![Factors::None, Factors::Passkey].contains(&factors);
    let has_codes = is_left && ![Factors::None, Factors::TotpAlone].contains(&factors);
    let has_passkey = is_left && [Factors::Passkey, Factors::Both].contains(&factors);
    let is_enough = !has_app && !has_passkey;
    let must = setting == "required" || (setting == "admins" && role != "user");
    match shown {
        Shown::Nothing if is_enough && !must => Some(vec![begun]),
        Shown::Passkey if has_passkey => Some(vec![begun, "hwk", "mfa"]),
        // It stands in for a factor, and not above what it was when the device was trusted.
        Shown::TrustedDevice
            if !is_enough
                && [Path::AsBefore, Path::Invitation, Path::Passwordless].contains(&path) =>
        {
            Some(vec![begun, "device"])
        }
        Shown::PasskeyAlone if has_passkey => Some(vec!["hwk", "user"]),
        Shown::Totp if has_app => Some(vec![begun, "otp", "mfa"]),
        Shown::RecoveryCode if has_codes => Some(vec![begun, "recovery", "mfa"]),
        _ => None,
    }
}

/// Functions with a setting.
struct Set {
    setting: &'static str,
    login: Function,
    go_on: Function,
    passkey: Function,
    code: Function,
}

/// Signs in, and what came of it: how many sessions there were before it counts, and the answer with the tokens, or the
/// last refusal.
async fn come_in(
    bundle: &Bundle,
    set: &Set,
    owner: &mut Owner,
    first: First,
    shown: Shown,
) -> (usize, Answer) {
    let sessions = || bundle.items_of_type("session").len();
    if shown.is_alone() {
        let body = owner.present_alone(bundle, shown).await;
        let before = sessions();
        let request = post("/v1/auth/passkey", &body);
        return (before, bundle.send_to(&set.passkey, &request).await);
    }
    let before = sessions();
    let (function, path, mut body) = match first {
        First::Password => {
            let body = json!({ "email": owner.account.email, "password": owner.password });
            (&set.login, "/v1/auth/login", body)
        }
        First::Mail => {
            let body = bundle.mailed(&owner.account.email).await;
            (&set.code, "/v1/auth/code/verify", body)
        }
    };
    if shown == Shown::TrustedDevice {
        body["deviceToken"] = owner.device.clone().into();
    }
    let answer = bundle.send_to(function, &post(path, &body)).await;
    if answer.status == 200 || answer.code() == "invalid_credentials" {
        // There was nothing to show it for, or there is no password.
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
    bundle.set("CODE_SIGN_IN", "everybody");
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
            code: bundle
                .spawn_with("code-sign-in", "SECOND_FACTOR", setting)
                .await,
        });
    }
    let (mut cases, mut sessions) = (0, 0);
    for factors in SETS {
        for path in PATHS {
            let has_passkey = [Factors::Passkey, Factors::Both].contains(&factors);
            if path == Path::Passwordless && !has_passkey {
                continue;
            }
            let admin = bundle.admin().await;
            let mut owner = owner(&bundle, &admin, factors, path).await;
            // A moderator is asked for what an admin is: once is enough.
            let (roles, shown) = if has_passkey {
                (&["user", "admin"][..], PASSKEYS)
            } else {
                (&ROLES[..], CODES)
            };
            for &role in roles {
                bundle.edit_user(&owner.account.id, "role", &json!({ "S": role }));
                bundle.count_admins();
                let by_password = shown.iter().map(|shown| (First::Password, *shown));
                let by_mail = shown.iter().filter(|shown| BY_MAIL.contains(shown));
                let by_mail = by_mail.map(|shown| (First::Mail, *shown));
                let ways: Vec<_> = by_password.chain(by_mail).collect();
                for (set, &(first, shown)) in sets
                    .iter()
                    .flat_map(|set| ways.iter().map(move |way| (set, way)))
                {
                    let setting = set.setting;
                    // What role and setting ask for does not change with what stands first, nor with how a factor is
                    // wrong: once each is enough.
                    let is_asked = ["optional", "required"].contains(&setting) == (role == "user");
                    let is_once = first == First::Mail || shown.is_wrong();
                    if is_once && !is_asked {
                        continue;
                    }
                    let what = format!("{factors:?} {path:?} {role} {setting} {first:?} {shown:?}");
                    let (before, answer) = come_in(&bundle, set, &mut owner, first, shown).await;
                    let expected = |shown| expected(factors, path, role, setting, first, shown);
                    // Where the first is enough nothing else is asked for, and nothing else is named.
                    let one_is_enough = expected(Shown::Nothing).filter(|_| !shown.is_alone());
                    let expected = one_is_enough.or_else(|| expected(shown));
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
                            let is_two = ["mfa", "user"].contains(amr.last().expect("a way"));
                            let level = if is_two { "aal2" } else { "aal1" };
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
