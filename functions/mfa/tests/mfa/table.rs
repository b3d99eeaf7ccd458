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
