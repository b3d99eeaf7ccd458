//! The account page.

use letters::Locale;

use super::forms::providers;
use super::{SCOPES, State, scopes};
use crate::{
    Account, AccountApp, AccountApplication, AccountDevice, AccountIdentity, AccountPasskey,
    AccountSession, DeleteAccount, Form, Notice, Part, Profile, Typed,
};

type Change<'a> = &'a dyn Fn(&str) -> String;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const PASSKEY: &str = "0197a3c2-9a10-7d42-8c6e-5f4e3d2c1b0a";

pub(super) fn states(change: Change<'_>) -> Vec<State> {
    let full = full(change);
    let refused = |part: Part, form: Form| full.clone().refused(part, form);
    let delete = |form: Form| DeleteAccount {
        form,
        email: change("ada.lovelace@example.com"),
    };
    let profile = Form::new()
        .typed(Typed::FirstName, change(&"Ada".repeat(40)))
        .typed(Typed::Locale, "es")
        .refused_field("firstName", "too_long");
    let email = Form::new()
        .typed(Typed::Email, change("ada@"))
        .refused_field("email", "invalid_format");
    let password = Form::new()
        .refused("invalid_fields")
        .refused_field("currentPassword", "incorrect")
        .refused_field("newPassword", "too_short");
    let rename = Form::new()
        .typed(Typed::Name, change(" "))
        .refused_field("name", "too_short");
    let named = Form::new()
        .typed(Typed::Name, change(&"Laptop ".repeat(20)))
        .refused_field("name", "too_long");
    let last = Form::new().refused("last_way_in");
    let mut states = vec![
        State::new("account", full.clone()),
        State::new("account.new", Account::new(owner(change, false))),
        State::new("account.without", without(change)),
        State::new("account.no-applications", no_applications(change)),
        State::new("account.changed", full.clone()).noticed(Notice::PasswordChanged),
        State::new("account.profile-refused", refused(Part::Profile, profile)),
        State::new("account.email-refused", refused(Part::Email, email)),
        State::new(
            "account.password-refused",
            refused(Part::Password, password),
        ),
        State::new(
            "account.passkey-refused",
            refused(Part::PasskeyName(PASSKEY.to_owned()), rename),
        ),
        State::new(
            "account.new-passkey-refused",
            refused(Part::NewPasskey, named),
        ),
        State::new("account.refused", refused(Part::Other, last)),
        State::new("delete", delete(Form::new())),
        State::new("delete.refused", delete(Form::new().refused("last_admin"))),
    ];
    for state in &mut states {
        state.signed_in = true;
    }
    states
}

fn owner(change: Change<'_>, is_old: bool) -> Profile {
    Profile {
        email: change("ada.lovelace@example.com"),
        email_verified: is_old,
        first_name: is_old.then(|| change("Ada")),
        last_name: is_old.then(|| change("Lovelace")),
        locale: Locale::De,
        version: 3,
        has_password: is_old,
    }
}

/// Of a stack without second factors and other providers.
fn without(change: Change<'_>) -> Account {
    let mut account = Account::new(owner(change, true));
    account.second_factors = false;
    account
}

/// Of somebody whose account no application may use.
fn no_applications(change: Change<'_>) -> Account {
    let mut account = Account::new(owner(change, true));
    account.applications = Some(Vec::new());
    account
}

fn applications(change: Change<'_>) -> Vec<AccountApplication> {
    [("Shop", SCOPES.as_slice()), ("Reports", &["openid"])]
        .map(|(name, names)| AccountApplication {
            client: change("shop"),
            name: change(name),
            scopes: scopes(names, change),
            given_at: change("2026-11-21T04:00:00.000Z"),
        })
        .into()
}

fn full(change: Change<'_>) -> Account {
    let at = |hour: u8| change(&format!("2026-11-21T{hour:02}:00:00.000Z"));
    let mut account = Account::new(owner(change, true));
    account.app = Some(AccountApp {
        id: change("0197a3c2-9a10-7d42-8c6e-5f4e3d2c1b01"),
        created_at: at(4),
        last_used_at: Some(at(5)),
    });
    account.recovery_codes_left = Some(9);
    let names = [
        "Laptop",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk",
    ];
    for (place, name) in names.into_iter().enumerate() {
        let is_first = place == 0;
        account.passkeys.push(AccountPasskey {
            id: if is_first {
                PASSKEY.to_owned()
            } else {
                "0197a3c2-9a10-7d42-8c6e-5f4e3d2c1b0b".to_owned()
            },
            name: change(name),
            authenticator: is_first.then(|| change("Example Password Manager")),
            synced: is_first,
            created_at: at(4),
            last_used_at: is_first.then(|| at(6)),
            version: 2,
        });
    }
    account.devices.push(AccountDevice {
        id: change("0197a3c2-9a10-7d42-8c6e-5f4e3d2c1b02"),
        created_at: at(4),
        expires_at: at(7),
        ip_address: Some(change("203.0.113.7")),
        user_agent: Some(change(FIREFOX)),
    });
    account.identities.push(AccountIdentity {
        id: change("n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"),
        provider: change("Google"),
        email: Some(change("ada@example.com")),
        linked_at: at(4),
    });
    account.providers = providers(change);
    account.applications = Some(applications(change));
    for (place, agent) in [Some(FIREFOX), Some("curl/8.5.0"), None]
        .into_iter()
        .enumerate()
    {
        account.sessions.push(AccountSession {
            id: change("0197a3c2-9a10-7d42-8c6e-5f4e3d2c1b03"),
            created_at: at(4),
            last_used_at: at(8),
            ip_address: agent.map(|_| change("2001:db8::7")),
            user_agent: agent.map(change),
            current: place == 0,
        });
    }
    account.more_sessions = true;
    account
}
