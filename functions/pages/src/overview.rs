//! What the account page shows.

use latchkey::http::{ApiError, Bearer, Caller, Operation, Request};
use latchkey::name::Name;
use serde_json::{Value, json};
use views::{
    Account, AccountApp, AccountApplication, AccountDevice, AccountIdentity, AccountPasskey,
    AccountSession, Part, Profile, Provider,
};

use crate::AccountPage;
use crate::part::{self as operation, Asked};
use crate::site::{Shown, Stop};
use crate::visit::Visit;

/// Sessions that are shown.
const SESSIONS: &str = "20";

impl AccountPage {
    /// Everything of the account. All of it is read side by side: 1 RT, 2 where applications have access.
    pub(crate) async fn overview(&self, visit: &Visit<'_>) -> Shown {
        let Some(bearer) = visit.bearer else {
            return Err(visit.sign_in_first().await);
        };
        let (caller, read) = tokio::join!(visit.signed_in(), self.read(visit, bearer));
        let (caller, _) = caller?;
        let read = read?;
        let mut page = Account::new(profile(&caller));
        page.second_factors = self.site.has_mfa;
        read.fill(&mut page);
        let flash = &visit.flash;
        let page = match &flash.part {
            Some((part, row)) => page.refused(named(part, row.clone()), flash.form()),
            None => page.refused(Part::Other, flash.form()),
        };
        Ok(visit.own_page(&caller, page)?)
    }

    async fn read(&self, visit: &Visit<'_>, bearer: Bearer) -> Result<Lists, Stop> {
        let (request, site) = (visit.request, &self.site);
        let own = || Asked::get().by(bearer);
        let query = [("limit", SESSIONS)];
        let grants = async {
            match &self.applications {
                Some(applications) => Some(applications.list.ask(request, own()).await),
                None => None,
            }
        };
        let (sessions, factors, passkeys, devices, identities, providers, grants) = tokio::join!(
            self.list_sessions.ask(request, own().query(&query)),
            listed(site.has_mfa, &self.list_factors, request, own()),
            listed(site.has_mfa, &self.list_passkeys, request, own()),
            listed(site.has_mfa, &self.list_devices, request, own()),
            listed(site.has_oauth, &self.list_identities, request, own()),
            listed(site.has_oauth, &self.providers, request, Asked::get()),
            grants,
        );
        Ok(Lists {
            sessions: sessions?,
            factors: factors?,
            passkeys: passkeys?,
            devices: devices?,
            identities: identities?,
            providers: crate::providers(&providers?),
            grants: grants.transpose()?,
        })
    }
}

/// What an operation lists; nothing, where the stack has none of it.
async fn listed<O: Operation>(
    is_on: bool,
    operation: &operation::Part<O>,
    request: &Request,
    asked: Asked<'_>,
) -> Result<Value, ApiError> {
    if !is_on {
        return Ok(json!({ "data": [] }));
    }
    operation.ask(request, asked).await
}

/// What the operations have answered.
struct Lists {
    sessions: Value,
    factors: Value,
    passkeys: Value,
    devices: Value,
    identities: Value,
    providers: Vec<Provider>,
    grants: Option<Value>,
}

impl Lists {
    fn fill(self, page: &mut Account) {
        let factors = rows(&self.factors);
        let app = factors.iter().find(|row| row["type"] == "totp");
        page.app = app.map(|row| AccountApp {
            id: text(row, "id"),
            created_at: text(row, "createdAt"),
            last_used_at: optional(row, "lastUsedAt"),
        });
        let left = self.factors["recoveryCodesLeft"].as_u64();
        page.recovery_codes_left = left
            .filter(|_| !factors.is_empty())
            .and_then(|left| left.try_into().ok());
        page.passkeys = each(&self.passkeys, |row| AccountPasskey {
            id: text(row, "id"),
            name: text(row, "name"),
            authenticator: optional(row, "authenticator"),
            synced: row["synced"] == true,
            created_at: text(row, "createdAt"),
            last_used_at: optional(row, "lastUsedAt"),
            version: row["version"].as_u64().unwrap_or_default(),
        });
        page.devices = each(&self.devices, |row| AccountDevice {
            id: text(row, "id"),
            created_at: text(row, "createdAt"),
            expires_at: text(row, "expiresAt"),
            ip_address: optional(row, "ipAddress"),
            user_agent: optional(row, "userAgent"),
        });
        let title = |name: &str| {
            let known = self.providers.iter().find(|provider| provider.name == name);
            known.map_or_else(|| name.to_owned(), |known| known.title.clone())
        };
        page.identities = each(&self.identities, |row| AccountIdentity {
            id: text(row, "id"),
            provider: title(&text(row, "provider")),
            email: optional(row, "email"),
            linked_at: text(row, "linkedAt"),
        });
        page.applications = self.grants.as_ref().map(applications);
        page.sessions = each(&self.sessions, |row| AccountSession {
            id: text(row, "id"),
            created_at: text(row, "createdAt"),
            last_used_at: text(row, "lastUsedAt"),
            ip_address: optional(row, "ipAddress"),
            user_agent: optional(row, "userAgent"),
            current: row["current"] == true,
        });
        page.more_sessions = self.sessions["nextCursor"].is_string();
        page.providers = self.providers;
    }
}

fn applications(grants: &Value) -> Vec<AccountApplication> {
    each(grants, |row| {
        let scopes = row["scopes"].as_array().into_iter().flatten();
        let scopes = scopes.filter_map(Value::as_str).map(str::to_owned);
        AccountApplication {
            client: text(row, "clientId"),
            name: text(row, "name"),
            scopes: scopes.collect(),
            given_at: text(row, "createdAt"),
        }
    })
}

fn profile(Caller { user, .. }: &Caller) -> Profile {
    let name = |name: &Option<Name>| name.as_ref().map(|name| name.as_str().to_owned());
    Profile {
        email: user.email.as_str().to_owned(),
        email_verified: user.email_verified,
        first_name: name(&user.first_name),
        last_name: name(&user.last_name),
        locale: user.locale,
        version: user.version,
        has_password: !user.passwordless,
    }
}

/// The part of the page that a flash is about.
fn named(part: &str, row: Option<String>) -> Part {
    match (part, row) {
        ("profile", _) => Part::Profile,
        ("email", _) => Part::Email,
        ("password", _) => Part::Password,
        ("passkey", _) => Part::NewPasskey,
        ("rename", Some(row)) => Part::PasskeyName(row),
        _ => Part::Other,
    }
}

fn rows(list: &Value) -> &[Value] {
    list["data"].as_array().map_or(&[], Vec::as_slice)
}

fn each<T>(list: &Value, row: impl Fn(&Value) -> T) -> Vec<T> {
    rows(list).iter().map(row).collect()
}

fn optional(row: &Value, name: &str) -> Option<String> {
    row[name].as_str().map(str::to_owned)
}

fn text(row: &Value, name: &str) -> String {
    optional(row, name).unwrap_or_default()
}
